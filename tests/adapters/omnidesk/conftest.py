"""Omnidesk's JSON as its pages show it, and desks that speak to it: mocked, faked or scripted."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from email.parser import BytesParser
from email.policy import HTTP
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from aioresponses import aioresponses
from attrs import define, field
from helpdesk_bridge_omnidesk import OmnideskSettings, wire
from helpdesk_bridge_omnidesk.fake import OmnideskFake
from yarl import URL

from helpdesk_bridge import (
    Channel,
    Helpdesk,
    Message,
    Ticket,
)
from helpdesk_bridge.kit import read_one
from helpdesk_bridge.testing import Exchange, Store, TickingClock
from tests.adapters.doubles import CUSTOMER, START, Script

BASE = "https://acme.omnidesk.com"
API = f"{BASE}/api/v2"
PARTNER = "lab@partner.example"
DESK = "support@acme.example"
ZONE = "Europe/Amsterdam"
SETTINGS: dict[str, Any] = {
    "api_key": "made-up-key",
    "base_url": BASE,
    "timezone": ZONE,
    "note_type": "0",
    "brand_id": "2",
    "sender": DESK,
    "user_id": "12",
}

# -- payloads --------------------------------------------------------------------------------


def event_json(**changes: Any) -> dict[str, Any]:
    """Return an event of the timeline, as the guide shows one."""
    return {
        "type": "event",
        "id": 5001,
        "ticket_id": 900101,
        "item_type": "assigned_group_id",
        "item_type_id": "31",
        "description": "Assigned to Support",
        "initiated_by": "trigger: route",
        "created_at": "2026-02-03 10:10:12",
        **changes,
    }


def note_json(**changes: Any) -> dict[str, Any]:
    """Return a note of the timeline, as the guide shows one."""
    return {
        "type": "note",
        "id": "6001",
        "ticket_id": 900101,
        "content": "<p>Carrier asked.</p>",
        "user_id": 12,
        "user_name": "sam",
        "user_avatar": "",
        "created_at": "2026-02-03 10:20:00",
        "pinned": 0,
        "status_new": "open",
        "channel_id": 0,
        "channel_name": None,
        "channel_icon": None,
        "direction": "",
        "from": None,
        "to": None,
        "from_name": "",
        "to_name": "",
        "image": "",
        "external_id": None,
        "meta_data": "[]",
        **changes,
    }


def said_json(way: str, **changes: Any) -> dict[str, Any]:
    """Return a message of the timeline; its shape is not documented, its type least of all."""
    inbound = way == "inbound"
    given = {
        "type": "message",
        "id": "6000" if inbound else "6002",
        "content": "<p>It fails again.</p>" if inbound else "<p>We look into it.</p>",
        "user_id": 0 if inbound else 12,
        "user_name": None if inbound else "sam",
        "created_at": "2026-02-03 10:10:11" if inbound else "2026-02-03 10:30:00",
        "channel_id": 1,
        "channel_name": "e-mail",
        "direction": way,
        "from": CUSTOMER if inbound else None,
        "from_name": "Ines Okafor" if inbound else "",
        "to": DESK if inbound else CUSTOMER,
    }
    return note_json(**{**given, **changes})


def ticket_json(**changes: Any) -> dict[str, Any]:
    """Return a ticket with everything filled in and its timeline."""
    return {
        "id": 900101,
        "title": "Export stops at 90 percent",
        "status": "pending",
        "priority": "medium",
        "direction": "inbound",
        "channel_id": 1,
        "channel_name": "e-mail",
        "channel_icon": "e-mail",
        "icon": "e-mail",
        "channel_account_id": "0",
        "brand_id": 2,
        "brand_name": "Acme",
        "customer_id": 70012,
        "from": CUSTOMER,
        "from_name": "Ines Okafor",
        "to": DESK,
        "to_name": "Acme",
        "assigned_group_id": 31,
        "assigned_user_id": 12,
        "form_id": None,
        "external_id": "AB12-1",
        "external_gui_url": "https://desk.acme.example/?ticketID=900101",
        "created_at": "2026-02-03 10:10:11",
        "last_update": "2026-02-03 10:30:00",
        "last_update_agent": None,
        "last_update_customer": "2026-02-03 10:10:11",
        "closed_at": None,
        "show_timeline": 1,
        "timeline": [said_json("inbound"), event_json(), note_json(), said_json("outbound")],
        **changes,
    }


def one(**changes: Any) -> dict[str, Any]:
    """Return the answer that holds one ticket."""
    return {"type": "item", "item": ticket_json(**changes)}


def listed(*items: Any, **changes: Any) -> dict[str, Any]:
    """Return the answer that holds a list."""
    return {
        "type": "collection",
        "itemStart": 0,
        "itemTotal": len(items),
        "itemLimit": 50,
        "items": list(items),
        **changes,
    }


def refusal(message: str = "No.") -> dict[str, Any]:
    """Return an error answer, as the legacy page shows one."""
    return {"status": "error", "message": message}


def reads_ticket(zone: str = ZONE, **changes: Any) -> Ticket:
    """Return what is read of a ticket."""
    reading = wire.Reading(ZoneInfo(zone))
    return read_one(ticket_json(**changes), wire.TicketJson, lambda made: made.to_ticket(reading))


def reads_entry(entry: Any, note_type: str | None = None, zone: str = ZONE) -> Message:
    """Return what is read of an entry of a timeline."""
    reading = wire.Reading(ZoneInfo(zone), note_type)
    return read_one(entry, wire.EntryJson, lambda made: made.to_message("900101", reading))


# -- without a socket ------------------------------------------------------------------------


@define
class Mapped:
    """Answers requests by method and path, and keeps them as they would have been sent."""

    _mock: aioresponses
    asked: list[tuple[str, str, dict[str, str], Any]] = field(factory=list)
    headers: list[dict[str, str]] = field(factory=list)

    def answers(self, method: str, path: str, payload: Any, status: int = 200) -> None:
        """Answer one request for ``path``, whatever its query."""
        self._mock.add(
            re.compile(re.escape(f"{API}/{path}") + r"(\?.*)?$"),
            method,
            body=b"" if payload is None else json.dumps(payload).encode(),
            status=status,
            callback=partial(self._keep, method),
        )

    def _keep(self, method: str, url: URL, **kwargs: Any) -> None:
        data = kwargs.get("data")
        body = data.read() if hasattr(data, "read") else data
        self.asked.append((method, str(url.with_query(None)), dict(url.query), body))
        self.headers.append(dict(kwargs["headers"]))


# -- over sockets ----------------------------------------------------------------------------


class ScriptedFake(OmnideskFake):
    """A fake that can be told to answer otherwise for once: ``fake.script.add(…)``."""

    def __init__(self, store: Store | None = None, **options: Any) -> None:
        super().__init__(store, **options)
        self.script = Script()

    def _keyed(self, handler: Any) -> Any:
        return self.script.before(self.prefix, super()._keyed(handler))

    def posts(self, path: str = "") -> list[Exchange]:
        """Return the POSTs to a path; without one all requests that write."""
        return [e for e in self.journal if e.method != "GET" and e.path.startswith(path)]


def parts(exchange: Exchange) -> list[tuple[str, str]]:
    """Return the fields of a multipart body as they went over the wire; no field is a file."""
    head = f"Content-Type: {exchange.headers['content-type']}\r\n\r\n".encode()
    found = BytesParser(policy=HTTP).parsebytes(head + exchange.body)
    assert found.is_multipart()
    assert not [part for part in found.iter_parts() if part.get_filename()]
    return [
        (
            str(part.get_param("name", header="content-disposition")),
            bytes(part.get_payload(decode=True)).decode(),  # type: ignore[arg-type]
        )
        for part in found.iter_parts()
    ]


def posted(fake: ScriptedFake, path: str = "/message") -> dict[str, str]:
    """Return the fields of the only POST to ``path``."""
    (exchange,) = fake.posts(path)
    fields = parts(exchange)
    assert len({name for name, _ in fields}) == len(fields)
    return dict(fields)


NEW = {"subject": "Lost", "requester": CUSTOMER, "text": "Where is it?"}


async def write_everything(desk: Helpdesk, ticket: str) -> None:
    """Make every call that writes."""
    await desk.reply(ticket, text="We look.", send_email=True)
    await desk.note(ticket, text="Careful")
    await desk.forward(ticket, to=PARTNER, text="Please check")
    await desk.add_request(ticket, author=CUSTOMER, text="And also")
    await desk.create_ticket(**NEW)
    await desk.create_ticket(**{**NEW, "subject": "Bot"}, channel=Channel(kind="chatbot"))
    await desk.update_ticket(ticket, subject="Lost again")


@pytest.fixture
def mapped(responses: aioresponses) -> Mapped:
    return Mapped(responses)


@pytest_asyncio.fixture
async def mapped_desk(mapped: Mapped) -> AsyncIterator[Helpdesk]:
    async with Helpdesk(OmnideskSettings(**SETTINGS), name="support") as desk:
        yield desk


@pytest_asyncio.fixture
async def start() -> AsyncIterator[Callable[..., Awaitable[ScriptedFake]]]:
    """Start fakes that are stopped after the test."""
    started: list[ScriptedFake] = []

    async def begin(**options: Any) -> ScriptedFake:
        store = Store(clock=TickingClock(START, timedelta(minutes=1)))
        started.append(await ScriptedFake(store, **options).__aenter__())
        return started[-1]

    yield begin
    for fake in started:
        await fake.__aexit__(None, None, None)


@pytest_asyncio.fixture
async def fake(start: Callable[..., Awaitable[ScriptedFake]]) -> ScriptedFake:
    return await start()
