"""Offsets, and how many records to ask for at once. No I/O."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from attrs import evolve, frozen

from helpdesk_bridge import kit
from helpdesk_bridge.kit import SMALLEST_PAGE, errors

__all__ = [
    "CUSTOMERS",
    "FIRST",
    "TICKETS",
    "USERS",
    "Place",
    "Sizes",
    "always",
    "growing",
    "page_at",
    "wanted",
]

T = TypeVar("T")

TICKETS, USERS, CUSTOMERS = 9_999, 999, 99
"""T18: the largest ``itemLimit`` of each list (pages "ticket", "user" and "customer")."""
FIRST = 100
"""How many tickets are asked for first: who stops early has read no more."""
_SECOND = 1_000
_AHEAD, _MOST_AHEAD = 20_000, 32
"""How many records, and how many pages, are named in advance: they are in memory together."""
_CURSOR = re.compile(r"([0-9]{1,9})(?:x([1-9][0-9]{0,3}))?")

Sizes = Callable[[int], int]
"""How many records to ask for at an offset."""


def growing(start: int) -> int:
    """Return how many tickets to ask for at the offset ``start`` of a list that is read whole."""
    if start < FIRST:
        return FIRST
    return _SECOND if start < FIRST + _SECOND else TICKETS


def always(size: int) -> Sizes:
    """Return the Sizes of a list that is asked for ``size`` records at each offset."""
    return lambda _start: size


def wanted(limit: int, most: int) -> Sizes:
    """Return the Sizes for a caller who wants ``limit`` records, of a list of ``most`` at once."""
    return always(min(most, max(limit, SMALLEST_PAGE)))


@frozen
class Place:
    """An offset, and what is known by then of the sizes of pages."""

    start: int = 0
    """How many records there are before it."""
    most: int | None = None
    """How many records a page has at most by what came before: a server gave no more than these,
    or a page of more was too large to be read. None: nothing is known."""

    @classmethod
    def of(cls, cursor: kit.Cursor | None) -> Place:
        """Return the place that ``cursor`` stands for, None for the first page.

        InvalidArgument for a cursor of another list.
        """
        if cursor is None:
            return cls()
        found = _CURSOR.fullmatch(cursor)
        if found is None:
            raise errors.InvalidArgument("this cursor is not one of this desk's.")
        return cls(int(found[1]), int(found[2]) if found[2] else None)

    @property
    def cursor(self) -> kit.Cursor:
        """The cursor: ``1100``, or ``100x50`` where pages have 50 at most."""
        tail = "" if self.most is None else f"x{self.most}"
        return kit.Cursor(f"{self.start}{tail}")

    def size(self, sizes: Sizes) -> int:
        """Return how many records to ask for here."""
        return min(sizes(self.start), self.most or TICKETS)

    def smaller(self, asked: int) -> Place:
        """Return this place with pages of half the size, after one of ``asked`` was too large."""
        return evolve(self, most=max(asked // 2, SMALLEST_PAGE))

    def behind(self, count: int, asked: int) -> Place:
        """Return the place behind a page of ``count`` records, of which ``asked`` were asked for.

        A first short page may show what the server gives at most; the pages behind it are asked for
        in that size, so that a full one is known for one. Only once: a page may also be short
        because records are hidden from this account, and pages would get ever smaller.
        """
        most = self.most
        if most is None and SMALLEST_PAGE <= count < asked:
            most = count
        return Place(self.start + (count or asked), most)

    def ahead(self, total: int, sizes: Sizes) -> tuple[kit.Cursor, ...]:
        """Return the places of some pages behind the one at this place, of ``total`` records."""
        places: list[kit.Cursor] = []
        at = self
        while len(places) < _MOST_AHEAD:
            at = evolve(at, start=at.start + at.size(sizes))
            if at.start >= total or at.start - self.start > _AHEAD:
                break
            places.append(at.cursor)
        return tuple(places)


def page_at(
    place: Place,
    told: kit.Told,
    items: tuple[T, ...],
    problems: tuple[kit.Problem, ...],
    *,
    sizes: Sizes,
) -> kit.Page[T]:
    """Return the page at ``place``, with the places of those that follow.

    Args:
        place: where it begins.
        told: what its envelope says.
        items: the records that could be read.
        problems: the records that could not be read.
        sizes: how many were asked for, and will be.

    Raises:
        PaginationLoop: the vendor answered another page.
    """
    count, asked = len(items) + len(problems), place.size(sizes)
    kit.require_page(told.start, place.start)
    going_on = kit.following(told, count=count, asked=asked, before=place.start)
    # An empty page in the middle is stepped over; the pager ends a list of nothing else.
    behind = place.behind(count, asked)
    is_counted = count == asked and going_on.is_there
    return kit.Page(
        items=items,
        problems=problems,
        total=told.total,
        next=behind.cursor if going_on.is_there else None,
        listed=kit.counted(told, count=count, before=place.start),
        ahead=behind.ahead(told.total or 0, sizes) if is_counted else (),
        unsure=going_on.unsure,
        doubted=going_on.doubted,
        beyond=behind.cursor,
        lacking=told.lacking(goes_on=going_on.is_sure),
    )
