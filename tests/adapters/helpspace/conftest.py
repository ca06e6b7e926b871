"""HelpSpace's JSON as its pages show it, and desks that speak to it: mocked, faked or scripted."""

from __future__ import annotations

import json
import re
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aioresponses import aioresponses
from attrs import define, field, frozen
from helpdesk_bridge_helpspace import HelpSpaceSettings
from helpdesk_bridge_helpspace.fake import HelpSpaceFake
from yarl import URL

from helpdesk_bridge import Audience, Helpdesk, HelpdeskError, MessageType, Pager, Party, connect
from helpdesk_bridge.testing import Exchange, Store, StoredMessage, StoredTicket, TickingClock

API = "https://api.helpspace.com/api/v1"
CUSTOMER = "ines.okafor@northpier.example"
AGENT = "tomasz@brightloom.example"
CHANNEL = "help@brightloom.example"
START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)

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


@frozen
class Call:
    """One request as the client would have sent it."""

    method: str
    url: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: Any


@define
class Mapped:
    """Answers requests by method and path, and keeps them in the order they came."""

    _mock: aioresponses
    calls: list[Call] = field(factory=list)

    def answers(
        self, method: str, path: str, payload: Any, status: int = 200, body: bytes = b""
    ) -> None:
        """Answer one request for ``path``, whatever its query."""
        answer = body or (b"" if payload is None else json.dumps(payload).encode())
        keep = partial(self._keep, method)
        self._mock.add(_any_query(path), method, body=answer, status=status, callback=keep)

    def _keep(self, method: str, url: URL, **kwargs: Any) -> None:
        data = kwargs.get("data")
        self.calls.append(
            Call(
                method=method,
                url=str(url.with_query(None)),
                query=tuple(sorted(url.query.items())),
                headers=kwargs["headers"],
                body=None if data is None else json.loads(data.getvalue()),
            )
        )


def _any_query(path: str) -> Any:
    return re.compile(re.escape(f"{API}/{path}") + r"(\?.*)?$")


# -- over sockets ----------------------------------------------------------------------------

Answer = Callable[[web.Request], web.StreamResponse]


class ScriptedFake(HelpSpaceFake):
    """A fake that can be told to answer otherwise for once: see :meth:`instead`."""

    def __init__(self, store: Store | None = None, **options: Any) -> None:
        super().__init__(store, **options)
        self._script: dict[tuple[str, str], deque[Answer]] = defaultdict(deque)

    def instead(
        self, method: str, path: str, answer: Any, status: int = 200, *, times: int = 1
    ) -> None:
        """Answer ``path`` with JSON, with bytes as they are, or with what a function returns."""

        def say(request: web.Request) -> web.StreamResponse:
            if callable(answer):
                return answer(request)
            if isinstance(answer, bytes):
                return web.Response(body=answer, status=status, content_type="application/json")
            return web.json_response(answer, status=status)

        self._script[method, path].extend([say] * times)

    def _authorised(self, handler: Any, parameters: frozenset[str] = frozenset()) -> Any:
        inner = super()._authorised(handler, parameters)

        async def scripted(request: web.Request) -> web.StreamResponse:
            script = self._script[request.method, request.path.removeprefix(self.prefix)]
            return script.popleft()(request) if script else await inner(request)

        return scripted

    def asked(self, method: str = "", path: str = "") -> list[Exchange]:
        """Return the exchanges of this method whose path ends with ``path``."""
        return [e for e in self.journal if e.method.startswith(method) and e.path.endswith(path)]


Connect = Callable[..., Helpdesk]
Caught = Callable[[Awaitable[Any]], Awaitable[HelpdeskError]]


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


@pytest_asyncio.fixture
async def connect_to() -> AsyncIterator[Connect]:
    """Open desks that are closed after the test; settings given as None are left out."""
    made: list[Helpdesk] = []

    def open_desk(fake: HelpSpaceFake, **settings: Any) -> Helpdesk:
        table = {k: v for k, v in {**fake.table(), **settings}.items() if v is not None}
        made.append(connect(config={"desks": {"support": table}}))
        return made[-1]

    yield open_desk
    for desk in made:
        await desk.aclose()


@pytest.fixture
def desk(fake: ScriptedFake, connect_to: Connect) -> Helpdesk:
    return connect_to(fake)


@pytest.fixture
def stored(fake: ScriptedFake) -> StoredTicket:
    """A ticket of a customer; his first message is its only one."""
    return new_ticket(fake.store)


@pytest.fixture
def caught() -> Caught:
    """Await something that must fail with one of our errors, and return the error."""

    async def catch(awaitable: Awaitable[Any]) -> HelpdeskError:
        with pytest.raises(HelpdeskError) as info:
            await awaitable
        return info.value

    return catch


def new_ticket(store: Store, **fields: Any) -> StoredTicket:
    """Put a customer's ticket into the Store; nothing goes through HTTP."""
    given = {
        "subject": "Export stops",
        "requester": store.person(CUSTOMER, "Ines Okafor"),
        "html": "<p>It stops at 90 percent.</p>",
        "word": "external",
        **fields,
    }
    return store.create_ticket(**given)


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


def ids(items: Iterable[Any]) -> list[str]:
    """Return the ids of tickets or messages, stored or read."""
    return [str(item.id) for item in items]


async def drain(pager: Pager[Any]) -> tuple[list[Any], HelpdeskError | None]:
    """Iterate to the end or to an error, and return what came by then."""
    found: list[Any] = []
    try:
        async for item in pager:
            found.append(item)
    except HelpdeskError as error:
        return found, error
    return found, None
