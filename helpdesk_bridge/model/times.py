"""The datetimes of the model: aware, and in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from attrs import field

from helpdesk_bridge.errors import InvalidArgument

__all__ = ["in_utc", "moment"]


def in_utc(value: datetime | None) -> datetime | None:
    """Return an aware time in UTC; None for None. InvalidArgument for one without a zone."""
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
    """Return the field of an attrs class that holds an aware time, or None."""
    return field(default=None, converter=in_utc, repr=False)
