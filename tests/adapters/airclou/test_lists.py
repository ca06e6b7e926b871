"""Filters, orders and page sizes of lists of tickets, as they are sent and as they come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from helpdesk_bridge import Helpdesk, Priority, Status, TicketKind, TicketOrder, errors
from helpdesk_bridge.model import TicketQuery
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.airclou.conftest import ScriptedFake, ticket_json, tkt
from tests.adapters.doubles import CUSTOMER, START, Caught, ids, new_ticket

TICKETS = "/api/v1/tickets"
pytestmark = pytest.mark.asyncio


def sent(fake: ScriptedFake, *names: str) -> list[list[str]]:
    """Return the values that the last request gave for these parameters."""
    return [fake.journal[-1].values(name) for name in names]


# -- filters ---------------------------------------------------------------------------------


async def test_a_priority_is_asked_for_and_nothing_else_comes(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    wanted = new_ticket(fake.store, priority=Priority.HIGH)
    new_ticket(fake.store, priority=Priority.LOW)
    page = await desk.tickets(priority=Priority.HIGH)
    assert (ids(page), page.filtered) == ([tkt(wanted)], ())
    assert sent(fake, "priority") == [["high"]]


async def test_a_priority_that_nobody_knows_is_not_the_one_asked_for(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    told = [ticket_json(id="tkt_1", priority="on fire"), ticket_json(id="tkt_2")]
    fake.script.add("GET", TICKETS, {"tickets": told, "meta": {"hasMore": False}})
    assert ids(await desk.tickets(priority=Priority.HIGH)) == ["tkt_2"]


async def test_several_statuses_are_judged_on_what_is_read(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    known = [Status(word) for word in ("new", "open", "pending", "resolved", "closed")]
    made = {status: tkt(new_ticket(fake.store, status=status)) for status in known}
    found = [t.id async for t in desk.tickets(status=[Status.CLOSED, Status.NEW])]
    assert found == [made[Status.CLOSED], made[Status.NEW]]
    assert sent(fake, "status") == [[]]


async def test_a_status_that_nobody_knows_is_none_of_those_asked_for(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    told = [ticket_json(id="tkt_1", status="parked"), ticket_json(id="tkt_2")]
    fake.script.add("GET", TICKETS, {"tickets": told, "meta": {"hasMore": False}})
    assert ids(await desk.tickets(status=[Status.NEW, Status.PENDING])) == ["tkt_2"]


@pytest.mark.parametrize("status", [Status.SPAM, [Status.OPEN, Status.ON_HOLD]])
async def test_a_status_that_airclou_does_not_have_is_refused_unsent(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, status: Any
) -> None:
    assert type(await caught(_first(desk, status=status))) is errors.StatusNotAllowed
    assert fake.journal == []


async def test_a_kind_is_judged_on_what_is_read(fake: ScriptedFake, desk: Helpdesk) -> None:
    wanted = new_ticket(fake.store, kind=TicketKind.TASK)
    new_ticket(fake.store, kind=TicketKind.INCIDENT)
    assert ids(await desk.tickets(kind=TicketKind.TASK)) == [tkt(wanted)]


async def _first(desk: Helpdesk, **filters: Any) -> Any:
    return await desk.tickets(**filters)


# -- people ----------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["list", "update", "create"])
async def test_an_agent_by_address_is_refused_unsent_since_nobody_can_be_looked_up(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught, call: str
) -> None:
    agent = "ada@helpdesk.example"
    calls = {
        "list": lambda: _first(desk, assignee=agent),
        "update": lambda: desk.update_ticket(tkt(stored), assignee=agent),
        "create": lambda: desk.create_ticket(
            subject="S", requester=CUSTOMER, text="T", assignee=agent
        ),
    }
    error = await caught(calls[call]())
    assert (type(error), fake.journal) == (errors.InvalidArgument, [])
    assert "by their id" in error.message
    assert agent not in str(error)


# -- orders ----------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(TicketOrder))
async def test_the_vendor_sorts_both_ways_by_either_time(
    fake: ScriptedFake, desk: Helpdesk, order: TicketOrder
) -> None:
    made = [new_ticket(fake.store) for _ in range(120)]
    for number, ticket in enumerate(made):  # six of each time of change
        ticket.updated_at = START + timedelta(days=9, seconds=number * 7 % 20)
    tickets = [ticket async for ticket in desk.tickets(order_by=order)]
    times = [getattr(ticket, order.field) for ticket in tickets]
    assert times == sorted(times, reverse=order.is_descending)
    assert sorted(ids(tickets)) == sorted(map(tkt, made))
    word = "desc" if order.is_descending else "asc"
    assert sent(fake, "sort_by", "sort_order") == [[order.field], [word]]


@pytest.mark.parametrize(
    ("order", "anchored", "moves"),
    [
        (None, True, False),
        (TicketOrder.CREATED_AT, True, False),
        (TicketOrder.CREATED_AT_DESC, True, False),
        (TicketOrder.UPDATED_AT, False, True),
        (TicketOrder.UPDATED_AT_DESC, False, True),
    ],
)
async def test_a_place_stays_by_creation_and_moves_by_change(
    fake: ScriptedFake, desk: Helpdesk, order: TicketOrder | None, anchored: bool, moves: bool
) -> None:
    new_ticket(fake.store, priority=Priority.LOW)
    for query in (TicketQuery(order_by=order), TicketQuery(order_by=order, tag="vip")):
        page = await desk.adapter.list_tickets(query, None)
        assert (page.anchored, page.moves, page.behind) == (anchored, moves, None)


async def test_filters_apply_in_an_order(fake: ScriptedFake, desk: Helpdesk) -> None:
    made = [tkt(new_ticket(fake.store, tags=("vip",) * (n % 2))) for n in range(6)]
    assert ids(await desk.tickets(tag="vip", order_by="created_at")) == made[1::2]


# -- sizes -----------------------------------------------------------------------------------


SINCE = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({}, "100"),
        ({"limit": 1}, "10"),
        ({"limit": 20}, "20"),
        ({"limit": 100}, "100"),
        ({"limit": 1000}, "100"),
        ({"limit": 20, "order_by": "updated_at"}, "20"),
        ({"limit": 20, "status": Status.OPEN, "priority": Priority.LOW}, "20"),
        ({"limit": 20, "assignee": "usr_1", "extra": {"lang": "en"}}, "20"),
        ({"limit": 20, "status": [Status.OPEN, Status.NEW]}, "100"),
        ({"limit": 20, "kind": TicketKind.TASK}, "100"),
        ({"limit": 20, "tag": "vip"}, "100"),
        ({"limit": 20, "requester": CUSTOMER}, "100"),
        ({"limit": 20, "created_since": SINCE}, "100"),
        ({"limit": 20, "updated_since": SINCE}, "100"),
    ],
)
async def test_a_page_is_no_larger_than_what_is_wanted_where_all_of_it_will_do(
    fake: ScriptedFake, desk: Helpdesk, given: dict[str, Any], size: str
) -> None:
    fake.script.add("GET", TICKETS, {"tickets": [], "meta": {"hasMore": False}})
    await desk.tickets(**given)
    assert sent(fake, "page_size") == [[size]]


async def test_a_limit_over_several_pages_is_kept(fake: ScriptedFake, desk: Helpdesk) -> None:
    made = [tkt(new_ticket(fake.store)) for _ in range(130)]
    assert ids([t async for t in desk.tickets(limit=115)]) == made[:14:-1]
    assert sent(fake, "page_size") == [["100"]]
