"""The embedded desk: the ``memory`` adapter and the Store that it works on."""

from helpdesk_bridge.memory.adapter import Memory
from helpdesk_bridge.memory.settings import MemorySettings
from helpdesk_bridge.memory.store import (
    Mail,
    Store,
    StoredFile,
    StoredMessage,
    StoredTicket,
    TickingClock,
)

__all__ = [
    "Mail",
    "Memory",
    "MemorySettings",
    "Store",
    "StoredFile",
    "StoredMessage",
    "StoredTicket",
    "TickingClock",
]
