"""Recent unsafe writes of a desk and their results."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from typing import Literal, TypeAlias

from attrs import define, evolve, field

from helpdesk_bridge.delivery.ledger import Entry, State

__all__ = ["Kind", "RecentWrites"]

Kind: TypeAlias = Literal["message", "ticket"]

_MOST = 2_000


@define
class RecentWrites:
    """The last writes of a desk that must not be done twice, and what came of each."""

    salt: str = field(factory=lambda: secrets.token_hex(8), repr=False)
    """The salt of all fingerprints of a desk: equal words have equal digests."""
    _entries: OrderedDict[str, Entry] = field(factory=OrderedDict, init=False)
    _owners: OrderedDict[tuple[Kind, str], str] = field(factory=OrderedDict, init=False)

    def put(self, entry: Entry) -> None:
        """Record a write that begins."""
        self._entries[entry.operation_id] = entry
        if len(self._entries) > _MOST:
            self._entries.popitem(last=False)

    def record_result(self, operation_id: str, state: State, made_id: str | None = None) -> None:
        """Record the result of a write; ``made_id`` is None where the vendor gives no id."""
        entry = self._entries.get(operation_id)
        if entry is None:
            return
        self._entries[operation_id] = evolve(entry, state=state, made_id=made_id)
        if made_id is not None:
            self.claim("message" if entry.ticket_id else "ticket", made_id, operation_id)

    def claim(self, kind: Kind, made: str, operation_id: str) -> None:
        """Record which call made the message or ticket ``made``."""
        self._owners[kind, made] = operation_id
        if len(self._owners) > _MOST:
            self._owners.popitem(last=False)

    def made_by_others(self, kind: Kind, operation_id: str) -> frozenset[str]:
        """Return the ids of the messages or tickets that other writes are known to have made."""
        return frozenset(
            made
            for (one, made), owner in self._owners.items()
            if one == kind and owner != operation_id
        )

    def on(self, ticket_id: str | None) -> list[Entry]:
        """Return the writes on a ticket (None: those that create one)."""
        return [entry for entry in self._entries.values() if entry.ticket_id == ticket_id]

    def with_known(self, entry: Entry) -> Entry:
        """Return the entry with the ids of what earlier writes made with the same words."""
        words = entry.fingerprint.words
        known = tuple(
            earlier.made_id
            for earlier in self.on(entry.ticket_id)
            if earlier.made_id is not None and earlier.fingerprint.words == words
        )
        return evolve(entry, fingerprint=evolve(entry.fingerprint, known=known))
