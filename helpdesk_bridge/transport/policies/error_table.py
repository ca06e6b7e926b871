"""What stands around every request: observe, deadline, the vendor's error table, the pool."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Container, Mapping

from attrs import define, field, frozen

from helpdesk_bridge import errors
from helpdesk_bridge.errors import HelpdeskError, Outcome
from helpdesk_bridge.transport.deadlines import OpenCalls
from helpdesk_bridge.transport.outcome import judge
from helpdesk_bridge.transport.pipeline import Handler
from helpdesk_bridge.transport.rate_headers import retry_after
from helpdesk_bridge.transport.redaction import Quoted
from helpdesk_bridge.transport.request import CURRENT_CALL, Request, Response, operation_id

__all__ = ["Deadline", "ErrorTable", "Explanation", "Observe", "Pool"]

log = logging.getLogger("helpdesk_bridge.transport")


@frozen
class Observe:
    """Logs one line an attempt (DEBUG): names, ids and figures, the path without its query.

    Never a host, a header or a body; an address in the path is left out.
    """

    desk: str

    def __call__(self, request: Request, handler: Handler) -> Awaitable[Response]:
        """Pass ``request`` on and log how it went, if anybody wants to know."""
        if not log.isEnabledFor(logging.DEBUG):
            return handler(request)
        return self._logged(request, handler)

    async def _logged(self, request: Request, handler: Handler) -> Response:
        started = time.monotonic()
        status: int | None = None
        came_of_it = "cancelled"
        try:
            response = await handler(request)
            status, came_of_it = response.status, "done"
            return response
        except HelpdeskError as error:
            status, came_of_it = error.status, f"{type(error).__name__} ({error.outcome})"
            raise
        finally:
            log.debug(
                "%s on %s: attempt %d, %s %s, status %s, %s, %.0f ms [%s]",
                request.operation.name,
                self.desk,
                request.progress.attempt,
                request.method,
                "/" + "/".join(errors.redact(segment, 64) for segment in request.path),
                status or "-",
                came_of_it,
                1000 * (time.monotonic() - started),
                operation_id(),
            )


@frozen
class Deadline:
    """Ends a request with the call it belongs to or with its desk; says what was under way then."""

    seconds: float
    running: OpenCalls

    async def __call__(self, request: Request, handler: Handler) -> Response:
        """Pass ``request`` on, within what is left of the call's time."""
        call = CURRENT_CALL.get()
        now = asyncio.get_running_loop().time()
        ends_at = call.ends_at if call else now + self.seconds
        request.progress.ends_at = ends_at
        if ends_at <= now:  # a limit would let a kept-alive connection send it first
            raise self._too_late(request)
        limit = self.running.until(ends_at)
        try:
            with limit:
                return await handler(request)
        except TimeoutError:
            if not limit.expired:
                raise
        raise self._ended(request)

    def _ended(self, request: Request) -> HelpdeskError:
        if not self.running.closed:
            return self._too_late(request)
        progress = request.progress
        error = errors.DeskClosed(
            "the desk was closed during the call.",
            outcome=judge(bytes_sent=progress.bytes_sent or progress.in_doubt),
            attempts=progress.attempts,
        )
        return request.with_outcome(error)

    def _too_late(self, request: Request) -> HelpdeskError:
        progress = request.progress
        may_be_done = progress.bytes_sent or progress.in_doubt
        sentence = f"the call's deadline of {self.seconds:g} s passed"
        if progress.failure is not None and not progress.bytes_sent:
            sentence += f" before it could be tried again ({progress.failure.message})"
        elif progress.waiting and not progress.bytes_sent:
            return errors.PoolTimeout(
                "neither the connections nor the rate limit of this desk left room within"
                f" {self.seconds:g} s."
            )
        error = errors.DeadlineExceeded(
            f"{sentence}.",
            outcome=judge(bytes_sent=may_be_done),
            attempts=progress.attempts,
        )
        return request.with_outcome(error)


@define
class Pool:
    """Lets a bounded number of requests through at once, before any connection is asked for.

    The slot of a streamed answer is held until the answer is closed.
    """

    concurrency: int
    _slots: asyncio.Semaphore = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.concurrency)

    async def __call__(self, request: Request, handler: Handler) -> Response:
        """Pass ``request`` on once there is room."""
        request.progress.waiting = True
        await self._slots.acquire()
        request.progress.waiting = False
        held = True
        try:
            response = await handler(request)
            if response.chunks is not None:
                response.on_release(self._give_back)
                held = False
            return response
        finally:
            if held:
                self._slots.release()

    async def _give_back(self) -> None:
        self._slots.release()


@frozen(kw_only=True)
class Explanation:
    """What a vendor's error answer says: a sentence, its own code, the fields it names.

    ``kind`` is the error to raise where the vendor has no codes to look up; None leaves that to
    the code and the HTTP status.
    """

    message: str = ""
    kind: type[HelpdeskError] | None = None
    code: str | None = None
    fields: Mapping[str, tuple[str, ...]] = field(factory=dict)


BY_STATUS: Mapping[int, type[HelpdeskError]] = {
    400: errors.ValidationFailed,
    401: errors.AuthenticationError,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    408: errors.VendorUnavailable,
    409: errors.Conflict,
    410: errors.NotFound,
    412: errors.Conflict,
    413: errors.PayloadTooLarge,
    422: errors.ValidationFailed,
    429: errors.RateLimited,
}

_NEVER_BETTER = (501, 505)
"""Not implemented; HTTP version not supported: the same request will fail again."""

_SENTENCES: Mapping[type[HelpdeskError], str] = {
    errors.AuthenticationError: "the credentials were not accepted",
    errors.PermissionDenied: "the account has no right to do this",
    errors.NotFound: "there is no such object, or the account may not see it",
    errors.Conflict: "the object changed meanwhile, or exists already",
    errors.ValidationFailed: "the vendor did not accept the request",
    errors.PayloadTooLarge: "the request is too large for the vendor",
    errors.RateLimited: "too many requests",
    errors.VendorUnavailable: "the vendor failed to answer properly",
}


@frozen
class ErrorTable:
    """Turns an answer that says no into an error: by the vendor's own code, then by status."""

    codes: Mapping[str, type[HelpdeskError]]
    explain: Callable[[Response], Explanation]
    is_error: Callable[[Response], bool] = lambda _: False
    """Whether a 2xx answer is a refusal all the same, as some vendors have it."""

    async def __call__(self, request: Request, handler: Handler) -> Response:
        """Pass ``request`` on and judge the answer."""
        response = await handler(request)
        if response.status < 300 and not self._refused(response):
            return response
        await response.aclose()
        raise response.with_outcome(self._error(response))

    def _error(self, response: Response) -> HelpdeskError:
        said = self._explained(response)
        kind = said.kind or self.codes.get(said.code or "") or _by_status(response.status)
        sentence = _SENTENCES.get(kind, "the vendor refused it")
        context: dict[str, object] = {
            "vendor_code": _printable(said.code, known=self.codes),
            "status": response.status,
            "attempts": response.request.progress.attempts,
            "outcome": (
                Outcome.REJECTED
                if response.status < 300
                else judge(bytes_sent=True, status=response.status, complete=True)
            ),
        }
        if issubclass(kind, errors.ValidationFailed):
            context["fields"] = {
                errors.redact(name): tuple(errors.redact(text) for text in texts)
                for name, texts in said.fields.items()
            }
        if issubclass(kind, (errors.RateLimited, errors.VendorUnavailable)):
            context["retry_after"] = retry_after(response.headers)
        if response.status in _NEVER_BETTER:
            context["retryable"] = False
        if 300 <= response.status < 400:
            sentence = "the vendor answered with a redirect: check base_url"
        if said.message:
            sentence = f"{sentence} ({errors.redact(said.message)})"
        return kind(f"{sentence}.", **context)  # type: ignore[arg-type]

    def _refused(self, response: Response) -> bool:
        try:
            return response.chunks is None and bool(self.is_error(response))
        except Exception:  # noqa: BLE001 - whatever an adapter makes of an odd answer
            return False

    def _explained(self, response: Response) -> Explanation:
        try:
            return _cleaned(self.explain(response), response.request)
        except Exception:  # noqa: BLE001 - whatever an adapter makes of an odd answer
            return Explanation()


def _cleaned(said: Explanation, request: Request) -> Explanation:
    """Return what the vendor said without what it quotes of ``request``.

    What an adapter made of the wrong types is a TypeError or an AttributeError.
    """
    if said.kind is not None and not issubclass(said.kind, HelpdeskError):
        raise TypeError
    clean = Quoted.of(request).strike_out
    return Explanation(
        message=clean(said.message),
        kind=said.kind,
        code=None if said.code is None else clean(said.code),
        fields={
            clean(name): tuple(clean(text) for text in texts) for name, texts in said.fields.items()
        },
    )


def _printable(code: str | None, *, known: Container[str]) -> str | None:
    """Return a vendor's code as it may be shown: one that is not in the table could be anything."""
    return code if code is None or code in known else errors.redact(code, 64)


def _by_status(status: int) -> type[HelpdeskError]:
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status < 300:
        return errors.ValidationFailed
    if status < 400:
        return errors.ProtocolError
    return errors.ValidationFailed if status < 500 else errors.VendorUnavailable
