"""Trouble in the middle of a list costs time, or an error to go on from; never a ticket."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest
from aiohttp import web

import helpdesk_bridge as hb
from helpdesk_bridge.testing import FakeServer
from tests.every_adapter.places import ADAPTERS, Place, opened

OVER_HTTP = [name for name in ADAPTERS if name != "memory"]
COUNT = 130
pytestmark = pytest.mark.asyncio


@pytest.fixture
def statuses(monkeypatch: pytest.MonkeyPatch) -> deque[int | None]:
    """What the fakes answer with, in turn: a status, None for the true answer, 0 for none."""
    script: deque[int | None] = deque()
    real: Any = FakeServer._around

    @web.middleware
    async def around(self: FakeServer, request: web.Request, handler: Any) -> Any:
        status = script.popleft() if script else None
        if status is None:
            return await real(self, request, handler)
        if status == 0:
            assert request.transport
            request.transport.abort()
        return web.json_response({}, status=status or 500, headers={"Retry-After": "2"})

    monkeypatch.setattr(FakeServer, "_around", around)
    return script


def fill(place: Place) -> None:
    """Make more tickets than fit on a page."""
    for number in range(COUNT):
        place.store.create_ticket(
            subject=f"ticket {number}",
            requester=place.store.person("li@customer.example"),
            html="<p>One of many.</p>",
            status=hb.Status.OPEN,
        )


async def drain(pager: Any, into: list[str]) -> hb.HelpdeskError | None:
    """Read to the end or to an error."""
    try:
        async for ticket in pager:
            into.append(ticket.id)
    except hb.HelpdeskError as error:
        return error
    return None


@pytest.mark.parametrize("adapter", OVER_HTTP)
@pytest.mark.parametrize("status", [429, 503, 500, 0])
async def test_one_bad_answer_before_each_page_loses_nothing(
    adapter: str, status: int, statuses: deque[int | None], pauses: list[float]
) -> None:
    async with opened(adapter) as place:
        fill(place)
        statuses.extend([None, *[status, None] * 40])
        seen: list[str] = []
        assert await drain(place.desk.tickets(), seen) is None
    assert len(seen) == len(set(seen)) == COUNT
    assert len(pauses) >= 1
    assert (2.0 in pauses) is (status > 0)


@pytest.mark.parametrize("adapter", OVER_HTTP)
@pytest.mark.parametrize("again", ["a new list from its cursor", "the same list"])
async def test_a_list_that_could_not_be_finished_is_gone_on_with(
    adapter: str, again: str, statuses: deque[int | None], pauses: list[float]
) -> None:
    async with opened(adapter) as place:
        fill(place)
        statuses.extend([None, *[503] * 99])  # pages that are read ahead take some too
        pager, seen = place.desk.tickets(), list[str]()
        error = await drain(pager, seen)
        assert isinstance(error, hb.errors.VendorUnavailable)
        statuses.clear()
        assert 0 < len(seen) < COUNT
        assert (error.items_read, error.cursor is not None) == (len(seen), True)
        if again == "the same list":
            assert await drain(pager, seen) is None
            assert len(seen) == COUNT
        else:
            assert await drain(place.desk.tickets(cursor=error.cursor), seen) is None
    assert len(set(seen)) == COUNT
