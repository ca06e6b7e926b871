"""A write that is cancelled while its bytes are under way, with an account of it kept."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from itertools import count

import pytest
from attrs import frozen

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.entry import EntryState
from helpdesk_bridge.delivery.memory_ledger import MemoryLedger
from helpdesk_bridge.testing import Hold, Side
from tests.byte_cuts.bench import Bench
from tests.byte_cuts.conftest import ALL
from tests.byte_cuts.cuts import OPERATIONS, Count, Operation, counted, passes, places, rest

pytestmark = pytest.mark.timeout(3600 if ALL else 120)

EVENLY = 24 if ALL else 0
STEP = 1 if ALL else 3


@frozen
class Kept:
    """What the ledger holds of the writes to one ticket."""

    ledger: MemoryLedger
    desk: hb.Helpdesk
    ticket_id: str | None

    async def states(self) -> dict[str, EntryState]:
        entries = await self.ledger.on_ticket(self.desk.name, self.ticket_id)
        return {entry.operation_id: entry.state for entry in entries}


async def cancel_once(
    bench: Bench, desk: hb.Helpdesk, operation: Operation, ticket: hb.Ticket, nth: int, hold: Hold
) -> tuple[BaseException | None, Count]:
    """Cancel the call when its ``nth`` request is held; let the bytes pass that left before.

    Returns what the call raised, and what there is when the vendor has come to rest.
    """
    proxy, words, seen = bench.proxy, bench.words(), count()
    proxy.plan(hold, when=lambda _: next(seen) == nth)
    call = asyncio.create_task(operation.call(desk, ticket, words))
    while not call.done() and not any(hold in link.faults for link in proxy.links):
        await passes(1)
    call.cancel()
    raised = (await asyncio.gather(call, return_exceptions=True))[0]
    hold.until.set()
    await rest(proxy)
    if proxy.planned:
        proxy.clear()
    error = raised if isinstance(raised, BaseException) else None
    return error, await counted(bench.counter, operation, ticket, words)


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.asyncio
async def test_a_write_cancelled_anywhere_is_accounted_for(bench: Bench, name: str) -> None:
    """One connection at a time: a slot that was not given back would keep the next call waiting."""
    operation = OPERATIONS[name]
    ledger = MemoryLedger()  # what reaches the disk is tested elsewhere
    wrong: list[str] = []
    async with bench.desk(ledger, concurrency=1) as desk:
        if not operation.offered_by(desk):
            return
        async with aclosing(MemoryLedger()) as measured:
            sizes = await bench.sizes(operation, measured)
        ticket = await bench.ticket(desk)
        for nth, request in enumerate(sizes):
            for side in Side:
                for at in places(*request.of(side), EVENLY)[::STEP]:
                    if operation.makes == "delete":
                        ticket = await bench.ticket(desk)
                    kept = Kept(ledger, desk, None if operation.makes == "ticket" else ticket.id)
                    before = await kept.states()
                    hold = Hold(side, after=at, until=asyncio.Event())
                    error, there = await cancel_once(bench, desk, operation, ticket, nth, hold)
                    broken = await _broken(desk, operation, error, there, kept, before)
                    wrong += [f"request {nth}, {side} {at}: {promise}" for promise in broken]
    await ledger.aclose()
    assert not wrong, "\n".join([f"{len(wrong)} broken", *wrong[:20]])


async def _broken(
    desk: hb.Helpdesk,
    operation: Operation,
    error: BaseException | None,
    there: Count,
    kept: Kept,
    before: dict[str, EntryState],
) -> list[str]:
    """Return what is wrong with what is known of a cancelled call."""
    if error is None:
        return [] if there.made == 1 else [f"done, and there {there.made} times"]
    if not isinstance(error, asyncio.CancelledError):
        return [f"{error!r} in place of the cancellation"]
    wrong = [] if there.made <= 1 and there.mails <= operation.mailed else [f"doubled: {there}"]
    if not operation.unsafe:
        return wrong
    states = {k: v for k, v in (await kept.states()).items() if k not in before}
    interrupted = list(desk.interrupted)
    if not interrupted:
        if there.made or set(states.values()) - {EntryState.NOT_SENT}:
            wrong.append(f"{there}, nothing is interrupted, and the ledger says {states}")
        return wrong
    # A reply whose answer had come is SENT; what was cancelled is the step that sets the status.
    fitting = (EntryState.UNKNOWN, EntryState.SENT) if there.made else (EntryState.UNKNOWN,)
    if len(interrupted) != 1 or len(states) != 1 or not set(states.values()) <= set(fitting):
        desk.interrupted.clear()
        return [*wrong, f"{len(interrupted)} interrupted, and the ledger says {states}"]
    settled = await desk.reconcile(interrupted[0], settle=0)
    right = (
        (hb.Verdict.SENT, EntryState.SENT)
        if there.made
        else (hb.Verdict.NOT_SENT, EntryState.NOT_SENT)
    )
    states = {k: v for k, v in (await kept.states()).items() if k not in before}
    if (settled.verdict, *states.values()) != right or desk.interrupted:
        wrong.append(f"{there}: {settled.verdict} ({settled.reason}), in the ledger {states}")
    desk.interrupted.clear()
    return wrong
