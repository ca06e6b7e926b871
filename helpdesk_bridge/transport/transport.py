"""The transport an adapter speaks through: the whole pipeline behind one method."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from yarl import URL

from helpdesk_bridge.errors import DeskClosed, HelpdeskError, InvalidArgument
from helpdesk_bridge.transport.auth import no_auth
from helpdesk_bridge.transport.limits import Limiter, Rate, SlidingWindow
from helpdesk_bridge.transport.pacing import Pacing
from helpdesk_bridge.transport.pipeline import Handler, Middleware, compose
from helpdesk_bridge.transport.policies import Deadline, ErrorTable, Explanation, Observe, Pool
from helpdesk_bridge.transport.retry import Retry
from helpdesk_bridge.transport.sources import Source
from helpdesk_bridge.transport.values import (
    CURRENT_CALL,
    FormBody,
    JsonBody,
    Multipart,
    Operation,
    Part,
    Progress,
    Request,
    Response,
    TransportOptions,
)

__all__ = ["Transport"]


class Transport:
    """One desk's way to its vendor.

    ``base`` None is a desk without HTTP. ``middlewares`` are the user's own, and stand inside the
    deadline and outside everything that concerns a single attempt.
    """

    def __init__(
        self,
        base: URL | None,
        options: TransportOptions,
        *,
        desk: str,
        auth: Middleware = no_auth,
        error_codes: Mapping[str, type[HelpdeskError]],
        explain: Callable[[Response], Explanation],
        refuses: Callable[[Response], bool] = lambda _: False,
        middlewares: Sequence[Middleware] = (),
    ) -> None:
        self.base = base
        self.options = options
        self._client: Any = None
        self._closed = False
        self._auth = auth
        self._handler: Handler = compose(
            self._http,
            Observe(desk),
            Deadline(options.deadline),
            *middlewares,
            Retry(options.max_attempts),
            ErrorTable(error_codes, explain, refuses),
            Pool(options.concurrency),
            auth,
            Pacing(_limiters(options)),
        )

    async def _http(self, request: Request) -> Response:
        if self._closed:
            raise DeskClosed("the desk is closed.")
        if self._client is None:
            if self.base is None:
                raise InvalidArgument("this desk has no HTTP API.")
            from helpdesk_bridge.transport.client import HttpClient

            self._client = HttpClient(self.base, self.options)
        response: Response = await self._client(request)
        return response

    async def send(
        self,
        operation: Operation,
        method: str,
        path: Iterable[str],
        *,
        query: Iterable[tuple[str, str]] = (),
        json: Any = None,
        form: Sequence[tuple[str, str]] | None = None,
        multipart: Sequence[Part] | None = None,
        files: Mapping[str, Source] | None = None,
        headers: Mapping[str, str] | None = None,
        authenticate: bool = True,
    ) -> Response:
        """Send one request below the desk's base URL and return the complete answer.

        ``path`` is a sequence of segments, each encoded by itself; with ``SLASH`` as its last one
        it ends in a slash. Each of ``files`` is sent in place of its key in a string of ``json``;
        let the key be one that nobody could have written. An answer that is not 2xx is raised as
        the error the adapter's table (or the status) gives; every failure is one
        :class:`HelpdeskError` with its outcome.
        """
        request = Request(
            operation=operation,
            method=method,
            path=tuple(path),
            query=tuple(query),
            headers=dict(headers or {}),
            body=_body(json, form, multipart, files or {}),
            authenticate=authenticate,
            progress=_begun(),
        )
        call = CURRENT_CALL.get()
        if call is not None and request.unsafe:
            call.writes.append(request.progress)
        return await self._handler(request)

    @asynccontextmanager
    async def stream(
        self, operation: Operation, path: Iterable[str]
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a download: ``async with transport.stream(…) as chunks`` gives its bytes."""
        request = Request(
            operation=operation, method="GET", path=tuple(path), stream=True, progress=_begun()
        )
        response = await self._handler(request)
        try:
            assert response.chunks is not None  # noqa: S101 - asked for by stream=True
            yield response.chunks
        finally:
            await response.aclose()

    def clock_offset(self) -> float | None:
        """Return by how many seconds the vendor's clock is ahead of ours; None while not known."""
        return None if self._client is None else self._client.clock_offset

    async def aclose(self) -> None:
        """Close the connections; may be called again."""
        self._closed = True
        close_auth = getattr(self._auth, "aclose", None)
        try:
            if close_auth is not None:
                await close_auth()
        finally:
            if self._client is not None:
                await self._client.aclose()


def _limiters(options: TransportOptions) -> list[Limiter]:
    rates = () if options.rate_limit is None else Rate.parse(options.rate_limit)
    windows: list[Limiter] = [SlidingWindow(rate) for rate in rates]
    return windows if options.limiter is None else [*windows, options.limiter]


def _begun() -> Progress:
    return Progress(began=asyncio.get_running_loop().time())


def _body(
    json: Any,
    form: Sequence[tuple[str, str]] | None,
    multipart: Sequence[Part] | None,
    files: Mapping[str, Source],
) -> JsonBody | FormBody | Multipart | None:
    if form is not None:
        return FormBody(tuple(form))
    if multipart is not None:
        return Multipart(tuple(multipart))
    return None if json is None else JsonBody(json, files)
