"""A configuration is found in the first of its places, and a file that is none says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpdesk_bridge.config import load_config
from helpdesk_bridge.errors import ConfigurationError

TOKEN = "hush-hush"


def write(path: Path) -> Path:
    """Write a file whose only desk has the name of its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"[desks.{path.parent.name}]\n")
    return path


@pytest.mark.parametrize("present", [("env", "cwd", "user"), ("cwd", "user"), ("user",)])
def test_the_first_file_in_the_order_of_places_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, present: tuple[str, ...]
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    places = {
        "env": tmp_path / "env" / "other.toml",
        "cwd": tmp_path / "cwd" / "helpdesk.toml",
        "user": tmp_path / "xdg" / "helpdesk_bridge" / "helpdesk.toml",
    }
    for place in present:
        write(places[place])
    if "env" in present:
        environ["HELPDESK_BRIDGE_CONFIG"] = str(places["env"])
    assert load_config(environ=environ).desks == [places[present[0]].parent.name]


@pytest.mark.parametrize(
    ("platform", "environ", "folder"),
    [
        ("linux", {}, ".config"),
        ("linux", {"XDG_CONFIG_HOME": ""}, ".config"),
        ("darwin", {}, "Library/Application Support"),
        ("win32", {"APPDATA": "{home}/Roaming"}, "Roaming"),
        ("win32", {}, "AppData/Roaming"),
    ],
)
def test_the_users_folder_is_that_of_the_platform(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
    environ: dict[str, str],
    folder: str,
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.chdir(tmp_path)
    write(tmp_path / folder / "helpdesk_bridge" / "helpdesk.toml")
    found = load_config(environ={k: v.format(home=tmp_path) for k, v in environ.items()})
    assert found.desks == ["helpdesk_bridge"]


def test_without_any_file_the_error_says_where_was_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match=r"no configuration found.*memory"):
        load_config(environ={"XDG_CONFIG_HOME": str(tmp_path), "APPDATA": str(tmp_path)})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[desks.main\n", "is not valid TOML"),
        (b'token = "hush-hush', "is not valid TOML"),
        (b"# \xff", "is not UTF-8"),
        (None, "cannot be read"),
        (b"", "there is no [desks.NAME] table"),
        (b"desks = 5", "there is no [desks.NAME] table"),
        (b"[desks]\nmain = 5", "[desks.main] must be a table"),
        (b"[desk.main]\n", "unknown key 'desk'; did you mean 'desks'?"),
        (b'default = "mian"\n[desks.main]\n', "default names 'mian'"),
        (b"default = [1]\n[desks.main]\n", "default names [1]"),
    ],
)
def test_a_malformed_file_is_named_with_what_is_wrong(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    path = tmp_path / "helpdesk.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        load_config(path, environ={})
    assert str(caught.value).startswith(str(path))
    assert reason in str(caught.value)
    assert TOKEN not in str(caught.value)
