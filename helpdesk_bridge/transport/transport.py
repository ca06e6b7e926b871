"""The transport an adapter speaks through: the whole pipeline behind one method."""

from __future__ import annotations

import asyncio
import math
import warnings
import weakref
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any

from attrs import define, field
from yarl import URL

from helpdesk_bridge.errors import (
    DeadlineExceeded,
    DeskClosed,
    HelpdeskError,
    InvalidArgument,
    Outcome,
)
from helpdesk_bridge.transport import urls
from helpdesk_bridge.transport.body import FormBody, JsonBody, Multipart, Part, Source
from helpdesk_bridge.transport.call import CURRENT_CALL
from helpdesk_bridge.transport.credentials import Credentials
from helpdesk_bridge.transport.deadlines import OpenRequests
from helpdesk_bridge.transport.download import Announced
from helpdesk_bridge.transport.explanation import Explanation
from helpdesk_bridge.transport.observer import Observer
from helpdesk_bridge.transport.options import TransportOptions
from helpdesk_bridge.transport.pipeline import Handler, Middleware, compose
from helpdesk_bridge.transport.policies.auth import Signing, no_auth
from helpdesk_bridge.transport.policies.deadline import Deadline
from helpdesk_bridge.transport.policies.error_table import ErrorTable
from helpdesk_bridge.transport.policies.observe import Observe, Observers
from helpdesk_bridge.transport.policies.own import own
from helpdesk_bridge.transport.policies.pacing import Pacing
from helpdesk_bridge.transport.policies.pool import Pool
from helpdesk_bridge.transport.policies.retry import Retry
from helpdesk_bridge.transport.rate_limits import Limiter, Rate, SlidingWindow
from helpdesk_bridge.transport.request import Effect, Operation, Progress, Request
from helpdesk_bridge.transport.response import Response

if TYPE_CHECKING:  # aiohttp is imported when the first request is made
    from helpdesk_bridge.transport.http import HttpClient

__all__ = ["Transport"]


class Transport:
    """One desk's way to its vendor.

    ``base`` None is a desk without HTTP. ``middlewares`` are the user's own, and stand inside the
    deadline and outside everything that concerns a single attempt. ``file_hosts`` are the hosts
    other than ``base`` on which the vendor keeps files. ``desk`` and ``vendor`` are the names that
    ``observers`` are told, who hear of each attempt (vendor None: not known).

    Args:
        base: the address that credentials may be sent to; None is a desk without HTTP.
        options: times, sizes and limits.
        desk: what errors and log lines call the desk.
        vendor: the name of its adapter; None without one.
        auth: what signs each request.
        error_codes: the classes of the vendor's own error codes.
        explain: what reads an answer that says no.
        is_error: whether a 2xx answer says no all the same.
        middlewares: the application's own, outermost first.
        file_hosts: other hosts on which the vendor keeps files.
        observers: who is told of each attempt.
    """

    def __init__(
        self,
        base: URL | None,
        options: TransportOptions,
        *,
        desk: str,
        vendor: str | None = None,
        auth: Middleware = no_auth,
        error_codes: Mapping[str, type[HelpdeskError]],
        explain: Callable[[Response], Explanation],
        is_error: Callable[[Response], bool] = lambda _: False,
        middlewares: Sequence[Middleware] = (),
        file_hosts: Collection[str] = (),
        observers: Iterable[Observer] = (),
    ) -> None:
        pool = Pool(options.concurrency)
        told = Observers(desk, vendor, _checked(observers))
        self.base = base
        self.options = options
        self._http = _Http(base, options, file_hosts)
        self._auth = auth
        self.credentials = Credentials(vendor)
        self.credentials.keep_proxy(options.proxy or "")
        self._running = OpenRequests()
        # Nothing in the pipeline leads back to the transport, so that a forgotten desk is
        # noticed when its last user lets go of it, and not at some later collection.
        weakref.finalize(self, _forgotten, desk, self._http)
        self._handler: Handler = compose(
            self._http,
            Deadline(options.deadline, self._running),
            *own(middlewares),
            Retry(options.max_attempts, told),
            Observe(told),
            ErrorTable(error_codes, explain, is_error),
            pool,
            Signing(auth, self.credentials),
            Pacing(_limiters(options), pool.admit_last),
        )

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

        Args:
            operation: the vendor's operation, with its effect.
            method: the HTTP verb.
            path: the segments below the base URL.
            query: pairs of names and values.
            json: the body as JSON; None is no such body.
            form: the body as an urlencoded form; None is no such body.
            multipart: the parts of a multipart body; None is no such body.
            files: the sources that stand in ``json``, by their keys; None is none.
            headers: headers beside those of every request; None is none.
            authenticate: whether it is signed.

        Returns:
            The complete answer.

        Raises:
            HelpdeskError: the answer says no, or there is none; ``outcome`` says what is known.
        """
        call = CURRENT_CALL.get()
        if call is not None:
            call.latest = operation.name
            if call.once and operation.effect is Effect.IDEMPOTENT_WRITE:
                operation = operation.once()
        request = Request(
            operation=operation,
            method=method,
            path=tuple(path),
            query=tuple(query),
            headers=dict(headers) if headers else {},
            body=_body(json, form, multipart, files),
            authenticate=authenticate,
            progress=self._begun(),
        )
        if call is not None and request.effect is not Effect.READ:
            (call.writes if request.unsafe else call.changes).append(request.progress)
            request.progress.checks = call.checks
        return await self._handler(request)

    @asynccontextmanager
    async def stream(
        self, operation: Operation, path: Iterable[str]
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a download: ``async with transport.stream(…) as chunks`` gives its bytes.

        Where the vendor redirects to one of the adapter's ``file_hosts``, it is read from there,
        without the desk's credentials. An answer that is not the file which the call wants, such
        as a login page, is an error (:mod:`helpdesk_bridge.transport.download`).

        ``operation`` is the vendor's, ``path`` are the segments below the base URL.

        Returns:
            An async context manager, which gives an async iterator over the bytes.
        """
        request = Request(
            operation=operation,
            method="GET",
            path=tuple(path),
            stream=True,
            announced=_announced(),
            progress=self._begun(),
        )
        async with self._download(request) as chunks:
            yield chunks

    @asynccontextmanager
    async def stream_url(
        self, operation: Operation, url: str
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a download at an absolute address that the vendor gave for a file.

        On the desk's own scheme, host and port it is a request like any other. Elsewhere it must
        be https, on one of the adapter's ``file_hosts`` and at a public address, and it is read by
        a session of its own, without credentials; UnsafeURL is raised for everything else.

        ``operation`` is the vendor's, ``url`` the address.

        Returns:
            An async context manager, which gives an async iterator over the bytes.
        """
        target = urls.file_url(url)
        request = Request(
            operation=operation,
            method="GET",
            path=(),
            url=url,
            authenticate=self.base is not None and urls.same_origin(target, self.base),
            stream=True,
            announced=_announced(),
            progress=self._begun(),
        )
        async with self._download(request) as chunks:
            yield chunks

    @asynccontextmanager
    async def _download(self, request: Request) -> AsyncIterator[AsyncIterator[bytes]]:
        response = await self._handler(request)
        try:
            assert response.chunks is not None  # noqa: S101 - asked for by stream=True
            async with aclosing(self._open(response.chunks, request.progress)) as chunks:
                yield chunks
        finally:
            await response.aclose()

    async def _open(
        self, chunks: AsyncIterator[bytes], progress: Progress
    ) -> AsyncGenerator[bytes, None]:
        """Yield the chunks; a download that its deadline or the end of the desk ends says so.

        The deadline of the request holds up to the first of them.
        """
        ends_at = progress.ends_at
        while True:
            deadline = self._running.until(ends_at)
            try:
                with deadline:
                    chunk = await anext(chunks)
            except StopAsyncIteration:
                return
            except TimeoutError:
                if not deadline.expired:
                    raise
                break
            ends_at = math.inf
            yield chunk
        if not self._running.closed:
            raise DeadlineExceeded(
                f"the call's deadline of {self.options.deadline:g} s passed while the download"
                " sent nothing.",
                attempts=progress.attempts,
            )
        raise DeskClosed("the desk was closed during the download.", outcome=Outcome.UNKNOWN)

    def _begun(self) -> Progress:
        return Progress(began=asyncio.get_running_loop().time(), credentials=self.credentials)

    @property
    def running(self) -> OpenRequests:
        """What the desk has under way; its closing ends all of it."""
        return self._running

    def clock_offset(self) -> float | None:
        """Return by how many seconds the vendor's clock is ahead of ours; None while not known."""
        client = self._http.client
        return None if client is None else client.clock_offset

    async def aclose(self) -> None:
        """Close the connections; may be called again.

        Whatever is under way ends: as DeskClosed, or as OutcomeUnknown where an unsafe write may
        have been done.
        """
        if self.base is not None:  # an adapter without HTTP knows best what must not be cut off
            self._running.close()
        close_auth = getattr(self._auth, "aclose", None)
        try:
            if close_auth is not None:
                await close_auth()
        finally:
            if self._http.client is not None:
                await self._http.client.aclose()


@define
class _Http:
    """Where the pipeline ends: the client, made when the first request needs it."""

    base: URL | None
    options: TransportOptions
    file_hosts: Collection[str] = ()
    client: HttpClient | None = field(default=None, init=False)

    def __call__(self, request: Request) -> Awaitable[Response]:
        if self.client is None:
            if self.base is None:
                raise InvalidArgument("this desk has no HTTP API.")
            from helpdesk_bridge.transport.http import HttpClient

            self.client = HttpClient(self.base, self.options, self.file_hosts)
        return self.client(request)


def _forgotten(desk: str, http: _Http) -> None:
    """Close what a desk left open that nobody uses any more, and say so once."""
    if http.client is not None and http.client.abandon():
        warnings.warn(
            f"desk {desk!r} was not closed: use it as `async with`, or await desk.aclose().",
            ResourceWarning,
            stacklevel=2,
        )


def _limiters(options: TransportOptions) -> list[Limiter]:
    rates = () if options.rate_limit is None else Rate.parse(options.rate_limit)
    windows: list[Limiter] = [SlidingWindow(rate) for rate in rates]
    return windows if options.limiter is None else [*windows, options.limiter]


def _checked(observers: Iterable[Observer]) -> tuple[Observer, ...]:
    found = tuple(observers) if isinstance(observers, Iterable) else None
    if found is None or not all(isinstance(one, Observer) for one in found):
        raise InvalidArgument("observers= takes a list of objects of classes made from Observer.")
    return found


def _announced() -> Announced | None:
    call = CURRENT_CALL.get()
    return None if call is None else call.file


def _body(
    json: Any,
    form: Sequence[tuple[str, str]] | None,
    multipart: Sequence[Part] | None,
    files: Mapping[str, Source] | None,
) -> JsonBody | FormBody | Multipart | None:
    if form is not None:
        return FormBody(tuple(form))
    if multipart is not None:
        return Multipart(tuple(multipart))
    return None if json is None else JsonBody(json, files or {})
