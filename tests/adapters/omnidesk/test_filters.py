"""Filters that Omnidesk applies, those judged on what it lists, and those refused."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk_bridge import (
    Capability,
    Helpdesk,
    Level,
    Party,
    Priority,
    Role,
    Status,
    TicketKind,
    errors,
)
from tests.adapters.doubles import Caught, Connect, ids, new_ticket
from tests.adapters.omnidesk.conftest import ScriptedFake, listed, ticket_json

pytestmark = pytest.mark.asyncio
ADA = Party(id="12", name="Ada Byron", email="ada@helpdesk.example", role=Role.AGENT)
BO = Party(id="13", name="Bo Lind", email="bo@helpdesk.example", role=Role.AGENT)


async def found(desk: Helpdesk, **filters: Any) -> list[str]:
    return [ticket.id async for ticket in desk.tickets(**filters)]


async def test_one_status_is_the_vendors_to_find(fake: ScriptedFake, desk: Helpdesk) -> None:
    made = [new_ticket(fake.store, status=status) for status in (Status.OPEN, Status.NEW)]
    for given in (Status.NEW, [Status.NEW], {Status.NEW}):
        assert await found(desk, status=given) == [str(made[1].id)]
    assert {e.values("status")[0] for e in fake.journal} == {"new"}


async def test_several_statuses_are_told_on_what_is_read(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    made = {s: new_ticket(fake.store, status=s) for s in (Status.OPEN, Status.CLOSED, Status.NEW)}
    got = await found(desk, status=[Status.NEW, Status.OPEN])
    assert got == ids([made[Status.OPEN], made[Status.NEW]])
    assert [e.values("status") for e in fake.journal] == [[]]


async def test_a_status_that_nobody_knows_is_none_of_several(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    odd = {**ticket_json(), "id": 8, "status": "snoozed"}
    fake.script.add("GET", "/ticket", listed(ticket_json(), odd), times=2)
    assert await found(desk, status=[Status.PENDING, Status.OPEN]) == ["900101"]
    (_, ticket) = [ticket async for ticket in desk.tickets()]
    assert (ticket.status, ticket.vendor_status) == (Status.UNKNOWN, "snoozed")


async def test_an_entry_without_a_status_is_read_before_several_are_told(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    made = [new_ticket(fake.store, status=status) for status in (Status.OPEN, Status.CLOSED)]
    fake.script.add("GET", "/ticket", listed(*({"id": ticket.id} for ticket in made)))
    assert await found(desk, status=[Status.NEW, Status.OPEN]) == [str(made[0].id)]
    assert len(fake.journal) == 3


async def test_pages_whose_entries_are_read_by_themselves_stay_small(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    """All of one page are read within the time of one."""
    fake.store.agents = [ADA]
    made = [new_ticket(fake.store) for _ in range(250)]
    whole = fake._item

    def abridged(ticket: Any) -> dict[str, Any]:
        return {name: told for name, told in whole(ticket).items() if name != "assigned_user_id"}

    fake._item = abridged  # type: ignore[method-assign]
    fake._full = lambda ticket: {**whole(ticket), "timeline": []}  # type: ignore[method-assign]
    made[-1].assignee = ADA
    assert await found(desk, assignee="12") == [str(made[-1].id)]
    sizes = [e.values("itemLimit")[0] for e in fake.journal if e.path.endswith("/ticket")]
    assert sizes == ["100", "100", "100"]


@pytest.mark.parametrize("filters", [{"priority": Priority.HIGH}, {"kind": TicketKind.PROBLEM}])
async def test_what_no_documented_word_tells_is_refused(
    fake: ScriptedFake, desk: Helpdesk, filters: Any
) -> None:
    with pytest.raises(errors.UnsupportedCapability):
        desk.tickets(**filters)
    assert fake.journal == []


async def test_priority_is_refused_with_its_reason_and_page(desk: Helpdesk) -> None:
    support = desk.capabilities[Capability.FILTER_PRIORITY]
    assert (support.level, "medium" in support.reason) == (Level.NONE, True)
    assert support.source.startswith("https://docs.omnidesk.io/")


# -- agents by what a caller knows of them ---------------------------------------------------


@pytest.mark.parametrize(
    "given", ["ada@helpdesk.example", "ADA@Helpdesk.Example", Party(name="ada  BYRON"), ADA, "12"]
)
async def test_an_agent_is_found_by_address_name_or_id(
    fake: ScriptedFake, desk: Helpdesk, given: Any
) -> None:
    fake.store.agents = [BO, ADA]
    made = [new_ticket(fake.store, assignee=agent) for agent in (ADA, BO, None)]
    assert await found(desk, assignee=given) == [str(made[0].id)]


async def test_agents_are_looked_up_once_for_several_lists(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    fake.store.agents = [ADA]
    for _ in range(3):
        await desk.tickets(assignee="ada@helpdesk.example")
    paths = [e.path.rpartition("/")[2] for e in fake.journal]
    assert paths == ["user", "ticket", "ticket", "ticket"]


@pytest.mark.parametrize("given", ["nobody@helpdesk.example", Party(name="Cy")])
async def test_an_agent_nobody_knows_is_refused_and_no_ticket_is_read(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, given: Any
) -> None:
    fake.store.agents = [ADA]
    error = await caught(desk.tickets(assignee=given)._first())
    assert type(error) is errors.InvalidArgument
    assert {e.path.rpartition("/")[2] for e in fake.journal} == {"user"}


async def test_two_agents_of_one_address_are_not_guessed_between(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    fake.store.agents = [ADA, Party(id="14", name="Ada B.", email=ADA.email)]
    error = await caught(desk.tickets(assignee=ADA.email)._first())
    assert type(error) is errors.InvalidArgument
    assert "ada@" not in str(error)
    assert {e.path.rpartition("/")[2] for e in fake.journal} == {"user"}


async def test_a_team_is_named_by_its_number_only(
    fake: ScriptedFake, connect_to: Connect, caught: Caught
) -> None:
    error = await caught(connect_to(fake).tickets(team="Billing")._first())
    assert (type(error), fake.journal) == (errors.InvalidArgument, [])
