"""The recipes of docs/lists.md work as they are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge import Capability
from helpdesk_bridge.testing import MemorySettings, Store, TickingClock

GUIDE = (Path(__file__).parents[2] / "docs" / "lists.md").read_text(encoding="utf-8")
pytestmark = pytest.mark.asyncio


def recipe(name: str) -> Any:
    """Return a function that the page shows."""
    (code,) = (one for one in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL) if name in one)
    found: dict[str, Any] = {"hb": hb}
    exec(code, found)
    return found[name]


def store_of(count: int) -> Store:
    store = Store(clock=TickingClock())
    for number in range(count):
        store.create_ticket(
            subject=f"ticket {number}",
            requester=store.person("li@customer.example"),
            html="<p>One of many.</p>",
            status=hb.Status.OPEN,
        )
    return store


async def test_a_web_application_shows_page_by_page() -> None:
    store, subjects, sizes = store_of(45), list[str](), list[int]()
    cursor: str | None = None
    while True:
        async with hb.Helpdesk(MemorySettings(store=store)) as desk:
            if not desk.capabilities.supports(Capability.ORDER_CREATED_AT):
                pytest.skip("this desk has no orders yet")
            page = await recipe("tickets_page")(desk, cursor)
        subjects += [ticket["subject"] for ticket in page["tickets"]]
        sizes.append(len(page["tickets"]))
        cursor = page["next"]
        if cursor is None:
            break
    assert subjects == [f"ticket {number}" for number in range(45)]
    assert sizes == [20, 20, 5]


async def test_a_job_goes_on_where_it_stopped() -> None:
    kept: list[hb.Ticket] = []
    async with hb.Helpdesk(MemorySettings(store=store_of(5))) as desk:
        pager = desk.tickets()
        await anext(pager)
        assert await recipe("export")(desk, pager.cursor, kept.append) is None
    assert len(kept) == 4
