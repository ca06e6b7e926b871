"""Tell where a list stands: the place behind a certain record, for another process to go on at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from helpdesk_bridge.desk.known import NOBODY
from helpdesk_bridge.desk.place import Listing, Place, packed_text
from helpdesk_bridge.desk.walking import Walking
from helpdesk_bridge.kit.walk import has_places
from helpdesk_bridge.model import Cursor, Page, Problem

__all__ = ["Standing"]

T = TypeVar("T")


class Standing(Generic[T]):
    """Makes the cursors of a pager, when one is asked for.

    What came on pages before is packed once for all cursors of a page.

    Args:
        walking: the way through the list.
        listing: what the list is of.
    """

    def __init__(self, walking: Walking[T], listing: Listing) -> None:
        self._walking = walking
        self._listing = listing
        self._packed: tuple[object, bool, str] = (None, False, "")

    def behind(self, items: int, problems: int) -> str:
        """Return the place behind so many records of the page that came last.

        Args:
            items: how many of its items were handed out.
            problems: how many of its unreadable records were told of.
        """
        way, page = self._walking, self._walking.page
        not_yet, odd_left = page.items[items:], page.problems[problems:]
        is_whole = not (not_yet or odd_left)
        if way.is_again or (is_whole and way.last and not way.is_over):
            return self._from_the_start(not_yet, odd_left)
        sent = way.sent
        assert sent is not None  # noqa: S101 - there is no standing behind a page before the first
        holds = has_places(sent)
        if is_whole and way.next is not None:
            if holds:
                return self._written(Place(at=way.next, start=way.next))
            place = Place(
                at=way.next,
                start=way.begin.start,
                odd=way.odd.marks((), again=False),
                walked=way.walk.walked(),
            )
            return self._written(place, before=self._before(page=True))
        told = page.problems[:problems]
        if holds and sent.behind is not None and items:
            at = sent.behind(page.items[items - 1])
            odd_here = way.odd.marks_here(_trailing(page, items, told))
            return self._written(Place(at=at, start=at, odd_here=odd_here))
        return self._within(sent, not_yet, told, holds=holds)

    def _within(
        self, sent: Page[T], not_yet: Sequence[T], told: Sequence[Problem], *, holds: bool
    ) -> str:
        """Return the place of the page itself, and what of it was handed out."""
        way = self._walking
        here = way.came.difference(map(way.identity, not_yet))
        odd_here = way.odd.marks_here(told)
        if holds:
            ids = {*map(way.identity, sent.items), *sent.filtered}
            here |= way.known.among(ids)
            place = Place(at=way.at, start=way.at, odd_here=odd_here)
            return self._written(place, here=here)
        is_first = way.at == way.begin.start
        place = Place(
            at=way.at,
            start=way.begin.start,
            odd=way.odd.marks(way.page.problems, again=False),
            odd_here=odd_here,
            walked=None if is_first else way.walk.walked_before(len(not_yet) + len(sent.problems)),
        )
        return self._written(place, before=self._before(page=False), here=here)

    def _from_the_start(self, not_yet: Sequence[T], odd_left: Sequence[Problem]) -> str:
        """Return the beginning of the list, and all that was handed out."""
        way = self._walking
        start: Cursor | None = way.begin.start
        place = Place(
            at=start,
            start=start,
            odd=way.odd.marks(odd_left, again=True),
            odd_here=way.odd.nameless(odd_left),
            is_again=True,
        )
        here = way.came.difference(map(way.identity, not_yet))
        return self._written(place, before=self._before(page=False), here=here)

    def _before(self, *, page: bool) -> str:
        """Return the packed ids of what came before the present page, or with it as well."""
        way = self._walking
        made_of, with_page, text = self._packed
        if made_of is not way.page or with_page is not page:
            text = packed_text(way.known.packed(way.seen, () if page else way.came))
            self._packed = (way.page, page, text)
        return text

    def _written(self, place: Place, *, before: str = "", here: set[str] | None = None) -> str:
        packed = NOBODY.packed(here or ())
        return place.written(self._listing, before, packed)


def _trailing(page: Page[T], items: int, told: Sequence[Problem]) -> list[Problem]:
    """Return those of ``told`` that come behind the last of so many items."""
    last = 0
    for place, record in enumerate(page.records()):
        if not isinstance(record, Problem):
            items -= 1
            last = place
            if not items:
                break
    return [problem for problem in told if problem.index > last]
