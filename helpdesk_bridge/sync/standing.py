"""Where tickets stood when they were told last."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import define, field

from helpdesk_bridge.model import Status, Ticket
from helpdesk_bridge.sync.packed import packed, unpacked
from helpdesk_bridge.sync.versions import identity

__all__ = ["Standing"]

_MOST = 740
"""Tickets that are remembered."""
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

    def __len__(self) -> int:
        return len(self._statuses)

    def knows(self, ticket_id: str) -> bool:
        """Say whether a ticket is remembered, which was told then."""
        return identity(ticket_id) in self._statuses

    def copy(self) -> Standing:
        """Return what is remembered now."""
        return Standing({**self._statuses})

    def moved(self, ticket: Ticket) -> tuple[bool, Status | None]:
        """Say whether the status of a ticket changed, and from which one; None: not known."""
        number = self._statuses.get(identity(ticket.id))
        if number is None:
            return ticket.status not in _DONE, None
        before = _STATUSES[number]
        return before is not ticket.status, before

    def note(self, ticket: Ticket) -> None:
        """Remember where a ticket stands that is told."""
        one = identity(ticket.id)
        self._statuses.pop(one, None)
        self._statuses[one] = _STATUSES.index(ticket.status)
        if len(self._statuses) > _MOST:
            done = (t for t, number in self._statuses.items() if _STATUSES[number] in _DONE)
            del self._statuses[next(done, next(iter(self._statuses)))]

    def drop(self, ticket_id: str) -> None:
        """Forget a ticket that is gone."""
        self._statuses.pop(identity(ticket_id), None)

    def to_plain(self) -> str:
        """Return what is remembered as a text."""
        return _written(self._statuses.items())

    @classmethod
    def from_plain(cls, text: Any) -> Standing:
        """Return what :meth:`to_plain` told; ValueError for what is damaged."""
        if not isinstance(text, str):
            raise ValueError("what is known of statuses is no text")
        data = unpacked(text)
        if len(data) % _ENTRY:
            raise ValueError("what is known of statuses is cut")
        made = cls()
        for at in range(0, len(data), _ENTRY):
            number = data[at + _ID]
            if number >= len(_STATUSES):
                raise ValueError("a status is not known")
            made._statuses[int.from_bytes(data[at : at + _ID], "big")] = number
        return made


def _written(entries: Iterable[tuple[int, int]]) -> str:
    return packed(b"".join(one.to_bytes(_ID, "big") + bytes((status,)) for one, status in entries))
