"""One poll of a desk's changes, by whatever the desk offers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

from attrs import define, field, frozen

from helpdesk_bridge.desk.call import CallContext
from helpdesk_bridge.desk.helpdesk import Helpdesk
from helpdesk_bridge.errors import IncompleteList, PaginationLoop
from helpdesk_bridge.model import ChangeBatch, ChangeMode
from helpdesk_bridge.sync.checkpoint import State
from helpdesk_bridge.sync.listing import read_first_list
from helpdesk_bridge.sync.pace import Pace
from helpdesk_bridge.sync.scan import ScanPoll
from helpdesk_bridge.sync.source import Source
from helpdesk_bridge.sync.taking import Taken, Taker
from helpdesk_bridge.sync.times import Settling, SpokenFloor, earlier, floor_of, newest_since
from helpdesk_bridge.sync.versions import identity, version
from helpdesk_bridge.sync.window import WindowPoll

__all__ = ["Polls", "Settled"]

_BARREN = 3
"""Answers of a feed in a row that end where the one before did."""
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
    arrived: set[str] = field(factory=set, init=False)
    """The ids of the tickets of the last batch that were not told before."""
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
        state, taker = self.state, Taker(self.source, self.state, self.settled.settling)
        above = state.told.highest
        async with aclosing(self._parts(taker, sweep)) as parts:
            async for taken in parts:
                if taken:
                    self.arrived = taken.arrived
                    yield taken.batch(state)
        self.arrived = set()
        state.parts.clear()
        state.told.settle(state.floor, state.above)
        state.above = above
        if state.floor is not None and state.newest is not None:
            state.known.covers(earlier(min(state.floor, state.newest), self.source.overlap))
        yield Taken().batch(state, caught_up=True)

    async def read_spoken(self) -> AsyncGenerator[ChangeBatch, None]:
        """Yield what the vendor tells of tickets with new messages, without the list of all."""
        state, taker = self.state, Taker(self.source, self.state, self.settled.settling)
        poll = ScanPoll(self.source, state, taker, self.settled.spoken, self.settled.settling)
        async with aclosing(poll.read_spoken()) as parts:
            async for taken in parts:
                if taken:
                    self.arrived = taken.arrived
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
        has_listed = not self.state.listed and self.state.cursor is None
        if not self.state.listed:
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
            if self.state.mode is ChangeMode.SCAN:
                self.state.newest = None  # of a poll that the floor is behind now
        if poll.fresh or settling.ended_at is None:
            settling.ended_at = asyncio.get_running_loop().time()

    async def _fed(self, taker: Taker) -> AsyncGenerator[Taken, None]:
        """Yield what the vendor's own feed tells."""
        state, is_over, barren = self.state, False, 0
        while not is_over:
            feed = await self.source.feed(state.place)
            first = not state.listed
            again = [one for one in feed.tickets if state.has_told(one)]
            news = [one for one in feed.tickets if not state.has_told(one)]
            taken = await taker.take(news, again=again, first=first, problems=feed.problems)
            for one in feed.tickets:
                state.seen.put(identity(one.id), version(one))
            if first:
                state.known.told(taken.tickets.values())
            for ticket_id in feed.deleted:
                if state.known.lacks(ticket_id):
                    continue  # it was never told
                taker.gone(ticket_id, taken)
            barren = barren + 1 if feed.place == state.place else 0
            if barren >= _BARREN and not feed.caught_up:
                raise PaginationLoop("the feed of changes stands still, and does not say it ended.")
            state.begun, state.place, is_over = True, feed.place, feed.caught_up
            state.newest = newest_since(state.newest, feed.tickets)
            if is_over:
                state.listed = True
                state.floor = floor_of(state.newest, self.source.overlap)
            yield taken
