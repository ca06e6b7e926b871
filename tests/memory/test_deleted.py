"""A deleted ticket of a desk in memory can still be changed, and shows that it is deleted."""

from __future__ import annotations

import pytest

from helpdesk_bridge import Helpdesk, MemorySettings, Status

pytestmark = pytest.mark.asyncio


async def test_a_deleted_ticket_takes_a_status_and_stays_deleted() -> None:
    async with Helpdesk(MemorySettings()) as desk:
        ticket = await desk.create_ticket(
            subject="Export", requester="li@customer.example", text="It stops."
        )
        await desk.delete_ticket(ticket)
        changed = await desk.update_ticket(ticket.id, status=Status.PENDING, tags=["export"])
    assert (changed.status, changed.vendor_status) == (Status.DELETED, "pending")
    assert changed.tags == ("export",)
