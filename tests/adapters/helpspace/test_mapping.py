"""Each operation is one documented request, and its answer becomes one neutral value."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from helpdesk_bridge import (
    Channel,
    Helpdesk,
    Party,
    Role,
    Status,
    Ticket,
    Upload,
)
from tests.adapters.doubles import CUSTOMER, Call
from tests.adapters.helpspace.conftest import (
    AGENT,
    API,
    CHANNEL,
    Mapped,
    collection,
    ticket_json,
)

PAGE = (("page", "1"), ("per-page", "50"))
SIGNED = {"Authorization": "Bearer made-up-token", "Hs-Client-Id": "made-up-client"}
TICKET = Ticket(id="48211")
READ_TICKET = Ticket(
    id="48211",
    subject="Export stops at 90 percent",
    status=Status.PENDING,
    vendor_status="waiting",
    requester=Party(id="20931", name="Ines Okafor", email=CUSTOMER, role=Role.CUSTOMER),
    assignee=Party(id="12", name="Tomasz", email=AGENT, role=Role.AGENT),
    team="Exports",
    channel=Channel(id="4", name="Product support", address=CHANNEL, kind="email"),
    tags=("export", "bug"),
    custom_fields={"plan": "gold"},
    created_at=datetime(2025, 6, 16, 19, 5, 33, tzinfo=UTC),
    updated_at=datetime(2025, 6, 17, 8, 41, 15, tzinfo=UTC),
    last_message_at=datetime(2025, 6, 17, 8, 41, 12, tzinfo=UTC),
)


def asked(call: Call) -> tuple[str, str, tuple[tuple[str, str], ...], Any]:
    return call.method, call.url, call.query, call.body


@pytest.mark.asyncio
async def test_listing_tickets_is_one_get_with_page_and_size(
    mapped: Mapped, mapped_desk: Helpdesk
) -> None:
    mapped.answers("GET", "tickets", collection("tickets", [ticket_json()]))
    found = [ticket async for ticket in mapped_desk.tickets()]
    assert found == [READ_TICKET]
    assert [asked(call) for call in mapped.calls] == [("GET", f"{API}/tickets", PAGE, None)]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("filters", "pairs"),
    [
        ({"status": Status.PENDING}, [("status[]", "waiting")]),
        ({"assignee": "12"}, [("assignees[]", "12")]),
        ({"team": "Exports"}, [("teams[]", "Exports")]),
        ({"team": "3"}, [("teams[]", "3")]),
        ({"tag": "bug"}, [("tags[]", "bug")]),
        ({"requester": CUSTOMER}, [("contacts[]", CUSTOMER)]),
        ({"requester": "20931"}, []),
        ({"text": "90 percent"}, [("subject-or-body[]", "90 percent")]),
        (
            {"created_since": datetime(2025, 6, 16, 19, 5, tzinfo=UTC)},
            [("created-between", "2025-06-15/2037-12-31")],
        ),
        ({"updated_since": datetime(2025, 6, 16, tzinfo=UTC)}, []),
        ({"extra": {"body[]": ["a", "b"]}}, [("body[]", "a"), ("body[]", "b")]),
    ],
)
async def test_a_filter_is_asked_for_in_the_vendors_words(
    mapped: Mapped, mapped_desk: Helpdesk, filters: Any, pairs: Any
) -> None:
    mapped.answers("GET", "tickets", collection("tickets", [ticket_json()]))
    found = [ticket async for ticket in mapped_desk.tickets(**filters)]
    assert (mapped.calls[0].query, found) == (tuple(sorted([*PAGE, *pairs])), [READ_TICKET])


@pytest.mark.asyncio
@pytest.mark.parametrize("assignee", [AGENT, AGENT.upper(), Party(name="tomasz")])
async def test_an_assignee_is_asked_for_by_the_id_that_the_list_of_agents_has(
    mapped: Mapped, mapped_desk: Helpdesk, assignee: Any
) -> None:
    agent = {"id": 12, "name": "Tomasz", "email": AGENT, "is_agent": True}
    mapped.answers("GET", "agents", collection("agents", [agent]))
    mapped.answers("GET", "tickets", collection("tickets", [ticket_json()]))
    assert [ticket async for ticket in mapped_desk.tickets(assignee=assignee)] == [READ_TICKET]
    filtered = tuple(sorted([*PAGE, ("assignees[]", "12")]))
    assert [asked(call) for call in mapped.calls] == [
        ("GET", f"{API}/agents", PAGE, None),
        ("GET", f"{API}/tickets", filtered, None),
    ]


@pytest.mark.asyncio
async def test_getting_a_ticket_is_one_get(mapped: Mapped, mapped_desk: Helpdesk) -> None:
    mapped.answers("GET", "tickets/48211", {"data": ticket_json()})
    assert await mapped_desk.ticket("48211") == READ_TICKET
    assert [asked(call) for call in mapped.calls] == [("GET", f"{API}/tickets/48211", (), None)]


@pytest.mark.asyncio
async def test_the_vendors_own_ticket_stays_readable(mapped: Mapped, mapped_desk: Helpdesk) -> None:
    mapped.answers("GET", "tickets/48211", {"data": ticket_json(novelty=[1])})
    assert (await mapped_desk.ticket("48211")).raw == ticket_json(novelty=[1])


@pytest.mark.asyncio
async def test_creating_with_the_least_names_the_desks_channel_and_no_autoreply(
    mapped: Mapped, mapped_desk: Helpdesk
) -> None:
    mapped.answers("POST", "tickets", {"data": ticket_json()}, status=201)
    made = await mapped_desk.create_ticket(subject="Help", requester=CUSTOMER, text="A & B")
    assert made == READ_TICKET
    body = {
        "subject": "Help",
        "channel": {"id": 4},
        "from_contact": {"email": CUSTOMER},
        "message": {"body": "<p>A &amp; B</p>"},
        "skip_autoreply": True,
    }
    assert [asked(call) for call in mapped.calls] == [("POST", f"{API}/tickets", (), body)]


@pytest.mark.asyncio
async def test_creating_with_everything_says_everything(
    mapped: Mapped, mapped_desk: Helpdesk
) -> None:
    mapped.answers("POST", "tickets", {"data": ticket_json()}, status=201)
    await mapped_desk.create_ticket(
        subject="Help",
        requester=Party(name="Ines", email=CUSTOMER),
        html="<p>Stuck</p>",
        status=Status.PENDING,
        assignee="12",
        team="Exports",
        tags=["export"],
        channel="9",
        attachments=[Upload("a.txt", data=b"hello")],
        created_at=datetime(2025, 6, 16, 19, 5, 33, tzinfo=UTC),
        extra={"skip_rules": True},
    )
    assert mapped.calls[0].body == {
        "subject": "Help",
        "channel": {"id": 9},
        "from_contact": {"email": CUSTOMER, "name": "Ines"},
        "message": {
            "body": "<p>Stuck</p>",
            "attachments": [{"name": "a.txt", "mime_type": "text/plain", "data": "aGVsbG8="}],
        },
        "skip_autoreply": True,
        "status": "waiting",
        "assignee": {"id": 12},
        "team": {"name": "Exports"},
        "tags": ["export"],
        "created_at": "2025-06-16T19:05:33+00:00",
        "skip_rules": True,
    }


SHOWN = {"subject", "status", "assignee", "team", "tags"}
"""What a ticket that comes back is compared by: it has to show the change."""


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("changes", "body"),
    [
        ({"subject": "New"}, {"subject": "New"}),
        ({"status": Status.PENDING}, {"status": "waiting"}),
        ({"assignee": "12"}, {"assignee": {"id": 12}}),
        ({"assignee": None}, {"assignee": None}),
        ({"team": "Exports"}, {"team": {"name": "Exports"}}),
        ({"team": "3"}, {"team": {"id": 3}}),
        ({"team": None}, {"team": None}),
        ({"tags": ["bug"]}, {"tags": ["bug"]}),
        ({"tags": []}, {"tags": []}),
        ({"extra": {"channel": {"id": 7}}}, {"channel": {"id": 7}}),
    ],
)
async def test_updating_sends_what_changes_and_nothing_else(
    mapped: Mapped, mapped_desk: Helpdesk, changes: Any, body: Any
) -> None:
    shown = ticket_json(**{name: body[name] for name in SHOWN & body.keys()})
    mapped.answers("PATCH", "tickets/48211", {"data": shown})
    changed = await mapped_desk.update_ticket("48211", **changes)
    assert changed.raw == shown
    assert SHOWN & body.keys() or changed == READ_TICKET
    assert [asked(c) for c in mapped.calls] == [("PATCH", f"{API}/tickets/48211", (), body)]


@pytest.mark.asyncio
async def test_deleting_is_one_delete_without_a_body(mapped: Mapped, mapped_desk: Helpdesk) -> None:
    mapped.answers("DELETE", "tickets/48211", {"message": "Object deleted."})
    await mapped_desk.delete_ticket(TICKET)
    assert [asked(call) for call in mapped.calls] == [("DELETE", f"{API}/tickets/48211", (), None)]


@pytest.mark.asyncio
async def test_every_json_request_is_signed_and_asks_for_json(
    mapped: Mapped, mapped_desk: Helpdesk
) -> None:
    mapped.answers("PATCH", "tickets/48211", {"data": ticket_json(subject="New")})
    await mapped_desk.update_ticket("48211", subject="New")
    expected = {
        **SIGNED,
        "Accept": "application/json",
        "Content-Type": "application/json; charset=utf-8",
    }
    assert expected.items() <= dict(mapped.calls[0].headers).items()
