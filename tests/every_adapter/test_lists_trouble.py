"""What goes wrong with a list is said with its ticket, and hides nothing else."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

import helpdesk_bridge as hb
from helpdesk_bridge.testing import Store, StoredMessage, StoredTicket, TickingClock
from tests.adapters.doubles import drain
from tests.every_adapter.saying import desk_and_fake
from tests.vendors import FAKES

CUSTOMER = "li@customer.example"
SOMEBODY = "bob@customer.example"
EARLY, LATE = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC)
Middleware = Callable[[Any, Any], Awaitable[Any]]
pytestmark = pytest.mark.asyncio


@asynccontextmanager
async def opened(
    adapter: str, *middlewares: Middleware, clock: Any = None
) -> AsyncIterator[tuple[hb.Helpdesk, Store]]:
    store = Store(clock=clock or TickingClock())
    async with FAKES[adapter](store) as fake:
        config = {"desks": {"it": fake.table()}}
        async with hb.connect("it", config=config, middlewares=middlewares) as desk:
            yield desk, store


def ticket_in(store: Store, customer: str = CUSTOMER, **more: Any) -> StoredTicket:
    return store.create_ticket(
        subject="s",
        requester=store.person(customer),
        html="<p>x</p>",
        **{"status": hb.Status.OPEN, **more},
    )


def line(store: Store, ticket: StoredTicket, number: int) -> StoredMessage:
    return store.add_message(
        ticket.id,
        type=hb.MessageType.REQUEST,
        audience=hb.Audience.EXTERNAL,
        author=ticket.requester,
        html=f"Line {number}.",
        word="external",
    )


async def listed(desk: hb.Helpdesk) -> list[hb.Ticket]:
    found = [ticket async for ticket in desk.tickets()]
    return sorted(found, key=lambda ticket: int(re.sub(r"\D", "", ticket.id)))


# -- one ticket of several -------------------------------------------------------------------


@pytest.mark.parametrize("adapter", FAKES)
async def test_the_error_of_a_conversation_names_its_ticket_and_no_way_to_fail_again(
    adapter: str,
) -> None:
    async with opened(adapter) as (desk, store):
        ticket_in(store)
        (ticket,) = await listed(desk)
        store.tickets.clear()
        for given in (ticket, ticket.id):
            with pytest.raises(hb.NotFound) as caught:
                [one async for one in desk.messages(given)]
            error = caught.value
            assert (error.ticket_id, error.desk, error.vendor) == (ticket.id, "it", adapter)
            assert (error.operation, error.items_read) == ("messages", 0)
            assert str(error).startswith(f"messages of ticket {ticket.id} on desk 'it' ({adapter})")
            assert "error.cursor" not in str(error)


@pytest.mark.parametrize("by_id", [False, True])
@pytest.mark.parametrize("adapter", FAKES)
async def test_a_deleted_ticket_is_handed_over_with_its_error_and_the_others_come(
    adapter: str, by_id: bool
) -> None:
    async with opened(adapter) as (desk, store):
        for _ in range(3):
            ticket_in(store)
        tickets = await listed(desk)
        del store.tickets[sorted(store.tickets)[1]]
        given: list[Any] = [ticket.id for ticket in tickets] if by_id else [*tickets]
        found = [one async for one in desk.conversations(given, on_error="keep")]
        assert [one.ticket.id for one in found] == [ticket.id for ticket in tickets]
        assert [bool(one.messages) for one in found] == [True, False, True]
        assert [type(one.error) for one in found] == [type(None), hb.NotFound, type(None)]
        gone = found[1].error
        assert gone is not None
        assert (gone.ticket_id, gone.operation) == (tickets[1].id, "conversations")
        with pytest.raises(hb.NotFound) as caught:
            [one async for one in desk.conversations(given)]
        assert caught.value.ticket_id == tickets[1].id


# -- one record of the list of tickets -------------------------------------------------------


@asynccontextmanager
async def with_a_bad_record(
    adapter: str, field: str, count: int = 30
) -> AsyncIterator[tuple[hb.Helpdesk, str]]:
    """Open a desk whose list has a ticket with an unreadable field; it comes with its number."""
    bad: list[str] = []

    def spoil(value: Any) -> Any:
        told = isinstance(value, dict) and re.sub(r"\D", "", str(value.get("id")))
        if told and told in bad:
            name = next((key for key in value if key.lower() == field), None)
            return value if name is None else {**value, name: {"odd": []}}
        return value

    async with desk_and_fake(adapter, spoil) as (desk, fake):
        for _ in range(count):
            ticket_in(fake.store)
        bad.append(str(sorted(fake.store.tickets)[count // 2]))
        yield desk, bad[0]


@pytest.mark.parametrize("adapter", FAKES)
async def test_conversations_go_on_behind_a_ticket_that_cannot_be_read(adapter: str) -> None:
    async with with_a_bad_record(adapter, "subject" if adapter != "omnidesk" else "title") as (
        desk,
        bad,
    ):
        pager = desk.tickets()
        found, error = await drain(desk.conversations(pager, on_error="keep"))
        came = [one.ticket.id for one in found]
        assert isinstance(error, hb.ProtocolError)
        assert error.items_read == len(came) > 0
        assert re.sub(r"\D", "", error.ticket_id or "") == bad
        assert str(error).startswith(f"tickets at ticket {error.ticket_id} on desk 'it'")
        async for one in desk.conversations(pager, on_error="keep"):
            assert one.error is None
            came.append(one.ticket.id)
        assert (len(came), len(set(came))) == (29, 29)
        assert error.ticket_id not in came


@pytest.mark.parametrize("adapter", FAKES)
async def test_tickets_that_cannot_be_read_are_told_beside_the_conversations(adapter: str) -> None:
    async with with_a_bad_record(adapter, "id") as (desk, bad):
        pager = desk.tickets().collect_problems()
        found = [one async for one in desk.conversations(pager, on_error="keep")]
        assert len(found) == 29
        assert all(one.error is None and one.messages for one in found)
        assert bad not in {re.sub(r"\D", "", one.ticket.id) for one in found}
        assert [type(problem.error) for problem in pager.problems] == [hb.ProtocolError]
        assert pager.problems[0].error.ticket_id is None


# -- what is deleted while a conversation is read --------------------------------------------

DELETED: dict[str, tuple[Sequence[int], int]] = {
    "one": ([10], 0),
    "two": ([10, 11], 0),
    "of several pages": ([10, 60], 0),
    "one, and another was added": ([10, 11], 1),
    "all of the first page": (range(1, 45), 0),
    "down to the end of a page": (range(21, 52), 0),
}


@pytest.mark.parametrize("what", DELETED)
@pytest.mark.parametrize("adapter", FAKES)
async def test_what_is_deleted_while_a_conversation_is_read_hides_nothing_else(
    adapter: str, what: str
) -> None:
    gone, added = DELETED[what]
    reads = 0

    async def deleting(request: Any, handler: Any) -> Any:
        nonlocal reads
        response = await handler(request)
        if b"Line 2." in response.content and b"Line 130." not in response.content:
            reads += 1
            if reads == 1:
                stored.messages[:] = [m for at, m in enumerate(stored.messages) if at not in gone]
                for number in range(added):
                    line(store, stored, 1000 + number)
        return response

    async with opened(adapter, deleting) as (desk, store):
        stored = ticket_in(store)
        for number in range(1, 131):
            line(store, stored, number)
        (ticket,) = await listed(desk)
        found = {re.sub("<.*?>", "", m.text) async for m in desk.messages(ticket)}
        left = {re.sub("<.*?>", "", m.html) for m in stored.messages}
        assert {word for word in left if word.startswith("Line")} <= found


# -- a vendor that ignores a filter ----------------------------------------------------------

_PLACES = re.compile(r"page|per[-_]page|page_size|after|sort_.*|item.*|orderby|fields.*|limit")


async def ignoring(request: Any, handler: Any) -> Any:
    """Ask without the filters, as if the vendor did not know them."""
    kept = tuple((name, value) for name, value in request.query if _PLACES.fullmatch(name))
    if request.path[:1] == ("REST",):  # a search; only its place stays
        kept += tuple((n, v.partition(" AND ")[0]) for n, v in request.query if n == "query")
    return await handler(evolve(request, query=kept))


FILTERS: dict[str, tuple[hb.Capability, Any]] = {
    "status": (hb.Capability.FILTER_STATUS, lambda ticket: ticket.status),
    "assignee": (hb.Capability.FILTER_ASSIGNEE, lambda ticket: ticket.assignee),
    "team": (hb.Capability.FILTER_TEAM, lambda ticket: ticket.team),
    "tag": (hb.Capability.FILTER_TAG, lambda ticket: ticket.tags[0]),
    "requester": (hb.Capability.FILTER_REQUESTER, lambda ticket: ticket.requester.email),
    "created_since": (hb.Capability.FILTER_CREATED_SINCE, lambda ticket: LATE - timedelta(days=1)),
    "updated_since": (hb.Capability.FILTER_UPDATED_SINCE, lambda ticket: LATE - timedelta(days=1)),
}


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("adapter", FAKES)
async def test_a_filter_that_the_vendor_ignores_is_applied_here(adapter: str, name: str) -> None:
    capability, value = FILTERS[name]
    now = EARLY

    def clock() -> datetime:
        return now

    async with opened(adapter, ignoring, clock=clock) as (desk, store):
        if not desk.capabilities.supports(capability):
            with pytest.raises(hb.UnsupportedCapability):
                desk.tickets(**{name: "x" if name in ("team", "tag") else LATE})
            return
        one, other = store.person("ada@desk.example"), store.person("eve@desk.example")
        ticket_in(store, SOMEBODY, tags=("x",), assignee=other, team="31")
        now = LATE
        ticket_in(
            store, status=hb.Status.RESOLVED, tags=("y",), assignee=one, team="32",
        )  # fmt: skip
        early, late = await listed(desk)
        assert value(late) is not None
        found = [ticket.id async for ticket in desk.tickets(**{name: value(late)})]
        assert (found, early.id == late.id) == ([late.id], False)
