"""The object users await: one desk, whatever its vendor."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from types import EllipsisType, TracebackType
from typing import Any, Self, TypeVar

from attrs import evolve

from helpdesk_bridge import check, config, files, registry
from helpdesk_bridge.adapter import Adapter
from helpdesk_bridge.calls import CallContext
from helpdesk_bridge.capabilities import Capabilities, Capability, Level
from helpdesk_bridge.check import Addresses, AddressLike
from helpdesk_bridge.drafts import (
    Body,
    Draft,
    Forward,
    MessageQuery,
    NewTicket,
    Note,
    Reply,
    Request,
    SentMessage,
    TicketChanges,
    TicketQuery,
    TicketRef,
    Upload,
)
from helpdesk_bridge.errors import (
    DeskClosed,
    HelpdeskError,
    InvalidArgument,
    PartlyDone,
)
from helpdesk_bridge.model import (
    Attachment,
    Channel,
    Cursor,
    Message,
    MessageType,
    Page,
    Priority,
    Status,
    Ticket,
)
from helpdesk_bridge.paging import Pager
from helpdesk_bridge.transport import (
    Effect,
    Middleware,
    Operation,
    Transport,
    TransportOptions,
)
from helpdesk_bridge.transport.url import base_url

__all__ = ["Helpdesk", "connect"]

R = TypeVar("R")

_FILTERS = {
    "status": Capability.FILTER_STATUS,
    "assignee": Capability.FILTER_ASSIGNEE,
    "team": Capability.FILTER_TEAM,
    "tag": Capability.FILTER_TAG,
    "requester": Capability.FILTER_REQUESTER,
    "text": Capability.FILTER_TEXT,
    "created_since": Capability.FILTER_CREATED_SINCE,
    "updated_since": Capability.FILTER_UPDATED_SINCE,
}


def connect(
    desk: str | None = None,
    *,
    config: str | Path | Mapping[str, Any] | None = None,
    middlewares: Sequence[Middleware] = (),
) -> Helpdesk:
    """Return the desk called ``desk`` in the configuration (None: its default); no I/O yet.

    ``config`` is a path or a mapping of the same shape; None looks for ``helpdesk.toml`` where
    :func:`~helpdesk_bridge.load_config` says. Raises ConfigurationError.
    """
    found = load_config(config).desk(desk)
    return Helpdesk(
        found.settings,
        name=found.name,
        adapter=found.adapter,
        options=found.options,
        middlewares=middlewares,
    )


load_config = config.load_config


class Helpdesk:
    """One desk at one vendor. Use it as ``async with``; :meth:`aclose` may be called again.

    ``settings`` is the settings object of an adapter, ``name`` what error texts and log lines call
    the desk. Wherever a ticket is expected, a :class:`Ticket` or its id will do; with the ticket
    an adapter often saves a request.

    Every method raises a :class:`HelpdeskError`: InvalidArgument, UnsupportedCapability and
    DeskClosed before anything is sent, the others as the vendor or the network has it.
    """

    def __init__(
        self,
        settings: Any,
        *,
        name: str | None = None,
        adapter: type[Adapter] | None = None,
        options: TransportOptions | None = None,
        middlewares: Sequence[Middleware] = (),
    ) -> None:
        kind = adapter or registry.load(_adapter_of(settings))
        self.name = name or kind.name
        self._options = options or TransportOptions()
        address = getattr(settings, "base_url", None)
        self._transport = Transport(
            base_url(address) if address is not None else None,
            self._options,
            desk=self.name,
            auth=kind.auth(settings),
            error_codes=kind.error_codes,
            explain=kind.explain,
            middlewares=middlewares,
        )
        self.adapter: Adapter = kind(settings, self._transport)
        self.capabilities: Capabilities = self.adapter.capabilities
        self._id = re.compile(kind.id_pattern)
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether the desk was closed."""
        return self._closed

    def __repr__(self) -> str:
        return f"<Helpdesk {self.name!r} ({self.adapter.name})>"

    async def __aenter__(self) -> Self:
        if self._closed:
            raise DeskClosed("the desk is closed.", desk=self.name, vendor=self.adapter.name)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the desk and its connections."""
        self._closed = True
        await self._transport.aclose()

    # -- tickets -----------------------------------------------------------------------------

    def tickets(
        self,
        *,
        status: Status | None = None,
        assignee: AddressLike | None = None,
        team: str | None = None,
        tag: str | None = None,
        requester: AddressLike | None = None,
        text: str | None = None,
        created_since: datetime | None = None,
        updated_since: datetime | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> Pager[Ticket]:
        """List tickets; filters that are None do not filter, several must all hold.

        ``assignee`` and ``requester`` are a :class:`Party`, an e-mail address or a vendor's id.
        ``created_since`` and ``updated_since`` are aware and inclusive. ``limit`` is the number of
        tickets in all, ``cursor`` a :attr:`Pager.cursor` of an earlier list with the same filters,
        ``extra`` the vendor's own query parameters (a str or a sequence of them for each).
        """
        with self._about("tickets"):
            query = TicketQuery(
                status=check.member(Status, status, "status"),
                assignee=None if assignee is None else check.party(assignee, "assignee"),
                team=check.line(team, "team"),
                tag=check.line(tag, "tag"),
                requester=None if requester is None else check.party(requester, "requester"),
                text=check.line(text, "text"),
                created_since=check.aware(created_since, "created_since"),
                updated_since=check.aware(updated_since, "updated_since"),
                limit=check.limit(limit),
                extra=dict(extra or {}),
            )
            wanted = [c for name, c in _FILTERS.items() if getattr(query, name) is not None]
            self.capabilities.require(Capability.LIST_TICKETS, *wanted)
            if query.status is not None:
                check.status(query.status, self.capabilities[Capability.FILTER_STATUS])

        async def fetch(place: Cursor | None) -> Page[Ticket]:
            with self._calling("tickets"):
                return await self.adapter.list_tickets(query, place)

        return Pager(fetch, lambda ticket: ticket.id, cursor=cursor, limit=limit)

    async def ticket(self, ticket_id: str) -> Ticket:
        """Return one ticket. Raises NotFound."""
        with self._calling("ticket"):
            self.capabilities.require(Capability.GET_TICKET)
            self._check_id(ticket_id)
            return await self.adapter.get_ticket(ticket_id)

    async def create_ticket(
        self,
        *,
        subject: str,
        requester: AddressLike,
        html: str | None = None,
        text: str | None = None,
        status: Status | None = None,
        priority: Priority | None = None,
        assignee: AddressLike | None = None,
        team: str | None = None,
        tags: Iterable[str] = (),
        channel: Channel | str | None = None,
        custom_fields: Mapping[str, Any] | None = None,
        attachments: Iterable[Upload] = (),
        created_at: datetime | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> Ticket:
        """Create a ticket whose first message is the requester's ``html`` or ``text``.

        Nobody is mailed. ``channel`` is a :class:`Channel`, its id or its address; ``created_at``
        is aware; what is left out is the vendor's choice.
        """
        with self._about("create_ticket"):
            new = NewTicket(
                subject=check.required_line(subject, "subject"),
                requester=check.correspondent(requester, "requester"),
                body=Body.of(html, text),
                status=check.member(Status, status, "status"),
                priority=check.member(Priority, priority, "priority"),
                assignee=None if assignee is None else check.party(assignee, "assignee"),
                team=check.line(team, "team"),
                tags=check.words(tags, "tags"),
                channel=None if channel is None else check.channel(channel),
                custom_fields=dict(custom_fields or {}),
                attachments=check.uploads(attachments),
                created_at=check.aware(created_at, "created_at"),
                extra=dict(extra or {}),
            )
            self._allow(
                Capability.CREATE_TICKET,
                {
                    "status": status,
                    "priority": priority,
                    "assignee": assignee,
                    "team": team,
                    "tags": new.tags,
                    "channel": channel,
                    "custom_fields": new.custom_fields,
                    "created_at": created_at,
                },
            )
            if new.status is not None:
                check.status(new.status, self.capabilities[Capability.CREATE_TICKET])
            await self._check_content(Capability.CREATE_TICKET, new.body, new.attachments)
        with self._calling("create_ticket"):
            return await self.adapter.create_ticket(new)

    async def update_ticket(
        self,
        ticket: Ticket | str,
        *,
        subject: str | EllipsisType = ...,
        status: Status | EllipsisType = ...,
        priority: Priority | EllipsisType | None = ...,
        assignee: AddressLike | EllipsisType | None = ...,
        team: str | EllipsisType | None = ...,
        tags: Iterable[str] | EllipsisType = ...,
        custom_fields: Mapping[str, Any] | EllipsisType = ...,
        extra: Mapping[str, Any] | None = None,
    ) -> Ticket:
        """Change a ticket and return it as it is now. None clears a field, ``...`` keeps it.

        ``tags`` replaces the whole set. A status the vendor lacks is StatusNotAllowed.
        """
        given = {
            "subject": subject,
            "status": status,
            "priority": priority,
            "assignee": assignee,
            "team": team,
            "tags": tags,
            "custom_fields": custom_fields,
        }
        given = {name: value for name, value in given.items() if value is not ...}
        with self._about("update_ticket"):
            ref = self._ref(ticket)
            if not given and not extra:
                raise InvalidArgument("there is nothing to change.")
            changes = TicketChanges(**check.changes(given), extra=dict(extra or {}))
            self._allow(Capability.UPDATE_TICKET, given)
            if not isinstance(changes.status, EllipsisType):
                check.status(changes.status, self.capabilities[Capability.UPDATE_TICKET])
        with self._calling("update_ticket", ticket_id=ref.id):
            return await self.adapter.update_ticket(ref.id, changes)

    async def delete_ticket(self, ticket: Ticket | str) -> None:
        """Delete a ticket; softly, where the vendor can."""
        with self._about("delete_ticket"):
            self.capabilities.require(Capability.DELETE_TICKET)
            ref = self._ref(ticket)
        with self._calling("delete_ticket", ticket_id=ref.id):
            await self.adapter.delete_ticket(ref.id)

    # -- messages ----------------------------------------------------------------------------

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

        async def fetch(place: Cursor | None) -> Page[Message]:
            with self._calling("messages"):
                return await self.adapter.list_messages(ref, query, place)

        return Pager(fetch, lambda message: message.id, cursor=cursor)

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
            draft = Reply(
                body=Body.of(html, text),
                send_email=send_email,
                to=check.parties(to, "to"),
                cc=check.parties(cc, "cc"),
                bcc=check.parties(bcc, "bcc"),
                attachments=check.uploads(attachments),
                status=check.member(Status, status, "status"),
                send_at=check.aware(send_at, "send_at"),
                extra=dict(extra or {}),
            )
            self._allow(Capability.REPLY, {"to": draft.to, "cc": draft.cc, "bcc": draft.bcc})
            if not send_email:
                self.capabilities.require(Capability.REPLY_WITHOUT_EMAIL)
            if send_at is not None:
                self.capabilities.require(Capability.SCHEDULED_SEND)
            ref = self._ref(ticket)
            await self._check_content(Capability.REPLY, draft.body, draft.attachments)
        return await self._send("reply", ref, draft, draft.status)

    async def note(
        self,
        ticket: Ticket | str,
        *,
        html: str | None = None,
        text: str | None = None,
        attachments: Iterable[Upload] = (),
        status: Status | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> SentMessage:
        """Write a note between agents. It has no recipients, and nobody outside sees it."""
        with self._about("note"):
            draft = Note(
                body=Body.of(html, text),
                attachments=check.uploads(attachments),
                status=check.member(Status, status, "status"),
                extra=dict(extra or {}),
            )
            self._allow(Capability.NOTE, {})
            ref = self._ref(ticket)
            await self._check_content(Capability.NOTE, draft.body, draft.attachments)
        return await self._send("note", ref, draft, draft.status)

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
            draft = Forward(
                body=Body.of(html, text),
                to=check.parties(to, "to"),
                cc=check.parties(cc, "cc"),
                bcc=check.parties(bcc, "bcc"),
                attachments=check.uploads(attachments),
                extra=dict(extra or {}),
            )
            if not draft.to:
                raise InvalidArgument("a forward needs somebody in to=.")
            self._allow(Capability.FORWARD, {"cc": draft.cc, "bcc": draft.bcc})
            ref = self._ref(ticket)
            await self._check_content(Capability.FORWARD, draft.body, draft.attachments)
        return await self._send("forward", ref, draft, None)

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
            draft = Request(
                body=Body.of(html, text),
                author=check.correspondent(author, "author"),
                attachments=check.uploads(attachments),
                created_at=check.aware(created_at, "created_at"),
                extra=dict(extra or {}),
            )
            self._allow(Capability.ADD_REQUEST, {"created_at": created_at})
            ref = self._ref(ticket)
            await self._check_content(Capability.ADD_REQUEST, draft.body, draft.attachments)
        return await self._send("add_request", ref, draft, None)

    async def conversations(
        self,
        tickets: Iterable[Ticket | str] | AsyncIterable[Ticket],
        *,
        concurrency: int = 8,
    ) -> AsyncIterator[tuple[Ticket, list[Message]]]:
        """Yield each ticket with all its messages, in the order given, read several at a time.

        A ticket given by id is read first. The first error cancels what is under way and is
        raised.
        """
        if concurrency < 1:
            raise InvalidArgument("concurrency must be at least 1.")
        running: deque[asyncio.Task[tuple[Ticket, list[Message]]]] = deque()
        try:
            async for ticket in _each(tickets):
                running.append(asyncio.create_task(self._conversation(ticket)))
                if len(running) >= concurrency:
                    yield await running.popleft()
            while running:
                yield await running.popleft()
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _conversation(self, ticket: Ticket | str) -> tuple[Ticket, list[Message]]:
        full = ticket if isinstance(ticket, Ticket) else await self.ticket(ticket)
        return full, [message async for message in self.messages(full)]

    # -- files and the vendor's own API ------------------------------------------------------

    @asynccontextmanager
    async def open_attachment(
        self, attachment: Attachment, *, size: str | None = None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a file: ``async with desk.open_attachment(a) as chunks``.

        ``size`` asks for a smaller rendition of an inline image, where the vendor has any (see
        ``capabilities[Capability.RESIZED_IMAGE].limits.sizes``).
        """
        with self._about("open_attachment"):
            self.capabilities.require(Capability.OPEN_ATTACHMENT)
            self._check_id(attachment.id)
            if size is not None:
                self.capabilities.require(Capability.RESIZED_IMAGE)
                check.size(size, attachment, self.capabilities[Capability.RESIZED_IMAGE])
        with self._calling("open_attachment"):
            if size is None:
                opened = self.adapter.open_attachment(attachment)
            else:
                opened = self.adapter.open_attachment(attachment, size)
            chunks = await opened.__aenter__()
        try:
            yield self._named_chunks(chunks)
        finally:
            await opened.__aexit__(None, None, None)

    async def _named_chunks(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        with self._about("open_attachment"):
            async for chunk in chunks:
                yield chunk

    async def save_attachment(self, attachment: Attachment, directory: str | Path) -> Path:
        """Write a file into ``directory`` and return its path.

        The name is :attr:`Attachment.safe_name`, with a number when there is such a file already:
        nothing is overwritten, no link is followed, nothing is written elsewhere. A download that
        fails leaves no file behind.
        """
        async with self.open_attachment(attachment) as chunks:
            return await files.save(chunks, Path(directory), attachment.safe_name)

    async def raw(
        self,
        method: str,
        *path: str,
        query: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        json: Any = None,
        effect: Effect | None = None,
    ) -> Any:
        """Call the vendor's own API and return the decoded JSON (None for an empty answer).

        It takes the same credentials, pacing and errors as everything else. ``path`` are the
        segments below ``base_url``; ``effect`` says what a repetition would do, and is READ for
        GET and HEAD, UNSAFE_WRITE for all other verbs unless given.
        """
        verb = method.upper()
        effect = effect or (Effect.READ if verb in ("GET", "HEAD") else Effect.UNSAFE_WRITE)
        pairs = tuple(query.items() if isinstance(query, Mapping) else query)
        with self._calling("raw"):
            response = await self._transport.send(
                Operation("raw", effect), verb, path, query=pairs, json=json
            )
            return response.json() if response.content.strip() else None

    # -- within ------------------------------------------------------------------------------

    def _ref(self, ticket: Ticket | str) -> TicketRef:
        if isinstance(ticket, Ticket):
            self._check_id(ticket.id)
            return TicketRef(ticket.id, ticket)
        self._check_id(ticket)
        return TicketRef(ticket)

    def _check_id(self, value: object) -> None:
        if not isinstance(value, str) or not self._id.fullmatch(value):
            raise InvalidArgument(
                f"this is no id of {self.adapter.name}: give a str that matches {self._id.pattern}"
            )

    def _allow(self, capability: Capability, options: Mapping[str, object]) -> None:
        self.capabilities.require(capability)
        known = self.capabilities[capability].limits.options
        if known is not None:
            check.options(capability, [name for name, given in options.items() if given], known)

    async def _check_content(
        self, capability: Capability, body: Body, uploads: Sequence[Upload]
    ) -> None:
        check.body(body, self.capabilities[capability].limits)
        if uploads:
            self.capabilities.require(Capability.SEND_ATTACHMENTS)
            limits = self.capabilities[Capability.SEND_ATTACHMENTS].limits
            await check.upload_sizes(uploads, body, limits)

    async def _send(
        self, operation: str, ref: TicketRef, draft: Draft, status: Status | None
    ) -> SentMessage:
        afterwards = False
        if status is not None:
            with self._about(operation):
                self.capabilities.require(Capability.REPLY_WITH_STATUS)
                support = self.capabilities[Capability.REPLY_WITH_STATUS]
                check.status(status, support)
                afterwards = support.level is Level.EMULATED
        if afterwards and isinstance(draft, (Reply, Note)):
            draft = evolve(draft, status=None)
        with self._calling(operation, ticket_id=ref.id) as call:
            sent = await self.adapter.send(ref, draft)
            sent = evolve(sent, operation_id=call.operation_id)
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
        raise PartlyDone(
            f"the message was accepted, but the status was not set: {failure.message}",
            failure=failure,
            ticket_id=sent.ticket_id,
            message_id=sent.id,
        )

    def _about(self, operation: str) -> CallContext:
        return CallContext(self, operation)

    def _calling(self, operation: str, *, ticket_id: str | None = None) -> CallContext:
        return CallContext(self, operation, deadline=self._options.deadline, ticket_id=ticket_id)


def _adapter_of(settings: Any) -> str:
    name = getattr(settings, "adapter", None)
    if not isinstance(name, str):
        raise InvalidArgument(
            "Helpdesk needs the settings object of an adapter, such as MemorySettings()"
        )
    return name


async def _each(
    tickets: Iterable[Ticket | str] | AsyncIterable[Ticket],
) -> AsyncIterator[Ticket | str]:
    if isinstance(tickets, AsyncIterable):
        async for ticket in tickets:
            yield ticket
    else:
        for given in tickets:
            yield given
