"""Request Tracker's JSON as we read it. No I/O.

RT's manual of REST 2.0 (RT::REST2) shows the shapes; what it leaves open was observed on Request
Tracker 5.0.3. ``T1`` … are the traps, as docs/vendors/request_tracker.md lists them.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NewType

from attrs import frozen

from helpdesk_bridge.kit import (
    Attachment,
    Audience,
    CreatedId,
    Explanation,
    Id,
    Message,
    MessageType,
    Party,
    Priority,
    Role,
    Status,
    Ticket,
    Vocabulary,
    Wire,
    WireFormat,
    WrongType,
    errors,
)

# -- words -----------------------------------------------------------------------------------

STATUS = Vocabulary(  # RT's default lifecycle; words of other lifecycles read as UNKNOWN
    reads={
        "new": Status.NEW,
        "open": Status.OPEN,
        "stalled": Status.ON_HOLD,
        "resolved": Status.RESOLVED,
        "rejected": Status.CLOSED,
        "deleted": Status.DELETED,
    },
    writes={
        Status.NEW: "new",
        Status.OPEN: "open",
        Status.ON_HOLD: "stalled",
        Status.RESOLVED: "resolved",
        Status.CLOSED: "rejected",
    },
    unknown=Status.UNKNOWN,
)
PRIORITY = Vocabulary(  # the default of $PriorityAsString; RT itself keeps any number
    reads={"0": Priority.LOW, "50": Priority.NORMAL, "100": Priority.HIGH},
    writes={Priority.LOW: "0", Priority.NORMAL: "50", Priority.HIGH: "100"},
    unknown=Priority.UNKNOWN,
)
NOBODY = "Nobody"
"""The owner of a ticket that nobody has taken."""
SYSTEM_USER = "RT_System"
MESSAGES = frozenset(("Create", "Correspond", "Comment", "Forward Transaction", "Forward Ticket"))
"""The types of transactions that have words of people; all others are events."""

# -- reading ---------------------------------------------------------------------------------

Stamp = NewType("Stamp", datetime)
"""A time; the beginning of 1970 means that there is none."""
Count = NewType("Count", int)
"""A number that comes as text in most places."""
Word = NewType("Word", str)
"""A text; numbers come as either."""
Fields = NewType("Fields", list[Any])
"""The custom fields; "" where the account may see none."""

_LOWER = frozenset(("id", "items", "total", "per_page", "name", "values"))
"""Keys that RT itself spells in lower case: those of its envelopes, not of its records."""
_KEYS = {"label": "Name"}


def _json_name(name: str) -> str:
    if name in _LOWER:
        return name
    return _KEYS.get(name) or "".join(word.capitalize() for word in name.split("_"))


def _stamp(value: Any) -> datetime | None:
    if value == "":
        return None
    try:
        instant = datetime.fromisoformat(value)
        instant = (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise WrongType("expected a date and time in ISO 8601") from None
    return None if instant.timestamp() == 0 else instant


def _count(value: Any) -> int | None:
    if value == "":
        return None
    if type(value) is int or (type(value) is str and value.isascii() and value.isdigit()):
        return int(value)
    raise WrongType("expected a number")


def _word(value: Any) -> str:
    if type(value) not in (str, int):
        raise WrongType("expected a word or a number")
    return str(value)


def _fields(value: Any) -> list[Any]:
    if value == "":
        return []
    if type(value) is not list:
        raise WrongType("expected a list")
    return value


FORMAT = WireFormat(_json_name)
FORMAT.hook(Stamp, _stamp)
FORMAT.hook(Count, _count)
FORMAT.hook(Word, _word)
FORMAT.hook(Fields, _fields)


@frozen(kw_only=True, repr=False)
class Listing(Wire):
    """The envelope of a list. T1: ``total`` is null wherever rows may have been left out."""

    items: list[Any]
    per_page: int
    total: int | None = None

    @property
    def last_id(self) -> int:
        """The highest id among the rows, from where a list in the order of ids goes on."""
        found = [FORMAT.read(record, CreatedId).id for record in self.items]
        if not all(word.isascii() and word.isdigit() for word in found):
            raise errors.ProtocolError("$.items: an id is no number.", path="$.items")
        return max(map(int, found))


NO_ROWS = Listing(items=[], per_page=1)


@frozen(kw_only=True, repr=False)
class UserJson(Wire):
    """A user. ``id`` is the login, which for customers is their address."""

    id: Id
    real_name: str | None = None
    email_address: str | None = None

    def to_party(self, role: Role) -> Party:
        """Return the person. Where RT does not tell the address, a login that is one will do."""
        return Party(
            id=self.id,
            name=self.real_name or None,
            email=self.email_address or (self.id if "@" in self.id else None),
            role=role,
        )


@frozen(kw_only=True, repr=False)
class QueueJson(Wire):
    """A queue; its name is empty for an account without the right SeeQueue."""

    id: Id
    label: str | None = None


@frozen(kw_only=True, repr=False)
class FieldJson(Wire):
    """A custom field of a ticket with its values."""

    id: Id
    name: str
    values: list[Any]


@frozen(kw_only=True, repr=False)
class TicketJson(Wire):
    """A ticket, from a list or by itself."""

    id: Id
    subject: str | None = None
    status: str | None = None
    priority: Word | None = None
    queue: QueueJson | None = None
    owner: UserJson | None = None
    requestor: list[UserJson]
    custom_fields: Fields | None = None
    created: Stamp | None = None
    last_updated: Stamp | None = None

    def to_ticket(self) -> Ticket:
        """Return the neutral ticket; its requester is the first of its requestors."""
        taken = self.owner is not None and self.owner.id != NOBODY
        return Ticket(
            id=self.id,
            subject=self.subject or "",
            status=STATUS.read(self.status or ""),
            vendor_status=self.status or "",
            priority=PRIORITY.reads.get(self.priority or ""),
            requester=(
                self.requestor[0].to_party(Role.CUSTOMER)
                if self.requestor
                else Party(role=Role.CUSTOMER)
            ),
            assignee=self.owner.to_party(Role.AGENT) if self.owner and taken else None,
            team=(self.queue.label or None) if self.queue else None,
            custom_fields=self._custom(),
            created_at=self.created,
            updated_at=self.last_updated,
            raw=self.raw,
        )

    def _custom(self) -> dict[str, list[Any]]:
        """Return the values by the field's name, or by its id where two have the same name."""
        found: dict[str, list[Any]] = {}
        for index, record in enumerate(self.custom_fields or []):
            field = FORMAT.read(record, FieldJson, f"$.CustomFields[{index}]")
            found[field.id if field.name in found else field.name] = field.values
        return found

    @property
    def logins(self) -> frozenset[str]:
        """The logins of the requestors."""
        return frozenset(person.id for person in self.requestor)


@frozen(kw_only=True, repr=False)
class PartJson(Wire):
    """A part of a message's MIME tree: a body or a file; RT calls both attachments."""

    id: Id
    transaction_id: Id
    filename: str | None = None
    content_type: str | None = None
    content_length: Count | None = None
    subject: str | None = None
    headers: str | None = None

    @property
    def is_text(self) -> bool:
        """Whether it can be a body: text without a file name."""
        return not self.filename and self.content_type in ("text/html", "text/plain")

    def to_attachment(self, html: str) -> Attachment:
        """Return the neutral file; it is inline where ``html`` shows it."""
        found = _CONTENT_ID.search(self.headers or "")
        content_id = found[1] if found else None
        return Attachment(
            id=self.id,
            name=self.filename or None,
            mime_type=self.content_type or None,
            size=self.content_length,
            inline=content_id is not None and f"cid:{content_id}" in html,
            content_id=content_id,
        )


_CONTENT_ID = re.compile(r"^Content-ID:[ \t]*<?([^\s<>]+)>?", re.IGNORECASE | re.MULTILINE)


@frozen(kw_only=True, repr=False)
class BodyJson(Wire):
    """The words of a part, decoded by RT."""

    id: Id
    content: str | None = None


@frozen(kw_only=True, repr=False)
class TransactionJson(Wire):
    """An entry of a ticket's history."""

    id: Id
    type: str
    creator: UserJson
    created: Stamp | None = None
    data: str | None = None

    def to_message(
        self, ticket: TicketJson, parts: Sequence[PartJson], bodies: Mapping[str, str]
    ) -> Message:
        """Return the neutral message, with its ``parts`` in the order of their ids."""
        kind, audience = self._kind(ticket.logins)
        chosen = chosen_bodies(parts)
        html, text = (bodies.get(part.id) if part else None for part in chosen)
        files = [
            part
            for part in parts
            if part not in chosen and not (part.content_type or "").startswith("multipart/")
        ]
        return Message(
            id=self.id,
            ticket_id=ticket.id,
            type=kind,
            audience=audience,
            vendor_type=self.type,
            author=self._author(kind, ticket),
            to=_addresses(self.data) if audience is Audience.FORWARD else (),
            subject=(parts[0].subject or None) if parts else None,
            html=html,
            text=text,
            attachments=tuple(part.to_attachment(html or "") for part in files),
            created_at=self.created,
            raw=self.raw,
        )

    def _kind(self, requestors: frozenset[str]) -> tuple[MessageType, Audience]:
        if self.type == "Create":
            return MessageType.REQUEST, Audience.EXTERNAL
        if self.type == "Correspond":
            own = self.creator.id in requestors
            return MessageType.REQUEST if own else MessageType.RESPONSE, Audience.EXTERNAL
        if self.type == "Comment":
            return MessageType.NOTE, Audience.INTERNAL
        if self.type in MESSAGES:
            return MessageType.RESPONSE, Audience.FORWARD
        return MessageType.SYSTEM, Audience.INTERNAL

    def _author(self, kind: MessageType, ticket: TicketJson) -> Party:
        """Return who speaks. T2: the first words are the requestor's, whoever brought them in."""
        if self.creator.id in ticket.logins:
            return self.creator.to_party(Role.CUSTOMER)
        if kind is MessageType.REQUEST and ticket.requestor:
            return ticket.requestor[0].to_party(Role.CUSTOMER)
        if self.creator.id == SYSTEM_USER:
            return self.creator.to_party(Role.SYSTEM)
        # A login that is an address may be a customer's who had a copy, or an agent's.
        told = kind is MessageType.NOTE or "@" not in self.creator.id
        return self.creator.to_party(Role.AGENT if told else Role.UNKNOWN)


def chosen_bodies(parts: Sequence[PartJson]) -> tuple[PartJson | None, PartJson | None]:
    """Return the parts that are the body as HTML and as text: the first of each kind."""
    texts = [part for part in parts if part.is_text]
    html = next((part for part in texts if part.content_type == "text/html"), None)
    text = next((part for part in texts if part.content_type == "text/plain"), None)
    return html, text


def speaking(rows: Sequence[Any]) -> list[str]:
    """Return the ids of those rows of a history that have words of people."""
    return [
        str(row.get("id"))
        for row in rows
        if isinstance(row, Mapping) and row.get("Type") in MESSAGES
    ]


def bodies_of(parts: Sequence[PartJson]) -> list[PartJson]:
    """Return the parts that are the bodies of their messages."""
    by_message: dict[str, list[PartJson]] = {}
    for part in parts:
        by_message.setdefault(part.transaction_id, []).append(part)
    return [part for own in by_message.values() for part in chosen_bodies(own) if part]


def batches(parts: Sequence[PartJson], *, most: int, size: int) -> Iterator[list[str]]:
    """Yield the ids of ``parts``, at most so many at once, and (unless it is one) so many bytes."""
    batch: list[str] = []
    room = size
    for part in parts:
        room -= part.content_length or 0
        if batch and (len(batch) == most or room < 0):
            yield batch
            batch, room = [], size - (part.content_length or 0)
        batch.append(part.id)
    if batch:
        yield batch


def _addresses(data: str | None) -> tuple[Party, ...]:
    return tuple(Party(email=word) for word in re.findall(r"[^\s<>,;\"]+@[^\s<>,;\"]+", data or ""))


def newest(etag: str | None) -> int:
    """Return the id of the newest transaction that the account may see, as a ticket's ETag has it.

    0 where it sees none: the ETag is a time then. Anything else is ProtocolError.
    """
    word = (etag or "").removeprefix("W/").strip('"')
    if re.fullmatch(r"[0-9]{1,18}", word):
        return int(word)
    if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T", word):
        return 0
    raise errors.ProtocolError("the ticket has no ETag that tells its newest entry.", path="ETag")


def located(location: str | None, kind: str) -> str | None:
    """Return the id at the end of a header Location, which is a path; None without one."""
    found = re.search(rf"/{kind}/([0-9]{{1,18}})$", location or "")
    return found[1] if found else None


def content(data: Any) -> bytes:
    """Return the bytes of an attachment; ``Content`` is base64 in lines."""
    text = data["Content"]
    if type(text) is not str:
        raise errors.ProtocolError("$.Content: expected text.", path="$.Content")
    return b64decode("".join(text.split()), validate=True)


def sentences(data: Any) -> tuple[str, ...]:
    """Return what RT says of a change: a list of sentences, also when it refused."""
    if type(data) is not list:
        raise errors.ProtocolError("$: expected a list.", path="$")
    return tuple(word for word in data if isinstance(word, str))


def explain(data: Any, status: int) -> Explanation:
    """Read ``{"message": …}``. T3: a missing right or ticket is a 400 where a message is sent."""
    message = data.get("message") if isinstance(data, Mapping) else None
    text = message if isinstance(message, str) else ""
    kind: type[errors.HelpdeskError] | None = None
    if status == 400 and is_denial([text]):
        kind = errors.PermissionDenied
    elif status == 400 and text.startswith("Message could not be recorded"):
        kind = errors.NotFound
    elif text.startswith("Wrong query"):
        text = "Wrong query"  # the rest quotes the query, with the customer's address
    return Explanation(message=text, kind=kind)


def is_denial(said: Iterable[str]) -> bool:
    """Say whether one of RT's sentences tells of a missing right; T4: in English only."""
    return any("Permission Denied" in sentence for sentence in said)
