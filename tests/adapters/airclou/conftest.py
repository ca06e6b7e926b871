"""Airclou's JSON as its pages show it, and desks that speak to it: mocked, faked or scripted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from aioresponses import aioresponses
from helpdesk_bridge_airclou import AirclouSettings
from helpdesk_bridge_airclou.fake import AirclouFake

from helpdesk_bridge import Helpdesk
from helpdesk_bridge.testing import Store, StoredTicket, TickingClock
from tests.adapters.doubles import CUSTOMER, START, Clock, Mapped, Script

BASE = "https://app.airclou.com/helpdesk"
TICKETS = f"{BASE}/api/v1/tickets"
FIELDS = f"{BASE}/api/v1/ticket_fields"
MESSAGES = f"{BASE}/api/messages"
PARTNER = "lab@partner.example"

# -- payloads --------------------------------------------------------------------------------


def ticket_json(**changes: Any) -> dict[str, Any]:
    """Return a ticket with everything filled in."""
    return {
        "id": "tkt_482",
        "subject": "Export stops at 90 percent",
        "status": "pending",
        "priority": "high",
        "type": "incident",
        "assigneeId": "usr_a02",
        "requesterEmail": CUSTOMER,
        "requesterName": "Ines Okafor",
        "tags": ["export", "bug"],
        "customFields": [{"id": "fld_plan", "value": "gold"}, {"id": "fld_seats", "value": 12}],
        "createdAt": "2026-02-03T09:10:11Z",
        "updatedAt": "2026-02-03T09:20:00.250Z",
        **changes,
    }


def message_json(**changes: Any) -> dict[str, Any]:
    """Return the customer's message, with a copy and a file."""
    return {
        "id": "msg_7f3a",
        "ticketId": "tkt_482",
        "type": "request",
        "content": "<p>It fails again.</p>",
        "textContent": "It fails again.",
        "authorId": "usr_c91",
        "attachments": [
            {"id": "att_1", "name": "log.txt", "size": 812, "mimeType": "text/plain"},
        ],
        "ccs": [{"email": "li@northpier.example", "name": "Li"}],
        "createdAt": "2026-02-03T09:10:11.000Z",
        "updatedAt": "2026-02-03T09:10:12.000Z",
        **changes,
    }


def note_json(**changes: Any) -> dict[str, Any]:
    """Return an agent's note, with the optional fields left out."""
    return {
        "id": "msg_7f3b",
        "ticketId": "tkt_482",
        "type": "note",
        "content": "<p>Known issue.</p>",
        "authorId": "usr_a02",
        "createdAt": "2026-02-03T09:20:00.000Z",
        "updatedAt": "2026-02-03T09:20:00.000Z",
        **changes,
    }


def error_json(code: str, message: str = "No.", **more: Any) -> dict[str, Any]:
    """Return an error answer."""
    return {"error": {"code": code, "message": message, **more}}


# -- desks -----------------------------------------------------------------------------------


class ScriptedFake(AirclouFake):
    """A fake that can be told to answer otherwise for once: ``fake.script.add(…)``."""

    def __init__(self, store: Store | None = None, **options: Any) -> None:
        super().__init__(store, **options)
        self.script = Script()

    def _keyed(self, needed: str, handler: Any) -> Any:
        return self.script.before(self.prefix, super()._keyed(needed, handler))

    def _in_session(self, needed: str, handler: Any) -> Any:
        return self.script.before(self.prefix, super()._in_session(needed, handler))


@pytest.fixture
def mapped(responses: aioresponses) -> Mapped:
    return Mapped(responses)


@pytest_asyncio.fixture
async def mapped_desk(mapped: Mapped) -> AsyncIterator[Helpdesk]:
    settings = AirclouSettings(
        api_key="aclou_made_up", workspace_id="ws_made_up", session_token="made.up.session"
    )
    async with Helpdesk(settings, name="support") as desk:
        yield desk


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture
async def fake(clock: Clock) -> AsyncIterator[ScriptedFake]:
    store = Store(clock=TickingClock(START, timedelta(minutes=1)))
    async with ScriptedFake(store, clock=clock) as started:
        yield started


def tkt(ticket: StoredTicket) -> str:
    """Return the vendor's id of a stored ticket."""
    return f"tkt_{ticket.id}"
