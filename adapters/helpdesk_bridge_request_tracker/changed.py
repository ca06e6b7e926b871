"""Tickets in the order of their changes, and those that are gone; each page is one request.

``T1`` … as in :mod:`helpdesk_bridge_request_tracker.wire`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from helpdesk_bridge import kit
from helpdesk_bridge.kit import (
    AnyId,
    Effect,
    JsonRecord,
    Operation,
    Role,
    Status,
    WrongType,
    errors,
    fast_party,
    fast_ticket,
    following,
    is_digits,
    read_records,
)
from helpdesk_bridge_request_tracker import places, wire
from helpdesk_bridge_request_tracker.lists import PAGE, Lists

__all__ = ["changed", "gone"]

LIST_CHANGED = Operation("list_changed", Effect.READ)
LIST_DELETED = Operation("list_deleted", Effect.READ)
_NEWEST = (("LastUpdated", "DESC"), ("id", "DESC"))
_GONE = (
    "ObjectType = 'RT::Ticket' AND TicketType = 'ticket' AND ("
    "(Type = 'Status' AND NewValue = 'deleted')"
    " OR (Type = 'AddLink' AND Field = 'MergedInto'))"
)
"""T22: that it is of tickets stands under no OR, or RT cut pages before it judged rights."""
_FIELDS = (("fields", "ObjectId,Created,Type,NewValue"),)


class GoneJson(JsonRecord, frozen=True, rename=wire.json_name):
    """The transaction by which a ticket was deleted or merged into another.

    ``{"id": "90", "ObjectId": "2", "Type": "AddLink", "NewValue": "fsck.com-rt://desk/ticket/3",
    "Created": "2026-11-21T14:51:58Z"}``
    """

    id: AnyId
    object_id: AnyId
    type: str
    created: str
    new_value: str | None = None

    def to_ticket(self) -> kit.Ticket:
        """Return the ticket that is gone, of which no more is told than its id and when."""
        number = str(self.object_id)
        if not is_digits(number) or len(number) > wire.MOST_DIGITS or not int(number):
            raise WrongType("no id of Request Tracker", ".ObjectId")
        at = wire.time_in(self.created, "Created")
        if at is None:
            raise WrongType("expected a time", ".Created")
        return fast_ticket(
            id=number,
            subject="",
            status=Status.DELETED,
            vendor_status=(self.new_value or "") if self.type == "Status" else "",
            requester=fast_party(role=Role.CUSTOMER),
            updated_at=at,
            deleted_at=at,
            raw=self.raw,
        )


async def changed(transport: kit.Transport, cursor: kit.Cursor | None) -> kit.Page[kit.Ticket]:
    """Return a page of all tickets, the one that changed last first.

    Its pages are numbered, because RT reads times in a zone that it does not tell (T5): what
    changes meanwhile moves.
    """
    lists = Lists(transport, LIST_CHANGED)
    number, size = places.numbered(cursor, first=PAGE, usual=PAGE)
    listing = await lists.found("id > 0", page=number, per_page=size, orders=_NEWEST)
    items, problems = read_records(
        listing.items, wire.TicketJson, wire.TicketJson.to_listed, "$.items"
    )
    page = kit.numbered_page(listing.told, items, problems, number=number, asked=size)
    page = kit.sized(page, size, usual=PAGE)
    return evolve(page, moves=True, lacking=page.lacking or lists.lacking)


async def gone(transport: kit.Transport, cursor: kit.Cursor | None) -> kit.Page[kit.Ticket]:
    """Return a page of tickets that were deleted or merged into others, the last one first.

    RT's search finds neither; their transactions do. One that was restored is among them, so that
    rows only come, and never go: then nothing moves. A place is the id of a transaction, below
    which the list goes on. Each ticket comes once a page.
    """
    lists = Lists(transport, LIST_DELETED)
    below = places.after(cursor)
    sql = f"{_GONE} AND id < {below}" if cursor is not None else _GONE
    listing = await lists.page(
        ("transactions",), [("query", sql), *_FIELDS], orders=[("id", "DESC")]
    )
    if cursor is not None and any(one >= below for one in listing.numbers):
        raise errors.ProtocolError("$.items: rows that were not asked for.", path="$.items")
    items, problems = read_records(listing.items, GoneJson, GoneJson.to_ticket, "$.items")
    more = following(listing.told, count=len(listing.items), asked=PAGE, before=0)
    page = kit.Page(
        items=items,
        problems=problems,
        next=kit.Cursor(str(min(listing.numbers))) if listing.numbers and more.is_there else None,
        unsure=more.unsure,
        doubted=more.doubted,
        anchored=True,
        lacking=lists.lacking or listing.told.lacking(goes_on=more.is_sure),
    )
    last: dict[str, kit.Ticket] = {}
    for ticket in items:
        if not _stays(ticket.raw):
            last.setdefault(ticket.id, ticket)
    return page.where(lambda ticket: last.get(ticket.id) is ticket)


def _stays(row: Mapping[str, Any]) -> bool:
    """Say whether a transaction stands at the ticket that another was merged into.

    RT writes one for each of the two, and both tell the one that stays.
    """
    target = str(row.get("NewValue") or "").rpartition("/")[2]
    return row.get("Type") == "AddLink" and target == str(row.get("ObjectId"))
