"""The calls that read messages."""

from __future__ import annotations

from collections.abc import Iterable

from helpdesk_bridge.desk import arguments
from helpdesk_bridge.desk.listed import ID, listed
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

__all__ = ["message", "messages"]


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
        call.ticket_id = ref.id
        query = MessageQuery(types=arguments.types(types))
        list_messages = self.adapter.list_messages

        async def read(place: Cursor | None) -> Page[Message]:
            return await list_messages(ref, query, place)

        mark = self._origin.mark_messages
        return listed(self, call, read, ID, asked=query, cursor=cursor, mark=mark)


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
    with self._calls.begin("message") as call:
        self._guard.require(Capability.GET_MESSAGE)
        ref = self._guard.ticket(ticket)
        call.ticket_id = ref.id
        self._guard.id(message_id, "message_id")
        call.message_id = message_id
        return self._origin.mark(await self.adapter.get_message(ref, message_id))
