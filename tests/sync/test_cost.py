"""What a poll costs on a large desk: counted on each vendor's fake, and told in docs/changes.md."""

from __future__ import annotations

import re

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge import Capability
from helpdesk_bridge.memory import Store, TickingClock
from helpdesk_bridge.model import Audience, ChangeMode, MessageType
from tests.every_adapter.places import ADAPTERS
from tests.sync.bot import GUIDE
from tests.sync.costs import APART, START, add_older, caught_up, desk_on, filled, requests_of

MANY = 20_000
FEW = {"helpspace": 1_000, "omnidesk": 1_000}
"""Tickets of desks that list all of them at each poll: more take seconds to read."""
TOLD = 400
"""Tickets that are listed at first where only the newest ones are looked at later."""
MOST = 3
"""Requests of a poll that does not read everything."""
pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(120)]


def told(adapter: str) -> list[str]:
    """Return what the page says of an adapter."""
    (row,) = re.findall(
        rf"^\| `{adapter}` \| `([A-Z]+)` \| ([\d,]+) \| (\d+) \| (\d+) \|$", GUIDE, re.MULTILINE
    )
    return list(row)


def change(store: Store, number: int) -> None:
    """Have a customer write in one ticket."""
    store.add_message(
        sorted(store.tickets)[number],
        type=MessageType.REQUEST,
        audience=Audience.EXTERNAL,
        author=store.person("li@customer.example"),
        html="<p>And now?</p>",
    )


@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_one_change_among_many_tickets(adapter: str) -> None:
    tickets = listed = FEW.get(adapter, MANY)
    store = Store()
    async with desk_on(adapter, store) as (desk, fake):
        mode = desk.capabilities[Capability.CHANGES].limits.mode
        if mode is ChangeMode.WINDOW:
            listed = TOLD
        store.replace(filled(listed))
        store.clock = TickingClock(START, APART)
        first = await caught_up(desk, None)
        assert len(first.tickets) == listed
        add_older(store, tickets - listed)
        place, costs = first.checkpoint, []
        for messages in (False, True):
            for number in range(3):  # what is still unsettled is read by the first two
                change(store, listed // 2 + 3 * messages + number)
                before = requests_of(fake)
                batch = await caught_up(desk, place, messages=messages)
                place = batch.checkpoint
            costs.append(requests_of(fake) - before)
            assert "Export" in next(one.subject for one in batch.tickets)
            assert [one.text for one in batch.messages] == ["And now?"] * messages
    assert mode is not None
    assert told(adapter) == [mode.name, f"{tickets:,}", *map(str, costs)]
    if mode is not ChangeMode.SCAN:
        assert costs[0] <= MOST


async def test_each_adapter_has_a_row() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `[A-Z]+` \|", GUIDE, re.MULTILINE)
    assert sorted(rows) == sorted(ADAPTERS)


async def test_the_kinds_of_events_are_those_there_are() -> None:
    section = GUIDE.partition("\n## Events\n")[2].partition("\n## ")[0]
    named = re.findall(r"^\| `([A-Z_]+)` \|", section, re.MULTILINE)
    assert sorted(named) == sorted(kind.name for kind in hb.EventKind)
