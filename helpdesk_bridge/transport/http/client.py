"""Send requests to one origin by aiohttp, and hand back its answers."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from enum import Enum, auto

import aiohttp
from attrs import define, field
from yarl import URL

from helpdesk_bridge import errors
from helpdesk_bridge.errors import HelpdeskError, Reason
from helpdesk_bridge.errors.frames import forget_locals
from helpdesk_bridge.model import forks
from helpdesk_bridge.transport import urls
from helpdesk_bridge.transport.decode import BodyReader
from helpdesk_bridge.transport.http.bodies import encoded
from helpdesk_bridge.transport.http.connector import UNDERWAY, Connector, PublicAddresses
from helpdesk_bridge.transport.http.failures import failure_for, no_answer, refused_away
from helpdesk_bridge.transport.http.files import file_chunks
from helpdesk_bridge.transport.http.headers import FILE_HEADERS, HEADERS, headers_of
from helpdesk_bridge.transport.http.one_answer import MAX_HEAD
from helpdesk_bridge.transport.http.received import encodings_of, is_end_announced
from helpdesk_bridge.transport.options import TransportOptions
from helpdesk_bridge.transport.outcome import judge
from helpdesk_bridge.transport.rate_headers import http_date, vendor_time
from helpdesk_bridge.transport.refusal import leads_to_login
from helpdesk_bridge.transport.request import Effect, Progress, Request
from helpdesk_bridge.transport.response import Response

__all__ = ["HttpClient"]

_REDIRECTS = (301, 302, 303, 307, 308)
_MAX_HOPS = 3


class _Way(Enum):
    """The sessions of a desk, which share no connection."""

    KEPT = auto()
    FRESH = auto()
    """A connection for each request, as every write needs. On a kept one an answer that nobody
    asked for may come after the write was sent, and would be taken for its answer. A kept one may
    be dead, too: a harmless refusal would then look like a write whose outcome is unknown."""
    AWAY = auto()
    """To the hosts of files, which must not know whose they are."""


@define
class HttpClient:
    """Sends requests to one origin. Connections are made when the first request needs them.

    Downloads alone may lead to ``file_hosts``, without anything of the desk's own.
    """

    base: URL
    options: TransportOptions
    file_hosts: Collection[str] = ()
    _sessions: dict[_Way, aiohttp.ClientSession] = field(factory=dict, init=False)
    _closed: bool = field(default=False, init=False)
    _dated: tuple[str, datetime] | None = field(default=None, init=False)
    _loop: asyncio.AbstractEventLoop | None = field(default=None, init=False)
    """The event loop of the sessions."""
    _process: int = field(default=0, init=False)
    """The process of the sessions."""

    @property
    def clock_offset(self) -> float | None:
        """By how many seconds the vendor's clock is ahead of ours, from its last answer's Date."""
        date = http_date(self._dated[0]) if self._dated else None
        return (date - self._dated[1]).total_seconds() if date and self._dated else None

    async def __call__(self, request: Request) -> Response:
        """Send ``request`` and return the answer, whatever its status."""
        if request.url is None:
            url, away = urls.join(self.base, request.path, request.query), False
        else:
            url = urls.file_url(request.url)
            away = not urls.same_origin(url, self.base)
        own = url
        for hop in range(_MAX_HOPS + 1):
            if away:
                self._check_away(request, url)
            response = await self._attempt(request, url, away=away, redirected=hop > 0)
            if response.status not in _REDIRECTS:
                return response
            target = urls.redirected(url, response.headers.get("Location", ""))
            response.login = not away and leads_to_login(target, own)
            if response.login or request.effect is not Effect.READ:
                return response  # a redirected write is never sent on: the error table says so
            if hop == _MAX_HOPS and not request.stream:
                response.circles = True
                return response
            await response.aclose()
            url = self._next_hop(request, response, target)
            # For good: whoever sends us back must not have us show credentials.
            away = away or not urls.same_origin(url, self.base)
        raise errors.ProtocolError(
            "the vendor redirects in circles: check base_url.",
            reason=Reason.REDIRECT,
            attempts=request.progress.attempts,
        )

    def _check_away(self, request: Request, url: URL) -> None:
        try:
            urls.check_file_host(url, self.base, self.file_hosts)
        except errors.UnsafeURL as error:
            error.fill(attempts=request.progress.attempts)
            error.outcome = judge(bytes_sent=request.progress.bytes_sent)
            raise

    def _next_hop(self, request: Request, response: Response, target: URL) -> URL:
        if request.stream and self.file_hosts:
            return target  # its host is checked like that of the first
        if request.method != "GET" or not urls.same_origin(target, self.base):
            raise errors.UnsafeURL(
                "the vendor redirects to another place, which must not see this desk's credentials:"
                " check base_url.",
                reason=Reason.REDIRECT,
                outcome=errors.Outcome.UNKNOWN,  # the first hop was sent; it only reads
                status=response.status,
                attempts=request.progress.attempts,
            )
        return target

    async def _attempt(
        self, request: Request, url: URL, *, away: bool, redirected: bool
    ) -> Response:
        progress = request.progress
        # A second attempt, too: the kept connections may all have what spoiled the first.
        fresh = request.effect is not Effect.READ or bool(progress.failures)
        way = _Way.AWAY if away else _Way.FRESH if fresh else _Way.KEPT
        session = self._sessions.get(way) or self._opened(way)
        progress.attempts += 1
        progress.bytes_sent = False
        if progress.started_at is None:
            progress.started_at = datetime.now(UTC)
        failure: HelpdeskError
        answer: aiohttp.ClientResponse | None = None
        handed_over = False
        try:
            body = None if request.body is None else await encoded(request.body)
            UNDERWAY.set(progress)
            # Until the connector is asked. An aiohttp that asked in another way would make every
            # failure one in doubt, and not one after which a reply is sent again.
            progress.bytes_sent = True
            answer = await session.request(
                request.method,
                url,
                data=body,
                headers=None if away else headers_of(request),
                allow_redirects=False,
                proxy=self.options.proxy,
            )
            if (observed := progress.observed) is not None:
                observed.status = answer.status
                observed.vendor_time = None if away else vendor_time(answer.headers)
            if answer.status < 200:
                raise no_answer(answer)
            response = await self._answer(request, answer, away=away, redirected=redirected)
            handed_over = response.chunks is not None
            return response
        except HelpdeskError as error:
            failure = error
            forget_locals(error)  # aiohttp's frames hold the headers
        except Exception as error:  # noqa: BLE001 - no foreign exception leaves this module
            if UNDERWAY.get() is progress and isinstance(error, (ValueError, TypeError)):
                progress.bytes_sent = False  # aiohttp refused the request as it is
            failure = failure_for(
                error, bytes_sent=progress.bytes_sent, kept=way is _Way.KEPT and progress.kept
            )
        finally:
            if answer is not None and not handed_over and not answer.closed:
                answer.release()
        UNDERWAY.set(None)
        if self._closed and not (request.unsafe and progress.bytes_sent):
            failure = errors.DeskClosed(
                "the desk was closed during the call.",
                outcome=judge(bytes_sent=progress.bytes_sent),
            )
        failure.fill(attempts=progress.attempts, status=answer.status if answer else None)
        # Raised out here, so that no exception with headers in it hangs on as its context.
        try:
            raise request.with_outcome(failure)
        finally:
            del failure  # it leads here, and would hold itself

    async def _answer(
        self,
        request: Request,
        answer: aiohttp.ClientResponse,
        *,
        away: bool,
        redirected: bool,
    ) -> Response:
        headers: Mapping[str, str] = answer.headers
        if away:
            # Neither its clock nor its limits nor its refusals are the vendor's.
            if answer.status >= 300 and answer.status not in _REDIRECTS:
                raise refused_away(answer)
            headers = {"Location": headers.get("Location", "")}
        response = Response(request=request, status=answer.status, headers=headers)
        date = headers.get("Date")
        if date is not None:
            self._dated = (date, datetime.now(UTC))
        if request.stream and answer.status < 300:
            chunks = file_chunks(answer, request, redirected=redirected)
            response.chunks = chunks

            async def close() -> None:
                answer.close()
                await chunks.aclose()

            response.on_release(close)
            return response
        response.content = await _content(answer, self.options.max_body, request.progress)
        return response

    def _opened(self, way: _Way) -> aiohttp.ClientSession:
        if self._closed:  # a closed desk keeps no session
            raise errors.DeskClosed("the desk is closed.")
        self._loop, self._process = asyncio.get_running_loop(), os.getpid()
        forks.watch(self)
        self._sessions[way] = self._make_session(way)
        return self._sessions[way]

    def _make_session(self, way: _Way) -> aiohttp.ClientSession:
        resolver = None
        if way is _Way.AWAY and self.options.proxy is None:  # with one, only the proxy resolves
            resolver = PublicAddresses(aiohttp.ThreadedResolver())
        return aiohttp.ClientSession(
            headers=FILE_HEADERS if way is _Way.AWAY else HEADERS,
            connector=Connector(
                limit=0,
                force_close=way is not _Way.KEPT,
                resolver=resolver,
                ssl=(None if way is _Way.AWAY else self.options.tls) or True,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),  # the default jar replays the vendor's cookies
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=self.options.connect, sock_read=self.options.read_gap
            ),
            trust_env=False,  # neither proxies nor .netrc of the environment
            max_line_size=MAX_HEAD,  # the head as a whole is what is bounded
            max_field_size=MAX_HEAD,
            max_headers=MAX_HEAD,
            auto_decompress=False,  # aiohttp takes a cut gzip body for a whole one
        )

    def abandon(self) -> bool:
        """Close all connections without waiting; say whether any session was still open."""
        if self._process != os.getpid():
            self.forked()
        sessions, self._sessions, self._closed = list(self._sessions.values()), {}, True
        for session in sessions:
            if self._loop is None or _runs_here(self._loop) or not self._loop.is_running():
                _shut(session)
            else:  # collected by another thread
                self._loop.call_soon_threadsafe(_shut, session)
        return bool(sessions)

    def forked(self) -> None:
        """Leave the connections to the process that this one was forked from."""
        sessions, self._sessions = self._sessions, {}
        if sessions:
            forks.leave_to_parent(sessions)

    async def aclose(self) -> None:
        """Close all connections; may be called again."""
        self._closed = True
        sessions, self._sessions = self._sessions, {}
        async with AsyncExitStack() as stack:  # each is closed, whatever happens to the others
            for session in sessions.values():
                stack.push_async_callback(session.close)


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def _shut(session: aiohttp.ClientSession) -> None:
    # As far as the first wait: by then aiohttp has ended all transports.
    closing = session.close()
    with suppress(StopIteration):
        closing.send(None)
    closing.close()


async def _content(answer: aiohttp.ClientResponse, cap: int, progress: Progress) -> bytes:
    """Return the body, decoded.

    A status from 300 on decides by itself: where its body cannot be decoded, and is whole by its
    framing, only the words in it are lost.
    """
    chunk = await answer.content.readany()
    if not chunk and is_end_announced(answer):
        return b""  # whatever encoding it claims
    content = io.BytesIO()  # gives its bytes away without a copy
    received = len(chunk)
    failure: HelpdeskError
    try:
        reader = BodyReader(encodings_of(answer), cap)
        while chunk:
            for number, piece in enumerate(reader.pieces(chunk)):
                if number:
                    await asyncio.sleep(0)
                content.write(piece)
            chunk = await answer.content.readany()
            received += len(chunk)
        reader.finish()
        return content.getvalue()
    except HelpdeskError as error:
        failure = error
    finally:
        if progress.observed is not None:
            progress.observed.bytes_received = received
    if answer.status >= 300 and is_end_announced(answer) and await _ends(answer, cap - received):
        return b""
    try:
        raise failure
    finally:
        del failure  # it leads here, and would hold itself and what was read


async def _ends(answer: aiohttp.ClientResponse, most: int) -> bool:
    """Say whether the rest of a body comes to its announced end within ``most`` bytes."""
    while most >= 0 and (chunk := await answer.content.readany()):
        most -= len(chunk)
    return most >= 0
