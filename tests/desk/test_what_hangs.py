"""Whatever a public call awaits ends at its deadline, and the error says what is true of it."""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
import stat
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import define, field

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.entry import EntryState
from helpdesk_bridge.delivery.memory_ledger import MemoryLedger
from helpdesk_bridge.delivery.sqlite_ledger import SqliteLedger
from helpdesk_bridge.errors import Outcome
from helpdesk_bridge.kit import Cursor
from helpdesk_bridge.model import disk
from helpdesk_bridge.transport import clock
from tests.delivery.places import WORDS, Place, opened

pytestmark = pytest.mark.asyncio
OPTIONS = hb.TransportOptions(deadline=600.0, read_gap=300.0, concurrency=4)
NOT_SENT = (hb.DeadlineExceeded, Outcome.NOT_SENT)
DOUBT = (hb.OutcomeUnknown, Outcome.UNKNOWN)
READ = (hb.DeadlineExceeded, Outcome.UNKNOWN)


@define
class Hang:
    """What is awaited for ever, in the place of anything; it tells when it is."""

    reached: asyncio.Event = field(factory=asyncio.Event)
    first: Callable[..., Awaitable[Any]] | None = None
    """What is done before."""

    async def __call__(self, *given: Any, **named: Any) -> Any:
        if self.first is not None:
            await self.first(*given, **named)
        self.reached.set()
        await asyncio.Event().wait()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        await self()
        yield b""


class Ledger(MemoryLedger):
    """A ledger of the user's, each of whose methods may hang."""

    def __init__(self, **hanging: Hang) -> None:
        super().__init__()
        for name, hang in hanging.items():
            setattr(self, name, hang)

    @property
    def states(self) -> dict[str, EntryState]:
        return {name: entry.state for name, entry in self._entries.items()}


class StuckDisk:
    """Stands where ``os`` does, and blocks the thread that calls ``step`` until it is let go."""

    def __init__(self, step: str) -> None:
        self.go, self.reached = threading.Event(), asyncio.Event()
        loop, real = asyncio.get_running_loop(), getattr(os, step)

        def stuck(*given: Any, **named: Any) -> Any:
            loop.call_soon_threadsafe(self.reached.set)
            assert self.go.wait(60)
            return real(*given, **named)

        setattr(self, step, stuck)

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


@pytest.fixture(autouse=True)
def threads_end() -> Iterator[None]:
    """No test leaves more threads than idle ones: of the default executor, and of disks."""
    before = threading.active_count()
    yield
    assert threading.active_count() <= before + 8


async def late(call: Awaitable[Any], reached: asyncio.Event) -> hb.HelpdeskError:
    """Let the deadline pass once ``call`` has reached its hanging; return its error."""
    task = await hanging(call, reached)
    await clock.pause(OPTIONS.deadline + 1)
    with pytest.raises(hb.HelpdeskError) as caught:
        await task
    assert (caught.value.desk, caught.value.operation_id is None) == ("it", False)
    return caught.value


async def hanging(call: Awaitable[Any], reached: asyncio.Event) -> asyncio.Task[Any]:
    async def run() -> Any:
        return await call

    task, there = asyncio.create_task(run()), asyncio.create_task(reached.wait())
    await asyncio.wait((task, there), return_when=asyncio.FIRST_COMPLETED)
    assert there.cancel() is False, "it came to its end"
    return task


def known(error: hb.HelpdeskError) -> tuple[type[hb.HelpdeskError], Outcome]:
    return type(error), error.outcome


def reply(place: Place, *files: hb.Upload, **more: Any) -> Awaitable[Any]:
    return place.desk.reply(place.ticket.id, text=WORDS, send_email=True, attachments=files, **more)


# -- files that are sent -------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such files")
@pytest.mark.parametrize("adapter", ["helpspace", "request_tracker", "memory"])
@pytest.mark.parametrize("kind", ["fifo", "link", "socket", "device", "directory"])
async def test_what_is_no_regular_file_is_refused_before_anything(
    tmp_path: Path, adapter: str, kind: str
) -> None:
    path = tmp_path / "a.bin"
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        if kind == "fifo":
            os.mkfifo(path)
        elif kind == "link":
            os.mkfifo(tmp_path / "fifo")
            path.symlink_to(tmp_path / "fifo")
        elif kind == "socket":
            listening.bind(str(path))
        elif kind == "device":
            path.symlink_to("/dev/zero")
        else:
            path.mkdir()
        async with opened(adapter, options=OPTIONS) as place:
            before = len(place.stored)
            for size in (None, 3):
                upload = hb.Upload("a.bin", data=path, size=size)
                with pytest.raises(hb.InvalidArgument, match="no regular file") as caught:
                    await reply(place, upload)
                assert caught.value.outcome is Outcome.NOT_SENT
                with pytest.raises(hb.InvalidArgument, match="no regular file"):
                    await upload.read()
            assert len(place.stored) == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such files")
async def test_a_file_that_becomes_a_pipe_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.bin"
    os.mkfifo(path)
    regular = SimpleNamespace(st_mode=stat.S_IFREG)
    monkeypatch.setattr(Path, "stat", lambda _: regular)
    with pytest.raises(hb.InvalidArgument, match="no regular file"):
        await hb.Upload("a.bin", data=path).measure()


@pytest.mark.parametrize("adapter", ["helpspace", "memory"])
async def test_a_disk_that_gives_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, adapter: str
) -> None:
    (tmp_path / "a.bin").write_bytes(b"abc")
    stuck = StuckDisk("open")
    async with opened(adapter, options=OPTIONS) as place:
        monkeypatch.setattr(disk, "os", stuck)
        upload = hb.Upload("a.bin", data=tmp_path / "a.bin")
        error = await late(reply(place, upload), stuck.reached)
        stuck.go.set()
        assert known(error) == NOT_SENT
        assert "0 s passed while it waited for the files to send" in error.message
        assert not place.store.outbox


async def test_a_file_whose_reading_nobody_waits_for_is_closed_after_it(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"abc")
    one, reached, go = disk._Opened(path), asyncio.Event(), threading.Event()
    assert one.read() == b"abc"
    file: Any = one._file
    loop = asyncio.get_running_loop()

    class Slow:
        def read(self, count: int) -> bytes:
            loop.call_soon_threadsafe(reached.set)
            go.wait(60)
            return bytes(file.read(count))

        def close(self) -> None:
            file.close()

    one._file = Slow()  # type: ignore[assignment]
    reading = asyncio.create_task(asyncio.to_thread(one.read))
    await reached.wait()
    one.close()
    assert not file.closed
    go.set()
    await reading
    assert file.closed


@pytest.mark.parametrize("adapter", ["helpspace", "request_tracker"])
async def test_an_iterable_that_gives_nothing(adapter: str) -> None:
    hang = Hang()
    async with opened(adapter, options=OPTIONS) as place:
        upload = hb.Upload("a.bin", data=hang, size=3)
        error = await late(reply(place, upload), hang.reached)
        assert known(error) == NOT_SENT
        assert not place.store.outbox


# -- the ledger ----------------------------------------------------------------------------------


async def test_a_ledger_that_does_not_begin() -> None:
    ledger = Ledger()
    async with opened("helpspace", options=OPTIONS, ledger=ledger) as place:
        hang = Hang()
        ledger.begin = hang  # type: ignore[method-assign]
        error = await late(reply(place), hang.reached)
        assert known(error) == NOT_SENT
        assert "while it waited for the ledger" in error.message
        assert not place.store.outbox


async def test_a_ledger_whose_file_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.db"
    ledger = SqliteLedger(path)
    async with opened("helpspace", options=OPTIONS, ledger=ledger) as place:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("begin exclusive")
            reached = asyncio.Event()
            run = SqliteLedger._run

            async def running(self: SqliteLedger, work: Any) -> Any:
                reached.set()
                return await run(self, work)

            monkeypatch.setattr(SqliteLedger, "_run", running)
            error = await late(reply(place), reached)
            other.execute("rollback")
        assert known(error) == NOT_SENT
        await place.desk._sender.aclose()
        assert await ledger.unresolved("it") == []
        assert not place.store.outbox
        assert (await reply(place)).id is not None
    await ledger.aclose()


async def test_a_success_that_the_ledger_does_not_take_is_a_success() -> None:
    ledger = Ledger()
    async with opened("helpspace", options=OPTIONS, ledger=ledger) as place:
        hang = Hang()
        ledger.record_result = hang  # type: ignore[method-assign]
        task = await hanging(reply(place), hang.reached)
        await clock.pause(OPTIONS.deadline + 1)
        assert (await task).id is not None
        assert len(place.store.outbox) == 1
        for recording in place.desk._sender._recording:
            recording.cancel()


async def test_a_success_that_the_ledger_takes_late_is_noted() -> None:
    ledger, go = Ledger(), asyncio.Event()
    async with opened("helpspace", options=OPTIONS, ledger=ledger) as place:
        reached, record = asyncio.Event(), ledger.record_result

        async def slow(*given: Any, **named: Any) -> bool:
            reached.set()
            await go.wait()
            return await record(*given, **named)

        ledger.record_result = slow  # type: ignore[method-assign]
        task = await hanging(reply(place), reached)
        await clock.pause(OPTIONS.deadline + 1)
        sent = await task
        go.set()
        await place.desk._sender.aclose()
        assert ledger.states[sent.operation_id] is EntryState.SENT


async def test_a_refusal_that_the_ledger_does_not_take_stays_one() -> None:
    ledger = Ledger()
    async with opened("helpspace", options=OPTIONS, ledger=ledger) as place:
        hang = Hang()
        ledger.record_result = hang  # type: ignore[method-assign]
        call = place.desk.reply("999999", text=WORDS, send_email=True)
        task = await hanging(call, hang.reached)
        await clock.pause(OPTIONS.deadline + 1)
        with pytest.raises(hb.NotFound):
            await task
        for recording in place.desk._sender._recording:
            recording.cancel()


async def test_closing_does_not_wait_for_ever_for_a_ledger() -> None:
    ledger = Ledger()
    async with opened("helpspace", options=OPTIONS, ledger=ledger) as place:
        hang = Hang()
        ledger.record_result = hang  # type: ignore[method-assign]
        task = await hanging(reply(place), hang.reached)
        await clock.pause(OPTIONS.deadline + 1)
        await task
        closes = asyncio.create_task(place.desk.aclose())
        await asyncio.sleep(0.05)  # its sockets close in real time
        await clock.pause(OPTIONS.deadline + 1)
        await closes
        await asyncio.sleep(0)
        assert not place.desk._sender._recording


# -- the adapter, and what is the user's ---------------------------------------------------------


async def test_a_preparation_that_hangs_has_sent_nothing() -> None:
    async with opened("omnidesk", options=OPTIONS) as place:
        hang = Hang()
        place.desk.adapter.note_before_send = hang  # type: ignore[method-assign]
        assert known(await late(reply(place), hang.reached)) == NOT_SENT
        assert not place.store.outbox


async def test_an_adapter_that_hangs_after_the_write_leaves_it_in_doubt() -> None:
    ledger = Ledger()
    async with opened("helpspace", options=OPTIONS, ledger=ledger) as place:
        hang = Hang(first=place.desk.adapter.send)
        place.desk.adapter.send = hang  # type: ignore[method-assign]
        error = await late(reply(place), hang.reached)
        assert isinstance(error, hb.OutcomeUnknown)
        assert (error.cause, error.reason) == ("DeadlineExceeded", hb.Reason.DEADLINE)
        assert error.ticket_id == place.ticket.id
        assert ledger.states[error.operation_id or ""] is EntryState.UNKNOWN
        assert (await place.desk.reconcile(error)).verdict is hb.Verdict.SENT


@pytest.mark.parametrize(("after", "expected"), [(False, NOT_SENT), (True, DOUBT)])
async def test_a_middleware_that_hangs(after: bool, expected: object) -> None:
    hang = Hang()

    async def middleware(request: Any, handler: Any) -> Any:
        if after:
            await handler(request)
        await hang()

    async with opened("helpspace", options=OPTIONS) as place:
        place.trouble.plan = [middleware]
        assert known(await late(reply(place), hang.reached)) == expected
        assert len(place.store.outbox) == int(after)


@pytest.mark.parametrize(
    ("hangs_after", "outcome"), [(False, Outcome.NOT_SENT), (True, Outcome.UNKNOWN)]
)
async def test_a_change_that_may_be_repeated(hangs_after: bool, outcome: Outcome) -> None:
    async with opened("helpspace", options=OPTIONS) as place:
        update = place.desk.adapter.update_ticket if hangs_after else None
        hang = Hang(first=update)
        place.desk.adapter.update_ticket = hang  # type: ignore[method-assign]
        call = place.desk.update_ticket(place.ticket, status=hb.Status.CLOSED)
        assert known(await late(call, hang.reached)) == (hb.DeadlineExceeded, outcome)


async def test_a_session_provider_that_hangs_is_named() -> None:
    from helpdesk_bridge_airclou import AirclouSettings

    from helpdesk_bridge.testing import FaultServer

    hang = Hang()
    async with FaultServer() as server:
        settings = AirclouSettings(
            api_key="key", workspace_id="w", session_provider=hang, base_url=server.url
        )
        options = hb.TransportOptions(deadline=20.0)
        async with hb.Helpdesk(settings, name="it", options=options) as desk:
            task = await hanging(
                desk.reply("00000000-0000-4000-8000-000000000001", text=WORDS, send_email=True),
                hang.reached,
            )
            await clock.pause(21)
            with pytest.raises(hb.DeadlineExceeded, match="waited for the session provider") as e:
                await task
        assert e.value.outcome is Outcome.NOT_SENT


@pytest.mark.parametrize("step", ["COMMIT", "BEGIN EXCLUSIVE"])
async def test_a_database_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    from helpdesk_bridge.memory import database
    from helpdesk_bridge.testing import MemorySettings

    go, reached, loop = threading.Event(), asyncio.Event(), asyncio.get_running_loop()
    stuck: list[str] = []

    class Connection(sqlite3.Connection):
        def execute(self, *given: Any) -> sqlite3.Cursor:
            if given[0] in stuck:
                loop.call_soon_threadsafe(reached.set)
                assert go.wait(60)
            return super().execute(*given)

    connect = sqlite3.connect
    monkeypatch.setattr(
        database.sqlite3, "connect", lambda *a, **n: connect(*a, factory=Connection, **n)
    )
    settings = MemorySettings(path=tmp_path / "desk.db")
    async with hb.Helpdesk(settings, name="it", options=OPTIONS) as desk:
        if step == "COMMIT":
            ticket = await desk.create_ticket(subject="S", requester="li@c.example", text="x")
            stuck.append(step)
            error = await late(desk.reply(ticket, text=WORDS, send_email=True), reached)
            assert known(error) == DOUBT
        else:
            stuck.append(step)
            error = await late(desk.ticket("1"), reached)
            assert known(error) == READ
        assert "while it waited for the database" in error.message
        waiting = asyncio.create_task(desk.create_ticket(subject="T", requester="l@c.e", text="x"))
        await asyncio.sleep(0)
        stuck.clear()
        go.set()
        again = await waiting  # its turn comes once the other is through
        if step == "COMMIT":
            assert [m.text for m in await desk.messages(ticket)] == ["x", WORDS]
    async with hb.Helpdesk(settings, name="it") as desk:
        assert (await desk.ticket(again.id)).subject == "T"


# -- reading -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "call"),
    [
        ("get_ticket", lambda desk, ticket: desk.ticket(ticket.id)),
        ("list_messages", lambda desk, ticket: desk.messages(ticket)),
        ("list_messages", lambda desk, ticket: anext(aiter(desk.messages(ticket)))),
        ("list_messages", lambda desk, ticket: anext(desk.conversations([ticket]))),
        ("get_ticket", lambda desk, ticket: anext(desk.conversations([ticket.id]))),
    ],
)
@pytest.mark.parametrize("adapter", ["helpspace", "memory"])
async def test_an_adapter_that_hangs_while_it_reads(
    adapter: str, method: str, call: Callable[..., Awaitable[Any]]
) -> None:
    async with opened(adapter, options=OPTIONS) as place:
        hang, deadline = Hang(), 61.0
        setattr(place.desk.adapter, method, hang)
        task = await hanging(call(place.desk, place.ticket), hang.reached)
        await clock.pause(OPTIONS.deadline if adapter != "memory" else deadline)
        await clock.pause(1)
        with pytest.raises(hb.DeadlineExceeded) as caught:
            await task
        assert (known(caught.value), caught.value.desk) == (READ, "it")


async def test_each_page_has_a_deadline_anew() -> None:
    async with opened("helpspace", options=OPTIONS) as place:
        pages = [hb.Page(items=(place.ticket,), next=Cursor("2")), hb.Page(items=())]

        async def slow(query: Any, cursor: Any) -> Any:
            await clock.pause(OPTIONS.deadline - 1)
            return pages.pop(0)

        place.desk.adapter.list_tickets = slow  # type: ignore[method-assign]
        assert [ticket.id async for ticket in place.desk.tickets()] == [place.ticket.id]


async def test_a_download_whose_first_bytes_do_not_come() -> None:
    async with opened("helpspace", options=OPTIONS) as place:
        hang, left = Hang(), asyncio.Event()

        class Opened:
            async def __aenter__(self) -> Any:
                return aiter(hang)

            async def __aexit__(self, *_: object) -> None:
                left.set()

        place.desk.adapter.open_attachment = lambda *_: Opened()  # type: ignore[method-assign]
        opening = place.desk.open_attachment(hb.Attachment(id="1"))
        assert known(await late(opening.__aenter__(), hang.reached)) == READ
        assert left.is_set()


async def test_after_its_first_bytes_a_download_has_a_limit_for_each_gap() -> None:
    reached = asyncio.Event()

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b"x"
            await clock.pause(OPTIONS.deadline - 1)
        reached.set()
        await asyncio.Event().wait()

    class Opened:
        async def __aenter__(self) -> Any:
            return chunks()

        async def __aexit__(self, *_: object) -> None:
            pass

    async with opened("helpspace", options=OPTIONS) as place:
        place.desk.adapter.open_attachment = lambda *_: Opened()  # type: ignore[method-assign]
        came = bytearray()

        async def read() -> None:
            async with place.desk.open_attachment(hb.Attachment(id="1")) as opening:
                async for chunk in opening:
                    came.extend(chunk)

        assert known(await late(read(), reached)) == READ
        assert came == b"xxxx"


@pytest.mark.parametrize("step", ["open", "write", "close"])
async def test_a_disk_that_takes_no_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    from helpdesk_bridge.desk import download

    async with opened("memory") as place:
        await place.desk.reply(
            place.ticket, text="x", send_email=False, attachments=[hb.Upload("a", data=b"abc")]
        )
        (file,) = (await place.desk.messages(place.ticket)).items[-1].attachments
        stuck, deleted, discard = StuckDisk(step), threading.Event(), download._NewFile.discard

        def discarded(file: Any) -> None:
            discard(file)
            deleted.set()

        monkeypatch.setattr(download, "os", stuck)
        monkeypatch.setattr(download._NewFile, "discard", discarded)
        task = await hanging(place.desk.save_attachment(file, tmp_path), stuck.reached)
        await clock.pause(61)  # the deadline of its step
        for _ in range(20):
            await clock.pause(1.0)  # what it waits for the deletion
        with pytest.raises(hb.DeadlineExceeded, match="waited for the disk") as caught:
            await task
        assert (caught.value.operation, caught.value.desk) == ("save_attachment", "it")
        stuck.go.set()
        await asyncio.to_thread(deleted.wait, 60)
        assert os.listdir(tmp_path) == []  # noqa: PTH208 - by then nobody minds a block


# -- finding out ---------------------------------------------------------------------------------


@pytest.mark.parametrize("hangs", ["list_messages", "on_ticket"])
async def test_reconcile_gives_up_at_its_deadline_and_says_so(hangs: str) -> None:
    ledger = Ledger()
    async with opened("helpspace", options=OPTIONS, ledger=ledger) as place:
        error = await place.fail("reply", "answer")
        hang = Hang()
        setattr(ledger if hangs == "on_ticket" else place.desk.adapter, hangs, hang)
        task = await hanging(place.desk.reconcile(error, settle=0), hang.reached)
        await clock.pause(OPTIONS.deadline + 1)
        found = await task
        assert found.verdict is hb.Verdict.STILL_UNKNOWN
        assert "could not be looked for" in found.reason
        assert "deadline of 600 s passed" in found.reason
        assert ledger.states[error.operation_id or ""] is EntryState.UNKNOWN


async def test_what_reconcile_waits_on_purpose_is_not_its_reading(pauses: list[float]) -> None:
    async with opened("helpspace", options=OPTIONS) as place:
        error = await place.fail("reply", "request")
        pauses.clear()
        found = await place.desk.reconcile(error, settle=10 * OPTIONS.deadline)
        assert sum(pauses) > 9 * OPTIONS.deadline
        assert found.verdict is hb.Verdict.NOT_SENT


async def test_recover_ends_when_the_ledger_tells_nothing() -> None:
    hang = Hang()
    async with opened("helpspace", options=OPTIONS, ledger=Ledger(unresolved=hang)) as place:
        error = await late(place.desk.recover(), hang.reached)
        assert known(error) == READ
        assert (error.operation, "the ledger" in error.message) == ("recover", True)


async def test_complete_ends_at_its_deadline_and_waits_as_told_beside_it() -> None:
    async with opened("omnidesk", options=OPTIONS) as place:
        sent = await place.desk.reply(place.ticket, text=WORDS, send_email=True)
        assert sent.id is None
        done = await place.desk.complete(sent, delays=[OPTIONS.deadline * 2])
        assert done.message is not None
        hang = Hang()
        place.desk.adapter.list_messages = hang  # type: ignore[method-assign]
        error = await late(place.desk.complete(sent, delays=[5]), hang.reached)
        assert (known(error), error.operation) == (READ, "complete")


# -- who ends it else ----------------------------------------------------------------------------


async def _ledger(place: Place) -> Hang:
    hang = Hang()
    place.desk._sender.ledger.begin = hang  # type: ignore[union-attr, method-assign]
    return hang


async def _preparation(place: Place) -> Hang:
    hang = Hang()
    place.desk.adapter.note_before_send = hang  # type: ignore[method-assign]
    return hang


async def _write(place: Place) -> Hang:
    hang = Hang(first=place.desk.adapter.send)
    place.desk.adapter.send = hang  # type: ignore[method-assign]
    return hang


WHERE: dict[str, tuple[Callable[[Place], Awaitable[Hang]], bool]] = {
    "ledger": (_ledger, False),
    "preparation": (_preparation, False),
    "write": (_write, True),
}


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("also_late", [False, True])
async def test_a_callers_cancellation_stays_one(where: str, also_late: bool) -> None:
    place_it, written = WHERE[where]
    async with opened("helpspace", options=OPTIONS, ledger=Ledger()) as place:
        hang = await place_it(place)
        task = await hanging(reply(place), hang.reached)
        task.cancel()
        if also_late:
            await clock.pause(OPTIONS.deadline + 1)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()
        assert len(place.desk.interrupted) == int(written)


@pytest.mark.parametrize("where", WHERE)
async def test_a_callers_timeout_stays_one(where: str) -> None:
    place_it, _ = WHERE[where]
    async with opened("helpspace", options=OPTIONS, ledger=Ledger()) as place:
        hang = await place_it(place)

        async def limited() -> None:
            async with asyncio.timeout(5):
                await reply(place)

        task = await hanging(limited(), hang.reached)
        await clock.pause(6)
        with pytest.raises(TimeoutError) as caught:
            await task
        assert not isinstance(caught.value, hb.HelpdeskError)


@pytest.mark.parametrize("where", WHERE)
async def test_the_end_of_the_desk_ends_it(where: str) -> None:
    place_it, written = WHERE[where]
    async with opened("helpspace", options=OPTIONS, ledger=Ledger()) as place:
        hang = await place_it(place)
        task = await hanging(reply(place), hang.reached)
        await place.desk.aclose()
        with pytest.raises(hb.HelpdeskError) as caught:
            await task
        if written:
            assert isinstance(caught.value, hb.OutcomeUnknown)
            assert caught.value.cause == "DeskClosed"
        else:
            assert known(caught.value) == (hb.DeskClosed, Outcome.NOT_SENT)


async def test_a_call_after_one_that_was_late_is_unharmed() -> None:
    async with opened("helpspace", options=OPTIONS, ledger=Ledger()) as place:
        begin = place.desk._sender.ledger.begin  # type: ignore[union-attr]
        hang = await _ledger(place)

        async def both() -> Any:
            with pytest.raises(hb.DeadlineExceeded):
                await reply(place)
            place.desk._sender.ledger.begin = begin  # type: ignore[union-attr, method-assign]
            task = asyncio.current_task()
            assert task is not None
            assert task.cancelling() == 0
            return await reply(place)

        task = await hanging(both(), hang.reached)
        await clock.pause(OPTIONS.deadline + 1)
        assert (await task).id is not None
        assert not place.desk._transport.running._innermost
