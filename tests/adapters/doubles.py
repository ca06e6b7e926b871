"""What the tests of several adapters share: mocked answers, a hand-moved clock, read-out lists."""

from __future__ import annotations

import io
import json
import re
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aiohttp import Payload, web
from aioresponses import aioresponses
from attrs import define, field, frozen
from yarl import URL

from helpdesk_bridge import Audience, Helpdesk, HelpdeskError, MessageType, Party
from helpdesk_bridge.desk.place import Listing, Place
from helpdesk_bridge.model import Cursor
from helpdesk_bridge.testing import Exchange, Store, StoredMessage, StoredTicket

CUSTOMER = "ines.okafor@northpier.example"
START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)

Connect = Callable[..., Helpdesk]
Caught = Callable[[Awaitable[Any]], Awaitable[HelpdeskError]]

# -- without a socket ------------------------------------------------------------------------


@frozen
class Call:
    """One request as the client would have sent it."""

    method: str
    url: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str] = field(eq=False)
    body: Any


@define
class Mapped:
    """Answers requests by method and address, and keeps them in the order they came."""

    _mock: aioresponses
    calls: list[Call] = field(factory=list)

    def answers(
        self, method: str, url: str, payload: Any, status: int = 200, body: bytes | None = None
    ) -> None:
        """Answer one request for ``url``, whatever its query, with JSON or with ``body``."""
        if body is None:
            body = b"" if payload is None else json.dumps(payload).encode()
        self._mock.add(
            re.compile(re.escape(url) + r"(\?.*)?$"),
            method,
            body=body,
            status=status,
            callback=partial(self._keep, method),
        )

    async def _keep(self, method: str, url: URL, **kwargs: Any) -> None:
        data = kwargs.get("data")
        if isinstance(data, Payload):
            data = await _written(data)
        self.calls.append(
            Call(
                method=method,
                url=str(url.with_query(None)),
                query=tuple(sorted(url.query.items())),
                headers=kwargs["headers"],
                body=None if data is None else json.loads(data.getvalue()),
            )
        )

    @property
    def asked(self) -> list[tuple[str, str, tuple[tuple[str, str], ...], Any]]:
        """What was asked, without the headers."""
        return [(call.method, call.url, call.query, call.body) for call in self.calls]


async def _written(payload: Payload) -> io.BytesIO:
    """Return what a body that is read while it is sent writes."""
    sink = io.BytesIO()

    class Writer:
        async def write(self, chunk: bytes) -> None:
            sink.write(chunk)

    await payload.write(Writer())  # type: ignore[arg-type]
    return sink


# -- over sockets ----------------------------------------------------------------------------


class Clock:
    """Seconds since 1970, moved by hand."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


Answer = Callable[[web.Request], web.StreamResponse]


class Script:
    """Answers that a fake gives in place of its own, each for once."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str], deque[Answer]] = defaultdict(deque)

    def add(
        self,
        method: str,
        path: str,
        answer: Any,
        status: int = 200,
        *,
        times: int = 1,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer ``path`` with JSON, with bytes as they are, or with what a function returns."""

        def say(request: web.Request) -> web.StreamResponse:
            if callable(answer):
                said: web.StreamResponse = answer(request)
                return said
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            return web.Response(
                body=content, status=status, headers=headers, content_type="application/json"
            )

        self._answers[method, path].extend([say] * times)

    def before(self, prefix: str, handler: Any) -> Any:
        """Return ``handler`` with the script in front of it."""

        async def scripted(request: web.Request) -> web.StreamResponse:
            answers = self._answers[request.method, request.path.removeprefix(prefix)]
            response: web.StreamResponse
            response = answers.popleft()(request) if answers else await handler(request)
            return response

        return scripted


def asked(journal: Iterable[Exchange]) -> list[tuple[str, str, int]]:
    """Return method, path and answered status of each exchange."""
    return [(exchange.method, exchange.path, exchange.status) for exchange in journal]


def ids(items: Iterable[Any]) -> list[str]:
    """Return the ids of tickets or messages, stored or read."""
    return [str(item.id) for item in items]


async def drain(pager: AsyncIterator[Any]) -> tuple[list[Any], HelpdeskError | None]:
    """Iterate to the end or to an error, and return what came by then."""
    found: list[Any] = []
    try:
        async for item in pager:
            found.append(item)
    except HelpdeskError as error:
        return found, error
    return found, None


def new_ticket(store: Store, **fields: Any) -> StoredTicket:
    """Put a customer's ticket into the Store; nothing goes through HTTP."""
    given = {
        "subject": "Export stops",
        "requester": store.person(CUSTOMER, "Ines Okafor"),
        "html": "<p>It stops at 90 percent.</p>",
        **fields,
    }
    return store.create_ticket(**given)


def add_message(store: Store, ticket: StoredTicket, **fields: Any) -> StoredMessage:
    """Put an agent's answer into the Store."""
    given = {
        "type": MessageType.RESPONSE,
        "audience": Audience.EXTERNAL,
        "author": Party(id="11", name="Ada", email="ada@helpdesk.example"),
        "html": "<p>We look into it.</p>",
        **fields,
    }
    return store.add_message(ticket.id, **given)


def cursor_at(desk: Helpdesk, call: str, place: str, **filters: Any) -> str:
    """Return the cursor of a list of ``desk`` that goes on at a place of the adapter's own."""
    at = Cursor(place)
    return Place(at=at, start=at).written(Listing(desk.adapter.name, call, filters), "", b"")
