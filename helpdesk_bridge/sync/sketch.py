"""Sets of keys in a fixed number of bytes, of which two can tell what they differ in.

It is an invertible Bloom lookup table (Goodrich and Mitzenmacher, https://arxiv.org/abs/1101.2245).
A key is added to one cell of each of four parts. What two sketches share cancels out in their
difference; a cell where one key is left shows it, which is taken out of its other cells, where
others show then, and so on. Two keys for each four cells can be told so. With three parts it would
be a few more, but two keys with the same cells, which nothing parts, would be forty times as
frequent.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from hashlib import blake2b
from struct import Struct

__all__ = ["Sketch", "from_letters", "to_letters"]

_PARTS = 4
_COUNT_BITS = 8
"""A cell counts its keys in so many bits, as a signed number: 127 times one key can be told."""
_ROOM_BITS = 7
"""So many bits are left for the sum of the same key, 127 times, below the count."""
_CHECK_BITS = 32
_CHECK = (1 << _CHECK_BITS) - 1
_MORE = 6
"""The bytes of a cell besides its key: the three above, and a bit before the key that tells its
length."""
_HEAD = Struct(">IIq")
_DIGEST = Struct("<IIIII")


class Sketch:
    """A set of byte strings, in the room of its cells however many there are.

    A key that was added twice is in it twice, and has to be removed twice.
    """

    __slots__ = ("_cells", "_length", "_part", "_total", "_width")

    def __init__(self, width: int, part: int, cells: list[int], total: int) -> None:
        self._width, self._part, self._cells, self._total = width, part, cells, total
        self._length = 8 * (width + _MORE)

    @classmethod
    def empty(cls, room: int, width: int) -> Sketch:
        """Return a sketch without keys.

        Args:
            room: the bytes that its binary form has at most.
            width: the bytes that a key has at most.

        Raises:
            ValueError: there is no room for four cells.
        """
        part = _part(room, width)
        return cls(width, part, [0] * (_PARTS * part), 0)

    @classmethod
    def from_text(cls, text: str, room: int, width: int) -> Sketch:
        """Return the sketch that :meth:`to_text` made a text of.

        Args:
            text: the text.
            room: the room that the sketch was made with, in bytes.
            width: the width that it was made with, in bytes.

        Raises:
            ValueError: the text is damaged, or of a sketch of another room or width.
        """
        part, size = _part(room, width), width + _MORE
        binary = from_letters(text, room)
        if len(binary) != _HEAD.size + _PARTS * part * size:
            raise ValueError("the sketch has another size")
        told_width, told_part, total = _HEAD.unpack_from(binary)
        if (told_width, told_part) != (width, part):
            raise ValueError("the sketch has another width")
        cells = [
            int.from_bytes(binary[at : at + size], "big")
            for at in range(_HEAD.size, len(binary), size)
        ]
        return cls(width, part, cells, total)

    def to_text(self) -> str:
        """Return it as ASCII letters without quotation marks and backslashes."""
        mask, size = (1 << self._length) - 1, self._width + _MORE
        head = _HEAD.pack(self._width, self._part, self._total)
        return to_letters(
            head + b"".join([(cell & mask).to_bytes(size, "big") for cell in self._cells])
        )

    def copy(self) -> Sketch:
        """Return another sketch with the same keys."""
        return Sketch(self._width, self._part, self._cells.copy(), self._total)

    def __len__(self) -> int:
        return max(0, self._total)

    def add(self, key: bytes) -> None:
        """Add a key, which is not in it.

        Raises:
            ValueError: the key is too long.
        """
        value, first, second, third, fourth = self._spread(key)
        cells = self._cells
        cells[first] += value
        cells[second] += value
        cells[third] += value
        cells[fourth] += value
        self._total += 1

    def remove(self, key: bytes) -> None:
        """Remove a key, which is in it.

        Raises:
            ValueError: the key is too long.
        """
        value, first, second, third, fourth = self._spread(key)
        cells = self._cells
        cells[first] -= value
        cells[second] -= value
        cells[third] -= value
        cells[fourth] -= value
        self._total -= 1

    def minus(self, other: Sketch) -> tuple[frozenset[bytes], frozenset[bytes]] | None:
        """Return the keys that are in this sketch only, and those that are in ``other`` only.

        A key that is in both, and more often in one, counts as one that is in that only. None: the
        two differ in too much to be told. What is told is all of it, and right: each key has its
        checksum, stands where it must, and nothing is left without them.

        Raises:
            ValueError: the two have not the same room and width.
        """
        if (self._width, self._part) != (other._width, other._part):
            raise ValueError("the sketches have not the same room and width")
        mask = (1 << self._length) - 1
        cells = [(mine - its) & mask for mine, its in zip(self._cells, other._cells, strict=True)]
        found: tuple[set[bytes], set[bytes]] = (set(), set())
        waiting = [place for place, cell in enumerate(cells) if cell]
        while waiting:
            place = waiting.pop()
            one = self._only(cells[place], place) if cells[place] else None
            if one is None:
                continue
            key, amount, value, places = one
            if key in found[0] or key in found[1]:
                return None
            found[amount < 0].add(key)
            for touched in places:
                cells[touched] = (cells[touched] - amount * value) & mask
                waiting.append(touched)
        return None if any(cells) else (frozenset(found[0]), frozenset(found[1]))

    def _only(self, cell: int, place: int) -> tuple[bytes, int, int, Sequence[int]] | None:
        """Return the one key of a cell, how often it is there, its value and its places."""
        top = self._length - _COUNT_BITS
        is_other = cell >> (self._length - 1)
        size = (1 << self._length) - cell if is_other else cell
        count, rest = size >> top, size & ((1 << top) - 1)
        if not count or rest % count:
            return None
        low = rest // count
        shown = low >> _CHECK_BITS
        length, odd = divmod(shown.bit_length(), 8)
        if odd != 1 or length > self._width:
            return None
        key = shown.to_bytes(length + 1, "big")[1:]
        value, *places = self._spread(key)
        if (value ^ low) & _CHECK or place not in places:
            return None
        return key, -count if is_other else count, value, places

    def _spread(self, key: bytes) -> tuple[int, int, int, int, int]:
        """Return what a key adds to its cells, and the places of them."""
        if len(key) > self._width:
            raise ValueError("the key is too long")
        first, second, third, fourth, check = _DIGEST.unpack(blake2b(key, digest_size=20).digest())
        part = self._part
        value = (
            (1 << (self._length - _COUNT_BITS))
            | (int.from_bytes(b"\1" + key, "big") << _CHECK_BITS)
            | check
        )
        return (
            value,
            first % part,
            part + second % part,
            2 * part + third % part,
            3 * part + fourth % part,
        )


def to_letters(binary: bytes) -> str:
    """Return bytes as ASCII letters that JSON leaves as they are, at most 5 for each 4 bytes."""
    return base64.b85encode(zlib.compress(binary, 9)).decode()


def from_letters(text: str, room: int) -> bytes:
    """Return the bytes that :func:`to_letters` made a text of.

    Args:
        text: the text.
        room: how many bytes there are at most.

    Raises:
        ValueError: the text is damaged, or holds more bytes.
    """
    reader = zlib.decompressobj()
    try:
        binary = reader.decompress(base64.b85decode(text), room + 1)
    except (ValueError, zlib.error):
        raise ValueError("the text is damaged") from None
    if not reader.eof or reader.unused_data or len(binary) > room:
        raise ValueError("the text is damaged")
    return binary


def _part(room: int, width: int) -> int:
    part = (room - _HEAD.size) // (_PARTS * (width + _MORE))
    if width < 0 or part < 1:
        raise ValueError("there is no room for four cells")
    return part
