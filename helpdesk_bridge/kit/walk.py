"""Walk through a list that is paged, and notice what a page by itself does not show."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from attrs import astuple, evolve, frozen

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

__all__ = [
    "MAX_BARREN",
    "Walk",
    "Walked",
    "distinct",
    "has_id",
    "has_places",
    "is_empty",
    "is_not_there",
]

T = TypeVar("T")

MAX_BARREN = 3
"""Pages in a row that bring nothing new before the list counts as running in circles."""
_MAX_SAME = 100
"""Pages in a row of the same unreadable records, before the list counts as running in circles."""
_NOT_THERE = frozenset((400, 404, 422))
"""What vendors answer for a page behind the last one."""


@frozen
class Walked:
    """How far a walk has come, for another process to go on with it."""

    came: int = 0
    """How many records came."""
    listed: int | None = None
    """The vendor's count as it was told last."""
    begun: int | None = None
    """The count as it was told first, less what it fell by since."""
    news: int = 0
    """How many pages brought something new."""
    largest: int = 0
    """How many records the largest page had."""
    fell: bool = False
    """Whether the count fell."""
    unsure: bool = False
    """Whether nothing says that there is a page where it goes on."""
    doubted: bool = False
    """Whether the page before showed the end."""
    lacking: str | None = None
    """Where the vendor said that it left records out."""

    def told(self) -> list[Any]:
        """Return the values of its fields, those that say nothing left out at the end."""
        values = [*astuple(self)]
        while len(values) > 1 and not values[-1]:
            values.pop()
        return values

    @classmethod
    def read(cls, told: Any) -> Walked:
        """Return what such values say; ValueError or TypeError for other ones."""
        walked = cls(*told)
        counts = (walked.came, walked.news, walked.largest, walked.listed or 0, walked.begun or 0)
        words = (walked.fell, walked.unsure, walked.doubted)
        if not all(type(one) is int and one >= 0 for one in counts):
            raise ValueError
        if not all(type(one) in (bool, int) for one in words):
            raise ValueError
        if type(walked.lacking or "") is not str:
            raise ValueError
        return walked


class Walk:
    """What is noticed on one walk through a list.

    Args:
        seen: the ids that came on this walk.
        whole: whether it began at the first page.
        again: whether the list was walked before.
        begun: how far the walk had come before, in another process; None: it begins here.
    """

    def __init__(
        self, seen: set[str], *, whole: bool, again: bool = False, begun: Walked | None = None
    ) -> None:
        before = begun or Walked()
        self.seen = seen
        """The ids that came on this walk; on the first one these are all that ever came."""
        self.fell = before.fell
        """Whether the vendor listed fewer records on the way: all later ones moved up."""
        self.listed = before.listed
        """The vendor's count as it was told last."""
        self._begun = before.begun  # as it was told first, less what it fell by since
        self.came = before.came
        """How many records came."""
        self.barren = 0
        """How many pages in a row brought nothing new."""
        self._same = 0  # pages in a row of the same bad records
        self._news = before.news  # pages that brought something new
        self._largest = before.largest
        self._repeats = False
        self._shifts = False
        self._in_doubt = False
        self._unsure = before.unsure
        self._doubted = before.doubted
        self._lacking = before.lacking  # where the vendor says that it left records out
        self._moves = False
        self._goes_on = begun is not None
        self._at_page = (before.news, before.largest, before.unsure, before.doubted, before.lacking)
        self._is_anchored = False
        self._whole = whole
        self._again = again
        self._odd: list[object] = []

    def walked(self) -> Walked:
        """Return how far the walk has come."""
        return Walked(
            came=self.came,
            listed=self.listed,
            begun=self._begun,
            news=self._news,
            largest=self._largest,
            fell=self.fell,
            unsure=self._unsure,
            doubted=self._doubted,
            lacking=self._lacking,
        )

    def walked_before(self) -> Walked:
        """Return the same, for the page seen last to be asked for again."""
        news, largest, unsure, doubted, lacking = self._at_page
        return evolve(
            self.walked(),
            news=news,
            largest=largest,
            unsure=unsure,
            doubted=doubted,
            lacking=lacking,
        )

    def see(self, page: Page[T], new: int, known: int = 0) -> Cursor | None:
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
            known: how many of these had come before it went on in this process.
        """
        self._at_page = (self._news, self._largest, self._unsure, self._doubted, self._lacking)
        odd = [problem.raw for problem in page.problems]
        self.came += new - known + len(odd)
        self._lacking = self._lacking or page.lacking
        self._is_anchored = has_places(page)
        if page.listed is not None:
            self._count(page.listed)
        same, self._odd = new == 0 and bool(odd) and odd == self._odd, odd
        self._same = self._same + 1 if same else 0
        # Nobody can tell unreadable records apart: they are others, if more is told.
        is_told = page.next is not None and not page.unsure and _size(page) == len(odd)
        has_news = new > (known if self._unsure else 0) or (
            bool(odd) and (not same or (is_told and self._same < _MAX_SAME))
        )
        self.barren = 0 if has_news else self.barren + 1
        if not has_news and self._has_ended(page):
            return None
        size = _size(page)
        is_cut, self._largest = size >= self._largest, max(size, self._largest)
        self._news += has_news
        self._shifts |= page.shifts
        self._moves |= page.moves
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
            return True  # it is another page than the one that was asked for
        figures = re.sub(r"(?<=\d)[,. ](?=\d{3}\b)", "", error.message)
        is_limit = self.listed is not None and re.search(rf"\b{self.listed}\b", figures) is not None
        return is_not_there(error) and not is_limit

    def _is_given_up(self, page: Page[T]) -> bool:
        """Say whether an empty page ends the list although it names a next one.

        It does once all that the vendor counts came, and after several when nothing but a count
        that is too high says that more will come.
        """
        if not is_empty(page) or not self._whole or self.listed is None:
            return False
        return self.came >= self.listed or self.runs_in_circles

    def _count(self, listed: int) -> None:
        """Take note of the vendor's count; one that fewer than came disproves is none.

        Behind a certain record nothing moves up, whatever goes.
        """
        fallen = max(0, (self.listed or 0) - listed)
        self.fell |= fallen > 0 and not self._is_anchored
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
        """Whether one of several pages may hide what moved, and no count would tell of it.

        Where the walk went on after a while, one may have left and another have arrived.
        """
        if self._moves and self._news > 1:
            return True
        if self._is_anchored or not self._whole:
            return False
        return self._goes_on or (self.listed is None and self._shifts and self._news > 1)

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


def is_not_there(error: HelpdeskError) -> bool:
    """Say whether a vendor may answer so for a page behind the last one."""
    return error.status in _NOT_THERE


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


def has_places(page: Page[T]) -> bool:
    """Say whether nothing that comes or goes before this page moves what is behind it."""
    return (page.anchored or page.behind is not None) and not page.moves


def is_empty(page: Page[T]) -> bool:
    """Say whether the vendor sent no record at all."""
    return not (page.items or page.problems or page.filtered)


def has_id(raw: object) -> bool:
    """Say whether an unreadable record tells which one it is, under whatever name."""
    return isinstance(raw, Mapping) and any(
        str(name).casefold().endswith("id") and isinstance(value, str | int) and value != ""
        for name, value in raw.items()
    )
