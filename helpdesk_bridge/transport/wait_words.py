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
_DIGITS_OF_SECONDS = 12
"""A time since 1970 with more digits is in milliseconds, one with more than 15 in microseconds."""
_FAR = 366 * 86400.0
"""A time in milliseconds or less that is further from now (seconds) is in some other unit."""
_MOST = 256
"""Characters of a text that are read."""

_SECONDS = re.compile(r"\+?([0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})(?:[eE]\+?([0-9]))?", re.ASCII)
_SINCE_1970 = re.compile(r"[1-9][0-9]{9,18}(?:\.[0-9]{0,9})?", re.ASCII)
_CLOCK = re.compile(r"([0-9]{1,3}):([0-5][0-9]):([0-5][0-9](?:\.[0-9]{1,9})?)", re.ASCII)
"""Hours, minutes and seconds."""
_TERM = re.compile(
    r"([0-9]{1,9}(?:\.[0-9]{1,9})?) *([a-z]+)\.? *(?:(, *)(?:and +)?|and +)?", re.ASCII
)
_UNITS = {
    **dict.fromkeys(("ms", "msec", "msecs", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), 604800.0),
}
_ISO_LENGTH = re.compile(
    r"p(?:([0-9]{1,4})y)?(?:([0-9]{1,4})m)?(?:([0-9]{1,4})w)?(?:([0-9]{1,5})d)?"
    r"(?:t(?:([0-9]{1,7})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9}(?:\.[0-9]{1,9})?)s)?)?",
    re.ASCII,
)
_ISO_UNITS = (365 * 86400.0, 30 * 86400.0, 604800.0, 86400.0, 3600.0, 60.0, 1.0)
_THOUSANDS = re.compile(r"(?<![\w.,])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9.,])", re.ASCII)
"""A number with commas between its thousands; a list of two waits of three figures looks as if."""
_BEFORE = re.compile(r"(?:(?:please|retry|try|again|wait|after|for|in) +)+", re.IGNORECASE)
"""Words before a wait that say nothing of it."""
_SMALLER = {"h": "m", "m": "s"}
_REST = re.compile(r"(?<=[0-9])([hm])([0-5]?[0-9])\Z")
"""What is smaller than the unit before it, and has none: ``1h30``."""
_ISO_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9:]{2,5}|[0-9]{8}T[0-9]{4,6})"
    r"(?:\.([0-9]{1,12}))?(?: ?(Z|UTC|GMT|[+-][0-9:]{2,6}))?",
    re.ASCII | re.IGNORECASE,
)


def seconds_in(text: str, now: Callable[[], datetime]) -> float | None:
    """Return the seconds that ``text`` asks to wait, 0 or more; None for what says nothing.

    Read are a number of seconds (``2``, ``2.5``, ``+3``, ``1e1``, ``3,600``), one with units
    (``120s``, ``1m30s``, ``1h30``, ``500 ms``, ``1 minute and 30 seconds``), hours, minutes and
    seconds (``00:00:08``), an ISO 8601 duration (``PT2S``, ``P1W``, ``P1M`` of 30 days), a time as
    a number since 1970 (in seconds down to nanoseconds), an HTTP date in each of its three forms,
    and an ISO 8601 time (UTC where it names no zone). Quotation marks and brackets, words such as
    "in" before it, and a full stop or semicolon behind it, say nothing. Of a list the longest
    counts: nobody may come sooner than any of them. A time in the past is 0. A negative number and
    other words are nonsense: None.

    ``now`` is the vendor's present time, aware; it is asked when ``text`` is a time.
    """
    text = text.strip("\"' \t").rstrip(".;\"' \t")
    if not text or not text.isascii() or len(text) > _MOST:
        return None
    text = _THOUSANDS.sub(lambda found: found[0].replace(",", ""), text)
    text = re.sub(r" *[()] *", " ", text).strip(" ")
    if (before := _BEFORE.match(text)) is not None:
        text = text[before.end() :]
    found = _length(text.lower())
    if found is None:  # the day before the comma of a date is none
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
        return _until(text, now().timestamp())
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        return int(clock[1]) * 3600.0 + int(clock[2]) * 60.0 + float(clock[3])
    length = _length(text.lower())
    if length is not None:
        return length
    until = http_date(text) or _iso_time(text)
    return None if until is None else max(0.0, (until - now()).total_seconds())


def _until(text: str, now: float) -> float | None:
    """Return the seconds until a time since 1970, of which the number of digits tells the unit."""
    digits = len(text.partition(".")[0])
    if digits <= _DIGITS_OF_SECONDS:
        return max(0.0, float(text) - now)
    left = float(text) / 1000.0 ** ((digits - _DIGITS_OF_SECONDS + 2) // 3) - now
    return max(0.0, left) if abs(left) < _FAR else None


def _length(text: str) -> float | None:
    """Return the seconds of numbers with units, or of an ISO 8601 duration."""
    iso = _ISO_LENGTH.fullmatch(text)
    if iso is not None:
        terms = zip(iso.groups(), _ISO_UNITS, strict=True)
        return (
            sum(float(term) * unit for term, unit in terms if term) if any(iso.groups()) else None
        )
    text = _REST.sub(lambda found: found[0] + _SMALLER[found[1]], text)
    at, total, longest, last, listed = 0, 0.0, 0.0, math.inf, False
    while at < len(text):
        term = _TERM.match(text, at)
        unit = _UNITS.get(term[2]) if term else None
        if term is None or unit is None:
            return None
        if listed and unit >= last:  # "5 s, 7 s" are two waits, and "1 min, 5 s" is one
            total = 0.0
        at, total = term.end(), total + float(term[1]) * unit
        last, listed, longest = unit, term[3] is not None, max(longest, total)
    return longest


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
    found = _ISO_TIME.fullmatch(text)
    if found is None:
        return None
    time, fraction, zone = found.groups()
    zone = (zone or "").upper().replace("UTC", "Z").replace("GMT", "Z")
    try:
        when = datetime.fromisoformat(f"{time.upper()}.{(fraction or '')[:6]:0<6}{zone}")
        return when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
