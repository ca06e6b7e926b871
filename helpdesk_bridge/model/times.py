"""Conversion of datetimes to UTC, as all times of the model are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from attrs import field

from helpdesk_bridge.errors import InvalidArgument

__all__ = ["in_utc", "moment"]


def in_utc(value: datetime | None) -> datetime | None:
    """Return the aware time ``value`` in UTC; None for None.

    InvalidArgument for a time without a zone, and for one that UTC cannot express.
    """
    if value is None or value.tzinfo is UTC:
        return value
    if value.utcoffset() is None:
        raise InvalidArgument("a datetime without a time zone: give an aware one")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        pass
    raise InvalidArgument("a datetime that is before the year 1 or after 9999 in UTC")


def moment() -> Any:
    """Return an attrs field for a time: it converts an aware time to UTC; its default is None."""
    return field(default=None, converter=in_utc, repr=False)
