"""Judge from the evidence of one page whether a list goes on.

A sign for more outweighs all signs for the end, and a list that shows no sign of its end is read
on.
"""

from __future__ import annotations

from typing import TypeVar

from attrs import frozen

from helpdesk_bridge.errors import PaginationLoop
from helpdesk_bridge.kit.cursors import pages_behind
from helpdesk_bridge.kit.envelope import Told
from helpdesk_bridge.model import Cursor, Page, Problem

__all__ = ["Following", "following", "numbered_page", "require_page"]

T = TypeVar("T")


@frozen
class Following:
    """Whether a page is followed by another, as far as the evidence goes."""

    is_there: bool
    """Whether the next page is to be asked for."""
    unsure: bool = False
    """Whether nothing says so: the page is short, and nothing says that it is the last one."""


def following(
    told: Told, *, count: int, asked: int, before: int, number: int | None = None
) -> Following:
    """Judge from the evidence of one page whether there is another.

    A sign for more outweighs all signs for the end. A figure that cannot be right (a total below
    what came, a last page before this one) is no sign at all. Without any sign, only an empty page
    ends a list.

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
    more = told.more is True or told.points_on(count, asked)
    end, by_number = told.more is False or told.closed, False
    if last is not None and number is not None:
        more |= last > number
        by_number = last == number or (count == 0 and last < number)
    if total is not None:
        # An empty last page makes a total that is too high no sign for more.
        more |= total > came and not (count == 0 and (end or by_number))
        # Equal to a full first page it may be the count of that page.
        end |= total == came and not (before == 0 and count == asked and not by_number)
        end |= count == 0 and total <= before
    if more:
        return Following(is_there=True)
    if end or count == 0 or (by_number and count < asked):
        return Following(is_there=False)
    if by_number:  # a full page, and nothing else says that it is the last
        return Following(is_there=True, unsure=True)
    return Following(is_there=True, unsure=count < asked)


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
    going_on = following(told, count=count, asked=asked, before=(number - 1) * size, number=number)
    last = told.last_page or -(-(told.total or 0) // size)
    return Page(
        items=items,
        problems=problems,
        total=told.total,
        next=behind if going_on.is_there else None,
        listed=told.total,
        ahead=pages_behind(number + 1, last) if going_on.is_there else (),
        unsure=going_on.unsure,
        beyond=behind,
    )


def require_page(told: int | None, wanted: int) -> None:
    """Raise PaginationLoop for another page than the one that was asked for.

    Args:
        told: the number or offset of the page that came; None where it is not told.
        wanted: the one that was asked for.
    """
    if told is not None and told != wanted:
        raise PaginationLoop(f"the vendor answered another page than the one asked for ({wanted}).")
