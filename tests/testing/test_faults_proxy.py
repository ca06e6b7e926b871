"""The proxy passes every byte, and breaks what it is told to break at exactly that byte."""

from __future__ import annotations

import asyncio
import socket
import struct

import aiohttp
import pytest

from helpdesk_bridge.testing import (
    Answer,
    Cut,
    Drip,
    End,
    FaultProxy,
    FaultServer,
    Hold,
    Insert,
    Side,
    refused_url,
)
from helpdesk_bridge.testing.faults.loopback import Wire

from .conftest import ANSWER, REQUEST, Dial, Upstream

pytestmark = pytest.mark.asyncio
ENDS = (End.FIN, End.RST)


# -- what passes -----------------------------------------------------------------------------


async def test_without_a_plan_every_byte_passes_both_ways(upstream: Upstream, dial: Dial) -> None:
    anything = bytes(range(256)) * 2000
    async with FaultProxy(upstream.url) as proxy:
        client = await dial(proxy, anything + REQUEST)
        assert await client.read(len(ANSWER)) == ANSWER
        assert bytes(upstream.heard[0]) == anything + REQUEST
        assert not client.reader.at_eof()


async def test_the_ends_of_connections_pass(upstream: Upstream, dial: Dial) -> None:
    async with FaultProxy(upstream.url) as proxy:
        client = await dial(proxy, b"abc")
        client.writer.write_eof()
        assert await client.rest() == (b"", "FIN")
        broken = await dial(proxy, b"abc")
        await upstream.until(lambda: len(upstream.heard) == 2)
        raw = broken.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await broken.close()
        await upstream.until(lambda: upstream.open == 0)
        assert upstream.ends == ["FIN", "RST"]
        upstream.then = End.RST
        client = await dial(proxy, REQUEST)
        assert await client.rest() == (ANSWER, "RST")


async def test_an_upstream_that_is_not_there_is_a_reset(dial: Dial) -> None:
    with refused_url() as url:
        async with FaultProxy(url) as proxy:
            client = await dial(proxy, REQUEST)
            assert await client.rest() == (b"", "RST")


async def test_it_counts_what_passed_by_connection_and_by_request(
    upstream: Upstream, dial: Dial
) -> None:
    async with FaultProxy(upstream.url) as proxy:
        client = await dial(proxy, REQUEST)
        await client.read(len(ANSWER))
        await client.send(REQUEST)
        await client.read(len(ANSWER))
        await client.close()
        other = await dial(proxy, b"GET /tickets HTTP/1.1\r\nAuthorization: secret\r\n\r\n")
        await proxy.until(lambda: len(proxy.requests) == 3)
        assert [(link.request_bytes, link.answer_bytes) for link in proxy.links[:1]] == [
            (2 * len(REQUEST), 2 * len(ANSWER))
        ]
        first, second, third = proxy.requests
        for one in (first, second):
            assert (one.request_bytes, one.answer_bytes) == (len(REQUEST), len(ANSWER))
            assert (one.method, one.target, one.connection) == ("POST", "/reply", 1)
        assert (third.method, third.connection) == ("GET", 2)
        assert third.headers == {"authorization": "secret"}
        assert "secret" not in repr(proxy.links)
        await other.close()


async def test_its_address_is_the_upstreams_with_its_own_port() -> None:
    async with FaultProxy("https://127.0.0.1:1/api/v1") as proxy:
        assert proxy.url == f"https://127.0.0.1:{proxy.port}/api/v1"
    with pytest.raises(ValueError, match="host and a port"):
        FaultProxy("https://vendor.example/api")


# -- cuts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ENDS)
@pytest.mark.parametrize("to_upstream", ENDS)
async def test_a_cut_request_reaches_the_upstream_to_exactly_that_byte(
    upstream: Upstream, dial: Dial, by: End, to_upstream: End
) -> None:
    async with FaultProxy(upstream.url) as proxy:
        for after in range(len(REQUEST) + 1):
            upstream.heard.clear()
            upstream.ends.clear()
            proxy.clear()
            proxy.plan(Cut(Side.REQUEST, after, by=by, upstream=to_upstream))
            client = await dial(proxy, REQUEST)
            assert await client.rest() == (b"", by.name)
            await client.close()
            await upstream.until(lambda: upstream.connections and upstream.open == 0)
            assert bytes(upstream.heard[0]) == REQUEST[:after]
            assert upstream.ends == [to_upstream.name]
            link = proxy.links[0]
            assert (link.request_bytes, link.answer_bytes) == (after, 0)
            assert len(link.faults) == 1
            assert proxy.planned == 0


@pytest.mark.parametrize("by", ENDS)
async def test_a_cut_answer_reaches_the_client_to_exactly_that_byte(
    upstream: Upstream, dial: Dial, by: End
) -> None:
    async with FaultProxy(upstream.url) as proxy:
        for after in range(len(ANSWER) + 1):
            upstream.heard.clear()
            proxy.plan(Cut(Side.ANSWER, after, by=by))
            client = await dial(proxy, REQUEST)
            assert await client.rest() == (ANSWER[:after], by.name)
            await client.close()
            assert bytes(upstream.heard[0]) == REQUEST
            link = proxy.links[-1]
            assert (link.request_bytes, link.answer_bytes) == (len(REQUEST), after)


@pytest.mark.parametrize("side", Side)
async def test_the_vendor_has_acted_before_the_client_notices(dial: Dial, side: Side) -> None:
    acted = []
    go = asyncio.Event()

    async def act(request: object) -> Answer:
        await go.wait()
        acted.append(request)
        return Answer.json({"id": 1})

    async with FaultServer(act) as server, FaultProxy(server.url) as proxy:
        proxy.plan(Cut(side, len(REQUEST) if side is Side.REQUEST else 0))
        noticed = asyncio.create_task((await dial(proxy, REQUEST)).rest())
        await server.until(lambda: server.requests)
        for _ in range(20):
            await asyncio.sleep(0)
        assert not noticed.done()
        go.set()
        assert await noticed == (b"", "FIN")
        assert len(acted) == 1


@pytest.mark.parametrize("size", [9_000_000])
async def test_a_reset_loses_nothing_of_what_was_to_arrive(
    upstream: Upstream, dial: Dial, size: int
) -> None:
    upstream.answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"a" * size
    async with FaultProxy(upstream.url) as proxy:
        proxy.plan(Cut(Side.ANSWER, size - 1, by=End.RST))
        client = await dial(proxy, REQUEST)
        await proxy.until(lambda: proxy.requests)
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(200):
            await asyncio.sleep(0)
        client.writer.transport.resume_reading()  # type: ignore[attr-defined]
        got, how = await client.rest()
        assert (len(got), how) == (size - 1, "RST")


async def test_an_upload_that_is_cut_orderly_may_be_sent_to_its_end(
    upstream: Upstream, dial: Dial
) -> None:
    async with FaultProxy(upstream.url) as proxy:
        proxy.plan(Cut(Side.REQUEST, 1000, by=End.FIN))
        client = await dial(proxy)
        await client.send(b"a" * 9_000_000)
        assert await client.rest() == (b"", "FIN")
        assert len(upstream.heard[0]) == 1000


async def test_a_hung_connection_is_silent_until_it_is_released(
    upstream: Upstream, dial: Dial
) -> None:
    async with FaultProxy(upstream.url) as proxy:
        proxy.plan(Cut(Side.ANSWER, 5, by=End.HANG))
        client = await dial(proxy, REQUEST)
        assert await client.read(5) == ANSWER[:5]
        await proxy.until(lambda: proxy.hanging)
        await upstream.until(lambda: upstream.open == 0)
        rest = asyncio.create_task(client.rest())
        await client.send(b"still here")
        for _ in range(20):
            await asyncio.sleep(0)
        assert not rest.done()
        proxy.release()
        assert await rest == (b"", "FIN")
        await proxy.until(lambda: proxy.open == 0)
        assert proxy.hanging == 0


async def test_a_hung_connection_ends_when_the_client_gives_up(
    upstream: Upstream, dial: Dial
) -> None:
    async with FaultProxy(upstream.url) as proxy:
        proxy.plan(Cut(Side.REQUEST, 5, by=End.HANG))
        client = await dial(proxy, REQUEST)
        await proxy.until(lambda: proxy.hanging)
        await client.close()
        await proxy.until(lambda: proxy.open == 0)


async def test_the_upstream_can_be_left_waiting(upstream: Upstream, dial: Dial) -> None:
    async with FaultProxy(upstream.url) as proxy:
        proxy.plan(Cut(Side.REQUEST, 7, by=End.RST, upstream=End.HANG))
        client = await dial(proxy, REQUEST)
        assert await client.rest() == (b"", "RST")
        assert upstream.open == 1
        proxy.release()
        await upstream.until(lambda: upstream.open == 0)
        assert bytes(upstream.heard[0]) == REQUEST[:7]


async def test_a_place_that_is_never_reached_changes_nothing(
    upstream: Upstream, dial: Dial
) -> None:
    async with FaultProxy(upstream.url) as proxy:
        proxy.plan(Cut(Side.ANSWER, len(ANSWER) + 1))
        client = await dial(proxy, REQUEST)
        assert await client.read(len(ANSWER)) == ANSWER
        assert proxy.links[0].faults == []


async def test_an_interim_answer_does_not_make_the_cut_wait_for_ever(
    upstream: Upstream, dial: Dial
) -> None:
    upstream.answer = b"HTTP/1.1 100 Continue\r\n\r\n"
    head = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (len(REQUEST) + 1)
    async with FaultProxy(upstream.url) as proxy:
        proxy.plan(Cut(Side.ANSWER, 3))
        client = await dial(proxy, head + REQUEST)
        assert await client.rest() == (b"HTT", "FIN")


async def test_the_answer_to_a_head_has_no_body_to_wait_for(dial: Dial) -> None:
    long = Answer.of(headers={"Content-Length": "500"})
    async with FaultServer(default=long) as server, FaultProxy(server.url) as proxy:
        proxy.plan(Cut(Side.ANSWER, 4))
        client = await dial(proxy, b"HEAD / HTTP/1.1\r\n\r\n")
        assert await client.rest() == (b"HTTP", "FIN")


async def test_an_answer_that_is_not_http_is_not_waited_for(upstream: Upstream, dial: Dial) -> None:
    upstream.answer = b"what is this\r\n"
    async with FaultProxy(upstream.url) as proxy:
        proxy.plan(Cut(Side.ANSWER, 4))
        assert await (await dial(proxy, REQUEST)).rest() == (b"what", "FIN")


async def test_an_upstream_that_breaks_off_does_not_change_the_cut(
    upstream: Upstream, dial: Dial
) -> None:
    upstream.answer, upstream.then = ANSWER[:-1], End.RST
    async with FaultProxy(upstream.url) as proxy:
        proxy.plan(Cut(Side.ANSWER, 4, by=End.RST))
        assert await (await dial(proxy, REQUEST)).rest() == (b"HTTP", "RST")


# -- which connection, which request -----------------------------------------------------------


async def test_plans_are_used_one_connection_after_the_other(
    upstream: Upstream, dial: Dial
) -> None:
    async with FaultProxy(upstream.url) as proxy:
        proxy.plan(times=2)
        proxy.plan(Cut(Side.ANSWER, 4))
        assert proxy.planned == 2
        passed = []
        for _ in range(4):
            client = await dial(proxy, REQUEST)
            await client.reader.read(1)
            client.writer.write_eof()
            passed.append(len((await client.rest())[0]) + 1)
        assert passed == [len(ANSWER), len(ANSWER), 4, len(ANSWER)]
        assert proxy.planned == 0
        proxy.plan(Cut(Side.ANSWER, 0), times=None)
        for _ in range(3):
            assert await (await dial(proxy, REQUEST)).rest() == (b"", "FIN")
        assert proxy.planned == 1


@pytest.mark.parametrize("side", Side)
async def test_a_plan_for_a_request_counts_from_its_beginning(
    upstream: Upstream, dial: Dial, side: Side
) -> None:
    read = REQUEST.replace(b"POST", b"GET")
    async with FaultProxy(upstream.url) as proxy:
        proxy.plan(Cut(side, 3), when=lambda request: request.method == "POST")
        client = await dial(proxy, read)
        assert await client.read(len(ANSWER)) == ANSWER
        await client.send(REQUEST)
        got, how = await client.rest()
        heard = bytes(upstream.heard[0])
        if side is Side.REQUEST:
            assert (heard, got, how) == (read + REQUEST[:3], b"", "FIN")
        else:
            assert (heard, got, how) == (read + REQUEST, ANSWER[:3], "FIN")
        assert proxy.requests[1].request_bytes == (3 if side is Side.REQUEST else len(REQUEST))


async def test_no_byte_of_a_request_passes_before_its_plan_is_known(
    upstream: Upstream, dial: Dial
) -> None:
    async with FaultProxy(upstream.url) as proxy:
        proxy.plan(Cut(Side.REQUEST, 3), when=lambda request: request.target == "/reply")
        client = await dial(proxy)
        for byte in REQUEST:
            client.writer.write(bytes([byte]))
            await asyncio.sleep(0)
        assert await client.rest() == (b"", "FIN")
        assert bytes(upstream.heard[0]) == REQUEST[:3]


async def test_a_plan_for_requests_does_not_stop_what_is_not_http(
    upstream: Upstream, dial: Dial
) -> None:
    async with FaultProxy(upstream.url) as proxy:
        proxy.plan(Cut(Side.REQUEST, 3), when=lambda request: True)
        await dial(proxy, b"\x16\x03\x01 no line end")
        await upstream.until(lambda: upstream.heard)
        while not upstream.heard[0]:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert proxy.planned == 1


async def test_without_a_plan_for_requests_half_a_head_passes_at_once(
    upstream: Upstream, dial: Dial
) -> None:
    async with FaultProxy(upstream.url) as proxy:
        await dial(proxy, REQUEST[:9])
        await upstream.until(lambda: upstream.heard)
        while upstream.heard[0] != REQUEST[:9]:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_a_mistake_in_a_plan_is_raised_at_the_exit(upstream: Upstream, dial: Dial) -> None:
    async def use() -> None:
        async with FaultProxy(upstream.url) as proxy:
            proxy.plan(Cut(Side.REQUEST), when=lambda request: 1 / 0)
            await (await dial(proxy, REQUEST)).rest()

    with pytest.raises(ZeroDivisionError):
        await use()


# -- other faults ------------------------------------------------------------------------------


@pytest.mark.parametrize("side", Side)
async def test_a_held_stream_goes_on_when_the_event_is_set(
    upstream: Upstream, dial: Dial, side: Side
) -> None:
    go = asyncio.Event()
    async with FaultProxy(upstream.url) as proxy:
        proxy.plan(Hold(side, 6, until=go))
        client = await dial(proxy, REQUEST)
        await proxy.until(lambda: proxy.links)
        while not proxy.links[0].faults:  # noqa: ASYNC110
            await asyncio.sleep(0)
        link = proxy.links[0]
        for _ in range(20):
            await asyncio.sleep(0)
        expected = (6, 0) if side is Side.REQUEST else (len(REQUEST), 6)
        assert (link.request_bytes, link.answer_bytes) == expected
        go.set()
        assert await client.read(len(ANSWER)) == ANSWER


@pytest.mark.parametrize("after", [0, 5, len(ANSWER)])
async def test_inserted_bytes_stand_at_their_place(
    upstream: Upstream, dial: Dial, after: int
) -> None:
    async with FaultProxy(upstream.url) as proxy:
        proxy.plan(Insert(Side.ANSWER, after, data=b"??"), Insert(Side.REQUEST, 2, data=b"!"))
        client = await dial(proxy, REQUEST)
        got = await client.read(len(ANSWER) + 2)
        assert got == ANSWER[:after] + b"??" + ANSWER[after:]
        assert bytes(upstream.heard[0]) == REQUEST[:2] + b"!" + REQUEST[2:]
        assert proxy.links[0].answer_bytes == len(ANSWER)


async def test_dripped_bytes_wait_for_each_other(upstream: Upstream, dial: Dial) -> None:
    seen: list[int] = []

    async def pause() -> None:
        seen.append(proxy.links[0].answer_bytes)
        await asyncio.sleep(0)

    async with FaultProxy(upstream.url) as proxy:
        proxy.plan(Drip(Side.ANSWER, 10, size=7, pause=pause))
        client = await dial(proxy, REQUEST)
        assert await client.read(len(ANSWER)) == ANSWER
        await proxy.until(lambda: proxy.links)
        for _ in range(5):
            await asyncio.sleep(0)
        assert seen == [17, 24, 31, 38, len(ANSWER)]


async def test_several_faults_share_a_connection(upstream: Upstream, dial: Dial) -> None:
    async with FaultProxy(upstream.url) as proxy:
        proxy.plan(
            Cut(Side.ANSWER, 9, by=End.RST), Drip(Side.ANSWER), Insert(Side.ANSWER, 4, data=b"_")
        )
        client = await dial(proxy, REQUEST)
        assert await client.rest() == (ANSWER[:4] + b"_" + ANSWER[4:9], "RST")


@pytest.mark.parametrize("wrong", [{"after": -1}, {"size": 0}])
async def test_impossible_faults_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be >="):
        Drip(Side.ANSWER, **wrong)


async def test_a_refused_address_refuses() -> None:
    with refused_url("/api") as url:
        assert url.endswith("/api")
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.get(url)


# -- a clean exit --------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["hang", "hold", "none", "stuck"])
async def test_nothing_is_left_at_the_exit(upstream: Upstream, dial: Dial, fault: str) -> None:
    before = asyncio.all_tasks()  # the upstream's among them
    plans = {
        "hang": [Cut(Side.ANSWER, 5, by=End.HANG, upstream=End.HANG)],
        "hold": [Hold(Side.REQUEST, 5, until=asyncio.Event())],
    }
    upstream.answer = ANSWER + b"a" * (20_000_000 if fault == "stuck" else 0)
    async with FaultProxy(upstream.url) as proxy:
        proxy.plan(*plans.get(fault, []))
        client = await dial(proxy, REQUEST)
        if fault == "stuck":
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await proxy.until(lambda: proxy.requests)
        await dial(proxy)  # may be accepted, or not yet
    assert proxy.open == 0
    await upstream.until(lambda: upstream.open == 0)
    assert asyncio.all_tasks() == before


async def test_nothing_is_left_after_cancellation(upstream: Upstream, dial: Dial) -> None:
    before = asyncio.all_tasks()  # the upstream's among them
    inside = asyncio.Event()

    async def use() -> None:
        async with FaultProxy(upstream.url) as proxy:
            proxy.plan(Cut(Side.REQUEST, 5, by=End.HANG))
            await dial(proxy, REQUEST)
            await proxy.until(lambda: proxy.hanging)
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(use())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await upstream.until(lambda: upstream.open == 0)
    assert asyncio.all_tasks() == before


async def test_the_sockets_are_closed_at_the_exit(dial: Dial) -> None:
    async with Upstream() as upstream:
        await dial(upstream, REQUEST)
        await upstream.until(lambda: upstream.heard)
    assert [wire._socket.fileno() for wire in upstream.wires] == [-1]


@pytest.mark.parametrize("steps", range(8))
async def test_a_connection_that_is_just_being_made_is_not_left(steps: int) -> None:
    before = asyncio.all_tasks()
    with socket.socket() as client:
        async with Upstream() as upstream:
            client.connect(("127.0.0.1", upstream.port))
            for _ in range(steps):
                await asyncio.sleep(0)
        assert asyncio.all_tasks() == before
        assert all(wire._socket.fileno() == -1 for wire in upstream.wires)


async def test_what_was_sent_has_left_the_program(dial: Dial) -> None:
    async with Upstream() as upstream:
        client = await dial(upstream)
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await upstream.until(lambda: upstream.wires)
        wire = upstream.wires[0]

        async def send() -> None:
            for _ in range(10_000):
                await wire.send(b"a" * 1000)
                assert wire.writer.transport.get_write_buffer_size() == 0

        sending = asyncio.create_task(send())
        for _ in range(12_000):
            await asyncio.sleep(0)
        client.writer.transport.resume_reading()  # type: ignore[attr-defined]
        await client.read(10_000_000)
        await sending


@pytest.mark.parametrize("then", [None, End.FIN])
async def test_an_upstream_that_answers_at_once_is_not_quicker_than_the_cut(
    upstream: Upstream, dial: Dial, monkeypatch: pytest.MonkeyPatch, then: End | None
) -> None:
    send = Wire.send
    upstream.then = then

    async def slow(wire: Wire, data: bytes) -> None:
        await send(wire, data)
        if data == REQUEST:
            for _ in range(50):
                await asyncio.sleep(0)

    monkeypatch.setattr(Wire, "send", slow)
    async with FaultProxy(upstream.url) as proxy:
        proxy.plan(Cut(Side.REQUEST, len(REQUEST), by=End.RST))
        client = await dial(proxy, REQUEST)
        assert await client.rest() == (b"", "RST")
        assert bytes(upstream.heard[0]) == REQUEST


async def test_a_client_that_resets_does_not_end_the_upstream_that_hangs(
    upstream: Upstream, dial: Dial
) -> None:
    async with FaultProxy(upstream.url) as proxy:
        proxy.plan(Cut(Side.REQUEST, 5, by=End.HANG, upstream=End.HANG))
        client = await dial(proxy, REQUEST)
        await proxy.until(lambda: proxy.hanging == 2)
        raw = client.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await client.close()
        await proxy.until(lambda: proxy.hanging == 1)
        for _ in range(20):
            await asyncio.sleep(0)
        assert (proxy.hanging, upstream.open) == (1, 1)
