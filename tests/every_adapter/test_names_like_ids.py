"""An agent or a team whose name looks like an id, and one who has left, in lists that go on."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.testing import Store, TickingClock
from helpdesk_bridge.testing.sandbox import fake_of

pytestmark = pytest.mark.asyncio
COUNT = 12


def tickets_of(store: Store, agent: hb.Party, count: int) -> None:
    customer = store.person("li@customer.example")
    for _ in range(count):
        made = store.create_ticket(
            subject="Export", requester=customer, html="<p>It stops.</p>", status=hb.Status.OPEN
        )
        store.update_ticket(made.id, assignee=agent, team="2024")


async def opened(stack: AsyncExitStack, adapter: str, store: Store) -> dict[str, Any]:
    """Start a fake, and return a configuration of it."""
    kind = fake_of(adapter)
    assert kind is not None
    fake = await stack.enter_async_context(kind(store))
    return {"desks": {"it": fake.table()}}


async def by_limit(config: dict[str, Any], **filters: Any) -> list[str]:
    """Walk through a list by five, each time on another desk."""
    found: list[str] = []
    cursor = None
    for _ in range(COUNT):
        async with hb.connect("it", config=config) as desk:
            pager = desk.tickets(**filters, limit=5, cursor=cursor)
            found += [ticket.id async for ticket in pager]
            cursor = pager.cursor
        if pager.exhausted:
            return found
    raise AssertionError("the walk does not end")


@pytest.mark.parametrize(
    ("adapter", "filters"),
    [
        ("helpspace", {"assignee": "4711"}),
        ("helpspace", {"team": "2024"}),
        ("omnidesk", {"assignee": "4711"}),
        ("request_tracker", {"team": "2024"}),
    ],
)
async def test_a_list_by_a_name_that_looks_like_an_id_goes_on(
    adapter: str, filters: dict[str, str]
) -> None:
    store = Store(clock=TickingClock())
    agent = store.person("li@agents.example", "4711", hb.Role.AGENT)
    store.agents += [agent, store.person("bo@agents.example", "Bo", hb.Role.AGENT)]
    store.teams[31] = "2024"
    tickets_of(store, agent, COUNT)
    async with AsyncExitStack() as stack:
        config = await opened(stack, adapter, store)
        async with hb.connect("it", config=config) as desk:
            whole = [ticket.id async for ticket in desk.tickets(**filters)]  # type: ignore[arg-type]
        assert len(whole) == COUNT
        assert sorted(await by_limit(config, **filters)) == sorted(whole)


@pytest.mark.parametrize("adapter", ["helpspace", "omnidesk"])
async def test_the_tickets_of_an_agent_who_has_left_are_listed_to_the_end(adapter: str) -> None:
    """Each is given to somebody else as it comes, so that nothing is found by the end."""
    store = Store(clock=TickingClock())
    gone = store.person("li@agents.example", "Li", hb.Role.AGENT)
    stays = store.person("bo@agents.example", "Bo", hb.Role.AGENT)
    store.agents += [gone, stays]
    tickets_of(store, gone, 130)
    async with AsyncExitStack() as stack:
        config = await opened(stack, adapter, store)
        async with hb.connect("it", config=config) as desk:
            (number,) = [a.id async for a in desk.agents() if a.email == gone.email]
        store.agents.remove(gone)
        came, cursor = 0, None
        for _ in range(12):
            async with hb.connect("it", config=config) as desk:
                pager = desk.tickets(assignee=number, limit=20, cursor=cursor)
                async for ticket in pager:
                    came += 1
                    store.update_ticket(int(ticket.id), assignee=stays)
                cursor = pager.cursor
            if pager.exhausted:
                break
        assert (came, pager.exhausted) == (130, True)
