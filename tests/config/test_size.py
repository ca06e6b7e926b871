"""A configuration of any size is read in a moment, or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helpdesk_bridge.config import load_config
from helpdesk_bridge.errors import ConfigurationError
from tests.work import instructions

_DESK = '[desks.support]\nadapter = "memory"\n'


def _written(folder: Path, text: str) -> Path:
    path = folder / "helpdesk.toml"
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize(
    ("more", "problem"),
    {
        "one key of many parts": ("a" + ".a" * 50_000 + " = 1\n", "is larger than|dots in line 3"),
        "a shorter one": ("a" + ".a" * 200 + " = 1\n", "has more than 100 dots in line 3"),
        "many keys of many parts": (
            "".join(f"a{'.a' * 101}.b{number} = 1\n" for number in range(500)),
            "has more than 100 dots in line 3",
        ),
        "a large file": ("#" * 300_000, "is larger than 256 KiB"),
        "many lists": ("a = " + "[" * 100_000, "cannot be read"),
        "old ends of lines": ("\r" * 3 + "b" + ".b" * 101 + " = 1", "dots in line 6"),
    }.values(),
)
def test_a_file_that_would_take_long_is_refused(tmp_path: Path, more: str, problem: str) -> None:
    path = _written(tmp_path, _DESK + more)

    def read() -> None:
        with pytest.raises(ConfigurationError, match=problem) as info:
            load_config(path, environ={})
        assert str(path) in str(info.value)
        assert len(str(info.value)) < 1000

    assert instructions(read) < 3_000_000


_DOTS = "." * 112


@pytest.mark.parametrize(
    "more",
    [
        f"# {_DOTS}\n",
        f'path = "x" # "{_DOTS}\n',
        rf'path = "a\"{_DOTS}"',
        rf"path = '{_DOTS}\'",
        f'path = """\n"{_DOTS}\\""" {_DOTS}\n{_DOTS}"""""\n',
        f"path = '''\n'{_DOTS}\n{_DOTS}'''''\n",
    ],
)
def test_dots_that_part_no_key_are_not_counted(tmp_path: Path, more: str) -> None:
    assert load_config(_written(tmp_path, _DESK + more), environ={}).desks == ["support"]


@pytest.mark.parametrize(
    "lead", ['"', '"\\', "'", '"""\\', "'''", 'a = "\\', '""" "" \\', "#", "\n'"]
)
def test_a_string_without_an_end_hides_no_key_and_takes_no_time(tmp_path: Path, lead: str) -> None:
    path = _written(tmp_path, f"{lead * 10_000}\na{'.a' * 50_000} = 1\n")

    def read() -> None:
        with pytest.raises(ConfigurationError):
            load_config(path, environ={})

    assert instructions(read) < 3_000_000


def test_dots_beside_a_string_are_counted(tmp_path: Path) -> None:
    path = _written(tmp_path, f"{_DESK}\"a.b\" . ''{'.a' * 101} = '''\n'''\n")
    with pytest.raises(ConfigurationError, match="100 dots in line 3"):
        load_config(path, environ={})


def test_no_more_than_the_limit_is_read(tmp_path: Path) -> None:
    path = _written(tmp_path, "")
    with path.open("ab") as file:
        file.truncate(1 << 40)  # takes no room on the disk
    with pytest.raises(ConfigurationError, match="is larger than 256 KiB"):
        load_config(path, environ={})


def test_of_a_device_without_an_end_nothing_is_read(tmp_path: Path) -> None:
    path = tmp_path / "helpdesk.toml"
    path.symlink_to("/dev/zero")
    with pytest.raises(ConfigurationError, match="it is a device"):
        load_config(path, environ={})


def test_hundreds_of_desks_have_room(tmp_path: Path) -> None:
    text = "".join(f'[desks.number-{number}]\r\nadapter = "memory"\r\n' for number in range(1000))
    found = load_config(_written(tmp_path, text), environ={})
    assert len(found.desks) == 1000
    assert found.desk("number-7").name == "number-7"


def test_a_long_name_is_refused_at_once() -> None:
    desks = {"d" * 1_000_000: {"adapter": "memory"}}

    def read() -> None:
        with pytest.raises(ConfigurationError, match="give it a short one") as info:
            load_config({"desks": desks}, environ={})
        assert len(str(info.value)) < 1000

    assert instructions(read) < 100_000


def test_the_work_of_reading_grows_with_the_desks_and_not_with_their_pairs() -> None:
    def read(number: int) -> int:
        desks = {f"d{one}": {"adapter": "memory"} for one in range(number)}
        return instructions(lambda: load_config({"desks": desks}, environ={}))

    assert read(4000) < 5 * read(1000)


def test_a_name_that_is_not_there_is_not_looked_for_in_everything() -> None:
    desks = {f"d{number}": {"adapter": "memory"} for number in range(20_000)}
    found = load_config({"desks": desks}, environ={})
    with pytest.raises(ConfigurationError, match="there is no"):
        found.desk("number")
    assert instructions(lambda: _refused(found)) < 2_000_000


def _refused(config: Any) -> None:
    with pytest.raises(ConfigurationError):
        config.desk("number")
