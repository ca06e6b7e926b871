"""The vendor's own record is read without a desk's request, as the desk reads it."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from helpdesk_bridge_helpspace.adapter import HelpSpace

from helpdesk_bridge import Audience, Helpdesk, MessageType, Role, Status, Upload, errors
from tests.adapters.doubles import new_ticket
from tests.adapters.helpspace.conftest import (
    ScriptedFake,
    add,
    message_json,
    note_json,
    ticket_json,
)


@pytest.fixture
def adapter(desk: Helpdesk) -> HelpSpace:
    assert isinstance(desk.adapter, HelpSpace)
    return desk.adapter


@pytest.mark.asyncio
async def test_a_ticket_of_its_own_record_is_the_same_ticket(
    fake: ScriptedFake, desk: Helpdesk, adapter: HelpSpace
) -> None:
    fields: list[dict[str, Any]] = [
        {"status": status} for status in (Status.OPEN, Status.PENDING, Status.ESCALATED)
    ]
    fields += [{"team": "Billing", "tags": ("vip",)}, {"assignee": fake.store.agents[0]}]
    for given in fields:
        new_ticket(fake.store, **given)
    found = [ticket async for ticket in desk.tickets()]
    assert len(found) == len(fields)
    for ticket in found:
        assert adapter.parse_ticket(ticket.raw) == ticket
        answer = await desk.raw("GET", "tickets", ticket.id)
        assert "data" in answer
        assert adapter.parse_ticket(answer) == ticket
        assert adapter.parse_ticket(answer).raw == ticket.raw


@pytest.mark.asyncio
async def test_a_message_of_its_own_record_is_the_same_but_for_who_only_the_ticket_tells(
    fake: ScriptedFake, desk: Helpdesk, adapter: HelpSpace
) -> None:
    stored = new_ticket(fake.store)
    ticket = str(stored.id)
    for word in ("external", "widget", "internal", "forward", "event", "bounce", "ai-summary"):
        add(fake.store, stored, word)
    files = [Upload("a.txt", data=b"a"), Upload("b.png", data=b"b", content_id="x")]
    html = '<img src="cid:x">'
    await desk.note(ticket, html=html, attachments=files)
    found = [message async for message in desk.messages(ticket)]
    kinds = {message.type for message in found}
    assert {MessageType.REQUEST, MessageType.RESPONSE, MessageType.NOTE} <= kinds
    for message in found:
        expected = message
        if message.vendor_type in ("external", "widget"):
            somebody = evolve(message.author, role=Role.UNKNOWN)
            expected = evolve(message, type=MessageType.UNKNOWN, author=somebody)
            assert expected.audience is Audience.EXTERNAL
        assert adapter.parse_message(message.raw, ticket) == expected
        assert adapter.parse_message({"data": message.raw}, ticket) == expected


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ({}, "$.id"),
        ({"id": 1, "subject": 5}, "$.subject"),
        ({"data": {}}, "$.data.id"),
        ({"data": {"id": 1, "created_at": "soon"}}, "$.data.created_at"),
        ({"data": None}, "$.data"),
        ({"data": [ticket_json()]}, "$.data"),
        ([], "$"),
        (None, "$"),
        ("zq7", "$"),
    ],
)
def test_what_is_no_ticket_is_an_error_with_its_place(
    adapter: HelpSpace, raw: Any, path: str
) -> None:
    with pytest.raises(errors.ProtocolError) as info:
        adapter.parse_ticket(raw)
    assert info.value.path == path
    assert "zq7" not in str(info.value)


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ({}, "$.id"),
        (note_json(body=5), "$.body"),
        ({"data": note_json(to="zq7")}, "$.data.to"),
        (note_json(ticket_id=7), "$.ticket_id"),
        (None, "$"),
    ],
)
def test_what_is_no_message_of_the_ticket_is_an_error_with_its_place(
    adapter: HelpSpace, raw: Any, path: str
) -> None:
    with pytest.raises(errors.ProtocolError) as info:
        adapter.parse_message(raw, "48211")
    assert info.value.path == path
    assert "zq7" not in str(info.value)


def test_a_record_that_has_an_id_is_no_envelope_whatever_else_it_has(adapter: HelpSpace) -> None:
    ticket = adapter.parse_ticket(ticket_json(data={"id": 9}))
    assert ticket.id == "48211"
    assert adapter.parse_message(message_json(data={"id": 9}), "48211").id == "305512"


def test_nobody_is_taken_for_the_customer_whom_the_record_does_not_name(
    adapter: HelpSpace,
) -> None:
    for author in ({}, {"value": "help@brightloom.example"}, {"id": 0, "user_id": 0}):
        message = adapter.parse_message(message_json(from_contact=author), "48211")
        assert (message.type, message.author.role) == (MessageType.UNKNOWN, Role.UNKNOWN)
        assert (message.audience, message.ticket_id) == (Audience.EXTERNAL, "48211")
