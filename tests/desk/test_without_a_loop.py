"""What needs no event loop, or no task, needs none."""

from __future__ import annotations

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.memory_ledger import MemoryLedger
from helpdesk_bridge.testing import MemorySettings


def test_a_call_that_waits_for_nothing_can_be_driven_by_hand() -> None:
    desk = hb.Helpdesk(MemorySettings())
    created = desk.create_ticket(subject="S", requester="li@customer.example", text="x")
    with pytest.raises(StopIteration) as done:
        created.send(None)
    assert done.value.value.subject == "S"
    assert desk.tickets(limit=3).items_read == 0


def test_a_desk_in_memory_with_a_ledger_can_be_driven_by_hand() -> None:
    desk = hb.Helpdesk(MemorySettings(), ledger=MemoryLedger())
    created = desk.create_ticket(subject="S", requester="li@customer.example", text="x", key="k")
    with pytest.raises(StopIteration) as done:
        created.send(None)
    assert done.value.value.subject == "S"
