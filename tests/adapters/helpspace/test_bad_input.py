"""What cannot be right is refused by name before HelpSpace hears of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from helpdesk_bridge import (
    Attachment,
    Channel,
    Helpdesk,
    HelpdeskError,
    Outcome,
    Party,
    Priority,
    Ticket,
    Upload,
    errors,
)
from tests.adapters.doubles import CUSTOMER, Caught, Connect
from tests.adapters.helpspace.conftest import ScriptedFake, contact_json, ticket_json

FULL = Ticket(
    id="48211",
    subject="S",
    requester=Party(id="20931", email=CUSTOMER),
    channel=Channel(id="1", address="support@helpdesk.example"),
)
NEW = {"subject": "S", "requester": CUSTOMER, "text": "T"}
REPLY = {"ticket": FULL, "text": "T", "send_email": True}
NOTE = {"ticket": FULL, "text": "T"}
FORWARD = {"ticket": FULL, "text": "T", "to": "x@a.example"}
REQUEST = {"ticket": FULL, "text": "T", "author": CUSTOMER}
WRITES = {
    "create_ticket": NEW,
    "reply": REPLY,
    "note": NOTE,
    "forward": FORWARD,
    "add_request": REQUEST,
}


async def refused(
    fake: ScriptedFake, caught: Caught, call: Any, *, reads: bool = False
) -> type[HelpdeskError]:
    """Return the kind of the refusal, once it is sure that nothing was sent.

    With ``reads`` the ticket may have been read before.
    """
    error = await caught(call)
    methods = [exchange.method for exchange in fake.journal]
    assert (error.outcome, methods) in [(Outcome.NOT_SENT, []), (Outcome.NOT_SENT, ["GET"] * reads)]
    return type(error)


def shows(fake: ScriptedFake, **changes: Any) -> None:
    """Have the vendor show FULL, or one like it, to whoever asks."""
    contact = contact_json(value=CUSTOMER)
    fake.instead("GET", "/tickets/48211", {"data": ticket_json(from_contact=contact, **changes)})


# -- ids -------------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "bad",
    ["", "abc", "-1", "1.0", "1/messages", "../1", "1?x=1", "1\n", "٤٢", " 1", "1" * 256, 7, None],
)
async def test_an_id_that_is_not_digits_is_refused_everywhere(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, bad: Any
) -> None:
    async def opened() -> None:
        async with desk.open_attachment(Attachment(id=bad)):
            pass

    async def listed() -> None:
        desk.messages(bad)

    calls = [
        desk.ticket(bad),
        desk.update_ticket(bad, subject="S"),
        desk.delete_ticket(bad),
        desk.message(FULL, bad),
        desk.message(bad, "1"),
        *(
            getattr(desk, name)(**{**given, "ticket": bad})
            for name, given in WRITES.items()
            if "ticket" in given
        ),
        opened(),
        listed(),
    ]
    found = [await refused(fake, caught, call) for call in calls]
    assert found == [errors.InvalidArgument] * len(calls)


# -- bodies and people -----------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"html": "<p>a</p>", "text": "a"},
        {"text": ""},
        {"text": " \n "},
        {"html": "<p> </p>"},
        {"html": b"<p>a</p>"},
        {"text": "a\0b"},
        {"text": "\ud800"},
        {"text": "x" * 5_000_001},
    ],
)
async def test_a_body_that_cannot_be_sent_is_refused(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, operation: str, body: Any
) -> None:
    given = {**WRITES[operation], "text": None, **body}
    call = getattr(desk, operation)(**given)
    assert await refused(fake, caught, call) is errors.InvalidArgument


BAD_ADDRESSES = [
    "a@a.example\r\nBcc: b@b.example",
    "a@a.example,b@b.example",
    "a@a.example;b@b.example",
    "a@b@a.example",
    "@a.example",
    "no address",
]


@pytest.mark.asyncio
@pytest.mark.parametrize("bad", BAD_ADDRESSES)
@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("create_ticket", "requester"),
        ("reply", "to"),
        ("reply", "cc"),
        ("reply", "bcc"),
        ("forward", "to"),
        ("forward", "cc"),
        ("forward", "bcc"),
        ("add_request", "author"),
    ],
)
async def test_what_is_not_one_bare_address_is_refused(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, operation: str, name: str, bad: str
) -> None:
    call = getattr(desk, operation)(**{**WRITES[operation], name: bad})
    assert await refused(fake, caught, call) is errors.InvalidArgument


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("add_request", {"author": "20931"}),
        ("reply", {"to": []}),
        ("forward", {"to": []}),
        ("create_ticket", {"requester": "20931"}),
        ("create_ticket", {"requester": Party(email=CUSTOMER, name="a\r\nb")}),
        ("create_ticket", {"channel": "help@brightloom.example"}),
        ("create_ticket", {"channel": "support"}),
        ("create_ticket", {"assignee": Party(id="ada")}),
        ("create_ticket", {"assignee": Party(id="0012")}),
        ("create_ticket", {"channel": "007"}),
        ("update_ticket", {"assignee": Party(id="0012")}),
        ("create_ticket", {"subject": "a\nb"}),
        ("create_ticket", {"subject": " "}),
        ("create_ticket", {"tags": "vip"}),
        ("create_ticket", {"created_at": datetime(2025, 1, 1)}),  # noqa: DTZ001
        ("add_request", {"created_at": datetime(2025, 1, 1)}),  # noqa: DTZ001
        ("reply", {"send_email": None}),
        ("reply", {"send_email": 1}),
        ("update_ticket", {}),
        ("update_ticket", {"assignee": Party(id="ada")}),
        ("update_ticket", {"status": "unheard-of"}),
        ("update_ticket", {"subject": "S", "extra": {"subject": "S"}}),
    ],
)
async def test_a_call_that_names_nobody_or_nothing_useful_is_refused(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, operation: str, given: Any
) -> None:
    call = getattr(desk, operation)(**{**WRITES.get(operation, {"ticket": FULL}), **given})
    assert await refused(fake, caught, call) is errors.InvalidArgument


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("operation", "given", "contact"),
    [
        ("reply", {}, {"id": 9}),
        ("add_request", {}, {"id": 9}),
        ("add_request", {"author": "somebody.else@a.example"}, {"id": 9, "value": CUSTOMER}),
    ],
)
async def test_a_ticket_whose_contact_cannot_be_written_to_is_refused(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, operation: str, given: Any, contact: Any
) -> None:
    fake.instead("GET", "/tickets/48211", {"data": ticket_json(from_contact=contact)})
    call = getattr(desk, operation)(**{**WRITES[operation], **given})
    assert await refused(fake, caught, call, reads=True) is errors.InvalidArgument


@pytest.mark.asyncio
async def test_a_ticket_in_no_channel_is_refused(
    fake: ScriptedFake, connect_to: Connect, caught: Caught
) -> None:
    call = connect_to(fake, channel=None).create_ticket(**NEW)
    assert await refused(fake, caught, call) is errors.InvalidArgument


@pytest.mark.asyncio
@pytest.mark.parametrize("operation", ["reply", "note", "forward"])
@pytest.mark.parametrize("address", [None, "", "+49 30 1", CUSTOMER, CUSTOMER.upper()])
async def test_without_somebody_of_the_helpdesk_to_speak_nothing_is_said(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, operation: str, address: str | None
) -> None:
    shows(fake, channel={"id": 2, "name": "C", "value": address, "type": "email"})
    call = getattr(desk, operation)(**WRITES[operation])
    assert await refused(fake, caught, call, reads=True) is errors.InvalidArgument


@pytest.mark.asyncio
@pytest.mark.parametrize("operation", ["reply", "note", "forward"])
async def test_a_configured_sender_speaks_in_place_of_the_channel(
    fake: ScriptedFake, connect_to: Connect, operation: str
) -> None:
    sender = "desk@helpdesk.example"
    desk = connect_to(fake, sender=sender, sender_name="The desk")
    made = await desk.create_ticket(**NEW)
    await getattr(desk, operation)(**{**WRITES[operation], "ticket": made})
    said = fake.journal[-1].json()["from_contact"]
    assert said == {"email": sender, "name": "The desk"}


# -- files -----------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize("sizes", [[3_750_001], [1, 3_749_998]])
async def test_files_over_the_limit_in_all_are_refused(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, operation: str, sizes: list[int]
) -> None:
    files = [Upload("a.bin", data=bytes(size)) for size in sizes]
    call = getattr(desk, operation)(**WRITES[operation], attachments=files)
    assert await refused(fake, caught, call) is errors.InvalidArgument


@pytest.mark.asyncio
@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize("html", ["<p>none</p>", '<img src="cid:other@x">'])
async def test_an_inline_image_that_is_not_shown_is_refused(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, operation: str, html: str
) -> None:
    image = Upload("b.png", data=b"png", content_id="bar@x")
    given = {**WRITES[operation], "text": None, "html": html, "attachments": [image]}
    assert await refused(fake, caught, getattr(desk, operation)(**given)) is errors.InvalidArgument


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "html", ["<img src=cid:bar@x>", "<img alt='' src='CID:Bar%40x'>", '<img src="cid:&lt;bar@x>">']
)
async def test_an_image_that_is_shown_in_another_spelling_is_sent_as_one(
    fake: ScriptedFake, desk: Helpdesk, html: str
) -> None:
    image = Upload("b.png", data=b"png", content_id="bar@x")
    made = await desk.create_ticket(subject="S", requester=CUSTOMER, html=html, attachments=[image])
    await desk.reply(made, html=html, attachments=[image], send_email=False)
    messages = fake.store.tickets[int(made.id)].messages
    assert [[file.inline for file in message.files] for message in messages] == [[True], [True]]


@pytest.mark.asyncio
async def test_an_image_of_a_ticket_whose_id_only_begins_another_is_refused(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    image = Upload("b.png", data=b"png", content_id="bar")
    call = desk.create_ticket(
        subject="S", requester=CUSTOMER, html='<img src="cid:bar@x">', attachments=[image]
    )
    assert await refused(fake, caught, call) is errors.InvalidArgument


@pytest.mark.asyncio
async def test_images_that_make_a_tickets_body_too_large_are_refused(
    fake: ScriptedFake, connect_to: Connect, caught: Caught
) -> None:
    desk = connect_to(fake, max_attachment_chars=9_000_000)
    image = Upload("b.png", data=bytes(3_750_000), content_id="bar@x")
    call = desk.create_ticket(
        subject="S", requester=CUSTOMER, html='<img src="cid:bar@x">', attachments=[image]
    )
    assert await refused(fake, caught, call) is errors.InvalidArgument


@pytest.mark.asyncio
@pytest.mark.parametrize(("inline", "size"), [(True, "small"), (False, "large"), (True, "../1")])
async def test_a_rendition_that_does_not_exist_is_refused(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, inline: bool, size: str
) -> None:
    async def opened() -> None:
        async with desk.open_attachment(Attachment(id="1", inline=inline), size=size):
            pass

    assert await refused(fake, caught, opened()) is errors.InvalidArgument


# -- a ticket without a subject ----------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("subject", [None, "", "  "])
@pytest.mark.parametrize("extra", [None, {"subject": ""}, {"subject": " "}, {"subject": 5}])
@pytest.mark.parametrize("operation", ["reply", "note", "forward", "add_request"])
async def test_a_message_needs_a_subject_where_the_ticket_has_none(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, operation: str, extra: Any, subject: Any
) -> None:
    shows(fake, subject=subject)
    call = getattr(desk, operation)(**WRITES[operation], extra=extra)
    assert await refused(fake, caught, call, reads=True) is errors.InvalidArgument


@pytest.mark.asyncio
@pytest.mark.parametrize("operation", ["reply", "note", "forward", "add_request"])
async def test_a_subject_is_given_where_the_ticket_has_none(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, operation: str
) -> None:
    shows(fake, subject=None)
    extra = {"subject": "Your order"}
    error = await caught(getattr(desk, operation)(**WRITES[operation], extra=extra))
    assert type(error) is errors.NotFound  # the fake's store has no such ticket
    (sent,) = [json.loads(e.body) for e in fake.journal if e.method == "POST"]
    assert sent["subject"] == "Your order"


# -- extra and options -----------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("operation", "key"),
    [
        *(("create_ticket", k) for k in ("subject", "channel", "from_contact", "message")),
        ("create_ticket", "skip_autoreply"),
        *((o, k) for o in ("reply", "note", "forward", "add_request")
          for k in ("subject", "from_contact", "body", "type", "send_mail_to_recipients")),
        ("reply", "to"),
        ("forward", "to"),
        *((o, k) for o in ("note", "add_request") for k in ("to", "cc", "bcc")),
    ],
)  # fmt: skip
async def test_extra_cannot_set_what_the_call_sets_nor_address_what_is_not_mailed(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, operation: str, key: str
) -> None:
    shows(fake)
    call = getattr(desk, operation)(**WRITES[operation], extra={key: ["x@a.example"]})
    assert await refused(fake, caught, call, reads=True) is errors.InvalidArgument


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("operation", "option"),
    [
        ("create_ticket", {"priority": Priority.HIGH}),
        ("create_ticket", {"custom_fields": {"plan": "gold"}}),
        ("update_ticket", {"priority": Priority.HIGH}),
        ("update_ticket", {"custom_fields": {"plan": "gold"}}),
        ("reply", {"send_at": datetime(2030, 1, 1, tzinfo=UTC)}),
    ],
)
async def test_an_option_that_helpspace_lacks_is_unsupported(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, operation: str, option: Any
) -> None:
    call = getattr(desk, operation)(**{**WRITES.get(operation, {"ticket": FULL}), **option})
    assert await refused(fake, caught, call) is errors.UnsupportedCapability
