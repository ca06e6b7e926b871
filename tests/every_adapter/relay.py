"""Stands between a desk and its fake, and rewrites whole answers as the world sends them."""

from __future__ import annotations

import asyncio
import gzip
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import helpdesk_bridge as hb
from helpdesk_bridge.testing import FakeServer, Store, TickingClock
from helpdesk_bridge.testing.faults.framing import Framing, Head
from helpdesk_bridge.testing.faults.loopback import Loopback, Wire
from helpdesk_bridge.testing.sandbox import fake_of
from tests.every_adapter.places import ADAPTERS, Place

__all__ = ["OVER_HTTP", "Relay", "chunked", "labelled", "marked", "padded", "relayed", "restatused"]

OVER_HTTP = [name for name in ADAPTERS if fake_of(name) is not None]
Change = Callable[[str, bytes], bytes]


class Relay(Loopback):
    """Passes each request on, and each answer as ``change`` makes it, in one piece."""

    def __init__(self, upstream: str) -> None:
        parts = urlsplit(upstream)
        super().__init__(parts.path)
        self.upstream = (parts.hostname, parts.port)
        self.change: Change = lambda _, answer: answer
        """What becomes of an answer: from the method of its request and its bytes."""
        self.asked: list[str] = []
        """The methods of the requests."""
        self.came_on: list[int] = []
        """On which connection each of them came."""
        self.answers: list[bytes] = []
        """The answers as the fake gave them."""
        self.wires: list[Wire] = []

    async def say(self, data: bytes) -> None:
        """Send bytes that nobody asked for on every connection that is open."""
        for wire in self.wires:
            if not wire.writer.is_closing():
                await wire.send(data)

    async def _serve(self, wire: Wire, number: int) -> None:
        # The next bytes must not wait until the answer before them was acknowledged.
        wire.writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.wires.append(wire)
        reader, writer = await asyncio.open_connection(*self.upstream)
        asked, answered = Framing(), Framing()
        try:
            while True:
                request, head = await _whole(wire.reader, asked)
                method = head.first_line.split(" ")[0]
                answered.methods.append(method)
                self.asked.append(method)
                self.came_on.append(number)
                writer.write(request)
                answer, _ = await _whole(reader, answered)
                self.answers.append(answer)
                await wire.send(self.change(method, answer))
        finally:
            writer.close()
            self.wires.remove(wire)


async def _whole(reader: asyncio.StreamReader, framing: Framing) -> tuple[bytes, Head]:
    message, heads, before = b"", [], framing.complete
    while framing.complete == before:
        data = await reader.read(65536)
        if not data:
            raise EOFError
        message += data
        heads += framing.feed(data)
    return message, heads[0]


@asynccontextmanager
async def relayed(adapter: str) -> AsyncIterator[tuple[Place, Relay]]:
    """Open a desk of this adapter on a new, empty helpdesk, with a relay before its fake."""
    store = Store(clock=TickingClock())
    kind = fake_of(adapter)
    assert kind is not None
    fake: FakeServer
    async with kind(store) as fake, Relay(fake.base_url) as relay:
        table = fake.table() | {"base_url": relay.url}
        async with hb.connect("it", config={"desks": {"it": table}}) as desk:
            yield Place(desk, store, fake), relay


def labelled(answer: bytes, *headers: bytes) -> bytes:
    """Return the answer with more headers."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return b"\r\n".join((head, *headers)) + b"\r\n\r\n" + body


def restatused(answer: bytes, status: bytes) -> bytes:
    """Return the answer with another status."""
    return re.sub(rb"\AHTTP/1\.1 \d\d\d", b"HTTP/1.1 " + status, answer)


def _without_length(answer: bytes) -> tuple[bytes, bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return re.sub(rb"(?i)\r\ncontent-length: \d+", b"", head), body


def marked(answer: bytes) -> bytes:
    """Return the answer with a byte order mark before its body, which 204 does not have."""
    if answer.startswith(b"HTTP/1.1 204"):
        return answer
    head, body = _without_length(answer)
    return head + b"\r\nContent-Length: %d\r\n\r\n" % (len(body) + 3) + b"\xef\xbb\xbf" + body


def padded(answer: bytes, padding: bytes) -> bytes:
    """Return the answer packed by gzip, with bytes behind it."""
    head, body = _without_length(answer)
    packed = gzip.compress(body, mtime=0) + padding
    lines = b"\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    return head + lines + packed


def chunked(answer: bytes, *headers: bytes) -> bytes:
    """Return the answer in chunks."""
    head, body = _without_length(answer)
    chunk = b"%x\r\n%s\r\n" % (len(body), body) if body else b""
    return (
        labelled(head + b"\r\n\r\n", b"Transfer-Encoding: chunked", *headers) + chunk + b"0\r\n\r\n"
    )
