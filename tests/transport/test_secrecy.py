"""No credential, header, query or body is in an error, in what hangs on it, or in a log line."""

from __future__ import annotations

import logging
import pickle
import re
import socket
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from helpdesk_bridge import errors
from helpdesk_bridge.secret import Secret
from helpdesk_bridge.transport import (
    Explanation,
    HeaderAuth,
    Operation,
    Part,
    Request,
    Response,
    Transport,
)
from helpdesk_bridge.transport.body import JsonBody
from helpdesk_bridge.transport.redaction import Quoted

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
    """Yield an error and what hangs on it, but for the cleaned cause, which ``_shown`` shows."""
    while error is not None:
        if not isinstance(error, errors.Cause):
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
async def test_a_request_that_goes_well_logs_one_line_of_names_and_figures(
    connect: Connect, vendor: Any, unsafe: Operation, caplog: pytest.LogCaptureFixture
) -> None:
    vendor.plays(_answer(200, body=f'"{CANARY}"'.encode()))
    with caplog.at_level(logging.DEBUG):
        await connect(vendor, auth=AUTH).send(
            unsafe, "POST", ("t",), query=[("q", CANARY)], json={"text": CANARY}
        )
    (record,) = [one for one in caplog.records if one.name.startswith("helpdesk_bridge")]
    assert re.fullmatch(
        r"reply on support: attempt 1, POST /t, status 200, done, \d+ ms \[-\]", record.getMessage()
    )
    assert (CANARY in caplog.text, "127.0.0.1" in record.getMessage()) == (False, False)


@pytest.mark.asyncio
async def test_nothing_is_logged_above_debug(
    connect: Connect, vendor: Any, unsafe: Operation, caplog: pytest.LogCaptureFixture
) -> None:
    vendor.drops()
    with caplog.at_level(logging.INFO):
        await _failure(connect(vendor, auth=AUTH), unsafe)
    assert caplog.records == []


@pytest.mark.asyncio
async def test_each_attempt_is_a_line_and_each_repetition_one_above_it(
    connect: Connect, vendor: Any, read: Operation, caplog: pytest.LogCaptureFixture
) -> None:
    vendor.plays(_answer(503))
    vendor.plays(b"")
    with caplog.at_level(logging.DEBUG, "helpdesk_bridge"):
        await connect(vendor, max_attempts=3).send(
            read, "GET", ("contacts", "li@customer.example"), query=[("q", CANARY)]
        )
    records = [one for one in caplog.records if one.name.startswith("helpdesk_bridge")]
    assert [one.levelname for one in records] == ["DEBUG", "INFO", "DEBUG", "INFO", "DEBUG"]
    lines = [re.sub(r"\d+ ms", "0 ms", one.getMessage()) for one in records[::2]]
    begin = "list_tickets on support: attempt"
    assert lines == [
        f"{begin} 1, GET /contacts/<address>, status 503, VendorUnavailable (unknown), 0 ms [-]",
        f"{begin} 2, GET /contacts/<address>, status -, VendorUnavailable (unknown), 0 ms [-]",
        f"{begin} 3, GET /contacts/<address>, status 200, done, 0 ms [-]",
    ]


QUOTES = {
    # what a vendor says of a request with these words in it, and what is shown of it
    "the text": ("text 'I am ill since May, and' is too long", "text '<redacted>' is too long"),
    "a piece of it": ("near 'since May, and' ", "near '<redacted>'"),
    "in markup": ("<p>I am ill since May, and tired.</p>", "<p><redacted></p>"),
    "a name": ("Ines Okafor is blocked", "<redacted> is blocked"),
    "a short name": ("contact Okaf is blocked", "contact <redacted> is blocked"),
    "two quotations": ("'I am ill since', 'since May, and'", "'<redacted>', '<redacted>'"),
    "lines": ("I am ill\nsince May", "<redacted>"),
    "a query": ("no match for kanarienvogel", "no match for <redacted>"),
    "a key": ("the key geheim-1 is revoked", "the key <redacted> is revoked"),
    "vocabulary": ("closed is no status", "closed is no status"),
    "nothing": ("The ticket is not open.", "The ticket is not open."),
}
WORDS = {
    "body": ["I am ill since May,\n and tired.", {"status": "closed"}],
    "name": "Ines Okafor",
    "agent": "Okaf",
    "size": 12,
}


@pytest.mark.asyncio
@pytest.mark.parametrize("quote", QUOTES)
@pytest.mark.parametrize("form", ["json", "form", "multipart"])
async def test_what_a_vendor_quotes_of_the_request_is_struck_out(
    connect: Connect, vendor: Any, unsafe: Operation, quote: str, form: str
) -> None:
    said, shown = QUOTES[quote]
    pairs = [
        ("body", WORDS["body"][0]),
        ("status", "closed"),
        ("name", "Ines Okafor"),
        ("a", "Okaf"),
    ]
    bodies: dict[str, Any] = {
        "json": WORDS,
        "form": pairs,
        "multipart": [Part(name=name, content=value) for name, value in pairs],
    }
    transport = connect(
        vendor,
        auth=HeaderAuth({"Authorization": Secret("Key geheim-1")}),
        explain=lambda _: Explanation(message=said, code=None, fields={"body": (said,)}),
    )
    vendor.plays(_answer(422))
    with pytest.raises(errors.ValidationFailed) as info:
        await transport.send(unsafe, "POST", ("t",), query=[("q", CANARY)], **{form: bodies[form]})
    assert f"({shown})" in str(info.value)
    assert info.value.fields == {"body": (shown,)}


def test_a_quotation_from_a_large_file_is_looked_for_in_its_beginning_only(
    unsafe: Operation,
) -> None:
    """A file of many megabytes must not hold up the event loop when the vendor refuses it."""
    assert len(Quoted.of(_request(unsafe, "x" * 10**7)).said or "") == 64 * 1024


def _request(operation: Operation, text: str) -> Request:
    return Request(operation=operation, method="POST", path=("t",), body=JsonBody({"file": text}))
