"""Where tickets stood when they were told last, and which events were told last."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from attrs import define, field

from helpdesk_bridge.model import Event, EventKind, Message, Status, Ticket
from helpdesk_bridge.sync.packed import digest, packed, unpacked
from helpdesk_bridge.sync.versions import identity

__all__ = ["Standing"]

_MOST, _EVENTS, _MOST_EVENTS = 1000, 400, 1200
"""Tickets that are remembered; events, and those within a batch."""
_ROOM = 12_000
"""Characters of what is remembered: of too many tickets the oldest are left out."""
_ID, _ENTRY = 6, 7
"""Bytes of an id, and of an id with a status."""
_STATUSES = tuple(Status)
_DONE = frozenset((Status.RESOLVED, Status.CLOSED, Status.SPAM, Status.DELETED))


@define
class Standing:
    """The statuses of tickets, those that are not done with kept longest.

    A ticket that is not remembered is taken to have been done with.
    """

    _statuses: dict[int, int] = field(factory=dict)
    """The number of a status by ticket: the one told last comes last."""
    _told: dict[int, None] = field(factory=dict)
    """The events told last."""
    has_begun: bool = False
    """Whether the first list is behind: a ticket that was created before is no new one."""

    def is_told(self, event: Event) -> bool:
        """Say whether an event is among those that were told last."""
        return _number(event) in self._told

    def copy(self) -> Standing:
        """Return what is remembered now."""
        return Standing({**self._statuses}, {**self._told}, self.has_begun)

    def tell(self, event: Event) -> None:
        """Remember that an event is told."""
        self._told[_number(event)] = None
        self._keep(_MOST_EVENTS)
        if event.kind is EventKind.TICKET_DELETED:
            self._statuses.pop(identity(event.ticket_id), None)
        else:  # what came back may go once more
            self._told.pop(_deletion(event.ticket_id), None)

    def is_new(self, ticket: Ticket, floor: datetime | None, messages: Iterable[Message]) -> bool:
        """Say whether a ticket was not told before, as far as its creation tells.

        Args:
            ticket: the ticket.
            floor: the time before which all was told; None: it is not known.
            messages: the messages of it that were not told before.
        """
        if identity(ticket.id) in self._statuses:
            return False
        created = ticket.created_at
        if not self.has_begun or created is None:
            return not self.has_begun
        is_late = floor is not None and created >= floor
        return is_late or any(one.created_at == created for one in messages)

    def moved(self, ticket: Ticket) -> tuple[bool, Status | None]:
        """Say whether the status of a ticket changed, and from which one; None: not known."""
        number = self._statuses.get(identity(ticket.id))
        if number is None:
            return ticket.status not in _DONE, None
        before = _STATUSES[number]
        return before is not ticket.status, before

    def note(self, ticket: Ticket) -> None:
        """Remember where a ticket stands that was told."""
        one = identity(ticket.id)
        self._statuses.pop(one, None)
        self._statuses[one] = _STATUSES.index(ticket.status)
        if len(self._statuses) > _MOST:
            done = (t for t, number in self._statuses.items() if _STATUSES[number] in _DONE)
            del self._statuses[next(done, next(iter(self._statuses)))]

    def close(self) -> None:
        """Forget old events behind the last one of a batch."""
        self._keep(_EVENTS)

    def _keep(self, most: int) -> None:
        for number in list(self._told)[: max(0, len(self._told) - most)]:
            del self._told[number]

    def to_plain(self) -> dict[str, Any]:
        """Return what is remembered as JSON values."""
        told = packed(b"".join(number.to_bytes(_ID, "big") for number in self._told))
        entries = list(self._statuses.items())
        statuses = _written(entries)
        while len(statuses) + len(told) > _ROOM:
            entries = entries[max(1, len(entries) // 8) :]
            statuses = _written(entries)
        return {"statuses": statuses, "told": told, "begun": self.has_begun}

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Standing:
        """Return what :meth:`to_plain` told; ValueError for what is damaged."""
        statuses, told = unpacked(data.get("statuses", "")), unpacked(data.get("told", ""))
        if len(statuses) % _ENTRY or len(told) % _ID:
            raise ValueError("what is known of tickets is cut")
        made = cls()
        for at in range(0, len(statuses), _ENTRY):
            number = statuses[at + _ID]
            if number >= len(_STATUSES):
                raise ValueError("a status is not known")
            made._statuses[int.from_bytes(statuses[at : at + _ID], "big")] = number
        for at in range(0, len(told), _ID):
            made._told[int.from_bytes(told[at : at + _ID], "big")] = None
        made.has_begun = data.get("begun") is True
        return made


def _written(entries: Iterable[tuple[int, int]]) -> str:
    return packed(b"".join(one.to_bytes(_ID, "big") + bytes((status,)) for one, status in entries))


def _number(event: Event) -> int:
    if event.kind is EventKind.TICKET_DELETED:
        return _deletion(event.ticket_id)
    return digest("event", event.id)


def _deletion(ticket_id: str) -> int:
    return digest("deleted", ticket_id)
