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


# -- by name ---------------------------------------------------------------------------------

NAMED: list[Any] = [Party(name="Bo Lind"), Party(name="bo LIND")]


@pytest.mark.parametrize("who", NAMED, ids=str)
async def test_an_assignee_is_found_by_name(
    server: RequestTrackerFake, connect_to: Connect, who: Any
) -> None:
    desk = connect_to(server)
    made = await desk.create_ticket(
        subject="Invoice", requester="li@customer.example", text="Twice.", assignee=who
    )
    free = await desk.update_ticket(made, assignee=None)
    taken = await desk.update_ticket(free, assignee=who)
    found, error = await drain(desk.tickets(assignee=who))
    assert ([one.id for one in found], error) == ([made.id], None)
    assert [one.assignee.id for one in (made, taken) if one.assignee] == ["bo", "bo"]


async def test_a_name_is_looked_up_once(server: RequestTrackerFake, connect_to: Connect) -> None:
    desk = connect_to(server)
    for _ in range(3):
        await drain(desk.tickets(assignee=Party(name="Bo Lind")))
    looked_up = [one for one in asked(server.journal) if one[1] not in ("/tickets", "/user/bo")]
    assert looked_up[0] == ("POST", "/users", 200)
    names = [one for one in server.journal if b"RealName" in one.body]
    assert len(names) == 1


@pytest.mark.parametrize("who", [Party(name="Eve Nil"), Party(name="Li Wei")], ids=str)
async def test_a_name_that_no_agent_has_is_an_error(
    server: RequestTrackerFake, connect_to: Connect, caught: Caught, who: Any
) -> None:
    """Li is a customer."""
    new_ticket(server.store, requester=server.store.person("li@customer.example", "Li Wei"))
    desk = connect_to(server)
    ticket = str(min(server.store.tickets))
    _, error = await drain(desk.tickets(assignee=who))
    for one in (error, await caught(desk.update_ticket(ticket, assignee=who))):
        assert isinstance(one, InvalidArgument)
        assert one.outcome is Outcome.NOT_SENT
        assert "no agents" in str(one)
    assert "/tickets" not in {path for _, path, _ in asked(server.journal)}


async def test_a_name_that_several_agents_have_is_an_error(
    server: RequestTrackerFake, connect_to: Connect, caught: Caught
) -> None:
    server.store.agents.append(Party(id="bo2", name="Bo Lind", role=Role.AGENT))
    error = await caught(connect_to(server).update_ticket("1", assignee=Party(name="Bo Lind")))
    assert isinstance(error, InvalidArgument)
    assert "2 agents" in str(error)
    assert "Lind" not in str(error)


async def test_a_name_is_of_an_agent_though_a_customer_has_it_too(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    mine = new_ticket(server.store, assignee=BO)
    new_ticket(server.store, requester=server.store.person("bo@customer.example", "Bo Lind"))
    found, error = await drain(connect_to(server).tickets(assignee=Party(name="Bo Lind")))
    assert ([one.id for one in found], error) == ([str(mine.id)], None)


async def test_a_word_is_a_login_and_no_name(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    new_ticket(server.store, assignee=BO)
    _, error = await drain(connect_to(server).tickets(assignee="Bo Lind"))
    assert isinstance(error, InvalidArgument)
    assert "Party(name=…)" in str(error)


async def test_a_name_that_may_not_be_looked_up_is_told(strange: Any) -> None:
    _fake, desk = await strange({"/tickets": listed(), "/users": 403})
    _, error = await drain(desk.tickets(assignee=Party(name="Bo Lind")))
    assert isinstance(error, hb.PermissionDenied)


async def test_an_unreadable_user_may_be_the_one(strange: Any) -> None:
    users = listed({"id": 7, "RealName": "Bo Lind"})
    _fake, desk = await strange({"/tickets": listed(), "/users": users})
    for who in (Party(name="Bo Lind"), NOBODY):
        _, error = await drain(desk.tickets(assignee=who))
        assert isinstance(error, hb.ProtocolError)
