"""What every adapter says of the pages to come is so, and a desk that is closed reads no more."""

from __future__ import annotations

import asyncio

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.kit import Cursor, TicketQuery
from tests.every_adapter.places import Place
from tests.every_adapter.test_lists import fill

pytestmark = pytest.mark.asyncio
NUMBERED = {"helpspace", "omnidesk"}


async def test_the_pages_named_in_advance_are_those_that_follow(place: Place) -> None:
    fill(place, 230)
    places: list[Cursor | None] = [None]
    pages = []
    while len(pages) < len(places):
        page = await place.desk.adapter.list_tickets(TicketQuery(), places[-1])
        pages.append(page)
        places += [page.next] if page.next is not None else []
    for number, page in enumerate(pages):
        assert page.ahead == (
            tuple(places[number + 2 :]) if place.desk.adapter.name in NUMBERED else ()
        )


async def test_every_page_is_asked_for_once(place: Place) -> None:
    fill(place, 430)
    pages = len([page async for page in place.desk.tickets().pages()])
    before = place.requests
    listed = [ticket.id async for ticket in place.desk.tickets()]
    assert len(listed) == len(set(listed)) == 430
    if place.fake is not None:
        assert place.requests - before == pages


async def test_a_desk_that_is_closed_while_a_list_is_read_leaves_nothing_behind(
    place: Place,
) -> None:
    fill(place, 230)
    before = asyncio.all_tasks()
    pager = place.desk.tickets()
    await anext(pager)
    await place.desk.aclose()
    reading = {task for task in asyncio.all_tasks() - before if "ReadAhead" in repr(task)}
    assert reading == set()
    with pytest.raises(hb.DeskClosed):
        await _rest(pager)


async def _rest(pager: hb.Pager[hb.Ticket]) -> list[str]:
    return [ticket.id async for ticket in pager]


async def test_a_list_that_is_broken_off_leaves_nothing_behind(place: Place) -> None:
    fill(place, 230)
    async for _ in place.desk.tickets():
        break
    for _ in range(5):
        await asyncio.sleep(0)
    assert not [task for task in asyncio.all_tasks() if "ReadAhead" in repr(task)]
