"""The public call that requests are made for, known to all that is awaited within it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, TypeVar

from attrs import define, field

from helpdesk_bridge.errors import DeadlineExceeded
from helpdesk_bridge.transport import clock
from helpdesk_bridge.transport.deadlines import RequestDeadline
from helpdesk_bridge.transport.download import Announced
from helpdesk_bridge.transport.request import Progress

__all__ = ["CURRENT_CALL", "Call", "held_back", "patiently", "pause", "to_its_end", "waiting_for"]

T = TypeVar("T")


@define(kw_only=True, eq=False)
class Call:
    """The public call that requests are made for: its name, its id and its end (loop time)."""

    operation: str
    operation_id: str
    ends_at: float
    mark: str = ""
    """What a vendor may keep with what this call writes; "": the id of the call."""
    deadline: RequestDeadline | None = field(default=None, repr=False)
    """What ends everything that the call awaits; None outside of a task."""
    seconds: float = math.inf
    """How long it may take, for error texts."""
    waits_for: str = ""
    """What it is waiting for, other than the vendor, in words for an error text."""
    writes: list[Progress] = field(factory=list, repr=False)
    """How far its unsafe writes have come, for a call that is cut off."""
    changes: list[Progress] = field(factory=list, repr=False)
    """How far its other writes have come, which may be repeated."""
    once: bool = False
    """Whether no write of it may be repeated, because it holds what the adapter does not know."""
    latest: str | None = None
    """The name of the vendor's operation that was asked for last."""
    checks: list[Callable[[], None]] = field(factory=list, repr=False)
    """What is asked, last of all, before a byte of an unsafe write leaves; it raises to stop it."""
    is_held_back: bool | None = None
    """Of a desk without HTTP: whether its write was not begun yet; None: the desk does not tell."""
    file: Announced | None = field(default=None, repr=False)
    """What the vendor told of the file that it downloads; None: it downloads none."""

    @property
    def may_have_written(self) -> bool:
        """Whether an unsafe write may have been carried out."""
        return any(progress.bytes_sent for progress in self.writes)

    @property
    def too_late(self) -> str:
        """Say that its deadline passed, and what was waited for."""
        during = f" while it waited for {self.waits_for}" if self.waits_for else ""
        return f"the call's deadline of {self.seconds:g} s passed{during}."

    @property
    def has_begun_to_write(self) -> bool:
        """Whether a request of any write was made, whatever came of it."""
        return any(one.attempts or one.bytes_sent for one in (*self.writes, *self.changes))


CURRENT_CALL: ContextVar[Call | None] = ContextVar("helpdesk_bridge_call", default=None)


@contextmanager
def waiting_for(what: str) -> Iterator[None]:
    """Have the error of a deadline that passes meanwhile say ``what`` was waited for."""
    call = CURRENT_CALL.get()
    if call is None:
        yield
        return
    before, call.waits_for = call.waits_for, what
    try:
        yield
    except Exception:
        call.waits_for = before
        raise
    call.waits_for = before  # and not after a cancellation, which may be the deadline's


@contextmanager
def held_back() -> Iterator[Callable[[], None]]:
    """Have a write of a desk without HTTP count as not begun until what is yielded is called.

    A call that was begun before, by another write within it, stays so.
    """
    call = CURRENT_CALL.get()
    if call is not None and call.is_held_back is None:
        call.is_held_back = True

    def begin() -> None:
        if call is not None:
            call.is_held_back = False

    yield begin


async def pause(seconds: float) -> None:
    """Wait for so long; the call that waits has so much more time."""
    call = CURRENT_CALL.get()
    if call is not None and call.deadline is not None:
        call.deadline.ends_at += seconds
        call.ends_at += seconds
    await clock.pause(seconds)


def patiently(seconds: float) -> AbstractContextManager[object]:
    """End the body with TimeoutError with the call, but ``seconds`` from now at the earliest.

    The call's deadline cuts off nothing in it. For a call without one it is those seconds; outside
    of a call nothing ends it.
    """
    call = CURRENT_CALL.get()
    if call is None or call.deadline is None or call.deadline.task is not asyncio.current_task():
        return nullcontext()
    soonest = asyncio.get_running_loop().time() + seconds
    last = call.deadline.last_moment
    return call.deadline.running.patient(soonest if last == math.inf else max(soonest, last))


async def to_its_end(work: asyncio.Future[T]) -> T:
    """Return what ``work`` comes to, which must not be interrupted.

    A cancellation, and the end of the desk, take effect after that. Only the deadline of the call
    ends the wait at once, as DeadlineExceeded; ``work`` goes on alone then. It is no task, which
    would be cancelled with all others when a program ends.
    """
    limits, call = patiently(0.0), CURRENT_CALL.get()
    limit = limits if isinstance(limits, RequestDeadline) else None
    try:
        with limits:
            return await _uninterrupted(work, limit)
    except TimeoutError:
        if limit is None or not limit.expired or call is None:
            raise
    work.add_done_callback(_heard)
    raise DeadlineExceeded(call.too_late)


async def _uninterrupted(work: asyncio.Future[T], limit: RequestDeadline | None) -> T:
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.wait((work,))
        except asyncio.CancelledError as error:
            if limit is not None and limit.expired:
                raise
            cancelled = error
    if cancelled is not None:
        _heard(work)
        raise cancelled
    return work.result()


def _heard(work: asyncio.Future[Any]) -> None:
    """Take note of how it ended, which the event loop would complain of otherwise."""
    if not work.cancelled():
        work.exception()
