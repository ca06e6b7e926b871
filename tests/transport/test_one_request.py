"""A call is one request at the vendor: nothing is sent twice behind the caller's back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from helpdesk_bridge import errors
from helpdesk_bridge.errors import Outcome
from helpdesk_bridge.transport import Operation, Request, Transport, TransportOptions
from helpdesk_bridge.transport.http import HttpClient
from helpdesk_bridge.transport.urls import base_url

Connect = Callable[..., Transport]
VERBS = ["GET", "HEAD", "PUT", "DELETE", "POST", "PATCH", "OPTIONS"]


@pytest.mark.asyncio
async def test_aiohttp_alone_sends_a_put_twice(vendor: Any) -> None:
    vendor.drops()
    async with (
        aiohttp.ClientSession() as session,
        session.put(f"{vendor.url}/t", data=b"reply") as response,
    ):
        await response.read()
    assert [seen.body for seen in vendor.seen] == [b"reply", b"reply"]


@pytest.mark.asyncio
@pytest.mark.parametrize("method", VERBS)
async def test_a_dropped_connection_means_one_request_on_an_unsafe_write(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any, method: str
) -> None:
    vendor.drops()
    error = await caught(connect(vendor).send(unsafe, method, ("t",), json={"a": 1}))
    assert (type(error), len(vendor.seen), error.attempts) == (errors.OutcomeUnknown, 1, 1)


@pytest.mark.asyncio
@pytest.mark.parametrize("method", VERBS)
async def test_a_dropped_connection_means_one_request_on_a_read(
    connect: Connect, vendor: Any, read: Operation, caught: Any, method: str
) -> None:
    vendor.drops()
    error = await caught(connect(vendor).send(read, method, ("t",)))
    assert (type(error), len(vendor.seen)) == (errors.VendorUnavailable, 1)


@pytest.mark.asyncio
@pytest.mark.parametrize("method", VERBS)
async def test_a_dropped_kept_alive_connection_means_one_request(
    connect: Connect, vendor: Any, idempotent: Operation, caught: Any, method: str
) -> None:
    transport = connect(vendor)
    await transport.send(idempotent, "PUT", ("first",))
    vendor.drops()
    error = await caught(transport.send(idempotent, method, ("second",)))
    assert (type(error), len(vendor.seen)) == (errors.VendorUnavailable, 2)


@pytest.mark.asyncio
async def test_a_dropped_unsafe_write_says_what_is_known(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any
) -> None:
    vendor.drops()
    error = await caught(connect(vendor).send(unsafe, "POST", ("t",), json={}))
    assert (error.outcome, error.cause, error.bytes_sent, error.retryable) == (
        Outcome.UNKNOWN,
        "VendorUnavailable",
        True,
        False,
    )
    assert error.started_at.utcoffset().total_seconds() == 0


@pytest.mark.asyncio
async def test_an_aiohttp_that_does_not_ask_our_connector_leaves_all_in_doubt(
    connect: Connect,
    vendor: Any,
    unsafe: Operation,
    caught: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr("helpdesk_bridge.transport.http.connector.Connector.connect")
    vendor.drops()
    error = await caught(connect(vendor).send(unsafe, "POST", ("t",), json={}))
    assert (error.outcome, error.bytes_sent) == (Outcome.UNKNOWN, True)


@pytest.mark.asyncio
async def test_unsafe_writes_take_fresh_connections(
    connect: Connect, vendor: Any, read: Operation, unsafe: Operation
) -> None:
    transport = connect(vendor)
    await transport.send(read, "GET", ("t",))
    await transport.send(unsafe, "POST", ("t",), json={})
    await transport.send(unsafe, "POST", ("t",), json={})
    assert [seen.connection for seen in vendor.seen] == [1, 2, 3]


@pytest.mark.asyncio
async def test_reads_keep_their_connection(connect: Connect, vendor: Any, read: Operation) -> None:
    transport = connect(vendor)
    for _ in range(3):
        await transport.send(read, "GET", ("t",))
    assert [seen.connection for seen in vendor.seen] == [1, 1, 1]


@pytest.mark.asyncio
async def test_no_connection_is_made_before_the_first_request(
    connect: Connect, vendor: Any
) -> None:
    connect(vendor)
    assert vendor.connections == 0


@pytest.mark.asyncio
async def test_a_closed_transport_sends_nothing(
    connect: Connect, vendor: Any, read: Operation, caught: Any
) -> None:
    transport = connect(vendor)
    await transport.send(read, "GET", ("t",))
    await transport.aclose()
    await transport.aclose()
    error = await caught(transport.send(read, "GET", ("t",)))
    assert (type(error), error.outcome, len(vendor.seen)) == (
        errors.DeskClosed,
        Outcome.NOT_SENT,
        1,
    )


@pytest.mark.asyncio
async def test_a_transport_closed_before_its_first_request_sends_nothing(
    connect: Connect, vendor: Any, read: Operation, caught: Any
) -> None:
    transport = connect(vendor)
    await transport.aclose()
    error = await caught(transport.send(read, "GET", ("t",)))
    assert (type(error), vendor.connections) == (errors.DeskClosed, 0)


@pytest.mark.asyncio
async def test_a_closed_client_makes_no_new_connections(
    vendor: Any, read: Operation, caught: Any
) -> None:
    client = HttpClient(base_url(vendor.url), TransportOptions())
    await client.aclose()
    error = await caught(client(Request(operation=read, method="GET", path=("t",))))
    assert (type(error), vendor.connections) == (errors.DeskClosed, 0)
