"""A vendor, other hosts beside it, and transports that carry every kind of credential."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from helpdesk_bridge.secret import Secret
from helpdesk_bridge.testing import FaultServer
from helpdesk_bridge.transport import (
    Effect,
    Explanation,
    HeaderAuth,
    Operation,
    Transport,
    TransportOptions,
)
from helpdesk_bridge.transport.urls import base_url
from tests.credentials.places import CANARY, Connect, Serve

AUTH = HeaderAuth(
    {
        "Authorization": Secret(f"Bearer {CANARY}"),
        "apiKey": Secret(CANARY),
        "Hs-Client-Id": Secret(CANARY),
    }
)


@pytest_asyncio.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start servers on loopback ports of their own; they are stopped after the test."""
    async with AsyncExitStack() as stack:

        async def start(*script: object, **options: object) -> FaultServer:
            server = FaultServer(*script, **options)  # type: ignore[arg-type]
            return await stack.enter_async_context(server)

        yield start
    gc.collect(1)  # a forgotten socket is a ResourceWarning, and a warning fails the test


@pytest_asyncio.fixture
async def connect() -> AsyncIterator[Connect]:
    """Make transports that sign with three headers; they are closed after the test."""
    made: list[Transport] = []

    def make(to: FaultServer | str, *file_hosts: str, **options: object) -> Transport:
        transport = Transport(
            base_url(to if isinstance(to, str) else to.url),
            TransportOptions(**{"deadline": 20.0, "max_attempts": 1, **options}),  # type: ignore[arg-type]
            desk="support",
            auth=AUTH,
            error_codes={},
            explain=lambda _: Explanation(),
            file_hosts=frozenset(file_hosts),
        )
        made.append(transport)
        return transport

    yield make
    for transport in made:
        await transport.aclose()


@pytest.fixture
def read() -> Operation:
    return Operation("open_attachment", Effect.READ)


@pytest_asyncio.fixture
async def dialled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that the event loop was told to connect to."""
    loop, addresses = asyncio.get_running_loop(), []
    real: Callable[..., object] = loop.sock_connect

    async def connect(sock: object, address: tuple[str, int]) -> None:
        addresses.append(address[0])
        await real(sock, address)  # type: ignore[misc]

    monkeypatch.setattr(loop, "sock_connect", connect)
    return addresses
