"""What a poll costs on a large desk of any adapter, in requests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import helpdesk_bridge as hb
from helpdesk_bridge.memory import Store, TickingClock
from helpdesk_bridge.testing import FakeServer, MemorySettings
from helpdesk_bridge.testing.sandbox import fake_of

__all__ = ["APART", "START", "add_older", "caught_up", "desk_on", "filled", "requests_of"]

APART = timedelta(minutes=10)
"""From one change of a ticket to the next."""
START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


def filled(count: int) -> Store:
    """Return a Store with the last ``count`` of many tickets, each with one message."""
    store = Store(clock=TickingClock(START, APART))
    add_older(store, count)
    return store


def add_older(store: Store, count: int) -> None:
    """Put tickets into a Store that changed before all that are there, the oldest first."""
    asker = store.person("li@customer.example")
    newest = min((one.updated_at for one in store.tickets.values()), default=START)
    for number in range(count, 0, -1):
        store.create_ticket(
            subject=f"Export {number}",
            requester=asker,
            html="<p>Why?</p>",
            created_at=newest - number * APART,
        )


@asynccontextmanager
async def desk_on(
    adapter: str, store: Store
) -> AsyncIterator[tuple[hb.Helpdesk, FakeServer | None]]:
    """Open a desk of an adapter on a Store, with the fake in between where there is one."""
    kind = fake_of(adapter)
    if kind is None:
        async with hb.Helpdesk(MemorySettings(store=store), name="it") as desk:
            yield desk, None
        return
    async with (
        kind(store) as fake,
        hb.connect("it", config={"desks": {"it": fake.table()}}) as desk,
    ):
        yield desk, fake


async def caught_up(
    desk: hb.Helpdesk, checkpoint: str | None, *, messages: bool = False
) -> hb.ChangeBatch:
    """Return all that changed as one batch, with the last checkpoint."""
    tickets: dict[str, hb.Ticket] = {}
    told: list[hb.Message] = []
    deleted: list[str] = []
    problems: list[hb.Problem] = []
    async for batch in desk.changes(checkpoint, messages=messages):
        tickets |= {one.id: one for one in batch.tickets}
        told += batch.messages
        deleted += batch.deleted
        problems += batch.problems
        checkpoint = batch.checkpoint
    assert checkpoint is not None
    return hb.ChangeBatch(
        tickets=tuple(tickets.values()),
        messages=tuple(told),
        deleted=tuple(deleted),
        problems=tuple(problems),
        checkpoint=checkpoint,
        caught_up=True,
    )


def requests_of(fake: FakeServer | None) -> int:
    """Return how many requests were made so far."""
    return 0 if fake is None else len(fake.journal)
