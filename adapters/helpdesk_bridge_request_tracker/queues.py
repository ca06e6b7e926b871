"""Queues: the list of them, and whether the configured one is there.

``T21`` … as in :mod:`helpdesk_bridge_request_tracker.wire`.
"""

from __future__ import annotations

from attrs import frozen

from helpdesk_bridge import kit
from helpdesk_bridge.kit import Effect, Operation, errors, is_digits, read_records
from helpdesk_bridge_request_tracker import outgoing, wire
from helpdesk_bridge_request_tracker.lists import MAX_EMPTY, PAGE, Lists, endless, more_of, unseen
from helpdesk_bridge_request_tracker.places import after

__all__ = ["Queues"]

LIST_TEAMS = Operation("list_teams", Effect.READ)
CHECK_SETTINGS = Operation("check_settings", Effect.READ)

HIDDEN = 30
"""Pages that are read for an account that is shown no queue at all: of the newest 3,000."""
_PATH = ("queues",)


@frozen
class Queues:
    """Reads queues.

    Args:
        transport: the desk's way to its RT.
    """

    transport: kit.Transport

    async def page(self, cursor: kit.Cursor | None) -> kit.Page[kit.Team]:
        """Return the next queues that the account may see.

        T21: RT drops those that it may not see from pages that it has cut, and tells most accounts
        no end. So the newest queue that is shown is looked for from the end of the list: with it
        the list is whole. Where none is shown, no end can be proved.

        Raises:
            PermissionDenied: RT shows no queue, and may have some that the account may see.
        """
        lists, last = Lists(self.transport, LIST_TEAMS), after(cursor)
        listing = await _next(lists, last)
        total = listing.told.total
        if total is None:
            listing, goes_on = await _up_to_newest(lists, listing, last)
        else:
            goes_on = more_of(listing, 1, 0).is_there
        items, problems = read_records(
            listing.items, wire.QueueJson, wire.QueueJson.to_team, "$.items"
        )
        if total and not listing.items:
            problems = (unseen(total, "queues"),)
        return kit.Page(
            items=items,
            problems=problems,
            next=kit.Cursor(str(listing.last_id)) if goes_on and listing.items else None,
            anchored=True,
            behind=lambda team: kit.Cursor(team.id),
            lacking=lists.lacking,
        )

    async def missing(self, queue: str) -> tuple[str, ...]:
        """Return a sentence if the account may see no queue of this name or number.

        RT keeps no two queues of one name, and none whose name is a number; of a page with one row
        it cuts none off. What is the same name is for its database to say.
        """
        value = outgoing.queue_number(queue)
        query = outgoing.matching("id" if is_digits(queue) else "Name", [value])
        lists = Lists(self.transport, CHECK_SETTINGS)
        listing = await lists.page(_PATH, outgoing.QUEUE_FIELDS, json=query)
        if not listing.items:
            kit.require_complete(lists.lacking)
            return (f'queue: there is no queue "{queue}" that this account may see.',)
        found, _ = read_records(listing.items, wire.QueueJson, wire.QueueJson.to_team, "$.items")
        words = {word.casefold() for team in found for word in (team.id, team.name)}
        if len(listing.items) > 1 and value.casefold() not in words:
            raise errors.ProtocolError("$.items: queues that were not asked for.", path="$.items")
        return ()


async def _next(lists: Lists, last: int, number: int = 1) -> wire.Listing:
    """Return a page of the queues behind ``last``, in the order of their numbers."""
    query = outgoing.above(last)
    listing = await lists.page(_PATH, outgoing.QUEUE_FIELDS, page=number, json=query)
    if listing.items and min(listing.numbers, default=last + 1) <= last:
        raise errors.ProtocolError("$.items: queues that were not asked for.", path="$.items")
    return listing


async def _up_to_newest(
    lists: Lists, listing: wire.Listing, last: int
) -> tuple[wire.Listing, bool]:
    """Return the first page behind ``last`` that shows a queue, and whether there are more.

    ``listing`` is the first one. The newest queue is looked for from the last one known, which is
    shown: the search for it has an end.
    """
    if len(listing.items) >= PAGE:
        return listing, True
    known = listing.last_id if listing.items else last
    query, pages = outgoing.above(max(known - 1, 0)), None if known else HIDDEN
    newest = await lists.highest(_PATH, json=query, pages=pages)
    if newest is None:
        if known:
            raise endless()
        raise errors.PermissionDenied(
            f"RT shows the account none of its newest {HIDDEN * PAGE} queues, nor of its oldest"
            f" {PAGE}: it lacks the right SeeQueue, or has it for others alone."
        )
    number = 1
    while not listing.items and newest > last:
        number += 1
        if number > MAX_EMPTY:
            raise endless()
        listing = await _next(lists, last, number)
    return listing, bool(listing.items) and listing.last_id < newest
