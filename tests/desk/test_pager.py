"""A list is complete or an error, every item comes once, and reading can go on where it stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from helpdesk_bridge.desk.pager import Pager
from helpdesk_bridge.errors import (
    AuthenticationError,
    HelpdeskError,
    NotFound,
    PaginationLoop,
    ProtocolError,
    UnsupportedCapability,
    VendorUnavailable,
)
from helpdesk_bridge.model import Cursor, Page, Problem


def page(items: str, after: str | None = None, *broken: int, **more: Any) -> Page[str]:
    """Return a page with an item for each letter; ``broken`` are places of unreadable records."""
    return Page(
        items=tuple(items),
        next=None if after is None else Cursor(after),
        problems=tuple(
            Problem(index=index, error=ProtocolError(f"record {index} is broken."))
            for index in broken
        ),
        **more,
    )


class Vendor:
    """Serves pages by cursor; an error among them is raised once, and the page follows."""

    def __init__(self, pages: Mapping[str | None, Any]) -> None:
        self.pages = {place: list(p) if isinstance(p, list) else [p] for place, p in pages.items()}
        self.asked: list[str | None] = []

    async def fetch(self, place: Cursor | None) -> Page[str]:
        self.asked.append(place)
        answers = self.pages[place]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        found: Page[str] = answer
        return found

    def pager(self, **given: Any) -> Pager[str]:
        return Pager(self.fetch, str, **given)


def three_pages() -> Vendor:
    return Vendor({None: page("ab", "2"), "2": page("bc", "3"), "3": page("de")})


async def drain(pager: Pager[str], into: list[str]) -> HelpdeskError | None:
    """Read until the end or the first error."""
    try:
        async for item in pager:
            into.append(item)
    except HelpdeskError as error:
        return error
    return None


async def anywhere(vendor: Vendor, cursor: str | None) -> str | None:
    """Return the page that is asked for first where a list goes on at ``cursor``."""
    vendor.asked.clear()
    await drain(vendor.pager(cursor=cursor), [])
    return vendor.asked[0]


@pytest.mark.asyncio
async def test_every_item_comes_once_in_order() -> None:
    pager = three_pages().pager()
    assert [item async for item in pager] == list("abcde")
    assert (pager.items_read, pager.cursor, pager.exhausted) == (5, None, True)


@pytest.mark.asyncio
async def test_an_item_that_is_on_a_page_twice_comes_once() -> None:
    pager = Vendor({None: page("aba", "2"), "2": page("cc")}).pager()
    assert [item async for item in pager] == list("abc")


@pytest.mark.asyncio
async def test_a_finished_list_stays_finished() -> None:
    vendor = three_pages()
    pager = vendor.pager()
    await drain(pager, [])
    assert ([item async for item in pager], len(vendor.asked)) == ([], 3)


@pytest.mark.parametrize(
    ("limit", "items", "asked"), [(1, "a", 1), (2, "ab", 1), (3, "abc", 2), (9, "abcde", 3)]
)
@pytest.mark.asyncio
async def test_a_limit_counts_items_and_asks_for_no_page_too_many(
    limit: int, items: str, asked: int
) -> None:
    vendor = three_pages()
    assert [item async for item in vendor.pager(limit=limit)] == list(items)
    assert len(vendor.asked) == asked


@pytest.mark.asyncio
async def test_the_cursor_is_behind_the_last_item_at_any_moment() -> None:
    vendor = three_pages()
    pager = vendor.pager()
    assert (pager.cursor, pager.exhausted) == (None, False)
    places = [pager.cursor async for _ in pager]
    rests = [[item async for item in vendor.pager(cursor=place)] for place in places[:-1]]
    assert rests == [list("bcde"), list("cde"), list("de"), ["e"]]
    assert (places[-1], pager.cursor, pager.exhausted) == (None, None, True)


@pytest.mark.parametrize("first", [page("ab"), page(""), page("", None, 0)])
@pytest.mark.asyncio
async def test_awaiting_again_fetches_nothing(first: Page[str]) -> None:
    vendor = Vendor({None: first, "2": page("c")})
    pager = vendor.pager()
    assert (await pager, await pager) == (first, first)
    assert vendor.asked == [None]


@pytest.mark.parametrize(("first", "items"), [(page("ab"), ["a", "b"]), (page(""), [])])
@pytest.mark.asyncio
async def test_iterating_after_awaiting_fetches_nothing_twice(
    first: Page[str], items: list[str]
) -> None:
    vendor = Vendor({None: first})
    pager = vendor.pager()
    await pager
    assert ([item async for item in pager], vendor.asked) == (items, [None])


@pytest.mark.parametrize(("first", "count"), [(page("ab"), 1), (page(""), 1)])
@pytest.mark.asyncio
async def test_pages_after_awaiting_fetches_nothing_twice(first: Page[str], count: int) -> None:
    vendor = Vendor({None: first})
    pager = vendor.pager()
    await pager
    assert (len([p async for p in pager.pages()]), vendor.asked) == (count, [None])


@pytest.mark.asyncio
async def test_pages_come_without_what_came_before() -> None:
    pager = three_pages().pager()
    assert ["".join(p.items) async for p in pager.pages()] == ["ab", "c", "de"]
    assert (pager.items_read, pager.exhausted) == (5, True)


@pytest.mark.asyncio
async def test_items_and_pages_may_be_taken_in_turn() -> None:
    pager = Vendor({None: page("abc", "2"), "2": page("d", "3"), "3": page("efg")}).pager()
    took: list[Any] = [await anext(pager)]
    took.append((await anext(pager.pages())).items)
    took += [await anext(pager), await anext(pager)]
    took.append((await anext(pager.pages())).items)
    assert took == ["a", ("b", "c"), "d", "e", ("f", "g")]
    assert (pager.items_read, [item async for item in pager]) == (7, [])


@pytest.mark.parametrize("back", [None, "2", "3"])
@pytest.mark.asyncio
async def test_a_list_that_leads_back_is_an_error_before_an_item_comes_twice(
    back: str | None,
) -> None:
    vendor = Vendor(
        {None: page("ab", "2"), "2": page("c", "3"), "3": page("d", back or "again")}
        | {"again": page("ab", "2")}
    )
    seen: list[str] = []
    error = await drain(vendor.pager(), seen)
    assert isinstance(error, PaginationLoop)
    assert (seen, error.items_read) == (list("abcd"), 4)
    assert len(vendor.asked) == len(set(vendor.asked))


@pytest.mark.asyncio
async def test_pages_that_bring_nothing_new_for_ever_are_an_error() -> None:
    asked = 0

    async def fetch(place: Cursor | None) -> Page[str]:
        nonlocal asked
        asked += 1
        return page("ab", str(asked))

    seen: list[str] = []
    assert isinstance(await drain(Pager(fetch, str), seen), PaginationLoop)
    assert (seen, asked) == (["a", "b"], 4)


@pytest.mark.asyncio
async def test_pages_that_filter_the_same_records_for_ever_are_an_error() -> None:
    asked = 0

    async def fetch(place: Cursor | None) -> Page[str]:
        nonlocal asked
        asked += 1
        assert asked < 9, "it goes on for ever"
        return page("", str(asked), filtered=("id-1", "id-2"))

    assert isinstance(await drain(Pager(fetch, str), []), PaginationLoop)
    assert asked == 4


@pytest.mark.asyncio
async def test_pages_of_filtered_records_are_passed_over_in_silence() -> None:
    pages = {str(n): page("", str(n + 1), filtered=(f"id-{n}",)) for n in range(1, 9)}
    vendor = Vendor({None: page("", "1"), **pages, "9": page("a")})
    assert [item async for item in vendor.pager()] == ["a"]


@pytest.mark.asyncio
async def test_an_empty_page_in_the_middle_does_not_end_the_list() -> None:
    vendor = Vendor({None: page("a", "2"), "2": page("", "3"), "3": page("b")})
    assert ["".join(p.items) async for p in vendor.pager().pages()] == ["a", "b"]


@pytest.mark.asyncio
async def test_a_list_that_ends_with_nothing_new_is_no_loop() -> None:
    pages = {str(n): page("a", str(n + 1)) for n in range(1, 3)}
    vendor = Vendor({None: page("a", "1"), **pages, "3": page("a")})
    assert [item async for item in vendor.pager()] == ["a"]


@pytest.mark.asyncio
async def test_a_page_of_unreadable_records_only_is_not_passed_over() -> None:
    vendor = Vendor({None: page("a", "2"), "2": page("", "3", 0), "3": page("b")})
    assert isinstance(await drain(vendor.pager(), []), ProtocolError)


@pytest.mark.asyncio
async def test_a_list_is_exhausted_only_when_everything_was_handed_out() -> None:
    pager = Vendor({None: page("a")}).pager()
    told = [pager.exhausted]
    await pager
    told.append(pager.exhausted)  # the page that was awaited counts as handed out
    await drain(pager, [])
    assert [*told, pager.exhausted] == [False, True, True]


@pytest.mark.asyncio
async def test_awaiting_a_finished_list_gives_an_empty_page() -> None:
    pager = three_pages().pager()
    await drain(pager, [])
    assert await pager == Page(items=())


@pytest.mark.asyncio
async def test_an_error_in_the_middle_says_how_far_it_came_and_where_to_go_on() -> None:
    vendor = Vendor({None: page("ab", "2"), "2": VendorUnavailable("down.")})
    error = await drain(vendor.pager(), [])
    assert error is not None
    assert error.items_read == 2
    assert await anywhere(vendor, error.cursor) == "2"


@pytest.mark.asyncio
async def test_iterating_again_after_an_error_goes_on_from_there() -> None:
    vendor = Vendor({None: page("ab", "2"), "2": [VendorUnavailable("down."), page("bc")]})
    pager = vendor.pager()
    seen: list[str] = []
    await drain(pager, seen)
    assert await drain(pager, seen) is None
    assert seen == list("abc")


@pytest.mark.asyncio
async def test_a_new_list_goes_on_from_the_cursor_of_an_error() -> None:
    vendor = Vendor({None: page("ab", "2"), "2": [VendorUnavailable("down."), page("c")]})
    error = await drain(vendor.pager(), [])
    assert error is not None
    assert [item async for item in vendor.pager(cursor=error.cursor)] == ["c"]


@pytest.mark.asyncio
async def test_a_record_that_cannot_be_read_raises_where_it_stands() -> None:
    pager = Vendor({None: page("ac", "2", 1), "2": page("d")}).pager()
    seen: list[str] = []
    error = await drain(pager, seen)
    assert isinstance(error, ProtocolError)
    assert (seen, error.items_read) == (["a"], 1)


@pytest.mark.asyncio
async def test_iterating_again_goes_on_behind_the_record_that_cannot_be_read() -> None:
    pager = Vendor({None: page("ac", "2", 1), "2": page("d")}).pager()
    seen: list[str] = []
    await drain(pager, seen)
    assert await drain(pager, seen) is None
    assert seen == list("acd")


@pytest.mark.parametrize("awaited", [False, True])
@pytest.mark.asyncio
async def test_collected_problems_are_kept_and_everything_else_comes(awaited: bool) -> None:
    pager = Vendor({None: page("ac", "2", 1), "2": page("d", None, 0)}).pager()
    if awaited:
        await pager
    assert [item async for item in pager.collect_problems()] == list("acd")
    assert [p.index for p in pager.problems] == [1, 0]


@pytest.mark.asyncio
async def test_problems_are_collected_from_pages_too() -> None:
    pager = Vendor({None: page("ac", None, 1)}).pager().collect_problems()
    assert [p.items async for p in pager.pages()] == [("a", "c")]
    assert len(pager.problems) == 1


@pytest.mark.asyncio
async def test_problems_nobody_asked_to_collect_stay_with_their_page() -> None:
    pager = Vendor({None: page("ac", None, 1)}).pager()
    pages = [p async for p in pager.pages()]
    assert (len(pages[0].problems), pager.problems) == (1, [])


@pytest.mark.parametrize("way", ["await", "pages", "pages after an item"])
@pytest.mark.asyncio
async def test_iterating_over_a_page_says_how_far_it_came_too(way: str) -> None:
    vendor = Vendor({None: page("ab", "2"), "2": page("cd", None, 1, 3)})
    pager = vendor.pager()
    await anext(pager.pages())
    if way == "pages after an item":
        await anext(pager)
    second = await pager if way == "await" else await anext(pager.pages())
    errors = [problem.error for problem in second.problems]
    assert [error.items_read for error in errors] == [3, 4]
    for cursor, rest in zip([error.cursor for error in errors], ("d", ""), strict=True):
        onward = vendor.pager(cursor=cursor).collect_problems()
        assert [item async for item in onward] == list(rest)
        assert len(onward.problems) == len(rest)  # the other one, behind the item
    with pytest.raises(ProtocolError):
        list(second)


@pytest.mark.asyncio
async def test_a_problem_keeps_its_place_when_a_record_before_it_is_dropped() -> None:
    pager = Vendor({None: page("a", "2"), "2": page("ab", None, 1)}).pager()
    pages = [p async for p in pager.pages()]
    assert [r.index if isinstance(r, Problem) else r for r in pages[1].records()] == [0, "b"]


@pytest.mark.asyncio
async def test_after_a_limit_the_cursor_is_where_the_rest_begins() -> None:
    vendor = three_pages()
    pager = vendor.pager(limit=2)
    read = [item async for item in pager]
    rest = [item async for item in vendor.pager(cursor=pager.cursor)]
    assert not pager.exhausted
    assert (read, rest) == (list("ab"), list("cde"))


@pytest.mark.asyncio
async def test_a_limit_within_a_page_leaves_the_cursor_at_that_page() -> None:
    vendor = three_pages()
    pager = vendor.pager(limit=3)
    read = [item async for item in pager]
    rest = [item async for item in vendor.pager(cursor=pager.cursor)]
    assert (read, rest) == (list("abc"), list("de"))


@pytest.mark.parametrize(
    ("error", "advised"),
    [
        (VendorUnavailable("down."), True),
        (AuthenticationError("no."), True),
        (NotFound("gone."), False),
        (PaginationLoop("round."), False),
        (UnsupportedCapability("cannot."), False),
        (ProtocolError("odd."), False),
    ],
)
@pytest.mark.asyncio
async def test_going_on_from_the_cursor_is_advised_only_where_it_may_help(
    error: HelpdeskError, advised: bool
) -> None:
    vendor = Vendor({None: page("ab", "2"), "2": error})
    raised = await drain(vendor.pager(), [])
    assert raised is error
    assert error.items_read == 2
    assert ("go on with cursor=" in str(error)) is advised


@pytest.mark.asyncio
async def test_every_error_of_a_list_is_named() -> None:
    named: list[str] = []

    def name(error: HelpdeskError) -> HelpdeskError:
        named.append(type(error).__name__)
        return error.fill(desk="support")

    pages: dict[str, Any] = {
        "a page": {None: VendorUnavailable("down.")},
        "a loop": {None: page("a", "2"), "2": page("b", "2")},
        "a record": {None: page("a", None, 0)},
        "a shortage": {None: page("a", listed=2)},
    }
    for what in pages:
        error = await drain(Vendor(pages[what]).pager(named=name), [])
        assert error is not None
        assert error.desk == "support", what


class _Elsewhere(Exception):
    """What a desk says of a place where it must not be used."""


@pytest.mark.asyncio
async def test_where_a_list_must_not_be_read_on_nobody_waits_for_its_turn() -> None:
    """Who holds the turn may be in an event loop that never wakes another one's tasks."""

    def check() -> None:
        if elsewhere:
            raise _Elsewhere

    elsewhere, asked, answered = False, asyncio.Event(), asyncio.Event()

    async def fetch(_: Cursor | None) -> Page[str]:
        asked.set()
        await answered.wait()
        return page("ab")

    pager = Pager(fetch, str, check=check)
    reading = asyncio.create_task(drain(pager, []))
    await asked.wait()
    elsewhere = True
    for step in (pager, anext(pager), anext(pager.pages())):
        with pytest.raises(_Elsewhere):
            await step
    elsewhere = False
    answered.set()
    assert await reading is None


@pytest.mark.asyncio
async def test_a_pager_shows_how_far_it_came_and_no_word_of_what_came() -> None:
    pager = three_pages().pager(limit=3)
    assert repr(pager) == "<Pager no items handed out, limit 3, more may follow>"
    await anext(pager)
    assert repr(pager) == "<Pager 1 item handed out, limit 3, more may follow>"
    pager = Vendor({None: page("ab", None, 1)}).pager().collect_problems()
    await drain(pager, [])
    assert repr(pager) == "<Pager 2 items handed out, 1 problem, exhausted>"
    assert repr(object.__new__(Pager)) == "<Pager not whole>"
