"""No list of any vendor ends short in silence, whatever its envelope is called or leaves out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from attrs import frozen
from multidict import CIMultiDict

import helpdesk_bridge as hb
from tests.adapters.airclou import conftest as airclou
from tests.adapters.doubles import drain
from tests.adapters.helpspace import conftest as helpspace
from tests.adapters.omnidesk import conftest as omnidesk

pytestmark = pytest.mark.asyncio
COUNT = 130

Envelope = Callable[[int, int, int], dict[str, Any]]
"""What the page of a number tells, given how many records came by its end, and there are."""


@frozen
class List:
    """A list of a vendor: how it is asked for, how its pages are told, and its records."""

    table: Mapping[str, Any]
    path: str
    key: str
    size: int
    record: Callable[[int], dict[str, Any]]
    begin: Callable[[web.Request, int], int]
    """How many records there are before the page that is asked for."""
    read: Callable[[hb.Helpdesk], hb.Pager[Any]]
    beside: Mapping[str, Any] = {}
    """What other addresses answer."""
    by_cursor: bool = False


def _numbered(request: web.Request, size: int) -> int:
    return (int(request.query["page"]) - 1) * size


LISTS = {
    "helpspace tickets": List(
        {"adapter": "helpspace", "token": "made-up", "client_id": "made-up"},
        "/tickets",
        "data",
        50,
        lambda n: helpspace.ticket_json(id=n),
        _numbered,
        lambda desk: desk.tickets(),
    ),
    "helpspace messages": List(
        {"adapter": "helpspace", "token": "made-up", "client_id": "made-up"},
        "/tickets/5/messages",
        "data",
        50,
        lambda n: helpspace.message_json(id=n),
        _numbered,
        lambda desk: desk.messages("5"),
        {"/tickets/5": {"data": helpspace.ticket_json(id=5)}},
    ),
    "airclou messages": List(
        {"adapter": "airclou", "session_token": "made.up.session"},
        "/api/messages",
        "messages",
        50,
        lambda n: airclou.message_json(id=f"m{n}"),
        _numbered,
        lambda desk: desk.messages("tkt_482"),
    ),
    "airclou tickets": List(
        {"adapter": "airclou", "api_key": "aclou_made_up", "workspace_id": "ws_made_up"},
        "/api/v1/tickets",
        "tickets",
        100,
        lambda n: airclou.ticket_json(id=f"t{n}"),
        lambda request, size: (int(request.query.get("after", "c1")[1:]) - 1) * size,
        lambda desk: desk.tickets(),
        by_cursor=True,
    ),
    "omnidesk tickets": List(
        {**omnidesk.SETTINGS, "adapter": "omnidesk", "timezone": "UTC"},
        "/api/v2/ticket",
        "items",
        50,
        lambda n: omnidesk.ticket_json(id=n),
        lambda request, size: int(request.query["itemStart"]),
        lambda desk: desk.tickets(),
    ),
}
TELLS: dict[str, Envelope] = {
    "has_more": lambda n, came, all_: {"has_more": came < all_, "after_cursor": f"c{n + 1}"},
    "hasMore as a figure": lambda n, came, all_: {
        "meta": {"hasMore": int(came < all_), "nextCursor": f"c{n + 1}"}
    },
    "hasMore as text": lambda n, came, all_: {
        "meta": {"hasMore": str(came < all_).lower(), "afterCursor": f"c{n + 1}"}
    },
    "more": lambda n, came, all_: {"more": came < all_, "pagination": {"next_cursor": f"c{n + 1}"}},
    "next": lambda n, came, all_: {"next": f"/x?after=c{n + 1}" if came < all_ else None},
    "links.next": lambda n, came, all_: {
        "links": {"next": f"/x?pageAfter=c{n + 1}" if came < all_ else None}
    },
    "a link object": lambda n, came, all_: {
        "links": {"next": {"href": f"/x?after=c{n + 1}" if came < all_ else None}}
    },
    "total as text": lambda n, came, all_: {
        "total": str(all_),
        "cursors": {"after": f"c{n + 1}" if came < all_ else None},
    },
    "totalCount": lambda n, came, all_: {
        "meta": {"totalCount": all_, "afterCursor": f"c{n + 1}" if came < all_ else None}
    },
    "a total, and a last page of nonsense": lambda n, came, all_: {
        "meta": {"total": all_, "last_page": -3, "afterCursor": f"c{n + 1}" if came < all_ else ""}
    },
}
SAYS_NOTHING: dict[str, Envelope] = {
    "nothing": lambda n, came, all_: {},
    "an empty meta": lambda n, came, all_: {"meta": {}},
    "PHP's empty meta": lambda n, came, all_: {"meta": [], "links": []},
    "total 0": lambda n, came, all_: {"total": 0},
    "total -1": lambda n, came, all_: {"meta": {"total": -1}},
    "total 1e308": lambda n, came, all_: {"total": 1e308},
    "total in words": lambda n, came, all_: {"total": "many", "itemTotal": "many"},
    "last_page -3": lambda n, came, all_: {"meta": {"last_page": -3}},
    "the total of the page": lambda n, came, all_: {"total": 7},
    "a place of a next page for ever, and a total": lambda n, came, all_: {
        "total": all_,
        "cursors": {"after": f"c{n + 1}"},
    },
    "hasMore for ever, and a total": lambda n, came, all_: {
        "meta": {"hasMore": True, "total": all_, "afterCursor": f"c{n + 1}"}
    },
    "hasMore false on full pages, and a total": lambda n, came, all_: {
        "hasMore": False,
        "total": all_,
    },
    "one last page for ever, and a total": lambda n, came, all_: {
        "meta": {"last_page": 1, "total": all_}
    },
}
FOR_EVER = ("a place of a next page for ever, and a total", "hasMore for ever, and a total")


@asynccontextmanager
async def serving(
    kind: List,
    envelope: Envelope,
    *,
    size: int,
    count: int = COUNT,
    headers: Callable[[int, int, int], Mapping[str, str]] = lambda *_: {},
) -> AsyncIterator[tuple[hb.Helpdesk, list[int]]]:
    """Open a desk on a vendor that gives pages of ``size``; with the pages it was asked for."""
    asked: list[int] = []

    async def answer(request: web.Request) -> web.Response:
        if request.path in kind.beside:
            return web.json_response(kind.beside[request.path])
        assert request.path == kind.path
        begin = kind.begin(request, size)
        number, came = begin // size + 1, min(count, begin + size)
        asked.append(number)
        records = [kind.record(n + 1) for n in range(begin, came)]
        return web.json_response(
            {kind.key: records, **envelope(number, came, count)},
            headers=headers(number, came, count),
        )

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        table = {**kind.table, "base_url": f"http://127.0.0.1:{runner.addresses[0][1]}"}
        async with hb.connect("it", config={"desks": {"it": table}}) as desk:
            yield desk, asked
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("told", TELLS)
@pytest.mark.parametrize("name", LISTS)
async def test_all_is_read_however_it_is_told_and_nothing_is_asked_for_needlessly(
    name: str, told: str
) -> None:
    kind = LISTS[name]
    async with serving(kind, TELLS[told], size=kind.size) as (desk, asked):
        pager = kind.read(desk)
        found, error = await drain(pager)
    assert (len(found), error, pager.exhausted) == (COUNT, None, True)
    # A conversation whose count is not told is read twice: nothing else tells of one that moved.
    walks = 2 if "messages" in name and "total" not in told.casefold() else 1
    assert asked == list(range(1, -(-COUNT // kind.size) + 1)) * walks


@pytest.mark.parametrize("size", [0, 25])
@pytest.mark.parametrize("told", [*SAYS_NOTHING, *TELLS])
@pytest.mark.parametrize("name", LISTS)
async def test_all_is_read_or_an_error_says_that_it_is_not(name: str, told: str, size: int) -> None:
    """With pages as large as was asked for, and with pages of 25 that nobody asked for."""
    kind = LISTS[name]
    envelope = SAYS_NOTHING.get(told) or TELLS[told]
    async with serving(kind, envelope, size=size or kind.size) as (desk, _):
        found, error = await drain(kind.read(desk))
    if (
        kind.by_cursor and told in SAYS_NOTHING and error is not None
    ):  # it goes on, and nobody says where
        assert isinstance(error, (hb.ProtocolError, hb.IncompleteList))
        assert error.desk == "it"
        assert told not in FOR_EVER
    else:
        assert (len(found), error) == (COUNT, None)


OWN: dict[str, Callable[[int, int], dict[str, Any]]] = {
    "how many remain": lambda here, left: {"total": here, "remaining": left},
    "a place": lambda here, left: {"total": here, "nextOffset": left and here},
    "another total": lambda here, left: {"total": here, "grandTotal": 75},
    "nothing else": lambda here, left: {"total": here},
    "a header": lambda here, left: {},
    "no next page": lambda here, left: {"next": None, "totalAvailable": 75},
}


@pytest.mark.parametrize("told", OWN)
@pytest.mark.parametrize("name", [name for name in LISTS if not LISTS[name].by_cursor])
async def test_a_page_that_tells_its_own_count_for_the_lists_is_no_end(
    name: str, told: str
) -> None:
    """A server that gives 25 of 75 whatever is asked for."""

    def here(number: int) -> int:
        return 25 if number <= 3 else 0

    def count(number: int, came: int, all_: int) -> dict[str, str]:
        return {"X-Total-Count": str(here(number))} if told == "a header" else {}

    def envelope(number: int, came: int, all_: int) -> dict[str, Any]:
        return OWN[told](here(number), all_ - came)

    kind = LISTS[name]
    async with serving(kind, envelope, size=25, count=75, headers=count) as (desk, _):
        pager = kind.read(desk)
        found, error = await drain(pager)
    assert (len(found), error, pager.exhausted) == (75, None, True)


@pytest.mark.parametrize("said", [{"has_more": False}, {}])
@pytest.mark.parametrize("name", LISTS)
async def test_a_link_in_the_header_tells_of_a_next_page_too(
    name: str, said: dict[str, Any]
) -> None:
    """Also of small pages, and beside a word that denies it."""
    kind = LISTS[name]

    def link(number: int, came: int, all_: int) -> dict[str, str]:
        return {"Link": f'</x?after=c{number + 1}>; rel="next"'} if came < all_ else {}

    async with serving(kind, lambda *_: said, size=9, count=23, headers=link) as (desk, _):
        pager = kind.read(desk)
        found, error = await drain(pager)
    assert (len(found), error, pager.exhausted) == (23, None, True)


@pytest.mark.parametrize("order", [("first", "prev", "next"), ("next", "prev", "first")])
@pytest.mark.parametrize("name", LISTS)
async def test_links_on_several_lines_of_the_header_are_read_alike(
    name: str, order: tuple[str, ...]
) -> None:
    """The last page, a full one, links to the pages before it alone."""
    kind = LISTS[name]

    def links(number: int, came: int, all_: int) -> CIMultiDict[str]:
        cursors = {"first": 1, "prev": number - 1, "next": number + 1 if came < all_ else 0}
        told = CIMultiDict[str]()
        for relation in order:
            if cursors[relation]:
                told.add("Link", f'</x?after=c{cursors[relation]}>; rel="{relation}"')
        return told

    count = 3 * kind.size
    async with serving(kind, lambda *_: {}, size=kind.size, count=count, headers=links) as (
        desk,
        _,
    ):
        pager = kind.read(desk)
        found, error = await drain(pager)
    assert (len(found), error, pager.exhausted) == (count, None, True)


@pytest.mark.parametrize("name", LISTS)
async def test_a_count_in_a_header_counts(name: str) -> None:
    kind = LISTS[name]

    def count(number: int, came: int, all_: int) -> dict[str, str]:
        return {"X-Total-Count": str(all_ + 7)}

    ended = {"hasMore": False}
    async with serving(kind, lambda *_: ended, size=kind.size, count=23, headers=count) as (
        desk,
        _,
    ):
        found, error = await drain(kind.read(desk))
    assert (len(found), type(error)) == (23, hb.IncompleteList)


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_short_of_the_vendors_count_says_how_many_are_missing(name: str) -> None:
    kind = LISTS[name]
    async with serving(
        kind,
        lambda n, came, all_: {
            "total": all_ + 7,
            "hasMore": came < all_,
            "afterCursor": f"c{n + 1}",
        },
        size=kind.size,
    ) as (desk, _):
        pager = kind.read(desk)
        found, error = await drain(pager)
    assert len(found) == COUNT
    assert isinstance(error, hb.IncompleteList)
    assert (error.listed, error.missing, pager.exhausted) == (COUNT + 7, 7, False)
    assert (error.desk, error.vendor) == ("it", kind.table["adapter"])
    assert error.operation == name.split()[1]
    assert "7 are missing" in str(error)
    assert "cursor=" not in str(error)
