"""Agents, customers, queues, who one is, and an assignee who is given by address."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from helpdesk_bridge_request_tracker import people
from helpdesk_bridge_request_tracker.fake import RequestTrackerFake

import helpdesk_bridge as hb
from helpdesk_bridge import InvalidArgument, Outcome, Party, PermissionDenied
from helpdesk_bridge.errors import ProtocolError
from helpdesk_bridge.model import Role
from helpdesk_bridge.testing import Store, TickingClock
from tests.adapters.doubles import Caught, Connect, asked, cursor_at, drain, new_ticket
from tests.adapters.request_tracker.strange import listed

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
    assert len([path for _, path, _ in called if path.startswith("/user/")]) == 5


async def test_the_group_of_the_privileged_tells_all_of_them(
    open_server: RequestTrackerFake, connect_to: Connect
) -> None:
    found, error = await drain(connect_to(open_server).agents())
    assert (sorted(map(told, found)), error) == (AGENTS, None)
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
    gone = next(one for one in crowd if one.id in {two.id for two in page.items[:50]})
    open_server.store.agents.remove(gone)  # it moves nothing
    rest, error = await drain(desk.agents(cursor=page.next))
    assert error is None
    assert len({one.id for one in (*page.items, *rest)}) == len(page.items) + len(rest) == 253
    again, _ = await drain(
        desk.agents(cursor=cursor_at(desk, "agents", page.behind(page.items[98])))
    )
    assert [one.id for one in again] == [one.id for one in (page.items[99], *rest)]


async def test_no_place_among_agents_tells_a_login_or_an_address(
    open_server: RequestTrackerFake, connect_to: Connect
) -> None:
    desk = connect_to(open_server)
    open_server.store.agents = [
        Party(id=f"agent{n:03}@helpdesk.example", role=Role.AGENT) for n in range(130)
    ]
    page = await desk.agents()
    assert page.behind is not None
    places = [*map(page.behind, page.items)]
    assert page.next is not None
    assert not [one for one in places if "@" in str(one) or "agent" in str(one)]
    assert len(set(places)) == 100


async def test_agents_one_by_one_take_two_requests_each(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    """What RT has said of a user is remembered: each page is read again for the next one."""
    desk = connect_to(server)
    server.store.agents += [Party(id=f"agent{n:03}", role=Role.AGENT) for n in range(60)]
    found: list[str | None] = []
    cursor, lists = None, 0
    while cursor is not None or not found:
        pager = desk.agents(limit=1, cursor=cursor)
        found += [one.id for one in (await drain(pager))[0]]
        cursor, lists = pager.cursor, lists + 1
        if lists == 1:
            assert len(server.journal) <= 2 + people.USERS
    assert len(set(found)) == len(found) == 63
    alone = [path for _, path, _ in asked(server.journal) if path.startswith("/user/")]
    assert len(set(alone)) == len(alone) == 65  # the customers, too
    assert len([1 for _, path, _ in asked(server.journal) if path == "/groups"]) == 1
    assert len(server.journal) - len(alone) <= 2.5 * lists


async def test_what_rt_has_said_of_a_user_is_not_believed_for_ever(
    server: RequestTrackerFake, connect_to: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "KEPT", 0.0)
    desk = connect_to(server)
    await drain(desk.agents())
    server.store.agents.clear()
    found, _ = await drain(desk.agents())
    assert [one.id for one in found] == ["ada"]


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


async def test_agents_are_whole_where_pages_are_smaller_than_asked_for(strange: Any) -> None:
    """What is between may cap pages: those who are missing would be taken for disabled."""
    group = {"id": 4, "Name": "Privileged", "Domain": "SystemInternal"}
    people = [{"id": n, "Name": f"a{n}"} for n in range(5)]

    def page(request: web.Request) -> Any:
        number = int(request.query["page"])
        return {"items": people[(number - 1) * 2 : number * 2], "total": None, "page": number}

    members = [{"id": one["Name"], "type": "user"} for one in people]
    answers = {"/groups": listed(group), "/group/4": {**group, "Members": members}}
    _fake, desk = await strange({**answers, "/users": page})
    found, error = await drain(desk.agents())
    assert (sorted(str(one.id) for one in found), error) == ([one["Name"] for one in people], None)


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


@pytest.mark.parametrize(("limit", "size"), [(1, 3), (7, 7), (500, people.USERS)])
async def test_no_more_users_are_asked_for_than_are_needed(
    server: RequestTrackerFake, connect_to: Connect, limit: int, size: int
) -> None:
    desk = connect_to(server)
    for number in range(90):
        new_ticket(server.store, requester=server.store.person(f"c{number}@customer.example"))
    found, _ = await drain(desk.customers(limit=limit))
    assert len(found) == min(limit, 92)
    sizes = {tuple(one.values("per_page")) for one in server.journal if one.path == "/users"}
    assert sizes == {(str(size),)}
    # Whoever goes on without that limit reads the same pages.
    page = await desk.adapter.list_customers(hb.kit.CustomerQuery(limit=limit), None)
    rest = await desk.adapter.list_customers(hb.kit.CustomerQuery(), page.next)
    assert set(rest.items).isdisjoint(page.items)
    assert server.journal[-1].values("per_page") != ["0"]


async def test_one_customer_takes_few_requests(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    for number in range(90):
        new_ticket(server.store, requester=server.store.person(f"c{number}@customer.example"))
    assert len(await connect_to(server).customers(limit=1)) <= 1
    assert len(server.journal) <= 8


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
