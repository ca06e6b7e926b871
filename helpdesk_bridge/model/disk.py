"""Reading files and keeping bytes in temporary ones, in threads beside the event loop."""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

__all__ = ["CHUNK", "OwnThread", "Spool", "chunks_of", "in_thread"]

T = TypeVar("T")

CHUNK = 128 * 1024
"""How many bytes are read at once."""


async def in_thread(action: Callable[[], T]) -> T:
    """Run ``action`` in a thread and return its result.

    A cancellation takes effect when ``action`` has ended, because it uses an open file until then.
    """
    work = asyncio.ensure_future(asyncio.to_thread(action))
    try:
        return await asyncio.shield(work)
    finally:
        if not work.done():
            await asyncio.wait((work,))


class OwnThread:
    """A thread that does one thing after the other, in the order asked.

    It is made when it is first needed, and anew in a process that was forked, which has none.
    ``name`` is what debuggers show.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._executor: ThreadPoolExecutor | None = None
        self._process = os.getpid()

    @property
    def started(self) -> bool:
        """Whether anything was asked of it, and it was not closed since."""
        return self._executor is not None

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Have the thread do ``work``, and return the future of what it returns."""
        if self._executor is None or self._process != os.getpid():
            self._executor = ThreadPoolExecutor(1, thread_name_prefix=self._name)
            self._process = os.getpid()
        return self._executor.submit(work)

    async def run(self, work: Callable[[], T]) -> T:
        """Return ``work()``. A cancellation does not wait for its end."""
        return await asyncio.wrap_future(self.submit(work))

    def close(self, *, wait: bool = False) -> None:
        """Let the thread end behind what was asked of it; ``wait`` waits for that."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=wait)


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
    """Yield the bytes of the file at ``path`` in chunks; OSError if it cannot be read."""
    file = _Opened(path)
    try:
        while chunk := await in_thread(file.read):
            yield chunk
    finally:
        file.close()


class Spool:
    """Bytes in a temporary file, which is deleted when nothing refers to the spool any more."""

    def __init__(self) -> None:
        import tempfile  # the import costs time, and few programs need it

        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with its owner
        self._lock = threading.Lock()  # two calls may send the same file at once
        weakref.finalize(self, self._file.close)

    def add(self, chunk: bytes) -> None:
        """Append ``chunk``."""
        self._file.write(chunk)

    def read(self, start: int) -> bytes:
        """Return up to CHUNK bytes from the position ``start`` on; b"" at the end."""
        with self._lock:
            self._file.seek(start)
            return self._file.read(CHUNK)

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield all bytes in chunks, from the beginning."""
        start = 0
        while chunk := await in_thread(partial(self.read, start)):
            start += len(chunk)
            yield chunk
