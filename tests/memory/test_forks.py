"""The file of a memory desk is its own, whoever reads it, forks, or is killed meanwhile."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.testing import MemorySettings
from tests.forked import in_a_fork, needs_fork, outcome
from tests.locks import bar, lock_of
from tests.vendors import ROOT

unix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps its locks")
_OPEN = """
import asyncio, sys
import helpdesk_bridge as hb
from helpdesk_bridge.testing import MemorySettings
async def main():
    async with hb.Helpdesk(MemorySettings(path=sys.argv[1])) as desk:
        try:
            await desk.create_ticket(subject="S", requester="li@customer.example", text="x")
            print("opened")
        except hb.errors.ConfigurationError as error:
            print(error.message)
asyncio.run(main())
"""


def _desk(path: Path) -> hb.Helpdesk:
    return hb.Helpdesk(MemorySettings(path=path), name="it")


async def _create(desk: hb.Helpdesk) -> None:
    await desk.create_ticket(subject="S", requester="li@customer.example", text="x")


def _elsewhere(path: Path) -> str:
    """Open the file in another process, and return what that says."""
    command = [sys.executable, "-c", _OPEN, str(path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def _copied(path: Path) -> None:
    assert path.read_bytes()[:6] == b"SQLite"


def _copied_slowly(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    os.read(descriptor, 100)
    os.close(descriptor)


def _other_desk(path: Path) -> None:
    assert "it is open in another desk" in outcome(lambda: _create(_desk(path)))


@unix_only
@pytest.mark.parametrize("read", [_copied, _copied_slowly, _other_desk])
def test_reading_the_file_in_the_same_process_lets_nobody_else_in(
    read: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "desk.db"

    async def main() -> None:
        async with _desk(path) as desk:
            await _create(desk)
            await asyncio.to_thread(read, path)
            assert "it is open in another desk or process" in await asyncio.to_thread(
                _elsewhere, path
            )
            await _create(desk)
        assert await asyncio.to_thread(_elsewhere, path) == "opened\n"

    asyncio.run(main())


@unix_only
def test_a_link_to_the_file_is_the_same_file(tmp_path: Path) -> None:
    path, link = tmp_path / "desk.db", tmp_path / "link.db"
    link.symlink_to(path)

    async def main() -> None:
        async with _desk(path) as desk:
            await _create(desk)
            path.read_bytes()
            assert "it is open in another desk" in await asyncio.to_thread(_elsewhere, link)

    asyncio.run(main())


@needs_fork
@pytest.mark.asyncio
async def test_a_fork_neither_uses_the_file_nor_frees_it(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with _desk(path) as desk:
        await _create(desk)
        told = in_a_fork(lambda: outcome(lambda: _create(desk)))
        assert "before this process was forked" in told
        told = in_a_fork(lambda: outcome(lambda: _create(_desk(path))))
        assert "it is open in another desk or process" in told
        await _create(desk)
        assert "it is open in another desk" in await asyncio.to_thread(_elsewhere, path)


@needs_fork
@pytest.mark.asyncio
async def test_a_fork_that_lives_on_does_not_keep_the_file(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    reading, writing = os.pipe()
    desk = _desk(path)
    await _create(desk)

    def child() -> str:
        os.close(writing)
        os.read(reading, 1)  # until its parent has tried
        return ""

    lives = asyncio.get_running_loop().run_in_executor(None, in_a_fork, child)
    await desk.aclose()
    assert await asyncio.to_thread(_elsewhere, path) == "opened\n"
    os.close(writing)
    os.close(reading)
    assert await lives == ""


@unix_only
@pytest.mark.asyncio
async def test_a_lock_of_another_user_is_told_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "desk.db"
    bar(path, monkeypatch)
    async with _desk(path) as desk:
        with pytest.raises(hb.ConfigurationError) as caught:
            await _create(desk)
    assert f"the database {path}: another user has the lock {lock_of(path)}" in str(caught.value)
    assert "delete the lock" in str(caught.value)
