"""The base of the fault proxy and the fault server: a loopback server and its connections."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from types import TracebackType
from typing import Self

__all__ = ["End", "Loopback", "Wire", "path_of", "refused_url", "size_of", "yield_once"]

_LINGER_0 = struct.pack("ii", 1, 0)


class End(Enum):
    """How a connection ends."""

    FIN = "fin"
    """Orderly: the other side reads an end of file. What it still sends is read and forgotten."""
    RST = "rst"
    """By a reset: what arrived before can still be read, then the other side has an error."""
    HANG = "hang"
    """Not at all: the connection stays open and silent until it is released, or the other side
    leaves. What the other side sends is read and forgotten."""


def size_of(data: bytes) -> str:
    """Stand for bytes in a repr: they may hold what nobody should read there."""
    return f"<{len(data)} bytes>"


def path_of(target: str) -> str:
    """Stand for a request's target in a repr: its query may hold a secret."""
    return repr(target.partition("?")[0])


async def yield_once() -> None:
    """Let other tasks run once: the pause between two pieces where no other one is given."""
    await asyncio.sleep(0)


@contextmanager
def refused_url(path: str = "") -> Iterator[str]:
    """Give an address at which every connection is refused, as long as the ``with`` block lasts.

    The port is bound and nobody listens, so that no other program can get it meanwhile.

    ``path`` is the path that it ends with.

    Returns:
        The address.
    """
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}{path}"


class Wire:
    """One open connection: bytes go out exactly as told, and it ends exactly as told."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._socket: socket.socket = writer.get_extra_info("socket")

    async def send(self, data: bytes) -> None:
        """Hand all of ``data`` to the operating system."""
        self.writer.transport.set_write_buffer_limits(0)
        self.writer.write(data)
        await self.writer.drain()

    async def receive(self) -> bytes:
        """Return what arrived; nothing means that the other side has ended its half."""
        return await self.reader.read(65536)

    async def end(self, by: End) -> None:
        """End the connection; returns when it is closed, which for HANG may be never."""
        with suppress(OSError):
            if by is End.RST:
                await self._sent()
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
                self.writer.transport.abort()
            else:
                if by is End.FIN:
                    self.end_half()
                while await self.receive():
                    pass
        await self.close()

    def end_half(self) -> None:
        """Tell the other side that no more bytes will come; TLS can only close both halves."""
        if self.writer.is_closing():
            return
        if self.writer.can_write_eof():
            self.writer.write_eof()
        else:
            self.writer.close()

    async def close(self) -> None:
        """Close at once, whatever the other side does."""
        self.writer.transport.abort()
        with suppress(OSError):
            await self.writer.wait_closed()

    async def _sent(self) -> None:
        """Wait until nothing is left to send: a reset would drop it.

        Only Linux can be asked (SIOCOUTQNSD, tcp(7)). Elsewhere an answer that is larger than what
        the other side's buffer takes may lose its end before a reset.
        """
        if sys.platform != "linux":
            return
        import fcntl

        while (number := self._socket.fileno()) >= 0:  # below 0 when it was closed meanwhile
            if fcntl.ioctl(number, 0x894B, b"\0" * 4) == b"\0" * 4:
                return
            await asyncio.sleep(0.001)


class Loopback(ABC):
    """A server on a free loopback port, as an async context manager that leaves nothing behind.

    At its exit every connection is closed, hung ones too. A mistake in a test's own callable is
    raised there, unless another exception is on its way.
    """

    scheme = "http"

    def __init__(self, path: str = "", *, tls: ssl.SSLContext | None = None) -> None:
        self.path = path
        self.port = 0
        self.connections = 0
        """How many connections were accepted so far."""
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()
        self._hung: set[Wire] = set()
        self._mistakes: list[Exception] = []
        self._changed = asyncio.Event()
        self._listener: asyncio.Task[None] | None = None
        self._closing = False
        if tls is not None:
            self.scheme = "https"

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The address to configure."""
        return f"{self.origin}{self.path}"

    @property
    def open(self) -> int:
        """How many connections are open now."""
        return len(self._tasks)

    @property
    def hanging(self) -> int:
        """How many connections are open and silent because they were told to hang."""
        return len(self._hung)

    def release(self) -> None:
        """Close the connections that hang now."""
        for wire in self._hung:
            wire.writer.transport.abort()

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until ``condition()`` is true: ``await server.until(lambda: server.open == 0)``.

        It is asked whenever a connection is opened, hangs or is closed, and at every request.
        """
        while not condition():
            await self._changed.wait()

    async def __aenter__(self) -> Self:
        listening = socket.create_server(("127.0.0.1", self.port), backlog=100)
        listening.setblocking(False)
        self.port = listening.getsockname()[1]
        self._closing = False
        self._listener = asyncio.create_task(self._listen(listening))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._listener is not None  # noqa: S101 - it was entered
        # To cancel an accept can lose a connection that was just made, and leave its socket open.
        # A last connection makes it return instead, after all others.
        self._closing = True
        with socket.socket() as last:
            last.setblocking(False)
            last.connect_ex(("127.0.0.1", self.port))
            await asyncio.wait([self._listener])
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await asyncio.sleep(0)  # from Python 3.12 on gather returns at once if all are done
        if error is None:
            self._listener.result()
            for mistake in self._mistakes:
                raise mistake

    async def _listen(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with listening:
            while True:
                accepted, _ = await loop.sock_accept(listening)
                if self._closing:
                    accepted.close()  # what waits behind it is reset when nobody listens
                    return
                self.connections += 1
                task = asyncio.create_task(self._run(accepted, self.connections))
                self._tasks.add(task)
                task.add_done_callback(self._closed)
                self.changed()

    def changed(self) -> None:
        """Have :meth:`until` ask again."""
        self._changed.set()
        self._changed = asyncio.Event()

    def _closed(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.changed()

    async def _run(self, accepted: socket.socket, number: int) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=1024 * 1024)
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            transport, _ = await loop.connect_accepted_socket(
                lambda: protocol, accepted, ssl=self._tls
            )
        except OSError:
            return  # TLS was not agreed on
        wire = Wire(reader, asyncio.StreamWriter(transport, protocol, reader, loop))
        try:
            await self._serve(wire, number)
        except (OSError, EOFError):
            pass  # the other side left
        except Exception as mistake:  # noqa: BLE001 - raised at the exit
            self._mistakes.append(mistake)
        finally:
            await wire.close()

    @abstractmethod
    async def _serve(self, wire: Wire, number: int) -> None:
        """Do what this server does with one connection; it is closed afterwards."""

    async def end(self, wire: Wire, by: End) -> None:
        """End a connection; one that hangs is known to :meth:`release` meanwhile.

        ``wire`` is the connection, ``by`` says how.
        """
        if by is End.HANG:
            self._hung.add(wire)
            self.changed()
        try:
            await wire.end(by)
        finally:
            self._hung.discard(wire)
            self.changed()
