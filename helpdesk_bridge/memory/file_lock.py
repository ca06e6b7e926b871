"""The lock of a memory desk's file against every other desk, here or in another process."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

__all__ = ["FileLock"]


class FileLock:
    """A lock that lasts until it is let go of, or this process ends, however it ends.

    SQLite's own locks are dropped when anything in this process closes the file, such as a backup
    that reads it: so does POSIX have it. This one is on an empty file beside it, ``NAME-lock``,
    which goes with it; only a process that is killed leaves it. Windows has no such locks, and
    needs none.

    ``path`` is the desk's file. BlockingIOError if another desk has the lock, OSError if it cannot
    be taken.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor: int | None = None
        place = path.resolve()  # the same file by all its names
        self._place = place.with_name(f"{place.name}-lock")
        while self._descriptor is None and sys.platform != "win32":
            self._descriptor = self._taken()

    def _taken(self) -> int | None:
        """Return what holds the lock; None: the file was another's, who has just deleted it."""
        import fcntl

        descriptor = os.open(self._place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
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

    def release(self) -> None:
        """Let go of it; may be called again."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with suppress(OSError):
                self._place.unlink()
            os.close(descriptor)

    def forked(self) -> None:
        """Leave it to the process that this one was forked from."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
