"""The base class of all errors, and what each one knows about the call that failed."""

from __future__ import annotations

import asyncio
import math
from enum import StrEnum
from typing import Any, ClassVar, Self, TypeVar

from helpdesk_bridge.errors.plain import plain
from helpdesk_bridge.errors.reason import Reason

__all__ = ["HelpdeskError", "Outcome", "Stage", "reason_of"]

_PLAIN = frozenset({
    *("message", "vendor", "desk", "operation", "vendor_code", "request_id"),
    *("path", "cause", "step"),
})  # fmt: skip
"""Attributes that are words for people; ids, keys and cursors stay as they are."""
_LONG = 5.0
"""Seconds from which on an error text tells no parts of a second."""
_MENDABLE = (Reason.CREDENTIALS, Reason.SESSION, Reason.DESK_CLOSED)
"""What the caller can mend, and then go on where a list stopped."""
_E = TypeVar("_E", bound="HelpdeskError")
_WHICH_TICKET = {
    "ticket": "{}",
    "tickets": "at ticket {}",
    "reply": "to ticket {}",
    **dict.fromkeys(("note", "add_request"), "on ticket {}"),
    **dict.fromkeys(("forward", "update_ticket", "delete_ticket"), "of ticket {}"),
}
"""How the calls that were given a ticket name it; another call that reads one has "of ticket"."""


class Outcome(StrEnum):
    """What is known about a call that failed."""

    NOT_SENT = "not_sent"
    """No byte of the request left this process, or, of a call that writes, none of the write: it is
    safe to try again."""
    REJECTED = "rejected"
    """The helpdesk answered completely, and refused: nothing was changed."""
    UNKNOWN = "unknown"
    """The request may have been carried out. A write must not be repeated blindly."""


class Stage(StrEnum):
    """What a call was at when it failed."""

    READING = "reading"
    """The call only reads: whatever happened, nothing was changed by it."""
    PREPARING = "preparing"
    """The call writes, and failed before the write itself, in reading what it needs."""
    WRITING = "writing"
    """The call writes, and was refused, or failed at the write or after it."""


class HelpdeskError(Exception):
    """Base of every error this library raises. What is not known yet is None.

    Args:
        message: the sentence that says what failed.
        vendor: the name of the adapter; None while unknown.
        desk: the name of the desk; None while unknown.
        operation: the public call, such as reply; None while unknown.
        operation_id: the id of that call in log lines; None while unknown.
        status: the HTTP status; None where none came.
        vendor_code: the vendor's own error code; None where it tells none.
        request_id: what the vendor calls the request, for its support; None where it tells none.
        outcome: what is known of the call; None is what the class says.
        reason: what caused it, as a word to act on; None is what the class says.
        retryable: whether the same call may be made again; None is what the class says.
        retry_after: seconds to wait before that; None where the vendor asked for nothing.
        attempts: how many requests were made; None while unknown.

    ``ticket_id`` is the ticket that the call was about, such as the one whose messages were read,
    and ``message_id`` the message of it that was asked for (both None: none, or not known).
    ``items_read`` and ``cursor`` are set by lists: how far one came, and the place behind it, from
    where to go on once what failed is mended (None: the beginning, or not a list).
    ``stage`` is what the call was at, ``step`` the request of the adapter that failed before the
    write (both None while unknown).
    """

    outcome: Outcome = Outcome.UNKNOWN
    """What is known of the call: whether it was sent, refused or may have been carried out."""
    reason: Reason = Reason.UNKNOWN
    """What caused it, as a word to act on."""
    retryable: bool = False
    """Whether the same call may be made again without the danger of doing it twice."""
    advice: ClassVar[str] = ""
    path: str | None = None
    """The place in an answer that cannot be read, as a JSON path; None: it is about no answer."""
    as_told: str | None = None
    """All that an error said that was read back by ``from_dict``; None: it says what it knows."""

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
        reason: Reason | None = None,
        retryable: bool | None = None,
        retry_after: float | None = None,
        attempts: int | None = None,
    ) -> None:
        self.message = message
        super().__init__(self.message)
        self.vendor = vendor
        self.desk = desk
        self.operation = operation
        self.operation_id = operation_id
        self.status = status
        self.vendor_code = vendor_code
        self.request_id = request_id
        self.retry_after = retry_after
        self.attempts = attempts
        self.ticket_id: str | None = None
        self.message_id: str | None = None
        self.items_read: int | None = None
        self.cursor: str | None = None
        self.stage: Stage | None = None
        self.step: str | None = None
        if outcome is not None:
            self.outcome = outcome
        if reason is not None:
            self.reason = reason
        if retryable is not None:
            self.retryable = retryable

    def __setattr__(self, name: str, value: object) -> None:
        """Set an attribute; what a log line or a terminal may show is kept plain."""
        if name in _PLAIN and isinstance(value, str):
            value = plain(value)
        super().__setattr__(name, value)

    def fill(self, **context: Any) -> Self:
        """Set what is still None of the attributes named in ``context``, and return this error."""
        for key, value in context.items():
            if getattr(self, key) is None:
                setattr(self, key, value)
        return self

    def __str__(self) -> str:
        return plain(self._text() if self.as_told is None else self.as_told)

    def _which_ticket(self) -> str | None:
        """Return how the call names its ticket; None where a call that writes was given none."""
        default = "of ticket {}" if self.stage is Stage.READING else ""
        words = _WHICH_TICKET.get(self.operation or "", default)
        return words.format(self.ticket_id) if words and self.ticket_id is not None else None

    def _text(self) -> str:
        where = " ".join(
            part
            for part in (
                self.operation,
                self.message_id if self.operation == "message" else None,
                self._which_ticket(),
                f"on desk {self.desk!r}" if self.desk else None,
                f"({self.vendor})" if self.vendor else None,
            )
            if part
        )
        sentences = [f"{where}: {self.message}" if where else self.message]
        if self.status is not None and f"HTTP {self.status}" not in self.message:
            sentences.append(f"HTTP {self.status}{self._code()}.")
        if self.items_read is not None:
            onward = "; go on with cursor=error.cursor" if self._can_go_on else ""
            sentences.append(f"{self.items_read} items had been read{onward}.")
        sentences += [self._sent(), self._wait(), self._advice()]
        sentences = [sentence for sentence in sentences if sentence]
        if len(sentences) > 1 and not sentences[0].endswith((".", "!", "?", "…")):
            sentences[0] += "."
        return " ".join(sentences)

    @property
    def _can_go_on(self) -> bool:
        """Whether the list may be read on from the same place, and not only fail there again."""
        passing = self.retryable or self.reason in _MENDABLE
        return passing and (self.cursor is not None or bool(self.items_read))

    def _code(self) -> str:
        return f" {self.vendor_code}" if self.vendor_code else ""

    def _sent(self) -> str:
        """Return what is true of what was sent: reading sends nothing that could be done twice."""
        if self.stage is Stage.READING:
            return "The helpdesk refused it." if self.outcome is Outcome.REJECTED else ""
        if self.stage is Stage.PREPARING:
            where = f"in {self.step}, " if self.step else ""
            return f"It failed {where}before the write itself: nothing was sent."
        if self.outcome is Outcome.NOT_SENT:
            return "Nothing was sent."
        if self.outcome is Outcome.REJECTED:
            return "The helpdesk refused it; nothing was changed."
        return self._doubt() if self.stage is Stage.WRITING else ""

    def _doubt(self) -> str:
        return "It may have been done; doing it again would leave the same."

    def _advice(self) -> str:
        return self.advice

    def _wait(self) -> str:
        if self.retry_after is None:
            return ""
        # A tenth of a second too early would be asked for nothing.
        seconds = math.ceil(self.retry_after) if self.retry_after >= _LONG else self.retry_after
        return f"Try again in {seconds:g} seconds."

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.message, dict(self.__dict__))


def reason_of(error: BaseException) -> Reason:
    """Return why ``error`` was raised: of a foreign exception, whether it only ends the call."""
    if isinstance(error, HelpdeskError):
        return error.reason
    ended = isinstance(error, (asyncio.CancelledError, GeneratorExit))
    return Reason.CANCELLED if ended else Reason.CRASHED


def _restore(cls: type[_E], message: str, state: dict[str, Any]) -> _E:
    error = cls.__new__(cls, message)
    error.args = (message,)
    error.__dict__.update(state)
    return error
