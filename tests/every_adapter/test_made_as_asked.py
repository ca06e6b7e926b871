"""A new ticket that comes back with another value than was asked for is there, and told as that."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest
from attrs import evolve

import helpdesk_bridge as hb
from helpdesk_bridge import kit
from helpdesk_bridge.delivery.memory_ledger import MemoryLedger
from tests.adapters.helpspace.conftest import ScriptedFake, ticket_json
from tests.every_adapter.places import ADAPTERS, Place, opened

pytestmark = pytest.mark.asyncio
NEW: dict[str, Any] = {
    "subject": "Export stops",
    "requester": "li@c.example",
    "text": "It stops at 90 percent.",
}
LEFT_OUT: dict[str, Any] = {
    "status": hb.Status.RESOLVED,
    "priority": hb.Priority.LOW,
    "kind": hb.TicketKind.TASK,
    "assignee": None,
    "team": "Billing",
    "tags": ["vip"],
    "custom_fields": {"plan": "gold"},
}
EMPTY = {"tags": (), "custom_fields": {}}
TOLD = {
    "airclou": {"status", "priority", "kind", "assignee", "tags"},
    "helpspace": {"status", "assignee", "team", "tags"},
    "memory": {"status"},  # of the others nothing is shown where nothing is set: as RT
    "omnidesk": set[str](),
    "request_tracker": {"status"},
}


async def agent_of(place: Place) -> hb.Party:
    """Return an agent whom this desk takes."""
    if place.desk.capabilities.supports(hb.Capability.LIST_AGENTS):
        async for agent in place.desk.agents():
            return hb.Party(id=agent.id)
    return hb.Party(id="77")


async def outcome_of(creating: Awaitable[hb.Ticket]) -> str | hb.PartlyDone:
    """Return the id of the ticket, or the error that tells of it."""
    try:
        return (await creating).id
    except hb.PartlyDone as error:
        return error


@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_what_the_vendor_leaves_out_is_told_and_the_ticket_is_there(
    adapter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(adapter) as place:
        desk, create = place.desk, place.desk.adapter.create_ticket
        limits = desk.capabilities[hb.Capability.CREATE_TICKET].limits
        names = set(LEFT_OUT) & (set(LEFT_OUT) if limits.options is None else limits.options)
        told = set()
        for name in sorted(names):

            async def without(new: kit.NewTicket, name: str = name) -> hb.Ticket:
                return await create(evolve(new, **{name: EMPTY.get(name)}))

            monkeypatch.setattr(desk.adapter, "create_ticket", without)
            before = {one.id async for one in desk.tickets()}
            value = await agent_of(place) if name == "assignee" else LEFT_OUT[name]
            made = await outcome_of(desk.create_ticket(**NEW, **{name: value}))
            if isinstance(made, hb.PartlyDone):
                told.add(name)
                assert name in str(made)
                assert "was created, but it came back with another" in str(made)
                assert made.failure.outcome is hb.Outcome.UNKNOWN
                made = made.ticket_id or ""
            assert {one.id async for one in desk.tickets()} - before == {made}
        assert told == TOLD[adapter]


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({"assignee": "ada@helpdesk.example"}, {"assignee": {"id": 12, "name": "Bo"}}),
        ({"assignee": "11"}, {"assignee": None}),
        ({"team": "21"}, {"team": {"id": 22, "name": "Technical"}}),
        ({"status": hb.Status.PENDING}, {"status": "open"}),
    ],
)
async def test_a_key_has_made_it_once_whatever_came_back(
    asked: dict[str, Any], shown: dict[str, Any]
) -> None:
    async with ScriptedFake() as fake:
        config = {"desks": {"it": fake.table()}}
        async with hb.connect("it", config=config, ledger=MemoryLedger()) as desk:
            requester = {"id": 5, "value": NEW["requester"], "type": "email"}
            record = ticket_json(subject=NEW["subject"], from_contact=requester, **shown)
            fake.instead("POST", "/tickets", {"data": record})
            fake.instead("GET", "/tickets/48211", {"data": record}, times=9)
            fake.instead("GET", "/tickets/48211/messages", {"data": []}, times=9)
            with pytest.raises(hb.PartlyDone, match=r"another (assignee|team|status)") as caught:
                await desk.create_ticket(**NEW, **asked, key="k")
            assert (caught.value.ticket_id, caught.value.key) == ("48211", "k")
            with pytest.raises(hb.PartlyDone):
                await desk.create_ticket(**NEW, **asked, key="k")
        assert [one.method for one in fake.journal].count("POST") == 1


@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_whatever_can_be_asked_for_is_as_asked(adapter: str) -> None:
    async with opened(adapter) as place:
        limits = place.desk.capabilities[hb.Capability.CREATE_TICKET].limits
        words = place.desk.adapter.status_words
        assert words is not None
        for status in sorted(limits.statuses or (words.writable() if not limits.options else ())):
            await place.desk.create_ticket(**NEW, status=status)
        if limits.options is None or "assignee" in limits.options:
            made = await place.desk.create_ticket(**NEW, assignee=await agent_of(place))
            assert made.assignee
