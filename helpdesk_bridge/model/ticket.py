"""The vendor-neutral helpdesk: tickets, messages, people and files, as frozen values.

Every vocabulary is open: a vendor's word that has no counterpart reads as ``UNKNOWN`` and stays
readable in ``vendor_status``, ``vendor_type`` and ``raw``. What a vendor does not tell is None
or ``UNKNOWN``, never guessed. All datetimes are aware and in UTC.

The ``repr`` of these values shows ids and vocabulary only, because it ends up in logs; the
customer's words and addresses are in the attributes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, Generic, NewType, TypeVar

from attrs import evolve, field, frozen
from attrs.validators import instance_of, optional

from helpdesk_bridge.errors import HelpdeskError, InvalidArgument
from helpdesk_bridge.model.html_text import html_to_text, text_to_html

__all__ = [
    "Attachment",
    "Audience",
    "Channel",
    "Cursor",
    "CustomField",
    "Message",
    "MessageType",
    "Page",
    "Party",
    "Priority",
    "Problem",
    "Role",
    "Status",
    "Ticket",
    "TicketKind",
]

T = TypeVar("T")

Cursor = NewType("Cursor", str)
"""A place in a list: opaque, made by an adapter, meaningful only to it."""


class MessageType(StrEnum):
    """Who speaks to whom."""

    REQUEST = "request"
    """From the customer to the helpdesk."""
    RESPONSE = "response"
    """From the helpdesk to the customer, or (audience FORWARD) to a third party."""
    NOTE = "note"
    """Between agents; no customer ever sees it."""
    SYSTEM = "system"
    """Written by the helpdesk itself: events, bounces, errors."""
    UNKNOWN = "unknown"
    """The vendor did not say, or said a word this library does not know."""


class Audience(StrEnum):
    """Who may see a message."""

    EXTERNAL = "external"
    """The customer."""
    INTERNAL = "internal"
    """Agents only."""
    FORWARD = "forward"
    """A third party it was forwarded to."""
    UNKNOWN = "unknown"
    """Not known, and therefore treated as not public."""


class Status(StrEnum):
    """Where a ticket stands."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    """Waits for the customer."""
    ON_HOLD = "on_hold"
    """Waits for somebody else."""
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    CLOSED = "closed"
    SPAM = "spam"
    DELETED = "deleted"
    UNKNOWN = "unknown"


class Priority(StrEnum):
    """How urgent a ticket is."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"
    UNKNOWN = "unknown"


class TicketKind(StrEnum):
    """What sort of matter a ticket is about."""

    QUESTION = "question"
    INCIDENT = "incident"
    PROBLEM = "problem"
    TASK = "task"
    UNKNOWN = "unknown"


class Role(StrEnum):
    """What a party is to the helpdesk."""

    CUSTOMER = "customer"
    AGENT = "agent"
    SYSTEM = "system"
    UNKNOWN = "unknown"


def _utc(value: datetime | None) -> datetime | None:
    if value is None or value.tzinfo is UTC:
        return value
    if value.utcoffset() is None:
        raise InvalidArgument("a datetime without a time zone: give an aware one")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        pass
    raise InvalidArgument("a datetime that is before the year 1 or after 9999 in UTC")


def _when() -> Any:
    return field(default=None, converter=_utc, repr=False)


@frozen(kw_only=True)
class Party:
    """A person or mailbox. Any of ``name``, ``email`` and the vendor's ``id`` may be None."""

    name: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    id: str | None = None
    role: Role = Role.UNKNOWN

    def __str__(self) -> str:
        """Return ``Name <address>``, or whichever of the two is known."""
        if self.name and self.email:
            return f"{self.name} <{self.email}>"
        return self.name or self.email or self.id or str(self.role)


@frozen(kw_only=True)
class Channel:
    """Where a ticket came in: the vendor's ``id`` of it, its ``address`` and ``kind`` (email …)."""

    id: str | None = None
    name: str | None = None
    address: str | None = field(default=None, repr=False)
    kind: str | None = None


_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_DEVICE = re.compile(r"(?i)^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|$)")


@frozen(kw_only=True)
class Attachment:
    """A file of a message. ``size`` is in bytes; None where the vendor does not tell."""

    id: str
    name: str | None = field(default=None, repr=False)
    mime_type: str | None = None
    size: int | None = None
    inline: bool = False
    """Shown inside the body, which refers to it as ``cid:<content_id>``."""
    content_id: str | None = None

    @property
    def safe_name(self) -> str:
        """Return a file name without directories, control characters or device names.

        At most 255 bytes in UTF-8; ``attachment-<id>`` when nothing usable is left.
        """
        name = unicodedata.normalize("NFC", self.name or "")
        name = "".join(c for c in name if unicodedata.category(c) not in _INVISIBLE)
        name = _UNSAFE.sub("_", re.split(r"[/\\]", name)[-1]).strip(" .")
        if not name or _DEVICE.match(name):
            name = (
                f"attachment-{re.sub(r'[^A-Za-z0-9_-]', '_', self.id)}{'-' + name if name else ''}"
            )
        stem, dot, suffix = name.rpartition(".")
        suffix = dot + suffix if stem and len(suffix.encode()) <= 16 else ""
        room = 255 - len(suffix.encode())
        stem = name.removesuffix(suffix).encode()[:room].decode(errors="ignore")
        return (stem + suffix).rstrip(" .")


@frozen(kw_only=True)
class Ticket:
    """A conversation with one customer.

    ``deleted_at`` is set on a ticket the vendor has marked deleted; its status is then DELETED.
    ``raw`` is the vendor's own object, not a copy.
    """

    id: str
    subject: str = field(default="", repr=False)
    status: Status = Status.UNKNOWN
    vendor_status: str = ""
    priority: Priority | None = None
    kind: TicketKind | None = None
    requester: Party = field(factory=Party, repr=False)
    assignee: Party | None = field(default=None, repr=False)
    team: str | None = None
    channel: Channel | None = field(default=None, repr=False)
    tags: tuple[str, ...] = ()
    custom_fields: Mapping[str, Any] = field(factory=dict, repr=False, hash=False)
    created_at: datetime | None = _when()
    updated_at: datetime | None = _when()
    last_message_at: datetime | None = _when()
    deleted_at: datetime | None = _when()
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False)


@frozen(kw_only=True)
class Message:
    """One message of a ticket.

    A body may be given as HTML, as text or as both. ``html`` and ``text`` return what the vendor
    gave, or derive it from the other; both are None when the message has no body.
    """

    id: str
    ticket_id: str
    type: MessageType = MessageType.UNKNOWN
    audience: Audience = Audience.UNKNOWN
    vendor_type: str = ""
    author: Party = field(factory=Party, repr=False)
    to: tuple[Party, ...] = field(default=(), repr=False)
    cc: tuple[Party, ...] = field(default=(), repr=False)
    bcc: tuple[Party, ...] = field(default=(), repr=False)
    subject: str | None = field(default=None, repr=False)
    given_html: str | None = field(
        default=None, alias="html", repr=False, validator=optional(instance_of(str))
    )
    given_text: str | None = field(
        default=None, alias="text", repr=False, validator=optional(instance_of(str))
    )
    attachments: tuple[Attachment, ...] = field(default=(), repr=False)
    created_at: datetime | None = _when()
    updated_at: datetime | None = _when()
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        if self.type == MessageType.NOTE and self.audience != Audience.INTERNAL:
            raise InvalidArgument(f"a note is internal, and this one says {self.audience}")

    @property
    def is_public(self) -> bool:
        """Whether somebody outside the helpdesk may see it; False whenever that is not known."""
        return self.audience in (Audience.EXTERNAL, Audience.FORWARD)

    @cached_property
    def html(self) -> str | None:
        """Return the body as HTML. It is the sender's markup: sanitise it before showing it."""
        if self.given_html is not None or self.given_text is None:
            return self.given_html
        return text_to_html(self.given_text)

    @cached_property
    def text(self) -> str | None:
        """Return the body as plain text."""
        if self.given_text is not None or self.given_html is None:
            return self.given_text
        return html_to_text(self.given_html)


@frozen(kw_only=True)
class CustomField:
    """The definition of a custom field; ``id`` is its key in ``Ticket.custom_fields``.

    ``kind`` is the vendor's word for its type, ``required`` whether agents must fill it (None: not
    told), ``options`` the values to choose from.
    """

    id: str
    name: str
    kind: str = ""
    active: bool = True
    required: bool | None = None
    options: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False)


@frozen(kw_only=True)
class Problem:
    """A record that could not be read; ``index`` is its place among the page's records."""

    index: int
    error: HelpdeskError
    raw: Any = field(default=None, repr=False, eq=False)


@frozen(kw_only=True)
class Page(Generic[T]):
    """A page of a list.

    ``items`` are the records that could be read, ``problems`` those that could not (with their
    place in the page as the vendor sent it). Iterating a page raises at the first problem, so that
    a record is never passed over unseen. ``next`` is None on the last page; ``total`` is the
    vendor's count of all records, None where it does not tell.
    """

    items: tuple[T, ...]
    next: Cursor | None = None
    total: int | None = None
    problems: tuple[Problem, ...] = ()
    filtered: tuple[str, ...] = field(default=(), repr=False)
    """Ids of records that were read and left out, because the vendor could not filter them."""
    listed: int | None = None
    """The vendor's count of the records it lists, filtered or not; when it changes, they move."""
    ahead: tuple[Cursor, ...] = field(default=(), repr=False, eq=False)
    """Places of pages behind ``next`` that are known already, in order; a few are enough.

    They are read at once only where ``listed`` is given, too: without a count nobody would notice
    a record that moved from one of these pages to another meanwhile.
    """

    def records(self) -> Iterator[T | Problem]:
        """Return items and problems in the order the vendor sent them."""
        return self._mixed() if self.problems else iter(self.items)

    def _mixed(self) -> Iterator[T | Problem]:
        items = iter(self.items)
        broken = {problem.index: problem for problem in self.problems}
        for index in range(len(self.items) + len(broken)):
            yield broken[index] if index in broken else next(items)

    def where(self, keep: Callable[[T], bool], identity: Callable[[T], str]) -> Page[T]:
        """Return this page with only the items to keep; the others' ids go to ``filtered``."""
        if all(map(keep, self.items)):
            return self
        items: list[T] = []
        left_out: list[str] = []
        problems: list[Problem] = []
        for record in self.records():
            if isinstance(record, Problem):
                problems.append(evolve(record, index=len(items) + len(problems)))
            elif keep(record):
                items.append(record)
            else:
                left_out.append(identity(record))
        return Page(
            items=tuple(items),
            next=self.next,
            total=None if left_out else self.total,
            problems=tuple(problems),
            filtered=(*self.filtered, *left_out),
            listed=self.listed,
            ahead=self.ahead,
        )

    def __iter__(self) -> Iterator[T]:
        for record in self.records():
            if isinstance(record, Problem):
                raise record.error
            yield record

    def __len__(self) -> int:
        return len(self.items)
