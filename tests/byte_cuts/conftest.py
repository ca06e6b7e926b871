"""Time that is put forward, a bench for each adapter, and the table of what was cut."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from helpdesk_bridge.transport import clock
from tests.byte_cuts.bench import ADAPTERS, Bench, Time, opened
from tests.byte_cuts.cuts import passes
from tests.byte_cuts.tally import Tally

TABLE = "HELPDESK_BRIDGE_SWEEP_TABLE"
"""Names a file that the table is written into; it is shown after the run in any case."""
ALL = os.environ.get("HELPDESK_BRIDGE_ALL_FAULTS") == "1"

_TALLY = Tally()


@pytest.fixture
def tally() -> Tally:
    """The one table of the run."""
    return _TALLY


@pytest.fixture
def time() -> Time:
    """The loop's time, to be put forward."""
    return Time()


@pytest.fixture(autouse=True)
def pauses(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody sleeps here, however often a test pauses."""

    async def skip(seconds: float) -> None:
        time.forward(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr(clock, "pause", skip)


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fake's server writes a traceback of each request whose end it does not see."""
    monkeypatch.setattr(logging.getLogger("aiohttp.server"), "disabled", True)


def _open_files() -> int | None:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else None


@pytest_asyncio.fixture(params=ADAPTERS)
async def bench(request: pytest.FixtureRequest, time: Time) -> AsyncIterator[Bench]:
    """Open a bench of each adapter in turn; neither a task nor a socket may be left of it."""
    async with _clean(opened(request.param, time)) as bench:
        yield bench


@pytest_asyncio.fixture(params=ADAPTERS)
async def odd_bench(request: pytest.FixtureRequest, time: Time) -> AsyncIterator[Bench]:
    """The same, of a vendor that changes what it is sent."""
    async with _clean(opened(request.param, time, odd=True)) as bench:
        yield bench


@asynccontextmanager
async def _clean(opening: AbstractAsyncContextManager[Bench]) -> AsyncIterator[Bench]:
    files = _open_files()
    async with opening as bench:
        yield bench
    await passes(5)  # what was closed is let go of
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert _open_files() == files


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the table after a complete run, and write it where one is asked for."""
    lines = list(_TALLY.lines())
    if lines and ALL:
        terminalreporter.section("cuts")
        for line in lines:
            terminalreporter.write_line(line)
    if lines and os.environ.get(TABLE):
        Path(os.environ[TABLE]).write_text("\n".join(lines) + "\n", encoding="utf-8")
