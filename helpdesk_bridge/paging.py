"""Lists as users want them: await one page, or iterate over everything, complete or an error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from typing import Any, Generic, Self, TypeVar

from attrs import evolve

from helpdesk_bridge.errors import HelpdeskError, PaginationLoop
from helpdesk_bridge.model import Cursor, Page, Problem

__all__ = ["Pager"]

T = TypeVar("T")

_MAX_BARREN = 3
"""Pages in a row that bring nothing new before the list counts as running in circles."""


class _Pass:
    """What was noticed on one walk through a list.

    ``known`` is the number of ids before it, ``whole`` whether it began at the first page.
    """

    def __init__(self, *, whole: bool, known: int = 0) -> None:
        self.known = known
        self._whole = whole
        self._listed: int | None = None
        self._fell = False
        self._ids: set[str] = set()
        self._unread = 0
        self._odd: list[object] = []

    def see(self, page: Page[T], identity: Callable[[T], str]) -> bool:
        """Take note of a page as the vendor sent it; say whether this walk had not seen it yet."""
        known, odd = len(self._ids), [problem.raw for problem in page.problems]
        self._ids.update(map(identity, page.items), page.filtered)
        self._unread += len(odd)
        if page.listed is not None:
            self._fell |= self._listed is not None and page.listed < self._listed
            self._listed = page.listed
        another, self._odd = odd != self._odd, odd
        return len(self._ids) > known or (bool(odd) and another)

    @property
    def moved(self) -> bool:
        """Whether the vendor listed fewer records on the way, or more than came."""
        came = len(self._ids) + self._unread
        short = self._whole and self._listed is not None and came < self._listed
        return self._fell or short


class Pager(Generic[T]):
    """A list that is read page by page.

    ``async for item in pager`` yields every item once; ``await pager`` returns the first page;
    ``pager.pages()`` iterates over pages. It never ends short without an error: what cannot be
    read is raised with ``items_read`` and ``cursor``, and iterating again goes on from there.

    A record that cannot be read raises when it is reached, and iterating again goes on behind it;
    after :meth:`collect_problems` it is put into :attr:`problems` and passed over instead.
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
        self._place = self._start
        self._rest: Cursor | None = None
        self._last = False
        self._page: Page[T] | None = None
        self._records: Iterator[T | Problem] = iter(())
        self._visited: set[Cursor | None] = set()
        self._ids: set[str] = set()
        self._accepted = 0
        self._barren = 0
        self._pass = _Pass(whole=cursor is None)
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
        that page comes again. After a ``limit`` it is the place where the rest begins.
        """
        return self._place

    @property
    def exhausted(self) -> bool:
        """Whether everything the vendor lists was handed out."""
        return self._last and self._page is None and self._place is None

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
        async with self._lock:  # several tasks may share the items of one pager
            return await self._next_item()

    async def _next_item(self) -> T:
        while True:
            if await self._present() is None:
                raise StopAsyncIteration
            record = next(self._records, None)
            if record is None:
                self._leave()
            elif not isinstance(record, Problem):
                self.items_read += 1
                return record
            elif self._collect:
                self.problems.append(record)
            else:
                raise self._located(record.error)

    async def pages(self) -> AsyncIterator[Page[T]]:
        """Iterate over pages. Iterating over such a page raises at an unreadable record."""
        while True:
            async with self._lock:
                page = await self._present()
            if page is None:
                return
            self.items_read += len(page)
            if self._collect:
                self.problems.extend(page.problems)
            yield page
            if self._page is page:
                self._leave()

    async def _turn(self) -> Page[T] | None:
        """Read the next page that brings something, and make it the present one."""
        while not self._last or self._walk_again():
            if self._place in self._visited:
                raise self._located(
                    PaginationLoop("the vendor's list leads back to an earlier page.")
                )
            try:
                page = await self._fetch(self._place)
            except HelpdeskError as error:
                self._located(error)
                raise
            self._visited.add(self._place)
            news = self._pass.see(page, self._identity)
            self._barren = 0 if news else self._barren + 1
            page = self._fresh(page)
            if page.items or page.problems or not self._visited - {self._place}:
                self._page = page
                self._records = page.records()
                return page
            self._step(page.next)
        return None

    def _walk_again(self) -> bool:
        """Begin again if records moved during the walk, so that some may have been jumped over.

        Records that leave a numbered list (because the caller answers them, say) move all later
        ones to earlier pages. What was handed out already is not handed out again, and a walk that
        brings nothing new is the last one.
        """
        if self._full or not self._pass.moved or len(self._ids) == self._pass.known:
            return False
        self._pass = _Pass(whole=self._start is None, known=len(self._ids))
        self._barren = 0
        self._visited.clear()
        self._place, self._last = self._start, False
        return True

    def _fresh(self, page: Page[T]) -> Page[T]:
        """Return ``page`` without the items that came before, and within the limit."""
        records: list[T | Problem] = []
        self._rest = page.next
        for record in page.records():
            if self._full:
                self._rest = self._place
                break
            if not isinstance(record, Problem):
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
        return Page(
            items=tuple(r for r in records if not isinstance(r, Problem)),
            problems=tuple(
                evolve(r, index=i) for i, r in enumerate(records) if isinstance(r, Problem)
            ),
            next=None if self._full else page.next,
            total=page.total,
        )

    @property
    def _full(self) -> bool:
        return self._limit is not None and self._accepted >= self._limit

    def _leave(self) -> None:
        assert self._page is not None  # noqa: S101 - only called with a page at hand
        page, self._page = self._page, None
        self._step(page.next)
        if self._full:
            self._place = self._rest

    def _step(self, place: Cursor | None) -> None:
        self._place = place
        self._last = place is None

    def _located(self, error: HelpdeskError) -> HelpdeskError:
        error.items_read = self.items_read
        error.cursor = self._place
        return error
