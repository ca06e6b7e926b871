"""What the calls that list something have in common: each page is read within the call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from operator import attrgetter
from typing import Any, TypeAlias, TypeVar

from helpdesk_bridge.desk import arguments
from helpdesk_bridge.desk.call import CallContext
from helpdesk_bridge.desk.pager import Pager
from helpdesk_bridge.desk.parts import Desk
from helpdesk_bridge.desk.place import Listing
from helpdesk_bridge.model import Cursor, Page

__all__ = ["ID", "listed"]

T = TypeVar("T")

_Read: TypeAlias = Callable[[Cursor | None], Awaitable[Page[T]]]

ID: Callable[[Any], str] = attrgetter("id")
"""What tells the id of a ticket, a message or a team."""


def listed(
    desk: Desk,
    call: CallContext,
    read: _Read[T],
    identity: Callable[[T], str],
    *,
    asked: Any = None,
    limit: int | None = None,
    cursor: str | None = None,
    mark: Callable[[tuple[T, ...]], object] | None = None,
    read_all: _Read[T] | None = None,
) -> Pager[T]:
    """Return the pager of a call, within which it is made.

    Args:
        desk: the desk.
        call: the public call.
        read: what asks the adapter for the page at a place.
        identity: what tells the id of an item.
        asked: the query; a cursor belongs to lists of the same one. None: there is none.
        limit: the most items to hand out; None is no limit.
        cursor: where to begin, as the caller has it; None is the beginning.
        mark: what marks what was read as this desk's; None: it bears no mark.
        read_all: what asks the adapter for the page at a place, where all of the list is wanted;
            None: ``read`` does.

    Raises:
        InvalidArgument: the cursor is of another list, or damaged.
    """
    arguments.cursor(cursor)
    vendor = desk.adapter.name
    about = {} if call.ticket_id is None else {"ticket": call.ticket_id}

    async def fetch(place: Cursor | None, read: _Read[T] = read) -> Page[T]:
        with call.part() as part:
            page = await read(place)
            await part.name_problems(page.problems)
        if mark is not None:
            mark(page.items)
        return page

    return Pager(
        fetch,
        identity,
        cursor=cursor,
        listing=Listing.of(vendor, call.operation, asked, **about),
        limit=limit,
        tasks=desk._prefetch,
        concurrency=desk._options.concurrency,
        named=call.named,
        check=call.check_home,
        fetch_all=None if read_all is None else partial(fetch, read=read_all),
    )
