"""Tickets come in the order that was asked for, which Omnidesk does not know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from helpdesk_bridge import Helpdesk, Status, TicketOrder
from helpdesk_bridge.kit import TicketQuery
from tests.adapters.doubles import ids, new_ticket
from tests.adapters.omnidesk.conftest import ScriptedFake, listed, one, ticket_json

pytestmark = pytest.mark.asyncio
AT = datetime(2026, 2, 3, 9, tzinfo=UTC)
# The ids and the days of creation, of which two are the same; the change is the other way round.
DAYS: dict[int, int | None] = {11: 3, 9: 1, 10: 1, 7: None, 8: 2}


def entry(number: int, day: int | None, **changes: Any) -> dict[str, Any]:
    created = None if day is None else f"2026-02-{day:02d} 10:00:00"
    changed = None if day is None else f"2026-03-{10 - day:02d} 10:00:00"
    return {**ticket_json(), "id": number, "created_at": created, "last_update": changed, **changes}


def serve(fake: ScriptedFake, times: int = 1) -> None:
    entries = [entry(number, day) for number, day in DAYS.items()]
    fake.script.add("GET", "/ticket", listed(*entries), times=times)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("created_at", [9, 10, 8, 11, 7]),
        ("-created_at", [11, 8, 9, 10, 7]),
        ("updated_at", [11, 8, 9, 10, 7]),
        ("-updated_at", [9, 10, 8, 11, 7]),
    ],
)
async def test_ties_go_by_id_and_tickets_without_a_time_come_last(
    fake: ScriptedFake, desk: Helpdesk, order: Any, expected: list[int]
) -> None:
    serve(fake)
    assert ids([t async for t in desk.tickets(order_by=order)]) == [str(n) for n in expected]


async def test_filters_still_hold(fake: ScriptedFake, desk: Helpdesk) -> None:
    entries = [entry(n, day, status="open" if n > 8 else "new") for n, day in DAYS.items()]
    fake.script.add("GET", "/ticket", listed(*entries))
    pager = desk.tickets(order_by="-created_at", status=[Status.OPEN, Status.CLOSED])
    assert ids([ticket async for ticket in pager]) == ["11", "9", "10"]


async def test_all_pages_are_read_before_any_ticket_comes(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    made = [new_ticket(fake.store) for _ in range(130)]
    for back, ticket in enumerate(made):
        ticket.created_at = AT - timedelta(hours=back)
    found = ids([ticket async for ticket in desk.tickets(order_by="created_at", limit=5)])
    assert found == ids(reversed(made[-5:]))
    assert [e.values("itemStart")[0] for e in fake.journal] == ["0", "100"]


async def test_a_list_by_creation_goes_on_behind_any_ticket(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    serve(fake, times=2)
    query = TicketQuery(order_by=TicketOrder.CREATED_AT)
    page = await desk.adapter.list_tickets(query, None)
    assert page.anchored
    assert page.behind is not None
    rest = await desk.adapter.list_tickets(query, page.behind(page.items[1]))
    assert ids(rest.items) == ["8", "11", "7"]


@pytest.mark.parametrize(("order", "key"), [("created_at",) * 2, ("updated_at", "last_update")])
async def test_an_entry_without_its_time_is_read_before_it_is_sorted(
    fake: ScriptedFake, desk: Helpdesk, order: Any, key: str
) -> None:
    whole = [entry(1, 3), entry(2, 2)]
    cut = [{name: told for name, told in record.items() if name != key} for record in whole]
    fake.script.add("GET", "/ticket", listed(*cut))
    for number, record in enumerate(whole, 1):
        fake.script.add("GET", f"/ticket/{number}", one(**record))
    expected = ["2", "1"] if order == "created_at" else ["1", "2"]
    assert ids([t async for t in desk.tickets(order_by=order)]) == expected
