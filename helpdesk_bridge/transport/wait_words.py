"""Read a wait in any of the ways that vendors write one: a pure function of a text."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ["http_date", "seconds_in"]

_EPOCH = 1_000_000_000.0
"""A number from here on is a time (seconds since 1970), one below it a number of seconds."""
_EPOCH_MS = 1_000_000_000_000.0
"""A number from here on is a time in milliseconds; as seconds it would be after the year 33000."""
_FAR = 366 * 86400.0
"""A time in milliseconds that is further from now than this (seconds) is in some other unit."""

_SECONDS = re.compile(r"\+?([0-9]{1,9}(?:\.[0-9]{0,9})?)(?:[eE]\+?([0-9]))?", re.ASCII)
_SINCE_1970 = re.compile(r"[1-9][0-9]{9,12}(?:\.[0-9]{0,9})?", re.ASCII)
_TERM = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) *([a-z]+) *", re.ASCII)
_UNITS = {
    **dict.fromkeys(("ms", "msec", "msecs", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
}
_ISO_LENGTH = re.compile(
    r"p(?:([0-9]{1,5})d)?(?:t(?:([0-9]{1,7})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9}(?:\.[0-9]{1,9})?)s)?)?",
    re.ASCII,
)
_ISO_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.]{5,15}([Zz]|[+-][0-9:]{2,6})?")


def seconds_in(text: str, now: Callable[[], datetime]) -> float | None:
    """Return the seconds that ``text`` asks to wait, 0 or more; None for what says nothing.

    Read are a number of seconds (``2``, ``2.5``, ``+3``, ``1e1``), one with units (``120s``,
    ``1m30s``, ``500 ms``), an ISO 8601 duration (``PT2S``), a time as a number since 1970 (seconds
    or milliseconds), an HTTP date in each of its three forms, and an ISO 8601 time (UTC where it
    names no zone). Of a list the longest counts: nobody may come sooner than any of them. A time
    in the past is 0. A negative number and words are nonsense: None.

    ``now`` is the vendor's present time, aware; it is asked when ``text`` is a time.
    """
    text = text.strip().strip('"').strip()
    if not text or not text.isascii() or len(text) > 256:
        return None
    found = _one(text, now)
    if found is None and "," in text:
        parts = [_one(part.strip(), now) for part in text.split(",")]
        found = max((part for part in parts if part is not None), default=None)
    return found if found is None or math.isfinite(found) else None


def _one(text: str, now: Callable[[], datetime]) -> float | None:
    if not text:
        return None
    number = _SECONDS.fullmatch(text)
    if number is not None:
        seconds = float(number[1]) * 10.0 ** int(number[2] or 0)
        return seconds if seconds < _EPOCH else None
    if _SINCE_1970.fullmatch(text):
        return _until(float(text), now().timestamp())
    length = _length(text.lower())
    if length is not None:
        return length
    until = http_date(text) or _iso_time(text)
    return None if until is None else max(0.0, (until - now()).total_seconds())


def _until(time: float, now: float) -> float | None:
    """Return the seconds until a time since 1970, which is in seconds or in milliseconds."""
    if time < _EPOCH_MS:
        return max(0.0, time - now)
    left = time / 1000.0 - now
    return max(0.0, left) if abs(left) < _FAR else None


def _length(text: str) -> float | None:
    """Return the seconds of numbers with units, or of an ISO 8601 duration."""
    iso = _ISO_LENGTH.fullmatch(text)
    if iso is not None:
        terms = zip(iso.groups(), (86400.0, 3600.0, 60.0, 1.0), strict=True)
        return (
            sum(float(term) * unit for term, unit in terms if term) if any(iso.groups()) else None
        )
    at, total = 0, 0.0
    while at < len(text):
        term = _TERM.match(text, at)
        unit = _UNITS.get(term[2]) if term else None
        if term is None or unit is None:
            return None
        at, total = term.end(), total + float(term[1]) * unit
    return total


def http_date(text: str) -> datetime | None:
    """Return the aware time that an HTTP date stands for; None for anything else."""
    if not text.isascii() or len(text) > 64:
        return None
    try:
        when = parsedate_to_datetime(text)
        return when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _iso_time(text: str) -> datetime | None:
    if not _ISO_TIME.fullmatch(text):
        return None
    try:
        when = datetime.fromisoformat(text.upper())
        return when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
