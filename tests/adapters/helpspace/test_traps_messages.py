"""Where HelpSpace's pages mislead about messages and files: a test for each trap, by number."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from helpdesk_bridge_helpspace import wire

from helpdesk_bridge import Helpdesk, MessageType, Party, Upload, errors, kit
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.doubles import CUSTOMER, Caught
from tests.adapters.helpspace.conftest import (
    AGENT,
    CHANNEL,
    ScriptedFake,
    add,
    media_json,
    message_json,
    note_json,
    ticket_json,
)

READ_ONE = "/tickets/48211"
TICKET = kit.read(ticket_json(), wire.TicketJson).to_ticket()


def reads_message(**changes: Any) -> Any:
    return kit.read(message_json(**changes), wire.MessageJson).to_message(TICKET)


@pytest.mark.asyncio
async def test_t13_a_message_has_its_tickets_subject(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await desk.reply(str(stored.id), text="T", send_email=False)
    assert stored.messages[-1].subject == stored.subject


@pytest.mark.asyncio
async def test_t14_no_id_is_written(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await desk.note(str(stored.id), text="T")
    assert "id" not in fake.asked("POST")[0].json()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "sample",
    [
        b'{"data": {"id": 1, "type": "external",}}',
        b'{"data": {"id": 1, // comment\n "status": 1}}',
        b'{"data": {"id": 1, "body": "line\nbreak"}}',
    ],
)
async def test_t15_what_is_printed_like_the_vendors_samples_is_no_json(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, sample: bytes
) -> None:
    fake.instead("GET", READ_ONE, sample)
    assert type(await caught(desk.ticket("48211"))) is errors.ProtocolError


@pytest.mark.asyncio
async def test_t16_notes_are_asked_for_as_additional_and_never_as_types(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    note = add(fake.store, stored, "internal")
    found = [m async for m in desk.messages(str(stored.id), types=[MessageType.NOTE])]
    asked = fake.asked("GET", "/messages")[0]
    assert [message.id for message in found] == [str(note.id)]
    assert (asked.values("types[]"), "internal" in asked.values("additional-types[]")) == ([], True)


@pytest.mark.asyncio
async def test_t17_a_conversation_has_what_the_default_list_hides(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    hidden = ["internal", "error", "bounce", "event"]
    for word in hidden:
        add(fake.store, stored, word)
    found = [m async for m in desk.messages(str(stored.id))]
    assert [(m.vendor_type, m.is_public) for m in found[1:]] == [(word, False) for word in hidden]


def test_t18_a_type_of_a_later_revision_is_unknown_and_not_public() -> None:
    message = reads_message(type="ai-summary")
    assert (message.type, message.is_public) == (MessageType.UNKNOWN, False)


@pytest.mark.asyncio
@pytest.mark.parametrize("mail", [True, False])
async def test_t19_every_message_says_whether_mail_is_to_leave(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, mail: bool
) -> None:
    await desk.reply(str(stored.id), text="T", send_email=mail)
    await desk.note(str(stored.id), text="T")
    said = [e.json()["send_mail_to_recipients"] for e in fake.asked("POST")]
    assert said == [mail, False]


@pytest.mark.asyncio
async def test_t20_a_file_is_fetched_by_its_id_and_never_from_its_url(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    file = fake.store.file("a.txt", "text/plain", b"hello")
    add(fake.store, stored, files=[file])
    message = [m async for m in desk.messages(str(stored.id))][-1]
    assert message.raw["attachments"][0]["url"].startswith("http://api.help/api/v1/media/inline/")
    async with desk.open_attachment(message.attachments[0]) as chunks:
        assert [chunk async for chunk in chunks] == [b"hello"]
    assert fake.journal[-1].path == f"/media/attachment/{file.id}"


@pytest.mark.asyncio
async def test_t21_a_files_name_is_read_under_both_names_and_written_as_name(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    named = [media_json("attachment", 1), media_json("attachment", 2, file_name=None, name="b")]
    assert [a.name for a in reads_message(attachments=named).attachments[:2]] == ["export.log", "b"]
    await desk.note(str(stored.id), text="T", attachments=[Upload("c", data=b"c")])
    sent = fake.asked("POST")[0].json()["attachments"][0]
    assert (sent["name"], "file_name" in sent) == ("c", False)


@pytest.mark.asyncio
async def test_t22_the_body_that_comes_back_refers_to_an_image_by_its_id(
    desk: Helpdesk, stored: StoredTicket
) -> None:
    image = Upload("b.png", data=b"png", content_id="bar@x")
    sent = await desk.reply(
        str(stored.id), html='<img src="cid:bar@x">', send_email=False, attachments=[image]
    )
    assert sent.message is not None
    shown = sent.message.attachments[0].content_id
    assert (sent.message.html, shown != "bar@x") == (f'<img src="cid:{shown}">', True)


@pytest.mark.asyncio
@pytest.mark.parametrize("quote", ['"', "'", ""])
async def test_t23_an_inline_image_is_a_data_url_in_a_ticket(
    fake: ScriptedFake, desk: Helpdesk, quote: str
) -> None:
    image = Upload("b.png", data=b"png", content_id="bar@x")
    html = f"<img src={quote}cid:bar@x{quote}><img src={quote}cid:bar@xy{quote}>"
    await desk.create_ticket(subject="S", requester=CUSTOMER, html=html, attachments=[image])
    message = fake.journal[0].json()["message"]
    url = f"data:image/png;base64,{base64.b64encode(b'png').decode()}"
    assert message == {"body": html.replace(f"cid:bar@x{quote}>", f"{url}{quote}>")}


@pytest.mark.asyncio
async def test_t23_an_inline_image_is_a_part_with_its_cid_in_a_message(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    image = Upload("b.png", data=b"png", content_id="bar@x")
    await desk.note(str(stored.id), html='<img src="cid:bar@x">', attachments=[image])
    body = fake.asked("POST")[0].json()
    assert (body["body"], body["inline_images"][0]["cid"]) == ('<img src="cid:bar@x">', "bar@x")


@pytest.mark.asyncio
@pytest.mark.parametrize(("size", "refused"), [(3_750_000, False), (3_750_001, True)])
async def test_t24_five_megabytes_are_of_base64(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, size: int, refused: bool
) -> None:
    upload = Upload("a.bin", data=bytes(size))
    try:
        await desk.note(str(stored.id), text="T", attachments=[upload])
    except errors.InvalidArgument:
        assert (refused, fake.journal) == (True, [])
    else:
        assert (refused, len(fake.asked("POST")[0].json()["attachments"][0]["data"])) == (
            False,
            5_000_000,
        )


@pytest.mark.asyncio
async def test_an_agents_note_shows_who_wrote_it(fake: ScriptedFake, desk: Helpdesk) -> None:
    fake.instead("GET", READ_ONE, {"data": ticket_json()})
    fake.instead("GET", f"{READ_ONE}/messages/305540", {"data": note_json(to=[CHANNEL])})
    note = await desk.message("48211", "305540")
    assert (note.author.email, note.to) == (AGENT, (Party(email=CHANNEL),))
