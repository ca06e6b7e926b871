"""List tickets in an order that the vendor does not know: read all of them, and sort them here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from attrs import evolve

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.kit.whole import read_whole
from helpdesk_bridge.model import Cursor, Page, Ticket, TicketOrder
from helpdesk_bridge.model.text import is_digits

__all__ = ["in_order"]

_START = datetime(1, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NEVER = 10**20
"""Behind all times, in microseconds."""

_Key = tuple[int, int, str]


async def in_order(
    fetch: Callable[[Cursor | None], Awaitable[Page[Ticket]]],
    order: TicketOrder,
    cursor: Cursor | None,
) -> Page[Ticket]:
    """Read a whole list, and return it as one page in this order.

    For vendors that sort no lists. Tickets of the same time are in the order of their ids, and
    those without the time come last. Records that cannot be read come behind the others.

    Args:
        fetch: what reads the page of the list at a place, in whatever order.
        order: the order that is wanted.
        cursor: where to go on: a place that ``behind`` of an earlier page told. None: at the first.

    Returns:
        One page with all that is behind ``cursor``. By the time of creation each ticket has a place
        that stays. By the time of the last change none has.

    Raises:
        InvalidArgument: the cursor is of another list.
        HelpdeskError: the list cannot be read.
    """
    found = await read_whole(fetch)
    items = sorted(found.items, key=lambda ticket: _key(ticket, order))
    if cursor is not None:
        last = _read(cursor)
        items = [ticket for ticket in items if _key(ticket, order) > last]
    problems = tuple(
        evolve(problem, index=at) for at, problem in enumerate(found.problems, len(items))
    )
    page = Page(items=tuple(items), problems=problems)
    if order.field != "created_at":
        return page
    return evolve(page, anchored=True, behind=lambda ticket: _place(_key(ticket, order)))


def _key(ticket: Ticket, order: TicketOrder) -> _Key:
    """Return what tickets are compared by: their time, and their ids as numbers before texts."""
    at: datetime | None = getattr(ticket, order.field)
    since = _NEVER if at is None else (at - _START) // _MICROSECOND
    ascending = since if at is None or not order.is_descending else _NEVER - 1 - since
    if is_digits(ticket.id):
        return ascending, len(ticket.id), ticket.id
    return ascending, 2**31, ticket.id


def _place(key: _Key) -> Cursor:
    return Cursor(f"{key[0]}.{key[1]}.{key[2]}")


def _read(cursor: Cursor) -> _Key:
    parts = cursor.split(".", 2)
    if len(parts) != 3 or not all(is_digits(part) and len(part) < 25 for part in parts[:2]):
        raise InvalidArgument("this cursor is not one of this desk's.")
    return int(parts[0]), int(parts[1]), parts[2]
