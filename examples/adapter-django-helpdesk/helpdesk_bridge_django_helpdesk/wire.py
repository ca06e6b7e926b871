"""django-helpdesk's JSON as we read it: words, classes, pure functions. No I/O.

What is said to be observed was observed on version 2.6.1.
"""

from __future__ import annotations

import html
from functools import partial
from typing import Any
from urllib.parse import unquote

from helpdesk_bridge import kit
from helpdesk_bridge.kit import Audience, MessageType, Priority, Role, Status, errors

_NAMES = {"files": "followupattachment_set", "follow_ups": "followup_set"}
PAGE_SIZE = 100

STATUSES = {  # helpdesk/settings.py, DEFAULT_TICKET_STATUS_CHOICES; on hold is a flag beside it
    1: ("Open", Status.OPEN),
    2: ("Reopened", Status.OPEN),
    3: ("Resolved", Status.RESOLVED),
    4: ("Closed", Status.CLOSED),
    5: ("Duplicate", Status.CLOSED),
}
PRIORITIES = {  # helpdesk/settings.py: 1 Critical … 5 Very low
    1: Priority.URGENT,
    2: Priority.HIGH,
    3: Priority.NORMAL,
    4: Priority.LOW,
    5: Priority.LOW,
}
ESCALATED = "Ticket Escalated"
"""The title of what the vendor's escalate_tickets writes; else it looks like a customer's."""


class FileJson(kit.JsonRecord, frozen=True, rename=_NAMES):
    """A file of a follow-up."""

    id: kit.AnyId
    filename: str
    mime_type: str = ""
    size: int | None = None


class FollowUpJson(kit.JsonRecord, frozen=True, rename=_NAMES):
    """A follow-up: a message, an event, or both."""

    id: kit.AnyId
    user: kit.AnyId | None
    public: bool
    date: kit.Timestamp
    title: str | None = None
    comment: str | None = None
    message_id: str | None = None
    email_recipients: tuple[str, ...] | None = None
    files: tuple[FileJson, ...] = ()


class OpeningJson(kit.JsonRecord, frozen=True, rename=_NAMES):
    """What a ticket needs of its follow-ups."""

    id: kit.AnyId
    date: kit.Timestamp


class TicketJson(kit.JsonRecord, frozen=True, rename=_NAMES):
    """A ticket with its whole conversation, oldest first."""

    id: kit.AnyId
    queue: kit.AnyId
    title: str
    status: int
    on_hold: bool
    priority: int
    follow_ups: tuple[OpeningJson, ...]
    description: str | None = None
    submitter_email: str | None = None
    assigned_to: kit.AnyId | None = None


class ListJson(kit.JsonRecord, frozen=True, rename=_NAMES):
    """A page; without ``next`` it is an error: the list might end short unseen."""

    count: int
    next: str | None
    results: list[Any]


class LinkJson(kit.JsonRecord, frozen=True, rename=_NAMES):
    """A file by itself: where its bytes are."""

    file: str


def one_ticket(data: Any) -> kit.Ticket:
    """Read an answer that is a ticket."""
    return kit.read_one(data, TicketJson, ticket)


def ticket(told: TicketJson) -> kit.Ticket:
    """Return the neutral ticket; the API tells no times of it, so those of its follow-ups are."""
    word, status = STATUSES.get(told.status, (str(told.status), Status.UNKNOWN))
    if told.on_hold:
        word = f"{word} - On Hold"
        status = Status.ON_HOLD if status is Status.OPEN else status
    dates = [each.date for each in told.follow_ups]
    return kit.Ticket(
        id=str(told.id),
        subject=told.title,
        status=status,
        vendor_status=word,
        priority=PRIORITIES.get(told.priority, Priority.UNKNOWN),
        requester=_requester(told),
        assignee=(
            kit.Party(id=str(told.assigned_to), role=Role.AGENT)
            if told.assigned_to is not None
            else None
        ),
        team=str(told.queue),
        custom_fields={
            key.removeprefix("custom_"): value
            for key, value in told.raw.items()
            if key.startswith("custom_")
        },
        created_at=min(dates, default=None),
        last_message_at=max(dates, default=None),
        raw=told.raw,
    )


def _requester(told: TicketJson) -> kit.Party:
    return kit.Party(email=told.submitter_email or None, role=Role.CUSTOMER)


def place(cursor: kit.Cursor | None, size: int) -> tuple[int, int]:
    """Return the number and the size of the page at ``cursor``: "2x20", or "2" of the largest.

    ``size`` is that of a list that begins; one that goes on keeps its own, for its places are
    numbers of pages. InvalidArgument for a cursor of another list.
    """
    if cursor is None:
        return 1, size
    number, cross, told = cursor.partition("x")
    size = kit.page_number(kit.Cursor(told)) if cross else PAGE_SIZE
    if not kit.SMALLEST_PAGE <= size <= PAGE_SIZE:
        raise errors.InvalidArgument("this cursor is not one of this desk's.")
    return kit.page_number(kit.Cursor(number)), size


def tickets(data: Any, page: int, size: int) -> kit.Page[kit.Ticket]:
    """Read a page of tickets; ``next`` is never followed, only noticed."""
    told = kit.read(data, ListJson)
    items, problems = kit.read_records(told.results, TicketJson, ticket, "$.results")
    behind = f"{page + 1}" if size == PAGE_SIZE else f"{page + 1}x{size}"
    following = None if told.next is None else kit.Cursor(behind)
    return kit.Page(items=items, problems=problems, next=following, listed=told.count)


def conversation(data: Any) -> kit.Page[kit.Message]:
    """Read the follow-ups of a ticket."""
    told = kit.read(data, TicketJson)
    items, problems = kit.read_records(
        told.raw["followup_set"], FollowUpJson, partial(message, told), "$.followup_set"
    )
    return kit.Page(items=items, problems=problems)


def message(of: TicketJson, told: FollowUpJson) -> kit.Message:
    """Return the neutral message that a follow-up is."""
    opening = told.id == of.follow_ups[0].id and (
        (told.comment or "").strip() == (of.description or "").strip()
    )
    return _message(str(of.id), told, *_speaker(told, _requester(of) if opening else None))


def one_message(data: Any, ticket_id: str) -> kit.Message:
    """Read a follow-up by itself, which does not show whether it is a ticket's first words.

    They would be the requester's, although an agent's name stands on them.
    """

    def convert(told: FollowUpJson) -> kit.Message:
        kit.belongs(told.raw, ticket_id, "ticket")
        kind, author = _speaker(told, None)
        if kind is MessageType.RESPONSE:
            kind, author = MessageType.UNKNOWN, kit.Party(id=author.id)
        return _message(ticket_id, told, kind, author)

    return kit.read_one(data, FollowUpJson, convert)


def _message(
    ticket_id: str, told: FollowUpJson, kind: MessageType, author: kit.Party
) -> kit.Message:
    internal = kind is MessageType.NOTE or not told.public
    return kit.Message(
        id=str(told.id),
        ticket_id=ticket_id,
        type=kind,
        audience=Audience.INTERNAL if internal else Audience.EXTERNAL,
        vendor_type=told.title or "",
        author=author,
        to=tuple(kit.Party(email=address) for address in told.email_recipients or ()),
        text=read_comment(told.comment or "", desk=author.role is Role.AGENT),
        attachments=tuple(
            kit.Attachment(
                id=str(f.id), name=f.filename, mime_type=f.mime_type or None, size=f.size
            )
            for f in told.files
        ),
        created_at=told.date,
        raw=told.raw,
    )


def _speaker(told: FollowUpJson, requester: kit.Party | None) -> tuple[MessageType, kit.Party]:
    """Say what a follow-up is and whose; ``requester`` is given for a ticket's first words.

    A customer has no user here, whatever his account (helpdesk/update_ticket.py).
    """
    if told.public and requester is not None:
        return MessageType.REQUEST, requester
    agent = kit.Party(id=kit.as_id(told.user), role=Role.AGENT)
    by_machine = told.user is None and (told.title == ESCALATED or not told.public)
    if by_machine or not (told.comment or told.files):
        return MessageType.SYSTEM, kit.Party(role=Role.SYSTEM) if by_machine else agent
    if told.user is None:
        return MessageType.REQUEST, kit.Party(role=Role.CUSTOMER)
    return MessageType.RESPONSE if told.public else MessageType.NOTE, agent


def file_path(base: str, data: Any) -> list[str]:
    """Return the segments of a file's address below ``base``; UnsafeURL for any other place."""
    link = kit.read(data, LinkJson).file
    if not link.startswith(f"{base}/"):
        raise errors.UnsafeURL("the file lies elsewhere than below base_url, and is not fetched.")
    return [unquote(segment) for segment in link.removeprefix(f"{base}/").split("/")]


def read_comment(comment: str, *, desk: bool) -> str:
    """Return the text of a comment: an agent's as its readers see it, all else as it is."""
    text = comment.replace("\r\n", "\n").strip("\n")
    return html.unescape(text) if desk else text
