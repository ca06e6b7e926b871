"""Read the next pages of a list before the caller comes to them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, Generic, TypeVar

from helpdesk_bridge.errors import DeadlineExceeded, Outcome, PoolTimeout, RateLimited
from helpdesk_bridge.model import Cursor, Page

__all__ = ["FetchPage", "PrefetchTasks", "ReadAhead"]

T = TypeVar("T")

FetchPage = Callable[[Cursor | None], Coroutine[Any, Any, Page[T]]]


class PrefetchTasks:
    """What a desk reads ahead, so that closing it leaves nothing under way."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    def start(self, work: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T] | None:
        """Begin ``work()`` in a task of its own; None when the desk is closed."""
        if self._closed:
            return None
        task = asyncio.create_task(work())  # an eager one may be done by now
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def aclose(self) -> None:
        """Cancel what is under way and wait for its end; nothing can be started afterwards."""
        self._closed = True
        await _end(self._tasks)


class ReadAhead(Generic[T]):
    """The pages of one list that were asked for and not taken yet.

    A task returns what went wrong instead of raising it: whether anybody comes to that page is
    not known, and the event loop reports an exception that nobody awaits. It must not refer to the
    pager, whose disappearance is what ends it.

    Args:
        fetch: what reads the page at a place.
        all_tasks: the desk's tasks.
        fetch_all: the same, where the whole list is read; None: there is no other way.
    """

    def __init__(
        self,
        fetch: FetchPage[T],
        all_tasks: PrefetchTasks,
        fetch_all: FetchPage[T] | None = None,
    ) -> None:
        self._fetch = fetch
        self._fetch_all = fetch_all or fetch
        self._all_tasks = all_tasks
        self._tasks: dict[Cursor | None, asyncio.Task[Page[T] | Exception]] = {}
        self._dropped: set[asyncio.Task[Page[T] | Exception]] = set()
        """Cancelled, and not at their end yet."""

    def start(self, places: Iterable[Cursor]) -> bool:
        """Have these pages under way and no others; say whether there are any."""
        wanted = dict.fromkeys(places)
        for place in self._tasks.keys() - wanted.keys():
            task = self._tasks.pop(place)
            task.cancel()
            self._dropped.add(task)
            task.add_done_callback(self._dropped.discard)
        for place in wanted:
            if place in self._tasks:
                continue
            begun = self._all_tasks.start(lambda place=place: self._attempt(place))  # type: ignore[misc]
            if begun is not None:
                self._tasks[place] = begun
        return bool(self._tasks)

    def read_all(self) -> None:
        """Have the whole list read from its beginning; what is under way is not wanted for it."""
        self.start(())
        self._fetch = self._fetch_all

    def has(self, place: Cursor | None) -> bool:
        """Say whether a page is there already."""
        return place in self._tasks and self._tasks[place].done()

    async def page(self, place: Cursor | None) -> Page[T]:
        """Return a page, or raise what went wrong with it."""
        try:
            if place in self._tasks:
                found = await self._outcome(place)
                if isinstance(found, Page):
                    return found
                if found is not None and not _never_had_its_turn(found):
                    raise found
            return await self._fetch(place)
        except asyncio.CancelledError:
            await self.aclose()
            raise

    async def _outcome(self, place: Cursor | None) -> Page[T] | Exception | None:
        """Wait for a task and take what it brought; None if the desk was closed meanwhile.

        Asking again then says so, with the desk's name.
        """
        task = self._tasks[place]
        if not task.done():
            await _wait(task)
        self._tasks.pop(place, None)
        return None if task.cancelled() else task.result()

    async def _attempt(self, place: Cursor | None) -> Page[T] | Exception:
        try:
            return await self._fetch(place)
        except Exception as error:  # noqa: BLE001 - raised in its place, by page()
            return error

    def abandon(self) -> None:
        """End what is under way once nobody can ask for it, from whatever thread collects it."""
        for task in self._tasks.values():
            with suppress(RuntimeError):  # the loop is closed, and took its tasks with it
                task.get_loop().call_soon_threadsafe(task.cancel)

    async def aclose(self) -> None:
        """Cancel what is under way, and wait for its end."""
        tasks = [*self._tasks.values(), *self._dropped]
        self._tasks.clear()
        await _end(tasks)


async def _wait(task: asyncio.Task[Any]) -> None:
    """Wait until a task is done; to cancel the wait leaves the task alone.

    Like ``asyncio.wait``, which takes longer for one task than making it does.
    """
    done = asyncio.get_running_loop().create_future()

    def tell(_: asyncio.Task[Any]) -> None:
        if not done.done():
            done.set_result(None)

    task.add_done_callback(tell)
    await done


async def _end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    left = [task for task in tasks if not task.done() and not task.get_loop().is_closed()]
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left)


def _never_had_its_turn(error: Exception) -> bool:
    """Say whether a page was only crowded out: asked for in its turn, it has a deadline anew."""
    crowded = isinstance(error, (PoolTimeout, RateLimited, DeadlineExceeded))
    return crowded and error.outcome is Outcome.NOT_SENT  # type: ignore[attr-defined]
