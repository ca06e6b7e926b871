"""People, orders, filters and places in lists of a live Request Tracker, as an ordinary agent."""

from __future__ import annotations

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.kit import Cursor, TicketOrder, TicketQuery
from helpdesk_bridge.model import Role
from tests.adapters.doubles import cursor_at, drain, ids
from tests.live.request_tracker import Agent, RequestTracker
from tests.live.test_request_tracker import settings
from tests.live.witness import RequestTrackerWitness

pytestmark = pytest.mark.asyncio


def person(server: RequestTracker, name: str, **fields: object) -> str:
    """Make a user, and return the address."""
    address = f"{name.encode('ascii', 'ignore').decode()}@people.example"
    told = {"Name": name, "EmailAddress": address, "RealName": f"Known as {name}", **fields}
    server.console.ask("person", *(item for pair in told.items() for item in pair))
    return address


def sees_groups(server: RequestTracker, agent: Agent) -> None:
    server.console.ask("grant", agent.agent, "SeeGroup")


async def test_agents_are_the_privileged_however_they_are_found(
    request_tracker: RequestTracker,
) -> None:
    blind, seeing = request_tracker.new_account(), request_tracker.new_account()
    sees_groups(request_tracker, seeing)
    names = [f"privileged-{n}" for n in range(3)]
    for name in names:
        person(request_tracker, name, Privileged=1)
    person(request_tracker, "gone", Privileged=1, Disabled=1)
    digits = "98765"  # RT would take it for a number
    person(request_tracker, digits, Privileged=1)
    person(request_tracker, "plain")
    async with (
        hb.Helpdesk(settings(request_tracker, blind)) as by_each,
        hb.Helpdesk(settings(request_tracker, seeing)) as by_group,
    ):
        found = [await drain(desk.agents()) for desk in (by_each, by_group)]
        customers = [await drain(desk.customers()) for desk in (by_each, by_group)]
    assert [error for _, error in (*found, *customers)] == [None] * 4
    agents = [sorted(str(one.id) for one in people) for people, _ in found]
    assert agents[0] == agents[1]
    assert {*names, digits, blind.agent, seeing.agent, "root"} <= set(agents[0])
    others = [sorted(str(one.id) for one in people) for people, _ in customers]
    assert others[0] == others[1]
    assert "plain" in others[0]
    assert set(others[0]).isdisjoint({*agents[0], "gone", "Nobody", "RT_System"})
    assert {one.role for people, _ in found for one in people} == {Role.AGENT}


async def test_a_customer_is_found_by_address_and_name(request_tracker: RequestTracker) -> None:
    agent = request_tracker.new_account()
    address = person(request_tracker, "Büchner", Organization="Acme")
    async with hb.Helpdesk(settings(request_tracker, agent)) as desk:
        by_address = await desk.customers(email=address.upper())
        by_name = await desk.customers(text="as büchner")
        assert len(await desk.customers(email="nobody@people.example")) == 0
        assert len(await desk.customers(email=f"{agent.agent}@desk.test")) == 0
    assert [(one.id, one.email, one.name) for one in by_address] == [
        ("Büchner", address, "Known as Büchner")
    ]
    assert [one.organization for one in by_name] == ["Acme"]


async def test_who_one_is(request_tracker: RequestTracker) -> None:
    agent = request_tracker.new_account()
    root = settings(request_tracker, agent, user="root", password="password")
    async with hb.Helpdesk(settings(request_tracker, agent)) as desk, hb.Helpdesk(root) as other:
        me, administrator = await desk.me(), await other.me()
    assert (me.id, me.email, me.role) == (agent.agent, f"{agent.agent}@desk.test", Role.AGENT)
    assert administrator.id == "root"


async def test_teams_are_the_queues_that_may_be_seen(request_tracker: RequestTracker) -> None:
    request_tracker.new_account()  # whose queues are hidden
    agent = request_tracker.new_account()
    root = settings(request_tracker, agent, user="root", password="password")
    async with hb.Helpdesk(settings(request_tracker, agent)) as desk, hb.Helpdesk(root) as other:
        found, error = await drain(desk.teams())
        every, _ = await drain(other.teams())
        place = (await desk.adapter.list_teams(None)).behind
        assert place is not None
        rest, _ = await drain(desk.teams(cursor=cursor_at(desk, "teams", place(found[0]))))
    assert ([team.name for team in found], error) == ([agent.queue, agent.team], None)
    assert rest == found[1:]
    assert {"General", agent.queue} < {team.name for team in every}


async def test_an_assignee_by_address_is_looked_up(request_tracker: RequestTracker) -> None:
    agent = request_tracker.new_account()
    address = f"{agent.agent}@desk.test"
    async with hb.Helpdesk(settings(request_tracker, agent)) as desk:
        made = await desk.create_ticket(
            subject="Invoice", requester="li@customer.example", text="x", assignee=address.upper()
        )
        assert made.assignee is not None
        assert made.assignee.id == agent.agent
        free = await desk.update_ticket(made, assignee=None)
        taken = await desk.update_ticket(free, assignee=address)
        assert taken.assignee is not None
        assert ids((await drain(desk.tickets(assignee=address)))[0]) == [made.id]
        with pytest.raises(hb.InvalidArgument):
            await desk.update_ticket(made, assignee="nobody@people.example")
        with pytest.raises(hb.InvalidArgument):
            await desk.create_ticket(
                subject="x", requester="li@customer.example", text="x", assignee="eve@b.example"
            )
        assert len(await desk.tickets()) == 1


async def test_filters_and_orders_are_rts(request_tracker: RequestTracker) -> None:
    agent = request_tracker.new_account()
    witness = RequestTrackerWitness(request_tracker, agent)
    made = []
    async with hb.Helpdesk(settings(request_tracker, agent)) as desk:
        for day, priority in ((3, "low"), (1, "high"), (2, "high"), (2, "normal")):
            ticket = await desk.create_ticket(
                subject="Invoice",
                requester="li@customer.example",
                text="x",
                priority=hb.Priority(priority),
                extra={"Created": f"2020-01-0{day} 12:00:00"},
            )
            made.append(ticket.id)
        first, second, third, fourth = made
        by_creation = ids((await drain(desk.tickets(order_by="created_at")))[0])
        assert by_creation == [second, third, fourth, first]
        assert ids((await drain(desk.tickets(order_by="-created_at")))[0]) == [
            first,
            third,
            fourth,
            second,
        ]
        changed, _ = await drain(desk.tickets(order_by="-updated_at"))
        times = [one.updated_at for one in changed]
        assert times == sorted(times, key=lambda at: at or 0, reverse=True)  # type: ignore[arg-type,return-value]
        high, _ = await drain(desk.tickets(priority=hb.Priority.HIGH))
        assert ids(high) == [second, third]
        await witness.arrange(first, status=hb.Status.RESOLVED)
        await witness.arrange(second, status=hb.Status.ON_HOLD)
        open_ones = [hb.Status.NEW, hb.Status.ON_HOLD]
        found, _ = await drain(desk.tickets(status=open_ones, order_by="created_at"))
        assert ids(found) == [second, third, fourth]
        query = TicketQuery(order_by=TicketOrder.CREATED_AT_DESC)
        page = await desk.adapter.list_tickets(query, Cursor("2x10"))
        assert (page.items, page.next) == ((), None)


async def test_a_list_is_walked_by_limit_and_cursor(request_tracker: RequestTracker) -> None:
    agent = request_tracker.new_account()
    witness = RequestTrackerWitness(request_tracker, agent)
    made = [await witness.add_ticket("li@customer.example", f"{n}", "x") for n in range(25)]
    async with hb.Helpdesk(settings(request_tracker, agent)) as desk:
        for order in (None, TicketOrder.CREATED_AT, TicketOrder.UPDATED_AT_DESC):
            seen: list[str] = []
            place: Cursor | None = None
            while True:
                query = TicketQuery(order_by=order, limit=10)
                page = await desk.adapter.list_tickets(query, place)
                assert len(page.items) <= 10
                seen += ids(page.items)
                place = page.next
                if place is None:
                    break
            assert sorted(seen) == sorted(made)
        page = await desk.adapter.list_tickets(TicketQuery(limit=10), None)
        assert page.behind is not None
        rest, _ = await drain(
            desk.tickets(cursor=cursor_at(desk, "tickets", page.behind(page.items[3])))
        )
    assert ids(rest) == made[4:]
