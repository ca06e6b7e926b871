"""The calls that tell what has changed; what they do is in ``helpdesk_bridge.sync``.

It is imported with the first of them. What it asks the adapter goes through :func:`read_changed`
and its like: each is one request within the call, and lets the desk's other calls go first.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import datetime
from typing import TypeVar

from helpdesk_bridge.desk.call import CallContext
from helpdesk_bridge.desk.parts import Desk
from helpdesk_bridge.errors import ProtocolError
from helpdesk_bridge.model import Capability, ChangeBatch, Cursor, Event, Feed, Page, Ticket
from helpdesk_bridge.transport.yielding import yielding

__all__ = [
    "changes",
    "events",
    "follow",
    "read_changed",
    "read_deleted",
    "read_feed",
    "read_spoken",
]

T = TypeVar("T")

_LONGEST_PLACE = 4096
"""Characters of a place in a vendor's feed: a checkpoint has to hold it."""


async def changes(
    self: Desk, checkpoint: str | None = None, *, messages: bool = False, sweep: bool = False
) -> AsyncGenerator[ChangeBatch, None]:
    """Yield what has changed since a checkpoint, in batches, until everything is told.

    For ``async for``: unlike a list of tickets it cannot be awaited (TypeError). Messages are read
    only with ``messages=True``, while :meth:`follow` and :meth:`events` read them by themselves: a
    copy of the tickets costs a few requests, and messages one more for each ticket that changed.

    Store each batch with its checkpoint in one transaction, and begin the next time with the
    checkpoint that was stored last, in this process or another one: nothing is lost then, whatever
    ends the program when. A ticket may come again as it was; what comes twice is the same record.
    The last batch has ``caught_up``, and comes even where nothing changed. How it is found out, and
    what that costs, says ``capabilities[Capability.CHANGES]``. Requests of changes let other
    calls of the desk go first.

    Args:
        checkpoint: ``checkpoint`` of the batch that was stored last; None begins with all tickets
            there are.
        messages: whether the messages that came are read too, each of which is told once; what was
            there before a checkpoint that was made without them is not told. False (the default
            here) is refused with a checkpoint that was made with them.
        sweep: whether tickets that are gone are found by reading the list of all tickets once more:
            for desks whose changes do not see deletions. What is missing from the list, and is not
            found by its id either, is ``deleted``. It costs a full read, and a request for each
            ticket that is missing.

    Yields:
        Batches of changes.

    Raises:
        InvalidArgument: the text is not a checkpoint, or one of another desk, vendor or account;
            or it was made with messages, which would be lost without.
        UnsupportedCapability: the desk cannot list its tickets; or its messages, where they are
            wanted.
        HelpdeskError: as the vendor or the network has it; the batches before it are valid.
    """
    from helpdesk_bridge.sync import read_changes

    with self._calls.begin("changes") as call:
        self._guard.require(Capability.CHANGES)
    read = read_changes(self, call, checkpoint, messages=messages, sweep=sweep)
    async with aclosing(read) as batches:
        async for batch in batches:
            yield batch


async def follow(
    self: Desk,
    checkpoint: str | None = None,
    *,
    every: float = 30.0,
    messages: bool = True,
    sweep_every: float | None = None,
    doorbell: asyncio.Event | None = None,
) -> AsyncGenerator[ChangeBatch, None]:
    """Yield what changes, as :meth:`changes` does, again and again; it never ends by itself.

    For ``async for``: it cannot be awaited (TypeError). It reads messages unless it is given
    ``messages=False``, while :meth:`changes` reads them only with ``messages=True``.

    It polls within the desk's rate limit, and lets other calls go first. Errors that pass do not
    end it: a vendor that is away, or asks for patience, is asked again later. What does not pass is
    raised: a key that is not accepted, a checkpoint of another desk. Batches without anything new
    are not told, but the first one that is caught up: where that is empty, all that there is was
    told before it. To end it, cancel its task; or close the desk (``aclose``), which ends the loop
    without an error; or leave the loop: within ``contextlib.aclosing`` it has then ended at once,
    and else once it is collected. Each attempt that failed is a warning in the log, with the
    seconds to the next one.

    Args:
        checkpoint: as for :meth:`changes`; None begins with all tickets there are.
        every: seconds from the beginning of one poll to that of the next. Where everything has to
            be read, the reading is spread over them.
        messages: as for :meth:`changes`, where the default is False.
        sweep_every: seconds from one search for deleted tickets to the next (``sweep``); None: none
            is made, nor is one where deletions are told anyway.
        doorbell: an event of this follower's own that wakes it early, once a second at most, and
            that it clears: for a webhook to ring; from another thread by
            ``loop.call_soon_threadsafe(doorbell.set)``. It does not shorten the wait after an
            error. None: nothing wakes it.

    Yields:
        Batches of changes.

    Raises:
        InvalidArgument: as for :meth:`changes`; or ``every`` is too short for what a poll costs
            within the desk's ``rate_limit``: the error says what is possible.
        UnsupportedCapability: as for :meth:`changes`.
        HelpdeskError: what does not pass by itself.
    """
    from helpdesk_bridge.sync import follow_changes

    with self._calls.begin("follow") as call:
        self._guard.require(Capability.CHANGES)
    read = follow_changes(
        self,
        call,
        checkpoint,
        every=every,
        messages=messages,
        sweep_every=sweep_every,
        doorbell=doorbell,
    )
    async with aclosing(read) as batches:
        async for batch in batches:
            yield batch


async def events(
    self: Desk,
    checkpoint: str | None = None,
    *,
    every: float | None = None,
    sweep: bool = False,
    sweep_every: float | None = None,
    doorbell: asyncio.Event | None = None,
) -> AsyncGenerator[Event, None]:
    """Yield what happened on the desk one by one, for a program that acts on it.

    For ``async for``: it cannot be awaited (TypeError). Messages are always read.

    Each event has the checkpoint that may be stored once it is dealt with: what was told before it
    does not come again. An event that was dealt with and whose checkpoint was not stored does: act
    with a ``key`` made of :attr:`Event.id`, and it is done once.

    Args:
        checkpoint: :attr:`Event.checkpoint` of the event that was dealt with last, or the
            checkpoint of a batch that was read with messages (one of ``changes(messages=False)`` is
            refused); None begins with all tickets and messages there are.
        every: seconds between polls, as for :meth:`follow`; None ends when everything is told.
        sweep: as for :meth:`changes`; only without ``every``.
        sweep_every: seconds between searches for deleted tickets, as for :meth:`follow`; only with
            ``every``. None: none is made.
        doorbell: as for :meth:`follow`; None: nothing wakes it.

    Yields:
        Events: what became of a ticket first, then its messages.

    Raises:
        InvalidArgument: as for :meth:`follow`; or the checkpoint was made without messages, and
            does not know the statuses of tickets.
        UnsupportedCapability: the desk cannot list tickets or messages.
        HelpdeskError: as for :meth:`changes`, and with ``every`` as for :meth:`follow`.
    """
    from helpdesk_bridge.sync import read_events

    with self._calls.begin("events") as call:
        self._guard.require(Capability.CHANGES, Capability.LIST_MESSAGES)
    read = read_events(
        self,
        call,
        checkpoint,
        every=every,
        sweep=sweep,
        sweep_every=sweep_every,
        doorbell=doorbell,
    )
    async with aclosing(read) as told:
        async for event in told:
            yield event


async def read_changed(desk: Desk, call: CallContext, cursor: Cursor | None) -> Page[Ticket]:
    """Return a page of the tickets that changed last; ``cursor`` is the adapter's (None: first)."""
    return await _page(desk, call, lambda: desk.adapter.list_changed(cursor))


async def read_deleted(desk: Desk, call: CallContext, cursor: Cursor | None) -> Page[Ticket]:
    """Return a page of the tickets that were deleted last, as :func:`read_changed` does."""
    return await _page(desk, call, lambda: desk.adapter.list_deleted(cursor))


async def read_spoken(
    desk: Desk, call: CallContext, since: datetime, cursor: Cursor | None
) -> Page[Ticket]:
    """Return a page of the tickets with a message at ``since`` or later (UTC)."""
    return await _page(desk, call, lambda: desk.adapter.list_spoken(since, cursor))


async def read_feed(desk: Desk, call: CallContext, place: str | None) -> Feed:
    """Return what the vendor's feed tells behind ``place`` (None: from the beginning)."""
    with call.part() as part, yielding():
        feed = await desk.adapter.read_feed(place)
        _check_place(feed.place)
        for problem in feed.problems:
            problem.error.fill(ticket_id=desk._guard.told_id(problem.raw))
        await part.name_problems(feed.problems)
    desk._origin.mark_tickets(feed.tickets)
    return feed


def _check_place(place: object) -> None:
    is_short = isinstance(place, str) and 0 < len(place) <= _LONGEST_PLACE
    if not is_short or not str(place).isprintable():
        raise ProtocolError(
            f"the place in the vendor's feed is not a text of 1 to {_LONGEST_PLACE} printable"
            " characters."
        )


async def _page(
    desk: Desk, call: CallContext, read: Callable[[], Awaitable[Page[Ticket]]]
) -> Page[Ticket]:
    with call.part() as part, yielding():
        page = await read()
        for problem in page.problems:
            problem.error.fill(ticket_id=desk._guard.told_id(problem.raw))
        await part.name_problems(page.problems)
    desk._origin.mark_tickets(page.items)
    return page
