"""What was read from one desk is not taken by another one, whatever their numbers are."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs
import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.desk.origin import Origin
from helpdesk_bridge.testing import MemorySettings, Store
from tests.delivery import places as delivery
from tests.every_adapter.places import ADAPTERS, opened

pytestmark = pytest.mark.asyncio
CUSTOMER = "li@customer.example"
FILE = hb.Upload("a.txt", "text/plain", b"ours")

Call = Callable[[hb.Helpdesk, Any], Awaitable[Any]]


def memory(name: str, store: Store) -> hb.Helpdesk:
    return hb.Helpdesk(MemorySettings(store=store), name=name)


async def ticket_of(desk: hb.Helpdesk) -> hb.Ticket:
    return await desk.create_ticket(
        subject="Invoice", requester=CUSTOMER, text="Help me.", attachments=[FILE]
    )


async def _pages(desk: hb.Helpdesk, ticket: hb.Ticket) -> None:
    await desk.messages(ticket)


async def _message(desk: hb.Helpdesk, ticket: hb.Ticket) -> None:
    first = (await desk.messages(ticket.id)).items[0]
    await desk.message(ticket, first.id)


async def _conversations(desk: hb.Helpdesk, ticket: hb.Ticket) -> None:
    async for _ in desk.conversations([ticket]):
        pass


async def _parsed(desk: hb.Helpdesk, ticket: hb.Ticket) -> None:
    with suppress(hb.UnsupportedCapability):  # a desk in memory has no records of a vendor's
        desk.parse_message({}, ticket)


CALLS: dict[str, Call] = {
    "reply": lambda desk, t: desk.reply(t, text="Words.", send_email=True),
    "note": lambda desk, t: desk.note(t, text="Words."),
    "forward": lambda desk, t: desk.forward(t, to="x@y.example", text="Words."),
    "add_request": lambda desk, t: desk.add_request(t, author=CUSTOMER, text="Words."),
    "update_ticket": lambda desk, t: desk.update_ticket(t, subject="Other"),
    "delete_ticket": lambda desk, t: desk.delete_ticket(t),
    "ticket": lambda desk, t: desk.ticket(t),
    "messages": _pages,
    "message": _message,
    "conversations": _conversations,
    "parse_message": _parsed,
}
"""Each public method that takes a Ticket."""


async def test_each_method_that_takes_a_ticket_is_tried() -> None:
    taking = {
        name
        for name, method in vars(hb.Helpdesk).items()
        if not name.startswith("_")
        and {"ticket", "tickets"} & set(getattr(method, "__annotations__", {}))
    }
    assert taking == set(CALLS)


@pytest.mark.parametrize("name", CALLS)
async def test_a_ticket_of_another_desk_is_refused_before_anything_happens(name: str) -> None:
    theirs = Store()
    async with memory("sales", Store()) as sales, memory("support", theirs) as support:
        ticket, other = await ticket_of(sales), await ticket_of(support)
        assert ticket.id == other.id
        stored = theirs.tickets[int(other.id)]
        before = copy.deepcopy(stored)
        with pytest.raises(hb.InvalidArgument, match=r"one of desk 'sales' \(memory\)") as caught:
            await CALLS[name](support, ticket)
        assert caught.value.outcome is hb.Outcome.NOT_SENT
        assert (stored, theirs.outbox) == (before, [])


@pytest.mark.parametrize("adapter", delivery.ADAPTERS)
async def test_a_ticket_of_another_desk_is_not_answered_on_the_one_of_its_number(
    adapter: str,
) -> None:
    async with (
        delivery.opened(adapter, name="sales") as sales,
        delivery.opened(adapter, name="support") as support,
    ):
        assert sales.ticket.id == support.ticket.id
        before = copy.deepcopy(support.stored), len(support.fake.journal) if support.fake else 0
        for call in ("reply", "note"):
            with pytest.raises(hb.InvalidArgument, match="one of desk 'sales'"):
                await CALLS[call](support.desk, sales.ticket)
        assert before == (support.stored, len(support.fake.journal) if support.fake else 0)
        assert [mail for mail in support.store.outbox if mail.message_id is not None] == []


@pytest.mark.parametrize("name", CALLS)
async def test_a_ticket_made_by_hand_and_an_id_are_taken(name: str) -> None:
    async with memory("support", Store()) as support:
        ticket = await ticket_of(support)
        await CALLS[name](support, hb.Ticket(id=ticket.id))


async def test_desks_of_the_same_name_and_adapter_are_the_same_desk() -> None:
    store = Store()
    async with memory("support", store) as one, memory("support", store) as other:
        ticket = await ticket_of(one)
        await other.note(ticket, text="Words.")
        assert len(store.tickets[int(ticket.id)].messages) == 2


async def test_of_two_desks_with_one_name_and_two_adapters_each_refuses_the_others() -> None:
    ticket = Origin("support", "airclou").mark(hb.Ticket(id="1"))
    with pytest.raises(hb.InvalidArgument, match=r"'support' \(airclou\)"):
        Origin("support", "helpspace").require(ticket)


@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_whatever_a_desk_hands_out_is_marked_as_its(adapter: str) -> None:
    async with opened(adapter) as place:
        desk, can = place.desk, place.desk.capabilities.supports
        files = can(hb.Capability.SEND_ATTACHMENTS)
        ticket = await desk.create_ticket(subject="Invoice", requester=CUSTOMER, text="Help me.")
        sent = await desk.note(ticket, text="Words.", attachments=[FILE] if files else [])
        messages = [message async for message in desk.messages(ticket)]
        handed: list[Any] = [ticket, sent, await desk.ticket(ticket.id), *messages]
        handed += [one async for one in desk.tickets()]
        handed.append(await desk.message(ticket, messages[0].id))
        handed.append(await desk.update_ticket(ticket, subject="Other"))
        handed += [file for message in messages for file in message.attachments]
        handed += [sent.message] if sent.message else []
        async for full, conversation in desk.conversations([ticket.id]):
            handed += [full, *conversation]
        assert {(one.desk, one.vendor) for one in handed} == {(desk.name, adapter)}
        assert any(isinstance(one, hb.Attachment) for one in handed) is files


async def test_what_a_reconciliation_finds_is_marked_too() -> None:
    async with delivery.opened("helpspace") as place:
        error = await place.fail("note", "answer")
        found = await place.desk.reconcile(error)
        assert found.message is not None
        assert (found.message.desk, found.message.vendor) == ("it", "helpspace")


async def test_a_file_of_another_desk_is_not_read_from_this_one(tmp_path: Path) -> None:
    async with memory("sales", Store()) as sales, memory("support", Store()) as support:
        ticket, _ = await ticket_of(sales), await ticket_of(support)
        file = (await sales.messages(ticket)).items[0].attachments[0]
        with pytest.raises(hb.InvalidArgument, match="this file is one of desk 'sales'"):
            async with support.open_attachment(file):
                pass
        with pytest.raises(hb.InvalidArgument, match="this file is one of desk 'sales'"):
            await support.save_attachment(file, tmp_path)
        saved = await sales.save_attachment(file, tmp_path)
        assert saved.name == "a.txt"  # had the other one been written, this were a-1.txt


async def test_what_another_desk_has_sent_is_not_completed_by_this_one() -> None:
    async with memory("sales", Store()) as sales, memory("support", Store()) as support:
        sent = await sales.note(await ticket_of(sales), text="Words.")
        with pytest.raises(hb.InvalidArgument, match="one of desk 'sales'"):
            await support.complete(attrs.evolve(sent, id=None))


async def test_the_mark_is_kept_by_copies_and_does_not_make_two_reads_differ() -> None:
    async with memory("support", Store()) as desk:
        ticket = await ticket_of(desk)
        kept = [
            pickle.loads(pickle.dumps(ticket)),
            copy.copy(ticket),
            attrs.evolve(ticket, subject="Other"),
        ]
        assert [(one.desk, one.vendor) for one in kept] == [("support", "memory")] * 3
        assert attrs.evolve(ticket, desk=None, vendor=None) == ticket
        assert hash(attrs.evolve(ticket, desk=None, vendor=None)) == hash(ticket)
