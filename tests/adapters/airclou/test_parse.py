"""The way from the vendor's own record back to a ticket or a message."""

from __future__ import annotations

from typing import Any

import pytest
from helpdesk_bridge_airclou import Airclou

from helpdesk_bridge import Helpdesk, Status, errors
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.airclou.conftest import ScriptedFake, message_json, ticket_json, tkt
from tests.adapters.doubles import add_message, new_ticket


@pytest.fixture
def adapter(desk: Helpdesk) -> Airclou:
    assert isinstance(desk.adapter, Airclou)
    return desk.adapter


@pytest.mark.asyncio
async def test_what_a_list_kept_is_read_again_as_it_was(
    fake: ScriptedFake, desk: Helpdesk, adapter: Airclou
) -> None:
    for status in (Status.OPEN, Status.CLOSED):
        add_message(fake.store, new_ticket(fake.store, status=status))
    tickets = list(await desk.tickets())
    messages = [message for t in tickets for message in await desk.messages(t)]
    assert (len(tickets), len(messages)) == (2, 4)
    assert [adapter.parse_ticket(ticket.raw) for ticket in tickets] == tickets
    assert [adapter.parse_message(m.raw, m.ticket_id) for m in messages] == messages


@pytest.mark.asyncio
async def test_a_whole_answer_is_read_too(
    desk: Helpdesk, adapter: Airclou, stored: StoredTicket
) -> None:
    answer = await desk.raw("GET", "api", "v1", "tickets", tkt(stored))
    assert set(answer) == {"ticket"}
    assert adapter.parse_ticket(answer) == await desk.ticket(tkt(stored))
    message = {"message": message_json()}
    assert adapter.parse_message(message, "tkt_482").raw == message_json()


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (None, "$"),
        ([], "$"),
        ("canary", "$"),
        ({}, "$.id"),
        ({"ticket": "canary"}, "$.ticket"),
        ({"ticket": {"subject": "S"}}, "$.ticket.id"),
        (ticket_json(tags="canary"), "$.tags"),
        (ticket_json(createdAt="canary"), "$.createdAt"),
    ],
)
@pytest.mark.asyncio
async def test_what_is_no_ticket_is_named_by_its_place(
    adapter: Airclou, raw: Any, path: str
) -> None:
    with pytest.raises(errors.ProtocolError) as caught:
        adapter.parse_ticket(raw)
    assert (caught.value.path, "canary" in str(caught.value)) == (path, False)


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (None, "$"),
        ({"message": {"type": "note"}}, "$.message.id"),
        (message_json(ticketId="tkt_9"), "$.ticketId"),
        ({"message": message_json(ticketId="tkt_9")}, "$.message.ticketId"),
    ],
)
@pytest.mark.asyncio
async def test_what_is_no_message_of_the_ticket_is_named_by_its_place(
    adapter: Airclou, raw: Any, path: str
) -> None:
    with pytest.raises(errors.ProtocolError) as caught:
        adapter.parse_message(raw, "tkt_482")
    assert caught.value.path == path
