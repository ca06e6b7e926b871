"""A configuration is right, or its error names the file, the table and the key, and no secret."""

from __future__ import annotations

import copy
import pickle
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest
from attrs import field, frozen

from helpdesk_bridge.config import Config, load_config, registry
from helpdesk_bridge.errors import ConfigurationError
from helpdesk_bridge.kit.contract import Adapter
from helpdesk_bridge.secret import Secret
from helpdesk_bridge.transport import TransportOptions
from helpdesk_bridge.transport.rate_limits import Rate, SlidingWindow

TOKEN = "hush-hush"


@frozen(kw_only=True)
class Settings:
    token: Secret
    client_id: str = "acme"
    port: int | None = None
    strict: bool = False
    ratio: float = field(default=1.0)

    def __attrs_post_init__(self) -> None:
        if self.port == 0:
            raise ConfigurationError("must not be zero", key="port")
        if self.ratio < 0:
            raise ValueError(f"a validator that tells {self.token.reveal()}")


class Own(Adapter):
    name = "own"
    settings_type = Settings


@pytest.fixture(autouse=True)
def own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register an adapter for the length of a test."""
    monkeypatch.setattr(registry, "_registered", {})
    registry.register("own", Own)


def given(table: Mapping[str, Any] = {}, environ: Mapping[str, str] = {}) -> Config:
    """Return a configuration with the desk ``main``, of a file that does not matter."""
    desk = {"adapter": "own", "token": TOKEN, **table}
    desk = {key: value for key, value in desk.items() if value is not None}
    return load_config({"desks": {"main": desk}}, environ=environ)


def refused(config: Config, *parts: str, desk: str | None = None) -> ConfigurationError:
    """Assert that a desk is refused with all of ``parts`` in the text, and no secret anywhere."""
    with pytest.raises(ConfigurationError) as caught:
        config.desk(desk)
    text = str(caught.value)
    assert [part for part in parts if part not in text] == []
    assert TOKEN not in text + repr(caught.value) + repr(vars(caught.value))
    assert caught.value.__context__ is None
    return caught.value


def test_a_desk_has_its_settings_and_its_transport_options() -> None:
    desk = given({"port": 8, "ratio": 2, "transport": {"deadline": 5, "concurrency": 2}}).desk()
    assert (desk.name, desk.adapter) == ("main", Own)
    assert desk.settings == Settings(token=Secret(TOKEN), port=8, ratio=2.0)
    assert desk.options == TransportOptions(deadline=5, concurrency=2)


LIMITER = SlidingWindow(Rate(5, 1.0))


@pytest.mark.parametrize(
    ("transport", "environ"),
    [
        ({"limiter": "made_up:LIMITER"}, {}),
        ({"limiter": LIMITER}, {}),
        ({"limiter": {"env": "V"}}, {"V": "made_up:LIMITER"}),
        ({}, {"HELPDESK_BRIDGE__MAIN__TRANSPORT__LIMITER": "made_up:LIMITER"}),
    ],
)
def test_a_limiter_is_an_object_or_where_it_is_found(
    transport: dict[str, Any], environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = cast("ModuleType", SimpleNamespace(LIMITER=LIMITER))
    monkeypatch.setitem(sys.modules, "made_up", module)
    table = {"transport": {"rate_limit": "400/minute", "max_attempts": 1, **transport}}
    options = given(table, environ).desk().options
    assert options.limiter is LIMITER
    assert (options.rate_limit, options.max_attempts) == ("400/minute", 1)


def test_a_tls_context_is_named_and_never_a_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    module = SimpleNamespace(CONTEXT=ssl.create_default_context(), OTHER=5)
    monkeypatch.setitem(sys.modules, "made_up", cast("ModuleType", module))
    desk = given({"transport": {"tls": "made_up:CONTEXT"}}).desk()
    assert desk.options.tls is module.CONTEXT
    for wrong in (False, "made_up:OTHER", "no_such_module:TLS"):
        with pytest.raises(ConfigurationError, match="tls"):
            given({"transport": {"tls": wrong}}).desk()


def test_a_configuration_in_a_log_line_shows_no_secret() -> None:
    config = given({}, {"HELPDESK_BRIDGE__MAIN__TOKEN": TOKEN})
    assert TOKEN not in repr(config) + repr(config.desk())


def test_every_complaint_about_a_desk_names_the_file_the_table_and_the_key(tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    path.write_text(f'[desks.main]\nadapter = "own"\ntokn = "{TOKEN}"\n')
    error = refused(load_config(path, environ={}), f"{path}: [desks.main] tokn: is unknown")
    assert (error.key, error.desk) == ("tokn", "main")


@pytest.mark.parametrize(
    ("table", "parts"),
    [
        ({"tokn": TOKEN}, ("[desks.main] tokn: is unknown", "did you mean 'token'?")),
        ({"leger": "w.db"}, ("[desks.main] leger: is unknown; did you mean 'ledger'?",)),
        ({"adaptor": "own"}, ("[desks.main] adaptor: is unknown; did you mean 'adapter'?",)),
        ({"trasnport": {}}, ("[desks.main] trasnport: is unknown; did you mean 'transport'?",)),
        ({"Token": TOKEN}, ("[desks.main] Token: is unknown; did you mean 'token'?",)),
        ({"xyz": 1}, ("[desks.main] xyz: is unknown; known: token,", "adapter, ledger, transport")),
        ({"transport": {"leger": 1}}, ("[desks.main.transport] leger: is unknown", "known: dead")),
        ({3: TOKEN}, ("[desks.main] 3: is unknown",)),
        (
            {"rate_limit": "400/minute"},
            ("[desks.main] rate_limit: is unknown: it is", "belongs to [desks.main.transport]"),
        ),
        ({"token": None}, ("[desks.main] token: is missing",)),
        ({"adapter": None}, ("[desks.main] adapter: is missing", "own")),
        ({"adapter": 5}, ("[desks.main] adapter: must be a string",)),
        ({"adapter": "onw"}, ("[desks.main] adapter: there is no", "did you mean 'own'?")),
        ({"token": 5}, ("[desks.main] token: expected a string, {",)),
        ({"token": {"evn": TOKEN}}, ("[desks.main] token: expected a string, {",)),
        ({"token": {"env": "A", "file": TOKEN}}, ("[desks.main] token: expected a string",)),
        ({"client_id": 5}, ("client_id: expected a string, got an integer",)),
        ({"client_id": {"env": 5}}, ("client_id: expected a string, got an object",)),
        ({"port": TOKEN}, ("port: expected an integer, got a string",)),
        ({"port": True}, ("port: expected an integer, got a boolean",)),
        ({"strict": 1}, ("strict: expected a boolean, got an integer",)),
        ({"port": 0}, ("[desks.main] port: must not be zero",)),
        ({"ratio": -1.0}, ("[desks.main]: the settings are not acceptable (ValueError)",)),
        ({"transport": 5}, ("[desks.main] transport: must be a table",)),
        ({"transport": {"dedline": 5}}, ("[desks.main.transport] dedline", "'deadline'?")),
        ({"transport": {"deadline": "5"}}, ("[desks.main.transport] deadline: expected a number",)),
        ({"transport": {"deadline": 0}}, ("[desks.main.transport] deadline: must be a number",)),
        ({"transport": {"max_attempts": 0}}, (".transport] max_attempts: must be a whole numb",)),
        (
            {"transport": {"max_attempts": "3"}},
            (".transport] max_attempts: expected an integer, got a string; it must be a",),
        ),
        ({"transport": {"max_attempts": 1.5}}, (".transport] max_attempts: expected an integer",)),
        (
            {"transport": {"rate_limit": 400}},
            (".transport] rate_limit: expected a string, got an integer;", 'like "400/minute"'),
        ),
        ({"transport": {"rate_limit": "often"}}, (".transport] rate_limit: is written like",)),
        ({"transport": {"proxy": "foo"}}, (".transport] proxy: must be a URL like http://proxy.",)),
        ({"transport": {"proxy": ""}}, (".transport] proxy: must be a URL like http://proxy.ex",)),
        ({"transport": {"proxy": 5}}, (".transport] proxy: expected a string, got an integer",)),
        ({"transport": {"proxy": f"u:{TOKEN}@p:3128"}}, (".transport] proxy: must be a URL",)),
        ({"transport": {"proxy": f"http://u:{TOKEN}/@p:1"}}, (".transport] proxy: must be a U",)),
        ({"transport": {"limiter": 5}}, ('.transport] limiter: expected "module:object"',)),
        ({"transport": {"limiter": "no.such:one"}}, ("] limiter: cannot be imported (ModuleNot",)),
        ({"transport": {"limiter": "json:no"}}, ("] limiter: cannot be imported (AttributeErr",)),
        ({"transport": {"limiter": "json"}}, ("] limiter: cannot be imported (AttributeError)",)),
        ({"transport": {"limiter": ""}}, ("] limiter: cannot be imported (ValueError)",)),
        ({"transport": {"limiter": "json:loads"}}, ("] limiter: cannot be imported (it is no",)),
        ({"transport": {"limiter": "threading:Lock"}}, ("limiter: cannot be imported (it is",)),
    ],
)
def test_a_wrong_value_is_refused_by_table_and_key(
    table: dict[Any, Any], parts: tuple[str, ...]
) -> None:
    refused(given(table), "the configuration given: ", *parts)


@pytest.mark.parametrize(("key", "text", "value"), [("client_id", "7", "7"), ("port", "7", 7)])
def test_a_value_may_be_fetched_from_the_environment_or_a_file(
    tmp_path: Path, key: str, text: str, value: object
) -> None:
    (tmp_path / "v").write_text(f"{text}\n")
    config = given({key: {"env": "V"}}, {"V": text})
    assert getattr(config.desk().settings, key) == value
    assert getattr(given({key: {"file": str(tmp_path / "v")}}).desk().settings, key) == value


@pytest.mark.parametrize("environ", [{}, {"V": ""}])
def test_a_secret_that_is_not_there_is_named_by_its_variable(environ: dict[str, str]) -> None:
    refused(given({"token": {"env": "V"}}, environ), "token: needs the environment variable V")


@pytest.mark.parametrize("name", ["gone", "binary", "nul\0"])
def test_a_secret_that_is_not_there_is_named_by_its_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "binary").write_bytes(b"\xff")
    refused(given({"token": {"file": str(tmp_path / name)}}), "token: needs the file", "be read")


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("TOKEN", TOKEN, Secret(TOKEN)),
        ("CLIENT_ID", "true", "true"),
        ("PORT", "8080", 8080),
        ("STRICT", "true", True),
        ("RATIO", "2", 2.0),
    ],
)
def test_a_variable_overrides_a_value_in_its_own_type(
    variable: str, text: str, value: object
) -> None:
    config = given({"token": "old"}, {f"HELPDESK_BRIDGE__MAIN__{variable}": text})
    assert getattr(config.desk().settings, variable.lower()) == value


def test_a_variable_overrides_the_adapter_and_the_transport_of_a_desk_with_a_dash() -> None:
    prefix = "HELPDESK_BRIDGE__MY_DESK__"
    environ = {f"{prefix}ADAPTER": "own", f"{prefix}TRANSPORT__DEADLINE": "5"}
    tables = {"desks": {"my-desk": {"adapter": "gone", "token": "a"}, "other": {}}}
    desk = load_config(tables, environ=environ).desk("my-desk")
    assert (desk.adapter, desk.options.deadline) == (Own, 5.0)


@pytest.mark.parametrize(
    ("key", "text", "reason"),
    [
        ("PORT", TOKEN, "([desks.main] port): expected an integer, got a string"),
        ("STRICT", "yes", "([desks.main] strict): expected a boolean"),
        ("DEADLINE", "5", "([desks.main] deadline): is unknown: it is an option of the transport"),
        ("PROT", "5", "([desks.main] prot): is unknown; did you mean 'port'?"),
        ("TRANSPROT__DEADLINE", "5", "is unknown"),
        ("TRANSPORT__DEADLIN", "5", "([desks.main.transport] deadlin): is unknown"),
        ("TRANSPORT", "5", "is unknown"),
        ("PORT", "0", "([desks.main] port): must not be zero"),
        ("ADAPTER", "onw", "([desks.main] adapter): there is no adapter 'onw'"),
    ],
)
def test_a_wrong_variable_is_refused_by_its_own_name(key: str, text: str, reason: str) -> None:
    variable = f"HELPDESK_BRIDGE__MAIN__{key}"
    refused(given({}, {variable: text}), f"environment variable {variable} ", reason)


@pytest.mark.parametrize("text", ["1" * 5000, "[" * 5000, "-" + "9" * 5000])
def test_a_variable_that_python_cannot_read_is_a_configuration_error(text: str) -> None:
    variable = "HELPDESK_BRIDGE__SUPPORT__TRANSPORT__DEADLINE"
    config = load_config({"desks": {"support": {"adapter": "memory"}}}, environ={variable: text})
    with pytest.raises(ConfigurationError, match="deadline") as caught:
        config.desk()
    assert text not in str(caught.value)


def test_a_value_that_two_variables_set_is_refused() -> None:
    names = [f"HELPDESK_BRIDGE__SUPPORT__{key}" for key in ("TOKEN", "token")]
    table = {"adapter": "helpspace", "token": "t", "client_id": "1"}
    environ = dict(zip(names, ("hush-one", "hush-two"), strict=True))
    config = load_config({"desks": {"support": table}}, environ=environ)
    with pytest.raises(
        ConfigurationError, match=r"\[desks.support\] token: is set by two"
    ) as caught:
        config.desk()
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("variable", ["MIAN__TOKEN", "MAIN", "MAIN_TOKEN"])
def test_a_variable_for_a_desk_that_is_not_there_is_refused(tmp_path: Path, variable: str) -> None:
    path = tmp_path / "f.toml"
    path.write_text("[desks.main]\n")
    with pytest.raises(ConfigurationError, match=f"HELPDESK_BRIDGE__{variable}: .*f.toml has no"):
        load_config(path, environ={f"HELPDESK_BRIDGE__{variable}": TOKEN})


DESKS = {name: {"adapter": "own", "token": TOKEN} for name in ("sales", "support")}


@pytest.mark.parametrize(
    ("default", "asked", "found"),
    [("sales", None, "sales"), ("sales", "support", "support"), (None, "sales", "sales")],
)
def test_a_desk_is_the_one_asked_for_or_the_default(
    default: str | None, asked: str | None, found: str
) -> None:
    config = load_config({"default": default, "desks": DESKS}, environ={})
    assert config.desk(asked).name == found


def test_one_of_several_desks_must_be_named() -> None:
    refused(load_config({"desks": DESKS}, environ={}), "set `default` to one of: sales, support")


def test_an_unknown_desk_is_answered_with_the_nearest_one() -> None:
    config = load_config({"desks": DESKS}, environ={})
    refused(config, "there is no [desks.suport]; did you mean 'support'?", desk="suport")


def test_one_broken_desk_does_not_hold_up_the_others() -> None:
    config = load_config({"desks": {**DESKS, "broken": {"adapter": "gone"}}}, environ={})
    assert config.desk("sales").settings.token == Secret(TOKEN)


def test_a_secret_file_is_looked_for_beside_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "token").write_text("from a file\n")
    path = tmp_path / "etc" / "helpdesk.toml"
    path.write_text('[desks.a]\nadapter = "own"\ntoken = { file = "token" }\n')
    monkeypatch.chdir(tmp_path)
    assert load_config(path, environ={}).desk("a").settings.token.reveal() == "from a file"


def test_a_path_begins_where_the_configuration_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "etc").mkdir()
    path = tmp_path / "etc" / "helpdesk.toml"
    path.write_text('[desks.a]\nadapter = "memory"\npath = "desk.db"\n')
    monkeypatch.chdir(tmp_path)
    settings = load_config(path, environ={}).desk("a").settings
    assert settings.path == tmp_path / "etc" / "desk.db"


@pytest.mark.parametrize("bad", [5, True, "", ["desk.db"]])
def test_what_is_no_path_is_refused_by_its_key(bad: Any) -> None:
    config = load_config({"desks": {"a": {"adapter": "memory", "path": bad}}}, environ={})
    with pytest.raises(ConfigurationError) as caught:
        config.desk("a")
    assert caught.value.key == "path"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_configuration_refuses_to_be_pickled(protocol: int) -> None:
    config = load_config(
        {"desks": {"it": {"adapter": "memory", "token": TOKEN}}}, environ={"AWS_SECRET": TOKEN}
    )
    with pytest.raises(TypeError, match="cannot be pickled") as caught:
        pickle.dumps({"config": config}, protocol)
    assert TOKEN not in str(caught.value)
    assert copy.copy(config) == copy.deepcopy(config) == config
