"""The Pager: a list that is read page by page, to its end or to an error."""

from __future__ import annotations

import weakref
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any, Generic, Self, TypeVar

from attrs import evolve

from helpdesk_bridge.desk.hold import PagerHold, PagerHolds
from helpdesk_bridge.desk.place import Listing, Place
from helpdesk_bridge.desk.prefetch import FetchPage, PrefetchTasks, ReadAhead
from helpdesk_bridge.desk.standing import Mark, Standings
from helpdesk_bridge.desk.walking import Walking, with_records
from helpdesk_bridge.errors import HelpdeskError, IncompleteList
from helpdesk_bridge.model import Page, Problem
from helpdesk_bridge.model.shown import amount, counted, shown
from helpdesk_bridge.model.slots import Slots

__all__ = ["Pager"]

T = TypeVar("T")

_ANY = Listing()


class Pager(Generic[T]):
    """A list that is read page by page.

    ``async for item in pager`` yields every item once; ``await pager`` returns the next page that
    brings something; ``pager.pages()`` iterates over pages. It does not end short without an error:
    what cannot be read is raised with ``items_read`` and ``cursor``, and iterating again goes on
    from there. Several tasks may share one pager; each item goes to one of them.

    :attr:`cursor` goes on behind the last item that was handed out, in this process or another one:
    nothing comes again, and nothing is lost. That holds for any number of lists that each take the
    cursor of the one before, whatever their limits, and while tickets come, change and go between
    them: a list without places that went on from a cursor is walked through from its beginning at
    the end, since nothing would tell of one that left while another came.

    A page that was awaited stays until its items are iterated over: awaiting again gives it once
    more, iterating begins with its items, and :meth:`pages` with itself. Of a page that is iterated
    over, ``await`` gives the rest, which counts as handed out. Behind the last item it gives a page
    without items, iterating ends at once, and ``pages()`` yields nothing.

    A record that cannot be read raises when it is reached, and iterating again goes on behind it;
    after :meth:`collect_problems` it is put into :attr:`problems` and passed over instead. Of two
    records of one page that have the same id and differ, one cannot be read.

    The page after the one being read is asked for meanwhile; a caller who has to wait for it gets
    several at once from then on, where the vendor numbers its pages and counts what it lists: at
    most the desk's ``concurrency``, and none that a ``limit`` makes needless. Pages under way end
    with the pager, with the desk, or at :meth:`aclose`.

    When the vendor's count of a numbered list falls while it is read (because the caller answers
    what it lists, say), records have moved to pages that were read already, and the list is walked
    again until it holds still. What cannot be noticed: one that leaves and one that arrives between
    two pages, which keep the count as it is; and one that leaves a numbered list of tickets without
    a count, while one pager reads it (what a later pager goes on with is walked again). A
    conversation of several pages without a count is walked again until nothing new comes.

    A list that ends with fewer records than the vendor counts is walked again. If it then ends with
    fewer than were counted when that walk began, this is raised as :class:`IncompleteList`, which
    says how many are missing; :attr:`exhausted` stays False. After :meth:`collect_problems` it is
    the last of :attr:`problems`. It is not judged where a list ends at a ``limit``, nor where it
    goes on behind a record that has a place of its own. What arrives
    while the list is walked again need not come. Ten walks are the most, of which those do not
    count that bring something new of a list that has become shorter than ever.

    Args:
        fetch: what reads the page at a place.
        identity: what tells the id of an item.
        cursor: the place to begin at; None is the beginning.
        listing: what the list is of, for its cursors; None: nothing is said of it.
        limit: the most items to hand out; None is no limit.
        tasks: the desk's tasks, which its closing ends; None: the pager's own.
        concurrency: how many pages to read at once at the most.
        named: what puts the names of the desk and the call on an error; None: nothing does.
        check: raises where the list must not be read on.
        fetch_all: what reads the page at a place where the whole list is walked through, whatever
            the ``limit``; None: ``fetch`` does.

    Raises:
        InvalidArgument: the cursor is of another list, or damaged.
    """

    def __init__(
        self,
        fetch: FetchPage[T],
        identity: Callable[[T], str],
        *,
        cursor: str | None = None,
        listing: Listing | None = None,
        limit: int | None = None,
        tasks: PrefetchTasks | None = None,
        concurrency: int = 8,
        named: Callable[[HelpdeskError], HelpdeskError] | None = None,
        check: Callable[[], None] = lambda: None,
        fetch_all: FetchPage[T] | None = None,
    ) -> None:
        self._named = named
        self._listing = listing or _ANY
        self._identity = identity
        self._concurrency = concurrency
        self._reading = ReadAhead(fetch, tasks or PrefetchTasks(), fetch_all)
        self._is_watched = False
        self._holds = PagerHolds()
        self._standings = Standings[T](self._listing)
        self._lock = Slots(1)
        self._check = check
        self._collect = False
        self._limit = limit
        self.problems: list[Problem] = []
        """The records passed over, once :meth:`collect_problems` was called."""
        self.items_read = 0
        """How many items have been handed out."""
        self._begin(cursor)

    def _begin(self, cursor: str | None) -> None:
        """Begin at a cursor, with what the limit leaves."""
        self._given = cursor
        self._walking = Walking(
            self._reading,
            self._identity,
            Place.read(cursor, self._listing),
            limit=None if self._limit is None else self._limit - self.items_read,
            concurrency=self._concurrency,
        )
        self._page: Page[T] | None = None
        self._fresh = self._walking.page  # the same, without regard to the limit
        self._size = (0, 0)  # its items and its problems, as far as the limit allows
        self._begun_at = self.items_read
        self._items_before = self.items_read  # how many items had been handed out when it came
        self._told = 0  # how many of its problems were told of
        self._reads_on = False  # whether its items are being handed out
        self._is_given = False  # whether the page itself was handed out
        self._records: Iterator[T | Problem] = iter(())  # what the present page has left
        self._readable: Iterator[T] = iter(())  # the same, on a page without problems
        self._done = False
        self._is_short = False

    @property
    def cursor(self) -> str | None:
        """Where to go on later (``cursor=``): exactly behind the last item that was handed out.

        Before the first it is the cursor that the list began with (None: the beginning). It is None
        again when :attr:`exhausted` is True, and only then. A page that was awaited counts as
        handed out until its items are iterated over, and so does one of :meth:`pages`; a record
        that cannot be read does once it was raised, or kept; a ticket whose conversation is read by
        :meth:`Helpdesk.conversations` does once that was handed out.

        It is a text for URLs, of which a program must not read more. It holds the place, the
        vendor's count by then and, where the vendor numbers its pages, the ids of all that came: 1
        to 3 characters for each number, 11 for each other text. It belongs to lists of the same
        call with the same filters and order, whatever the ``limit``. An application that takes
        cursors from strangers bounds their length. To make one takes longer the more of the page
        was handed out (10 ms for 10,000 items): read it once a page, not at each item.
        """
        return self._first_mark().cursor()

    @property
    def exhausted(self) -> bool:
        """Whether everything the vendor lists was handed out.

        False after an :class:`IncompleteList`: the vendor counts more than it showed, or says that
        the list is incomplete. False where a ``limit`` left something over, or the list is to be
        walked again first, as records may have moved: then more may come.
        """
        return self._first_mark().exhausted

    def _first_mark(self) -> Mark:
        """Return how far the list was handed out, which is less than was read to be held."""
        return self._holds.first() or self._mark()

    def _mark(self, out: tuple[int, int] | None = None) -> Mark:
        """Return how far the list has come; ``out`` of the present page are handed out then."""
        way = self._walking
        items, problems = out or self._out
        return Mark(
            items_read=self.items_read,
            given=self._given,
            standing=self._standings.now(way),
            items=items,
            problems=problems,
            is_begun=bool(
                out
                or self.items_read > self._begun_at
                or self._told
                or self._is_given
                or way.has_passed
            ),
            is_short=self._is_short,
            kept=len(self.problems),
        )

    @property
    def _out(self) -> tuple[int, int]:
        """How many items of the page that came last were handed out, and of its problems told."""
        if self._walking.page is not self._fresh:
            return 0, 0  # another one came, which brought nothing
        if self._is_given:
            return self._size
        return self.items_read - self._items_before, self._told

    def __repr__(self) -> str:
        return shown(self, "", self._words)

    def _words(self) -> Iterator[str]:
        yield f"{amount(self.items_read, 'item')} handed out"
        yield "" if self._limit is None else f"limit {self._limit}"
        yield counted(self.problems, "problem")
        yield "exhausted" if self.exhausted else "more may follow"

    def collect_problems(self) -> Self:
        """Keep unreadable records in :attr:`problems` in place of raising them; return self."""
        self._collect = True
        return self

    def __await__(self) -> Generator[Any, None, Page[T]]:
        return self._first().__await__()

    async def _first(self) -> Page[T]:
        """Return the present page, or what is left of it, or else the next one."""
        self._check()
        async with self._lock:
            page = await self._present()
            if page is None:
                return self._going_on(Page(items=()), self._out)
            if self._reads_on:
                page = self._taken(page)
            self._is_given = True
            return self._going_on(page, self._size)

    async def _present(self) -> Page[T] | None:
        if self._page is not None and self._reads_on and self._out == self._size:
            self._page = None
        return self._page if self._page is not None else await self._turn()

    def _going_on(self, page: Page[T], out: tuple[int, int]) -> Page[T]:
        """Return a page whose next one is the cursor by then, made when somebody reads it."""
        way = self._walking
        is_all = page.next is None and out == (len(way.page.items), len(way.page.problems))
        if is_all and way.is_over and not self._is_short:
            return page  # the only one of nearly all conversations
        following: Any = self._mark(out).cursor
        return evolve(page, next=following)

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
            self._is_given = False
            self._read_on()
            if not self._page.problems:
                self._records = self._readable = iter(self._page.items)
        for record in self._records:
            if not isinstance(record, Problem):
                self.items_read += 1
                return record
            self._told += 1
            if not self._collect:
                raise self._located(record.error)
            self.problems.append(record)
        self._page = None
        return None

    async def pages(self) -> AsyncIterator[Page[T]]:
        """Iterate over pages, each with what was not handed out yet.

        Iterating over such a page raises at an unreadable record.

        Yields:
            Pages of items, none of them twice.
        """
        async for page in self._pages():
            yield self._going_on(page, self._size)

    async def _pages(self) -> AsyncIterator[Page[T]]:
        """Iterate over pages that do not say where the list goes on."""
        while True:
            self._check()
            async with self._lock:
                page = await self._present()
                if page is None:
                    return
                page = self._taken(page)
            yield page

    def _taken(self, page: Page[T]) -> Page[T]:
        """Return what is left of the present page, which counts as handed out."""
        if self._reads_on:  # some of its items were handed out one by one
            page = with_records(page, list(self._records))
        self._page, self._is_given = None, True
        self.items_read += len(page)
        if self._collect:
            self.problems.extend(page.problems)
        self._read_on()
        return page

    def _hold(self) -> PagerHold:
        """Have the cursor stay behind what the caller hands out of what it reads."""
        self._is_given &= self._page is None  # what was awaited is iterated over now
        return self._holds.add(PagerHold(self._first_mark(), self._mark, self._let_go))

    def _let_go(self, hold: PagerHold) -> None:
        """Go on behind what was handed out of what was read to be held.

        Where somebody else has read on meanwhile, or waits to, only the cursor stays there.
        """
        is_shared = self._is_given or not self._lock.free
        if self._holds.end(hold, None if is_shared else self.items_read):
            self.items_read = hold.at.items_read
            del self.problems[hold.at.kept :]
            self._reading.start(())
            self._begin(hold.at.cursor())

    async def aclose(self) -> None:
        """End what is read ahead, and wait for its end. Iterating afterwards goes on."""
        await self._reading.aclose()

    async def _turn(self) -> Page[T] | None:
        """Read the next page that brings something, and make it the present one."""
        try:
            page = await self._walking.turn()
        except HelpdeskError as error:
            self._located(error)
            raise
        if page is None:
            self._end()
            return None
        if not self._is_watched and self._walking.next is not None:
            self._is_watched = True
            weakref.finalize(self, self._reading.abandon).atexit = False
        self._page, self._records = page, page.records()
        self._fresh, self._size = self._walking.page, (len(page.items), len(page.problems))
        self._items_before, self._told = self.items_read, 0
        self._reads_on = self._is_given = False
        if page.problems:
            self._locate_problems(page)
        return page

    def _end(self) -> None:
        """Note that the list is at its end, and raise or keep that it is short of its count.

        It is raised each time: who reads on after it must not take the list for whole.
        """
        is_known, self._done = self._done, True
        missing = None if self._walking.is_full else self._walking.walk.shortage()
        if missing is None:
            return
        self._is_short = True
        shortage = self._located(missing)
        if not self._collect:
            raise shortage
        if not is_known:
            self.problems.append(Problem(index=0, error=shortage))

    def _read_on(self) -> None:
        """Ask for the pages that come next."""
        self._reads_on = True
        self._walking.read_on()

    def _locate_problems(self, page: Page[T]) -> None:
        """Have the errors that iterating over ``page`` raises say how far the list came by then."""
        for before, problem in enumerate(page.problems):
            error, items = problem.error, problem.index - before
            self._is_short |= isinstance(error, IncompleteList)
            error.items_read = self.items_read + items
            error.cursor = self._mark((items, before + 1)).behind
            if self._named is not None and (before == 0 or error.operation_id is None):
                self._named(error)  # the others were named when the page came

    def _located(self, error: HelpdeskError) -> HelpdeskError:
        mark = self._mark()
        error.items_read = self.items_read
        # At the last record nothing is behind it, and who goes on there must not begin anew.
        error.cursor = mark.behind if mark.exhausted else mark.cursor()
        return error if self._named is None else self._named(error)
