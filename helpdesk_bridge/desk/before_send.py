"""Reads a conversation just before a message is sent into it: what is there, and who wrote last."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from operator import attrgetter

from helpdesk_bridge.delivery.moved import written_since
from helpdesk_bridge.desk.call import CallContext
from helpdesk_bridge.desk.pager import Pager
from helpdesk_bridge.desk.parts import Desk
from helpdesk_bridge.errors import ConversationMoved, HelpdeskError, InvalidArgument
from helpdesk_bridge.errors.moment import Stopwatch
from helpdesk_bridge.errors.plain import in_brackets
from helpdesk_bridge.model import (
    Capability,
    Cursor,
    Message,
    MessageQuery,
    OutgoingMessage,
    Page,
    Problem,
    TicketRef,
)

__all__ = ["ids_before", "last_id"]

_FRESH = 5.0
"""Seconds after which the reading of a conversation says nothing of the present any more."""


def last_id(desk: Desk, ref: TicketRef, last: Message | str) -> str:
    """Return the id of the message given as ``if_last``, which must be one of this ticket."""
    if isinstance(last, Message):
        desk._origin.require(last)
        if last.ticket_id != ref.id:
            raise InvalidArgument("if_last= is a message of another ticket.")
        last = last.id
    desk._guard.id(last, "if_last", "a Message or its id")
    return last


async def ids_before(
    desk: Desk, call: CallContext, ref: TicketRef, message: OutgoingMessage, last: str | None
) -> Sequence[str] | None:
    """Return the ids of the messages that are on the ticket now; None: they were not read.

    With a ledger they are read, because they prove that a lost message is not there; an account
    that may not read the ticket may still write to it. With ``last`` they are read in any case,
    and ConversationMoved is raised if the customer wrote after that message.
    """
    if last is not None:
        found = await _unmoved(desk, ref, last)
        call.check_before_bytes(partial(_check_fresh, Stopwatch()))
        return found
    told = await desk.adapter.note_before_send(ref, message)
    can_read = desk._guard.capabilities.supports(Capability.LIST_MESSAGES)
    if told is not None or not desk._sender.is_given or not can_read:
        return told
    try:
        messages, problems = await _conversation(desk, ref)
    except HelpdeskError:
        return None
    return None if problems else [one.id for one in messages]


def _check_fresh(since: Stopwatch) -> None:
    """Raise ConversationMoved if the message had to wait: the customer may have written."""
    if since.seconds > _FRESH:
        raise ConversationMoved(
            f"the reply had to wait for more than {_FRESH:g} s after the conversation was read,"
            " and the customer may have written since: read it again."
        )


async def _conversation(desk: Desk, ref: TicketRef) -> tuple[list[Message], list[Problem]]:
    """Read all messages of a ticket, within the call that sends and by its deadline."""
    list_messages = desk.adapter.list_messages

    async def fetch(place: Cursor | None) -> Page[Message]:
        return await list_messages(ref, MessageQuery(), place)

    listing = Pager(
        fetch,
        attrgetter("id"),
        tasks=desk._prefetch,
        concurrency=desk._options.concurrency,
    ).collect_problems()
    try:
        return [message async for message in listing], listing.problems
    except HelpdeskError as error:
        error.items_read = error.cursor = None  # a message cannot be gone on with
        raise
    finally:
        await listing.aclose()


async def _unmoved(desk: Desk, ref: TicketRef, last: str) -> Sequence[str]:
    """Return the ids of all messages; raise ConversationMoved if the customer wrote after one."""
    messages, problems = await _conversation(desk, ref)
    newer = written_since(last, messages)
    if newer is None:
        raise ConversationMoved("the message given as if_last= is not on the ticket.")
    if newer:
        raise ConversationMoved(
            f"the customer has written since ({len(newer)} more): read that first.",
            newer=[message.id for message in newer],
        )
    if problems:
        raise ConversationMoved(
            "a message of the ticket cannot be read, and may be a newer one of the customer's"
            f" {in_brackets(problems[0].error.message)}."
        )
    return [message.id for message in messages]
