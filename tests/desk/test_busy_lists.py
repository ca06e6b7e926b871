"""A list to which records come while it is read ends, and lacks nothing that was there before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from helpdesk_bridge.desk.pager import Pager
from helpdesk_bridge.errors import HelpdeskError, IncompleteList, PaginationLoop
from helpdesk_bridge.kit import read_whole
from helpdesk_bridge.kit.walk import Walk
from helpdesk_bridge.model import Cursor, Page
from helpdesk_bridge.transport.empty_lists import proving


async def drain_into(pager: Pager[str], found: list[str]) -> HelpdeskError | None:
    """Read until the end or the first error."""
    try:
        async for one in pager:
            found.append(one)
    except HelpdeskError as error:
        return error
    return None


class Busy:
    """Numbered pages of ten numbers, the newest first, and a right count; ``change`` moves them."""

    def __init__(self, change: Callable[[Busy], None]) -> None:
        self.numbers = list(range(100))
        self.change = change
        self.asked = 0

    async def fetch(self, place: Cursor | None) -> Page[str]:
        await asyncio.sleep(0)
        self.asked += 1
        assert self.asked <= 200, "it goes on for ever"
        self.change(self)
        begin = int(place or 0)
        part = self.numbers[::-1][begin : begin + 10]
        more = begin + 10 < len(self.numbers)
        return Page(
            items=tuple(map(str, part)),
            next=Cursor(str(begin + 10)) if more else None,
            listed=len(self.numbers),
            beyond=Cursor(str(begin + 10)),
        )

    def arrive(self) -> None:
        self.numbers.append(self.numbers[-1] + 1)


@pytest.mark.asyncio
@pytest.mark.parametrize("every", [1, 2, 7, 9])
async def test_a_list_to_which_new_ones_come_all_the_time_ends(every: int) -> None:
    def change(vendor: Busy) -> None:
        if vendor.asked % every == 0:
            vendor.arrive()

    vendor, found = Busy(change), list[str]()
    pager = Pager(vendor.fetch, str)
    assert (await drain_into(pager, found), pager.exhausted) == (None, True)
    assert len(found) == len(set(found))
    assert {str(number) for number in range(100)} <= set(found)
    whole = await read_whole(Busy(change).fetch, str)
    assert {str(number) for number in range(100)} <= set(whole.items)
    assert whole.problems == ()


@pytest.mark.asyncio
async def test_a_proof_wants_what_arrived_meanwhile_too() -> None:
    def change(vendor: Busy) -> None:
        if vendor.asked == 5:
            vendor.arrive()

    with proving():
        found = [one async for one in Pager(Busy(change).fetch, str)]
    assert sorted(map(int, found)) == list(range(101))


@pytest.mark.asyncio
async def test_what_is_jumped_over_while_new_ones_come_is_found() -> None:
    """One that was read goes, and later others come: the count is higher than it was."""

    def change(vendor: Busy) -> None:
        if vendor.asked == 3:
            vendor.numbers.remove(95)
        elif vendor.asked in (5, 6):
            vendor.arrive()

    vendor, found = Busy(change), list[str]()
    assert await drain_into(Pager(vendor.fetch, str), found) is None
    assert {str(number) for number in range(100)} <= set(found)


@pytest.mark.asyncio
async def test_an_arrival_that_was_seen_does_not_stand_in_for_one_that_was_jumped_over() -> None:
    """One moves to a page that was read, and another comes to the end."""

    def change(vendor: Busy) -> None:
        if vendor.asked == 2:
            vendor.numbers = [900, *(n for n in vendor.numbers if n != 30), 30]

    vendor, found = Busy(change), list[str]()
    pager = Pager(vendor.fetch, str)
    assert (await drain_into(pager, found), pager.exhausted) == (None, True)
    assert sorted(map(int, found)) == [*range(100), 900]
    assert vendor.asked == 23  # two walks, and a page beyond the first
    whole = await read_whole(Busy(change).fetch, str)
    assert sorted(map(int, whole.items)) == [*range(100), 900]


@pytest.mark.asyncio
async def test_a_list_that_is_not_read_again_lacks_nothing_that_arrived_meanwhile() -> None:
    def change(vendor: Busy) -> None:
        if vendor.asked == 5:
            vendor.arrive()

    whole = await read_whole(Busy(change).fetch, str, again=False)
    assert (len(whole.items), whole.problems) == (100, ())


@pytest.mark.asyncio
async def test_whoever_resolves_what_is_listed_comes_to_the_end() -> None:
    unsolved, size = [str(number) for number in range(3000)], 2

    async def fetch(place: Cursor | None) -> Page[str]:
        begin = (int(place or 1) - 1) * size
        more = begin + size < len(unsolved)
        return Page(
            items=tuple(unsolved[begin : begin + size]),
            next=Cursor(str(begin // size + 2)) if more else None,
            listed=len(unsolved),
        )

    pager = Pager(fetch, str)
    async for one in pager:
        unsolved.remove(one)
    assert (unsolved, pager.exhausted) == ([], True)


@pytest.mark.asyncio
async def test_a_list_whose_count_falls_on_each_walk_and_rises_again_ends() -> None:
    asked = 0

    async def fetch(place: Cursor | None) -> Page[str]:
        nonlocal asked
        asked += 1
        assert asked < 50, "it goes on for ever"
        return Page(
            items=(str(asked),),
            next=Cursor("2") if place is None else None,
            listed=3 if place is None else 2,
        )

    assert isinstance(await drain_into(Pager(fetch, str), []), PaginationLoop)
    assert asked == 22


@pytest.mark.asyncio
async def test_a_list_that_shows_others_on_each_walk_ends_and_says_what_is_missing() -> None:
    walks = 0

    async def fetch(place: Cursor | None) -> Page[str]:
        nonlocal walks
        walks += 1
        assert walks < 50, "it goes on for ever"
        return Page(items=(str(walks),), listed=2)

    pager, found = Pager(fetch, str), list[str]()
    error = await drain_into(pager, found)
    assert isinstance(error, IncompleteList)
    assert (error.missing, pager.exhausted, len(found)) == (1, False, walks)


def test_a_count_that_fewer_than_came_disproves_is_none() -> None:
    walk = Walk(set(), whole=True)
    walk.see(Page(items=("A", "B"), next=Cursor("2"), listed=2), 2)
    walk.see(Page(items=("C", "D"), next=Cursor("3"), listed=7), 2)
    assert (walk.owed, walk.short) == (7, True)
