"""Strings, numbers, times and words of the model: each as JSON has it, and back."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from helpdesk_bridge.model.plain import Misfit, expected

__all__ = ["READS", "WRITES", "a_time", "reads_word", "word_or_none", "writes_word"]

_A_TIME = "a date and time in ISO 8601 with its offset from UTC"
_Hook = Callable[[Any, Any], Any]


def _exactly(kind: type, what: str) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if type(value) is not kind:
            if isinstance(value, kind) and kind is str:
                return str.__str__(value)
            raise expected(what, value)
        return value

    return convert


_whole_number = _exactly(int, "a whole number")


def _read_whole(value: Any) -> Any:
    """Return a whole number; to JSON, and to its schemas, 3.0 is one."""
    return _whole_number(int(value) if type(value) is float and value.is_integer() else value)


def _number(value: Any) -> int | float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise expected("a finite number", value)
    number: int | float = value
    return number


def a_time(value: Any) -> datetime:
    """Return an aware time as it is."""
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise expected("an aware datetime", value)
    return value


def _written_time(value: Any) -> str:
    try:
        return a_time(value).astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"
    except OverflowError:
        raise Misfit("a datetime that is before the year 1 or after 9999 in UTC") from None


def _read_time(value: Any) -> datetime:
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise Misfit(f"expected {_A_TIME}") from None
    if not isinstance(read, datetime) or read.utcoffset() is None:
        raise expected(_A_TIME, value)
    return read


WRITES: dict[type, Callable[[Any], Any]] = {
    str: _exactly(str, "a string"),
    int: _whole_number,
    bool: _exactly(bool, "a boolean"),
    float: _number,
    datetime: _written_time,
}


def _read(convert: Callable[[Any], Any]) -> _Hook:
    return lambda value, _: convert(value)


READS: dict[type, _Hook] = {
    kind: _read(convert)
    for kind, convert in {**WRITES, int: _read_whole, datetime: _read_time}.items()
}


def word_or_none(kind: type[Enum], value: str) -> Enum | None:
    """Return the word ``value`` of a vocabulary; None for one that this version does not know."""
    try:
        return kind(value)
    except ValueError:
        return None


def reads_word(kind: type[Enum]) -> _Hook:
    """Return what reads a word of a vocabulary; an unknown one is UNKNOWN, if it has that."""
    unknown = getattr(kind, "UNKNOWN", None) or getattr(kind, "STILL_UNKNOWN", None)

    def read(value: Any, _: Any) -> Any:
        if not isinstance(value, str):
            raise expected("a string", value)
        found = word_or_none(kind, value) or unknown
        if found is None:
            raise Misfit(f"expected a word of {kind.__name__}")
        return found

    return read


def writes_word(kind: type[Enum], as_python: bool) -> Callable[[Any], Any]:
    """Return what writes a word of a vocabulary: its value, or itself with ``as_python``."""

    def write(value: Any) -> Any:
        if not isinstance(value, kind):
            raise expected(f"a member of {kind.__name__}", value)
        return value if as_python else value.value

    return write
