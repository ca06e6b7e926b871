"""What a cursor holds and when it is None: for records that fail, ends of lists, and places."""

from __future__ import annotations

import base64
import pickle
from typing import Any

import pytest
from attrs import evolve

from helpdesk_bridge.desk.known import Known
from helpdesk_bridge.desk.pager import Pager
from helpdesk_bridge.desk.place import Listing, Place
from helpdesk_bridge.errors import (
    HelpdeskError,
    IncompleteList,
    InvalidArgument,
    NotFound,
    ProtocolError,
    VendorUnavailable,
)
from helpdesk_bridge.model import Cursor, Page, Problem

pytestmark = pytest.mark.asyncio
RAWS = {"!": None, "?": {"subject": [1]}}


class Offsets:
    """A list of letters by offsets, ``size`` a page; a ``!``, a ``?`` or a figure cannot be read.

    A figure tells which record it is, a ``?`` does not, and a ``!`` tells nothing.
    """

    def __init__(self, letters: str, size: int = 3, **flags: Any) -> None:
        self.letters = letters
        self.size = size
        self.flags = {"listed": len(letters), **flags}
        self.asked: list[str | None] = []

    async def fetch(self, place: Cursor | None) -> Page[str]:
        self.asked.append(place)
        begin = int(place or 0)
        part = self.letters[begin : begin + self.size]
        more = begin + self.size < len(self.letters)
        return Page(
            items=tuple(one for one in part if one.isalpha()),
            problems=tuple(
                Problem(
                    index=at,
                    error=ProtocolError("odd."),
                    raw=RAWS[one] if one in RAWS else {"id": int(one), "subject": [1]},
                )
                for at, one in enumerate(part)
                if not one.isalpha()
            ),
            next=Cursor(str(begin + self.size)) if more else None,
            **self.flags,
        )

    def pager(self, **given: Any) -> Pager[str]:
        return Pager(self.fetch, str, **given)


async def drained(pager: Pager[str]) -> list[str]:
    return [item async for item in pager]


async def to_error(pager: Pager[str]) -> tuple[str, HelpdeskError | None]:
    found = ""
    try:
        async for item in pager:
            found += item
    except HelpdeskError as error:
        return found, error
    return found, None


# -- records that cannot be read -------------------------------------------------------------


@pytest.mark.parametrize("anchored", [False, True])
@pytest.mark.parametrize("letters", ["1abcd", "a1bc2d", "ab1cd2", "!ab!!c!", "1", "!", "12!3a"])
async def test_a_job_that_goes_on_behind_each_bad_record_comes_to_the_end(
    letters: str, anchored: bool
) -> None:
    vendor = Offsets(letters, anchored=anchored)
    found, failed, cursor = "", 0, None
    for _ in range(20):
        read, error = await to_error(vendor.pager(cursor=cursor))
        found += read
        if error is None:
            break
        failed += 1
        assert error.cursor is not None
        cursor = error.cursor
    bad = [one for one in letters if not one.isalpha()]
    assert (found, failed) == ("".join(one for one in letters if one.isalpha()), len(bad))


@pytest.mark.parametrize("limit", [1, 2, 5])
async def test_bad_records_that_were_collected_do_not_come_again(limit: int) -> None:
    vendor = Offsets("a1b!c2!d")
    found, problems, cursor = "", 0, None
    while True:
        pager = vendor.pager(cursor=cursor, limit=limit).collect_problems()
        found += "".join(await drained(pager))
        problems += len(pager.problems)
        cursor = pager.cursor
        if cursor is None:
            break
    assert (found, problems) == ("abcd", 4)


async def test_a_bad_record_behind_the_last_item_of_a_limit_is_not_lost() -> None:
    vendor = Offsets("ab1")
    pager = vendor.pager(limit=2)
    assert (await drained(pager), pager.exhausted) == (["a", "b"], False)
    assert (await to_error(vendor.pager(cursor=pager.cursor)))[1] is not None


@pytest.mark.parametrize("limit", [4, 5])
async def test_bad_records_that_moved_to_another_page_are_not_told_again(limit: int) -> None:
    vendor = Offsets("1abcdef")
    pager = vendor.pager(limit=limit).collect_problems()
    assert await drained(pager) == list("abcde")[:limit]
    vendor.letters, vendor.flags["listed"] = "xyzw1abcdef", 11
    rest = vendor.pager(cursor=pager.cursor).collect_problems()
    assert sorted(await drained(rest)) == sorted("abcdef"[limit:] + "wxyz")
    assert rest.problems == []


@pytest.mark.parametrize("letters", ["?ab?cd", "!ab!cd"])
async def test_equal_records_that_do_not_say_which_they_are_are_told_each(letters: str) -> None:
    vendor = Offsets(letters)
    pager = vendor.pager(limit=2).collect_problems()
    await drained(pager)
    rest = vendor.pager(cursor=pager.cursor).collect_problems()
    assert await drained(rest) == ["c", "d"]
    assert (len(pager.problems), len(rest.problems)) == (1, 1)


async def test_a_bad_record_behind_a_place_is_told_though_one_before_it_looks_the_same() -> None:
    letters = "!ab!c"
    place = {"behind": lambda one: Cursor(str(letters.index(one) + 1))}
    vendor = Offsets(letters, size=5, anchored=True, **place)
    pager = vendor.pager(limit=2).collect_problems()
    await drained(pager)
    rest = vendor.pager(cursor=pager.cursor).collect_problems()
    assert (await drained(rest), len(pager.problems), len(rest.problems)) == (["c"], 1, 1)


@pytest.mark.parametrize("stops", [(1,), (2, 9), (3, 1)])
@pytest.mark.parametrize("letters", ["a!b!c!d", "!!ab!!c", "a?b?cd?", "!ab!cd!", "ab!?c!?!d"])
async def test_bad_records_that_look_alike_are_told_each_by_lists_with_places(
    letters: str, stops: tuple[int, ...]
) -> None:
    place = {"behind": lambda one: Cursor(str(letters.index(one) + 1))}
    vendor = Offsets(letters, size=9, anchored=True, **place)
    found, told, cursor = "", 0, None
    for turn in range(20):
        pager, left = vendor.pager(cursor=cursor), stops[turn % len(stops)]
        try:
            async for one in pager:
                found, left = found + one, left - 1
                if not left:
                    break
        except ProtocolError:
            told += 1
        cursor = pager.cursor
        if cursor is None:
            break
    assert found == "".join(one for one in letters if one.isalpha())
    assert told == sum(not one.isalpha() for one in letters)


async def test_a_bad_record_that_comes_again_with_its_page_counts_once() -> None:
    vendor = Offsets("abc1de", listed=7)
    pager = vendor.pager(limit=4).collect_problems()
    await drained(pager)
    read, error = await to_error(vendor.pager(cursor=pager.cursor))
    assert (read, type(error)) == ("e", IncompleteList)


async def test_bad_records_of_one_page_from_pages_say_each_where_to_go_on() -> None:
    vendor = Offsets("a1b", behind=lambda letter: Cursor(str("a1b".index(letter) + 1)))
    page = await vendor.pager()
    (problem,) = page.problems
    assert await to_error(vendor.pager(cursor=problem.error.cursor)) == ("b", None)


async def test_records_of_which_nothing_came_are_told_once_though_another_walk_fails() -> None:
    vendor = Offsets("abc!de", listed=None)
    failing = [4]

    async def fetch(place: Cursor | None) -> Page[str]:
        page = await vendor.fetch(place)
        if len(vendor.asked) in failing:
            raise VendorUnavailable("down.")
        return page

    errors, found = list[type[HelpdeskError]](), ""
    cursor: str | None = None
    for _ in range(9):
        read, error = await to_error(Pager(fetch, str, cursor=cursor))
        found += read
        if error is None:
            break
        errors.append(type(error))
        cursor = error.cursor
    assert (found, errors) == ("abcde", [ProtocolError, VendorUnavailable])


# -- the end ---------------------------------------------------------------------------------


async def test_an_exhausted_pager_gives_nothing_more_in_any_way() -> None:
    pager = Offsets("abcd").pager()
    assert await drained(pager) == list("abcd")
    assert (pager.exhausted, pager.cursor) == (True, None)
    assert await pager == Page(items=())
    assert await drained(pager) == []
    assert [page async for page in pager.pages()] == []


async def test_behind_the_last_item_the_list_is_exhausted_before_the_loop_knows() -> None:
    vendor = Offsets("abcd")
    pager = vendor.pager()
    for _ in range(4):
        await anext(pager)
    assert (pager.exhausted, pager.cursor) == (True, None)
    assert await pager == Page(items=())
    assert [page async for page in pager.pages()] == []


async def test_an_awaited_page_counts_as_handed_out_until_its_items_are() -> None:
    vendor = Offsets("abcdef")
    pager = vendor.pager()
    assert ((await pager).items, pager.exhausted) == ((await pager).items, False)
    assert await drained(vendor.pager(cursor=pager.cursor)) == list("def")
    await anext(pager)
    assert await drained(vendor.pager(cursor=pager.cursor)) == list("bcdef")


@pytest.mark.parametrize("letters", ["abcdef", "abc", "a1c2ef"])
@pytest.mark.parametrize("way", ["iterate", "pages", "await"])
async def test_awaiting_a_page_that_was_iterated_over_gives_the_rest_of_it(
    letters: str, way: str
) -> None:
    vendor = Offsets(letters)
    pager = vendor.pager().collect_problems()
    if way != "iterate":
        await pager  # does not count by itself
    first = await anext(pager)
    rest = await pager
    assert [first, *rest.items] == [one for one in letters[:3] if one.isalpha()]
    assert (pager.items_read, rest.next) == (1 + len(rest), pager.cursor)
    more = [one for one in letters[3:] if one.isalpha()]
    if pager.cursor is not None:
        assert await drained(vendor.pager(cursor=pager.cursor).collect_problems()) == more
    if way == "await":
        assert list((await pager).items) == more
    elif way == "pages":
        assert [one async for page in pager.pages() for one in page.items] == more
    else:
        assert await drained(pager) == more
        assert len(pager.problems) == sum(one.isdigit() for one in letters)


async def test_the_rest_of_a_page_counts_towards_the_limit() -> None:
    pager = Offsets("abcdef", size=6).pager(limit=4)
    assert [await anext(pager), await anext(pager)] == ["a", "b"]
    assert ((await pager).items, (await pager).items, pager.items_read) == (("c", "d"), (), 4)


async def test_between_pages_the_cursor_is_behind_the_page() -> None:
    vendor = Offsets("abcdefgh")
    pager, rests = vendor.pager(), []
    async for _ in pager.pages():
        if pager.cursor is not None:
            rests.append("".join(await drained(vendor.pager(cursor=pager.cursor))))
    assert (rests, pager.exhausted) == (["defgh", "gh"], True)


@pytest.mark.parametrize(
    ("limit", "exhausted"), [(1, False), (3, False), (4, False), (6, True), (9, True)]
)
@pytest.mark.parametrize("by", ["await", "pages", "items"])
async def test_a_limit_exhausts_a_list_only_where_the_vendor_says_that_it_ended(
    limit: int, exhausted: bool, by: str
) -> None:
    vendor = Offsets("abcdef", size=3)
    pager = vendor.pager(limit=limit)
    if by == "await" and limit <= 3:
        assert (await pager).next == pager.cursor is not None
    elif by == "items":
        await drained(pager)
    else:
        pages = [page async for page in pager.pages()]
        assert pages[-1].next == pager.cursor
    assert pager.exhausted is exhausted
    if by != "await":
        assert len(vendor.asked) == min(2, -(-limit // 3))


@pytest.mark.parametrize("limit", [None, 2, 3, 4])
@pytest.mark.parametrize("flags", [{}, {"anchored": True}, {"listed": None}, {"moves": True}])
async def test_the_next_of_each_page_is_the_cursor_by_then(
    limit: int | None, flags: dict[str, Any]
) -> None:
    vendor = Offsets("abcdefgh", **flags)
    pager, pages, cursors = vendor.pager(limit=limit), list[Page[str]](), []
    async for page in pager.pages():
        pages.append(page)
        cursors.append(pager.cursor)
    assert [page.next for page in pages] == cursors
    for came, page in enumerate(pages, 1):
        rest = [] if page.next is None else await drained(vendor.pager(cursor=page.next))
        before = [letter for one in pages[:came] for letter in one]
        assert sorted([*before, *rest]) == list("abcdefgh")


async def test_the_next_of_a_page_that_nobody_reads_costs_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[Place] = []
    written = Place.written

    def counted(place: Place, *given: Any) -> str:
        made.append(place)
        return written(place, *given)

    monkeypatch.setattr(Place, "written", counted)
    pages = [page async for page in Offsets("abcdefgh").pager().pages()]
    assert made == []
    assert len({page.next for page in pages}) == 3
    assert (len(made), pickle.loads(pickle.dumps(pages[0]))) == (2, pages[0])


async def test_awaiting_a_list_that_goes_on_gives_the_next_page_that_brings_something() -> None:
    vendor = Offsets("abcdefghi")
    pager = vendor.pager(limit=6)
    await drained(pager)
    vendor.letters, vendor.flags["listed"] = "bcdefghi", 8
    lengths, found, cursor = list[int](), "", pager.cursor
    for _ in range(9):
        rest = vendor.pager(cursor=cursor, limit=2)
        page = await rest
        lengths.append(len(page))
        found += "".join(page)
        assert page.next == rest.cursor
        cursor = rest.cursor
        if cursor is None:
            break
    assert (sorted(found), lengths[-1], cursor) == (list("ghi"), 0, None)
    assert 0 not in lengths[:-1]


async def test_one_that_leaves_while_another_comes_loses_none_between_two_lists() -> None:
    vendor = Offsets("abcdef")
    pager = vendor.pager(limit=3)
    await drained(pager)
    vendor.letters = "bcdefx"
    rest = vendor.pager(cursor=pager.cursor)
    assert (await drained(rest), rest.exhausted) == (["e", "f", "x", "d"], True)


async def test_a_walk_from_the_beginning_reads_pages_of_the_vendors_size() -> None:
    small, large = Offsets("abcdefgh", size=2), Offsets("abcdefgh", size=8)
    pager = small.pager(limit=2)
    await drained(pager)
    rest = Pager(small.fetch, str, cursor=pager.cursor, limit=6, fetch_all=large.fetch)
    assert await drained(rest) == list("cdefgh")
    small.asked.clear()
    last = Pager(small.fetch, str, cursor=rest.cursor, limit=2, fetch_all=large.fetch)
    assert (await drained(last), last.exhausted) == ([], True)
    assert (small.asked, large.asked) == ([], [None])
    whole = Pager(small.fetch, str, cursor=pager.cursor, fetch_all=large.fetch)
    await drained(whole)
    assert (small.asked, large.asked) == (["2", "4", "6"], [None, None])


class Newest(Offsets):
    """The same, the newest first: behind each page there is a place that holds still."""

    async def fetch(self, place: Cursor | None) -> Page[str]:
        begin = 0 if place is None else self.letters.index(place) + 1
        page = await super().fetch(Cursor(str(begin)))
        last = self.letters[begin : begin + self.size][-1:]
        return evolve(page, next=Cursor(last) if page.next else None, anchored=True)


@pytest.mark.parametrize("new", ["Z", "ZY", "ZYX", "ZYXW", "ZYXWV"])
@pytest.mark.parametrize("limits", [(2, 1, 2), (2, 9), (3, 2, 9), (1, 3, 1, 9)])
async def test_what_arrives_first_has_nothing_come_twice(new: str, limits: tuple[int, ...]) -> None:
    vendor = Newest("h1fed2ba")
    found, told, cursor = "", list[object](), None
    for turn in range(20):
        pager = vendor.pager(cursor=cursor, limit=limits[turn % len(limits)]).collect_problems()
        found += "".join(await drained(pager))
        told += [problem.raw for problem in pager.problems]
        cursor = pager.cursor
        if cursor is None:
            break
        if turn == 0:
            vendor.letters, vendor.flags["listed"] = new + vendor.letters, 8 + len(new)
    assert sorted(found.lower()) == sorted(set(found.lower()))
    assert set("hfedba") <= set(found)
    assert len(told) == 2


@pytest.mark.parametrize("doubted", [False, True])
@pytest.mark.parametrize("answer", ["the same again", "404"])
async def test_a_list_with_places_remembers_that_the_next_page_was_only_looked_for(
    answer: str, doubted: bool
) -> None:
    async def fetch(place: Cursor | None) -> Page[str]:
        if place is not None and answer == "404":
            raise NotFound("there is no such page.", status=404)
        flags = {"unsure": True, "doubted": doubted, "anchored": True}
        return Page(items=tuple("abcde"), next=Cursor("x"), **flags)  # type: ignore[arg-type]

    one, error = await to_error(Pager(fetch, str))
    pager = Pager(fetch, str, limit=5)
    await drained(pager)
    rest, failure = await to_error(Pager(fetch, str, cursor=pager.cursor, limit=5))
    assert (one, rest, type(error)) == ("abcde", "", type(failure))
    assert (error is None) is (doubted or answer != "404")


@pytest.mark.parametrize("limit", [2, 3, 7])
async def test_bad_records_of_lists_before_are_not_told_on_the_walk_at_the_end(limit: int) -> None:
    vendor = Offsets("!a1b?c!2d?")
    found, told, cursor = "", list[object](), None
    for _ in range(20):
        pager = vendor.pager(cursor=cursor, limit=limit).collect_problems()
        found += "".join(await drained(pager))
        told += [problem.raw for problem in pager.problems]
        cursor = pager.cursor
        if cursor is None:
            break
    assert (found, len(told), cursor) == ("abcd", 6, None)


@pytest.mark.parametrize("limit", [2, 3])
async def test_the_next_page_of_one_that_a_limit_cut_is_where_the_rest_begins(limit: int) -> None:
    vendor = Offsets("abcdef")
    page = await vendor.pager(limit=limit)
    assert await drained(vendor.pager(cursor=page.next)) == list("abcdef")[limit:]


async def test_a_list_to_be_walked_again_is_not_exhausted_by_a_limit() -> None:
    vendor = Offsets("abcdef")
    pager = vendor.pager(limit=3)
    await drained(pager)
    vendor.letters, vendor.flags["listed"] = "bcdef", 5  # "d" is on the first page by now
    rest = vendor.pager(cursor=pager.cursor, limit=2)
    assert (await drained(rest), rest.exhausted) == (["e", "f"], False)
    last = vendor.pager(cursor=rest.cursor, limit=1)
    assert (await drained(last), last.exhausted) == (["d"], False)
    end = vendor.pager(cursor=last.cursor)
    assert (await drained(end), end.exhausted) == ([], True)


@pytest.mark.parametrize("anchored", [False, True])
async def test_records_that_are_missing_are_told_by_each_list_that_goes_on(anchored: bool) -> None:
    vendor = Offsets("abcdef", listed=8, anchored=anchored)
    cursor: str | None = None
    found = ""
    for _ in range(3):
        read, error = await to_error(vendor.pager(cursor=cursor))
        found += read
        assert isinstance(error, IncompleteList)
        cursor = error.cursor
        assert cursor is not None
    vendor.letters += "gh"
    assert await to_error(vendor.pager(cursor=cursor)) == ("gh", None)
    assert found == "abcdef"


async def test_a_limit_that_ends_a_list_of_places_short_of_its_count_hides_nothing() -> None:
    vendor = Offsets("abcdef", listed=8, anchored=True)
    pager = vendor.pager(limit=6)
    assert (await drained(pager), pager.exhausted) == (list("abcdef"), False)
    assert isinstance((await to_error(vendor.pager(cursor=pager.cursor)))[1], IncompleteList)


async def test_a_page_that_says_that_records_are_missing_exhausts_nothing() -> None:
    missing = Problem(index=1, error=IncompleteList("one is missing.", listed=2, came=1))

    async def fetch(place: Cursor | None) -> Page[str]:
        return Page(items=("a",), problems=(missing,))

    pager = Pager(fetch, str).collect_problems()
    assert (await drained(pager), pager.exhausted) == (["a"], False)
    assert pager.cursor is not None


async def test_a_list_that_goes_on_and_is_short_of_the_count_is_an_error() -> None:
    """The records that came before count."""
    vendor = Offsets("abcdef")
    pager = vendor.pager(limit=3)
    await drained(pager)
    vendor.flags["listed"] = 7
    error = (await to_error(vendor.pager(cursor=pager.cursor)))[1]
    assert isinstance(error, IncompleteList)
    assert (error.listed, error.came) == (7, 6)


async def test_what_was_said_to_be_left_out_before_is_not_forgotten() -> None:
    first = Page(items=("a",), next=Cursor("2"), lacking="$.partial", listed=2)
    pages: dict[str | None, Page[str]] = {None: first, "2": Page(items=("b",), listed=2)}

    async def fetch(place: Cursor | None) -> Page[str]:
        return pages[place]

    pager = Pager(fetch, str, limit=1)
    await pager
    assert isinstance((await to_error(Pager(fetch, str, cursor=pager.cursor)))[1], IncompleteList)


async def test_a_page_that_was_only_looked_for_may_be_missing_for_another_pager_too() -> None:
    async def fetch(place: Cursor | None) -> Page[str]:
        if place is not None:
            raise NotFound("there is no such page.", status=404)
        asked.append(place)
        flags = {"next": Cursor("2"), "unsure": True, "doubted": True, "anchored": False}
        return Page(items=tuple("abc"), listed=3, **flags)  # type: ignore[arg-type]

    asked: list[str | None] = []
    pager = Pager(fetch, str, limit=3)
    await pager
    rest = Pager(fetch, str, cursor=pager.cursor)
    assert (await drained(rest), rest.exhausted) == ([], True)


async def test_a_page_that_comes_again_is_judged_by_the_pages_of_the_pagers_before() -> None:
    first, last = "ABCDEFGHIJKLM", "NOPQRSTUVWX"

    async def fetch(place: Cursor | None) -> Page[str]:
        if place is None:
            return Page(items=tuple(first), next=Cursor("2"))
        return Page(items=tuple(last), next=Cursor(str(int(place) + 1)), unsure=True)

    pager = Pager(fetch, str, limit=len(first))
    await drained(pager)
    rest = Pager(fetch, str, cursor=pager.cursor)
    assert (await drained(rest), rest.exhausted) == (list(last), True)


async def test_a_shorter_page_is_not_doubted_where_another_pager_read_a_larger_one() -> None:
    asked = list[str | None]()

    async def fetch(place: Cursor | None) -> Page[str]:
        asked.append(place)
        if place is None:
            return Page(items=tuple("abc"), next=Cursor("2"), listed=4)
        return Page(items=("d",), next=Cursor("3"), unsure=True, doubted=True, listed=4)

    pager = Pager(fetch, str, limit=3)
    await drained(pager)
    assert await drained(Pager(fetch, str, cursor=pager.cursor)) == ["d"]
    assert asked == [None, "2"] * 2  # the second time for what may have moved meanwhile


async def test_a_page_only_looked_for_that_comes_again_ends_the_list_of_another_pager() -> None:
    asked = list[str | None]()

    async def fetch(place: Cursor | None) -> Page[str]:
        asked.append(place)
        following = Cursor(str(int(place or 1) + 1))
        return Page(items=tuple("ABCDEFGHI"), next=following, unsure=True, listed=9)

    pager = Pager(fetch, str, limit=9)
    await drained(pager)
    assert await drained(Pager(fetch, str, cursor=pager.cursor)) == []
    assert asked == [None, "2"] * 2


async def test_pages_behind_a_record_are_read_once_though_no_message_may_be_lost() -> None:
    vendor = Offsets("abcdef", listed=None, shifts=True, anchored=True)
    assert await drained(vendor.pager()) == list("abcdef")
    assert vendor.asked == [None, "3"]


async def test_a_place_that_is_gone_has_the_list_read_from_its_beginning() -> None:
    vendor = Offsets("abcdefgh")

    async def fetch(place: Cursor | None) -> Page[str]:
        if place is not None and int(place) >= len(vendor.letters):
            raise NotFound("there is no such page.", status=404)
        return await vendor.fetch(place)

    pager = Pager(fetch, str, limit=6)
    await drained(pager)
    vendor.letters, vendor.flags["listed"] = "efgh", 4
    rest = Pager(fetch, str, cursor=pager.cursor)
    assert (await drained(rest), rest.exhausted) == (["g", "h"], True)


async def test_a_place_that_is_gone_is_no_end_though_the_count_was_too_low() -> None:
    vendor = Offsets("abcdefgh", listed=2)

    async def fetch(place: Cursor | None) -> Page[str]:
        if place is not None and int(place) >= len(vendor.letters):
            raise NotFound("there is no such page.", status=404)
        return await vendor.fetch(place)

    pager = Pager(fetch, str, limit=6)
    await drained(pager)
    vendor.letters = "efgh"
    assert await drained(Pager(fetch, str, cursor=pager.cursor)) == ["g", "h"]


async def test_a_list_that_goes_on_and_brings_nothing_new_is_walked_again_before_it_is_short() -> (
    None
):
    vendor = Offsets("abcdef")
    pager = vendor.pager(limit=5)
    await drained(pager)
    vendor.letters = "fabcde"  # it took another place, and no count tells of it
    rest = vendor.pager(cursor=pager.cursor)
    assert (await drained(rest), rest.exhausted) == (["f"], True)


@pytest.mark.parametrize("where", ["in the middle", "at the beginning"])
async def test_a_list_that_is_gone_is_an_error_wherever_it_was(where: str) -> None:
    vendor = Offsets("abcdefgh")
    pager = vendor.pager(limit=6 if where == "in the middle" else 2)
    await drained(pager)

    async def gone(place: Cursor | None) -> Page[str]:
        raise NotFound("there is no such list.", status=404)

    error = (await to_error(Pager(gone, str, cursor=pager.cursor)))[1]
    assert isinstance(error, NotFound)
    rest = "gh" if where == "in the middle" else "cdefgh"
    assert await drained(vendor.pager(cursor=error.cursor)) == list(rest)


async def test_pages_without_a_match_that_were_read_are_not_read_again_after_an_error() -> None:
    vendor = Offsets("abcdefgh")

    async def fetch(place: Cursor | None) -> Page[str]:
        page = await vendor.fetch(place)
        if len(vendor.asked) == 3:
            raise VendorUnavailable("down.")
        return page.where(lambda letter: letter == "h", str)

    pager = Pager(fetch, str)
    error = (await to_error(pager))[1]
    assert error is not None
    vendor.asked[:] = [None] * 4
    assert await drained(Pager(fetch, str, cursor=error.cursor)) == ["h"]
    assert vendor.asked[4:] == ["6", None, "3", "6"]  # and then from the beginning


# -- what a cursor holds ---------------------------------------------------------------------


def ids_in(cursor: str | None) -> Known:
    assert cursor is not None
    return Place.read(cursor, Listing()).known


async def held(count: int, **flags: Any) -> Known:
    """Return the ids in the cursor behind so many of nine letters, three a page."""
    pager = Offsets("abcdefghi", **flags).pager(limit=count)
    await drained(pager)
    return ids_in(pager.cursor)


async def test_a_cursor_holds_the_ids_of_what_may_come_again_and_no_others() -> None:
    letters = "abcdefghi"
    place = {"behind": lambda letter: Cursor(str(letters.index(letter) + 1))}
    found = {}
    for name, flags in {
        "numbered": {},
        "anchored": {"anchored": True},
        "places": {"anchored": True, **place},
        "restless": {"anchored": True, **place, "moves": True},
    }.items():
        kept = [await held(count, **flags) for count in (2, 3, 5)]
        found[name] = ["".join(sorted(one.among(letters))) for one in kept]
    assert found == {
        "numbered": ["ab", "abc", "abcde"],
        "anchored": ["ab", "", "de"],
        "places": ["", "", ""],
        "restless": ["ab", "abc", "abcde"],
    }


async def test_a_list_of_places_goes_on_behind_the_record_and_not_at_its_page() -> None:
    letters = "abcdefghi"
    flags = {"anchored": True, "behind": lambda one: Cursor(str(letters.index(one) + 1))}
    vendor = Offsets(letters, **flags)
    pager = vendor.pager(limit=5)
    await drained(pager)
    vendor.asked.clear()
    assert await drained(vendor.pager(cursor=pager.cursor)) == list("fghi")
    assert vendor.asked == ["5", "8"]


async def test_a_list_of_records_with_places_that_shrinks_is_not_walked_again() -> None:
    letters = "abcdefghi"
    vendor = Offsets(letters, anchored=True)
    pager, found = vendor.pager(), []
    async for letter in pager:
        found.append(letter)
        vendor.flags["listed"] -= 1
    assert (found, vendor.asked) == (list(letters), [None, "3", "6"])


async def test_a_list_by_the_time_of_change_is_walked_until_nothing_new_comes() -> None:
    vendor = Offsets("abcdef", moves=True)
    pager, found = vendor.pager(), []
    async for letter in pager:
        found.append(letter)
        if letter == "b":
            vendor.letters = "fabcde"  # it changed, and is the first by now
    assert (found, pager.exhausted) == (list("abcdef"), True)
    assert vendor.asked[:3] == [None, "3", None]


async def test_one_page_by_the_time_of_change_is_read_once() -> None:
    vendor = Offsets("abc", moves=True)
    pager = vendor.pager(limit=2)
    await drained(pager)
    rest = vendor.pager(cursor=pager.cursor)
    assert (await drained(rest), rest.exhausted, vendor.asked) == (["c"], True, [None, None])


async def test_what_was_left_out_counts_as_seen_where_the_list_goes_on() -> None:
    """A filter that is judged here leaves ids behind, which may come again."""
    vendor = Offsets("abcdefghi")

    async def fetch(place: Cursor | None) -> Page[str]:
        return (await vendor.fetch(place)).where(lambda letter: letter in "aei", str)

    pager = Pager(fetch, str, limit=2)
    assert await drained(pager) == ["a", "e"]
    # "x" came first, so that all moved on by one; "i" changed, and is the second
    vendor.letters, vendor.flags["listed"] = "xiabcdefgh", 9
    rest = Pager(fetch, str, cursor=pager.cursor)
    assert (await drained(rest), rest.exhausted) == (["i"], True)


@pytest.mark.parametrize("text", ["3", "hb", "b1.q8bqJFRTa2sB..BrvGz4IAAA.PespJOKR", " hb1.a"])
async def test_a_text_that_no_pager_made_is_no_cursor(text: str) -> None:
    with pytest.raises(InvalidArgument, match="none of"):
        Offsets("abc").pager(cursor=text)


async def test_a_cursor_says_nothing_of_a_page_that_it_was_not_asked_for() -> None:
    """It is made when it is read; iterating makes none."""
    made: list[str] = []

    def counted(listing: Listing) -> Listing:
        class Counted(Listing):
            def told(self) -> dict[str, Any]:
                made.append("one")
                return Listing.told(self)

        return Counted(*(getattr(listing, name) for name in ("vendor", "call", "filters")))

    pager = Offsets("abcdef").pager(listing=counted(Listing("v", "tickets")))
    await drained(pager)
    assert made == []


async def test_parts_of_a_cursor_are_made_once_a_page() -> None:
    pager = Offsets("abcdef").pager()
    parts = set()
    for _ in range(3):
        await anext(pager)
        parts.add((pager.cursor or "").split(".")[2])
    assert len(parts) == 2  # none before the page, and all of it behind it
    assert base64.urlsafe_b64decode(sorted(parts)[1] + "===")
