"""A desk in memory knows its agents, teams and customers, and lists tickets in any order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.model import CustomerQuery, TicketQuery
from helpdesk_bridge.testing import Memory, MemorySettings, Store, TickingClock

pytestmark = pytest.mark.asyncio

ADA = hb.Party(id="7", name="Ada", email="Ada@Bücher.example", role=hb.Role.AGENT)
BO = hb.Party(id="8", name="Bo", email="bo@desk.example", role=hb.Role.AGENT)
LI = "li@customer.example"


def staffed() -> Store:
    return Store(clock=TickingClock(), agents=[ADA, BO], teams={31: "Billing", 32: "Sales"})


@asynccontextmanager
async def desk_on(store: Store | Path | None = None) -> AsyncIterator[hb.Helpdesk]:
    settings = (
        MemorySettings(path=store) if isinstance(store, Path) else MemorySettings(store=store)
    )
    async with hb.Helpdesk(settings) as desk:
        yield desk


async def made(desk: hb.Helpdesk, **more: Any) -> hb.Ticket:
    given = {"subject": "S", "requester": LI, "text": "x", **more}
    return await desk.create_ticket(**given)


@pytest.mark.parametrize(
    "assignee", ["7", "ada@xn--bcher-kva.example", hb.Party(name="ADA"), "Ada <ada@bücher.example>"]
)
async def test_an_agent_is_known_by_whatever_is_given(assignee: Any) -> None:
    async with desk_on(staffed()) as desk:
        ticket = await made(desk, assignee=assignee)
        other = await made(desk)
        assert ticket.assignee == ADA
        assert (await desk.update_ticket(other, assignee=assignee)).assignee == ADA
        assert [t.id async for t in desk.tickets(assignee=assignee)] == [ticket.id, other.id]


async def test_who_is_no_agent_is_refused_in_a_write_and_in_a_filter() -> None:
    store = staffed()
    async with desk_on(store) as desk:
        ticket = await made(desk)
        for call in (
            made(desk, assignee="no@desk.example"),
            desk.update_ticket(ticket, assignee="9"),
            desk.tickets(assignee=hb.Party(name="Nobody")),
        ):
            with pytest.raises(hb.InvalidArgument, match="no agent of this desk") as caught:
                await call
            assert caught.value.outcome is hb.Outcome.NOT_SENT
        for call in (
            made(desk, team="Moon"),
            desk.update_ticket(ticket, team="33"),
            desk.tickets(team="Moon"),
        ):
            with pytest.raises(hb.InvalidArgument, match="no team of this id or name"):
                await call
        assert len(store.tickets) == 1


async def test_a_str_is_an_id_and_then_a_name() -> None:
    async with desk_on(staffed()) as desk:
        ticket = await made(desk, assignee="bo")
        assert ticket.assignee
        for known in (ticket.assignee.id, "BO"):
            assert [one.id async for one in desk.tickets(assignee=known)] == [ticket.id]


async def test_an_id_in_another_spelling_is_no_ticket() -> None:
    async with desk_on(staffed()) as desk:
        ticket = await made(desk)
        for call in (desk.ticket, desk.delete_ticket):
            with pytest.raises(hb.NotFound):
                await call(f"0{ticket.id}")


async def test_two_of_the_same_name_are_not_guessed_between() -> None:
    store = staffed()
    store.agents.append(hb.Party(id="9", name="bo"))
    store.teams[33] = "SALES"
    async with desk_on(store) as desk:
        for call in (desk.tickets(assignee=hb.Party(name="Bo")), desk.tickets(team="sales")):
            with pytest.raises(hb.InvalidArgument, match="2 on this desk are called so"):
                await call
        assert (await made(desk, team="33")).team == "SALES"


async def test_a_team_is_known_by_its_id_and_kept_by_its_name() -> None:
    async with desk_on(staffed()) as desk:
        ticket = await made(desk, team="31")
        assert ticket.team == "Billing"
        for team in ("31", "billing", "Billing"):
            assert [t.id async for t in desk.tickets(team=team)] == [ticket.id]
        assert (await desk.update_ticket(ticket, team=None)).team is None


async def test_a_desk_without_agents_and_teams_takes_anybody_and_remembers() -> None:
    async with desk_on() as desk:
        assert [t.id async for t in desk.tickets(assignee="new@desk.example", team="Moon")] == []
        first = await made(desk, assignee="new@desk.example", team="Moon")
        named = await made(desk, assignee=hb.Party(name="Zoë"))
        again = await made(desk, assignee=hb.Party(email="NEW@desk.example"), team="moon")
        assert again.assignee == first.assignee
        assert again.team == first.team
        found = [agent async for agent in desk.agents()]
        assert found == [first.assignee, named.assignee]
        assert all(agent.id and agent.role is hb.Role.AGENT for agent in found)
        assert [(t.id, t.name) async for t in desk.teams()] == [("Moon", "Moon")]
        assert [t.id async for t in desk.tickets(assignee=found[0].id)] == [first.id, again.id]


async def test_an_agent_who_has_no_ticket_any_more_has_the_same_id() -> None:
    async with desk_on() as desk:
        for assignee in ("new@desk.example", hb.Party(name="Zoë")):
            ticket = await made(desk, assignee=assignee)
            await desk.update_ticket(ticket, assignee=None)
            assert [one async for one in desk.agents()] == []
            again = await desk.update_ticket(ticket, assignee=assignee)
            assert again.assignee == ticket.assignee
            await desk.update_ticket(ticket, assignee=None)


async def test_people_are_the_same_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as desk:
        await made(desk, assignee="new@desk.example", team="Moon")
        await made(desk, requester="Bo <bo@customer.example>", assignee=hb.Party(name="Zoë"))
        people = await _everybody(desk)
        assert [len(found) for found in people] == [2, 1, 2]
    async with desk_on(path) as desk:
        assert await _everybody(desk) == people
        again = await made(desk, assignee="new@desk.example")
        assert again.assignee == people[0][0]
        assert [t.id async for t in desk.tickets(assignee=people[0][0].email or "")]


async def _everybody(desk: hb.Helpdesk) -> tuple[list[hb.Party], list[hb.Team], list[hb.Party]]:
    return (
        [one async for one in desk.agents()],
        [one async for one in desk.teams()],
        [one async for one in desk.customers()],
    )


async def test_the_mailbox_is_who_writes_and_nobody_elses_id() -> None:
    async with desk_on() as desk:
        me = await desk.me()
        ticket = await made(desk)
        sent = await desk.note(ticket, text="x")
        assert sent.message is not None
        assert sent.message.author == me
        assert me.id is not None
        assert int(me.id) < int(ticket.id)


async def test_customers_are_found_by_address_and_words_and_are_no_agents() -> None:
    store = staffed()
    store.create_ticket(
        subject="S",
        html="x",
        requester=hb.Party(
            id="90", email="a@x.example", organization="Northpier", phone="+44", external_id="crm"
        ),
    )
    async with desk_on(store) as desk:
        ticket = await made(desk, requester="Li Wang <li@Straße.example>", assignee="7")
        await made(desk, requester="LI@straße.example")
        await desk.add_request(ticket, author="Co <co@y.example>", text="x")
        await desk.reply(ticket, text="x", send_email=True)
        everybody = [one async for one in desk.customers()]
        assert [one.email for one in everybody] == [
            "a@x.example",
            "li@Straße.example",
            "co@y.example",
        ]
        assert len({one.id for one in everybody}) == 3

        async def found(**filters: str) -> list[str | None]:
            return [one.email async for one in desk.customers(**filters)]

        assert await found(email="li@xn--strae-oqa.example") == ["li@Straße.example"]
        assert await found(email="nobody@y.example") == []
        for words in ("northPIER", "+44", "crm", "a@x"):
            assert await found(text=words) == ["a@x.example"]
        assert await found(text="wang", email="co@y.example") == []
        assert await found(text="Wang") == ["li@Straße.example"]


async def test_people_come_once_in_pages_whoever_comes_meanwhile() -> None:
    store = Store()
    for number in range(120):
        store.create_ticket(
            subject="S",
            html="x",
            requester=store.person(f"c{number}@x.example"),
            assignee=hb.Party(id=f"u{number}") if number % 2 else hb.Party(id=str(number)),
            team=f"team {number}",
        )
    async with desk_on(store) as desk:
        for lister, count in ((desk.customers, 120), (desk.agents, 120), (desk.teams, 120)):
            ids: list[str | None] = []
            cursor: str | None = None
            while True:
                page = await lister(cursor=cursor)
                ids += [one.id for one in page]
                assert len(page) <= 50
                if page.next is None:
                    break
                cursor = page.next
                assert "@" not in cursor
                store.tickets.pop(min(store.tickets))  # whoever was read goes
            assert len(ids) == len(set(ids)) >= count - 10
        with pytest.raises(hb.InvalidArgument, match="cursor"):
            await desk.customers(cursor="7")


async def test_a_page_of_customers_is_as_long_as_the_limit() -> None:
    store, _ = of_many_times(0)
    for number in range(9):
        store.create_ticket(subject="S", html="x", requester=store.person(f"c{number}@x.example"))
    adapter = Memory(MemorySettings(store=store), None)  # type: ignore[arg-type]
    ids, cursor = [], None
    for length in (4, 4, 1):
        page = await adapter.list_customers(CustomerQuery(limit=4), cursor)
        assert (len(page), page.anchored, page.next is None) == (length, True, length == 1)
        ids += [one.email for one in page]
        assert page.behind is not None
        cursor = page.behind(page.items[-1])
    assert ids == [f"c{number}@x.example" for number in range(9)]


async def test_a_person_without_an_id_has_a_place_that_tells_no_address() -> None:
    store = Store()
    for number in range(60):
        store.create_ticket(
            subject="S", html="x", requester=hb.Party(email=f"secret{number}@x.example")
        )
    async with desk_on(store) as desk:
        first = await desk.customers()
        assert first.next is not None
        assert "secret" not in first.next
        second = await desk.customers(cursor=first.next)
        assert len({one.email for one in (*first, *second)}) == 60


def of_many_times(count: int) -> tuple[Store, dict[str, list[str]]]:
    """Return a desk with ties, and the ids in each order, which the Store's own records tell."""
    store = Store(clock=TickingClock())
    start = datetime(2026, 3, 1, tzinfo=UTC)
    for number in range(count):
        at = start + timedelta(minutes=(number * 7) % 5)
        ticket = store.create_ticket(
            subject="S", html="x", requester=store.person(LI), created_at=at
        )
        ticket.updated_at = start + timedelta(hours=(number * 11) % 7)
    orders = {}
    for field in ("created_at", "updated_at"):
        times = {str(one.id): getattr(one, field) for one in store.tickets.values()}
        orders[field] = sorted(times, key=lambda one: (times[one], int(one)))
        newest = sorted(times, key=int)
        orders[f"-{field}"] = sorted(newest, key=lambda one: times[one], reverse=True)
    return store, orders


@pytest.mark.parametrize("order", ["created_at", "-created_at", "updated_at", "-updated_at"])
async def test_tickets_come_in_the_order_that_is_wanted(order: Any) -> None:
    store, orders = of_many_times(120)
    async with desk_on(store) as desk:
        assert [t.id async for t in desk.tickets(order_by=order)] == orders[order]
        page = await desk.tickets(order_by=order, limit=7)
        assert [t.id for t in page] == orders[order][:7]


@pytest.mark.parametrize("order", [None, "created_at", "-created_at"])
async def test_a_page_is_as_long_as_the_limit_and_goes_on_behind_its_last_ticket(
    order: Any,
) -> None:
    store, orders = of_many_times(23)
    wanted = orders[order] if order else [str(number) for number in sorted(store.tickets)]
    adapter = Memory(MemorySettings(store=store), None)  # type: ignore[arg-type]
    query = TicketQuery(order_by=hb.TicketOrder(order) if order else None, limit=5)
    ids: list[str] = []
    cursor = None
    for length in (5, 5, 5, 5, 3):
        page = await adapter.list_tickets(query, cursor)
        assert (len(page), page.anchored) == (length, True)
        assert page.behind is not None
        ids += [one.id for one in page]
        cursor = page.next or page.behind(page.items[-1])
        store.tickets.pop(int(ids[0]), None)
    assert ids == wanted
    assert (await adapter.list_tickets(query, cursor)).items == ()


async def test_filters_on_words_are_exact() -> None:
    async with desk_on() as desk:
        high = await made(desk, priority=hb.Priority.HIGH, kind=hb.TicketKind.INCIDENT)
        low = await made(desk, priority=hb.Priority.LOW, status=hb.Status.PENDING)
        await made(desk, status=hb.Status.RESOLVED)

        async def listed(**filters: Any) -> list[str]:
            return [ticket.id async for ticket in desk.tickets(**filters)]

        assert await listed(priority=hb.Priority.HIGH) == [high.id]
        assert await listed(kind=hb.TicketKind.INCIDENT) == [high.id]
        assert await listed(status=[hb.Status.OPEN, hb.Status.PENDING]) == [high.id, low.id]
        assert await listed(status=(hb.Status.PENDING,), priority=hb.Priority.HIGH) == []
