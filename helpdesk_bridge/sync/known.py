"""Which tickets a lineage of checkpoints has told, in a room that a checkpoint has.

While their ids fit into the room they are kept as they are; that of numbers, even many thousands
do. Then all go into a sketch, which cannot be asked for an id, but tells what a complete list of
ids differs in. It holds an id of which it is not known whether it is in the sketch twice rather
than not at all: no ticket is lost by that, but each such id takes the room of one that can be told.
So an id waits in a list of the newest before, where it is known when it is told again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from attrs import frozen

from helpdesk_bridge.model import Ticket
from helpdesk_bridge.sync.packing import Packing
from helpdesk_bridge.sync.sketch import Sketch

__all__ = ["Comparison", "KnownIds"]

_LETTERS = 14_500
"""The letters that the ids have at most while they are kept as they are."""
_SKETCH_ROOM = 9_200
_WAITING_ROOM = 2_100
_GONE_ROOM = 1_100
_LONG_ROOM = 350
"""The bytes of each part of the other form: they are five letters for each four bytes."""
_UNPACKED_ROOM = 1 << 26
_LONG = 0.02
"""Where less than so many of the ids are longer than the rest, the sketch is not made for them."""


@frozen
class Comparison:
    """What a complete list of tickets says of the ids that are known."""

    missing: tuple[str, ...]
    """Ids that are known and are not in the list, sorted."""
    arrived: tuple[str, ...]
    """Ids that are in the list and are not known, sorted; none where the sketch cannot tell."""
    unnamed: int
    """About how many more may be missing, at least 1; 0: none."""


class KnownIds:
    """The ids of the tickets that were told and are not gone.

    Each that was told is known, and is missed when it is gone, or ``unnamed`` says so; with one
    exception. Where the checkpoint says of a time (:meth:`covers`) that the tickets created until
    then have been told, a ticket of that time is taken to be known already when it is told. It is
    not missed if it had not been told before, or had been told as gone before some sixty others
    were; if then a hundred others are told after it; and if it is gone before a list shows it. An
    id that was told as gone may be missed once more where some sixty others were after it.
    """

    __slots__ = (
        "_all",
        "_exact",
        "_gone",
        "_long",
        "_lost",
        "_packing",
        "_sketch",
        "_until",
        "_waiting",
        "_width",
    )

    def __init__(self) -> None:
        self._all: set[str] | None = set()
        """All ids, while they are kept as they are; None: they are in what follows."""
        self._exact: dict[str, str] | None = None
        """What :meth:`to_plain` says of all ids; None: it has to be found out."""
        self._until: datetime | None = None
        self._start(Packing(), 1)

    def _start(self, packing: Packing, width: int) -> None:
        self._packing, self._width = packing, width
        self._sketch = Sketch.empty(_SKETCH_ROOM, width)
        self._waiting = _Newest(packing, _WAITING_ROOM)
        """The ids told last; the value says whether they go into the sketch when they leave."""
        self._gone = _Newest(packing, _GONE_ROOM)
        """The ids that were told as gone last; the value says whether they may be in the sketch."""
        self._long = _Newest(packing, _LONG_ROOM)
        """The ids that the sketch is too narrow for."""
        self._lost = 0

    @classmethod
    def nothing(cls) -> KnownIds:
        """Return what is known before anything was told."""
        return cls()

    def listed(self, ids: Iterable[str]) -> None:
        """Take in the ids of a complete list, or of a part of it, each of which is listed once.

        Args:
            ids: the ids.
        """
        for ticket_id in ids:
            self._tell(ticket_id, is_new=True)

    def told(self, tickets: Iterable[Ticket]) -> None:
        """Take in tickets that were told, each of which may be known or not.

        Args:
            tickets: the tickets, of which the ids and the times of creation count.
        """
        for ticket in tickets:
            created, until = ticket.created_at, self._until
            self._tell(ticket.id, is_new=created is None or until is None or created > until)

    def covers(self, until: datetime) -> None:
        """Take in that all tickets created until a time (the vendor's, UTC) have been told.

        Those that are told again take no room of the sketch then.
        """
        self._until = until

    @property
    def is_exact(self) -> bool:
        """Whether :meth:`lacks` is never in doubt."""
        return self._all is not None

    def lacks(self, ticket_id: str) -> bool:
        """Say whether an id is surely not known: it was not told, or was told as gone since."""
        if self._all is not None:
            return ticket_id not in self._all
        return ticket_id in self._gone.ids()

    def has(self, ticket_id: str) -> bool:
        """Say whether an id is surely known."""
        if self._all is not None:
            return ticket_id in self._all
        return ticket_id in self._waiting.ids() or ticket_id in self._long.ids()

    def gone(self, ids: Iterable[str]) -> None:
        """Take in the ids of tickets that were told as deleted: they are not known any more.

        Args:
            ids: the ids, which may be told again later.
        """
        for ticket_id in ids:
            if self._all is not None:
                self._all.discard(ticket_id)
                self._exact = None
                self._gone.put(ticket_id, False)
            elif not self._fits(ticket_id):
                self._long.drop(ticket_id)
            else:
                if self._waiting.drop(ticket_id):
                    self._sketch.add(self._packing.key(ticket_id))
                self._gone.put(ticket_id, True)

    def renew(self, present: Iterable[str], keep: Iterable[str] = ()) -> None:
        """Forget all that is known for the sake of a complete list.

        Args:
            present: the ids of the list.
            keep: ids that are known besides.
        """
        gone = self._gone.ids()
        self._all, self._exact = {*present, *keep}, None
        self._start(Packing(), 1)
        for ticket_id in [one for one in gone if one not in self._all]:
            self._gone.put(ticket_id, False)

    def compare(self, present: Collection[str]) -> Comparison:
        """Return what is known and not in a complete list, and what is in the list and not known.

        It takes about a second for 100,000 ids, those of the list.
        """
        here = set(present)
        if self._all is not None:
            return Comparison(_sorted(self._all - here), _sorted(here - self._all), 0)
        exact = {*self._waiting, *self._long}
        missing = exact - here
        before, now, long = self._sketches(here)
        difference = self._difference(before, now, here)
        if difference is None:
            more = len(before) - len(now) - len(missing)
            return Comparison(_sorted(missing), (), max(1, more) + self._lost)
        old, new = difference
        missing |= old - here - self._gone.ids()
        arrived = ((new | long | self._gone.ids()) & here) - exact
        return Comparison(_sorted(missing), _sorted(arrived), self._lost)

    def to_plain(self) -> dict[str, Any]:
        """Return it as values of JSON, of about 16 KiB at most."""
        plain = {"until": None if self._until is None else self._until.isoformat()}
        if self._all is not None:
            if self._exact is None:
                packing = Packing.of(self._all)
                self._exact = {"prefix": packing.prefix, "ids": packing.set_text(self._all)}
            if len(self._exact["ids"]) <= _LETTERS:
                return {**plain, **self._exact, "gone": self._gone.to_text()}
            self._into_sketch(self._all, Packing(self._exact["prefix"]))
        return {
            **plain,
            "prefix": self._packing.prefix,
            "width": self._width,
            "sketch": self._sketch.to_text(),
            "waiting": self._waiting.to_text(),
            "new": self._waiting.to_bits(),
            "gone": self._gone.to_text(),
            "held": self._gone.to_bits(),
            "long": self._long.to_text(),
            "lost": self._lost,
        }

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> KnownIds:
        """Return what :meth:`to_plain` returned values of.

        Args:
            data: the values.

        Raises:
            ValueError: they are damaged.
        """
        if not isinstance(data, Mapping):
            raise ValueError("what is known is no object")
        known = cls()
        if data.get("until") is not None:
            known._until = datetime.fromisoformat(_text(data, "until"))
            if known._until.tzinfo is None:
                raise ValueError("the time has no zone")
        packing = Packing(_text(data, "prefix"))
        if "ids" in data:
            known._all = packing.set_from(_text(data, "ids"), _UNPACKED_ROOM)
            known._gone.read(_text(data, "gone"), "0")
            return known
        known._all = None
        known._start(packing, _amount(data, "width"))
        known._sketch = Sketch.from_text(_text(data, "sketch"), _SKETCH_ROOM, known._width)
        known._waiting.read(_text(data, "waiting"), _text(data, "new"))
        known._gone.read(_text(data, "gone"), _text(data, "held"))
        known._long.read(_text(data, "long"), "0")
        known._lost = _amount(data, "lost")
        return known

    def _sketches(self, here: set[str]) -> tuple[Sketch, Sketch, set[str]]:
        """Return the sketch without what is gone, that of ``here``, and what it has no room for."""
        before, now = self._sketch.copy(), Sketch.empty(_SKETCH_ROOM, self._width)
        key, long = self._packing.key, set()
        for ticket_id, may_be_in in self._gone.items():
            if may_be_in:
                before.remove(key(ticket_id))
        for ticket_id in here:
            packed = key(ticket_id)
            if len(packed) <= self._width:
                now.add(packed)
            else:
                long.add(ticket_id)
        return before, now, long

    def _difference(
        self, before: Sketch, now: Sketch, here: set[str]
    ) -> tuple[set[str], set[str]] | None:
        """Return the ids that are in one sketch only; ``now`` may lose some that are known."""
        difference = before.minus(now)
        if difference is None:
            for ticket_id, goes_in in self._waiting.items():
                if goes_in and ticket_id in here:
                    now.remove(self._packing.key(ticket_id))
            difference = before.minus(now)
        if difference is None:
            return None
        try:
            old, new = ({self._packing.from_key(key) for key in keys} for keys in difference)
        except ValueError:
            return None
        return old, new

    def _fits(self, ticket_id: str) -> bool:
        return len(self._packing.key(ticket_id)) <= self._width

    def _tell(self, ticket_id: str, *, is_new: bool) -> None:
        if self._all is not None:
            if ticket_id not in self._all:
                self._all.add(ticket_id)
                self._gone.drop(ticket_id)
                self._exact = None
        elif not self._fits(ticket_id):
            self._tell_long(ticket_id)
        else:
            was_gone = self._gone.drop(ticket_id) is not None
            known = self._waiting.drop(ticket_id)
            goes = (is_new or was_gone) if known is None else known
            for left, goes_in in self._waiting.put(ticket_id, goes):
                if goes_in:
                    self._sketch.add(self._packing.key(left))

    def _tell_long(self, ticket_id: str) -> None:
        self._long.drop(ticket_id)
        self._lost += len(self._long.put(ticket_id, False))

    def _into_sketch(self, ids: set[str], packing: Packing) -> None:
        """Change the form: all ids go into a sketch that is made for them."""
        keys = {ticket_id: packing.key(ticket_id) for ticket_id in ids}
        lengths = sorted(len(key) + packing.grows(key) for key in keys.values())
        gone = list(self._gone.ids())
        self._all = None
        self._start(packing, lengths[int((len(lengths) - 1) * (1 - _LONG))])
        for ticket_id, key in keys.items():
            if len(key) <= self._width:
                self._sketch.add(key)
            else:
                self._tell_long(ticket_id)
        for ticket_id in gone:
            self._gone.put(ticket_id, False)


class _Newest:
    """Ids in the order in which they were put in, each with a yes or no, in a room of bytes."""

    __slots__ = ("_ids", "_left", "_packing", "_room")

    def __init__(self, packing: Packing, room: int) -> None:
        self._ids: dict[str, bool] = {}
        self._packing, self._room, self._left = packing, room, room

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def ids(self) -> AbstractSet[str]:
        """Return the ids."""
        return self._ids.keys()

    def items(self) -> Iterable[tuple[str, bool]]:
        """Return the ids and their values."""
        return self._ids.items()

    def put(self, ticket_id: str, value: bool) -> list[tuple[str, bool]]:
        """Put an id in as the newest one, and return the oldest, which have no room any more."""
        self.drop(ticket_id)
        if self._size(ticket_id) > self._room:
            return [(ticket_id, value)]
        self._ids[ticket_id] = value
        self._left -= self._size(ticket_id)
        left = []
        while self._left < 0:
            oldest = next(iter(self._ids))
            left.append((oldest, self._ids[oldest]))
            self.drop(oldest)
        return left

    def drop(self, ticket_id: str) -> bool | None:
        """Take an id out and return its value; None: it was not there."""
        value = self._ids.pop(ticket_id, None)
        if value is not None:
            self._left += self._size(ticket_id)
        return value

    def to_text(self) -> str:
        """Return the ids as ASCII letters."""
        return self._packing.list_text(self._ids)

    def to_bits(self) -> str:
        """Return the values as a number with base 16."""
        return f"{sum(value << at for at, value in enumerate(self._ids.values())):x}"

    def read(self, text: str, bits: str) -> None:
        """Put in what the two texts say.

        Raises:
            ValueError: a text is damaged, or says more than there is room for.
        """
        ids = self._packing.list_from(text, self._room)
        values = int(bits, 16)
        if not 0 <= values < 1 << len(ids):
            raise ValueError("the values are not those of the ids")
        for at, ticket_id in enumerate(ids):
            if ticket_id in self._ids or self.put(ticket_id, bool(values >> at & 1)):
                raise ValueError("the list of ids is damaged")

    def _size(self, ticket_id: str) -> int:
        size = len(self._packing.key(ticket_id))
        return size + (1 if size < 128 else 2)


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} is no text")
    return value


def _amount(data: Mapping[str, Any], name: str) -> int:
    value = data.get(name)
    if type(value) is not int or value < 0:
        raise ValueError(f"{name} is no amount")
    return value


def _sorted(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(ids))
