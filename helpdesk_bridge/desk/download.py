"""Writes a download to a new file: nothing is overwritten, and nothing is left half done."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model.disk import in_thread

__all__ = ["save"]

_MAX_TRIES = 1000
_MAX_NAME = 255
"""Bytes in a file name, on the file systems in use."""


async def save(chunks: AsyncIterator[bytes], directory: Path, name: str) -> Path:
    """Write ``chunks`` to a new file in ``directory`` and return its path.

    The disk is only touched off the event loop. A directory that cannot be written to, and a disk
    that fails or is full, is InvalidArgument, and so is a ``name`` that is a path; whatever fails
    leaves no file behind.
    """
    if name in ("", ".", "..") or {"/", "\\", "\0"}.intersection(name):
        raise InvalidArgument("the name of a file cannot be a path.")
    file = _NewFile(directory, name)
    reason: str | None
    try:
        await in_thread(file.create)
        async for chunk in chunks:
            await in_thread(lambda part=chunk: file.write(part))  # type: ignore[misc]
        return await in_thread(file.close)
    except OSError as error:
        reason = error.strerror
        await in_thread(file.discard)
    except BaseException:
        await in_thread(file.discard)
        raise
    raise InvalidArgument(f"the file cannot be written: {reason}.")


class _NewFile:
    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._name = name
        self._path: Path | None = None
        self._descriptor: int | None = None

    def create(self) -> None:
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
        assert self._descriptor is not None  # noqa: S101 - create comes first
        view = memoryview(chunk)
        while view:
            view = view[os.write(self._descriptor, view) :]

    def close(self) -> Path:
        assert self._path is not None  # noqa: S101 - create comes first
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
        return self._path

    def discard(self) -> None:
        if self._path is not None:
            try:
                self.close()
            finally:
                self._path.unlink(missing_ok=True)


def _numbered(name: str, number: int) -> str:
    """Return ``name`` with a number before its suffix, cut to what a file name may have."""
    stem, suffix = Path(name).stem, f"-{number}{Path(name).suffix}"
    room = max(_MAX_NAME - len(suffix.encode()), 0)
    return stem.encode()[:room].decode(errors="ignore") + suffix
