"""Each vendor's page shows a call of the vendor's own API that works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.errors import InvalidArgument

PAGES = Path(__file__).parents[2] / "docs" / "vendors"
TEXTS = {page.stem: page.read_text("utf-8") for page in sorted(PAGES.glob("*.md"))}
pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("vendor", TEXTS)
async def test_the_call_of_the_page_reads_a_ticket(vendor: str) -> None:
    call = re.search(r'`(desk\.raw\("GET", [^`]+, ticket\.id\))`', TEXTS[vendor])
    assert call
    async with hb.Sandbox() as box, hb.connect(vendor, config=box.config()) as desk:
        made = await desk.create_ticket(
            subject="Export stops", requester="li@customer.example", text="It stops."
        )
        ticket = await desk.ticket(made)
        raw = await eval(call[1], {"desk": desk, "ticket": ticket})
        assert desk.parse_ticket(raw).subject == "Export stops"


@pytest.mark.parametrize("path", ["tickets/1", "tickets?page=2", "/tickets"])
async def test_a_path_in_one_piece_is_refused_with_the_way_to_write_it(path: str) -> None:
    async with hb.Sandbox() as box, hb.connect("helpspace", config=box.config()) as desk:
        with pytest.raises(InvalidArgument, match=r'as "tickets", "17"; .* query=') as info:
            await desk.raw("GET", path)
        assert path not in str(info.value)
        assert box.fakes["helpspace"].journal == []
