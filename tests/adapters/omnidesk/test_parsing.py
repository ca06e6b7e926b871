"""The vendor's own records lead back to the tickets and messages that they were read as."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk_bridge import Audience, Helpdesk, MessageType, Party, errors
from tests.adapters.doubles import add_message, new_ticket
from tests.adapters.omnidesk.conftest import (
    PARTNER,
    ScriptedFake,
    event_json,
    note_json,
    one,
    said_json,
    ticket_json,
)

pytestmark = pytest.mark.asyncio


async def test_every_ticket_and_message_is_read_back(fake: ScriptedFake, desk: Helpdesk) -> None:
    for team in ("31", None):
        ticket = new_ticket(fake.store, team=team, assignee=Party(id="12"))
        add_message(fake.store, ticket)
        add_message(fake.store, ticket, type=MessageType.NOTE, audience=Audience.INTERNAL)
        await desk.forward(str(ticket.id), to=PARTNER, text="Please check")
    tickets = [ticket async for ticket in desk.tickets()]
    tickets += [await desk.ticket(ticket.id) for ticket in tickets]
    assert [desk.adapter.parse_ticket(ticket.raw) for ticket in tickets] == tickets
    for ticket in tickets:
        messages = [message async for message in desk.messages(ticket)]
        assert len(messages) >= 4
        assert messages == [desk.adapter.parse_message(m.raw, ticket.id) for m in messages]


async def test_the_answer_of_one_ticket_is_read_with_its_envelope(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    ticket = new_ticket(fake.store)
    said = await desk.raw("GET", "api", "v2", "ticket", str(ticket.id))
    read = await desk.ticket(str(ticket.id))
    assert desk.adapter.parse_ticket(said) == desk.adapter.parse_ticket(said["item"]) == read


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ({}, "$.id"),
        (None, "$"),
        ([], "$"),
        ("7", "$"),
        (one()["item"] | {"title": 7.5}, "$.title"),
        (one(id=None), "$.item.id"),
        ({"item": None}, "$.item"),
        (ticket_json(created_at="yesterday"), "$.created_at"),
    ],
)
async def test_what_is_no_ticket_is_named_by_its_place(desk: Helpdesk, raw: Any, path: str) -> None:
    with pytest.raises(errors.ProtocolError) as caught:
        desk.adapter.parse_ticket(raw)
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ({}, "$.type"),
        (None, "$"),
        (note_json(id=None), "$.id"),
        (said_json("inbound", created_at="soon"), "$.created_at"),
        (event_json(ticket_id=8), "$.ticket_id"),
    ],
)
async def test_what_is_no_message_of_the_ticket_is_named_by_its_place(
    desk: Helpdesk, raw: Any, path: str
) -> None:
    with pytest.raises(errors.ProtocolError) as caught:
        desk.adapter.parse_message(raw, "900101")
    assert caught.value.path == path


async def test_an_entry_of_no_known_type_is_not_guessed(desk: Helpdesk) -> None:
    message = desk.adapter.parse_message({"type": "draft", "id": 5, "content": "x"}, "900101")
    assert (message.id, message.type, message.is_public) == ("draft-5", MessageType.UNKNOWN, False)


async def test_a_ticket_with_a_field_called_item_is_no_envelope(desk: Helpdesk) -> None:
    assert desk.adapter.parse_ticket(ticket_json(item="Toaster")).id == "900101"
