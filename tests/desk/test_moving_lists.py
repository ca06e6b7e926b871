"""A list whose records move while it is read is walked again until it holds still."""

from __future__ import annotations

import asyncio

import pytest
from attrs import evolve

from helpdesk_bridge.desk.pager import Pager
from helpdesk_bridge.errors import (
    HelpdeskError,
    IncompleteList,
    PaginationLoop,
    ProtocolError,
)
from helpdesk_bridge.kit import read_whole
from helpdesk_bridge.model import Cursor, Page, Problem


async def drain(pager: Pager[str], into: list[str]) -> HelpdeskError | None:
    """Read until the end or the first error."""
    try:
        async for letter in pager:
            into.append(letter)
    except HelpdeskError as error:
        return error
    return None


class Moving:
    """A numbered list of letters, two a page; ``leave`` says what is gone after each request.

    A ``!`` is a record that cannot be read.
    """

    def __init__(self, letters: str, *leave: str, counts: int = 0) -> None:
        self.letters = letters
        self.leave = list(leave)
        self.counts = counts
        self.asked = 0

    async def fetch(self, place: Cursor | None) -> Page[str]:
        await asyncio.sleep(0)
        self.asked += 1
        number = int(place or "1")
        part = self.letters[2 * number - 2 : 2 * number]
        total = len(self.letters) + self.counts
        gone = self.leave.pop(0) if self.leave else ""
        more = 2 * number < len(self.letters)
        self.letters = "".join(letter for letter in self.letters if letter not in gone)
        return Page(
            items=tuple(letter for letter in part if letter != "!"),
            problems=tuple(
                Problem(index=i, error=ProtocolError("odd."), raw={"at": letter})
                for i, letter in enumerate(part)
                if letter == "!"
            ),
            next=Cursor(str(number + 1)) if more else None,
            listed=total,
        )

    def pager(self, limit: int | None = None) -> Pager[str]:
        return Pager(self.fetch, str, limit=limit)


@pytest.mark.asyncio
async def test_what_moved_to_a_page_that_was_read_is_found_on_another_walk() -> None:
    assert [letter async for letter in Moving("ABCDEFGH", "A").pager()] == list("ABDEFGHC")


@pytest.mark.asyncio
async def test_a_walk_that_moved_and_brought_nothing_is_not_the_last() -> None:
    vendor = Moving("ABCDEFGH", "A", "", "", "", "BC")
    found = [letter async for letter in vendor.pager()]
    assert (sorted(found), len(found)) == (list("ABCDEFGH"), 8)


@pytest.mark.asyncio
async def test_a_list_that_holds_still_is_walked_once() -> None:
    vendor = Moving("ABCDE")
    assert [letter async for letter in vendor.pager()] == list("ABCDE")
    assert vendor.asked == 3


@pytest.mark.asyncio
async def test_a_list_short_of_its_count_is_an_error_that_says_how_many_are_missing() -> None:
    vendor = Moving("ABCD", counts=10)
    pager, found = vendor.pager(), list[str]()
    error = await drain(pager, found)
    assert isinstance(error, IncompleteList)
    assert "10 are missing" in str(error)
    assert (found, vendor.asked) == (list("ABCD"), 4)
    assert (error.listed, error.came, error.missing) == (14, 4, 10)
    assert (error.items_read, error.cursor, pager.exhausted) == (4, pager.cursor, False)
    assert error.cursor is not None  # what is missing may come later
    onward = list[str]()
    missing = await drain(Pager(vendor.fetch, str, cursor=error.cursor), onward)
    assert (type(missing), onward) == (IncompleteList, [])
    again = await drain(pager, found)  # whoever reads on must not take the list for whole
    assert (type(again), found, pager.exhausted) == (IncompleteList, list("ABCD"), False)


@pytest.mark.asyncio
async def test_who_collects_problems_accepts_a_count_that_is_too_high() -> None:
    pager = Moving("ABCD", counts=1).pager().collect_problems()
    assert [letter async for letter in pager] == list("ABCD")
    (problem,) = pager.problems
    assert isinstance(problem.error, IncompleteList)
    assert (problem.error.missing, pager.exhausted) == (1, False)


@pytest.mark.asyncio
async def test_pages_of_a_list_short_of_its_count_end_in_that_error() -> None:
    pager = Moving("ABCD", counts=1).pager()
    with pytest.raises(IncompleteList):
        _ = [page async for page in pager.pages()]


@pytest.mark.asyncio
async def test_a_limit_within_a_list_short_of_its_count_is_no_error() -> None:
    vendor = Moving("ABCD", counts=1)
    pager = vendor.pager(limit=4)
    assert [letter async for letter in pager] == list("ABCD")
    assert not pager.exhausted
    rest = Pager(vendor.fetch, str, cursor=pager.cursor)
    assert isinstance(await drain(rest, []), IncompleteList)


@pytest.mark.asyncio
async def test_a_count_that_is_too_low_is_no_error() -> None:
    pager = Moving("ABCD", counts=-3).pager()
    assert ([letter async for letter in pager], pager.exhausted) == (list("ABCD"), True)


def counted(items: str, following: str | None = None, listed: int | None = None) -> Page[str]:
    place = None if following is None else Cursor(following)
    return Page(items=tuple(items), next=place, listed=listed)


async def read(pages: dict[str | None, Page[str]]) -> tuple[list[str], object, list[str | None]]:
    asked: list[str | None] = []

    async def fetch(place: Cursor | None) -> Page[str]:
        asked.append(place)
        return pages[place]

    found: list[str] = []
    error = await drain(Pager(fetch, str), found)
    return found, None if error is None else type(error), asked


@pytest.mark.asyncio
async def test_a_page_beyond_is_asked_for_only_while_records_are_missing() -> None:
    last = evolve(counted("CD", listed=5), beyond=Cursor("3"))
    pages = {None: counted("AB", "2", 5), "2": last, "3": evolve(last, items=("E",))}
    assert await read({**pages}) == (list("ABCDE"), None, [None, "2", "3"])
    less = {None: counted("AB", "2", 4), "2": evolve(last, listed=4)}
    assert await read({**less}) == (list("ABCD"), None, [None, "2"])


@pytest.mark.asyncio
@pytest.mark.parametrize("beyond", ["", "AB"])
async def test_a_page_that_was_only_looked_for_may_be_empty_or_the_same_again(beyond: str) -> None:
    first = evolve(counted("AB", "2"), unsure=True)
    found, error, asked = await read({None: first, "2": evolve(first, items=tuple(beyond))})
    assert (found, error, asked) == (["A", "B"], None, [None, "2"])


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("letters", "doubted", "error"),
    [
        ("ABCDEFGHI", False, None),  # no server has pages of nine
        ("ABCDEFGHIJ", False, PaginationLoop),
        ("ABCDEFGHIJ", True, None),
    ],
)
async def test_a_page_that_comes_again_is_the_end_only_where_the_end_was_shown(
    letters: str, doubted: bool, error: object
) -> None:
    first = evolve(counted(letters, "2"), unsure=True, doubted=doubted)
    found = await read({None: first, "2": evolve(first, next=Cursor("3"))})
    assert found == (list(letters), error, [None, "2"])


@pytest.mark.asyncio
async def test_a_shorter_page_that_comes_again_behind_longer_ones_is_the_last() -> None:
    last = evolve(counted("NOPQRSTUVWX", "3"), unsure=True)
    pages = {None: counted("ABCDEFGHIJKLM", "2"), "2": last, "3": evolve(last, next=Cursor("4"))}
    assert (await read({**pages}))[1] is None


@pytest.mark.asyncio
async def test_a_page_that_no_server_cut_is_not_doubted() -> None:
    last = evolve(counted("D", "3"), unsure=True, doubted=True)
    found = await read({None: counted("ABC", "2"), "2": last})
    assert found == (list("ABCD"), None, [None, "2"])


@pytest.mark.asyncio
@pytest.mark.parametrize("raw", [None, {}, {"id": None}])
async def test_equal_pages_of_unreadable_records_end_no_list_that_goes_on(raw: object) -> None:
    bad = tuple(Problem(index=i, error=ProtocolError("odd."), raw=raw) for i in range(2))
    pages: dict[Cursor | None, Page[str]] = {
        None: counted("AB", "2"),
        Cursor("7"): counted("CD"),
    }
    for n in range(2, 7):
        pages[Cursor(f"{n}")] = evolve(counted("", f"{n + 1}"), problems=bad)

    async def fetch(place: Cursor | None) -> Page[str]:
        return pages[place]

    pager = Pager(fetch, str).collect_problems()
    assert [letter async for letter in pager] == list("ABCD")
    assert len(pager.problems) == 10
    whole = await read_whole(fetch, str)
    assert (whole.items, len(whole.problems)) == (tuple("ABCD"), 10)


@pytest.mark.asyncio
async def test_equal_pages_of_unreadable_records_do_not_go_on_for_ever() -> None:
    bad = (Problem(index=0, error=ProtocolError("odd."), raw=None),)
    asked = 0

    async def fetch(place: Cursor | None) -> Page[str]:
        nonlocal asked
        asked += 1
        return Page(items=(), problems=bad, next=Cursor(str(asked)))

    with pytest.raises(PaginationLoop):
        _ = [letter async for letter in Pager(fetch, str).collect_problems()]
    assert asked < 200


@pytest.mark.asyncio
async def test_empty_pages_do_not_hide_that_records_are_missing() -> None:
    pages = {str(n): counted("", str(n + 1), 9) for n in range(2, 9)}
    found, error, _ = await read({None: counted("AB", "2", 9), **pages})
    assert (found, error) == (["A", "B"], IncompleteList)


@pytest.mark.asyncio
async def test_a_list_that_never_holds_still_is_an_error() -> None:
    class Restless(Moving):
        async def fetch(self, place: Cursor | None) -> Page[str]:
            page = await super().fetch(place)
            return Page(items=page.items, next=page.next, listed=100 - self.asked)

    found: list[str] = []

    async def drain() -> None:
        async for letter in Restless("ABCD").pager():
            found.append(letter)

    with pytest.raises(PaginationLoop, match="hold still") as caught:
        await drain()
    assert (found, caught.value.items_read) == (list("ABCD"), 4)


@pytest.mark.parametrize("letters", ["AB!CDEFG", "!ABCDEFG"])
@pytest.mark.asyncio
async def test_an_unreadable_record_is_told_once(letters: str) -> None:
    pager = Moving(letters, "A").pager().collect_problems()
    found = [letter async for letter in pager]
    assert (sorted(found), len(pager.problems)) == (list("ABCDEFG"), 1)


@pytest.mark.asyncio
async def test_no_page_of_another_walk_is_empty() -> None:
    pages = ["".join(page.items) async for page in Moving("ABCDEF", "A").pager().pages()]
    assert "" not in pages
    assert sorted("".join(pages)) == list("ABCDEF")


@pytest.mark.asyncio
async def test_pages_hold_only_what_was_not_handed_out_yet() -> None:
    pager = Moving("ABCD").pager()
    first = await anext(pager)
    pages = ["".join(page.items) async for page in pager.pages()]
    assert (first, pages, pager.items_read) == ("A", ["B", "CD"], 4)


@pytest.mark.asyncio
async def test_tasks_that_share_pages_get_each_once() -> None:
    pager = Moving("ABCDEF").pager()
    seen: list[str] = []

    async def worker() -> None:
        async for page in pager.pages():
            seen.extend(page.items)
            await asyncio.sleep(0)

    await asyncio.gather(worker(), worker())
    assert sorted(seen) == list("ABCDEF")


@pytest.mark.asyncio
async def test_a_limit_ends_the_walk() -> None:
    vendor = Moving("ABCDEF", "A")
    assert [letter async for letter in vendor.pager(limit=3)] == list("ABD")
    assert vendor.asked == 2


@pytest.mark.asyncio
async def test_another_walk_that_runs_in_circles_is_an_error() -> None:
    asked = 0

    async def fetch(place: Cursor | None) -> Page[str]:
        nonlocal asked
        asked += 1
        assert asked < 20, "it goes on for ever"
        if asked == 1:
            return Page(items=("a", "b"), next=Cursor("2"), listed=4)
        if asked == 2:
            return Page(items=("c",), listed=3)
        return Page(items=("a", "b"), next=Cursor(f"again {asked}"), listed=3)

    with pytest.raises(PaginationLoop, match="nothing new"):
        _ = [letter async for letter in Pager(fetch, str)]
    assert asked <= 7
