"""Read how long a vendor asks to be left alone: pure functions of an answer's headers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from helpdesk_bridge.model.text import is_digits

__all__ = ["http_date", "retry_after", "until_reset", "vendor_time"]

_EPOCH = 1_000_000_000.0
"""A reset above this is a time (seconds since 1970), one below it a number of seconds."""
_ALLOWANCES = (
    ("X-RateLimit-Remaining", "X-RateLimit-Reset"),
    ("RateLimit-Remaining", "RateLimit-Reset"),
)
_NO_SECONDS = 100_000_000_000.0
"""A reset above this is in another unit: as seconds it would be after the year 5000."""

_LONGEST_AGE = 8
"""An Age with more digits is none."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that ``Retry-After`` asks for: RFC 9110, section 10.2.3.

    A date counts from the answer's own ``Date``, so that neither clock has to be right; without
    one, from ours. A date in the past is 0. Anything else that is not a whole number is None.
    """
    text = headers.get("Retry-After", "").strip()
    if is_digits(text) and len(text) <= 9:
        return float(text)
    until = http_date(text)
    if until is None:
        return None
    now = http_date(headers.get("Date", "")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())


def until_reset(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until the vendor's allowance is renewed, if it says that none is left.

    Read are ``X-RateLimit-Remaining`` and ``-Reset`` (observed on Roundup 2.6.0; Laravel and
    many others) and the ``RateLimit-`` names of the IETF draft. A reset is a number of seconds
    or, when it is as large as one, a time.
    """
    for remaining, until in _ALLOWANCES:
        left = headers.get(remaining)
        if left is not None and _number(left) == 0:
            reset = _number(headers.get(until, ""))
            if reset is None or reset > _NO_SECONDS:
                return None
            if reset > _EPOCH:
                now = http_date(headers.get("Date", "")) or datetime.now(UTC)
                reset -= now.timestamp()
            return max(0.0, reset)
    return None


def http_date(text: str) -> datetime | None:
    """Return the aware time that an HTTP date stands for; None for anything else."""
    if not text.isascii() or len(text) > 64:
        return None
    try:
        when = parsedate_to_datetime(text)
        return when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def vendor_time(headers: Mapping[str, str]) -> datetime | None:
    """Return what the vendor's clock shows now, aware; None if the answer does not tell.

    That is its Date, and the Age added to it: how many seconds the answer lay in a cache.
    """
    told = http_date(headers.get("Date", ""))
    age = headers.get("Age", "")
    if told is None or not is_digits(age) or len(age) > _LONGEST_AGE:
        return told
    try:
        return told + timedelta(seconds=int(age))
    except OverflowError:  # a date in the year 9999
        return None


def _number(text: str) -> float | None:
    """Return a number of digits and at most one point; ``float`` takes much more than that."""
    text = text.strip()
    if not text.isascii() or not text.replace(".", "", 1).isdigit():
        return None
    number = float(text)
    return number if math.isfinite(number) else None
