"""Nothing is lost at the boundaries of a poll, and nothing is told twice."""

from __future__ import annotations

import pytest

from tests.sync.edges import FAULTS, SCENARIOS, Scenario

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("tell", SCENARIOS.values(), ids=SCENARIOS)
async def test_at_the_edge(tell: Scenario) -> None:
    await tell()


@pytest.mark.xfail(strict=True, reason="not mended yet")
@pytest.mark.parametrize("tell", FAULTS.values(), ids=FAULTS)
async def test_what_is_lost(tell: Scenario) -> None:
    await tell()
