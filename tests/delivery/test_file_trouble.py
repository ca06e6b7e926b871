"""A SQLite ledger that cannot be used says which file it is, and why, in words."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import aclosing, closing
from pathlib import Path
from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.delivery import file_trouble, sqlite_ledger
from tests.delivery.ledgers import entry

pytestmark = pytest.mark.asyncio
AS_ROOT = hasattr(os, "getuid") and os.getuid() == 0


async def told(path: Path | str, *, retryable: bool = False) -> str:
    """Return what a ledger says of its file, and see whether another try may help."""
    async with aclosing(hb.SqliteLedger(Path(path))) as ledger:
        with pytest.raises(hb.ConfigurationError) as caught:
            await ledger.begin(entry("a"))
    assert caught.value.reason is hb.Reason.STORAGE
    assert caught.value.retryable is retryable
    return caught.value.message


def text_file(path: Path) -> None:
    path.write_text("to do: buy milk\n" * 100)


def another_programs(path: Path) -> None:
    with closing(sqlite3.connect(path)) as file:
        file.execute("create table writes (a)")


def below_a_file(path: Path) -> None:
    path.parent.rmdir()
    path.parent.write_text("")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda path: path.parent.rmdir(), "there is no folder {folder} (SQLITE_CANTOPEN)"),
        (below_a_file, "{folder} is no folder (SQLITE_CANTOPEN)"),
        (Path.mkdir, "it is a folder (SQLITE_CANTOPEN"),
        (text_file, "it is no SQLite file (SQLITE_NOTADB)"),
        (another_programs, "it does not have the table of a ledger (SQLITE_ERROR)"),
    ],
)
async def test_what_is_wrong_with_the_file_is_told(
    tmp_path: Path, spoil: Callable[[Path], None], why: str
) -> None:
    path = tmp_path / "data" / "w.db"
    path.parent.mkdir()
    spoil(path)
    message = await told(path)
    said = why.format(folder=path.parent)
    assert message.startswith(f"the ledger {path} cannot be used: {said}")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
async def test_a_pipe_or_a_device_is_not_opened_and_does_not_come_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "w.db")
    monkeypatch.setattr(sqlite3, "connect", None)
    for path in (tmp_path / "w.db", Path(os.devnull)):
        assert await told(path) == f"the ledger {path} cannot be used: it is no regular file."


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no such folder")
async def test_a_folder_in_which_nobody_can_make_a_file() -> None:
    why = "this process may not write into" if not AS_ROOT else "no file can be made in"
    found = await told("/proc/w.db")
    assert (
        found == f"the ledger /proc/w.db cannot be used: {why} the folder /proc (SQLITE_CANTOPEN)."
    )


async def test_a_relative_path_is_told_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    missing = tmp_path / "missing"
    assert f"{missing / 'w.db'} cannot be used: there is no folder {missing} " in await told(
        "missing/w.db"
    )


@pytest.mark.parametrize("name", ["w\0.db", "w\ud800.db"])
async def test_a_name_that_no_file_has(tmp_path: Path, name: str) -> None:
    assert "cannot be used" in await told(tmp_path / name)


async def test_a_file_that_another_process_has_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "w.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin exclusive")
        connect = sqlite3.connect
        monkeypatch.setattr(
            sqlite3, "connect", lambda *a, **kw: connect(*a, **{**kw, "timeout": 0})
        )
        assert "another process has locked it (SQLITE_BUSY)" in await told(path, retryable=True)


async def test_a_file_that_may_only_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "w.db"
    async with aclosing(hb.SqliteLedger(path)) as ledger:
        await ledger.begin(entry("a"))
    connect = sqlite3.connect
    address = f"{path.as_uri()}?mode=ro"  # not by its rights: an administrator has them all
    monkeypatch.setattr(sqlite3, "connect", lambda _, **kw: connect(address, uri=True, **kw))
    assert "this process may not write it (SQLITE_READONLY" in await told(path)


@pytest.mark.skipif(AS_ROOT, reason="an administrator may write everywhere")
async def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    assert f"this process may not write into the folder {folder} " in await told(folder / "w.db")


async def test_a_folder_in_which_this_process_has_no_rights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    error = sqlite3.OperationalError("unable to open database file")
    error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_CANTOPEN, "SQLITE_CANTOPEN"
    says = f"this process may not write into the folder {tmp_path} (SQLITE_CANTOPEN)"
    found = file_trouble.why(tmp_path / "w.db", error)
    assert (found.says, found.retryable) == (says, False)
    assert not file_trouble.can_be_made(tmp_path / "w.db")


async def test_a_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "w.db"
    insert = sqlite_ledger._insert

    def on_a_full_disk(file: sqlite3.Connection, *one: Any) -> None:
        file.execute("pragma max_page_count = 1")
        file.execute("create table filler (a)")
        file.execute("insert into filler values (zeroblob(1000000))")
        insert(file, *one)

    monkeypatch.setattr(sqlite_ledger, "_insert", on_a_full_disk)
    message = await told(path, retryable=True)
    assert message == f"the ledger {path} cannot be used: the disk is full (SQLITE_FULL)."


@pytest.mark.parametrize(
    ("name", "retryable"),
    [
        ("SQLITE_BUSY_SNAPSHOT", True),
        ("SQLITE_LOCKED", True),
        ("SQLITE_PROTOCOL", True),
        ("SQLITE_FULL", True),
        ("SQLITE_IOERR_FSYNC", True),
        ("SQLITE_NOMEM", True),
        ("SQLITE_CANTOPEN", True),  # the folder is there and may be written: no file is left
        ("SQLITE_NOTADB", False),
        ("SQLITE_CORRUPT", False),
        ("SQLITE_PERM", False),
        ("SQLITE_READONLY", False),
        ("SQLITE_READONLY_DBMOVED", False),
        ("SQLITE_ERROR", False),
        ("SQLITE_MISUSE", False),
    ],
)
async def test_another_try_may_help_where_the_trouble_can_pass(
    tmp_path: Path, name: str, retryable: bool
) -> None:
    error = sqlite3.OperationalError("x")
    error.sqlite_errorcode, error.sqlite_errorname = getattr(sqlite3, name), name
    assert file_trouble.why(tmp_path / "w.db", error).retryable is retryable


async def test_a_failing_disk_whose_folder_is_gone_does_not_come_back(tmp_path: Path) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    assert not file_trouble.why(tmp_path / "gone" / "w.db", error).retryable
