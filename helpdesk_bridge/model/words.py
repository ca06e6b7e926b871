"""The vocabularies that are the same for every vendor: types, statuses, priorities and so on.

Each is open: a vendor's word that is not known is read as UNKNOWN.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = [
    "Audience",
    "ChangeKind",
    "ChangeMode",
    "EventKind",
    "MessageType",
    "Priority",
    "Role",
    "Status",
    "TicketKind",
    "TicketOrder",
]


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
    """The vendor did not tell, or used a word that this library does not know."""


class Audience(StrEnum):
    """Who may see a message."""

    EXTERNAL = "external"
    """The customer sees it."""
    INTERNAL = "internal"
    """Only agents see it."""
    FORWARD = "forward"
    """The third party to whom it was forwarded sees it."""
    UNKNOWN = "unknown"
    """It is not known, and therefore treated as not public."""


class Status(StrEnum):
    """Where a ticket stands."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    """The ticket waits for the customer."""
    ON_HOLD = "on_hold"
    """The ticket waits for somebody else."""
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


class TicketOrder(StrEnum):
    """In which order tickets are listed. Those without the time come last, whatever the order."""

    CREATED_AT = "created_at"
    """By the time of creation, the oldest first."""
    CREATED_AT_DESC = "-created_at"
    """By the time of creation, the newest first."""
    UPDATED_AT = "updated_at"
    """By the time of the last change, the one that changed longest ago first."""
    UPDATED_AT_DESC = "-updated_at"
    """By the time of the last change, the one that changed last first."""

    @property
    def field(self) -> str:
        """The field of Ticket that it goes by."""
        return self.value.removeprefix("-")

    @property
    def is_descending(self) -> bool:
        """Whether the newest comes first."""
        return self.value.startswith("-")


class ChangeMode(StrEnum):
    """How it is found out what has changed on a desk (``capabilities[CHANGES].limits.mode``)."""

    CURSOR = "cursor"
    """The vendor keeps a feed of what changed, and a poll asks what came behind its last place."""
    WINDOW = "window"
    """The vendor lists tickets by the time of their last change: a poll reads the newest."""
    SCAN = "scan"
    """The vendor tells neither: a poll reads the list of all tickets, and compares."""


class ChangeKind(StrEnum):
    """What a desk's changes tell of (``capabilities[CHANGES].limits.sees``)."""

    MESSAGES = "messages"
    """A new message shows on its ticket, so that the ticket counts as changed."""
    FIELDS = "fields"
    """A change of a ticket's fields, such as its status."""
    DELETIONS = "deletions"
    """That a ticket was deleted, without a sweep."""


class EventKind(StrEnum):
    """What happened on a desk, as ``Helpdesk.events`` tells it."""

    TICKET_CREATED = "ticket_created"
    """There is a ticket that was not told before."""
    TICKET_UPDATED = "ticket_updated"
    """A ticket that was told before has other fields now."""
    STATUS_CHANGED = "status_changed"
    """Its status is another one; ``before`` is the one before, as far as it is known."""
    TICKET_DELETED = "ticket_deleted"
    """It was deleted; only its id is known."""
    MESSAGE_RECEIVED = "message_received"
    """The customer wrote: a message of the type REQUEST."""
    MESSAGE_SENT = "message_sent"
    """The helpdesk wrote to the customer or forwarded: a message of the type RESPONSE."""
    NOTE_ADDED = "note_added"
    """An agent wrote a note: a message of the type NOTE."""
    MESSAGE_ADDED = "message_added"
    """Any other message: of the type SYSTEM or UNKNOWN."""
