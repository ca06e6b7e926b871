"""Read the lists that are paged by offset, and complete what their entries leave out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from attrs import evolve, frozen

from helpdesk_bridge import kit
from helpdesk_bridge.kit import SMALLEST_PAGE, Effect, JsonRecord, Operation, errors, read_records
from helpdesk_bridge_omnidesk import outgoing, paging, wire
from helpdesk_bridge_omnidesk.paging import Place, Sizes

__all__ = ["API", "OffsetList", "TicketList"]

R = TypeVar("R", bound=JsonRecord)
T = TypeVar("T")

LIST_TICKETS = Operation("list_tickets", Effect.READ)
API = ("api", "v2")


@frozen
class OffsetList:
    """A list of the vendor's: where it is, and how it is asked for."""

    transport: kit.Transport
    operation: Operation
    path: str
    parameters: Callable[[int, int], list[tuple[str, str]]]
    """What is asked with: ``itemStart``, ``itemLimit`` and the filters."""
    collection: Callable[[Any], wire.Collection] = wire.collection
    """What reads the envelope."""

    async def page(
        self, place: Place, sizes: Sizes, into: type[R], convert: Callable[[R], T]
    ) -> kit.Page[T]:
        """Return the page at ``place``.

        A page that is larger than the desk takes (``max_body``) is asked for at half the size.
        """
        while True:
            asked = place.size(sizes)
            pairs = self.parameters(place.start, asked)
            try:
                answer = await self.transport.send(
                    self.operation, "GET", (*API, self.path), query=pairs
                )
                break
            except errors.ResponseTooLarge:
                if asked <= SMALLEST_PAGE:
                    raise
                place = place.smaller(asked)
        listed = answer.read(self.collection)
        items, problems = read_records(listed.items, into, convert, "$.items")
        told = listed.told(answer.headers)
        return paging.page_at(place, told, items, problems, sizes=sizes)


class TicketList:
    """Lists tickets, and judges the filters that the vendor does not know on what is read.

    Args:
        transport: the desk's way to its vendor.
        reading: what tickets are read with.
        read_ticket: what reads one ticket whole.
    """

    def __init__(
        self,
        transport: kit.Transport,
        reading: wire.Reading,
        read_ticket: Callable[[str], Awaitable[kit.Ticket]],
    ) -> None:
        self._transport = transport
        self._reading = reading
        self._read_ticket = read_ticket

    async def page(self, query: kit.TicketQuery, cursor: kit.Cursor | None) -> kit.Page[kit.Ticket]:
        """GET /ticket, by offset; in an order by reading all of them."""
        fetch = partial(self._by_offset, query)
        if query.order_by is None:
            page = await fetch(cursor)
        else:  # the vendor's count is that of all tickets, so they are judged once all are there
            page = await kit.in_order(fetch, query.order_by, cursor)
        return page.where(lambda ticket: outgoing.matches(ticket, query, self._reading))

    async def _by_offset(
        self, query: kit.TicketQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Ticket]:
        sizes: Sizes = paging.growing
        if query.limit is not None and not outgoing.is_judged_here(query):
            sizes = paging.wanted(query.limit, paging.TICKETS)
        listing = OffsetList(
            self._transport,
            LIST_TICKETS,
            "ticket",
            lambda start, limit: outgoing.ticket_filters(query, start=start, limit=limit),
        )
        page = await listing.page(
            Place.of(cursor), sizes, wire.TicketJson, lambda ticket: ticket.to_ticket(self._reading)
        )
        return await self._completed(page, query)

    async def _completed(
        self, page: kit.Page[kit.Ticket], query: kit.TicketQuery
    ) -> kit.Page[kit.Ticket]:
        """Return a page with what ``query`` looks at; what cannot be read is a problem.

        Each of them takes a request: the pages to come are small then, to fit into their time.
        """
        if not any(outgoing.is_abridged(ticket, query) for ticket in page.items):
            return page
        found: list[kit.Ticket] = []
        problems: list[kit.Problem] = []
        for index, record in enumerate(page.records()):
            if isinstance(record, kit.Problem):
                problems.append(record)
                continue
            try:
                is_abridged = outgoing.is_abridged(record, query)
                found.append(await self._read_ticket(record.id) if is_abridged else record)
            except errors.ProtocolError as error:
                problems.append(kit.Problem(index=index, error=error, raw=record.raw))
            except errors.NotFound:
                problems.append(kit.Problem(index=index, error=_unseen(record), raw=record.raw))
        page = evolve(page, items=tuple(found), problems=tuple(problems), ahead=())
        if page.next is None:
            return page
        behind = Place.of(page.next)
        small = evolve(behind, most=min(behind.most or paging.FIRST, paging.FIRST))
        return evolve(page, next=small.cursor, beyond=small.cursor)


def _unseen(ticket: kit.Ticket) -> errors.HelpdeskError:
    """Return the error of a ticket that is listed, and is denied when it is read by itself.

    It may be gone, kept from this account, or not to be had at this moment: nothing tells which.
    """
    error = errors.ProtocolError(
        "the ticket is listed, and was not found when it was read by itself: it may have been"
        " deleted meanwhile."
    )
    error.ticket_id = ticket.id
    return error
