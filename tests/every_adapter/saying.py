"""A fake of any vendor that answers some requests with what a test gives it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

import helpdesk_bridge as hb
from helpdesk_bridge.testing import FakeServer, Store, TickingClock
from helpdesk_bridge.testing.sandbox import fake_of

__all__ = ["Answer", "Wanted", "desk_and_fake", "page", "reads", "said", "writes"]

Answer = Callable[[], web.Response]
Change = Callable[[Any], Any]
Wanted = Callable[[web.Request], bool]

_SEARCHES = ("/attachments", "/tickets")
"""What Request Tracker reads by POST, where a query is long."""


def writes(request: web.Request) -> bool:
    """Say whether a request changes something."""
    searches = request.path.startswith("/REST/") and request.path.endswith(_SEARCHES)
    return request.method != "GET" and not searches


def reads(request: web.Request) -> bool:
    """Say whether a request changes nothing."""
    return not writes(request)


def said(value: Any, status: int = 200) -> Answer:
    """Answer with JSON, or with text as it is."""
    if isinstance(value, str):
        return lambda: web.Response(text=value, status=status, content_type="application/json")
    return lambda: web.json_response(value, status=status)


def page(text: str, status: int = 200) -> Answer:
    """Answer with a web page."""
    return lambda: web.Response(text=text, status=status, content_type="text/html")


def changed(value: Any, change: Change) -> Any:
    """Return decoded JSON with ``change`` made of each value, from the inside out."""
    if isinstance(value, dict):
        value = {key: changed(one, change) for key, one in value.items()}
    elif isinstance(value, list):
        value = [changed(one, change) for one in value]
    return change(value)


def _changed_answer(found: Any, change: Change) -> web.StreamResponse:
    """Return an answer in JSON with its values changed; another one as it is."""
    if not isinstance(found, web.Response) or not found.body:
        return found  # type: ignore[no-any-return]
    assert isinstance(found.body, bytes)
    return web.Response(
        text=json.dumps(changed(json.loads(found.body), change)),
        status=found.status,
        content_type="application/json",
        headers={
            name: found.headers[name] for name in ("Location", "ETag") if name in found.headers
        },
    )


@asynccontextmanager
async def desk_and_fake(
    adapter: str, change: Change | None = None
) -> AsyncIterator[tuple[hb.Helpdesk, Any]]:
    """Open a desk on a fake whose ``answer`` is given to requests that are ``wanted``.

    ``counted`` is how many were. ``change`` is made of each value of all other answers. What is
    safe to repeat is not repeated.
    """
    made = change
    kind = fake_of(adapter)
    assert kind is not None

    class Saying(kind):  # type: ignore[misc, valid-type]
        answer: Answer | None = None
        wanted: Wanted = staticmethod(writes)
        counted = 0
        change: Change | None = staticmethod(made) if made else None

        def routes(self) -> Iterable[web.RouteDef]:
            for route in super().routes():
                yield web.RouteDef(route.method, route.path, self._saying(route.handler), {})

        def _saying(self, handler: Any) -> Any:
            async def scripted(request: web.Request) -> web.StreamResponse:
                if self.answer is not None and self.wanted(request):
                    self.counted += 1
                    return self.answer()
                found: web.StreamResponse = await handler(request)
                return found if self.change is None else _changed_answer(found, self.change)

            return scripted

    fake: FakeServer = Saying(Store(clock=TickingClock()))
    async with fake:
        table = {**fake.table(), "transport": {"max_attempts": 1}}
        async with hb.connect("it", config={"desks": {"it": table}}) as desk:
            yield desk, fake
