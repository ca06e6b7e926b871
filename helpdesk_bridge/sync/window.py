"""A poll of a desk that lists tickets by the time of their last change, the newest first.

It reads until it meets what was told before and is older than the floor. While several pages are
read, what is deleted moves others onto pages that were read: then they are walked through again,
until nothing older than the beginning of the poll comes up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import datetime

from attrs import define, field

from helpdesk_bridge.errors import HelpdeskError, PaginationLoop
from helpdesk_bridge.kit.ends import incomplete
from helpdesk_bridge.kit.walk import is_not_there
from helpdesk_bridge.model import Cursor, Page, Ticket
from helpdesk_bridge.sync.checkpoint import State
from helpdesk_bridge.sync.source import Source
from helpdesk_bridge.sync.taking import Taken, Taker
from helpdesk_bridge.sync.times import Latest, Settling, is_before, newest, next_floor
from helpdesk_bridge.sync.versions import identity, version

__all__ = ["DEPTH", "WindowPoll", "baseline", "pages_of"]

DEPTH = 20
"""Tickets that were told and are older than the floor, or deletions, which a poll has met at its
end. One that bears a wrong time may stand between them."""
_WALKS = 6
"""How often several pages are walked through, before the poll ends without having been still."""
_BARREN = 3
"""Pages in a row without a ticket that this walk has not met."""


@define
class WindowPoll:
    """One poll. ``fresh`` and ``held_still`` say what came of it."""

    source: Source
    state: State
    taker: Taker
    settling: Settling
    fresh: bool = field(default=False, init=False)
    """Whether it brought anything."""
    held_still: bool = field(default=True, init=False)
    """Whether the pages held still in the end; else the poll begins anew from the same floor."""
    latest: Latest = field(factory=Latest, init=False)
    """The newest time of a change that was listed."""
    began_at: float = field(init=False)
    """When it began (loop time)."""
    _told: dict[int, int] = field(factory=dict, init=False)
    """The versions that this poll met, by ticket."""
    _old: int = field(default=0, init=False)
    """How many tickets the last walk met that were told before, and are older than the floor."""
    _order: list[tuple[int, int]] = field(factory=list, init=False)
    """What the last walk met, the newest first."""

    async def read(self) -> AsyncGenerator[Taken, None]:
        """Yield what changed; the state has the new floor behind the last of it."""
        state, source = self.state, self.source
        self.began_at = asyncio.get_running_loop().time()
        fresh_at, first = None, True
        for number in range(1, _WALKS + 1):
            self._order, pages, surfaced = [], 0, False
            async with aclosing(self._walk()) as walk:
                async for page in walk:
                    pages += 1
                    changed = self._changed(page.items)
                    if first:
                        first, fresh_at = False, newest(changed)
                    again = [] if number > 1 else self._unsettled(page.items, changed, fresh_at)
                    self._note(page.items)
                    if number > 1:
                        surfaced |= any(is_before(one.updated_at, fresh_at) for one in changed)
                    self.fresh |= bool(changed)
                    taken = await self.taker.take(changed, again=again, problems=page.problems)
                    if taken:
                        yield taken
            if pages <= 1 or (number > 1 and not surfaced):
                break
        else:
            self.held_still = False
            return
        if source.has_deleted:
            taken = await self._deletions()
            self.fresh |= bool(taken)
            if taken:
                yield taken
        gone = {one for one, _ in self._order} - self._told.keys()
        state.seen.renew_top((entry for entry in self._order if entry[0] not in gone), gone)
        self.settling.keep({one for one, _ in self._order})
        if fresh_at is not None and self.latest.at is not None:
            fresh_at = min(fresh_at, self.latest.at)  # all that changed may be stamped ahead
        state.newest = fresh_at or state.newest
        state.floor = next_floor(state.floor, fresh_at, source.overlap)

    async def _walk(self) -> AsyncGenerator[Page[Ticket], None]:
        """Yield pages from the newest change on, up to the first that ends with what is known."""
        self._old = 0
        async with aclosing(pages_of(self.source.changed)) as pages:
            async for page in pages:
                yield page
                if page.items and self._is_deep(page.items[-1]):
                    return

    def _changed(self, tickets: tuple[Ticket, ...]) -> list[Ticket]:
        """Return the tickets of a page that are to be told."""
        found = []
        for one in tickets:
            if self._was_told(one):
                self._old += is_before(one.updated_at, self.state.floor)
            elif self._told.get(identity(one.id)) != version(one) and not self._is_deep(one):
                found.append(one)
        return found

    def _is_deep(self, ticket: Ticket) -> bool:
        """Say whether ``ticket`` and all behind it are older than what was told."""
        return self._old >= DEPTH and is_before(ticket.updated_at, self.state.floor)

    def _was_told(self, ticket: Ticket) -> bool:
        """Say whether ``ticket`` was told as it is before this poll."""
        one, said = identity(ticket.id), version(ticket)
        return self.state.seen.has(one, said) or self.settling.knows(one, said)

    def _unsettled(
        self, tickets: tuple[Ticket, ...], changed: list[Ticket], fresh_at: datetime | None
    ) -> list[Ticket]:
        """Return the tickets whose time a message that came since may bear, too."""
        fresh, now = {one.id for one in changed}, asyncio.get_running_loop().time()
        overlap, found = self.source.overlap, []
        behind = next_floor(self.state.floor, fresh_at, overlap)
        for one in tickets:
            ticket, said = identity(one.id), version(one)
            if one.id in fresh:
                self.settling.saw(ticket, said, now)
            elif ticket not in self._told and (
                not is_before(one.updated_at, self.state.floor)
                or self.settling.is_open(ticket, said)
            ):
                leaves = is_before(one.updated_at, behind)
                if self.settling.is_due(ticket, said, self.began_at, overlap, leaves=leaves):
                    found.append(one)
        return found

    def _note(self, tickets: tuple[Ticket, ...]) -> None:
        self.latest.note(one for one in tickets if identity(one.id) not in self._told)
        for one in tickets:
            entry = (identity(one.id), version(one))
            self._told[entry[0]] = entry[1]
            self._order.append(entry)

    async def _deletions(self) -> Taken:
        """Return the deletions that were not told: of each the vendor is asked whether it holds."""
        taken, state = Taken(), self.state
        told: list[tuple[int, int]] = []
        old = 0
        async with aclosing(pages_of(self.source.deleted)) as pages:
            async for page in pages:
                for one in page.items:
                    entry = (identity(one.id), version(one))
                    old += self._has_ended(one)
                    is_told = state.deletions.has(*entry) or state.known.lacks(one.id)
                    is_gone = is_told or await self.taker.is_gone(one.id, taken)
                    if is_gone or (is_gone is False and self._is_back(one)):
                        told.append(entry)
                    if is_gone and not is_told:
                        self.taker.gone(one.id, taken)
                        self._told.pop(entry[0], None)
                taken.problems.extend(page.problems)
                if page.items and old >= DEPTH and self._has_ended(page.items[-1]):
                    break
        state.deletions.renew(told)
        return taken

    def _is_back(self, deleted: Ticket) -> bool:
        """Say whether a ticket that is there was restored, and is not shown by a copy that lags."""
        return not self.source.limits.lag or is_before(_deleted_at(deleted), self.state.floor)

    def _has_ended(self, deleted: Ticket) -> bool:
        """Say whether a deletion and all before it were told."""
        is_known = self.state.deletions.has(identity(deleted.id), version(deleted))
        return is_known or is_before(_deleted_at(deleted), self.state.floor)


def _deleted_at(ticket: Ticket) -> datetime | None:
    return ticket.deleted_at or ticket.updated_at


async def baseline(source: Source, state: State) -> None:
    """Take note of the deletions that were made before the lineage began."""
    found: list[tuple[int, int]] = []
    async with aclosing(pages_of(source.deleted)) as pages:
        async for page in pages:
            found += [(identity(one.id), version(one)) for one in page.items]
            if len(found) >= DEPTH:
                break
    state.deletions.renew(found)


async def pages_of(
    read: Callable[[Cursor | None], Awaitable[Page[Ticket]]],
) -> AsyncGenerator[Page[Ticket], None]:
    """Yield the pages of a list; HelpdeskError where it runs in circles or is incomplete."""
    met: set[str] = set()
    cursor: Cursor | None = None
    barren, is_sure = 0, True
    while True:
        try:
            page = await read(cursor)
        except HelpdeskError as error:
            if is_sure or not is_not_there(error):
                raise
            return  # nothing had said that there is such a page
        ids = {one.id for one in page.items}
        barren = 0 if ids - met or page.problems else barren + 1
        met |= ids
        yield page
        if page.lacking is not None:
            raise incomplete(page.lacking)
        if page.next is None:
            return
        if barren and not is_sure:
            return
        if barren >= _BARREN:
            raise PaginationLoop(f"{barren} pages in a row brought nothing new.")
        cursor, is_sure = page.next, not page.unsure
