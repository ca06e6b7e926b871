"""The doctor tells a queue that is not there on Request Tracker, and reads only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
from helpdesk_bridge_request_tracker.fake import RequestTrackerFake

from helpdesk_bridge.testing import Store
from tests.cli.conftest import Ran, Write

Beside: TypeAlias = Callable[..., Awaitable[Ran]]


def with_a_ticket() -> Store:
    store = Store()
    store.create_ticket(
        subject="Export stops",
        requester=store.person("li@customer.example"),
        html="<p>It stops.</p>",
    )
    return store


@pytest.mark.asyncio
@pytest.mark.parametrize("queue", ["General", "1", "billing"])
async def test_a_queue_that_is_there_is_well(run_beside: Beside, write: Write, queue: str) -> None:
    async with RequestTrackerFake(with_a_ticket()) as fake:
        write(support={**fake.table(), "queue": queue})
        done = await run_beside("doctor")
        assert done.line("configured").startswith("ok configured ")
        assert done.status == 0


@pytest.mark.asyncio
@pytest.mark.parametrize("queue", ["Suport", "99", "Billing"])
async def test_a_queue_that_is_not_there_is_named(
    run_beside: Beside, write: Write, queue: str
) -> None:
    async with RequestTrackerFake(with_a_ticket()) as fake:
        fake.hidden_queues = {"Billing"}
        write(support={**fake.table(), "queue": queue})
        done = await run_beside("doctor")
        assert f'queue: there is no queue "{queue}" that this account may see.' in done.words
        assert done.status != 0
        (ticket,) = fake.store.tickets.values()
        assert len(ticket.messages) == 1


@pytest.mark.asyncio
async def test_an_account_that_is_shown_no_queue_is_told_so(
    run_beside: Beside, write: Write
) -> None:
    async with RequestTrackerFake(with_a_ticket()) as fake:
        fake.hidden_queues = set(fake.queues)
        write(support=fake.table())
        done = await run_beside("doctor")
        assert "teams" in done.line("rights")
        assert 'there is no queue "General"' in done.words
