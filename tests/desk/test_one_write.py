"""An emulated call may be one write all the same, and nothing of it is then done a second time."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from helpdesk_bridge import Helpdesk, Status
from helpdesk_bridge.kit import Capability, SentMessage, Ticket, TicketChanges, emulated
from helpdesk_bridge.memory.adapter import Memory
from helpdesk_bridge.testing import MemorySettings, Store

READ_TOO = emulated("Then the ticket is read.")


class Counting(Memory):
    """Notes which statuses came with a message, and which by a change."""

    offers: ClassVar = {
        **Memory.offers,
        Capability.REPLY_WITH_STATUS: READ_TOO,
        Capability.CREATE_TICKET: READ_TOO,
    }

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.with_messages: list[Any] = []
        self.by_changes: list[Any] = []

    async def send(self, ticket: Any, message: Any) -> SentMessage:
        self.with_messages.append(message.status)
        return await super().send(ticket, message)

    async def update_ticket(self, ticket_id: str, changes: TicketChanges) -> Ticket:
        self.by_changes.append(changes.status)
        return await super().update_ticket(ticket_id, changes)


class AtOnce(Counting):
    in_one_write = frozenset((Capability.CREATE_TICKET, Capability.REPLY_WITH_STATUS))


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("kind", "with_message", "by_change"),
    [(Counting, None, [Status.RESOLVED]), (AtOnce, Status.RESOLVED, [])],
)
async def test_a_status_goes_with_the_message_or_behind_it_and_never_both(
    kind: type[Counting], with_message: Status | None, by_change: list[Status]
) -> None:
    store = Store()
    async with Helpdesk(MemorySettings(store=store), adapter=kind) as desk:
        ticket = await desk.create_ticket(subject="s", requester="li@c.example", text="x")
        await desk.reply(ticket, text="a", send_email=True, status=Status.RESOLVED)
        assert (await desk.ticket(ticket.id)).status is Status.RESOLVED
        adapter: Any = desk.adapter
        assert (adapter.with_messages, adapter.by_changes) == ([with_message], by_change)


@pytest.mark.parametrize(("kind", "by_steps"), [(Counting, True), (AtOnce, False), (Memory, False)])
def test_a_new_ticket_without_a_message_lacks_a_step_only_where_there_are_two(
    kind: type[Memory], by_steps: bool
) -> None:
    desk = Helpdesk(MemorySettings(store=Store()), adapter=kind)
    assert desk._reconciler.by_steps(Capability.CREATE_TICKET) is by_steps


@pytest.mark.parametrize("value", [frozenset((Capability.NOTE,)), "create_ticket", True, None])
def test_only_these_two_can_be_declared_so(value: object) -> None:
    with pytest.raises(TypeError, match="in_one_write is a set of"):
        type("Acme", (Memory,), {"in_one_write": value})
