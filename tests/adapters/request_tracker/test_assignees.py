"""An assignee whom Request Tracker does not know is an error of the caller's, and no empty list."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from helpdesk_bridge_request_tracker.fake import RequestTrackerFake

import helpdesk_bridge as hb
from helpdesk_bridge import InvalidArgument, Outcome, Party
from helpdesk_bridge.kit import Cursor, TicketQuery
from helpdesk_bridge.model import Role
from helpdesk_bridge.testing import Store, TickingClock
from tests.adapters.doubles import Caught, Connect, asked, drain, new_ticket
from tests.adapters.request_tracker.strange import listed

pytestmark = pytest.mark.asyncio
BO = Party(id="bo", name="Bo Lind", email="bo@helpdesk.example", role=Role.AGENT)
DEE = Party(id="4711", name="Dee", email="dee@helpdesk.example", role=Role.AGENT)
NOBODY = "nobody@nowhere.example"


@pytest_asyncio.fixture
async def server() -> AsyncIterator[RequestTrackerFake]:
    store = Store(clock=TickingClock(), agents=[BO, DEE])
    new_ticket(store)
    async with RequestTrackerFake(store) as fake:
        yield fake


UNKNOWN: list[Any] = [NOBODY, Party(id="bogus"), Party(id="4831932"), Party(id="bo@helpdesk")]


@pytest.mark.parametrize("who", UNKNOWN, ids=str)
@pytest.mark.parametrize("order", [None, "-created_at"])
async def test_who_is_unknown_is_an_error(
    server: RequestTrackerFake, connect_to: Connect, who: Any, order: Any
) -> None:
    found, error = await drain(connect_to(server).tickets(assignee=who, order_by=order))
    assert found == []
    assert isinstance(error, InvalidArgument)
    assert error.outcome is Outcome.NOT_SENT
    assert NOBODY not in str(error)
    assert asked(server.journal) == [("GET", "/tickets", 200), ("POST", "/users", 200)]


@pytest.mark.parametrize(
    "who",
    [BO.email, "BO@helpdesk.EXAMPLE", Party(id="bo"), Party(id="Bo"), DEE.email, Party(id="4711")],
    ids=str,
)
@pytest.mark.parametrize("more", [{}, {"status": hb.Status.RESOLVED}])
async def test_who_is_known_and_has_nothing_has_an_empty_list(
    server: RequestTrackerFake, connect_to: Connect, who: Any, more: dict[str, Any]
) -> None:
    found, error = await drain(connect_to(server).tickets(assignee=who, **more))
    assert (found, error) == ([], None)
    assert asked(server.journal) == [("GET", "/tickets", 200), ("POST", "/users", 200)]


async def test_nobody_is_looked_up_where_a_ticket_is_found(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    for number in range(3):
        new_ticket(server.store, assignee=BO, subject=f"ticket {number}")
    desk = connect_to(server)
    pager = desk.tickets(assignee=BO.email, limit=2)
    first, _ = await drain(pager)
    rest, _ = await drain(desk.tickets(assignee=BO.email, cursor=pager.cursor))
    assert (len(first), len(rest)) == (2, 1)
    assert {path for _, path, _ in asked(server.journal)} == {"/tickets"}


async def test_nobody_is_looked_up_behind_the_first_page(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    query = TicketQuery(assignee=Party(email=NOBODY))
    page = await connect_to(server).adapter.list_tickets(query, Cursor("99999"))
    assert page.items == ()
    assert asked(server.journal) == [("GET", "/tickets", 200)]


@pytest.mark.parametrize("status", [403, 404, 405])
async def test_an_account_that_may_not_look_people_up_has_what_rt_answers(
    strange: Any, status: int
) -> None:
    """Only the privileged may list users."""
    _fake, desk = await strange({"/tickets": listed(), "/users": status})
    assert await drain(desk.tickets(assignee=NOBODY)) == ([], None)


@pytest.mark.parametrize(
    ("status", "kind"), [(401, hb.AuthenticationError), (500, hb.VendorUnavailable)]
)
async def test_a_look_up_that_fails_otherwise_is_told(
    strange: Any, status: int, kind: type[Exception]
) -> None:
    _fake, desk = await strange({"/tickets": listed(), "/users": status})
    _, error = await drain(desk.tickets(assignee=NOBODY))
    assert isinstance(error, kind)


async def test_others_than_were_looked_for_are_not_taken_for_the_one(strange: Any) -> None:
    """T20: RT ignores a condition on a field that may not be searched."""
    users = listed({"id": 7, "Name": "bo", "EmailAddress": "bo@helpdesk.example"})
    _fake, desk = await strange({"/tickets": listed(), "/users": users})
    for who in (NOBODY, Party(id="eve")):
        _, error = await drain(desk.tickets(assignee=who))
        assert isinstance(error, InvalidArgument)
    assert await drain(desk.tickets(assignee=Party(id="BO"))) == ([], None)


async def test_an_account_that_is_closed_is_looked_for_too(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    await drain(connect_to(server).tickets(assignee=BO.email))
    assert server.journal[-1].values("find_disabled_rows") == ["1"]


async def test_what_is_written_names_whom_it_cannot_find(
    server: RequestTrackerFake, connect_to: Connect, caught: Caught
) -> None:
    ticket = str(min(server.store.tickets))
    error = await caught(connect_to(server).update_ticket(ticket, assignee=NOBODY))
    assert isinstance(error, InvalidArgument)
    assert error.outcome is Outcome.NOT_SENT
