"""Several statuses, priorities, orders, and how much is asked for at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from helpdesk_bridge_request_tracker import fake_records
from helpdesk_bridge_request_tracker.fake import RequestTrackerFake
from helpdesk_bridge_request_tracker.offers import OFFERS

import helpdesk_bridge as hb
from helpdesk_bridge import (
    Capability,
    Helpdesk,
    InvalidArgument,
    Priority,
    Status,
    UnsupportedCapability,
)
from helpdesk_bridge.kit import Cursor, TicketOrder, TicketQuery
from helpdesk_bridge.testing import Store, TickingClock
from tests.adapters.doubles import Connect, cursor_at, drain, ids, new_ticket
from tests.adapters.request_tracker.conftest import RequestTrackerDouble, row_json, ticket_json
from tests.adapters.request_tracker.strange import listed

pytestmark = pytest.mark.asyncio
DAY = datetime(2026, 3, 1, tzinfo=UTC)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[RequestTrackerFake]:
    async with RequestTrackerFake(Store(clock=TickingClock())) as fake:
        yield fake


def filled(server: RequestTrackerFake, created: list[int], **fields: Any) -> None:
    """Make tickets of these days, so many of them that ids do not follow the times."""
    for day in created:
        ticket = new_ticket(server.store, **fields)
        ticket.created_at = DAY + timedelta(days=day)
        ticket.updated_at = DAY + timedelta(days=100 - day)


@pytest.mark.parametrize(
    ("statuses", "condition"),
    [
        ([Status.NEW], "Status = 'new'"),
        ([Status.RESOLVED, Status.NEW], "(Status = 'new' OR Status = 'resolved')"),
    ],
)
async def test_rt_is_asked_for_all_of_several_statuses_at_once(
    server: RequestTrackerFake, connect_to: Connect, statuses: list[Status], condition: str
) -> None:
    desk = connect_to(server)
    for status in (Status.NEW, Status.OPEN, Status.RESOLVED, Status.NEW, Status.CLOSED):
        new_ticket(server.store, status=status)
    found, error = await drain(desk.tickets(status=statuses))
    assert (error, {ticket.status for ticket in found}) == (None, set(statuses))
    (one,) = server.journal
    assert one.values("query") == [f"id > 0 AND {condition}"]


async def test_words_of_other_lifecycles_are_searched_by_leaving_out_the_rest(
    server: RequestTrackerFake, connect_to: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(fake_records.WORDS, Status.UNKNOWN, "triaged")
    own = (Status.NEW, Status.OPEN, Status.ON_HOLD, Status.RESOLVED, Status.CLOSED)
    for status in (*own, Status.UNKNOWN):
        new_ticket(server.store, status=status)
    new_ticket(server.store, status=Status.DELETED).deleted_at = DAY
    adapter = connect_to(server).adapter
    known = OFFERS[Capability.FILTER_STATUSES].limits.statuses
    assert known == {*own, Status.UNKNOWN}
    for wanted, sql in (
        ({*own, Status.UNKNOWN} - {Status.CLOSED}, "id > 0 AND Status != 'rejected'"),
        ({*own, Status.UNKNOWN}, "id > 0"),
    ):
        page = await adapter.list_tickets(TicketQuery(statuses=frozenset(wanted)), None)
        assert {one.status for one in page.items} == wanted
        assert page.filtered == ()
        assert server.journal[-1].values("query") == [sql]
    alone = await adapter.list_tickets(TicketQuery(statuses=frozenset((Status.UNKNOWN,))), None)
    assert [one.vendor_status for one in alone.items] == ["triaged"]


async def test_what_the_search_finds_besides_is_left_out(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    """The double finds tickets by their ids alone."""
    words = ("triaged", "open", "rejected")
    fake.tickets = {n: ticket_json(n, Status=word) for n, word in enumerate(words, 1)}
    query = TicketQuery(statuses=frozenset((Status.UNKNOWN, Status.OPEN)))
    page = await desk.adapter.list_tickets(query, None)
    assert (ids(page.items), page.filtered) == (["1", "2"], ("3",))


@pytest.mark.parametrize("status", [Status.DELETED, Status.PENDING])
async def test_a_status_that_rt_cannot_search_for_is_refused_unsent(
    server: RequestTrackerFake, connect_to: Connect, status: Status
) -> None:
    with pytest.raises(hb.StatusNotAllowed):
        await drain(connect_to(server).tickets(status=[Status.NEW, status]))
    assert server.journal == []


async def test_a_priority_is_found_by_its_number(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    desk = connect_to(server)
    made = {p: new_ticket(server.store, priority=p) for p in (Priority.LOW, Priority.HIGH)}
    server.of(new_ticket(server.store)).priority = 99  # which reads as none of ours
    found, _ = await drain(desk.tickets(priority=Priority.HIGH))
    assert ids(found) == [str(made[Priority.HIGH].id)]
    (one,) = server.journal
    assert one.values("query") == ["id > 0 AND Priority = 100"]
    _, error = await drain(desk.tickets(priority=Priority.URGENT))
    assert isinstance(error, InvalidArgument)
    with pytest.raises(UnsupportedCapability):
        desk.tickets(kind=next(iter(hb.TicketKind)))
    assert len(server.journal) == 1


@pytest.mark.parametrize(
    ("order", "days"),
    [
        (TicketOrder.CREATED_AT, [1, 2, 2, 5, 9]),
        (TicketOrder.CREATED_AT_DESC, [9, 5, 2, 2, 1]),
        (TicketOrder.UPDATED_AT, [9, 5, 2, 2, 1]),
        (TicketOrder.UPDATED_AT_DESC, [1, 2, 2, 5, 9]),
    ],
)
async def test_rt_sorts_tickets_and_ties_are_by_id(
    server: RequestTrackerFake, connect_to: Connect, order: TicketOrder, days: list[int]
) -> None:
    desk = connect_to(server)
    filled(server, [5, 2, 9, 1, 2])
    found, error = await drain(desk.tickets(order_by=order))
    assert error is None
    created = [ticket.created_at for ticket in found]
    assert created == [DAY + timedelta(days=day) for day in days]
    tied = [int(ticket.id) for ticket in found if ticket.created_at == DAY + timedelta(days=2)]
    assert tied == sorted(tied)
    (one,) = server.journal
    descending = "DESC" if order.is_descending else "ASC"
    field = {"created_at": "Created", "updated_at": "LastUpdated"}[order.field]
    assert one.values("orderby") == [field, "id"]
    assert one.values("order") in ([], [descending, "ASC"])
    assert (one.values("order") == []) is (not order.is_descending)


async def test_filters_hold_in_an_order(server: RequestTrackerFake, connect_to: Connect) -> None:
    desk = connect_to(server)
    filled(server, [3, 1], status=Status.NEW)
    filled(server, [2, 0], status=Status.RESOLVED)
    since = DAY + timedelta(days=2)
    pager = desk.tickets(status=Status.NEW, created_since=since, order_by="-created_at")
    found, _ = await drain(pager)
    assert [ticket.created_at for ticket in found] == [DAY + timedelta(days=3)]


async def test_pages_of_an_order_are_numbered_and_all_of_one_size(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    desk = connect_to(server)
    filled(server, [*range(40)])
    query = TicketQuery(order_by=TicketOrder.CREATED_AT_DESC, limit=15)
    page = await desk.adapter.list_tickets(query, None)
    assert (page.next, page.anchored, page.behind) == ("2x15", False, None)
    # Whoever goes on without that limit still reads the same pages.
    rest = await desk.adapter.list_tickets(TicketQuery(order_by=query.order_by), page.next)
    assert rest.next == "3x15"
    seen = [*page.items, *rest.items]
    assert [t.created_at for t in seen] == [DAY + timedelta(days=39 - n) for n in range(30)]
    assert [one.values("per_page") for one in server.journal] == [["15"], ["15"]]
    assert [one.values("page") for one in server.journal] == [["1"], ["2"]]
    whole = await desk.adapter.list_tickets(TicketQuery(order_by=query.order_by), None)
    assert (len(whole), whole.next) == (40, None)


@pytest.mark.parametrize("order", TicketOrder)
async def test_only_what_changes_moves(
    server: RequestTrackerFake, connect_to: Connect, order: TicketOrder
) -> None:
    desk = connect_to(server)
    filled(server, [1])
    page = await desk.adapter.list_tickets(TicketQuery(order_by=order), None)
    assert page.moves is (order.field == "updated_at")


@pytest.mark.parametrize("cursor", ["x", "0", "2x", "2x101", "2x0", "1.2", "9" * 10, "٣"])
async def test_a_place_in_another_list_is_refused(
    server: RequestTrackerFake, connect_to: Connect, cursor: str
) -> None:
    desk = connect_to(server)
    with pytest.raises(InvalidArgument):
        await desk.adapter.list_tickets(
            TicketQuery(order_by=TicketOrder.CREATED_AT), Cursor(cursor)
        )


async def test_tickets_without_the_time_come_last(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    unset = {"Created": "1970-01-01T00:00:00Z"}
    late = {"Created": "2027-01-01T00:00:00Z"}
    fake.tickets = {n: ticket_json(n, **given) for n, given in ((1, unset), (2, late), (3, {}))}
    for order, wanted in (("created_at", ["3", "2", "1"]), ("-created_at", ["2", "3", "1"])):
        found, error = await drain(desk.tickets(order_by=order))  # type: ignore[arg-type]
        assert (ids(found), error) == (wanted, None)
    # Where all are sorted here, each has a place.
    page = await desk.adapter.list_tickets(TicketQuery(order_by=TicketOrder.CREATED_AT), None)
    assert page.behind is not None
    rest = await desk.adapter.list_tickets(
        TicketQuery(order_by=TicketOrder.CREATED_AT), page.behind(page.items[0])
    )
    assert ids(rest.items) == ["2", "1"]


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({}, "100"),
        ({"limit": 3}, "10"),
        ({"limit": 20}, "20"),
        ({"limit": 500}, "100"),
        ({"limit": 20, "status": Status.NEW}, "20"),
        ({"limit": 20, "text": "Invoice"}, "20"),
        ({"limit": 20, "text": "100%"}, "100"),
        ({"limit": 20, "created_since": DAY}, "100"),
        ({"limit": 20, "updated_since": DAY}, "100"),
    ],
)
async def test_no_more_is_asked_for_than_is_needed(
    server: RequestTrackerFake, connect_to: Connect, given: Any, size: str
) -> None:
    filled(server, [*range(25)])
    await connect_to(server).tickets(**given)
    assert server.journal[0].values("per_page") == [size]


async def test_a_list_by_id_has_a_place_behind_each_ticket(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    desk = connect_to(server)
    filled(server, [*range(30)])
    page = await desk.adapter.list_tickets(TicketQuery(limit=10), None)
    assert page.anchored
    assert page.behind is not None
    rest = await desk.adapter.list_tickets(TicketQuery(), page.behind(page.items[4]))
    assert ids(rest.items)[:5] == ids(page.items)[5:]
    assert len(rest.items) == 25


async def test_a_conversation_has_a_place_behind_each_message(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    desk = connect_to(server)
    ticket = new_ticket(server.store)
    for number in range(3):
        await desk.note(str(ticket.id), text=f"note {number}")
    listing = desk.messages(str(ticket.id))
    page = await listing
    assert page.anchored
    assert page.behind is not None
    place = cursor_at(desk, "messages", page.behind(page.items[0]), ticket=str(ticket.id))
    rest, _ = await drain(desk.messages(str(ticket.id), cursor=place))
    assert ids(rest) == ids(page.items)[1:]


def _shown(path: str, number: int) -> dict[str, Any]:
    if path == "/tickets":
        return ticket_json(number)
    if path == "/queues":
        return {"id": str(number), "Name": f"queue{number}"}
    if path == "/users":
        return {"id": number, "Name": f"u{number}"}
    return row_json(number, "Status")


LISTS: dict[str, Any] = {
    "/tickets": lambda desk: desk.tickets(),
    "/queues": lambda desk: desk.teams(),
    "/users": lambda desk: desk.customers(),
    "/ticket/4/history": lambda desk: desk.messages("4"),
}


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("numbers", [(2, 1, 3), (3, 2, 1), (1, 3, 2, 1)])
async def test_rows_in_another_order_than_was_asked_for_are_an_error(
    strange: Any, path: str, numbers: tuple[int, ...]
) -> None:
    """Whoever goes on behind one of them would lose others in silence."""
    rows = listed(*(_shown(path, number) for number in numbers))
    users = {f"/user/{n}": {"Name": f"u{n}", "Privileged": 0} for n in numbers}
    _fake, desk = await strange({**users, "/ticket/4": ticket_json(4), path: rows})
    found, error = await drain(LISTS[path](desk))
    assert (found, type(error)) == ([], hb.ProtocolError)
    assert "order of their ids" in str(error)


@pytest.mark.parametrize("path", LISTS)
async def test_a_row_that_comes_twice_is_not_taken_for_another_order(
    strange: Any, path: str
) -> None:
    rows = [_shown(path, number) for number in (1, 2, 3, 2)]

    def answer(request: Any) -> Any:
        shown = rows[:3][::-1] if "DESC" in request.query_string else rows
        return listed(*shown, total=4 if shown is rows else None)

    users = {f"/user/{n}": {"Name": f"u{n}", "Privileged": 0} for n in (1, 2, 3)}
    _fake, desk = await strange({**users, "/ticket/4": ticket_json(4), path: answer})
    _, error = await drain(LISTS[path](desk))
    assert "order of their ids" not in str(error)


async def test_the_newest_row_is_looked_for_in_falling_order(strange: Any) -> None:
    def answer(request: Any) -> Any:
        rows = [_shown("/queues", number) for number in (1, 2)]  # in whatever order is asked for
        return listed(*rows, total=None)

    _fake, desk = await strange({"/queues": answer})
    _, error = await drain(desk.teams())
    assert "order of their ids" in str(error)
