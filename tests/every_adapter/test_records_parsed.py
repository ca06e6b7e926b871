"""Only what shows that it is a ticket, or a message of the ticket, is taken for one."""

from __future__ import annotations

import json
from typing import Any

import pytest

import helpdesk_bridge as hb
from tests.every_adapter.places import Place

pytestmark = pytest.mark.asyncio


async def records(place: Place) -> tuple[hb.Ticket, hb.Message]:
    desk = place.desk
    if desk.adapter.name == "memory":
        pytest.skip("it has no records of a vendor's")
    made = await desk.create_ticket(
        subject="Subject", requester="Li <li@customer.example>", text="I paid twice."
    )
    ticket = await desk.ticket(made.id)
    return ticket, (await desk.messages(ticket)).items[0]


def refusal(call: Any) -> hb.ProtocolError:
    with pytest.raises(hb.ProtocolError) as caught:
        call()
    assert (caught.value.path or "").startswith("$")
    return caught.value


async def test_what_is_no_ticket_is_not_taken_for_one(place: Place) -> None:
    ticket, message = await records(place)
    number = ticket.raw["id"]
    others: list[dict[str, Any]] = [
        {**message.raw, "id": number},
        {"id": number, "name": "Li", "email": "li@customer.example", "tags": ["a"]},
        {"id": number, "error": "gone", "status": "error"},
        {"id": number, "event": "ticket.updated", "type": "item", "status": "sent"},
        {"id": number, "subject": "S"},
        {"id": number},
    ]
    for other in others:
        refusal(lambda other=other: place.desk.parse_ticket(other))
    assert place.desk.parse_ticket(ticket.raw).id == ticket.id


async def test_an_envelope_is_not_taken_for_what_is_in_it(place: Place) -> None:
    ticket, message = await records(place)
    for key in ("data", "item", "ticket"):
        envelope = {"id": 999, "event": "ticket.updated", "type": "item", key: ticket.raw}
        try:
            found: str | None = place.desk.parse_ticket(envelope).id
        except hb.ProtocolError:
            found = None
        assert found in (None, ticket.id)
        envelope = {"id": 999, "event": "ticket.updated", "type": "item", key: message.raw}
        refusal(lambda envelope=envelope: place.desk.parse_ticket(envelope))


async def test_what_is_no_message_is_not_taken_for_one(place: Place) -> None:
    ticket, message = await records(place)
    number = message.raw["id"]
    others: list[dict[str, Any]] = [
        dict(ticket.raw),
        {**ticket.raw, "type": "item", "Type": "ticket", "Creator": {"id": "li"}},
        {"id": number, "name": "Li", "email": "li@customer.example", "type": "email"},
        {"id": number, "type": "item", "event": "message.created"},
        {"id": number},
    ]
    for other in others:
        refusal(lambda other=other: place.desk.parse_message(other, ticket))
    assert place.desk.parse_message(message.raw, ticket).ticket_id == ticket.id


async def test_a_message_that_names_another_ticket_is_refused(place: Place) -> None:
    ticket, message = await records(place)
    other = ticket.id[:-1] + ("1" if ticket.id[-1] != "1" else "2")
    for named in (
        {"ticket_id": other},
        {"ticketId": other},
        {"Object": {"type": "ticket", "id": other}},
        {"Object": {"type": "queue", "id": ticket.id}},
    ):
        if "Object" in named and place.desk.adapter.name != "request_tracker":
            continue
        record = {**{k: v for k, v in message.raw.items() if k != "ticketId"}, **named}
        refusal(lambda record=record: place.desk.parse_message(record, ticket))


@pytest.mark.parametrize("bad", ["../7", "7/..", "evt 99", "7\n"])
async def test_an_id_that_no_record_of_the_vendor_has_is_refused(place: Place, bad: str) -> None:
    ticket, message = await records(place)
    error = refusal(lambda: place.desk.parse_ticket({**ticket.raw, "id": bad}))
    assert error.path == "$.id"
    refusal(lambda: place.desk.parse_message({**message.raw, "id": bad}, ticket))


async def test_half_of_a_character_is_read_as_in_an_answer(place: Place) -> None:
    ticket, message = await records(place)
    adapter = place.desk.adapter.name
    key = {"request_tracker": "Subject", "omnidesk": "title"}.get(adapter, "subject")
    body = json.dumps({**ticket.raw, key: "cut \ud83d", "more": ["\udca9", {"\ud83d": 1}]})
    read = place.desk.parse_ticket(json.loads(body))
    assert read.subject == "cut \ufffd"
    assert "cut \ufffd" in hb.to_json(read, raw=True)
    body = json.dumps({**message.raw, "odd": "my words \ud83d"})
    assert hb.to_json(place.desk.parse_message(json.loads(body), ticket), raw=True)


async def test_half_of_a_character_of_the_wrong_type_is_told_by_its_place(place: Place) -> None:
    ticket, _ = await records(place)
    adapter = place.desk.adapter.name
    key = {
        "helpspace": "tags",
        "airclou": "customFields",
        "omnidesk": "timeline",
        "request_tracker": "Queue",
    }[adapter]
    error = refusal(lambda: place.desk.parse_ticket({**ticket.raw, key: "SECRET \ud83d"}))
    assert error.path == f"$.{key}"
    assert "SECRET" not in str(error)
