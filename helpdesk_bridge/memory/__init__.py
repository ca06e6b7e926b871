"""A helpdesk inside this process: the ``memory`` adapter and the Store that it works on."""

from helpdesk_bridge.memory.adapter import Memory
from helpdesk_bridge.memory.settings import MemorySettings
from helpdesk_bridge.memory.store import Store, TickingClock
from helpdesk_bridge.memory.stored import Mail, StoredFile, StoredMessage, StoredTicket

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
