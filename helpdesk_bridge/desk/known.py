"""Ids that were handed out before, packed small enough for a cursor."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from helpdesk_bridge.desk.pressed import pressed, unpressed

__all__ = ["NOBODY", "Known", "digest"]

_DIGITS = 18
"""Ids of at most so many figures are kept as numbers, all others as digests."""
_DIGEST = 8
"""Bytes of a digest: of 20,000 texts two are taken for one in one list of 90 thousand million."""
_ENDS_RUN = 0x80

_Run = tuple[int, int]
"""The first of some numbers in a row, and the last."""


def digest(text: str, size: int = _DIGEST) -> bytes:
    """Return the digest of ``text`` in ``size`` bytes; an id may be somebody's address."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()


class Known:
    """Ids that were handed out: numbers in rows, and the digests of all other texts.

    A row takes as much room as a number, however long it is. ``runs`` are in rising order, and no
    two of them touch.
    """

    def __init__(self, runs: Sequence[_Run] = (), texts: Iterable[bytes] = ()) -> None:
        self._runs = runs
        self._texts = frozenset(texts)

    def __bool__(self) -> bool:
        return bool(self._runs or self._texts)

    def among(self, ids: Iterable[str]) -> set[str]:
        """Return those of ``ids`` that are known."""
        return {one for one in ids if one in self}

    def __contains__(self, identity: str) -> bool:
        if not _is_number(identity):
            return bool(self._texts) and digest(identity) in self._texts
        number = int(identity)
        at = bisect_right(self._runs, (number, 2**63)) - 1
        return at >= 0 and number <= self._runs[at][1]

    def joined(self, other: Known) -> Known:
        """Return these ids and those of ``other``."""
        if not other:
            return self
        return Known(_merged([*self._runs, *other._runs]), self._texts | other._texts)

    def without(self, ids: Iterable[str]) -> Known:
        """Return these ids less ``ids``."""
        gone = self.among(ids)
        figures = {one for one in gone if _is_number(one)}
        runs = [*self._runs]
        for number in map(int, figures):
            at = bisect_right(runs, (number, 2**63)) - 1
            first, last = runs[at]
            left = ((first, number - 1), (number + 1, last))
            runs[at : at + 1] = [run for run in left if run[0] <= run[1]]
        return Known(runs, self._texts.difference(map(digest, gone - figures)))

    def packed(self, ids: Iterable[str] = ()) -> bytes:
        """Return these ids and ``ids`` as bytes that :meth:`unpacked` reads.

        Numbers are written as the steps between them, steps of one together; digests as they are.

        Args:
            ids: ids that join these.
        """
        joining = {*ids}
        if not joining and not self:
            return b""
        figures = {one for one in joining if _is_number(one)}
        texts = {*map(digest, joining - figures), *self._texts}
        runs = _merged([*self._runs, *((number, number) for number in map(int, figures))])
        steps = pressed(_steps(runs)) if runs else b""
        return bytes(_varint(len(steps))) + steps + b"".join(sorted(texts))

    @classmethod
    def unpacked(cls, packed: bytes) -> Known:
        """Return the ids that were packed.

        Args:
            packed: what :meth:`packed` returned.

        Raises:
            ValueError: it did not.
        """
        if not packed:
            return cls()
        octets = iter(packed)
        length = _number(octets)
        head = len(packed) - len(bytes(octets))
        texts = packed[head + length :]
        if len(packed) < head + length or len(texts) % _DIGEST:
            raise ValueError
        digests = (texts[i : i + _DIGEST] for i in range(0, len(texts), _DIGEST))
        runs = _runs(unpressed(packed[head : head + length])) if length else []
        return cls(runs, digests)


NOBODY = Known()
"""No ids: all share it."""


def _is_number(identity: str) -> bool:
    """Say whether an id is a number that is written the same way again."""
    plain = identity.isascii() and identity.isdigit() and len(identity) <= _DIGITS
    return plain and (identity[0] != "0" or identity == "0")


def _merged(runs: list[_Run]) -> list[_Run]:
    """Return what is in ``runs`` in rising order, and what touches as one."""
    runs.sort()
    merged: list[_Run] = []
    first, last = -1, -2
    for begin, end in runs:
        if begin <= last + 1 and merged:
            if end > last:
                last = end
                merged[-1] = (first, last)
        else:
            first, last = begin, end
            merged.append((first, last))
    return merged


def _steps(runs: Iterable[_Run]) -> bytes:
    """Return the steps between ``runs``; the lowest bit of one says that a length follows."""
    octets = bytearray()
    before = -1
    for first, last in runs:
        step = first - before
        if last > first:
            octets += bytes((*_varint(step * 2 + 1), *_varint(last - first + 1)))
        elif step < _ENDS_RUN // 2:
            octets.append(step * 2)  # nearly all are so small
        else:
            octets += bytes(_varint(step * 2))
        before = last
    return bytes(octets)


def _runs(steps: bytes) -> list[_Run]:
    runs: list[_Run] = []
    octets, last = iter(steps), -1
    for octet in octets:
        step = _number(octets, octet)
        length = _number(octets) if step & 1 else 1
        first = last + (step >> 1)
        last = first + length - 1
        if not length or step < 2 or last >= 2**63:
            raise ValueError
        runs.append((first, last))
    return runs


def _varint(number: int) -> Iterator[int]:
    while number >= _ENDS_RUN:
        yield number % _ENDS_RUN + _ENDS_RUN
        number //= _ENDS_RUN
    yield number


def _number(octets: Iterator[int], first: int | None = None) -> int:
    """Return the number that ``octets`` begin with, of at most nine octets more."""
    number = 0
    for place in range(10):
        octet = first if first is not None else next(octets, None)
        first = None
        if octet is None:
            break
        number += octet % _ENDS_RUN << 7 * place
        if octet < _ENDS_RUN:
            return number
    raise ValueError
