"""The lock beside a file keeps everybody else out, and goes with whoever has it."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from helpdesk_bridge.model.file_lock import FileLock, LockReplaced
from tests.forked import in_a_fork, needs_fork

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps its locks")
AS_ROOT = hasattr(os, "getuid") and os.getuid() == 0


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


def _linked(place: Path) -> None:
    target = place.with_name("empty")
    target.touch()
    place.symlink_to(target)


THINGS: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a link": _linked,
    "a text": lambda place: place.write_text("mine"),
}


@pytest.mark.parametrize("thing", THINGS)
def test_what_is_no_empty_file_is_neither_locked_nor_deleted(thing: str, tmp_path: Path) -> None:
    place = tmp_path / "w.db-lock"
    THINGS[thing](place)
    before = place.lstat()
    began = time.monotonic()
    with pytest.raises(LockReplaced, match="something else") as caught:
        FileLock(tmp_path / "w.db").acquire(60)
    assert time.monotonic() - began < 30
    assert str(place) in str(caught.value)
    assert os.path.samestat(place.lstat(), before)


def test_what_is_written_while_it_is_opened_is_not_locked_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "w.db-lock"
    place.touch()
    opened = os.open

    def late(*given: Any) -> int:
        place.write_text("mine")
        return opened(*given)

    monkeypatch.setattr(os, "open", late)
    with pytest.raises(LockReplaced):
        FileLock(tmp_path / "w.db").acquire()


def test_what_takes_the_place_of_a_held_lock_is_not_deleted(tmp_path: Path) -> None:
    place = tmp_path / "w.db-lock"
    with FileLock(tmp_path / "w.db").held():
        place.write_text("mine")
    assert place.read_text() == "mine"
    place.unlink()
    with FileLock(tmp_path / "w.db").held():
        place.unlink()
        place.touch()
    assert place.exists()


def test_a_lock_that_comes_and_goes_all_the_time_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0

    def gone(_: FileLock) -> None:
        nonlocal looks
        looks += 1

    monkeypatch.setattr(FileLock, "_taken", gone)
    with pytest.raises(BlockingIOError):
        FileLock(tmp_path / "w.db").acquire(0.2)
    assert 5 < looks < 200


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder in which every user may make files."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


def _as_user(number: int, work: Callable[[], str]) -> str:
    """Return what ``work`` says in a process of another user; of this one, if it is not root."""

    def child() -> str:
        if AS_ROOT:
            os.setgroups([])
            os.setgid(number)
            os.setuid(number)
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - it is told
            return f"{type(error).__name__}: {error}"

    return in_a_fork(child)


@pytest.mark.parametrize("umask", [0o022, 0o077])
@pytest.mark.parametrize("mode", [0o666, 0o644, 0o600, None])
def test_the_lock_may_be_opened_by_whoever_may_use_the_file(
    mode: int | None, umask: int, tmp_path: Path
) -> None:
    path = tmp_path / "w.db"
    if mode is not None:
        path.touch()
        path.chmod(mode)
    before = os.umask(umask)
    try:
        with FileLock(path).held():
            made = stat.S_IMODE((tmp_path / "w.db-lock").stat().st_mode)
    finally:
        os.umask(before)
    assert made == (0o666 & ~umask if mode is None else mode)


@needs_fork
@pytest.mark.skipif(not AS_ROOT, reason="only root can give files to others")
def test_the_lock_has_the_owner_and_the_group_of_the_file_or_leaves_the_group_out(
    open_folder: Path,
) -> None:
    path, place = open_folder / "w.db", open_folder / "w.db-lock"
    path.touch()
    path.chmod(0o660)
    os.chown(path, 7001, 7002)

    def look() -> str:
        with FileLock(path).held():
            found = place.stat()
        return f"{found.st_uid} {found.st_gid} {stat.S_IMODE(found.st_mode):o}"

    assert look() == "7001 7002 660"
    assert _as_user(7001, look) == "7001 7001 600"


@needs_fork
def test_a_lock_that_may_not_be_opened_is_waited_for(open_folder: Path) -> None:
    path, place = open_folder / "w.db", open_folder / "w.db-lock"
    lock = FileLock(path)
    lock.acquire()
    place.chmod(0o600 if AS_ROOT else 0)

    def take(patience: float) -> str:
        with FileLock(path).held(patience):
            return "taken"

    told = _as_user(7003, lambda: take(0.05))
    assert told.startswith("LockBarred: ")
    assert f"another user has the lock {place}, which" in told
    assert "delete the lock" in told
    timer = threading.Timer(0.2, lock.release)
    timer.start()
    assert _as_user(7003, lambda: take(30)) == "taken"
    timer.join()


@needs_fork
def test_a_lock_that_a_killed_process_left_is_taken_by_another_user(open_folder: Path) -> None:
    path = open_folder / "w.db"
    path.touch()
    path.chmod(0o666)

    def killed() -> str:
        os.umask(0o077)
        FileLock(path).acquire()
        return "left"

    assert _as_user(7003, killed) == "left"
    assert (open_folder / "w.db-lock").exists()
    assert _as_user(7004, lambda: str(_is_free(path))) == "True"
