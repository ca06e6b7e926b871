"""Lists that each go on at the cursor of the one before are one list: nothing twice, nothing lost.

Each is read by a pager of its own, as in another process, with a limit of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import pytest
from attrs import field, frozen, mutable
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_bridge.desk.pager import Pager
from helpdesk_bridge.errors import NotFound, VendorUnavailable
from helpdesk_bridge.model import Cursor, Page

KINDS = (
    "numbered",
    "numbered, no count",
    "anchored",
    "newest first",
    "places",
    "by change",
    "refused",
)
WAYS = ("items", "pages", "await", "next", "next of pages")


@frozen
class Change:
    """What happens between two lists: which places leave, change or are added to."""

    kind: str
    places: tuple[int, ...]


@mutable
class Vendor:
    """A list of one kind, three records a page; what is left of it is in ``records``."""

    kind: str
    records: list[int]
    asked: int = 0
    fresh: int = field(default=1000)

    async def fetch(self, place: Cursor | None) -> Page[str]:
        self.asked += 1
        assert self.asked < 5000, "it goes on for ever"
        if self.kind in ("anchored", "places"):
            return self._behind(int(place or -1))
        if self.kind == "newest first":
            return self._before(int(place or 10**6))
        begin = int(place or 0)
        if self.kind == "refused" and begin and begin >= len(self.records):
            raise NotFound("there is no such page.", status=404)
        part, behind = self.records[begin : begin + 3], begin + 3
        return Page(
            items=tuple(map(str, part)),
            next=Cursor(str(behind)) if behind < len(self.records) else None,
            listed=None if self.kind == "numbered, no count" else len(self.records),
            moves=self.kind == "by change",
        )

    def _behind(self, last: int) -> Page[str]:
        found = [one for one in sorted(self.records) if one > last]
        part = found[:3]
        return Page(
            items=tuple(map(str, part)),
            next=Cursor(str(part[-1])) if len(found) > 3 else None,
            listed=len(self.records),
            anchored=True,
            behind=Cursor if self.kind == "places" else None,
        )

    def _before(self, last: int) -> Page[str]:
        found = [one for one in sorted(self.records, reverse=True) if one < last]
        part = found[:3]
        following = Cursor(str(part[-1])) if len(found) > 3 else None
        return Page(items=tuple(map(str, part)), next=following, anchored=True)

    def apply(self, change: Change) -> None:
        """Have records leave, come, or change so that they take another place."""
        at = {place % len(self.records) for place in change.places if self.records}
        changed = [one for place, one in enumerate(self.records) if place in at]
        rest = [one for place, one in enumerate(self.records) if place not in at]
        if change.kind == "leave":
            self.records = rest
        elif change.kind == "change":
            self.records = [*reversed(changed), *rest]
        else:
            new = range(self.fresh, self.fresh + len(change.places))
            self.fresh += len(change.places)
            front = change.kind == "come first" and self.kind not in ("anchored", "places")
            self.records = [*reversed(new), *self.records] if front else [*self.records, *new]


def whole(kind: str, count: int) -> list[str]:
    """Return what one list brings of one that holds still."""
    return [str(one) for one in range(count)][:: -1 if kind == "newest first" else 1]


CHANGES = st.builds(
    Change,
    st.sampled_from(("leave", "change", "come first", "come last")),
    st.lists(st.integers(0, 40), max_size=5).map(tuple),
)


async def read_by(way: str, pager: Pager[str]) -> tuple[list[str], str | None]:
    """Read some of a list in one of the ways there are, and return it and where it goes on."""
    if way == "items":
        return [item async for item in pager], pager.cursor
    if way in ("await", "next"):
        page = await pager
        return [*page], pager.cursor if way == "await" else page.next
    pages = [page async for page in pager.pages()]
    last = pages[-1].next if pages and way == "next of pages" else pager.cursor
    return [item for page in pages for item in page], last


async def walk(
    vendor: Vendor,
    limits: Sequence[int],
    changes: Sequence[Sequence[Change]],
    ways: Sequence[str] = WAYS[:1],
) -> tuple[list[str], list[bool]]:
    """Read on until all came; return the items, and what each pager said of the end."""
    found: list[str] = []
    told: list[bool] = []
    cursor: str | None = None
    for turn in range(400):
        pager = Pager(vendor.fetch, str, cursor=cursor, limit=limits[turn % len(limits)])
        came, cursor = await read_by(ways[turn % len(ways)], pager)
        found += came
        told.append(pager.exhausted)
        assert pager.exhausted is (pager.cursor is None)
        assert came or cursor is None
        if pager.exhausted:
            return found, told
        for change in changes[turn] if turn < len(changes) else ():
            vendor.apply(change)
    raise AssertionError("it goes on for ever")


@pytest.mark.parametrize("kind", KINDS)
@given(
    count=st.integers(0, 25),
    limits=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    changes=st.lists(st.lists(CHANGES, max_size=4), max_size=8),
    ways=st.lists(st.sampled_from(WAYS), min_size=1, max_size=3),
)
@settings(deadline=None, derandomize=True)
def test_nothing_comes_twice_and_nothing_that_stayed_is_lost(
    kind: str,
    count: int,
    limits: list[int],
    changes: list[list[Change]],
    ways: list[str],
) -> None:
    vendor = Vendor(kind, list(range(count)))
    found, told = asyncio.run(walk(vendor, limits, changes, ways))
    assert len(found) == len(set(found))
    stayed = {str(one) for one in vendor.records if one < count}
    assert stayed <= set(found)
    assert told == [False] * (len(told) - 1) + [True]


@pytest.mark.parametrize("kind", KINDS)
@given(count=st.integers(0, 25), limits=st.lists(st.integers(1, 9), min_size=1, max_size=5))
@settings(deadline=None, derandomize=True)
def test_a_list_that_holds_still_comes_as_one_walk_brings_it(
    kind: str, count: int, limits: list[int]
) -> None:
    vendor = Vendor(kind, list(range(count)))
    found, _ = asyncio.run(walk(vendor, limits, ()))
    assert found == whole(kind, count)


@pytest.mark.parametrize("kind", KINDS)
@given(
    count=st.integers(0, 25),
    limits=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    failing=st.sets(st.integers(1, 12)),
)
@settings(deadline=None, derandomize=True)
def test_the_cursor_of_an_error_goes_on_behind_the_last_item(
    kind: str, count: int, limits: list[int], failing: set[int]
) -> None:
    vendor = Vendor(kind, list(range(count)))

    async def fetch(place: Cursor | None) -> Page[str]:
        page = await vendor.fetch(place)
        if vendor.asked in failing:
            raise VendorUnavailable("down.")
        return page

    async def read() -> list[str]:
        found: list[str] = []
        cursor: str | None = None
        for turn in range(200):
            pager = Pager(fetch, str, cursor=cursor, limit=limits[turn % len(limits)])
            with suppress(VendorUnavailable):
                async for item in pager:
                    found.append(item)
            cursor = pager.cursor
            if pager.exhausted:
                return found
        raise AssertionError("it goes on for ever")

    assert asyncio.run(read()) == whole(kind, count)


@pytest.mark.parametrize("stop", range(8))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.asyncio
async def test_after_a_break_the_cursor_goes_on_behind_the_last_item(kind: str, stop: int) -> None:
    vendor = Vendor(kind, list(range(8)))
    pager = Pager(vendor.fetch, str)
    read: list[str] = []
    async for item in pager:
        read.append(item)
        if len(read) > stop:
            break
    await pager.aclose()
    if pager.cursor is not None:
        read += [item async for item in Pager(vendor.fetch, str, cursor=pager.cursor)]
    assert read == whole(kind, 8)
