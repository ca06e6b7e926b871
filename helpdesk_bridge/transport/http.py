"""The wire: one request, one answer. The only module that imports aiohttp's client.

aiohttp's habits that would hurt here are switched off in this file, each with its reason beside
it, and each of its exceptions is turned into one of ours.
"""

from __future__ import annotations

import asyncio
import io
import socket
import ssl
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from attrs import define, field, frozen
from yarl import URL

from helpdesk_bridge import errors
from helpdesk_bridge.errors import HelpdeskError
from helpdesk_bridge.transport import urls
from helpdesk_bridge.transport.body import Source, put_in
from helpdesk_bridge.transport.decode import BodyReader
from helpdesk_bridge.transport.outcome import judge
from helpdesk_bridge.transport.rate_headers import http_date, retry_after
from helpdesk_bridge.transport.request import (
    Effect,
    FormBody,
    JsonBody,
    Multipart,
    Part,
    Progress,
    Request,
    Response,
    TransportOptions,
)

if TYPE_CHECKING:
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

__all__ = ["HttpClient", "failure_for"]

_CHUNK = 64 * 1024
_REDIRECTS = (301, 302, 303, 307, 308)
_PARTIAL = 206
_FILE_HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "User-Agent": "helpdesk-bridge",
}
"""All that is sent to another host, whatever is on the request."""
_MAX_HOPS = 3
_TEXT = "text/plain; charset=utf-8"
_BINARY = "application/octet-stream"


class _SecondTry(Exception):
    """aiohttp wants to send a request again by itself."""


_UNDERWAY: ContextVar[Progress | None] = ContextVar("helpdesk_bridge_underway", default=None)
"""The attempt that has no connection yet. aiohttp asks for one in the task of the attempt."""


class _Connector(aiohttp.TCPConnector):
    """Gives each attempt one connection, and notes when: from then on a byte may have left.

    aiohttp sends PUT and DELETE (and the reading verbs) again after ServerDisconnectedError or
    ClientOSError, without a switch (aiohttp issue 10790). What it asks for then is another
    connection, and it does not get that. A connection through a proxy comes from here, too, after
    the proxy's CONNECT, which holds nothing of the request.
    """

    # A trace of sent heads and a middleware say the same, and cost a tenth of a small request.
    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's name
    ) -> Connection:
        progress = _UNDERWAY.get()
        if progress is None:
            raise _SecondTry
        _UNDERWAY.set(None)
        progress.bytes_sent = False
        connection = await super().connect(req, traces, timeout)
        progress.bytes_sent = True
        return connection


@frozen
class _PublicAddresses(AbstractResolver):
    """Resolves names, and is_error those with an address that is not public.

    aiohttp dials exactly what this returns: a name cannot lead elsewhere between the two.
    """

    inner: AbstractResolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self.inner.resolve(host, port, family)
        # localhost gets this far only when the desk itself is there.
        if not urls.is_loopback(host) and not all(urls.is_public(one["host"]) for one in found):
            raise errors.UnsafeURL("a file is on a host that is not on the public Internet.")
        return found

    async def close(self) -> None:
        await self.inner.close()


class _Way(Enum):
    """The sessions of a desk, which share no connection."""

    KEPT = auto()
    FRESH = auto()
    """A connection for each request. A kept one may be dead already: a harmless refusal would then
    look like a write whose outcome is unknown."""
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
        for _ in range(_MAX_HOPS + 1):
            if away:
                self._check_away(request, url)
            response = await self._attempt(request, url, away=away)
            if response.status not in _REDIRECTS or request.effect is not Effect.READ:
                return response  # a redirected write is never sent on: the error table says so
            await response.aclose()
            url = self._next_hop(request, response, url)
            # For good: whoever sends us back must not have us show credentials.
            away = away or not urls.same_origin(url, self.base)
        raise errors.ProtocolError(
            "the vendor redirects in circles: check base_url.", attempts=request.progress.attempts
        )

    def _check_away(self, request: Request, url: URL) -> None:
        try:
            urls.check_file_host(url, self.base, self.file_hosts)
        except errors.UnsafeURL as error:
            error.fill(attempts=request.progress.attempts)
            error.outcome = judge(bytes_sent=request.progress.bytes_sent)
            raise

    def _next_hop(self, request: Request, response: Response, url: URL) -> URL:
        target = urls.redirected(url, response.headers.get("Location", ""))
        if request.stream and self.file_hosts:
            return target  # its host is checked like that of the first
        if request.method != "GET" or not urls.same_origin(target, self.base):
            raise errors.UnsafeURL(
                "the vendor redirects to another place, which must not see this desk's credentials:"
                " check base_url.",
                outcome=errors.Outcome.UNKNOWN,  # the first hop was sent; it only reads
                status=response.status,
                attempts=request.progress.attempts,
            )
        return target

    async def _attempt(self, request: Request, url: URL, *, away: bool) -> Response:
        way = _Way.AWAY if away else _Way.FRESH if request.unsafe else _Way.KEPT
        session = self._sessions.get(way) or self._opened(way)
        progress = request.progress
        progress.attempts += 1
        progress.bytes_sent = False
        if progress.started_at is None:
            progress.started_at = datetime.now(UTC)
        failure: HelpdeskError
        answer: aiohttp.ClientResponse | None = None
        handed_over = False
        try:
            body = None if request.body is None else await _encoded(request.body)
            _UNDERWAY.set(progress)
            # Until the connector is asked. An aiohttp that asked in another way would make every
            # failure one in doubt, and not one after which a reply is sent again.
            progress.bytes_sent = True
            answer = await session.request(
                request.method,
                url,
                data=body,
                headers=None if away else _headers(request),
                allow_redirects=False,
                proxy=self.options.proxy,
            )
            response = await self._answer(request, answer, away=away)
            handed_over = response.chunks is not None
            return response
        except HelpdeskError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - no foreign exception leaves this module
            if _UNDERWAY.get() is progress and isinstance(error, (ValueError, TypeError)):
                progress.bytes_sent = False  # aiohttp refused the request as it is
            failure = failure_for(error, bytes_sent=progress.bytes_sent)
        finally:
            if answer is not None and not handed_over and not answer.closed:
                answer.release()
        _UNDERWAY.set(None)
        if self._closed and not (request.unsafe and progress.bytes_sent):
            failure = errors.DeskClosed(
                "the desk was closed during the call.",
                outcome=judge(bytes_sent=progress.bytes_sent),
            )
        failure.fill(attempts=progress.attempts, status=answer.status if answer else None)
        # Raised out here, so that no exception with headers in it hangs on as its context.
        raise request.with_outcome(failure)

    async def _answer(
        self, request: Request, answer: aiohttp.ClientResponse, *, away: bool
    ) -> Response:
        headers: Mapping[str, str] = answer.headers
        if away:
            # Neither its clock nor its limits nor its refusals are the vendor's.
            if answer.status not in (200, *_REDIRECTS):
                raise _refused_away(answer)
            headers = {"Location": headers.get("Location", "")}
        response = Response(request=request, status=answer.status, headers=headers)
        date = headers.get("Date")
        if date is not None:
            self._dated = (date, datetime.now(UTC))
        encoding = answer.headers.get("Content-Encoding", "").strip().lower()
        if request.stream and answer.status < 300:
            if answer.status == _PARTIAL:
                raise errors.TruncatedBody("the vendor sent a part of the file only.")
            chunks = _streamed(answer, BodyReader(encoding), request.progress)
            response.chunks = chunks

            async def close() -> None:
                answer.close()
                await chunks.aclose()

            response.on_release(close)
            return response
        reader = BodyReader(encoding, cap=self.options.max_body)
        content = io.BytesIO()  # gives its bytes away without a copy
        while chunk := await answer.content.readany():
            for piece in reader.pieces(chunk):
                content.write(piece)
        if not _announced_empty(answer):
            reader.finish()
        response.content = content.getvalue()
        return response

    def _opened(self, way: _Way) -> aiohttp.ClientSession:
        if self._closed:  # a closed desk keeps no session
            raise errors.DeskClosed("the desk is closed.")
        self._loop = asyncio.get_running_loop()
        self._sessions[way] = self._make_session(way)
        return self._sessions[way]

    def _make_session(self, way: _Way) -> aiohttp.ClientSession:
        resolver = None
        if way is _Way.AWAY and self.options.proxy is None:  # with one, only the proxy resolves
            resolver = _PublicAddresses(aiohttp.ThreadedResolver())
        return aiohttp.ClientSession(
            headers=_FILE_HEADERS if way is _Way.AWAY else _HEADERS,
            connector=_Connector(
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
            auto_decompress=False,  # aiohttp takes a cut gzip body for a whole one
        )

    def abandon(self) -> bool:
        """Close all connections without waiting; say whether any session was still open."""
        sessions, self._sessions, self._closed = list(self._sessions.values()), {}, True
        for session in sessions:
            if self._loop is None or _runs_here(self._loop) or not self._loop.is_running():
                _shut(session)
            else:  # collected by another thread
                self._loop.call_soon_threadsafe(_shut, session)
        return bool(sessions)

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


def _refused_away(answer: aiohttp.ClientResponse) -> HelpdeskError:
    """Return the error for a file that its host does not give; the status is filled in later."""
    if answer.status in (401, 403, 404, 410):  # 403 is also S3's word for a file that is gone
        return errors.NotFound("the file is not there any more, or its address has expired.")
    if answer.status == _PARTIAL:
        return errors.TruncatedBody("the file's host sent a part of it only.")
    if answer.status == 429 or answer.status >= 500:
        return errors.VendorUnavailable(
            "the file's host failed to answer properly.", retry_after=retry_after(answer.headers)
        )
    return errors.ProtocolError("the file's host answered with neither a file nor an error.")


def _announced_empty(answer: aiohttp.ClientResponse) -> bool:
    # Some servers label even these with a Content-Encoding.
    return (
        answer.method == "HEAD"
        or answer.status == 204
        or answer.headers.get("Content-Length") == "0"
    )


class _Pieces(aiohttp.Payload):
    """A body that is read while it is sent; its size is known beforehand.

    aiohttp does not count: bytes too many would be the vendor's next request, and with too few of
    them it would wait for the rest.
    """

    _autoclose = True  # a file is open only while it is written

    def __init__(
        self, pieces: Sequence[bytes | Source], sizes: Sequence[int], content_type: str
    ) -> None:
        super().__init__(None, content_type=content_type)
        self._pieces = pieces
        self._sizes = sizes
        self._size = sum(sizes)

    async def write(self, writer: Any) -> None:
        for piece, left in zip(self._pieces, self._sizes, strict=True):
            if isinstance(piece, bytes):
                await writer.write(piece)
            else:
                await _write_file(writer, piece, left)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:  # noqa: ARG002
        raise TypeError("a file is sent and never decoded")


async def _write_file(writer: Any, file: Source, left: int) -> None:
    """Write the ``left`` bytes that were announced of a file, or raise InvalidArgument."""
    async with aclosing(file.chunks()) as chunks:
        async for chunk in chunks:
            left -= len(chunk)
            if left < 0:
                break
            await writer.write(chunk)
    if left:
        raise errors.InvalidArgument("a file has changed while it was sent.")


async def _in_pieces(pieces: Sequence[bytes | Source], content_type: str) -> _Pieces:
    sizes = [len(one) if isinstance(one, bytes) else await one.ready() for one in pieces]
    return _Pieces(pieces, sizes, content_type)


async def _form(parts: Sequence[Part]) -> aiohttp.FormData:
    # Without the first flag text fields alone go out urlencoded; without the second, file
    # names that are not ASCII arrive percent-encoded.
    form = aiohttp.FormData(default_to_multipart=True, quote_fields=False)
    for part in parts:
        content: Any = part.content
        if isinstance(content, Source):
            kind = part.mime_type or (_TEXT if part.filename is None else _BINARY)
            content = await _in_pieces([content], kind)
        form.add_field(part.name, content, filename=part.filename, content_type=part.mime_type)
    return form


async def _encoded(body: JsonBody | FormBody | Multipart) -> Any:
    """Build the body anew, so that a later attempt sends the same bytes and not an empty rest."""
    if isinstance(body, FormBody):
        return body.encode()
    if isinstance(body, Multipart):
        return await _form(body.parts)
    if body.files:
        return await _in_pieces(put_in(body.encode(), body.files), _BINARY)
    # As a file: aiohttp warns of bytes over 1 MiB, which would be written in one go.
    return io.BytesIO(body.encode())


_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": "helpdesk-bridge",
}


def _headers(request: Request) -> Mapping[str, str]:
    """Return what a request to the desk's own origin says beside the session's ``_HEADERS``."""
    headers = dict(_FILE_HEADERS) if request.stream else {}
    if isinstance(request.body, JsonBody):
        headers["Content-Type"] = "application/json; charset=utf-8"
    if isinstance(request.body, FormBody):
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    for name, value in request.headers.items():
        headers[name] = urls.check_header(name, value)
    return headers


async def _streamed(
    answer: aiohttp.ClientResponse, reader: BodyReader, progress: Progress
) -> AsyncGenerator[bytes, None]:
    failure: HelpdeskError | None = None
    try:
        async for chunk in answer.content.iter_chunked(_CHUNK):
            for piece in reader.pieces(chunk):
                yield piece
        reader.finish()
    except HelpdeskError as error:
        failure = error
    except Exception as error:  # noqa: BLE001 - no foreign exception leaves this module
        failure = failure_for(error, bytes_sent=True)
    finally:
        answer.close()
    if failure is not None:
        raise failure.fill(attempts=progress.attempts, status=answer.status)


_CONNECT: tuple[tuple[type[BaseException], str], ...] = (
    (aiohttp.ClientConnectorCertificateError, "the server's TLS certificate was not accepted"),
    (ssl.SSLError, "no TLS connection could be made"),
    (aiohttp.ClientSSLError, "no TLS connection could be made"),
    (aiohttp.ClientConnectorDNSError, "the host name of base_url cannot be resolved"),
    (aiohttp.ClientProxyConnectionError, "the proxy cannot be reached"),
    (aiohttp.ClientHttpProxyError, "the proxy refused the connection"),
    (aiohttp.ConnectionTimeoutError, "the host did not accept a connection in time"),
    (aiohttp.ServerFingerprintMismatch, "the server's TLS certificate is not the expected one"),
    (aiohttp.ClientConnectorError, "no connection to the host could be made"),
    (OSError, "no connection to the host could be made"),
)

_FOR_GOOD = (
    aiohttp.ClientConnectorCertificateError,
    aiohttp.ServerFingerprintMismatch,
    aiohttp.ClientHttpProxyError,
)
"""What another attempt would meet again."""

_AFTER: tuple[tuple[type[BaseException], type[HelpdeskError], str], ...] = (
    (aiohttp.SocketTimeoutError, errors.VendorUnavailable, "the vendor fell silent"),
    (aiohttp.ClientPayloadError, errors.TruncatedBody, "the answer ends before its announced end"),
    # aiohttp reports a malformed answer as "400 Bad Request": the request may well be done.
    (aiohttp.ClientResponseError, errors.ProtocolError, "the answer is not proper HTTP"),
    (aiohttp.ServerDisconnectedError, errors.VendorUnavailable, "the connection was dropped"),
    (_SecondTry, errors.VendorUnavailable, "the connection was dropped"),
    (OSError, errors.VendorUnavailable, "the connection broke"),
    (aiohttp.ClientError, errors.VendorUnavailable, "the connection failed"),
)


def failure_for(error: BaseException, *, bytes_sent: bool) -> HelpdeskError:
    """Return our error for an exception of aiohttp, the system or the TLS library."""
    outcome = judge(bytes_sent=bytes_sent)
    if isinstance(error.__cause__, errors.InvalidArgument):  # a file that changed meanwhile
        return errors.InvalidArgument(error.__cause__.message, outcome=outcome)
    if not bytes_sent:
        for kind, sentence in _CONNECT:
            if isinstance(error, kind):
                return errors.ConnectFailed(
                    f"{sentence}.", outcome=outcome, retryable=not isinstance(error, _FOR_GOOD)
                )
        if isinstance(error, (ValueError, TypeError)):
            return errors.InvalidArgument("the request cannot be put into HTTP.")
        return errors.ConnectFailed("the request could not be started.", outcome=outcome)
    for kind, made, sentence in _AFTER:
        if isinstance(error, kind):
            return made(f"{sentence}.", outcome=outcome)
    return errors.ProtocolError("the answer could not be read.", outcome=outcome)
