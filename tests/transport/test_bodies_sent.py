"""The body of a request is built anew each time, and says what it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web

from helpdesk_bridge import errors
from helpdesk_bridge.transport import Handler, Operation, Part, Request, Response, Transport

Connect = Callable[..., Transport]
FILE = Part(name="file", content=b"\0\xff", filename="Prüfung ✓.pdf", mime_type="application/pdf")


@dataclass
class Kept:
    amount: float


async def twice(request: Request, handler: Handler) -> Response:
    await handler(request)
    return await handler(request)


def _without_boundary(seen: Any) -> bytes:
    boundary = seen.headers["Content-Type"].partition("boundary=")[2].strip('"').encode()
    return seen.body.replace(boundary, b"-") if boundary else seen.body  # type: ignore[no-any-return]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "body",
    [
        {"json": {"text": "ä"}},
        {"multipart": [Part(name="text", content="ä")]},
        {"multipart": [Part(name="text", content="ä"), FILE]},
    ],
    ids=["json", "text fields", "file"],
)
async def test_a_second_attempt_sends_the_same_body(
    connect: Connect, vendor: Any, unsafe: Operation, body: dict[str, Any]
) -> None:
    await connect(vendor, middlewares=[twice]).send(unsafe, "POST", ("t",), **body)
    first, second = map(_without_boundary, vendor.seen)
    assert first
    assert first == second


@pytest.mark.asyncio
async def test_json_goes_out_as_utf8_json(connect: Connect, vendor: Any, unsafe: Operation) -> None:
    await connect(vendor).send(unsafe, "POST", ("t",), json={"text": "ä\n✓"})
    assert vendor.seen[0].body == '{"text":"ä\\n✓"}'.encode()
    assert vendor.seen[0].headers["Content-Type"].startswith("application/json")


@pytest.mark.asyncio
@pytest.mark.parametrize("value", [{"x": object()}, {"x": "\ud800"}, {"x": 2**80}, {1: 2}])
async def test_what_json_cannot_say_is_refused_unsent(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any, value: Any
) -> None:
    error = await caught(connect(vendor).send(unsafe, "POST", ("t",), json=value))
    assert (type(error), vendor.seen) == (errors.InvalidArgument, [])
    assert (error.__context__, error.__cause__) == (None, None)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("value", "place"),
    [
        (float("nan"), "json"),
        ({"a": [1.5, {"b": float("inf")}]}, "json.a[1].b"),
        ({"a": ["x", float("-inf")]}, "json.a[1]"),
        ({"none": None, "a": float("nan")}, "json.a"),
        (Kept(float("nan")), "json.amount"),
    ],
)
async def test_what_is_no_number_is_refused_by_its_place_and_never_sent_as_null(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any, value: Any, place: str
) -> None:
    error = await caught(connect(vendor).send(unsafe, "POST", ("t",), json=value))
    assert (type(error), vendor.seen) == (errors.InvalidArgument, [])
    assert error.outcome is errors.Outcome.NOT_SENT
    assert place in str(error)


@pytest.mark.asyncio
async def test_nothing_and_the_word_null_are_sent(
    connect: Connect, vendor: Any, unsafe: Operation
) -> None:
    value = {"a": None, "b": [None, 1.5], "c": "null", "d": Kept(2.0)}
    await connect(vendor).send(unsafe, "POST", ("t",), json=value)
    assert vendor.seen[0].body == b'{"a":null,"b":[null,1.5],"c":"null","d":{"amount":2.0}}'


@pytest.mark.asyncio
async def test_a_request_without_a_body_has_none(
    connect: Connect, vendor: Any, unsafe: Operation
) -> None:
    await connect(vendor).send(unsafe, "POST", ("t",))
    assert vendor.seen[0].body == b""


async def _received(
    connect: Connect, web_server: Any, operation: Operation, parts: list[Part]
) -> list[tuple[str | None, str | None, str | None, bytes]]:
    got: list[tuple[str | None, str | None, str | None, bytes]] = []

    async def answer(request: web.Request) -> web.Response:
        async for part in await request.multipart():
            got.append(
                (part.name, part.filename, part.headers.get("Content-Type"), await part.read())
            )
        return web.json_response({})

    app = web.Application()
    app.router.add_post("/t", answer)
    transport = connect(await web_server(app))
    await transport.send(operation, "POST", ("t",), multipart=parts)
    return got


@pytest.mark.asyncio
async def test_text_fields_alone_are_real_multipart(
    connect: Connect, web_server: Any, unsafe: Operation
) -> None:
    parts = [Part(name="text", content="grüße\r\n--x"), Part(name="type", content="note")]
    got = await _received(connect, web_server, unsafe, parts)
    assert [(name, filename, body.decode()) for name, filename, _, body in got] == [
        ("text", None, "grüße\r\n--x"),
        ("type", None, "note"),
    ]


@pytest.mark.asyncio
async def test_a_file_arrives_with_its_type_and_bytes(
    connect: Connect, web_server: Any, unsafe: Operation
) -> None:
    got = await _received(connect, web_server, unsafe, [FILE])
    assert got == [("file", "Prüfung ✓.pdf", "application/pdf", b"\0\xff")]


@pytest.mark.asyncio
async def test_a_file_name_travels_in_utf8(
    connect: Connect, vendor: Any, unsafe: Operation
) -> None:
    await connect(vendor).send(unsafe, "POST", ("t",), multipart=[FILE])
    assert 'filename="Prüfung ✓.pdf"'.encode() in vendor.seen[0].body


@pytest.mark.asyncio
async def test_a_quote_in_a_file_name_does_not_end_it(
    connect: Connect, vendor: Any, unsafe: Operation
) -> None:
    part = Part(name="file", content=b"x", filename='a"; name="evil')
    await connect(vendor).send(unsafe, "POST", ("t",), multipart=[part])
    assert rb'name="file"; filename="a\"; name=\"evil"' in vendor.seen[0].body


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "part",
    [
        Part(name="a\r\nX: y", content="x"),
        Part(name="a", content=b"x", filename="a\r\nX: y"),
        Part(name="a", content=b"x", filename="a\0b"),
        Part(name="a", content=b"x", filename="a", mime_type="text/plain\r\nX: y"),
        Part(name="a", content=b"x", filename=7),  # type: ignore[arg-type]
        Part(name="a", content="\ud800"),
        Part(name="a", content=b"x", filename="\ud800"),
    ],
)
async def test_a_part_that_cannot_be_put_into_http_is_refused_unsent(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any, part: Part
) -> None:
    error = await caught(connect(vendor).send(unsafe, "POST", ("t",), multipart=[part]))
    assert (type(error), vendor.seen) == (errors.InvalidArgument, [])
