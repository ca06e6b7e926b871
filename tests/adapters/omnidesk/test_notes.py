"""A note reaches no customer: it is written as one, or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from helpdesk_bridge_omnidesk import Omnidesk, OmnideskSettings

from helpdesk_bridge import Audience, Capability, Channel, Helpdesk, MessageType, errors
from helpdesk_bridge.model import Body, Note, Reply, TicketRef
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.doubles import Caught, Connect, new_ticket
from tests.adapters.omnidesk.conftest import SETTINGS, ScriptedFake, reads_entry, said_json

TEXT = "Careful with this one"


@pytest.mark.asyncio
async def test_a_note_is_internal_and_never_in_the_outbox(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await desk.note(str(stored.id), text=TEXT)
    assert (stored.messages[-1].type, stored.messages[-1].to) == (MessageType.NOTE, ())
    assert fake.store.outbox == []


@pytest.mark.asyncio
async def test_without_note_type_there_are_no_notes_and_the_reason_says_so(
    fake: ScriptedFake, connect_to: Connect, stored: StoredTicket, caught: Caught
) -> None:
    desk = connect_to(fake, note_type=None)
    error = await caught(desk.note(str(stored.id), text=TEXT))
    assert (type(error), fake.journal) == (errors.UnsupportedCapability, [])
    assert not desk.capabilities.supports(Capability.NOTE)
    assert "note_type" in desk.capabilities[Capability.NOTE].reason
    assert "note_type" in str(error)


@pytest.mark.asyncio
async def test_the_adapter_itself_never_falls_back_to_a_channel(
    fake: ScriptedFake, connect_to: Connect, stored: StoredTicket, caught: Caught
) -> None:
    desk = connect_to(fake, note_type=None)
    message = Note(body=Body.of(None, TEXT))
    error = await caught(desk.adapter.send(TicketRef(str(stored.id)), message))
    assert (type(error), fake.posts()) == (errors.UnsupportedCapability, [])


@pytest.mark.asyncio
async def test_the_adapter_itself_refuses_a_reply_that_mails_nobody(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    message = Reply(body=Body.of(None, TEXT), send_email=False)
    error = await caught(desk.adapter.send(TicketRef(str(stored.id)), message))
    assert (type(error), fake.journal) == (errors.UnsupportedCapability, [])


@pytest.mark.asyncio
async def test_a_conversation_shows_a_note_as_one_though_the_vendor_calls_it_a_message(
    fake: ScriptedFake, connect_to: Connect, stored: StoredTicket
) -> None:
    item = {
        **fake._full(stored),
        "timeline": [said_json("outbound", channel_id=7, ticket_id=stored.id)],
    }
    fake.script.add("GET", f"/ticket/{stored.id}", {"item": item})
    desk = connect_to(fake, note_type="7")
    (message,) = [message async for message in desk.messages(str(stored.id))]
    assert (message.type, message.is_public) == (MessageType.NOTE, False)


@pytest.mark.parametrize("note_type", ["1", "8", "contactform", "01", "001", "08", "00"])
def test_a_note_type_that_reaches_customers_is_no_setting(note_type: str) -> None:
    with pytest.raises(errors.ConfigurationError) as info:
        OmnideskSettings(**{**SETTINGS, "note_type": note_type})
    assert info.value.key == "note_type"


def test_the_channel_of_new_tickets_is_no_note_type() -> None:
    with pytest.raises(errors.ConfigurationError) as info:
        OmnideskSettings(**{**SETTINGS, "note_type": "7", "channel": "7"})
    assert info.value.key == "note_type"


@pytest.mark.asyncio
@pytest.mark.parametrize("operation", ["note", "reply", "forward"])
async def test_on_a_ticket_whose_channel_is_the_note_type_nothing_is_written(
    fake: ScriptedFake, connect_to: Connect, caught: Caught, operation: str
) -> None:
    ticket = new_ticket(fake.store, channel=Channel(id="7", name="custom"))
    given: dict[str, Any] = {
        "note": {},
        "reply": {"send_email": True},
        "forward": {"to": "x@a.example"},
    }[operation]
    desk = connect_to(fake, note_type="7")
    error = await caught(getattr(desk, operation)(str(ticket.id), text=TEXT, **given))
    assert (type(error), fake.posts(), fake.store.outbox) == (errors.InvalidArgument, [], [])


@pytest.mark.asyncio
@pytest.mark.parametrize("number", [7, "7"])
async def test_where_the_customer_wrote_on_the_note_types_channel_no_note_is_written(
    fake: ScriptedFake, connect_to: Connect, stored: StoredTicket, caught: Caught, number: Any
) -> None:
    item = fake._full(stored)
    item["timeline"][0]["channel_id"] = number
    fake.script.add("GET", f"/ticket/{stored.id}", {"item": item})
    error = await caught(connect_to(fake, note_type="7").note(str(stored.id), text=TEXT))
    assert (type(error), fake.posts()) == (errors.InvalidArgument, [])


@pytest.mark.asyncio
async def test_a_ticket_without_a_channel_takes_a_note_and_no_reply(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    item = {**fake._full(stored), "channel_id": 0}
    fake.script.add("GET", f"/ticket/{stored.id}", {"item": item}, times=2)
    await desk.note(str(stored.id), text=TEXT)
    error = await caught(desk.reply(str(stored.id), text=TEXT, send_email=True))
    assert (type(error), len(fake.posts())) == (errors.InvalidArgument, 1)
    assert fake.store.outbox == []


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "name",
    [
        *("type", "type[]", "type[0]", " type", "type ", "ty.pe\0", "ticketID", "message"),
        *("toAddress", "toAddress[]", "ccInput", "ccInput[0]", "bccInput", " bccInput"),
        *("sendAt", "respondMessageID", "userID", "plaintext[x]"),
    ],
)
async def test_extra_can_neither_address_a_note_nor_make_it_something_else(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught, name: str
) -> None:
    error = await caught(desk.note(str(stored.id), text=TEXT, extra={name: "1"}))
    assert (type(error), fake.posts()) == (errors.InvalidArgument, [])


@pytest.mark.parametrize("direction", ["outbound", "", None, "sideways"])
def test_what_is_on_the_note_types_channel_reads_as_a_note(direction: Any) -> None:
    message = reads_entry(said_json("outbound", direction=direction, channel_id=7), "7")
    assert (message.type, message.is_public) == (MessageType.NOTE, False)


@pytest.mark.parametrize("number", [5, "5"])
def test_what_is_of_the_note_type_reads_as_a_note(number: Any) -> None:
    message = reads_entry(said_json("outbound", type=number), "5")
    assert (message.type, message.audience) == (MessageType.NOTE, Audience.INTERNAL)


def test_the_customers_words_never_read_as_a_note() -> None:
    message = reads_entry(said_json("inbound", channel_id=7), "7")
    assert message.type is MessageType.REQUEST
    message = reads_entry(said_json("inbound", type="7"), "7")
    assert (message.type, message.is_public) == (MessageType.UNKNOWN, False)


def test_a_note_type_is_what_makes_notes_a_capability() -> None:
    adapter = Omnidesk(OmnideskSettings(**SETTINGS), None)  # type: ignore[arg-type]
    assert adapter.capabilities.supports(Capability.NOTE)
