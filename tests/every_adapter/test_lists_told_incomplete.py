"""A list that the vendor calls incomplete, or counts no further, is not told as whole."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

import helpdesk_bridge as hb
from tests.adapters.doubles import drain
from tests.every_adapter.saying import desk_and_fake, reads
from tests.vendors import FAKES

pytestmark = pytest.mark.asyncio
RECORDS = [{"id": n, "subject": "s", "title": "s", "status": "open"} for n in range(1, 8)]
ENDS: dict[str, dict[str, Any]] = {
    "helpspace": {"data": RECORDS, "meta": {"current_page": 1, "last_page": 1, "total": 7}},
    "airclou": {"tickets": RECORDS, "meta": {"hasMore": False}},
    "omnidesk": {"items": RECORDS, "itemTotal": "7"},
    "request_tracker": {
        "items": [
            {"id": str(n), "Subject": "s", "Status": "open", "Requestor": [], "type": "ticket"}
            for n in range(1, 8)
        ],
        "total": 7,
        "count": 7,
        "page": 1,
        "per_page": 100,
        "pages": 1,
    },
}
SAID: list[dict[str, Any]] = [
    {"partial": True},
    {"incomplete_results": True},
    {"timed_out": True},
    {"_shards": {"total": 5, "successful": 3, "failed": 2}},
]


def _pages(fake: Any, first: dict[str, Any]) -> web.Response:
    """Answer all at first, and nothing more afterwards."""
    rest = {key: value for key, value in first.items() if not any(key in one for one in SAID)}
    empty = {key: [] if type(value) is list else value for key, value in rest.items()}
    return web.json_response(first if fake.counted == 1 else empty)


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("adapter", FAKES)
async def test_a_list_that_is_said_to_be_incomplete_ends_with_an_error(
    adapter: str, said: dict[str, Any]
) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        fake.wanted, fake.answer = reads, lambda: _pages(fake, {**ENDS[adapter], **said})
        pager = desk.tickets()
        found, error = await drain(pager)
        assert (len(found), type(error), pager.exhausted) == (7, hb.IncompleteList, False)
        assert isinstance(error, hb.IncompleteList)
        assert (error.missing, next(iter(said)) in str(error)) == (None, True)
        fake.counted = 0
        pager = desk.tickets().collect_problems()
        assert len([ticket async for ticket in pager]) == 7
        assert [type(one.error) for one in pager.problems] == [hb.IncompleteList]


@pytest.mark.parametrize("adapter", FAKES)
async def test_a_list_that_is_said_to_be_whole_is(adapter: str) -> None:
    said = {"partial": False, "timed_out": False, "_shards": {"total": 5, "failed": 0}}
    async with desk_and_fake(adapter) as (desk, fake):
        fake.wanted, fake.answer = reads, lambda: _pages(fake, {**ENDS[adapter], **said})
        pager = desk.tickets()
        found, error = await drain(pager)
        assert (len(found), error, pager.exhausted) == (7, None, True)


@pytest.mark.parametrize("adapter", ["helpspace", "omnidesk"])
async def test_a_total_at_which_the_vendor_stops_to_count_is_no_end(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):

        def wanted(request: web.Request) -> bool:
            fake.query = request.query
            return True

        def answer() -> web.Response:
            query = fake.query
            start = int(query.get("itemStart", 50 * (int(query.get("page", "1")) - 1)))
            ids = range(start + 1, min(start + 50, 620) + 1)
            records = [{"id": n, "subject": "s", "title": "s", "status": "open"} for n in ids]
            if adapter == "omnidesk":
                return web.json_response({"items": records, "itemTotal": "500"})
            meta = {"current_page": start // 50 + 1, "last_page": 10, "total": 500}
            return web.json_response({"data": records, "meta": meta})

        fake.wanted, fake.answer = wanted, answer
        pager = desk.tickets()
        found, error = await drain(pager)
        assert (len(found), error, pager.exhausted) == (620, None, True)
