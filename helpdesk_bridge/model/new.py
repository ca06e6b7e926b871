"""What users write: new tickets, changes of tickets, and messages to send."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import EllipsisType
from typing import Any

from attrs import field, frozen

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model.fingerprint import Fingerprint
from helpdesk_bridge.model.html_text import html_to_text, is_blank, shows_something, text_to_html
from helpdesk_bridge.model.message import Message
from helpdesk_bridge.model.people import Party
from helpdesk_bridge.model.shown import identity, shown
from helpdesk_bridge.model.ticket import Channel
from helpdesk_bridge.model.upload import Upload
from helpdesk_bridge.model.value import Value
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
    """The body as HTML."""
    text: str = field(repr=False)
    """The body as plain text."""

    @classmethod
    def of(cls, html: str | None, text: str | None) -> Body:
        """Return a body made from ``html`` or from ``text``; the other one is None, or blank.

        InvalidArgument if both have words or none is given, and for a body that is empty, holds a
        NUL character or cannot be encoded.
        """
        for given in (html, text):
            _check_form(given)
        if html is not None and text is not None:
            html, text = (html, None) if is_blank(text) else (_shown(html), text)
        if html is not None and text is None:
            if not shows_something(html):
                raise InvalidArgument("the body is empty")
            return cls(html=html, text=html_to_text(html))
        if text is None or html is not None:
            raise InvalidArgument("give the body as html= or as text=, one of the two")
        if is_blank(text):
            raise InvalidArgument("the body is empty")
        return cls(html=text_to_html(text), text=text)


def _check_form(given: object) -> None:
    if given is None:
        return
    if not isinstance(given, str):
        raise InvalidArgument(f"the body must be a str, not {type(given).__name__}")
    if "\0" in given:
        raise InvalidArgument("the body holds a NUL character")
    try:
        given.encode()
    except UnicodeEncodeError:
        raise InvalidArgument("the body holds half a surrogate pair") from None


def _shown(markup: str) -> str | None:
    return markup if shows_something(markup) else None


@frozen(kw_only=True)
class _Outgoing:
    body: Body
    """The words of the message."""
    attachments: tuple[Upload, ...] = ()
    """The files to send with it."""
    extra: Mapping[str, Any] = field(factory=dict, repr=False)
    """The vendor's own fields, put into the request as they are."""


@frozen(kw_only=True)
class Reply(_Outgoing):
    """A message to the customer.

    ``status``, ``priority`` and ``kind`` change the ticket in the same step; an adapter gets them
    only if its vendor can do that. None leaves the ticket as it is.
    """

    send_email: bool
    """Whether the vendor mails it; False records it without mailing anybody."""
    to: tuple[Party, ...] = ()
    """Who is written to; empty means the ticket's requester."""
    cc: tuple[Party, ...] = ()
    """Who gets a copy."""
    bcc: tuple[Party, ...] = ()
    """Who gets a copy that nobody else sees."""
    status: Status | None = None
    """The status to set."""
    priority: Priority | None = None
    """The priority to set."""
    kind: TicketKind | None = None
    """The kind to set."""
    send_at: datetime | None = None
    """When to send it, in UTC; None sends it now."""


@frozen(kw_only=True)
class Note(_Outgoing):
    """A message between agents. It has no recipients, so that it cannot be mailed by mistake.

    ``status``, ``priority`` and ``kind`` change the ticket as with :class:`Reply`; None leaves it
    as it is.
    """

    status: Status | None = None
    """The status to set."""
    priority: Priority | None = None
    """The priority to set."""
    kind: TicketKind | None = None
    """The kind to set."""


@frozen(kw_only=True)
class Forward(_Outgoing):
    """A message to third parties, who are mailed; the customer is not."""

    to: tuple[Party, ...]
    """Who is written to; at least one."""
    cc: tuple[Party, ...] = ()
    """Who gets a copy."""
    bcc: tuple[Party, ...] = ()
    """Who gets a copy that nobody else sees."""


@frozen(kw_only=True)
class CustomerMessage(_Outgoing):
    """The customer's own words, which came by another channel; nobody is mailed."""

    author: Party
    """The customer who wrote it."""
    created_at: datetime | None = None
    """When the customer wrote it, in UTC; None means now."""


OutgoingMessage = Reply | Note | Forward | CustomerMessage


@frozen(kw_only=True)
class NewTicket:
    """A ticket to create. Its body is the requester's first message; nobody is mailed.

    A value that is None or empty is left to the vendor.
    """

    subject: str = field(repr=False)
    """The subject, on one line."""
    requester: Party
    """The customer; it has an e-mail address."""
    body: Body
    """The customer's words."""
    status: Status | None = None
    """Where the ticket stands."""
    priority: Priority | None = None
    """How urgent it is."""
    kind: TicketKind | None = None
    """What sort of matter it is about."""
    assignee: Party | None = None
    """The agent, by e-mail address, id or name."""
    team: str | None = None
    """The team, by the vendor's id or name of it."""
    tags: tuple[str, ...] = ()
    """Its tags."""
    channel: Channel | None = None
    """Where it came in, by id, address or kind."""
    custom_fields: Mapping[str, Any] = field(factory=dict, repr=False)
    """The values of custom fields, by the id of the field."""
    attachments: tuple[Upload, ...] = ()
    """The files of its first message."""
    created_at: datetime | None = None
    """When the customer wrote it, in UTC; None means now."""
    extra: Mapping[str, Any] = field(factory=dict, repr=False)
    """The vendor's own fields, put into the request as they are."""


@frozen(kw_only=True)
class TicketChanges:
    """What to change on a ticket: ``...`` leaves a field as it is, None clears what may be None."""

    subject: str | EllipsisType = field(default=..., repr=False)
    """The new subject, on one line."""
    status: Status | EllipsisType = ...
    """The new status."""
    priority: Priority | EllipsisType | None = ...
    """The new priority; None: no priority."""
    kind: TicketKind | EllipsisType | None = ...
    """The new kind; None: no kind."""
    assignee: Party | EllipsisType | None = ...
    """The new agent; None: nobody."""
    team: str | EllipsisType | None = ...
    """The new team, by the vendor's id or name of it; None: no team."""
    tags: tuple[str, ...] | EllipsisType = ...
    """The whole new set of tags."""
    custom_fields: Mapping[str, Any] | EllipsisType = field(default=..., repr=False)
    """The new values of custom fields, by the id of the field; other fields stay."""
    extra: Mapping[str, Any] = field(factory=dict, repr=False)
    """The vendor's own fields, put into the request as they are."""


@frozen(kw_only=True)
class SentMessage(Value):
    """A message that the vendor accepted."""

    ticket_id: str
    """The vendor's id of the ticket."""
    id: str | None = None
    """The vendor's id of the message; None where the vendor does not tell it."""
    message: Message | None = None
    """The message itself; None where the vendor does not answer with it."""
    operation_id: str = ""
    """The id of the call that sent it, as it stands in log lines."""
    repeated: bool = False
    """True: an earlier call with the same ``key`` sent it, and this one sent nothing."""
    desk: str | None = field(default=None, eq=False)
    """The name of the desk that it was sent by; None: it was made by hand."""
    vendor: str | None = field(default=None, repr=False, eq=False)
    """The name of that desk's adapter; None as above."""
    fingerprint: Fingerprint | None = field(default=None, repr=False, eq=False)
    """Digests by which ``Helpdesk.complete`` finds a message without an id; they hold no words of
    it. None: nothing was remembered of it."""

    def __repr__(self) -> str:
        ticket = identity(self, "ticket_id")
        return shown(self, f"{identity(self)} of ticket {ticket}".strip(), self._words)

    def _words(self) -> Iterator[str]:
        yield "" if self.id is not None else "its id is not known"
        yield "sent by an earlier call" if self.repeated else ""
