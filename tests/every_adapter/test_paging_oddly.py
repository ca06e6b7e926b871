"""Paging by ``limit`` and ``cursor`` on servers that cap pages, count nothing and renumber them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

import helpdesk_bridge as hb
from tests.every_adapter.test_envelopes import LISTS, List

pytestmark = pytest.mark.asyncio
TICKETS = ("helpspace tickets", "airclou tickets", "omnidesk tickets")
CAP = 17
"""Records on a page, whatever is asked for."""


@asynccontextmanager
async def serving(kind: List, numbers: list[int], *, counts: bool) -> AsyncIterator[dict[str, Any]]:
    """Serve the tickets of these ``numbers`` as they are at each request; give the desk's table."""

    async def answer(request: web.Request) -> web.Response:
        begin = kind.begin(request, CAP)
        part, more = numbers[begin : begin + CAP], begin + CAP < len(numbers)
        told: Mapping[str, Any] = {"has_more": more, "after_cursor": f"c{begin // CAP + 2}"}
        if kind.by_cursor and not more:
            told = {"has_more": False}
        if counts:
            told = {**told, "total": len(numbers)}
        return web.json_response({kind.key: [kind.record(one) for one in part], **told})

    app = web.Application()
    app.router.add_get(kind.path, answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield {"desks": {"it": {**kind.table, "base_url": base}}}
    finally:
        await runner.cleanup()


async def walk(
    config: Mapping[str, Any], limits: Sequence[int], numbers: list[int], leave: int, come: int
) -> list[str]:
    """Read on; after each list ``leave`` of the first tickets go, or ``come`` arrive."""
    found: list[str] = []
    cursor: str | None = None
    for turn in range(100):
        async with hb.connect("it", config=config) as desk:
            pager = desk.tickets(limit=limits[turn % len(limits)], cursor=cursor)
            found += [ticket.id async for ticket in pager]
            cursor = pager.cursor
        assert pager.exhausted is (cursor is None)
        if cursor is None:
            return found
        if turn < 4:
            del numbers[:leave]
            numbers[:0] = range(1000 + turn * come, 1000 + (turn + 1) * come)
    raise AssertionError("it goes on for ever")


@pytest.mark.parametrize("limits", [(10,), (CAP,), (20, 3), (60,)], ids=str)
@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("name", TICKETS)
async def test_a_list_that_holds_still_comes_once_and_in_order(
    name: str, counts: bool, limits: Sequence[int]
) -> None:
    kind, numbers = LISTS[name], [*range(1, 100)]
    async with serving(kind, numbers, counts=counts) as config:
        found = await walk(config, limits, numbers, 0, 0)
    assert [int(one.lstrip("t")) for one in found] == [*range(1, 100)]


@pytest.mark.parametrize("limits", [(10,), (CAP,), (20, 3)], ids=str)
@pytest.mark.parametrize(("leave", "come"), [(9, 0), (30, 0), (0, 9), (0, 60)])
@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("name", ["helpspace tickets", "omnidesk tickets"])
async def test_pages_that_are_renumbered_between_the_lists_hide_nothing(
    name: str, counts: bool, leave: int, come: int, limits: Sequence[int]
) -> None:
    kind, numbers = LISTS[name], [*range(1, 100)]
    async with serving(kind, numbers, counts=counts) as config:
        found = await walk(config, limits, numbers, leave, come)
    listed = [int(one) for one in found]
    assert len(listed) == len(set(listed))
    assert {one for one in numbers if one < 1000} <= set(listed)
