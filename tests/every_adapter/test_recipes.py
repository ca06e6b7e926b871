"""The lines of docs/recipes.md, run on each desk as they stand there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge import Status
from tests.every_adapter.places import Place

RECIPES = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text(encoding="utf-8")
pytestmark = pytest.mark.asyncio


async def run(title: str, **names: Any) -> None:
    """Run all that is shown under a title, one block after the other."""
    section = RECIPES.partition(f"## {title}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    assert blocks
    body = "\n".join(f"    {line}" for block in blocks for line in block.splitlines())
    known: dict[str, Any] = {"hb": hb}
    exec(f"async def recipe({', '.join(names)}):\n{body}\n", known)
    await known["recipe"](**names)


async def made(place: Place) -> hb.Ticket:
    """Put an open ticket into the helpdesk, and read it."""
    stored = place.store.create_ticket(
        subject="Export stops",
        requester=place.store.person("li@customer.example"),
        html="<p>Why?</p>",
        status=Status.OPEN,
    )
    listed = [ticket async for ticket in place.desk.tickets()]
    return next(ticket for ticket in listed if ticket.id.endswith(str(stored.id)))


async def test_each_recipe_is_run() -> None:
    titles = re.findall(r"^## (.*)$", RECIPES, re.MULTILINE)
    assert titles == ["Close a ticket", "Read everything, whatever some of it is like"]


async def test_a_ticket_is_closed(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    closed, kept = await made(place), await made(place)
    await run("Close a ticket", desk=place.desk, ticket=closed)
    assert f"<Ticket '{closed.id}'" in capsys.readouterr().out
    open_now = [ticket.id async for ticket in place.desk.tickets(status=Status.OPEN)]
    assert (closed.id in open_now, kept.id in open_now) == (False, True)
    statuses = place.desk.statuses
    reads_as = statuses[statuses.closing].reads_as
    assert (await place.desk.ticket(closed.id)).status is reads_as
    assert reads_as in (Status.RESOLVED, Status.CLOSED)
    found = [ticket.id async for ticket in place.desk.tickets(status=reads_as)]
    assert closed.id in found


async def test_everything_is_read_but_what_is_gone(place: Place) -> None:
    tickets = [await made(place) for _ in range(20)]
    saved: dict[str, list[hb.Message]] = {}
    gone = tickets[19].id

    def save(ticket: hb.Ticket, messages: list[hb.Message]) -> None:
        saved[ticket.id] = messages
        place.store.tickets.pop(int(re.sub(r"\D", "", gone)), None)

    later: list[str] = []
    await run(
        "Read everything, whatever some of it is like", desk=place.desk, save=save, later=later
    )
    assert later in ([gone], [])
    assert {ticket.id for ticket in tickets} == {*saved, *later}
    assert all(saved.values())
