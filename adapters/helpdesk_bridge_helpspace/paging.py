"""HelpSpace's lists, page by page: which page a cursor stands for, and how large pages are.

Pages are numbered, so their size is the same on a whole walk: a cursor tells it, unless it is the
largest (``"2x20"`` is the second page of 20, ``"2"`` the second of 50).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self, TypeVar

from attrs import frozen

from helpdesk_bridge import kit
from helpdesk_bridge.kit import JsonRecord, errors, read, read_records
from helpdesk_bridge_helpspace.wire import PER_PAGE, Collection

__all__ = ["Place", "ask", "read_page"]

R = TypeVar("R", bound=JsonRecord)
T = TypeVar("T")


@frozen
class Place:
    """A page of a list."""

    number: int = 1
    """Which page, from 1."""
    size: int = PER_PAGE
    """How many records the pages of this walk have."""

    @classmethod
    def of(cls, cursor: kit.Cursor | None, wanted: int | None = None) -> Self:
        """Return the page at ``cursor`` (None: the first).

        ``wanted`` is how many records of a list the caller wants, where all that come will do; None
        asks for pages as large as can be. A list that goes on keeps to the size it began with.
        InvalidArgument for a cursor of another make.
        """
        if cursor is None:
            size = PER_PAGE if wanted is None else max(wanted, kit.SMALLEST_PAGE)
            return cls(1, min(PER_PAGE, size))
        number, sized, size_told = cursor.partition("x")
        if not sized:
            return cls(kit.page_number(cursor))
        if not (kit.is_digits(size_told) and len(size_told) <= 2 and 0 < int(size_told) < PER_PAGE):
            raise errors.InvalidArgument("this cursor is not one of this desk's.")
        return cls(kit.page_number(kit.Cursor(number)), int(size_told))

    def page(
        self, told: kit.Told, items: tuple[T, ...], problems: tuple[kit.Problem, ...]
    ) -> kit.Page[T]:
        """Return this page with its records; ``told`` is what its envelope says."""
        page = kit.numbered_page(told, items, problems, number=self.number, asked=self.size)
        return kit.sized(page, self.size, usual=PER_PAGE)


async def ask(
    transport: kit.Transport,
    operation: kit.Operation,
    path: Sequence[str],
    place: Place,
    pairs: Sequence[tuple[str, str]] = (),
) -> tuple[list[Any], kit.Told]:
    """GET a page of the list at ``path``; return its records as they came, and what it says.

    ``pairs`` are the further parameters of the query.
    """
    query = [("page", str(place.number)), ("per-page", str(place.size)), *pairs]
    answer = await transport.send(operation, "GET", path, query=query)
    listed = answer.read(lambda data: read(data, Collection))
    return listed.data, listed.told(answer.headers)


async def read_page(
    transport: kit.Transport,
    operation: kit.Operation,
    path: Sequence[str],
    place: Place,
    into: type[R],
    convert: Callable[[R], T],
    pairs: Sequence[tuple[str, str]] = (),
) -> kit.Page[T]:
    """GET a page as :func:`ask`, and return it with each record as ``convert`` reads it."""
    data, told = await ask(transport, operation, path, place, pairs)
    items, problems = read_records(data, into, convert, "$.data")
    return place.page(told, items, problems)
