"""``Helpdesk.follow``: poll after poll, within the rate limit, over errors that pass."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from functools import partial
from typing import Any

from attrs import define, field

from helpdesk_bridge.desk.call import CallContext
from helpdesk_bridge.desk.helpdesk import Helpdesk
from helpdesk_bridge.errors import (
    DeskClosed,
    HelpdeskError,
    IncompleteList,
    InvalidArgument,
    PaginationLoop,
    ProtocolError,
)
from helpdesk_bridge.model import Capability, ChangeBatch, ChangeMode
from helpdesk_bridge.model.shown import amount
from helpdesk_bridge.sync.listing import CHUNK
from helpdesk_bridge.sync.pace import Pace
from helpdesk_bridge.sync.poll import Polls
from helpdesk_bridge.sync.reading import opened
from helpdesk_bridge.transport.log import attributes
from helpdesk_bridge.transport.options import allowed_per_second

__all__ = ["Follower", "follow_changes", "opened_follower"]

log = logging.getLogger(__name__)

_LONGEST_INTERVAL = 1e9
_LONGEST = 300.0
"""Seconds between two attempts at most while the vendor is away."""
_GAP = 1.0
"""Seconds between the beginnings of two polls at least, however often the doorbell rings."""
_SPREAD = 0.7
"""Which part of the time between two polls the list of all tickets is read in."""
_PATIENCE = 5
"""How often in a row an answer may come that cannot be right, before it is an error."""
_MAY_PASS = (IncompleteList, PaginationLoop, ProtocolError)
_SHARE = 0.5
"""Which part of what is allowed the reading of all tickets takes where it need not be so often."""
_A_SECOND = 1.0
"""Requests a second for the same where no rate limit is set."""
_GROWTH = 1.25
"""How much more than a poll takes now is proposed, as a desk grows."""


async def follow_changes(
    desk: Any,
    call: CallContext,
    checkpoint: str | None,
    *,
    every: float,
    messages: bool,
    sweep_every: float | None,
    doorbell: asyncio.Event | None,
) -> AsyncGenerator[ChangeBatch, None]:
    """Yield what changes, again and again; see ``Helpdesk.follow``."""
    follower = opened_follower(
        desk,
        call,
        checkpoint,
        every=every,
        messages=messages,
        sweep_every=sweep_every,
        doorbell=doorbell,
    )
    async with aclosing(follower.read()) as batches:
        async for batch in batches:
            yield batch


def opened_follower(
    desk: Any,
    call: CallContext,
    checkpoint: str | None,
    *,
    every: float,
    messages: bool,
    sweep_every: float | None,
    doorbell: asyncio.Event | None,
) -> Follower:
    """Return what follows the changes of a desk; InvalidArgument as for ``Helpdesk.follow``."""
    with call.part():
        follower = Follower(
            desk,
            call,
            every=_seconds(every, "every"),
            sweep_every=None if sweep_every is None else _seconds(sweep_every, "sweep_every"),
            doorbell=_event(doorbell),
        )
        follower.begin(checkpoint, messages=messages)
        follower.check_interval()
    return follower


@define(kw_only=True)
class Follower:
    """Polls a desk until it is stopped.

    Args:
        desk: the desk.
        call: the public call.
        every: seconds from the beginning of one poll to that of the next.
        sweep_every: seconds from one search for deleted tickets to the next; None: none is made.
        doorbell: what wakes it early; None: nothing does.
    """

    desk: Helpdesk = field(kw_only=False)
    call: CallContext = field(kw_only=False)
    every: float
    sweep_every: float | None = None
    doorbell: asyncio.Event | None = None
    _polls: Polls = field(init=False)
    _checkpoint: str | None = field(default=None, init=False)
    _messages: bool = field(default=True, init=False)
    _failures: int = field(default=0, init=False)
    """How many attempts failed since one brought anything."""
    _swept_at: float = field(default=-math.inf, init=False)
    _full_at: float = field(default=-math.inf, init=False)
    """When everything is to be read the next time, where messages are found without that."""
    _is_checked: bool = field(default=False, init=False)
    """Whether it is known that the rate limit has room for polls so often."""

    @property
    def polls(self) -> Polls:
        """The polls under way."""
        return self._polls

    def begin(self, checkpoint: str | None, *, messages: bool) -> None:
        """Take up a checkpoint; InvalidArgument for what is none of this desk's."""
        self._messages, self._checkpoint = messages, checkpoint
        self._polls = Polls(self.desk, self.call, opened(self.desk, checkpoint, messages=messages))

    async def read(self) -> AsyncGenerator[ChangeBatch, None]:
        """Yield batches that bring something, and the first that is caught up."""
        is_first = True
        async with aclosing(self.read_all()) as batches:
            async for batch in batches:
                is_told = batch.caught_up and is_first
                is_first = is_first and not is_told
                if batch.tickets or batch.messages or batch.deleted or batch.problems or is_told:
                    yield batch

    async def read_all(self) -> AsyncGenerator[ChangeBatch, None]:
        """Yield all batches, and after a poll that failed one that is empty."""
        loop = asyncio.get_running_loop()
        while True:
            self.call.check_home()
            began_at, pause = loop.time(), 0.0
            failed: ChangeBatch | None = None
            try:
                async with aclosing(self._poll(began_at)) as batches:
                    async for batch in batches:
                        self._checkpoint = batch.checkpoint
                        if batch.caught_up or batch.tickets or batch.messages or batch.deleted:
                            self._failures = 0
                        yield batch
                self._failures = 0
                self.check_interval()
            except HelpdeskError as error:
                if self.desk.closed:
                    return
                if not self._passes(error):
                    self.call.named(error)
                    raise
                pause = self._recover(error)
                failed = ChangeBatch(checkpoint=self._polls.state.to_text())
            except Exception as error:
                error.add_note(f"This was raised in {self.call.operation} on {self.desk.name!r}.")
                raise
            if failed is not None:
                yield failed
            try:
                await self._polls.source.rest(partial(self._wait, began_at, pause))
            except DeskClosed:
                return

    def check_interval(self) -> None:
        """Raise InvalidArgument if the rate limit has no room for a poll so often.

        It is asked once the size of the desk is known, and not again: a desk that grows beyond it
        later is read as fast as is allowed.
        """
        allowed, requests = allowed_per_second(self.desk._options), self._requests
        if self._is_checked or requests is None:
            return
        self._is_checked = True
        if allowed is None or requests / allowed <= self.every:
            return
        least = requests / allowed
        raise self.call.named(
            InvalidArgument(
                f"every={self.every:g} is too short: a poll of this desk takes about"
                f" {amount(requests, 'request')}, for which rate_limit"
                f" {self.desk._options.rate_limit!r} has room once in {math.ceil(least):,} seconds,"
                f" beside other calls. Give every={math.ceil(least * _GROWTH)}, say."
            )
        )

    @property
    def _requests(self) -> int | None:
        """How many requests a poll takes that must be made so often; None: it is not known yet."""
        source, state = self._polls.source, self._polls.state
        if source.mode is not ChangeMode.SCAN or source.has_spoken:
            return 1 + source.has_deleted
        return self._pages if state.listed else None

    @property
    def _pages(self) -> int:
        """How many requests the list of all tickets takes, as far as is known."""
        size = self.desk.capabilities[Capability.LIST_TICKETS].limits.page_size or CHUNK
        return math.ceil(max(1, len(self._polls.state.versions)) / size)

    async def _poll(self, now: float) -> AsyncGenerator[ChangeBatch, None]:
        """Yield one poll: of new messages only, where all is to be read at longer intervals."""
        polls, has_rung = self._polls, False
        if self.doorbell is not None:
            has_rung = self.doorbell.is_set()
            self.doorbell.clear()
        has_listed = polls.state.listed
        if polls.source.has_spoken and has_listed and now < self._full_at:
            async with aclosing(polls.read_spoken()) as batches:
                async for batch in batches:
                    yield batch
            return
        is_due = self.sweep_every is not None and now - self._swept_at >= self.sweep_every
        sweep = is_due and has_listed and not polls.source.sees_deletions
        polls.pace = self._pace(hurries=has_rung and not polls.source.has_spoken)
        async with aclosing(polls.read(sweep=sweep)) as batches:
            async for batch in batches:
                yield batch
        self._full_at = now + self._span
        if is_due:
            self._swept_at = now

    def _pace(self, *, hurries: bool) -> Pace:
        """Return how a list of all tickets is spread; ``hurries``: it is not."""
        state, pause = self._polls.state, 0.0
        if state.listed and not hurries:
            rests = math.ceil(len(state.versions) / CHUNK)
            pause = self._span * _SPREAD / max(1, rests)
        return Pace(pause, self.every, self.doorbell)

    @property
    def _span(self) -> float:
        """Seconds from one reading of all tickets to the next."""
        if self._polls.source.mode is not ChangeMode.SCAN:
            return 0.0
        if not self._polls.source.has_spoken:
            return self.every
        allowed = allowed_per_second(self.desk._options)
        pace = _A_SECOND if allowed is None else allowed * _SHARE
        return max(self.every, self._pages / pace)

    def _passes(self, error: HelpdeskError) -> bool:
        if isinstance(error, InvalidArgument):
            return False
        return error.retryable or (isinstance(error, _MAY_PASS) and self._failures + 1 < _PATIENCE)

    def _recover(self, error: HelpdeskError) -> float:
        """Go back to the last checkpoint, and return how many seconds to wait at least."""
        self._failures += 1
        self.begin(self._checkpoint, messages=self._messages)
        longest = max(self.every, _LONGEST)
        wait = min(max(self.every, _GAP) * 2.0 ** min(self._failures - 1, 20), longest)
        wait = max(wait, error.retry_after or 0.0)
        log.warning(
            "%s on %s: changes could not be read (%s); the next attempt is in %.0f s",
            self.call.operation,
            self.desk.name,
            type(error).__name__,
            wait,
            extra=attributes(
                desk=self.desk.name,
                vendor=self.desk.adapter.name,
                call=self.call.operation,
                operation_id=self.call.operation_id,
                status=error.status,
                error=type(error).__name__,
                reason=error.reason.value,
                wait=wait,
            ),
        )
        return wait

    async def _wait(self, began_at: float, pause: float) -> None:
        """Wait for the time of the next poll, or for the doorbell."""
        loop = asyncio.get_running_loop()
        due = max(began_at + self.every, loop.time() + pause)
        if self.doorbell is None or pause:
            await asyncio.sleep(max(0.0, due - loop.time()))
            return
        with suppress(TimeoutError):
            async with asyncio.timeout_at(due):
                await self.doorbell.wait()
        soonest = began_at + min(_GAP, self.every)
        await asyncio.sleep(max(0.0, soonest - loop.time()))


def _seconds(value: Any, name: str) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 < value < _LONGEST_INTERVAL:
        raise InvalidArgument(f"{name}= is a number of seconds above zero.")
    return float(value)


def _event(value: Any) -> asyncio.Event | None:
    if value is None:
        return None
    if not isinstance(value, asyncio.Event):
        raise InvalidArgument("doorbell= takes an asyncio.Event.")
    value.clear()
    waiting = value.wait()
    try:
        waiting.send(None)  # binds it to this event loop
    except RuntimeError as error:
        raise InvalidArgument("doorbell= belongs to another event loop.") from error
    finally:
        waiting.close()
    return value
