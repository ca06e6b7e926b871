"""The fake has one user for one person, whatever other fakes over the same Store call him."""

from __future__ import annotations

import pytest
from helpdesk_bridge_request_tracker.fake import RequestTrackerFake

from helpdesk_bridge import Party
from helpdesk_bridge.model import Role
from helpdesk_bridge.testing import Store, TickingClock
from helpdesk_bridge.testing.sandbox import Sandbox
from tests.adapters.doubles import Connect, asked, drain, new_ticket

pytestmark = pytest.mark.asyncio


async def test_no_two_agents_of_the_sandbox_have_one_address(connect_to: Connect) -> None:
    async with Sandbox() as box:
        fake = box.fakes["request_tracker"]
        desk = connect_to(fake)
        found, error = await drain(desk.agents())
        assert error is None
        addresses = [one.email for one in found]
        assert len(set(addresses)) == len(addresses) > 0
        new_ticket(box.store)
        (ticket,) = await desk.tickets(limit=1)
        for one in found:
            changed = await desk.update_ticket(ticket, assignee=one.email)
            assert changed.assignee is not None
            assert changed.assignee.id == one.id


async def test_a_ticket_of_the_same_person_by_another_id_is_his(connect_to: Connect) -> None:
    eleven = Party(id="11", name="Ada", email="ADA@helpdesk.example", role=Role.AGENT)
    bo = Party(id="bo", name="Bo", email="bo@helpdesk.example", role=Role.AGENT)
    async with RequestTrackerFake(Store(clock=TickingClock(), agents=[eleven, bo])) as fake:
        mine = new_ticket(fake.store, assignee=eleven)
        his = new_ticket(fake.store, assignee=Party(email=bo.email, role=Role.AGENT))
        desk = connect_to(fake)
        for login, ticket in (("ada", mine), ("bo", his)):
            (found,) = await desk.tickets(assignee=Party(id=login))
            assert (found.id, found.assignee and found.assignee.id) == (str(ticket.id), login)
        await desk.update_ticket(str(mine.id), assignee=Party(id="ada"))
        assert mine.assignee is eleven or mine.assignee == fake.agent
        agents, _ = await drain(desk.agents())
        assert sorted(str(one.id) for one in agents) == ["ada", "bo"]
        assert ("GET", "/tickets", 200) in asked(fake.journal)
