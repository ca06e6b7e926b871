"""Each message is one flat request that says whether to mail, signed with the right credential."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from helpdesk_bridge import (
    Attachment,
    Audience,
    Helpdesk,
    Message,
    MessageType,
    Party,
    Priority,
    Role,
    Status,
    Ticket,
    TicketKind,
    errors,
)
from tests.adapters.airclou.conftest import (
    MESSAGES,
    PARTNER,
    TICKETS,
    message_json,
    note_json,
    ticket_json,
)
from tests.adapters.doubles import CUSTOMER, Caught, Mapped

TICKET = Ticket(id="tkt_482", requester=Party(email=CUSTOMER))
READ_MESSAGE = Message(
    id="msg_7f3a",
    ticket_id="tkt_482",
    type=MessageType.REQUEST,
    audience=Audience.EXTERNAL,
    vendor_type="request",
    author=Party(id="usr_c91", role=Role.CUSTOMER),
    cc=(Party(name="Li", email="li@northpier.example"),),
    html="<p>It fails again.</p>",
    text="It fails again.",
    attachments=(Attachment(id="att_1", name="log.txt", mime_type="text/plain", size=812),),
    created_at=datetime(2026, 2, 3, 9, 10, 11, tzinfo=UTC),
    updated_at=datetime(2026, 2, 3, 9, 10, 12, tzinfo=UTC),
)
READ_NOTE = Message(
    id="msg_7f3b",
    ticket_id="tkt_482",
    type=MessageType.NOTE,
    audience=Audience.INTERNAL,
    vendor_type="note",
    author=Party(id="usr_a02", role=Role.AGENT),
    html="<p>Known issue.</p>",
    created_at=datetime(2026, 2, 3, 9, 20, tzinfo=UTC),
    updated_at=datetime(2026, 2, 3, 9, 20, tzinfo=UTC),
)


@pytest.mark.asyncio
async def test_listing_messages_asks_for_the_oldest_first(
    mapped: Mapped, mapped_desk: Helpdesk
) -> None:
    mapped.answers("GET", MESSAGES, {"messages": [message_json(), note_json()], "total": 2})
    assert [m async for m in mapped_desk.messages("tkt_482")] == [READ_MESSAGE, READ_NOTE]
    query = (("limit", "100"), ("page", "1"), ("sort_order", "asc"), ("ticket_id", "tkt_482"))
    assert mapped.asked == [("GET", MESSAGES, query, None)]


@pytest.mark.asyncio
async def test_types_that_were_not_asked_for_are_left_out(
    mapped: Mapped, mapped_desk: Helpdesk
) -> None:
    mapped.answers("GET", MESSAGES, {"messages": [message_json(), note_json()], "total": 2})
    assert [m async for m in mapped_desk.messages(TICKET, types=[MessageType.NOTE])] == [READ_NOTE]


@pytest.mark.asyncio
async def test_getting_a_message_is_one_get(mapped: Mapped, mapped_desk: Helpdesk) -> None:
    mapped.answers("GET", f"{MESSAGES}/msg_7f3a", {"message": message_json()})
    assert await mapped_desk.message("tkt_482", "msg_7f3a") == READ_MESSAGE
    assert mapped.asked == [("GET", f"{MESSAGES}/msg_7f3a", (), None)]


SAID = {"ticket_id": "tkt_482", "content": "<p>Hi</p>", "text_content": "Hi"}
MAILED = {**SAID, "type": "response", "send_email": True}
NOTED = {**SAID, "type": "note", "send_email": False}
UPDATE = {"status": "resolved", "priority": "low", "type": "task"}
CHANGED = {"status": Status.RESOLVED, "priority": Priority.LOW, "kind": TicketKind.TASK}
LI = Party(name="Li", email="li@northpier.example")
LI_JSON = {"email": "li@northpier.example", "name": "Li"}
PARTNER_JSON = {"email": PARTNER, "name": PARTNER}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("operation", "arguments", "body"),
    [
        ("reply", {"send_email": True}, MAILED),
        ("reply", {"send_email": False}, {**MAILED, "send_email": False}),
        ("reply", {"send_email": True, "cc": [LI]}, {**MAILED, "ccs": [LI_JSON]}),
        ("reply", {"send_email": True, **CHANGED}, {**MAILED, "ticket_update": UPDATE}),
        (
            "reply",
            {"send_email": True, "status": Status.PENDING},
            {**MAILED, "ticket_update": {"status": "pending"}},
        ),
        ("note", {}, NOTED),
        ("note", CHANGED, {**NOTED, "ticket_update": UPDATE}),
        (
            "note",
            {"extra": {"attachments": [{"token": "t", "name": "a", "size": 1}]}},
            {**NOTED, "attachments": [{"token": "t", "name": "a", "size": 1}]},
        ),
        (
            "forward",
            {"to": PARTNER},
            {**MAILED, "is_forward": True, "recipients": [PARTNER_JSON]},
        ),
        (
            "forward",
            {"to": [LI, PARTNER], "cc": PARTNER},
            {
                **MAILED,
                "is_forward": True,
                "recipients": [LI_JSON, PARTNER_JSON],
                "ccs": [PARTNER_JSON],
            },
        ),
        ("add_request", {"author": CUSTOMER}, {**NOTED, "type": "request"}),
    ],
)
async def test_a_message_is_one_flat_post_that_says_whether_to_mail(
    mapped: Mapped, mapped_desk: Helpdesk, operation: str, arguments: Any, body: Any
) -> None:
    mapped.answers("GET", f"{TICKETS}/tkt_482", {"ticket": ticket_json()})
    mapped.answers("POST", MESSAGES, {"message": note_json(type=body["type"])}, status=201)
    sent = await getattr(mapped_desk, operation)(TICKET, text="Hi", **arguments)
    assert (sent.ticket_id, sent.id) == ("tkt_482", "msg_7f3b")
    assert sent.message.vendor_type == body["type"]
    assert (sent.message == READ_NOTE) is (operation == "note")
    read = [("GET", f"{TICKETS}/tkt_482", (), None)] if operation == "add_request" else []
    assert mapped.asked == [*read, ("POST", MESSAGES, (), body)]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("operation", "arguments"), [("note", {}), ("add_request", {"author": CUSTOMER})]
)
@pytest.mark.parametrize(
    "extra",
    [
        {"recipients": [LI_JSON]},
        {"ccs": [LI_JSON]},
        {"is_forward": True},
        {"send_email": True},
        {"type": "response"},
        {"ticket_id": "tkt_1"},
    ],
)
async def test_what_nobody_is_to_be_mailed_cannot_be_given_addresses_by_extra(
    mapped: Mapped,
    mapped_desk: Helpdesk,
    caught: Caught,
    operation: str,
    arguments: Any,
    extra: Any,
) -> None:
    call = getattr(mapped_desk, operation)(TICKET, text="Hi", extra=extra, **arguments)
    assert (type(await caught(call)), mapped.calls) == (errors.InvalidArgument, [])


@pytest.mark.asyncio
@pytest.mark.parametrize("extra", [{"send_email": True}, {"content": "x"}, {"type": "note"}])
async def test_extra_cannot_turn_a_reply_into_something_else(
    mapped: Mapped, mapped_desk: Helpdesk, caught: Caught, extra: Any
) -> None:
    error = await caught(mapped_desk.reply(TICKET, text="Hi", send_email=False, extra=extra))
    assert (type(error), mapped.calls) == (errors.InvalidArgument, [])


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("reply", {"send_email": True, "to": PARTNER}),
        ("reply", {"send_email": True, "bcc": PARTNER}),
        ("forward", {"to": PARTNER, "bcc": CUSTOMER}),
        ("add_request", {"author": CUSTOMER, "created_at": datetime(2026, 1, 1, tzinfo=UTC)}),
    ],
)
async def test_an_option_that_the_vendor_lacks_is_refused_and_not_dropped(
    mapped: Mapped, mapped_desk: Helpdesk, caught: Caught, operation: str, arguments: Any
) -> None:
    error = await caught(getattr(mapped_desk, operation)(TICKET, text="Hi", **arguments))
    assert (type(error), mapped.calls) == (errors.UnsupportedCapability, [])


@pytest.mark.asyncio
async def test_a_message_that_was_made_has_its_id_however_odd_the_rest(
    mapped: Mapped, mapped_desk: Helpdesk
) -> None:
    mapped.answers("POST", MESSAGES, {"message": note_json(createdAt="yesterday")}, status=201)
    sent = await mapped_desk.note(TICKET, text="Hi")
    assert (sent.id, sent.message) == ("msg_7f3b", None)


@pytest.mark.asyncio
async def test_a_made_message_without_an_id_is_an_unknown_outcome(
    mapped: Mapped, mapped_desk: Helpdesk, caught: Caught
) -> None:
    mapped.answers("POST", MESSAGES, {"message": {"type": "note"}}, status=201)
    assert type(await caught(mapped_desk.note(TICKET, text="Hi"))) is errors.OutcomeUnknown


# -- credentials -----------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_tickets_are_signed_with_the_key_and_never_with_the_session(
    mapped: Mapped, mapped_desk: Helpdesk
) -> None:
    mapped.answers("PUT", f"{TICKETS}/tkt_482", {"ticket": ticket_json(subject="New")})
    await mapped_desk.update_ticket("tkt_482", subject="New")
    assert mapped.calls[0].headers == {
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
        "Authorization": "Bearer aclou_made_up",
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "helpdesk-bridge",
        "X-Workspace-Id": "ws_made_up",
    }


@pytest.mark.asyncio
async def test_messages_are_signed_with_the_session_and_never_with_the_key(
    mapped: Mapped, mapped_desk: Helpdesk
) -> None:
    mapped.answers("POST", MESSAGES, {"message": note_json()}, status=201)
    await mapped_desk.note("tkt_482", text="Hi")
    assert mapped.calls[0].headers == {
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
        "Authorization": "Bearer made.up.session",
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "helpdesk-bridge",
    }


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "bearer"),
    [
        (("api", "v1", "webhooks"), "aclou_made_up"),
        (("api", "messages", "msg_1", "parts"), "made.up.session"),
    ],
)
async def test_the_vendors_own_api_takes_the_credential_of_its_half(
    mapped: Mapped, mapped_desk: Helpdesk, path: tuple[str, ...], bearer: str
) -> None:
    mapped.answers("GET", "/".join((TICKETS.removesuffix("/api/v1/tickets"), *path)), {})
    await mapped_desk.raw("GET", *path)
    assert mapped.calls[0].headers["Authorization"] == f"Bearer {bearer}"
