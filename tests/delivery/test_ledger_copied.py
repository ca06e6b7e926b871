"""A ledger whose file is read by its own program, as a backup does, lets nobody else in."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
from contextlib import aclosing, closing
from pathlib import Path
from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.delivery import ledger_file, sqlite_ledger
from helpdesk_bridge.model.file_lock import FileLock
from tests.delivery.ledgers import entry
from tests.locks import bar, lock_of
from tests.vendors import ROOT

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps its locks"),
]
_BEGIN = """
import asyncio, sys
import helpdesk_bridge as hb
from helpdesk_bridge.delivery import ledger_file
from tests.delivery.ledgers import entry
ledger_file._PATIENCE = 0.1
async def main():
    ledger = hb.SqliteLedger(sys.argv[1])
    try:
        holder = await ledger.begin(entry("other", key="job 1"))
        print("has it" if holder is None else f"of {holder.operation_id}")
    except hb.errors.ConfigurationError as error:
        print(error.message)
    await ledger.aclose()
asyncio.run(main())
"""


def _elsewhere(path: Path) -> str:
    """Begin a write with the same key in another process, and return what that says."""
    command = [sys.executable, "-c", _BEGIN, str(path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("step", ["_passed", "_insert"])
async def test_a_copy_within_a_transaction_gives_one_key_to_one_process(
    tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, told = tmp_path / "w.db", []
    ledger = hb.SqliteLedger(path)
    await ledger.unresolved("it")
    real = getattr(sqlite_ledger, step)

    def copied(*given: Any) -> Any:
        made = real(*given)
        path.read_bytes()
        told.append(_elsewhere(path))
        return made

    monkeypatch.setattr(sqlite_ledger, step, copied)
    assert await ledger.begin(entry("one", key="job 1")) is None
    assert len(told) == 1
    assert f"the ledger {path} cannot be used: another process has locked it." in told[0]
    assert _elsewhere(path) == "of one\n"
    await ledger.aclose()
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("pragma integrity_check").fetchall() == [("ok",)]
    assert os.listdir(tmp_path) == ["w.db"]  # noqa: PTH208 - no path is read in a coroutine


@pytest.mark.parametrize(("number", "retryable"), [(errno.ENOLCK, False), (errno.EMFILE, True)])
async def test_without_a_lock_beside_the_file_nothing_is_begun(
    tmp_path: Path, number: int, retryable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = hb.SqliteLedger(tmp_path / "w.db")
    await ledger.unresolved("it")

    def refused(*_: Any) -> None:
        raise OSError(number, "no")

    with monkeypatch.context() as patch:
        patch.setattr(FileLock, "acquire", refused)
        with pytest.raises(hb.ConfigurationError, match="beside it cannot be locked") as caught:
            await ledger.begin(entry("one", key="job 1"))
    assert errno.errorcode[number] in caught.value.message
    assert caught.value.retryable is retryable
    assert await ledger.entry("one") is None
    await ledger.aclose()


async def test_a_lock_of_another_user_is_told_by_its_name_when_the_patience_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "w.db"
    bar(path, monkeypatch)
    monkeypatch.setattr(ledger_file, "_PATIENCE", 0.05)
    async with aclosing(hb.SqliteLedger(path)) as ledger:
        with pytest.raises(hb.ConfigurationError) as caught:
            await ledger.begin(entry("one"))
    start = f"the ledger {path} cannot be used: another user has the lock {lock_of(path)}, which"
    assert caught.value.message.startswith(start)
    assert "delete the lock" in caught.value.message
    assert caught.value.retryable


async def test_what_stands_in_the_place_of_the_lock_is_told_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    lock_of(path).write_bytes(b"mine")
    async with aclosing(hb.SqliteLedger(path)) as ledger:
        with pytest.raises(hb.ConfigurationError) as caught:
            await ledger.begin(entry("one"))
    said = f"cannot be used: {lock_of(path)}, the place of its lock, holds something else"
    assert said in caught.value.message
    assert not caught.value.retryable
    assert lock_of(path).read_bytes() == b"mine"
