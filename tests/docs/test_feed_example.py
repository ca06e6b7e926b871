"""The example of ``read_feed`` in docs/adapters.md tells every change, whatever its time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from helpdesk_bridge import kit

GUIDE = (Path(__file__).parents[2] / "docs" / "adapters.md").read_text(encoding="utf-8")
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
pytestmark = pytest.mark.asyncio


class TicketJson(kit.JsonRecord, frozen=True):
    id: kit.AnyId
    updated_at: kit.Timestamp


def ticket(told: TicketJson) -> kit.Ticket:
    return kit.Ticket(id=str(told.id), updated_at=told.updated_at, raw=told.raw)


class Vendor:
    """Answers as a vendor with "updated since, oldest first" does."""

    def __init__(self) -> None:
        self.changed: dict[int, datetime] = {}

    async def send(self, *_: Any, query: list[tuple[str, str]]) -> Any:
        asked = dict(query)
        since = datetime.fromisoformat(asked["updated_since"])
        found = sorted((at, one) for one, at in self.changed.items() if at >= since)
        records = [{"id": one, "updated_at": at.isoformat()} for at, one in found]
        answer = {"tickets": records[: int(asked["limit"])]}
        return SimpleNamespace(json=lambda: answer)


def read_feed(vendor: Vendor) -> Any:
    """Return the method of the page over a vendor."""
    (example,) = re.findall(r"```python\n(async def read_feed.*?)```", GUIDE, re.DOTALL)
    wire = SimpleNamespace(TicketJson=TicketJson, ticket=ticket)
    names: dict[str, Any] = {"kit": kit, "datetime": datetime, "wire": wire, "CHANGED": None}
    exec(example, names)
    adapter = SimpleNamespace(transport=vendor)
    return lambda place: names["read_feed"](adapter, place)


async def told(read: Any, place: str | None) -> tuple[set[str], str]:
    """Return what is told until it is caught up, and the place behind it."""
    ids: set[str] = set()
    while True:
        feed = await read(place)
        ids |= {one.id for one in feed.tickets}
        place = feed.place
        if feed.caught_up:
            return ids, place


async def test_all_are_told_over_pages_whose_edge_is_within_a_second() -> None:
    vendor = Vendor()
    vendor.changed = {number: START + timedelta(seconds=number // 7) for number in range(250)}
    ids, place = await told(read_feed(vendor), None)
    assert ids == {str(number) for number in range(250)}
    assert (await told(read_feed(vendor), place))[1] == place


async def test_a_change_at_the_time_of_the_place_is_told() -> None:
    vendor = Vendor()
    vendor.changed = {1: START}
    read = read_feed(vendor)
    _, place = await told(read, None)
    vendor.changed[2] = START
    assert "2" in (await told(read, place))[0]


async def test_a_desk_without_tickets_has_a_place() -> None:
    vendor = Vendor()
    read = read_feed(vendor)
    _, place = await told(read, None)
    vendor.changed = {1: START}
    assert (await told(read, place))[0] == {"1"}


async def test_what_cannot_go_on_is_an_error() -> None:
    vendor = Vendor()
    vendor.changed = dict.fromkeys(range(200), START)
    read = read_feed(vendor)
    with pytest.raises(kit.errors.ProtocolError, match="at one time"):
        await told(read, None)
    with pytest.raises(kit.errors.InvalidArgument):
        await read("of another desk")
