"""Decide what is known about a call that failed: pure functions of plain values."""

from __future__ import annotations

from datetime import datetime

from helpdesk_bridge.errors import HelpdeskError, Outcome, OutcomeUnknown

__all__ = ["judge", "with_outcome"]

_NOT_DONE_REDIRECTS = (307, 308)
_TIMED_OUT = 408


def judge(*, bytes_sent: bool, status: int | None = None, complete: bool = False) -> Outcome:
    """Return the outcome of an attempt: whether bytes left, and what came back.

    Only a complete answer that says no counts as a refusal. A 5xx, 408 or 301-303 may come from a
    server that has done the work, so they are UNKNOWN, like everything in doubt.
    """
    if not bytes_sent:
        return Outcome.NOT_SENT
    if complete and status is not None:
        refused = 400 <= status < 500 and status != _TIMED_OUT
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
