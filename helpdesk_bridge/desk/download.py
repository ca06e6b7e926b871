"""Writes a download to a new file: nothing is overwritten, and nothing is left half done."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model.disk import in_thread
from helpdesk_bridge.transport import to_its_end, waiting_for

__all__ = ["save"]

T = TypeVar("T")

_MAX_TRIES = 1000
_PATIENCE = 1.0
"""Seconds for which a failed download waits for its file to be deleted."""
_MAX_NAME = 255
"""Bytes in a file name, on the file systems in use."""


async def save(
    chunks: AsyncIterator[bytes],
    directory: Path,
    name: str,
    step: Callable[[], AbstractContextManager[Any]] = nullcontext,
) -> Path:
    """Write ``chunks`` to a new file in ``directory`` and return its path.

    The disk is only touched off the event loop, and each time within ``step()``, which may end it.
    A directory that cannot be written to, and a disk that fails or is full, is InvalidArgument, and
    so is a ``name`` that is a path; whatever fails leaves no file behind.
    """
    if name in ("", ".", "..") or {"/", "\\", "\0"}.intersection(name):
        raise InvalidArgument("the name of a file cannot be a path.")
    file = _NewFile(directory, name)
    reason: str | None
    try:
        await _done(step, file.create)
        async for chunk in chunks:
            await _done(step, partial(file.write, chunk))
        return await _done(step, file.close)
    except OSError as error:
        reason = error.strerror
        await _discarded(file)
    except BaseException:
        await _discarded(file)
        raise
    raise InvalidArgument(f"the file cannot be written: {reason}.")


async def _done(step: Callable[[], AbstractContextManager[Any]], action: Callable[[], T]) -> T:
    with step(), waiting_for("the disk"):
        return await to_its_end(asyncio.ensure_future(in_thread(action)))


async def _discarded(file: _NewFile) -> None:
    """Have the file deleted; a disk that takes long does it when nobody waits any more."""
    work = asyncio.ensure_future(in_thread(file.discard))
    done, _ = await asyncio.wait((work,), timeout=_PATIENCE)
    for one in done:
        one.result()


class _NewFile:
    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._name = name
        self._path: Path | None = None
        self._descriptor: int | None = None
        self._discarded = False
        self._used = threading.Lock()
        """Who no longer waits for one step may ask for the next."""

    def create(self) -> None:
        with self._used:
            if not self._discarded:
                self._create()

    def _create(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        flags |= getattr(os, "O_BINARY", 0)
        for number in range(_MAX_TRIES):
            path = self._directory / (_numbered(self._name, number) if number else self._name)
            try:
                self._descriptor = os.open(path, flags, 0o600)
            except FileExistsError:
                continue
            self._path = path
            return
        raise InvalidArgument("the file cannot be written: there are too many of this name.")

    def write(self, chunk: bytes) -> None:
        with self._used:
            assert self._descriptor is not None  # noqa: S101 - create comes first
            view = memoryview(chunk)
            while view:
                view = view[os.write(self._descriptor, view) :]

    def close(self) -> Path:
        with self._used:
            return self._close()

    def _close(self) -> Path:
        assert self._path is not None  # noqa: S101 - create comes first
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
        return self._path

    def discard(self) -> None:
        with self._used:
            self._discarded = True
            if self._path is not None:
                try:
                    self._close()
                finally:
                    self._path.unlink(missing_ok=True)


def _numbered(name: str, number: int) -> str:
    """Return ``name`` with a number before its suffix, cut to what a file name may have."""
    stem, suffix = Path(name).stem, f"-{number}{Path(name).suffix}"
    room = max(_MAX_NAME - len(suffix.encode()), 0)
    return stem.encode()[:room].decode(errors="ignore") + suffix
