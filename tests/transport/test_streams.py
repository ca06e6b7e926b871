"""A download arrives in pieces, holds its slot while open, and never ends silently short."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from helpdesk_bridge import errors
from helpdesk_bridge.secret import Secret
from helpdesk_bridge.transport import HeaderAuth, Operation, Transport

Connect = Callable[..., Transport]
HALF = b"HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\nhalf"
CONTENT = bytes(range(256)) * 2000


async def _whole(transport: Transport, operation: Operation) -> bytes:
    async with transport.stream(operation, ("file",)) as chunks:
        return b"".join([chunk async for chunk in chunks])


async def _until_it_breaks(chunks: AsyncIterator[bytes], into: bytearray) -> None:
    async for chunk in chunks:
        into += chunk


@pytest.mark.asyncio
async def test_a_download_arrives_whole(connect: Connect, vendor: Any, read: Operation) -> None:
    vendor.answers(body=CONTENT)
    assert await _whole(connect(vendor), read) == CONTENT


@pytest.mark.asyncio
async def test_a_download_arrives_before_its_end(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    vendor.plays(HALF, hold=True)
    async with connect(vendor).stream(read, ("file",)) as chunks:
        assert await anext(chunks) == b"half"


@pytest.mark.asyncio
async def test_a_download_may_be_larger_than_max_body(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    vendor.answers(body=CONTENT)
    assert await _whole(connect(vendor, max_body=1000), read) == CONTENT


@pytest.mark.asyncio
async def test_a_download_asks_for_no_compression(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    await _whole(connect(vendor), read)
    assert vendor.seen[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.asyncio
async def test_a_download_that_is_compressed_all_the_same_is_unpacked(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    vendor.answers(body=gzip.compress(CONTENT, mtime=0), headers={"Content-Encoding": "gzip"})
    assert await _whole(connect(vendor), read) == CONTENT


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "played",
    [
        HALF,
        b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
    ],
    ids=["length", "last chunk", "chunk"],
)
async def test_a_download_that_is_cut_gives_what_came_and_then_the_error(
    connect: Connect, vendor: Any, read: Operation, played: bytes
) -> None:
    vendor.plays(played)
    came = bytearray()
    async with connect(vendor).stream(read, ("file",)) as chunks:
        with pytest.raises(errors.TruncatedBody) as info:
            await _until_it_breaks(chunks, came)
    assert (bytes(came), info.value.attempts, info.value.__context__) == (b"half", 1, None)


@pytest.mark.asyncio
async def test_a_compressed_download_that_is_cut_behind_a_right_length_is_an_error(
    connect: Connect, vendor: Any, read: Operation, caught: Any
) -> None:
    vendor.answers(body=gzip.compress(CONTENT, mtime=0)[:-9], headers={"Content-Encoding": "gzip"})
    assert type(await caught(_whole(connect(vendor), read))) is errors.TruncatedBody


@pytest.mark.asyncio
async def test_a_download_in_another_encoding_is_a_protocol_error(
    connect: Connect, vendor: Any, read: Operation, caught: Any
) -> None:
    vendor.answers(body=CONTENT, headers={"Content-Encoding": "br"})
    assert type(await caught(_whole(connect(vendor), read))) is errors.ProtocolError


@pytest.mark.asyncio
async def test_a_download_that_falls_silent_ends(
    connect: Connect, vendor: Any, read: Operation, caught: Any
) -> None:
    vendor.plays(HALF, hold=True)
    error = await caught(_whole(connect(vendor, read_gap=0.1), read))
    assert type(error) is errors.VendorUnavailable


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "expected"),
    [(404, errors.NotFound), (403, errors.PermissionDenied), (503, errors.VendorUnavailable)],
)
async def test_a_download_that_is_refused_is_the_error_of_its_status(
    connect: Connect, vendor: Any, read: Operation, caught: Any, status: int, expected: object
) -> None:
    vendor.answers(status)
    assert type(await caught(_whole(connect(vendor), read))) is expected


@pytest.mark.asyncio
async def test_a_download_is_not_followed_to_another_place(
    connect: Connect, vendors: Any, vendor: Any, read: Operation, caught: Any
) -> None:
    other = vendors()
    await other.start()
    vendor.answers(302, headers={"Location": f"{other.origin}/file"})
    auth = HeaderAuth({"Authorization": Secret("canary")})
    error = await caught(_whole(connect(vendor, auth=auth), read))
    assert (type(error), other.connections) == (errors.UnsafeURL, 0)


@pytest.mark.asyncio
async def test_an_open_download_holds_its_slot(
    connect: Connect, vendor: Any, read: Operation, caught: Any
) -> None:
    transport = connect(vendor, concurrency=1, deadline=0.1)
    async with transport.stream(read, ("file",)) as chunks:
        assert await anext(chunks) == b"{}"
        error = await caught(transport.send(read, "GET", ("t",)))
    assert (type(error), len(vendor.seen)) == (errors.PoolTimeout, 1)


@pytest.mark.asyncio
@pytest.mark.parametrize("wanted", [0, 1], ids=["unread", "begun"])
async def test_a_download_that_is_closed_early_closes_its_connection_and_gives_its_slot_back(
    connect: Connect, vendor: Any, read: Operation, wanted: int
) -> None:
    transport = connect(vendor, concurrency=1)
    vendor.plays(HALF, hold=True)
    async with transport.stream(read, ("file",)) as chunks:
        for _ in range(wanted):
            await anext(chunks)
    await vendor.ended.wait()
    assert (await transport.send(read, "GET", ("t",))).status == 200


@pytest.mark.asyncio
async def test_a_download_that_was_read_leaves_its_connection_to_the_next_request(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    transport = connect(vendor, concurrency=1)
    await _whole(transport, read)
    await transport.send(read, "GET", ("t",))
    assert vendor.connections == 1


async def _left_by_an_exception(transport: Transport, operation: Operation) -> None:
    async with transport.stream(operation, ("file",)) as chunks:
        await anext(chunks)
        raise KeyError


@pytest.mark.asyncio
async def test_a_download_that_is_left_by_an_exception_gives_its_slot_back(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    transport = connect(vendor, concurrency=1)
    with pytest.raises(KeyError):
        await _left_by_an_exception(transport, read)
    assert (await transport.send(read, "GET", ("t",))).status == 200


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [404, 500])
async def test_a_refused_download_gives_its_slot_back(
    connect: Connect, vendor: Any, read: Operation, caught: Any, status: int
) -> None:
    transport = connect(vendor, concurrency=1)
    vendor.answers(status)
    await caught(_whole(transport, read))
    assert (await transport.send(read, "GET", ("t",))).status == 200


@pytest.mark.asyncio
async def test_a_cancelled_download_gives_its_slot_back(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    transport = connect(vendor, concurrency=1)
    vendor.plays(HALF, hold=True)
    task = asyncio.create_task(_whole(transport, read))
    await vendor.arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await transport.send(read, "GET", ("t",))).status == 200


@pytest.mark.asyncio
async def test_the_deadline_of_a_download_ends_with_its_first_byte(
    connect: Connect, vendor: Any, read: Operation, caught: Any
) -> None:
    vendor.hangs()
    error = await caught(_whole(connect(vendor, deadline=0.1), read))
    assert type(error) is errors.DeadlineExceeded


@pytest.mark.asyncio
@pytest.mark.parametrize("came", [b"", b"1\r\nx\r\n"], ids=["head", "begun"])
async def test_the_deadline_holds_up_to_the_first_byte_and_no_further(
    connect: Connect, vendor: Any, read: Operation, came: bytes
) -> None:
    vendor.plays(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n" + came, hold=True)
    got = bytearray()
    with pytest.raises((errors.DeadlineExceeded, errors.VendorUnavailable)) as caught:
        async with connect(vendor, deadline=0.2, read_gap=0.3).stream(read, ("file",)) as chunks:
            await _until_it_breaks(chunks, got)
    expected = errors.VendorUnavailable if came else errors.DeadlineExceeded
    assert (type(caught.value), bytes(got)) == (expected, b"x" if came else b"")
    assert (caught.value.outcome, caught.value.attempts) == (errors.Outcome.UNKNOWN, 1)
