"""What is written is real multipart with exactly the documented fields that were given."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from helpdesk_bridge import (
    Audience,
    Channel,
    Helpdesk,
    Message,
    MessageType,
    Party,
    Role,
    Status,
    Upload,
)
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.doubles import CUSTOMER, Connect, asked
from tests.adapters.omnidesk.conftest import (
    DESK,
    PARTNER,
    Mapped,
    ScriptedFake,
    note_json,
    one,
    posted,
)

TEXT = {"plaintext": "We look into it.", "message": "<p>We look into it.</p>"}
REPLIED = {"type": "1", "toAddress": CUSTOMER, **TEXT}

# -- reading ---------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_conversation_is_the_timeline_of_one_request(
    mapped: Mapped, mapped_desk: Helpdesk
) -> None:
    mapped.answers("GET", "ticket/900101", one())
    found = [message async for message in mapped_desk.messages("900101")]
    customer = Party(name="Ines Okafor", email=CUSTOMER, role=Role.CUSTOMER)
    agent = Party(id="12", name="sam", role=Role.AGENT)
    minute = datetime(2026, 2, 3, 9, 10, tzinfo=UTC)
    shared: dict[str, Any] = {"ticket_id": "900101"}
    assert len(mapped.asked) == 1
    assert found == [
        Message(
            id="message-6000", type=MessageType.REQUEST, audience=Audience.EXTERNAL,
            vendor_type="message", author=customer, to=(Party(email=DESK),),
            html="<p>It fails again.</p>", created_at=minute.replace(second=11), **shared,
        ),
        Message(
            id="event-5001", type=MessageType.SYSTEM, audience=Audience.INTERNAL,
            vendor_type="event", author=Party(role=Role.SYSTEM), text="Assigned to Support",
            created_at=minute.replace(second=12), **shared,
        ),
        Message(
            id="note-6001", type=MessageType.NOTE, audience=Audience.INTERNAL, vendor_type="note",
            author=agent, html="<p>Carrier asked.</p>", created_at=minute.replace(minute=20),
            **shared,
        ),
        Message(
            id="message-6002", type=MessageType.RESPONSE, audience=Audience.EXTERNAL,
            vendor_type="message", author=agent, to=(Party(email=CUSTOMER),),
            html="<p>We look into it.</p>", created_at=minute.replace(minute=30), **shared,
        ),
    ]  # fmt: skip


@pytest.mark.asyncio
async def test_a_message_is_found_in_the_timeline_by_its_type_and_number(
    mapped: Mapped, mapped_desk: Helpdesk
) -> None:
    mapped.answers("GET", "ticket/900101", one())
    message = await mapped_desk.message("900101", "note-6001")
    assert (message.id, message.text) == ("note-6001", "Carrier asked.")


# -- writing ---------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({}, {}),
        ({"to": [PARTNER, "b@b.example"]}, {"toAddress": f"{PARTNER},b@b.example"}),
        ({"cc": PARTNER}, {"ccInput": PARTNER}),
        ({"bcc": PARTNER}, {"bccInput": PARTNER}),
        ({"status": Status.OPEN}, {"submitStatus": "open"}),
        ({"status": Status.PENDING}, {"submitStatus": "pending"}),
        ({"status": Status.ON_HOLD}, {"submitStatus": "holding"}),
        ({"status": Status.RESOLVED}, {"submitStatus": "solved"}),
        (
            {"send_at": datetime(2026, 7, 1, 8, 0, 5, tzinfo=UTC)},
            {"sendAt": "2026-07-01 10:00:05"},
        ),
        (
            {"extra": {"forwardedFileIDs": [77, 78]}},
            {"forwardedFileIDs[0]": "77", "forwardedFileIDs[1]": "78"},
        ),
    ],
)
async def test_a_reply_sends_what_was_given_and_nothing_else(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, given: Any, fields: Any
) -> None:
    await desk.reply(str(stored.id), text="We look into it.", send_email=True, **given)
    fixed = {
        "ticketID": str(stored.id),
        "respondMessageID": str(stored.messages[0].id),
        "userID": "12",
    }
    assert posted(fake) == {**fixed, **REPLIED, **fields}


@pytest.mark.asyncio
async def test_without_an_agent_and_a_message_to_answer_neither_is_named(
    fake: ScriptedFake, connect_to: Connect, stored: StoredTicket
) -> None:
    stored.messages.clear()
    desk = connect_to(fake, user_id=None)
    await desk.reply(str(stored.id), text="We look into it.", send_email=True)
    assert posted(fake) == {"ticketID": str(stored.id), **REPLIED}


@pytest.mark.asyncio
async def test_a_reply_goes_out_on_the_tickets_own_channel(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    stored.channel = Channel(id="8", name="chat")
    await desk.reply(str(stored.id), text="We look into it.", send_email=True)
    assert posted(fake)["type"] == "8"


@pytest.mark.asyncio
async def test_html_is_sent_as_it_is_with_its_text_beside_it(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await desk.reply(str(stored.id), html="<b>Größe</b> &lt; 5", send_email=True)
    fields = posted(fake)
    assert (fields["message"], fields["plaintext"]) == ("<b>Größe</b> &lt; 5", "Größe < 5")


@pytest.mark.asyncio
async def test_a_note_names_its_type_and_no_recipient(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await desk.note(str(stored.id), text="We look into it.", status=Status.ON_HOLD)
    assert posted(fake) == {
        "ticketID": str(stored.id),
        "type": "0",
        **TEXT,
        "userID": "12",
        "submitStatus": "holding",
    }


@pytest.mark.asyncio
async def test_a_forward_names_its_recipients_and_answers_nothing(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await desk.forward(
        str(stored.id), to=PARTNER, text="We look into it.", extra={"forwardedFileIDs": (77,)}
    )
    assert posted(fake) == {
        "ticketID": str(stored.id),
        "type": "1",
        "toAddress": PARTNER,
        **TEXT,
        "userID": "12",
        "forwardedFileIDs[0]": "77",
    }


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("author", "sender"),
    [
        (CUSTOMER, {"fromAddress[address]": CUSTOMER}),
        (
            Party(name="Ines", email=CUSTOMER),
            {"fromAddress[name]": "Ines", "fromAddress[address]": CUSTOMER},
        ),
    ],
)
async def test_a_request_is_an_inbound_mail_of_that_ticket(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, author: Any, sender: Any
) -> None:
    files = [Upload("a.txt", data=b"\x00a"), Upload("b.txt", data=b"b")]
    await desk.add_request(str(stored.id), author=author, text="And also", attachments=files)
    fields = posted(fake, "/email")
    assert fields.pop("messageID").endswith("@helpdesk-bridge.invalid")
    assert fields == {
        "externalID": f"EX{stored.id}-1",
        **sender,
        "subject": "Export stops",
        "htmlBody": "<p>And also</p>",
        "attachmentsBase64[0]": base64.b64encode(b"\x00a").decode(),
        "attachmentsBase64[1]": base64.b64encode(b"b").decode(),
    }


@pytest.mark.asyncio
async def test_a_requests_references_go_through_extra(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await desk.add_request(
        str(stored.id), author=CUSTOMER, text="And also", extra={"references": ["<a@b>"]}
    )
    assert posted(fake, "/email")["references[0]"] == "<a@b>"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({}, {"channelID": "1"}),
        ({"channel": "7"}, {"channelID": "7"}),
        ({"team": "31"}, {"channelID": "1", "assignedGroupID": "31"}),
        (
            {"requester": Party(name="Ines", email=CUSTOMER)},
            {"channelID": "1", "fromName": "Ines"},
        ),
        ({"extra": {"formID": 4}}, {"channelID": "1", "formID": "4"}),
    ],
)
async def test_a_ticket_is_created_inbound_from_its_requester(
    fake: ScriptedFake, desk: Helpdesk, given: Any, fields: Any
) -> None:
    await desk.create_ticket(
        **{"subject": "Lost", "requester": CUSTOMER, "text": "Where is it?", **given}
    )
    assert posted(fake, "/ticket") == {
        "brandID": "2",
        "direction": "inbound",
        "from": CUSTOMER,
        "to": "support@helpdesk.example",
        "title": "Lost",
        **fields,
    }
    assert [(method, path) for method, path, _ in asked(fake.journal)] == [
        ("POST", "/ticket"),
        ("GET", f"/ticket/{next(iter(fake.store.tickets))}"),
        ("POST", "/email/newInboundMessage"),
    ]


@pytest.mark.asyncio
async def test_a_chatbots_ticket_is_its_own_request(fake: ScriptedFake, desk: Helpdesk) -> None:
    made = await desk.create_ticket(
        subject="Lost", requester=CUSTOMER, text="Hi", channel=Channel(kind="chatbot")
    )
    assert made.subject == "Lost"
    assert posted(fake) == {
        "brandID": "2",
        "message": "<p>Hi</p>",
        "subject": "Lost",
        "from": CUSTOMER,
    }


@pytest.mark.asyncio
async def test_entries_of_another_ticket_are_problems_and_not_this_ones(
    mapped: Mapped, mapped_desk: Helpdesk
) -> None:
    entries = [note_json(id="1"), note_json(id="2", ticket_id=7)]
    mapped.answers("GET", "ticket/900101", one(timeline=entries))
    pager = mapped_desk.messages("900101").collect_problems()
    assert [message.id async for message in pager] == ["note-1"]
    assert len(pager.problems) == 1
