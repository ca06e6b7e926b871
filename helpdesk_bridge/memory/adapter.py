"""The ``memory`` adapter: a desk that lives in this process, and in a file if it is given one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from types import EllipsisType
from typing import Any, ClassVar, TypeVar, assert_never

from attrs import evolve

from helpdesk_bridge import kit
from helpdesk_bridge.kit import (
    Audience,
    Capability,
    MessageType,
    Role,
    Status,
    errors,
    native,
    none,
)
from helpdesk_bridge.memory.feed import feed_behind
from helpdesk_bridge.memory.people import (
    agent_meant,
    agents,
    customers,
    hired,
    page_of,
    team_meant,
    teams,
)
from helpdesk_bridge.memory.settings import MemorySettings
from helpdesk_bridge.memory.storage import Storage, plain
from helpdesk_bridge.memory.store import Store
from helpdesk_bridge.memory.stored import StoredFile, StoredTicket
from helpdesk_bridge.memory.wire import to_message, to_ticket

__all__ = ["Memory"]

T = TypeVar("T")
N = TypeVar("N", kit.TicketQuery, kit.NewTicket, kit.TicketChanges)

_PAGE = 50
_ABSENT = {
    Capability.LIST_CUSTOM_FIELDS: "Custom fields need no definition here.",
    Capability.RESIZED_IMAGE: "Files are kept as they are.",
    Capability.SCHEDULED_SEND: "A desk in memory sends at once.",
    Capability.WEBHOOKS: "A desk in memory calls nobody.",
}
_MAILBOX = kit.Party(id="1000", name="Support", email="support@helpdesk.example", role=Role.AGENT)
"""In whose name a desk writes. The Store gives away ids above this one."""


class Memory(kit.Adapter):
    """A whole helpdesk without a server; what it does can be read from its Store.

    Args:
        settings: where the desk is kept.
        transport: not used; every adapter is given one.
    """

    name = "memory"
    settings_type = MemorySettings
    settings: MemorySettings
    tells_forwards = True
    takes_anybody = True
    message_ids_grow = True
    account_by = frozenset()
    status_words = kit.Vocabulary(
        reads={status.value: status for status in Status},
        writes={status: status.value for status in Status if status is not Status.UNKNOWN},
        unknown=Status.UNKNOWN,
    )
    offers: ClassVar = {
        capability: none(_ABSENT[capability]) if capability in _ABSENT else native()
        for capability in Capability
    } | {
        Capability.FILTER_STATUSES: native(limits=kit.CapabilityLimits(statuses=frozenset(Status))),
        Capability.CHANGES: native(
            "A poll costs no request: the desk numbers its changes.",
            limits=kit.CapabilityLimits(mode=kit.ChangeMode.CURSOR, sees=frozenset(kit.ChangeKind)),
        ),
    }
    id_pattern = r"[0-9]{1,18}"
    id_words = 'digits, such as "1003"'

    def __init__(self, settings: MemorySettings, transport: kit.Transport) -> None:
        super().__init__(settings, transport)
        self._storage = None if settings.path is None else Storage(settings.path)

    @property
    def store(self) -> Store:
        """The helpdesk behind this desk; one with a path is empty until the first call."""
        if self._storage is not None:
            return self._storage.store
        assert self.settings.store is not None  # noqa: S101 - there is one wherever no path is
        return self.settings.store

    async def aclose(self) -> None:
        """Close the file."""
        if self._storage is not None:
            await self._storage.aclose()

    async def _read(self) -> Store:
        return self.store if self._storage is None else await self._storage.read()

    async def _write(self, ticket_id: int | None, change: Callable[[Store], T]) -> T:
        if self._storage is None:
            return change(self.store)
        return await self._storage.write(ticket_id, change)

    def _fields(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return dict(given) if self._storage is None else plain(dict(given))

    async def list_tickets(
        self, query: kit.TicketQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Ticket]:
        """Return tickets in the order in which they were made, unless another one is wanted."""
        _no_extra(query.extra)
        store = await self._read()
        query = _meant(store, query)
        size = min(query.limit or _PAGE, _PAGE)
        after = _place(cursor) if query.order_by is None else 0
        found = tuple(
            to_ticket(ticket)
            for ticket in store.tickets.values()
            if ticket.id > after and ticket.deleted_at is None and _matches(ticket, query)
        )
        page = kit.Page(items=found, anchored=True, behind=lambda ticket: kit.Cursor(ticket.id))
        if query.order_by is not None:
            page = await kit.in_order(partial(_at_once, page), query.order_by, cursor)
        if page.behind is None or len(page.items) <= size:
            return page
        items = page.items[:size]
        return evolve(page, items=items, next=page.behind(items[-1]))

    async def get_ticket(self, ticket_id: str) -> kit.Ticket:
        """Return one ticket, a deleted one too."""
        return to_ticket(_stored(await self._read(), ticket_id))

    async def create_ticket(self, new: kit.NewTicket) -> kit.Ticket:
        """Create a ticket; nobody is mailed."""
        _no_extra(new.extra)
        custom_fields = self._fields(new.custom_fields)
        files = await _contents(new.attachments)
        new = _meant(await self._read(), new)

        def create(store: Store) -> kit.Ticket:
            stored = store.create_ticket(
                subject=new.subject,
                requester=_customer(store, new.requester),
                html=new.body.html,
                text=new.body.text,
                status=new.status or Status.OPEN,
                priority=new.priority,
                kind=new.kind,
                assignee=None if new.assignee is None else hired(store, new.assignee),
                team=new.team,
                tags=new.tags,
                channel=new.channel,
                custom_fields=custom_fields,
                created_at=new.created_at,
                files=_files(store, files),
            )
            return to_ticket(stored)

        return await self._write(None, create)

    async def update_ticket(self, ticket_id: str, changes: kit.TicketChanges) -> kit.Ticket:
        """Change a ticket."""
        changes = _meant(await self._read(), changes)
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
        _no_extra(changes.extra)
        custom = {} if isinstance(changes.custom_fields, EllipsisType) else changes.custom_fields
        custom = self._fields(custom)

        def update(store: Store) -> kit.Ticket:
            stored = _stored(store, ticket_id)
            if custom:
                fields["custom_fields"] = {**stored.custom_fields, **custom}
            if isinstance(changes.assignee, kit.Party):
                fields["assignee"] = hired(store, changes.assignee)
            return to_ticket(store.update_ticket(stored.id, **fields))

        return await self._write(int(ticket_id), update)

    async def delete_ticket(self, ticket_id: str) -> None:
        """Mark a ticket deleted; it can still be read by its id."""

        def delete(store: Store) -> None:
            store.delete_ticket(_stored(store, ticket_id).id)

        await self._write(int(ticket_id), delete)

    async def read_feed(self, place: str | None) -> kit.Feed:
        """Return the tickets that changed behind ``place``, in the order of their last changes."""
        store = await self._read()
        if self._storage is None:  # a file has a number for all that it keeps
            store.number_changes()
        return feed_behind(store, place, _PAGE)

    async def list_agents(self, cursor: kit.Cursor | None) -> kit.Page[kit.Party]:
        """Return the agents of the Store, and whoever else has a ticket."""
        return page_of(agents(await self._read()), cursor, _PAGE)

    async def list_teams(self, cursor: kit.Cursor | None) -> kit.Page[kit.Team]:
        """Return the teams of the Store, and those that tickets name."""
        return page_of(teams(await self._read()), cursor, _PAGE)

    async def list_customers(
        self, query: kit.CustomerQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Party]:
        """Return whoever has written as a customer."""
        size = min(query.limit or _PAGE, _PAGE)
        return page_of(customers(await self._read(), query), cursor, size)

    async def who_am_i(self) -> kit.Party:
        """Return the mailbox in whose name replies are written."""
        await self._read()
        return _MAILBOX

    async def list_messages(
        self, ticket: kit.TicketRef, query: kit.MessageQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Message]:
        """Return messages, oldest first."""
        after = _place(cursor)
        stored = _stored(await self._read(), ticket.id)
        ordered = sorted(stored.messages, key=lambda m: (m.created_at, m.id))
        if query.types is not None:
            ordered = [message for message in ordered if message.type in query.types]
        return kit.Page(
            items=tuple(to_message(m, stored) for m in ordered[after : after + _PAGE]),
            next=kit.Cursor(str(after + _PAGE)) if len(ordered) > after + _PAGE else None,
        )

    async def get_message(self, ticket: kit.TicketRef, message_id: str) -> kit.Message:
        """Return one message."""
        stored = _stored(await self._read(), ticket.id)
        for message in stored.messages:
            if str(message.id) == message_id:
                return to_message(message, stored)
        raise errors.NotFound("there is no such message.")

    async def note_before_send(
        self, ticket: kit.TicketRef, message: kit.OutgoingMessage
    ) -> list[str]:
        """Return the ids of the ticket's messages."""
        del message
        return [str(one.id) for one in _stored(await self._read(), ticket.id).messages]

    async def send(self, ticket: kit.TicketRef, message: kit.OutgoingMessage) -> kit.SentMessage:
        """Add a message, and mail it as the message says."""
        _stored(await self._read(), ticket.id)
        _no_extra(message.extra)
        files = await _contents(message.attachments)
        return await self._write(int(ticket.id), partial(_send, ticket.id, message, files))

    @asynccontextmanager
    async def _opened(self, file_id: int) -> AsyncIterator[AsyncIterator[bytes]]:
        file = (await self._read()).find_file(file_id)
        if file is None:
            raise errors.NotFound("there is no such file.")
        yield _chunks(file.content)

    def open_attachment(
        self, attachment: kit.Attachment, size: str | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open the bytes of a file; they come in one size only."""
        del size
        return self._opened(int(attachment.id))


_Contents = list[tuple[kit.Upload, bytes]]


async def _contents(uploads: tuple[kit.Upload, ...]) -> _Contents:
    return [(upload, await upload.read()) for upload in uploads]


def _files(store: Store, contents: _Contents) -> list[StoredFile]:
    return [
        store.file(
            upload.name,
            upload.mime_type,
            content,
            inline=upload.content_id is not None,
            content_id=upload.content_id,
        )
        for upload, content in contents
    ]


def _stored(store: Store, ticket_id: str) -> StoredTicket:
    stored = store.tickets.get(int(ticket_id))
    if stored is None or str(stored.id) != ticket_id:
        raise errors.NotFound("there is no such ticket.")
    return stored


def _customer(store: Store, party: kit.Party) -> kit.Party:
    return store.person(party.email or "", party.name)


def _send(
    ticket_id: str, message: kit.OutgoingMessage, contents: _Contents, store: Store
) -> kit.SentMessage:
    stored = _stored(store, ticket_id)
    added = store.add_message(
        stored.id,
        html=message.body.html,
        text=message.body.text,
        files=_files(store, contents),
        **_addressing(store, stored, message),
    )
    if isinstance(message, (kit.Reply, kit.Note)):
        given = {"status": message.status, "priority": message.priority, "kind": message.kind}
        changed = {name: value for name, value in given.items() if value is not None}
        if changed:
            store.update_ticket(stored.id, **changed)
    shown = to_message(added, stored)
    return kit.SentMessage(ticket_id=ticket_id, id=shown.id, message=shown)


def _addressing(store: Store, stored: StoredTicket, message: kit.OutgoingMessage) -> dict[str, Any]:
    if isinstance(message, kit.Note):
        kind = {"type": MessageType.NOTE, "audience": Audience.INTERNAL}
        return {**kind, "author": _MAILBOX}
    if isinstance(message, kit.CustomerMessage):
        kind = {"type": MessageType.REQUEST, "audience": Audience.EXTERNAL}
        author = _customer(store, message.author)
        return {**kind, "author": author, "created_at": message.created_at}
    if not isinstance(message, (kit.Reply, kit.Forward)):
        assert_never(message)
    to = message.to or (stored.requester,)
    kit.require_hidden(message.bcc, to, message.cc)
    public = Audience.FORWARD if isinstance(message, kit.Forward) else Audience.EXTERNAL
    return {
        "type": MessageType.RESPONSE,
        "audience": public,
        "author": _MAILBOX,
        "to": to,
        "cc": message.cc,
        "bcc": message.bcc,
        "mail": message.send_email if isinstance(message, kit.Reply) else True,
    }


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 64 * 1024):
        yield content[start : start + 64 * 1024]


def _no_extra(extra: Mapping[str, Any]) -> None:
    if extra:
        raise errors.InvalidArgument("a desk in memory has nothing that extra could set.")


def _meant(store: Store, asked: N) -> N:
    """Return a query or a write with its agent and its team as the Store has them."""
    if isinstance(asked.assignee, kit.Party):
        asked = evolve(asked, assignee=agent_meant(store, asked.assignee))
    if isinstance(asked.team, str):
        asked = evolve(asked, team=team_meant(store, asked.team))
    return asked


async def _at_once(page: kit.Page[kit.Ticket], _: kit.Cursor | None) -> kit.Page[kit.Ticket]:
    return page


def _place(cursor: kit.Cursor | None) -> int:
    return 0 if cursor is None else kit.page_number(cursor)


def _matches(ticket: StoredTicket, query: kit.TicketQuery) -> bool:
    text = (query.text or "").casefold()
    bodies = (ticket.subject, *(message.html for message in ticket.messages))
    found = not text or any(text in body.casefold() for body in bodies)
    return found and query.matches(to_ticket(ticket))
