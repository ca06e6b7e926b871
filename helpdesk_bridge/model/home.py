"""The event loop and the process that something belongs to."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from attrs import define, field

__all__ = ["Home"]


@define(eq=False)
class Home:
    """Where something is used first, and may be used from then on.

    A task of one event loop that waits for something of another is never woken, and a thread has
    an event loop of its own. What a fork inherits is the parent's as well: both would read the
    same connection. So it is said at once, before anything is awaited.

    ``may_move`` says whether another event loop will do once the first one is closed. ``on_move``
    is called then, before anything is done there: whoever held or awaited something in the closed
    loop has gone with it, and gives back nothing.
    """

    may_move: bool = False
    on_move: Callable[[], None] | None = None
    _process: int | None = field(default=None, init=False)
    _loop: asyncio.AbstractEventLoop | None = field(default=None, init=False)

    def trouble(self) -> str:
        """Return "" at home, which is here if it was nowhere before; else what is wrong."""
        if self._process is None:
            self._process = os.getpid()
        if self.is_forked:
            return "was used before this process was forked, and belongs to the other process"
        loop = _running()
        if loop is None or loop is self._loop:
            return ""  # without an event loop nothing can be awaited, and nothing is shared
        if self._loop is None or (self.may_move and self._loop.is_closed()):
            has_moved, self._loop = self._loop is not None, loop
            if has_moved and self.on_move is not None:
                self.on_move()
            return ""
        return "was first used in another event loop or thread, and belongs there"

    @property
    def is_forked(self) -> bool:
        """Whether it is another process's."""
        return self._process not in (None, os.getpid())

    def end(self) -> None:
        """Belong nowhere again if the event loop is closed: nothing is under way any more."""
        if self._loop is not None and self._loop.is_closed() and not self.is_forked:
            self.leave()

    def leave(self) -> None:
        """Belong nowhere again: nothing is open."""
        self._process = self._loop = None


def _running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
