"""HelpSpace's JSON as its pages show it, and desks that speak to it: mocked, faked or scripted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from aioresponses import aioresponses
from helpdesk_bridge_helpspace import HelpSpaceSettings
from helpdesk_bridge_helpspace.fake import HelpSpaceFake

from helpdesk_bridge import Audience, Helpdesk, MessageType, Party
from helpdesk_bridge.testing import Exchange, Store, StoredMessage, StoredTicket, TickingClock
from tests.adapters import doubles
from tests.adapters.doubles import CUSTOMER, START

API = "https://api.helpspace.com/api/v1"
AGENT = "tomasz@brightloom.example"
CHANNEL = "help@brightloom.example"

# -- payloads --------------------------------------------------------------------------------


def contact_json(**changes: Any) -> dict[str, Any]:
    """Return the contact of the ticket: a customer."""
    return {
        "id": 20931,
        "user_id": 18440,
        "name": "Ines Okafor",
        "value": CUSTOMER,
        "type": "email",
        **changes,
    }


def agent_contact_json() -> dict[str, Any]:
    """Return an agent as the author of a message."""
    return contact_json(id=31, user_id=12, name="Tomasz", value=AGENT)


def ticket_json(**changes: Any) -> dict[str, Any]:
    """Return a ticket with everything filled in."""
    return {
        "id": 48211,
        "subject": "Export stops at 90 percent",
        "channel": {"id": 4, "name": "Product support", "value": CHANNEL, "type": "email"},
        "from_contact": contact_json(),
        "status": "waiting",
        "assignee": {"id": 12, "name": "Tomasz", "email": AGENT},
        "team": {"id": 3, "name": "Exports"},
        "creator": {"id": 12, "name": "Tomasz", "email": AGENT},
        "tags": ["export", "bug"],
        "custom_fields": {"plan": "gold"},
        "last_contact": "2025-06-17T08:41:12+00:00",
        "created_at": "2025-06-16T19:05:33+00:00",
        "updated_at": "2025-06-17T08:41:15+00:00",
        "deleted_at": None,
        **changes,
    }


def media_json(kind: str, number: int, **changes: Any) -> dict[str, Any]:
    """Return a file of a message; ``kind`` is ``inline`` or ``attachment``."""
    image = kind == "inline"
    return {
        "id": number,
        "url": f"{API}/media/{kind}/{number}",
        "file_type": "image" if image else "document",
        "file_name": "progress-bar.png" if image else "export.log",
        "mime_type": "image/png" if image else "text/plain",
        "size": 20418 if image else 88102,
        "created_at": "2025-06-16T19:05:34+00:00",
        **changes,
    }


def message_json(**changes: Any) -> dict[str, Any]:
    """Return the customer's message, with an inline image and an attachment."""
    return {
        "id": 305512,
        "subject": "Export stops at 90 percent",
        "from_contact": contact_json(),
        "type": "external",
        "to": [CHANNEL],
        "cc": [],
        "bcc": [],
        "body": '<p>It stops here: <img src="cid:77120" alt="77120"></p>',
        "inline_images": [media_json("inline", 77120)],
        "attachments": [media_json("attachment", 77121)],
        "created_at": "2025-06-16T19:05:33+00:00",
        **changes,
    }


def note_json(**changes: Any) -> dict[str, Any]:
    """Return an agent's note."""
    note = {
        "id": 305540,
        "from_contact": agent_contact_json(),
        "type": "internal",
        "to": [],
        "cc": [],
        "bcc": [],
        "body": "<p>Seen before, see the June incident.</p>",
        "inline_images": [],
        "attachments": [],
        "created_at": "2025-06-17T08:39:50+00:00",
    }
    return {**note, **changes}


def collection(
    path: str,
    data: list[Any],
    *,
    page: int = 1,
    last: int = 1,
    total: int | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Return the envelope of a list; ``total`` None leaves the count of all records out."""
    at = f"{API}/{path}"
    envelope = {
        "data": data,
        "links": {
            "first": f"{at}?page=1",
            "last": f"{at}?page={last}",
            "prev": f"{at}?page={page - 1}" if page > 1 else None,
            "next": f"{at}?page={page + 1}" if page < last else None,
        },
        "meta": {
            "current_page": page,
            "from": 1,
            "last_page": last,
            "path": at,
            "per_page": 50,
            "to": len(data),
            "total": len(data) if last == 1 else total,
        },
        **changes,
    }
    return {key: value for key, value in envelope.items() if value is not ...}


# -- without a socket ------------------------------------------------------------------------


class Mapped(doubles.Mapped):
    """Answers requests by method and by path below the vendor's address."""

    def answers(
        self, method: str, url: str, payload: Any, status: int = 200, body: bytes | None = None
    ) -> None:
        super().answers(method, f"{API}/{url}", payload, status, body)


# -- over sockets ----------------------------------------------------------------------------


class ScriptedFake(HelpSpaceFake):
    """A fake that can be told to answer otherwise for once: see :meth:`instead`."""

    def __init__(self, store: Store | None = None, **options: Any) -> None:
        super().__init__(store, **options)
        self._script = doubles.Script()

    def instead(
        self, method: str, path: str, answer: Any, status: int = 200, *, times: int = 1
    ) -> None:
        """Answer ``path`` with JSON, with bytes as they are, or with what a function returns."""
        self._script.add(method, path, answer, status, times=times)

    def _authorised(self, handler: Any, parameters: frozenset[str] = frozenset()) -> Any:
        return self._script.before(self.prefix, super()._authorised(handler, parameters))

    def asked(self, method: str = "", path: str = "") -> list[Exchange]:
        """Return the exchanges of this method whose path ends with ``path``."""
        return [e for e in self.journal if e.method.startswith(method) and e.path.endswith(path)]


@pytest.fixture
def mapped(responses: aioresponses) -> Mapped:
    return Mapped(responses)


@pytest_asyncio.fixture
async def mapped_desk(mapped: Mapped) -> AsyncIterator[Helpdesk]:
    settings = HelpSpaceSettings(token="made-up-token", client_id="made-up-client", channel="4")
    async with Helpdesk(settings, name="support") as desk:
        yield desk


@pytest.fixture
def store() -> Store:
    return Store(clock=TickingClock(START, timedelta(minutes=1)))


@pytest_asyncio.fixture
async def fake(store: Store) -> AsyncIterator[ScriptedFake]:
    async with ScriptedFake(store) as started:
        yield started


def add(store: Store, ticket: StoredTicket, word: str = "external", **fields: Any) -> StoredMessage:
    """Put an agent's message into the Store."""
    kind = (MessageType.RESPONSE, Audience.EXTERNAL)
    if word == "internal":
        kind = (MessageType.NOTE, Audience.INTERNAL)
    given = {
        "type": kind[0],
        "audience": kind[1],
        "author": Party(id="11", name="Ada", email="ada@helpdesk.example"),
        "html": "<p>We look into it.</p>",
        "word": word,
        **fields,
    }
    return store.add_message(ticket.id, **given)
