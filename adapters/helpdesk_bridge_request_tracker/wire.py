"""Request Tracker's JSON as we read it. No I/O.

RT's manual of REST 2.0 (RT::REST2) shows the shapes; what it leaves open was observed on Request
Tracker 5.0.3. ``T1`` … are the traps, as docs/vendors/request_tracker.md lists them.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from helpdesk_bridge import kit
from helpdesk_bridge.kit import (
    AnyId,
    Audience,
    JsonRecord,
    MessageType,
    Priority,
    Role,
    Status,
    WrongType,
    belongs,
    created_id,
    errors,
    fast_attachment,
    fast_message,
    fast_party,
    fast_ticket,
    is_digits,
    read,
    read_one,
)

# -- words -----------------------------------------------------------------------------------

STATUS = kit.Vocabulary(  # RT's default lifecycle; words of other lifecycles read as UNKNOWN
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
PRIORITY = kit.Vocabulary(  # the default of $PriorityAsString; RT itself keeps any number
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

Word = str | int
"""A text; numbers come as either: ``"Priority": "50"`` and ``"Priority": 50``."""

_LOWER = frozenset(("id", "items", "total", "per_page", "name", "values"))
"""Keys that RT itself spells in lower case: those of its envelopes, not of its records."""
_KEYS = {"login": "id", "label": "Name"}


def _json_name(name: str) -> str:
    if name in _LOWER:
        return name
    return _KEYS.get(name) or "".join(word.capitalize() for word in name.split("_"))


def _time(value: str | None, name: str) -> datetime | None:
    """Read the time in the field ``name``: "" and the beginning of 1970 mean that there is none."""
    if not value:
        return None
    try:
        instant = datetime.fromisoformat(value)
        instant = (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongType("expected a date and time in ISO 8601", f".{name}") from None
    return None if instant.timestamp() == 0 else instant


class Listing(JsonRecord, frozen=True):
    """The envelope of a list. T1: ``total`` is null wherever rows may have been left out.

    ``{"items": [{"id": "7", …}], "count": 1, "page": 1, "per_page": 100, "total": null}``
    """

    items: list[Any]

    @property
    def told(self) -> kit.Told:
        """What it says of the list."""
        return kit.Told.of(self.raw, len(self.items))

    @property
    def last_id(self) -> int:
        """The highest id among the rows, from where a list in the order of ids goes on."""
        found = [created_id(record) for record in self.items]
        if not all(map(is_digits, found)):
            raise errors.ProtocolError("$.items: an id is no number.", path="$.items")
        return max(map(int, found))


NO_ROWS = Listing(items=[])


class UserJson(JsonRecord, frozen=True, rename=_json_name):
    """A user. The id is the login, which for customers is their address.

    ``{"id": "li@customer.example", "RealName": "Li", "EmailAddress": "li@customer.example"}``
    """

    login: AnyId
    real_name: str | None = None
    email_address: str | None = None

    def to_party(self, role: Role) -> kit.Party:
        """Return the person. Where RT does not tell the address, a login that is one will do."""
        login = str(self.login)
        return fast_party(
            id=login,
            name=self.real_name or None,
            email=self.email_address or (login if "@" in login else None),
            role=role,
        )


class QueueJson(JsonRecord, frozen=True, rename=_json_name):
    """A queue; its name is empty for an account without the right SeeQueue."""

    id: AnyId
    label: str | None = None


class FieldJson(JsonRecord, frozen=True, rename=_json_name):
    """A custom field of a ticket with its values."""

    id: AnyId
    name: str
    values: list[Any]


class TicketJson(JsonRecord, frozen=True, rename=_json_name):
    """A ticket, from a list or by itself."""

    id: AnyId
    requestor: tuple[UserJson, ...]
    subject: str | None = None
    status: str | None = None
    priority: Word | None = None
    queue: QueueJson | None = None
    owner: UserJson | None = None
    custom_fields: list[Any] | str | None = None
    """"" where the account may see none."""
    created: str | None = None
    last_updated: str | None = None

    @property
    def number(self) -> str:
        """Its id as ours."""
        return str(self.id)

    def to_ticket(self) -> kit.Ticket:
        """Return the neutral ticket; its requester is the first of its requestors."""
        taken = self.owner is not None and self.owner.login != NOBODY
        priority = "" if self.priority is None else str(self.priority)
        return fast_ticket(
            id=self.number,
            subject=self.subject or "",
            status=STATUS.read(self.status or ""),
            vendor_status=self.status or "",
            priority=PRIORITY.reads.get(priority),
            requester=(
                self.requestor[0].to_party(Role.CUSTOMER)
                if self.requestor
                else fast_party(role=Role.CUSTOMER)
            ),
            assignee=self.owner.to_party(Role.AGENT) if self.owner and taken else None,
            team=(self.queue.label or None) if self.queue else None,
            custom_fields=self._custom(),
            created_at=_time(self.created, "Created"),
            updated_at=_time(self.last_updated, "LastUpdated"),
            raw=self.raw,
        )

    def _custom(self) -> dict[str, list[Any]]:
        """Return the values by the field's name, or by its id where two have the same name."""
        told = self.custom_fields or []
        if isinstance(told, str):
            raise WrongType("expected a list", ".CustomFields")
        found: dict[str, list[Any]] = {}
        for index, record in enumerate(told):
            field = read(record, FieldJson, f"$.CustomFields[{index}]")
            found[str(field.id) if field.name in found else field.name] = field.values
        return found

    @property
    def logins(self) -> frozenset[str]:
        """The logins of the requestors."""
        return frozenset(str(person.login) for person in self.requestor)


def to_ticket(record: Any, path: str = "$") -> kit.Ticket:
    """Return the neutral ticket that a record stands for."""
    return read_one(record, TicketJson, TicketJson.to_ticket, path)


class PartJson(JsonRecord, frozen=True, rename=_json_name):
    """A part of a message's MIME tree: a body or a file; RT calls both attachments.

    ``{"id": "42", "TransactionId": "31", "ContentType": "text/html", "ContentLength": "19"}``
    """

    id: AnyId
    transaction_id: AnyId
    filename: str | None = None
    content_type: str | None = None
    content_length: Word | None = None
    subject: str | None = None
    headers: str | None = None

    @property
    def number(self) -> str:
        """Its id as ours."""
        return str(self.id)

    @property
    def message(self) -> str:
        """The id of the message that it belongs to."""
        return str(self.transaction_id)

    @property
    def size(self) -> int | None:
        """How many bytes it has, if that is told. WrongType for what is no number."""
        told = self.content_length
        if told is None or told in ("", -1, "-1"):
            return None
        if not is_digits(str(told)):
            raise WrongType("expected a number", ".ContentLength")
        return int(told)

    @property
    def is_text(self) -> bool:
        """Whether it can be a body: text without a file name."""
        return not self.filename and self.content_type in ("text/html", "text/plain")

    def to_attachment(self, html: str) -> kit.Attachment:
        """Return the neutral file; it is inline where ``html`` shows it."""
        found = _CONTENT_ID.search(self.headers or "")
        content_id = found[1] if found else None
        return fast_attachment(
            id=self.number,
            name=self.filename or None,
            mime_type=self.content_type or None,
            size=self.size,
            inline=content_id is not None and f"cid:{content_id}" in html,
            content_id=content_id,
        )


def to_part(record: Any) -> PartJson:
    """Return the part that a record stands for; its size is looked at now."""

    def checked(part: PartJson) -> PartJson:
        _ = part.size
        return part

    return read_one(record, PartJson, checked)


_CONTENT_ID = re.compile(r"^Content-ID:[ \t]*<?([^\s<>]+)>?", re.IGNORECASE | re.MULTILINE)


class BodyJson(JsonRecord, frozen=True, rename=_json_name):
    """The words of a part, decoded by RT."""

    id: AnyId
    content: str | None = None


class TransactionJson(JsonRecord, frozen=True, rename=_json_name):
    """An entry of a ticket's history.

    ``{"id": "31", "Type": "Correspond", "Creator": {"id": "li@customer.example"}, "Data": null}``
    """

    id: AnyId
    type: str
    creator: UserJson
    created: str | None = None
    data: str | None = None

    @property
    def login(self) -> str:
        """The login of who wrote it."""
        return str(self.creator.login)

    def to_message(
        self, ticket: TicketJson, parts: Sequence[PartJson], bodies: Mapping[str, str]
    ) -> kit.Message:
        """Return the neutral message, with its ``parts`` in the order of their ids.

        WrongType for a row of another ticket, as far as RT tells.
        """
        belongs(self.raw, ticket.number)
        kind, audience = self._kind(ticket.logins)
        chosen = chosen_bodies(parts)
        html, text = (bodies.get(part.number) if part else None for part in chosen)
        files = [
            part
            for part in parts
            if part not in chosen and not (part.content_type or "").startswith("multipart/")
        ]
        return fast_message(
            id=str(self.id),
            ticket_id=ticket.number,
            type=kind,
            audience=audience,
            vendor_type=self.type,
            author=self._author(kind, ticket),
            to=_addresses(self.data) if audience is Audience.FORWARD else (),
            subject=(parts[0].subject or None) if parts else None,
            html=html,
            text=text,
            attachments=tuple(part.to_attachment(html or "") for part in files),
            created_at=_time(self.created, "Created"),
            raw=self.raw,
        )

    def _kind(self, requestors: frozenset[str]) -> tuple[MessageType, Audience]:
        if self.type == "Create":
            return MessageType.REQUEST, Audience.EXTERNAL
        if self.type == "Correspond":
            own = self.login in requestors
            return MessageType.REQUEST if own else MessageType.RESPONSE, Audience.EXTERNAL
        if self.type == "Comment":
            return MessageType.NOTE, Audience.INTERNAL
        if self.type in MESSAGES:
            return MessageType.RESPONSE, Audience.FORWARD
        return MessageType.SYSTEM, Audience.INTERNAL

    def _author(self, kind: MessageType, ticket: TicketJson) -> kit.Party:
        """Return who speaks. T2: the first words are the requestor's, whoever brought them in."""
        if self.login in ticket.logins:
            return self.creator.to_party(Role.CUSTOMER)
        if kind is MessageType.REQUEST and ticket.requestor:
            return ticket.requestor[0].to_party(Role.CUSTOMER)
        if self.login == SYSTEM_USER:
            return self.creator.to_party(Role.SYSTEM)
        # A login that is an address may be a customer's who had a copy, or an agent's.
        told = kind is MessageType.NOTE or "@" not in self.login
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
        if isinstance(row, Mapping) and isinstance(row.get("Type"), str) and row["Type"] in MESSAGES
    ]


def bodies_of(parts: Sequence[PartJson]) -> list[PartJson]:
    """Return the parts that are the bodies of their messages."""
    by_message: dict[str, list[PartJson]] = {}
    for part in parts:
        by_message.setdefault(part.message, []).append(part)
    return [part for own in by_message.values() for part in chosen_bodies(own) if part]


def batches(parts: Sequence[PartJson], *, most: int, size: int) -> Iterator[list[str]]:
    """Yield the ids of ``parts``, at most so many at once, and (unless it is one) so many bytes."""
    batch: list[str] = []
    room = size
    for part in parts:
        room -= part.size or 0
        if batch and (len(batch) == most or room < 0):
            yield batch
            batch, room = [], size - (part.size or 0)
        batch.append(part.number)
    if batch:
        yield batch


def _addresses(data: str | None) -> tuple[kit.Party, ...]:
    return tuple(
        fast_party(email=word) for word in re.findall(r"[^\s<>,;\"]+@[^\s<>,;\"]+", data or "")
    )


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


def explain(data: Any, status: int) -> kit.Explanation:
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
    return kit.Explanation(message=text, kind=kind)


def is_denial(said: Iterable[str]) -> bool:
    """Say whether one of RT's sentences tells of a missing right; T4: in English only."""
    return any("Permission Denied" in sentence for sentence in said)
