"""HelpSpace's JSON, both ways. No I/O.

Pages: https://documentation.helpspace.com/api-tickets (TICKETS) and
https://documentation.helpspace.com/api-message (MESSAGES). ``T1`` … are the vendor's traps, as
docs/vendors/helpspace.md lists them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NewType

from attrs import frozen

from helpdesk_bridge.kit import (
    Attachment,
    Audience,
    Channel,
    Id,
    Made,
    Message,
    MessageType,
    Party,
    Role,
    Status,
    Ticket,
    Vocabulary,
    Wire,
    WireFormat,
    WrongType,
)

# -- words -----------------------------------------------------------------------------------

STATUS = Vocabulary(
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
TYPES: Mapping[str, tuple[MessageType, Audience]] = {
    "forward": (MessageType.RESPONSE, Audience.FORWARD),
    "internal": (MessageType.NOTE, Audience.INTERNAL),
    "error": (MessageType.SYSTEM, Audience.INTERNAL),
    "bounce": (MessageType.SYSTEM, Audience.INTERNAL),
    "event": (MessageType.SYSTEM, Audience.INTERNAL),
}
# T16, T17: without these a conversation comes without its notes.
ADDITIONAL_TYPES = ("internal", "error", "bounce", "event")
SIZES = frozenset(("medium", "large"))  # MESSAGES, "Get Media Stream - Inline Image"


# -- reading ---------------------------------------------------------------------------------

Word = NewType("Word", str)
"""T2: a word that may come as a number."""
Name = NewType("Name", str)
"""T9: a name that may come alone or inside an object."""
Count = NewType("Count", int)
"""A number that may come as digits, as Laravel's page figures do."""
PhpMap = NewType("PhpMap", dict[str, Any])
"""T32: an object that PHP writes as ``[]`` when it is empty."""


def _word(value: Any) -> str:
    if type(value) not in (str, int):
        raise WrongType("expected a word")
    return str(value)


def _name(value: Any) -> str:
    name = value.get("name") if type(value) is dict else value
    if type(name) is not str:
        raise WrongType("expected a name, or an object with a name")
    return name


def _count(value: Any) -> int:
    if type(value) is int:
        return value
    if type(value) is str and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    raise WrongType("expected a whole number")


def _php_map(value: Any) -> dict[str, Any]:
    if value == [] and type(value) is list:
        return {}
    if type(value) is not dict:
        raise WrongType("expected an object")
    return value


FORMAT = WireFormat()
FORMAT.hook(Word, _word)
FORMAT.hook(Name, _name)
FORMAT.hook(Count, _count)
FORMAT.hook(PhpMap, _php_map)


@frozen(kw_only=True, repr=False)
class ContactJson(Wire):
    """T5: the address is in ``value`` on reading, in ``email`` on writing. T8: may be ``{}``."""

    id: Id | None = None
    user_id: Id | None = None
    name: str | None = None
    value: str | None = None
    email: str | None = None
    type: str | None = None

    @property
    def address(self) -> str | None:
        """The e-mail address, if this contact is one."""
        if self.type in (None, "email") and self.value and "@" in self.value:
            return self.value
        return self.email

    def to_party(self, role: Role) -> Party:
        """Return this contact as a person."""
        return Party(id=self.id, name=self.name, email=self.address, role=role)


@frozen(kw_only=True, repr=False)
class ChannelJson(Wire):
    """T6: the address is in ``value``."""

    id: Id | None = None
    name: str | None = None
    value: str | None = None
    type: str | None = None


@frozen(kw_only=True, repr=False)
class PersonJson(Wire):
    """An assignee."""

    id: Id | None = None
    name: str | None = None
    email: str | None = None


@frozen(kw_only=True, repr=False)
class TicketJson(Wire):
    """TICKETS, "Ticket Object". T8: everything but the id may be missing or null."""

    id: Id
    subject: str | None = None
    channel: ChannelJson | None = None
    from_contact: ContactJson | None = None
    status: Word | None = None
    assignee: PersonJson | None = None
    team: Name | None = None
    tags: tuple[Name, ...] | None = None
    custom_fields: PhpMap | None = None
    last_contact: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    def to_ticket(self) -> Ticket:
        """Return the neutral ticket."""
        word = self.status or ""
        contact = self.from_contact or ContactJson()
        return Ticket(
            id=self.id,
            subject=self.subject or "",
            status=Status.DELETED if self.deleted_at else STATUS.read(word),
            vendor_status=word,
            requester=contact.to_party(Role.CUSTOMER),
            assignee=_agent(self.assignee) if self.assignee else None,
            team=self.team,
            channel=_channel(self.channel) if self.channel else None,
            tags=tuple(self.tags or ()),
            custom_fields=self.custom_fields or {},
            created_at=self.created_at,
            updated_at=self.updated_at,
            last_message_at=self.last_contact,
            deleted_at=self.deleted_at,
            raw=self.raw,
        )


def _agent(person: PersonJson) -> Party:
    return Party(id=person.id, name=person.name, email=person.email, role=Role.AGENT)


def _channel(channel: ChannelJson) -> Channel:
    return Channel(id=channel.id, name=channel.name, address=channel.value, kind=channel.type)


@frozen(kw_only=True, repr=False)
class MediaJson(Wire):
    """MESSAGES, "Attachment and Inline Image". T20: ``url`` is not read; T21: two names."""

    id: Id
    file_name: str | None = None
    name: str | None = None
    mime_type: str | None = None
    size: Count | None = None

    def to_attachment(self, *, inline: bool) -> Attachment:
        """Return the neutral attachment. T22: a body refers to an inline image by its id."""
        return Attachment(
            id=self.id,
            name=self.file_name or self.name,
            mime_type=self.mime_type,
            size=self.size,
            inline=inline,
            content_id=self.id if inline else None,
        )


@frozen(kw_only=True, repr=False)
class MessageJson(Wire):
    """MESSAGES, "Message field list" of the responses; it names neither ticket nor update time."""

    id: Id
    subject: str | None = None
    from_contact: ContactJson | None = None
    type: Word | None = None
    to: tuple[str, ...] | None = None
    cc: tuple[str, ...] | None = None
    bcc: tuple[str, ...] | None = None
    body: str | None = None
    attachments: tuple[MediaJson, ...] | None = None
    inline_images: tuple[MediaJson, ...] | None = None
    created_at: datetime | None = None

    def to_message(self, ticket: Ticket) -> Message:
        """Return the neutral message; the ``ticket`` tells who the customer is."""
        word = self.type or ""
        author = self.from_contact or ContactJson()
        kind, audience, role = _kind(word, author, ticket)
        return Message(
            id=self.id,
            ticket_id=ticket.id,
            type=kind,
            audience=audience,
            vendor_type=word,
            author=author.to_party(role),
            to=_people(self.to),
            cc=_people(self.cc),
            bcc=_people(self.bcc),
            subject=self.subject,
            html=self.body,
            attachments=(
                *(m.to_attachment(inline=False) for m in self.attachments or ()),
                *(m.to_attachment(inline=True) for m in self.inline_images or ()),
            ),
            created_at=self.created_at,
            raw=self.raw,
        )


def _people(addresses: Sequence[str] | None) -> tuple[Party, ...]:
    return tuple(Party(email=address) for address in addresses or ())


def _kind(word: str, author: ContactJson, ticket: Ticket) -> tuple[MessageType, Audience, Role]:
    if word in EXTERNAL_WORDS:
        from_customer = is_customer(author, ticket)
        if from_customer is None:
            return MessageType.UNKNOWN, Audience.EXTERNAL, Role.UNKNOWN
        if from_customer:
            return MessageType.REQUEST, Audience.EXTERNAL, Role.CUSTOMER
        return MessageType.RESPONSE, Audience.EXTERNAL, Role.AGENT
    kind, audience = TYPES.get(word, (MessageType.UNKNOWN, Audience.UNKNOWN))
    if kind is MessageType.SYSTEM:
        return kind, audience, Role.SYSTEM
    return kind, audience, Role.UNKNOWN if kind is MessageType.UNKNOWN else Role.AGENT


def is_customer(author: ContactJson, ticket: Ticket) -> bool | None:
    """Say whether ``author`` is the ticket's contact; None when it cannot be told."""
    contact = ticket.raw.get("from_contact")
    user_id = contact.get("user_id") if isinstance(contact, Mapping) else None
    known = (
        (author.id, ticket.requester.id),
        (author.user_id, None if user_id is None else str(user_id)),
        ((author.address or "").casefold() or None, (ticket.requester.email or "").casefold()),
    )
    pairs = [(one, other) for one, other in known if one and other]
    return any(one == other for one, other in pairs) if pairs else None


@frozen(kw_only=True, repr=False)
class OneTicket(Wire):
    """The envelope of a ticket."""

    data: TicketJson


@frozen(kw_only=True, repr=False)
class OneMessage(Wire):
    """The envelope of a message."""

    data: MessageJson


@frozen(kw_only=True, repr=False)
class OneMade(Wire):
    """The envelope of a new message."""

    data: Made


@frozen(kw_only=True, repr=False)
class Links(Wire):
    """Where the next page is said to be; only whether there is one is used, never the address."""

    next: str | None = None


@frozen(kw_only=True, repr=False)
class Meta(Wire):
    """The figures of a page; the vendor documents the object and not its keys: Laravel's."""

    current_page: Count | None = None
    last_page: Count | None = None
    per_page: Count | None = None
    total: Count | None = None


@frozen(kw_only=True, repr=False)
class Collection(Wire):
    """The envelope of a list; its records are read one by one."""

    data: list[Any]
    links: Links | None = None
    meta: Meta | None = None

    def is_last(self, page: int, per_page: int) -> bool:
        """Say whether nothing follows ``page``; a short or empty page alone does not say so."""
        meta = self.meta or Meta()
        if meta.last_page is not None:
            return page >= meta.last_page
        if meta.total is not None:
            return page * (meta.per_page or per_page) >= meta.total
        if self.links is not None and "next" in self.links.raw:
            return self.links.next is None
        return not self.data
