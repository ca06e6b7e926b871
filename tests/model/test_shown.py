"""What a notebook shows of a value: what it is and how much, and no word of a customer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from helpdesk_bridge import Conversation
from helpdesk_bridge.errors import NotFound, ProtocolError
from helpdesk_bridge.model import (
    Attachment,
    Audience,
    Channel,
    Cursor,
    CustomField,
    Message,
    MessageType,
    Page,
    Party,
    Priority,
    Problem,
    Role,
    SentMessage,
    Status,
    Team,
    Ticket,
)

MORNING = datetime(2026, 1, 5, 8, 0, 59, tzinfo=UTC)
NOON = datetime(2026, 1, 6, 12, 30, tzinfo=UTC)
PARTY = Party(name="SECRET", email="SECRET@x.example", phone="SECRET", organization="SECRET")
TICKET = Ticket(
    id="1003",
    subject="SECRET",
    status=Status.OPEN,
    priority=Priority.HIGH,
    requester=PARTY,
    assignee=PARTY,
    tags=("SECRET", "SECRET too"),
    custom_fields={"SECRET": "SECRET"},
    created_at=MORNING,
    updated_at=NOON,
    desk="support",
    raw={"SECRET": "SECRET"},
)
MESSAGE = Message(
    id="17",
    ticket_id="1003",
    type=MessageType.NOTE,
    audience=Audience.INTERNAL,
    author=PARTY,
    to=(PARTY,),
    subject="SECRET",
    html="<p>SECRET</p>",
    attachments=(Attachment(id="3", name="SECRET"),),
    created_at=MORNING,
)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (
            TICKET,
            (
                "<Ticket '1003': open, priority high, created 2026-01-05 08:00 UTC, changed"
                " 2026-01-06 12:30 UTC, assigned, 2 tags, 1 custom field, of desk 'support'>"
            ),
        ),
        (Ticket(id="1"), "<Ticket '1': unknown, unassigned>"),
        (
            Ticket(id="1", vendor_status="parked"),
            "<Ticket '1': unknown ('parked'), unassigned>",
        ),
        (
            Ticket(id="1", status=Status.DELETED, deleted_at=NOON, tags=("a",)),
            "<Ticket '1': deleted, deleted 2026-01-06 12:30 UTC, unassigned, 1 tag>",
        ),
        (
            MESSAGE,
            (
                "<Message '17' of ticket '1003': note, internal, 2026-01-05 08:00 UTC,"
                " 13 characters of HTML, 1 file>"
            ),
        ),
        (
            Message(id="1", ticket_id="2", text="abc", html="<b>abc</b>"),
            "<Message '1' of ticket '2': unknown, 10 characters of HTML, 3 characters of text>",
        ),
        (
            Message(
                id="1",
                ticket_id="2",
                type=MessageType.RESPONSE,
                audience=Audience.FORWARD,
            ),
            "<Message '1' of ticket '2': response, forward, without a body>",
        ),
        (Party(), "<Party unknown>"),
        (Party(id="7", role=Role.AGENT, name="SECRET"), "<Party '7': agent>"),
        (Party(id="SECRET@x.example", role=Role.CUSTOMER), "<Party customer>"),
        (
            Attachment(id="att_3", name="SECRET", mime_type="Image/PNG; name=SECRET", size=12345),
            "<Attachment 'att_3': image/png, 12,345 bytes>",
        ),
        (
            Attachment(
                id="https://SECRET.example/?sig=SECRET",
                mime_type="text/x-SECRET",
                content_id="SECRET@x",
                inline=True,
            ),
            "<Attachment inline>",
        ),
        (Attachment(id="SECRET2", mime_type="image/png;" + "a" * 5000), "<Attachment>"),
        (Channel(id="4", name="SECRET", address="SECRET", kind="email"), "<Channel '4': 'email'>"),
        (Channel(id="SECRET@x.example"), "<Channel>"),
        (
            CustomField(id="fld_1", name="Plan", options=("a", "b"), active=False),
            "<CustomField 'fld_1': 'Plan', 2 options, not in use>",
        ),
        (
            SentMessage(ticket_id="1", message=MESSAGE, repeated=True),
            "<SentMessage of ticket '1': its id is not known, sent by an earlier call>",
        ),
        (SentMessage(ticket_id="1", id="2"), "<SentMessage '2' of ticket '1'>"),
        (Team(id="7", name="Billing", raw={"a": "SECRET"}), "<Team '7': 'Billing'>"),
        (Team(id="7"), "<Team '7'>"),
        (Page(items=()), "<Page of no items>"),
        (Page(items=(TICKET,), total=1), "<Page of 1 item, 1 in all>"),
        (
            Page(
                items=(TICKET, TICKET),
                next=Cursor("SECRET"),
                total=1234,
                filtered=("8",),
                problems=(Problem(index=0, error=ProtocolError("odd."), raw="SECRET"),),
            ),
            "<Page of 2 items, 1 that cannot be read, 1 left out, 1,234 in all, more follow>",
        ),
        (
            Conversation(TICKET, [MESSAGE, MESSAGE]),
            "<Conversation of ticket '1003': open, 2 messages>",
        ),
        (
            Conversation(TICKET, [MESSAGE], NotFound("SECRET")),
            "<Conversation of ticket '1003': open, 1 message, then NotFound (not_found)>",
        ),
    ],
)
def test_a_value_shows_what_it_is_and_how_much(value: Any, shown: str) -> None:
    assert repr(value) == shown
    assert "SECRET" not in shown


@pytest.mark.parametrize("kind", [Ticket, Message, Party, Team, Page, Attachment, SentMessage])
def test_a_value_that_is_half_built_is_shown(kind: type) -> None:
    assert repr(object.__new__(kind)).startswith(f"<{kind.__name__}")


@pytest.mark.parametrize(
    "value",
    [
        Ticket(id=object(), tags=None, custom_fields=3),  # type: ignore[arg-type]
        Message(id=None, ticket_id=None, attachments=None),  # type: ignore[arg-type]
        Party(id=3, role=None),  # type: ignore[arg-type]
        Team(id=None, name=None),  # type: ignore[arg-type]
        Page(items=None, total="?"),  # type: ignore[arg-type]
        Conversation(None, None, "?"),  # type: ignore[arg-type]
    ],
)
def test_a_value_of_odd_parts_is_shown(value: object) -> None:
    assert repr(value).startswith(f"<{type(value).__name__}")


def test_a_long_id_does_not_fill_the_screen() -> None:
    assert len(repr(Ticket(id="1" * 5000))) < 120
    assert len(repr(Team(id="1", name="n" * 5000))) < 120


def test_a_large_body_is_not_read_to_be_shown() -> None:
    message = Message(id="1", ticket_id="2", html="<p>a</p>" * 1000)
    repr(message)
    assert not {"html", "text"} & set(getattr(message, "__dict__", ()))
