"""Ordinary calls hardly wait beside a follower that uses what the rate limit leaves."""

from __future__ import annotations

import asyncio
import random

import pytest

from helpdesk_bridge import kit
from helpdesk_bridge.transport import Request, Response
from helpdesk_bridge.transport.yielding import YIELDS
from tests.sync.polled import Reader, Scanned, Vendor, Windowed, opened
from tests.transport.virtual import now, run, worst_window


class _Wire:
    """Stands where the HTTP client does: each answer takes a while."""

    def __init__(self) -> None:
        self.rand, self.sent, self.waits = random.Random(7), [0.0] * 0, [0.0] * 0

    async def __call__(self, request: Request) -> Response:
        """Answer, and note how long an ordinary request had waited."""
        self.sent.append(now())
        if not YIELDS.get():
            self.waits.append(now() - request.progress.began)
        request.progress.attempts += 1
        request.progress.bytes_sent = True
        await asyncio.sleep(self.rand.uniform(0.05, 0.4))
        return Response(request=request, status=200, headers={})

    def abandon(self) -> bool:
        """Nothing is held."""
        return False

    async def aclose(self) -> None:
        """Nothing is held."""


def _played(adapter: type[kit.Adapter], every: float, seconds: float, count: int) -> _Wire:
    """Follow a desk beside two ordinary calls a second, which come in bursts of ten."""
    wire, reader, texts = _Wire(), Reader(), []

    async def check() -> None:
        vendor = Vendor()
        vendor.begin(count)
        desk = opened(
            vendor, adapter, base_url="https://desk.example", rate_limit="400/minute", deadline=300
        )
        desk._transport._http.client = wire  # type: ignore[assignment]
        end = now() + seconds

        async def calls() -> None:
            async with asyncio.TaskGroup() as group:
                while now() < end - 60:
                    await asyncio.sleep(wire.rand.expovariate(0.2))
                    for _ in range(10):
                        group.create_task(desk.ticket("5"))

        async def writers() -> None:
            while now() < end - 2.5 * every - 60:
                await asyncio.sleep(wire.rand.expovariate(1 / 20))
                texts.append(vendor.change(str(wire.rand.randint(1, count))))

        async with desk, asyncio.TaskGroup() as group:
            group.create_task(calls())
            group.create_task(writers())
            first = await _listed(reader, desk)
            await reader.follow(desk, end - now(), first, every=every)

    run(check())
    assert sorted(reader.texts) == sorted(texts)
    return wire


async def _listed(reader: Reader, desk: object) -> str:
    """Read the first list without messages' conversations, as far as the desk has none."""
    async for batch in desk.changes(messages=True):  # type: ignore[attr-defined]
        reader.batches.append((now(), batch))
    return reader.batches[-1][1].checkpoint


def _late(waits: list[float]) -> float:
    """Return the 99th percentile."""
    return sorted(waits)[int(len(waits) * 0.99)]


@pytest.mark.parametrize(
    ("adapter", "every", "count"),
    [(Windowed, 5.0, 400), (Scanned, 60.0, 400)],
    ids=["window", "scan"],
)
def test_ordinary_calls_do_not_wait(adapter: type[kit.Adapter], every: float, count: int) -> None:
    wire = _played(adapter, every, 900.0, count)
    assert len(wire.waits) > 1000
    assert _late(wire.waits) < 1.0
    assert worst_window(wire.sent, 60.0) <= 400
