"""One poll of a desk's changes, by whatever the desk offers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

from attrs import define, field, frozen

from helpdesk_bridge.desk.call import CallContext
from helpdesk_bridge.desk.helpdesk import Helpdesk
from helpdesk_bridge.errors import IncompleteList
from helpdesk_bridge.model import ChangeBatch, ChangeMode
from helpdesk_bridge.sync.checkpoint import State
from helpdesk_bridge.sync.listing import read_first_list
from helpdesk_bridge.sync.pace import Pace
from helpdesk_bridge.sync.scan import ScanPoll
from helpdesk_bridge.sync.source import Source
from helpdesk_bridge.sync.taking import Taken, Taker
from helpdesk_bridge.sync.times import Settling, SpokenFloor, floor_of, newest
from helpdesk_bridge.sync.window import WindowPoll

__all__ = ["Polls", "Settled"]

_RESTLESS = 4
"""Polls of pages that do not hold still, before that is an error."""


@frozen
class Settled:
    """What polls in one process know beside the checkpoint."""

    settling: Settling
    spoken: SpokenFloor


@define
class Polls:
    """The polls of one reader, each from where the one before ended.

    Args:
        desk: the desk.
        call: the public call.
        state: how far the lineage has come.
    """

    desk: Helpdesk
    call: CallContext
    state: State
    pace: Pace = field(factory=Pace)
    """How a list of all tickets is spread."""
    source: Source = field(init=False)
    settled: Settled = field(factory=lambda: Settled(Settling(), SpokenFloor()), init=False)
    """What was found out for good, and is not told by the checkpoint."""

    def __attrs_post_init__(self) -> None:
        self.source = Source(self.desk, self.call)

    def take_up(self, settled: Settled | None) -> None:
        """Go on with what the polls before found out; None: it is not known."""
        if settled is not None:
            self.settled = settled

    async def read(self, *, sweep: bool = False) -> AsyncGenerator[ChangeBatch, None]:
        """Yield what changed, the last batch with ``caught_up``."""
        state, taker = self.state, Taker(self.source, self.state)
        above = state.told.highest
        async with aclosing(self._parts(taker, sweep)) as parts:
            async for taken in parts:
                if taken:
                    yield taken.batch(state)
        state.told.settle(state.floor, state.above)
        state.above = above
        if state.floor is not None and state.newest is not None:
            state.known.covers(min(state.floor, state.newest) - self.source.overlap)
        yield Taken().batch(state, caught_up=True)

    async def read_spoken(self) -> AsyncGenerator[ChangeBatch, None]:
        """Yield what the vendor tells of tickets with new messages, without the list of all."""
        state, taker = self.state, Taker(self.source, self.state)
        poll = ScanPoll(self.source, state, taker, self.settled.spoken, self.settled.settling)
        async with aclosing(poll.read_spoken()) as parts:
            async for taken in parts:
                if taken:
                    yield taken.batch(state)

    async def _parts(self, taker: Taker, sweep: bool) -> AsyncGenerator[Taken, None]:
        if self.state.unread:
            yield await taker.retry()
        for part in self._steps(taker, sweep):
            async with aclosing(part) as step:
                async for taken in step:
                    yield taken

    def _steps(self, taker: Taker, sweep: bool) -> Iterator[AsyncGenerator[Taken, None]]:
        """Yield what the poll consists of, one after the other."""
        if self.state.mode is ChangeMode.CURSOR:
            yield self._fed(taker)
            if sweep and not self.source.sees_deletions:
                yield self._scan(taker, sweep)
            return
        has_listed = not self.state.listed
        if has_listed:
            yield read_first_list(self.source, self.state, taker)
        if self.state.mode is ChangeMode.WINDOW:
            yield self._window(taker)
        if sweep or (self.state.mode is ChangeMode.SCAN and not has_listed):
            yield self._scan(taker, sweep)

    async def _scan(self, taker: Taker, sweep: bool) -> AsyncGenerator[Taken, None]:
        began_at = asyncio.get_running_loop().time()
        poll = ScanPoll(
            self.source,
            self.state,
            taker,
            self.settled.spoken,
            self.settled.settling,
            sweeps=sweep,
            pace=self.pace,
        )
        async with aclosing(poll.read()) as parts:
            async for taken in parts:
                yield taken
        if self.state.mode is ChangeMode.SCAN:
            self._settle(poll, began_at)

    async def _window(self, taker: Taker) -> AsyncGenerator[Taken, None]:
        for _ in range(_RESTLESS):
            began_at = asyncio.get_running_loop().time()
            poll = WindowPoll(self.source, self.state, taker, self.settled.settling)
            async with aclosing(poll.read()) as parts:
                async for taken in parts:
                    yield taken
            if poll.held_still:
                self._settle(poll, began_at)
                return
        raise IncompleteList("the tickets that changed last do not hold still while they are read.")

    def _settle(self, poll: WindowPoll | ScanPoll, began_at: float) -> None:
        """Move the floor behind the newest time that was seen, once nothing more can bear it."""
        settling, overlap = self.settled.settling, self.source.overlap
        latest = poll.latest.at
        if not poll.fresh and latest is not None and settling.is_over(began_at, overlap):
            self.state.floor = latest + self.source.resolution
        if poll.fresh or settling.ended_at is None:
            settling.ended_at = asyncio.get_running_loop().time()

    async def _fed(self, taker: Taker) -> AsyncGenerator[Taken, None]:
        """Yield what the vendor's own feed tells."""
        state, is_over = self.state, False
        while not is_over:
            feed = await self.source.feed(state.place)
            first = not state.listed
            taken = await taker.take(feed.tickets, first=first, problems=feed.problems)
            if first:
                state.known.told(taken.tickets.values())
            for ticket_id in feed.deleted:
                taker.gone(ticket_id, taken)
            state.begun, state.place, is_over = True, feed.place, feed.caught_up
            state.newest = newest(feed.tickets) or state.newest
            if is_over:
                state.listed = True
                state.floor = floor_of(state.newest, self.source.overlap)
            yield taken
