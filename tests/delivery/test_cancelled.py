"""A call that is cancelled at any of its awaits leaves its outcome behind, and nothing else."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from attrs import define
from helpdesk_bridge_helpspace.fake import HelpSpaceFake

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.entry import EntryState, LedgerEntry
from helpdesk_bridge.delivery.lease import Watch
from helpdesk_bridge.delivery.memory_ledger import MemoryLedger
from helpdesk_bridge.delivery.sqlite_ledger import SqliteLedger
from helpdesk_bridge.testing import Store
from tests.delivery.places import CUSTOMER, WORDS, Place, opened

pytestmark = pytest.mark.asyncio
_ROUNDS = 5
_SETTLED = 40
"""Steps of the loop after which the fake has answered whatever reached it."""


@define
class Permits:
    """A limiter that counts what is out."""

    out: int = 0

    async def acquire(self, *, yields: bool = False) -> None:
        await asyncio.sleep(0)
        self.out += 1

    def release(self, *, used: bool) -> None:
        self.out -= 1


@define(eq=False)
class Ledger(MemoryLedger):
    """A ledger in memory, whose every step takes some of the loop's."""

    async def begin(self, entry: LedgerEntry) -> LedgerEntry | None:
        await asyncio.sleep(0)
        other = await super().begin(entry)
        await asyncio.sleep(0)
        return other

    async def record_result(
        self,
        operation_id: str,
        state: EntryState,
        made_id: str | None = None,
        *,
        finished: bool | None = None,
    ) -> bool:
        await asyncio.sleep(0)
        told = await super().record_result(operation_id, state, made_id, finished=finished)
        await asyncio.sleep(0)
        return told

    def forget(self) -> None:
        for kept in (self._entries, self._places, self._keys, self._made):
            kept.clear()

    @property
    def kept(self) -> list[LedgerEntry]:
        return list(self._entries.values())


async def steps(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def by_task(call: Awaitable[Any], count: int) -> bool:
    """Cancel ``call`` after so many steps of the loop; say whether it was done before."""
    task = asyncio.ensure_future(call)
    await steps(count)
    if task.done():
        await task
        return True
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
        return True
    assert task.cancelled()
    return False


async def by_timeout(call: Awaitable[Any], count: int) -> bool:
    """The same by a timeout of the caller's."""
    task = asyncio.ensure_future(_timed(call, limit := asyncio.timeout(None)))
    await steps(count + 1)  # it has to be entered
    if not task.done():
        limit.reschedule(0)
    with suppress(TimeoutError):
        await task
        return True
    return False


async def _timed(call: Awaitable[Any], limit: asyncio.Timeout) -> None:
    async with limit:
        await call


async def by_sibling(call: Awaitable[Any], count: int) -> bool:
    """The same by another task of a group that fails."""

    async def fail() -> None:
        await steps(count)
        raise ZeroDivisionError

    with suppress(ExceptionGroup):
        async with asyncio.TaskGroup() as group:
            task = group.create_task(_as_coroutine(call))
            group.create_task(fail())
    return not task.cancelled()


async def _as_coroutine(call: Awaitable[Any]) -> Any:
    return await call


CALLS: dict[str, Callable[[Place], Awaitable[Any]]] = {
    "reply": lambda place: place.desk.reply(place.ticket.id, text=WORDS, send_email=True),
    "create_ticket": lambda place: place.desk.create_ticket(
        subject="Refund", requester=CUSTOMER, text=WORDS
    ),
}


@asynccontextmanager
async def watched(adapter: str) -> AsyncIterator[tuple[Place, Ledger, Permits]]:
    permits, ledger = Permits(), Ledger()
    options = hb.TransportOptions(concurrency=1, limiter=permits)
    async with opened(adapter, ledger=ledger, options=options) as place:
        yield place, ledger, permits


@pytest.mark.parametrize("adapter", ["helpspace", "airclou", "omnidesk"])
@pytest.mark.parametrize("operation", CALLS)
@pytest.mark.parametrize("cancelled", [by_task, by_timeout, by_sibling])
async def test_cancelled_at_any_step(
    adapter: str,
    operation: str,
    cancelled: Callable[[Awaitable[Any], int], Awaitable[bool]],
) -> None:
    async with watched(adapter) as (place, ledger, permits):
        await steps(_SETTLED)
        tasks, files = len(asyncio.all_tasks()), open_files()
        outcomes: set[EntryState] = set()
        for _ in range(_ROUNDS):
            await _sweep(place, ledger, operation, cancelled, outcomes)
            if outcomes == {EntryState.SENT, EntryState.NOT_SENT, EntryState.UNKNOWN}:
                break
        else:
            raise AssertionError(f"it was never cancelled at the right time: {outcomes}")
        assert permits.out == 0
        await steps(_SETTLED)
        gc.collect()
        assert len(asyncio.all_tasks()) == tasks
        assert open_files() <= files + 2  # a kept-alive connection, at both of its ends
        # The only slot of the pool is free, or this would wait for its deadline.
        await asyncio.wait_for(place.desk.ticket(place.ticket.id), 5)


async def _sweep(
    place: Place,
    ledger: Ledger,
    operation: str,
    cancelled: Callable[[Awaitable[Any], int], Awaitable[bool]],
    outcomes: set[EntryState],
) -> None:
    """Cancel a call after 0, 1, 2 … steps, until it comes to its end three times in a row."""
    done = 0
    for count in range(400):
        before, kept = _count(place, operation), len(ledger.kept)
        finished = await cancelled(CALLS[operation](place), count)
        await steps(_SETTLED)
        arrived = _count(place, operation) - before
        entries = ledger.kept[kept:]
        states = [one.state for one in entries]
        assert arrived <= 1
        assert states == [EntryState.SENT] or not finished
        for state in states:
            assert state in (EntryState.SENT, EntryState.NOT_SENT, EntryState.UNKNOWN)
            assert arrived == {EntryState.SENT: 1, EntryState.NOT_SENT: 0}.get(state, arrived)
            outcomes.add(state)
        assert len(place.desk.interrupted) == 1 or finished or not arrived
        for error in list(place.desk.interrupted):
            assert (error.operation, *(one.operation_id for one in entries)) == (
                operation,
                error.operation_id,
            )
            verdict = (await place.desk.reconcile(error, settle=0)).verdict
            # A vendor that gives no ids cannot tell a like one apart; it never says wrong.
            unsure = place.adapter == "omnidesk" and verdict is hb.Verdict.STILL_UNKNOWN
            assert unsure or verdict is (hb.Verdict.SENT if arrived else hb.Verdict.NOT_SENT)
        place.desk.interrupted.clear()
        done = done + 1 if finished else 0
        if done == 3:
            return
    raise AssertionError("the call never came to its end")


def _count(place: Place, operation: str) -> int:
    return len(place.store.tickets) if operation == "create_ticket" else len(place.store.outbox)


def open_files() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_cancelled_while_the_outbox_is_written(
    tmp_path: Path, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was sent by then, and the entry says so however often it is cancelled."""
    box = SqliteLedger(tmp_path / "ledger.db")
    writing, go_on = threading.Event(), threading.Event()

    async with opened("helpspace", ledger=box) as place:
        execute = box._execute

        def slow(work: Any) -> Any:
            writing.set()
            go_on.wait(10)
            return execute(work)

        monkeypatch.setattr(SqliteLedger, "_execute", lambda _, work: slow(work))
        task = asyncio.create_task(_as_coroutine(CALLS["reply"](place)))
        await asyncio.to_thread(writing.wait, 10)
        for _ in range(times):
            task.cancel()
            await steps(3)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait(place.desk._sender._recording or [asyncio.ensure_future(steps(1))])
        assert len(place.store.outbox) == 0
        assert await box.unresolved("it") == []
    await box.aclose()


async def test_a_memory_desk_keeps_what_was_interrupted() -> None:
    """It has no connection that could tell whether anything had left."""
    async with opened("memory") as place:
        send = place.desk.adapter.send

        async def slow(*values: Any) -> Any:
            done = await send(*values)
            await asyncio.Event().wait()
            return done

        place.desk.adapter.send = slow  # type: ignore[method-assign]
        await by_task(CALLS["reply"](place), 5)
        (error,) = place.desk.interrupted
        assert len(place.store.outbox) == 1
        assert (await place.desk.reconcile(error)).verdict is hb.Verdict.SENT
        assert not place.desk.interrupted


async def test_a_call_cancelled_before_it_was_sent_leaves_nothing() -> None:
    async with opened("helpspace") as place:
        asked = asyncio.Event()

        async def never(request: Any, handler: Any) -> Any:
            asked.set()
            await asyncio.Event().wait()

        place.trouble.plan = [never]
        task = asyncio.create_task(_as_coroutine(CALLS["reply"](place)))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not place.desk.interrupted


async def test_a_closed_coroutine_leaves_an_entry_to_recover() -> None:
    """A loop that is torn down closes its coroutines: nothing can be awaited then."""
    ledger = Ledger()
    async with opened("memory", ledger=ledger) as place:
        ledger.forget()
        never = asyncio.get_running_loop().create_future()

        async def send(*values: Any) -> Any:
            await never

        place.desk.adapter.send = send  # type: ignore[method-assign]
        coroutine: Any = CALLS["reply"](place)
        while coroutine.send(None) is not never:
            pass
        coroutine.close()
        (entry,) = ledger.kept
        assert entry.state is EntryState.PENDING
        assert not Watch().life(entry).under_way
        (found,) = await place.desk.recover()
        assert found.verdict is hb.Verdict.NOT_SENT


@pytest.mark.parametrize("recorded", [True, False])
async def test_cancelled_at_the_step_after_the_answer_it_is_known_to_be_sent(
    tmp_path: Path, recorded: bool
) -> None:
    began = asyncio.Event()

    async def hold_the_status(request: Any, handler: Any) -> Any:
        if request.method == "PATCH":
            began.set()
            await asyncio.Event().wait()
        return await handler(request)

    ledger = SqliteLedger(tmp_path / "ledger") if recorded else None
    async with (
        HelpSpaceFake(Store()) as fake,
        hb.connect(
            config={"desks": {"support": fake.table()}},
            middlewares=[hold_the_status],
            ledger=ledger,
        ) as desk,
    ):
        ticket = await desk.create_ticket(subject="S", requester=CUSTOMER, text="I paid twice.")
        call = asyncio.create_task(
            desk.reply(ticket, text=WORDS, send_email=True, status=hb.Status.RESOLVED)
        )
        await began.wait()
        call.cancel()
        await asyncio.wait([call])
        (error,) = desk.interrupted
        fake.store.tickets[int(ticket.id)].messages.pop()  # not to be seen yet
        found = await desk.reconcile(error, settle=0)
        assert found.verdict is hb.Verdict.SENT
        assert len(fake.store.outbox) == 1
    if ledger is not None:
        await ledger.aclose()
