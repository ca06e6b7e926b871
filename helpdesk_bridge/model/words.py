"""The neutral vocabularies. Each is open: a word that is not known reads as UNKNOWN."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Audience", "MessageType", "Priority", "Role", "Status", "TicketKind"]


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
