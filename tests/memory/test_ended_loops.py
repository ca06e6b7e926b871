"""Whatever ends the tasks or the loop of a memory desk, it agrees with its file and goes on."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import threading
from collections.abc import Coroutine, Iterator
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.memory import storage
from helpdesk_bridge.testing import MemorySettings

T = TypeVar("T")


class Slow(sqlite3.Connection):
    """A connection whose next COMMIT waits to be let through, where ``waits`` says so."""

    waits: ClassVar[bool] = False
    reached: ClassVar[threading.Event]
    go: ClassVar[threading.Event]

    def execute(self, *args: Any) -> sqlite3.Cursor:
        if args[0] == "COMMIT" and type(self).waits:
            type(self).waits = False
            self.reached.set()
            assert self.go.wait(60)
        return super().execute(*args)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Slow]]:
    """Have desks use slow connections."""
    monkeypatch.setattr(Slow, "waits", False)
    monkeypatch.setattr(Slow, "reached", threading.Event(), raising=False)
    monkeypatch.setattr(Slow, "go", threading.Event(), raising=False)
    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Slow))
    yield Slow
    Slow.go.set()


@pytest.fixture
def path(tmp_path: Path, slow: type[Slow]) -> Path:
    """Make a file with one ticket, number 1002."""

    async def made() -> None:
        async with opened(tmp_path / "support.db") as desk:
            await desk.create_ticket(subject="s", requester="li@c.example", text="first words")

    asyncio.run(made())
    return tmp_path / "support.db"


def opened(path: Path, *, deadline: float = 60, ledger: hb.Ledger | None = None) -> hb.Helpdesk:
    options = hb.TransportOptions(deadline=deadline)
    return hb.Helpdesk(MemorySettings(path=path), name="it", options=options, ledger=ledger)


def reply(desk: hb.Helpdesk, text: str = "one", key: str | None = None) -> Any:
    return desk.reply("1002", text=text, send_email=True, key=key)


async def texts(desk: hb.Helpdesk) -> list[str | None]:
    return [message.text async for message in desk.messages("1002")]


async def turns() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


def cancel_everything() -> None:
    """Do as asyncio.run does at its end."""
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


class DeadLoop:
    """An event loop that is closed in the middle of what it does."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()

    def begin(self, call: Coroutine[Any, Any, Any], *, until: threading.Event) -> None:
        """Begin a call, and close the loop once ``until`` is set."""

        async def begun() -> None:
            self.task = asyncio.create_task(call)
            await asyncio.to_thread(until.wait, 60)

        self.loop.run_until_complete(begun())
        self.close()

    def close(self) -> None:
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()


@pytest.mark.asyncio
async def test_a_save_during_which_everything_is_cancelled_counts(
    path: Path, slow: type[Slow], tmp_path: Path
) -> None:
    ledger = hb.SqliteLedger(tmp_path / "ledger.db")
    async with opened(path, ledger=ledger) as desk:
        await texts(desk)
        slow.waits = True
        call = asyncio.create_task(reply(desk, key="job 1"))
        await asyncio.to_thread(slow.reached.wait, 60)
        cancel_everything()
        await turns()
        slow.go.set()
        with pytest.raises(asyncio.CancelledError):
            await call
        found = await desk.reconcile(desk.interrupted[0], settle=0)
        assert found.verdict is hb.Verdict.SENT
        assert await texts(desk) == ["first words", "one"]
    async with opened(path, ledger=ledger) as desk:
        assert (await reply(desk, key="job 1")).repeated
        assert await texts(desk) == ["first words", "one"]
    await ledger.aclose()


@pytest.mark.asyncio
async def test_a_file_that_is_opened_while_everything_is_cancelled_can_be_used(
    path: Path, slow: type[Slow]
) -> None:
    async with opened(path) as desk:
        slow.waits = True
        call = asyncio.create_task(reply(desk))
        await asyncio.to_thread(slow.reached.wait, 60)
        cancel_everything()
        await turns()
        slow.go.set()
        with pytest.raises(asyncio.CancelledError):
            await call
        await reply(desk, "two")
        assert await texts(desk) == ["first words", "two"]


@pytest.mark.parametrize("loads", [False, True])
def test_another_event_loop_goes_on_after_one_that_ended_in_the_middle(
    path: Path, slow: type[Slow], *, loads: bool
) -> None:
    desk, first = opened(path, deadline=10), DeadLoop()
    if not loads:
        first.loop.run_until_complete(texts(desk))
    slow.waits = True
    first.begin(reply(desk), until=slow.reached)

    async def second() -> None:
        waiting = asyncio.create_task(reply(desk, "two"))
        await turns()
        slow.go.set()
        await waiting
        kept = [] if loads else ["one"]
        assert await texts(desk) == ["first words", *kept, "two"]
        async with asyncio.timeout(10):
            await desk.aclose()
        async with opened(path) as free:
            assert await texts(free) == ["first words", *kept, "two"]

    asyncio.run(second())


def test_a_desk_can_be_closed_after_its_event_loop_ended_in_the_middle(
    path: Path, slow: type[Slow]
) -> None:
    desk, first = opened(path), DeadLoop()
    slow.waits = True
    first.begin(reply(desk), until=slow.reached)
    slow.go.set()

    async def second() -> None:
        async with asyncio.timeout(10):
            await desk.aclose()
        async with opened(path) as free:
            assert await texts(free) == ["first words"]

    asyncio.run(second())


def test_a_call_that_goes_with_its_event_loop_is_kept_as_interrupted(
    path: Path, slow: type[Slow]
) -> None:
    desk, first = opened(path), DeadLoop()
    first.loop.run_until_complete(texts(desk))
    slow.waits = True
    first.begin(reply(desk), until=slow.reached)
    slow.go.set()
    del first

    async def second() -> None:
        await texts(desk)  # behind what the closed loop has begun, which holds its call until then
        gc.collect()  # a complaint of what is thrown into the call would be a warning here
        found = await desk.reconcile(desk.interrupted[0], settle=0)
        assert found.verdict is hb.Verdict.SENT
        await desk.aclose()

    asyncio.run(second())


@pytest.mark.parametrize("waits_for", ["the turn", "the file"])
@pytest.mark.asyncio
async def test_a_write_whose_deadline_passes_before_its_turn_is_not_sent(
    path: Path, slow: type[Slow], waits_for: str
) -> None:
    async with opened(path, deadline=0.2) as desk:
        if waits_for == "the turn":
            await texts(desk)
        slow.waits = True
        first = asyncio.create_task(reply(desk))
        await asyncio.to_thread(slow.reached.wait, 60)
        with pytest.raises(hb.DeadlineExceeded) as caught:
            await reply(desk, "two")
        assert caught.value.outcome is hb.Outcome.NOT_SENT
        expected = hb.OutcomeUnknown if waits_for == "the turn" else hb.DeadlineExceeded
        with pytest.raises(expected):
            await first
        slow.go.set()


@pytest.mark.asyncio
async def test_a_write_that_is_cancelled_before_its_turn_is_no_interrupted_one(
    path: Path, slow: type[Slow]
) -> None:
    async with opened(path) as desk:
        await texts(desk)
        slow.waits = True
        first = asyncio.create_task(reply(desk))
        await asyncio.to_thread(slow.reached.wait, 60)
        second = asyncio.create_task(reply(desk, "two"))
        await turns()
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        assert not desk.interrupted
        slow.go.set()
        await first


@pytest.mark.asyncio
async def test_closing_does_not_wait_for_ever_for_a_disk(
    path: Path, slow: type[Slow], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "_PATIENCE", 0.05)
    desk = opened(path)
    slow.waits = True
    first = asyncio.create_task(reply(desk))
    await asyncio.to_thread(slow.reached.wait, 60)
    async with asyncio.timeout(10):
        await desk.aclose()
    slow.go.set()
    with pytest.raises(hb.DeskClosed):
        await first
