"""The values that pass through the pipeline: operations, requests, answers."""

from __future__ import annotations

import math
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from datetime import datetime
from enum import Enum
from typing import Any, Self, TypeVar
from urllib.parse import urlencode

import orjson
from attrs import define, field, frozen

from helpdesk_bridge.errors import HelpdeskError, InvalidArgument, ProtocolError
from helpdesk_bridge.transport.body import Source
from helpdesk_bridge.transport.decode import decode_json
from helpdesk_bridge.transport.outcome import with_outcome
from helpdesk_bridge.transport.rate_limits import Limiter, Rate

__all__ = [
    "CURRENT_CALL",
    "Call",
    "Effect",
    "FormBody",
    "JsonBody",
    "Multipart",
    "Operation",
    "Part",
    "Progress",
    "Request",
    "Response",
    "TransportOptions",
    "operation_id",
]

T = TypeVar("T")


class Effect(Enum):
    """What a request does at the vendor, whatever its HTTP verb says."""

    READ = "read"
    """Changes nothing."""
    IDEMPOTENT_WRITE = "idempotent write"
    """Doing it twice leaves the same as doing it once."""
    UNSAFE_WRITE = "unsafe write"
    """Doing it twice does two things; a customer could be mailed twice."""


@frozen
class Operation:
    """One of the vendor's operations: declared once by its adapter, with its effect."""

    name: str
    effect: Effect = Effect.UNSAFE_WRITE


@frozen(kw_only=True)
class TransportOptions:
    """What is the same for every vendor. Times are in seconds, sizes in bytes.

    ``deadline`` covers a whole call with all it has to ask for (of a download: up to its first
    byte), with every wait and every attempt; ``connect`` one connection with TLS, ``read_gap`` the
    longest silence within an answer. ``max_attempts`` is how often a request is sent in all when
    it fails in a way that allows it (1: never again), ``concurrency`` how many are under way at
    once, ``max_body`` the decoded size of an answer. ``rate_limit`` is what the vendor allows, as
    in ``"400/minute"`` or ``"10/second, 1000/hour"``; None is no limit but the vendor's own 429.
    It holds for this desk in this process; ``limiter`` is one that is shared with others.
    ``proxy`` is a URL; the environment's proxies and ``.netrc`` are never used. ``tls`` takes the
    place of the usual verification of the vendor's certificate, for an authority of one's own;
    there is no switch to do without.
    """

    deadline: float = field(default=60.0, converter=float)
    connect: float = field(default=10.0, converter=float)
    read_gap: float = field(default=30.0, converter=float)
    max_attempts: int = 3
    concurrency: int = 8
    rate_limit: str | None = None
    limiter: Limiter | None = None
    max_body: int = 16 * 1024 * 1024
    proxy: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None

    def __attrs_post_init__(self) -> None:
        for name in ("deadline", "connect", "read_gap", "max_attempts", "concurrency", "max_body"):
            if not getattr(self, name) > 0:
                raise InvalidArgument(f"the transport option {name} must be above zero.")
        if self.rate_limit is not None:
            Rate.parse(self.rate_limit)
        if self.limiter is not None and not isinstance(self.limiter, Limiter):
            raise InvalidArgument("the transport option limiter needs acquire and release.")
        if self.tls is not None and not isinstance(self.tls, ssl.SSLContext):
            raise InvalidArgument("the transport option tls is an ssl.SSLContext.")


@frozen(kw_only=True)
class Call:
    """The public call that requests are made for: its name, its id and its end (loop time)."""

    operation: str
    operation_id: str
    ends_at: float
    writes: list[Progress] = field(factory=list, repr=False)
    """How far its unsafe writes have come, for a call that is cancelled."""

    @property
    def may_have_written(self) -> bool:
        """Whether an unsafe write may have been carried out."""
        return any(progress.bytes_sent for progress in self.writes)


CURRENT_CALL: ContextVar[Call | None] = ContextVar("helpdesk_bridge_call", default=None)


def operation_id() -> str:
    """Return the id of the present call, as log lines name it; "-" outside of any."""
    call = CURRENT_CALL.get()
    return call.operation_id if call else "-"


@frozen
class JsonBody:
    """A JSON body, serialised anew for each attempt.

    Each of ``files`` is sent in place of its key, which stands in a string of ``value``.
    """

    value: Any = field(repr=False)
    files: Mapping[str, Source] = field(factory=dict, repr=False)

    def encode(self) -> bytes:
        """Return the bytes; what JSON cannot say is InvalidArgument."""
        with suppress(TypeError, ValueError):
            return orjson.dumps(self.value)
        # Raised out here: orjson's error may quote the value, and would hang on as the context.
        raise InvalidArgument("the request holds a value that JSON cannot express.")


@frozen
class FormBody:
    """An application/x-www-form-urlencoded body."""

    fields: tuple[tuple[str, str], ...] = field(repr=False)

    def encode(self) -> bytes:
        """Return the bytes; half a surrogate pair is InvalidArgument."""
        try:
            return urlencode(self.fields).encode("ascii")
        except UnicodeEncodeError:
            pass
        raise InvalidArgument("the request holds half a surrogate pair.")


@frozen(kw_only=True)
class Part:
    """A part of a multipart body: a text field, or a file when ``filename`` is given.

    A source is read while it is sent, and anew for each attempt.
    """

    name: str
    content: str | bytes | Source = field(repr=False)
    filename: str | None = field(default=None, repr=False)
    mime_type: str | None = None

    def __attrs_post_init__(self) -> None:
        if self.filename is None and isinstance(self.content, bytes):
            raise InvalidArgument("a part of a multipart body that is no text needs a file name.")


@frozen
class Multipart:
    """A multipart/form-data body, also when it holds text fields only."""

    parts: tuple[Part, ...] = field(repr=False)


@define
class Progress:
    """How far a request has come; shared by the layers of the pipeline, written by few."""

    began: float = math.inf
    """When the request was asked for (loop time)."""
    ends_at: float = math.inf
    """When its deadline passes (loop time)."""
    waiting: bool = False
    """Queueing for one of the desk's own slots: nothing can have been sent."""
    bytes_sent: bool = False
    """Whether a byte of the present attempt may have left."""
    in_doubt: bool = False
    """Whether an earlier attempt at a write may have been carried out."""
    failure: HelpdeskError | None = None
    """How the attempt before this one failed."""
    attempt: int = 0
    """Which attempt is under way, from 1."""
    attempts: int = 0
    """How many requests were made: redirects and renewed sessions count, too."""
    started_at: datetime | None = None


@frozen(kw_only=True, slots=False)  # made for every request: slots are dear to fill when frozen
class Request:
    """One request: a path below the desk's base URL.

    ``url`` is set on the download of a file at an address that the vendor gave, and on nothing
    else; it may hold a signature, and is not shown.
    """

    operation: Operation
    method: str
    path: tuple[str, ...]
    url: str | None = field(default=None, repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    body: JsonBody | FormBody | Multipart | None = None
    authenticate: bool = True
    stream: bool = False
    progress: Progress = field(factory=Progress, repr=False, eq=False)

    @property
    def effect(self) -> Effect:
        """What the request does at the vendor."""
        return self.operation.effect

    @property
    def unsafe(self) -> bool:
        """Whether doing it twice does two things."""
        return self.operation.effect is Effect.UNSAFE_WRITE

    def with_outcome(self, error: HelpdeskError) -> HelpdeskError:
        """Return ``error`` as the effect of this request demands, by how far it has come."""
        return with_outcome(
            error,
            unsafe=self.unsafe,
            bytes_sent=self.progress.bytes_sent,
            started_at=self.progress.started_at,
        )

    def with_headers(self, headers: Mapping[str, str]) -> Request:
        """Return this request with more headers."""
        return Request(
            operation=self.operation,
            method=self.method,
            path=self.path,
            url=self.url,
            query=self.query,
            headers={**self.headers, **headers},
            body=self.body,
            authenticate=self.authenticate,
            stream=self.stream,
            progress=self.progress,
        )


@define(kw_only=True)
class Response:
    """A complete answer, or (``chunks`` set) one whose body is still to be read."""

    request: Request
    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(default=b"", repr=False)
    chunks: AsyncIterator[bytes] | None = field(default=None, repr=False)
    _release: list[Callable[[], Awaitable[None]]] = field(factory=list, repr=False)
    _decoded: list[Any] = field(factory=list, init=False, repr=False, eq=False)

    @property
    def request_id(self) -> str | None:
        """What the vendor calls this request, if it says so in a usual header."""
        value = self.headers.get("X-Request-Id") or self.headers.get("X-Correlation-Id")
        return value[:128] if value and value.isascii() and value.isprintable() else None

    def on_release(self, action: Callable[[], Awaitable[None]]) -> None:
        """Have ``action`` run when the answer is done with."""
        self._release.append(action)

    async def aclose(self) -> None:
        """Give back what a streamed answer holds; may be called again."""
        while self._release:
            await self._release.pop()()

    def json(self) -> Any:
        """Return the decoded body. What is no JSON raises the error that fits the effect."""
        return self.read(lambda data: data)

    def read(self, convert: Callable[[Any], T]) -> T:
        """Return ``convert(decoded JSON)``.

        An answer that cannot be understood is ProtocolError on a read and OutcomeUnknown on an
        unsafe write, whose effect may well have happened.
        """
        failure: HelpdeskError
        try:
            if not self._decoded:  # the error table and the adapter read the same answer
                content_type = self.headers.get("Content-Type", "")
                self._decoded.append(decode_json(self.content, content_type))
            return convert(self._decoded[0])
        except HelpdeskError as error:
            failure = error
        except (
            ValueError,
            TypeError,
            LookupError,
            AttributeError,
            ArithmeticError,
            RecursionError,
        ):
            failure = ProtocolError("the answer is not of the documented shape.")
        raise self.with_outcome(failure)

    def accepted(self, *, sentence: bool = False) -> Self:
        """Return this answer to a write if its body is empty or JSON, or raise.

        A web page, for one, proves nothing. With ``sentence`` any other text will do as well.
        """
        if self.content.strip() and not (sentence and self.content.lstrip()[:1] != b"<"):
            self.json()
        return self

    def with_outcome(self, error: HelpdeskError) -> HelpdeskError:
        """Return ``error`` with what this answer tells, as the effect of its request demands."""
        error.fill(status=self.status, request_id=self.request_id)
        return with_outcome(
            error,
            unsafe=self.request.unsafe,
            bytes_sent=True,
            started_at=self.request.progress.started_at,
        )
