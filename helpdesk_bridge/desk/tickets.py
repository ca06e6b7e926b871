"""The calls that read tickets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import nullcontext, suppress
from datetime import datetime
from functools import partial
from typing import Any, Literal, TypeAlias

from attrs import define, evolve

from helpdesk_bridge.desk import arguments
from helpdesk_bridge.desk.arguments import AddressLike
from helpdesk_bridge.desk.directory import Directory
from helpdesk_bridge.desk.listed import ID, listed
from helpdesk_bridge.desk.pager import Pager
from helpdesk_bridge.desk.parts import Desk
from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model import (
    Capability,
    Cursor,
    CustomField,
    Page,
    Priority,
    Status,
    Ticket,
    TicketKind,
    TicketOrder,
    TicketQuery,
)

__all__ = ["custom_fields", "ticket", "tickets"]

OrderLike: TypeAlias = (
    TicketOrder | Literal["created_at", "-created_at", "updated_at", "-updated_at"]
)

_FILTERS = {
    "priority": Capability.FILTER_PRIORITY,
    "kind": Capability.FILTER_KIND,
    "assignee": Capability.FILTER_ASSIGNEE,
    "team": Capability.FILTER_TEAM,
    "tag": Capability.FILTER_TAG,
    "requester": Capability.FILTER_REQUESTER,
    "text": Capability.FILTER_TEXT,
    "created_since": Capability.FILTER_CREATED_SINCE,
    "updated_since": Capability.FILTER_UPDATED_SINCE,
}
_ORDERS = {
    "created_at": Capability.ORDER_CREATED_AT,
    "updated_at": Capability.ORDER_UPDATED_AT,
}


def tickets(
    self: Desk,
    *,
    status: Status | Iterable[Status] | None = None,
    priority: Priority | None = None,
    kind: TicketKind | None = None,
    assignee: AddressLike | None = None,
    team: str | None = None,
    tag: str | None = None,
    requester: AddressLike | None = None,
    text: str | None = None,
    created_since: datetime | None = None,
    updated_since: datetime | None = None,
    order_by: OrderLike | None = None,
    limit: int | None = None,
    cursor: str | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Pager[Ticket]:
    """List tickets, in the vendor's order unless ``order_by`` names one.

    A filter that is None does not filter; several must all hold. Nothing is requested before the
    list is awaited or iterated over.

    Args:
        status: only tickets that stand there, or at one of several. ``desk.statuses.open`` is all
            that is not done. UNKNOWN can be asked for where statuses are told by what is read.
        priority: only tickets of this priority.
        kind: only tickets of this kind.
        assignee: only this agent's: a Party, an e-mail address, or the vendor's id or name of an
            agent. Who is on no list of agents or teams is InvalidArgument where nothing is found.
        team: only this team's, by the vendor's id or name of it.
        tag: only tickets with this tag.
        requester: only this customer's: a Party, an e-mail address or the vendor's id.
        text: only tickets in which the vendor finds these words; where it looks is its choice.
        created_since: only tickets created then or later (aware).
        updated_since: only tickets changed then or later (aware).
        order_by: ``"created_at"`` or ``"updated_at"`` for the oldest first, with a ``-`` before it
            for the newest first; None is the vendor's order. A ticket that changes while the list
            is read comes once, where it was or where it is.
        limit: the number of tickets in all, 1 or more; None is no limit.
        cursor: a :attr:`Pager.cursor` of an earlier list with the same filters and order, to go on
            exactly behind what it handed out, or a :attr:`Page.next`; None begins at the beginning.
        extra: the vendor's own query parameters, a str or a sequence of them for each; None is
            none. One that the call sets itself is InvalidArgument.

    Returns:
        A :class:`Pager`: ``await`` it for the first page, ``async for`` it for every ticket.

    Raises:
        InvalidArgument: for a value that is not acceptable.
        UnsupportedCapability: for a filter that this desk cannot apply exactly.
        StatusNotAllowed: for a status that this desk does not know.
        HelpdeskError: while the list is read, with ``items_read`` and ``cursor`` on it.
    """
    call = self._calls.begin("tickets")
    with call:
        query = TicketQuery(
            statuses=arguments.statuses(status),
            priority=arguments.member(Priority, priority, "priority"),
            kind=arguments.member(TicketKind, kind, "kind"),
            assignee=arguments.sought_person(assignee, "assignee"),
            team=arguments.sought(team, "team"),
            tag=arguments.sought(tag, "tag"),
            requester=arguments.sought_person(requester, "requester"),
            text=arguments.sought(text, "text"),
            created_since=arguments.aware(created_since, "created_since"),
            updated_since=arguments.aware(updated_since, "updated_since"),
            order_by=arguments.order(order_by),
            limit=arguments.limit(limit),
            extra=arguments.mapping(extra, "extra"),
        )
        wanted = [c for name, c in _FILTERS.items() if getattr(query, name) is not None]
        if query.order_by is not None:
            wanted.append(_ORDERS[query.order_by.field])
        self._guard.require(Capability.LIST_TICKETS, *wanted)
        self._guard.statuses(query.statuses or ())
        list_tickets, named = self.adapter.list_tickets, _Named(self._directory, query, assignee)

        async def read(place: Cursor | None, *, limit: int | None = query.limit) -> Page[Ticket]:
            asked = await named.asked()
            wanted = asked if limit is query.limit else evolve(asked, limit=limit)
            page = await list_tickets(wanted, place)
            if await named.looks_again(page, goes_on=cursor is not None):
                page = await list_tickets(evolve(await named.asked(), limit=limit), place)
            for problem in page.problems:
                problem.error.fill(ticket_id=self._guard.told_id(problem.raw))
            return page

        mark = self._origin.mark_tickets
        return listed(
            self,
            call,
            read,
            ID,
            asked=query,
            limit=limit,
            cursor=cursor,
            mark=mark,
            read_all=partial(read, limit=None),
        )


@define
class _Named:
    """A query with its assignee and its team as the vendor takes them, for all pages of a list."""

    directory: Directory
    query: TicketQuery
    given: object
    """The assignee as the caller gave it."""
    _known: TicketQuery | None = None
    _is_checked: bool = False

    async def asked(self) -> TicketQuery:
        """Return the query; what it needs is looked up once."""
        if self._known is None:
            self._known = await self.directory.named(self.query, self.given)
        return self._known

    async def looks_again(self, page: Page[Ticket], *, goes_on: bool) -> bool:
        """Look up whom nothing was found of on the first page, and say whether to ask otherwise.

        Whoever is on no list is missing where this page is all there is. In a list that goes on,
        from a cursor or behind this page, there may be tickets of an agent who has left.

        Args:
            page: a page that was read.
            goes_on: whether the list began at a cursor.

        Raises:
            InvalidArgument: the assignee or the team is on no list.
        """
        is_first = not self._is_checked
        asked, found = await self.asked(), bool(page.items or page.problems)
        if is_first and not found:
            goes_on = goes_on or page.next is not None
            with suppress(InvalidArgument) if goes_on else nullcontext():
                self._known = await self.directory.checked(asked, self.given)
        self._is_checked = True
        return self._known != asked


async def ticket(self: Desk, ticket: Ticket | str) -> Ticket:
    """Read one ticket.

    Args:
        ticket: the vendor's id of it, or a Ticket, which is read again.

    Returns:
        The ticket as it is now; a deleted one too, where the vendor still shows it.

    Raises:
        NotFound: there is none, or the account may not see it.
        InvalidArgument: for what is no id of this vendor, and for a ticket of another desk.
        HelpdeskError: as the vendor or the network has it.
    """
    with self._calls.begin("ticket") as call:
        self._guard.require(Capability.GET_TICKET)
        call.ticket_id = ticket_id = self._guard.ticket(ticket).id
        return self._origin.mark(await self.adapter.get_ticket(ticket_id))


async def custom_fields(self: Desk) -> list[CustomField]:
    """Read the definitions of the desk's custom fields.

    Returns:
        All of them; the ``id`` of each is its key in :attr:`Ticket.custom_fields`.

    Raises:
        UnsupportedCapability: the vendor does not tell.
        IncompleteList: the vendor counts more than it showed.
        ProtocolError: one of them cannot be read; ``path`` is its place, and none is returned.
        HelpdeskError: as the vendor or the network has it.
    """
    with self._calls.begin("custom_fields"):
        self._guard.require(Capability.LIST_CUSTOM_FIELDS)
        return await self.adapter.list_custom_fields()
