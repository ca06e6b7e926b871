"""Errors after a complete answer of the helpdesk that refused: nothing was changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from helpdesk_bridge.errors.base import HelpdeskError, Outcome
from helpdesk_bridge.errors.plain import plain
from helpdesk_bridge.errors.reason import Reason

__all__ = [
    "AuthenticationError",
    "Conflict",
    "NotFound",
    "PayloadTooLarge",
    "PermissionDenied",
    "RateLimited",
    "StatusNotAllowed",
    "TicketClosed",
    "ValidationFailed",
]


class AuthenticationError(HelpdeskError):
    """The helpdesk did not accept the credentials."""

    outcome = Outcome.REJECTED
    reason = Reason.CREDENTIALS
    advice = "Check the credentials of this desk."
    _ADVICE_OF_PROVIDERS = "Call the session provider by itself to see what is wrong with it."

    def _advice(self) -> str:
        return self._ADVICE_OF_PROVIDERS if self.reason is Reason.SESSION else self.advice


class PermissionDenied(HelpdeskError):
    """The credentials are known, but may not do this."""

    outcome = Outcome.REJECTED
    reason = Reason.PERMISSION
    advice = "Give the account of this desk the right to do it."
    _ADVICE_OF_NEW = (
        "Give the account of this desk the right to do it, or name another place: the queue, team"
        " or channel of the ticket may not be there."
    )

    def _advice(self) -> str:
        return self._ADVICE_OF_NEW if self.operation == "create_ticket" else self.advice


class NotFound(HelpdeskError):
    """There is no such object, or the account may not see it."""

    outcome = Outcome.REJECTED
    reason = Reason.NOT_FOUND
    _ADVICE_OF_LISTS = (
        "The list of tickets of a desk is always there: check base_url, its path too."
        " `helpdesk-bridge doctor` says more."
    )

    def _advice(self) -> str:
        is_list = self.operation == "tickets" and self.status == 404
        return self._ADVICE_OF_LISTS if is_list else self.advice


class Conflict(HelpdeskError):
    """The object changed meanwhile, or exists already."""

    outcome = Outcome.REJECTED
    reason = Reason.CONFLICT


class ValidationFailed(HelpdeskError):
    """The vendor refused a value; ``fields`` maps the vendor's dotted field names to messages.

    ``fields_left_out`` is how many more fields the vendor named.

    Args:
        message: the sentence that says what failed.
        fields: the messages by the names of the fields; None: the vendor names none.
        fields_left_out: how many more fields the vendor named.
    """

    outcome = Outcome.REJECTED
    reason = Reason.VALIDATION

    def __init__(
        self,
        message: str,
        *,
        fields: Mapping[str, Sequence[str]] | None = None,
        fields_left_out: int = 0,
        **context: Any,
    ) -> None:
        super().__init__(message, **context)
        self.fields = {
            plain(name): tuple(plain(text) for text in texts)
            for name, texts in (fields or {}).items()
        }
        self.fields_left_out = fields_left_out

    def _text(self) -> str:
        named = "; ".join(f"{name}: {' '.join(texts)}" for name, texts in self.fields.items())
        if self.fields_left_out:
            named += f"; … and {self.fields_left_out:,} more"
        return f"{super()._text()} Fields: {named}" if named else super()._text()


class PayloadTooLarge(HelpdeskError):
    """The vendor refused the size of the request."""

    outcome = Outcome.REJECTED
    reason = Reason.TOO_LARGE


class RateLimited(HelpdeskError):
    """Too many requests; ``retry_after`` is the wait in seconds the vendor asked for, if any."""

    outcome = Outcome.REJECTED
    reason = Reason.RATE_LIMIT
    retryable = True


class TicketClosed(HelpdeskError):
    """The ticket is closed for new messages."""

    outcome = Outcome.REJECTED
    reason = Reason.TICKET_CLOSED


class StatusNotAllowed(HelpdeskError):
    """This status cannot be set by a client, or not from the ticket's present one."""

    outcome = Outcome.REJECTED
    reason = Reason.STATUS_NOT_ALLOWED
