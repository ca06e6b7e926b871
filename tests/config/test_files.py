"""Every file that is no configuration, and every secret out of its place, has a typed error."""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from typing import Any

import pytest

from helpdesk_bridge.config import load_config
from helpdesk_bridge.desk import connect
from helpdesk_bridge.errors import ConfigurationError, HelpdeskError
from helpdesk_bridge.transport import TransportOptions
from tests.credentials.spelled import all_of, shows

SECRET = "hs_live_Zq7XvB2m-Kp9LwT4sRdYc8"
WORDS = "correct-horse-Battery9staple"
FILE = '[desks.it]\nadapter = "memory"\n'
PIPES = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes of a name")


def refused(source: Any = None, desk: str | None = None, **environ: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        load_config(source, environ=environ).desk(desk)
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_is_no_part_of_it(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "f.toml"
    path.write_text(FILE + "# Gr\u00fc\u00dfe\n", encoding=encoding)
    assert load_config(path, environ={}).desks == ["it"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (FILE.encode("utf-16"), "is not UTF-8 but UTF-16"),
        (FILE.encode("utf-16-be"), "is not valid TOML"),
        (b"\xff" + FILE.encode(), "is not UTF-8"),
        (FILE.encode() + b'a = "\0"', "is not valid TOML"),
        (FILE.encode() + b'adapter = "memory"', "a key or a table stands there twice"),
        (FILE.encode() + b"[desks.it]", "a key or a table stands there twice"),
        (b"#" * (1024 * 1024 + 1), "it is larger than 256 KiB"),
    ],
)
def test_what_is_no_toml_is_told(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "f.toml"
    path.write_bytes(content)
    assert reason in str(refused(path))


def test_a_folder_a_dead_link_and_a_loop_are_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("helpdesk.toml")
    path.mkdir()
    assert "it is a folder" in str(refused())
    path.rmdir()
    path.symlink_to("helpdesk.toml")
    assert "cannot be read" in str(refused())
    path.unlink()
    path.symlink_to("gone.toml")
    assert "cannot be read" in str(refused())
    assert "cannot be read" in str(refused("a\0b"))
    assert "it is a folder" in str(refused("."))


@PIPES
def test_a_pipe_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "a pipe" in str(refused(tmp_path / "pipe"))
    table = {"adapter": "helpspace", "client_id": "c", "token": {"file": str(tmp_path / "pipe")}}
    assert "a pipe" in str(refused({"desks": {"it": table}}))


@pytest.mark.parametrize(
    ("content", "value"), [(b"k1\n", "k1"), (b"k1\r\n", "k1"), (b"\xef\xbb\xbfk1", "k1")]
)
def test_a_secrets_file_ends_with_its_line(tmp_path: Path, content: bytes, value: str) -> None:
    (tmp_path / "s").write_bytes(content)
    table = {"adapter": "helpspace", "client_id": "c", "token": {"file": str(tmp_path / "s")}}
    settings = load_config({"desks": {"it": table}}, environ={}).desk().settings
    assert settings.token.reveal() == value


@pytest.mark.parametrize("content", [b"", b"\n", b"a\nb", b"a\0b", b"a b", b"\xff", b"\xff\xfea\0"])
def test_a_secrets_file_with_anything_else_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s").write_bytes(content)
    table = {"adapter": "helpspace", "client_id": "c", "token": {"file": str(tmp_path / "s")}}
    assert "token" in str(refused({"desks": {"it": table}}))


@pytest.mark.parametrize("value", ["", " ", "\n", "a\0b"])
def test_a_variable_without_a_secret_in_it_is_refused(value: str) -> None:
    table = {"adapter": "helpspace", "client_id": "c", "token": {"env": "TOKEN"}}
    assert "token" in str(refused({"desks": {"it": table}}, TOKEN=value))
    table["token"] = "k"
    assert "token" in str(refused({"desks": {"it": table}}, HELPDESK_BRIDGE__IT__TOKEN=value))


GOOD: dict[str, Any] = {"adapter": "helpspace", "token": "k-1", "client_id": "c-1"}
MISPLACED: dict[str, tuple[Any, dict[str, str]]] = {
    "as a variable": ({"it": GOOD | {"token": {"env": "{}"}}}, {}),
    "as a file": ({"it": GOOD | {"token": {"file": "{}"}}}, {}),
    "as a file in a folder": ({"it": GOOD | {"token": {"file": "/run/{}"}}}, {}),
    "as a key": ({"it": GOOD | {"{}": "x"}}, {}),
    "under a key that is wrong": ({"it": GOOD | {"tokn": "{}"}}, {}),
    "as a key of a table": ({"it": GOOD | {"token": {"{}": "x"}}}, {}),
    "as two keys of a table": ({"it": GOOD | {"token": {"{}": "x", "env": "{}"}}}, {}),
    "as the adapter": ({"it": GOOD | {"adapter": "{}"}}, {}),
    "as a list": ({"it": GOOD | {"token": ["{}"]}}, {}),
    "as the table": ({"it": "{}"}, {}),
    "as a number's value": ({"it": GOOD | {"max_attachment_chars": "{}"}}, {}),
    "as a user in the address": ({"it": GOOD | {"base_url": "https://u:{}@host.example"}}, {}),
    "as a query in the address": ({"it": GOOD | {"base_url": "https://host.example/?t={}"}}, {}),
    "as the address": ({"it": GOOD | {"base_url": "{}"}}, {}),
    "in a wrong transport": ({"it": GOOD | {"transport": {"deadline": "{}"}}}, {}),
    "beside a fault": ({"it": GOOD | {"token": "{}", "transport": {"deadline": 0}}}, {}),
    "beside a wrong key": ({"it": GOOD | {"token": "{}", "tokn": 5}}, {}),
    "in the proxy": ({"it": GOOD | {"transport": {"proxy": "http://u:{}@p", "deadline": 0}}}, {}),
    "in a variable's name": ({"it": GOOD}, {"HELPDESK_BRIDGE__IT__{}": "x"}),
    "in a variable of a fault": ({"it": GOOD}, {"HELPDESK_BRIDGE__IT__MAX_ATTACHMENT_CHARS": "{}"}),
    "in the ledger": ({"it": GOOD | {"ledger": "x://u:{}@h/d"}}, {}),
}


def filled(value: Any, secret: str) -> Any:
    if isinstance(value, dict):
        return {filled(key, secret): filled(one, secret) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, secret) for one in value]
    return value.replace("{}", secret) if isinstance(value, str) else value


@pytest.mark.parametrize("secret", [SECRET, WORDS, SECRET.lower(), SECRET.upper()])
@pytest.mark.parametrize("case", MISPLACED)
def test_a_secret_in_the_wrong_place_is_not_shown(
    case: str, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desks, environ = MISPLACED[case]
    for name, value in environ.items():
        monkeypatch.setenv(filled(name, secret), filled(value, secret))
    with pytest.raises(HelpdeskError) as caught:
        connect(config={"desks": filled(desks, secret)})
    for text in all_of(caught.value):
        assert shows(text, secret) is None, text
    assert caught.value.__context__ is None


@pytest.mark.parametrize("secret", [SECRET, SECRET.lower(), SECRET.upper()])
def test_a_secret_as_the_name_of_a_desk_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(ConfigurationError, match="looks like a key") as caught:
        connect(config={"desks": {secret: GOOD}})
    for text in all_of(caught.value):
        assert shows(text, secret) is None, text
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "text",
    [
        f'[desks.it]\ntoken = "{SECRET}\n',
        f"[desks.it]\n{SECRET} = 1\n{SECRET} = 2\n",
        f"[desks.{SECRET}]\n[desks.{SECRET}]\n",
        f"[{SECRET}]\n",
        f'"{SECRET}" = 1\n',
        f'default = "{SECRET}"\n[desks.it]\nadapter = "memory"\n',
        f'[desks.it]\nadapter = "helpspace"\ntoken = "{SECRET}"\n',
    ],
)
def test_a_file_with_a_fault_beside_a_secret_shows_only_the_place(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "f.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        connect(config=path)
    assert str(path) in str(caught.value)
    for shown in all_of(caught.value):
        assert shows(shown, SECRET) is None, shown


@pytest.mark.parametrize("name", ["HELPSPACE_TOKEN", "RT_PASSWORD_2", "TOKEN"])
def test_the_name_of_a_variable_is_told(name: str) -> None:
    table = GOOD | {"token": {"env": name}}
    assert f"needs the environment variable {name}" in str(refused({"desks": {"it": table}}))


@pytest.mark.parametrize("name", ["/run/secrets/helpspace", "./token.txt", "~/keys/help.desk"])
def test_the_path_of_a_file_is_told(name: str) -> None:
    table = GOOD | {"token": {"file": name}}
    assert f"needs the file {name}," in str(refused({"desks": {"it": table}}))


@pytest.mark.parametrize(
    "names",
    [
        ("it-help", "it_help"),
        ("it_help", "IT.help"),
        ("IT-Help", "it-help"),
        ("it help", "it_help"),
        ("stra\u00dfe", "strasse"),
        ("a", "a__transport"),
        ("a", "a_"),
    ],
)
def test_two_desks_that_would_share_a_variable_are_refused(names: tuple[str, str]) -> None:
    desks = {name: {"adapter": "memory"} for name in ("other", *names)}
    for source in ({"desks": desks}, {"desks": dict(reversed(desks.items()))}):
        text = str(refused(source, "other"))
        assert all(f"[desks.{name}]" in text for name in names)


def test_a_desk_with_two_underscores_has_its_variables(tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    path.write_text('[desks.a__b]\nadapter = "helpspace"\nclient_id = "c"\n')
    config = load_config(path, environ={"HELPDESK_BRIDGE__A__B__TOKEN": "k-1"})
    assert config.desk().settings.token.reveal() == "k-1"


IDS = [
    ("helpspace", "client_id"),
    ("helpspace", "channel"),
    ("airclou", "workspace_id"),
    ("omnidesk", "note_type"),
    ("omnidesk", "brand_id"),
    ("omnidesk", "channel"),
    ("omnidesk", "user_id"),
    ("request_tracker", "queue"),
]
TABLES: dict[str, dict[str, Any]] = {
    "helpspace": {"token": "k", "client_id": "c"},
    "airclou": {"api_key": "k", "workspace_id": "w"},
    "omnidesk": {"api_key": "k", "base_url": "https://a.example", "timezone": "UTC"},
    "request_tracker": {"token": "k", "base_url": "https://a.example"},
}


def value_of(settings: Any, key: str) -> Any:
    value = getattr(settings, key)
    return value.reveal() if hasattr(value, "reveal") else value


@pytest.mark.parametrize(("adapter", "key"), IDS)
def test_an_id_may_be_a_number(adapter: str, key: str, tmp_path: Path) -> None:
    table = {"adapter": adapter, **TABLES[adapter]}
    found = load_config({"desks": {"it": {**table, key: 712}}}, environ={}).desk()
    assert value_of(found.settings, key) == "712"
    by_name = load_config({"desks": {"it": table}}, environ={
        f"HELPDESK_BRIDGE__IT__{key.upper()}": "712"
    }).desk()  # fmt: skip
    assert value_of(by_name.settings, key) == "712"
    by_env = {**table, key: {"env": "ID"}}
    desk = load_config({"desks": {"it": by_env}}, environ={"ID": "712"}).desk()
    assert value_of(desk.settings, key) == "712"
    path = tmp_path / "f.toml"
    lines = [f'{name} = "{value}"' for name, value in table.items() if name != key]
    path.write_text("\n".join(["[desks.it]", *lines, f"{key} = 712", ""]))
    assert value_of(load_config(path, environ={}).desk().settings, key) == "712"
    made = type(found.settings)(**{**TABLES[adapter], key: 712})
    assert value_of(made, key) == "712"


@pytest.mark.parametrize(("adapter", "key"), IDS)
@pytest.mark.parametrize("value", [True, False, 7.0, [7], {}])
def test_what_is_no_number_and_no_text_is_no_id(adapter: str, key: str, value: object) -> None:
    table = {"adapter": adapter, **TABLES[adapter], key: value}
    assert key in str(refused({"desks": {"it": table}}))


def test_settings_and_options_that_are_refused_keep_no_argument() -> None:
    from helpdesk_bridge.config import settings

    for make in (
        lambda: settings.HelpSpaceSettings(token=SECRET, client_id="a b"),
        lambda: settings.AirclouSettings(api_key=SECRET),
        lambda: settings.OmnideskSettings(api_key=SECRET, base_url="x", timezone="UTC"),
        lambda: settings.RequestTrackerSettings(base_url="x", user="u", password=SECRET),
        lambda: TransportOptions(proxy=f"http://u:{SECRET}@p", deadline=0),
    ):
        with pytest.raises(HelpdeskError) as caught:
            make()
        for text in all_of(caught.value):
            assert shows(text, SECRET) is None, text
        shown = "".join(
            traceback.TracebackException.from_exception(
                caught.value.with_traceback(caught.tb.tb_next), capture_locals=True
            ).format()
        )
        assert shows(shown.replace("SECRET", ""), SECRET) is None
