"""Agents and customers are listed as Omnidesk documents it; teams and oneself are not."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk_bridge import Capability, Helpdesk, Level, Party, Role, errors
from helpdesk_bridge.kit import CustomerQuery
from tests.adapters.doubles import CUSTOMER, Caught, Connect, drain, ids, new_ticket
from tests.adapters.omnidesk.conftest import PARTNER, ScriptedFake, listed

pytestmark = pytest.mark.asyncio
ADA = Party(
    id="12",
    name="Ada Byron",
    email="ada@helpdesk.example",
    role=Role.AGENT,
    phone="+31612345678",
)
BO = Party(id="13", name="Bo", email="bo@helpdesk.example", role=Role.AGENT)


def sizes(fake: ScriptedFake) -> list[tuple[str, str]]:
    return [(e.values("itemStart")[0], e.values("itemLimit")[0]) for e in fake.journal]


# -- agents ----------------------------------------------------------------------------------


async def test_agents_are_the_users_of_the_account(fake: ScriptedFake, desk: Helpdesk) -> None:
    fake.store.agents = [ADA, BO]
    assert [agent async for agent in desk.agents()] == [ADA, BO]
    assert [(e.path, e.query) for e in fake.journal] == [
        ("/user", (("itemStart", "0"), ("itemLimit", "999")))
    ]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"id": 5}, Party(id="5", role=Role.AGENT)),
        ({"userID": "5", "name": "abyron"}, Party(id="5", name="abyron", role=Role.AGENT)),
        (
            {"id": "5", "firstname": " Ada ", "lastname": "", "telephone": "", "email": None},
            Party(id="5", name="Ada", role=Role.AGENT),
        ),
        (
            {"id": 5, "emailAddress": "Ada <a@b.example>", "telephone": "+31"},
            Party(id="5", email="a@b.example", phone="+31", role=Role.AGENT),
        ),
    ],
)
async def test_a_user_is_read_by_what_it_tells(
    fake: ScriptedFake, desk: Helpdesk, record: Any, expected: Party
) -> None:
    fake.script.add("GET", "/user", listed(record))
    fake.script.add("GET", "/user", [record])
    for _ in range(2):  # in the envelope of customers, and in none
        assert [agent async for agent in desk.agents()] == [expected]


@pytest.mark.parametrize(
    "record", [{}, {"id": 0, "name": "x"}, {"id": None}, {"id": 5, "email": 7}]
)
async def test_a_user_nobody_could_be_named_by_is_a_problem(
    fake: ScriptedFake, desk: Helpdesk, record: Any
) -> None:
    fake.script.add("GET", "/user", listed(record, {"id": 6}))
    pager = desk.agents().collect_problems()
    assert ids([agent async for agent in pager]) == ["6"]
    (problem,) = pager.problems
    assert isinstance(problem.error, errors.ProtocolError)


async def test_all_users_are_listed_over_all_pages(fake: ScriptedFake, desk: Helpdesk) -> None:
    fake.store.agents = [Party(id=str(n), email=f"{n}@helpdesk.example") for n in range(1, 1_002)]
    assert len([agent async for agent in desk.agents()]) == 1_001
    assert sizes(fake) == [("0", "999"), ("999", "999")]


async def test_an_account_that_may_not_read_users_is_told_so(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    fake.script.add("GET", "/user", {"status": "error", "message": "USER_READ"}, 403)
    assert type(await caught(desk.agents()._first())) is errors.PermissionDenied


# -- the agent of the settings ---------------------------------------------------------------


@pytest.mark.parametrize("number", ["12", "0012", "1001"])
async def test_the_configured_agent_is_looked_for_to_the_end(
    fake: ScriptedFake, connect_to: Connect, number: str
) -> None:
    fake.store.agents = [Party(id=str(n), email=f"{n}@helpdesk.example") for n in range(1, 1_002)]
    assert await connect_to(fake, user_id=number).check_settings() == ()


async def test_an_agent_who_is_not_listed_is_named(fake: ScriptedFake, connect_to: Connect) -> None:
    fake.store.agents = [ADA, BO]
    (lost,) = await connect_to(fake, user_id="112").check_settings()
    assert lost == 'user_id: there is no agent with the id "112" that this key may see.'


async def test_without_a_configured_agent_nothing_is_asked(
    fake: ScriptedFake, connect_to: Connect
) -> None:
    assert await connect_to(fake, user_id=None).check_settings() == ()
    assert fake.journal == []


async def test_a_list_of_which_a_record_is_odd_does_not_prove_that_an_agent_is_missing(
    fake: ScriptedFake, connect_to: Connect, caught: Caught
) -> None:
    for _ in range(2):
        fake.script.add("GET", "/user", listed({"id": 6}, {}))
    desk = connect_to(fake, user_id="12")
    assert isinstance(await caught(desk.check_settings()), errors.ProtocolError)
    assert await connect_to(fake, user_id="6").check_settings() == ()


# -- customers -------------------------------------------------------------------------------


async def test_customers_are_listed_with_what_is_told_of_them(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    person = Party(
        id="77",
        name="Ines Okafor",
        email=CUSTOMER,
        role=Role.CUSTOMER,
        phone="+31",
        external_id="K-1",
    )
    new_ticket(fake.store, requester=person)
    new_ticket(fake.store, requester=person)
    assert [customer async for customer in desk.customers()] == [person]
    assert sizes(fake) == [("0", "99")]


async def test_a_text_is_the_vendors_to_find(fake: ScriptedFake, desk: Helpdesk) -> None:
    for name in ("Ines Okafor", "Jo Okello"):
        new_ticket(fake.store, requester=fake.store.person(f"{name[:2]}@c.example", name))
    found = [customer async for customer in desk.customers(text="oKaF", limit=5)]
    assert [customer.name for customer in found] == ["Ines Okafor"]
    assert fake.journal[0].query == (("itemStart", "0"), ("itemLimit", "10"), ("query", "oKaF"))


@pytest.mark.parametrize("text", ["ines@c.example", "O'Kafor", "Müller", "a+b", "a_b", "7٣"])
async def test_a_text_that_the_search_does_not_take_is_refused_unsent(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, text: str
) -> None:
    error = await caught(desk.customers(text=text)._first())
    assert (type(error), fake.journal) == (errors.InvalidArgument, [])
    assert text not in str(error)


@pytest.mark.parametrize("given", [CUSTOMER, CUSTOMER.upper()])
async def test_an_address_is_compared_on_what_is_read(
    fake: ScriptedFake, desk: Helpdesk, given: str
) -> None:
    """T16: the search takes none. No part of it is searched for either: nobody says that it finds
    the whole."""
    for address in (CUSTOMER, PARTNER):
        new_ticket(fake.store, requester=fake.store.person(address))
    found = [customer async for customer in desk.customers(email=given, limit=1)]
    assert [customer.email for customer in found] == [CUSTOMER]
    assert fake.journal[0].query == (("itemStart", "0"), ("itemLimit", "99"))


async def test_an_address_behind_the_first_page_is_found(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    for number in range(150):
        new_ticket(fake.store, requester=fake.store.person(f"c{number}@c.example"))
    found = [customer async for customer in desk.customers(email="c140@c.example")]
    assert [customer.email for customer in found] == ["c140@c.example"]
    assert sizes(fake) == [("0", "99"), ("99", "99")]


async def test_customers_that_show_no_address_are_not_taken_for_others(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    """The documented fields have none: a list that comes out empty would be a lie."""
    records = [{"id": 1, "external_primary_id": "K-1"}, {"id": 2, "email": ""}]
    fake.script.add("GET", "/customer", listed(*records), times=3)
    found, error = await drain(desk.customers(email=CUSTOMER))
    assert isinstance(error, errors.ProtocolError)
    assert (found, error.path) == ([], "$.items[0].email")
    assert ids([customer async for customer in desk.customers()]) == ["1", "2"]
    page = await desk.adapter.list_customers(CustomerQuery(email=CUSTOMER), None)
    assert (len(page.problems), page.filtered) == (1, ("2",))


async def test_both_filters_must_hold(fake: ScriptedFake, desk: Helpdesk) -> None:
    for name, address in (("Ines", CUSTOMER), ("Ines", PARTNER), ("Jo", "jo@c.example")):
        new_ticket(fake.store, requester=fake.store.person(address, name))
    found = [customer async for customer in desk.customers(email=PARTNER, text="Ines")]
    assert [customer.email for customer in found] == [PARTNER]


# -- what is not offered ---------------------------------------------------------------------


async def test_teams_and_oneself_are_refused_unsent(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    with pytest.raises(errors.UnsupportedCapability):
        desk.teams()
    assert type(await caught(desk.me())) is errors.UnsupportedCapability
    assert fake.journal == []


async def test_an_agent_cannot_be_set_and_is_not_looked_up_for_it(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    """No documented field of a ticket that is written takes one."""
    error = await caught(desk.update_ticket("7", assignee="ada@helpdesk.example"))
    assert (type(error), fake.journal) == (errors.UnsupportedCapability, [])


async def test_what_speaks_of_the_vendor_names_its_page(
    fake: ScriptedFake, connect_to: Connect
) -> None:
    for desk in (connect_to(fake), connect_to(fake, note_type=None, brand_id=None)):
        for capability, support in desk.capabilities.items():
            if "Omnidesk" in support.reason or "document" in support.reason:
                assert support.source.startswith("https://"), capability
            if capability in (Capability.WEBHOOKS, Capability.LIST_CUSTOM_FIELDS):
                assert support.reason.startswith("Not offered by this adapter yet:")
            assert support.level is Level.NATIVE or support.reason
