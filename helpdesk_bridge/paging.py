"""Lists as users want them: await one page, or iterate over everything, complete or an error."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from typing import Any, Generic, Self, TypeVar

from attrs import evolve

from helpdesk_bridge.errors import HelpdeskError, PaginationLoop
from helpdesk_bridge.model import Cursor, Page, Problem

__all__ = ["Pager"]

T = TypeVar("T")

_MAX_BARREN = 3
"""Pages in a row that bring nothing new before the list counts as running in circles."""
_MAX_RESTLESS = 3
"""Walks in a row that bring nothing new while records still move, before that is an error."""

log = logging.getLogger("helpdesk_bridge.paging")


class _Walk:
    """What is noticed on one walk through a list; ``whole`` if it began at the first page."""

    def __init__(self, *, whole: bool) -> None:
        self.fell = False
        """Whether the vendor listed fewer records on the way: all later ones moved up."""
        self.listed: int | None = None
        self._whole = whole
        self._ids: set[str] = set()
        self._unread = 0
        self._odd: list[object] = []

    def see(self, page: Page[T], identity: Callable[[T], str]) -> bool:
        """Take note of a page as the vendor sent it; say whether this walk had not seen it yet."""
        known, odd = len(self._ids), [problem.raw for problem in page.problems]
        self._ids.update(map(identity, page.items), page.filtered)
        self._unread += len(odd)
        if page.listed is not None:
            self.fell |= self.listed is not None and page.listed < self.listed
            self.listed = page.listed
        another, self._odd = odd != self._odd, odd
        return len(self._ids) > known or (bool(odd) and another)

    @property
    def came(self) -> int:
        """How many records came."""
        return len(self._ids) + self._unread

    @property
    def short(self) -> bool:
        """Whether fewer records came than the vendor counts."""
        return self._whole and self.listed is not None and self.came < self.listed


class Pager(Generic[T]):
    """A list that is read page by page.

    ``async for item in pager`` yields every item once; ``await pager`` returns the first page;
    ``pager.pages()`` iterates over pages. It does not end short without an error: what cannot be
    read is raised with ``items_read`` and ``cursor``, and iterating again goes on from there.
    Several tasks may share one pager; each item goes to one of them.

    A record that cannot be read raises when it is reached, and iterating again goes on behind it;
    after :meth:`collect_problems` it is put into :attr:`problems` and passed over instead.

    When the vendor's count of a numbered list falls while it is read (because the caller answers
    what it lists, say), records have moved to pages that were read already, and the list is walked
    again until it holds still. One that leaves and one that arrives between two pages keep the
    count as it is, and cannot be noticed.
    """

    def __init__(
        self,
        fetch: Callable[[Cursor | None], Awaitable[Page[T]]],
        identity: Callable[[T], str],
        *,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> None:
        self._fetch = fetch
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
        self._records: Iterator[T | Problem] = iter(())
        self._visited: set[Cursor | None] = set()
        self._ids: set[str] = set()
        self._odd: list[object] = []
        self._accepted = 0
        self._barren = 0
        self._again = False
        self._restless = 0
        self._known_before = 0
        self._walk = _Walk(whole=cursor is None)
        self._lock = asyncio.Lock()
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
        """Whether everything the vendor lists was handed out."""
        return self._done and self._at is None

    def collect_problems(self) -> Self:
        """Keep unreadable records in :attr:`problems` in place of raising them; return self."""
        self._collect = True
        return self

    def __await__(self) -> Generator[Any, None, Page[T]]:
        return self._first().__await__()

    async def _first(self) -> Page[T]:
        async with self._lock:
            page = await self._present()
        return page if page is not None else Page(items=())

    async def _present(self) -> Page[T] | None:
        return self._page if self._page is not None else await self._turn()

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        async with self._lock:
            return await self._next_item()

    async def _next_item(self) -> T:
        while True:
            if await self._present() is None:
                raise StopAsyncIteration
            record = next(self._records, None)
            if record is None:
                self._page = None
                self._move_on()
            elif not isinstance(record, Problem):
                self.items_read += 1
                return record
            elif self._collect:
                self.problems.append(record)
            else:
                raise self._located(record.error)

    async def pages(self) -> AsyncIterator[Page[T]]:
        """Iterate over pages, each with what was not handed out yet.

        Iterating over such a page raises at an unreadable record.
        """
        while True:
            async with self._lock:
                if self._page is None:
                    self._move_on()
                page = await self._present()
                if page is None:
                    return
                page = _with_records(page, list(self._records))
                self._page = None
                self.items_read += len(page)
                if self._collect:
                    self.problems.extend(page.problems)
            yield page

    async def _turn(self) -> Page[T] | None:
        """Read the next page that brings something, and make it the present one."""
        while not self._last or self._walk_again():
            if self._next in self._visited:
                raise self._located(
                    PaginationLoop("the vendor's list leads back to an earlier page.")
                )
            try:
                page = await self._fetch(self._next)
            except HelpdeskError as error:
                raise self._located(error)  # noqa: B904 - the same error, with how far it came
            self._at = self._next
            self._visited.add(self._next)
            self._barren = 0 if self._walk.see(page, self._identity) else self._barren + 1
            page = self._fresh(page)
            self._next, self._last = page.next, page.next is None
            if page.items or page.problems or not self._presented:
                self._presented = True
                self._page, self._records = page, page.records()
                return page
        self._done = True
        self._move_on()
        return None

    def _move_on(self) -> None:
        """Have :attr:`cursor` stand behind what was handed out."""
        if self._visited:
            self._at = self._rest if self._full else self._next

    def _walk_again(self) -> bool:
        """Begin again if records moved during the walk, so that some may have been jumped over."""
        walk, news = self._walk, len(self._ids) > self._known_before
        if self._full or self._done or not (walk.fell or walk.short):
            return False
        if not news and not walk.fell:
            log.warning("the vendor counts %d records, and %d came", walk.listed, walk.came)
            return False
        self._restless = 0 if news else self._restless + 1
        if self._restless > _MAX_RESTLESS:
            raise self._located(PaginationLoop("the vendor's list does not hold still."))
        self._again = True
        self._known_before = len(self._ids)
        self._walk = _Walk(whole=self._start is None)
        self._visited.clear()
        self._barren = 0
        self._next, self._last = self._start, False
        return True

    def _fresh(self, page: Page[T]) -> Page[T]:
        """Return ``page`` without what came before, and within the limit."""
        records: list[T | Problem] = []
        self._rest = page.next
        for record in page.records():
            if self._full:
                self._rest = self._at
                break
            if isinstance(record, Problem):
                if self._again and record.raw is not None and record.raw in self._odd:
                    continue
                self._odd.append(record.raw)
            else:
                identity = self._identity(record)
                if identity in self._ids:
                    continue
                self._ids.add(identity)
                self._accepted += 1
            records.append(record)
        self._ids.update(page.filtered)
        if self._barren >= _MAX_BARREN and page.next is not None:
            raise self._located(
                PaginationLoop(f"{self._barren} pages in a row brought nothing new.")
            )
        fresh = _with_records(page, records)
        return evolve(fresh, next=None) if self._full else fresh

    @property
    def _full(self) -> bool:
        return self._limit is not None and self._accepted >= self._limit

    def _located(self, error: HelpdeskError) -> HelpdeskError:
        error.items_read = self.items_read
        error.cursor = self._next if self._page is None else self._at
        return error


def _with_records(page: Page[T], records: list[T | Problem]) -> Page[T]:
    """Return ``page`` with only these of its records, in this order."""
    return Page(
        items=tuple(r for r in records if not isinstance(r, Problem)),
        problems=tuple(evolve(r, index=i) for i, r in enumerate(records) if isinstance(r, Problem)),
        next=page.next,
        total=page.total,
    )
