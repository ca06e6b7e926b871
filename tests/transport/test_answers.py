"""An answer is read once, to its end, within bounds; what is in doubt is never called success."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from helpdesk_bridge import errors
from helpdesk_bridge.transport import Operation, Transport

Connect = Callable[..., Transport]
GZIP = {"Content-Encoding": "gzip"}
CHUNKED = {"Transfer-Encoding": "chunked"}
PACKED = gzip.compress(b'{"id": 1}', mtime=0)

#: What the vendor plays, and the error that it is on a read.
NOT_AN_ANSWER: dict[str, tuple[bytes, type[errors.HelpdeskError]]] = {
    "no status line": (b"canary\r\n\r\n", errors.ProtocolError),
    "another protocol": (b"SSH-2.0-OpenSSH_9.9\r\n", errors.ProtocolError),
    "a status that is no number": (b"HTTP/1.1 abc X\r\n\r\n", errors.ProtocolError),
    "a head line too long": (
        b"HTTP/1.1 200 X\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
        errors.ProtocolError,
    ),
    "two lengths": (
        b"HTTP/1.1 200 X\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        errors.ProtocolError,
    ),
    "a length that is no number": (
        b"HTTP/1.1 200 X\r\nContent-Length: x\r\n\r\n{}",
        errors.ProtocolError,
    ),
    "half a head": (b"HTTP/1.1 200 X\r\nContent-Le", errors.VendorUnavailable),
    "half a status line": (b"HTTP/1", errors.VendorUnavailable),
    "less than its length": (
        b"HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\n{}",
        errors.TruncatedBody,
    ),
    "no last chunk": (
        b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        errors.TruncatedBody,
    ),
    "half a chunk": (
        b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}",
        errors.TruncatedBody,
    ),
    "gzip cut behind a right length": (
        b"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n" + PACKED[:20],
        errors.TruncatedBody,
    ),
    "gzip cut by the end of the connection": (
        b"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\n\r\n" + PACKED[:20],
        errors.TruncatedBody,
    ),
    "gzip with garbage behind it": (
        b"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s\0rest"
        % (len(PACKED) + 5, PACKED),
        errors.ProtocolError,
    ),
    "gzip twice": (
        b"HTTP/1.1 200 X\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 2\r\n\r\n{}",
        errors.ProtocolError,
    ),
    "a status below 100": (
        b"HTTP/1.1 099 X\r\nContent-Length: 2\r\n\r\n{}",
        errors.ProtocolError,
    ),
    "a status of three zeros": (
        b"HTTP/1.1 000 X\r\nContent-Length: 2\r\n\r\n{}",
        errors.ProtocolError,
    ),
    "another protocol from here on": (
        b"HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\nPRI * HTTP/2.0\r\n\r\n",
        errors.ProtocolError,
    ),
    "101 without a protocol": (
        b"HTTP/1.1 101 X\r\nContent-Length: 2\r\n\r\n{}",
        errors.ProtocolError,
    ),
    "a status beyond 599": (
        b"HTTP/1.1 999 X\r\nContent-Length: 2\r\n\r\n{}",
        errors.VendorUnavailable,
    ),
    "nothing but an interim answer": (
        b"HTTP/1.1 103 X\r\nLink: x\r\n\r\n",
        errors.VendorUnavailable,
    ),
    "gzip without a byte": (
        b"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\n\r\n",
        errors.TruncatedBody,
    ),
    "damaged gzip": (
        b"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        errors.ProtocolError,
    ),
    "brotli": (
        b"HTTP/1.1 200 X\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}",
        errors.ProtocolError,
    ),
    "more than max_body": (
        b"HTTP/1.1 200 X\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000,
        errors.ResponseTooLarge,
    ),
}

NOT_JSON = {
    "empty": b"",
    "blank": b" \n",
    "a web page": b"<html>canary</html>",
    "NaN": b'{"a": NaN}',
    "bad UTF-8": b'"\xff"',
    "deep": b"[" * 100_000,
    "a huge number": b"1" * 5000,
}


@pytest.mark.asyncio
@pytest.mark.parametrize("case", NOT_AN_ANSWER)
async def test_an_answer_that_cannot_be_read_fails_a_read_by_its_own_name(
    connect: Connect, vendor: Any, read: Operation, caught: Any, case: str
) -> None:
    raw, expected = NOT_AN_ANSWER[case]
    vendor.plays(raw)
    assert type(await caught(connect(vendor, max_body=999).send(read, "GET", ("t",)))) is expected


@pytest.mark.asyncio
@pytest.mark.parametrize("case", NOT_AN_ANSWER)
async def test_an_answer_that_cannot_be_read_leaves_an_unsafe_write_unknown(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any, case: str
) -> None:
    raw, cause = NOT_AN_ANSWER[case]
    vendor.plays(raw)
    error = await caught(connect(vendor, max_body=999).send(unsafe, "POST", ("t",), json={}))
    assert (type(error), error.cause, error.bytes_sent) == (
        errors.OutcomeUnknown,
        cause.__name__,
        True,
    )


@pytest.mark.asyncio
async def test_a_malformed_head_is_not_reported_as_a_status_of_the_vendor(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any
) -> None:
    vendor.plays(b"HTTP/1.1 abc X\r\n\r\n")
    error = await caught(connect(vendor).send(unsafe, "POST", ("t",), json={}))
    assert (error.status, "400" in str(error)) == (None, False)


@pytest.mark.asyncio
async def test_an_answer_that_is_cut_tells_its_status(
    connect: Connect, vendor: Any, read: Operation, caught: Any
) -> None:
    vendor.answers(203, length=100)
    assert (await caught(connect(vendor).send(read, "GET", ("t",)))).status == 203


@pytest.mark.asyncio
async def test_a_refusal_that_is_cut_does_not_count_as_one(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any
) -> None:
    vendor.answers(404, length=100)
    error = await caught(connect(vendor).send(unsafe, "POST", ("t",), json={}))
    assert type(error) is errors.OutcomeUnknown


@pytest.mark.asyncio
@pytest.mark.parametrize("case", NOT_JSON)
async def test_a_body_that_is_no_json_is_a_protocol_error_of_a_read(
    connect: Connect, vendor: Any, read: Operation, case: str
) -> None:
    vendor.answers(body=NOT_JSON[case])
    response = await connect(vendor).send(read, "GET", ("t",))
    with pytest.raises(errors.ProtocolError) as info:
        response.json()
    assert info.value.status == 200


@pytest.mark.asyncio
@pytest.mark.parametrize("case", NOT_JSON)
async def test_a_body_that_is_no_json_leaves_an_unsafe_write_unknown(
    connect: Connect, vendor: Any, unsafe: Operation, case: str
) -> None:
    vendor.answers(201, body=NOT_JSON[case])
    response = await connect(vendor).send(unsafe, "POST", ("t",), json={})
    with pytest.raises(errors.OutcomeUnknown) as info:
        response.json()
    assert (info.value.status, info.value.cause) == (201, "ProtocolError")
    assert info.value.started_at is not None


def _missing(data: Any) -> Any:
    return data["missing"]


def _beyond(data: Any) -> Any:
    return [][0]


def _number(data: Any) -> Any:
    return int("x")


def _overflow(data: Any) -> Any:
    return 1e308**2


def _bad_value(data: Any) -> Any:
    raise errors.InvalidArgument("a datetime that is before the year 1 or after 9999 in UTC")


def _not_sent(data: Any) -> Any:
    raise errors.HelpdeskError("nobody was asked.", outcome=errors.Outcome.NOT_SENT)


@pytest.mark.asyncio
@pytest.mark.parametrize("convert", [_bad_value, _not_sent])
async def test_what_is_raised_for_a_callers_values_never_says_that_an_answer_was_not_asked_for(
    connect: Connect, vendor: Any, read: Operation, convert: Callable[[Any], Any]
) -> None:
    response = await connect(vendor).send(read, "GET", ("t",))
    with pytest.raises(errors.ProtocolError, match="the answer is not acceptable"):
        response.read(convert)


@pytest.mark.asyncio
@pytest.mark.parametrize("convert", [_missing, _beyond, _number, _overflow, _bad_value, _not_sent])
async def test_an_answer_of_another_shape_leaves_an_unsafe_write_unknown(
    connect: Connect, vendor: Any, unsafe: Operation, convert: Callable[[Any], Any]
) -> None:
    response = await connect(vendor).send(unsafe, "POST", ("t",), json={})
    with pytest.raises(errors.OutcomeUnknown) as info:
        response.read(convert)
    assert info.value.__context__ is None


@pytest.mark.asyncio
async def test_a_gzip_answer_of_several_members_is_read_whole(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    vendor.answers(
        body=gzip.compress(b'{"id"', mtime=0) + gzip.compress(b": 1}", mtime=0), headers=GZIP
    )
    response = await connect(vendor).send(read, "GET", ("t",))
    assert response.json() == {"id": 1}


@pytest.mark.asyncio
async def test_a_chunked_answer_is_read_whole(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    vendor.answers(body=b'5\r\n{"id"\r\n4\r\n: 1}\r\n0\r\n\r\n', headers=CHUNKED)
    assert (await connect(vendor).send(read, "GET", ("t",))).json() == {"id": 1}


@pytest.mark.asyncio
@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("GET", 204), ("HEAD", 200)])
async def test_an_announced_empty_body_is_not_truncated_whatever_encoding_it_claims(
    connect: Connect, vendor: Any, read: Operation, method: str, status: int
) -> None:
    length = {} if status == 204 else {"Content-Length": "0" if method == "GET" else "29"}
    head = "".join(f"{name}: {value}\r\n" for name, value in {**GZIP, **length}.items())
    vendor.plays(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode(), close=False)
    response = await connect(vendor).send(read, method, ("t",))
    assert (response.status, response.content) == (status, b"")


@pytest.mark.asyncio
@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "br", "identity", "gzip, gzip"])
async def test_a_chunked_answer_that_ends_at_once_is_empty_whatever_encoding_it_claims(
    connect: Connect, vendor: Any, unsafe: Operation, encoding: str
) -> None:
    vendor.answers(body=b"0\r\n\r\n", headers={**CHUNKED, "Content-Encoding": encoding})
    response = await connect(vendor).send(unsafe, "POST", ("t",), json={})
    assert response.accepted().content == b""


@pytest.mark.asyncio
async def test_a_gzip_bomb_stays_within_the_cap(
    connect: Connect, vendor: Any, read: Operation, caught: Any
) -> None:
    vendor.answers(body=gzip.compress(bytes(200 * 1024 * 1024), 9, mtime=0), headers=GZIP)
    transport = connect(vendor, max_body=1024 * 1024)
    tracemalloc.start()
    try:
        error = await caught(transport.send(read, "GET", ("t",)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert type(error) is errors.ResponseTooLarge
    assert peak < 10 * 1024 * 1024


@pytest.mark.asyncio
async def test_an_answer_that_was_not_read_to_its_end_does_not_spoil_the_next(
    connect: Connect, vendor: Any, read: Operation, caught: Any
) -> None:
    vendor.answers(body=b'"' + b"x" * 300_000 + b'"')
    vendor.answers(body=b'{"id": 2}')
    transport = connect(vendor, max_body=1000)
    await caught(transport.send(read, "GET", ("one",)))
    assert (await transport.send(read, "GET", ("two",))).json() == {"id": 2}


@pytest.mark.asyncio
async def test_gzip_is_all_that_is_asked_for(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    await connect(vendor).send(read, "GET", ("t",))
    assert vendor.seen[0].headers.getall("Accept-Encoding") == ["gzip"]
