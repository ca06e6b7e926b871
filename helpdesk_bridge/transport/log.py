"""The log lines of the transport: an observer like any other."""

from __future__ import annotations

import logging
from typing import Any

from helpdesk_bridge.errors import Reason
from helpdesk_bridge.errors.plain import plain
from helpdesk_bridge.transport.observer import Attempt, AttemptResult, Observer, Repetition

__all__ = ["LogObserver", "attributes", "log"]

log = logging.getLogger("helpdesk_bridge.transport")

_ATTRIBUTES = (
    *("desk", "vendor", "operation", "call", "operation_id", "ticket_id", "attempt", "status"),
    *("error", "outcome", "reason", "seconds", "wait"),
)


class LogObserver(Observer):
    """Writes a line for each attempt (DEBUG) and one for each repetition (INFO).

    Each record also has the figures as attributes (``extra``): desk, vendor, operation, call,
    operation_id, attempt, status, error, outcome, reason, seconds and wait; None where there is
    nothing to say. Never a host, a query, a header or a body.
    """

    def attempt_ended(self, attempt: Attempt, result: AttemptResult) -> None:
        """Write how an attempt went."""
        log.debug(
            "%s on %s: attempt %d, %s %s, status %s, %s, %.0f ms [%s]",
            attempt.operation,
            attempt.desk,
            attempt.attempt,
            attempt.method,
            attempt.path,
            result.status or "-",
            _came_of_it(result),
            1000 * result.seconds,
            attempt.operation_id or "-",
            extra=attributes(**_figures(attempt, result), seconds=result.seconds),
        )

    def retrying(self, attempt: Attempt, repetition: Repetition) -> None:
        """Write that a request is sent again."""
        log.info(
            "%s: %s after %d requests, trying again in %.1f s [%s]",
            attempt.operation,
            repetition.error,
            repetition.requests,
            repetition.wait,
            attempt.operation_id or "-",
            extra=attributes(**_figures(attempt, repetition), wait=repetition.wait),
        )


def _came_of_it(result: AttemptResult) -> str:
    if result.error is None:
        return "done"
    if result.reason is Reason.CANCELLED:
        return "cancelled"
    return f"{result.error} ({result.outcome})"


def _figures(attempt: Attempt, failure: AttemptResult | Repetition) -> dict[str, Any]:
    return {
        "desk": attempt.desk,
        "vendor": attempt.vendor,
        "operation": attempt.operation,
        "call": attempt.call,
        "operation_id": attempt.operation_id,
        "attempt": attempt.attempt,
        "status": failure.status,
        "error": failure.error,
        "outcome": failure.outcome,
        "reason": failure.reason,
    }


def attributes(**known: Any) -> dict[str, Any]:
    """Return the attributes that every record of the library has; None for what is not known.

    A format that names one of them must not fail on some lines, and what it writes is one line.
    """
    shown = {name: plain(one) if isinstance(one, str) else one for name, one in known.items()}
    return dict.fromkeys(_ATTRIBUTES) | shown
