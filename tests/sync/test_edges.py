"""Nothing is lost at the boundaries of a poll, and nothing is told twice."""

from __future__ import annotations

import pytest

from tests.sync.edges import SCENARIOS, Scenario

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("tell", SCENARIOS.values(), ids=SCENARIOS)
async def test_at_the_edge(tell: Scenario) -> None:
    await tell()
