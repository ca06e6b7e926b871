"""Judge from the evidence of one page whether a list goes on.

A sign for more outweighs all signs for the end, and a list that shows no sign of its end is read
on.
"""

from __future__ import annotations

from typing import TypeVar

from attrs import frozen

from helpdesk_bridge.errors import IncompleteList, PaginationLoop
from helpdesk_bridge.kit.cursors import pages_behind
from helpdesk_bridge.kit.envelope import Told
from helpdesk_bridge.model import Cursor, Page, Problem

__all__ = [
    "SMALLEST_PAGE",
    "Following",
    "counted",
    "following",
    "incomplete",
    "numbered_page",
    "require_complete",
    "require_page",
]

T = TypeVar("T")

_ROUND = 500
"""What the totals of vendors are multiples of that count no further."""
SMALLEST_PAGE = 10
"""Fewer records than any page size in use: a page of fewer is no page that a server has cut."""


@frozen
class Following:
    """Whether a page is followed by another, as far as the evidence goes."""

    is_there: bool
    """Whether the next page is to be asked for."""
    unsure: bool = False
    """Whether nothing says so: the page is short, and nothing says that it is the last one."""
    doubted: bool = False
    """Whether the signs do show the end, and the next page is only looked for, as they may fit
    this page alone."""

    @property
    def is_sure(self) -> bool:
        """Whether the next page is there, and is not only looked for."""
        return self.is_there and not self.unsure


def following(
    told: Told, *, count: int, asked: int, before: int, number: int | None = None
) -> Following:
    """Judge from the evidence of one page whether there is another.

    A sign for more outweighs all signs for the end. A figure that cannot be right (a total below
    what came, a last page before this one) is no sign at all. Without any sign, only an empty page
    ends a list. A full page by the server's own size, where that is below what was asked for, is
    never the end by itself: its figures may be those of the page. The next one is looked for then,
    as it is where a link to a next page stands beside a word that denies it, or a cursor does, and
    the page is not too small to be cut. It is also looked for where a first page that a server may
    have cut has nothing but a total equal to it, and where a total or the empty place of a next
    page stands beside what may mean more. A total in a header ends a list only on a later page. A
    round total that is reached by a full page may be where the vendor stops to count (10,000), but
    where the place of a next page holds nothing and this is the last page by its number.

    Args:
        told: what the envelope says.
        count: how many records are on the page.
        asked: how many were asked for.
        before: how many records there are before this page, by its number or offset.
        number: the number of this page, from 1; None where pages have none.

    Returns:
        Whether there is another page, and whether that is only looked for.
    """
    came, last, total = before + count, told.last_page, told.total
    size = min(told.per_page or asked, asked)
    full = count >= size
    more = told.more is True or (told.names_next and told.more is None)
    end, by_number = told.more is False or told.closed, False
    if last is not None and number is not None:
        more |= last > number
        by_number = last == number or (count == 0 and last < number)
    elif last is not None and count:
        more |= last > before // count + 1  # with an offset, by pages of this size
    if total is not None:
        # An empty last page makes a total that is too high no sign for more.
        more |= total > came and not (count == 0 and (end or by_number))
        # Equal to the first page it may be the count of that page.
        is_own = before == 0 and not by_number and (full or told.counts_in_header)
        end |= total == came and not is_own
        end |= count == 0 and total <= before
    if more:
        return Following(is_there=True)
    if count == 0:
        return Following(is_there=False)
    if told.names_next and full:  # beside a word that denies it
        return Following(is_there=True)
    # A server that gives fewer than were asked for may take its page for the list.
    is_counted = before > 0 and total == came
    shown = end or by_number or total == came
    is_doubted = told.link is not None or (told.names_next and count >= SMALLEST_PAGE)
    is_doubted |= full and size < asked and not is_counted
    is_doubted |= shown and not (by_number or is_counted) and _may_be_own(told, count, asked)
    is_said = told.more is not None or (told.closed and by_number)
    is_doubted |= full and not is_said and total == came and came % _ROUND == 0
    if is_doubted:
        return Following(is_there=True, unsure=True, doubted=shown)
    if end or (by_number and not full):
        return Following(is_there=False)
    if by_number:  # a full page, and nothing else says that it is the last
        return Following(is_there=True, unsure=True, doubted=True)
    return Following(is_there=True, unsure=count < asked)


def _may_be_own(told: Told, count: int, asked: int) -> bool:
    """Say whether a total or an empty place of a next page may tell of the page alone."""
    if told.more is not None:
        return False
    may_be_cut = SMALLEST_PAGE <= count < asked or told.counts_in_header
    return told.hints_at_more or (may_be_cut and not told.closed)


def counted(told: Told, *, count: int, before: int) -> int | None:
    """Return how many records the list has, as far as it is told.

    A total on a later page that is no more than the page holds is the page's own count.

    Args:
        told: what the envelope says.
        count: how many records are on the page.
        before: how many there are before it.

    Returns:
        The number of records; None where the vendor does not tell it.
    """
    return None if before and told.total == count else told.total


def numbered_page(
    told: Told,
    items: tuple[T, ...],
    problems: tuple[Problem, ...],
    *,
    number: int,
    asked: int,
) -> Page[T]:
    """Return a page of a list whose pages are numbered from 1.

    Pages are counted here: the vendor's links may lead anywhere, and lose the filters.

    Args:
        told: what the envelope says.
        items: the records that could be read.
        problems: the records that could not be read.
        number: the page that was asked for.
        asked: how many records were asked for.

    Returns:
        The page, with the places of those that follow.

    Raises:
        PaginationLoop: the vendor answered another page.
    """
    require_page(told.page, number)
    count, behind = len(items) + len(problems), Cursor(str(number + 1))
    size = max(told.per_page or asked, count)
    before = (number - 1) * size
    going_on = following(told, count=count, asked=asked, before=before, number=number)
    last = told.last_page or -(-(told.total or 0) // size)
    return Page(
        items=items,
        problems=problems,
        total=told.total,
        next=behind if going_on.is_there else None,
        listed=counted(told, count=count, before=before),
        ahead=pages_behind(number + 1, last) if going_on.is_there else (),
        unsure=going_on.unsure,
        doubted=going_on.doubted,
        beyond=behind,
        lacking=told.lacking(goes_on=going_on.is_sure),
    )


def require_page(told: int | None, wanted: int) -> None:
    """Raise PaginationLoop for another page than the one that was asked for.

    Args:
        told: the number or offset of the page that came; None where it is not told.
        wanted: the one that was asked for.
    """
    if told is not None and told != wanted:
        raise PaginationLoop(f"the vendor answered another page than the one asked for ({wanted}).")


def incomplete(where: str) -> IncompleteList:
    """Return the error of a list that the vendor itself calls incomplete.

    Args:
        where: the JSON path of what says so.
    """
    return IncompleteList(f"{where}: the vendor says that the list is incomplete.")


def require_complete(where: str | None) -> None:
    """Raise IncompleteList where the vendor says that it left records out of a list.

    Args:
        where: the JSON path of what says so; None: nothing does.

    Raises:
        IncompleteList: the vendor says so.
    """
    if where is not None:
        raise incomplete(where)
