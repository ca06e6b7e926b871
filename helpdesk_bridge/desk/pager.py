"""The Pager: a list that is read page by page, to its end or to an error."""

from __future__ import annotations

import weakref
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from typing import Any, Generic, Self, TypeVar

from attrs import evolve

from helpdesk_bridge.desk.prefetch import FetchPage, PrefetchTasks, ReadAhead
from helpdesk_bridge.errors import HelpdeskError, IncompleteList, PaginationLoop
from helpdesk_bridge.kit.walk import Walk, distinct
from helpdesk_bridge.model import Cursor, Page, Problem
from helpdesk_bridge.model.slots import Slots

__all__ = ["Pager"]

T = TypeVar("T")

_MAX_RESTLESS = 3
"""Walks in a row that bring nothing new while records still move, before that is an error."""
_MAX_WALKS = 10
"""Walks that bring the list no nearer to its end, before that is an error."""


class Pager(Generic[T]):
    """A list that is read page by page.

    ``async for item in pager`` yields every item once; ``await pager`` returns the first page;
    ``pager.pages()`` iterates over pages. It does not end short without an error: what cannot be
    read is raised with ``items_read`` and ``cursor``, and iterating again goes on from there.
    Several tasks may share one pager; each item goes to one of them.

    A record that cannot be read raises when it is reached, and iterating again goes on behind it;
    after :meth:`collect_problems` it is put into :attr:`problems` and passed over instead. Of two
    records of one page that have the same id and differ, one cannot be read.

    The page after the one being read is asked for meanwhile; a caller who has to wait for it gets
    several at once from then on, where the vendor numbers its pages and counts what it lists: at
    most the desk's ``concurrency``, and none that a ``limit`` makes needless. Pages under way end
    with the pager, with the desk, or at :meth:`aclose`.

    When the vendor's count of a numbered list falls while it is read (because the caller answers
    what it lists, say), records have moved to pages that were read already, and the list is walked
    again until it holds still. One that leaves and one that arrives between two pages keep the
    count as it is, and cannot be noticed; neither can one that leaves a list of tickets without a
    count. A conversation of several pages without a count is walked again until nothing new comes.

    A list that ends with fewer records than the vendor counts is walked again. If it then ends with
    fewer than were counted when that walk began, this is raised as :class:`IncompleteList`, which
    says how many are missing; :attr:`exhausted` stays False. After :meth:`collect_problems` it is
    the last of :attr:`problems`. It is not judged where a list begins at a ``cursor`` or ends at a
    ``limit``. What arrives while the list is walked again need not come. Ten walks are the most, of
    which those do not count that bring something new of a list that has become shorter than ever.

    Args:
        fetch: what reads the page at a place.
        identity: what tells the id of an item.
        cursor: the place to begin at; None is the beginning.
        limit: the most items to hand out; None is no limit.
        tasks: the desk's tasks, which its closing ends; None: the pager's own.
        concurrency: how many pages to read at once at the most.
        named: what puts the names of the desk and the call on an error; None: nothing does.
        check: raises where the list must not be read on.
    """

    def __init__(
        self,
        fetch: FetchPage[T],
        identity: Callable[[T], str],
        *,
        cursor: str | None = None,
        limit: int | None = None,
        tasks: PrefetchTasks | None = None,
        concurrency: int = 8,
        named: Callable[[HelpdeskError], HelpdeskError] | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._named = named
        self._reading = ReadAhead(fetch, tasks or PrefetchTasks())
        self._concurrency = concurrency
        self._window = 1  # how many pages to have under way
        self._coming: tuple[Cursor, ...] = ()  # the pages known to follow the present one
        self._largest = 1  # records on a page
        self._is_watched = False
        self._reads_on = False
        self._identity = identity
        self._limit = limit
        self._start = Cursor(cursor) if cursor is not None else None
        self._next = self._start  # the page to ask for
        self._at = self._start  # the page that is being handed out
        self._rest: Cursor | None = None  # where the rest begins once the limit is reached
        self._last = False
        self._done = False
        self._presented = False
        self._page: Page[T] | None = None
        self._records: Iterator[T | Problem] = iter(())  # what the present page has left
        self._readable: Iterator[T] = iter(())  # the same, on a page without problems
        self._visited: set[Cursor | None] = set()
        self._seen: set[str] = set()  # all ids that came
        self._odd: list[object] = []
        self._accepted = 0
        self._walks = 1  # how often the list was begun
        self._idle = 0  # how many of the walks brought it no nearer to its end
        self._least: int | None = None  # the vendor's lowest count at the end of a walk
        self._is_short = False
        self._is_cut = False  # whether the limit left something over
        self._restless = 0
        self._known_before = 0
        self._walk = Walk(self._seen, whole=cursor is None)
        self._lock = Slots(1)
        self._check = check
        self._collect = False
        self.problems: list[Problem] = []
        """The records passed over, once :meth:`collect_problems` was called."""
        self.items_read = 0
        """How many items have been handed out."""

    @property
    def cursor(self) -> str | None:
        """Where to go on later (``cursor=``), or None before the first and after the last page.

        It is the place of the page being read, so nothing is lost; what was already handed out of
        that page comes again. After a ``limit`` it is the place where the rest begins. While a
        list is walked again, it is a place of that walk.
        """
        return self._at

    @property
    def exhausted(self) -> bool:
        """Whether everything the vendor lists was handed out.

        False after an :class:`IncompleteList`: the vendor counts more than it showed, or says that
        the list is incomplete. False where a ``limit`` left something over.
        """
        return self._done and self._at is None and not self._is_short and not self._is_cut

    def collect_problems(self) -> Self:
        """Keep unreadable records in :attr:`problems` in place of raising them; return self."""
        self._collect = True
        return self

    def __await__(self) -> Generator[Any, None, Page[T]]:
        return self._first().__await__()

    async def _first(self) -> Page[T]:
        self._check()
        async with self._lock:
            page = await self._present()
        return page if page is not None else Page(items=())

    async def _present(self) -> Page[T] | None:
        return self._page if self._page is not None else await self._turn()

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        for item in self._readable:  # nearly all items come this way
            self.items_read += 1
            return item
        found = self._next_of_page()
        if found is not None:
            return found
        self._check()
        async with self._lock:
            while await self._present() is not None:
                found = self._next_of_page()
                if found is not None:
                    return found
        raise StopAsyncIteration

    def _next_of_page(self) -> T | None:
        """Return the next item of the present page; None when it has no more."""
        if self._page is None:
            return None
        if not self._reads_on:
            self._read_on()
            if not self._page.problems:
                self._records = self._readable = iter(self._page.items)
        for record in self._records:
            if not isinstance(record, Problem):
                self.items_read += 1
                return record
            if not self._collect:
                raise self._located(record.error)
            self.problems.append(record)
        self._page = None
        self._move_on()
        return None

    async def pages(self) -> AsyncIterator[Page[T]]:
        """Iterate over pages, each with what was not handed out yet.

        Iterating over such a page raises at an unreadable record.

        Yields:
            Pages of items, none of them twice.
        """
        while True:
            self._check()
            async with self._lock:
                if self._page is None:
                    self._move_on()
                page = await self._present()
                if page is None:
                    return
                if self._reads_on:  # some of its items were handed out one by one
                    page = _with_records(page, list(self._records))
                self._page = None
                self.items_read += len(page)
                if self._collect:
                    self.problems.extend(page.problems)
                self._read_on()
            yield page

    async def aclose(self) -> None:
        """End what is read ahead, and wait for its end. Iterating afterwards goes on."""
        await self._reading.aclose()

    async def _turn(self) -> Page[T] | None:
        """Read the next page that brings something, and make it the present one."""
        while not self._last or self._walk_again():
            if self._next in self._visited:
                raise self._located(
                    PaginationLoop("the vendor's list leads back to an earlier page.")
                )
            if self._coming and not self._reading.has(self._next):
                self._window = self._concurrency  # the caller is faster than the vendor
                self._read_on()
            try:
                page = distinct(await self._reading.page(self._next), self._identity)
            except HelpdeskError as error:
                if not self._walk.ends_with(error):
                    raise self._located(error)  # noqa: B904 - the same, with how far it came
                self._next, self._last, self._coming = None, True, ()
                continue
            self._at = self._next
            self._visited.add(self._next)
            # Pages that are read at once may be answered in any order, and a record that arrives
            # meanwhile then hides another: only the count tells of that.
            ahead = () if page.listed is None else page.ahead
            page = self._fresh(page)
            self._next, self._last = page.next, page.next is None
            self._coming = () if page.next is None else (page.next, *ahead)
            self._reads_on = False
            if page.items or page.problems or not self._presented:
                self._presented = True
                self._page, self._records = page, page.records()
                self._locate_problems(page)
                return page
        self._end()
        return None

    def _end(self) -> None:
        """Note that the list is at its end, and raise or keep that it is short of its count.

        It is raised each time: who reads on after it must not take the list for whole.
        """
        is_known, self._done = self._done, True
        if not is_known:
            self._move_on()
        missing = None if self._full else self._walk.shortage()
        if missing is None:
            return
        shortage = self._located(missing)
        self._is_short = True
        if not self._collect:
            raise shortage
        if not is_known:
            self.problems.append(Problem(index=0, error=shortage))

    def _read_on(self) -> None:
        """Ask for the pages that come next, as many as are known and wanted."""
        self._reads_on = True
        wanted = self._window
        if self._limit is not None:
            pages = -(-(self._limit - self._accepted) // self._largest)
            wanted = min(wanted, pages)
        coming = [place for place in self._coming[:wanted] if place not in self._visited]
        if self._reading.start(coming) and not self._is_watched:
            self._is_watched = True
            weakref.finalize(self, self._reading.abandon).atexit = False

    def _move_on(self) -> None:
        """Have :attr:`cursor` stand behind what was handed out."""
        if self._visited:
            self._at = self._rest if self._full else self._next

    def _walk_again(self) -> bool:
        """Begin again if records moved during the walk, so that some may have been jumped over."""
        walk, news = self._walk, len(self._seen) > self._known_before
        if self._full or self._done or not (walk.fell or walk.short or walk.is_unproven):
            return False
        if not news and not walk.fell:
            return False
        self._restless = 0 if news else self._restless + 1
        self._idle += not (news and walk.fell and self._has_shrunk())
        if self._idle >= _MAX_WALKS and walk.short and not walk.fell:
            return False  # how many are missing is told then
        if self._idle >= _MAX_WALKS or self._restless > _MAX_RESTLESS:
            raise self._located(PaginationLoop("the vendor's list does not hold still."))
        self._walks += 1
        self._known_before = len(self._seen)
        self._walk = Walk(set(), whole=self._start is None, again=True)
        self._reading.start(())  # those of this walk are no longer wanted
        self._visited.clear()
        self._next, self._last = self._start, False
        return True

    def _has_shrunk(self) -> bool:
        """Say whether the vendor counts fewer records than at the end of any walk before."""
        least, listed = self._least, self._walk.listed
        if listed is None or (least is not None and listed >= least):
            return False
        self._least = listed
        return True

    def _fresh(self, page: Page[T]) -> Page[T]:
        """Return ``page``, of distinct records, without what came before and within the limit."""
        walk, seen = self._walk, self._seen
        ids = [*map(self._identity, page.items)]
        came = {*ids, *page.filtered}
        sent = len(ids) + len(page.filtered)
        is_new = seen.isdisjoint(came)
        new = len(came) if is_new else len(came - walk.seen)
        following = walk.see(page, new)
        if following != page.next:
            page = evolve(page, next=following)
        self._largest = max(self._largest, sent + len(page.problems))
        self._rest = page.next
        fits = self._limit is None or self._accepted + len(ids) <= self._limit
        if is_new and len(came) == sent and fits and not page.problems:
            fresh = page  # nearly all pages are like this, and large
            self._accepted += len(ids)
        else:
            fresh = _with_records(page, self._news(page, ids))
        seen |= came
        if self._walks > 1:
            walk.seen |= came
        if self._walk.runs_in_circles and page.next is not None:
            raise self._located(self._walk.loop())
        if not self._full:
            return fresh
        self._is_cut |= page.next is not None
        return evolve(fresh, next=None)

    def _news(self, page: Page[T], ids: Sequence[str]) -> list[T | Problem]:
        """Return the records that did not come before, up to the limit."""
        records: list[T | Problem] = []
        identities = iter(ids)
        for record in page.records():
            if self._full:
                self._rest, self._is_cut = self._at, True
                break
            if isinstance(record, Problem):
                if self._walks > 1 and record.raw is not None and record.raw in self._odd:
                    continue
                self._odd.append(record.raw)
            else:
                identity = next(identities)
                known = identity in self._seen
                self._seen.add(identity)
                if known:
                    continue
                self._accepted += 1
            records.append(record)
        return records

    @property
    def _full(self) -> bool:
        return self._limit is not None and self._accepted >= self._limit

    def _locate_problems(self, page: Page[T]) -> None:
        """Have the errors that iterating over ``page`` raises say how far the list came by then."""
        place: str | None = None
        for before, problem in enumerate(page.problems):
            error = problem.error
            if before == 0 or error.operation_id is None:
                place = self._located(error).cursor
            error.cursor = place  # the others were named when the page came
            self._is_short |= isinstance(error, IncompleteList)
            error.items_read = self.items_read + problem.index - before

    def _located(self, error: HelpdeskError) -> HelpdeskError:
        error.items_read = self.items_read
        error.cursor = self._next if self._page is None else self._at
        return error if self._named is None else self._named(error)


def _with_records(page: Page[T], records: list[T | Problem]) -> Page[T]:
    """Return ``page`` with only these of its records, in this order."""
    return Page(
        items=tuple(r for r in records if not isinstance(r, Problem)),
        problems=tuple(evolve(r, index=i) for i, r in enumerate(records) if isinstance(r, Problem)),
        next=page.next,
        total=page.total,
        ahead=page.ahead,
    )
