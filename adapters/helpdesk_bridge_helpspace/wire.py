"""HelpSpace's JSON, both ways. No I/O.

Pages: https://documentation.helpspace.com/api-tickets (TICKETS) and
https://documentation.helpspace.com/api-message (MESSAGES). ``T1`` … are the vendor's traps, as
docs/vendors/helpspace.md lists them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from types import EllipsisType
from typing import Any, NewType

from attrs import evolve, frozen

from helpdesk_bridge.kit import (
    Attachment,
    Audience,
    Channel,
    Draft,
    Forward,
    Id,
    Message,
    MessageType,
    NewTicket,
    Note,
    Party,
    Reply,
    Request,
    Role,
    Status,
    Ticket,
    TicketChanges,
    TicketQuery,
    Upload,
    Vocabulary,
    Wire,
    WireFormat,
    WrongType,
    errors,
    merge_extra,
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

# What a note must never be given, or the vendor might mail it.
_ADDRESSING = frozenset(("to", "cc", "bcc", "type", "send_mail_to_recipients", "from_contact"))

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
class Made(Wire):
    """All that must be understood of the answer to a new message: its id."""

    id: Id


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
    total: Count | None = None


@frozen(kw_only=True, repr=False)
class Collection(Wire):
    """The envelope of a list; its records are read one by one."""

    data: list[Any]
    links: Links | None = None
    meta: Meta | None = None

    def is_last(self, page: int, per_page: int) -> bool:
        """Say whether nothing follows ``page``."""
        if not self.data:
            return True
        if self.meta is not None and self.meta.last_page is not None:
            return page >= self.meta.last_page
        if self.links is not None and "next" in self.links.raw:
            return self.links.next is None
        return len(self.data) < per_page


# -- asking ----------------------------------------------------------------------------------

_LAST_DAY = date(2037, 12, 31)
"""The end of an open range: the last whole year every date column can hold."""
_FIRST = datetime(1971, 1, 1, tzinfo=UTC)
"""Before any ticket, and within what every date column can hold."""


def ticket_filters(query: TicketQuery) -> list[tuple[str, str]]:
    """Return the vendor's filters for ``query``; :func:`matches` applies the rest.

    T25: hyphens, and ``[]`` also for one value. T26: ``contacts[]``. What the vendor's filter
    would widen or cannot express is asked for wider here and cut exactly afterwards.
    """
    pairs: list[tuple[str, str]] = []
    if query.status not in (None, Status.ESCALATED):  # T1: nobody knows how to spell that one
        pairs.append(("status[]", STATUS.write(query.status)))
    if query.assignee is not None:
        word = query.assignee.id or query.assignee.name
        pairs += [("assignees[]", word)] if word else []
    if query.team is not None:
        pairs.append(("teams[]", query.team))
    if query.tag is not None:
        pairs.append(("tags[]", query.tag))
    if query.requester is not None and query.requester.email:
        pairs.append(("contacts[]", query.requester.email))
    if query.text is not None:
        pairs.append(("subject-or-body[]", query.text))
    if query.created_since is not None:
        # Days in a zone nobody documents: one day earlier is on the safe side of them all.
        first = max(query.created_since, _FIRST).astimezone(UTC).date() - timedelta(days=1)
        pairs.append(("created-between", f"{first}/{_LAST_DAY}"))
    return pairs + _extra_filters(query.extra, {name for name, _ in pairs} | {"page", "per-page"})


def _extra_filters(extra: Mapping[str, Any], taken: set[str]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, values in extra.items():
        if name in taken:
            raise errors.InvalidArgument(f"extra sets {name}, which the call sets already.")
        texts = [values] if isinstance(values, str) else values
        if not isinstance(texts, Sequence):
            raise errors.InvalidArgument(f"extra gives {name} neither a str nor a list of them.")
        pairs += [(name, str(text)) for text in texts]
    return pairs


def matches(ticket: Ticket, query: TicketQuery) -> bool:
    """Say whether a ticket is one that was asked for; the words of its bodies are not looked at.

    T26: the vendor reads some filters widely, and probably ignores what it does not know.
    """
    team = ticket.raw.get("team")
    team_id = str(team.get("id")) if isinstance(team, Mapping) else None
    tags = {tag.casefold() for tag in ticket.tags}
    return (
        (query.status is None or ticket.status is query.status)
        and (query.assignee is None or _same(ticket.assignee, query.assignee))
        and (query.team is None or query.team in (ticket.team, team_id))
        and (query.tag is None or query.tag.casefold() in tags)
        and (query.requester is None or _same(ticket.requester, query.requester))
        and _not_before(ticket.created_at, query.created_since)
        and _not_before(ticket.updated_at, query.updated_since)
    )


def _not_before(instant: datetime | None, since: datetime | None) -> bool:
    # A ticket without a time is rather shown than lost.
    return since is None or instant is None or instant >= since


def _same(person: Party | None, wanted: Party) -> bool:
    if person is None:
        return False
    if wanted.email is not None:
        return (person.email or "").casefold() == wanted.email.casefold()
    return wanted.id == person.id if wanted.id is not None else wanted.name == person.name


# -- writing ---------------------------------------------------------------------------------


@frozen(kw_only=True)
class Encoded:
    """A file ready for JSON: ``data`` is base64."""

    upload: Upload
    data: str

    def to_json(self) -> dict[str, str]:
        """T21: ``name`` on writing, ``file_name`` on reading."""
        body = {"name": self.upload.name, "mime_type": self.upload.mime_type, "data": self.data}
        return {"cid": self.upload.content_id, **body} if self.upload.content_id else body


def new_ticket(
    new: NewTicket, files: Sequence[Encoded], *, channel: str | None, escalated: str
) -> dict[str, Any]:
    """Return the body of POST /tickets (TICKETS, "Create Ticket")."""
    body: dict[str, Any] = {
        "subject": new.subject,
        "channel": {"id": _channel_id(new.channel, channel)},
        "from_contact": _contact(new.requester),
        "message": {"body": _with_images(new.body.html, files)},
        # The neutral call mails nobody, and HelpSpace would answer the customer by itself.
        "skip_autoreply": True,
    }
    attached = [file.to_json() for file in files if file.upload.content_id is None]
    if attached:
        body["message"]["attachments"] = attached
    if new.status is not None:
        body["status"] = status_word(new.status, escalated)
    if new.assignee is not None:
        body["assignee"] = {"id": _assignee_id(new.assignee)}
    if new.team is not None:
        body["team"] = _team(new.team)
    if new.tags:
        body["tags"] = list(new.tags)
    if new.created_at is not None:
        body["created_at"] = instant(new.created_at)
    return merge_extra(body, new.extra)


def changes(changed: TicketChanges, *, escalated: str) -> dict[str, Any]:
    """Return the body of PATCH /tickets/{id} (TICKETS, "Update Ticket"): only what changes."""
    body: dict[str, Any] = {}
    if not isinstance(changed.subject, EllipsisType):
        body["subject"] = changed.subject
    if not isinstance(changed.status, EllipsisType):
        body["status"] = status_word(changed.status, escalated)
    if not isinstance(changed.assignee, EllipsisType):
        body["assignee"] = changed.assignee and _assignee(changed.assignee)
    if not isinstance(changed.team, EllipsisType):
        body["team"] = changed.team and _team(changed.team)
    if not isinstance(changed.tags, EllipsisType):
        body["tags"] = list(changed.tags)
    return merge_extra(body, changed.extra)


def new_message(
    draft: Draft, files: Sequence[Encoded], ticket: Ticket, sender: Party
) -> dict[str, Any]:
    """Return the body of POST /tickets/{id}/messages (MESSAGES, "Create new Ticket Message").

    T13: with the subject, which the vendor requires. T14: without an id. T19: it always says
    whether mail is to leave.
    """
    body: dict[str, Any] = {
        "subject": ticket.subject,
        "from_contact": _contact(sender),
        "body": draft.body.html,
        "type": "external",
        "send_mail_to_recipients": False,
    }
    attached = [file.to_json() for file in files if file.upload.content_id is None]
    images = [file.to_json() for file in files if file.upload.content_id is not None]
    if attached:
        body["attachments"] = attached
    if images:
        body["inline_images"] = images
    match draft:
        case Note():
            body["type"] = "internal"
            _refuse_addressing(draft.extra)
        case Request():
            if draft.created_at is not None:
                body["created_at"] = instant(draft.created_at)
            _refuse_addressing(draft.extra)
        case Forward():
            body |= {"type": "forward", "send_mail_to_recipients": True, **_recipients(draft)}
        case Reply():
            draft = evolve(draft, to=draft.to or (ticket.requester,))
            body |= {"send_mail_to_recipients": draft.send_email, **_recipients(draft)}
    return merge_extra(body, draft.extra)


def _refuse_addressing(extra: Mapping[str, Any]) -> None:
    named = sorted(_ADDRESSING & set(extra))
    if named:
        raise errors.InvalidArgument(f"extra must not set {', '.join(named)} here.")


def _recipients(draft: Reply | Forward) -> dict[str, list[str]]:
    lists = {"to": draft.to, "cc": draft.cc, "bcc": draft.bcc}
    return {
        name: [person.email for person in people if person.email]
        for name, people in lists.items()
        if people
    }


def _contact(person: Party) -> dict[str, str]:
    if person.email is None:
        raise errors.InvalidArgument("HelpSpace knows people by their e-mail address.")
    return {"email": person.email, **({"name": person.name} if person.name else {})}


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


def _channel_id(channel: Channel | None, configured: str | None) -> int:
    # T6: creating is documented with an id only.
    given = configured if channel is None else channel.id
    number = None if given is None else _number(given)
    if number is None:
        raise errors.InvalidArgument(
            "HelpSpace creates tickets in a channel: give channel= with the id of one (a ticket's"
            " channel.id), or set `channel` for the desk."
        )
    return number


def _assignee_id(person: Party) -> int:
    number = None if person.id is None else _number(person.id)
    if number is None:
        raise errors.InvalidArgument(
            "HelpSpace assigns a new ticket by the agent's id only; update_ticket also takes the"
            " agent's address."
        )
    return number


def _assignee(person: Party) -> dict[str, Any]:
    if person.id is not None and _number(person.id) is not None:
        return {"id": _number(person.id)}
    if person.email is None:
        raise errors.InvalidArgument("HelpSpace assigns by an agent's id or address.")
    return {"email": person.email}


def _team(team: str) -> dict[str, Any]:
    # T7: the table says a string of 14 characters, the example an object.
    number = _number(team)
    return {"name": team} if number is None else {"id": number}


def status_word(status: Status, escalated: str) -> str:
    """Return the vendor's word. T1: how ``escalated`` is spelled is a setting."""
    return escalated if status is Status.ESCALATED else STATUS.write(status)


def instant(value: datetime) -> str:
    """T12: always with the offset; without one the vendor's zone would be anybody's guess."""
    return value.astimezone(UTC).isoformat(timespec="seconds")


def _with_images(html: str, files: Sequence[Encoded]) -> str:
    """T23: a new ticket takes inline images as data URLs, a message as parts with a cid."""
    for file in files:
        if file.upload.content_id is not None:
            cid = re.escape(f"cid:{file.upload.content_id}")
            url = f"data:{file.upload.mime_type};base64,{file.data}"
            html, shown = re.subn(rf"{cid}(?=[\"'\s>]|$)", lambda _: url, html)  # noqa: B023
            if not shown:  # or it would be lost without a word
                raise errors.InvalidArgument("an inline image is not shown in the body.")
    return html
