"""Fixtures every test may use."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from unittest.mock import Mock

import aiohttp
import pytest
from aioresponses import aioresponses, core

from helpdesk_bridge.errors import moment
from helpdesk_bridge.transport import clock

pytest_plugins = ["helpdesk_bridge.testing.plugin", "tests.canary", "tests.postgres"]


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody sleeps in a test: a pause puts the loop's and the machine's clocks forward.

    Gives the lengths of all pauses.
    """
    lengths: list[float] = []
    skipped: dict[asyncio.AbstractEventLoop, float] = {}
    uptime, passed = moment.uptime, [0.0]
    monkeypatch.setattr(moment, "uptime", lambda: uptime() + sum(passed))

    async def skip(seconds: float) -> None:
        lengths.append(seconds)
        passed.append(seconds)
        loop = asyncio.get_running_loop()
        if loop not in skipped:
            present = loop.time
            monkeypatch.setattr(loop, "time", lambda: present() + skipped[loop])
        skipped[loop] = skipped.get(loop, 0.0) + seconds
        await asyncio.sleep(0)

    monkeypatch.setattr(clock, "pause", skip)
    return lengths


class _Response(aiohttp.ClientResponse):
    """Gives aioresponses 0.7.9 the argument that aiohttp requires since 3.14."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault("stream_writer", Mock(output_size=0))
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]


@pytest.fixture
def responses(monkeypatch: pytest.MonkeyPatch) -> Iterator[aioresponses]:
    """Answers requests without a socket; for mapping tests only, since it bypasses the client."""
    if "stream_writer" in inspect.signature(aiohttp.ClientResponse.__init__).parameters:
        monkeypatch.setattr(core, "ClientResponse", _Response)
    with aioresponses() as mocked:
        yield mocked
