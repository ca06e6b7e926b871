"""Every way a call can fail, in one tree; each error knows whether anything was sent.

::

    HelpdeskError
    |   nothing was sent
    |-- ConfigurationError      settings are missing, unknown or contradictory
    |-- InvalidArgument         the call's own values are wrong (also a ValueError)
    |-- UnsupportedCapability   this desk cannot do that, and says why
    |-- UnsafeURL               credentials would have gone to another place
    |-- DeskClosed              the desk was closed
    |-- ConnectFailed           no connection (name, network, TLS)
    |-- PoolTimeout             no free slot before the deadline
    |   a complete answer said no
    |-- AuthenticationError   PermissionDenied   NotFound   Conflict   ValidationFailed
    |-- PayloadTooLarge   RateLimited   TicketClosed   StatusNotAllowed
    |   it is not known, or (for a read) it does not matter
    |-- OutcomeUnknown          a write may have been done: never repeat it blindly
    |-- PartlyDone              the first step of a call was done, a later one failed
    |-- DeadlineExceeded   VendorUnavailable   ProtocolError   TruncatedBody   ResponseTooLarge
    `-- PaginationLoop          a list answered the same place twice

No error carries a header, a credential, a body or an e-mail address, and all of them pickle.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

if TYPE_CHECKING:
    from helpdesk_bridge.model.fingerprint import Fingerprint

__all__ = [
    "AuthenticationError",
    "ConfigurationError",
    "Conflict",
    "ConnectFailed",
    "DeadlineExceeded",
    "DeskClosed",
    "HelpdeskError",
    "InvalidArgument",
    "NotFound",
    "Outcome",
    "OutcomeUnknown",
    "PaginationLoop",
    "PartlyDone",
    "PayloadTooLarge",
    "PermissionDenied",
    "PoolTimeout",
    "ProtocolError",
    "RateLimited",
    "ResponseTooLarge",
    "StatusNotAllowed",
    "TicketClosed",
    "TruncatedBody",
    "UnsafeURL",
    "UnsupportedCapability",
    "ValidationFailed",
    "VendorUnavailable",
    "redact",
]

_E = TypeVar("_E", bound="HelpdeskError")

_ADDRESS = re.compile(
    r"""(?:"[^"]*+"|(?<![^\s@<>"'(),:;])[^\s@<>"'(),:;]++)@[^\s@<>"'(),:;]+"""  # linear in time
)
_LONG_WORD = re.compile(r"[A-Za-z0-9_\-+/=.]{32,}")


def redact(text: str, limit: int = 200) -> str:
    """Return a vendor's sentence on one line, without addresses and key-like words, shortened."""
    text = "".join(c if c.isprintable() else " " for c in text)
    text = _ADDRESS.sub("<address>", " ".join(text.split()))
    text = _LONG_WORD.sub("<redacted>", text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


class Outcome(StrEnum):
    """What is known about a call that failed."""

    NOT_SENT = "not_sent"
    """No byte of the request left this process: it is safe to try again."""
    REJECTED = "rejected"
    """The helpdesk answered completely, and refused: nothing was changed."""
    UNKNOWN = "unknown"
    """The request may have been carried out. A write must not be repeated blindly."""


class HelpdeskError(Exception):
    """Base of every error this library raises.

    Attributes are None while unknown: ``desk`` and ``vendor`` (which desk, which adapter),
    ``operation`` and ``operation_id`` (the public call, the id in log lines), ``status`` (HTTP
    status), ``vendor_code`` (the vendor's own error code), ``request_id`` (what the vendor calls
    the request, for its support), ``retry_after`` (seconds), ``attempts`` (requests made),
    ``items_read`` and ``cursor`` (how far a list came, and from where to go on).
    """

    outcome: Outcome = Outcome.UNKNOWN
    retryable: bool = False
    """Whether the same call may be made again without the danger of doing it twice."""
    advice: ClassVar[str] = ""

    def __init__(
        self,
        message: str,
        *,
        vendor: str | None = None,
        desk: str | None = None,
        operation: str | None = None,
        operation_id: str | None = None,
        status: int | None = None,
        vendor_code: str | None = None,
        request_id: str | None = None,
        outcome: Outcome | None = None,
        retryable: bool | None = None,
        retry_after: float | None = None,
        attempts: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.vendor = vendor
        self.desk = desk
        self.operation = operation
        self.operation_id = operation_id
        self.status = status
        self.vendor_code = vendor_code
        self.request_id = request_id
        self.retry_after = retry_after
        self.attempts = attempts
        self.items_read: int | None = None
        self.cursor: str | None = None
        if outcome is not None:
            self.outcome = outcome
        if retryable is not None:
            self.retryable = retryable

    def fill(self, **context: Any) -> Self:
        """Set what is still unknown about this error, and return it."""
        for key, value in context.items():
            if getattr(self, key) is None:
                setattr(self, key, value)
        return self

    def __str__(self) -> str:
        where = " ".join(
            part
            for part in (
                self.operation,
                f"on desk {self.desk!r}" if self.desk else None,
                f"({self.vendor})" if self.vendor else None,
            )
            if part
        )
        sentences = [f"{where}: {self.message}" if where else self.message]
        if self.status is not None and f"HTTP {self.status}" not in self.message:
            sentences.append(f"HTTP {self.status}{self._code()}.")
        if self.items_read is not None:
            sentences.append(
                f"{self.items_read} items had been read; go on with cursor=error.cursor."
            )
        sentences += [self._sent(), self._wait(), self.advice]
        sentences = [sentence for sentence in sentences if sentence]
        if len(sentences) > 1 and not sentences[0].endswith((".", "!", "?", "…")):
            sentences[0] += "."
        return " ".join(sentences)

    def _code(self) -> str:
        return f" {self.vendor_code}" if self.vendor_code else ""

    def _sent(self) -> str:
        if self.outcome is Outcome.NOT_SENT:
            return "Nothing was sent."
        if self.outcome is Outcome.REJECTED:
            return "The helpdesk refused it; nothing was changed."
        return ""

    def _wait(self) -> str:
        return "" if self.retry_after is None else f"Try again in {self.retry_after:g} seconds."

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.message, dict(self.__dict__))


def _restore(cls: type[_E], message: str, state: dict[str, Any]) -> _E:
    error = cls.__new__(cls, message)
    error.args = (message,)
    error.__dict__.update(state)
    return error


# -- nothing was sent ------------------------------------------------------------------------


class ConfigurationError(HelpdeskError, ValueError):
    """The configuration cannot work; the text names the file, the table and the key."""

    outcome = Outcome.NOT_SENT

    def __init__(self, message: str, *, key: str | None = None, **context: Any) -> None:
        super().__init__(message, **context)
        self.key = key

    def _sent(self) -> str:
        return ""


class InvalidArgument(HelpdeskError, ValueError):
    """A value given to the call is not acceptable; no connection was made."""

    outcome = Outcome.NOT_SENT


class UnsupportedCapability(HelpdeskError):
    """This desk cannot do what was asked, by its vendor or by its settings."""

    outcome = Outcome.NOT_SENT

    def __init__(self, message: str, *, capability: str | None = None, **context: Any) -> None:
        super().__init__(message, **context)
        self.capability = capability


class UnsafeURL(HelpdeskError):
    """Following this address would have carried credentials or data to another origin."""

    outcome = Outcome.NOT_SENT


class DeskClosed(HelpdeskError):
    """The desk is closed, or was closed while the call was under way."""

    outcome = Outcome.NOT_SENT


class ConnectFailed(HelpdeskError):
    """No connection could be made (name lookup, network, TLS or proxy)."""

    outcome = Outcome.NOT_SENT
    retryable = True


class PoolTimeout(HelpdeskError):
    """All connections of this desk stayed busy until the deadline."""

    outcome = Outcome.NOT_SENT
    retryable = True
    advice = "Make fewer calls at once, or raise the desk's concurrency or deadline."


# -- a complete answer said no ---------------------------------------------------------------


class AuthenticationError(HelpdeskError):
    """The helpdesk did not accept the credentials."""

    outcome = Outcome.REJECTED
    advice = "Check the credentials of this desk."


class PermissionDenied(HelpdeskError):
    """The credentials are known, but may not do this."""

    outcome = Outcome.REJECTED
    advice = "Give the account of this desk the right to do it."


class NotFound(HelpdeskError):
    """There is no such object, or the account may not see it."""

    outcome = Outcome.REJECTED


class Conflict(HelpdeskError):
    """The object changed meanwhile, or exists already."""

    outcome = Outcome.REJECTED


class ValidationFailed(HelpdeskError):
    """The vendor refused a value; ``fields`` maps the vendor's dotted field names to messages."""

    outcome = Outcome.REJECTED

    def __init__(
        self,
        message: str,
        *,
        fields: Mapping[str, Sequence[str]] | None = None,
        **context: Any,
    ) -> None:
        super().__init__(message, **context)
        self.fields = {name: tuple(texts) for name, texts in (fields or {}).items()}

    def __str__(self) -> str:
        named = "; ".join(f"{name}: {' '.join(texts)}" for name, texts in self.fields.items())
        return f"{super().__str__()} Fields: {named}" if named else super().__str__()


class PayloadTooLarge(HelpdeskError):
    """The vendor refused the size of the request."""

    outcome = Outcome.REJECTED


class RateLimited(HelpdeskError):
    """Too many requests; ``retry_after`` is the wait in seconds the vendor asked for, if any."""

    outcome = Outcome.REJECTED
    retryable = True


class TicketClosed(HelpdeskError):
    """The ticket is closed for new messages."""

    outcome = Outcome.REJECTED


class StatusNotAllowed(HelpdeskError):
    """This status cannot be set by a client, or not from the ticket's present one."""

    outcome = Outcome.REJECTED


# -- not known, or a read that failed --------------------------------------------------------


class OutcomeUnknown(HelpdeskError):
    """A write may or may not have been carried out: it must not be repeated blindly.

    It is deliberately no OSError, ConnectionError, TimeoutError or aiohttp.ClientError, so that
    somebody else's retry decorator leaves it alone. ``cause`` names the error the same fault
    would have been on a read, ``bytes_sent`` says whether any byte left (None: cannot be told),
    ``started_at`` is the aware UTC time of the first attempt, ``failed_at`` that of the failure.
    ``fingerprint`` holds digests of what was sent, by which ``desk.reconcile(error)`` finds it,
    also in another process; None for what cannot be found again.
    """

    advice = "It may have been done: ask desk.reconcile(error) before doing it again."

    def __init__(
        self,
        message: str,
        *,
        ticket_id: str | None = None,
        started_at: datetime | None = None,
        bytes_sent: bool | None = None,
        cause: str | None = None,
        fingerprint: Fingerprint | None = None,
        **context: Any,
    ) -> None:
        super().__init__(message, **context)
        self.ticket_id = ticket_id
        self.fingerprint = fingerprint
        self.failed_at = datetime.now(UTC)
        self.started_at = started_at
        self.bytes_sent = bytes_sent
        self.cause = cause


class PartlyDone(HelpdeskError):
    """An earlier step of the call was carried out, and a later one failed.

    ``ticket_id`` and ``message_id`` say what exists now (None: the vendor gives no id), and
    ``failure`` is the error of the step that failed. Repeating the whole call would do the first
    step twice; repeat only what is missing.
    """

    advice = "Do not repeat the whole call: only the later step is missing."

    def __init__(
        self,
        message: str,
        *,
        failure: HelpdeskError,
        ticket_id: str | None = None,
        message_id: str | None = None,
        **context: Any,
    ) -> None:
        super().__init__(message, **context)
        self.failure = failure
        self.ticket_id = ticket_id
        self.message_id = message_id


class DeadlineExceeded(HelpdeskError):
    """The call's deadline passed before the answer was complete."""

    retryable = True


class VendorUnavailable(HelpdeskError):
    """The vendor failed (5xx), or dropped the connection, while a read was under way."""

    retryable = True


class ProtocolError(HelpdeskError):
    """The answer is not what the vendor documents; ``path`` is where (JSON path), never what."""

    def __init__(self, message: str, *, path: str | None = None, **context: Any) -> None:
        super().__init__(message, **context)
        self.path = path


class TruncatedBody(HelpdeskError):
    """The answer ended before its announced end."""

    retryable = True


class ResponseTooLarge(HelpdeskError):
    """The answer is larger than the desk's ``max_body``."""


class PaginationLoop(HelpdeskError):
    """The vendor's list leads back to a place it has already been."""
