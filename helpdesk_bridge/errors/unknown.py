"""Errors after which it is not known what was done, or (for a read) it does not matter."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from helpdesk_bridge.errors import moment
from helpdesk_bridge.errors.base import HelpdeskError
from helpdesk_bridge.errors.moment import Moment
from helpdesk_bridge.errors.reason import Reason

if TYPE_CHECKING:
    from helpdesk_bridge.model.fingerprint import Fingerprint

__all__ = [
    "DeadlineExceeded",
    "IncompleteList",
    "OutcomeUnknown",
    "PaginationLoop",
    "PartlyDone",
    "ProtocolError",
    "ResponseTooLarge",
    "TruncatedBody",
    "VendorUnavailable",
]


_NO_LOOKING = (
    "It may have been done, and desk.reconcile cannot look for it: look on the desk before doing it"
    " again."
)


class OutcomeUnknown(HelpdeskError):
    """A write may or may not have been carried out: it must not be repeated blindly.

    It is deliberately no OSError, ConnectionError, TimeoutError or aiohttp.ClientError, so that
    somebody else's retry decorator leaves it alone. ``reason`` is what the error would have that
    the same fault is on a read; ``failed_at`` is the aware UTC time of the failure, and ``failed``
    the same as a :class:`Moment`, which no change of a clock moves.

    Args:
        message: the sentence that says what failed.
        ticket_id: the ticket that was written to; None: a new one, or not known.
        started_at: the aware UTC time of the first attempt; None while unknown.
        bytes_sent: whether any byte left; None: it cannot be told.
        cause: the class of the error that the same fault would have been on a read; None: not
            told.
        key: the application's own name for the write; None: it gave none.
        fingerprint: digests of what was sent, by which ``desk.reconcile(error)`` finds it, also in
            another process; None for what cannot be found again.
    """

    advice = (
        "It may have been done: ask desk.reconcile(error), or look on the desk, before doing it"
        " again."
    )

    def __init__(
        self,
        message: str,
        *,
        ticket_id: str | None = None,
        started_at: datetime | None = None,
        bytes_sent: bool | None = None,
        cause: str | None = None,
        key: str | None = None,
        fingerprint: Fingerprint | None = None,
        **context: Any,
    ) -> None:
        super().__init__(message, **context)
        self.ticket_id = ticket_id
        self.key = key
        self.fingerprint = fingerprint
        self.failed_at = moment.wall_clock()
        self.failed = Moment.now()
        self.started_at = started_at
        self.bytes_sent = bytes_sent
        self.cause = cause

    def _doubt(self) -> str:
        return ""

    def _advice(self) -> str:
        if self.key is not None and self.fingerprint is not None:
            return (
                "It may have been done: make the same call with the same key again. It looks on the"
                " desk first."
            )
        if self.operation is not None and self.fingerprint is None:
            return _NO_LOOKING
        return self.advice


class PartlyDone(HelpdeskError):
    """A part of the call was carried out, and a later one failed, or it was done otherwise.

    ``ticket_id`` and ``message_id`` say what exists now (None: the vendor gives no id), and
    ``failure`` is the error of the step that failed; ``reason`` is the reason of that. Repeating
    the whole call would do the first part twice; repeat only what is missing.

    Args:
        message: the sentence that says what was done and what failed.
        failure: the error of the step that failed.
        ticket_id: the ticket that exists now; None where the vendor tells none.
        message_id: the message that exists now; None where the vendor tells none, or there is
            none.
        key: the application's own name for the write; None: it gave none.
    """

    advice = "Do not repeat the whole call: a part of it was done."

    def __init__(
        self,
        message: str,
        *,
        failure: HelpdeskError,
        ticket_id: str | None = None,
        message_id: str | None = None,
        key: str | None = None,
        **context: Any,
    ) -> None:
        super().__init__(message, **{"reason": failure.reason, **context})
        self.key = key
        self.failure = failure
        self.ticket_id = ticket_id
        self.message_id = message_id

    def _doubt(self) -> str:
        return ""


class DeadlineExceeded(HelpdeskError):
    """The call's deadline passed before the answer was complete."""

    reason = Reason.DEADLINE
    retryable = True


class VendorUnavailable(HelpdeskError):
    """The vendor failed (5xx), or dropped the connection, while a read was under way."""

    reason = Reason.VENDOR_FAILURE
    retryable = True


class ProtocolError(HelpdeskError):
    """The answer is not what the vendor documents; ``path`` is where (JSON path), never what."""

    reason = Reason.UNEXPECTED

    def __init__(self, message: str, *, path: str | None = None, **context: Any) -> None:
        super().__init__(message, **context)
        self.path = path


class TruncatedBody(HelpdeskError):
    """The answer ended before its announced end."""

    reason = Reason.TRUNCATED
    retryable = True


class ResponseTooLarge(HelpdeskError):
    """The answer is larger than the desk's ``max_body``."""

    reason = Reason.RESPONSE_TOO_LARGE


class PaginationLoop(HelpdeskError):
    """The vendor's list leads back to a place it has already been."""

    reason = Reason.PAGINATION_LOOP


class IncompleteList(HelpdeskError):
    """A list came to its end, and the vendor counts more records in it than it showed.

    Or the vendor says that the list is incomplete, without telling how many are missing. Where it
    counts, it was read again before, so that what moved meanwhile is not the cause. All that came
    was handed out, but for custom_fields(), which returns all or nothing. A vendor may count
    wrongly for ever: who accepts that has the list ``collect_problems()``, and conversations()
    ``on_error="keep"``.

    Args:
        message: the sentence that says what failed.
        listed: how many records the vendor counts; None: not told.
        came: how many of them it showed; None: not told.
    """

    reason = Reason.INCOMPLETE_LIST
    advice = (
        "All that came was handed out. List again later; if the vendor counts what it never shows,"
        " collect_problems() accepts that."
    )
    _ADVICE_OF_CONVERSATIONS = (
        'What came is kept with on_error="keep", which hands the conversation out with this'
        " error. Read it again later; the vendor may count what it never shows."
    )
    _ADVICE_OF_FIELDS = (
        "Nothing was handed out: definitions come all together or not at all. Read them again"
        " later; raw() shows those that came."
    )

    def __init__(
        self, message: str, *, listed: int | None = None, came: int | None = None, **context: Any
    ) -> None:
        super().__init__(message, **context)
        self.listed = listed
        self.came = came

    def _advice(self) -> str:
        others = {
            "conversations": self._ADVICE_OF_CONVERSATIONS,
            "custom_fields": self._ADVICE_OF_FIELDS,
        }
        return others.get(self.operation or "", self.advice)

    @property
    def missing(self) -> int | None:
        """How many records are missing; None while that is not told."""
        if self.listed is None or self.came is None:
            return None
        return self.listed - self.came
