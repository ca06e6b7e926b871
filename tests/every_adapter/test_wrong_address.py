"""A base_url whose path is wrong is told of where a list is not there, and not of one ticket."""

from __future__ import annotations

import pytest

import helpdesk_bridge as hb
from tests.every_adapter.places import ADAPTERS
from tests.every_adapter.saying import desk_and_fake, said


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", sorted(set(ADAPTERS) - {"memory"}))
async def test_a_list_of_tickets_that_is_not_there_advises_to_check_base_url(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        fake.answer, fake.wanted = said({"message": "Not found"}, status=404), lambda _: True
        with pytest.raises(hb.NotFound, match="check base_url"):
            await desk.tickets()
        with pytest.raises(hb.NotFound) as info:
            await desk.ticket("7")
    assert "base_url" not in str(info.value)
