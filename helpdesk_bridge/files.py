"""Write a download to disk: inside its directory, never over anything, whole or not at all."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

from helpdesk_bridge.errors import InvalidArgument

__all__ = ["save"]

_MAX_TRIES = 1000


async def save(chunks: AsyncIterator[bytes], directory: Path, name: str) -> Path:
    """Write ``chunks`` to a new file in ``directory`` and return its path.

    The disk is only touched off the event loop. A directory that is missing or not writable is
    InvalidArgument.
    """
    try:
        path, descriptor = await asyncio.to_thread(_create, directory, name)
    except OSError as error:
        reason = error.strerror
    else:
        try:
            async for chunk in chunks:
                await asyncio.to_thread(_write, descriptor, chunk)
        except BaseException:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise
        os.close(descriptor)
        return path
    raise InvalidArgument(f"the file cannot be written: {reason}.")


def _create(directory: Path, name: str) -> tuple[Path, int]:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    flags |= getattr(os, "O_BINARY", 0)
    stem, suffix = Path(name).stem, Path(name).suffix
    for number in range(_MAX_TRIES):
        path = directory / (f"{stem}-{number}{suffix}" if number else name)
        try:
            return path, os.open(path, flags, 0o600)
        except FileExistsError:
            continue
    raise FileExistsError(None, "there are too many files of this name", str(directory))


def _write(descriptor: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(descriptor, view) :]
