"""The ids of a desk as short numbers, of which each tells its id again."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Iterable
from itertools import takewhile

from helpdesk_bridge.sync.sketch import from_letters, to_letters

__all__ = ["Packing"]

_TEXT, _DECIMAL, _UUID, _HEX, _BASE_36, _BASE_64 = range(6)
_PREFIXED = 8
_TAG_BITS = 4
"""How a number was made: one of the six ways above, and whether the prefix stands before it."""
_TAG = (1 << _TAG_BITS) - 1
_LONGEST_PREFIX = 40

_is_decimal = re.compile(r"0|[1-9][0-9]*", re.ASCII).fullmatch
_is_uuid = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch
_is_hex = re.compile(r"[0-9a-f]+").fullmatch
_is_base_36 = re.compile(r"[0-9a-z]+").fullmatch
_is_base_64 = re.compile(r"[0-9A-Za-z_-]+").fullmatch
_whole_words = re.compile(r"(?:.*[^0-9A-Za-z])?(?:[A-Z]+(?=[0-9]*\Z)|)", re.ASCII).match
_LONGEST_DIGITS = 1000
"""More digits take long to read as a number, or are refused by Python: they are a text."""


class Packing:
    """Packs the ids of one desk, any id, with few bytes for those that look alike.

    ``prefix`` is what most of the ids begin with, such as ``tkt_``.
    """

    __slots__ = ("prefix",)

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix

    @classmethod
    def of(cls, ids: Collection[str]) -> Packing:
        """Return a packing for a desk that has ``ids``, and others like them."""
        first = min(ids, default="")
        pairs = zip(first, max(ids, default=""), strict=False)
        shared = "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        prefix = "" if _is_uuid(first) else shared
        whole = _whole_words(prefix) if prefix.isascii() and prefix.isprintable() else None
        return cls(whole[0] if whole and len(whole[0]) <= _LONGEST_PREFIX else "")

    def number(self, ticket_id: str) -> int:
        """Return the number of an id."""
        if self.prefix and ticket_id.startswith(self.prefix):
            return _number(ticket_id[len(self.prefix) :]) | _PREFIXED
        return _number(ticket_id)

    def ticket_id(self, number: int) -> str:
        """Return the id of a number.

        Raises:
            ValueError: it is the number of none.
        """
        tag, value = number & _TAG, number >> _TAG_BITS
        made = _made(tag & ~_PREFIXED, value)
        ticket_id = self.prefix + made if tag & _PREFIXED else made
        if self.number(ticket_id) != number:
            raise ValueError("the number is that of no id")
        return ticket_id

    def key(self, ticket_id: str) -> bytes:
        """Return the number of an id as bytes, as few as it needs."""
        number = self.number(ticket_id)
        return number.to_bytes((number.bit_length() + 7) // 8, "big")

    def grows(self, key: bytes) -> bool:
        """Say whether a key is that of a decimal number, so that later ones may be longer."""
        return key[-1] & _TAG & ~_PREFIXED == _DECIMAL

    def from_key(self, key: bytes) -> str:
        """Return the id of what :meth:`key` returned.

        Raises:
            ValueError: it is the key of none.
        """
        if key[:1] == b"\0":
            raise ValueError("the key is that of no id")
        return self.ticket_id(int.from_bytes(key, "big"))

    def list_text(self, ids: Iterable[str]) -> str:
        """Return ids as a text of ASCII letters, in their order."""
        parts = bytearray()
        for ticket_id in ids:
            key = self.key(ticket_id)
            _write(parts, len(key))
            parts += key
        return to_letters(bytes(parts))

    def list_from(self, text: str, room: int) -> list[str]:
        """Return the ids of :meth:`list_text`, of which there are at most ``room`` bytes.

        Raises:
            ValueError: the text is damaged.
        """
        binary, at, ids = from_letters(text, room), 0, []
        while at < len(binary):
            length, at = _read(binary, at)
            if at + length > len(binary):
                raise ValueError("the list is damaged")
            ids.append(self.from_key(binary[at : at + length]))
            at += length
        return ids

    def set_text(self, ids: Collection[str]) -> str:
        """Return ids as a text of ASCII letters, in any order: short where they are dense."""
        ways: dict[int, list[int]] = {}
        for number in map(self.number, ids):
            ways.setdefault(number & _TAG, []).append(number >> _TAG_BITS)
        parts = bytearray()
        for tag, values in sorted(ways.items()):
            _write(parts, tag)
            _write(parts, len(values))
            before = 0
            for value in sorted(values):
                _write(parts, value - before)
                before = value
        return to_letters(bytes(parts))

    def set_from(self, text: str, room: int) -> set[str]:
        """Return the ids of :meth:`set_text`, of which there are at most ``room`` bytes.

        Raises:
            ValueError: the text is damaged.
        """
        binary, at, ids = from_letters(text, room), 0, set()
        while at < len(binary):
            tag, at = _read(binary, at)
            amount, at = _read(binary, at)
            value = 0
            for _ in range(amount):
                step, at = _read(binary, at)
                value += step
                ids.add(self.ticket_id(value << _TAG_BITS | (tag & _TAG)))
        return ids


def _number(text: str) -> int:
    """Return the number of an id without its prefix, with its tag."""
    if len(text) < _LONGEST_DIGITS and _is_decimal(text):
        value, tag = int(text), _DECIMAL
    elif _is_uuid(text):
        value, tag = int(text.replace("-", ""), 16), _UUID
    elif _is_hex(text):
        value, tag = int("1" + text, 16), _HEX
    elif len(text) < _LONGEST_DIGITS and _is_base_36(text):
        value, tag = int("1" + text, 36), _BASE_36
    elif _is_base_64(text):
        padded = "A" * (-(len(text) + 1) % 4) + "B" + text
        value, tag = int.from_bytes(urlsafe_b64decode(padded), "big"), _BASE_64
    else:
        value, tag = int.from_bytes(b"\1" + text.encode("utf-8", "surrogatepass"), "big"), _TEXT
    return value << _TAG_BITS | tag


def _made(tag: int, value: int) -> str:
    """Return the text of a number without its tag; a wrong number may have a wrong text."""
    size = (value.bit_length() + 7) // 8
    if tag == _DECIMAL and size < _LONGEST_DIGITS // 2:
        return str(value)
    if tag == _UUID:
        text = f"{value:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
    if tag == _HEX:
        return f"{value:x}"[1:]
    if tag == _BASE_36:
        return _base_36(value)[1:]
    if tag == _BASE_64:
        size += -size % 3
        return urlsafe_b64encode(value.to_bytes(size, "big")).decode().lstrip("A")[1:]
    return value.to_bytes(size, "big")[1:].decode("utf-8", "surrogatepass")


def _base_36(value: int) -> str:
    digits = []
    while value:
        value, digit = divmod(value, 36)
        digits.append("0123456789abcdefghijklmnopqrstuvwxyz"[digit])
    return "".join(reversed(digits))


def _write(parts: bytearray, number: int) -> None:
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)


def _read(binary: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while at < len(binary):
        number |= (binary[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if binary[at - 1] < 0x80:
            return number, at
    raise ValueError("the list is damaged")
