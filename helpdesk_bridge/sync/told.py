"""Which messages were told, so that each is told once, in a place of limited size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from attrs import define, field

from helpdesk_bridge.model import Message
from helpdesk_bridge.sync.packed import digest, packed, unpacked, varints, written

__all__ = ["MARGIN", "ToldMessages"]

MARGIN = 60.0
"""Seconds by which the time of a message may lie before the change of its ticket that it made."""
_MOST = 4000
"""Messages that are remembered behind the end of a poll."""
_DIGITS = 15
"""Longer numbers of messages are remembered by a digest."""
_TICKET = 16
"""Bits of the key of a message that tell its ticket: one that is moved to another is told there."""
_NEVER = 0
"""Stands for the time of a message that tells none."""


@define
class ToldMessages:
    """The messages told, newest times kept longest.

    A message counts as new if it is not remembered, and lies behind what was forgotten: by its
    time, or by its number where numbers grow. What is forgotten is older than any message that can
    still come, but for one that is recorded with an older time.

    Args:
        grows: whether ids of messages are numbers that grow.
        behind: the time (seconds since 1970) up to which messages were forgotten; None: none was.
        above: the number up to which all messages were told; None: it is not known.
        highest: the highest number told; None: none has one.
    """

    grows: bool
    behind: float | None = None
    above: int | None = None
    highest: int | None = None
    _kept: dict[int, int] = field(factory=dict)
    """Milliseconds since 1970 by the key of each message."""

    def __len__(self) -> int:
        return len(self._kept)

    def is_new(self, message: Message, *, first: bool, behind: float | None = None) -> bool:
        """Say whether a message was not told.

        Args:
            message: one of a ticket that was read.
            first: whether nothing of its ticket was told before.
            behind: the time up to which its ticket was read; None: as that of all.
        """
        if self._key(message) in self._kept:
            return False
        known = self.behind if behind is None else behind
        at = _milliseconds(message.created_at)
        if first or known is None or at == _NEVER or at > known * 1000:
            return True
        return self.above is not None and (_number(message.id) or 0) > self.above

    def add(self, messages: Iterable[Message]) -> None:
        """Remember messages that are told."""
        for message in messages:
            self._kept[self._key(message)] = _milliseconds(message.created_at)
            number = _number(message.id) if self.grows else None
            if number is not None and number > (self.highest or 0):
                self.highest = number

    def settle(self, before: datetime | None, above: int | None) -> None:
        """Forget the oldest of too many messages, at the end of a poll.

        Args:
            before: what changes after this poll has a later time (UTC); None: the vendor tells no
                times, and the newest messages are kept.
            above: what comes after this poll has a higher number; None: it is not known.
        """
        self.above = above
        if len(self._kept) <= _MOST:
            return
        most = _before(before)
        oldest = sorted((at, key) for key, at in self._kept.items() if at != _NEVER)
        for at, key in oldest[: len(self._kept) - _MOST]:
            if most is not None and at >= most:
                return
            if self.grows and above is not None and key >> _TICKET > above:
                continue
            del self._kept[key]
            self.behind = max(self.behind or 0.0, at / 1000)

    def to_plain(self, room: int, before: datetime | None = None) -> dict[str, Any]:
        """Return what is remembered as JSON values; of too many the oldest are left out.

        Args:
            room: how many characters it may take.
            before: all that changed before it was told (UTC); None: it is not known.
        """
        entries = sorted((at, key) for key, at in self._kept.items())
        behind, most = self.behind, _before(before)
        text = _written(entries)
        while len(text) > room:
            out = max(1, len(entries) // 8)
            for at, _ in entries[:out]:
                if at != _NEVER and most is not None and at < most:
                    behind = max(behind or 0.0, at / 1000)
            entries = entries[out:]
            text = _written(entries)
        plain = {"behind": behind, "above": self.above, "highest": self.highest}
        return {"kept": text} | {k: v for k, v in plain.items() if v is not None}

    @classmethod
    def from_plain(cls, data: Any, *, grows: bool) -> ToldMessages:
        """Return what :meth:`to_plain` told; ValueError for anything else."""
        told = cls(grows)
        told.behind = _one(data.get("behind"), (int, float))
        told.above = _one(data.get("above"), (int,))
        told.highest = _one(data.get("highest"), (int,))
        told._kept.update(_read(_one(data.get("kept", ""), (str,))))
        return told

    def forget(self, messages: Iterable[Message]) -> bool:
        """Forget these of a ticket that came back, so that they are told anew; say if any was told.

        Not all with its digest are forgotten when it goes: other tickets may have the same one.
        """
        found = {key for key in map(self._key, messages) if key in self._kept}
        for key in found:
            del self._kept[key]
        return bool(found)

    def more(self, messages: Iterable[Message]) -> str:
        """Return as a text that messages were told, too, for :meth:`add_more`."""
        return _written(sorted((_milliseconds(one.created_at), self._key(one)) for one in messages))

    def add_more(self, text: str) -> None:
        """Remember the messages of such a text; ValueError for one that is damaged."""
        self._kept.update(_read(text))

    def _key(self, message: Message) -> int:
        number = _number(message.id) if self.grows else None
        if number is None:
            number = digest("message", message.ticket_id, message.id, size=4)
        return number << _TICKET | _ticket(message.ticket_id)


def _ticket(ticket_id: str) -> int:
    return digest("ticket", ticket_id, size=2)


def _before(at: datetime | None) -> float | None:
    """Return the milliseconds before which no message can come, where all before ``at`` is told."""
    return None if at is None else (at.timestamp() - MARGIN) * 1000


def _number(message_id: str) -> int | None:
    is_plain = message_id.isascii() and message_id.isdigit() and len(message_id) <= _DIGITS
    return int(message_id) if is_plain else None


def _milliseconds(at: datetime | None) -> int:
    return _NEVER if at is None else max(1, int(at.astimezone(UTC).timestamp() * 1000))


def _written(entries: Sequence[tuple[int, int]]) -> str:
    numbers: list[int] = []
    before = 0
    for at, key in entries:
        numbers += (at - before, key)
        before = at
    return packed(written(numbers))


def _read(text: str) -> dict[int, int]:
    numbers = list(varints(unpacked(text)))
    if len(numbers) % 2:
        raise ValueError("messages are cut")
    found, at = {}, 0
    for step, key in zip(numbers[::2], numbers[1::2], strict=True):
        at += step
        found[key] = at
    return found


def _one(value: Any, kinds: tuple[type, ...]) -> Any:
    if value is not None and (not isinstance(value, kinds) or isinstance(value, bool)):
        raise ValueError("a field of messages is of a wrong type")
    return value
