"""Pages are read before the caller comes to them: in time, in bounds, and without a trace left."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from helpdesk_bridge.desk.pager import Pager
from helpdesk_bridge.desk.prefetch import PrefetchTasks, ReadAhead
from helpdesk_bridge.errors import (
    DeadlineExceeded,
    HelpdeskError,
    Outcome,
    PaginationLoop,
    PoolTimeout,
    ProtocolError,
    VendorUnavailable,
)
from helpdesk_bridge.model import Cursor, Page


class Numbered:
    """A list of numbers, two a page; each answer waits for :meth:`answer`, or for a pause.

    ``tells`` says whether a page names those behind the next one.
    """

    def __init__(self, last: int, *, tells: bool = True, gated: bool = False) -> None:
        self.last = last
        self.listed: int | None = 2 * last
        self.tells = tells
        self.gates: dict[int, asyncio.Event] = {}
        self.gated = gated
        self.asked: list[int] = []
        self.answered: list[int] = []
        self.cancelled: list[int] = []
        self.failures: dict[int, list[Exception]] = {}
        self.readers = PrefetchTasks()

    async def fetch(self, place: Cursor | None) -> Page[str]:
        number = int(place or "1")
        self.asked.append(number)
        try:
            await (self.gate(number).wait() if self.gated else asyncio.sleep(0))
        except asyncio.CancelledError:
            self.cancelled.append(number)
            raise
        self.answered.append(number)
        if self.failures.get(number):
            raise self.failures[number].pop(0)
        return self.page(number)

    def page(self, number: int, **more: Any) -> Page[str]:
        behind = range(number + 2, self.last + 1) if self.tells else ()
        return Page(
            items=(f"{number}a", f"{number}b"),
            next=Cursor(str(number + 1)) if number < self.last else None,
            ahead=tuple(Cursor(str(n)) for n in behind),
            **{"listed": self.listed, **more},
        )

    def gate(self, number: int) -> asyncio.Event:
        return self.gates.setdefault(number, asyncio.Event())

    def answer(self, *numbers: int) -> None:
        for number in numbers:
            self.gate(number).set()

    def pager(self, **given: Any) -> Pager[str]:
        return Pager(self.fetch, str, tasks=self.readers, **{"concurrency": 4, **given})


async def settle() -> None:
    """Let every task run until it waits for something."""
    for _ in range(20):
        await asyncio.sleep(0)


def left() -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks() - {asyncio.current_task()}  # type: ignore[arg-type]


def everything(last: int) -> list[str]:
    return [f"{number}{letter}" for number in range(1, last + 1) for letter in "ab"]


@pytest_asyncio.fixture
async def complaints() -> AsyncIterator[list[dict[str, Any]]]:
    """What the event loop had to report."""
    heard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context))
    yield heard
    gc.collect()
    await settle()
    assert heard == []


@pytest.mark.asyncio
async def test_the_next_page_is_asked_for_while_the_caller_works_on_this_one() -> None:
    vendor = Numbered(3)
    pager = vendor.pager()
    await anext(pager)
    await settle()
    assert (vendor.asked, vendor.answered) == ([1, 2], [1, 2])


@pytest.mark.asyncio
async def test_a_page_that_is_handed_out_has_the_next_one_under_way() -> None:
    vendor = Numbered(3)
    await anext(vendor.pager().pages())
    await settle()
    assert vendor.asked[:2] == [1, 2]


@pytest.mark.parametrize("way", ["made", "awaited"])
@pytest.mark.asyncio
async def test_nothing_is_read_ahead_before_the_list_is_iterated(way: str) -> None:
    vendor = Numbered(3)
    pager = vendor.pager()
    if way == "awaited":
        await pager
    await settle()
    assert vendor.asked == ([] if way == "made" else [1])


@pytest.mark.asyncio
async def test_a_caller_who_never_waits_has_one_page_read_ahead() -> None:
    vendor = Numbered(9)
    pager = vendor.pager()
    for number in range(1, 5):
        await anext(pager)
        await anext(pager)
        await settle()
        assert vendor.asked == list(range(1, number + 2))


@pytest.mark.asyncio
async def test_a_caller_who_waits_has_as_many_pages_under_way_as_the_desk_allows() -> None:
    vendor = Numbered(20, gated=True)
    vendor.answer(1)
    pager = vendor.pager(concurrency=4)
    reading = asyncio.create_task(_all(pager))
    await settle()
    assert sorted(vendor.asked) == [1, 2, 3, 4, 5]
    vendor.answer(3, 4)  # an answer out of turn makes no room
    await settle()
    assert sorted(vendor.asked) == [1, 2, 3, 4, 5]
    vendor.answer(2)
    await settle()
    assert sorted(vendor.asked) == [1, 2, 3, 4, 5, 6, 7, 8]
    vendor.answer(*range(1, 21))
    assert await reading == everything(20)
    assert sorted(vendor.asked) == list(range(1, 21))


@pytest.mark.asyncio
async def test_pages_of_a_list_without_a_count_are_read_one_after_the_other() -> None:
    vendor = Numbered(20, gated=True)
    vendor.listed = None  # a record that moves between two of them would hide another
    vendor.answer(1, 2)
    pager = vendor.pager(concurrency=4)
    reading = asyncio.create_task(_all(pager))
    await settle()
    assert vendor.asked == [1, 2, 3]
    vendor.answer(*range(1, 21))
    assert await reading == everything(20)


async def _all(pager: Pager[str]) -> list[str]:
    return [item async for item in pager]


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.asyncio
async def test_what_comes_is_the_same_read_ahead_or_not(tells: bool) -> None:
    vendor = Numbered(12, tells=tells)
    assert await _all(vendor.pager()) == everything(12)
    assert vendor.asked == list(range(1, 13))


@pytest.mark.parametrize("limit", range(1, 10))
@pytest.mark.asyncio
async def test_no_page_is_asked_for_that_a_limit_makes_needless(limit: int) -> None:
    vendor = Numbered(20)
    pager = vendor.pager(limit=limit)
    assert await _all(pager) == everything(20)[:limit]
    await settle()
    assert len(vendor.asked) == -(-limit // 2)


@pytest.mark.asyncio
async def test_a_list_with_a_limit_has_several_pages_under_way_too() -> None:
    vendor = Numbered(20, gated=True)
    vendor.answer(1)
    reading = asyncio.create_task(_all(vendor.pager(limit=7)))
    await settle()
    assert sorted(vendor.asked) == [1, 2, 3, 4]
    vendor.answer(2, 3, 4)
    assert await reading == everything(4)[:7]


@pytest.mark.asyncio
async def test_a_page_that_fails_is_an_error_where_the_caller_comes_to_it() -> None:
    vendor = Numbered(9)
    vendor.failures[3] = [VendorUnavailable("down.")]
    pager = vendor.pager()
    assert [await anext(pager) for _ in range(4)] == everything(2)
    with pytest.raises(VendorUnavailable) as caught:
        await anext(pager)
    assert (caught.value.items_read, caught.value.cursor) == (4, pager.cursor)
    assert [item async for item in pager] == everything(9)[4:]


@pytest.mark.asyncio
async def test_a_page_that_nobody_comes_to_fails_in_silence(
    complaints: list[dict[str, Any]],
) -> None:
    vendor = Numbered(3)
    vendor.failures[2] = [ProtocolError("odd.")]
    pager = vendor.pager()
    await anext(pager)
    await settle()
    assert vendor.answered == [1, 2]
    del pager
    gc.collect()
    await settle()
    assert complaints == []


@pytest.mark.parametrize("kind", [PoolTimeout, DeadlineExceeded])
@pytest.mark.asyncio
async def test_a_page_that_only_had_no_room_is_asked_for_again_in_its_turn(
    kind: type[HelpdeskError],
) -> None:
    vendor = Numbered(3)
    vendor.failures[2] = [kind("no room.", outcome=Outcome.NOT_SENT)]
    assert await _all(vendor.pager()) == everything(3)
    assert sorted(vendor.asked) == [1, 2, 2, 3]


@pytest.mark.asyncio
async def test_a_page_that_was_sent_and_came_too_late_is_an_error() -> None:
    vendor = Numbered(3)
    vendor.failures[2] = [DeadlineExceeded("late.", outcome=Outcome.UNKNOWN)]
    with pytest.raises(DeadlineExceeded):
        await _all(vendor.pager())


@pytest.mark.asyncio
async def test_a_foreign_exception_is_raised_in_its_place_too() -> None:
    vendor = Numbered(3)
    vendor.failures[2] = [ZeroDivisionError()]
    pager = vendor.pager()
    assert [await anext(pager) for _ in range(2)] == everything(1)
    with pytest.raises(ZeroDivisionError):
        await anext(pager)


@pytest.mark.parametrize("way", ["break", "exception", "pages"])
@pytest.mark.asyncio
async def test_stopping_early_leaves_nothing_under_way(
    way: str, complaints: list[dict[str, Any]]
) -> None:
    vendor = Numbered(20, gated=True)
    vendor.answer(1)

    async def stop() -> None:
        if way == "pages":
            async for _ in vendor.pager().pages():
                break
            return
        async for _ in vendor.pager():
            await settle()
            if way == "exception":
                raise LookupError
            break

    if way == "exception":
        with pytest.raises(LookupError):
            await stop()
    else:
        await stop()
    gc.collect()
    await settle()
    assert vendor.asked == [1, 2] or way == "pages"
    assert (left(), vendor.answered, complaints) == (set(), [1], [])


@pytest.mark.asyncio
async def test_a_cancelled_caller_leaves_nothing_under_way(
    complaints: list[dict[str, Any]],
) -> None:
    vendor = Numbered(20, gated=True)
    vendor.answer(1)
    pager = vendor.pager()
    reading = asyncio.create_task(_all(pager))
    await settle()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert (left(), sorted(vendor.cancelled), complaints) == (set(), [2, 3, 4, 5], [])


@pytest.mark.asyncio
async def test_reading_goes_on_after_a_caller_was_cancelled() -> None:
    vendor = Numbered(5, gated=True)
    vendor.answer(1)
    pager = vendor.pager()
    reading = asyncio.create_task(_all(pager))
    await settle()
    reading.cancel()
    await asyncio.wait((reading,))
    vendor.answer(*range(2, 6))
    assert await _all(pager) == everything(5)[2:]


@pytest.mark.asyncio
async def test_a_caller_cancelled_while_he_asks_again_leaves_nothing_under_way() -> None:
    vendor = Numbered(20, gated=True)
    vendor.answer(1)
    vendor.failures[2] = [PoolTimeout("no room.", outcome=Outcome.NOT_SENT)]
    reading = asyncio.create_task(_all(vendor.pager()))
    await settle()
    vendor.answer(2)
    vendor.gates[2] = asyncio.Event()
    await settle()
    assert sorted(vendor.asked) == [1, 2, 2, 3, 4, 5]
    reading.cancel()
    await asyncio.wait((reading,))
    assert (left(), sorted(vendor.cancelled)) == (set(), [2, 3, 4, 5])


@pytest.mark.asyncio
async def test_one_of_several_callers_may_be_cancelled() -> None:
    vendor = Numbered(5, gated=True)
    vendor.answer(1)
    pager = vendor.pager()
    first, second = asyncio.create_task(_all(pager)), asyncio.create_task(_all(pager))
    await settle()
    first.cancel()
    await asyncio.wait((first,))
    vendor.answer(*range(2, 6))
    assert await second == everything(5)[2:]


@pytest.mark.asyncio
async def test_closing_a_pager_waits_for_what_it_reads_ahead() -> None:
    vendor = Numbered(9, gated=True)
    vendor.answer(1)
    pager = vendor.pager()
    await anext(pager)
    await settle()
    await pager.aclose()
    assert (left(), vendor.cancelled) == (set(), [2])
    vendor.answer(*range(2, 10))
    assert await _all(pager) == everything(9)[1:]


@pytest.mark.asyncio
async def test_closing_waits_for_pages_that_were_dropped_too() -> None:
    vendor = Numbered(9, gated=True)
    reading = ReadAhead(vendor.fetch, vendor.readers)
    reading.start([Cursor("2"), Cursor("3")])
    await settle()
    reading.start([Cursor("2")])
    await reading.aclose()
    assert (left(), sorted(vendor.cancelled)) == (set(), [2, 3])


@pytest.mark.asyncio
async def test_closing_the_desk_waits_for_what_is_read_ahead_and_lets_nothing_begin() -> None:
    vendor = Numbered(9, gated=True)
    vendor.answer(1)
    pager = vendor.pager()
    await anext(pager)
    await settle()
    await vendor.readers.aclose()
    assert (left(), vendor.cancelled) == (set(), [2])
    await anext(pager)
    other = vendor.pager()
    await anext(other)
    await settle()
    assert left() == set()


@pytest.mark.asyncio
async def test_who_waits_for_a_page_when_the_desk_is_closed_asks_for_it_and_is_told() -> None:
    vendor = Numbered(9, gated=True)
    vendor.answer(1)
    vendor.failures[2] = [VendorUnavailable("closed.")]
    reading = asyncio.create_task(_all(vendor.pager()))
    await settle()
    vendor.answer(2)
    await vendor.readers.aclose()
    with pytest.raises(VendorUnavailable):
        await reading


def test_a_pager_that_outlives_its_loop_is_dropped_in_silence() -> None:
    vendor = Numbered(9, gated=True)
    vendor.answer(1)
    kept: list[Pager[str]] = []

    async def begin() -> None:
        kept.append(vendor.pager())
        await anext(kept[0])
        await settle()

    asyncio.run(begin())
    assert vendor.cancelled == [2]
    kept.clear()
    gc.collect()


@pytest.mark.asyncio
async def test_a_list_that_leads_back_is_an_error_however_far_it_was_read_ahead() -> None:
    asked: list[str | None] = []

    async def fetch(place: Cursor | None) -> Page[str]:
        asked.append(place)
        return Page(
            items=(f"item {place}",),
            next=Cursor("3" if place == "2" else "2"),
            ahead=(Cursor("3"), Cursor("2")),
            listed=9,
        )

    with pytest.raises(PaginationLoop):
        await _all(Pager(fetch, str))
    assert asked == [None, "2", "3"]


class Shrinking(Numbered):
    """A numbered list of one letter a page, all of whose pages tell how many there are."""

    def __init__(self, letters: str) -> None:
        super().__init__(len(letters), gated=True)
        self.letters = letters

    def page(self, number: int, **more: Any) -> Page[str]:
        items = tuple(self.letters[number - 1 : number])
        self.last = len(self.letters)
        more |= {"listed": self.last}
        page = super().page(number, **more)
        return Page(items=items, next=page.next, listed=self.last, ahead=page.ahead)


@pytest.mark.parametrize("early", [2, 3, 4])
@pytest.mark.asyncio
async def test_what_moves_while_several_pages_are_under_way_is_found(early: int) -> None:
    """A comes before the ``early`` page is answered, and goes before the others are."""
    vendor = Shrinking("BCDE")
    vendor.answer(1)
    reading = asyncio.create_task(_all(vendor.pager()))
    await settle()
    vendor.letters = "ABCDE"
    vendor.answer(early)
    await settle()
    vendor.letters = "BCDE"
    vendor.answer(*range(1, 9))
    found = await reading
    assert (sorted(found), len(found)) == (list("BCDE"), 4)


@pytest.mark.asyncio
async def test_what_arrives_while_several_pages_are_under_way_hides_nothing() -> None:
    """Page 3 is answered before A arrives in front, page 2 after: C has moved from 2 to 3."""
    vendor = Shrinking("BCDE")
    vendor.answer(1)
    reading = asyncio.create_task(_all(vendor.pager()))
    await settle()
    vendor.answer(3, 4)
    await settle()
    vendor.letters = "ABCDE"
    vendor.answer(*range(1, 9))
    found = await reading
    assert (sorted(found), len(found)) == (list("ABCDE"), 5)


@pytest.mark.asyncio
async def test_pages_that_are_gone_by_now_are_not_waited_for() -> None:
    vendor = Shrinking("ABCDEF")
    vendor.answer(1)
    reading = asyncio.create_task(_all(vendor.pager(concurrency=5)))
    await settle()
    assert sorted(vendor.asked) == [1, 2, 3, 4, 5, 6]
    vendor.letters = "ABC"
    vendor.answer(2, 3)
    await settle()
    assert sorted(vendor.cancelled) == [4, 5, 6]
    assert await reading == list("ABC")


@pytest.mark.asyncio
async def test_another_walk_takes_no_page_that_an_earlier_one_asked_for() -> None:
    asked: list[str | None] = []
    never = asyncio.Event()

    async def fetch(place: Cursor | None) -> Page[str]:
        asked.append(place)
        again = asked.count(place) == 2
        if place == "3":
            await (asyncio.sleep(0) if again else never.wait())
            return Page(items=("c",), listed=3)
        if place == "2":
            return Page(items=("b",), next=Cursor("3")) if again else Page(items=(), listed=3)
        return Page(items=("a",), next=Cursor("2"), ahead=(Cursor("3"),), listed=3 if again else 4)

    assert await _all(Pager(fetch, str)) == ["a", "b", "c"]
    assert sorted(asked, key=str) == ["2", "2", "3", "3", None, None]
