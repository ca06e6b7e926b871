"""Reading files and keeping bytes in temporary ones, in threads beside the event loop."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import stat
import sys
import threading
import weakref
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

from helpdesk_bridge.errors import ConfigurationError
from helpdesk_bridge.model.disk_threads import DISK_THREADS, NoThread

__all__ = [
    "CHUNK",
    "TEMPORARY",
    "OwnThread",
    "Spool",
    "begun_in_thread",
    "chunks_of",
    "from_root",
    "in_thread",
    "is_address",
    "kept_nowhere",
    "open_file",
    "path_of",
    "working_directory",
]

T = TypeVar("T")

CHUNK = 128 * 1024
"""How many bytes are read at once."""
TEMPORARY = Path("temporary files")
"""What stands for the folder of temporary files, wherever that is."""
_ADDRESS = re.compile(r"\A\s*+[A-Za-z][\w+.-]++:[/\\]|:[^/\\:@]*+@")


def is_address(text: str) -> bool:
    """Say whether ``text`` is a URL, or holds ``user:password@``, and so is no path to be shown.

    A path that lacks a slash of a URL is one, too; the letter of a drive (``C:/x``) is none.
    """
    return _ADDRESS.search(text) is not None


def path_of(value: str | Path, what: str) -> Path:
    """Return the path that ``value`` is; ``what`` says who takes it, for the text of an error.

    It is a path of a SQLite file from the root on, as :func:`from_root` says. Raises
    ConfigurationError for a URL, which may hold a password, so that nothing of it is shown, for
    ``:memory:``, and for what is neither a str nor a path.
    """
    if not isinstance(value, (str, os.PathLike)):
        kind = type(value).__name__
        del value
        raise ConfigurationError(f"{what} is a str or a Path, not {kind}.")
    if is_address(str(value)):
        del value
        raise ConfigurationError(
            f"{what} is the path of a file; what is given looks like a URL, or holds a password."
        )
    path = Path(value)
    if trouble := kept_nowhere(path):
        raise ConfigurationError(f"{what} {trouble}.")
    return from_root(path)


def kept_nowhere(path: Path) -> str | None:
    """Return why no SQLite file can be at ``path``: SQLite's users mean no file by ``:memory:``.

    None: it is any other path.
    """
    if path.name != ":memory:":
        return None
    return (
        "is ':memory:', which would be a file of that name; MemoryLedger, a memory desk without a"
        " path and rate_limit keep all in memory"
    )


def from_root(path: Path) -> Path:
    """Return ``path`` from the root on, so that it leads to the same file for good.

    A program may go to another folder between the moment in which a path is given and the moment in
    which it is opened. SQLite takes no such path for a URI, whatever the name of the file is.
    Raises ConfigurationError for a relative path in a deleted working directory.
    """
    try:
        return path.absolute()
    except OSError:
        pass
    raise ConfigurationError("a relative path is given, and the working directory was deleted.")


def working_directory() -> Path:
    """Return the working directory from the root on; one that was deleted is an empty path."""
    try:
        return Path.cwd()
    except OSError:
        return Path()


async def in_thread(action: Callable[[], T], folder: Path) -> T:
    """Run ``action``, which uses a disk, in a thread of ``folder`` and return its result.

    A cancellation does not wait for its end, for a disk may take its time: what ``action`` uses
    must bear to be used a while longer.
    """
    return await begun_in_thread(action, folder)


def begun_in_thread(action: Callable[[], T], folder: Path) -> asyncio.Future[T]:
    """Begin ``action``, as ``in_thread`` does, and return the future of its result.

    It is no task: what cancels all tasks, as the end of ``asyncio.run`` does, leaves it alone.
    """
    return asyncio.wrap_future(DISK_THREADS.submit(str(folder), action))


class OwnThread:
    """A thread that does one thing after the other, in the order asked.

    It is made when it is first needed, and anew in a process that was forked, which has none.
    ``name`` is what debuggers show.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._executor: ThreadPoolExecutor | None = None
        self._process = os.getpid()
        self._made = threading.Lock()
        """Several event loops in as many threads may ask first at once."""

    @property
    def started(self) -> bool:
        """Whether anything was asked of it, and it was not closed since."""
        return self._executor is not None

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Have the thread do ``work``, and return the future of what it returns.

        NoThread if none can be started: then ``work`` is not done, later neither.
        """
        if self._process != os.getpid():
            self._process, self._made = os.getpid(), threading.Lock()
            self._executor = None
        with self._made:
            executor = self._executor or ThreadPoolExecutor(1, thread_name_prefix=self._name)
            try:
                future = executor.submit(work)  # the first of all starts the thread
            except RuntimeError:
                if self._executor is None:  # what was refused is still in its queue
                    executor.shutdown(wait=False, cancel_futures=True)
                raise NoThread from None
            self._executor = executor
            return future

    async def run(self, work: Callable[[], T]) -> T:
        """Return ``work()``. A cancellation does not wait for its end."""
        return await asyncio.wrap_future(self.submit(work))

    def close(self, *, wait: bool = False) -> None:
        """Let the thread end behind what was asked of it; ``wait`` waits for that."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=wait)


def open_file(path: Path) -> BinaryIO:
    """Open a regular file for reading; OSError for whatever else there is, without waiting for it.

    The size of a pipe or a device is not known, and to open or read one may take for ever.
    """
    if stat.S_ISREG(path.stat().st_mode):  # to open a device may do something to it
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        file = os.fdopen(os.open(path, flags), "rb")
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # it may be another by now
            return file
        file.close()
    raise OSError(errno.EINVAL, "it is no regular file")


class _Opened:
    """A file that is closed whatever happens between its opening and its end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._ended = False
        self._used = threading.Lock()

    def read(self) -> bytes:
        with self._used:
            if self._file is None:
                self._file = open_file(self._path)
            chunk = self._file.read(CHUNK)
        if self._ended:  # nobody waited for this
            self.close()
        return chunk

    def close(self) -> None:
        """Close it, or let who is still reading do that."""
        self._ended = True
        if self._used.acquire(blocking=False):
            try:
                if self._file is not None:
                    self._file.close()
            finally:
                self._used.release()


async def chunks_of(path: Path) -> AsyncGenerator[bytes, None]:
    """Yield the bytes of the file at ``path`` in chunks; OSError if it cannot be read."""
    file = _Opened(path)
    try:
        while chunk := await in_thread(file.read, path.parent):
            yield chunk
    finally:
        file.close()


class Spool:
    """Bytes in a temporary file, which is deleted when nothing refers to the spool any more.

    It may be read in several threads at once, and in a process that was forked since.
    """

    def __init__(self) -> None:
        import tempfile  # the import costs time, and few programs need it

        # What is buffered would be in one process only.
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed with its owner
        self._lock = threading.Lock()
        weakref.finalize(self, self._file.close)

    def add(self, chunk: bytes) -> None:
        """Append ``chunk``."""
        view = memoryview(chunk)
        while view:
            view = view[self._file.write(view) :]

    def read(self, start: int) -> bytes:
        """Return up to CHUNK bytes from the position ``start`` on; b"" at the end."""
        if sys.platform != "win32":  # the place in the file is one for all that were forked
            return os.pread(self._file.fileno(), CHUNK, start)
        with self._lock:
            self._file.seek(start)
            return self._file.read(CHUNK)

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield all bytes in chunks, from the beginning."""
        start = 0
        while chunk := await in_thread(partial(self.read, start), TEMPORARY):
            start += len(chunk)
            yield chunk
