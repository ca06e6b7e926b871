"""End what a desk has under way, at its deadline or when the desk is closed."""

from __future__ import annotations

import asyncio
import math
from types import TracebackType
from typing import Any, Self

from attrs import define, field

from helpdesk_bridge.errors import DeskClosed

__all__ = ["OpenRequests", "RequestDeadline"]


@define(eq=False)
class RequestDeadline:
    """Ends its body with TimeoutError: ``asyncio.Timeout`` without a timer of its own.

    What it does with cancellations is what that does: it takes its own back, and only if there was
    no other is it a TimeoutError.
    """

    running: OpenRequests
    ends_at: float
    """Loop time."""
    expired: bool = field(default=False, init=False)
    _task: asyncio.Task[Any] | None = field(default=None, init=False)
    _cancelling: int = field(default=0, init=False)

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        if self._task is None:
            raise RuntimeError("a request is made in a task")
        self._cancelling = self._task.cancelling()
        self.running.begin(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.running.end(self)
        if self.expired and self._task is not None:
            others = self._task.uncancel() > self._cancelling
            if not others and kind is asyncio.CancelledError:
                raise TimeoutError from error

    def expire(self) -> None:
        """Cancel the task at what it is at."""
        self.expired = True
        # In a closed loop nothing can be ended, and trying to would keep others from their end.
        if self._task is not None and not self._task.get_loop().is_closed():
            self._task.cancel()


@define
class OpenRequests:
    """What a desk has under way, so that to close the desk ends all of it.

    aiohttp alone does not: after ``ClientSession.close`` a read of a body that never comes waits
    for ever (3.14.5).
    """

    closed: bool = field(default=False, init=False)
    _deadlines: set[RequestDeadline] = field(factory=set, init=False)
    _alarm: asyncio.TimerHandle | None = field(default=None, init=False)
    """Rings for the first of them: a timer for each costs much of what a small request does."""
    _rings_at: float = field(default=math.inf, init=False)
    _loop: asyncio.AbstractEventLoop | None = field(default=None, init=False)
    """The event loop of the alarm."""

    def until(self, ends_at: float = math.inf) -> RequestDeadline:
        """End the body with TimeoutError at ``ends_at`` (loop time), or when the desk is closed."""
        if self.closed:
            raise DeskClosed("the desk is closed.")
        return RequestDeadline(self, ends_at)

    def close(self) -> None:
        """End everything now, wherever it is, and let nothing begin any more."""
        self.closed = True
        # Not from within: who closes the desk may be a task of its own, about to leave its body.
        asyncio.get_running_loop().call_soon(self._expire, math.inf)

    def begin(self, deadline: RequestDeadline) -> None:
        """Watch a deadline."""
        self._deadlines.add(deadline)
        if deadline.ends_at < self._rings_at or self._loop is not asyncio.get_running_loop():
            self._ring_at(deadline.ends_at)

    def end(self, deadline: RequestDeadline) -> None:
        """Watch it no longer; the alarm may ring for nothing then."""
        self._deadlines.discard(deadline)

    def _ring_at(self, when: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm, self._rings_at = None, when
        self._loop = asyncio.get_running_loop()
        if when < math.inf:
            self._alarm = self._loop.call_at(when, self._expire, when)

    def _expire(self, until: float) -> None:
        """End what is to end by ``until`` (loop time), and wait for what is next."""
        for deadline in [one for one in self._deadlines if one.ends_at <= until]:
            self._deadlines.discard(deadline)
            deadline.expire()
        self._ring_at(min((one.ends_at for one in self._deadlines), default=math.inf))
