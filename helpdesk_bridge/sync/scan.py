"""A poll that reads every ticket, and compares each with the version of it that was told.

The checkpoint holds the versions as a sketch, which tells the difference of two whole lists, if it
is not too large. What differs is told; where too much does, everything is.
"""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from functools import partial
from itertools import count, islice

from attrs import define, field

from helpdesk_bridge.errors import HelpdeskError, IncompleteList
from helpdesk_bridge.model import ChangeMode, Problem, Ticket
from helpdesk_bridge.sync.checkpoint import State, empty_versions
from helpdesk_bridge.sync.listing import CHUNK, unread
from helpdesk_bridge.sync.pace import Pace
from helpdesk_bridge.sync.sketch import Sketch
from helpdesk_bridge.sync.source import Source
from helpdesk_bridge.sync.taking import EVERYWHERE, Taken, Taker
from helpdesk_bridge.sync.times import (
    Latest,
    Settling,
    SpokenFloor,
    floor_of,
    is_before,
    newest,
    next_floor,
)
from helpdesk_bridge.sync.versions import Versions, identity, is_gone, key_of

__all__ = ["ScanPoll"]

_KEPT = 2000
"""Tickets that changed last, which are not asked for once more when they turn out to differ."""
_EARLIEST = datetime.min.replace(tzinfo=UTC)


@define
class ScanPoll:
    """One poll; ``fresh`` says whether it brought anything.

    Args:
        source: the desk.
        state: how far the lineage has come.
        taker: what reads conversations.
        spoken: from when on messages are asked for apart.
        settling: which conversations are to be read once more.
        sweeps: whether tickets that are missing from the list are told as deleted.
        pace: how the reading is spread.
    """

    source: Source
    state: State
    taker: Taker
    spoken: SpokenFloor = field(factory=SpokenFloor)
    settling: Settling = field(factory=Settling)
    sweeps: bool = False
    pace: Pace = field(factory=Pace)
    _spoken_at: float = field(default=math.inf, init=False)
    """When they are asked for the next time (loop time)."""
    fresh: bool = field(default=False, init=False)
    latest: Latest = field(factory=Latest, init=False)
    """The newest time of a change that was listed."""
    _version: Versions = field(factory=Versions, init=False)
    _versions: Sketch = field(factory=empty_versions, init=False)
    _ids: dict[bytes, str] = field(factory=dict, init=False)
    """The ids of all tickets of the list, by the ticket in its version."""
    _unread: set[str] = field(factory=set, init=False)
    """The ids of records that could not be read: they are there."""
    began_at: float = field(factory=lambda: asyncio.get_running_loop().time(), init=False)
    """When it began (loop time)."""
    _gone: set[str] = field(factory=set, init=False)
    """The ids of tickets that are listed as deleted."""
    _told: dict[str, int] = field(factory=dict, init=False)
    """The versions that were told in this poll."""
    _last: list[tuple[datetime, int, Ticket]] = field(factory=list, init=False)
    _settled: list[tuple[int, int]] = field(factory=list, init=False)
    _numbers: Iterator[int] = field(factory=count, init=False)

    @property
    def _compares(self) -> bool:
        """Whether versions are compared, and not ids alone."""
        return self.state.mode is ChangeMode.SCAN

    async def read(self) -> AsyncGenerator[Taken, None]:
        """Yield what changed; the state is that of the new list behind the last of it."""
        times: list[Ticket] = []
        self._spoken_at = -math.inf if self.source.has_spoken else math.inf
        for step in (self._listed(), self._compared()):
            async with aclosing(step) as parts:
                async for taken in parts:
                    times = [*times, *taken.tickets.values()][-CHUNK:]
                    yield taken
        if self.sweeps:
            async with aclosing(self._sweep()) as parts:
                async for taken in parts:
                    yield taken
        self._end(times)

    async def _listed(self) -> AsyncGenerator[Taken, None]:
        """Yield what shows by its time to have changed, while all tickets are read."""
        loop = asyncio.get_running_loop()
        async with aclosing(self._list()) as parts:
            async for found, problems in parts:
                until = loop.time() + self.pace.pause
                async with aclosing(self._spoken_if_due()) as spoken:
                    async for taken in spoken:
                        yield taken
                yield await self._newer(found, problems)
                while len(found) == CHUNK and loop.time() < until:
                    due = min(until, self._spoken_at)
                    await self.source.rest(partial(self.pace.rest, due))
                    if not self.source.has_spoken:
                        break
                    async with aclosing(self._spoken_if_due()) as spoken:
                        async for taken in spoken:
                            yield taken

    async def _spoken_if_due(self) -> AsyncGenerator[Taken, None]:
        """Yield tickets with new messages, if it is time to ask for them."""
        now = asyncio.get_running_loop().time()
        if self.source.has_spoken and (self.pace.answers() or now >= self._spoken_at):
            self._spoken_at = now + self.pace.every
            async with aclosing(self.read_spoken()) as parts:
                async for taken in parts:
                    yield taken

    async def _compared(self) -> AsyncGenerator[Taken, None]:
        """Yield what differs from the versions that were told."""
        changed = self._changed() if self._compares else []
        if changed is None:
            async with aclosing(self._list()) as parts:
                async for found, _ in parts:
                    news = [one for one in found if self._is_news(one)]
                    for one in news:
                        self._tell(one)
                    yield await self.taker.take(news)
        for some in _chunks(changed or ()):
            yield await self._read(some)

    def _end(self, times: Iterable[Ticket]) -> None:
        state = self.state
        if not self._compares:
            return
        state.versions = self._versions
        state.seen.renew(reversed(self._settled))
        self.settling.keep({one for one, _ in self._settled})
        state.floor = next_floor(state.floor, state.newest, self.source.overlap)
        if state.floor is None:
            state.floor = floor_of(
                min((one.updated_at for one in times if one.updated_at is not None), default=None),
                self.source.overlap,
            )
        told, listed = newest(times), self.latest.at
        if told is not None and listed is not None:
            told = min(told, listed)  # all that was told may be stamped ahead
        state.newest = told or state.newest

    async def read_spoken(self) -> AsyncGenerator[Taken, None]:
        """Yield the tickets that the vendor knows to have got a message, asked for alone."""
        floors = [one for one in (self.state.floor, self.spoken.at) if one is not None]
        if not floors:
            return
        since, cursor = max(floors), None
        met: set[str] = set()
        times: list[datetime] = []
        while True:
            page = await self.source.spoken(since, cursor)
            here = [one for one in page.items if one.id not in met]
            met |= {one.id for one in here}
            late = [one for one in here if not is_before(_spoken_at(one), since)]
            changed = [one for one in late if self._is_news(one)]
            again = [one for one in late if not self._is_news(one) and self._is_due(one)]
            times += filter(None, map(_spoken_at, changed))
            for one in late:
                self._tell(one)
            yield await self.taker.take(changed, again=again, problems=page.problems)
            if page.next is None or not here:
                break
            cursor = page.next
        self.spoken.renew(times, self.source.overlap)

    async def _list(self) -> AsyncGenerator[tuple[list[Ticket], list[Problem]], None]:
        """Yield the list of all tickets in parts, and take note of each."""
        self._versions, self._ids = empty_versions(), {}
        self._settled, self._last, self.latest = [], [], Latest()
        kept = 0
        async with aclosing(self.source.tickets()) as pager:
            while True:
                found = await self.source.chunk(pager, CHUNK)
                problems, kept = unread(pager.problems[kept:]), len(pager.problems)
                for problem in problems:
                    if problem.error.ticket_id is not None:
                        self._unread.add(problem.error.ticket_id)
                self.latest.note(found)
                for one in found:
                    self._note(one)
                yield found, problems
                if len(found) < CHUNK:
                    return

    def _note(self, ticket: Ticket) -> None:
        said = self._version.of(ticket)
        key = key_of(ticket.id, said)
        self._versions.add(key)
        self._ids[key] = ticket.id
        if is_gone(ticket):
            self._gone.add(ticket.id)
        at = ticket.updated_at or _EARLIEST
        if not is_before(ticket.updated_at, self.state.floor):
            self._settled.append((identity(ticket.id), said))
        heapq.heappush(self._last, (at, next(self._numbers), ticket))
        if len(self._last) > _KEPT:
            heapq.heappop(self._last)

    async def _newer(self, found: Iterable[Ticket], problems: Iterable[Problem]) -> Taken:
        """Tell at once of tickets that changed since the floor, as their times say."""
        changed, again = [], []
        for one in found:
            at, floor = one.updated_at, self.state.floor
            is_late = at is not None and not is_before(at, floor)
            is_open = self.settling.is_open(identity(one.id), self._version.of(one))
            if not self._compares or not (is_late or is_open):
                continue
            if self._is_news(one):
                changed.append(one)
            elif self._is_due(one):
                again.append(one)
            self._tell(one)
        self.fresh |= bool(changed)
        return await self.taker.take(changed, again=again, problems=tuple(problems))

    def _is_news(self, ticket: Ticket) -> bool:
        said = self._version.of(ticket)
        is_told = self._told.get(ticket.id) == said
        one = identity(ticket.id)
        return not (is_told or self.state.seen.has(one, said) or self.settling.knows(one, said))

    def _is_due(self, ticket: Ticket) -> bool:
        """Say whether a message may have come with the time that a ticket bears as it was told."""
        if ticket.id in self._told:
            return False
        overlap = self.source.overlap
        leaves = is_before(ticket.updated_at, floor_of(self.state.newest, overlap))
        one, said = identity(ticket.id), self._version.of(ticket)
        return self.settling.is_due(one, said, self.began_at, overlap, leaves=leaves)

    def _tell(self, ticket: Ticket) -> None:
        one, said = identity(ticket.id), self._version.of(ticket)
        if self._is_news(ticket):
            self.settling.saw(one, said, asyncio.get_running_loop().time())
        self._told[ticket.id] = said
        self.state.seen.put(one, said)

    def _changed(self) -> list[str] | None:
        """Return the ids of tickets that differ from what was told; None: too many do."""
        difference = self._versions.minus(self.state.versions)
        if difference is None:
            return None
        return [self._ids[key] for key in sorted(difference[0]) if key in self._ids]

    async def _read(self, ids: Iterable[str]) -> Taken:
        """Tell of tickets by their ids, those that are not told as they are now."""
        kept = {ticket.id: ticket for _, _, ticket in self._last}
        found, gone = [], []
        problems: list[Problem] = []
        for ticket_id in ids:
            try:
                ticket = kept.get(ticket_id) or await self.source.ticket(ticket_id)
            except HelpdeskError as error:
                if isinstance(error, EVERYWHERE):
                    raise
                problems.append(Problem(index=0, error=error.fill(ticket_id=ticket_id)))
                continue
            if ticket is None:
                gone.append(ticket_id)
            elif self._is_news(ticket):
                self._tell(ticket)
                found.append(ticket)
        self.fresh |= bool(found or gone)
        taken = await self.taker.take(found, problems=problems)
        for ticket_id in gone:
            self.taker.gone(ticket_id, taken)
        return taken

    async def _sweep(self) -> AsyncGenerator[Taken, None]:
        """Yield the tickets that are gone, each once the vendor said so, and those that came."""
        listed = {one for one in self._ids.values() if one not in self._gone}
        compared = self.state.known.compare(listed | self._unread)
        keep: list[str] = []
        for some in _chunks(compared.missing):
            taken = Taken()
            for ticket_id in some:
                gone = await self.taker.is_gone(ticket_id, taken)
                if gone:
                    self.taker.gone(ticket_id, taken)
                else:  # it may be there without being listed, and be deleted later
                    keep.append(ticket_id)
            yield taken
        arrived = [one for one in compared.arrived if one not in self._unread]
        for some in _chunks(arrived):
            yield await self._read(some)
        keep += self._unread.difference(compared.arrived)
        self.state.known.renew(listed - self._unread, keep)
        if compared.unnamed:
            unnamed = IncompleteList(
                f"about {compared.unnamed} more tickets are gone, and the checkpoint has no room"
                " for their ids: compare the ids of your copy with desk.tickets()."
            )
            yield Taken(problems=[Problem(index=0, error=self.source.call.named(unnamed))])


def _spoken_at(ticket: Ticket) -> datetime | None:
    """Return the later one of the times of its last change and of its last message."""
    told = [one for one in (ticket.updated_at, ticket.last_message_at) if one is not None]
    return max(told, default=None)


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(ids)
    while some := list(islice(rest, CHUNK)):
        yield some
