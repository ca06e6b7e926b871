"""Decide what is known about a call that failed: pure functions of plain values."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from helpdesk_bridge.errors import HelpdeskError, Outcome, OutcomeUnknown
from helpdesk_bridge.transport.refusal import SESSION_ENDED

__all__ = ["GAVE_UP", "judge", "with_outcome"]

_NOT_DONE_REDIRECTS = (307, 308)
_TIMED_OUT = 408
_REFUSALS = frozenset((*HTTPStatus, *SESSION_ENDED)) - {_TIMED_OUT}
GAVE_UP = frozenset(range(400, 500)) - _REFUSALS
"""The 4xx that an application does not give: 408, and all that IANA's registry does not have. A
proxy says so of itself (nginx and gRPC gateways 499, others 444 or 460) when it has given up a
request that the vendor may have carried out."""


def judge(*, bytes_sent: bool, status: int | None = None, complete: bool = False) -> Outcome:
    """Return the outcome of an attempt: whether bytes left, and what came back.

    Only a complete answer that says no counts as a refusal. A 5xx, one of :data:`GAVE_UP` or
    301-303 may come when the work is done, so they are UNKNOWN, like everything in doubt.
    """
    if not bytes_sent:
        return Outcome.NOT_SENT
    if complete and status is not None:
        refused = 400 <= status < 500 and status not in GAVE_UP
        if refused or status in _NOT_DONE_REDIRECTS:
            return Outcome.REJECTED
    return Outcome.UNKNOWN


def with_outcome(
    error: HelpdeskError, *, unsafe: bool, bytes_sent: bool, started_at: datetime | None
) -> HelpdeskError:
    """Return ``error``, or OutcomeUnknown in its place when an unsafe write may have been done."""
    if not unsafe or error.outcome is not Outcome.UNKNOWN or isinstance(error, OutcomeUnknown):
        return error
    unknown = OutcomeUnknown(
        error.message,
        started_at=started_at,
        bytes_sent=bytes_sent,
        cause=type(error).__name__,
        reason=error.reason,
        status=error.status,
        vendor_code=error.vendor_code,
        request_id=error.request_id,
        attempts=error.attempts,
    )
    unknown.__cause__ = error.__cause__
    return unknown
