"""What is true of every public call: an open desk, an id, a deadline, and named errors."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import deque
from contextvars import Token
from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self

from helpdesk_bridge.delivery.fingerprint import Fingerprint
from helpdesk_bridge.errors import DeskClosed, HelpdeskError, Outcome, OutcomeUnknown, PartlyDone
from helpdesk_bridge.kit.contract import Adapter
from helpdesk_bridge.transport import CURRENT_CALL, Call

__all__ = ["CallContext"]


log = logging.getLogger("helpdesk_bridge")
log.addHandler(logging.NullHandler())  # without one Python writes warnings to stderr by itself


class _Desk(Protocol):
    name: str
    adapter: Adapter
    interrupted: deque[OutcomeUnknown]

    @property
    def closed(self) -> bool: ...


class CallContext:
    """Puts the desk's and the call's names on every error that passes through it.

    With a ``deadline`` (seconds) it also begins a call: all requests made within it share its id
    and its end.
    """

    def __init__(
        self,
        desk: _Desk,
        operation: str,
        *,
        deadline: float | None = None,
        ticket_id: str | None = None,
    ) -> None:
        self._desk = desk
        self._deadline = deadline
        self._ticket_id = ticket_id
        self._token: Token[Call | None] | None = None
        self._call: Call | None = None
        self._began = datetime.now(UTC)
        self.fingerprint: Fingerprint | None = None
        self.is_writing = False
        """Whether a write that must not be done twice was begun."""
        self.operation = operation
        self.operation_id = uuid.uuid4().hex

    def __enter__(self) -> Self:
        if self._desk.closed:
            raise self._named(DeskClosed("the desk is closed."))
        if self._deadline is not None:
            ends_at = asyncio.get_running_loop().time() + self._deadline
            self._call = Call(
                operation=self.operation, operation_id=self.operation_id, ends_at=ends_at
            )
            self._token = CURRENT_CALL.set(self._call)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._token is not None:
            CURRENT_CALL.reset(self._token)
        if isinstance(error, HelpdeskError):
            is_new = error.operation_id is None  # no call within this one has told of it
            self._named(error)
            if self._is_foreign_doubt(error):
                raise self._in_doubt(str(error.message), error) from error
            unknown = error.failure if isinstance(error, PartlyDone) else error
            if is_new and isinstance(unknown, OutcomeUnknown):
                self._warn(unknown)
        elif isinstance(error, asyncio.CancelledError) and self.may_have_written:
            self._interrupted(error)
        elif isinstance(error, Exception) and self.may_have_written:
            # Of a middleware or a bug. Somebody's retry decorator may know its type.
            raise self._in_doubt(
                f"{type(error).__name__} was raised when it may have been sent already.", error
            ) from error

    @property
    def may_have_written(self) -> bool:
        """Whether the call may have carried out an unsafe write by now."""
        if self._call is None:
            return False
        if self._desk.adapter.transport.base is None:
            return self.is_writing  # a desk without HTTP cannot tell how far it came
        return self._call.may_have_written

    def _is_foreign_doubt(self, error: HelpdeskError) -> bool:
        """Whether an error that a middleware raised makes light of a write that may be done."""
        return (
            error.outcome is Outcome.UNKNOWN
            and not isinstance(error, (OutcomeUnknown, PartlyDone))
            and self.is_writing
            and self.may_have_written
        )

    def _interrupted(self, cause: BaseException) -> None:
        error = self._in_doubt("the call was cancelled when it may have been sent already.", cause)
        self._desk.interrupted.append(error)

    def _warn(self, unknown: OutcomeUnknown) -> None:
        log.warning(
            "%s on %s: it is not known whether it was done (%s) [%s]",
            self.operation,
            self._desk.name,
            unknown.cause,
            self.operation_id,
        )

    def _in_doubt(self, message: str, cause: BaseException) -> OutcomeUnknown:
        assert self._call is not None  # noqa: S101 - see may_have_written
        begun = [write.started_at for write in self._call.writes if write.started_at]
        error = OutcomeUnknown(
            message,
            started_at=min(begun, default=self._began),
            bytes_sent=True,
            cause=type(cause).__name__,
            attempts=sum(write.attempts for write in self._call.writes),
        )
        self._named(error)
        self._warn(error)
        return error

    def _named(self, error: HelpdeskError) -> HelpdeskError:
        if isinstance(error, OutcomeUnknown):
            error.fill(ticket_id=self._ticket_id, fingerprint=self.fingerprint)
        if isinstance(error, PartlyDone):
            if isinstance(error.failure, OutcomeUnknown):
                later = self.fingerprint.later() if self.fingerprint else None
                error.failure.fill(ticket_id=error.ticket_id, fingerprint=later)
            self._placed(error.failure)
        return self._placed(error)

    def _placed(self, error: HelpdeskError) -> HelpdeskError:
        return error.fill(
            desk=self._desk.name,
            vendor=self._desk.adapter.name,
            operation=self.operation,
            operation_id=self.operation_id,
        )
