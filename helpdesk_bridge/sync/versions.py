"""Which version of a ticket was read: two that say the same have the same digest."""

from __future__ import annotations

import json
from typing import Any

from attrs import define, field

from helpdesk_bridge.model import Status, Ticket
from helpdesk_bridge.model.serialise import to_json
from helpdesk_bridge.sync.packed import digest

__all__ = ["Versions", "identity", "is_gone", "key_of", "version"]

_TOGETHER = 1000
"""Tickets whose versions are kept at once."""


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


def key_of(ticket_id: str, said: int) -> bytes:
    """Return 8 bytes for a ticket in its version."""
    return digest(ticket_id, str(said), size=8).to_bytes(8, "big")


@define
class Versions:
    """The versions of the tickets that are looked at together, each computed once.

    Computing one takes as long as all the rest that a poll does with a ticket that is as it was.
    """

    _computed: dict[int, tuple[Ticket, int]] = field(factory=dict, init=False)
    """By the identity of the object, which is kept so that it stays its own."""

    def of(self, ticket: Ticket) -> int:
        """Return what :func:`version` does."""
        known = self._computed.get(id(ticket))
        if known is None:
            if len(self._computed) >= _TOGETHER:
                self._computed.clear()
            known = self._computed[id(ticket)] = ticket, version(ticket)
        return known[1]


def is_gone(ticket: Ticket) -> bool:
    """Say whether a ticket is marked deleted."""
    return ticket.status is Status.DELETED or ticket.deleted_at is not None


def _word(value: Any) -> str:
    return f"{type(value).__name__} {value}"
