"""A list of tickets is read to its end, each ticket once, or ends in an error."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from helpdesk_bridge import Helpdesk, Status, Ticket, errors
from tests.adapters.doubles import Caught, drain, ids, new_ticket
from tests.adapters.helpspace.conftest import ScriptedFake, collection, ticket_json

HIDDEN = {
    "nothing": {},
    "meta": {"meta": ...},
    "links": {"links": ...},
    "meta and links": {"meta": ..., "links": ...},
    "the figures": {"meta": {}},
    "the last page": {"meta": {"current_page": None, "last_page": None}},
    "the next link": {"meta": ..., "links": {"first": None}},
    "that figures are numbers": {"meta": {"last_page": "3"}},
}


def serve(fake: ScriptedFake, count: int, **changes: Any) -> None:
    """Answer with ``count`` tickets in pages of 50, with changes to each envelope."""

    def answer(request: web.Request) -> web.StreamResponse:
        page, last = int(request.query["page"]), max(1, -(-count // 50))
        numbers = range(1 + 50 * (page - 1), 1 + min(count, 50 * page))
        records = [ticket_json(id=number) for number in numbers]
        figures = {"page": page, "last": last, "total": count}
        return web.json_response(collection("tickets", records, **figures, **changes))

    fake.instead("GET", "/tickets", answer, times=20)


@pytest.mark.asyncio
@pytest.mark.parametrize("hidden", HIDDEN)
async def test_all_pages_are_read_although_the_vendor_does_not_tell(
    fake: ScriptedFake, desk: Helpdesk, hidden: str
) -> None:
    serve(fake, 121, **HIDDEN[hidden])
    found = [ticket async for ticket in desk.tickets()]
    assert ids(found) == [str(n) for n in range(1, 122)]
    # A short page alone does not say that it is the last.
    beyond = [["4"]] if hidden in ("meta and links", "the next link") else []
    assert [e.values("page") for e in fake.journal] == [["1"], ["2"], ["3"], *beyond]


@pytest.mark.asyncio
@pytest.mark.parametrize("hidden", ["nothing", "meta", "links", "the figures"])
async def test_a_full_last_page_does_not_ask_beyond_it(
    fake: ScriptedFake, desk: Helpdesk, hidden: str
) -> None:
    serve(fake, 100, **HIDDEN[hidden])
    found = [ticket async for ticket in desk.tickets()]
    assert (len(found), len(fake.journal)) == (100, 2)


@pytest.mark.asyncio
async def test_a_full_last_page_is_followed_by_an_empty_one_when_nothing_is_told(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    serve(fake, 100, **HIDDEN["meta and links"])
    found = [ticket async for ticket in desk.tickets()]
    assert (len(found), len(fake.journal)) == (100, 3)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "answer",
    [
        {"data": [], "meta": []},
        {"data": [], "meta": {"last_page": "x"}},
        {"data": [], "links": {"next": 5}},
        {"data": [], "meta": {"last_page": -3, "total": "many"}, "links": []},
    ],
)
async def test_a_meta_of_nonsense_beside_no_ticket_is_an_empty_list(
    fake: ScriptedFake, desk: Helpdesk, answer: Any
) -> None:
    fake.instead("GET", "/tickets", answer)
    assert [ticket async for ticket in desk.tickets()] == []


@pytest.mark.asyncio
async def test_an_empty_list_is_one_request(fake: ScriptedFake, desk: Helpdesk) -> None:
    empty = {"current_page": 1, "from": None, "last_page": 1, "to": None, "total": 0}
    fake.instead("GET", "/tickets", collection("tickets", [], meta=empty))
    assert [ticket async for ticket in desk.tickets()] == []
    assert len(fake.journal) == 1


@pytest.mark.asyncio
async def test_the_link_to_the_next_page_is_never_followed(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    links = {"next": "http://api.help/api/v1/elsewhere?page=9"}
    first = collection("tickets", [ticket_json(id=1)], last=2, links=links)
    fake.instead("GET", "/tickets", first)
    fake.instead("GET", "/tickets", collection("tickets", [ticket_json(id=2)], page=2, last=2))
    assert ids([ticket async for ticket in desk.tickets(tag="bug")]) == ["1", "2"]
    assert [(e.path, e.values("page"), e.values("tags[]")) for e in fake.journal] == [
        ("/tickets", ["1"], ["bug"]),
        ("/tickets", ["2"], ["bug"]),
    ]


@pytest.mark.asyncio
@pytest.mark.parametrize("last", [2, 7])
@pytest.mark.parametrize("hidden", ["nothing", "links"])
async def test_a_vendor_that_ignores_the_page_is_an_error_at_once(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, last: int, hidden: str
) -> None:
    records = [ticket_json(id=n) for n in range(1, 51)]
    answer = collection("tickets", records, last=last, **HIDDEN[hidden])
    fake.instead("GET", "/tickets", answer, times=9)
    found, error = await drain(desk.tickets())
    assert (type(error), len(fake.journal)) == (errors.PaginationLoop, 2)
    assert ids(found) == [str(n) for n in range(1, 51)]


@pytest.mark.asyncio
@pytest.mark.parametrize("hidden", ["meta", "meta and links"])
async def test_a_list_that_repeats_itself_is_an_error_and_no_ticket_comes_twice(
    fake: ScriptedFake, desk: Helpdesk, hidden: str
) -> None:
    records = [ticket_json(id=n) for n in range(1, 51)]
    answer = collection("tickets", records, last=7, **HIDDEN[hidden])
    fake.instead("GET", "/tickets", answer, times=9)
    found, error = await drain(desk.tickets())
    assert type(error) is errors.PaginationLoop
    assert ids(found) == [str(n) for n in range(1, 51)]


@pytest.mark.asyncio
async def test_a_ticket_that_moves_to_the_next_page_comes_once(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    one = collection("tickets", [ticket_json(id=n) for n in range(1, 51)], last=2)
    two = collection("tickets", [ticket_json(id=n) for n in (50, 51)], page=2, last=2)
    fake.instead("GET", "/tickets", one)
    fake.instead("GET", "/tickets", two)
    assert ids([ticket async for ticket in desk.tickets()]) == [str(n) for n in range(1, 52)]


@pytest.mark.asyncio
async def test_a_list_goes_on_from_its_cursor(fake: ScriptedFake, desk: Helpdesk) -> None:
    made = [new_ticket(fake.store) for _ in range(121)]
    pager = desk.tickets()
    first = [await anext(pager) for _ in range(51)]
    rest = [ticket async for ticket in desk.tickets(cursor=pager.cursor)]
    assert ids(first) + ids(rest) == ids(made)


@pytest.mark.asyncio
@pytest.mark.parametrize("cursor", ["", "-1", "two", "٢", "9" * 10, "1&page=2"])
async def test_a_cursor_of_another_make_is_refused(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, cursor: str
) -> None:
    async def first() -> Ticket:
        return await anext(desk.tickets(cursor=cursor))

    error = await caught(first())
    assert (type(error), fake.journal) == (errors.InvalidArgument, [])


@pytest.mark.asyncio
@pytest.mark.parametrize(("total", "kept"), [(1, {}), (None, {"tag": "unheard-of"})])
async def test_a_total_is_told_only_where_it_counts_what_was_asked_for(
    fake: ScriptedFake, desk: Helpdesk, total: int | None, kept: Any
) -> None:
    fake.instead("GET", "/tickets", collection("tickets", [ticket_json()]))
    assert (await desk.tickets(**kept)).total == total


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [Status.OPEN, Status.PENDING])
async def test_tickets_that_leave_the_list_while_it_is_read_hide_no_others(
    fake: ScriptedFake, desk: Helpdesk, status: Status
) -> None:
    made = {str(new_ticket(fake.store, status=status).id) for _ in range(130)}
    seen = []
    async for ticket in desk.tickets(status=status):
        await desk.update_ticket(ticket, status=Status.CLOSED)
        seen.append(ticket.id)
    assert (len(seen), set(seen)) == (130, made)


@pytest.mark.asyncio
async def test_an_empty_page_in_the_middle_does_not_end_the_list(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    first = [ticket_json(id=n) for n in range(1, 51)]
    fake.instead("GET", "/tickets", collection("tickets", first, last=3, total=150))
    for page in (2, 3):
        fake.instead("GET", "/tickets", collection("tickets", [], page=page, last=3, total=150))
    fake.instead("GET", "/tickets", collection("tickets", first, last=3, total=150))
    last = [ticket_json(id=n) for n in range(51, 61)]
    fake.instead("GET", "/tickets", collection("tickets", last, page=2, last=3, total=150))
    fake.instead("GET", "/tickets", collection("tickets", [], page=3, last=3, total=60))
    found, _ = await drain(desk.tickets())
    assert {t.id for t in found} >= {str(n) for n in range(1, 61)}
