"""The lock of a SQLite file against everybody else, here or in another process."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from helpdesk_bridge.model import forks

__all__ = ["FileLock"]

_SOONEST, _LATEST = 0.001, 0.02
"""Seconds between two looks whether the lock is free: few at first, then more."""


class FileLock:
    """A lock that lasts until it is let go of, or this process ends, however it ends.

    SQLite's own locks are dropped when anything in this process closes the file, such as a backup
    that reads it: so does POSIX have it. This one is on an empty file beside it, ``NAME-lock``,
    which goes with it; only a process that is killed leaves it. Windows has no such locks, and
    needs none. A process that is forked leaves the lock to its parent.

    ``path`` is the file that is locked, by any of its names.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place = path
        self._descriptor: int | None = None

    def acquire(self, patience: float = 0.0) -> None:
        """Take the lock, and wait for it up to ``patience`` seconds in this thread.

        BlockingIOError if another one has it all the time, OSError if it cannot be taken at all.
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
        pause = _SOONEST
        while self._descriptor is None:
            try:
                self._descriptor = self._taken()
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise
                time.sleep(pause)
                pause = min(2 * pause, _LATEST)

    def _taken(self) -> int | None:
        """Return what holds the lock; None: the file was another's, who has just deleted it."""
        import fcntl

        descriptor = self._opened()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), self._place.stat()):
                    return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def _opened(self) -> int:
        """Open the file of the lock for reading: another user's can be locked, too."""
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # to open a pipe may take for ever
        with suppress(FileNotFoundError):
            return os.open(self._place, flags)
        return os.open(self._place, flags | os.O_CREAT, 0o666)

    def release(self) -> None:
        """Let go of it; may be called again."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        import fcntl

        with suppress(OSError):
            self._place.unlink()
        with suppress(OSError):  # closing is not enough while a process that was forked has it
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)

    def forked(self) -> None:
        """Leave it to the process that this one was forked from."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
