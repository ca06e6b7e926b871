"""HelpSpace's JSON as we read it. No I/O.

Pages: https://documentation.helpspace.com/api-tickets (TICKETS) and
https://documentation.helpspace.com/api-message (MESSAGES). ``T1`` … are the vendor's traps, as
docs/vendors/helpspace.md lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve, field, frozen

from helpdesk_bridge import kit
from helpdesk_bridge.kit import (
    AnyId,
    Audience,
    EmptyList,
    JsonRecord,
    Memo,
    MessageType,
    Number,
    Role,
    Status,
    Timestamp,
    as_id,
    as_number,
    belongs,
    created_id,
    fast_attachment,
    fast_message,
    fast_party,
    fast_ticket,
    member,
    read,
    read_one,
)

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
FILTERABLE = frozenset((Status.OPEN, Status.PENDING, Status.ESCALATED, Status.CLOSED, Status.SPAM))

# MESSAGES, "Query parameters". `external` and `widget` say only that the customer sees it;
# who speaks is told by the author. T18: any other word is unknown, and so not public.
EXTERNAL_WORDS = frozenset(("external", "widget"))
TYPES: Mapping[str, tuple[MessageType, Audience, Role]] = {
    "forward": (MessageType.RESPONSE, Audience.FORWARD, Role.AGENT),
    "internal": (MessageType.NOTE, Audience.INTERNAL, Role.AGENT),
    "error": (MessageType.SYSTEM, Audience.INTERNAL, Role.SYSTEM),
    "bounce": (MessageType.SYSTEM, Audience.INTERNAL, Role.SYSTEM),
    "event": (MessageType.SYSTEM, Audience.INTERNAL, Role.SYSTEM),
}
_FROM_CUSTOMER = (MessageType.REQUEST, Audience.EXTERNAL, Role.CUSTOMER)
_FROM_AGENT = (MessageType.RESPONSE, Audience.EXTERNAL, Role.AGENT)
_FROM_SOMEBODY = (MessageType.UNKNOWN, Audience.EXTERNAL, Role.UNKNOWN)
_UNKNOWN = (MessageType.UNKNOWN, Audience.UNKNOWN, Role.UNKNOWN)
# T16, T17: without these a conversation comes without its notes.
ADDITIONAL_TYPES = ("internal", "error", "bounce", "event")
SIZES = frozenset(("medium", "large"))  # MESSAGES, "Get Media Stream - Inline Image"


# -- reading ---------------------------------------------------------------------------------


class ContactJson(JsonRecord, frozen=True):
    """T5: the address is in ``value`` on reading, in ``email`` on writing. T8: may be ``{}``."""

    id: AnyId | None = None
    user_id: AnyId | None = None
    name: str | None = None
    value: str | None = None
    email: str | None = None
    type: str | None = None

    @property
    def told(self) -> kit.Party:
        """Who its texts name, with the e-mail address if this contact is one."""
        if self.type in (None, "email") and self.value and "@" in self.value:
            return kit.read_person(self.value)
        return kit.read_person(self.email or "")

    def to_party(self, role: Role) -> kit.Party:
        """Return this contact as a person."""
        told = self.told
        return fast_party(
            id=as_id(self.id), name=self.name or told.name, email=told.email, role=role
        )


_NO_CONTACT = ContactJson()


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
    """T9: a name inside an object."""

    name: str


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
    tags: tuple[str | NameJson, ...] | None = None
    custom_fields: dict[str, Any] | EmptyList | None = None
    last_contact: Timestamp | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    deleted_at: Timestamp | None = None

    def to_ticket(self) -> kit.Ticket:
        """Return the neutral ticket."""
        word = "" if self.status is None else str(self.status)
        contact = self.from_contact or _NO_CONTACT
        return fast_ticket(
            id=str(self.id),
            subject=self.subject or "",
            status=Status.DELETED if self.deleted_at else STATUS.read(word),
            vendor_status=word,
            requester=contact.to_party(Role.CUSTOMER),
            assignee=_agent(self.assignee) if self.assignee else None,
            team=None if self.team is None else _name(self.team),
            channel=_channel(self.channel) if self.channel else None,
            tags=tuple(map(_name, self.tags or ())),
            custom_fields=dict(self.custom_fields or {}),
            created_at=self.created_at,
            updated_at=self.updated_at,
            last_message_at=self.last_contact,
            deleted_at=self.deleted_at,
            raw=self.raw,
        )


def _name(told: str | NameJson) -> str:
    return told if isinstance(told, str) else told.name


def _agent(person: PersonJson) -> kit.Party:
    return fast_party(id=as_id(person.id), name=person.name, email=person.email, role=Role.AGENT)


def _channel(channel: ChannelJson) -> kit.Channel:
    return kit.Channel(
        id=as_id(channel.id), name=channel.name, address=channel.value, kind=channel.type
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
        shared = conversation or Conversation.of(ticket)
        word = "" if self.type is None else str(self.type)
        kind, audience, author = shared.speaker(word, self.from_contact or _NO_CONTACT)
        return fast_message(
            id=str(self.id),
            ticket_id=ticket.id,
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


def _people(addresses: tuple[str, ...]) -> tuple[kit.Party, ...]:
    return tuple([person for address in addresses for person in kit.read_people(address)])


Speaker = tuple[MessageType, Audience, kit.Party]
"""What a message is, and who wrote it."""


@frozen
class Conversation:
    """What the messages of a ticket share: who its customer is, and the people who take part."""

    customer_id: str | None
    user_id: str | None
    address: str | None
    """The customer's, as all its spellings have it in common."""
    agent_id: str | None = None
    """The ticket's assignee, whom a message names in ``user_id`` (the examples of both pages)."""
    desk: frozenset[str] = frozenset()
    """The addresses, as all their spellings have them in common, by which the desk's side is
    known: those of the channel, of the ticket's assignee, and of whom the settings name as who
    speaks."""
    people: Memo[tuple[str, ...], tuple[kit.Party, ...]] = field(factory=lambda: Memo(_people))
    """Who is at some addresses."""
    _speakers: dict[tuple[str, ContactJson], Speaker] = field(factory=dict)

    @classmethod
    def of(cls, ticket: kit.Ticket, sender: str | None = None) -> Conversation:
        """Return the conversation of ``ticket``; ``sender`` is who speaks by the settings."""
        contact = ticket.raw.get("from_contact")
        user_id = contact.get("user_id") if isinstance(contact, Mapping) else None
        return cls(
            customer_id=ticket.requester.id or None,
            user_id=None if user_id is None else str(user_id),
            address=kit.address_key(ticket.requester.email) or None,
            agent_id=ticket.assignee.id if ticket.assignee else None,
            desk=frozenset(
                kit.address_key(address)
                for address in (
                    sender,
                    kit.read_person((ticket.channel and ticket.channel.address) or "").email,
                    ticket.assignee and ticket.assignee.email,
                )
                if address
            ),
        )

    def speaker(self, word: str, author: ContactJson) -> Speaker:
        """Return what a message with this ``word`` is, and its ``author`` as a person."""
        known = self._speakers.get((word, author))
        if known is None:
            kind, audience, role = TYPES.get(word) or self._kind(word, author)
            known = kind, audience, author.to_party(role)
            self._speakers[word, author] = known
        return known

    def _kind(self, word: str, author: ContactJson) -> tuple[MessageType, Audience, Role]:
        """Return what a message is whose ``word`` does not tell who speaks.

        Whoever is not the customer may be a person in copy, a colleague, or a mail system: a
        response needs an author who is known to be of the desk's side.
        """
        if word not in EXTERNAL_WORDS:
            return _UNKNOWN
        if self.is_customer(author):
            return _FROM_CUSTOMER
        is_agent = author.user_id is not None and str(author.user_id) == self.agent_id
        if is_agent or kit.address_key(author.told.email) in self.desk:
            return _FROM_AGENT
        return _FROM_SOMEBODY

    def is_customer(self, author: ContactJson) -> bool | None:
        """Say whether ``author`` is the ticket's contact; None when it cannot be told."""
        told = False
        address = author.told.email
        for ours, theirs in (
            (self.customer_id, as_id(author.id)),
            (self.user_id, as_id(author.user_id)),
            (self.address, kit.address_key(address) or None),
        ):
            if ours and theirs:
                if ours == theirs:
                    return True
                told = True
        return False if told else None


def one_ticket(data: Any) -> kit.Ticket:
    """Return the ticket in its envelope ``{"data": {…}}``."""
    record, path = member(data, "data")
    return read(record, TicketJson, path).to_ticket()


def one_message(data: Any, ticket: kit.Ticket, sender: str | None = None) -> kit.Message:
    """Return the message of ``ticket`` in its envelope; ``sender`` speaks by the settings."""
    record, path = member(data, "data")
    conversation = Conversation.of(ticket, sender)
    return read_one(record, MessageJson, lambda message: message.of(ticket, conversation), path)


def made(data: Any) -> tuple[Any, str]:
    """Return the record of what was made, and its id, which is all that must be understood."""
    record, path = member(data, "data")
    return record, created_id(record, path)


class Collection(JsonRecord, frozen=True):
    """The envelope of a list; its records are read one by one.

    ``{"data": [{…}, {…}], "links": {"next": null}, "meta": {"current_page": 1, "last_page": 1}}``
    The vendor documents the objects and not their keys; Laravel's are likely.
    """

    data: list[Any]

    @property
    def told(self) -> kit.Told:
        """What it says of the list."""
        return kit.Told.of(self.raw, len(self.data))
