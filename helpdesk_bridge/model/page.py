"""A page of a list, and the records of it that could not be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any, Generic, NewType, TypeVar

from attrs import evolve, field, frozen

from helpdesk_bridge.errors import HelpdeskError

__all__ = ["Cursor", "Page", "Problem"]

T = TypeVar("T")

_ID: Callable[[Any], str] = attrgetter("id")

Cursor = NewType("Cursor", str)
"""A place in a list: opaque, made by an adapter, meaningful only to it."""


@frozen(kw_only=True)
class Problem:
    """A record that could not be read; ``index`` is its place among the page's records."""

    index: int
    error: HelpdeskError
    raw: Any = field(default=None, repr=False, eq=False)


@frozen(kw_only=True)
class Page(Generic[T]):
    """A page of a list.

    ``items`` are the records that could be read, ``problems`` those that could not (with their
    place in the page as the vendor sent it). Iterating a page raises at the first problem, so that
    a record is never passed over unseen. ``next`` is None on the last page; ``total`` is the
    vendor's count of all records, None where it does not tell.
    """

    items: tuple[T, ...]
    next: Cursor | None = None
    total: int | None = None
    problems: tuple[Problem, ...] = ()
    filtered: tuple[str, ...] = field(default=(), repr=False)
    """Ids of records that were read and left out, because the vendor could not filter them."""
    listed: int | None = None
    """The vendor's count of the records it lists, filtered or not; when it changes, they move."""
    ahead: tuple[Cursor, ...] = field(default=(), repr=False, eq=False)
    """Places of pages behind ``next`` that are known already, in order; a few are enough.

    They are read at once only where ``listed`` is given, too: without a count nobody would notice
    a record that moved from one of these pages to another meanwhile.
    """

    def records(self) -> Iterator[T | Problem]:
        """Return items and problems in the order the vendor sent them."""
        return self._mixed() if self.problems else iter(self.items)

    def _mixed(self) -> Iterator[T | Problem]:
        items = iter(self.items)
        broken = {problem.index: problem for problem in self.problems}
        for index in range(len(self.items) + len(broken)):
            yield broken[index] if index in broken else next(items)

    def where(self, keep: Callable[[T], bool], identity: Callable[[T], str] = _ID) -> Page[T]:
        """Return this page with only the items for which ``keep`` is true.

        The ids of the others go to :attr:`filtered`; ``identity`` tells them (left out: their
        ``id``).
        """
        if all(map(keep, self.items)):
            return self
        items: list[T] = []
        left_out: list[str] = []
        problems: list[Problem] = []
        for record in self.records():
            if isinstance(record, Problem):
                problems.append(evolve(record, index=len(items) + len(problems)))
            elif keep(record):
                items.append(record)
            else:
                left_out.append(identity(record))
        return Page(
            items=tuple(items),
            next=self.next,
            total=None if left_out else self.total,
            problems=tuple(problems),
            filtered=(*self.filtered, *left_out),
            listed=self.listed,
            ahead=self.ahead,
        )

    def __iter__(self) -> Iterator[T]:
        for record in self.records():
            if isinstance(record, Problem):
                raise record.error
            yield record

    def __len__(self) -> int:
        return len(self.items)
