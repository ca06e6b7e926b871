"""The feed of a Store: its tickets in the order of the numbers of their last changes."""

from __future__ import annotations

import re
from heapq import nsmallest
from operator import attrgetter

from helpdesk_bridge.kit import Feed, errors
from helpdesk_bridge.memory.store import Store
from helpdesk_bridge.memory.wire import to_ticket

__all__ = ["feed_behind"]

_PLACE = re.compile(r"m1\.([0-9a-f]{16})\.(0|[1-9][0-9]{0,17})")


def feed_behind(store: Store, place: str | None, size: int) -> Feed:
    """Return what changed behind a place, the oldest last change first.

    A ticket that changes again while it is read moves behind every place, and comes again: none is
    missed.

    Args:
        store: where to look.
        place: ``place`` of an earlier feed; None is the beginning.
        size: how many tickets are told at most, deleted ones included.

    Raises:
        InvalidArgument: the place is none, or of another Store, or ahead of this one's changes.
    """
    number = 0 if place is None else _number(store, place)
    changed = (ticket for ticket in store.tickets.values() if ticket.change > number)
    behind = nsmallest(size + 1, changed, key=attrgetter("change"))
    told = behind[:size]
    last = told[-1].change if told else number
    return Feed(
        tickets=tuple(to_ticket(ticket) for ticket in told if ticket.deleted_at is None),
        deleted=tuple(str(ticket.id) for ticket in told if ticket.deleted_at is not None),
        place=f"m1.{store.identity}.{last}",
        caught_up=len(behind) <= size,
    )


def _number(store: Store, place: str) -> int:
    found = _PLACE.fullmatch(place)
    if found is None:
        raise errors.InvalidArgument("this is no place in the changes of a desk in memory.")
    identity, number = found[1], int(found[2])
    if identity != store.identity:
        raise errors.InvalidArgument(
            "the checkpoint is of another desk in memory, and one that is not kept in a file ends"
            " with its process: begin with None, or give the desk a `path`."
        )
    if number > store.last_change:
        raise errors.InvalidArgument(
            "this place is ahead of the desk's changes: an older copy of its file was put in its"
            " place."
        )
    return number
