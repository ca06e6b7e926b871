"""Tell where a list stands: the place behind a certain record, for another process to go on at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar

from attrs import evolve, frozen

from helpdesk_bridge.desk.known import NOBODY
from helpdesk_bridge.desk.place import Listing, Place, packed_text
from helpdesk_bridge.desk.walking import Walking
from helpdesk_bridge.kit.walk import Walked, has_places
from helpdesk_bridge.model import Cursor, Page, Problem

__all__ = ["Mark", "Standing", "Standings"]

T = TypeVar("T")


class Standing(Generic[T]):
    """How a list stands while a page of it is handed out; its cursors are made when asked for.

    It holds what is needed for them, and stays as it is while the list is read on. What came on
    pages before is packed once for all cursors of a page.

    Args:
        way: the way through the list.
        listing: what the list is of.
    """

    def __init__(self, way: Walking[T], listing: Listing) -> None:
        self.page = way.page
        """The page that came last, as far as it is new."""
        self.is_over = way.is_over
        """Whether nothing of the list is left behind it."""
        self._listing = listing
        self._identity = way.identity
        self._sent = way.sent
        self._at = way.at
        self._next = way.next
        self._begin = way.begin
        self._is_again = way.is_again
        self._begins_anew = way.last and not way.is_over
        self._arrived = way.arrived
        self._counts = (way.arrived_before, len(way.arrived))
        self._kept = way.kept
        self._odd = way.odd.as_it_stands()
        self._walked = way.walk.walked()
        self._walked_before = way.walk.walked_before()
        self._packed: dict[bool, str] = {}

    def behind(self, items: int, problems: int) -> str:
        """Return the place behind so many records of the page.

        Args:
            items: how many of its items were handed out.
            problems: how many of its unreadable records were told of.
        """
        page, sent = self.page, self._sent
        not_yet, odd_left = page.items[items:], page.problems[problems:]
        is_whole = not (not_yet or odd_left)
        if self._is_again or (is_whole and self._begins_anew):
            return self._from_the_start(not_yet, odd_left)
        assert sent is not None  # noqa: S101 - there is no standing behind a page before the first
        told = page.problems[:problems]
        if has_places(sent):
            return self._at_place(sent, items, not_yet, told, is_whole=is_whole)
        if is_whole and self._next is not None:
            place = Place(
                at=self._next,
                start=self._begin.start,
                odd=self._odd.marks((), again=False),
                odd_apart=self._odd.apart((), page=False),
                walked=self._walked,
            )
            return self._written(place, self._before(page=True))
        left_out = len(not_yet) + len(sent.problems)
        came = max(0, self._walked_before.came - left_out)
        place = Place(
            at=self._at,
            start=self._begin.start,
            odd=self._odd.marks(odd_left, again=False),
            odd_here=self._odd.marks_here(told),
            odd_apart=self._odd.apart(page.problems, page=True),
            walked=None
            if self._at == self._begin.start
            else evolve(self._walked_before, came=came),
        )
        return self._written(place, self._before(page=False), self._here(not_yet))

    def _at_place(
        self,
        sent: Page[T],
        items: int,
        not_yet: Sequence[T],
        told: Sequence[Problem],
        *,
        is_whole: bool,
    ) -> str:
        """Return a place behind which nothing moves, and what may come again all the same.

        That is what has been handed out of the page, wherever it is by then. Where the next page is
        only looked for, it may also be this page again.
        """
        ids = {*map(self._identity, sent.items), *sent.filtered}
        if is_whole and self._next is not None:
            place = self._behind(self._next, self._walked, odd=self._odd.kept((), page=False))
            last = ids if self._walked.unsure else ()
            return self._written(place, packed_text(self._kept.packed()), last)
        if sent.behind is not None and items:
            item = self.page.items[items - 1]
            behind = _trailing(self.page, item, told)
            place = self._behind(
                sent.behind(item),
                evolve(self._walked, unsure=False, doubted=False),
                odd=self._odd.kept(behind, page=False),
                odd_here=self._odd.marks_here(behind, behind=_index(sent, item)),
            )
            return self._written(place, packed_text(self._kept.packed()))
        place = self._behind(
            self._at,
            self._walked_before,
            odd=self._odd.kept(told, page=True),
            odd_here=self._odd.marks_here(told),
        )
        here = {*self._here(not_yet), *self._begin.known.among(ids)}
        return self._written(place, packed_text(self._kept.packed(here)))

    def _behind(
        self,
        at: Cursor | None,
        walked: Walked,
        *,
        odd: tuple[str, ...],
        odd_here: tuple[str, ...] = (),
    ) -> Place:
        """Return a place in itself: how many came before does not count there."""
        walked = evolve(walked, came=0, begun=None)
        return Place(
            at=at, start=at, odd=odd, odd_here=odd_here, walked=None if at is None else walked
        )

    def _from_the_start(self, not_yet: Sequence[T], odd_left: Sequence[Problem]) -> str:
        """Return the beginning of the list, and all that was handed out."""
        start = self._begin.start
        place = Place(
            at=start,
            start=start,
            odd=self._odd.marks(odd_left, again=True),
            odd_here=self._odd.nothing(odd_left),
            is_again=True,
        )
        return self._written(place, self._before(page=False), self._here(not_yet))

    def _here(self, not_yet: Iterable[T]) -> set[str]:
        """Return the ids that came with the page for the first time, less those of ``not_yet``."""
        first, end = self._counts
        return set(self._arrived[first:end]).difference(map(self._identity, not_yet))

    def _before(self, *, page: bool) -> str:
        """Return the packed ids of what came before the page, or with it as well."""
        if page not in self._packed:
            ids = self._arrived[: self._counts[page]]
            self._packed[page] = packed_text(self._begin.known.packed(ids))
        return self._packed[page]

    def _written(self, place: Place, before: str, here: Iterable[str] = ()) -> str:
        return place.written(self._listing, before, NOBODY.packed(here))


class Standings(Generic[T]):
    """How a list stands, made once for each page.

    Args:
        listing: what the list is of.
    """

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._made: tuple[object, Standing[T]] | None = None

    def now(self, way: Walking[T]) -> Standing[T]:
        """Return how it stands by now."""
        stands = (way, way.page, way.next, way.last, way.walks)
        if self._made is None or self._made[0] != stands:
            self._made = stands, Standing(way, self._listing)
        return self._made[1]


@frozen
class Mark:
    """How far a pager had come at some moment."""

    items_read: int
    """How many items it had handed out."""
    given: str | None
    """Where it began."""
    standing: Standing[Any]
    """How the list stood."""
    items: int = 0
    """How many items of its page were handed out."""
    problems: int = 0
    """How many of its unreadable records were told of."""
    is_begun: bool = True
    """Whether anything was handed out, or a page passed over."""
    is_short: bool = False
    """Whether the list is known to be incomplete."""
    kept: int = 0
    """How many problems were kept."""

    @property
    def exhausted(self) -> bool:
        """Whether that was all."""
        page = self.standing.page
        is_all = (self.items, self.problems) == (len(page.items), len(page.problems))
        return is_all and self.standing.is_over and not self.is_short

    @property
    def behind(self) -> str:
        """Where the list goes on, though it be at its end."""
        return self.standing.behind(self.items, self.problems)

    def cursor(self) -> str | None:
        """Return where the list goes on; None: it was all, or nothing was read yet."""
        if self.exhausted:
            return None
        return self.behind if self.is_begun else self.given


def _trailing(page: Page[T], item: T, told: Sequence[Problem]) -> list[Problem]:
    """Return those of ``told`` that come behind an item of their page."""
    last = _index(page, item) if told else 0
    return [problem for problem in told if problem.index > last]


def _index(page: Page[T], item: T) -> int:
    """Return which record of a page an item is."""
    return next(index for index, record in enumerate(page.records()) if record is item)
