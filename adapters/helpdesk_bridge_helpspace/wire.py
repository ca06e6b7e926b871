"""HelpSpace's JSON as we read it. No I/O.

Pages: https://documentation.helpspace.com/api-tickets (TICKETS) and
https://documentation.helpspace.com/api-message (MESSAGES). ``T1`` … are the vendor's traps, as
docs/vendors/helpspace.md lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from helpdesk_bridge import kit
from helpdesk_bridge.kit import (
    AnyId,
    EmptyList,
    JsonRecord,
    Number,
    Role,
    Status,
    Timestamp,
    as_number,
    belongs,
    created_id,
    fast_attachment,
    fast_message,
    fast_party,
    fast_ticket,
    given_id,
    member,
    read,
    read_one,
)
from helpdesk_bridge_helpspace.people import NO_CONTACT, ContactJson, Conversation

# -- words -----------------------------------------------------------------------------------

STATUS = kit.Vocabulary(
    reads={  # TICKETS, "Ticket Object": open escaleted waiting closed spam; T1 the two spellings
        "open": Status.OPEN,
        "waiting": Status.PENDING,
        "escaleted": Status.ESCALATED,
        "escalated": Status.ESCALATED,
        "closed": Status.CLOSED,
        "spam": Status.SPAM,
    },
    writes={
        Status.OPEN: "open",
        Status.PENDING: "waiting",
        Status.ESCALATED: "escalated",
        Status.RESOLVED: "closed",  # HelpSpace has no such status: closed stands in
        Status.CLOSED: "closed",
        Status.SPAM: "spam",
    },
    unknown=Status.UNKNOWN,
)
_TICKET = kit.Evidence(
    "a ticket",
    own=("subject", "channel", "status", "assignee", "team", "last_contact"),
    foreign=("body", "bcc", "inline_images", "board", "sub_tasks"),  # of messages and tasks
)
_MESSAGE = kit.Evidence(
    "a message", own=("type", "body", "to", "cc", "bcc", "attachments", "inline_images")
)
FILTERABLE = frozenset((Status.OPEN, Status.PENDING, Status.ESCALATED, Status.CLOSED, Status.SPAM))

# T16, T17: without these a conversation comes without its notes.
ADDITIONAL_TYPES = ("internal", "error", "bounce", "event")
PER_PAGE = 50
"""The most the vendor allows (TICKETS, "per-page": 1 to 50)."""
SIZES = frozenset(("medium", "large"))  # MESSAGES, "Get Media Stream - Inline Image"


# -- reading ---------------------------------------------------------------------------------


def own_id(told: int | str | None) -> str:
    """Return the id of somebody who is listed; WrongType for what is nobody's."""
    found = given_id(told)
    if found is None:
        raise kit.WrongType("no id", ".id")
    return found


class ChannelJson(JsonRecord, frozen=True):
    """T6: the address is in ``value``."""

    id: AnyId | None = None
    name: str | None = None
    value: str | None = None
    type: str | None = None


class PersonJson(JsonRecord, frozen=True):
    """An assignee."""

    id: AnyId | None = None
    name: str | None = None
    email: str | None = None


class NameJson(JsonRecord, frozen=True):
    """T9: a name inside an object, where T8 holds too."""

    name: str | None = None


class TicketJson(JsonRecord, frozen=True):
    """TICKETS, "Ticket Object". T8: everything but the id may be missing or null.

    T2: the status may be a number. T9: a name may come alone. T32: PHP writes an object as ``[]``
    when it is empty.
    """

    id: AnyId
    subject: str | None = None
    channel: ChannelJson | None = None
    from_contact: ContactJson | None = None
    status: str | int | None = None
    assignee: PersonJson | None = None
    team: str | NameJson | None = None
    tags: tuple[str | NameJson | None, ...] | None = None
    custom_fields: dict[str, Any] | EmptyList | None = None
    last_contact: Timestamp | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    deleted_at: Timestamp | None = None

    def to_ticket(self) -> kit.Ticket:
        """Return the neutral ticket."""
        word = "" if self.status is None else str(self.status)
        contact = self.from_contact or NO_CONTACT
        return fast_ticket(
            id=str(self.id),
            subject=self.subject or "",
            status=Status.DELETED if self.deleted_at else STATUS.read(word),
            vendor_status=word,
            requester=contact.to_party(Role.CUSTOMER),
            assignee=_agent(self.assignee) if self.assignee else None,
            team=_name(self.team),
            channel=_channel(self.channel) if self.channel else None,
            tags=tuple(filter(None, map(_name, self.tags or ()))),
            custom_fields=dict(self.custom_fields or {}),
            created_at=self.created_at,
            updated_at=self.updated_at,
            last_message_at=self.last_contact,
            deleted_at=self.deleted_at,
            raw=self.raw,
        )


def _name(told: str | NameJson | None) -> str | None:
    """Return the name of a team or a tag; None where there is none."""
    return (told.name if isinstance(told, NameJson) else told) or None


def _agent(person: PersonJson) -> kit.Party | None:
    """Return the assignee; None for one without id, name and address, who is nobody."""
    number = given_id(person.id)
    if not (number or person.name or person.email):
        return None
    return fast_party(id=number, name=person.name, email=person.email, role=Role.AGENT)


def _channel(channel: ChannelJson) -> kit.Channel:
    return kit.Channel(
        id=given_id(channel.id), name=channel.name, address=channel.value, kind=channel.type
    )


class MediaJson(JsonRecord, frozen=True):
    """MESSAGES, "Attachment and Inline Image". T20: ``url`` is not read; T21: two names."""

    id: AnyId
    file_name: str | None = None
    name: str | None = None
    mime_type: str | None = None
    size: Number | None = None

    def to_attachment(self) -> kit.Attachment:
        """Return the neutral attachment."""
        return fast_attachment(
            id=str(self.id),
            name=self.file_name or self.name,
            mime_type=self.mime_type,
            size=as_number(self.size),
        )

    def to_inline_image(self) -> kit.Attachment:
        """Return the neutral attachment. T22: a body refers to an inline image by its id.

        HelpSpace lists as such only what the body shows (MESSAGES, "Create new Ticket Message").
        """
        return evolve(self.to_attachment(), inline=True, content_id=str(self.id))


class MessageJson(JsonRecord, frozen=True):
    """MESSAGES, "Message field list" of the responses; it names neither ticket nor update time."""

    id: AnyId
    subject: str | None = None
    from_contact: ContactJson | None = None
    type: str | int | None = None
    to: tuple[str, ...] | None = None
    cc: tuple[str, ...] | None = None
    bcc: tuple[str, ...] | None = None
    body: str | None = None
    attachments: tuple[MediaJson, ...] | None = None
    inline_images: tuple[MediaJson, ...] | None = None
    created_at: Timestamp | None = None

    def of(self, ticket: kit.Ticket, conversation: Conversation | None = None) -> kit.Message:
        """As :meth:`to_message`, for a message that was asked for: WrongType for another's."""
        belongs(self.raw, ticket.id)
        return self.to_message(ticket, conversation)

    def to_message(
        self, ticket: kit.Ticket, conversation: Conversation | None = None
    ) -> kit.Message:
        """Return the neutral message of ``ticket``.

        Who reads many of its messages gives their ``conversation``, which is made once.
        """
        return self.said_in(ticket.id, conversation or Conversation.of(ticket))

    def said_in(self, ticket_id: str, shared: Conversation) -> kit.Message:
        """Return the neutral message of a ticket; who speaks is told by what ``shared`` knows."""
        word = "" if self.type is None else str(self.type)
        kind, audience, author = shared.speaker(word, self.from_contact or NO_CONTACT)
        return fast_message(
            id=str(self.id),
            ticket_id=ticket_id,
            type=kind,
            audience=audience,
            vendor_type=word,
            author=author,
            to=shared.people[self.to] if self.to else (),
            cc=shared.people[self.cc] if self.cc else (),
            bcc=shared.people[self.bcc] if self.bcc else (),
            subject=self.subject,
            html=self.body,
            attachments=self._files() if self.attachments or self.inline_images else (),
            created_at=self.created_at,
            raw=self.raw,
        )

    def _files(self) -> tuple[kit.Attachment, ...]:
        files = [file.to_attachment() for file in self.attachments or ()]
        if self.inline_images:
            files += [image.to_inline_image() for image in self.inline_images]
        return tuple(files)


def one_ticket(data: Any, ticket_id: str | None = None) -> kit.Ticket:
    """Return the ticket in its envelope ``{"data": {…}}``; no other one than ``ticket_id``."""
    record, path = member(data, "data")
    ticket = read(record, TicketJson, path).to_ticket()
    if ticket_id is not None:
        kit.require_id(ticket.id, ticket_id, f"{path}.id")
    return ticket


def one_message(
    data: Any,
    ticket: kit.Ticket,
    sender: str | None = None,
    conversation: Conversation | None = None,
) -> kit.Message:
    """Return the message of ``ticket`` in its envelope; ``sender`` speaks by the settings.

    Who has the ``conversation`` that it belongs to gives that, and no ``sender``.
    """
    record, path = member(data, "data")
    shared = conversation or Conversation.of(ticket, sender)
    return read_one(record, MessageJson, lambda message: message.of(ticket, shared), path)


def lone_ticket(data: Any) -> kit.Ticket:
    """Return the ticket of a record by itself, or of one in its envelope."""
    record, path = _unwrapped(data)

    def convert(ticket: TicketJson) -> kit.Ticket:
        _TICKET.require(ticket.raw)
        return ticket.to_ticket()

    return read_one(record, TicketJson, convert, path)


def lone_message(data: Any, ticket_id: str) -> kit.Message:
    """Return the message of a record by itself, or of one in its envelope.

    Who the customer of its ticket is cannot be known, so of what the customer sees nobody knows who
    speaks: its type is UNKNOWN.
    """
    record, path = _unwrapped(data)
    nobody = Conversation(customer_id=None, user_id=None, address=None)

    def convert(message: MessageJson) -> kit.Message:
        _MESSAGE.require(message.raw)
        belongs(message.raw, ticket_id)
        return message.said_in(ticket_id, nobody)

    return read_one(record, MessageJson, convert, path)


def _unwrapped(data: Any) -> tuple[Any, str]:
    """Return a record and its path; no record of the vendor has ``data`` and no id."""
    is_envelope = type(data) is dict and "data" in data and "id" not in data
    return (data["data"], "$.data") if is_envelope else (data, "$")


def made(data: Any, pattern: str, ticket_id: str | None = None) -> tuple[Any, str]:
    """Return the record of what was made, and its id, which is all that must be understood.

    Its id looks like ``pattern``. A message must not be one of another ticket than ``ticket_id``.
    """
    record, path = member(data, "data")
    return record, created_id(record, path, ticket_id, pattern=pattern)


class Collection(JsonRecord, frozen=True):
    """The envelope of a list; its records are read one by one.

    ``{"data": [{…}, {…}], "links": {"next": null}, "meta": {"current_page": 1, "last_page": 1}}``
    The vendor documents the objects and not their keys; Laravel's are likely.
    """

    data: list[Any]

    def told(self, headers: Mapping[str, str] | None = None) -> kit.Told:
        """Return what it says of the list, beside the headers of its answer."""
        return kit.Told.of(self.raw, len(self.data), headers)
