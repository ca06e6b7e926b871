"""Clients of raw bytes, and an upstream that remembers each byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest_asyncio
from attrs import define, field

from helpdesk_bridge.testing.faults.loopback import End, Loopback, Wire

REQUEST = b"POST /reply HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
END_OF_REQUEST = b"\r\n\r\nhello"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes"


class Upstream(Loopback):
    """Remembers each connection's bytes; answers whenever they end like ``REQUEST``."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[bytearray] = []
        self.ends: list[str] = []
        self.answer = ANSWER
        self.then: End | None = None
        self.wires: list[Wire] = []

    async def _serve(self, wire: Wire, number: int) -> None:
        heard = bytearray()
        self.heard.append(heard)
        self.wires.append(wire)
        self.changed()
        try:
            while data := await wire.receive():
                heard += data
                if heard.endswith(END_OF_REQUEST):
                    await wire.send(self.answer)
                    if self.then:
                        await self.end(wire, self.then)
                        return
        except ConnectionResetError:
            self.ends.append("RST")
        else:
            self.ends.append("FIN")


@define
class Client:
    """One connection of a client that only knows bytes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    got: bytearray = field(factory=bytearray)

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def read(self, size: int) -> bytes:
        return await self.reader.readexactly(size)

    async def rest(self) -> tuple[bytes, str]:
        """Read on until the connection ends, and tell how it did."""
        try:
            while data := await self.reader.read(65536):
                self.got += data
        except ConnectionResetError:
            return bytes(self.got), "RST"
        return bytes(self.got), "FIN"

    async def close(self) -> None:
        self.writer.transport.abort()
        with suppress(OSError):
            await self.writer.wait_closed()


@pytest_asyncio.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with Upstream() as server:
        yield server


class Dial:
    def __init__(self) -> None:
        self.made: list[Client] = []

    async def __call__(self, to: Loopback, data: bytes = b"") -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", to.port))
        self.made.append(client)
        await client.send(data)
        return client


@pytest_asyncio.fixture
async def dial() -> AsyncIterator[Dial]:
    """Open connections that are closed after the test, which must leave no task behind."""
    dialled = Dial()
    yield dialled
    for client in dialled.made:
        await client.close()
