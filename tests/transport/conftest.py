"""A scripted vendor on loopback, and transports that speak to it."""

from __future__ import annotations

import asyncio
import gc
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping

import pytest
import pytest_asyncio
from aiohttp import web
from attrs import define, field, frozen
from multidict import CIMultiDict

from helpdesk_bridge.errors import HelpdeskError
from helpdesk_bridge.transport import (
    Effect,
    Explanation,
    Middleware,
    Operation,
    Response,
    Transport,
    TransportOptions,
    no_auth,
)
from helpdesk_bridge.transport.urls import base_url

_SERVING = ("<coroutine object Vendor.", "<coroutine object RequestHandler.")


@frozen
class Seen:
    """One complete request as it arrived."""

    method: str
    target: str
    headers: CIMultiDict[str]
    body: bytes
    connection: int


@frozen
class _Step:
    raw: bytes
    hold: bool
    close: bool


@define
class Vendor:
    """A server that reads each request to its end, notes it and plays the next scripted answer."""

    seen: list[Seen] = field(factory=list)
    connections: int = 0
    port: int = 0
    scheme: str = "http"
    greeting: bytes = b""
    arrived: asyncio.Event = field(factory=asyncio.Event)
    ended: asyncio.Event = field(factory=asyncio.Event)
    _script: deque[_Step] = field(factory=deque)
    _tasks: set[asyncio.Task[None]] = field(factory=set)
    _server: asyncio.Server | None = None

    @property
    def origin(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/api/v1"

    def answers(
        self,
        status: int = 200,
        body: bytes = b"{}",
        headers: Mapping[str, str] | None = None,
        *,
        length: int | None = None,
    ) -> None:
        """Script a well-formed answer; a ``length`` that is not the body's ends the connection."""
        lines = {"Content-Type": "application/json", **(headers or {})}
        if "Transfer-Encoding" not in lines:
            lines.setdefault("Content-Length", str(len(body) if length is None else length))
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.plays(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + body, close=length is not None)

    def plays(self, raw: bytes, *, hold: bool = False, close: bool = True) -> None:
        """Script bytes as they are, and whether the connection then stays silent or ends."""
        self._script.append(_Step(raw, hold, close))

    def drops(self) -> None:
        """Script the end of the connection after the whole request."""
        self.plays(b"")

    def hangs(self) -> None:
        """Script silence after the whole request."""
        self.plays(b"", hold=True)

    async def start(self, context: ssl.SSLContext | None = None) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            await self._serve(reader, writer, self.connections)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.ended.set()
            writer.transport.abort() if writer.is_closing() else writer.close()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        writer.write(self.greeting)
        while True:
            self.seen.append(await _request(reader, number))
            self.arrived.set()
            step = self._script.popleft() if self._script else None
            if step is None:
                writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\n{}")
                continue
            writer.write(step.raw)
            await writer.drain()
            if step.hold:
                await reader.read()
            if step.hold or step.close:
                return


async def _request(reader: asyncio.StreamReader, number: int) -> Seen:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("utf-8", "surrogateescape")
    first, *lines = head.split("\r\n")[:-2]
    method, target, _ = first.split(" ")
    headers = CIMultiDict(tuple(line.split(": ", 1)) for line in lines)
    body = await reader.readexactly(int(headers.get("Content-Length", 0)))
    while headers.get("Transfer-Encoding") == "chunked":
        size = int(await reader.readline(), 16)
        body += (await reader.readexactly(size + 2))[:-2]
        if not size:
            break
    return Seen(method, target, headers, body, number)


@pytest_asyncio.fixture
async def vendors() -> AsyncIterator[Callable[[], Vendor]]:
    """Make any number of vendors that are started by the test and stopped after it."""
    made: list[Vendor] = []

    def make() -> Vendor:
        made.append(Vendor())
        return made[-1]

    yield make
    for one in made:
        if one.port:
            await one.stop()
    gc.collect(1)  # a forgotten socket is a ResourceWarning, and a warning fails the test


@pytest_asyncio.fixture
async def vendor(vendors: Callable[[], Vendor]) -> Vendor:
    """A started vendor that answers ``{}`` unless told otherwise."""
    one = vendors()
    await one.start()
    return one


@pytest_asyncio.fixture
async def connect(
    vendors: Callable[[], Vendor],
) -> AsyncIterator[Callable[..., Transport]]:
    """Make transports; they are closed after the test, which must leave no task behind."""
    made: list[Transport] = []

    def make(
        to: Vendor | str,
        *,
        auth: Middleware = no_auth,
        codes: Mapping[str, type[HelpdeskError]] | None = None,
        explain: Callable[[Response], Explanation] = lambda _: Explanation(),
        is_error: Callable[[Response], bool] = lambda _: False,
        middlewares: Iterable[Middleware] = (),
        **options: object,
    ) -> Transport:
        transport = Transport(
            base_url(to if isinstance(to, str) else to.url),
            TransportOptions(**{"deadline": 20.0, "max_attempts": 1, **options}),  # type: ignore[arg-type]
            desk="support",
            auth=auth,
            error_codes=codes or {},
            explain=explain,
            is_error=is_error,
            middlewares=tuple(middlewares),
        )
        made.append(transport)
        return transport

    yield make
    for transport in made:
        await transport.aclose()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    left = [task for task in tasks if not repr(task.get_coro()).startswith(_SERVING)]
    assert not left, left


@pytest_asyncio.fixture
async def web_server() -> AsyncIterator[Callable[[web.Application], object]]:
    """Serve an ``aiohttp.web`` application on loopback; gives its address."""
    runners: list[web.AppRunner] = []

    async def serve(app: web.Application) -> str:
        runner = web.AppRunner(app)
        runners.append(runner)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        return f"http://{host}:{port}"

    yield serve
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
def read() -> Operation:
    return Operation("list_tickets", Effect.READ)


@pytest.fixture
def idempotent() -> Operation:
    return Operation("update_ticket", Effect.IDEMPOTENT_WRITE)


@pytest.fixture
def unsafe() -> Operation:
    return Operation("reply", Effect.UNSAFE_WRITE)


@pytest.fixture
def caught() -> Callable[..., object]:
    """Await something that must fail with one of our errors, and return the error."""

    async def catch(awaitable: object) -> HelpdeskError:
        with pytest.raises(HelpdeskError) as info:
            await awaitable  # type: ignore[misc]
        return info.value

    return catch
