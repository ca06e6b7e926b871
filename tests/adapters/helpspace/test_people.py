"""Agents, teams and customers are listed, and an agent is found by name or address."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from helpdesk_bridge import Capability, Helpdesk, Party, Role, Team, errors
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.doubles import CUSTOMER, Caught, drain, new_ticket
from tests.adapters.helpspace.conftest import ScriptedFake, add, collection

pytestmark = pytest.mark.asyncio
ADA = Party(id="11", name="Ada", email="ada@helpdesk.example", role=Role.AGENT)
BO = Party(id="12", name="Bo", email="bo@helpdesk.example", role=Role.AGENT)
LISTS = ["agents", "teams", "customers"]


def agent(number: Any, **told: Any) -> dict[str, Any]:
    listed = {"id": number, "name": "Kim", "email": f"a{number}@brightloom.example"}
    return {**listed, "is_agent": True, **told}


def lists(fake: ScriptedFake, path: str, *records: Any, times: int = 1, **told: Any) -> None:
    answer = collection(path, list(records), **told)
    fake.instead("GET", f"/{path}", answer, times=times)


# -- agents ----------------------------------------------------------------------------------


async def test_agents_come_with_id_name_and_address(fake: ScriptedFake, desk: Helpdesk) -> None:
    assert [one async for one in desk.agents()] == [ADA, BO]
    assert [(e.path, e.values("per-page")) for e in fake.journal] == [("/agents", ["50"])]


@pytest.mark.parametrize(
    ("told", "person"),
    [
        ({"id": "77"}, Party(id="77", name="Kim", email="a77@brightloom.example")),
        ({"email": None}, Party(id="77", name="Kim")),
        ({"email": "Kim <k@b.example>"}, Party(id="77", name="Kim", email="k@b.example")),
        ({"name": None, "email": "Al <k@b.example>"},
         Party(id="77", name="Al", email="k@b.example")),
        ({"name": None, "email": ""}, Party(id="77")),
        ({"is_agent": None, "email": None}, Party(id="77", name="Kim")),
    ],
)  # fmt: skip
async def test_an_agent_is_read_leniently(
    fake: ScriptedFake, desk: Helpdesk, told: Any, person: Party
) -> None:
    lists(fake, "agents", agent(77, **told))
    (found,) = [one async for one in desk.agents()]
    assert (found.id, found.name, found.email) == (person.id, person.name, person.email)
    assert found.role is Role.AGENT


async def test_who_is_said_to_be_no_agent_is_left_out(fake: ScriptedFake, desk: Helpdesk) -> None:
    lists(fake, "agents", agent(1), agent(2, is_agent=False), agent(3, is_agent="0"))
    assert [one.id async for one in desk.agents()] == ["1"]


# -- teams -----------------------------------------------------------------------------------


async def test_teams_come_with_id_and_name(fake: ScriptedFake, desk: Helpdesk) -> None:
    found = [one async for one in desk.teams()]
    assert found == [Team(id="21", name="Billing"), Team(id="22", name="Technical")]
    assert found[0].raw == {"id": 21, "name": "Billing", "members": []}
    assert len(fake.journal) == 1


async def test_a_team_without_a_name_has_none(fake: ScriptedFake, desk: Helpdesk) -> None:
    lists(fake, "teams", {"id": "5", "name": None}, {"id": 6})
    assert [one async for one in desk.teams()] == [Team(id="5"), Team(id="6")]


# -- customers -------------------------------------------------------------------------------


async def test_customers_come_once_each_with_the_id_that_tickets_call_the_user(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    for _ in range(2):
        new_ticket(fake.store)
    new_ticket(fake.store, requester=fake.store.person("mo@else.example", "Mo"))
    found = [one async for one in desk.customers()]
    assert [(one.name, one.email, one.role) for one in found] == [
        ("Ines Okafor", CUSTOMER, Role.CUSTOMER),
        ("Mo", "mo@else.example", Role.CUSTOMER),
    ]
    (first, *_) = [ticket async for ticket in desk.tickets()]
    assert found[0].id == str(first.raw["from_contact"]["user_id"])
    assert [name for name, _ in fake.journal[0].query] == ["page", "per-page"]


@pytest.mark.parametrize(
    ("email", "wanted"),
    [
        ("ines@x.example", ["1", "3"]),
        ("INES@X.EXAMPLE", ["1", "3"]),
        ("kim@bücher.example", ["4"]),
        ("nes@x.example", []),
    ],
)
async def test_customers_by_address_are_exactly_those(
    fake: ScriptedFake, desk: Helpdesk, email: str, wanted: list[str]
) -> None:
    told = [
        {"id": 1, "name": "Ines", "email": "ines@x.example"},
        {"id": 2, "name": "Jo", "email": "jines@x.example"},
        {"id": 3, "name": "Ines", "email": "Ines@X.example"},
        {"id": 4, "name": "Kim", "email": "kim@xn--bcher-kva.example"},
        {"id": 5, "name": "No", "email": None},
    ]
    lists(fake, "customers", *told)
    assert [one.id async for one in desk.customers(email=email)] == wanted


@pytest.mark.parametrize(
    ("told", "name", "email"),
    [
        ({"name": "Ines", "email": "Jo <ines@x.example>"}, "Ines", "ines@x.example"),
        ({"name": None, "email": "Jo <ines@x.example>"}, "Jo", "ines@x.example"),
        ({"name": "Ines", "email": None, "custom_fields": []}, "Ines", None),
        ({"name": "", "email": ""}, None, None),
    ],
)
async def test_a_customer_is_read_leniently(
    fake: ScriptedFake, desk: Helpdesk, told: Any, name: str | None, email: str | None
) -> None:
    lists(fake, "customers", {"id": "7", **told})
    (found,) = [one async for one in desk.customers()]
    assert (found.id, found.name, found.email) == ("7", name, email)
    assert (found.role, found.organization, found.phone) == (Role.CUSTOMER, None, None)


async def test_a_customer_by_address_is_found_on_the_last_page(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    for number in range(121):
        new_ticket(fake.store, requester=fake.store.person(f"c{number}@x.example"))
    found = [one.email async for one in desk.customers(email="c120@x.example")]
    assert (found, len(fake.journal)) == (["c120@x.example"], 3)


async def test_customers_are_not_searched_by_words(fake: ScriptedFake, desk: Helpdesk) -> None:
    with pytest.raises(errors.UnsupportedCapability):
        desk.customers(text="Ines")
    assert fake.journal == []


# -- all lists -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "odd", [{}, {"id": None}, {"id": 0}, {"id": ""}, {"id": 5, "name": ["zq7"]}, None, "Kim"]
)
async def test_a_record_that_cannot_be_read_is_an_error_and_hides_no_other(
    fake: ScriptedFake, desk: Helpdesk, path: str, odd: Any
) -> None:
    lists(fake, path, {"id": 1}, odd, {"id": 3}, times=2)
    pager = getattr(desk, path)()
    found, error = await drain(pager)
    assert ([one.id for one in found], type(error)) == (["1"], errors.ProtocolError)
    assert "$.data[1]" in str(error)
    assert "zq7" not in str(error)
    assert [one.id async for one in pager] == ["3"]


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_of_several_pages_is_read_to_its_end(
    fake: ScriptedFake, desk: Helpdesk, path: str
) -> None:
    def serve(request: web.Request) -> web.Response:
        page = int(request.query["page"])
        records = [{"id": number} for number in range(1, 122)][50 * (page - 1) : 50 * page]
        return web.json_response(collection(path, records, page=page, last=3, total=121))

    fake.instead("GET", f"/{path}", serve, times=3)
    found = [one.id async for one in getattr(desk, path)()]
    assert found == [str(number) for number in range(1, 122)]


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_that_is_shorter_than_its_count_is_an_error(
    fake: ScriptedFake, desk: Helpdesk, path: str
) -> None:
    def serve(request: web.Request) -> web.Response:
        page = int(request.query["page"])
        answer = collection(path, [{"id": 1}] if page == 1 else [], page=page)
        answer["meta"]["total"] = 2
        return web.json_response(answer)

    fake.instead("GET", f"/{path}", serve, times=20)
    found, error = await drain(getattr(desk, path)())
    assert ([one.id for one in found], type(error)) == (["1"], errors.IncompleteList)


@pytest.mark.parametrize("path", LISTS)
async def test_the_fake_refuses_a_parameter_that_no_page_documents(
    desk: Helpdesk, caught: Caught, path: str
) -> None:
    error = await caught(desk.raw("GET", path, query={"email": "a@a.example"}))
    assert type(error) is errors.ValidationFailed


async def test_nobody_tells_who_one_is(fake: ScriptedFake, desk: Helpdesk, caught: Caught) -> None:
    assert type(await caught(desk.me())) is errors.UnsupportedCapability
    assert fake.journal == []
    assert desk.capabilities[Capability.WHO_AM_I].source


# -- an assignee by name or address ----------------------------------------------------------


@pytest.mark.parametrize("who", ["bo@helpdesk.example", "BO@helpdesk.example", Party(name="bo")])
async def test_an_agent_by_address_or_name_is_assigned_by_id(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, who: Any
) -> None:
    changed = await desk.update_ticket(str(stored.id), assignee=who)
    made = await desk.create_ticket(subject="S", requester=CUSTOMER, text="T", assignee=who)
    assert changed.assignee == made.assignee == stored.assignee == BO
    assert [(e.method, e.path) for e in fake.journal] == [
        ("GET", "/agents"),  # once for both
        ("PATCH", f"/tickets/{stored.id}"),
        ("POST", "/tickets"),
    ]
    assert [e.json()["assignee"] for e in fake.journal[1:]] == [{"id": 12}, {"id": 12}]


async def test_an_agent_by_id_is_not_looked_up(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await desk.update_ticket(str(stored.id), assignee="12")
    assert [e.method for e in fake.journal] == ["PATCH"]


async def test_tickets_of_an_agent_by_address_are_asked_for_by_id(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    mine = [str(new_ticket(fake.store, assignee=one).id) for one in (ADA, BO, ADA)]
    found = [ticket.id async for ticket in desk.tickets(assignee="Ada@helpdesk.example")]
    assert found == [mine[0], mine[2]]
    assert fake.asked("GET", "/tickets")[0].values("assignees[]") == ["11"]


UNKNOWN, TWICE = "nobody@helpdesk.example", Party(name="Kim")


@pytest.mark.parametrize("who", [UNKNOWN, TWICE])
@pytest.mark.parametrize("call", ["tickets", "create_ticket", "update_ticket"])
async def test_an_agent_nobody_has_or_several_are_is_refused_and_nothing_is_written(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught, call: str, who: Any
) -> None:
    lists(fake, "agents", agent(1), agent(2), times=9)
    calls: dict[str, Any] = {
        "tickets": lambda: anext(desk.tickets(assignee=who)),
        "create_ticket": lambda: desk.create_ticket(
            subject="S", requester=CUSTOMER, text="T", assignee=who
        ),
        "update_ticket": lambda: desk.update_ticket(str(stored.id), assignee=who),
    }
    error = await caught(calls[call]())
    assert type(error) is errors.InvalidArgument
    assert {(e.method, e.path) for e in fake.journal} == {("GET", "/agents")}
    assert "@" not in str(error)


async def test_who_is_said_to_be_no_agent_is_assigned_nothing(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    lists(fake, "agents", agent(1, is_agent=False), times=9)
    call = desk.update_ticket(str(stored.id), assignee="a1@brightloom.example")
    assert type(await caught(call)) is errors.InvalidArgument


async def test_a_team_is_taken_by_id_and_by_name_and_never_looked_up(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    for team in ("21", "Technical"):
        await desk.update_ticket(str(stored.id), team=team)
        assert [ticket.id async for ticket in desk.tickets(team=team)] == [str(stored.id)]
    assert fake.asked("GET", "/teams") == []


async def test_the_fake_lists_no_agent_as_a_customer(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    add(fake.store, stored, author=BO)
    await desk.reply(str(stored.id), text="Hi", send_email=False)
    assert [one.email async for one in desk.customers()] == [CUSTOMER]
