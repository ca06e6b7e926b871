"""Which version of a ticket was read: two that say the same have the same digest."""

from __future__ import annotations

import json
from typing import Any

from helpdesk_bridge.model import Status, Ticket
from helpdesk_bridge.model.serialise import to_json
from helpdesk_bridge.sync.packed import digest

__all__ = ["identity", "is_gone", "key_of", "version"]


def version(ticket: Ticket) -> int:
    """Return a digest (6 bytes) of what ``ticket`` says.

    Of one with a time of its last change it is that of all fields of the model. Without one nothing
    need show in them that a message came, and it is that of the vendor's record.
    """
    if ticket.updated_at is not None or not ticket.raw:
        return digest(to_json(ticket))
    return digest(json.dumps(ticket.raw, sort_keys=True, default=_word, ensure_ascii=True))


def identity(ticket_id: str) -> int:
    """Return a digest (6 bytes) of an id."""
    return digest("ticket", ticket_id)


def key_of(ticket: Ticket) -> bytes:
    """Return 8 bytes for a ticket in its version."""
    return digest(ticket.id, str(version(ticket)), size=8).to_bytes(8, "big")


def is_gone(ticket: Ticket) -> bool:
    """Say whether a ticket is marked deleted."""
    return ticket.status is Status.DELETED or ticket.deleted_at is not None


def _word(value: Any) -> str:
    return f"{type(value).__name__} {value}"
