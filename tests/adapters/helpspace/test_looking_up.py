"""Whom a filter or a write names is on HelpSpace's lists, and is named to it by exact ids."""

from __future__ import annotations

import json
from typing import Any

import pytest

from helpdesk_bridge import Helpdesk, Outcome, Party, errors
from tests.adapters.doubles import new_ticket
from tests.adapters.helpspace.conftest import ScriptedFake

pytestmark = pytest.mark.asyncio
NOBODY = [
    {"assignee": "Adda"},
    {"assignee": "99"},
    {"assignee": "0011"},
    {"assignee": Party(id="99")},
    {"assignee": Party(name="Adda")},
    {"team": "Biling"},
    {"team": "99"},
    {"team": "021"},
]


@pytest.mark.parametrize("given", NOBODY)
async def test_a_list_of_nobodys_tickets_is_no_empty_list(
    fake: ScriptedFake, desk: Helpdesk, given: dict[str, Any]
) -> None:
    new_ticket(fake.store, assignee=fake.store.agents[0], team="Billing")
    with pytest.raises(errors.InvalidArgument, match=r"no (agent|team) of"):
        _ = [one async for one in desk.tickets(**given)]


@pytest.mark.parametrize("given", ["Ada", "ADA", "11", Party(id="11"), "ada@helpdesk.example"])
async def test_an_agent_is_found_by_what_is_known_of_it(
    fake: ScriptedFake, desk: Helpdesk, given: Any
) -> None:
    ticket = new_ticket(fake.store, assignee=fake.store.agents[0])
    assert [one.id async for one in desk.tickets(assignee=given)] == [str(ticket.id)]
    changed = await desk.update_ticket(str(new_ticket(fake.store).id), assignee=given)
    assert changed.assignee
    assert changed.assignee.id == "11"


async def test_a_team_with_a_name_of_digits_is_no_id(fake: ScriptedFake, desk: Helpdesk) -> None:
    fake.store.teams |= {7: "Seven", 30: "007"}
    wanted = new_ticket(fake.store, team="007")
    new_ticket(fake.store, team="Seven")
    assert [one.id async for one in desk.tickets(team="007")] == [str(wanted.id)]
    changed = await desk.update_ticket(str(new_ticket(fake.store).id), team="007")
    assert json.loads(fake.journal[-1].body)["team"] == {"name": "007"}
    assert changed.team == "007"


@pytest.mark.parametrize("assignee", ["0012", "+12", "\N{ARABIC-INDIC DIGIT SEVEN}", "12 "])
async def test_another_spelling_of_an_id_is_none(
    fake: ScriptedFake, desk: Helpdesk, assignee: str
) -> None:
    ticket = str(new_ticket(fake.store).id)
    for given in (assignee, Party(id=assignee)):
        with pytest.raises(errors.InvalidArgument):
            await desk.update_ticket(ticket, assignee=given)
    assert {one.method for one in fake.journal} <= {"GET"}


@pytest.mark.parametrize("status", [403, 404])
async def test_who_may_not_read_the_agents_is_told_that_and_not_of_the_ticket(
    fake: ScriptedFake, desk: Helpdesk, status: int
) -> None:
    ticket = await desk.ticket(str(new_ticket(fake.store).id))
    fake.instead("GET", "/agents", {"message": "no"}, status, times=9)
    with pytest.raises(errors.PermissionDenied, match="the list of agents") as caught:
        await desk.update_ticket(ticket, assignee="ada@helpdesk.example")
    assert (caught.value.ticket_id, caught.value.outcome) == (None, Outcome.NOT_SENT)
    assert "nothing was sent" in str(caught.value)
    with pytest.raises(errors.PermissionDenied, match="the list of agents") as caught:
        await desk.tickets(assignee="ada@helpdesk.example")
    assert "base_url" not in str(caught.value)
    assert list(await desk.tickets(assignee="11")) == []
