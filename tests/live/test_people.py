"""People, orders, filters and places in lists of a live Request Tracker, as an ordinary agent."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.kit import Cursor, TicketOrder, TicketQuery
from helpdesk_bridge.model import Party, Role
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


async def test_an_assignee_whom_nobody_knows_is_an_error(request_tracker: RequestTracker) -> None:
    agent = request_tracker.new_account()
    gone = person(request_tracker, "closed", Privileged=1, Disabled=1)
    plain = person(request_tracker, "unprivileged")
    token = request_tracker.console.ask("token", "unprivileged")
    for right in ("SeeQueue", "ShowTicket"):
        request_tracker.console.ask("grant", "unprivileged", right)
    async with (
        hb.Helpdesk(settings(request_tracker, agent)) as desk,
        hb.Helpdesk(settings(request_tracker, agent, token=token)) as blind,
    ):
        for unknown in ("nobody@people.example", Party(id="nobody-we-know"), Party(id="1")):
            found, error = await drain(desk.tickets(assignee=unknown))
            assert found == []
            assert isinstance(error, hb.InvalidArgument)
            assert error.outcome is hb.Outcome.NOT_SENT
            assert await drain(blind.tickets(assignee=unknown)) == ([], None)
        known = (f"{agent.agent}@desk.test", gone, plain, Party(id=agent.agent.upper()))
        for one in (*known, Party(id="closed"), Party(id="Nobody")):
            assert await drain(desk.tickets(assignee=one)) == ([], None)


async def test_an_assignee_by_name_is_the_agent_of_that_name(
    request_tracker: RequestTracker,
) -> None:
    agent = request_tracker.new_account()
    request_tracker.console.ask("grant", agent.agent, "OwnTicket")
    own = f"Named {agent.agent}"
    for at, privileged in ((1, 1), (2, 0)):
        name = f"{agent.agent}-{at}"
        person(request_tracker, name, RealName=own, Privileged=privileged)
    request_tracker.console.ask("grant", f"{agent.agent}-1", "OwnTicket")
    twins = f"Twin {agent.agent}"
    for at in (3, 4):
        person(request_tracker, f"{agent.agent}-{at}", RealName=twins, Privileged=1)
    async with hb.Helpdesk(settings(request_tracker, agent)) as desk:
        made = await desk.create_ticket(
            subject="x",
            requester="li@customer.example",
            text="x",
            assignee=Party(name=own.upper()),
        )
        assert made.assignee is not None
        assert made.assignee.id == f"{agent.agent}-1"
        assert ids((await drain(desk.tickets(assignee=Party(name=own))))[0]) == [made.id]
        for name in (twins, "Nobody has this name"):
            with pytest.raises(hb.InvalidArgument):
                await desk.update_ticket(made, assignee=Party(name=name))


async def test_agents_by_limit_are_each_asked_for_once(request_tracker: RequestTracker) -> None:
    blind, seeing = request_tracker.new_account(), request_tracker.new_account()
    sees_groups(request_tracker, seeing)
    login = f"{seeing.agent}@people.example"
    person(request_tracker, login, Privileged=1)
    for agent in (blind, seeing):
        async with hb.Helpdesk(settings(request_tracker, agent)) as desk:
            whole, _ = await drain(desk.agents())
            found: list[Party] = []
            cursor = None
            while cursor is not None or not found:
                limit = 1 if len(found) < 10 else 25  # other tests have made hundreds
                pager = desk.agents(limit=limit, cursor=cursor)
                found += (await drain(pager))[0]
                cursor = pager.cursor
                assert "@" not in (cursor or "")
            assert sorted(str(one.id) for one in found) == sorted(str(one.id) for one in whole)
            assert login in {one.id for one in found}


async def test_a_queue_that_is_not_there_is_told_of_as_one(request_tracker: RequestTracker) -> None:
    agent = request_tracker.new_account()
    async with hb.Helpdesk(settings(request_tracker, agent)) as desk:
        with pytest.raises(hb.PermissionDenied, match="there may be no such queue"):
            await desk.create_ticket(
                subject="x", requester="li@customer.example", text="x", team="Suport"
            )


async def test_unknown_is_asked_for_by_leaving_out_what_is_known(
    request_tracker: RequestTracker,
) -> None:
    agent = request_tracker.new_account()
    witness = RequestTrackerWitness(request_tracker, agent)
    made = [await witness.add_ticket("li@customer.example", f"{n}", "x") for n in range(3)]
    await witness.arrange(made[0], status=hb.Status.CLOSED)
    await witness.arrange(made[1], status=hb.Status.ON_HOLD)
    own = {hb.Status.NEW, hb.Status.OPEN, hb.Status.ON_HOLD, hb.Status.RESOLVED}
    async with hb.Helpdesk(settings(request_tracker, agent)) as desk:
        for wanted, found in ((own, made[1:]), (own - {hb.Status.ON_HOLD}, made[2:]), (set(), [])):
            query = TicketQuery(statuses=frozenset((*wanted, hb.Status.UNKNOWN)))
            page = await desk.adapter.list_tickets(query, None)
            assert (ids(page.items), page.filtered) == (found, ())


async def test_a_queue_is_found_by_number_and_by_name(request_tracker: RequestTracker) -> None:
    agent = request_tracker.new_account()
    with pytest.raises(RuntimeError, match="not a valid name"):  # so digits are a number
        request_tracker.console.ask("queue", "4711")
    async with hb.Helpdesk(settings(request_tracker, agent)) as desk:
        made = await desk.create_ticket(
            subject="Invoice", requester="li@customer.example", text="x", team=agent.team
        )
        await desk.create_ticket(subject="Other", requester="li@customer.example", text="x")
        (team,) = [team async for team in desk.teams() if team.name == agent.team]
        for word in (team.id, f"0{team.id}", team.name, team.name.upper()):
            assert ids((await drain(desk.tickets(team=word)))[0]) == [made.id]


async def test_queues_end_where_it_is_proved(request_tracker: RequestTracker) -> None:
    """RT drops what may not be seen from pages that it has cut."""
    first = request_tracker.new_account()
    for number in range(210):
        request_tracker.console.ask("queue", f"hidden-{first.queue}-{number}")
    last = request_tracker.new_account()
    request_tracker.console.ask("grant", first.agent, "SeeQueue", last.queue)
    async with hb.Helpdesk(settings(request_tracker, first)) as desk:
        names = [team.name async for team in desk.teams()]
    assert names == [first.queue, first.team, last.queue]


async def test_an_account_that_is_shown_no_queue_is_told_so(
    request_tracker: RequestTracker,
) -> None:
    agent = request_tracker.new_account(may_not=["SeeQueue"])
    async with hb.Helpdesk(settings(request_tracker, agent)) as desk:
        found, error = await drain(desk.teams())
        assert found == []
        assert isinstance(error, hb.PermissionDenied)
        (lost,) = await desk.check_settings()
        assert lost == f'queue: there is no queue "{agent.queue}" that this account may see.'


async def test_the_doctor_names_a_queue_that_is_not_there(
    request_tracker: RequestTracker, tmp_path: Path
) -> None:
    agent = request_tracker.new_account()
    other = request_tracker.new_account()
    ran: dict[str, str] = {}
    for queue in (agent.queue, agent.queue.upper(), other.queue, "Suport"):
        table = {"base_url": request_tracker.base_url, "token": agent.token, "queue": queue}
        lines = ["[desks.support]", 'adapter = "request_tracker"']
        lines += [f"{key} = {json.dumps(value)}" for key, value in table.items()]
        configuration = tmp_path / f"{queue}.toml"
        configuration.write_text("\n".join(lines))
        ran[queue] = await asyncio.to_thread(doctor, configuration)
    for queue in (other.queue, "Suport"):
        assert f'queue: there is no queue "{queue}" that this account may see.' in ran[queue]
    for queue in (agent.queue, agent.queue.upper()):
        assert "there is no queue" not in ran[queue]


def doctor(configuration: Path) -> str:
    """Return what the doctor says of a configuration, on one line."""
    command = [sys.executable, "-m", "helpdesk_bridge", "doctor"]
    env = {**os.environ, "HELPDESK_BRIDGE_CONFIG": str(configuration), "COLUMNS": "200"}
    ran = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return " ".join(ran.stdout.split())


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
            )
            request_tracker.console.ask("created", f"2020-01-0{day} 12:00:00", ticket.id)
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
