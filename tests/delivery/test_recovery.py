"""`recover` leaves nothing under way behind its end, whatever ends it."""

from __future__ import annotations

import asyncio

import pytest
from attrs import evolve

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.entry import EntryState, Writer
from helpdesk_bridge.delivery.memory_ledger import MemoryLedger
from helpdesk_bridge.errors import ConfigurationError
from helpdesk_bridge.testing import MemorySettings
from tests.delivery.ledgers import entry


class _Broken(MemoryLedger):
    """A ledger that fails at one entry while it is silent about the others."""

    asked = 0

    async def take_over(self, operation_id: str, beat: int) -> bool:
        self.asked += 1
        if self.asked == 3:
            raise RuntimeError("the disk is gone")
        await asyncio.Event().wait()
        return True


async def _desk(ledger: MemoryLedger) -> hb.Helpdesk:
    dead = evolve(Writer.this(), name="another", pid=2**22 + 1)
    for number in range(3):
        one = entry(f"o{number}", desk="it", vendor="memory", ticket_id="1", writer=dead)
        await ledger.begin(evolve(one, state=EntryState.PENDING))
    return hb.Helpdesk(MemorySettings(), name="it", ledger=ledger)


@pytest.mark.asyncio
async def test_an_error_at_one_entry_ends_the_others_and_is_raised_as_it_is() -> None:
    async with await _desk(_Broken()) as desk:
        with pytest.raises(ConfigurationError, match="the ledger failed"):
            await desk.recover()
        assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.asyncio
async def test_so_does_a_cancellation() -> None:
    ledger = _Broken()
    ledger.asked = 10
    async with await _desk(ledger) as desk:
        recovering = asyncio.create_task(desk.recover())
        for _ in range(20):
            await asyncio.sleep(0)
        assert ledger.asked == 13
        recovering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await recovering
        assert asyncio.all_tasks() == {asyncio.current_task()}
