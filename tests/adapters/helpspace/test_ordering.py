"""HelpSpace sorts no lists: tickets in an order are all read, and sorted here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from helpdesk_bridge import Capability, Helpdesk, IncompleteList, Level, Status, errors
from helpdesk_bridge.kit import TicketOrder, TicketQuery
from tests.adapters.doubles import START, Caught, cursor_at, drain, ids, new_ticket
from tests.adapters.helpspace.conftest import ScriptedFake, collection, ticket_json

pytestmark = pytest.mark.asyncio
ORDERS = ["created_at", "-created_at", "updated_at", "-updated_at"]


def at(hour: int | None) -> str | None:
    return None if hour is None else (START + timedelta(hours=hour)).isoformat(timespec="seconds")


def serve(fake: ScriptedFake, *told: tuple[int, int | None, int | None], times: int = 1) -> None:
    """Answer with tickets of an id and the hours of their creation and change."""
    records = [
        ticket_json(id=number, created_at=at(made), updated_at=at(changed))
        for number, made, changed in told
    ]
    fake.instead("GET", "/tickets", collection("tickets", records), times=times)


@pytest.mark.parametrize(
    ("order", "wanted"),
    [
        ("created_at", ["9", "10", "3", "20", "7"]),
        ("-created_at", ["20", "3", "9", "10", "7"]),
        ("updated_at", ["3", "20", "7", "9", "10"]),
        ("-updated_at", ["9", "7", "3", "20", "10"]),
    ],
)
async def test_times_decide_then_ids_and_those_without_a_time_come_last(
    fake: ScriptedFake, desk: Helpdesk, order: Any, wanted: list[str]
) -> None:
    serve(fake, (7, None, 4), (20, 3, 2), (10, 1, None), (3, 2, 2), (9, 1, 5))
    assert ids([ticket async for ticket in desk.tickets(order_by=order)]) == wanted


@pytest.mark.parametrize("order", ORDERS)
async def test_all_pages_are_read_before_the_first_ticket_comes(
    fake: ScriptedFake, desk: Helpdesk, order: Any
) -> None:
    for number in range(121):
        new_ticket(fake.store, created_at=START + timedelta(minutes=number * 37 % 121))
    found = [ticket async for ticket in desk.tickets(order_by=order)]
    name = TicketOrder(order).field
    times = [getattr(ticket, name) for ticket in found]
    assert (len(found), times) == (121, sorted(times, reverse=order.startswith("-")))
    assert [e.values("page") for e in fake.journal] == [["1"], ["2"], ["3"]]


async def test_filters_hold_in_an_order_and_the_vendors_are_asked_for(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    for number in range(60):
        new_ticket(fake.store, status=Status.SPAM, tags=("bug",))
        new_ticket(fake.store, status=(Status.OPEN, Status.CLOSED)[number % 2], tags=("bug",))
    wanted = [
        str(ticket.id) for ticket in fake.store.tickets.values() if ticket.status is not Status.SPAM
    ][::-1]
    pager = desk.tickets(status=[Status.OPEN, Status.CLOSED], tag="bug", order_by="-created_at")
    assert ids([ticket async for ticket in pager]) == wanted
    assert all(e.values("tags[]") == ["bug"] for e in fake.journal)
    assert (len(fake.journal), pager.exhausted) == (3, True)


@pytest.mark.parametrize("order", ["created_at", "-created_at"])
async def test_a_list_goes_on_behind_a_ticket_though_others_came_and_went(
    fake: ScriptedFake, desk: Helpdesk, order: Any
) -> None:
    serve(fake, (1, 1, 1), (2, 2, 2), (3, 2, 2), (4, 4, 4), (5, None, 5))
    query = TicketQuery(order_by=TicketOrder(order), limit=2)
    page = await desk.adapter.list_tickets(query, None)
    assert page.anchored
    assert page.behind is not None
    place = page.behind(page.items[1])
    serve(fake, (9, 2, 2), (1, 1, 9), (2, 2, 2), (4, 4, 4), (3, 2, 2), (5, None, 5))
    rest = await desk.adapter.list_tickets(query, place)
    gone_on = {"created_at": ["3", "9", "4", "5"], "-created_at": ["3", "9", "1", "5"]}
    assert ids(rest.items) == gone_on[order]


async def test_by_the_time_of_change_no_ticket_has_a_place(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    serve(fake, (1, 1, 1))
    query = TicketQuery(order_by=TicketOrder.UPDATED_AT)
    page = await desk.adapter.list_tickets(query, None)
    assert (page.anchored, page.behind, page.next) == (False, None, None)


@pytest.mark.parametrize("cursor", ["2", "2x20", "x", "1.2"])
async def test_a_place_of_another_list_is_refused(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, cursor: str
) -> None:
    serve(fake, (1, 1, 1))
    place = cursor_at(desk, "tickets", cursor, order_by=TicketOrder.CREATED_AT)
    error = await caught(anext(desk.tickets(order_by="created_at", cursor=place)))
    assert type(error) is errors.InvalidArgument


async def test_an_order_of_a_list_that_ends_short_ends_in_an_error(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    def count_three(request: web.Request) -> web.Response:
        page = int(request.query["page"])
        records = [ticket_json(id=1), ticket_json(id=2)] if page == 1 else []
        answer = collection("tickets", records, page=page)
        answer["meta"]["total"] = 3
        return web.json_response(answer)

    fake.instead("GET", "/tickets", count_three, times=9)
    found, error = await drain(desk.tickets(order_by="created_at"))
    assert (ids(found), type(error)) == (["1", "2"], IncompleteList)


async def test_a_ticket_that_cannot_be_read_comes_last_and_is_an_error(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    records = [{"subject": "no id"}, ticket_json(id=2), ticket_json(id=1)]
    fake.instead("GET", "/tickets", collection("tickets", records))
    found, error = await drain(desk.tickets(order_by="created_at"))
    assert (ids(found), type(error)) == (["1", "2"], errors.ProtocolError)


async def test_orders_are_emulated_and_a_page_of_the_vendor_says_why(desk: Helpdesk) -> None:
    for order in (Capability.ORDER_CREATED_AT, Capability.ORDER_UPDATED_AT):
        support = desk.capabilities[order]
        assert (support.level, bool(support.source)) == (Level.EMULATED, True)
