"""Acme's JSON, read and written: tables, classes, pure functions. Sections are API.md's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import EllipsisType
from typing import Any, TypeVar

from helpdesk_bridge import kit
from helpdesk_bridge.kit import Audience, MessageType, Role, Status

R = TypeVar("R", bound=kit.JsonRecord)
T = TypeVar("T", kit.Ticket, kit.Message)
PAGE_SIZE = 100  # "Lists": at most
WORDS = {"open": Status.OPEN, "waiting": Status.PENDING, "done": Status.RESOLVED}  # "Tickets"
WRITES = {status: word for word, status in WORDS.items()}
STATUS = kit.Vocabulary(reads=WORDS, writes=WRITES, unknown=Status.UNKNOWN)
KINDS = {  # "Messages"
    "customer": (MessageType.REQUEST, Audience.EXTERNAL, Role.CUSTOMER),
    "agent": (MessageType.RESPONSE, Audience.EXTERNAL, Role.AGENT),
    "internal": (MessageType.NOTE, Audience.INTERNAL, Role.AGENT),
}
UNKNOWN = (MessageType.UNKNOWN, Audience.UNKNOWN, Role.UNKNOWN)


class TicketJson(kit.JsonRecord, frozen=True):
    """A ticket; a field without a default must be there."""

    id: kit.AnyId
    subject: str
    status: str
    customer: str
    created_at: kit.Timestamp | None = None


class MessageJson(kit.JsonRecord, frozen=True):
    """A message."""

    id: kit.AnyId
    kind: str
    html: str
    author: str | None = None
    created_at: kit.Timestamp | None = None


class ListJson(kit.JsonRecord, frozen=True):
    """A page ("Lists"). Without ``next`` it is an error: the list might end short unseen."""

    items: list[Any]
    next: kit.Cursor | None


def ticket(told: TicketJson) -> kit.Ticket:
    """Return the neutral ticket."""
    return kit.Ticket(
        id=str(told.id),
        subject=told.subject,
        status=STATUS.read(told.status),
        vendor_status=told.status,
        requester=kit.Party(email=told.customer, role=Role.CUSTOMER),
        created_at=told.created_at,
        raw=told.raw,
    )


def message(ticket_id: str, told: MessageJson) -> kit.Message:
    """Return the neutral message; a kind that is in no table is not public."""
    kind, audience, role = KINDS.get(told.kind, UNKNOWN)
    return kit.Message(
        id=str(told.id),
        ticket_id=ticket_id,
        type=kind,
        audience=audience,
        vendor_type=told.kind,
        author=kit.Party(email=told.author, role=role),
        html=told.html,
        created_at=told.created_at,
        raw=told.raw,
    )


def one_ticket(data: Any) -> kit.Ticket:
    """Read an answer that is a ticket."""
    return kit.read_one(data, TicketJson, ticket)


def page(data: Any, kind: type[R], convert: Callable[[R], T]) -> kit.Page[T]:
    """Read a page; ``next_url`` is never followed: the token would go wherever it points."""
    told = kit.read(data, ListJson)
    items, problems = kit.read_records(told.items, kind, convert, "$.items")
    return kit.Page(
        items=items,
        problems=problems,
        next=told.next,
        anchored=True,  # "Lists": a place is behind a record, and what goes before it moves nothing
        behind=lambda record: kit.Cursor(record.id),
    )


def page_size(query: kit.TicketQuery) -> int:
    """Return how many tickets a page needs: no more than are wanted, if Acme itself picks them."""
    acmes = kit.TicketQuery(
        statuses=query.statuses, order_by=query.order_by, limit=query.limit, extra=query.extra
    )
    is_picked_here = query != acmes or query.order_by is kit.TicketOrder.CREATED_AT_DESC
    if query.limit is None or is_picked_here or len(query.statuses or ()) > 1:
        return PAGE_SIZE
    return min(PAGE_SIZE, max(query.limit, kit.SMALLEST_PAGE))


def place(
    cursor: kit.Cursor | None, asked: Mapping[str, Any], size: int = PAGE_SIZE
) -> list[tuple[str, str]]:
    """Return the parameters of a page ("Lists")."""
    here = [("limit", str(size))] + ([] if cursor is None else [("after", str(cursor))])
    return here + kit.extra_query(asked, ["limit", "after"])


def ticket_body(new: kit.NewTicket) -> dict[str, Any]:
    """Return the body of POST /tickets."""
    body = {"subject": new.subject, "customer": new.requester.email, "html": new.body.html}
    return kit.merge_extra(body, new.extra)


def changes(changed: kit.TicketChanges) -> dict[str, Any]:
    """Return the body of PATCH /tickets/{id}: only what changes."""
    body = {}
    if not isinstance(changed.subject, EllipsisType):
        body["subject"] = changed.subject
    if not isinstance(changed.status, EllipsisType):
        body["status"] = STATUS.write(changed.status)
    return kit.merge_extra(body, changed.extra)


def message_body(message: kit.OutgoingMessage) -> dict[str, Any]:
    """Return the body of a message; one of any kind is mailed unless told not to ("Messages")."""
    body: dict[str, Any] = {"kind": "internal", "html": message.body.html, "notify": False}
    if isinstance(message, kit.Reply):
        body |= {"kind": "agent", "notify": message.send_email}
    return kit.merge_extra(body, message.extra)
