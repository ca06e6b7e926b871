"""Tickets by their last change, and those that were deleted or merged into others."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from helpdesk_bridge_request_tracker.fake import RequestTrackerFake
from helpdesk_bridge_request_tracker.offers import OFFERS

import helpdesk_bridge as hb
from helpdesk_bridge import Capability, Helpdesk, InvalidArgument, Status
from helpdesk_bridge.kit import ChangeKind, ChangeMode, Cursor, Page, Ticket
from helpdesk_bridge.testing import Store, TickingClock
from tests.adapters.doubles import Connect, drain, ids, new_ticket
from tests.adapters.request_tracker.conftest import RequestTrackerDouble
from tests.adapters.request_tracker.strange import listed

pytestmark = pytest.mark.asyncio
AT = "2026-11-21T14:51:58Z"


@pytest_asyncio.fixture
async def server() -> AsyncIterator[RequestTrackerFake]:
    async with RequestTrackerFake(Store(clock=TickingClock())) as fake:
        yield fake


async def walked(read: Any) -> list[Page[Ticket]]:
    """Return the pages of a list of the adapter's, each asked for by the place of the one before.

    ``read`` is ``list_changed`` or ``list_deleted``.
    """
    pages = [await read(None)]
    while pages[-1].next is not None:
        pages.append(await read(pages[-1].next))
    return pages


def gone_json(number: int, ticket: int, **changes: Any) -> dict[str, Any]:
    """Return the transaction of a deletion as GET /transactions lists one."""
    return {
        "id": str(number),
        "type": "transaction",
        "_url": f"http://127.0.0.1:8088/REST/2.0/transaction/{number}",
        "ObjectId": str(ticket),
        "Created": AT,
        "Type": "Status",
        "NewValue": "deleted",
        **changes,
    }


def merged_json(number: int, ticket: int, into: int) -> dict[str, Any]:
    """Return one of the two transactions of a merge; the other one is of ``into`` itself."""
    link = f"fsck.com-rt://desk.example/ticket/{into}"
    return gone_json(number, ticket, Type="AddLink", NewValue=link)


async def test_changes_are_found_by_a_window_that_sees_everything() -> None:
    limits = OFFERS[Capability.CHANGES].limits
    assert limits.mode is ChangeMode.WINDOW
    assert limits.sees == frozenset(ChangeKind)
    assert limits.resolution == 1.0


async def test_what_changed_last_comes_first_in_one_request(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    desk = connect_to(server)
    first, second, third = (new_ticket(server.store) for _ in range(3))
    third.updated_at = second.updated_at
    await desk.update_ticket(str(first.id), subject="Export stops again")
    server.journal.clear()
    page = await desk.adapter.list_changed(None)
    assert ids(page.items) == [str(first.id), str(third.id), str(second.id)]
    assert (page.next, page.moves, page.unsure) == (None, True, False)
    (one,) = server.journal
    assert one.values("orderby") == ["LastUpdated", "id"]
    assert one.values("order") == ["DESC", "DESC"]
    assert one.values("per_page") == ["100"]


async def test_a_listed_change_has_all_that_a_listed_ticket_has(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    desk = connect_to(server)
    new_ticket(server.store, assignee=server.agent, team="Billing")
    (changed,) = (await desk.adapter.list_changed(None)).items
    (listed_one,), _ = await drain(desk.tickets())
    assert changed == listed_one
    assert changed.raw == listed_one.raw


@pytest.mark.parametrize("change", ["note", "reply", "status", "owner"])
async def test_every_change_moves_a_ticket_to_the_front(
    server: RequestTrackerFake, connect_to: Connect, change: str
) -> None:
    desk = connect_to(server)
    ticket_id = str(new_ticket(server.store).id)
    new_ticket(server.store)
    if change == "note":
        await desk.note(ticket_id, text="Look at 4711.")
    elif change == "reply":
        await desk.reply(ticket_id, text="It is mended.", send_email=True)
    elif change == "status":
        await desk.update_ticket(ticket_id, status=Status.ON_HOLD)
    else:
        await desk.update_ticket(ticket_id, assignee=server.agent)
    page = await desk.adapter.list_changed(None)
    assert page.items[0].id == ticket_id
    assert page.items[0].updated_at is not None
    assert page.items[1].updated_at is not None
    assert page.items[0].updated_at > page.items[1].updated_at


async def test_pages_lead_through_all_tickets_that_the_plain_list_has(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    desk = connect_to(server)
    shuffled = random.Random(4711)
    for _ in range(230):
        ticket = new_ticket(server.store)
        ticket.updated_at += timedelta(seconds=shuffled.randrange(40), microseconds=1)
    pages = await walked(desk.adapter.list_changed)
    assert [len(page.items) for page in pages] == [100, 100, 30]
    told = [(t.updated_at, int(t.id)) for page in pages for t in page.items]
    assert told == sorted(told, reverse=True)
    everything, _ = await drain(desk.tickets())
    assert {number for _, number in told} == {int(t.id) for t in everything}
    assert {page.total for page in pages} == {230}


async def test_a_list_that_tells_no_end_is_an_error(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    fake.total = False
    with pytest.raises(hb.ProtocolError, match="UseSQLForACLChecks"):
        await desk.adapter.list_changed(None)


async def test_without_deletions_one_request_says_so(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    desk = connect_to(server)
    new_ticket(server.store)
    page = await desk.adapter.list_deleted(None)
    assert (page.items, page.problems, page.next) == ((), (), None)
    assert len(server.journal) == 1


async def test_deleted_tickets_come_last_deletion_first(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    desk = connect_to(server)
    one, two, three, restored = (new_ticket(server.store) for _ in range(4))
    for ticket in (restored, three, one):
        await desk.delete_ticket(str(ticket.id))
    await desk.raw("DELETE", "REST", "2.0", "ticket", str(two.id))
    status = {"Status": "open"}
    await desk.raw("PUT", "REST", "2.0", "ticket", str(restored.id), json=status)
    server.journal.clear()
    page = await desk.adapter.list_deleted(None)
    # That one was restored is told by the ticket, and its row stays: else all behind it would move.
    assert ids(page.items) == [str(t.id) for t in (two, one, three, restored)]
    assert len(server.journal) == 1
    for gone, stored in zip(page.items, (two, one, three, None), strict=True):
        assert (gone.status, gone.vendor_status) == (Status.DELETED, "deleted")
        assert gone.updated_at == gone.deleted_at
        now = await desk.ticket(gone.id)
        assert now.status is (Status.DELETED if stored else Status.OPEN)
        assert stored is None or gone.deleted_at == stored.deleted_at
    changed = await desk.adapter.list_changed(None)
    assert ids(changed.items) == [str(restored.id)]


async def test_what_was_deleted_twice_comes_once_with_the_later_time(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    desk = connect_to(server)
    twice, once = new_ticket(server.store), new_ticket(server.store)
    status = {"Status": "open"}
    await desk.delete_ticket(str(twice.id))
    await desk.delete_ticket(str(once.id))
    await desk.raw("PUT", "REST", "2.0", "ticket", str(twice.id), json=status)
    await desk.delete_ticket(str(twice.id))
    page = await desk.adapter.list_deleted(None)
    assert ids(page.items) == [str(twice.id), str(once.id)]
    assert page.items[0].deleted_at == twice.deleted_at


async def test_a_deletion_meanwhile_moves_nothing_on_later_pages(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    desk = connect_to(server)
    tickets = [new_ticket(server.store) for _ in range(131)]
    for ticket in tickets[:130]:
        server.store.delete_ticket(ticket.id)
    first = await desk.adapter.list_deleted(None)
    server.store.delete_ticket(tickets[130].id)
    assert first.next is not None
    second = await desk.adapter.list_deleted(first.next)
    told = [*first.items, *second.items]
    assert ids(told) == [str(ticket.id) for ticket in reversed(tickets[:130])]
    assert first.anchored
    assert second.anchored
    # It is short, and RT tells no total: nothing says that it is the last one.
    assert second.unsure
    assert second.next is not None
    last = await desk.adapter.list_deleted(second.next)
    assert (last.items, last.next) == ((), None)


async def test_a_merged_ticket_is_gone_and_the_one_that_stays_is_not(
    strange: Any,
) -> None:
    rows = listed(merged_json(91, 3, 3), merged_json(90, 2, 3), gone_json(89, 1), total=None)
    _fake, desk = await strange({"/transactions": rows})
    page = await desk.adapter.list_deleted(None)
    assert ids(page.items) == ["2", "1"]
    assert page.items[0].status is Status.DELETED
    assert page.items[0].vendor_status == ""
    assert page.items[0].deleted_at is not None


async def test_a_ticket_that_stays_after_a_merge_is_told_when_it_is_deleted(strange: Any) -> None:
    rows = listed(merged_json(93, 3, 3), merged_json(92, 2, 3), gone_json(91, 3), total=None)
    _fake, desk = await strange({"/transactions": rows})
    page = await desk.adapter.list_deleted(None)
    assert ids(page.items) == ["2", "3"]


@pytest.mark.parametrize(
    "odd", [{"ObjectId": "x"}, {"ObjectId": "0"}, {"Created": "1970-01-01T00:00:00Z"}, {"Type": 1}]
)
async def test_a_row_that_cannot_be_read_loses_no_others(strange: Any, odd: dict[str, Any]) -> None:
    rows = listed(merged_json(92, 3, 3), gone_json(91, 4, **odd), gone_json(90, 2), total=None)
    _fake, desk = await strange({"/transactions": rows})
    page = await desk.adapter.list_deleted(None)
    assert ids(page.items) == ["2"]
    (problem,) = page.problems
    assert isinstance(problem.error, hb.ProtocolError)
    assert [*page.records()] == [problem, page.items[0]]


@pytest.mark.parametrize(
    "rows", [(gone_json(90, 2), gone_json(91, 3)), (gone_json(60, 2), gone_json(50, 3))]
)
async def test_rows_that_were_not_asked_for_are_an_error(
    strange: Any, rows: tuple[dict[str, Any], ...]
) -> None:
    """The first come in another order, the second are not below the place."""
    _fake, desk = await strange({"/transactions": listed(*rows, total=None)})
    with pytest.raises(hb.ProtocolError):
        await desk.adapter.list_deleted(Cursor("50"))


@pytest.mark.parametrize("cursor", ["x", "-1", "", "9" * 19, "1x2"])
async def test_foreign_places_are_refused_unsent(
    server: RequestTrackerFake, connect_to: Connect, cursor: str
) -> None:
    desk = connect_to(server)
    with pytest.raises(InvalidArgument):
        await desk.adapter.list_deleted(Cursor(cursor))
    with pytest.raises(InvalidArgument):
        await desk.adapter.list_changed(Cursor(f"{cursor}y"))
    assert server.journal == []


async def test_a_ticket_in_a_queue_that_is_not_seen_any_more_is_in_neither_list(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    desk = connect_to(server)
    stays, moves = new_ticket(server.store), new_ticket(server.store)
    server.hidden_queues = {"Billing"}
    moves.team = "Billing"
    assert ids((await desk.adapter.list_changed(None)).items) == [str(stays.id)]
    server.store.delete_ticket(moves.id)
    assert (await desk.adapter.list_deleted(None)).items == ()
    with pytest.raises(hb.PermissionDenied):
        await desk.ticket(str(moves.id))


async def test_a_poll_of_a_desk_that_is_still_takes_two_requests(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    desk = connect_to(server)
    for _ in range(120):
        server.store.delete_ticket(new_ticket(server.store).id)
    changed, deleted, restored = (new_ticket(server.store) for _ in range(3))
    first = [batch async for batch in desk.changes()]
    told = {ticket.id for batch in first for ticket in batch.tickets}
    assert told == {str(ticket.id) for ticket in (changed, deleted, restored)}
    await desk.delete_ticket(str(restored.id))
    await desk.delete_ticket(str(deleted.id))
    await desk.raw("PUT", "REST", "2.0", "ticket", str(restored.id), json={"Status": "open"})
    await desk.note(str(changed.id), text="Look at 4711.")
    second = [batch async for batch in desk.changes(first[-1].checkpoint)]
    assert [one for batch in second for one in batch.deleted] == [str(deleted.id)]
    told = {ticket.id for batch in second for ticket in batch.tickets}
    assert told == {str(changed.id), str(restored.id)}
    server.journal.clear()
    third = [batch async for batch in desk.changes(second[-1].checkpoint)]
    assert [(batch.tickets, batch.deleted) for batch in third] == [((), ())]
    again = "/tickets"  # the restored one: a copy that is late could show it though it is gone
    assert [one.path for one in server.journal] == ["/tickets", "/transactions", again]


async def test_the_fake_refuses_other_searches_for_transactions(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    desk = connect_to(server)
    query = [("query", "Type = 'Correspond'")]
    with pytest.raises(hb.HelpdeskError) as caught:
        await desk.raw("GET", "REST", "2.0", "transactions", query=query)
    assert caught.value.status == 501
