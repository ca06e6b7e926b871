"""Pages of lists, cursors to them, and records that could not be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any, Generic, NewType, TypeVar

from attrs import evolve, field, fields, frozen

from helpdesk_bridge.errors import HelpdeskError
from helpdesk_bridge.model.lazily import Lazily
from helpdesk_bridge.model.shown import amount, shown
from helpdesk_bridge.model.value import Value

__all__ = ["Cursor", "Page", "Problem"]

T = TypeVar("T")

_ID: Callable[[Any], str] = attrgetter("id")

Cursor = NewType("Cursor", str)
"""The place of a page in a list. Only the adapter that made it can read it."""


@frozen(kw_only=True)
class Problem(Value):
    """A record of a list that could not be read."""

    index: int
    """Its place among the records of the page, from 0."""
    error: HelpdeskError
    """Why it could not be read."""
    raw: Any = field(default=None, repr=False, eq=False)
    """The vendor's own record, if there is one."""

    def __attrs_post_init__(self) -> None:
        # It holds the whole list; whoever comes to the record raises the error anew.
        self.error.__traceback__ = None


@frozen(kw_only=True)
class Page(Value, Generic[T]):
    """A page of a list.

    Iterating over a page raises at the first record that could not be read, so that none is passed
    over unnoticed.
    """

    items: tuple[T, ...]
    """The records that could be read."""
    next: Cursor | None = None
    """Where the list goes on; None: nowhere. Of a page that a :class:`Pager` handed out it is a
    text for ``cursor=``, as :attr:`Pager.cursor` was by then, and made when it is read; of one that
    an adapter returned, the vendor's place of the next page."""
    total: int | None = None
    """The vendor's count of all records that were asked for; None where it does not tell."""
    problems: tuple[Problem, ...] = ()
    """The records that could not be read."""
    filtered: tuple[str, ...] = field(default=(), repr=False)
    """The ids of records that the adapter left out because the vendor could not filter them."""
    listed: int | None = None
    """The vendor's count of the records that it lists, filtered or not; None where it does not
    tell. A count that changes while a list is read shows that records move between pages."""
    ahead: tuple[Cursor, ...] = field(default=(), repr=False, eq=False)
    """The places of some pages after ``next``, in order, where they are known already.

    They are read ahead together only if ``listed`` is given, too. Without a count nobody would
    notice a record that moved from one of these pages to another meanwhile.
    """

    unsure: bool = field(default=False, repr=False, eq=False)
    """Whether nothing says that there is a page at ``next``, nor that this one is the last.

    If it brings nothing new, the list has ended; it does not run in circles. Where there is no
    ``next``, nobody can look: a list that ends with such a page ends with a ProtocolError, unless a
    page before was larger or the vendor's count was reached."""
    doubted: bool = field(default=False, repr=False, eq=False)
    """Whether this page's signs do show the end, and ``next`` is only looked for, since they may
    fit this page alone. It is not asked for where a page before was larger: no server cut this
    one."""
    beyond: Cursor | None = field(default=None, repr=False, eq=False)
    """Where the next page would be, if the vendor were wrong about this one being the last.

    It is asked for when fewer records came than ``listed`` says: a server that gives shorter pages
    than it says counts its pages wrongly. None: there is no such place."""

    shifts: bool = field(default=False, repr=False, eq=False)
    """Whether a record that goes moves later ones onto pages that were read, and none of them may
    be lost: several pages without ``listed`` are read again until nothing new comes."""

    moves: bool = field(default=False, repr=False, eq=False)
    """Whether a record that changes takes another place in this list, whatever ``listed`` says:
    several pages are read again until nothing new comes. It is so by the time of the last change,
    where places are the vendor's."""
    anchored: bool = field(default=False, repr=False, eq=False)
    """Whether ``next`` is the place behind a certain record, and no number of a page: what comes
    and goes before that record moves nothing behind it. False is the safe answer."""
    behind: Callable[[T], Cursor] | None = field(default=None, repr=False, eq=False)
    """What tells the place behind a record of this page, of lists where each record has one; a
    list that is cut by a ``limit`` goes on there. None: only whole pages have places."""

    lacking: str | None = field(default=None, repr=False, eq=False)
    """Where the vendor says that it left out records of this list, as a JSON path; None: nowhere.

    All that came is handed out, and the list ends with an IncompleteList."""

    def __reduce__(self) -> tuple[Any, ...]:
        # What tells places is for the pager that reads the list, and may be any function.
        kept = {one.name: getattr(self, one.name) for one in fields(type(self))}
        return _made_anew, (type(self), {**kept, "behind": None})

    def records(self) -> Iterator[T | Problem]:
        """Return an iterator over items and problems, in the order of the vendor."""
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
            unsure=self.unsure,
            doubted=self.doubted,
            beyond=self.beyond,
            shifts=self.shifts,
            moves=self.moves,
            anchored=self.anchored,
            behind=self.behind,
            lacking=self.lacking,
        )

    def __iter__(self) -> Iterator[T]:
        for record in self.records():
            if isinstance(record, Problem):
                raise record.error
            yield record

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        return shown(self, "", self._words)

    def _words(self) -> Iterator[str]:
        yield f"of {amount(len(self.items), 'item')}"
        yield f"{len(self.problems)} that cannot be read" if self.problems else ""
        yield f"{len(self.filtered)} left out" if self.filtered else ""
        yield "" if self.total is None else f"{self.total:,} in all"
        yield "" if self.next is None else "more follow"


def _made_anew(kind: type[Page[T]], given: dict[str, Any]) -> Page[T]:
    return kind(**given)


setattr(Page, "next", Lazily(Page.next))  # noqa: B010 - mypy forbids the other
