"""Each operation on messages and files is one documented request; its answer is one value."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from helpdesk_bridge import (
    Attachment,
    Audience,
    Channel,
    Helpdesk,
    Message,
    MessageType,
    Party,
    Role,
    Ticket,
    Upload,
)
from tests.adapters.doubles import CUSTOMER, Call
from tests.adapters.helpspace.conftest import (
    API,
    CHANNEL,
    Mapped,
    agent_contact_json,
    collection,
    message_json,
    note_json,
    ticket_json,
)

PAGE = (("page", "1"), ("per-page", "50"))
SIGNED = {"Authorization": "Bearer made-up-token", "Hs-Client-Id": "made-up-client"}
FULL = Ticket(
    id="48211",
    subject="Export stops",
    requester=Party(id="20931", email=CUSTOMER),
    channel=Channel(id="4", address=CHANNEL),
)
READ_MESSAGE = Message(
    id="305512",
    ticket_id="48211",
    type=MessageType.REQUEST,
    audience=Audience.EXTERNAL,
    vendor_type="external",
    author=Party(id="20931", name="Ines Okafor", email=CUSTOMER, role=Role.CUSTOMER),
    to=(Party(email=CHANNEL),),
    subject="Export stops at 90 percent",
    html='<p>It stops here: <img src="cid:77120" alt="77120"></p>',
    attachments=(
        Attachment(id="77121", name="export.log", mime_type="text/plain", size=88102),
        Attachment(
            id="77120",
            name="progress-bar.png",
            mime_type="image/png",
            size=20418,
            inline=True,
            content_id="77120",
        ),
    ),
    created_at=datetime(2025, 6, 16, 19, 5, 33, tzinfo=UTC),
)


def asked(call: Call) -> tuple[str, str, tuple[tuple[str, str], ...], Any]:
    return call.method, call.url, call.query, call.body


# -- messages --------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_listing_messages_asks_for_notes_and_events_too(
    mapped: Mapped, mapped_desk: Helpdesk
) -> None:
    path = "tickets/48211/messages"
    mapped.answers("GET", path, collection(path, [message_json(), note_json()]))
    found = [message async for message in mapped_desk.messages(FULL)]
    assert found[0] == READ_MESSAGE
    assert (found[1].type, found[1].is_public) == (MessageType.NOTE, False)
    more = [("additional-types[]", word) for word in ("bounce", "error", "event", "internal")]
    assert [asked(c) for c in mapped.calls] == [("GET", f"{API}/{path}", (*more, *PAGE), None)]


@pytest.mark.asyncio
async def test_getting_a_message_is_one_get(mapped: Mapped, mapped_desk: Helpdesk) -> None:
    path = "tickets/48211/messages/305512"
    mapped.answers("GET", path, {"data": message_json()})
    assert await mapped_desk.message(FULL, "305512") == READ_MESSAGE
    assert [asked(call) for call in mapped.calls] == [("GET", f"{API}/{path}", (), None)]


SAID = {"subject": "Export stops", "body": "<p>Hi</p>", "from_contact": {"email": CHANNEL}}
UNSENT = {**SAID, "type": "external", "send_mail_to_recipients": False}
MAILED = {**SAID, "type": "external", "send_mail_to_recipients": True}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("operation", "arguments", "body"),
    [
        ("reply", {"send_email": True}, {**MAILED, "to": [CUSTOMER]}),
        ("reply", {"send_email": False}, {**UNSENT, "to": [CUSTOMER]}),
        (
            "reply",
            {"send_email": True, "to": "x@a.example", "cc": "y@a.example", "bcc": ["z@a.example"]},
            {**MAILED, "to": ["x@a.example"], "cc": ["y@a.example"], "bcc": ["z@a.example"]},
        ),
        ("note", {}, {**UNSENT, "type": "internal"}),
        ("note", {"extra": {"skip_notifications": True}},
         {**UNSENT, "type": "internal", "skip_notifications": True}),
        ("forward", {"to": "x@a.example"}, {**MAILED, "type": "forward", "to": ["x@a.example"]}),
        (
            "forward",
            {"to": ["x@a.example"], "cc": ["y@a.example"], "bcc": ["z@a.example"]},
            {
                **MAILED,
                "type": "forward",
                "to": ["x@a.example"],
                "cc": ["y@a.example"],
                "bcc": ["z@a.example"],
            },
        ),
        ("add_request", {"author": CUSTOMER}, {**UNSENT, "from_contact": {"email": CUSTOMER}}),
        (
            "add_request",
            {
                "author": Party(name="Ines", email=CUSTOMER),
                "created_at": datetime(2025, 6, 16, 19, 5, 33, tzinfo=UTC),
            },
            {
                **UNSENT,
                "from_contact": {"email": CUSTOMER, "name": "Ines"},
                "created_at": "2025-06-16T19:05:33+00:00",
            },
        ),
    ],
)  # fmt: skip
async def test_a_message_is_one_post_that_says_who_speaks_and_whether_to_mail(
    mapped: Mapped, mapped_desk: Helpdesk, operation: str, arguments: Any, body: Any
) -> None:
    path = "tickets/48211/messages"
    answer = message_json(id=305999, from_contact=agent_contact_json(), type=body["type"])
    mapped.answers("GET", "tickets/48211", {"data": ticket_json(subject="Export stops")})
    mapped.answers("POST", path, {"data": answer}, status=201)
    sent = await getattr(mapped_desk, operation)(FULL, text="Hi", **arguments)
    assert (sent.ticket_id, sent.id) == ("48211", "305999")
    read = ("GET", f"{API}/tickets/48211", (), None)
    assert [asked(call) for call in mapped.calls] == [read, ("POST", f"{API}/{path}", (), body)]


@pytest.mark.asyncio
async def test_a_sent_message_comes_back_as_the_vendor_shows_it(
    mapped: Mapped, mapped_desk: Helpdesk
) -> None:
    mapped.answers("GET", "tickets/48211", {"data": ticket_json()})
    mapped.answers("POST", "tickets/48211/messages", {"data": note_json()}, status=201)
    sent = await mapped_desk.note(FULL, text="Hi")
    assert sent.message is not None
    assert (sent.message.type, sent.message.raw) == (MessageType.NOTE, note_json())


@pytest.mark.asyncio
async def test_files_travel_as_base64_in_the_message(mapped: Mapped, mapped_desk: Helpdesk) -> None:
    mapped.answers("GET", "tickets/48211", {"data": ticket_json()})
    mapped.answers("POST", "tickets/48211/messages", {"data": note_json()}, status=201)
    await mapped_desk.note(
        FULL,
        html='<p><img src="cid:bar@x"></p>',
        attachments=[
            Upload("a.txt", data=b"hello"),
            Upload("b.png", data=b"\x89PNG", content_id="bar@x"),
        ],
    )
    body = mapped.calls[1].body
    image = base64.b64encode(b"\x89PNG").decode()
    assert body["attachments"] == [{"name": "a.txt", "mime_type": "text/plain", "data": "aGVsbG8="}]
    assert body["inline_images"] == [
        {"cid": "bar@x", "name": "b.png", "mime_type": "image/png", "data": image}
    ]


# -- files and headers -----------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("inline", "size", "path"),
    [
        (False, None, "media/attachment/77121"),
        (True, None, "media/inline/77121"),
        (True, "medium", "media/inline/77121/medium"),
        (True, "large", "media/inline/77121/large"),
    ],
)
async def test_a_file_is_one_signed_get(
    mapped: Mapped, mapped_desk: Helpdesk, inline: bool, size: str | None, path: str
) -> None:
    mapped.answers("GET", path, None, body=b"the bytes")
    attachment = Attachment(id="77121", inline=inline)
    async with mapped_desk.open_attachment(attachment, size=size) as chunks:
        assert b"".join([chunk async for chunk in chunks]) == b"the bytes"
    assert [asked(call) for call in mapped.calls] == [("GET", f"{API}/{path}", (), None)]
    assert SIGNED.items() <= dict(mapped.calls[0].headers).items()
