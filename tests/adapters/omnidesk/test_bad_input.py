"""What cannot be right is refused by name before Omnidesk hears of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from helpdesk_bridge import (
    Channel,
    Helpdesk,
    HelpdeskError,
    Outcome,
    Party,
    Priority,
    Status,
    TicketKind,
    Upload,
    errors,
)
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.doubles import CUSTOMER, Caught, Connect, cursor_at
from tests.adapters.omnidesk.conftest import ScriptedFake

TEXT = "We look into it."
NEW = {"subject": "S", "requester": CUSTOMER, "text": TEXT}
WRITES: dict[str, dict[str, Any]] = {
    "create_ticket": NEW,
    "reply": {"ticket": "7", "text": TEXT, "send_email": True},
    "note": {"ticket": "7", "text": TEXT},
    "forward": {"ticket": "7", "text": TEXT, "to": "x@a.example"},
    "add_request": {"ticket": "7", "text": TEXT, "author": CUSTOMER},
}


async def refused(fake: ScriptedFake, caught: Caught, call: Any) -> type[HelpdeskError]:
    """Return the kind of the refusal, once it is sure that nothing was sent."""
    error = await caught(call)
    assert (error.outcome, fake.journal) == (Outcome.NOT_SENT, [])
    return type(error)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "bad",
    [
        "",
        "abc",
        "-1",
        "1.0",
        "1/2",
        "../1",
        "1?x=1",
        "1\n",
        "٤٢",
        " 1",
        "1" * 256,
        7,
        None,
        "a-",
        "-",
    ],
)
async def test_what_is_no_id_is_refused_everywhere(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, bad: Any
) -> None:
    calls = [
        desk.ticket(bad),
        desk.update_ticket(bad, subject="S"),
        desk.delete_ticket(bad),
        desk.message("7", bad),
        desk.message(bad, "7"),
        *(getattr(desk, name)(**{**given, "ticket": bad})
          for name, given in WRITES.items() if "ticket" in given),
    ]  # fmt: skip
    found = [await refused(fake, caught, call) for call in calls]
    assert found == [errors.InvalidArgument] * len(calls)


@pytest.mark.asyncio
@pytest.mark.parametrize("bad", ["note-6001", "event-7", "0", "007"])
async def test_the_id_of_a_message_is_none_of_a_ticket(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, bad: str
) -> None:
    calls = [
        desk.ticket(bad),
        desk.update_ticket(bad, subject="S"),
        desk.delete_ticket(bad),
        desk.messages(bad)._first(),
        desk.message(bad, "note-1"),
        *(getattr(desk, name)(**{**given, "ticket": bad})
          for name, given in WRITES.items() if "ticket" in given),
    ]  # fmt: skip
    found = [await refused(fake, caught, call) for call in calls]
    assert found == [errors.InvalidArgument] * len(calls)


@pytest.mark.asyncio
@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize(
    "body",
    [
        *({"text": text} for text in ("Ok", "Four", "  Ok \n\n ", "", " ")),
        *({"html": html} for html in ("<p>Ok</p>", "<b></b>", "&nbsp;&nbsp;&nbsp;&nbsp;Ok")),
        {"html": '<img src="https://a.example/b.png">'},
        {"html": "<p>We look.</p>", "text": "We look."},
        {"text": "a\0bcdef"},
    ],
)
async def test_a_body_that_cannot_be_sent_is_refused(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, operation: str, body: Any
) -> None:
    call = getattr(desk, operation)(**{**WRITES[operation], "text": None, **body})
    assert await refused(fake, caught, call) is errors.InvalidArgument


@pytest.mark.asyncio
async def test_five_characters_are_enough(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await desk.reply(str(stored.id), text="Fine.", send_email=True)
    assert [mail.html for mail in fake.store.outbox] == ["<p>Fine.</p>"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "bad",
    ["a@a.example,b@b.example", "a@a.example\r\nBcc: b@b.example", "A <a@b>, B <b@b>", "nobody"],
)
@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("create_ticket", "requester"),
        *(("reply", name) for name in ("to", "cc", "bcc")),
        *(("forward", name) for name in ("to", "cc", "bcc")),
        ("add_request", "author"),
    ],
)
async def test_what_is_not_one_bare_address_is_refused(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, operation: str, name: str, bad: str
) -> None:
    call = getattr(desk, operation)(**{**WRITES[operation], name: bad})
    assert await refused(fake, caught, call) is errors.InvalidArgument


@pytest.mark.asyncio
@pytest.mark.parametrize("operation", ["reply", "forward"])
@pytest.mark.parametrize("name", ["cc", "bcc"])
async def test_a_second_copy_is_refused_and_none_is_dropped(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, operation: str, name: str
) -> None:
    given = {**WRITES[operation], name: ["a@a.example", "b@a.example"]}
    call = getattr(desk, operation)(**given)
    assert await refused(fake, caught, call) is errors.InvalidArgument


@pytest.mark.asyncio
@pytest.mark.parametrize("address", ["a@a.example,b@b.example", "a@a.example\nb@b.example", ""])
async def test_a_customers_address_that_is_several_is_not_answered(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught, address: str
) -> None:
    stored.requester = Party(id="1", email=address)
    error = await caught(desk.reply(str(stored.id), text=TEXT, send_email=True))
    assert (type(error), fake.posts()) == (errors.InvalidArgument, [])


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("reply", {"send_at": datetime(2030, 1, 1)}),  # noqa: DTZ001
        ("reply", {"send_email": None}),
        ("forward", {"to": []}),
        ("create_ticket", {"team": "Support"}),
        ("create_ticket", {"team": "007"}),
        ("create_ticket", {"channel": "help@acme.example"}),
        ("create_ticket", {"channel": "support"}),
        ("create_ticket", {"channel": Channel(id="-1")}),
        ("create_ticket", {"subject": "a\nb"}),
        ("create_ticket", {"requester": Party(email=CUSTOMER, name="a\r\nb")}),
        ("create_ticket", {"attachments": [Upload("a.png", data=b"a", content_id="x")],
                           "text": None, "html": 'Here: <img src="cid:x">'}),
        *(("create_ticket", {"extra": {name: "1"}}) for name in (
            "brandID", "title", "direction", "direction[0]", " direction", "channelID",
        )),
        ("create_ticket", {"extra": {"formID": 1.5}}),
        ("create_ticket", {"extra": {"formID": {"a": 1}}}),
        ("create_ticket", {"extra": {"formID": [[1]]}}),
    ],
)  # fmt: skip
async def test_a_call_that_makes_no_sense_is_refused(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, operation: str, given: Any
) -> None:
    call = getattr(desk, operation)(**{**WRITES[operation], **given})
    assert await refused(fake, caught, call) is errors.InvalidArgument


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("operation", "option"),
    [
        *((operation, {"attachments": [Upload("a.txt", data=b"a")]})
          for operation in ("reply", "note", "forward")),
        *((operation, option) for operation in ("reply", "note", "create_ticket")
          for option in ({"priority": Priority.HIGH}, {"kind": TicketKind.TASK})),
        ("create_ticket", {"status": Status.OPEN}),
        ("create_ticket", {"assignee": "12"}),
        ("create_ticket", {"tags": ["vip"]}),
        ("create_ticket", {"custom_fields": {"plan": "gold"}}),
        ("create_ticket", {"created_at": datetime(2025, 1, 1, tzinfo=UTC)}),
        ("add_request", {"created_at": datetime(2025, 1, 1, tzinfo=UTC)}),
        ("reply", {"send_email": False}),
    ],
)  # fmt: skip
async def test_an_option_that_omnidesk_lacks_is_unsupported(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, operation: str, option: Any
) -> None:
    call = getattr(desk, operation)(**{**WRITES[operation], **option})
    assert await refused(fake, caught, call) is errors.UnsupportedCapability


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("operation", "name"),
    [
        *(("reply", name) for name in ("type", "type[0]", "toAddress", "toAddress[]", "message",
                                       "ticketID", " ticketID", "user ID")),
        *(("forward", name) for name in ("type", "toAddress[1]")),
        *(("add_request", name) for name in ("externalID", "fromAddress", "fromAddress[address]",
                                             "htmlBody", "messageID")),
    ],
)  # fmt: skip
async def test_extra_cannot_replace_what_a_message_says(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught,
    operation: str, name: str,
) -> None:  # fmt: skip
    given = {**WRITES[operation], "ticket": str(stored.id), "extra": {name: "7"}}
    error = await caught(getattr(desk, operation)(**given))
    assert (type(error), fake.posts()) == (errors.InvalidArgument, [])


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, errors.InvalidArgument),
        ({"subject": ""}, errors.InvalidArgument),
        ({"subject": "S", "extra": {"title": "S"}}, errors.InvalidArgument),
        ({"priority": Priority.HIGH}, errors.UnsupportedCapability),
        ({"team": "31"}, errors.UnsupportedCapability),
        ({"assignee": None}, errors.UnsupportedCapability),
        ({"status": Status.OPEN}, errors.StatusNotAllowed),
        ({"status": Status.SPAM}, errors.StatusNotAllowed),
    ],
)
async def test_a_change_that_cannot_be_made_is_refused(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, changes: Any, kind: type[HelpdeskError]
) -> None:
    assert await refused(fake, caught, desk.update_ticket("7", **changes)) is kind


@pytest.mark.asyncio
async def test_a_filter_that_omnidesk_lacks_is_refused(
    fake: ScriptedFake, connect_to: Connect, caught: Caught
) -> None:
    async def listed() -> None:
        connect_to(fake).tickets(tag="vip")

    assert await refused(fake, caught, listed()) is errors.UnsupportedCapability


@pytest.mark.asyncio
@pytest.mark.parametrize("cursor", ["-1", "abc", "1" * 10, "٣", "1.5"])
async def test_a_cursor_of_another_desk_is_refused(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, cursor: str
) -> None:
    calls = [
        desk.tickets(cursor=cursor_at(desk, "tickets", cursor))._first(),
        desk.messages("7", cursor=cursor_at(desk, "messages", cursor, ticket="7"))._first(),
    ]
    found = [await refused(fake, caught, call) for call in calls]
    assert found == [errors.InvalidArgument] * 2
