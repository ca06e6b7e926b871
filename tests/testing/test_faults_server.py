"""The server reads whole requests and answers them from its script, however odd the answer."""

from __future__ import annotations

import asyncio
import gc
import gzip
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from itertools import islice
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from helpdesk_bridge.testing import Answer, End, FaultProxy, FaultServer

from .conftest import REQUEST, Dial

pytestmark = pytest.mark.asyncio
BODY = b'{"id": 1}'


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


async def read(session: aiohttp.ClientSession, server: FaultServer) -> tuple[int, bytes]:
    async with session.get(server.url, allow_redirects=False) as response:
        return response.status, await response.read()


# -- requests ----------------------------------------------------------------------------------


async def test_requests_are_recorded_whole(session: aiohttp.ClientSession) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    async with FaultServer(path="/api") as server:
        headers = [("X-Key", "secret"), ("X-Two", "a"), ("X-Two", "b")]
        for data in (b"one two", parts()):
            async with session.post(f"{server.url}/t?token=secret", data=data, headers=headers):
                pass
        await session.get(server.url)
        first, chunked, last = server.requests
        assert first.body == chunked.body == b"one two"
        assert chunked.headers["transfer-encoding"] == "chunked"
        assert (first.method, first.target) == ("POST", "/api/t?token=secret")
        assert (first.headers["x-key"], first.headers["x-two"]) == ("secret", "a, b")
        assert (last.method, last.body) == ("GET", b"")
        assert (first.connection, last.connection, server.connections) == (1, 1, 1)
        assert "secret" not in repr(server.requests)
        assert "one two" not in repr(server.requests)


async def test_a_chunked_body_may_have_trailers(dial: Dial) -> None:
    async with FaultServer() as server:
        head = b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        client = await dial(server, head + b"3;x=y\r\nabc\r\n0\r\nDigest: 1\r\n\r\n" + REQUEST)
        await server.until(lambda: len(server.requests) == 2)
        assert [request.body for request in server.requests] == [b"abc", b"hello"]
        await client.close()


async def test_what_is_not_http_is_told_at_the_exit(dial: Dial) -> None:
    async def use() -> None:
        async with FaultServer() as server:
            await (await dial(server, b"hello\r\n\r\n")).rest()

    with pytest.raises(ValueError, match="not the head of an HTTP/1 message"):
        await use()


async def test_a_client_that_leaves_early_is_no_mistake(dial: Dial) -> None:
    async with FaultServer() as server:
        for data in (b"", REQUEST[:9], REQUEST[:-1]):
            await (await dial(server, data)).close()
        await server.until(lambda: server.connections == 3 and not server.open)
        assert server.requests == []


# -- scripts -----------------------------------------------------------------------------------


async def test_a_script_is_played_in_order_and_then_the_default(
    session: aiohttp.ClientSession,
) -> None:
    script = (Answer.of(201), lambda request: Answer.of(202, request.method.encode()))
    async with FaultServer(*script, default=Answer.no_content()) as server:
        server.plays(Answer.of(203))
        assert server.unplayed == 3
        statuses = [(await read(session, server))[0] for _ in range(5)]
        assert statuses == [201, 202, 203, 204, 204]
        assert server.unplayed == 0


async def test_a_callable_may_wait(dial: Dial) -> None:
    go = asyncio.Event()

    async def wait(request: object) -> Answer:
        await go.wait()
        return Answer(b"done", End.FIN)

    async with FaultServer(default=wait) as server:
        client = await dial(server, REQUEST)
        await server.until(lambda: server.requests)
        go.set()
        assert await client.rest() == (b"done", "FIN")


def mistaken(request: object) -> Answer:
    raise ZeroDivisionError


async def test_a_mistake_in_a_callable_is_raised_at_the_exit(dial: Dial) -> None:
    with pytest.raises(ZeroDivisionError):
        async with FaultServer(mistaken) as server:
            assert (await (await dial(server, REQUEST)).rest())[0] == b""


async def test_an_exception_of_the_test_is_not_replaced(dial: Dial) -> None:
    async def use() -> None:
        async with FaultServer(mistaken) as server:
            await (await dial(server, REQUEST)).rest()
            raise KeyError

    with pytest.raises(KeyError):
        await use()


async def test_an_early_answer_does_not_wait_for_the_body(dial: Dial) -> None:
    async with FaultServer(Answer.of(413), wait_for_body=False) as server:
        client = await dial(server, REQUEST[:-5])
        assert (await client.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 413 ")
        await client.send(REQUEST[-5:] + REQUEST)
        assert (await client.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        assert [request.body for request in server.requests] == [b"", b""]
        await client.close()


async def test_a_greeting_comes_before_any_request(dial: Dial) -> None:
    async with FaultServer(greeting=b"hello") as server:
        client = await dial(server)
        assert await client.read(5) == b"hello"


# -- answers -----------------------------------------------------------------------------------

GOOD: list[tuple[Answer, int, bytes, dict[str, str]]] = [
    (Answer.of(), 200, b"", {"Content-Length": "0"}),
    (Answer.json([1], 503, {"X": "y"}), 503, b"[1]", {"X": "y"}),
    (Answer.no_content(), 204, b"", {}),
    (Answer.redirect("/other", 307), 307, b"", {"Location": "/other"}),
    (Answer.too_many_requests("nan"), 429, b'{"message": "Too Many Requests"}', {}),
    (Answer.too_many_requests(7), 429, b'{"message": "Too Many Requests"}', {"Retry-After": "7"}),
    (Answer.json({"id": 1}).dripped(), 200, BODY, {"Content-Type": "application/json"}),
    (Answer.gzip_bomb(1_000_001), 200, bytes(1_000_001), {"Content-Encoding": "gzip"}),
]


@pytest.mark.parametrize(("answer", "status", "body", "headers"), GOOD)
async def test_well_formed_answers_leave_the_connection_open(
    session: aiohttp.ClientSession,
    answer: Answer,
    status: int,
    body: bytes,
    headers: dict[str, str],
) -> None:
    async with FaultServer(answer, answer) as server:
        for _ in range(2):
            async with session.get(server.url, allow_redirects=False) as response:
                assert (response.status, await response.read()) == (status, body)
                assert headers.items() <= dict(response.headers).items()
        assert server.connections == 1


async def test_pages_for_people_are_html(session: aiohttp.ClientSession) -> None:
    async with FaultServer(Answer.html(502), Answer.captive_portal()) as server:
        assert (await read(session, server))[0] == 502
        async with session.get(server.url) as response:
            assert (response.status, response.content_type) == (200, "text/html")
            assert "Sign in" in await response.text()


BROKEN: list[tuple[Answer, type[Exception]]] = [
    (Answer.truncated(BODY), aiohttp.ClientPayloadError),
    (Answer.bad_chunked(BODY), aiohttp.ClientError),  # which one depends on the packets
    (Answer.truncated_chunked(BODY), aiohttp.ClientPayloadError),
    (Answer.garbage(), aiohttp.ClientResponseError),
    (Answer.nothing(), aiohttp.ServerDisconnectedError),
    (Answer.nothing(End.RST), aiohttp.ClientOSError),
    (Answer.json({}).cut(20), aiohttp.ServerDisconnectedError),
    (Answer.endless_head(), aiohttp.ClientResponseError),
]


@pytest.mark.parametrize(("answer", "error"), BROKEN)
async def test_broken_answers_are_errors(
    session: aiohttp.ClientSession, answer: Answer, error: type[Exception]
) -> None:
    async with FaultServer(default=answer) as server:
        with pytest.raises(error):
            await read(session, server)


async def test_the_bytes_of_a_truncated_gzip_are_all_that_was_announced(dial: Dial) -> None:
    async with FaultServer(Answer.truncated_gzip(BODY)) as server:
        client = await dial(server, REQUEST)
        head = await client.reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        sent = await client.read(length)
        with pytest.raises(EOFError):
            gzip.decompress(sent)


@pytest.mark.parametrize("answer", [Answer.endless_body(), Answer.gzip_bomb()])
async def test_endless_answers_end_when_the_client_leaves(dial: Dial, answer: Answer) -> None:
    async with FaultServer(answer) as server:
        client = await dial(server, REQUEST)
        await client.read(30_000)
        await client.close()
        await server.until(lambda: not server.open)


async def test_a_gzip_bomb_is_small_before_it_is_decoded() -> None:
    pieces = Answer.gzip_bomb(100 * 1024**2).pieces()
    assert sum(len(piece) for piece in islice(pieces, 10_000)) < 200_000


@pytest.mark.parametrize(
    ("answer", "seen"),
    [(Answer.hang(), b""), (Answer.hang_after_head(), b"Content-Length: 9\r\n\r\n")],
)
async def test_a_hanging_answer_is_silent_until_released(
    dial: Dial, answer: Answer, seen: bytes
) -> None:
    async with FaultServer(answer) as server:
        client = await dial(server, REQUEST)
        await server.until(lambda: server.hanging)
        rest = asyncio.create_task(client.rest())
        for _ in range(20):
            await asyncio.sleep(0)
        assert not rest.done()
        server.release()
        got, how = await rest
        assert got.endswith(seen)
        assert how == "FIN"


@pytest.mark.parametrize("by", [End.FIN, End.RST])
async def test_a_cut_answer_is_exact(dial: Dial, by: End) -> None:
    whole = Answer.json({"id": 1})
    async with FaultServer() as server:
        for after in range(len(whole.data) + 1):
            server.plays(whole.cut(after, by))
            client = await dial(server, REQUEST)
            assert await client.rest() == (whole.data[:after], by.name)
            await client.close()


async def test_an_endless_answer_can_be_cut() -> None:
    assert list(islice(Answer.endless_body().cut(8).pieces(), 9)) == [b"HTTP/1.1"]


async def test_a_dripped_answer_pauses_after_each_piece(dial: Dial) -> None:
    pauses: list[int] = []

    async def pause() -> None:
        pauses.append(1)

    async with FaultServer(Answer(b"0123456789", End.FIN).dripped(4, pause)) as server:
        assert await (await dial(server, REQUEST)).rest() == (b"0123456789", "FIN")
        assert len(pauses) == 3


async def test_a_repr_shows_no_bytes() -> None:
    assert "secret" not in repr(Answer.of(200, b"secret"))


# -- a clean exit ------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [Answer.hang(), Answer.endless_body(), Answer.json({})])
async def test_nothing_is_left_at_the_exit(dial: Dial, answer: Answer) -> None:
    async with FaultServer(default=answer) as server:
        for _ in range(3):
            client = await dial(server, REQUEST)
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await server.until(lambda: len(server.requests) == 3)
        await dial(server)
    assert server.open == 0
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_nothing_is_left_after_cancellation(dial: Dial) -> None:
    async def use() -> Any:
        async with FaultServer(Answer.hang()) as server:
            await dial(server, REQUEST)
            await server.until(lambda: server.hanging)
            task.cancel()
            await asyncio.Event().wait()

    task = asyncio.create_task(use())
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == {asyncio.current_task()}


# -- TLS ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("there is no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [
            *(program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate


@pytest.mark.parametrize("by", [None, *End])
async def test_it_answers_over_tls_too_and_through_the_proxy(
    session: aiohttp.ClientSession, certified: tuple[ssl.SSLContext, Path], by: End | None
) -> None:
    context, certificate = certified
    trust = ssl.create_default_context(cafile=str(certificate))
    answer = Answer(Answer.of(200, b"a" * 200_000).data, by)
    server = FaultServer(default=answer, tls=context, path="/x")
    async with server, FaultProxy(server.url) as proxy:
        for url in (server.url, proxy.url):
            assert url.startswith("https://")
            async with session.post(url, data=b"b" * 200_000, ssl=trust) as response:
                assert await response.read() == b"a" * 200_000
        assert [len(request.body) for request in server.requests] == [200_000] * 2
        assert proxy.requests == []


async def test_a_tls_client_that_never_greets_does_not_stay(
    dial: Dial, certified: tuple[ssl.SSLContext, Path]
) -> None:
    async with FaultServer(tls=certified[0]) as server:
        await dial(server)
        await server.until(lambda: server.open)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_client_without_tls_is_no_mistake_and_no_noise(
    dial: Dial, certified: tuple[ssl.SSLContext, Path], caplog: pytest.LogCaptureFixture
) -> None:
    async with FaultServer(tls=certified[0]) as server:
        assert (await (await dial(server, REQUEST)).rest())[0] == b""
        await server.until(lambda: server.connections and not server.open)
        gc.collect()
    assert caplog.records == []
