"""A desk with thousands of tickets, of which some are poisoned: gone, cut, hanging and so on."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

import helpdesk_bridge as hb
from helpdesk_bridge.testing import Store, TickingClock
from helpdesk_bridge.testing.sandbox import fake_of

__all__ = ["FIRST", "lengthen", "opened", "place"]

FIRST = 10_000_001
"""The number of the first ticket; each has two messages, whose numbers lie between."""
AGENT = hb.Party(id="11", name="Ada", email="ada@helpdesk.example")
REFUSED = {"gone": 404, "forbidden": 403, "fails": 500, "revoked": 401}
Poison = Callable[[int], str | None]


def place(number: int) -> int:
    """Return the place of a ticket, from 0, by its number in the Store."""
    return (number - FIRST) // 3


def lengthen(store: Store, ticket: int, count: int) -> None:
    """Give the ticket at this place more messages."""
    for number in range(count):
        _note(store, FIRST + 3 * ticket, f"<p>{number}</p>")


def _note(store: Store, ticket_id: int, html: str) -> None:
    internal = {"type": hb.MessageType.NOTE, "audience": hb.Audience.INTERNAL}
    store.add_message(ticket_id, author=AGENT, html=html, **internal)


class Poisoned:
    """Stands before the handlers of a fake, and spoils what they say of some tickets.

    A whole conversation is answered from what the fake said of the first one: the tests are about
    the client.
    """

    def __init__(self, poison: Poison) -> None:
        self.poison = poison
        self.over = asyncio.Event()
        self.hung = 0
        self._answered: dict[str, bytes] = {}

    def before(self, handler: Any) -> Any:
        """Return ``handler`` with the poison in front of it."""

        async def answer(request: web.Request) -> web.StreamResponse:
            asked = re.search(r"(?:tickets/|ticket_id=)\D*(\d{8})", request.path_qs)
            poison = None if asked is None else self.poison(int(asked[1]))
            if poison == "hangs" or (poison == "hangs later" and _page(request) > 1):
                self.hung += 1
                await self.over.wait()
            if poison in REFUSED:
                return web.json_response({"message": "No."}, status=REFUSED[poison])
            if asked is None or poison == "hangs later":
                return await handler(request)  # type: ignore[no-any-return]
            body = await self._said(handler, request, asked[1])
            return await _spoilt(poison, request, body, asked[1])

        return answer

    async def _said(self, handler: Any, request: web.Request, number: str) -> bytes:
        key = request.path_qs.replace(number, "TICKET")
        if key not in self._answered:
            whole = await handler(request)
            self._answered[key] = whole.body.replace(number.encode(), b"TICKET")
        return self._answered[key].replace(b"TICKET", number.encode())


def _page(request: web.Request) -> int:
    return int(request.query.get("page", 1))


async def _spoilt(
    poison: str | None, request: web.Request, body: bytes, number: str
) -> web.StreamResponse:
    if poison == "bad record":
        said = json.loads(body)
        for record in next(part for part in said.values() if isinstance(part, list)):
            record["id"] = {} if "<p>y" in json.dumps(record) else record["id"]
        body = json.dumps(said).encode()
    if poison == "another":
        body = body.replace(number.encode(), b"19999999")
    if poison != "cut":
        return web.Response(body=body, content_type="application/json")
    cut = web.StreamResponse(headers={"Content-Length": str(len(body))})
    await cut.prepare(request)
    await cut.write(body[: len(body) // 2])
    assert request.transport is not None
    request.transport.close()
    return cut


@asynccontextmanager
async def opened(
    adapter: str, count: int, poison: Poison = lambda _: None
) -> AsyncIterator[tuple[hb.Helpdesk, Store, Poisoned]]:
    """Open a desk on a fake with so many tickets of two messages each."""
    poisoned = Poisoned(poison)
    kind: Any = fake_of(adapter)

    class Fake(kind):  # type: ignore[misc]
        def routes(self) -> Iterable[web.RouteDef]:
            for route in super().routes():
                yield web.RouteDef(route.method, route.path, poisoned.before(route.handler), {})

    store = Store(clock=TickingClock())
    customer = store.person("li@customer.example", "Li")
    store.last_number = FIRST - 1
    for _ in range(count):
        ticket = store.create_ticket(
            subject="s", requester=customer, html="<p>x</p>", status=hb.Status.OPEN, word="external"
        )
        _note(store, ticket.id, "<p>y</p>")
    async with Fake(store) as fake:
        config = {"desks": {"it": fake.table()}}
        async with hb.connect("it", config=config) as desk:
            yield desk, store, poisoned
            poisoned.over.set()
