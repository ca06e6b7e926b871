"""Event loops that begin each task at once (``asyncio.eager_task_factory``) end nothing."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.sqlite_ledger import SqliteLedger
from helpdesk_bridge.memory import Memory
from helpdesk_bridge.testing import MemorySettings
from helpdesk_bridge.transport import SessionAuth, TokenProvider
from tests.every_adapter.places import ADAPTERS, opened
from tests.transport.sessions import Server, request

eager = pytest.mark.skipif(sys.version_info < (3, 12), reason="from Python 3.12 on")


def _begun(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **more: Any) -> Any:
    """Make a task of what is done at once, as an eager one may be."""
    if sys.version_info >= (3, 12):
        return asyncio.eager_task_factory(loop, work, **more)
    done = loop.create_future()
    try:
        while True:
            work.send(None)
    except StopIteration as end:
        done.set_result(end.value)
        return done
    raise AssertionError("only what waits for nothing can be begun like this")


@pytest.mark.asyncio
async def test_a_session_is_renewed_though_its_task_is_done_at_once() -> None:
    loop, asked = asyncio.get_running_loop(), 0

    async def at_once() -> str:
        nonlocal asked
        asked += 1
        return f"token-{asked}"

    auth, server = SessionAuth(provider=TokenProvider(at_once)), Server("token-1")
    loop.set_task_factory(_begun)  # type: ignore[arg-type]
    try:
        assert (await auth(request(), server)).status == 200
        server.accepted = {"token-2"}
        assert (await auth(request(), server)).status == 200
        server.accepted = {"token-3"}
        assert (await auth(request(), server)).status == 200
    finally:
        loop.set_task_factory(None)
    assert asked == 3


@eager
@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_each_adapter_reads_ahead_and_writes(adapter: str) -> None:
    loop = asyncio.get_running_loop()
    async with opened(adapter) as place:
        desk = place.desk
        loop.set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]
        try:
            for number in range(120):
                await desk.create_ticket(
                    subject=f"S{number}", requester="li@customer.example", text="Broken."
                )
            tickets = [one async for one in desk.tickets()]
            assert len(tickets) == 120
            read = [one async for one in desk.conversations(tickets[:9])]
            assert [ticket.id for ticket, _ in read] == [one.id for one in tickets[:9]]
            reading = asyncio.create_task(desk.ticket(tickets[0].id))
            assert (await reading).subject == tickets[0].subject
            listing = desk.tickets()
            await anext(listing)
            await desk.aclose()
        finally:
            loop.set_task_factory(None)


@eager
@pytest.mark.asyncio
async def test_a_ledger_and_a_file_are_written(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    loop.set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]
    ledger = SqliteLedger(tmp_path / "writes.db")
    try:
        async with hb.Helpdesk(
            MemorySettings(path=tmp_path / "desk.db"), name="it", ledger=ledger
        ) as desk:
            ticket = await desk.create_ticket(
                subject="S", requester="li@customer.example", text="x", key="k"
            )
            sent = await asyncio.gather(
                *(desk.note(ticket, text=f"n{one}", key=f"n{one}") for one in range(5))
            )
            assert len({one.id for one in sent}) == 5
            again = await desk.note(ticket, text="n0", key="n0")
            assert again.repeated
            assert isinstance(desk.adapter, Memory)
            assert await desk.recover() == []
    finally:
        loop.set_task_factory(None)
        await ledger.aclose()
