"""What is nearly right is taken where it means one thing, and else refused with what is right."""

from __future__ import annotations

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.testing import MemorySettings, Store


def a_ticket(store: Store) -> None:
    store.create_ticket(
        subject="Export stops", requester=store.person("li@customer.example"), html="<p>Why?</p>"
    )


@pytest.mark.asyncio
async def test_a_ticket_is_read_again_by_itself_or_by_its_id() -> None:
    store = Store()
    a_ticket(store)
    async with hb.Helpdesk(MemorySettings(store=store)) as desk:
        [ticket] = await desk.tickets()
        await desk.update_ticket(ticket, subject="Export works")
        for given in (ticket, ticket.id):
            assert (await desk.ticket(given)).subject == "Export works"


@pytest.mark.asyncio
async def test_an_empty_cursor_is_refused_with_what_to_give() -> None:
    async with hb.Helpdesk(MemorySettings()) as desk:
        with pytest.raises(hb.InvalidArgument, match="None begins at the beginning"):
            desk.tickets(cursor="")


def test_what_a_middleware_is_says_its_help() -> None:
    assert "around each request" in (hb.Middleware.__doc__ or "")
