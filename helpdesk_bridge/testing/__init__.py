"""Test doubles that are part of the product: a helpdesk in memory, and the base of every fake."""

from helpdesk_bridge.testing.fake import Exchange, FakeServer, Refusal, multipart_fields
from helpdesk_bridge.testing.memory import Memory, MemorySettings
from helpdesk_bridge.testing.store import (
    Mail,
    Store,
    StoredFile,
    StoredMessage,
    StoredTicket,
    TickingClock,
)

__all__ = [
    "Exchange",
    "FakeServer",
    "Mail",
    "Memory",
    "MemorySettings",
    "Refusal",
    "Store",
    "StoredFile",
    "StoredMessage",
    "StoredTicket",
    "TickingClock",
    "multipart_fields",
]
