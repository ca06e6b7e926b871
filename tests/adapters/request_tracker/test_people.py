"""Agents, customers, queues, who one is, and an assignee who is given by address."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from helpdesk_bridge_request_tracker import people
from helpdesk_bridge_request_tracker.fake import RequestTrackerFake

import helpdesk_bridge as hb
from helpdesk_bridge import Helpdesk, InvalidArgument, Outcome, Party, PermissionDenied
from helpdesk_bridge.errors import ProtocolError
from helpdesk_bridge.model import Role
from helpdesk_bridge.testing import FakeServer, Store, TickingClock
from tests.adapters.doubles import Caught, Connect, asked, cursor_at, drain, new_ticket

pytestmark = pytest.mark.asyncio
BO = Party(id="bo", name="Bo Lind", email="bo@helpdesk.example", role=Role.AGENT)
DEE = Party(id="4711", name="Dee", email="dee@helpdesk.example", role=Role.AGENT)
LI = "li@customer.example"


def new_fake(**given: Any) -> RequestTrackerFake:
    store = Store(clock=TickingClock(), agents=[BO, DEE], teams={5: "Sales"})
    fake = RequestTrackerFake(store, **given)
    for address, name in ((LI, "Li Wei"), ("jo@customer.example", "José 100%")):
        new_ticket(store, requester=store.person(address, name))
    return fake


@pytest_asyncio.fixture
async def server() -> AsyncIterator[RequestTrackerFake]:
    async with new_fake() as fake:
        yield fake


@pytest_asyncio.fixture
async def open_server() -> AsyncIterator[RequestTrackerFake]:
    """RT shows the group of the privileged there."""
    async with new_fake(may=["SeeGroup"]) as fake:
        yield fake


def told(person: Party) -> tuple[str | None, str | None, str | None, Role]:
    return person.id, person.email, person.name, person.role


AGENTS = [
    ("4711", "dee@helpdesk.example", "Dee", Role.AGENT),
    ("ada", "ada@helpdesk.example", "Ada Byron", Role.AGENT),
    ("bo", "bo@helpdesk.example", "Bo Lind", Role.AGENT),
]


# -- agents ----------------------------------------------------------------------------------


async def test_the_privileged_are_agents_and_each_user_is_asked_for(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    found, error = await drain(connect_to(server).agents())
    assert (sorted(map(told, found)), error) == (AGENTS, None)
    called = asked(server.journal)
    assert called[:2] == [("POST", "/groups", 200), ("GET", "/users", 200)]
    assert len([path for _, path, _ in called if path.startswith("/user/")]) == 7


async def test_the_group_of_the_privileged_tells_all_of_them(
    open_server: RequestTrackerFake, connect_to: Connect
) -> None:
    found, error = await drain(connect_to(open_server).agents())
    assert (list(map(told, found)), error) == (AGENTS, None)
    assert asked(open_server.journal) == [
        ("POST", "/groups", 200),
        ("GET", "/group/4", 200),
        ("POST", "/users", 200),
    ]


async def test_many_agents_are_read_by_their_logins(
    open_server: RequestTrackerFake, connect_to: Connect
) -> None:
    desk = connect_to(open_server)
    crowd = [Party(id=f"agent{n:03}", role=Role.AGENT) for n in range(250)]
    open_server.store.agents += crowd
    page = await desk.agents()
    assert (len(page), page.anchored) == (100, True)
    assert page.behind is not None
    open_server.store.agents.remove(crowd[3])  # it moves nothing
    rest, error = await drain(desk.agents(cursor=page.next))
    assert error is None
    assert [one.id for one in (*page.items, *rest)] == sorted(
        ["4711", "ada", "bo", *(str(one.id) for one in crowd)]
    )
    again, _ = await drain(
        desk.agents(cursor=cursor_at(desk, "agents", page.behind(page.items[98])))
    )
    assert [one.id for one in again] == [one.id for one in (page.items[99], *rest)]


async def test_many_users_are_read_by_pages(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    desk = connect_to(server)
    for number in range(120):
        server.store.agents.append(Party(id=f"agent{number:03}", role=Role.AGENT))
    found, error = await drain(desk.agents())
    assert error is None
    assert len({one.id for one in found}) == len(found) == 123
    sizes = {tuple(one.values("per_page")) for one in server.journal if one.path == "/users"}
    assert sizes == {(str(people.USERS),)}


async def test_a_place_among_agents_whom_the_account_sees_no_longer_is_an_error(
    open_server: RequestTrackerFake, connect_to: Connect
) -> None:
    desk = connect_to(open_server)
    open_server.may = frozenset()
    _, error = await drain(desk.agents(cursor=cursor_at(desk, "agents", "=ada")))
    assert isinstance(error, PermissionDenied)


class Strange(FakeServer):
    """Answers with what it is told to, by path."""

    prefix = "/REST/2.0"

    def __init__(self, answers: dict[str, Any]) -> None:
        super().__init__()
        self.answers = answers

    def table(self) -> dict[str, Any]:
        return {
            "adapter": "request_tracker",
            "base_url": self.base_url,
            "user": "ada",
            "password": "x",
        }

    def routes(self) -> Iterable[web.RouteDef]:
        return [web.route("*", "/{rest:.*}", self.answer)]

    async def answer(self, request: web.Request) -> web.Response:
        path = request.path.removeprefix(self.prefix)
        found = self.answers.get(path, {"items": [], "total": None})
        if isinstance(found, int):
            return web.json_response({"message": "No"}, status=found)
        return web.json_response(found(request) if callable(found) else found)


@pytest_asyncio.fixture
async def strange(connect_to: Connect) -> AsyncIterator[Callable[[dict[str, Any]], Any]]:
    """Open a desk on a server that answers so."""
    async with AsyncExitStack() as stack:

        async def opened(answers: dict[str, Any]) -> tuple[Strange, Helpdesk]:
            fake = await stack.enter_async_context(Strange(answers))
            return fake, connect_to(fake)

        yield opened


def listed(*rows: dict[str, Any], total: int | None = -1) -> dict[str, Any]:
    return {"items": list(rows), "total": len(rows) if total == -1 else total, "per_page": 50}


@pytest.mark.parametrize(
    ("alone", "kind"),
    [
        ({"Name": "bo"}, ProtocolError),  # nothing tells whether he is privileged
        ({"Name": "eve", "Privileged": 1}, ProtocolError),
        (500, hb.VendorUnavailable),
        (403, PermissionDenied),
    ],
)
async def test_whom_rt_does_not_tell_of_is_not_left_out(
    strange: Any, caught: Caught, alone: Any, kind: type[Exception]
) -> None:
    users = listed({"id": 7, "Name": "bo"})
    _fake, desk = await strange({"/users": users, "/user/7": alone})
    _, error = await drain(desk.agents())
    assert isinstance(error, kind)


async def test_who_goes_meanwhile_is_no_agent(strange: Any) -> None:
    _fake, desk = await strange({"/users": listed({"id": 7, "Name": "bo"}), "/user/7": 404})
    assert await drain(desk.agents()) == ([], None)


async def test_a_list_without_any_user_is_an_error(strange: Any) -> None:
    """The account itself is one."""
    _fake, desk = await strange({"/users": listed()})
    for pager in (desk.agents(), desk.customers()):
        _, error = await drain(pager)
        assert isinstance(error, ProtocolError)


async def test_a_user_without_a_login_is_a_problem(strange: Any) -> None:
    users = listed({"id": 7, "Name": "bo"}, {"id": 8})
    alone = {"Name": "bo", "Privileged": "1"}
    _fake, desk = await strange({"/users": users, "/user/7": alone})
    pager = desk.agents().collect_problems()
    found = [one.id async for one in pager]
    assert found == ["bo"]
    assert [problem.error.path for problem in pager.problems] == ["$.items[1].Name"]  # type: ignore[attr-defined]


async def test_a_search_that_rt_ignores_falls_back_to_all_users(strange: Any) -> None:
    """An administrator may have taken the login out of what can be searched for."""
    users = listed({"id": 7, "Name": "bo"}, {"id": 8, "Name": "li"})
    group = {"id": 4, "Name": "Privileged", "Domain": "SystemInternal"}
    _fake, desk = await strange(
        {
            "/groups": listed(group, total=None),
            "/group/4": {**group, "Members": [{"id": "bo", "type": "user"}]},
            "/users": users,
            "/user/7": {"Name": "bo", "Privileged": 1},
            "/user/8": {"Name": "li", "Privileged": 0},
        }
    )
    found, error = await drain(desk.agents())
    assert ([one.id for one in found], error) == (["bo"], None)


# -- customers -------------------------------------------------------------------------------


async def test_customers_are_all_others_but_rts_own(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    found, error = await drain(connect_to(server).customers())
    assert error is None
    assert sorted(map(told, found)) == [
        ("jo@customer.example", "jo@customer.example", "José 100%", Role.CUSTOMER),
        (LI, LI, "Li Wei", Role.CUSTOMER),
    ]


async def test_the_group_spares_a_request_for_each_customer(
    open_server: RequestTrackerFake, connect_to: Connect
) -> None:
    found, _ = await drain(connect_to(open_server).customers())
    assert len(found) == 2
    assert [path for _, path, _ in asked(open_server.journal)] == [
        "/users",
        "/groups",
        "/group/4",
    ]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"email": LI}, [LI]),
        ({"email": LI.upper()}, [LI]),
        ({"email": "nobody@customer.example"}, []),
        ({"email": "bo@helpdesk.example"}, []),
        ({"text": "li w"}, [LI]),
        ({"text": "jose"}, []),  # as this database compares letters
        ({"text": "100%"}, ["jo@customer.example"]),
        ({"text": "o__ 1"}, []),
        ({"email": LI, "text": "Wei"}, [LI]),
        ({"email": LI, "text": "José"}, []),
    ],
)
async def test_customers_are_found_by_address_and_name(
    server: RequestTrackerFake, connect_to: Connect, given: dict[str, str], found: list[str]
) -> None:
    customers, error = await drain(connect_to(server).customers(**given))
    assert ([one.email for one in customers], error) == (found, None)
    first, *rest = asked(server.journal)
    assert first == ("POST", "/users", 200)
    assert len(rest) <= 1


async def test_both_spellings_of_a_domain_are_asked_for(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    await connect_to(server).customers(email="li@bücher.example")
    assert server.journal[0].json() == [
        {"field": "EmailAddress", "value": "li@bücher.example"},
        {"field": "EmailAddress", "value": "li@xn--bcher-kva.example"},
    ]


async def test_a_condition_that_rt_ignores_lets_nobody_else_in(strange: Any) -> None:
    users = listed(
        {"id": 7, "Name": "x", "EmailAddress": LI, "RealName": "Li"},
        {"id": 8, "Name": "y", "EmailAddress": "y@b.example", "RealName": "Élise"},
    )
    alone = {f"/user/{n}": {"Name": name, "Privileged": 0} for n, name in ((7, "x"), (8, "y"))}
    _fake, desk = await strange({"/users": users, **alone})
    by_address, _ = await drain(desk.customers(email=LI))
    by_name, _ = await drain(desk.customers(text="elise"))  # some databases mind no accents
    assert ([one.id for one in by_address], [one.id for one in by_name]) == (["x"], ["y"])


async def test_what_else_rt_tells_of_a_person_is_kept(strange: Any) -> None:
    more = {"Organization": "Acme", "WorkPhone": "+1 555"}
    users = listed({"id": 7, "Name": LI, "EmailAddress": "", "RealName": "", **more})
    _fake, desk = await strange({"/users": users, "/user/7": {"Name": LI, "Privileged": 0}})
    (li,) = await desk.customers()
    assert li == Party(id=LI, email=LI, role=Role.CUSTOMER, organization="Acme", phone="+1 555")


async def test_an_account_that_may_not_list_users_is_told(strange: Any) -> None:
    _fake, desk = await strange({"/users": 403})
    _, error = await drain(desk.customers())
    assert isinstance(error, PermissionDenied)


# -- teams -----------------------------------------------------------------------------------


async def test_queues_are_teams(server: RequestTrackerFake, connect_to: Connect) -> None:
    found, error = await drain(connect_to(server).teams())
    assert error is None
    assert [(team.id, team.name) for team in found] == [
        ("1", "General"),
        ("2", "Billing"),
        ("3", "Sales"),
    ]


async def test_queues_that_are_hidden_end_no_list(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    """T1: RT cuts pages first, drops what may not be seen then, and tells no total."""
    desk = connect_to(server)
    server.queues = {f"queue{n}": n for n in range(1, 951)}
    server.store.teams.clear()
    server.hidden_queues = {name for name, n in server.queues.items() if n not in (3, 900, 950)}
    page = await desk.teams()
    assert ([team.id for team in page], page.anchored) == (["3"], True)
    found, error = await drain(desk.teams())
    assert ([team.id for team in found], error) == (["3", "900", "950"], None)


async def test_a_total_ends_a_list_of_queues(strange: Any) -> None:
    queues = listed({"id": "1", "Name": "General"}, {"id": "2", "Name": ""})
    fake, desk = await strange({"/queues": queues})
    found, error = await drain(desk.teams())
    assert ([(team.id, team.name) for team in found], error) == (
        [("1", "General"), ("2", "")],
        None,
    )
    assert len(fake.journal) == 1
    _, error = await drain(desk.teams(cursor=cursor_at(desk, "teams", "2")))
    assert isinstance(error, ProtocolError)  # they were not asked for


# -- who one is ------------------------------------------------------------------------------


async def test_a_token_tells_whose_it_is(server: RequestTrackerFake, connect_to: Connect) -> None:
    me = await connect_to(server).me()
    assert told(me) == ("ada", "ada@helpdesk.example", "Ada Byron", Role.AGENT)
    assert asked(server.journal) == [("GET", "/user/4831932", 200)]


async def test_a_password_is_of_the_user(server: RequestTrackerFake, connect_to: Connect) -> None:
    desk = connect_to(server, token=None, user="ada", password=server.password)
    assert (await desk.me()).id == "ada"
    assert asked(server.journal) == [("GET", "/user/ada", 200)]


async def test_a_token_of_another_form_does_not_tell(
    server: RequestTrackerFake, connect_to: Connect, caught: Caught
) -> None:
    desk = connect_to(server, token="opaque")
    assert not desk.capabilities.supports(hb.Capability.WHO_AM_I)
    assert isinstance(await caught(desk.me()), hb.UnsupportedCapability)
    assert server.journal == []


@pytest.mark.parametrize("user", ["ada", "4711"])
async def test_another_user_than_was_asked_for_is_an_error(
    strange: Any, caught: Caught, connect_to: Connect, user: str
) -> None:
    """RT takes a login of digits for the number of a user."""
    fake, _ = await strange({f"/user/{user}": {"Name": "eve", "id": 4711, "Privileged": 1}})
    error = await caught(connect_to(fake, user=user).me())
    assert isinstance(error, ProtocolError)


async def test_a_customer_may_be_who_one_is(strange: Any) -> None:
    _fake, desk = await strange({"/user/ada": {"Name": "Ada", "id": 3, "Privileged": 0}})
    assert (await desk.me()).role is Role.CUSTOMER


# -- an assignee by address ------------------------------------------------------------------


async def test_an_assignee_is_looked_up_by_address(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    desk = connect_to(server)
    made = await desk.create_ticket(
        subject="Invoice", requester=LI, text="Twice.", assignee="bo@helpdesk.example"
    )
    assert made.assignee is not None
    assert made.assignee.id == "bo"
    assert asked(server.journal)[0] == ("POST", "/users", 200)
    changed = await desk.update_ticket(made, assignee="DEE@helpdesk.example")
    assert changed.assignee is not None
    assert changed.assignee.id == "4711"
    found, _ = await drain(desk.tickets(assignee="dee@helpdesk.example"))
    assert [one.id for one in found] == [made.id]


async def test_a_login_is_not_looked_up(server: RequestTrackerFake, connect_to: Connect) -> None:
    desk = connect_to(server)
    (ticket, _) = await desk.tickets()
    await desk.update_ticket(ticket, assignee=Party(id="bo"))
    await desk.update_ticket(ticket, assignee=None)
    assert not [path for _, path, _ in asked(server.journal) if path.startswith("/user")]


async def test_nothing_is_written_for_an_address_that_nobody_has(
    server: RequestTrackerFake, connect_to: Connect, caught: Caught
) -> None:
    desk = connect_to(server)
    before = len(server.store.tickets)
    for written in (
        desk.update_ticket("1", assignee="eve@helpdesk.example"),
        desk.create_ticket(
            subject="Invoice", requester=LI, text="Twice.", assignee="eve@helpdesk.example"
        ),
    ):
        error = await caught(written)
        assert isinstance(error, InvalidArgument)
        assert error.outcome is Outcome.NOT_SENT
        assert "eve@" not in str(error)
    assert {path for _, path, _ in asked(server.journal)} == {"/users"}
    assert len(server.store.tickets) == before


async def test_nothing_is_written_for_an_address_that_several_have(
    strange: Any, caught: Caught
) -> None:
    users = listed(*({"id": n, "Name": f"u{n}", "EmailAddress": LI} for n in (1, 2)))
    fake, desk = await strange({"/users": users})
    error = await caught(desk.update_ticket("1", assignee=LI))
    assert [one.path for one in fake.journal] == ["/users"]
    assert isinstance(error, InvalidArgument)
    assert "2 users" in str(error)
    assert json.dumps(LI)[1:-1] not in str(error)


async def test_an_address_is_found_though_rt_ignores_what_it_is_asked_for(strange: Any) -> None:
    """T20: then these are all users, and the one that is meant may be on any page."""
    everybody = [
        {"id": n, "Name": f"u{n}", "EmailAddress": f"u{n}@helpdesk.example"} for n in range(1, 151)
    ]

    def page(request: web.Request) -> dict[str, Any]:
        start = (int(request.query["page"]) - 1) * 100
        return {**listed(*everybody[start : start + 100], total=150), "per_page": 100}

    fake, desk = await strange({"/users": page})
    found = await desk.adapter._people.owner(
        people.LIST_AGENTS, Party(email="U149@helpdesk.example")
    )
    assert found.id == "u149"
    with pytest.raises(InvalidArgument):
        await desk.adapter._people.owner(people.LIST_AGENTS, Party(email="u151@helpdesk.example"))
    assert [one.values("page") for one in fake.journal] == [["1"], ["2"]] * 2
