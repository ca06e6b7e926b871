"""How many tickets are asked for at once, and that none is lost whatever a server gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from helpdesk_bridge import Helpdesk, Status, errors
from helpdesk_bridge.kit import TicketQuery
from tests.adapters.doubles import CUSTOMER, Caught, Connect, cursor_at, drain, ids, new_ticket
from tests.adapters.omnidesk.conftest import ScriptedFake
from tests.adapters.omnidesk.test_filters import ADA

pytestmark = pytest.mark.asyncio
Asked = list[tuple[int, int]]


def serve(
    fake: ScriptedFake,
    count: int,
    *,
    most: int = 9_999,
    tells: Callable[[int, int], dict[str, Any]] = lambda count, limit: {"itemTotal": count},
    hides: Callable[[int], bool] = lambda number: False,
    words: str = "Lost",
) -> Asked:
    """Have the fake list ``count`` tickets, ``most`` at once; return what it is asked for."""
    asked: Asked = []

    def answer(request: web.Request) -> web.Response:
        start, limit = (int(request.query[name]) for name in ("itemStart", "itemLimit"))
        asked.append((start, limit))
        numbers = range(start + 1, min(start + min(limit, most), count) + 1)
        items = [{"id": n, "title": words, "status": "open"} for n in numbers if not hides(n)]
        told = {"itemStart": start, **tells(count, limit)}
        return web.json_response({"type": "collection", **told, "items": items})

    fake.script.add("GET", "/ticket", answer, times=10_000)
    return asked


async def test_a_list_begins_small_and_grows(fake: ScriptedFake, desk: Helpdesk) -> None:
    asked = serve(fake, 20_000)
    found = ids([ticket async for ticket in desk.tickets()])
    assert found == [str(number) for number in range(1, 20_001)]
    assert asked == [(0, 100), (100, 1_000), (1_100, 9_999), (11_099, 9_999)]


async def test_who_stops_early_has_read_little(fake: ScriptedFake, desk: Helpdesk) -> None:
    asked = serve(fake, 20_000)
    page = await desk.tickets()
    assert (len(page.items), asked) == (100, [(0, 100)])


@pytest.mark.parametrize(
    ("limit", "size"), [(1, 10), (10, 10), (20, 20), (500, 500), (9_999, 9_999), (50_000, 9_999)]
)
async def test_a_limit_is_asked_for_in_one_page(
    fake: ScriptedFake, desk: Helpdesk, limit: int, size: int
) -> None:
    asked = serve(fake, 9_999)
    found = [ticket async for ticket in desk.tickets(limit=limit, status=Status.OPEN)]
    assert (len(found), asked[0]) == (min(limit, 9_999), (0, size))
    assert len(asked) == 1 or limit > 9_999


@pytest.mark.parametrize(
    "filters",
    [
        {"status": [Status.OPEN, Status.NEW]},
        {"assignee": "12"},
        {"team": "31"},
        {"requester": CUSTOMER},
        {"order_by": "-updated_at"},
    ],
)
async def test_a_limit_says_nothing_of_the_pages_where_what_comes_is_judged_here(
    fake: ScriptedFake, desk: Helpdesk, filters: Any
) -> None:
    new_ticket(fake.store, assignee=ADA)
    await desk.tickets(limit=20, **filters)
    assert fake.journal[0].values("itemLimit") == ["100"]


SILENT = {
    "its count": lambda count, limit: {"itemTotal": count},
    "its count, and the size that was asked for": lambda count, limit: {
        "itemTotal": count,
        "itemLimit": limit,
    },
    "nothing": lambda count, limit: {},
}


@pytest.mark.parametrize("told", SILENT)
@pytest.mark.parametrize("most", [7, 15, 50, 99, 100])
@pytest.mark.parametrize("count", [230, 1_000])
async def test_a_server_that_gives_fewer_is_asked_for_what_it_gives(
    fake: ScriptedFake, desk: Helpdesk, most: int, told: str, count: int
) -> None:
    asked = serve(fake, count, most=most, tells=SILENT[told])
    pager = desk.tickets()
    found, error = await drain(pager)
    assert (len(found), error, pager.exhausted) == (count, None, True)
    assert [start for start, _ in asked][:3] == [0, most, 2 * most]
    if 10 <= most < 100:
        assert {size for _, size in asked[1:]} == {most}


async def test_a_round_total_is_looked_behind_where_pages_are_cut(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    """A vendor that counts no further than 500, and gives 50 whatever is asked for."""
    serve(fake, 620, most=50, tells=lambda count, limit: {"itemTotal": 500})
    found, error = await drain(desk.tickets())
    assert (len(found), error) == (620, None)


@pytest.mark.parametrize("most", [9_999, 60])
async def test_records_that_are_hidden_from_the_account_shrink_no_pages(
    fake: ScriptedFake, desk: Helpdesk, most: int
) -> None:
    asked = serve(
        fake,
        900,
        most=most,
        tells=lambda count, limit: {"hasMore": True} if limit > 5 else {},
        hides=lambda number: number % 7 == 0,
    )
    pager = desk.tickets()
    await drain(pager)
    sizes = [size for _, size in asked[1:]]
    assert len(set(sizes)) == 1
    assert pager.items_read == 900 - 900 // 7


@pytest.mark.parametrize("shown", [0, 3])
async def test_a_page_that_is_nearly_empty_says_nothing_of_the_size(
    fake: ScriptedFake, desk: Helpdesk, shown: int
) -> None:
    asked = serve(fake, 260, hides=lambda number: shown < number <= 100)
    page = await desk.adapter.list_tickets(TicketQuery(), None)
    page = await desk.adapter.list_tickets(TicketQuery(), page.next)
    assert asked[1] == ((100, 1_000) if shown == 0 else (3, 100))
    assert len(page.items) == (160 if shown == 0 else 3)


async def test_the_pages_named_in_advance_are_as_large_as_they_will_be(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    serve(fake, 60_000)
    query = TicketQuery()
    page = await desk.adapter.list_tickets(query, None)
    # The others are left out: all that is named may be in memory at once.
    assert (page.next, page.ahead) == ("100", ("1100", "11099"))


async def test_a_cut_page_names_none_in_advance(fake: ScriptedFake, desk: Helpdesk) -> None:
    serve(fake, 1_000, most=50)
    query = TicketQuery()
    first = await desk.adapter.list_tickets(query, None)
    second = await desk.adapter.list_tickets(query, first.next)
    assert (first.next, first.ahead) == ("50x50", ())
    assert (second.next, second.ahead[:2]) == ("100x50", ("150x50", "200x50"))


# -- pages that are too large ----------------------------------------------------------------


async def test_a_page_that_is_too_large_is_asked_for_at_half_the_size(
    fake: ScriptedFake, connect_to: Connect
) -> None:
    asked = serve(fake, 600, words="x" * 100)
    desk = connect_to(fake, transport={"max_attempts": 1, "max_body": 24_000})
    pager = desk.tickets()
    found, error = await drain(pager)
    assert (ids(found), error) == ([str(number) for number in range(1, 601)], None)
    assert asked == [
        (0, 100),
        *((100, size) for size in (1_000, 500, 250, 125)),
        *((start, 125) for start in (225, 350, 475)),
    ]


async def test_a_limited_page_is_halved_too(fake: ScriptedFake, connect_to: Connect) -> None:
    asked = serve(fake, 600, words="x" * 100)
    desk = connect_to(fake, transport={"max_attempts": 1, "max_body": 24_000})
    found, error = await drain(desk.tickets(limit=300))
    assert (len(found), error) == (300, None)
    assert asked[:3] == [(0, 300), (0, 150), (150, 150)]


async def test_a_page_that_is_too_large_at_the_smallest_size_is_an_error(
    fake: ScriptedFake, connect_to: Connect
) -> None:
    asked = serve(fake, 600, words="x" * 3_000)
    desk = connect_to(fake, transport={"max_attempts": 1, "max_body": 24_000})
    found, error = await drain(desk.tickets())
    assert (found, type(error)) == ([], errors.ResponseTooLarge)
    assert [size for _, size in asked] == [100, 50, 25, 12, 10]


# -- going on --------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [9_999, 50, 15])
@pytest.mark.parametrize("limits", [(20, 20), (20, None), (7, 100), (None, 20)])
async def test_a_list_goes_on_from_the_place_of_any_page(
    fake: ScriptedFake, desk: Helpdesk, most: int, limits: tuple[int | None, int | None]
) -> None:
    serve(fake, 300, most=most)
    query, adapter = TicketQuery, desk.adapter
    found: list[str] = []
    place, turn = None, 0
    while turn == 0 or place is not None:
        page = await adapter.list_tickets(query(limit=limits[turn % 2]), place)
        found += ids(page.items)
        place, turn = page.next, turn + 1
    assert found == [str(number) for number in range(1, 301)]


@pytest.mark.parametrize("cursor", ["1x", "1x0", "x5", "1x10000", "1 x5", "1x05", "1x5x5", "-1x5"])
async def test_a_cursor_of_no_size_is_refused(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, cursor: str
) -> None:
    error = await caught(desk.tickets(cursor=cursor_at(desk, "tickets", cursor))._first())
    assert (type(error), fake.journal) == (errors.InvalidArgument, [])
