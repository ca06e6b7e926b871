"""A list that one's own writes empty is worked through as docs/lists.md shows, on every adapter."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import helpdesk_bridge as hb
from tests.every_adapter.places import Place

GUIDE = (Path(__file__).parents[2] / "docs" / "lists.md").read_text(encoding="utf-8")
pytestmark = pytest.mark.asyncio


def answer_some() -> Any:
    """Return the function that the page shows."""
    blocks = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    (code,) = (one for one in blocks if "answer_some" in one)
    found: dict[str, Any] = {"hb": hb}
    exec(code, found)
    return found["answer_some"]


@pytest.mark.parametrize("anew", [False, True])
async def test_a_list_that_ones_own_writes_empty_is_worked_through(
    place: Place, anew: bool
) -> None:
    for number in range(25):
        place.store.create_ticket(
            subject=f"ticket {number}",
            requester=place.store.person("li@customer.example"),
            html="<p>One of many.</p>",
            status=hb.Status.OPEN,
        )
    answered: list[str] = []

    async def answer(ticket: hb.Ticket) -> None:
        answered.append(ticket.subject)
        await place.desk.update_ticket(ticket, status=place.desk.statuses.closing)

    cursor: str | None = None
    for _ in range(5):
        before = len(answered)
        cursor = await answer_some()(place.desk, answer, None if anew else cursor)
        if (len(answered) == before) if anew else (cursor is None):
            break
    assert sorted(answered) == sorted(f"ticket {number}" for number in range(25))


async def test_the_page_says_how_the_newest_come_first() -> None:
    assert '`order_by="-created_at"`' in GUIDE
