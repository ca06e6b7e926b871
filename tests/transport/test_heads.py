"""How much may stand in the head of an answer, and what is said of what is more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from helpdesk_bridge import errors
from helpdesk_bridge.errors import Reason
from helpdesk_bridge.transport import Operation, Transport
from helpdesk_bridge.transport.http.one_answer import MAX_HEAD

Connect = Callable[..., Transport]
pytestmark = pytest.mark.asyncio


def answer(*lines: bytes) -> bytes:
    head = b"\r\n".join((b"HTTP/1.1 200 OK", b"Content-Length: 2", *lines))
    return head + b"\r\n\r\n{}"


LARGE = {
    "one header": answer(b"Content-Security-Policy: " + b"x" * (MAX_HEAD - 1000)),
    "two headers": answer(b"A: " + b"x" * 60_000, b"B: " + b"y" * 60_000),
    "4,000 headers": answer(*(b"X-%d: some value" % number for number in range(4000))),
    "one cookie, often": answer(*[b"Set-Cookie: a=" + b"b" * 3000] * 40),
    "a reason": answer().replace(b" OK", b" " + b"O" * 60_000),
}
TOO_LARGE = {
    "one header": answer(b"Content-Security-Policy: " + b"x" * MAX_HEAD),
    "many headers": answer(*(b"X-%d: some value" % number for number in range(20_000))),
    "a reason": answer().replace(b" OK", b" " + b"O" * MAX_HEAD),
    "headers without end": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200_000,
    "a line without end": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1_000_000,
    "an early hint": b"HTTP/1.1 103 E\r\nLink: " + b"x" * MAX_HEAD + b"\r\n\r\n" + answer(),
}


@pytest.mark.parametrize("case", LARGE)
async def test_a_large_head_is_read(
    connect: Connect, vendor: Any, read: Operation, case: str
) -> None:
    vendor.plays(LARGE[case], close=False)
    transport = connect(vendor)
    assert (await transport.send(read, "GET", ("t",))).json() == {}
    await transport.send(read, "GET", ("t",))
    assert vendor.connections == 1


@pytest.mark.parametrize("case", TOO_LARGE)
async def test_a_head_beyond_the_bound_is_an_error_that_names_the_bound(
    connect: Connect, vendor: Any, read: Operation, unsafe: Operation, caught: Any, case: str
) -> None:
    transport = connect(vendor, max_attempts=3)
    for operation, kind in ((read, errors.ProtocolError), (unsafe, errors.OutcomeUnknown)):
        vendor.plays(TOO_LARGE[case])
        error = await caught(transport.send(operation, "POST", ("t",), json={}))
        assert (type(error), error.reason) == (kind, Reason.BAD_HTTP)
        assert "128 KiB" in str(error)
        assert "headers" in str(error)
    assert len(vendor.seen) == 2  # it would be the same again


@pytest.mark.parametrize("status", [0, 99, 101])
async def test_a_status_that_is_no_answer_is_named(
    connect: Connect, vendor: Any, read: Operation, caught: Any, status: int
) -> None:
    vendor.plays(b"HTTP/1.1 %03d X\r\nContent-Length: 2\r\n\r\n{}" % status, close=False)
    error = await caught(connect(vendor, max_attempts=3).send(read, "GET", ("t",)))
    assert (type(error), error.reason, error.status) == (
        errors.ProtocolError,
        Reason.BAD_HTTP,
        status,
    )
    assert f"status {status:03}" in str(error)
