"""Walk through a list that is paged, and notice what a page by itself does not show."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from operator import attrgetter
from typing import Any, TypeVar

from attrs import evolve

from helpdesk_bridge.errors import (
    HelpdeskError,
    IncompleteList,
    PaginationLoop,
    ProtocolError,
)
from helpdesk_bridge.kit.ends import SMALLEST_PAGE, incomplete
from helpdesk_bridge.kit.reading import add_problem
from helpdesk_bridge.model import Cursor, Page, Problem
from helpdesk_bridge.transport.empty_lists import is_proving

__all__ = ["MAX_BARREN", "Walk", "distinct", "read_whole"]

T = TypeVar("T")

MAX_BARREN = 3
"""Pages in a row that bring nothing new before the list counts as running in circles."""
_MAX_SAME = 100
"""Pages in a row of the same unreadable records, before the list counts as running in circles."""
_MAX_RESTLESS = 4
"""How often a list is read again that does not hold still."""
_NOT_THERE = frozenset((400, 404, 422))
"""What vendors answer for a page behind the last one."""
_ID: Callable[[Any], str] = attrgetter("id")


class Walk:
    """What is noticed on one walk through a list.

    Args:
        seen: the ids that came on this walk.
        whole: whether it began at the first page.
        again: whether the list was walked before.
    """

    def __init__(self, seen: set[str], *, whole: bool, again: bool = False) -> None:
        self.seen = seen
        """The ids that came on this walk; on the first one these are all that ever came."""
        self.fell = False
        """Whether the vendor listed fewer records on the way: all later ones moved up."""
        self.listed: int | None = None
        """The vendor's count as it was told last."""
        self._begun: int | None = None  # as it was told first, less what it fell by since
        self.came = 0
        """How many records came."""
        self.barren = 0
        """How many pages in a row brought nothing new."""
        self._same = 0  # pages in a row of the same bad records
        self._news = 0  # pages that brought something new
        self._largest = 0
        self._repeats = False
        self._shifts = False
        self._in_doubt = False
        self._unsure = False
        self._doubted = False
        self._lacking: str | None = None  # where the vendor says that it left records out
        self._whole = whole
        self._again = again
        self._odd: list[object] = []

    def see(self, page: Page[T], new: int) -> Cursor | None:
        """Take note of a page as the vendor sent it, and return where the walk goes on.

        None is the end: the vendor says so, a page that was only looked for is empty, or the pages
        are empty and only the vendor's places of next pages speak against it.

        A page that comes again is the end where the signs of the one before had shown it, and
        where that one cannot have been cut: it is shorter than the pages before it, or than any
        page size in use. Otherwise the vendor may ignore which page is asked for, and cap what it
        gives: that is no end. Of a vendor that tells nothing and knows no pages, a list of ten or
        more cannot be told from that, and is an error, too.

        Args:
            page: the page.
            new: how many of its records had not come on this walk before.
        """
        odd = [problem.raw for problem in page.problems]
        self.came += new + len(odd)
        self._lacking = self._lacking or page.lacking
        if page.listed is not None:
            self._count(page.listed)
        same, self._odd = new == 0 and bool(odd) and odd == self._odd, odd
        self._same = self._same + 1 if same else 0
        # Nobody can tell unreadable records apart: they are others, if more is told.
        is_told = page.next is not None and not page.unsure and _size(page) == len(odd)
        has_news = new > 0 or (bool(odd) and (not same or (is_told and self._same < _MAX_SAME)))
        self.barren = 0 if has_news else self.barren + 1
        if not has_news and self._has_ended(page):
            return None
        size = _size(page)
        is_cut, self._largest = size >= self._largest, max(size, self._largest)
        self._news += has_news
        self._shifts |= page.shifts
        self._unsure, self._doubted = page.unsure, page.doubted
        if page.doubted and not is_cut and not self._is_below:
            return None
        is_counted = self._whole and self.listed is not None
        self._in_doubt = page.next is None and page.unsure and is_cut and not is_counted
        if page.next is None and has_news and self._is_below:
            self._unsure = self._doubted = True
            return page.beyond
        return page.next

    def _has_ended(self, page: Page[T]) -> bool:
        """Say whether a page that brought nothing new shows that the list ended before it."""
        if is_empty(page):
            return self._unsure or self._is_given_up(page)
        if not self._unsure:
            return False
        size = _size(page)
        was_whole = size < SMALLEST_PAGE or (self._news > 1 and size < self._largest)
        if self._doubted or (was_whole and len(page.problems) < size):
            return True
        self._repeats = len(page.problems) < size
        return False

    def ends_with(self, error: HelpdeskError) -> bool:
        """Say whether the error of a page that was only looked for bears out that the list ended.

        The page before it showed the end, and this one is refused as one that is not there, or
        another one came in its place. A refusal that names the vendor's count may be that of a
        limit to what is listed, and is an error; so are all where a proof is wanted.

        Args:
            error: what the reading of the page behind the last one ended with.
        """
        if not (self._unsure and self._doubted) or is_proving():
            return False
        if isinstance(error, PaginationLoop):
            return True
        figures = re.sub(r"(?<=\d)[,. ](?=\d{3}\b)", "", error.message)
        is_limit = self.listed is not None and re.search(rf"\b{self.listed}\b", figures) is not None
        return error.status in _NOT_THERE and not is_limit

    def _is_given_up(self, page: Page[T]) -> bool:
        """Say whether an empty page ends the list although it names a next one.

        It does once all that the vendor counts came, and after several when nothing but a count
        that is too high says that more will come.
        """
        if not is_empty(page) or not self._whole or self.listed is None:
            return False
        return self.came >= self.listed or self.runs_in_circles

    def _count(self, listed: int) -> None:
        """Take note of the vendor's count; one that fewer than came disproves is none."""
        fallen = max(0, (self.listed or 0) - listed)
        self.fell |= fallen > 0
        self.listed = listed
        if self._begun is None or self._begun < self.came:
            self._begun = listed
        else:
            self._begun -= fallen

    @property
    def owed(self) -> int | None:
        """How many records are to come: by the vendor's last count, or by that of the beginning.

        On the first walk, and where a proof is wanted, the count that was told last has to be
        reached: by an earlier one, a record that arrived stands in for one that was jumped over.
        On another walk what arrives meanwhile is not missing from the list.
        """
        return self._begun if self._again and not is_proving() else self.listed

    @property
    def short(self) -> bool:
        """Whether fewer records came than :attr:`owed` says."""
        return self._whole and self.owed is not None and self.came < self.owed

    @property
    def _is_below(self) -> bool:
        """Whether fewer records came than the vendor counts by now."""
        return self._whole and self.listed is not None and self.came < self.listed

    @property
    def is_unproven(self) -> bool:
        """Whether one of several pages may hide what moved, and no count would tell of it."""
        return self._shifts and self._news > 1 and self.listed is None

    @property
    def runs_in_circles(self) -> bool:
        """Whether so many pages in a row brought nothing new that no more are asked for."""
        return self._repeats or self.barren >= MAX_BARREN

    def loop(self) -> PaginationLoop:
        """Return the error of a list that runs in circles."""
        if self._repeats:
            return PaginationLoop(
                "a page came again in place of the next one, and nothing says that the list ended:"
                " the vendor may ignore which page is asked for."
            )
        return PaginationLoop(f"{self.barren} pages in a row brought nothing new.")

    def shortage(self) -> HelpdeskError | None:
        """Return the error of a list that ends short of the vendor's count, or not for sure.

        None: it is whole, as far as can be known.
        """
        if self._in_doubt:
            return ProtocolError("$: a page that does not say whether it is the last.", path="$")
        if not self.short:
            return None if self._lacking is None else incomplete(self._lacking)
        listed = self.owed or 0
        return IncompleteList(
            f"the vendor counts {listed} records, and {self.came} came:"
            f" {listed - self.came} are missing.",
            listed=listed,
            came=self.came,
        )


def distinct(page: Page[T], identity: Callable[[T], str]) -> Page[T]:
    """Return ``page`` with a problem in place of a record that has the id of another on it.

    Two that are equal are one that came twice, and stay.
    """
    if len(page.items) == len(set(map(identity, page.items))):
        return page
    first: dict[str, T] = {}
    items: list[T] = []
    problems: list[Problem] = []
    for index, record in enumerate(page.records()):
        if isinstance(record, Problem):
            problems.append(record)
        elif (raw := _raw(record)) != _raw(first.setdefault(identity(record), record)):
            error = ProtocolError("another record of the page has the same id, and says otherwise.")
            add_problem(problems, Problem(index=index, error=error, raw=raw), _size(page), "$")
        else:
            items.append(record)
    return evolve(page, items=tuple(items), problems=tuple(problems))


def _raw(record: object) -> object:
    return getattr(record, "raw", record)


def _size(page: Page[T]) -> int:
    return len(page.items) + len(page.problems) + len(page.filtered)


def is_empty(page: Page[T]) -> bool:
    """Say whether the vendor sent no record at all."""
    return not (page.items or page.problems or page.filtered)


async def read_whole(
    fetch: Callable[[Cursor | None], Awaitable[Page[T]]],
    identity: Callable[[T], str] = _ID,
    *,
    again: bool = True,
) -> Page[T]:
    """Read a list of several pages to its end, and return it as one page.

    For lists that cannot be handed out page by page, such as one that must be sorted first. Nothing
    comes twice. If the vendor's count falls meanwhile, if fewer records came than it counts, or if
    several pages came without a count, all is read again until it holds still. What is missing then
    is an IncompleteList among the problems, behind the last record; so is the ProtocolError of a
    list whose end is in doubt.

    Args:
        fetch: what reads the page at a place.
        identity: what tells the id of a record.
        again: whether to read again what may have moved.

    Returns:
        All records, and the problems of all pages.

    Raises:
        PaginationLoop: the list leads back to itself, or does not hold still.
    """
    # One that is not read again is measured as the last walk through any other list.
    found, walk = await _walk(fetch, identity, again=not again)
    for _ in range(_MAX_RESTLESS if again else 0):
        if not (walk.fell or walk.short or walk.is_unproven):
            break
        before, was = found, walk
        found, walk = await _walk(fetch, identity, again=True)
        same = set(map(identity, found.items)) == set(map(identity, before.items))
        if same and walk.listed == was.listed and not walk.fell:
            break  # it counts what it does not list
    else:
        if again and (walk.fell or walk.is_unproven):
            raise PaginationLoop("the vendor's list does not hold still.")
    shortage = walk.shortage()
    if shortage is None:
        return found
    end = len(found.items) + len(found.problems)
    return evolve(found, problems=(*found.problems, Problem(index=end, error=shortage)))


async def _walk(
    fetch: Callable[[Cursor | None], Awaitable[Page[T]]],
    identity: Callable[[T], str],
    *,
    again: bool,
) -> tuple[Page[T], Walk]:
    """Read all pages once."""
    records: list[T | Problem] = []
    odd: list[object] = []
    visited: set[Cursor | None] = set()
    walk, place, total = Walk(set(), whole=True, again=again), None, None
    while place not in visited:
        visited.add(place)
        try:
            page = distinct(await fetch(place), identity)
        except HelpdeskError as error:
            if walk.ends_with(error):
                return _joined(records, total), walk
            raise
        new = 0
        for record in page.records():
            if isinstance(record, Problem):
                # The same object again is a record that moved; two nulls are two records.
                if not _has_id(record.raw) or record.raw not in odd:
                    odd.append(record.raw)
                    records.append(record)
            elif (known := identity(record)) not in walk.seen:
                walk.seen.add(known)
                records.append(record)
                new += 1
        left_out = set(page.filtered) - walk.seen  # they came, and count as the others do
        walk.seen |= left_out
        total = page.total if page.total is not None else total
        place = walk.see(page, new + len(left_out))
        if place is None:
            return _joined(records, total), walk
        if walk.runs_in_circles or (walk.barren and not is_empty(page)):
            break
    raise PaginationLoop("the vendor's list leads back to itself.")


def _has_id(raw: object) -> bool:
    """Say whether an unreadable record tells which one it is, under whatever name."""
    return isinstance(raw, Mapping) and any(
        str(name).casefold().endswith("id") and isinstance(value, str | int) and value != ""
        for name, value in raw.items()
    )


def _joined(records: list[T | Problem], total: int | None) -> Page[T]:
    return Page(
        items=tuple(one for one in records if not isinstance(one, Problem)),
        problems=tuple(
            evolve(one, index=at) for at, one in enumerate(records) if isinstance(one, Problem)
        ),
        total=total,
    )
