"""The way back from RT's own records to the models."""

from __future__ import annotations

from typing import Any

import pytest
from helpdesk_bridge_request_tracker.adapter import RequestTracker
from helpdesk_bridge_request_tracker.fake import RequestTrackerFake

from helpdesk_bridge import Audience, Helpdesk, MessageType, Status
from helpdesk_bridge.errors import ProtocolError
from helpdesk_bridge.testing import Store, TickingClock
from tests.adapters.doubles import Connect, drain, new_ticket
from tests.adapters.request_tracker.conftest import row_json, ticket_json

pytestmark = pytest.mark.asyncio


def reads(desk: Helpdesk) -> RequestTracker:
    assert isinstance(desk.adapter, RequestTracker)
    return desk.adapter


async def test_a_record_of_a_ticket_is_that_ticket(connect_to: Connect) -> None:
    async with RequestTrackerFake(Store(clock=TickingClock())) as fake:
        desk = connect_to(fake)
        for status in (Status.NEW, Status.RESOLVED, Status.DELETED):
            ticket = new_ticket(fake.store, status=status, subject=f"{status}")
            if status is Status.DELETED:
                fake.store.delete_ticket(ticket.id)
        found, _ = await drain(desk.tickets())
        deleted = await desk.ticket(str(ticket.id))
        assert deleted.status is Status.DELETED
        for one in (*found, deleted):
            assert reads(desk).parse_ticket(one.raw) == one
        told = await desk.raw("GET", "REST", "2.0", "ticket", str(found[0].id))
        again = reads(desk).parse_ticket(told)
    assert (again.id, again.subject, again.created_at) == (
        found[0].id,
        found[0].subject,
        found[0].created_at,
    )


async def test_an_entry_of_a_history_is_a_message_without_its_words(connect_to: Connect) -> None:
    async with RequestTrackerFake(Store(clock=TickingClock())) as fake:
        desk = connect_to(fake)
        ticket = str(new_ticket(fake.store).id)
        await desk.reply(ticket, text="Refunded.", send_email=True)
        await desk.note(ticket, text="Checked.")
        read, _ = await drain(desk.messages(ticket))
        for one in read:
            parsed = reads(desk).parse_message(one.raw, ticket)
            same = (parsed.id, parsed.ticket_id, parsed.vendor_type, parsed.created_at)
            assert same == (one.id, one.ticket_id, one.vendor_type, one.created_at)
            assert parsed.audience is one.audience
            assert parsed.type in (one.type, MessageType.UNKNOWN)
            assert (parsed.html, parsed.text, parsed.attachments) == (None, None, ())
    assert {one.type for one in read} >= {MessageType.RESPONSE, MessageType.NOTE}


@pytest.mark.parametrize(
    ("word", "kind", "audience"),
    [
        ("Create", MessageType.REQUEST, Audience.EXTERNAL),
        ("Correspond", MessageType.UNKNOWN, Audience.EXTERNAL),
        ("Comment", MessageType.NOTE, Audience.INTERNAL),
        ("Forward Ticket", MessageType.RESPONSE, Audience.FORWARD),
        ("Status", MessageType.SYSTEM, Audience.INTERNAL),
    ],
)
async def test_who_speaks_is_not_guessed(
    desk: Helpdesk, word: str, kind: MessageType, audience: Audience
) -> None:
    parsed = reads(desk).parse_message(row_json(7, word), "4")
    assert (parsed.type, parsed.audience, parsed.ticket_id) == (kind, audience, "4")


@pytest.mark.parametrize("raw", [None, [], "x", {}, {"id": 4}, ticket_json(4, Requestor="x")])
async def test_what_is_no_ticket_is_an_error_with_its_place(desk: Helpdesk, raw: Any) -> None:
    with pytest.raises(ProtocolError) as info:
        reads(desk).parse_ticket(raw)
    assert (info.value.path or "").startswith("$")


@pytest.mark.parametrize("raw", [None, {}, {"id": 4}, row_json(7, Creator=1), {"ticket_id": "5"}])
async def test_what_is_no_message_is_an_error_with_its_place(desk: Helpdesk, raw: Any) -> None:
    with pytest.raises(ProtocolError) as info:
        reads(desk).parse_message(raw, "4")
    assert (info.value.path or "").startswith("$")


async def test_a_message_of_another_ticket_is_an_error(desk: Helpdesk) -> None:
    with pytest.raises(ProtocolError):
        reads(desk).parse_message({**row_json(7), "TicketId": "5"}, "4")
