"""Read from the disk and keep things there, off the event loop."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import AsyncGenerator, Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

__all__ = ["CHUNK", "Spool", "chunks_of", "in_thread"]

T = TypeVar("T")

CHUNK = 128 * 1024
"""Bytes that are read at once."""


async def in_thread(action: Callable[[], T]) -> T:
    """Return ``action()``; a cancellation waits for its end, for it holds the descriptor."""
    work = asyncio.ensure_future(asyncio.to_thread(action))
    try:
        return await asyncio.shield(work)
    finally:
        if not work.done():
            await asyncio.wait((work,))


class _Opened:
    """A file that is closed whatever happens between its opening and its end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def read(self) -> bytes:
        if self._file is None:
            self._file = self._path.open("rb")
        return self._file.read(CHUNK)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


async def chunks_of(path: Path) -> AsyncGenerator[bytes, None]:
    """Yield what a file holds; OSError when it cannot be read."""
    file = _Opened(path)
    try:
        while chunk := await in_thread(file.read):
            yield chunk
    finally:
        file.close()


class Spool:
    """Bytes in a temporary file, which goes when nobody refers to the spool any more."""

    def __init__(self) -> None:
        import tempfile  # not cheap, and needed by few

        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with its owner
        self._lock = threading.Lock()  # two calls may send the same file at once
        weakref.finalize(self, self._file.close)

    def add(self, chunk: bytes) -> None:
        """Put ``chunk`` at the end."""
        self._file.write(chunk)

    def read(self, start: int) -> bytes:
        """Return some of the bytes from ``start`` on, none at the end."""
        with self._lock:
            self._file.seek(start)
            return self._file.read(CHUNK)

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield all bytes."""
        start = 0
        while chunk := await in_thread(partial(self.read, start)):
            start += len(chunk)
            yield chunk
