"""Omnidesk's JSON as we read it. No I/O.

Pages are those of https://docs.omnidesk.io/omnidesk/api-specification (message, ticket, email …)
and of the older guide. ``T1`` … are the vendor's traps, as docs/vendors/omnidesk.md lists them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from attrs import evolve, field, frozen

from helpdesk_bridge import kit
from helpdesk_bridge.kit import (
    AnyId,
    Audience,
    JsonRecord,
    Memo,
    MessageType,
    Priority,
    Role,
    Status,
    WrongType,
    belongs,
    errors,
    fast_message,
    fast_party,
    fast_ticket,
    given_id,
    is_no_time,
    member,
    read_one,
)
from helpdesk_bridge_omnidesk.settings import CUSTOMER_CHANNELS

# -- words -----------------------------------------------------------------------------------

STATUS = (
    kit.Vocabulary(  # gathered from the pages ticket, formfield and guide; "holding", not "hold"
        reads={
            "new": Status.NEW,
            "open": Status.OPEN,
            "pending": Status.PENDING,
            "holding": Status.ON_HOLD,
            "solved": Status.RESOLVED,
            "closed": Status.CLOSED,
        },
        writes={
            Status.NEW: "new",
            Status.OPEN: "open",
            Status.PENDING: "pending",
            Status.ON_HOLD: "holding",
            Status.RESOLVED: "solved",
            Status.CLOSED: "closed",
        },
        unknown=Status.UNKNOWN,
    )
)
SUBMITTABLE = frozenset((Status.OPEN, Status.PENDING, Status.ON_HOLD, Status.RESOLVED))
"""What submitStatus takes with a message; inferred from the sample and the form fields."""
SETTABLE = frozenset((Status.RESOLVED, Status.CLOSED))
"""T20: what PUT ticket documents; setStatus has no documented body."""
PRIORITY = kit.Vocabulary(
    reads={  # only "medium" is documented
        "low": Priority.LOW,
        "medium": Priority.NORMAL,
        "high": Priority.HIGH,
        "urgent": Priority.URGENT,
    },
    writes={},
    unknown=Priority.UNKNOWN,
)
_NO_TIME = datetime.max.replace(tzinfo=UTC)
INBOUND, OUTBOUND = "inbound", "outbound"
MESSAGES = CUSTOMER_CHANNELS | {"message", "text", "mail", "email", "e-mail"}
"""Types of an entry that are a message's: the vendor's own words for one (pages "message" and
"email", ``channel_name`` of the guide), and the channels that are known to reach customers."""
NUMBER = re.compile(r"[1-9][0-9]{0,254}")

# -- reading ---------------------------------------------------------------------------------

Text = str | int
"""T14: a word or number that comes as either; T15: "" is nothing."""
Stamp = str
"""T12: a time that is written without a zone, and meant in the account's."""

_KEYS = {"sender": "from", "sender_name": "from_name", "item_total": "itemTotal"}
"""JSON keys that are no Python names, or not our style."""


def stamp(value: datetime, zone: ZoneInfo) -> str:
    """Return a time in the account's zone, or InvalidArgument where that would be ambiguous."""
    local = value.astimezone(zone)
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        raise errors.InvalidArgument(
            "send_at lies in the hour that the account's time zone has twice (or never): choose"
            " another."
        )
    return local.strftime("%Y-%m-%d %H:%M:%S")


Speaker = tuple[MessageType, Audience, kit.Party]
"""What an entry is, and who wrote it."""


@frozen
class Reading:
    """What the objects of one answer are read with, and the people that they have in common."""

    zone: ZoneInfo
    """The account's time zone."""
    note_type: str | None = None
    """The channel of notes, as the settings have it."""
    people: Memo[str, tuple[kit.Party, ...]] = field(factory=lambda: Memo(kit.read_people))
    """Who is at some addresses, as a mail header has them."""
    _speakers: dict[tuple[object, ...], Speaker] = field(factory=dict)

    def time(self, value: Stamp | None, name: str) -> datetime | None:
        """Read the time in the field ``name``. In the hour that autumn has twice, the first one."""
        if value is None or is_no_time(value):
            return None  # T15: nothing is written in several ways
        try:
            local = datetime.fromisoformat(value)
            if local.tzinfo is None:  # replace() takes four times as long (Python 3.11)
                local = datetime.combine(local.date(), local.time(), self.zone)
            return local.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise WrongType("expected a time as YYYY-MM-DD HH:MM:SS", f".{name}")

    def latest(self, value: object, shown: datetime | None) -> datetime | None:
        """Return the latest instant that the time ``value`` may mean; ``shown`` is the one read.

        In autumn an hour comes twice, and in spring one is left out, in which a clock that was not
        set yet may stand: then there are two, and the vendor does not tell which.
        """
        if shown is None or not isinstance(value, str):
            return shown
        local = datetime.fromisoformat(value)  # it was read before
        if local.tzinfo is None:
            other = datetime.combine(local.date(), local.time(), self.zone).replace(fold=1)
            with suppress(OverflowError):
                return max(shown, other.astimezone(UTC))
        return shown

    def speaker(self, entry: EntryJson) -> Speaker:
        """Return what an entry is, and who wrote it."""
        told = (entry.type, entry.channel_id, entry.direction, entry.user_id)
        key = (told, entry.user_name, entry.sender, entry.sender_name)
        known = self._speakers.get(key)
        if known is None:
            kind, audience, role = self._kind(entry)
            known = kind, audience, entry.author(role)
            self._speakers[key] = known
        return known

    def _kind(self, entry: EntryJson) -> tuple[MessageType, Audience, Role]:
        word = str(entry.type).strip().casefold()
        if word == "event":
            return MessageType.SYSTEM, Audience.INTERNAL, Role.SYSTEM
        channel = None if entry.channel_id is None else str(entry.channel_id)
        written = self.note_type is not None and self.note_type in (word, channel)
        if word == "note" or (written and entry.direction != INBOUND):
            return MessageType.NOTE, Audience.INTERNAL, Role.AGENT
        # T5: 0 is the channel of notes in the guide; no customer is there. What is no message has a
        # direction, too: drafts, bounces, notes by another name.
        if channel == "0" or word not in MESSAGES:
            return MessageType.UNKNOWN, Audience.UNKNOWN, Role.UNKNOWN
        # Entries of customers and agents are not documented: the direction tells them apart.
        if entry.direction == INBOUND:
            return MessageType.REQUEST, Audience.EXTERNAL, Role.CUSTOMER
        if entry.direction == OUTBOUND:
            return MessageType.RESPONSE, Audience.EXTERNAL, Role.AGENT
        return MessageType.UNKNOWN, Audience.UNKNOWN, Role.UNKNOWN


class EntryJson(JsonRecord, frozen=True, rename=_KEYS):
    """An entry of a timeline (guide "ticket"). Only events and notes are documented."""

    type: Text
    id: AnyId
    channel_id: Text | None = None
    content: str | None = None
    message: str | None = None
    description: str | None = None
    direction: str | None = None
    user_id: Text | None = None
    user_name: str | None = None
    sender: str | None = None
    sender_name: str | None = None
    to: str | None = None
    created_at: Stamp | None = None

    def of(self, ticket_id: str, reading: Reading) -> kit.Message:
        """As :meth:`to_message`, for what was asked for: WrongType for another ticket's entry."""
        belongs(self.raw, ticket_id)
        return self.to_message(ticket_id, reading)

    def to_message(self, ticket_id: str, reading: Reading) -> kit.Message:
        """Return the neutral message. T14: ids of events and notes may be the same number."""
        kind, audience, author = reading.speaker(self)
        return fast_message(
            id=f"{self.type}-{self.id}",
            ticket_id=ticket_id,
            type=kind,
            audience=audience,
            vendor_type=str(self.type),
            author=author,
            to=reading.people[self.to] if self.to else (),
            html=_fuller(self.content, self.message),
            text=self._description(kind),
            created_at=reading.time(self.created_at, "created_at"),
            raw=self.raw,
        )

    def _description(self, kind: MessageType) -> str | None:
        """Return the words of an event; those of any other entry only where it has no others."""
        others = (self.content, self.message)
        if kind is MessageType.SYSTEM or not any(map(kit.shows_something, filter(None, others))):
            return self.description
        return None

    def author(self, role: Role) -> kit.Party:
        """Return who wrote it; a customer may be known by a number in place of an address."""
        user = given_id(self.user_id)
        if role is not Role.CUSTOMER:
            return fast_party(id=user, name=self.user_name or None, role=role)
        speaker = self.sender or ""
        told = kit.read_person(speaker) if "@" in speaker else kit.Party()
        return fast_party(
            id=user or (speaker if "@" not in speaker else "") or None,
            name=self.sender_name or told.name,
            email=told.email,
            role=role,
        )


def _fuller(first: str | None, second: str | None) -> str | None:
    """Return the form of a body that shows something: the first, unless only the second does."""
    if second is None or (first is not None and kit.shows_something(first)):
        return first
    return second if first is None or kit.shows_something(second) else first


class TicketJson(JsonRecord, frozen=True, rename=_KEYS):
    """The item of a ticket (guide "ticket"); entries of a list may have less."""

    id: AnyId
    title: str | None = None
    status: Text | None = None
    priority: Text | None = None
    direction: str | None = None
    channel_id: Text | None = None
    channel_name: str | None = None
    brand_id: Text | None = None
    customer_id: Text | None = None
    sender: str | None = None
    sender_name: str | None = None
    to: str | None = None
    to_name: str | None = None
    assigned_group_id: Text | None = None
    assigned_user_id: Text | None = None
    external_id: Text | None = None
    created_at: Stamp | None = None
    last_update: Stamp | None = None
    last_update_customer: Stamp | None = None
    last_update_agent: Stamp | None = None
    timeline: list[Any] | None = None

    def to_ticket(self, reading: Reading) -> kit.Ticket:
        """Return the neutral ticket. One that went out is written from the desk to the customer."""
        outbound = self.direction == OUTBOUND
        address = (self.to if outbound else self.sender) or ""
        told = kit.read_person(address) if "@" in address else kit.Party()
        name = (self.to_name if outbound else self.sender_name) or told.name
        status = "" if self.status is None else str(self.status)
        agent, priority = given_id(self.assigned_user_id), given_id(self.priority)
        return fast_ticket(
            id=str(self.id),
            subject=self.title or "",
            status=STATUS.read(status),
            vendor_status=status,
            priority=None if priority is None else PRIORITY.read(priority),
            requester=fast_party(
                id=given_id(self.customer_id),
                name=name or None,
                email=told.email,
                role=Role.CUSTOMER,
            ),
            assignee=fast_party(id=agent, role=Role.AGENT) if agent else None,
            team=given_id(self.assigned_group_id),
            channel=self._channel(),
            created_at=reading.time(self.created_at, "created_at"),
            updated_at=reading.time(self.last_update, "last_update"),
            last_message_at=max(self._spoken(reading), default=None),
            raw=self.raw,
        )

    def _spoken(self, reading: Reading) -> list[datetime]:
        """When the customer and the agents last wrote, as far as it is told."""
        customer = reading.time(self.last_update_customer, "last_update_customer")
        agent = reading.time(self.last_update_agent, "last_update_agent")
        return [at for at in (customer, agent) if at]

    def _channel(self) -> kit.Channel | None:
        channel_id = given_id(self.channel_id)
        if channel_id is None:
            return None
        return kit.Channel(
            id=channel_id,
            name=self.channel_name,
            address=(self.sender if self.direction == OUTBOUND else self.to) or None,
            kind=self.channel_name,
        )


def one_ticket(data: Any, reading: Reading) -> kit.Ticket:
    """Return the ticket in its envelope ``{"type": "item", "item": {…}}`` (guide "ticket")."""
    record, path = member(data, "item")
    return read_one(record, TicketJson, lambda ticket: ticket.to_ticket(reading), path)


class Collection(JsonRecord, frozen=True, rename=_KEYS):
    """The envelope of a list; documented for customers only (page "customer").

    T14: ``{"type": "collection", "itemTotal": "2", "items": [{…}, {…}]}``
    """

    items: list[Any]

    def told(self, headers: Mapping[str, str] | None = None) -> kit.Told:
        """Return what it says of the list, beside the headers of its answer."""
        return kit.Told.of(self.raw, len(self.items), headers)


def collection(data: Any) -> Collection:
    """Return the envelope of a list; ProtocolError for what is none."""
    return kit.read(data, Collection)


_MAIL_ID = re.compile(r"([0-9a-f]{32})@helpdesk-bridge\.invalid")


def mail_id(mark: str) -> str:
    """Return the ``messageID`` of a mail that is put in (page "email").

    By it the vendor tells "that the message already exists"; all calls with one key have the same.
    """
    return f"{mark}@helpdesk-bridge.invalid"


def mark_of(entry: Mapping[str, Any]) -> str | None:
    """Return the mark of a mail that was put in, if its entry shows our ``messageID``.

    Under which name is not documented (``external_id`` and ``meta_data`` are there). The word is
    ours alone, wherever it stands.
    """
    for name in ("external_id", "messageID", "message_id", "meta_data"):
        found = _MAIL_ID.search(str(entry.get(name) or ""))
        if found is not None:
            return found[1]
    return None


def made_id(data: Any) -> str:
    """Return the id of a new ticket: "an integer ticket id", under a name nobody documents.

    A name that tells of a ticket counts before ``id``, and a record's before the envelope's, which
    may be the request's.
    """
    top = data if isinstance(data, Mapping) else {}
    places = [*(top.get(name) for name in ("item", "data", "ticket")), top]
    for names in (("ticketID", "ticket_id"), ("id",)):
        for place in places:
            found = [str(place.get(name)) for name in names] if isinstance(place, Mapping) else []
            for number in filter(NUMBER.fullmatch, found):
                return number
    raise errors.ProtocolError("$: no ticket id.", path="$")


def require_own(data: Any, ticket_id: str) -> None:
    """Raise WrongType for the answer to a message that names another ticket than ``ticket_id``."""
    places = [data, data.get("item"), data.get("data")] if isinstance(data, Mapping) else []
    for place in places:
        if isinstance(place, Mapping):
            belongs(place, ticket_id)


def is_error(data: Any) -> bool:
    """Say whether a 2xx answer is a refusal: ``status`` or ``type`` is ``error``."""
    return isinstance(data, Mapping) and "error" in (data.get("status"), data.get("type"))


_MISSING = ("does not exist", "could not retreive", "could not retrieve")
"""The documented wordings of a missing object, which is a 400 (legacy page)."""


def explain(data: Any, status: int) -> kit.Explanation:
    """Read ``{"status": "error", "message": …}``; there are no codes."""
    message = data.get("message") if isinstance(data, Mapping) else None
    text = message if isinstance(message, str) else ""
    missing = status in (200, 400) and any(wording in text.lower() for wording in _MISSING)
    return kit.Explanation(message=text, kind=errors.NotFound if missing else None)


def oldest_first(messages: Sequence[kit.Message], reading: Reading) -> tuple[kit.Message, ...]:
    """Sort by time; nobody documents the order of a timeline, nor more than whole seconds.

    What stands behind an entry, and by its time before it, is of the second of the two hours that
    autumn has alike, if it can be.
    """
    times = [message.created_at for message in messages if message.created_at]
    turned = messages[::-1] if times and times[0] > times[-1] else messages
    placed, newest = [], datetime.min.replace(tzinfo=UTC)
    for message in turned:
        at = message.created_at
        if at is not None and at < newest:
            later = reading.latest(message.raw.get("created_at"), at)
            if later is not None and later >= newest:
                message, at = evolve(message, created_at=later), later
        newest = max(newest, at or newest)
        placed.append(message)
    return tuple(sorted(placed, key=lambda message: message.created_at or _NO_TIME))
