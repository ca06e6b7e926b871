"""The wire: one request, one answer. The only module that imports aiohttp's client.

aiohttp's habits that would hurt here are switched off in this file, each with its reason beside
it, and each of its exceptions is turned into one of ours.
"""

from __future__ import annotations

import io
import ssl
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from datetime import UTC, datetime
from typing import Any

import aiohttp
from attrs import define, field
from yarl import URL

from helpdesk_bridge import errors
from helpdesk_bridge.errors import HelpdeskError
from helpdesk_bridge.transport import url as urls
from helpdesk_bridge.transport.decode import BodyReader
from helpdesk_bridge.transport.outcome import judge, settle
from helpdesk_bridge.transport.sources import Source, put_in
from helpdesk_bridge.transport.values import (
    FormBody,
    JsonBody,
    Multipart,
    Part,
    Progress,
    Request,
    Response,
    TransportOptions,
)
from helpdesk_bridge.transport.waits import http_date

__all__ = ["HttpClient", "failure_for"]

_CHUNK = 64 * 1024
_REDIRECTS = (301, 302, 303, 307, 308)
_MAX_HOPS = 3
_TEXT = "text/plain; charset=utf-8"
_BINARY = "application/octet-stream"


class _Failed(Exception):
    """Carries what went wrong past aiohttp's own second try.

    aiohttp sends PUT and DELETE (and the reading verbs) again after ServerDisconnectedError or
    ClientOSError, without a switch (aiohttp issue 10790). An exception that is neither is not
    repeated.
    """

    def __init__(self, reason: Exception) -> None:
        super().__init__()
        self.reason = reason


async def _no_second_try(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    failed: _Failed
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        failed = _Failed(error)
    raise failed


async def _about_to_send(
    _session: aiohttp.ClientSession, context: Any, _: aiohttp.TraceRequestHeadersSentParams
) -> None:
    progress = context.trace_request_ctx
    if isinstance(progress, Progress):
        progress.bytes_sent = True


@define
class HttpClient:
    """Sends requests to one origin. Connections are made when the first request needs them."""

    base: URL
    options: TransportOptions
    _kept: aiohttp.ClientSession | None = field(default=None, init=False)
    _fresh: aiohttp.ClientSession | None = field(default=None, init=False)
    _closed: bool = field(default=False, init=False)
    _dated: tuple[str, datetime] | None = field(default=None, init=False)

    @property
    def clock_offset(self) -> float | None:
        """By how many seconds the vendor's clock is ahead of ours, from its last answer's Date."""
        date = http_date(self._dated[0]) if self._dated else None
        return (date - self._dated[1]).total_seconds() if date and self._dated else None

    async def __call__(self, request: Request) -> Response:
        """Send ``request`` and return the answer, whatever its status."""
        url = urls.join(self.base, request.path, request.query)
        for _ in range(_MAX_HOPS + 1):
            response = await self._attempt(request, url)
            if response.status not in _REDIRECTS or request.effect.name != "READ":
                return response  # a redirected write is never sent on: the error table says so
            await response.aclose()
            url = self._next_hop(request, response, url)
        raise errors.ProtocolError(
            "the vendor redirects in circles: check base_url.", attempts=request.progress.attempts
        )

    def _next_hop(self, request: Request, response: Response, url: URL) -> URL:
        try:
            target = url.join(URL(response.headers.get("Location", "")))
        except ValueError:
            target = URL()
        if request.method != "GET" or not _same_origin(target, self.base):
            raise errors.UnsafeURL(
                "the vendor redirects to another place, which must not see this desk's credentials:"
                " check base_url.",
                outcome=errors.Outcome.UNKNOWN,  # the first hop was sent; it only reads
                status=response.status,
                attempts=request.progress.attempts,
            )
        return target

    async def _attempt(self, request: Request, url: URL) -> Response:
        session = self._session(fresh=request.unsafe)
        progress = request.progress
        progress.attempts += 1
        progress.bytes_sent = False
        progress.started_at = progress.started_at or datetime.now(UTC)
        failure: HelpdeskError
        answer: aiohttp.ClientResponse | None = None
        handed_over = False
        try:
            answer = await session.request(
                request.method,
                url,
                headers=_headers(request),
                allow_redirects=False,
                trace_request_ctx=progress,
                proxy=self.options.proxy,
                **await _arguments(request),
            )
            response = await self._answer(request, answer)
            handed_over = response.chunks is not None
            return response
        except HelpdeskError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - no foreign exception leaves this module
            failure = failure_for(error, bytes_sent=progress.bytes_sent)
        finally:
            if answer is not None and not handed_over:
                answer.release()
        if self._closed and not (request.unsafe and progress.bytes_sent):
            failure = errors.DeskClosed(
                "the desk was closed during the call.",
                outcome=judge(bytes_sent=progress.bytes_sent),
            )
        failure.fill(attempts=progress.attempts, status=answer.status if answer else None)
        # Raised out here, so that no exception with headers in it hangs on as its context.
        raise settle(
            failure,
            unsafe=request.unsafe,
            bytes_sent=progress.bytes_sent,
            started_at=progress.started_at,
        )

    async def _answer(self, request: Request, answer: aiohttp.ClientResponse) -> Response:
        response = Response(request=request, status=answer.status, headers=answer.headers)
        if "Date" in answer.headers:
            self._dated = (answer.headers["Date"], datetime.now(UTC))
        encoding = answer.headers.get("Content-Encoding", "").strip().lower()
        if request.stream and answer.status < 300:
            chunks = _streamed(answer, BodyReader(encoding), request.progress)
            response.chunks = chunks

            async def close() -> None:
                answer.close()
                await chunks.aclose()

            response.on_release(close)
            return response
        reader = BodyReader(encoding, cap=self.options.max_body)
        content = bytearray()
        async for chunk in answer.content.iter_chunked(_CHUNK):
            content += reader.feed(chunk)
        if not _announced_empty(answer):
            reader.finish()
        response.content = bytes(content)
        return response

    def _session(self, *, fresh: bool) -> aiohttp.ClientSession:
        if self._closed:
            raise errors.DeskClosed("the desk is closed.")
        if fresh:
            # A kept-alive connection may be dead already: a harmless refusal would then look
            # like a write whose outcome is unknown.
            if self._fresh is None:
                self._fresh = self._make_session(force_close=True)
            return self._fresh
        if self._kept is None:
            self._kept = self._make_session(force_close=False)
        return self._kept

    def _make_session(self, *, force_close: bool) -> aiohttp.ClientSession:
        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(_about_to_send)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, force_close=force_close),
            cookie_jar=aiohttp.DummyCookieJar(),  # the default jar replays the vendor's cookies
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=self.options.connect, sock_read=self.options.read_gap
            ),
            trust_env=False,  # neither proxies nor .netrc of the environment
            auto_decompress=False,  # aiohttp takes a cut gzip body for a whole one
            middlewares=(_no_second_try,),
            trace_configs=[trace],
        )

    async def aclose(self) -> None:
        """Close all connections; may be called again."""
        self._closed = True
        sessions, self._kept, self._fresh = (self._kept, self._fresh), None, None
        async with AsyncExitStack() as stack:  # each is closed, whatever happens to the other
            for session in sessions:
                if session is not None:
                    stack.push_async_callback(session.close)


def _same_origin(target: URL, base: URL) -> bool:
    # A name or password in the address would take the place of the desk's own credentials.
    return (target.scheme, target.host, target.port, target.user, target.password) == (
        base.scheme,
        base.host,
        base.port,
        None,
        None,
    )


def _announced_empty(answer: aiohttp.ClientResponse) -> bool:
    # Some servers label even these with a Content-Encoding.
    return (
        answer.method == "HEAD"
        or answer.status == 204
        or answer.headers.get("Content-Length") == "0"
    )


class _Pieces(aiohttp.Payload):
    """A body that is read while it is sent; its size is known beforehand."""

    _autoclose = True  # a file is open only while it is written

    def __init__(self, pieces: Sequence[bytes | Source], size: int, content_type: str) -> None:
        super().__init__(None, content_type=content_type)
        self._pieces = pieces
        self._size = size

    async def write(self, writer: Any) -> None:
        for piece in self._pieces:
            if isinstance(piece, bytes):
                await writer.write(piece)
                continue
            async with aclosing(piece.chunks()) as chunks:
                async for chunk in chunks:
                    await writer.write(chunk)

    def decode(self, *_: str) -> str:
        raise TypeError("a file is sent and never decoded")


async def _in_pieces(pieces: Sequence[bytes | Source], content_type: str) -> _Pieces:
    sizes = [len(one) if isinstance(one, bytes) else await one.ready() for one in pieces]
    return _Pieces(pieces, sum(sizes), content_type)


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


async def _arguments(request: Request) -> dict[str, Any]:
    """Build the body anew, so that a later attempt sends the same bytes and not an empty rest."""
    if isinstance(request.body, FormBody):
        return {"data": request.body.encode()}
    if isinstance(request.body, JsonBody) and request.body.files:
        pieces = put_in(request.body.encode(), request.body.files)
        return {"data": await _in_pieces(pieces, _BINARY)}
    if isinstance(request.body, JsonBody):
        # As a file: aiohttp warns of bytes over 1 MiB, which would be written in one go.
        return {"data": io.BytesIO(request.body.encode())}
    if isinstance(request.body, Multipart):
        return {"data": await _form(request.body.parts)}
    return {}


def _headers(request: Request) -> Mapping[str, str]:
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "identity" if request.stream else "gzip",
        "User-Agent": "helpdesk-bridge",
    }
    if request.stream:
        headers["Accept"] = "*/*"
    if isinstance(request.body, JsonBody):
        headers["Content-Type"] = "application/json; charset=utf-8"
    if isinstance(request.body, FormBody):
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    headers.update(request.headers)
    return {name: urls.check_header(name, value) for name, value in headers.items()}


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
        raise failure.fill(attempts=progress.attempts)


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
    (OSError, errors.VendorUnavailable, "the connection broke"),
    (aiohttp.ClientError, errors.VendorUnavailable, "the connection failed"),
)


def failure_for(error: BaseException, *, bytes_sent: bool) -> HelpdeskError:
    """Return our error for an exception of aiohttp, the system or the TLS library."""
    if isinstance(error, _Failed):
        error = error.reason
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
