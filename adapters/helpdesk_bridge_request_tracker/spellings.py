"""Whether two spellings of a value are one value to Request Tracker. Pure functions.

T17: RT keeps addresses, times, choices and numbers in a spelling of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

__all__ = ["UNSET", "are_alike", "are_different", "each_value", "plain", "text"]

UNSET = ("", "0", "1970-01-01T00:00:00Z")
"""What a record shows in the place of a text, a number or a time that nobody has set."""
_ANY_ZONE = timedelta(hours=14)
"""No zone is further from UTC; RT does not tell the zone of the account."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)Z")
"""RT writes a date and time in ISO 8601, and takes one in UTC without that."""


def text(value: Any) -> str:
    """Return a text, a number or a boolean as RT keeps it."""
    if isinstance(value, bool):
        return str(int(value))
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def plain(value: Any) -> str:
    """Return any value of a record or a body as one text; of a reference it is the id."""
    if isinstance(value, Mapping):
        return str(value.get("id"))
    if isinstance(value, (list, tuple)):
        return ",".join(sorted(map(plain, value)))
    return "" if value is None else text(value)


def each_value(given: Any) -> frozenset[str]:
    """Return the values of a custom field: RT keeps no order and nothing twice."""
    several = given if isinstance(given, (list, tuple, set, frozenset)) else [given]
    return frozenset(_TIME.sub(r"\1 \2", text(v)) for v in several if v is not None and v != "")


def are_alike(wanted: Iterable[str], kept: Iterable[str]) -> bool:
    """Say whether these are the same values, each in any spelling that RT takes for it.

    A day without a time is any instant that belongs to this day in some time zone.
    """
    given, shown = ({_canonical(value) for value in some} for some in (wanted, kept))
    days, instants = given - shown, shown - given
    if not all(map(_DAY.fullmatch, days)):
        return False
    return all(any(_is_within(day, one) for one in instants) for day in days) and all(
        any(_is_within(day, one) for day in days) for one in instants
    )


def are_different(wanted: str, kept: str) -> bool:
    """Say whether it is certain that ``kept`` is another value than ``wanted``.

    So it is where nothing is kept, and where both are times that no time zone makes the same one.
    RT takes words for other values too ("tomorrow"): what it made of them is not certain.
    """
    if kept in UNSET:
        return wanted not in UNSET
    if _DAY.fullmatch(wanted) and _DAY.fullmatch(kept):
        return wanted != kept
    (first, last), (earliest, latest) = _span(wanted), _span(kept)
    return latest < first or last < earliest


def _canonical(value: str) -> str:
    """Return a value in one spelling of several that RT takes for the same.

    Addresses of machines lose their noughts, ranges have two ends, times lose their zone, names of
    choices their case.
    """
    folded = re.sub(r"\s+", " ", value).strip().casefold()
    with suppress(ValueError):
        return _addresses(re.sub(r"(?<![\da-f.:])0+(?=\d)|(?<=\.)0+(?=\d)", "", folded))
    with suppress(ValueError, OverflowError):
        at = datetime.fromisoformat(folded.upper())
        if len(folded) > len("2026-01-01"):
            return _in_utc(at).isoformat()
    return folded


def _addresses(folded: str) -> str:
    """Return an address, or the first and the last of a range; ValueError for anything else."""
    if "/" in folded:
        network = ip_network(folded, strict=False)
        return f"{network[0]}-{network[-1]}"
    return "-".join(str(ip_address(word.strip())) for word in folded.split("-", 1))


def _in_utc(at: datetime) -> datetime:
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _is_within(day: str, instant: str) -> bool:
    (first, last), (at, _) = _span(day), _span(instant)
    return not _DAY.fullmatch(instant) and first <= at <= last


_EVER = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


def _span(value: str) -> tuple[datetime, datetime]:
    """Return the first and the last instant that a value may mean; of no time it is any instant."""
    with suppress(ValueError, OverflowError):
        at = datetime.fromisoformat(value.strip().upper())
        if at.tzinfo:
            return _in_utc(at), _in_utc(at)
        length = timedelta(days=1) if _DAY.fullmatch(value.strip()) else timedelta(0)
        return _in_utc(at) - _ANY_ZONE, _in_utc(at) + length + _ANY_ZONE
    return _EVER
