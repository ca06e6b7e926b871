"""A copy of a live Request Tracker stays equal to it, whoever writes and whoever is killed when."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import time
from collections import Counter
from contextlib import AsyncExitStack
from typing import Any

import pytest
from attrs import define, field, frozen

import helpdesk_bridge as hb
from tests.live.changing import CUSTOMER, Copy, Pool, Reader, Writer
from tests.live.request_tracker import WORKERS, Agent, RequestTracker
from tests.live.test_request_tracker import settings

FULL = os.environ.get("HELPDESK_BRIDGE_ALL_FAULTS") == "1"
TICKETS = 2000 if FULL else 200
"""Tickets that are there before; Request Tracker makes some 40 a second."""
SECONDS = 60 if FULL else 8
"""How long is written."""
BUSY = 20
"""Tickets that the writers begin with: few, so that several write to the same one."""

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(1800)]


@pytest.fixture(autouse=True)
def pauses() -> None:
    """Let pauses take their time: Request Tracker needs it."""


@define
class Account:
    """A queue of its own, and how many requests its reader made."""

    server: RequestTracker
    agent: Agent
    asked: Counter[str] = field(factory=Counter)

    def desk(self) -> hb.Helpdesk:
        """Return a desk on it."""
        return hb.Helpdesk(settings(self.server, self.agent))

    def counted_desk(self) -> hb.Helpdesk:
        """Return one whose requests are counted."""

        async def count(request: Any, handler: Any) -> Any:
            self.asked[request.operation.name] += 1
            return await handler(request)

        return hb.Helpdesk(settings(self.server, self.agent), middlewares=[count])

    async def fill(self, count: int) -> int:
        """Have Request Tracker make tickets; return the id of its last message."""
        told = await asyncio.to_thread(
            self.server.console.ask, "tickets", self.agent.queue, CUSTOMER, count
        )
        return int(told)


@frozen
class Truth:
    """What the desk says when nobody writes any more."""

    tickets: dict[str, hb.Ticket]
    messages: dict[str, list[hb.Message]]
    """The conversations of the tickets that were written to and are not deleted."""

    @classmethod
    async def read(cls, desk: hb.Helpdesk, pool: Pool) -> Truth:
        """Read it, without the list of changes."""
        listed = [ticket async for ticket in desk.tickets()]
        busy = [ticket for ticket in listed if ticket.id in set(pool.ids)]
        conversations = desk.conversations(busy, concurrency=WORKERS)
        return cls(
            {ticket.id: ticket for ticket in listed},
            {ticket.id: list(messages) async for ticket, messages in conversations},
        )


def assert_equal(copy: Copy, truth: Truth, pool: Pool, *, behind: int) -> None:
    """Hold a copy against the truth; ``behind`` is the last message before it was written."""
    assert copy.there() == truth.tickets
    assert set(copy.told.values()) <= {1}, "no message is told twice"
    there = {
        one.id: one
        for messages in truth.messages.values()
        for one in messages
        if int(one.id) > behind
    }
    stored = {id_: one for id_, one in copy.messages.items() if one.ticket_id in truth.messages}
    assert stored == there
    heard = Counter((one.text or "").strip() for one in stored.values())
    alive = [words for words, ticket_id in pool.said.items() if ticket_id in truth.messages]
    assert [words for words in alive if heard[words] != 1] == []


async def test_a_copy_equals_the_desk_after_writers_and_kills(
    request_tracker: RequestTracker,
) -> None:
    account, chance = Account(request_tracker, request_tracker.new_account()), random.Random(11)
    behind = await account.fill(TICKETS)
    reader = Reader(account.counted_desk, chance)
    await reader.poll(messages=False)
    assert len(reader.copy.tickets) == TICKETS
    await reader.poll()
    assert len(reader.copy.messages) <= 3, "of what was there before only the newest is told"
    pool = Pool(chance.sample([*reader.copy.tickets], BUSY))
    account.asked.clear()
    reader.polls = reader.copy.ticket_changes = 0

    async with AsyncExitStack() as stack:
        desks = [await stack.enter_async_context(account.desk()) for _ in range(WORKERS)]
        writers = [
            Writer(desk, pool, f"writer {number}", random.Random(number))
            for number, desk in enumerate(desks)
        ]
        began = time.monotonic()
        reading = asyncio.create_task(reader.read())
        await asyncio.gather(*(writer.write(SECONDS) for writer in writers))
        wrote = time.monotonic() - began
        reading.cancel()
        await asyncio.wait({reading})
        assert reading.cancelled(), reading.exception()
        polls, asked, kills = reader.polls, account.asked.total(), reader.kills
        account.asked.clear()
        await reader.poll()
        last = account.asked.total()
        await reader.poll()  # what is read again is not told again
        truth = await Truth.read(desks[0], pool)
    logging.getLogger(__name__).info(
        "%d writes (%.1f a second): %s; refused: %s. %d polls were ended in %d requests, %d readers"
        " were killed; the last poll made %d requests. %d tickets and %d messages were told.",
        pool.done.total(),
        pool.done.total() / wrote,
        dict(pool.done),
        dict(pool.refused),
        polls,
        asked,
        kills,
        last,
        reader.copy.ticket_changes,
        len(reader.copy.messages),
    )
    assert not reader.copy.problems
    assert pool.refused.total() < pool.done.total()
    assert_equal(reader.copy, truth, pool, behind=behind)
