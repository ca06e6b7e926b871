"""Every failure has a reason that a program can act on, whatever its sentence says."""

from __future__ import annotations

import asyncio
import errno
import pickle
import socket
from collections.abc import Callable
from typing import Any

import pytest

from helpdesk_bridge import errors
from helpdesk_bridge.errors import HelpdeskError, Reason, reason_of
from helpdesk_bridge.secret import Secret
from helpdesk_bridge.transport import (
    Explanation,
    HeaderAuth,
    Operation,
    Response,
    SessionAuth,
    TokenProvider,
    Transport,
)

Connect = Callable[..., Transport]

ANSWERS: dict[str, tuple[bytes, Reason]] = {
    "dropped": (b"", Reason.DROPPED),
    "malformed": (b"hello\r\n\r\n", Reason.BAD_HTTP),
    "cut": (b"HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\n{}", Reason.TRUNCATED),
    "large": (
        b"HTTP/1.1 200 X\r\nContent-Length: 999\r\n\r\n" + b" " * 999,
        Reason.RESPONSE_TOO_LARGE,
    ),
    "brotli": (
        b"HTTP/1.1 200 X\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}",
        Reason.BAD_ENCODING,
    ),
    "damaged": (
        b"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        Reason.BAD_ENCODING,
    ),
    "page": (b"HTTP/1.1 200 X\r\nContent-Length: 6\r\n\r\n<html>", Reason.WEB_PAGE),
    "empty": (b"HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n", Reason.NOT_JSON),
    "no JSON": (b"HTTP/1.1 200 X\r\nContent-Length: 1\r\n\r\n{", Reason.NOT_JSON),
    "another shape": (b"HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\n[]", Reason.UNEXPECTED),
    "elsewhere": (
        b"HTTP/1.1 302 X\r\nLocation: http://other.example/\r\nContent-Length: 0\r\n\r\n",
        Reason.REDIRECT,
    ),
}
STATUSES = {
    300: Reason.REDIRECT,
    400: Reason.VALIDATION,
    401: Reason.CREDENTIALS,
    403: Reason.PERMISSION,
    404: Reason.NOT_FOUND,
    405: Reason.WRONG_METHOD,
    407: Reason.PROXY,
    408: Reason.REQUEST_TIMEOUT,
    409: Reason.CONFLICT,
    410: Reason.NOT_FOUND,
    412: Reason.CONFLICT,
    413: Reason.TOO_LARGE,
    418: Reason.VALIDATION,
    422: Reason.VALIDATION,
    429: Reason.RATE_LIMIT,
    500: Reason.VENDOR_FAILURE,
    501: Reason.VENDOR_FAILURE,
    503: Reason.VENDOR_FAILURE,
    504: Reason.VENDOR_FAILURE,
}


async def failure(transport: Transport, operation: Operation) -> Any:
    async def call() -> None:
        response = await transport.send(operation, "POST", ("t",), json={})
        response.read(lambda data: data["items"])

    with pytest.raises(HelpdeskError) as info:
        await call()
    return info.value


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", ANSWERS)
async def test_an_answer_that_does_not_help_says_why(
    connect: Connect, vendor: Any, read: Operation, answer: str
) -> None:
    raw, reason = ANSWERS[answer]
    vendor.plays(raw)
    assert (await failure(connect(vendor, max_body=99), read)).reason is reason


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", [name for name in ANSWERS if name != "elsewhere"])
async def test_an_unknown_outcome_keeps_the_reason_of_what_happened(
    connect: Connect, vendor: Any, unsafe: Operation, answer: str
) -> None:
    raw, reason = ANSWERS[answer]
    vendor.plays(raw)
    error = await failure(connect(vendor, max_body=99), unsafe)
    assert (type(error), error.reason) == (errors.OutcomeUnknown, reason)


@pytest.mark.asyncio
@pytest.mark.parametrize("status", STATUSES)
async def test_a_status_says_why(
    connect: Connect, vendor: Any, read: Operation, status: int
) -> None:
    vendor.answers(status)
    assert (await failure(connect(vendor), read)).reason is STATUSES[status]


@pytest.mark.asyncio
async def test_a_redirected_write_says_why(
    connect: Connect, vendor: Any, unsafe: Operation
) -> None:
    vendor.answers(302, headers={"Location": "/"})
    error = await failure(connect(vendor), unsafe)
    assert (type(error), error.reason) == (errors.OutcomeUnknown, Reason.REDIRECT)


@pytest.mark.asyncio
async def test_a_circle_of_redirects_says_why(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    for _ in range(9):
        vendor.answers(302, headers={"Location": "/api/v1/t"})
    with pytest.raises(errors.ProtocolError) as info:
        await connect(vendor).send(read, "GET", ("t",))
    assert info.value.reason is Reason.REDIRECT


@pytest.mark.asyncio
async def test_the_vendors_own_code_goes_before_the_status(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    vendor.answers(405)
    transport = connect(
        vendor,
        codes={"closed": errors.TicketClosed},
        explain=lambda _: Explanation(code="closed"),
    )
    assert (await failure(transport, read)).reason is Reason.TICKET_CLOSED


@pytest.mark.asyncio
async def test_silence_is_not_the_deadline(connect: Connect, vendor: Any, read: Operation) -> None:
    vendor.hangs()
    assert (await failure(connect(vendor, read_gap=0.05), read)).reason is Reason.SILENCE
    vendor.hangs()
    assert (await failure(connect(vendor, deadline=0.05), read)).reason is Reason.DEADLINE


@pytest.mark.asyncio
async def test_a_refused_port_is_told_from_other_trouble(connect: Connect, read: Operation) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))  # bound and not listening
        error = await failure(connect(f"http://127.0.0.1:{one.getsockname()[1]}"), read)
    assert error.reason is Reason.CONNECTION_REFUSED


@pytest.mark.asyncio
async def test_a_network_that_is_not_there_is_no_refusal(
    connect: Connect, vendor: Any, read: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreachable(*_: Any) -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", unreachable)
    assert (await failure(connect(vendor), read)).reason is Reason.NO_CONNECTION


@pytest.mark.asyncio
async def test_a_port_without_tls_and_an_unknown_host_say_so(
    connect: Connect, vendor: Any, read: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.greeting = b"hello\r\n\r\n"
    error = await failure(connect(vendor.url.replace("http:", "https:")), read)
    assert error.reason is Reason.TLS

    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = await failure(connect("https://helpdesk.invalid"), read)
    assert error.reason is Reason.HOST_NOT_FOUND


@pytest.mark.asyncio
async def test_a_dead_proxy_says_so(connect: Connect, vendor: Any, read: Operation) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        proxy = f"http://127.0.0.1:{one.getsockname()[1]}"
        assert (await failure(connect(vendor, proxy=proxy), read)).reason is Reason.PROXY


@pytest.mark.asyncio
async def test_a_session_provider_that_fails_is_not_a_wrong_credential(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    async def fail() -> str:
        raise RuntimeError

    error = await failure(connect(vendor, auth=SessionAuth(provider=TokenProvider(fail))), read)
    assert (type(error), error.reason) == (errors.AuthenticationError, Reason.SESSION)


@pytest.mark.asyncio
async def test_a_closed_desk_and_a_header_that_cannot_be_sent_say_so(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    error = await failure(connect(vendor, auth=HeaderAuth({"X": Secret("a\nb")})), read)
    assert error.reason is Reason.INVALID_ARGUMENT
    transport = connect(vendor)
    await transport.aclose()
    assert (await failure(transport, read)).reason is Reason.DESK_CLOSED


def test_a_foreign_exception_has_a_reason_as_well() -> None:
    assert reason_of(errors.NotFound("gone.")) is Reason.NOT_FOUND
    assert reason_of(asyncio.CancelledError()) is Reason.CANCELLED
    assert reason_of(GeneratorExit()) is Reason.CANCELLED
    assert reason_of(RuntimeError()) is Reason.CRASHED


def test_a_reason_survives_a_pickle() -> None:
    error = errors.ConnectFailed("no.", reason=Reason.TLS)
    assert pickle.loads(pickle.dumps(error)).reason is Reason.TLS
    assert pickle.loads(pickle.dumps(errors.ConnectFailed("no."))).reason is Reason.NO_CONNECTION


def test_half_done_is_for_the_reason_of_the_half_that_failed() -> None:
    failed = errors.VendorUnavailable("no.", reason=Reason.SILENCE)
    assert errors.PartlyDone("half.", failure=failed).reason is Reason.SILENCE


def test_an_answer_read_by_an_adapter_keeps_its_reason(unsafe: Operation) -> None:
    from helpdesk_bridge.transport import Request

    request = Request(operation=unsafe, method="POST", path=("t",))
    answer = Response(request=request, status=200, headers={}, content=b"[]")
    with pytest.raises(errors.OutcomeUnknown) as info:
        answer.read(lambda data: data["id"])
    assert info.value.reason is Reason.UNEXPECTED
