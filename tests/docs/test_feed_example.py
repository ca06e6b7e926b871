"""The example of ``read_feed`` in docs/adapters.md tells every change, whatever its time."""

from __future__ import annotations

import re
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import pytest
from attrs import frozen

import helpdesk_bridge as hb
from helpdesk_bridge import kit

GUIDE = (Path(__file__).parents[2] / "docs" / "adapters.md").read_text(encoding="utf-8")
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
pytestmark = pytest.mark.asyncio

Read = Callable[[str | None], Awaitable[kit.Feed]]


class Vendor:
    """Answers as a vendor with "updated since, oldest first" does."""

    def __init__(self) -> None:
        self.changed: dict[int, datetime] = {}
        self.now = START + 3600 * SECOND
        self.asked = 0
        self.on_asked: Callable[[], object] = lambda: None

    async def send(self, *_: Any, query: list[tuple[str, str]]) -> Any:
        asked = dict(query)
        self.asked += 1
        since = datetime.fromisoformat(asked["updated_since"])
        behind = (since, int(asked.get("after_id", -1)))
        found = [
            one for one in sorted((at, one) for one, at in self.changed.items()) if one > behind
        ]
        page = found[: int(asked["limit"])]
        records = [{"id": one, "updated_at": at.isoformat()} for at, one in page]
        answer = {"tickets": records, "now": self.now.isoformat()}
        self.on_asked()
        return SimpleNamespace(read=lambda convert: convert(answer))


@frozen
class _Settings:
    adapter: ClassVar[str] = "example"
    vendor: Vendor


def example() -> dict[str, Any]:
    """Return what the page defines; it needs no other name."""
    (found,) = re.findall(r"```python\n((?:(?!```).)*async def read_feed.*?)```", GUIDE, re.DOTALL)
    module = ModuleType("example_of_a_feed")
    with pytest.MonkeyPatch.context() as patch:  # what JSON a class reads is looked up there
        patch.setitem(sys.modules, module.__name__, module)
        exec(found, vars(module))
        kit.read({"tickets": [], "now": START.isoformat()}, module.ChangedJson)
        kit.read({"id": 1, "updated_at": START.isoformat()}, module.TicketJson)
    return vars(module)


def read_feed(vendor: Vendor) -> Read:
    """Return the method of the page over a vendor."""
    adapter = SimpleNamespace(transport=vendor)
    method = example()["Acme"].read_feed
    return lambda place: method(adapter, place)


async def told(read: Read, place: str | None) -> tuple[set[str], str]:
    """Return what is told until it is caught up, and the place behind it."""
    ids: set[str] = set()
    while True:
        feed = await read(place)
        ids |= {one.id for one in feed.tickets}
        place = feed.place
        if feed.caught_up:
            return ids, place


def numbers(count: int) -> set[str]:
    """Return the ids of that many tickets."""
    return {str(number) for number in range(count)}


async def test_all_are_told_over_pages_whose_edge_is_within_a_second() -> None:
    vendor = Vendor()
    vendor.changed = {number: START + SECOND * (number // 7) for number in range(250)}
    ids, place = await told(read_feed(vendor), None)
    assert ids == numbers(250)
    assert (await told(read_feed(vendor), place))[1] == place


@pytest.mark.parametrize("more", [0, 3, 100])
async def test_more_than_a_page_of_one_time_is_told_as_after_an_import(more: int) -> None:
    vendor = Vendor()
    vendor.changed = dict.fromkeys(range(250), START)
    vendor.changed |= dict.fromkeys(range(250, 250 + more), START + SECOND)
    ids, place = await told(read_feed(vendor), None)
    assert ids == numbers(250 + more)
    vendor.asked = 0
    assert await told(read_feed(vendor), place) == (set(), place)
    assert vendor.asked == 1


@pytest.mark.parametrize("page", [1, 2, 3, 4])
@pytest.mark.parametrize("number", [0, 150])
async def test_none_is_missed_that_changes_again_while_its_time_is_not_over(
    page: int, number: int
) -> None:
    """It has the lower number, and is stamped with the second of the import, which goes on."""
    vendor = Vendor()
    vendor.changed = dict.fromkeys(range(250), START)
    del vendor.changed[number]
    vendor.now = START

    def turns() -> None:
        if vendor.asked == page:
            vendor.changed[number] = START
        if vendor.asked > page:
            vendor.now = START + 5 * SECOND
            vendor.changed[999] = vendor.now

    vendor.on_asked = turns
    read, ids, place = read_feed(vendor), set(), None
    for _ in range(6):
        found, place = await told(read, place)
        ids |= found
    assert ids == numbers(250) | {"999"}


async def test_a_poll_does_not_ask_until_a_second_is_over() -> None:
    vendor = Vendor()
    vendor.changed, vendor.now = dict.fromkeys(range(250), START), START
    read = read_feed(vendor)
    first = await read(None)
    assert (first.caught_up, (await read(first.place)).caught_up) == (False, True)
    vendor.now += SECOND
    assert (await told(read, first.place))[0] == numbers(250)


async def test_a_change_at_the_time_of_the_place_is_told() -> None:
    vendor = Vendor()
    vendor.changed, vendor.now = {2: START}, START
    read = read_feed(vendor)
    _, place = await told(read, None)
    vendor.changed[1] = START
    assert "1" in (await told(read, place))[0]


async def test_a_desk_without_tickets_has_a_place() -> None:
    vendor = Vendor()
    read = read_feed(vendor)
    _, place = await told(read, None)
    vendor.changed = {1: START}
    assert (await told(read, place))[0] == {"1"}


async def test_a_place_of_another_desk_is_refused() -> None:
    with pytest.raises(kit.errors.InvalidArgument):
        await read_feed(Vendor())("of another desk")


async def test_what_it_declares_makes_an_adapter_whose_changes_are_told() -> None:
    names = example()
    mine: Any = names["Acme"]

    class Example(mine):  # type: ignore[misc]
        name = "example"
        settings_type = _Settings
        offers: ClassVar = {**mine.offers, kit.Capability.LIST_TICKETS: kit.native()}

        async def list_tickets(self, *_: Any) -> Any:
            raise AssertionError("the feed tells all")

    vendor = Vendor()
    vendor.changed = dict.fromkeys(range(250), START)
    async with hb.Helpdesk(_Settings(vendor), name="it", adapter=Example) as desk:
        desk.adapter.transport = vendor  # type: ignore[assignment]
        assert desk.capabilities[hb.Capability.CHANGES].limits == kit.CapabilityLimits(
            mode=hb.ChangeMode.CURSOR,
            sees=frozenset((hb.ChangeKind.FIELDS, hb.ChangeKind.MESSAGES)),
        )
        batches = [batch async for batch in desk.changes()]
        assert {one.id for batch in batches for one in batch.tickets} == numbers(250)
        vendor.changed[7] = START + SECOND
        batches = [batch async for batch in desk.changes(batches[-1].checkpoint)]
        assert [one.id for batch in batches for one in batch.tickets] == ["7"]
