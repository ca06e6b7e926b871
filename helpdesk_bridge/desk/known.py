"""Ids that were handed out before, packed small enough for a cursor."""

from __future__ import annotations

import hashlib
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

__all__ = ["MOST_BYTES", "NOBODY", "Known", "digest"]

MOST_BYTES = 4 * 1024 * 1024
"""How long packed ids may be once they are decompressed, and how many numbers they may stand for.
It is enough for lists of a million; a short text that unfolds to more is no cursor of ours."""
_DIGITS = 18
"""Ids of at most so many figures are kept as numbers, all others as digests."""
_DIGEST = 8
"""Bytes of a digest: of 20,000 texts two are taken for one in one list of 90 thousand million."""
_ENDS_RUN = 0x80


def digest(text: str, size: int = _DIGEST) -> bytes:
    """Return the digest of ``text`` in ``size`` bytes; an id may be somebody's address."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()


class Known:
    """Ids that were handed out: numbers in order, and the digests of all other texts.

    ``numbers`` are in rising order, each once.
    """

    def __init__(self, numbers: array[int] | None = None, texts: Iterable[bytes] = ()) -> None:
        self._numbers = array("q") if numbers is None else numbers
        self._texts = frozenset(texts)

    def __bool__(self) -> bool:
        return bool(self._numbers or self._texts)

    def among(self, ids: Iterable[str]) -> set[str]:
        """Return those of ``ids`` that are known."""
        return {one for one in ids if one in self}

    def __contains__(self, identity: str) -> bool:
        if not _is_number(identity):
            return bool(self._texts) and digest(identity) in self._texts
        number = int(identity)
        at = bisect_left(self._numbers, number)
        return at < len(self._numbers) and self._numbers[at] == number

    def joined(self, other: Known) -> Known:
        """Return these ids and those of ``other``."""
        if not other:
            return self
        numbers = array("q", sorted({*self._numbers, *other._numbers}))
        return Known(numbers, self._texts | other._texts)

    def packed(self, ids: Iterable[str], without: Iterable[str] = ()) -> bytes:
        """Return these ids and ``ids`` as bytes that :meth:`unpacked` reads.

        Numbers are written as the steps between them, steps of one together; digests as they are.

        Args:
            ids: ids that join these.
            without: ids that are left out; all but the ones joining are known by these already.
        """
        joining = set(ids).difference(without)
        if not joining and not self:
            return b""
        figures = {one for one in joining if _is_number(one)}
        texts = {*map(digest, joining - figures), *self._texts}
        numbers = sorted({*map(int, figures), *self._numbers})
        steps = zlib.compress(_steps(numbers), 9) if numbers else b""
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
        if not length:
            return cls(texts=digests)
        unfolding = zlib.decompressobj()
        try:
            steps = unfolding.decompress(packed[head : head + length], MOST_BYTES)
        except zlib.error as error:
            raise ValueError from error
        if not unfolding.eof or unfolding.unused_data:
            raise ValueError
        return cls(_numbers(steps), digests)


NOBODY = Known()
"""No ids: all share it."""


def _is_number(identity: str) -> bool:
    """Say whether an id is a number that is written the same way again."""
    plain = identity.isascii() and identity.isdigit() and len(identity) <= _DIGITS
    return plain and (identity[0] != "0" or identity == "0")


def _steps(numbers: Sequence[int]) -> bytes:
    """Return the steps between ``numbers``; the lowest bit of one says that a run follows."""
    octets = bytearray()
    before, run, count = -1, 0, len(numbers)
    for at, number in enumerate(numbers):
        run += 1
        if at + 1 < count and numbers[at + 1] == number + 1:
            continue
        step = number - run + 1 - before
        if run > 1:
            octets += bytes((*_varint(step * 2 + 1), *_varint(run)))
        elif step < _ENDS_RUN // 2:
            octets.append(step * 2)  # nearly all are so small
        else:
            octets += bytes(_varint(step * 2))
        before, run = number, 0
    return bytes(octets)


def _numbers(steps: bytes) -> array[int]:
    numbers: array[int] = array("q")
    octets, number = iter(steps), -1
    for first in octets:
        step = _number(octets, first)
        run = _number(octets) if step & 1 else 1
        number += step >> 1
        if not run or step < 2 or len(numbers) + run > MOST_BYTES or number + run >= 2**63:
            raise ValueError
        numbers.extend(range(number, number + run))
        number += run - 1
    return numbers


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
