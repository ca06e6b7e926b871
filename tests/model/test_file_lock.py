"""The lock beside a file keeps everybody else out, and goes with whoever has it."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from helpdesk_bridge.model.file_lock import FileLock
from tests.forked import in_a_fork, needs_fork

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps its locks")


def _is_free(path: Path) -> bool:
    try:
        with FileLock(path).held():
            return True
    except BlockingIOError:
        return False


def test_reading_the_file_does_not_drop_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    path.write_bytes(b"x")
    with FileLock(path).held():
        path.read_bytes()
        assert not _is_free(path)
    assert _is_free(path)
    assert list(tmp_path.iterdir()) == [path]


def test_who_waits_gets_it_when_it_is_free(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "w.db")
    lock.acquire()
    timer = threading.Timer(0.1, lock.release)
    timer.start()
    with FileLock(tmp_path / "w.db").held(30):
        assert not _is_free(tmp_path / "w.db")
    timer.join()


def test_a_lock_whose_file_was_just_deleted_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = FileLock(tmp_path / "desk.db"), FileLock(tmp_path / "desk.db")
    first.acquire()
    opened, opens = os.open, 0

    def late(*given: Any) -> int:
        nonlocal opens
        descriptor = opened(*given)
        opens += 1
        first.release()  # between the opening and the lock
        return int(descriptor)

    monkeypatch.setattr(os, "open", late)
    second.acquire()
    monkeypatch.undo()
    assert opens == 2
    assert not _is_free(tmp_path / "desk.db")
    second.release()
    second.release()
    assert list(tmp_path.iterdir()) == []


@needs_fork
def test_a_fork_neither_holds_the_lock_nor_frees_it(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    lock = FileLock(path)
    lock.acquire()

    def child() -> str:
        lock.release()
        return str(_is_free(path))

    assert in_a_fork(child) == "False"
    assert not _is_free(path)
    lock.release()


def test_a_copy_of_the_descriptor_does_not_outlast_the_holder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library in C may fork without a word, and the file of another user cannot be deleted."""
    path = tmp_path / "w.db"
    lock = FileLock(path)
    lock.acquire()
    assert lock._descriptor is not None
    kept = os.dup(lock._descriptor)

    def refused(_: Path) -> None:
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refused)
        lock.release()
    assert _is_free(path)
    os.close(kept)


@pytest.mark.parametrize("name", ["w\0.db", "w\ud800.db", "missing/w.db", "loop/w.db"])
def test_what_cannot_be_locked_is_an_oserror(tmp_path: Path, name: str) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(OSError, match=r"."):
        FileLock(tmp_path / name).acquire()


def test_a_pipe_in_the_place_of_the_lock_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "w.db-lock")
    assert _is_free(tmp_path / "w.db")
