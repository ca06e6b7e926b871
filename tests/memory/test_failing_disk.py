"""When a save fails, is cancelled or meets a closing desk, memory and disk still agree."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest
import pytest_asyncio

import helpdesk_bridge as hb
from helpdesk_bridge.memory import Memory
from helpdesk_bridge.testing import MemorySettings, Store

CUSTOMER = "li@customer.example"
pytestmark = pytest.mark.asyncio


def opened(path: Path) -> hb.Helpdesk:
    return hb.Helpdesk(MemorySettings(path=path), name="it")


def store_of(desk: hb.Helpdesk) -> Store:
    assert isinstance(desk.adapter, Memory)
    return desk.adapter.store


async def restarted(path: Path) -> Store:
    """Return what a new desk finds at ``path``."""
    async with opened(path) as desk:
        await desk.tickets()
        return store_of(desk)


async def big_reply(desk: hb.Helpdesk, ticket: hb.Ticket | str) -> hb.SentMessage:
    """Make a call that writes to every table but one."""
    return await desk.reply(
        ticket,
        text="big reply",
        send_email=True,
        status=hb.Status.CLOSED,
        attachments=[hb.Upload("a.bin", data=b"\0\xff")],
    )


class Faulty(sqlite3.Connection):
    """A connection whose next COMMIT goes wrong as ``fault`` says, or waits to be let through."""

    fault: ClassVar[str] = ""
    reached: ClassVar[threading.Event]
    go: ClassVar[threading.Event]

    def execute(self, *args: Any) -> sqlite3.Cursor:
        fault = type(self).fault
        if args[0] != "COMMIT" or not fault:
            return super().execute(*args)
        type(self).fault = ""
        if fault == "wait":
            self.reached.set()
            assert self.go.wait(60)
            return super().execute(*args)
        if fault.startswith("done"):
            super().execute(*args)
        if fault.endswith("dead"):
            self.close()
        raise sqlite3.OperationalError("disk I/O error")


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> type[Faulty]:
    """Have desks use faulty connections."""
    monkeypatch.setattr(Faulty, "fault", "")
    monkeypatch.setattr(Faulty, "reached", threading.Event(), raising=False)
    monkeypatch.setattr(Faulty, "go", threading.Event(), raising=False)
    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Faulty))
    return Faulty


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "support.db"


@pytest_asyncio.fixture
async def desk(path: Path, faulty: type[Faulty]) -> AsyncIterator[hb.Helpdesk]:
    """Open a desk with one ticket, number 1002."""
    async with opened(path) as desk:
        await desk.create_ticket(subject="s", requester=CUSTOMER, text="first words")
        yield desk


async def turns() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def texts(desk: hb.Helpdesk) -> list[str | None]:
    return [message.text async for message in desk.messages("1002")]


# -- a save that fails -----------------------------------------------------------------------


@pytest.mark.parametrize("table", ["people", "tickets", "messages", "files", "outbox", "desk"])
async def test_a_save_that_fails_halfway_changes_neither_memory_nor_disk(
    path: Path, desk: hb.Helpdesk, table: str
) -> None:
    await desk.aclose()
    moment = f"INSERT ON {table} WHEN (SELECT saves FROM desk) = 2"
    if table == "desk":
        moment = "UPDATE ON desk WHEN new.saves = 3"
    with closing(sqlite3.connect(path)) as sql:
        sql.execute(f"CREATE TRIGGER t BEFORE {moment} BEGIN SELECT RAISE(ABORT, 'no more'); END")
    async with opened(path) as again:
        await again.note("1002", text="the second save")
        before = deepcopy(store_of(again))
        request = partial(again.add_request, author="new@a.example", text="t")
        call = request if table == "people" else partial(big_reply, again)
        with pytest.raises(hb.VendorUnavailable, match="could not be written: no more") as caught:
            await call("1002")
        assert (caught.value.outcome, caught.value.desk) == (hb.Outcome.NOT_SENT, "it")
        assert "Nothing was sent" in str(caught.value)
        assert store_of(again) == before
        assert await texts(again) == ["first words", "the second save"]
    assert await restarted(path) == before


async def test_after_a_failed_save_the_same_call_goes_well_and_is_done_once(
    path: Path, desk: hb.Helpdesk, faulty: type[Faulty]
) -> None:
    faulty.fault = "not done"
    with pytest.raises(hb.VendorUnavailable) as caught:
        await big_reply(desk, "1002")
    assert caught.value.retryable
    await big_reply(desk, "1002")
    store = store_of(desk)
    assert await texts(desk) == ["first words", "big reply"]
    assert (len(store.outbox), (await desk.ticket("1002")).status) == (1, hb.Status.CLOSED)
    await desk.aclose()
    assert await restarted(path) == store


async def test_a_commit_that_complains_but_was_done_is_done(
    path: Path, desk: hb.Helpdesk, faulty: type[Faulty]
) -> None:
    faulty.fault = "done"
    await big_reply(desk, "1002")
    await desk.note("1002", text="and it goes on")
    assert await texts(desk) == ["first words", "big reply", "and it goes on"]
    await desk.aclose()
    assert await restarted(path) == store_of(desk)


@pytest.mark.parametrize(
    ("fault", "expected"), [("done, dead", ["first words", "big reply"]), ("dead", ["first words"])]
)
async def test_a_database_that_dies_is_outcome_unknown_and_the_next_call_reads_the_truth(
    path: Path, desk: hb.Helpdesk, faulty: type[Faulty], fault: str, expected: list[str]
) -> None:
    faulty.fault = fault
    with pytest.raises(hb.OutcomeUnknown) as caught:
        await big_reply(desk, "1002")
    assert (caught.value.ticket_id, caught.value.outcome) == ("1002", hb.Outcome.UNKNOWN)
    assert await texts(desk) == expected
    await desk.note("1002", text="more")
    assert await texts(desk) == [*expected, "more"]
    await desk.aclose()
    assert await restarted(path) == store_of(desk)


async def test_a_full_disk_says_so_and_loses_nothing(path: Path, desk: hb.Helpdesk) -> None:
    await desk.aclose()
    unlimited = sqlite3.connect

    def connect(*args: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = unlimited(*args, **options)
        connection.execute("PRAGMA max_page_count = 20")
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", connect)
        async with opened(path) as small:
            with pytest.raises(hb.VendorUnavailable, match="the disk is full") as caught:
                await small.note(
                    "1002", text="n", attachments=[hb.Upload("a", data=bytes(200_000))]
                )
            assert caught.value.outcome is hb.Outcome.NOT_SENT
            await small.note("1002", text="a small one")
            assert await texts(small) == ["first words", "a small one"]
    assert await restarted(path) == store_of(small)


async def test_what_the_desk_refuses_is_not_written(path: Path, desk: hb.Helpdesk) -> None:
    before = deepcopy(store_of(desk))
    with pytest.raises(hb.NotFound):
        await desk.note("999999", text="n")
    with pytest.raises(hb.InvalidArgument):
        await desk.note("1002", text="n", extra={"a": 1})
    assert store_of(desk) == before
    await desk.aclose()
    assert await restarted(path) == before


# -- a call that is cancelled ----------------------------------------------------------------


async def test_nobody_reads_what_is_not_on_the_disk_yet(
    desk: hb.Helpdesk, faulty: type[Faulty]
) -> None:
    faulty.fault = "wait"
    reply = asyncio.create_task(big_reply(desk, "1002"))
    await asyncio.to_thread(faulty.reached.wait, 60)
    assert await texts(desk) == ["first words"]
    assert (await desk.ticket("1002")).status is hb.Status.OPEN
    assert store_of(desk).outbox == []
    faulty.go.set()
    await reply
    assert await texts(desk) == ["first words", "big reply"]


@pytest.mark.parametrize("cancellations", [1, 2, 3])
async def test_a_call_cancelled_while_it_is_written_is_written_and_then_cancelled(
    path: Path, desk: hb.Helpdesk, faulty: type[Faulty], cancellations: int
) -> None:
    faulty.fault = "wait"
    reply = asyncio.create_task(big_reply(desk, "1002"))
    await asyncio.to_thread(faulty.reached.wait, 60)
    for _ in range(cancellations):
        reply.cancel()
        await turns()
    assert not reply.done()
    faulty.go.set()
    with pytest.raises(asyncio.CancelledError):
        await reply
    assert await texts(desk) == ["first words", "big reply"]
    await desk.note("1002", text="and it goes on")
    await desk.aclose()
    assert await restarted(path) == store_of(desk)


@pytest.mark.parametrize("fault", ["not done", "done", "dead", "done, dead"])
async def test_a_call_cancelled_while_its_save_fails_leaves_memory_as_the_disk_is(
    path: Path, desk: hb.Helpdesk, faulty: type[Faulty], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    wait = faulty.execute

    def execute(self: Faulty, *args: Any) -> sqlite3.Cursor:
        if args[0] == "COMMIT" and type(self).fault:
            self.reached.set()
            assert self.go.wait(60)
        return wait(self, *args)

    monkeypatch.setattr(Faulty, "execute", execute)
    faulty.fault = fault
    reply = asyncio.create_task(big_reply(desk, "1002"))
    await asyncio.to_thread(faulty.reached.wait, 60)
    reply.cancel()
    await turns()
    faulty.go.set()
    with pytest.raises(asyncio.CancelledError):
        await reply
    found = await texts(desk)
    assert found == ["first words", *(["big reply"] if fault.startswith("done") else [])]
    await desk.note("1002", text="and it goes on")
    assert await texts(desk) == [*found, "and it goes on"]
    await desk.aclose()
    assert await restarted(path) == store_of(desk)


async def test_a_call_cancelled_while_it_waits_its_turn_is_not_done(
    path: Path, desk: hb.Helpdesk, faulty: type[Faulty]
) -> None:
    faulty.fault = "wait"
    reply = asyncio.create_task(big_reply(desk, "1002"))
    await asyncio.to_thread(faulty.reached.wait, 60)
    note = asyncio.create_task(desk.note("1002", text="never"))
    await turns()
    note.cancel()
    with pytest.raises(asyncio.CancelledError):
        await note
    assert not reply.done()
    faulty.go.set()
    await reply
    assert await texts(desk) == ["first words", "big reply"]
    await desk.aclose()
    assert await restarted(path) == store_of(desk)


async def test_a_first_call_cancelled_while_the_file_is_opened_leaves_a_desk_that_works(
    path: Path, desk: hb.Helpdesk, faulty: type[Faulty]
) -> None:
    await desk.aclose()
    async with opened(path) as again:
        faulty.fault = "wait"
        first = asyncio.create_task(again.ticket("1002"))
        await asyncio.to_thread(faulty.reached.wait, 60)
        first.cancel()
        await turns()
        faulty.go.set()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert await texts(again) == ["first words"]


# -- closing ---------------------------------------------------------------------------------


async def test_closing_waits_for_what_is_being_written(
    path: Path, desk: hb.Helpdesk, faulty: type[Faulty]
) -> None:
    faulty.fault = "wait"
    reply = asyncio.create_task(big_reply(desk, "1002"))
    await asyncio.to_thread(faulty.reached.wait, 60)
    close = asyncio.create_task(desk.aclose())
    await turns()
    assert not close.done()
    faulty.go.set()
    await asyncio.gather(reply, close)
    assert await restarted(path) == store_of(desk)
    assert len(store_of(desk).outbox) == 1


async def test_closing_while_the_file_is_opened_closes_it(
    path: Path, desk: hb.Helpdesk, faulty: type[Faulty]
) -> None:
    await desk.aclose()
    other = opened(path)
    faulty.fault = "wait"
    note = asyncio.create_task(other.note("1002", text="just in time"))
    await asyncio.to_thread(faulty.reached.wait, 60)
    close = asyncio.create_task(other.aclose())
    await turns()
    faulty.go.set()
    _, refused = await asyncio.gather(close, note, return_exceptions=True)
    assert isinstance(refused, hb.DeskClosed)
    async with opened(path) as free:
        assert await texts(free) == ["first words"]


async def test_a_call_that_comes_to_write_after_closing_is_refused_and_opens_nothing(
    path: Path, desk: hb.Helpdesk
) -> None:
    async def content() -> AsyncIterator[bytes]:
        await desk.aclose()
        yield b"x"

    file = hb.Upload("a.txt", data=content(), size=1)
    with pytest.raises(hb.DeskClosed):
        await desk.note("1002", text="too late", attachments=[file])
    async with opened(path) as free:  # which it would not be with the file open
        assert await texts(free) == ["first words"]


async def test_closing_again_does_nothing_and_ends_the_thread(desk: hb.Helpdesk) -> None:
    def ours() -> list[threading.Thread]:
        return [t for t in threading.enumerate() if t.name.startswith("helpdesk-bridge-memory")]

    threads = ours()
    assert threads
    await asyncio.gather(desk.aclose(), desk.aclose())
    await desk.aclose()
    for thread in threads:
        await asyncio.to_thread(thread.join, 60)
    assert ours() == []


async def test_a_desk_closes_its_adapter_even_if_its_connections_fail_to_close(
    desk: hb.Helpdesk, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken() -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(desk.adapter.transport, "aclose", broken)
    with pytest.raises(RuntimeError):
        await desk.aclose()
    async with opened(path) as free:
        assert await texts(free) == ["first words"]
    monkeypatch.undo()
