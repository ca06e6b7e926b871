"""How tickets are asked for, and that the vendor's own records can be read again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from helpdesk_bridge import Helpdesk, connect
from helpdesk_bridge.kit import Status, TicketQuery
from helpdesk_bridge.testing import Store, TickingClock

from helpdesk_bridge_acme import Acme
from helpdesk_bridge_acme.fake import AcmeFake

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[AcmeFake]:
    """Start an Acme Desk with three tickets, a minute apart."""
    clock = TickingClock(datetime(2026, 1, 5, 8, tzinfo=UTC), timedelta(minutes=1))
    async with AcmeFake(Store(clock=clock)) as started:
        for status in (Status.OPEN, Status.PENDING, Status.RESOLVED):
            requester = started.store.person(f"{status}@customer.example")
            started.store.create_ticket(
                subject=f"It is {status}", requester=requester, html="<p>Help.</p>", status=status
            )
        yield started


@pytest_asyncio.fixture
async def desk(fake: AcmeFake) -> AsyncIterator[Helpdesk]:
    """Open the desk."""
    async with connect(config={"desks": {"support": fake.table()}}) as opened:
        yield opened


@pytest.mark.parametrize(
    ("given", "limit", "found"),
    [
        ({}, "100", [0, 1, 2]),
        ({"order_by": "created_at", "limit": 20}, "20", [0, 1, 2]),
        ({"order_by": "-created_at", "limit": 20}, "100", [2, 1, 0]),
        ({"status": Status.PENDING, "limit": 1}, "10", [1]),
        ({"status": [Status.PENDING, Status.RESOLVED], "limit": 20}, "100", [1, 2]),
        ({"requester": "open@customer.example", "limit": 20}, "100", [0]),
    ],
)
async def test_a_page_has_what_is_needed_in_the_order_that_is_wanted(
    fake: AcmeFake, desk: Helpdesk, given: dict[str, Any], limit: str, found: list[int]
) -> None:
    """Only what Acme itself picks may come in a smaller page."""
    page = await desk.tickets(**given)
    ids = [f"T-{number}" for number in fake.store.tickets]
    assert [ticket.id for ticket in page] == [ids[place] for place in found]
    assert fake.journal[-1].values("limit") == [limit]


async def test_there_is_a_place_behind_each_ticket(desk: Helpdesk) -> None:
    """A list that was cut goes on there."""
    page = await desk.adapter.list_tickets(TicketQuery(), None)
    assert page.anchored
    assert page.behind is not None
    rest = await desk.adapter.list_tickets(TicketQuery(), page.behind(page.items[0]))
    assert rest.items == page.items[1:]


async def test_what_was_kept_of_a_record_is_read_as_it_was(desk: Helpdesk) -> None:
    """A job that stores raw can go back to the model."""
    adapter = desk.adapter
    assert isinstance(adapter, Acme)
    async for ticket in desk.tickets():
        assert adapter.parse_ticket(ticket.raw) == ticket
        async for message in desk.messages(ticket):
            assert adapter.parse_message(message.raw, ticket.id) == message
