"""Calls that concern messages, and whole conversations."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import aclosing
from datetime import datetime
from operator import attrgetter
from typing import Any

from attrs import evolve

from helpdesk_bridge.desk import arguments as check
from helpdesk_bridge.desk.arguments import Addresses, AddressLike
from helpdesk_bridge.desk.pager import Pager
from helpdesk_bridge.desk.tickets import TicketCalls
from helpdesk_bridge.errors import (
    HelpdeskError,
    InvalidArgument,
    Outcome,
    PartlyDone,
)
from helpdesk_bridge.model import (
    Body,
    Capability,
    Cursor,
    CustomerMessage,
    Forward,
    Level,
    Message,
    MessageQuery,
    MessageType,
    Note,
    OutgoingMessage,
    Page,
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

__all__ = ["MessageCalls"]


class MessageCalls(TicketCalls):
    """Read conversations; write replies, notes, forwards and requests."""

    def messages(
        self,
        ticket: Ticket | str,
        *,
        types: Iterable[MessageType] | None = None,
        cursor: str | None = None,
    ) -> Pager[Message]:
        """List a ticket's messages, oldest first: the whole conversation, notes and events too.

        ``types`` keeps only these types.
        """
        with self._about("messages"):
            self.capabilities.require(Capability.LIST_MESSAGES)
            ref = self._ref(ticket)
            query = MessageQuery(types=check.types(types))
            check.cursor(cursor)

        async def fetch(place: Cursor | None) -> Page[Message]:
            with self._calling("messages"):
                return await self.adapter.list_messages(ref, query, place)

        return Pager(
            fetch,
            attrgetter("id"),
            cursor=cursor,
            readers=self._readers,
            concurrency=self._options.concurrency,
        )

    async def message(self, ticket: Ticket | str, message_id: str) -> Message:
        """Return one message of a ticket. Raises NotFound."""
        with self._calling("message"):
            self.capabilities.require(Capability.GET_MESSAGE)
            ref = self._ref(ticket)
            self._check_id(message_id)
            return await self.adapter.get_message(ref, message_id)

    async def reply(
        self,
        ticket: Ticket | str,
        *,
        html: str | None = None,
        text: str | None = None,
        send_email: bool,
        to: Addresses = (),
        cc: Addresses = (),
        bcc: Addresses = (),
        attachments: Iterable[Upload] = (),
        status: Status | None = None,
        priority: Priority | None = None,
        kind: TicketKind | None = None,
        send_at: datetime | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> SentMessage:
        """Answer the customer; without ``to`` the ticket's requester.

        ``send_email`` has no default: False records the reply and mails nobody. ``status`` is set
        with it in one step where the vendor can; elsewhere in a second one, and if that fails
        PartlyDone says that the reply was done. ``send_at`` (aware) sends it later.
        """
        with self._about("reply"):
            if not isinstance(send_email, bool):
                raise InvalidArgument("send_email must be True or False.")
            message = Reply(
                body=Body.of(html, text),
                send_email=send_email,
                to=check.parties(to, "to"),
                cc=check.parties(cc, "cc"),
                bcc=check.parties(bcc, "bcc"),
                attachments=check.uploads(attachments),
                status=check.member(Status, status, "status"),
                priority=check.member(Priority, priority, "priority"),
                kind=check.member(TicketKind, kind, "kind"),
                send_at=check.aware(send_at, "send_at"),
                extra=check.mapping(extra, "extra"),
            )
            options = check.given(
                to=message.to, cc=message.cc, bcc=message.bcc, priority=priority, kind=kind
            )
            self._allow(Capability.REPLY, options)
            if not send_email:
                self.capabilities.require(Capability.REPLY_WITHOUT_EMAIL)
            if send_at is not None:
                self.capabilities.require(Capability.SCHEDULED_SEND)
            ref = self._ref(ticket)
            await self._check_content(Capability.REPLY, message.body, message.attachments)
        return await self._send("reply", ref, message, message.status)

    async def note(
        self,
        ticket: Ticket | str,
        *,
        html: str | None = None,
        text: str | None = None,
        attachments: Iterable[Upload] = (),
        status: Status | None = None,
        priority: Priority | None = None,
        kind: TicketKind | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> SentMessage:
        """Write a note between agents. It has no recipients, and nobody outside sees it."""
        with self._about("note"):
            message = Note(
                body=Body.of(html, text),
                attachments=check.uploads(attachments),
                status=check.member(Status, status, "status"),
                priority=check.member(Priority, priority, "priority"),
                kind=check.member(TicketKind, kind, "kind"),
                extra=check.mapping(extra, "extra"),
            )
            self._allow(Capability.NOTE, check.given(priority=priority, kind=kind))
            ref = self._ref(ticket)
            await self._check_content(Capability.NOTE, message.body, message.attachments)
        return await self._send("note", ref, message, message.status)

    async def forward(
        self,
        ticket: Ticket | str,
        *,
        to: Addresses,
        html: str | None = None,
        text: str | None = None,
        cc: Addresses = (),
        bcc: Addresses = (),
        attachments: Iterable[Upload] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> SentMessage:
        """Send a message to third parties, who are mailed; the customer is not."""
        with self._about("forward"):
            message = Forward(
                body=Body.of(html, text),
                to=check.parties(to, "to"),
                cc=check.parties(cc, "cc"),
                bcc=check.parties(bcc, "bcc"),
                attachments=check.uploads(attachments),
                extra=check.mapping(extra, "extra"),
            )
            if not message.to:
                raise InvalidArgument("a forward needs somebody in to=.")
            self._allow(Capability.FORWARD, check.given(cc=message.cc, bcc=message.bcc))
            ref = self._ref(ticket)
            await self._check_content(Capability.FORWARD, message.body, message.attachments)
        return await self._send("forward", ref, message, None)

    async def add_request(
        self,
        ticket: Ticket | str,
        *,
        author: AddressLike,
        html: str | None = None,
        text: str | None = None,
        attachments: Iterable[Upload] = (),
        created_at: datetime | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> SentMessage:
        """Record the customer's own words that came by another way; nobody is mailed."""
        with self._about("add_request"):
            message = CustomerMessage(
                body=Body.of(html, text),
                author=check.correspondent(author, "author"),
                attachments=check.uploads(attachments),
                created_at=check.aware(created_at, "created_at"),
                extra=check.mapping(extra, "extra"),
            )
            self._allow(Capability.ADD_REQUEST, check.given(created_at=created_at))
            ref = self._ref(ticket)
            await self._check_content(Capability.ADD_REQUEST, message.body, message.attachments)
        return await self._send("add_request", ref, message, None)

    async def complete(
        self, sent: SentMessage, *, delays: Sequence[float] = (0.5, 1.0, 2.0, 4.0, 8.0)
    ) -> SentMessage:
        """Return ``sent`` with the id and the message that the vendor gave it meanwhile.

        For vendors that accept a message without telling its id. The ticket is read after each of
        ``delays`` (seconds), because such a vendor shows a message some time after accepting it.
        Returned as it was when it is complete already or is not to be seen by then; that it is not
        to be seen does not prove that it was not sent.
        """
        with self._about("complete"):
            check.instance(sent, SentMessage, "sent")
            for delay in delays:
                check.instance(delay, (int, float), "each delay")
            if sent.id is not None:
                return sent
            self.capabilities.require(Capability.COMPLETE)
        for delay in delays:
            await asyncio.sleep(delay)
            with self._calling("complete"):
                found = await self.adapter.find_sent(sent)
            if found is not None:
                return evolve(found, operation_id=sent.operation_id)
        return sent

    async def conversations(
        self,
        tickets: Iterable[Ticket | str] | AsyncIterable[Ticket],
        *,
        concurrency: int = 8,
    ) -> AsyncIterator[tuple[Ticket, list[Message]]]:
        """Yield each ticket with all its messages, in the order given, read several at a time.

        A ticket given by id is read first. The first error, in that order, cancels what is under
        way and is raised. While a long conversation holds up the others' turn, at most as many
        again are read and kept.
        """
        with self._about("conversations"):
            check.concurrency(concurrency)
            check.tickets(tickets)
        room = asyncio.Semaphore(concurrency)
        begun: deque[asyncio.Task[tuple[Ticket, list[Message]]]] = deque()
        try:
            async with aclosing(_each(tickets)) as given:
                async for ticket in given:
                    begun.append(asyncio.create_task(self._conversation(ticket, room)))
                    while begun and (len(begun) >= 2 * concurrency or begun[0].done()):
                        yield await begun.popleft()
            while begun:
                yield await begun.popleft()
        finally:
            for task in begun:
                task.cancel()
            await asyncio.gather(*begun, return_exceptions=True)

    async def _conversation(
        self, ticket: Ticket | str, room: asyncio.Semaphore
    ) -> tuple[Ticket, list[Message]]:
        async with room:
            full = ticket if isinstance(ticket, Ticket) else await self.ticket(ticket)
            messages: list[Message] = []
            async for page in self.messages(full).pages():
                messages.extend(page)
            return full, messages

    async def _send(
        self, operation: str, ref: TicketRef, message: OutgoingMessage, status: Status | None
    ) -> SentMessage:
        afterwards = False
        if status is not None:
            with self._about(operation):
                self.capabilities.require(Capability.REPLY_WITH_STATUS)
                support = self.capabilities[Capability.REPLY_WITH_STATUS]
                check.status(status, support)
                afterwards = support.level is Level.EMULATED
        if afterwards and isinstance(message, (Reply, Note)):
            message = evolve(message, status=None)
        with self._calling(operation, ticket_id=ref.id) as call:
            trace = await self.adapter.prepare(ref, message)
            call.fingerprint = self._fingerprint(
                operation,
                ref.id,
                body=message.body.text,
                files=[upload.name for upload in message.attachments],
                due=getattr(message, "send_at", None) or getattr(message, "created_at", None),
                trace=trace,
            )
            sent = await self._delivered(
                call, ref.id, lambda: self.adapter.send(ref, message), lambda sent: sent.id
            )
            sent = evolve(sent, operation_id=call.operation_id, trace=trace)
            if afterwards and status is not None:
                await self._set_status(sent, status)
        return sent

    async def _set_status(self, sent: SentMessage, status: Status) -> None:
        try:
            await self.adapter.update_ticket(sent.ticket_id, TicketChanges(status=status))
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


async def _each(
    tickets: Iterable[Ticket | str] | AsyncIterable[Ticket],
) -> AsyncGenerator[Ticket | str, None]:
    if isinstance(tickets, AsyncIterable):
        async for ticket in tickets:
            yield ticket
    else:
        for given in tickets:
            yield given
