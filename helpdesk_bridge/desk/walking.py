"""Read the pages of a list one after the other, each record once, until the list holds still."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from attrs import evolve

from helpdesk_bridge.desk.odd import OddOnes
from helpdesk_bridge.desk.place import Place
from helpdesk_bridge.desk.prefetch import ReadAhead
from helpdesk_bridge.errors import HelpdeskError, PaginationLoop
from helpdesk_bridge.kit.walk import Walk, distinct, is_not_there
from helpdesk_bridge.model import Cursor, Page, Problem

__all__ = ["Walking", "with_records"]

T = TypeVar("T")

_MAX_RESTLESS = 3
"""Walks in a row that bring nothing new while records still move, before that is an error."""
_MAX_WALKS = 10
"""Walks that bring the list no nearer to its end, before that is an error."""


class Walking(Generic[T]):
    """The way through a list, page by page.

    Args:
        reading: what reads pages, and the next ones ahead.
        identity: what tells the id of a record.
        begin: where to begin, and what came before.
        limit: the most records to hand out; None is no limit.
        concurrency: how many pages to read at once at the most.
    """

    def __init__(
        self,
        reading: ReadAhead[T],
        identity: Callable[[T], str],
        begin: Place,
        *,
        limit: int | None,
        concurrency: int,
    ) -> None:
        self.reading = reading
        self.identity = identity
        self.begin = begin
        self.known = begin.known
        """The ids that came to pagers before."""
        self.kept = begin.kept
        """Those of them that may still come again, in a list with places."""
        self.arrived: list[str] = []
        """The ids that came for the first time, in the order of the pages."""
        self.arrived_before = 0
        """How many of them came before the present page."""
        self.seen: set[str] = set()
        """The ids that came to this one, those that are known as far as they came again."""
        self.odd = OddOnes(begin.odd, begin.odd_here, begin.odd_apart, throughout=begin.is_again)
        self.at = begin.at
        """The page that came last."""
        self.next = begin.at
        """The page to ask for; None behind the last one, too."""
        self.last = False
        """Whether the walk has come to the end of the list."""
        self.sent: Page[T] | None = None
        """The page that came last, as the vendor sent it; None before the first."""
        self.page: Page[T] = Page(items=())
        """What was new on it, whatever the limit."""
        self.walks = 1
        """How often the list was begun."""
        goes_on = begin.walked is not None
        self._news = bool(goes_on or (self.known and not begin.is_again))
        self._reads_anew = bool(self.known)  # what is known may come again
        seen = set() if self._reads_anew or goes_on else self.seen
        self.walk = Walk(seen, whole=begin.start is None, again=begin.is_again, begun=begin.walked)
        self._limit = limit
        self._accepted = 0
        self._concurrency = concurrency
        self._window = 1  # how many pages to have under way
        self._coming: tuple[Cursor, ...] = ()  # the pages known to follow the present one
        self._largest = 1  # records on a page
        self._visited: set[Cursor | None] = set()
        self._presented = False
        self._idle = 0  # how many of the walks brought it no nearer to its end
        self._least: int | None = None  # the vendor's lowest count at the end of a walk
        self._restless = 0
        if begin.is_again:
            reading.read_all()

    @property
    def is_full(self) -> bool:
        """Whether as many came as the limit allows."""
        return self._limit is not None and self._accepted >= self._limit

    @property
    def is_again(self) -> bool:
        """Whether the list was walked through before."""
        return self.walks > 1 or self.begin.is_again

    @property
    def is_over(self) -> bool:
        """Whether nothing of the list is left behind the page that came last."""
        return self.last and not self._is_to_be_walked_again and self.walk.shortage() is None

    @property
    def has_passed(self) -> bool:
        """Whether more than one page came."""
        return len(self._visited) > 1 or self.walks > 1

    @property
    def _is_to_be_walked_again(self) -> bool:
        walk = self.walk
        if not (walk.fell or walk.short or walk.is_unproven):
            return False
        return self._news or walk.fell

    async def turn(self) -> Page[T] | None:
        """Read until a page brings something, and return what is new on it, within the limit.

        Returns:
            The page; None at the end of the list, or of the limit.

        Raises:
            PaginationLoop: the list leads back to itself, or does not hold still.
            HelpdeskError: a page cannot be read.
        """
        while not self.is_full and (not self.last or self._walk_again()):
            if self.next in self._visited:
                raise PaginationLoop("the vendor's list leads back to an earlier page.")
            if self._coming and not self.reading.has(self.next):
                self._window = self._concurrency  # the caller is faster than the vendor
                self.read_on()
            try:
                sent = distinct(await self.reading.page(self.next), self.identity)
            except HelpdeskError as error:
                if not self.walk.ends_with(error):
                    if not self._is_gone(error):
                        raise
                    self.walk.fell = True
                self.next, self.last, self._coming = None, True, ()
                continue
            page = self._see(sent)
            if page.items or page.problems or (self.is_over and not self._presented):
                self._presented = True
                return page
        return None

    def _see(self, sent: Page[T]) -> Page[T]:
        """Make a page of distinct records the present one, and return what is new on it."""
        at = self.next
        self._visited.add(at)
        fresh, following = self._fresh(sent)
        self.at, self.sent, self.page = at, sent, fresh
        # Pages that are read at once may be answered in any order, and a record that arrives
        # meanwhile then hides another: only the count tells of that.
        ahead = () if sent.listed is None else sent.ahead
        self.next, self.last = following, following is None
        self._coming = () if following is None else (following, *ahead)
        return self._within_limit(fresh)

    def read_on(self) -> bool:
        """Ask for the pages that come next, as many as are known and wanted; say whether any."""
        wanted = self._window
        if self._limit is not None:
            pages = -(-(self._limit - self._accepted) // self._largest)
            wanted = min(wanted, pages)
        coming = [place for place in self._coming[:wanted] if place not in self._visited]
        return self.reading.start(coming)

    def _is_gone(self, error: HelpdeskError) -> bool:
        """Say whether the page at which the list was to go on is not there any more.

        A list that has become shorter has fewer pages. It is walked through from its beginning.
        """
        first = not self._visited and self.walks == 1 and self.begin.at != self.begin.start
        return first and (is_not_there(error) or isinstance(error, PaginationLoop))

    def _walk_again(self) -> bool:
        """Begin again if records moved during the walk, so that some may have been jumped over."""
        walk, news = self.walk, self._news
        if not self._is_to_be_walked_again:
            return False
        self._restless = 0 if news else self._restless + 1
        self._idle += not (news and walk.fell and self._has_shrunk())
        if self._idle >= _MAX_WALKS and walk.short and not walk.fell:
            return False  # how many are missing is told then
        if self._idle >= _MAX_WALKS or self._restless > _MAX_RESTLESS:
            raise PaginationLoop("the vendor's list does not hold still.")
        self.walks += 1
        self._news = False
        self.odd.walk_again()
        self.walk = Walk(set(), whole=self.begin.start is None, again=True)
        self.reading.read_all()
        self._visited.clear()
        self.next, self.last = self.begin.start, False
        return True

    def _has_shrunk(self) -> bool:
        """Say whether the vendor counts fewer records than at the end of any walk before."""
        least, listed = self._least, self.walk.listed
        if listed is None or (least is not None and listed >= least):
            return False
        self._least = listed
        return True

    def _fresh(self, sent: Page[T]) -> tuple[Page[T], Cursor | None]:
        """Return what is new on a page, and where the list goes on."""
        walk, seen = self.walk, self.seen
        ids = [*map(self.identity, sent.items)]
        came = {*ids, *sent.filtered}
        count = len(ids) + len(sent.filtered)
        known: set[str] = self.known.among(came) if self._reads_anew else set()
        if known:
            seen |= known
            self.kept = self.kept.without(known)
        is_new = seen.isdisjoint(came)
        fresh_ids = came if is_new else came - seen
        new = len(came) if is_new else len(came - walk.seen)
        goes_on = self.walks == 1 and self.begin.walked is not None
        following = walk.see(sent, new, len(known - walk.seen) if goes_on else 0)
        self._largest = max(self._largest, count + len(sent.problems))
        self.odd.turn()
        if is_new and len(came) == count and not sent.problems:
            fresh = sent  # nearly all pages are like this, and large
        else:
            fresh = with_records(sent, self._not_seen(sent, ids))
        self._news |= bool(fresh_ids)
        self.arrived_before = len(self.arrived)
        self.arrived += fresh_ids
        seen |= came
        if walk.seen is not seen:
            walk.seen |= came
        if walk.runs_in_circles and following is not None:
            raise walk.loop()
        if fresh.next != following:
            fresh = evolve(fresh, next=following)
        return fresh, following

    def _not_seen(self, page: Page[T], ids: Sequence[str]) -> list[T | Problem]:
        """Return the records that did not come before."""
        records: list[T | Problem] = []
        identities, here = iter(ids), set[str]()
        for record in page.records():
            if isinstance(record, Problem):
                if self.odd.is_known(record, again=self.walks > 1):
                    continue
            else:
                identity = next(identities)
                if identity in self.seen or identity in here:
                    continue
                here.add(identity)
            records.append(record)
        return records

    def _within_limit(self, page: Page[T]) -> Page[T]:
        """Return as much of a page as the limit allows."""
        left = None if self._limit is None else self._limit - self._accepted
        self._accepted += len(page.items)
        if left is None or len(page.items) < left:
            return page
        if len(page.items) == left and not page.problems:
            return page
        records: list[T | Problem] = []
        for record in page.records():
            if not left:
                break
            records.append(record)
            left -= not isinstance(record, Problem)
        return with_records(page, records)


def with_records(page: Page[T], records: Sequence[T | Problem]) -> Page[T]:
    """Return ``page`` with only these of its records, in this order."""
    return Page(
        items=tuple(r for r in records if not isinstance(r, Problem)),
        problems=tuple(evolve(r, index=i) for i, r in enumerate(records) if isinstance(r, Problem)),
        next=page.next,
        total=page.total,
        ahead=page.ahead,
    )
