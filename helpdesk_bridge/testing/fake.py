"""The base of every vendor's fake: an HTTP server on loopback over a Store, with a journal."""

from __future__ import annotations

import json
from collections.abc import Iterable
from email import message_from_string
from email.policy import compat32
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from attrs import field, frozen

from helpdesk_bridge.memory.store import Store

__all__ = ["Exchange", "FakeServer", "Refusal", "multipart_fields"]


class Refusal(Exception):
    """Ends a handler with an error answer in the vendor's shape.

    Args:
        status: the HTTP status.
        body: what becomes the JSON body.
        headers: headers of its own; None is none.
    """

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = headers or {}


@frozen(kw_only=True)
class Exchange:
    """One request a fake received and the status it answered.

    ``method`` is the HTTP verb, ``path`` the path below the fake's prefix, ``query`` the pairs of
    its query, ``headers`` the headers by their names in small letters, ``body`` the bytes of the
    request, ``status`` that of the answer.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    status: int

    def json(self) -> Any:
        """Return the request's JSON body."""
        return json.loads(self.body)

    def values(self, name: str) -> list[str]:
        """Return the values of the query parameter ``name``."""
        return [value for key, value in self.query if key == name]


class FakeServer:
    """A vendor's HTTP API on a free loopback port: ``async with HelpSpaceFake(store) as fake``.

    Subclasses give :meth:`routes` and :meth:`table`. ``journal`` holds every exchange, oldest
    first. A fake is strict: what the vendor does not document is refused.

    ``store`` is the helpdesk behind it; None is a new one.
    """

    prefix = ""
    """The path that ``base_url`` ends with."""

    def __init__(self, store: Store | None = None) -> None:
        self.store = store or Store()
        self.journal: list[Exchange] = []
        self._runner: web.AppRunner | None = None
        self._port = 0

    def routes(self) -> Iterable[web.RouteDef]:
        """Return the vendor's routes, without :attr:`prefix`."""
        raise NotImplementedError

    def table(self) -> dict[str, Any]:
        """Return the ``[desks.NAME]`` table that connects to this fake."""
        raise NotImplementedError

    @property
    def base_url(self) -> str:
        """The address to configure."""
        return f"http://127.0.0.1:{self._port}{self.prefix}"

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._around], client_max_size=64 * 1024 * 1024)
        for route in self.routes():
            app.router.add_route(route.method, self.prefix + route.path, route.handler)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def refusal(self, status: int) -> Any:
        """Return the body of an answer for a path or method the vendor does not have.

        ``status`` is 404 or 405.
        """
        return {"message": "Not Found" if status == 404 else "Method Not Allowed"}

    @web.middleware
    async def _around(self, request: web.Request, handler: Any) -> web.StreamResponse:
        body = await request.read()
        response: web.StreamResponse
        try:
            response = await handler(request)
        except Refusal as refusal:
            response = web.json_response(
                refusal.body, status=refusal.status, headers=refusal.headers
            )
        except web.HTTPException as error:
            response = web.json_response(self.refusal(error.status), status=error.status)
        self.journal.append(
            Exchange(
                method=request.method,
                path=request.path.removeprefix(self.prefix),
                query=tuple(request.query.items()),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=body,
                status=response.status,
            )
        )
        return response


async def multipart_fields(request: web.Request) -> list[tuple[str, str]]:
    """Return the text fields of a multipart request, in order; a file is a ValueError.

    aiohttp reads a body as a stream or as bytes, and the journal has taken the bytes already.

    ``request`` is the one that the handler was given.
    """
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n"
    # the old policy, which reads headers as they are: the parse of each by the new one takes 4 ms
    whole = message_from_string(head + (await request.read()).decode(), policy=compat32)
    if not whole.is_multipart():
        raise ValueError("not a multipart body")
    fields: list[tuple[str, str]] = []
    parts: Any = whole.get_payload()
    for part in parts:
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload()
        if not isinstance(name, str) or not isinstance(content, str) or part.get_filename():
            raise ValueError("not a text field")
        if part["Content-Transfer-Encoding"]:
            raise ValueError("a field of a form has no transfer encoding (RFC 7578, 4.7)")
        fields.append((name, content))
    return fields
