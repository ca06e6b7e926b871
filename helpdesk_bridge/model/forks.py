"""What a forked process has of its parent's, and must leave alone."""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakValueDictionary

__all__ = ["Inherited", "leave_to_parent", "watch"]


class Inherited(Protocol):
    """What holds something that two processes must not use: a connection, a lock, a file."""

    def forked(self) -> None:
        """Let go of it without touching it: this is the new process, and its parent goes on."""


_WATCHED: WeakValueDictionary[int, Inherited] = WeakValueDictionary()


def watch(holder: Inherited) -> None:
    """Have ``holder.forked()`` called in every process that is forked from this one."""
    _WATCHED[id(holder)] = holder


def leave_to_parent(thing: object) -> None:
    """Keep ``thing`` for as long as this process lives.

    What is freed is closed, and to close a connection of SQLite or of aiohttp here would undo what
    the parent is writing, or take its sockets out of what its event loop waits for: the two
    processes share files and the kernel's lists.
    """
    import ctypes  # only a fork needs it

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def _tell() -> None:
    for holder in list(_WATCHED.values()):
        holder.forked()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_tell)
