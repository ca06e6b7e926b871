"""Lists of tickets: by id, where nothing moves, or in an order that Request Tracker sorts by.

``T1`` … as in :mod:`helpdesk_bridge_request_tracker.wire`.
"""

from __future__ import annotations

from attrs import evolve

from helpdesk_bridge import kit
from helpdesk_bridge.kit import errors, read_records
from helpdesk_bridge_request_tracker import outgoing, places, wire
from helpdesk_bridge_request_tracker.lists import PAGE, Lists, unseen

__all__ = ["by_id", "in_order"]

_FEWEST = 10
"""Tickets of a page that are asked for at least; fewer are no less work for RT."""
_FIELDS = {"created_at": "Created", "updated_at": "LastUpdated"}


async def by_id(
    lists: Lists, query: kit.TicketQuery, cursor: kit.Cursor | None
) -> kit.Page[kit.Ticket]:
    """Return the tickets behind the last one seen, whose id is the cursor."""
    last = places.after(cursor)
    listing, more = await lists.search(outgoing.search(query, after=last), _size(query))
    items, problems = read_records(
        listing.items, wire.TicketJson, wire.TicketJson.to_listed, "$.items"
    )
    told = listing.told
    if any(int(one.id) <= last for one in items):
        raise errors.ProtocolError("$.items: tickets that were not asked for.", path="$.items")
    if not listing.items and told.total:
        problems = (unseen(told.total, "tickets"),)
    page = kit.Page(
        items=items,
        problems=problems,
        next=kit.Cursor(str(listing.last_id)) if listing.items and more.is_there else None,
        total=told.total if cursor is None else None,
        unsure=more.unsure,
        anchored=True,
        behind=_behind,
        lacking=lists.lacking or told.lacking(goes_on=more.is_sure),
    )
    return page.where(lambda ticket: outgoing.wanted(query, ticket))


async def in_order(
    lists: Lists, query: kit.TicketQuery, order: kit.TicketOrder, cursor: kit.Cursor | None
) -> kit.Page[kit.Ticket]:
    """Return a page as RT sorts it, tickets of the same second by their ids.

    No place stays in such a list, so that pages are numbered: whoever creates a ticket may say when
    it was created (T19), and RT takes the times of a search for days, in a zone that it does not
    tell. RT keeps both times of each ticket by itself. Where a ticket shows none all the same, it
    may stand at either end: then all are read, and sorted here.
    """
    if cursor is not None and "." in cursor:
        return await _sorted_here(lists, query, order, cursor)
    number, size = places.numbered(cursor, first=_size(query), usual=PAGE)
    orders = ((_FIELDS[order.field], "DESC" if order.is_descending else "ASC"), ("id", "ASC"))
    sql = outgoing.search(query, after=0)
    listing = await lists.found(sql, page=number, per_page=size, orders=orders)
    items, problems = read_records(
        listing.items, wire.TicketJson, wire.TicketJson.to_listed, "$.items"
    )
    if cursor is None and any(getattr(one, order.field) is None for one in items):
        return await _sorted_here(lists, query, order, None)
    page = kit.numbered_page(listing.told, items, problems, number=number, asked=size)
    page = evolve(
        kit.sized(page, size, usual=PAGE),
        moves=order.field == "updated_at",
        lacking=page.lacking or lists.lacking,
    )
    return page.where(lambda ticket: outgoing.wanted(query, ticket))


async def _sorted_here(
    lists: Lists, query: kit.TicketQuery, order: kit.TicketOrder, cursor: kit.Cursor | None
) -> kit.Page[kit.Ticket]:
    whole = evolve(query, limit=None)

    async def fetch(place: kit.Cursor | None) -> kit.Page[kit.Ticket]:
        return await by_id(lists, whole, place)

    return await kit.in_order(fetch, order, cursor)


def _behind(ticket: kit.Ticket) -> kit.Cursor:
    return kit.Cursor(ticket.id)


def _size(query: kit.TicketQuery) -> int:
    """Return how many tickets to ask for at once; all that RT gives, where some are left out."""
    if query.limit is None or outgoing.finds_more(query):
        return PAGE
    return min(PAGE, max(query.limit, _FEWEST))
