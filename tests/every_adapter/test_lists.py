"""Lists stay complete while others work on them."""

from __future__ import annotations

import asyncio

import pytest

import helpdesk_bridge as hb
from tests.every_adapter.places import Place

CUSTOMER = "li@customer.example"
pytestmark = pytest.mark.asyncio


def fill(place: Place, count: int) -> None:
    for number in range(count):
        place.store.create_ticket(
            subject=f"ticket {number}",
            requester=place.store.person(CUSTOMER),
            html="<p>One of many.</p>",
            status=hb.Status.OPEN,
        )


async def test_tickets_that_are_answered_while_they_are_listed_hide_no_others(
    place: Place,
) -> None:
    fill(place, 130)
    seen = []
    async for ticket in place.desk.tickets(status=hb.Status.OPEN):
        await place.desk.update_ticket(ticket, status=hb.Status.RESOLVED)
        seen.append(ticket.id)
    assert len(seen) == len(set(seen)) == 130


async def test_tasks_that_share_a_list_share_its_items(place: Place) -> None:
    fill(place, 130)
    pager = place.desk.tickets()
    seen: list[str] = []

    async def worker() -> None:
        async for ticket in pager:
            seen.append(ticket.id)
            await asyncio.sleep(0)

    await asyncio.gather(*(worker() for _ in range(4)))
    assert len(seen) == len(set(seen)) == 130


async def test_pages_can_be_gone_on_from_the_one_at_hand(place: Place) -> None:
    fill(place, 130)
    pager = place.desk.tickets()
    async for page in pager.pages():
        first = [ticket.id for ticket in page]
        break
    rest = [ticket.id async for ticket in place.desk.tickets(cursor=pager.cursor)]
    assert len({*first, *rest}) == 130
