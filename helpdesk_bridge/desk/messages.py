"""The calls that read messages and whole conversations."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable
from contextlib import aclosing
from operator import attrgetter

from helpdesk_bridge.desk import arguments
from helpdesk_bridge.desk.pager import Pager
from helpdesk_bridge.desk.parts import Desk
from helpdesk_bridge.model import (
    Capability,
    Cursor,
    Message,
    MessageQuery,
    MessageType,
    Page,
    Ticket,
)

__all__ = ["conversations", "message", "messages"]


def messages(
    self: Desk,
    ticket: Ticket | str,
    *,
    types: Iterable[MessageType] | None = None,
    cursor: str | None = None,
) -> Pager[Message]:
    """List a ticket's messages, oldest first: the whole conversation, notes and events too.

    Nothing is requested before the list is awaited or iterated over.

    Args:
        ticket: the Ticket, or its id.
        types: only messages of these types; None is all of them.
        cursor: a :attr:`Pager.cursor` or :attr:`Page.next` of an earlier list of this ticket,
            to go on from there; None begins at the beginning.

    Returns:
        A :class:`Pager`: ``await`` it for the first page, ``async for`` it for every message.

    Raises:
        InvalidArgument: for a value that is not acceptable.
        NotFound: while the list is read, when there is no such ticket.
        HelpdeskError: while the list is read, with ``items_read`` and ``cursor`` on it.
    """
    call = self._calls.begin("messages")
    with call:
        self._guard.require(Capability.LIST_MESSAGES)
        ref = self._guard.ticket(ticket)
        query = MessageQuery(types=arguments.types(types))
        arguments.cursor(cursor)
    list_messages, mark = self.adapter.list_messages, self._origin.mark_messages

    async def fetch(place: Cursor | None) -> Page[Message]:
        with call.part():
            page = await list_messages(ref, query, place)
        mark(page.items)
        return page

    return Pager(
        fetch,
        attrgetter("id"),
        cursor=cursor,
        tasks=self._prefetch,
        concurrency=self._options.concurrency,
    )


async def message(self: Desk, ticket: Ticket | str, message_id: str) -> Message:
    """Read one message of a ticket.

    Args:
        ticket: the Ticket, or its id.
        message_id: the vendor's id of the message.

    Returns:
        The message.

    Raises:
        NotFound: the ticket has no such message, or the account may not see it.
        InvalidArgument: for what is no id of this vendor.
        HelpdeskError: as the vendor or the network has it.
    """
    with self._calls.begin("message"):
        self._guard.require(Capability.GET_MESSAGE)
        ref = self._guard.ticket(ticket)
        self._guard.id(message_id)
        return self._origin.mark(await self.adapter.get_message(ref, message_id))


async def conversations(
    self: Desk,
    tickets: Iterable[Ticket | str] | AsyncIterable[Ticket],
    *,
    concurrency: int = 8,
) -> AsyncIterator[tuple[Ticket, list[Message]]]:
    """Yield each ticket with all its messages, in the order given, read several at a time.

    A ticket given by id is read first. While a long conversation holds up the others' turn, at
    most as many again are read and kept.

    Args:
        tickets: the tickets or their ids; :meth:`tickets` will do as it is.
        concurrency: how many conversations to read at once, 1 or more.

    Returns:
        An async iterator of pairs: the ticket, and its messages from the oldest on.

    Raises:
        InvalidArgument: for a value that is not acceptable.
        HelpdeskError: the first one in the order given; what is under way is cancelled then.
    """
    with self._calls.begin("conversations"):
        arguments.concurrency(concurrency)
        arguments.tickets(tickets)
    room = asyncio.Semaphore(concurrency)
    begun: deque[asyncio.Task[tuple[Ticket, list[Message]]]] = deque()
    try:
        async with aclosing(_each(tickets)) as given:
            async for ticket in given:
                begun.append(asyncio.create_task(_conversation(self, ticket, room)))
                while begun and (len(begun) >= 2 * concurrency or begun[0].done()):
                    yield await begun.popleft()
        while begun:
            yield await begun.popleft()
    finally:
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)


async def _conversation(
    desk: Desk, ticket: Ticket | str, room: asyncio.Semaphore
) -> tuple[Ticket, list[Message]]:
    async with room:
        full = ticket if isinstance(ticket, Ticket) else await desk._reader.ticket(ticket)
        found: list[Message] = []
        async for page in desk._reader.messages(full).pages():
            found.extend(page)
        return full, found


async def _each(
    tickets: Iterable[Ticket | str] | AsyncIterable[Ticket],
) -> AsyncGenerator[Ticket | str, None]:
    if isinstance(tickets, AsyncIterable):
        async for ticket in tickets:
            yield ticket
    else:
        for given in tickets:
            yield given
