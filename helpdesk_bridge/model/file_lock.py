"""The lock of a SQLite file against everybody else, here or in another process."""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from helpdesk_bridge.model import forks

__all__ = ["FileLock", "LockBarred", "LockReplaced"]

_SOONEST, _LATEST = 0.001, 0.02
"""Seconds between two looks whether the lock is free: few at first, then more."""

_ANEW = 0.1
"""Seconds for which a lock that others make and delete all the time is looked at at least."""
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # to open a pipe may take for ever
)


class LockBarred(BlockingIOError):
    """Another user has the lock, or left it; ``strerror`` says in words what to do about it."""


class LockReplaced(FileExistsError):
    """Something else stands in the place of the lock; ``strerror`` says in words which place."""


def _is_empty_file(found: os.stat_result) -> bool:
    return stat.S_ISREG(found.st_mode) and found.st_size == 0


class FileLock:
    """A lock that lasts until it is let go of, or this process ends, however it ends.

    SQLite's own locks are dropped when anything in this process closes the file, such as a backup
    that reads it: so does POSIX have it. This one is on an empty file beside it, ``NAME-lock``,
    which goes with it; only a process that is killed leaves it. Whoever may use the file may
    open that one. What is no empty file is not ours: it is neither locked nor deleted. Windows has
    no such locks, and needs none. A process that is forked leaves the lock to its parent.

    ``path`` is the file that is locked, by any of its names.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place = path
        self._descriptor: int | None = None

    def acquire(self, patience: float = 0.0) -> None:
        """Take the lock, and wait for it up to ``patience`` seconds in this thread.

        BlockingIOError if another one has it all the time; it is LockBarred if that is another
        user, whose lock this one may not open. OSError if it cannot be taken at all; it is
        LockReplaced if something else stands in its place.
        """
        if sys.platform == "win32":
            return
        forks.watch(self)
        try:
            place = self._path.resolve()  # the same file by all its names
            self._place = place.with_name(f"{place.name}-lock")
            self._wait(time.monotonic() + patience)
        except (ValueError, RuntimeError):  # no file has such a name, or a link leads to itself
            raise OSError(errno.EINVAL, "it is the name of no file") from None

    @contextmanager
    def held(self, patience: float = 0.0) -> Iterator[None]:
        """Hold the lock in the body; ``patience`` and the errors are those of ``acquire``."""
        self.acquire(patience)
        try:
            yield
        finally:
            self.release()

    def _wait(self, until: float) -> None:
        anew = max(until, time.monotonic() + _ANEW)
        pause = _SOONEST
        while self._descriptor is None:
            try:
                self._descriptor = self._taken()
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise
            if self._descriptor is None:
                if time.monotonic() >= anew:
                    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
                time.sleep(pause)
                pause = min(2 * pause, _LATEST)

    def _taken(self) -> int | None:
        """Return what holds the lock; None: another one has just made its file, or deleted it."""
        import fcntl

        descriptor = self._opened()
        if descriptor is None:
            return None
        try:
            self._require_empty(os.fstat(descriptor))
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), self._place.lstat()):
                    return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def _opened(self) -> int | None:
        """Open the file of the lock for reading: another user's can be locked, too."""
        try:
            self._require_empty(self._place.lstat())  # to open a device may do something to it
        except FileNotFoundError:
            with suppress(FileExistsError):
                return self._made()
            return None
        try:
            return os.open(self._place, _FLAGS)
        except FileNotFoundError:
            return None
        except PermissionError:
            raise LockBarred(
                errno.EACCES,
                f"another user has the lock {self._place}, which this one may not open: if no"
                " process uses the file any more, delete the lock",
            ) from None

    def _require_empty(self, found: os.stat_result) -> None:
        if not _is_empty_file(found):
            raise LockReplaced(
                errno.EEXIST,
                f"{self._place}, the place of its lock, holds something else: move that away",
            )

    def _made(self) -> int:
        """Make the file of the lock for those who may use the file that is locked."""
        try:
            locked = self._path.stat()
        except FileNotFoundError:  # it will have what is usual here, too
            return os.open(self._place, _FLAGS | os.O_CREAT | os.O_EXCL, 0o666)
        mode = stat.S_IMODE(locked.st_mode) & 0o666
        descriptor = os.open(self._place, _FLAGS | os.O_CREAT | os.O_EXCL, mode)
        owner = locked.st_uid if os.geteuid() == 0 else -1
        with suppress(OSError):  # one who is not in the group may not give it to the group
            os.fchown(descriptor, owner, locked.st_gid)
        if os.fstat(descriptor).st_gid != locked.st_gid:
            mode &= ~stat.S_IRWXG
        with suppress(OSError):  # FAT has no modes
            os.fchmod(descriptor, mode)
        return descriptor

    def release(self) -> None:
        """Let go of it; may be called again."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        import fcntl

        with suppress(OSError):
            found = self._place.lstat()
            if _is_empty_file(found) and os.path.samestat(found, os.fstat(descriptor)):
                self._place.unlink()
        with suppress(OSError):  # closing is not enough while a process that was forked has it
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)

    def forked(self) -> None:
        """Leave it to the process that this one was forked from."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
