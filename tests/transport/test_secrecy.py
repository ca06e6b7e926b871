"""No credential, header, query or body is in an error, in what hangs on it, or in a log line."""

from __future__ import annotations

import logging
import pickle
import socket
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from helpdesk_bridge import errors
from helpdesk_bridge.secret import Secret
from helpdesk_bridge.transport import HeaderAuth, Operation, Part, Response, Transport

Connect = Callable[..., Transport]
CANARY = "kanarienvogel"
AUTH = HeaderAuth({"Authorization": Secret(f"Bearer {CANARY}"), "X-Key": Secret(CANARY)})
LOUD = f"X-Canary: {CANARY}\r\nSet-Cookie: s={CANARY}\r\nX-Request-Id: r1".encode()
BODY = f'<"{CANARY}">'.encode()


def _answer(status: int, extra: bytes = b"", body: bytes = BODY) -> bytes:
    head = b"HTTP/1.1 %d X\r\n%s\r\nContent-Length: %d%s\r\n\r\n"
    return head % (status, LOUD, len(body), extra) + body


FAULTS: dict[str, tuple[bytes, bool]] = {
    # what the vendor plays, and whether it then stays silent
    "dropped": (b"", False),
    "silent": (b"", True),
    "malformed": (f"{CANARY}\r\n\r\n".encode(), False),
    "bad header": (b"HTTP/1.1 200 X\r\n%s\r\n%s\r\n\r\n" % (LOUD, BODY), False),
    "header too long": (b"HTTP/1.1 200 X\r\n%s%s\r\n\r\n" % (LOUD, b"x" * 20_000), False),
    "truncated": (_answer(200)[:-3], False),
    "too large": (_answer(200, body=BODY * 100), False),
    "damaged gzip": (_answer(200, b"\r\nContent-Encoding: gzip"), False),
    "brotli": (_answer(200, b"\r\nContent-Encoding: br"), False),
    "web page": (_answer(200), False),
    "redirect": (_answer(302, f"\r\nLocation: http://127.0.0.1:1/{CANARY}".encode()), False),
    "bad redirect": (_answer(302, f"\r\nLocation: http://[{CANARY}".encode()), False),
    **{str(status): (_answer(status), False) for status in (307, 400, 401, 404, 422, 429, 500)},
}


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _shown(error: BaseException) -> str:
    return "".join(
        [
            str(error),
            repr(error),
            repr(vars(error)),
            repr(error.args),
            *traceback.format_exception(error),
            repr(pickle.dumps(error)),
        ]
    )


def _misread(response: Response) -> Any:
    return response.read(lambda data: data["items"])


async def _failure(transport: Transport, operation: Operation, **body: Any) -> Any:
    async def call() -> None:
        response = await transport.send(
            operation, "GET", ("t",), query=[("q", CANARY)], headers={"X-Mine": CANARY}, **body
        )
        _misread(response)

    with pytest.raises(errors.HelpdeskError) as info:
        await call()
    return info.value


BODIES: dict[str, dict[str, Any]] = {
    "json": {"json": {"text": CANARY}},
    "multipart": {"multipart": [Part(name="f", content=CANARY, filename=CANARY)]},
}


@pytest.mark.asyncio
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", ["read", "unsafe"])
async def test_no_fault_shows_a_credential_a_query_or_a_body(
    connect: Connect,
    vendor: Any,
    request: pytest.FixtureRequest,
    caplog: pytest.LogCaptureFixture,
    fault: str,
    name: str,
) -> None:
    raw, hold = FAULTS[fault]
    vendor.plays(raw, hold=hold)
    transport = connect(vendor, auth=AUTH, max_body=999, deadline=0.2 if hold else 20)
    with caplog.at_level(logging.DEBUG):
        error = await _failure(transport, request.getfixturevalue(name), **BODIES["json"])
    assert (CANARY in _shown(error), CANARY in caplog.text) == (False, False)


@pytest.mark.asyncio
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", ["read", "unsafe"])
async def test_nothing_foreign_hangs_on_an_error(
    connect: Connect, vendor: Any, request: pytest.FixtureRequest, fault: str, name: str
) -> None:
    raw, hold = FAULTS[fault]
    vendor.plays(raw, hold=hold)
    transport = connect(vendor, auth=AUTH, max_body=999, deadline=0.2 if hold else 20)
    error = await _failure(transport, request.getfixturevalue(name))
    assert list(_chain(error)) == [error]


@pytest.mark.asyncio
@pytest.mark.parametrize("fault", FAULTS)
async def test_every_error_survives_pickling(
    connect: Connect, vendor: Any, unsafe: Operation, fault: str
) -> None:
    raw, hold = FAULTS[fault]
    vendor.plays(raw, hold=hold)
    transport = connect(vendor, auth=AUTH, max_body=999, deadline=0.2 if hold else 20)
    error = await _failure(transport, unsafe)
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))


@pytest.mark.asyncio
@pytest.mark.parametrize("body", BODIES)
async def test_a_connection_that_fails_shows_nothing_of_the_request(
    connect: Connect, unsafe: Operation, body: str
) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        transport = connect(f"http://127.0.0.1:{one.getsockname()[1]}", auth=AUTH)
        error = await _failure(transport, unsafe, **BODIES[body])
    assert (list(_chain(error)), CANARY in _shown(error)) == ([error], False)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "part",
    [
        Part(name=f"{CANARY}\n", content="x"),
        Part(name="f", content=b"x", filename=f"{CANARY}\n"),
        Part(name="f", content=f"{CANARY}\ud800"),
    ],
)
async def test_a_request_that_cannot_be_built_shows_nothing_of_itself(
    connect: Connect, vendor: Any, unsafe: Operation, part: Part
) -> None:
    error = await _failure(connect(vendor, auth=AUTH), unsafe, multipart=[part])
    assert (list(_chain(error)), CANARY in _shown(error)) == ([error], False)


@pytest.mark.asyncio
async def test_a_download_that_breaks_shows_nothing(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    vendor.plays(_answer(200)[:-3])
    with pytest.raises(errors.TruncatedBody) as info:
        async with connect(vendor, auth=AUTH).stream(read, ("f",)) as chunks:
            [chunk async for chunk in chunks]
    assert (list(_chain(info.value)), CANARY in _shown(info.value)) == ([info.value], False)


@pytest.mark.asyncio
async def test_a_successful_request_logs_one_line_of_names_and_figures(
    connect: Connect, vendor: Any, unsafe: Operation, caplog: pytest.LogCaptureFixture
) -> None:
    vendor.plays(_answer(200, body=f'"{CANARY}"'.encode()))
    with caplog.at_level(logging.DEBUG):
        await connect(vendor, auth=AUTH).send(
            unsafe, "POST", ("t",), query=[("q", CANARY)], json={"text": CANARY}
        )
    (record,) = [one for one in caplog.records if one.name.startswith("helpdesk_bridge")]
    assert record.getMessage().startswith("reply on support: 200, 1 attempts, ")
    assert (CANARY in caplog.text, "127.0.0.1" in record.getMessage()) == (False, False)


@pytest.mark.asyncio
async def test_nothing_is_logged_above_debug(
    connect: Connect, vendor: Any, unsafe: Operation, caplog: pytest.LogCaptureFixture
) -> None:
    vendor.drops()
    with caplog.at_level(logging.INFO):
        await _failure(connect(vendor, auth=AUTH), unsafe)
    assert caplog.records == []
