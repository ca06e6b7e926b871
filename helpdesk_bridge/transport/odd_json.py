"""Read JSON that is valid and that orjson refuses or rounds: half pairs, long integers.

JSON's grammar (RFC 8259, sections 6 and 8.2) allows both, and vendors send them: a text that was
cut inside an emoji ends in half a surrogate pair, and a SIM card's number has 20 digits. orjson
judges every answer; only one that has such a place is looked at again here.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any, NoReturn

import orjson

__all__ = ["MAX_DIGITS", "read_odd", "rounds_integers", "with_all_digits"]

MAX_DIGITS = 4300
"""How many digits an integer may have: Python's own limit, for reading takes quadratic time."""

_SAFE = 19
"""From so many digits on, an integer may be beyond 64 bits, and orjson makes a float of it."""
_CLASSES = bytes.maketrans(b"0123456789:,[ \t\r\n", b"0" * 10 + b"," * 7)
_LONG = b"0" * _SAFE
_DIGITS = bytes.maketrans(b"0123456789", b"0" * 10)
_FOUR = b"0" * 4
_PIECE = 256 * 1024
_AFTER_SIGN, _AFTER_MARK = b",-" + _LONG, b"," + _LONG
_MARGIN = len(_AFTER_SIGN)

_HIGH = rb"\\u[dD][89aAbB][0-9A-Fa-f]{2}"
_LOW = rb"\\u[dD][c-fC-F][0-9A-Fa-f]{2}"
_HALF = re.compile(
    rb"\\u[dD](?:[89aAbB][0-9A-Fa-f]{2}(?!"
    + _LOW
    + rb")|[c-fC-F](?<!"
    + _HIGH
    + rb"\\u[dD][c-fC-F])[0-9A-Fa-f]{2})"
)
"""Half a pair, in a text whose escaped backslashes are hidden. What both halves begin with stands
once, and nothing is put back from a group: of 15 MB of halves each costs 0.2 µs."""
_BACKSLASH, _HIDDEN = rb"\\", b"\xff\xfe"
r"""Backslashes that come in twos are text: behind them nothing is escaped, as in ``\\ud83d``. The
bytes in their place occur in no UTF-8."""

_HUGE = re.compile(rb"(?:(?<=[:,\[\s])|\A)-?[1-9][0-9]{300,}(?=[\s,\]}]|\Z)")
"""An integer that no float can hold. In a text it may be a false alarm, which does no harm."""


def rounds_integers(content: bytes) -> bool:
    """Say whether orjson may have rounded an integer of a JSON text: it has 19 digits or more.

    They may stand in a text: that costs time, and nothing else. Of 19 digits in a row every fourth
    one is looked at first, which four of them pass and no time or telephone number does.
    """
    if content[:1].isdigit() or content[:1] == b"-":
        return True
    for start in range(0, len(content), _PIECE):  # a large answer must not be held twice
        piece = content[start : start + _PIECE + _MARGIN]
        if _FOUR in piece[::4].translate(_DIGITS):
            classes = piece.translate(_CLASSES)
            if _AFTER_MARK in classes or _AFTER_SIGN in classes:
                return True
    return False


def with_all_digits(content: bytes) -> Any:
    """Return the value of a JSON text that orjson accepts, with all digits of its integers.

    ValueError for an integer of more than :data:`MAX_DIGITS` digits, RecursionError for a text that
    is too deep for Python's own decoder.
    """
    # A program may have taken Python's limit away.
    bounded = 0 < sys.get_int_max_str_digits() <= MAX_DIGITS
    return json.loads(
        content.decode(), parse_int=None if bounded else _integer, parse_constant=_refused
    )


def read_odd(content: bytes) -> Any:
    """Return the value of a JSON text that orjson refuses, if the cause is one of ours.

    Each half of a surrogate pair becomes U+FFFD: a str that holds a half cannot be encoded as
    UTF-8, and no file, database or answer takes it. ValueError for a text that is no JSON.
    """
    if (b"\\ud" in content or b"\\uD" in content) and b"\xff" not in content:
        content = content.replace(_BACKSLASH, _HIDDEN)
        content = _HALF.sub(rb"\\ufffd", content).replace(_HIDDEN, _BACKSLASH)
    return _judged(content)


def _judged(content: bytes) -> Any:
    """Return the value by the rules of orjson: of syntax, of depth and of the range of floats."""
    if not rounds_integers(content):
        return orjson.loads(content)
    orjson.loads(_HUGE.sub(b"0", content))
    return with_all_digits(content)


def _integer(digits: str) -> int:
    if len(digits.removeprefix("-")) > MAX_DIGITS:
        raise ValueError
    return int(digits)


def _refused(_: str) -> NoReturn:
    raise ValueError
