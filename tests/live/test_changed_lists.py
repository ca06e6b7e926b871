"""How a live Request Tracker shows that tickets changed, were deleted, merged or moved away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import frozen

import helpdesk_bridge as hb
from helpdesk_bridge.kit import Page, Ticket
from tests.live.request_tracker import Agent, RequestTracker
from tests.live.test_request_tracker import PAGE, settings

pytestmark = pytest.mark.asyncio
WRITERS = 4
LI = "li@changed.example"
LONG_AGO = datetime(2020, 1, 3, tzinfo=UTC)


@frozen
class Place:
    """A queue with an agent of its own, and the agent's desk."""

    server: RequestTracker
    agent: Agent
    desk: hb.Helpdesk

    async def ask(self, question: str, *arguments: Any) -> Any:
        return await asyncio.to_thread(self.server.console.ask, question, *arguments)

    async def new(self, count: int) -> list[str]:
        made = [
            await self.desk.create_ticket(subject=f"Invoice {n}", requester=LI, text="Twice.")
            for n in range(count)
        ]
        return [ticket.id for ticket in made]

    async def put(self, ticket_id: str, **fields: Any) -> None:
        await self.desk.raw("PUT", "REST", "2.0", "ticket", ticket_id, json=fields)

    async def changed(self) -> list[Ticket]:
        return await all_of(self.desk.adapter.list_changed)

    async def gone(self) -> list[str]:
        return [ticket.id for ticket in await all_of(self.desk.adapter.list_deleted)]


async def all_of(read: Callable[[Any], Awaitable[Page[Ticket]]]) -> list[Ticket]:
    page = await read(None)
    found = [*page.items]
    while page.next is not None:
        page = await read(page.next)
        found += page.items
    return found


@asynccontextmanager
async def placed(server: RequestTracker) -> AsyncIterator[Place]:
    agent = await asyncio.to_thread(server.new_account)
    async with hb.Helpdesk(settings(server, agent)) as desk:
        yield Place(server, agent, desk)


def order(tickets: list[Ticket]) -> list[tuple[datetime | None, int]]:
    return [(ticket.updated_at, int(ticket.id)) for ticket in tickets]


async def test_every_change_makes_the_stamp_of_a_ticket_the_newest(
    request_tracker: RequestTracker,
) -> None:
    async with placed(request_tracker) as here:
        await here.ask(
            "fields", here.agent.queue, {f"Level {here.agent.queue}": ["FreeformSingle", 1]}
        )
        one, middle, other = await here.new(3)
        desk = here.desk
        changes: list[Callable[[], Awaitable[Any]]] = [
            lambda: desk.note(one, text="A note."),
            lambda: desk.reply(one, text="A reply.", send_email=True),
            lambda: desk.update_ticket(one, status=hb.Status.ON_HOLD),
            lambda: desk.update_ticket(one, subject="Another"),
            lambda: desk.update_ticket(one, custom_fields={f"Level {here.agent.queue}": "high"}),
            lambda: desk.update_ticket(one, assignee=hb.Party(id=here.agent.agent)),
            lambda: here.put(one, Requestor=[LI, "bo@changed.example"]),
            lambda: here.put(one, AddRefersTo=other),
            lambda: desk.update_ticket(one, team=here.agent.team),
            lambda: here.put(one, Status="deleted"),
            lambda: here.put(one, Status="open"),
        ]
        for number, change in enumerate(changes):
            await here.ask("age", "2020-01-01 00:00:00", one)
            await here.ask("age", "2020-01-02 00:00:00", middle, other)
            assert [ticket.id for ticket in await here.changed()][-1] in (one, middle), number
            await change()
            now = await here.changed()
            assert order(now) == sorted(order(now), reverse=True), number
            stamps = {ticket.id: ticket.updated_at for ticket in now}
            if number == len(changes) - 2:
                assert stamps.keys() == {middle, other}
                continue
            newest = now[0].updated_at
            assert newest is not None
            assert stamps[one] == newest > LONG_AGO, number


async def test_deleted_tickets_are_found_and_tell_that_they_were_restored(
    request_tracker: RequestTracker,
) -> None:
    async with placed(request_tracker) as here:
        one, two, three = await here.new(3)
        assert await here.gone() == []
        await here.put(two, Status="deleted")
        await here.desk.raw("DELETE", "REST", "2.0", "ticket", one)
        assert await here.gone() == [one, two]
        told = (await here.desk.adapter.list_deleted(None)).items[0]
        read = await here.desk.ticket(one)
        assert (told.status, told.deleted_at) == (hb.Status.DELETED, read.updated_at)
        assert [ticket.id for ticket in await here.changed()] == [three]
        await here.put(one, Status="open")
        assert await here.gone() == [one, two]
        assert (await here.desk.ticket(one)).status is hb.Status.OPEN


async def test_a_merged_ticket_is_gone_and_the_other_has_changed(
    request_tracker: RequestTracker,
) -> None:
    async with placed(request_tracker) as here:
        one, two, three = await here.new(3)
        await here.ask("age", "2020-01-01 00:00:00", one, three)
        await here.put(two, MergeInto=one)
        assert await here.gone() == [two]
        assert [ticket.id for ticket in await here.changed()] == [one, three]
        with pytest.raises(hb.NotFound):
            await here.desk.ticket(two)
        await here.put(one, Status="deleted")
        assert await here.gone() == [one, two]


async def test_deletions_that_may_not_be_seen_hide_no_others(
    request_tracker: RequestTracker,
) -> None:
    """They would leave the first page empty, if RT judged rights after it had cut the page."""
    async with placed(request_tracker) as here, placed(request_tracker) as others:
        (one,) = await here.new(1)
        await here.put(one, Status="deleted")
        (hidden,) = await others.new(1)
        await others.ask("deleted", hidden, PAGE + 1)
        page = await here.desk.adapter.list_deleted(None)
        assert [ticket.id for ticket in page.items] == [one]
        assert await others.gone() == [hidden, hidden]  # once a page


async def test_a_ticket_in_a_queue_that_is_not_seen_vanishes(
    request_tracker: RequestTracker,
) -> None:
    async with placed(request_tracker) as here:
        one, two = await here.new(2)
        hidden = f"hidden-{here.agent.queue}"
        await here.ask("queue", hidden)
        await here.ask("arrange", one, "team", hidden)
        assert [ticket.id for ticket in await here.changed()] == [two]
        assert await here.gone() == []
        with pytest.raises(hb.PermissionDenied):
            await here.desk.ticket(one)


async def test_no_change_shows_after_a_later_one(request_tracker: RequestTracker) -> None:
    """In SQLite, where writers wait for each other; the lag is declared for other databases."""
    async with placed(request_tracker) as here:
        tickets = await here.new(2 * WRITERS)
        done = asyncio.Event()
        behind: list[float] = []

        async def watched() -> None:
            seen = {(t.id, t.updated_at) for t in await here.changed()}
            while not done.is_set():
                newest = max(at for _, at in seen if at is not None)
                now = {(t.id, t.updated_at) for t in await here.changed()}
                came = [at for _, at in now - seen if at is not None]
                behind.extend((newest - at).total_seconds() for at in came)
                seen |= now

        async def written(own: list[str]) -> None:
            for number in range(3):
                for ticket_id in own:
                    await here.desk.reply(ticket_id, text=f"Reply {number}.", send_email=True)

        watch = asyncio.create_task(watched())
        await asyncio.gather(*(written(tickets[n::WRITERS]) for n in range(WRITERS)))
        done.set()
        await watch
        assert behind
        assert max(behind) <= 1.0
