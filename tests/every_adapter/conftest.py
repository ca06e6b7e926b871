"""Every adapter that can be run here, as one fixture: tests in this folder know no vendor."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.every_adapter.places import ADAPTERS, Place, opened


@pytest_asyncio.fixture(params=ADAPTERS)
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    """Open a desk of each adapter in turn."""
    async with opened(request.param) as place:
        yield place
