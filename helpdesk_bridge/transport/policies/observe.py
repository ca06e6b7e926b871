"""Tell the observers of a desk about each attempt of a request, and about each repetition."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from attrs import define, field, frozen

from helpdesk_bridge.errors import HelpdeskError, Reason, reason_of
from helpdesk_bridge.transport.call import CURRENT_CALL
from helpdesk_bridge.transport.log import LogObserver, attributes, log
from helpdesk_bridge.transport.observer import (
    Attempt,
    AttemptResult,
    Observation,
    Observer,
    Repetition,
)
from helpdesk_bridge.transport.outcome import judge
from helpdesk_bridge.transport.pipeline import Handler
from helpdesk_bridge.transport.redaction import redact
from helpdesk_bridge.transport.request import Request
from helpdesk_bridge.transport.response import Response

__all__ = ["Observe", "Observers"]

_LONGEST_SEGMENT = 64
_LOG = LogObserver()


@define
class Observers:
    """All who want to know what a desk does: the log, and those whom the application gave.

    None of them can break a request. One that raises is named in the log, once.
    """

    desk: str
    vendor: str | None = None
    given: tuple[Observer, ...] = ()
    _named: set[int] = field(factory=set, init=False)

    def listen(self, level: int) -> bool:
        """Say whether anybody wants to know what the log tells at ``level``."""
        return bool(self.given) or log.isEnabledFor(level)

    def attempt(self, request: Request, number: int) -> Attempt:
        """Return what is told of the ``number``-th attempt at ``request``."""
        call = CURRENT_CALL.get()
        return Attempt(
            desk=self.desk,
            vendor=self.vendor,
            operation=request.operation.name,
            call=call.operation if call else None,
            operation_id=call.operation_id if call else None,
            effect=request.effect,
            attempt=number,
            method=request.method,
            path="/" + "/".join(redact(one, _LONGEST_SEGMENT) for one in _path(request)),
        )

    def started(self, attempt: Attempt) -> None:
        """Tell that an attempt begins."""
        self._tell(lambda one: one.attempt_started(attempt))

    def ended(self, attempt: Attempt, result: AttemptResult) -> None:
        """Tell how an attempt ended."""
        self._tell(lambda one: one.attempt_ended(attempt, result))

    def retrying(self, request: Request, failure: HelpdeskError, wait: float) -> None:
        """Tell that ``request``, whose last attempt ended in ``failure``, is sent again."""
        if not self.listen(logging.INFO):
            return
        observed, number = request.progress.observed, len(request.progress.failures)
        known = observed is not None and observed.attempt.attempt == number
        attempt = observed.attempt if observed and known else self.attempt(request, number)
        repetition = Repetition(
            wait=wait,
            requests=request.progress.attempts,
            status=failure.status,
            error=type(failure).__name__,
            outcome=failure.outcome,
            reason=failure.reason,
        )
        self._tell(lambda one: one.retrying(attempt, repetition))

    def _tell(self, tell: Callable[[Observer], None]) -> None:
        for one in (_LOG, *self.given):
            try:
                tell(one)
            except Exception as error:  # noqa: BLE001 - whatever the application's code raises
                self._complain(one, type(error).__name__)

    def _complain(self, one: Observer, error: str) -> None:
        if id(one) in self._named:
            return
        self._named.add(id(one))
        log.warning(
            "%s: observer %s raised %s; no request is harmed, and this is said once",
            self.desk,
            type(one).__name__,
            error,
            extra=attributes(desk=self.desk, vendor=self.vendor, error=error),
        )


@frozen
class Observe:
    """Tells how each attempt goes, and costs nothing while nobody wants to know."""

    observers: Observers

    def __call__(self, request: Request, handler: Handler) -> Awaitable[Response]:
        """Pass ``request`` on, and tell how it went."""
        if not self.observers.given and not log.isEnabledFor(logging.DEBUG):
            return handler(request)
        return self._observed(request, handler)

    async def _observed(self, request: Request, handler: Handler) -> Response:
        attempt = self.observers.attempt(request, request.progress.attempt)
        observed = request.progress.observed = Observation(attempt)
        self.observers.started(attempt)
        began = time.monotonic()
        try:
            response = await handler(request)
        except BaseException as error:
            seconds = time.monotonic() - began
            self.observers.ended(attempt, _failed(request, observed, error, seconds))
            raise
        self.observers.ended(
            attempt,
            AttemptResult(
                status=response.status,
                bytes_received=observed.bytes_received,
                error=None,
                outcome=None,
                reason=None,
                seconds=time.monotonic() - began,
                vendor_time=observed.vendor_time,
            ),
        )
        return response


def _path(request: Request) -> list[str]:
    return request.progress.credentials.strike_out_of([str(one) for one in request.path])


def _failed(
    request: Request, observed: Observation, error: BaseException, seconds: float
) -> AttemptResult:
    status, outcome = observed.status, judge(bytes_sent=request.progress.bytes_sent)
    if isinstance(error, HelpdeskError):
        status, outcome = error.status or status, error.outcome
    return AttemptResult(
        status=status,
        bytes_received=observed.bytes_received,
        error=type(error).__name__,
        outcome=outcome,
        reason=_reason(request, error),
        seconds=seconds,
        vendor_time=observed.vendor_time,
    )


def _reason(request: Request, error: BaseException) -> Reason:
    """Return why it failed: a deadline and the end of the desk cancel it, and are no caller."""
    deadline = request.progress.deadline
    if isinstance(error, asyncio.CancelledError) and deadline is not None and deadline.expired:
        return Reason.DESK_CLOSED if deadline.running.closed else Reason.DEADLINE
    return reason_of(error)
