"""Closing a desk ends its calls wherever they are; forgetting to close it is told once."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import threading
import tracemalloc
import warnings
import weakref
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from helpdesk_bridge_helpspace.fake import HelpSpaceFake

import helpdesk_bridge as hb
from helpdesk_bridge import errors
from helpdesk_bridge.errors import Outcome
from helpdesk_bridge.testing import Answer, FaultServer
from helpdesk_bridge.transport import Effect, Operation, Transport, TransportOptions, clock
from helpdesk_bridge.transport.policies.session import SessionAuth
from tests.canary import CANARY

Connect = Callable[..., Transport]
READ = Operation("list_tickets", Effect.READ)
UNSAFE = Operation("reply", Effect.UNSAFE_WRITE)
IDEMPOTENT = Operation("update_ticket", Effect.IDEMPOTENT_WRITE)


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0)


def started(awaitable: Awaitable[Any]) -> asyncio.Task[Any]:
    async def run() -> Any:
        return await awaitable

    return asyncio.create_task(run())


async def ended(transport: Transport, *tasks: asyncio.Task[Any]) -> list[Any]:
    """Close ``transport``, and return how each task ended."""
    await transport.aclose()
    return await asyncio.gather(*tasks, return_exceptions=True)


def write(transport: Transport, operation: Operation = UNSAFE, **more: Any) -> asyncio.Task[Any]:
    return started(transport.send(operation, "POST", ("t",), json={"text": "x"}, **more))


NOT_SENT = (errors.DeskClosed, Outcome.NOT_SENT)


def known(error: Any) -> tuple[type[BaseException], Outcome]:
    return type(error), error.outcome


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A pause ends only when it is cancelled. Gives the lengths asked for."""
    lengths: list[float] = []

    async def pause(seconds: float) -> None:
        lengths.append(seconds)
        await asyncio.Event().wait()

    monkeypatch.setattr(clock, "pause", pause)
    return lengths


@pytest.mark.asyncio
async def test_calls_that_wait_for_a_connection_are_not_sent(connect: Connect, vendor: Any) -> None:
    vendor.hangs()
    transport = connect(vendor, concurrency=1)
    first = write(transport)
    await vendor.arrived.wait()
    waiting = [write(transport) for _ in range(3)]
    await asyncio.sleep(0)
    one, *others = await ended(transport, first, *waiting)
    assert known(one) == (errors.OutcomeUnknown, Outcome.UNKNOWN)
    assert [known(error) for error in others] == [NOT_SENT] * 3
    assert len(vendor.seen) == 1


@pytest.mark.asyncio
async def test_calls_that_wait_for_the_rate_limit_are_not_sent(
    connect: Connect, vendor: Any
) -> None:
    transport = connect(vendor, rate_limit="1/day", deadline=100_000)
    await transport.send(READ, "GET", ("t",))
    tasks = [write(transport) for _ in range(3)]
    await asyncio.sleep(0)
    assert [known(error) for error in await ended(transport, *tasks)] == [NOT_SENT] * 3
    assert len(vendor.seen) == 1


@pytest.mark.asyncio
async def test_calls_behind_a_closed_gate_are_not_sent(
    connect: Connect, vendor: Any, endless: list[float]
) -> None:
    vendor.answers(429, headers={"Retry-After": "100"})
    transport = connect(vendor, deadline=1000)
    with pytest.raises(errors.RateLimited):
        await transport.send(READ, "GET", ("t",))
    task = write(transport)
    await until(lambda: endless)
    assert [known(error) for error in await ended(transport, task)] == [NOT_SENT]
    assert len(vendor.seen) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("operation", "status", "outcome"),
    [
        (READ, 503, Outcome.NOT_SENT),
        (UNSAFE, 429, Outcome.NOT_SENT),
        (IDEMPOTENT, 503, Outcome.UNKNOWN),  # the first attempt may have done it
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
async def test_calls_that_wait_for_their_next_attempt_end(
    connect: Connect,
    vendor: Any,
    endless: list[float],
    operation: Operation,
    status: int,
    outcome: Outcome,
) -> None:
    vendor.answers(status)
    transport = connect(vendor, max_attempts=3)
    task = write(transport, operation)
    await until(lambda: endless)
    (error,) = await ended(transport, task)
    assert (known(error), len(vendor.seen)) == ((errors.DeskClosed, outcome), 1)


@pytest.mark.asyncio
async def test_calls_that_wait_for_a_session_are_not_sent(connect: Connect, vendor: Any) -> None:
    asked = asyncio.Event()

    class Provider:
        async def fetch(self) -> str:
            asked.set()
            await asyncio.Event().wait()
            return ""

    transport = connect(vendor, auth=SessionAuth(provider=Provider()))  # type: ignore[arg-type]
    tasks = [write(transport) for _ in range(3)]
    await asked.wait()
    assert [known(error) for error in await ended(transport, *tasks)] == [NOT_SENT] * 3
    assert vendor.connections == 0


@pytest.mark.asyncio
async def test_a_write_whose_body_is_under_way_is_unknown(connect: Connect) -> None:
    async with FaultServer() as server:
        arrived = asyncio.Event()

        async def stuck(wire: Any, number: int) -> None:
            await wire.reader.readuntil(b"\r\n\r\n")
            arrived.set()
            await asyncio.Event().wait()  # the body is never read

        server._serve = stuck  # type: ignore[method-assign]
        transport = connect(server.url)
        body = {"file": "x" * (8 * 1024 * 1024)}
        task = started(transport.send(UNSAFE, "POST", ("t",), json=body))
        await arrived.wait()
        (error,) = await ended(transport, task)
    assert (known(error), error.cause) == ((errors.OutcomeUnknown, Outcome.UNKNOWN), "DeskClosed")


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", [Answer.hang(), Answer.hang_after_head()], ids=["none", "head"])
async def test_calls_that_wait_for_their_answer_end(connect: Connect, answer: Answer) -> None:
    async with FaultServer(default=answer) as server:
        transport = connect(server.url)
        tasks = [write(transport, operation) for operation in (READ, UNSAFE, IDEMPOTENT)]
        await until(lambda: len(server.requests) == 3)
        read, unsafe, idempotent = await ended(transport, *tasks)
    assert known(read) == known(idempotent) == (errors.DeskClosed, Outcome.UNKNOWN)
    assert known(unsafe) == (errors.OutcomeUnknown, Outcome.UNKNOWN)


@pytest.mark.asyncio
async def test_a_download_under_way_ends(connect: Connect) -> None:
    answer = Answer.hang_after_head(9)
    began = Answer(answer.data + b"abc", answer.end)
    async with FaultServer(default=began) as server:
        transport = connect(server.url)
        async with transport.stream(READ, ("f",)) as chunks:
            assert await anext(chunks) == b"abc"
            reading = started(anext(chunks))
            await asyncio.sleep(0)
            (error,) = await ended(transport, reading)
    assert known(error) == (errors.DeskClosed, Outcome.UNKNOWN)


@pytest.mark.asyncio
async def test_a_download_that_nobody_reads_just_now_ends_as_well(connect: Connect) -> None:
    async with FaultServer(default=Answer.of(200, b"x" * 10**6)) as server:
        transport = connect(server.url)
        async with transport.stream(READ, ("f",)) as chunks:
            await anext(chunks)
            await transport.aclose()
            with pytest.raises(errors.DeskClosed):
                await anext(chunks)


@pytest.mark.asyncio
async def test_closing_again_and_at_once_is_fine(connect: Connect, vendor: Any) -> None:
    vendor.hangs()
    transport = connect(vendor)
    task = write(transport, READ)
    await vendor.arrived.wait()
    await asyncio.gather(*(transport.aclose() for _ in range(5)))
    await transport.aclose()
    with pytest.raises(errors.DeskClosed):
        await task


@pytest.mark.asyncio
async def test_a_callers_own_cancellation_stays_one(connect: Connect, vendor: Any) -> None:
    """Cancelled and closed at once: the caller asked to be cancelled."""
    vendor.hangs()
    transport = connect(vendor)
    task = write(transport, READ)
    await vendor.arrived.wait()
    task.cancel()
    await transport.aclose()
    with pytest.raises(asyncio.CancelledError):
        await task


async def _open(desk: hb.Helpdesk) -> None:
    async with desk.open_attachment(hb.Attachment(id="1")):
        pass


USES: dict[str, Callable[[hb.Helpdesk], Any]] = {
    "tickets": lambda desk: desk.tickets(),
    "reply": lambda desk: desk.reply("1001", text="Words.", send_email=True),
    "open_attachment": _open,
    "raw": lambda desk: desk.raw("GET", "tickets"),
    "enter": lambda desk: desk.__aenter__(),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("use", USES)
async def test_a_closed_desk_does_nothing_any_more(use: str) -> None:
    async with HelpSpaceFake() as fake:
        desk = hb.connect(config={"desks": {"it": fake.table()}})
        await desk.aclose()
        with pytest.raises(hb.DeskClosed) as caught:
            await USES[use](desk)
        assert (caught.value.desk, caught.value.outcome) == ("it", Outcome.NOT_SENT)
        assert fake.journal == []


# -- forgotten ---------------------------------------------------------------------------------


async def _used(base: str, desk: str = "support") -> Transport:
    from helpdesk_bridge.transport import Explanation
    from helpdesk_bridge.transport.urls import base_url

    transport = Transport(
        base_url(base),
        TransportOptions(),
        desk=desk,
        error_codes={},
        explain=lambda _: Explanation(),
    )
    await transport.send(READ, "GET", ("t",))
    await transport.send(UNSAFE, "POST", ("t",), json={})
    return transport


SENTENCE = "desk 'support' was not closed: use it as `async with`, or await desk.aclose()."


@pytest.mark.asyncio
@pytest.mark.parametrize("how", ["let go", "cycle", "thread"])
async def test_a_forgotten_desk_is_told_once_and_its_connections_end(vendor: Any, how: str) -> None:
    loop, told = asyncio.get_running_loop(), []
    loop.set_exception_handler(lambda _, context: told.append(context))
    transport: Any = await _used(vendor.url)
    gone = weakref.ref(transport)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        if how == "cycle":
            transport.me = transport
            del transport
            gc.collect()
        elif how == "thread":
            box = [transport]
            del transport
            thread = threading.Thread(target=box.clear)
            thread.start()
            thread.join()
        else:
            del transport
        assert gone() is None
        await until(lambda: vendor.ended.is_set())
        gc.collect()
    assert [(one.category, str(one.message)) for one in warned] == [(ResourceWarning, SENTENCE)]
    assert told == []


def test_a_desk_that_outlives_its_event_loop_is_told_once_by_us() -> None:
    async def main() -> Transport:
        async with HelpSpaceFake() as fake:
            return await _used_desk(fake)

    async def _used_desk(fake: HelpSpaceFake) -> Any:
        desk = hb.connect(config={"desks": {"support": fake.table()}})
        await desk.tickets()
        return desk

    desk = asyncio.run(main())
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        del desk
        gc.collect()
    texts = [str(one.message) for one in warned]
    assert texts.count(SENTENCE) == 1
    # Python itself may name the sockets that its closed loop left open; aiohttp says nothing.
    assert not [text for text in texts if "nclosed c" in text]


def _answering(listener: socket.socket, connections: list[socket.socket]) -> None:
    """Answer one request, and keep the connection open."""
    connection, _ = listener.accept()
    connections.append(connection)
    connection.recv(65536)
    body = b'{"data": [], "meta": {"total": 0, "current_page": 1, "last_page": 1}}'
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    connection.sendall(head % len(body) + body)


def test_a_desk_that_outlives_its_event_loop_can_be_closed_in_another() -> None:
    connections: list[socket.socket] = []
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=_answering, args=(listener, connections))
    thread.start()
    table = {
        "adapter": "helpspace",
        "token": CANARY,
        "client_id": "c",
        "base_url": f"http://127.0.0.1:{listener.getsockname()[1]}",
    }

    async def main() -> Any:
        desk = hb.connect(config={"desks": {"support": table}})
        await desk.tickets()
        return desk

    desk = asyncio.run(main())
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        asyncio.run(desk.aclose())
        client = desk._transport._http.client
        assert client is not None
        assert client._sessions == {}
        assert asyncio.run(_says(desk)) == "DeskClosed"
        del desk, client
        gc.collect()
    assert not [one for one in warned if "not closed" in str(one.message)]
    thread.join()
    for one in (listener, *connections):
        one.close()


async def _says(desk: hb.Helpdesk) -> str:
    try:
        await desk.tickets()
    except hb.errors.HelpdeskError as error:
        return type(error).__name__
    return "nothing"


@pytest.mark.asyncio
async def test_neither_a_closed_nor_an_unused_desk_is_told_of(vendor: Any) -> None:
    transport = await _used(vendor.url)
    await transport.aclose()
    unused = hb.connect(
        config={"desks": {"it": {"adapter": "helpspace", "token": CANARY, "client_id": "c"}}}
    )
    del transport, unused
    gc.collect()  # a warning is an error here


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.asyncio
@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="there is no list of open files")
async def test_a_thousand_desks_leave_nothing_behind() -> None:
    async with FaultServer() as server:

        async def cycle() -> None:
            transport = await _used(server.url)
            await transport.aclose()

        async def rounds(count: int) -> None:
            for _ in range(count):
                await cycle()
            server.requests.clear()
            await until(lambda: not server.open)
            gc.collect()

        await rounds(20)
        files = _open_files()
        logging.disable()  # pytest keeps all records
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            await rounds(1000)
            grown = tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()
            logging.disable(logging.NOTSET)
        assert (_open_files(), grown < 256 * 1024) == (files, True), grown
