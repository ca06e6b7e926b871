"""Each operation is one documented request, and its answer becomes one neutral value."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from helpdesk_bridge import (
    Attachment,
    Audience,
    CustomField,
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
    CUSTOMER,
    FIELDS,
    MESSAGES,
    PARTNER,
    TICKETS,
    Caught,
    message_json,
    note_json,
    ticket_json,
)
from tests.adapters.doubles import Mapped

FIRST = (("page_size", "100"), ("sort_by", "created_at"), ("sort_order", "desc"))
TICKET = Ticket(id="tkt_482", requester=Party(email=CUSTOMER))
READ_TICKET = Ticket(
    id="tkt_482",
    subject="Export stops at 90 percent",
    status=Status.PENDING,
    vendor_status="pending",
    priority=Priority.HIGH,
    kind=TicketKind.INCIDENT,
    requester=Party(name="Ines Okafor", email=CUSTOMER, role=Role.CUSTOMER),
    assignee=Party(id="usr_a02", role=Role.AGENT),
    tags=("export", "bug"),
    custom_fields={"fld_plan": "gold", "fld_seats": 12},
    created_at=datetime(2026, 2, 3, 9, 10, 11, tzinfo=UTC),
    updated_at=datetime(2026, 2, 3, 9, 20, 0, 250_000, tzinfo=UTC),
)
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

# -- tickets ---------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_listing_tickets_follows_the_cursor(mapped: Mapped, mapped_desk: Helpdesk) -> None:
    meta = {"pageSize": 100, "hasMore": True, "afterCursor": "c2"}
    mapped.answers("GET", TICKETS, {"tickets": [ticket_json()], "meta": meta})
    last = {"tickets": [ticket_json(id="tkt_1")], "meta": {"hasMore": False}}
    mapped.answers("GET", TICKETS, last)
    found = [ticket async for ticket in mapped_desk.tickets()]
    assert found[0] == READ_TICKET
    assert mapped.asked == [
        ("GET", TICKETS, FIRST, None),
        ("GET", TICKETS, (("after", "c2"), *FIRST), None),
    ]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("filters", "pairs"),
    [
        ({"status": Status.PENDING}, [("status", "pending")]),
        ({"assignee": "usr_a02"}, [("assignee_id", "usr_a02")]),
        ({"tag": "bug"}, []),
        ({"requester": CUSTOMER}, []),
        ({"created_since": datetime(2026, 2, 3, tzinfo=UTC)}, []),
        ({"updated_since": datetime(2026, 2, 3, 9, 20, tzinfo=UTC)}, []),
        ({"extra": {"priority": "high"}}, [("priority", "high")]),
    ],
)
async def test_a_filter_is_asked_for_in_the_vendors_words_or_applied_on_what_is_read(
    mapped: Mapped, mapped_desk: Helpdesk, filters: Any, pairs: Any
) -> None:
    other = ticket_json(
        id="tkt_1",
        status="open",
        tags=[],
        assigneeId=None,
        requesterEmail=PARTNER,
        createdAt="2026-01-01T00:00:00Z",
        updatedAt="2026-01-01T00:00:00Z",
    )
    answer = [ticket_json()] if "extra" in filters else [other, ticket_json()]
    mapped.answers("GET", TICKETS, {"tickets": answer, "meta": {"hasMore": False}})
    found = [ticket async for ticket in mapped_desk.tickets(**filters)]
    assert (mapped.calls[0].query, found) == (tuple(sorted([*FIRST, *pairs])), [READ_TICKET])


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "filters",
    [
        {"status": Status.OPEN, "extra": {"status": "new"}},
        {"extra": {"after": "c2"}},
        {"extra": {"page_size": "1"}},
        {"extra": {"sort_by": "priority"}},
        {"extra": {"sort_order": "asc"}},
        {"assignee": "ada@helpdesk.example"},
    ],
)
async def test_a_filter_that_contradicts_the_call_or_has_no_id_is_refused(
    mapped: Mapped, mapped_desk: Helpdesk, caught: Caught, filters: Any
) -> None:
    error = await caught(mapped_desk.tickets(**filters))
    assert (type(error), mapped.calls) == (errors.InvalidArgument, [])


@pytest.mark.asyncio
async def test_getting_a_ticket_is_one_get(mapped: Mapped, mapped_desk: Helpdesk) -> None:
    mapped.answers("GET", f"{TICKETS}/tkt_482", {"ticket": ticket_json()})
    assert await mapped_desk.ticket("tkt_482") == READ_TICKET
    assert mapped.asked == [("GET", f"{TICKETS}/tkt_482", (), None)]


@pytest.mark.asyncio
async def test_the_vendors_own_ticket_stays_readable(mapped: Mapped, mapped_desk: Helpdesk) -> None:
    mapped.answers("GET", f"{TICKETS}/tkt_482", {"ticket": ticket_json(novelty=[1])})
    assert (await mapped_desk.ticket("tkt_482")).raw == ticket_json(novelty=[1])


FIRST_WORDS = {
    "ticket_id": "tkt_482",
    "type": "request",
    "content": "<p>A &amp; B</p>",
    "text_content": "A & B",
    "send_email": False,
}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("arguments", "ticket"),
    [
        ({"requester": CUSTOMER}, {"requesterEmail": CUSTOMER}),
        (
            {
                "requester": Party(name="Ines", email=CUSTOMER),
                "status": Status.NEW,
                "priority": Priority.URGENT,
                "kind": TicketKind.TASK,
                "assignee": "usr_a02",
                "tags": ["export"],
                "custom_fields": {"fld_plan": "gold"},
                "extra": {"novelty": 1},
            },
            {
                "requesterEmail": CUSTOMER,
                "requesterName": "Ines",
                "status": "new",
                "priority": "urgent",
                "type": "task",
                "assigneeId": "usr_a02",
                "tags": ["export"],
                "customFields": [{"id": "fld_plan", "value": "gold"}],
                "novelty": 1,
            },
        ),
    ],
)
async def test_creating_is_a_ticket_in_its_wrapper_and_then_the_customers_first_words(
    mapped: Mapped, mapped_desk: Helpdesk, arguments: Any, ticket: Any
) -> None:
    mapped.answers("POST", TICKETS, {"ticket": ticket_json()}, status=201)
    mapped.answers("POST", MESSAGES, {"message": message_json()}, status=201)
    made = await mapped_desk.create_ticket(subject="Help", text="A & B", **arguments)
    assert made == READ_TICKET
    assert mapped.asked == [
        ("POST", TICKETS, (), {"ticket": {"subject": "Help", **ticket}}),
        ("POST", MESSAGES, (), FIRST_WORDS),
    ]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("changes", "body"),
    [
        ({"subject": "New"}, {"subject": "New"}),
        ({"status": Status.RESOLVED}, {"status": "resolved"}),
        ({"priority": Priority.LOW}, {"priority": "low"}),
        ({"priority": None}, {"priority": None}),
        ({"kind": TicketKind.PROBLEM}, {"type": "problem"}),
        ({"kind": None}, {"type": None}),
        ({"assignee": "usr_a02"}, {"assigneeId": "usr_a02"}),
        ({"assignee": None}, {"assigneeId": None}),
        ({"tags": ["bug"]}, {"tags": ["bug"]}),
        ({"tags": []}, {"tags": []}),
        (
            {"custom_fields": {"fld_plan": None}},
            {"customFields": [{"id": "fld_plan", "value": None}]},
        ),
        ({"extra": {"novelty": 7}}, {"novelty": 7}),
    ],
)
async def test_updating_sends_what_changes_and_nothing_else(
    mapped: Mapped, mapped_desk: Helpdesk, changes: Any, body: Any
) -> None:
    mapped.answers("PUT", f"{TICKETS}/tkt_482", {"ticket": ticket_json()})
    assert await mapped_desk.update_ticket("tkt_482", **changes) == READ_TICKET
    assert mapped.asked == [("PUT", f"{TICKETS}/tkt_482", (), {"ticket": body})]


@pytest.mark.asyncio
async def test_deleting_is_one_delete_without_a_body(mapped: Mapped, mapped_desk: Helpdesk) -> None:
    mapped.answers("DELETE", f"{TICKETS}/tkt_482", None, status=204)
    await mapped_desk.delete_ticket(TICKET)
    assert mapped.asked == [("DELETE", f"{TICKETS}/tkt_482", (), None)]


@pytest.mark.asyncio
async def test_custom_fields_are_read_to_the_last_page(
    mapped: Mapped, mapped_desk: Helpdesk
) -> None:
    plan = {
        "id": "fld_plan",
        "title": "Plan",
        "fieldKey": "plan",
        "type": "dropdown",
        "active": False,
        "requiredForAgents": True,
        "options": ["free", {"value": "gold", "label": "Gold"}, {"label": "?"}],
    }
    system = {"id": "system_status", "fieldKey": "status", "type": "text"}
    meta = {"hasMore": True, "afterCursor": "c2"}
    mapped.answers("GET", FIELDS, {"ticketFields": [plan], "meta": meta})
    mapped.answers("GET", FIELDS, {"ticketFields": [system], "meta": {"hasMore": False}})
    assert await mapped_desk.custom_fields() == [
        CustomField(
            id="fld_plan",
            name="Plan",
            kind="dropdown",
            active=False,
            required=True,
            options=("free", "gold"),
        ),
        CustomField(id="system_status", name="status", kind="text"),
    ]
    assert mapped.asked == [
        ("GET", FIELDS, (("page_size", "100"),), None),
        ("GET", FIELDS, (("after", "c2"), ("page_size", "100")), None),
    ]


@pytest.mark.asyncio
async def test_custom_fields_that_lead_in_circles_are_an_error(
    mapped: Mapped, mapped_desk: Helpdesk, caught: Caught
) -> None:
    for cursor in ("c2", "c3", "c2", "c3"):
        meta = {"hasMore": True, "afterCursor": cursor}
        mapped.answers("GET", FIELDS, {"ticketFields": [], "meta": meta})
    error = await caught(mapped_desk.custom_fields())
    assert (type(error), len(mapped.calls)) == (errors.PaginationLoop, 3)


# -- messages --------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_listing_messages_asks_for_the_oldest_first(
    mapped: Mapped, mapped_desk: Helpdesk
) -> None:
    mapped.answers("GET", MESSAGES, {"messages": [message_json(), note_json()], "total": 2})
    assert [m async for m in mapped_desk.messages("tkt_482")] == [READ_MESSAGE, READ_NOTE]
    query = (("limit", "50"), ("page", "1"), ("sort_order", "asc"), ("ticket_id", "tkt_482"))
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
    mapped.answers("POST", MESSAGES, {"message": note_json()}, status=201)
    sent = await getattr(mapped_desk, operation)(TICKET, text="Hi", **arguments)
    assert (sent.ticket_id, sent.id, sent.message) == ("tkt_482", "msg_7f3b", READ_NOTE)
    assert mapped.asked == [("POST", MESSAGES, (), body)]


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
    mapped.answers("PUT", f"{TICKETS}/tkt_482", {"ticket": ticket_json()})
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
