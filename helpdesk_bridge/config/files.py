"""Read the files of a configuration: whole, regular, in UTF-8, and of an owner one can trust."""

from __future__ import annotations

import os
import stat
from pathlib import Path

__all__ = ["Unreadable", "doubt_of", "read"]

_MOST = 256 * 1024
"""The most bytes of a file that is read: hundreds of desks have room in it."""


class Unreadable(Exception):
    """A file cannot be read; its text says why, and never what is in it."""


def read(path: Path) -> tuple[str, os.stat_result]:
    """Return the text of a file and what the system knows of it, or raise Unreadable.

    A byte order mark at its beginning is no part of the text.
    """
    try:
        content, known = _read(path)
    except OSError as error:
        reason = f"cannot be read: {error.strerror or type(error).__name__}"
    except ValueError:  # a NUL in the path
        reason = "cannot be read: its path holds characters that no path has"
    else:
        return _text(content, known), known
    raise Unreadable(reason)


def _text(content: bytes, known: os.stat_result) -> str:
    if not stat.S_ISREG(known.st_mode):
        kind = "a folder" if stat.S_ISDIR(known.st_mode) else "a device, a pipe or a socket"
        raise Unreadable(f"cannot be read: it is {kind}, not a file")
    if len(content) > _MOST:
        raise Unreadable(f"cannot be read: it is larger than {_MOST // 1024} KiB")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("is not UTF-8 but UTF-16: save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    raise Unreadable("is not UTF-8")


def _read(path: Path) -> tuple[bytes, os.stat_result]:
    """Return the first bytes of a file: of what was opened, whatever its name leads to later."""
    if path.is_dir():  # Windows opens none
        return b"", path.stat()
    # A pipe without a writer must not hold up the program.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    with os.fdopen(descriptor, "rb") as file:
        known = os.fstat(descriptor)
        return (file.read(_MOST + 1) if stat.S_ISREG(known.st_mode) else b""), known


def doubt_of(known: os.stat_result) -> str:
    """Return why a file that was only found may not be the user's own; "": it seems to be.

    ``known`` is what the system knows of it. Windows tells neither owner nor mode.
    """
    if not hasattr(os, "geteuid"):
        return ""
    if known.st_uid not in (os.geteuid(), 0):
        return "it belongs to another user"
    if known.st_mode & stat.S_IWOTH:
        return "every user of the machine may write to it"
    return ""
