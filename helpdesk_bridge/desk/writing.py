"""The calls that add a message to a ticket: reply, note, forward, add_request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from operator import attrgetter
from types import EllipsisType
from typing import Any

from attrs import evolve

from helpdesk_bridge.delivery.entry import LedgerEntry
from helpdesk_bridge.delivery.write import Earlier, Write, content_of, given_of
from helpdesk_bridge.desk import arguments
from helpdesk_bridge.desk.arguments import Addresses, AddressLike
from helpdesk_bridge.desk.before_send import ids_before, last_id
from helpdesk_bridge.desk.call import CallContext
from helpdesk_bridge.desk.changed import require_changed
from helpdesk_bridge.desk.parts import Desk
from helpdesk_bridge.desk.written import send_as_meant
from helpdesk_bridge.errors import HelpdeskError, InvalidArgument, Outcome, PartlyDone
from helpdesk_bridge.kit.recipients import require_hidden
from helpdesk_bridge.model import (
    Body,
    Capability,
    CustomerMessage,
    Forward,
    Message,
    Note,
    OutgoingMessage,
    Priority,
    Reply,
    SentMessage,
    Status,
    Ticket,
    TicketChanges,
    TicketKind,
    TicketRef,
    Upload,
)

__all__ = ["add_request", "forward", "note", "reply"]


async def reply(
    self: Desk,
    ticket: Ticket | str,
    *,
    html: str | None = None,
    text: str | None = None,
    send_email: bool,
    to: Addresses | EllipsisType = ...,
    cc: Addresses = (),
    bcc: Addresses = (),
    attachments: Iterable[Upload] = (),
    status: Status | None = None,
    priority: Priority | None = None,
    kind: TicketKind | None = None,
    send_at: datetime | None = None,
    extra: Mapping[str, Any] | None = None,
    key: str | None = None,
    if_last: Message | str | None = None,
) -> SentMessage:
    """Answer the customer.

    Args:
        ticket: the Ticket, or its id. Only the id counts: who is written to is who it is now.
        html: the body as HTML; give this or ``text``, the other is derived. None: not given.
        text: the body as plain text. None: not given.
        send_email: whether the vendor mails it. It has no default, because vendors disagree;
            False records the reply and mails nobody.
        to: who is written to, Parties or e-mail addresses, at least one. Left out (``...``) it is
            who is the ticket's requester now.
        cc: who gets a copy.
        bcc: who gets a copy that nobody else sees.
        attachments: files.
        status: where the ticket is to stand afterwards; set in the same step where the vendor can,
            in a second one elsewhere. None leaves it to the vendor.
        priority: how urgent the ticket is from now on; None leaves it.
        kind: what sort of matter it is from now on; None leaves it.
        send_at: when it is to be sent (aware); None is now.
        extra: the vendor's own fields, put into the request as they are; None is none. A key that
            the call sets itself is InvalidArgument, and with ``send_email=False`` so is every key
            but those that the adapter vouches for (``Adapter.quiet_extra``).
        key: the application's own name for this write, unique for the desk, of at most 255
            characters: a call with it is done once, also by another process and after a crash. It
            needs a ledger. None: every call is a write of its own.
        if_last: the last message that was read, or its id: it is sent only if the customer has
            written nothing since. The conversation is read just before, and what comes while the
            reply is sent is not noticed. None sends it in any case.

    Returns:
        What the vendor accepted; its ``id`` is None where the vendor tells none: see
        :meth:`complete`. With a ``key`` it may be what an earlier call sent (``repeated``).

    Raises:
        InvalidArgument: for a value that is not acceptable; nothing was sent.
        ConversationMoved: the customer has written since ``if_last``, or it cannot be told;
            nothing was sent.
        UnsupportedCapability: for an option that this desk does not have; nothing was sent.
        InProgress: another call with this key is under way.
        TicketClosed: the vendor takes no more messages on this ticket.
        OutcomeUnknown: it may have been sent: ask :meth:`reconcile` before doing it again.
        PartlyDone: the reply was accepted, and the status was not set, or may not have been; or
            the vendor shows the reply as a note, so that perhaps nobody was mailed.
        HelpdeskError: as the vendor or the network has it.
    """
    with self._calls.begin("reply", writes=True) as call:
        if not isinstance(send_email, bool):
            raise InvalidArgument("send_email must be True or False.")
        message = Reply(
            body=Body.of(html, text),
            send_email=send_email,
            to=() if to is ... else arguments.recipients(to, "to"),
            cc=arguments.parties(cc, "cc"),
            bcc=arguments.parties(bcc, "bcc"),
            attachments=arguments.uploads(attachments),
            status=arguments.member(Status, status, "status"),
            priority=arguments.member(Priority, priority, "priority"),
            kind=arguments.member(TicketKind, kind, "kind"),
            send_at=arguments.aware(send_at, "send_at"),
            extra=arguments.mapping(extra, "extra"),
        )
        require_hidden(message.bcc, message.to, message.cc)
        options = arguments.given(
            to=message.to, cc=message.cc, bcc=message.bcc, priority=priority, kind=kind
        )
        self._guard.allow(Capability.REPLY, options)
        if not send_email:
            self._guard.require(Capability.REPLY_WITHOUT_EMAIL)
        if send_at is not None:
            self._guard.require(Capability.SCHEDULED_SEND)
        ref, last = self._guard.ticket_to_write(ticket), None
        if if_last is not None:
            self._guard.require(Capability.IF_LAST)
            last = last_id(self, ref, if_last)
        return await _send(self, call, Capability.REPLY, ref, message, key, last)


async def note(
    self: Desk,
    ticket: Ticket | str,
    *,
    html: str | None = None,
    text: str | None = None,
    attachments: Iterable[Upload] = (),
    status: Status | None = None,
    priority: Priority | None = None,
    kind: TicketKind | None = None,
    extra: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> SentMessage:
    """Write a note between agents. It has no recipients, and nobody outside sees it.

    Args:
        ticket: the Ticket, or its id.
        html: the body as HTML; give this or ``text``, the other is derived. None: not given.
        text: the body as plain text. None: not given.
        attachments: files.
        status: where the ticket is to stand afterwards, as with :meth:`reply`; None leaves it.
        priority: how urgent the ticket is from now on; None leaves it.
        kind: what sort of matter it is from now on; None leaves it.
        extra: the vendor's own fields, put into the request as they are; None is none. Only the
            keys that the adapter vouches for (``Adapter.quiet_extra``): any other might have
            somebody mailed, and is InvalidArgument.
        key: the application's own name for this write, unique for the desk, of at most 255
            characters: a call with it is done once, also by another process and after a crash. It
            needs a ledger. None: every call is a write of its own.

    Returns:
        What the vendor accepted; its ``id`` is None where the vendor tells none: see
        :meth:`complete`. With a ``key`` it may be what an earlier call sent (``repeated``).

    Raises:
        InvalidArgument: for a value that is not acceptable; nothing was sent.
        UnsupportedCapability: this desk has no notes, or not that option; nothing was sent.
        InProgress: another call with this key is under way.
        OutcomeUnknown: it may have been written: ask :meth:`reconcile` before doing it again.
        PartlyDone: the note was accepted, and the status was not set, or may not have been; or
            the vendor shows the note to the customer: remove it on the desk.
        HelpdeskError: as the vendor or the network has it.
    """
    with self._calls.begin("note", writes=True) as call:
        message = Note(
            body=Body.of(html, text),
            attachments=arguments.uploads(attachments),
            status=arguments.member(Status, status, "status"),
            priority=arguments.member(Priority, priority, "priority"),
            kind=arguments.member(TicketKind, kind, "kind"),
            extra=arguments.mapping(extra, "extra"),
        )
        self._guard.allow(Capability.NOTE, arguments.given(priority=priority, kind=kind))
        return await _send(
            self, call, Capability.NOTE, self._guard.ticket_to_write(ticket), message, key
        )


async def forward(
    self: Desk,
    ticket: Ticket | str,
    *,
    to: Addresses,
    html: str | None = None,
    text: str | None = None,
    cc: Addresses = (),
    bcc: Addresses = (),
    attachments: Iterable[Upload] = (),
    extra: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> SentMessage:
    """Send a message to third parties, who are mailed; the customer is not.

    Args:
        ticket: the Ticket, or its id.
        to: who is written to, Parties or e-mail addresses; at least one.
        html: the body as HTML; give this or ``text``, the other is derived. None: not given.
        text: the body as plain text. None: not given.
        cc: who gets a copy.
        bcc: who gets a copy that nobody else sees.
        attachments: files.
        extra: the vendor's own fields, put into the request as they are; None is none. A key that
            the call sets itself is InvalidArgument.
        key: the application's own name for this write, unique for the desk, of at most 255
            characters: a call with it is done once, also by another process and after a crash. It
            needs a ledger. None: every call is a write of its own.

    Returns:
        What the vendor accepted; its ``id`` is None where the vendor tells none: see
        :meth:`complete`. With a ``key`` it may be what an earlier call sent (``repeated``).

    Raises:
        InvalidArgument: for a value that is not acceptable; nothing was sent.
        UnsupportedCapability: this desk does not forward, or not so; nothing was sent.
        InProgress: another call with this key is under way.
        OutcomeUnknown: it may have been sent: ask :meth:`reconcile` before doing it again.
        PartlyDone: it was accepted, and the vendor shows it to others than it was meant for.
        HelpdeskError: as the vendor or the network has it.
    """
    with self._calls.begin("forward", writes=True) as call:
        message = Forward(
            body=Body.of(html, text),
            to=arguments.recipients(to, "to"),
            cc=arguments.parties(cc, "cc"),
            bcc=arguments.parties(bcc, "bcc"),
            attachments=arguments.uploads(attachments),
            extra=arguments.mapping(extra, "extra"),
        )
        require_hidden(message.bcc, message.to, message.cc)
        options = arguments.given(cc=message.cc, bcc=message.bcc)
        self._guard.allow(Capability.FORWARD, options)
        return await _send(
            self, call, Capability.FORWARD, self._guard.ticket_to_write(ticket), message, key
        )


async def add_request(
    self: Desk,
    ticket: Ticket | str,
    *,
    author: AddressLike,
    html: str | None = None,
    text: str | None = None,
    attachments: Iterable[Upload] = (),
    created_at: datetime | None = None,
    extra: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> SentMessage:
    """Record the customer's own words that came by another way; nobody is mailed.

    Args:
        ticket: the Ticket, or its id.
        author: the customer who wrote, a Party or an e-mail address.
        html: the words as HTML; give this or ``text``, the other is derived. None: not given.
        text: the words as plain text. None: not given.
        attachments: files.
        created_at: when the customer wrote (aware); None is now.
        extra: the vendor's own fields, put into the request as they are; None is none. Only the
            keys that the adapter vouches for (``Adapter.quiet_extra``), as for a note.
        key: the application's own name for this write, unique for the desk, of at most 255
            characters: a call with it is done once, also by another process and after a crash. It
            needs a ledger. None: every call is a write of its own.

    Returns:
        What the vendor accepted; its ``id`` is None where the vendor tells none: see
        :meth:`complete`. With a ``key`` it may be what an earlier call sent (``repeated``).

    Raises:
        InvalidArgument: for a value that is not acceptable; nothing was sent.
        UnsupportedCapability: this desk takes no requests, or not so; nothing was sent.
        InProgress: another call with this key is under way.
        OutcomeUnknown: it may be there: ask :meth:`reconcile` before doing it again.
        PartlyDone: it was accepted, and the vendor shows it to others than it was meant for.
        HelpdeskError: as the vendor or the network has it.
    """
    with self._calls.begin("add_request", writes=True) as call:
        message = CustomerMessage(
            body=Body.of(html, text),
            author=arguments.correspondent(author, "author"),
            attachments=arguments.uploads(attachments),
            created_at=arguments.aware(created_at, "created_at"),
            extra=arguments.mapping(extra, "extra"),
        )
        self._guard.allow(Capability.ADD_REQUEST, arguments.given(created_at=created_at))
        ref = self._guard.ticket_to_write(ticket)
        return await _send(self, call, Capability.ADD_REQUEST, ref, message, key)


async def _send(
    desk: Desk,
    call: CallContext,
    capability: Capability,
    ref: TicketRef,
    message: OutgoingMessage,
    key: str | None,
    last: str | None = None,
) -> SentMessage:
    """Send a message that was checked, and set the ticket's status after it if need be.

    With ``last``, the id of a message, only if the customer has written nothing since.
    """
    call.ticket_id = ref.id
    if not (message.send_email if isinstance(message, Reply) else isinstance(message, Forward)):
        desk._guard.quiet(message.extra, desk.adapter.quiet_extra)
    key = desk._sender.check_key(key)
    await desk._guard.content(capability, message.body, message.attachments)
    status = message.status if isinstance(message, (Reply, Note)) else None
    content: bytes | None = None
    if key is not None:
        given = given_of(message, call=call.operation, ticket=ref.id)
        content = await content_of(given, message.attachments)
    afterwards = False
    if isinstance(message, (Reply, Note)) and status is not None:
        desk._guard.require(Capability.REPLY_WITH_STATUS)
        desk._guard.status(Capability.REPLY_WITH_STATUS, status)
        if afterwards := desk.adapter.by_steps(Capability.REPLY_WITH_STATUS):
            message = evolve(message, status=None)
    lacks = ", and the status was not set" if afterwards else ""
    done: SentMessage | Earlier = await desk._sender.send(
        call,
        Write(
            do=partial(send_as_meant, desk.adapter, ref, message, lacks=lacks),
            made_id=attrgetter("id"),
            ticket_id=ref.id,
            body=message.body.text,
            files=[upload.name for upload in message.attachments],
            due=getattr(message, "send_at", None) or getattr(message, "created_at", None),
            before=partial(ids_before, desk, call, ref, message, last),
            is_last=not afterwards,
            key=key,
            content=content,
        ),
    )
    if isinstance(done, Earlier):
        sent, afterwards = _repeated(done.entry), not done.entry.finished
    else:
        sent = evolve(done, operation_id=call.operation_id, fingerprint=call.fingerprint)
    if afterwards and status is not None:
        await _set_status(desk, sent, status)
        await desk._sender.finish(sent.operation_id)
    return desk._origin.mark_sent(sent)


def _repeated(entry: LedgerEntry) -> SentMessage:
    """Return what an earlier call with the same key has sent."""
    return SentMessage(
        ticket_id=entry.ticket_id or "",
        id=entry.made_id,
        operation_id=entry.operation_id,
        repeated=True,
        fingerprint=entry.fingerprint,
    )


async def _set_status(desk: Desk, sent: SentMessage, status: Status) -> None:
    changes = TicketChanges(status=status)
    try:
        require_changed(
            desk.adapter, changes, await desk.adapter.update_ticket(sent.ticket_id, changes)
        )
    except HelpdeskError as error:
        failure = error
    else:
        return
    known = failure.outcome is not Outcome.UNKNOWN
    raise PartlyDone(
        "the message was accepted, but the status"
        f" {'was not' if known else 'may not have been'} set: {failure.message}",
        failure=failure,
        ticket_id=sent.ticket_id,
        message_id=sent.id,
    )
