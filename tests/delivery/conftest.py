"""A place of each adapter in turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.sqlite_ledger import SqliteLedger
from tests.delivery.places import ADAPTERS, WRITES, Place, opened


@pytest_asyncio.fixture(params=ADAPTERS)
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    async with opened(request.param) as place:
        yield place


@pytest.fixture(params=WRITES)
def write(request: pytest.FixtureRequest, place: Place) -> str:
    """Each write that the place offers."""
    name = str(request.param)
    if not place.desk.capabilities.supports(hb.Capability(name)):
        pytest.skip(f"{place.adapter} has no {name}")
    return name


@pytest_asyncio.fixture
async def box(tmp_path: Path) -> AsyncIterator[SqliteLedger]:
    ledger = SqliteLedger(tmp_path / "ledger.db")
    yield ledger
    await ledger.aclose()
