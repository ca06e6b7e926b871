"""A connection gives one answer to one request; nothing else that comes on it is an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from unittest.mock import Mock

import aiohttp
import pytest
from aiohttp.streams import EMPTY_PAYLOAD
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_bridge import errors
from helpdesk_bridge.errors import Outcome, Reason
from helpdesk_bridge.transport import Operation, Transport
from helpdesk_bridge.transport.http.one_answer import MAX_INTERIM, OneAnswer

Connect = Callable[..., Transport]

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
TWO = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

#: Whole answers: their bytes, and the body that each has.
ANSWERS: dict[str, tuple[bytes, bytes]] = {
    "a length": (b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{\n\r\n\r\n}\n", b"{\n\r\n\r\n}\n"),
    "no byte": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
    "no content": (b"HTTP/1.1 204 No\r\n\r\n", b""),
    "no content of a length": (b"HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\n", b""),
    "not modified": (b"HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n", b""),
    "line feeds only": (b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}", b"{}"),
    "blank lines before": (b"\r\n\r\n" + TWO, b"{}"),
    "chunks": (
        CHUNKED + b"2\r\n\r\n\r\nA;x=y\r\n0123456789\r\n1 \r\n\n\r\n0\r\n\r\n",
        b"\r\n0123456789\n",
    ),
    "trailers": (
        CHUNKED + b"2\r\n{}\r\n0\r\nX: y\r\nZ: z\r\n\r\n",
        b"{}",
    ),
    "no chunk": (CHUNKED + b"0\r\n\r\n", b""),
    "hints before": (
        b"HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 103 E\r\nLink: x\r\n\r\n" + TWO,
        b"{}",
    ),
    "the last one": (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", b"{}"),
}
SURPLUS = {
    "a whole answer": b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"id": 6}',
    "half an answer": b"HTTP/1.1 200 OK\r\nCont",
    "a letter": b"H",
    "an object": b'{"id": 6}',
    "a chunk": b"5\r\nhello\r\n0\r\n\r\n",
    "garbage": b"\x16\x03\x01\0\xff",
    "a line": b"\r\n",
}
CUTS = st.lists(st.integers(0, 300), max_size=6)


async def _taken(data: bytes, cuts: list[int]) -> tuple[OneAnswer, list[tuple[int, bytes]]]:
    """Return a connection that got ``data`` in pieces, and the answers that it gives."""
    protocol = OneAnswer(asyncio.get_running_loop())
    wire = Mock(is_closing=Mock(return_value=False))
    wire.close = Mock(side_effect=lambda: wire.is_closing.configure_mock(return_value=True))
    protocol.connection_made(wire)
    protocol.set_response_params(read_until_eof=True, auto_decompress=False)
    protocol.start_timeout()  # as aiohttp does when the request is written
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    for begin, end in pairwise(edges):
        if end > begin:
            protocol.data_received(data[begin:end])
    answers = []
    while protocol._buffer:
        message, payload = await protocol.read()
        if message.code >= 200:
            body = b"" if payload is EMPTY_PAYLOAD else payload.read_nowait()
            answers.append((message.code, body))
    return protocol, answers


@pytest.mark.parametrize("case", ANSWERS)
@settings(max_examples=60)
@given(cuts=CUTS)
def test_an_answer_is_whole_and_its_connection_stays_good_however_it_is_cut(
    case: str, cuts: list[int]
) -> None:
    raw, body = ANSWERS[case]
    protocol, answers = asyncio.run(_taken(raw, cuts))
    assert [found for _, found in answers] == [body]
    assert protocol.should_close is (case == "the last one")


@pytest.mark.parametrize("case", ANSWERS)
@settings(max_examples=60)
@given(cuts=CUTS, surplus=st.sampled_from([*SURPLUS.values()]) | st.binary(min_size=1, max_size=40))
def test_whatever_comes_behind_an_answer_is_dropped_and_the_connection_is_of_no_more_use(
    case: str, cuts: list[int], surplus: bytes
) -> None:
    raw, body = ANSWERS[case]
    protocol, answers = asyncio.run(_taken(raw + surplus, cuts))
    assert [found for _, found in answers] == [body]
    assert protocol.should_close
    assert not protocol.is_connected()


@given(st.binary(max_size=60), CUTS)
def test_bytes_of_any_kind_are_at_most_one_answer(tail: bytes, cuts: list[int]) -> None:
    for head in (b"", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"):
        _, answers = asyncio.run(_taken(head + tail, cuts))
        assert len(answers) <= 1


@pytest.mark.asyncio
@pytest.mark.parametrize("case", [name for name in ANSWERS if name != "the last one"])
async def test_a_connection_with_a_proper_answer_is_kept(
    connect: Connect, vendor: Any, read: Operation, caught: Any, case: str
) -> None:
    vendor.plays(ANSWERS[case][0], close=False)
    transport = connect(vendor)
    if case == "not modified":
        await caught(transport.send(read, "GET", ("one",)))
    else:
        assert (await transport.send(read, "GET", ("one",))).content == ANSWERS[case][1]
    await transport.send(read, "GET", ("two",))
    assert [seen.connection for seen in vendor.seen] == [1, 1]


@pytest.mark.asyncio
@pytest.mark.parametrize("surplus", SURPLUS)
@pytest.mark.parametrize("case", ["a length", "no content", "chunks"])
async def test_the_next_read_has_a_connection_of_its_own(
    connect: Connect, vendor: Any, read: Operation, case: str, surplus: str
) -> None:
    vendor.plays(ANSWERS[case][0] + SURPLUS[surplus], close=False)
    vendor.answers(body=b'{"id": 2}')
    transport = connect(vendor)
    assert (await transport.send(read, "GET", ("one",))).content == ANSWERS[case][1]
    assert (await transport.send(read, "GET", ("two",))).json() == {"id": 2}
    assert [seen.connection for seen in vendor.seen] == [1, 2]


@pytest.mark.asyncio
async def test_a_body_behind_the_answer_to_a_head_is_dropped(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    vendor.plays(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", close=False)
    vendor.answers(body=b'{"id": 2}')
    transport = connect(vendor)
    assert (await transport.send(read, "HEAD", ("one",))).content == b""
    assert (await transport.send(read, "GET", ("two",))).json() == {"id": 2}
    assert [seen.connection for seen in vendor.seen] == [1, 2]


@pytest.mark.asyncio
async def test_what_is_no_http_on_a_kept_connection_is_tried_again_on_another(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    transport = connect(vendor, max_attempts=3)
    await transport.send(read, "GET", ("one",))
    vendor.plays(b"garbage of the answer before\r\n\r\n")
    vendor.answers(body=b'{"id": 2}')
    assert (await transport.send(read, "PUT", ("two",))).json() == {"id": 2}
    assert [seen.connection for seen in vendor.seen] == [1, 1, 2]


@pytest.mark.asyncio
@pytest.mark.parametrize("effect", ["unsafe", "idempotent"])
async def test_every_write_has_a_connection_that_no_other_request_has(
    connect: Connect, vendor: Any, read: Operation, request: pytest.FixtureRequest, effect: str
) -> None:
    write = request.getfixturevalue(effect)
    transport = connect(vendor, max_attempts=3)
    await transport.send(read, "GET", ("one",))
    for method in ("PUT", "DELETE"):
        await transport.send(write, method, ("one",))
    await transport.send(read, "GET", ("one",))
    assert [seen.connection for seen in vendor.seen] == [1, 2, 3, 1]


@pytest.mark.asyncio
async def test_what_is_no_http_on_a_new_connection_is_not_tried_again(
    connect: Connect, vendor: Any, read: Operation, caught: Any
) -> None:
    vendor.plays(b"SSH-2.0-OpenSSH_9.9\r\n")
    error = await caught(connect(vendor, max_attempts=3).send(read, "GET", ("one",)))
    assert (error.reason, error.retryable, len(vendor.seen)) == (Reason.BAD_HTTP, False, 1)


@pytest.mark.asyncio
async def test_a_second_attempt_does_not_take_one_of_the_kept_connections(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    transport = connect(vendor, max_attempts=3)
    await asyncio.gather(*(transport.send(read, "GET", ("t",)) for _ in range(4)))
    kept = vendor.connections
    vendor.drops()
    await transport.send(read, "GET", ("again",))
    assert vendor.seen[-2].connection <= kept < vendor.seen[-1].connection


@pytest.mark.asyncio
@pytest.mark.parametrize("effect", ["read", "unsafe"])
async def test_a_host_that_speaks_before_it_is_asked_gets_no_request(
    connect: Connect,
    vendor: Any,
    caught: Any,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    effect: str,
) -> None:
    real = aiohttp.TCPConnector.connect

    async def greeted(self: Any, *given: Any) -> Any:
        connection = await real(self, *given)
        assert connection.protocol is not None
        connection.protocol.data_received(b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"id": 6}')
        return connection

    monkeypatch.setattr(aiohttp.TCPConnector, "connect", greeted)
    sending = connect(vendor).send(request.getfixturevalue(effect), "POST", ("t",), json={})
    error = await caught(sending)
    assert (type(error), error.outcome) == (errors.ConnectFailed, Outcome.NOT_SENT)
    assert "base_url" in str(error)
    assert vendor.seen == []


@pytest.mark.asyncio
async def test_a_write_gets_bytes_that_are_no_answer_and_is_sent_once(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any
) -> None:
    for surplus in SURPLUS.values():
        vendor.plays(surplus)
        sending = connect(vendor, max_attempts=3, read_gap=5.0).send(
            unsafe, "POST", ("t",), json={}
        )
        if surplus.startswith(b"HTTP/1.1 200 OK\r\nContent-Length"):
            await sending  # nothing tells it from the answer
        else:
            assert type(await caught(sending)) is errors.OutcomeUnknown
    assert len(vendor.seen) == len(SURPLUS)


@pytest.mark.asyncio
async def test_interim_answers_without_end_are_an_error(
    connect: Connect, vendor: Any, read: Operation, unsafe: Operation, caught: Any
) -> None:
    early = b"HTTP/1.1 102 Processing\r\n\r\n"
    vendor.plays(early * MAX_INTERIM + ANSWERS["a length"][0], close=False)
    assert (await connect(vendor).send(read, "GET", ("t",))).status == 200
    for operation, kind in ((read, errors.ProtocolError), (unsafe, errors.OutcomeUnknown)):
        vendor.plays(early * 5000)
        error = await caught(connect(vendor, max_attempts=3).send(operation, "POST", ("t",)))
        assert (type(error), error.reason) == (kind, Reason.BAD_HTTP)
        assert "interim" in str(error)
    assert len(vendor.seen) == 3
