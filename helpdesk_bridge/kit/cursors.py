"""Read and make the cursors of lists whose pages are numbered."""

from __future__ import annotations

from typing import TypeVar

from attrs import evolve

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model import Cursor, Page
from helpdesk_bridge.model.text import is_digits

__all__ = ["page_number", "pages_behind", "sized"]

T = TypeVar("T")

_AHEAD = 32
"""How many numbered pages are named in advance."""


def page_number(cursor: Cursor | None) -> int:
    """Return the page that a numbered ``cursor`` stands for, 1 for None.

    InvalidArgument for a cursor that is none of these.
    """
    if cursor is None:
        return 1
    if not is_digits(cursor) or len(cursor) > 9:
        raise InvalidArgument("this cursor is not one of this desk's.")
    return int(cursor)


def pages_behind(page: int, last: int, *, step: int = 1) -> tuple[Cursor, ...]:
    """Return the numbers of some pages behind ``page``, up to ``last``, for :attr:`Page.ahead`.

    With a ``step`` they are offsets. More than any desk reads at once are never needed.

    Args:
        page: the page from which on, itself left out.
        last: the last page there is.
        step: the distance from one page to the next: 1 for numbers, the page size for offsets.
    """
    numbers = range(page + step, min(last, page + step * _AHEAD) + 1, step)
    return tuple(Cursor(str(number)) for number in numbers)


def sized(page: Page[T], per_page: int, *, usual: int) -> Page[T]:
    """Return a page of a numbered list whose places tell how large its pages are, as in "2x20".

    A number stands for another place where pages have another size.

    Args:
        page: the page, with numbers for places.
        per_page: how many records the pages of this walk have.
        usual: the size that places need not tell.

    Returns:
        The same page with other places; the page itself, where its size is the usual one.
    """
    if per_page == usual:
        return page

    def told(place: Cursor) -> Cursor:
        return Cursor(f"{place}x{per_page}")

    return evolve(
        page,
        next=None if page.next is None else told(page.next),
        beyond=None if page.beyond is None else told(page.beyond),
        ahead=tuple(map(told, page.ahead)),
    )
