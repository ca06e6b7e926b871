"""Tell an error of a look-up as one: it is not about the ticket of the call that needs it."""

from __future__ import annotations

from helpdesk_bridge.errors import (
    AuthenticationError,
    HelpdeskError,
    NotFound,
    Outcome,
    PermissionDenied,
    ProtocolError,
    RateLimited,
)

__all__ = ["cannot_look_up"]

_CLOSED = (PermissionDenied, NotFound)
"""What vendors answer to an account that may not read a list, or where there is none."""


def cannot_look_up(error: HelpdeskError, noun: str) -> HelpdeskError:
    """Return the error of a list that could not be read when somebody was looked up in it.

    A refusal is never of a class that callers take for one of what they write: 403 and 404 are
    PermissionDenied, what the vendor finds wrong with the request is ProtocolError.

    Args:
        error: what the reading raised.
        noun: what the list is of: ``agents``, ``teams``.
    """
    told = f"the list of {noun} could not be read: {error.message}"
    kind: type[HelpdeskError]
    if isinstance(error, _CLOSED):
        kind, told = PermissionDenied, f"{told.rstrip('.')}. Without it {_without(noun)}"
    elif error.outcome is Outcome.REJECTED and not isinstance(
        error, (AuthenticationError, RateLimited)
    ):
        kind = ProtocolError
    else:
        error.message = told
        return error
    return kind(
        told,
        status=error.status,
        vendor_code=error.vendor_code,
        request_id=error.request_id,
        attempts=error.attempts,
    )


def _without(noun: str) -> str:
    return "an agent is given by id: Party(id=…)." if noun == "agents" else "a team is given by id."
