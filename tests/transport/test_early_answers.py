"""A success that comes while the request is still being written is none before the rest is sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from attrs import define, field

from helpdesk_bridge import errors
from helpdesk_bridge.errors import Outcome
from helpdesk_bridge.model import Upload
from helpdesk_bridge.transport import Base64, Operation, Part, Transport

Connect = Callable[..., Transport]

SIZE = 24_000_000
"""More than the buffers of two sockets take."""
KEY = "file-made-up"
_CREATED = b"HTTP/1.1 201 X\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
_LONG = b"HTTP/1.1 201 X\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
_REFUSED = _CREATED.replace(b"201", b"422")


@define
class Early:
    """Answers at once when it has the head of a request, and reads the body if it is told to."""

    answer: bytes = _CREATED
    closes: bool = False
    reads: asyncio.Event = field(factory=asyncio.Event)
    announced: int = 0
    came: int = 0
    url: str = ""
    served: set[asyncio.Task[Any]] = field(factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.served.add(task)
        head = await reader.readuntil(b"\r\n\r\n")
        self.announced = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        writer.write(self.answer)
        await writer.drain()
        try:
            if not self.closes:
                await self.reads.wait()
                while self.came < self.announced:
                    self.came += len(
                        await reader.readexactly(min(65536, self.announced - self.came))
                    )
                if self.answer == _LONG:
                    writer.write(b"       }")
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.transport.abort() if self.closes else writer.close()


@pytest_asyncio.fixture
async def early() -> AsyncIterator[Early]:
    one = Early()
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield one
    one.reads.set()
    await asyncio.gather(*one.served)
    server.close()
    await server.wait_closed()


def _upload() -> Upload:
    return Upload("a.bin", data=bytes(SIZE))


BODIES: dict[str, Callable[[], dict[str, Any]]] = {
    "json": lambda: {"json": {"text": "x" * SIZE}},
    "json with a file": lambda: {"json": {"file": KEY}, "files": {KEY: Base64(_upload())}},
    "multipart": lambda: {
        "multipart": [
            Part(name="text", content="x"),
            Part(name="file", content=_upload(), filename="a.bin"),
        ]
    },
}


@pytest.mark.asyncio
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("answer", [_CREATED, _LONG], ids=["whole", "in part"])
async def test_a_success_for_a_body_that_nobody_reads_is_in_doubt(
    connect: Connect, early: Early, unsafe: Operation, caught: Any, body: str, answer: bytes
) -> None:
    early.answer = answer
    transport = connect(early.url, deadline=0.3)
    error = await caught(transport.send(unsafe, "POST", ("t",), **BODIES[body]()))
    assert (type(error), error.outcome, early.came) == (errors.OutcomeUnknown, Outcome.UNKNOWN, 0)


@pytest.mark.asyncio
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("answer", [_CREATED, _LONG], ids=["whole", "in part"])
async def test_a_success_that_comes_early_counts_when_the_rest_was_written(
    connect: Connect, early: Early, unsafe: Operation, body: str, answer: bytes
) -> None:
    early.answer = answer
    sending = asyncio.create_task(connect(early.url).send(unsafe, "POST", ("t",), **BODIES[body]()))
    early.reads.set()
    response = await sending
    assert (response.status, response.json()) == (201, {})
    await asyncio.gather(*early.served)
    assert early.came == early.announced > SIZE


@pytest.mark.asyncio
@pytest.mark.parametrize("body", BODIES)
async def test_a_success_behind_which_the_connection_ends_is_in_doubt(
    connect: Connect, early: Early, unsafe: Operation, caught: Any, body: str
) -> None:
    early.closes = True
    error = await caught(connect(early.url).send(unsafe, "POST", ("t",), **BODIES[body]()))
    assert (type(error), error.outcome) == (errors.OutcomeUnknown, Outcome.UNKNOWN)


@pytest.mark.asyncio
@pytest.mark.parametrize("body", BODIES)
async def test_a_refusal_is_one_before_the_rest_is_written(
    connect: Connect, early: Early, unsafe: Operation, caught: Any, body: str
) -> None:
    early.answer = _REFUSED
    error = await caught(connect(early.url).send(unsafe, "POST", ("t",), **BODIES[body]()))
    assert (type(error), error.outcome) == (errors.ValidationFailed, Outcome.REJECTED)


class Growing:
    """A file that has more bytes than were announced, which shows when it is read on."""

    async def ready(self) -> int:
        return 3

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        yield b"abc"
        yield b"d"


@pytest.mark.asyncio
async def test_a_file_that_has_grown_is_never_sent_whole(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any
) -> None:
    parts = [Part(name="file", content=Growing(), filename="a.bin")]
    error = await caught(connect(vendor).send(unsafe, "POST", ("t",), multipart=parts))
    assert "has changed while it was sent" in str(error)
    assert vendor.seen == []


class Slow:
    """A file whose end is only known some turns of the event loop after its last bytes."""

    async def ready(self) -> int:
        return 3

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        yield b"abc"
        loop = asyncio.get_running_loop()
        for _ in range(200):
            turn = loop.create_future()
            loop.call_soon(turn.set_result, None)
            await turn


@pytest.mark.asyncio
async def test_a_vendor_that_closes_behind_its_answer_meets_nobody_who_still_reads(
    connect: Connect, vendor: Any, unsafe: Operation
) -> None:
    vendor.plays(_CREATED, close=True)
    transport = connect(vendor)
    response = await transport.send(unsafe, "POST", ("t",), json=KEY, files={KEY: Slow()})
    assert (response.status, vendor.seen[0].body) == (201, b'"abc"')
