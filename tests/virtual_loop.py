"""An event loop that never sleeps: its clock jumps to the next timer."""

from __future__ import annotations

import asyncio
import selectors
from typing import Any

__all__ = ["SocketSelector", "TimerSelector", "VirtualLoop"]


class TimerSelector(selectors.DefaultSelector):
    """For what uses no sockets: as soon as nothing else is to be done, the time is the timer's."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise AssertionError("everybody waits, and nothing will ever happen")
        self.now += timeout
        return super().select(0)


class SocketSelector(TimerSelector):
    """For what talks over loopback: sockets come first, and the clock jumps when none speaks."""

    def select(self, timeout: float | None = None) -> Any:
        # The kernel may take a moment to bring bytes from one end of a connection to the other.
        ready = selectors.DefaultSelector.select(self, 0 if timeout == 0 else 0.01)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            return selectors.DefaultSelector.select(self, None)
        return super().select(timeout)


class VirtualLoop(asyncio.SelectorEventLoop):
    """When nothing else is to be done, it is the time of the next timer."""

    def __init__(self, clock: TimerSelector | None = None) -> None:
        self._clock = clock or TimerSelector()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now
