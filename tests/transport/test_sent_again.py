"""Sending again over real sockets: which requests, with which body, and what is said of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from helpdesk_bridge import Helpdesk, errors
from helpdesk_bridge import connect as open_desk
from helpdesk_bridge.errors import Outcome
from helpdesk_bridge.secret import Secret
from helpdesk_bridge.transport import (
    Explanation,
    Handler,
    HeaderAuth,
    Operation,
    Part,
    Request,
    Response,
    SessionAuth,
    TokenProvider,
    Transport,
    clock,
)

Connect = Callable[..., Transport]
THREE = {"max_attempts": 3}


@pytest.fixture(params=["read", "idempotent"])
def safe(request: pytest.FixtureRequest) -> Operation:
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [408, 429, 499, 500, 502, 503, 504])
async def test_what_may_pass_by_itself_is_asked_again(
    connect: Connect, vendor: Any, safe: Operation, status: int, pauses: list[float]
) -> None:
    vendor.answers(status)
    vendor.answers(status)
    response = await connect(vendor, **THREE).send(safe, "PUT", ("t",), json={"a": 1})
    assert (response.status, len(vendor.seen)) == (200, 3)
    assert len(pauses) >= 2


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "played",
    [b"", b"HTTP/1.1 200 X\r\n", b"HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\n{}"],
    ids=["dropped", "cut in the head", "cut in the body"],
)
async def test_a_lost_answer_is_asked_for_again(
    connect: Connect, vendor: Any, safe: Operation, played: bytes
) -> None:
    vendor.plays(played)
    response = await connect(vendor, **THREE).send(safe, "GET", ("t",))
    assert (response.json(), len(vendor.seen)) == ({}, 2)


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409, 422, 501])
async def test_a_plain_no_is_not_asked_again(
    connect: Connect, vendor: Any, idempotent: Operation, caught: Any, status: int
) -> None:
    vendor.answers(status)
    error = await caught(connect(vendor, **THREE).send(idempotent, "PUT", ("t",), json={}))
    assert (error.status, error.attempts, len(vendor.seen)) == (status, 1, 1)


@pytest.mark.asyncio
async def test_a_web_page_is_not_asked_for_again(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    vendor.answers(200, b"<html>", {"Content-Type": "text/html"})
    response = await connect(vendor, **THREE).send(read, "GET", ("t",))
    with pytest.raises(errors.ProtocolError):
        response.json()
    assert len(vendor.seen) == 1


@pytest.mark.asyncio
async def test_an_unsafe_write_is_sent_again_after_429(
    connect: Connect, vendor: Any, unsafe: Operation
) -> None:
    vendor.answers(429, headers={"Retry-After": "1"})
    response = await connect(vendor, **THREE).send(unsafe, "POST", ("t",), json={"a": 1})
    assert (response.status, len(vendor.seen)) == (200, 2)


@pytest.mark.asyncio
async def test_an_unsafe_write_is_sent_again_after_a_refused_connection(
    connect: Connect, vendors: Any, unsafe: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = vendors()
    await vendor.start()
    port, vendor.port = vendor.port, 0
    await vendor.stop()

    async def comes_back(_: float) -> None:
        vendor._server = await asyncio.start_server(vendor._connected, "127.0.0.1", port)
        vendor.port = port

    monkeypatch.setattr(clock, "pause", comes_back)
    transport = connect(f"http://127.0.0.1:{port}", **THREE)
    response = await transport.send(unsafe, "POST", ("t",), json={"a": 1})
    assert (response.status, len(vendor.seen)) == (200, 1)


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [408, 499, 500, 502, 503, 504, None])
async def test_an_unsafe_write_in_doubt_is_never_sent_again(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any, status: int | None
) -> None:
    if status is None:
        vendor.drops()
    else:
        vendor.answers(status, headers={"Retry-After": "0"})
    error = await caught(connect(vendor, **THREE).send(unsafe, "POST", ("t",), json={}))
    assert (type(error), len(vendor.seen)) == (errors.OutcomeUnknown, 1)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "body",
    [
        {"json": {"text": "Grüße" * 1000}},
        {"form": [("a", "b&c")]},
        {
            "multipart": [
                Part(name="text", content="Hi"),
                Part(name="file", content=b"\x00\xff" * 50_000, filename="a.bin"),
            ]
        },
    ],
    ids=["json", "form", "multipart"],
)
async def test_the_second_attempt_carries_the_same_bytes(
    connect: Connect, vendor: Any, idempotent: Operation, body: dict[str, Any]
) -> None:
    vendor.drops()
    await connect(vendor, **THREE).send(idempotent, "PUT", ("t",), **body)
    first, second = (_without_boundary(seen) for seen in vendor.seen)
    assert len(first) > 5
    assert first == second


def _without_boundary(seen: Any) -> bytes:
    _, _, boundary = seen.headers["Content-Type"].partition("boundary=")
    body: bytes = seen.body
    return body.replace(boundary.encode(), b"--") if boundary else body


@pytest.mark.asyncio
@pytest.mark.parametrize(("max_attempts", "requests"), [(1, 1), (2, 2), (3, 2)])
async def test_a_dropped_put_is_sent_as_often_as_we_say_and_no_more(
    connect: Connect, vendor: Any, idempotent: Operation, max_attempts: int, requests: int
) -> None:
    vendor.drops()
    call = connect(vendor, max_attempts=max_attempts).send(idempotent, "PUT", ("t",), json={})
    await asyncio.gather(call, return_exceptions=True)
    assert len(vendor.seen) == requests


@pytest.mark.asyncio
async def test_a_vendor_that_stays_dead_is_asked_as_often_as_we_say(
    connect: Connect, vendor: Any, idempotent: Operation, caught: Any
) -> None:
    for _ in range(5):
        vendor.drops()
    error = await caught(connect(vendor, **THREE).send(idempotent, "PUT", ("t",), json={}))
    assert (type(error), error.attempts, len(vendor.seen)) == (errors.VendorUnavailable, 3, 3)


@pytest.mark.asyncio
async def test_a_write_refused_after_a_lost_answer_stays_in_doubt(
    connect: Connect, vendor: Any, idempotent: Operation, caught: Any
) -> None:
    vendor.drops()
    vendor.answers(404)
    error = await caught(connect(vendor, **THREE).send(idempotent, "DELETE", ("t",)))
    assert (type(error), error.outcome) == (errors.NotFound, Outcome.UNKNOWN)


@pytest.mark.asyncio
async def test_the_opening_of_a_download_is_asked_for_again(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    vendor.answers(503)
    vendor.drops()
    vendor.answers(200, b"file", {"Content-Type": "text/plain"})
    async with connect(vendor, **THREE, concurrency=1).stream(read, ("f",)) as chunks:
        assert b"".join([chunk async for chunk in chunks]) == b"file"
    assert len(vendor.seen) == 3


@pytest.mark.asyncio
async def test_a_download_that_ends_early_is_not_begun_again(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    vendor.answers(200, b"fi", {"Content-Type": "text/plain"}, length=4)
    async with connect(vendor, **THREE).stream(read, ("f",)) as chunks:
        with pytest.raises(errors.TruncatedBody):
            assert [chunk async for chunk in chunks] == []
    assert len(vendor.seen) == 1


@pytest.mark.asyncio
async def test_a_session_is_renewed_and_the_request_still_sent_again(
    connect: Connect, vendor: Any, unsafe: Operation
) -> None:
    tokens = iter(["first", "second", "third"])

    async def fetch() -> str:
        return next(tokens)

    vendor.answers(429, headers={"Retry-After": "1"})
    vendor.answers(401)
    vendor.answers(429, headers={"Retry-After": "1"})
    transport = connect(vendor, auth=SessionAuth(provider=TokenProvider(fetch)), **THREE)
    assert (await transport.send(unsafe, "POST", ("t",), json={})).status == 200
    sent = [seen.headers["Authorization"] for seen in vendor.seen]
    assert sent == ["Bearer first", "Bearer first", "Bearer second", "Bearer second"]


@pytest.mark.asyncio
async def test_a_users_middleware_sees_one_request_whatever_its_attempts(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    seen: list[int] = []

    async def mine(request: Request, handler: Handler) -> Response:
        seen.append(request.progress.attempts)
        response = await handler(request)
        seen.append(request.progress.attempts)
        return response

    vendor.answers(500)
    vendor.drops()
    await connect(vendor, middlewares=[mine], **THREE).send(read, "GET", ("t",))
    assert seen == [0, 3]


@pytest.mark.asyncio
async def test_what_is_logged_of_a_repetition_holds_no_address_and_no_secret(
    connect: Connect, vendor: Any, read: Operation, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "helpdesk_bridge")
    vendor.answers(429, b'{"message": "canary-body"}', {"Retry-After": "7"})
    vendor.drops()
    auth = HeaderAuth({"Authorization": Secret("canary-token")})

    def said(_: Response) -> Explanation:
        return Explanation(message="canary-said", code="canary-code")

    transport = connect(vendor, auth=auth, **THREE, explain=said)
    await transport.send(
        read, "GET", ("path",), query=[("q", "canary-query")], headers={"X": "canary-head"}
    )
    again = [record for record in caplog.records if record.levelno == logging.INFO]
    assert [record.getMessage().split(" [")[0] for record in again[:1]] == [
        "list_tickets: RateLimited after 1 requests, trying again in 7.0 s"
    ]
    assert len(again) == 2
    text = " ".join(record.getMessage() + repr(record.args) for record in caplog.records)
    assert "canary" not in text
    assert str(vendor.port) not in text


@pytest.mark.asyncio
@pytest.mark.parametrize("second", [204, 404])
async def test_a_ticket_whose_deletion_was_answered_only_the_second_time_is_deleted(
    vendor: Any, second: int
) -> None:
    table = {"adapter": "airclou", "api_key": "k", "workspace_id": "w", "base_url": vendor.url}
    vendor.drops()
    vendor.answers(second, b"")
    async with _desk(table) as desk:
        await desk.delete_ticket("tkt_482")
    assert [seen.method for seen in vendor.seen] == ["DELETE", "DELETE"]


@pytest.mark.asyncio
async def test_a_ticket_that_was_never_there_is_not_deleted(vendor: Any) -> None:
    table = {"adapter": "airclou", "api_key": "k", "workspace_id": "w", "base_url": vendor.url}
    vendor.answers(404, b"")
    async with _desk(table) as desk:
        with pytest.raises(errors.NotFound):
            await desk.delete_ticket("tkt_482")


def _desk(table: dict[str, Any]) -> Helpdesk:
    return open_desk(config={"desks": {"support": table}})
