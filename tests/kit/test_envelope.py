"""A page's envelope is understood however it is spelled, and ends a list only by what it shows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from helpdesk_bridge.errors import PaginationLoop
from helpdesk_bridge.kit import Following, Told, counted, figure, following, numbered_page
from helpdesk_bridge.kit.hints import flag

MORE: dict[str, Any] = {
    "has_more": {"has_more": True},
    "hasMore as a figure": {"hasMore": 1},
    "hasMore as text": {"meta": {"hasMore": "true"}},
    "HasMore": {"HasMore": True},
    "more": {"more": "1"},
    "not the last": {"meta": {"is_last_page": False}},
    "after_cursor": {"meta": {"after_cursor": "c2"}},
    "nextCursor": {"nextCursor": "c2"},
    "next as a cursor": {"pagination": {"next": "c2"}},
    "next_page as a number": {"next_page": 2},
    "next as an address": {"next": "https://elsewhere.example/x?page=2"},
    "links.next": {"links": {"next": "/x?page=2"}},
    "_links.next.href": {"_links": {"next": {"href": "/x?page=2"}}},
    "totalPages": {"totalPages": "3"},
    "last_page": {"meta": {"last_page": 3}},
    "pages": {"paging": {"pages": 3}},
    "total": {"total": 250},
    "total as text": {"meta": {"total": "250"}},
    "totalCount": {"meta": {"pagination": {"totalCount": 250}}},
    "total with a fraction": {"total": 250.0},
    "count of all": {"count": 250},
    "more beside an end": {"hasMore": False, "meta": {"has_more": True}},
    "total beside an end": {"hasMore": False, "total": 250},
    "last_page beside an end": {"links": {"next": None}, "last_page": 2},
    "a full page with a cursor": {"hasMore": False, "afterCursor": "c2"},
}
END: dict[str, Any] = {
    "hasMore": {"hasMore": False},
    "hasMore as text": {"meta": {"has_more": "false"}},
    "hasMore as a figure": {"hasMore": 0},
    "the last": {"isLast": True},
    "no next link": {"links": {"next": None}},
    "no next link as text": {"links": {"next": ""}},
    "no cursor": {"meta": {"afterCursor": None}},
    "last_page and total": {"meta": {"last_page": 1, "total": 100}},
    "total and hasMore": {"total": 100, "hasMore": False},
    "a total that is too low, and hasMore": {"total": 3, "hasMore": False},
}
NOTHING: dict[str, Any] = {
    "nothing": {},
    "a bare list": [],
    "an empty meta": {"meta": {}},
    "PHP's empty meta": {"meta": []},
    "null": {"meta": None, "links": None, "hasMore": None, "total": None},
    "the size alone": {"meta": {"pageSize": 100}},
    "the count of the page": {"count": 100},
    "total 0": {"total": 0},
    "total -1": {"total": -1},
    "total 1e308": {"total": 1e308},
    "a huge total": {"total": 10**40},
    "a total in words": {"total": "many"},
    "a total that is true": {"total": True},
    "a total below what came": {"total": 60},
    "last_page -3": {"meta": {"last_page": -3}},
    "last_page 0": {"meta": {"last_page": 0}},
    "hasMore in words": {"hasMore": "perhaps"},
    "a total that may be the page's": {"total": 100},
}


def judge(data: Any, count: int = 100, number: int = 1) -> Following:
    told = Told.of(data, count)
    return following(told, count=count, asked=100, before=(number - 1) * 100, number=number)


@pytest.mark.parametrize("told", MORE)
def test_a_sign_for_more_is_understood_and_outweighs_the_end(told: str) -> None:
    assert judge(MORE[told]) == Following(is_there=True)


@pytest.mark.parametrize("told", END)
def test_a_sign_for_the_end_is_understood(told: str) -> None:
    assert judge(END[told]) == Following(is_there=False)


@pytest.mark.parametrize("told", NOTHING)
def test_what_tells_nothing_does_not_end_a_list(told: str) -> None:
    assert judge(NOTHING[told]) == Following(is_there=True)


@pytest.mark.parametrize("told", NOTHING)
def test_an_empty_page_ends_a_list_of_which_nothing_is_told(told: str) -> None:
    assert judge(NOTHING[told], count=0, number=2).is_there is False


def test_a_last_page_that_is_full_is_followed_by_a_look_if_nothing_else_says_so() -> None:
    assert judge({"last_page": 1}) == Following(True, unsure=True, doubted=True)
    assert judge({"last_page": 1, "total": 0}) == Following(True, unsure=True, doubted=True)
    assert judge({"last_page": 1}, count=99) == Following(is_there=False)
    assert judge({"last_page": 1}, count=0, number=2) == Following(is_there=False)


@pytest.mark.parametrize("told", ["nothing", "an empty meta", "total -1", "last_page -3"])
def test_a_short_page_that_tells_nothing_is_followed_by_a_look(told: str) -> None:
    assert judge(NOTHING[told], count=25) == Following(is_there=True, unsure=True)


@pytest.mark.parametrize(
    ("told", "doubted"),
    [
        ({"per_page": 30, "last_page": 1}, True),
        ({"per_page": 30, "total": 30}, True),
        ({"per_page": 30, "total": 30, "last_page": 1}, True),
        ({"per_page": 30, "links": {"next": None}}, True),
        ({"limit": "30", "hasMore": False}, True),
        ({"hasMore": False, "afterCursor": "c2"}, True),
        ({"per_page": 30}, False),
    ],
)
def test_signs_that_may_fit_the_page_alone_are_followed_by_a_look(told: Any, doubted: bool) -> None:
    assert judge(told, count=30) == Following(is_there=True, unsure=True, doubted=doubted)


INCOMPLETE: dict[str, Any] = {
    "incomplete_results": {"incomplete_results": True},
    "timedOut": {"meta": {"timedOut": "true"}},
    "timed_out": {"timed_out": True},
    "isIncomplete": {"isIncomplete": True},
    "failed shards": {"_shards": {"total": 5, "successful": 3, "failed": 2}},
}
WHOLE: dict[str, Any] = {
    "nothing": {},
    "a denial": {"partial": False, "timed_out": False, "incomplete_results": "false"},
    "a count": {"incomplete": 1, "partial": 2},
    "a way of matching": {"partial_match": True, "allowPartial": True, "partialSync": True},
    "shards": {"_shards": {"total": 5, "successful": 5, "failed": 0}},
    "other figures": {"jobs": {"failed": 2}},
}


@pytest.mark.parametrize("told", INCOMPLETE)
def test_a_page_that_says_that_records_are_missing_is_understood(told: str) -> None:
    read: Told = Told.of(INCOMPLETE[told], 5)
    assert read.lacking(goes_on=True) == read.lacking(goes_on=False) is not None


@pytest.mark.parametrize("told", WHOLE)
def test_what_does_not_speak_of_missing_records_is_no_such_sign(told: str) -> None:
    assert Told.of(WHOLE[told], 5).lacking(goes_on=False) is None


def test_a_part_before_the_last_page_is_only_a_page() -> None:
    for name in ("partial", "isPartial", "partial_results"):
        told: Told = Told.of({name: True}, 5)
        assert (told.lacking(goes_on=True), told.lacking(goes_on=False)) == (None, f"$.{name}")


@pytest.mark.parametrize("total", [500, 1000, 10_000])
def test_a_round_total_that_a_full_page_reaches_may_be_where_the_vendor_stops_to_count(
    total: int,
) -> None:
    told = {"total": total, "last_page": total // 100}
    expected = Following(is_there=True, unsure=True, doubted=True)
    assert judge(told, number=total // 100) == expected
    assert judge({"total": total, "next": None}, number=total // 100) == expected
    assert judge({**told, "next": None}, number=total // 100) == Following(is_there=False)
    assert judge({**told, "has_more": False}, number=total // 100) == Following(is_there=False)
    other = {"total": total + 100, "last_page": total // 100 + 1, "next": None}
    assert judge(other, number=total // 100 + 1) == Following(is_there=False)


OWN_FIGURES: dict[str, Any] = {
    "how many remain": {"total": 25, "remaining": 35},
    "a place": {"total": 25, "nextOffset": 25},
    "another total": {"total": 25, "grandTotal": 60},
    "a part": {"total": 25, "isPartial": True},
    "more": {"total": 25, "moreAfter": True},
    "a cursor of some page": {"total": 25, "cursor": "c2"},
    "no next page, and another total": {"next": None, "totalAvailable": 60},
    "no next page, and how many remain": {"next": None, "remaining": 35},
    "the total alone": {"total": 25},
}


@pytest.mark.parametrize("told", OWN_FIGURES)
def test_a_first_page_whose_figures_may_be_its_own_is_followed_by_a_look(told: str) -> None:
    expected = Following(is_there=True, unsure=True, doubted=True)
    assert judge(OWN_FIGURES[told], count=25) == expected
    if len(OWN_FIGURES[told]) > 1:
        small = {**OWN_FIGURES[told], **({"total": 9} if "total" in OWN_FIGURES[told] else {})}
        assert judge(small, count=9) == expected


@pytest.mark.parametrize(
    "told",
    [
        {"total": 25, "last_page": 1},
        {"total": 25, "hasMore": False},
        {"total": 25, "next": None},
        {"total": 25, "hasMore": False, "remaining": 900},
        {"total": 25, "last_page": 1, "remaining": 900},
        {"total": 25, "next": None, "remaining": 0, "cursor": None},
    ],
)
def test_a_first_page_below_what_was_asked_for_ends_by_two_signs(told: Any) -> None:
    assert judge(told, count=25) == Following(is_there=False)


def test_a_total_that_fits_a_small_page_or_a_later_one_is_the_end() -> None:
    assert judge({"total": 9}, count=9) == Following(is_there=False)
    assert judge({"total": 125, "remaining": 900}, count=25, number=2) == Following(is_there=False)


@pytest.mark.parametrize(("count", "number"), [(25, 1), (9, 1), (0, 1), (25, 2), (100, 1)])
def test_a_total_in_a_header_alone_ends_no_list_that_is_read_on_without_it(
    count: int, number: int
) -> None:
    told: Told = Told.of({}, count, {"X-Total-Count": str(count)})
    before = (number - 1) * 100
    going_on = following(told, count=count, asked=100, before=before, number=number)
    assert going_on.is_there == bool(count)
    whole: Told = Told.of({}, 25, {"X-Total-Count": "125"})
    assert not following(whole, count=25, asked=100, before=100, number=2).is_there
    ended: Told = Told.of({"next": None}, 25, {"X-Total-Count": "25"})
    assert not following(ended, count=25, asked=100, before=0, number=1).is_there


def test_a_last_page_is_a_sign_for_more_in_a_list_by_offset() -> None:
    told: Told = Told.of({"totalPages": 2, "hasMore": False}, 100)
    assert following(told, count=100, asked=100, before=0).is_there
    assert not following(told, count=100, asked=100, before=100).is_there


def test_a_total_that_is_the_count_of_a_later_page_counts_no_list() -> None:
    told: Told = Told.of({"total": 30}, 30)
    assert [counted(told, count=30, before=n) for n in (0, 30)] == [30, None]
    assert counted(told, count=29, before=1) == 30


def test_a_cursor_on_a_short_last_page_is_only_its_place() -> None:
    assert judge({"hasMore": False, "afterCursor": "c2"}, count=3) == Following(is_there=False)


@pytest.mark.parametrize("link", ["/x?page=2", {"href": "/x?page=2"}, 2, {"page": 2}])
def test_a_link_beside_a_word_that_denies_it_is_followed_by_a_look_on_any_page(link: Any) -> None:
    expected = Following(is_there=True, unsure=True, doubted=True)
    assert judge({"has_more": False, "next": link}, count=3) == expected


@pytest.mark.parametrize("link", [{}, {"href": None}, {"href": ""}, {"href": "", "meta": {}}])
@pytest.mark.parametrize("place", ["next", "links"])
def test_a_link_object_without_an_address_is_no_next_page(link: Any, place: str) -> None:
    told = {"next": link} if place == "next" else {"links": {"next": link}}
    assert judge(told) == Following(is_there=False)


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"Link": '<https://x.example/t?after=c2>; rel="next"'}, ("c2", None)),
        ({"Link": "</t?page=1>; rel=prev, </t?after=c2>; title=x; rel=next"}, ("c2", None)),
        ({"Link": '</t?page=1>; rel="prev"'}, (None, None)),
        ({"Link": '</t?after=c2>; rel="last NEXT"'}, ("c2", None)),
        ({"Link": '</t?after=c2>; rel="next-archive"'}, (None, None)),
        ({"Link": "a b; " * 10_000}, (None, None)),
        ({"Link": "<a>; " * 10_000}, (None, None)),
        ({"X-Total-Count": "130"}, (None, 130)),
        ({}, (None, None)),
    ],
)
def test_headers_tell_of_a_list_too(headers: dict[str, str], told: Any) -> None:
    read: Told = Told.of([], 5, headers)
    assert (read.link_cursor(), read.total) == told


@pytest.mark.parametrize("order", [("prev", "next"), ("next", "prev"), ("first", "next")])
def test_several_lines_of_a_header_are_one_list(order: tuple[str, ...]) -> None:
    headers = CIMultiDict[str]()
    for relation in order:
        headers.add("link", f'</t?after={relation}>; rel="{relation}"')
    told: Told = Told.of([], 5, headers)
    assert (told.link_cursor(), told.omits_next) == ("next", False)


def test_a_link_to_the_first_page_alone_does_not_leave_the_next_one_out() -> None:
    for told in (
        Told.of([], 5, {"Link": "</t>; rel=first"}),
        Told.of({"links": {"first": "/t"}}, 5),
    ):
        assert (told.names_first, told.omits_next) == (True, False)


def test_a_total_in_the_envelope_counts_more_than_one_in_a_header() -> None:
    told: Told = Told.of({"total": 5}, 5, {"X-Total-Count": "900"})
    assert (told.total, told.counts_in_header) == (5, False)


@pytest.mark.parametrize(
    "told",
    [
        {"moreInfo": "https://docs.example/tickets"},
        {"next_sync_in": 60},
        {"nextRunAt": "soon"},
        {"next_sla_breach": "2026-01-01"},
        {"afterHours": True},
        {"afterSales": "yes"},
        {"foundIn": "db1"},
        {"account": {"totalTickets": 900}},
        {"quota": {"remaining": 900, "limit": 1000}},
        {"totals": {"open": 120, "closed": 900}},
        {"facets": {"more": "x"}},
        {"aftermath": 900, "subtotals": 900},
        {"scroll_id": None, "isPartial": False, "nextOffset": 0},
    ],
)
def test_a_member_that_cannot_say_that_a_list_goes_on_is_no_hint(told: Any) -> None:
    assert not Told.of(told, 3).hints_at_more


@pytest.mark.parametrize(
    "told",
    [
        {"nextOffset": 3},
        {"moreAfter": True},
        {"isPartial": 1},
        {"grandTotal": "60"},
        {"scroll_id": "c5"},
        {"nextRecordsUrl": "/x/2"},
        {"nextStart": 3},
        {"result_info": {"total": 130, "page_size": 3}},
        {"search": {"scrollId": "c5"}},
        {"remaining": 1},
    ],
)
def test_a_member_that_may_say_that_a_list_goes_on_is_a_hint(told: Any) -> None:
    assert Told.of(told, 3).hints_at_more


@pytest.mark.parametrize(
    ("told", "total"),
    [
        ({"recordsTotal": 900, "recordsFiltered": 25}, 25),
        ({"meta": {"total": 900, "filtered": 25}}, 25),
        ({"total": 900, "filtered": 0}, 900),
        ({"total": 900, "filtered": True}, 900),
        ({"total": 25, "filtered": 900}, 25),
    ],
)
def test_a_filtered_count_is_the_total_if_it_can_be(told: Any, total: int) -> None:
    assert Told.of(told, 25).total == total


def test_links_that_leave_the_next_page_out_end_no_list_by_number() -> None:
    told = {"links": {"self": "/x?page=1", "first": "/x?page=1", "prev": None}}
    assert judge(told).is_there


@pytest.mark.parametrize("number", [3, 7])
def test_an_empty_page_behind_the_last_is_the_end(number: int) -> None:
    assert not judge({"last_page": 2, "total": 200}, count=0, number=number).is_there
    assert not judge({"last_page": number, "total": 10**6}, count=0, number=number).is_there


@pytest.mark.parametrize("told", [{"page": 3}, {"meta": {"current_page": "3"}}])
def test_another_page_than_was_asked_for_is_an_error(told: Any) -> None:
    with pytest.raises(PaginationLoop, match="another page"):
        numbered_page(Told.of(told, 1), ("a",), (), number=2, asked=50)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        *((told, 3) for told in (3, "3", " 3 ", 3.0, "3.0")),
        (0, 0),
        *((told, None) for told in (True, None, -1, "-1", "", "x", 1.5, "٣", 1e308, [], {})),
        (10**13, None),
    ],
)
def test_a_figure_is_a_number_that_a_list_can_have(value: Any, number: int | None) -> None:
    assert figure(value) == number


@pytest.mark.parametrize(
    ("value", "said"),
    [
        *((told, True) for told in (True, 1, "TRUE", "1")),
        *((told, False) for told in (False, 0, "false", "0")),
        *((told, None) for told in (None, "", 2, "perhaps", [])),
    ],
)
def test_a_flag_is_yes_or_no_in_any_spelling(value: Any, said: bool | None) -> None:
    assert flag(value) is said


# -- any envelope ----------------------------------------------------------------------------

_NAMES = sorted(
    {"meta", "links", "pagination", "page", "cursor", "novelty"}
    | {name for told in (*MORE.values(), *END.values()) for name in told}
)
_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 500),
    st.sampled_from([1e308, 10**400, float("nan"), float("inf"), "250", "true", "", "/x?page=2"]),
    st.text(max_size=5),
)
_ENVELOPES = st.recursive(
    _VALUES,
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from(_NAMES), inner, max_size=5), st.lists(inner, max_size=2)
    ),
    max_leaves=12,
)


@given(data=_ENVELOPES, count=st.integers(0, 120), number=st.integers(1, 5))
def test_any_envelope_is_judged_and_one_more_sign_for_more_never_ends_a_list(
    data: Any, count: int, number: int
) -> None:
    judge(data, count, number)
    if isinstance(data, dict):
        assert judge({**data, "has_next": True}, count, number).is_there
    if count and not (isinstance(data, dict) and Told.of(data, count).closed):
        silent = Told.of(data, count).is_silent
        assert judge(data, count, number).is_there or not silent


_SIZES = st.sampled_from([7, 25, 50, 100])


@given(
    count=st.integers(0, 400),
    size=_SIZES,
    lies=st.dictionaries(
        st.sampled_from(["per_page", "limit", "count", "has_more", "last_page", "total", "pages"]),
        st.sampled_from([None, -3, 0, -1, 1e308, "many", [], {}, "", True]),
        max_size=4,
    ),
)
def test_full_pages_with_a_total_and_any_nonsense_beside_it_are_read_whole(
    count: int, size: int, lies: dict[str, Any]
) -> None:
    """A server that gives shorter pages than asked for, and counts right in one place."""
    came, number = 0, 0
    while True:
        number += 1
        assert number < 200
        here = max(0, min(size, count - came))
        lies = {k: v for k, v in lies.items() if v is not True or k == "total"}
        told = Told.of(json.loads(json.dumps({**lies, "total_count": count})), here)
        came += here
        page = numbered_page(told, tuple(range(here)), (), number=number, asked=size)
        if page.next is None:
            break
    assert came == count
