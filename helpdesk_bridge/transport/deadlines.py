"""End what a desk has under way, at its deadline or when the desk is closed."""

from __future__ import annotations

import asyncio
import math
from heapq import heapify, heappop, heappush
from itertools import count
from types import TracebackType
from typing import Any, Self

from attrs import define, field

from helpdesk_bridge.errors import DeskClosed

__all__ = ["OpenRequests", "RequestDeadline"]

_SLACK = 64
"""So many places of deadlines that are over are kept without looking."""


@define(eq=False)
class RequestDeadline:
    """Ends its body with TimeoutError: ``asyncio.Timeout`` without a timer of its own.

    What it does with cancellations is what that does: it takes its own back, and only if there was
    no other is it a TimeoutError.

    One may stand within another, as a request within its call. When the time of the outer one has
    come, the innermost of the task ends first, because it knows best what was under way. The outer
    one ends only what is then still awaited.
    """

    running: OpenRequests
    ends_at: float
    """Loop time."""
    is_patient: bool = False
    """Whether those around it wait for its own end: what it awaits must not be lost."""
    expired: bool = field(default=False, init=False)
    is_due: bool = field(default=False, init=False)
    """Whether its time has come, or that of one around it."""
    outer: RequestDeadline | None = field(default=None, init=False)
    """The one around it in the same task."""
    task: asyncio.Task[Any] | None = field(default=None, init=False)
    """The task that is in its body; None before and afterwards."""
    _cancelling: int = field(default=0, init=False)

    def __enter__(self) -> Self:
        self.task = asyncio.current_task()
        if self.task is None:
            raise RuntimeError("a request is made in a task")
        self._cancelling = self.task.cancelling()
        self.running.begin(self, self.task)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.leave(kind):
            raise TimeoutError from error

    def leave(self, kind: type[BaseException] | None) -> bool:
        """Leave the body, which ends by ``kind``; say whether this deadline alone has ended it."""
        task, self.task = self.task, None
        if task is None:
            return False
        self.running.end(self, task)
        if not self.expired:
            return False
        others = task.uncancel() > self._cancelling
        return not others and kind is asyncio.CancelledError

    @property
    def last_moment(self) -> float:
        """When it ends at the latest (loop time): with the first of those around it."""
        return self.ends_at if self.outer is None else min(self.ends_at, self.outer.last_moment)

    def strike(self) -> None:
        """End the body, or first what is within it."""
        self.is_due = True
        if self.task is None:
            return
        within = self.running.within(self, self.task)
        if any(one.is_patient for one in within):
            return  # its end leads here again
        for one in within:
            one.is_due = True
        (within[0] if within else self).expire()

    def expire(self) -> None:
        """Cancel the task at what it is at, once."""
        if self.expired:
            return
        self.expired = True
        # In a closed loop nothing can be ended, and trying to would keep others from their end.
        if self.task is not None and not self.task.get_loop().is_closed():
            self.task.cancel()


@define
class OpenRequests:
    """What a desk has under way, so that to close the desk ends all of it.

    aiohttp alone does not: after ``ClientSession.close`` a read of a body that never comes waits
    for ever (3.14.5).
    """

    closed: bool = field(default=False, init=False)
    _deadlines: set[RequestDeadline] = field(factory=set, init=False)
    """Those with an end of their own; the end of one that ends later than the one around it is
    that one's."""
    _in_order: list[tuple[float, int, RequestDeadline]] = field(factory=list, init=False)
    """A heap of the same by their ends, the oldest first among equals: thousands may end at once,
    and to look through all of them for each end would take longer than their time. One that is
    over leaves its place behind, and one that was put off is found at its earlier place."""
    _numbers: count[int] = field(factory=count, init=False)
    _innermost: dict[asyncio.Task[Any], RequestDeadline] = field(factory=dict, init=False)
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

    def patient(self, ends_at: float) -> RequestDeadline:
        """End the body with TimeoutError at ``ends_at`` (loop time), and by nothing else before.

        Neither a deadline around it nor the end of the desk cuts it off; they wait for it.
        """
        return RequestDeadline(self, ends_at, is_patient=True)

    def close(self) -> None:
        """End everything now, wherever it is, and let nothing begin any more."""
        self.closed = True
        # Not from within: who closes the desk may be a task of its own, about to leave its body.
        asyncio.get_running_loop().call_soon(self._close)

    def leave_closed_loops(self) -> None:
        """Let go of what goes on no more, for its event loop is closed, and end nothing of it.

        Nothing else may hold such a task, and what it was at is over once it is collected.
        """
        self._innermost = {
            task: one for task, one in self._innermost.items() if not task.get_loop().is_closed()
        }
        self._deadlines = {one for one in self._deadlines if one.task in self._innermost}
        self._in_order = [one for one in self._in_order if one[2] in self._deadlines]
        heapify(self._in_order)

    def begin(self, deadline: RequestDeadline, task: asyncio.Task[Any]) -> None:
        """Watch a deadline, within those that ``task`` is in."""
        outer = deadline.outer = self._innermost.get(task)
        self._innermost[task] = deadline
        own_end = outer is None or outer.is_due or deadline.is_patient
        if outer is not None and not own_end and deadline.ends_at >= outer.ends_at:
            return
        self._deadlines.add(deadline)
        if deadline.ends_at < math.inf:
            heappush(self._in_order, (deadline.ends_at, next(self._numbers), deadline))
        if deadline.ends_at < self._rings_at or self._loop is not asyncio.get_running_loop():
            self._ring_at(deadline.ends_at)

    def end(self, deadline: RequestDeadline, task: asyncio.Task[Any]) -> None:
        """Watch it no longer; the alarm may ring for nothing then."""
        self._deadlines.discard(deadline)
        if len(self._in_order) > 2 * len(self._deadlines) + _SLACK:
            self._in_order = [one for one in self._in_order if one[2] in self._deadlines]
            heapify(self._in_order)
        outer = deadline.outer
        if outer is None:
            self._innermost.pop(task, None)
            return
        self._innermost[task] = outer
        if not (deadline.is_due or deadline.is_patient):
            return
        while outer is not None and not outer.is_due:
            outer = outer.outer
        if outer is not None and not task.get_loop().is_closed():
            # Not at once: a call that ends without another wait has ended by itself.
            task.get_loop().call_soon(outer.strike)

    def within(self, deadline: RequestDeadline, task: asyncio.Task[Any]) -> list[RequestDeadline]:
        """Return those that ``task`` is in within ``deadline``, the innermost first."""
        found: list[RequestDeadline] = []
        one = self._innermost.get(task)
        while one is not None and one is not deadline:
            found.append(one)
            one = one.outer
        return found

    def _ring_at(self, when: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm, self._rings_at = None, when
        self._loop = asyncio.get_running_loop()
        if when < math.inf:
            self._alarm = self._loop.call_at(when, self._expire, when)

    def _close(self) -> None:
        """End all but what is patient, which has its own end."""
        for deadline in [one for one in self._deadlines if not one.is_patient]:
            self._strike(deadline)
        self._ring_for_the_next()

    def _expire(self, until: float) -> None:
        """End what is to end by ``until`` (loop time) or by now, and wait for what is next."""
        until = max(until, asyncio.get_running_loop().time())
        while self._in_order and self._in_order[0][0] <= until:
            _, number, deadline = heappop(self._in_order)
            if deadline not in self._deadlines:
                continue
            if deadline.ends_at > until:  # its call waited on purpose meanwhile
                heappush(self._in_order, (deadline.ends_at, number, deadline))
            else:
                self._strike(deadline)
        self._ring_for_the_next()

    def _ring_for_the_next(self) -> None:
        self._ring_at(self._in_order[0][0] if self._deadlines and self._in_order else math.inf)

    def _strike(self, deadline: RequestDeadline) -> None:
        self._deadlines.discard(deadline)
        deadline.strike()
