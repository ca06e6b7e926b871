"""Places in lists: the last id seen, or the number of a page and how many records one has."""

from __future__ import annotations

import re

from helpdesk_bridge import kit
from helpdesk_bridge.kit import errors, is_digits
from helpdesk_bridge_request_tracker import wire

__all__ = ["after", "foreign", "numbered"]

_MOST = 100
_PLACE = re.compile(r"([1-9][0-9]{0,8})(?:x([1-9][0-9]{0,2}))?", re.ASCII)


def after(cursor: kit.Cursor | None) -> int:
    """Return the id that a cursor stands for: the list goes on behind it."""
    if cursor is None:
        return 0
    if not is_digits(cursor) or len(cursor) > wire.MOST_DIGITS:
        raise foreign()
    return int(cursor)


def numbered(cursor: kit.Cursor | None, *, first: int, usual: int) -> tuple[int, int]:
    """Return the number of a page, and the size of all pages of its list.

    Args:
        cursor: the place; None is the first page.
        first: how many records the pages of a list that begins have.
        usual: how many they have where the place does not tell.
    """
    if cursor is None:
        return 1, first
    found = _PLACE.fullmatch(cursor)
    if found is None or int(found[2] or usual) > _MOST:
        raise foreign()
    return int(found[1]), int(found[2] or usual)


def foreign() -> errors.InvalidArgument:
    """Return the error of a cursor that is no place in this list."""
    return errors.InvalidArgument("this cursor is not one of this desk's.")
