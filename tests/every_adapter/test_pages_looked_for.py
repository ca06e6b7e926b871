"""The page that is looked for behind what seems to be the last one is no error where it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

import helpdesk_bridge as hb
from helpdesk_bridge.transport.empty_lists import proving
from tests.adapters.doubles import drain
from tests.every_adapter.saying import desk_and_fake

pytestmark = pytest.mark.asyncio
NUMBERED = ["helpspace", "omnidesk"]
SIZE = 50


class Listing:
    """A list of ``count`` records, and what is answered to pages behind the last one."""

    def __init__(self, fake: Any, adapter: str, count: int) -> None:
        self.adapter = adapter
        self.count = count
        self.links: dict[str, Any] = {}
        self.beyond: Callable[[], web.Response] = lambda: self.page(self.start)
        self.asked: list[int] = []
        self.start = 0
        fake.wanted, fake.answer = self.wanted, self.answer

    def wanted(self, request: web.Request) -> bool:
        query = request.query
        self.start = int(query.get("itemStart", SIZE * (int(query.get("page", "1")) - 1)))
        return request.path.endswith(("/tickets", "/ticket"))

    def answer(self) -> web.Response:
        self.asked.append(self.start)
        return self.page(self.start) if self.start < self.count else self.beyond()

    def page(self, start: int) -> web.Response:
        ids = range(start + 1, min(start + SIZE, self.count) + 1)
        records = [{"id": n, "subject": "s", "title": "s", "status": "open"} for n in ids]
        if self.adapter == "omnidesk":
            told = {"itemTotal": str(self.count), "itemStart": start}
            return web.json_response({"items": records, **told})
        last = -(-self.count // SIZE)
        meta = {"current_page": start // SIZE + 1, "last_page": last, "total": self.count}
        return web.json_response({"data": records, "meta": meta, **self.links})


def refused(status: int, sentence: str = "Invalid page.") -> Callable[[], web.Response]:
    return lambda: web.json_response({"message": sentence, "detail": sentence}, status=status)


@pytest.mark.parametrize("count", [500, 1000])
@pytest.mark.parametrize("beyond", [400, 404, 422, "empty", "the last page again", "the first"])
@pytest.mark.parametrize("adapter", NUMBERED)
async def test_a_list_of_a_round_number_ends_whatever_is_answered_behind_it(
    adapter: str, beyond: int | str, count: int
) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        listing = Listing(fake, adapter, count)
        if isinstance(beyond, int):
            listing.beyond = refused(beyond)
        elif beyond != "empty":
            place = 0 if beyond == "the first" else count - SIZE
            listing.beyond = lambda: listing.page(place)
        pager = desk.tickets()
        found, error = await drain(pager)
        assert (len(found), error, pager.exhausted) == (count, None, True)
        assert (max(listing.asked), pager.cursor) == (count, None)


@pytest.mark.parametrize("sentence", ["Only the first 1000 results.", "No more than 1,000."])
@pytest.mark.parametrize("adapter", NUMBERED)
async def test_a_refusal_that_names_the_count_is_one_of_a_limit(
    adapter: str, sentence: str
) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        listing = Listing(fake, adapter, 1000)
        listing.beyond = lambda: web.json_response(
            {"message": sentence, "error_description": sentence, "error": sentence}, status=422
        )
        pager = desk.tickets()
        found, error = await drain(pager)
        assert (len(found), type(error), pager.exhausted) == (1000, hb.ValidationFailed, False)


@pytest.mark.parametrize("status", [401, 403, 500])
@pytest.mark.parametrize("adapter", NUMBERED)
async def test_other_answers_to_such_a_page_are_errors(adapter: str, status: int) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        Listing(fake, adapter, 500).beyond = refused(status)
        pager = desk.tickets()
        found, error = await drain(pager)
        assert (len(found), error is None, pager.exhausted) == (500, False, False)


@pytest.mark.parametrize("adapter", NUMBERED)
async def test_a_page_that_is_there_for_sure_is_an_error_when_it_is_refused(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        listing = Listing(fake, adapter, 500)
        page = listing.page
        listing.page = lambda at: page(at) if at < 100 else refused(404)()  # type: ignore[method-assign]
        found, error = await drain(desk.tickets())
        assert (len(found), type(error)) == (100, hb.NotFound)


@pytest.mark.parametrize("adapter", NUMBERED)
async def test_a_refused_page_proves_nothing(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        Listing(fake, adapter, 500).beyond = refused(404)
        with proving():
            assert type((await drain(desk.tickets()))[1]) is hb.NotFound


async def test_a_last_page_by_its_number_without_a_next_one_needs_no_further_look() -> None:
    async with desk_and_fake("helpspace") as (desk, fake):
        listing = Listing(fake, "helpspace", 500)
        listing.links = {"links": {"next": None}}
        found, error = await drain(desk.tickets())
        assert (len(found), error, max(listing.asked)) == (500, None, 450)


async def test_a_conversation_of_a_round_number_ends_whatever_is_answered_behind_it() -> None:
    async with desk_and_fake("helpspace") as (desk, fake):
        ticket = await desk.create_ticket(
            subject="Salary", requester="li@c.example", text="It is broken."
        )
        listing = Listing(fake, "helpspace", 500)
        listing.wanted = fake.wanted  # type: ignore[method-assign]

        def wanted(request: web.Request) -> bool:
            listing.start = SIZE * (int(request.query.get("page", "1")) - 1)
            return request.path.endswith("/messages")

        fake.wanted = wanted
        listing.beyond = refused(404)
        found, error = await drain(desk.messages(ticket.id))
        assert (len(found), error) == (500, None)
