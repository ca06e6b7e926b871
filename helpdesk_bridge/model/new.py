"""What a user writes: new tickets, changes of tickets, and messages to send."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import EllipsisType
from typing import Any

from attrs import field, frozen

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model.fingerprint import Fingerprint
from helpdesk_bridge.model.html_text import html_to_text, text_to_html
from helpdesk_bridge.model.message import Message
from helpdesk_bridge.model.people import Party
from helpdesk_bridge.model.ticket import Channel
from helpdesk_bridge.model.upload import Upload
from helpdesk_bridge.model.words import Priority, Status, TicketKind

__all__ = [
    "Body",
    "CustomerMessage",
    "Forward",
    "NewTicket",
    "Note",
    "OutgoingMessage",
    "Reply",
    "SentMessage",
    "TicketChanges",
]


@frozen(kw_only=True)
class Body:
    """A body in both forms; the form that was not given is derived from the other."""

    html: str = field(repr=False)
    text: str = field(repr=False)

    @classmethod
    def of(cls, html: str | None, text: str | None) -> Body:
        """Make a body from exactly one of the two; anything else is InvalidArgument."""
        if (html is None) == (text is None):
            raise InvalidArgument("give the body as html= or as text=, one of the two")
        given = html if html is not None else text
        if not isinstance(given, str):
            raise InvalidArgument(f"the body must be a str, not {type(given).__name__}")
        if "\0" in given:
            raise InvalidArgument("the body holds a NUL character")
        try:
            given.encode()
        except UnicodeEncodeError:
            raise InvalidArgument("the body holds half a surrogate pair") from None
        if html is not None:
            body = cls(html=html, text=html_to_text(html))
            empty = not body.text and "<img" not in html.lower()
        else:
            body = cls(html=text_to_html(given), text=given)
            empty = not given.strip()
        if empty:
            raise InvalidArgument("the body is empty")
        return body


@frozen(kw_only=True)
class _Outgoing:
    body: Body
    attachments: tuple[Upload, ...] = ()
    extra: Mapping[str, Any] = field(factory=dict, repr=False)
    """Put into the vendor's body as it is."""


@frozen(kw_only=True)
class Reply(_Outgoing):
    """A message to the customer. Without ``to`` it goes to the ticket's requester.

    ``send_email`` False records it without mailing anybody. ``status``, ``priority`` and ``kind``
    change the ticket in the same step; they are given only where the vendor can do that.
    """

    send_email: bool
    to: tuple[Party, ...] = ()
    cc: tuple[Party, ...] = ()
    bcc: tuple[Party, ...] = ()
    status: Status | None = None
    priority: Priority | None = None
    kind: TicketKind | None = None
    send_at: datetime | None = None


@frozen(kw_only=True)
class Note(_Outgoing):
    """A message between agents. It has no recipients at all, so it cannot be mailed by mistake."""

    status: Status | None = None
    priority: Priority | None = None
    kind: TicketKind | None = None


@frozen(kw_only=True)
class Forward(_Outgoing):
    """A message to third parties."""

    to: tuple[Party, ...]
    cc: tuple[Party, ...] = ()
    bcc: tuple[Party, ...] = ()


@frozen(kw_only=True)
class CustomerMessage(_Outgoing):
    """The customer's own words, brought in from another channel; nobody is mailed."""

    author: Party
    created_at: datetime | None = None


OutgoingMessage = Reply | Note | Forward | CustomerMessage


@frozen(kw_only=True)
class NewTicket:
    """A ticket to create. Its body is the requester's first message; nobody is mailed.

    None (and an empty tuple or mapping) means: leave it to the vendor.
    """

    subject: str = field(repr=False)
    requester: Party
    body: Body
    status: Status | None = None
    priority: Priority | None = None
    kind: TicketKind | None = None
    assignee: Party | None = None
    team: str | None = None
    tags: tuple[str, ...] = ()
    channel: Channel | None = None
    custom_fields: Mapping[str, Any] = field(factory=dict, repr=False)
    attachments: tuple[Upload, ...] = ()
    created_at: datetime | None = None
    extra: Mapping[str, Any] = field(factory=dict, repr=False)


@frozen(kw_only=True)
class TicketChanges:
    """What to change on a ticket: ``...`` keeps a field, None clears it."""

    subject: str | EllipsisType = field(default=..., repr=False)
    status: Status | EllipsisType = ...
    priority: Priority | EllipsisType | None = ...
    kind: TicketKind | EllipsisType | None = ...
    assignee: Party | EllipsisType | None = ...
    team: str | EllipsisType | None = ...
    tags: tuple[str, ...] | EllipsisType = ...
    custom_fields: Mapping[str, Any] | EllipsisType = field(default=..., repr=False)
    extra: Mapping[str, Any] = field(factory=dict, repr=False)


@frozen(kw_only=True)
class SentMessage:
    """A message the vendor accepted.

    ``id`` is None where the vendor gives none, ``message`` where it does not answer with the
    message itself. ``operation_id`` is the id of the call in log lines.
    """

    ticket_id: str
    id: str | None = None
    message: Message | None = None
    operation_id: str = ""
    fingerprint: Fingerprint | None = field(default=None, repr=False, eq=False)
    """Digests by which a message without an id is found again; no words of it."""
