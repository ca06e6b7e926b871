"""The ``memory`` adapter: a desk that lives in this process, for tests and first steps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import EllipsisType
from typing import Any, ClassVar

from attrs import field, frozen

from helpdesk_bridge.kit import (
    Adapter,
    Attachment,
    Audience,
    Capability,
    Cursor,
    Draft,
    Forward,
    Message,
    MessageQuery,
    MessageType,
    NewTicket,
    Note,
    Page,
    Party,
    Reply,
    Request,
    Role,
    SentMessage,
    Status,
    Ticket,
    TicketChanges,
    TicketQuery,
    TicketRef,
    Upload,
    errors,
    native,
    none,
    page_number,
)
from helpdesk_bridge.testing.store import Store, StoredFile, StoredMessage, StoredTicket

__all__ = ["Memory", "MemorySettings"]

_PAGE = 50
_ABSENT = {
    Capability.LIST_CUSTOM_FIELDS: "Custom fields need no definition here.",
    Capability.COMPLETE: "Every message has its id at once.",
    Capability.RESIZED_IMAGE: "Files are kept as they are.",
    Capability.SCHEDULED_SEND: "A desk in memory sends at once.",
    Capability.RECONCILE: "Nothing can be lost on the way to a desk in memory.",
    Capability.WEBHOOKS: "A desk in memory calls nobody.",
}
_MAILBOX = Party(name="Support", email="support@helpdesk.example", role=Role.AGENT)


@frozen(kw_only=True)
class MemorySettings:
    """A desk in memory; ``store`` is what it works on (default: a new, empty one)."""

    adapter: ClassVar[str] = "memory"
    store: Store = field(factory=Store, repr=False)


class Memory(Adapter):
    """A whole helpdesk without a server; what it does can be read from its Store."""

    name = "memory"
    settings_type = MemorySettings
    settings: MemorySettings
    offers: ClassVar = {
        capability: none(_ABSENT[capability]) if capability in _ABSENT else native()
        for capability in Capability
    }
    id_pattern = r"[0-9]{1,18}"

    @property
    def store(self) -> Store:
        """The helpdesk behind this desk."""
        return self.settings.store

    async def list_tickets(self, query: TicketQuery, cursor: Cursor | None) -> Page[Ticket]:
        """Return tickets in the order of their creation."""
        after = _place(cursor)
        found = [
            ticket
            for ticket in self.store.tickets.values()
            if ticket.id > after and ticket.deleted_at is None and _matches(ticket, query)
        ]
        page = tuple(to_ticket(ticket) for ticket in found[:_PAGE])
        return Page(items=page, next=Cursor(page[-1].id) if len(found) > _PAGE else None)

    async def get_ticket(self, ticket_id: str) -> Ticket:
        """Return one ticket, a deleted one too."""
        return to_ticket(self._stored(ticket_id))

    async def create_ticket(self, new: NewTicket) -> Ticket:
        """Create a ticket; nobody is mailed."""
        stored = self.store.create_ticket(
            subject=new.subject,
            requester=self._customer(new.requester),
            html=new.body.html,
            text=new.body.text,
            status=new.status or Status.OPEN,
            priority=new.priority,
            kind=new.kind,
            assignee=new.assignee,
            team=new.team,
            tags=new.tags,
            channel=new.channel,
            custom_fields={**new.custom_fields, **new.extra},
            created_at=new.created_at,
            files=await self._files(new.attachments),
        )
        return to_ticket(stored)

    async def update_ticket(self, ticket_id: str, changes: TicketChanges) -> Ticket:
        """Change a ticket."""
        stored = self._stored(ticket_id)
        given = {
            "subject": changes.subject,
            "status": changes.status,
            "priority": changes.priority,
            "kind": changes.kind,
            "assignee": changes.assignee,
            "team": changes.team,
            "tags": changes.tags,
        }
        fields: dict[str, Any] = {k: v for k, v in given.items() if v is not ...}
        custom = {} if isinstance(changes.custom_fields, EllipsisType) else changes.custom_fields
        if custom or changes.extra:
            fields["custom_fields"] = {**stored.custom_fields, **custom, **changes.extra}
        return to_ticket(self.store.update_ticket(stored.id, **fields))

    async def delete_ticket(self, ticket_id: str) -> None:
        """Mark a ticket deleted; it can still be read by its id."""
        self.store.delete_ticket(self._stored(ticket_id).id)

    async def list_messages(
        self, ticket: TicketRef, query: MessageQuery, cursor: Cursor | None
    ) -> Page[Message]:
        """Return messages, oldest first."""
        after = _place(cursor)
        stored = self._stored(ticket.id)
        ordered = sorted(stored.messages, key=lambda m: (m.created_at, m.id))
        if query.types is not None:
            ordered = [message for message in ordered if message.type in query.types]
        return Page(
            items=tuple(to_message(m, stored) for m in ordered[after : after + _PAGE]),
            next=Cursor(str(after + _PAGE)) if len(ordered) > after + _PAGE else None,
        )

    async def get_message(self, ticket: TicketRef, message_id: str) -> Message:
        """Return one message."""
        stored = self._stored(ticket.id)
        for message in stored.messages:
            if str(message.id) == message_id:
                return to_message(message, stored)
        raise errors.NotFound("there is no such message.")

    async def send(self, ticket: TicketRef, draft: Draft) -> SentMessage:
        """Add a message, and mail it as the draft says."""
        stored = self._stored(ticket.id)
        if draft.extra:
            raise errors.InvalidArgument("a desk in memory has nothing that extra could set.")
        added = self.store.add_message(
            stored.id,
            html=draft.body.html,
            text=draft.body.text,
            files=await self._files(draft.attachments),
            **self._addressing(stored, draft),
        )
        if isinstance(draft, (Reply, Note)):
            given = {"status": draft.status, "priority": draft.priority, "kind": draft.kind}
            changed = {name: value for name, value in given.items() if value is not None}
            if changed:
                self.store.update_ticket(stored.id, **changed)
        message = to_message(added, stored)
        return SentMessage(ticket_id=ticket.id, id=message.id, message=message)

    def open_attachment(
        self, attachment: Attachment, size: str | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open the bytes of a file; they come in one size only."""
        del size
        return _opened(self.store.find_file(int(attachment.id)))

    def _addressing(self, stored: StoredTicket, draft: Draft) -> dict[str, Any]:
        if isinstance(draft, Note):
            kind = {"type": MessageType.NOTE, "audience": Audience.INTERNAL}
            return {**kind, "author": _MAILBOX}
        if isinstance(draft, Request):
            kind = {"type": MessageType.REQUEST, "audience": Audience.EXTERNAL}
            author = self._customer(draft.author)
            return {**kind, "author": author, "created_at": draft.created_at}
        public = Audience.FORWARD if isinstance(draft, Forward) else Audience.EXTERNAL
        return {
            "type": MessageType.RESPONSE,
            "audience": public,
            "author": _MAILBOX,
            "to": draft.to or (stored.requester,),
            "cc": draft.cc,
            "bcc": draft.bcc,
            "mail": draft.send_email if isinstance(draft, Reply) else True,
        }

    def _stored(self, ticket_id: str) -> StoredTicket:
        stored = self.store.tickets.get(int(ticket_id))
        if stored is None:
            raise errors.NotFound("there is no such ticket.")
        return stored

    def _customer(self, party: Party) -> Party:
        return self.store.person(party.email or "", party.name)

    async def _files(self, uploads: tuple[Upload, ...]) -> list[StoredFile]:
        return [
            self.store.file(
                upload.name,
                upload.mime_type,
                await upload.read(),
                inline=upload.content_id is not None,
                content_id=upload.content_id,
            )
            for upload in uploads
        ]


@asynccontextmanager
async def _opened(file: StoredFile | None) -> AsyncIterator[AsyncIterator[bytes]]:
    if file is None:
        raise errors.NotFound("there is no such file.")
    yield _chunks(file.content)


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 64 * 1024):
        yield content[start : start + 64 * 1024]


def _place(cursor: Cursor | None) -> int:
    return 0 if cursor is None else page_number(cursor)


def _matches(ticket: StoredTicket, query: TicketQuery) -> bool:
    text = (query.text or "").casefold()
    bodies = (ticket.subject, *(message.html for message in ticket.messages))
    found = not text or any(text in body.casefold() for body in bodies)
    return found and query.matches(to_ticket(ticket))


def to_ticket(stored: StoredTicket) -> Ticket:
    """Return a stored ticket as users see it."""
    status = Status.DELETED if stored.deleted_at else stored.status
    return Ticket(
        id=str(stored.id),
        subject=stored.subject,
        status=status,
        vendor_status=stored.status.value,
        priority=stored.priority,
        kind=stored.kind,
        requester=stored.requester,
        assignee=stored.assignee,
        team=stored.team,
        channel=stored.channel,
        tags=stored.tags,
        custom_fields=dict(stored.custom_fields),
        created_at=stored.created_at,
        updated_at=stored.updated_at,
        last_message_at=stored.last_message_at,
        deleted_at=stored.deleted_at,
    )


def to_message(stored: StoredMessage, ticket: StoredTicket) -> Message:
    """Return a stored message as users see it."""
    return Message(
        id=str(stored.id),
        ticket_id=str(ticket.id),
        type=stored.type,
        audience=stored.audience,
        vendor_type=stored.word or stored.type.value,
        author=stored.author,
        to=stored.to,
        cc=stored.cc,
        bcc=stored.bcc,
        subject=stored.subject,
        html=stored.html,
        text=stored.text,
        attachments=tuple(
            Attachment(
                id=str(file.id),
                name=file.name,
                mime_type=file.mime_type,
                size=len(file.content),
                inline=file.inline,
                content_id=file.content_id,
            )
            for file in stored.files
        ),
        created_at=stored.created_at,
        updated_at=stored.created_at,
    )
