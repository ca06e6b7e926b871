"""A list that the vendor does not sort is sorted here: completely, and the same each time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from helpdesk_bridge.errors import InvalidArgument, ProtocolError
from helpdesk_bridge.kit import Cursor, Page, Problem, Status, Ticket, TicketOrder, in_order

pytestmark = pytest.mark.asyncio

START = datetime(2026, 3, 1, tzinfo=UTC)
HOURS: dict[str, int | None] = {
    "10": 1, "9": 1, "b": 1, "a": 1, "7": None, "3": 0, "x": None, "4": 2,
}  # fmt: skip


def ticket(ticket_id: str, hours: int | None) -> Ticket:
    at = None if hours is None else START + timedelta(hours=hours)
    return Ticket(id=ticket_id, subject="S", status=Status.OPEN, created_at=at, updated_at=at)


async def pages(cursor: Cursor | None) -> Page[Ticket]:
    """Three a page, and on the first one a record that cannot be read."""
    begin = int(cursor or 0)
    names = list(HOURS)[begin : begin + 3]
    odd = Problem(index=0, error=ProtocolError("odd."), raw={"id": None})
    return Page(
        items=tuple(ticket(name, HOURS[name]) for name in names),
        problems=() if begin else (odd,),
        next=Cursor(str(begin + 3)) if begin + 3 < len(HOURS) else None,
        listed=len(HOURS) + 1,
    )


ORDERS = {
    "created_at": ["3", "9", "10", "a", "b", "4", "7", "x"],
    "-created_at": ["4", "9", "10", "a", "b", "3", "7", "x"],
}


@pytest.mark.parametrize("field", ["created_at", "updated_at"])
@pytest.mark.parametrize("sign", ["", "-"])
async def test_ties_go_by_the_id_and_who_has_no_time_comes_last(sign: str, field: str) -> None:
    page = await in_order(pages, TicketOrder(f"{sign}{field}"), None)
    assert [one.id for one in page.items] == ORDERS[f"{sign}created_at"]
    assert page.next is None
    assert [problem.index for problem in page.problems] == [len(HOURS)]


@pytest.mark.parametrize("order", ORDERS)
async def test_each_ticket_has_a_place_by_its_creation(order: str) -> None:
    page = await in_order(pages, TicketOrder(order), None)
    assert page.behind is not None
    assert page.anchored
    for at, one in enumerate(page.items, 1):
        rest = await in_order(pages, TicketOrder(order), page.behind(one))
        assert [left.id for left in rest.items] == ORDERS[order][at:]


async def test_by_the_last_change_no_ticket_has_a_place() -> None:
    page = await in_order(pages, TicketOrder.UPDATED_AT, None)
    assert (page.behind, page.anchored) == (None, False)


@pytest.mark.parametrize("cursor", ["", "7", "1.2", "x.1.7", "1.-1.7", f"{'1' * 30}.1.7"])
async def test_a_place_of_another_list_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidArgument, match="not one of this desk's"):
        await in_order(pages, TicketOrder.CREATED_AT, Cursor(cursor))
