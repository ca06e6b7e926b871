"""What changes are read from: the desk's lists, its feed and its conversations.

Each question lets the desk's other calls go first, and its errors bear the name of the call that
reads changes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import TypeVar

from attrs import define, field

from helpdesk_bridge.desk.call import CallContext
from helpdesk_bridge.desk.conversations import Conversation
from helpdesk_bridge.desk.feed import read_changed, read_deleted, read_feed, read_spoken
from helpdesk_bridge.desk.helpdesk import Helpdesk
from helpdesk_bridge.desk.pager import Pager
from helpdesk_bridge.errors import DeskClosed, NotFound
from helpdesk_bridge.kit.contract import Adapter
from helpdesk_bridge.model import (
    Capability,
    CapabilityLimits,
    ChangeKind,
    ChangeMode,
    Cursor,
    Feed,
    Page,
    Ticket,
)
from helpdesk_bridge.transport.yielding import yielding

__all__ = ["Source"]

T = TypeVar("T")


@define
class Source:
    """A desk, as one reader of its changes asks it.

    Args:
        desk: the desk.
        call: the public call.
    """

    desk: Helpdesk
    call: CallContext
    limits: CapabilityLimits = field(init=False)
    """What the desk's changes see, and how."""

    def __attrs_post_init__(self) -> None:
        self.limits = self.desk.capabilities[Capability.CHANGES].limits

    @property
    def mode(self) -> ChangeMode:
        """How changes are found."""
        return self.limits.mode or ChangeMode.SCAN

    @property
    def sees_deletions(self) -> bool:
        """Whether deletions are told without a sweep."""
        return ChangeKind.DELETIONS in (self.limits.sees or ())

    @property
    def has_deleted(self) -> bool:
        """Whether the adapter lists deletions apart."""
        return type(self.desk.adapter).list_deleted is not Adapter.list_deleted

    @property
    def has_spoken(self) -> bool:
        """Whether the adapter lists tickets by their last message."""
        return type(self.desk.adapter).list_spoken is not Adapter.list_spoken

    @property
    def resolution(self) -> timedelta:
        """How far the times of two changes are apart at least; a second where it is not known."""
        return timedelta(seconds=self.limits.resolution or 1.0)

    @property
    def overlap(self) -> timedelta:
        """How much later than by its time a change may still show."""
        return self.resolution + timedelta(seconds=self.limits.lag or 0.0)

    async def changed(self, cursor: Cursor | None) -> Page[Ticket]:
        """Return a page of the tickets that changed last."""
        return await self._asked(read_changed(self.desk, self.call, cursor))

    async def deleted(self, cursor: Cursor | None) -> Page[Ticket]:
        """Return a page of the tickets that were deleted last."""
        return await self._asked(read_deleted(self.desk, self.call, cursor))

    async def spoken(self, since: datetime, cursor: Cursor | None) -> Page[Ticket]:
        """Return a page of the tickets with a message at ``since`` or later."""
        return await self._asked(read_spoken(self.desk, self.call, since, cursor))

    async def feed(self, place: str | None) -> Feed:
        """Return what the vendor's feed tells behind ``place``."""
        return await self._asked(read_feed(self.desk, self.call, place))

    async def ticket(self, ticket_id: str) -> Ticket | None:
        """Return a ticket as it is now; None: there is none."""
        try:
            return await self._asked(self.desk.ticket(ticket_id))
        except NotFound:
            return None

    def tickets(self, cursor: str | None = None) -> Pager[Ticket]:
        """Return the list of all tickets, which keeps records that cannot be read."""
        with self.call.own_errors():
            return self.desk.tickets(cursor=cursor).collect_problems()

    async def chunk(self, pager: AsyncIterator[Ticket], size: int) -> list[Ticket]:
        """Return the next tickets of a list; fewer than ``size`` only at its end."""
        found: list[Ticket] = []
        with self.call.own_errors(), yielding():
            async for ticket in pager:
                found.append(ticket)
                if len(found) == size:
                    break
        return found

    async def conversations(self, tickets: Sequence[Ticket]) -> list[Conversation]:
        """Return the conversations of tickets; what fails is told with each of them."""
        with self.call.own_errors(), yielding():
            async with aclosing(self.desk.conversations(list(tickets), on_error="keep")) as read:
                return [one async for one in read]

    async def rest(self, rest: Callable[[], Awaitable[None]]) -> None:
        """Wait while nothing is asked; DeskClosed if the desk is closed meanwhile."""
        self.call.check_open()
        try:
            with self.desk._rests.until():
                await rest()
        except TimeoutError:
            raise self.call.named(DeskClosed("the desk is closed.")) from None

    async def _asked(self, question: Awaitable[T]) -> T:
        with self.call.own_errors(), yielding():
            return await question
