"""Fast constructors of the values that long lists consist of, for adapters.

attrs sets each field of a frozen object by ``object.__setattr__``, which was the slowest part of
reading a page; these functions take a quarter of the time. Each fills an object of a class that
allows it, and turns the object into one of the frozen class at the end. The functions have the
parameters of the classes, and check no types: a vendor's JSON is checked when it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from helpdesk_bridge.errors import InvalidArgument, ProtocolError
from helpdesk_bridge.model.message import Attachment, Message
from helpdesk_bridge.model.people import Party
from helpdesk_bridge.model.text import has_controls, one_line, one_name
from helpdesk_bridge.model.ticket import Channel, Ticket
from helpdesk_bridge.model.words import Audience, MessageType, Priority, Role, Status, TicketKind

__all__ = ["fast_attachment", "fast_message", "fast_party", "fast_ticket"]


def _opened(frozen: type) -> Any:
    """Return a subclass of a frozen attrs class whose objects can be assigned to.

    It has the same slots, so that ``made.__class__ = frozen`` turns an object into one of the
    class ``frozen``. ``object.__new__`` sets no field of it, so every field must be assigned.
    """
    return type(
        f"Open{frozen.__name__}",
        (frozen,),
        {
            "__slots__": (),
            "__setattr__": object.__setattr__,
            "__delattr__": object.__delattr__,  # without it CPython takes the slow way for both
        },
    )


_OpenAttachment = _opened(Attachment)
_OpenMessage = _opened(Message)
_OpenParty = _opened(Party)
_OpenTicket = _opened(Ticket)
_new = object.__new__


def _in_utc(at: datetime) -> datetime:
    if at.tzinfo is UTC:
        return at
    try:
        return at.astimezone(UTC)
    except (OverflowError, ValueError):
        pass
    raise ProtocolError("a date and time is not within the years 1 to 9999.")


def fast_party(
    *,
    name: str | None = None,
    email: str | None = None,
    id: str | None = None,  # noqa: A002 - the name of the field
    role: Role = Role.UNKNOWN,
    organization: str | None = None,
    phone: str | None = None,
    external_id: str | None = None,
) -> Party:
    """Return a :class:`Party` with these fields.

    A name with line ends or control characters becomes one line, as every call takes it.
    """
    if name is not None and has_controls(name):
        name = one_name(name) or None
    made: Any = _new(_OpenParty)
    made.name = name
    made.email = email
    made.id = id
    made.role = role
    made.organization = organization
    made.phone = phone
    made.external_id = external_id
    made.__class__ = Party
    party: Party = made
    return party


def fast_attachment(
    *,
    id: str,  # noqa: A002 - the name of the field
    name: str | None = None,
    mime_type: str | None = None,
    size: int | None = None,
    inline: bool = False,
    content_id: str | None = None,
    desk: str | None = None,
    vendor: str | None = None,
) -> Attachment:
    """Return an :class:`Attachment` with these fields."""
    made: Any = _new(_OpenAttachment)
    made.id = id
    made.name = name
    made.mime_type = mime_type
    made.size = size
    made.inline = inline
    made.content_id = content_id
    made.desk = desk
    made.vendor = vendor
    made.__class__ = Attachment
    attachment: Attachment = made
    return attachment


_NOBODY = Party()
_NOTE, _INTERNAL = MessageType.NOTE, Audience.INTERNAL


def fast_message(
    *,
    id: str,  # noqa: A002 - the name of the field
    ticket_id: str,
    type: MessageType = MessageType.UNKNOWN,  # noqa: A002 - the name of the field
    audience: Audience = Audience.UNKNOWN,
    vendor_type: str = "",
    author: Party = _NOBODY,
    to: tuple[Party, ...] = (),
    cc: tuple[Party, ...] = (),
    bcc: tuple[Party, ...] = (),
    subject: str | None = None,
    html: str | None = None,
    text: str | None = None,
    attachments: tuple[Attachment, ...] = (),
    created_at: datetime | None = None,
    updated_at: datetime | None = None,
    desk: str | None = None,
    vendor: str | None = None,
    raw: Mapping[str, Any],
) -> Message:
    """Return a :class:`Message` with these fields; the times must be aware.

    Raises:
        InvalidArgument: for a note whose audience is not INTERNAL.
        ProtocolError: for a time that is not within the years 1 to 9999 in UTC.
    """
    if type is _NOTE and audience is not _INTERNAL:
        raise InvalidArgument(f"a note is internal, and this one says {audience}")
    made: Any = _new(_OpenMessage)
    made.id = id
    made.ticket_id = ticket_id
    made.type = type
    made.audience = audience
    made.vendor_type = vendor_type
    made.author = author
    made.to = to
    made.cc = cc
    made.bcc = bcc
    made.subject = subject and one_line(subject)
    made.given_html = html
    made.given_text = text
    made.attachments = attachments
    made.created_at = created_at if created_at is None else _in_utc(created_at)
    made.updated_at = updated_at if updated_at is None else _in_utc(updated_at)
    made.desk = desk
    made.vendor = vendor
    made.raw = raw
    made.__class__ = Message
    message: Message = made
    return message


def fast_ticket(
    *,
    id: str,  # noqa: A002 - the name of the field
    subject: str = "",
    status: Status = Status.UNKNOWN,
    vendor_status: str = "",
    priority: Priority | None = None,
    kind: TicketKind | None = None,
    requester: Party = _NOBODY,
    assignee: Party | None = None,
    team: str | None = None,
    channel: Channel | None = None,
    tags: tuple[str, ...] = (),
    custom_fields: Mapping[str, Any] | None = None,
    created_at: datetime | None = None,
    updated_at: datetime | None = None,
    last_message_at: datetime | None = None,
    deleted_at: datetime | None = None,
    desk: str | None = None,
    vendor: str | None = None,
    raw: Mapping[str, Any],
) -> Ticket:
    """Return a :class:`Ticket` with these fields; the times must be aware.

    Raises:
        ProtocolError: for a time that is not within the years 1 to 9999 in UTC.
    """
    made: Any = _new(_OpenTicket)
    made.id = id
    made.subject = one_line(subject)
    made.status = status
    made.vendor_status = vendor_status
    made.priority = priority
    made.kind = kind
    made.requester = requester
    made.assignee = assignee
    made.team = team
    made.channel = channel
    made.tags = tuple(filter(str.strip, map(one_line, tags))) if tags else ()
    made.custom_fields = {} if custom_fields is None else custom_fields
    made.created_at = created_at if created_at is None else _in_utc(created_at)
    made.updated_at = updated_at if updated_at is None else _in_utc(updated_at)
    made.last_message_at = last_message_at if last_message_at is None else _in_utc(last_message_at)
    made.deleted_at = deleted_at if deleted_at is None else _in_utc(deleted_at)
    made.desk = desk
    made.vendor = vendor
    made.raw = raw
    made.__class__ = Ticket
    ticket: Ticket = made
    return ticket
