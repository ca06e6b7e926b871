"""A page is as large as the call needs, and all pages of a walk have the same size."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from helpdesk_bridge_helpspace.adapter import HelpSpace

from helpdesk_bridge import Capability, Helpdesk, Party, Status, errors
from helpdesk_bridge.kit import Cursor, CustomerQuery, TicketQuery
from tests.adapters.doubles import Caught, ids, new_ticket
from tests.adapters.helpspace.conftest import ScriptedFake, collection, ticket_json

pytestmark = pytest.mark.asyncio
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def sizes(fake: ScriptedFake) -> list[list[str]]:
    """Return the sizes that were asked for, of each page once."""
    return [exchange.values("per-page") for exchange in fake.asked("GET", "/tickets")]


@pytest.mark.parametrize(
    ("limit", "size"), [(1, "10"), (10, "10"), (11, "11"), (49, "49"), (50, "50"), (90, "50")]
)
@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"status": Status.OPEN},
        {"status": [Status.OPEN]},
        {"assignee": "11"},
        {"team": "Billing"},
        {"tag": "bug"},
        {"text": "stops"},
        {"extra": {"body[]": "stops"}},
    ],
)
async def test_with_a_limit_no_more_is_asked_for_than_is_wanted(
    fake: ScriptedFake, desk: Helpdesk, limit: int, size: str, filters: Any
) -> None:
    await desk.tickets(limit=limit, **filters)
    assert sizes(fake)[0] == [size]


@pytest.mark.parametrize(
    "filters",
    [
        {"status": Status.ESCALATED},
        {"status": [Status.OPEN, Status.CLOSED]},
        {"requester": "ines@northpier.example"},
        {"requester": "20931"},
        {"created_since": LONG_AGO},
        {"updated_since": LONG_AGO},
        {"order_by": "created_at"},
        {"order_by": "-updated_at"},
    ],
)
async def test_where_what_comes_is_judged_here_pages_are_as_large_as_can_be(
    fake: ScriptedFake, desk: Helpdesk, filters: Any
) -> None:
    await desk.tickets(limit=1, **filters)
    assert sizes(fake)[0] == ["50"]


async def test_an_agent_whose_id_is_not_known_is_looked_for_on_the_largest_pages(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    """So it is for whoever calls the adapter itself: a desk looks the id up."""
    kim = Party(email="kim@brightloom.example")
    told = {"assignee": {"id": 77, "email": "KIM@brightloom.example"}}
    answer = collection("tickets", [ticket_json(), ticket_json(id=2, **told)])
    fake.instead("GET", "/tickets", answer)
    page = await desk.adapter.list_tickets(TicketQuery(assignee=kim, limit=1), None)
    assert (ids(page.items), sizes(fake)) == (["2"], [["50"]])


async def test_a_walk_keeps_its_size_and_a_cursor_tells_it(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    """Pages are numbered: another size would be another place."""
    made = ids([new_ticket(fake.store) for _ in range(121)])
    adapter = desk.adapter
    page = await adapter.list_tickets(TicketQuery(limit=20), None)
    assert (ids(page.items), page.next) == (made[:20], "2x20")
    assert page.ahead[:2] == ("3x20", "4x20")
    page = await adapter.list_tickets(TicketQuery(limit=100), page.next)
    assert (ids(page.items), page.next, page.beyond) == (made[20:40], "3x20", "3x20")
    page = await adapter.list_tickets(TicketQuery(), page.ahead[-1])
    assert (ids(page.items), page.next) == (made[120:], None)
    assert [e.values("page") + e.values("per-page") for e in fake.journal] == [
        ["1", "20"],
        ["2", "20"],
        ["7", "20"],
    ]


async def test_a_number_alone_is_a_page_of_the_largest_size(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    made = ids([new_ticket(fake.store) for _ in range(70)])
    page = await desk.adapter.list_tickets(TicketQuery(limit=20), Cursor("2"))
    assert (ids(page.items), sizes(fake)) == (made[50:], [["50"]])


@pytest.mark.parametrize("limit", [10, 20, 49, 50, 60, 121])
async def test_walking_by_limit_and_cursor_loses_nothing(
    fake: ScriptedFake, desk: Helpdesk, limit: int
) -> None:
    made = ids([new_ticket(fake.store) for _ in range(121)])
    found, cursor = list[str](), None
    while cursor is not None or not found:
        pager = desk.tickets(limit=limit, cursor=cursor)
        found += [ticket.id async for ticket in pager]
        cursor = pager.cursor
    assert (set(found), sorted(set(found))) == (set(made), made)


@pytest.mark.parametrize(
    "cursor", ["x", "2x", "x20", "2x0", "2x50", "2x51", "2x100", "2x-1", "2x٢", "2x20x20", "ax20"]
)
async def test_a_size_of_another_make_is_refused(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, cursor: str
) -> None:
    async def first() -> Any:
        return await anext(desk.tickets(cursor=cursor))

    assert type(await caught(first())) is errors.InvalidArgument
    assert fake.journal == []


async def test_places_are_numbers_of_pages_and_none_is_behind_a_certain_ticket(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    fake.instead("GET", "/tickets", collection("tickets", [ticket_json()], last=2))
    page = await desk.adapter.list_tickets(TicketQuery(), None)
    assert (page.anchored, page.behind, page.moves) == (False, None, False)


async def test_customers_are_asked_for_as_many_as_are_wanted(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    adapter = desk.adapter
    await adapter.list_customers(CustomerQuery(limit=12), None)
    await adapter.list_customers(CustomerQuery(limit=12, email="a@a.example"), None)
    assert [e.values("per-page") for e in fake.journal] == [["12"], ["50"]]


async def test_the_largest_page_is_told() -> None:
    assert HelpSpace.offers[Capability.LIST_TICKETS].limits.page_size == 50


async def test_an_agent_by_address_is_filtered_by_the_vendor(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    ada = Party(id="11", name="Ada", email="ada@helpdesk.example")
    new_ticket(fake.store, assignee=ada)
    await desk.tickets(assignee="ADA@helpdesk.example", limit=5)
    assert sizes(fake) == [["10"]]
