"""What is declared is what is measured: a native call is one request, and leaves nothing out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from helpdesk_bridge_request_tracker.fake import RequestTrackerFake
from helpdesk_bridge_request_tracker.offers import OFFERS

from helpdesk_bridge import Capability, Helpdesk, Priority, Status, Upload
from helpdesk_bridge.kit import Level, TicketQuery
from helpdesk_bridge.testing import Store, TickingClock
from tests.adapters.doubles import Connect, new_ticket

LI = "li@customer.example"
SINCE = datetime(2020, 1, 1, tzinfo=UTC)

Call = Callable[[Helpdesk, str], Awaitable[Any]]
CALLS: dict[Capability, Call] = {
    Capability.LIST_TICKETS: lambda desk, _: desk.tickets(),
    Capability.GET_TICKET: lambda desk, number: desk.ticket(number),
    Capability.UPDATE_TICKET: lambda desk, number: desk.update_ticket(number, subject="x"),
    Capability.DELETE_TICKET: lambda desk, number: desk.delete_ticket(number),
    Capability.LIST_MESSAGES: lambda desk, number: desk.messages(number),
    Capability.REPLY: lambda desk, number: desk.reply(number, text="x", send_email=True),
    Capability.NOTE: lambda desk, number: desk.note(number, text="x"),
    Capability.SEND_ATTACHMENTS: lambda desk, number: desk.reply(
        number,
        text="x",
        send_email=True,
        attachments=[Upload(name="a", mime_type="a/b", data=b"x")],
    ),
    Capability.LIST_AGENTS: lambda desk, _: desk.agents(),
    Capability.LIST_CUSTOMERS: lambda desk, _: desk.customers(email=LI),
    Capability.WHO_AM_I: lambda desk, _: desk.me(),
    Capability.FILTER_STATUS: lambda desk, _: desk.tickets(status=Status.NEW),
    Capability.FILTER_STATUSES: lambda desk, _: desk.tickets(status=[Status.NEW, Status.OPEN]),
    Capability.FILTER_PRIORITY: lambda desk, _: desk.tickets(priority=Priority.HIGH),
    Capability.FILTER_ASSIGNEE: lambda desk, _: desk.tickets(assignee="ada@helpdesk.example"),
    Capability.FILTER_TEAM: lambda desk, _: desk.tickets(team="General"),
    Capability.FILTER_REQUESTER: lambda desk, _: desk.tickets(requester=LI),
    Capability.ORDER_CREATED_AT: lambda desk, _: desk.tickets(order_by="-created_at"),
    Capability.ORDER_UPDATED_AT: lambda desk, _: desk.tickets(order_by="updated_at"),
}
LEFT_OUT: dict[Capability, dict[str, Any]] = {
    Capability.FILTER_TEXT: {"text": "a_b"},
    Capability.FILTER_CREATED_SINCE: {"created_since": SINCE},
    Capability.FILTER_UPDATED_SINCE: {"updated_since": SINCE},
}
PARTS_OF_CALLS = {
    Capability.CREATE_TICKET: "natively means to the desk: without a step for the first words",
    Capability.REPLY_WITH_STATUS: "natively means to the desk: in the request of the message",
}
"""What the desk goes by; the reasons tell of further requests."""


@pytest_asyncio.fixture
async def server() -> AsyncIterator[RequestTrackerFake]:
    async with RequestTrackerFake(Store(clock=TickingClock())) as fake:
        yield fake


@pytest.mark.asyncio
@pytest.mark.parametrize("capability", CALLS, ids=str)
async def test_a_native_call_is_one_request_and_an_emulated_one_is_more(
    server: RequestTrackerFake, connect_to: Connect, capability: Capability
) -> None:
    mine = new_ticket(server.store, requester=server.store.person(LI), assignee=server.agent)
    number = str(mine.id)
    await CALLS[capability](connect_to(server), number)
    is_native = OFFERS[capability].level is Level.NATIVE
    assert (len(server.journal) == 1) is is_native


@pytest.mark.asyncio
@pytest.mark.parametrize("capability", LEFT_OUT, ids=str)
async def test_a_filter_that_is_judged_here_is_no_native_one(
    server: RequestTrackerFake, connect_to: Connect, capability: Capability
) -> None:
    for subject in ("a_b", "axb"):
        new_ticket(server.store, subject=subject)
    early = SINCE.replace(year=2019, month=12, day=31, hour=12)
    server.store.tickets[max(server.store.tickets)].created_at = early
    server.store.tickets[max(server.store.tickets)].updated_at = early
    query = TicketQuery(**LEFT_OUT[capability])
    page = await connect_to(server).adapter.list_tickets(query, None)
    assert (len(page.items), len(page.filtered)) == (1, 1)
    assert OFFERS[capability].level is Level.EMULATED


def test_each_sentence_about_rt_has_a_source() -> None:
    without = {c for c, support in OFFERS.items() if support.reason and not support.source}
    assert without == {Capability.RECONCILE}  # it tells what this library does
    assert set(OFFERS) | {Capability.RESIZED_IMAGE, Capability.IF_LAST} == set(Capability)
