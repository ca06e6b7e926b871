"""Each operation is one documented request, and its answer becomes one neutral value."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from helpdesk_bridge import (
    CustomField,
    Helpdesk,
    Party,
    Priority,
    Role,
    Status,
    Ticket,
    TicketKind,
    errors,
)
from tests.adapters.airclou.conftest import (
    FIELDS,
    MESSAGES,
    PARTNER,
    TICKETS,
    message_json,
    ticket_json,
)
from tests.adapters.doubles import CUSTOMER, Caught, Mapped

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
        {"assignee": "Ada Byron"},
        {"assignee": Party(id="usr a02")},
        {"assignee": "Ad\u00e4"},
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


SHOWN = {"subject", "status", "priority", "type", "assigneeId", "tags", "customFields"}
"""What a ticket that comes back is compared by: it has to show what was asked for."""


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
    shown = ticket_json(**{name: ticket[name] for name in SHOWN.intersection(ticket)})
    mapped.answers("POST", TICKETS, {"ticket": shown}, status=201)
    mapped.answers("POST", MESSAGES, {"message": message_json()}, status=201)
    made = await mapped_desk.create_ticket(subject="Help", text="A & B", **arguments)
    assert made.raw == shown
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
    shown = ticket_json(**{name: body[name] for name in SHOWN & body.keys()})
    mapped.answers("PUT", f"{TICKETS}/tkt_482", {"ticket": shown})
    changed = await mapped_desk.update_ticket("tkt_482", **changes)
    assert changed.raw == shown
    assert SHOWN & body.keys() or changed == READ_TICKET
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
