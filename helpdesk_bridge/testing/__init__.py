"""Tools for tests: a helpdesk in memory, a base for fakes of vendors, and network faults."""

from helpdesk_bridge.memory import Memory, MemorySettings
from helpdesk_bridge.memory.store import Store, TickingClock
from helpdesk_bridge.memory.stored import Mail, StoredFile, StoredMessage, StoredTicket
from helpdesk_bridge.testing.fake import Exchange, FakeServer, Refusal, multipart_fields
from helpdesk_bridge.testing.faults import (
    Answer,
    Cut,
    Drip,
    End,
    FaultProxy,
    FaultServer,
    Hold,
    Insert,
    Side,
    refused_url,
)

__all__ = [
    "Answer",
    "Cut",
    "Drip",
    "End",
    "Exchange",
    "FakeServer",
    "FaultProxy",
    "FaultServer",
    "Hold",
    "Insert",
    "Mail",
    "Memory",
    "MemorySettings",
    "Refusal",
    "Side",
    "Store",
    "StoredFile",
    "StoredMessage",
    "StoredTicket",
    "TickingClock",
    "multipart_fields",
    "refused_url",
]
