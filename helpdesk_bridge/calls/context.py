"""What is true of every public call: an open desk, an id, a deadline, and named errors."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import deque
from contextvars import Token
from types import TracebackType
from typing import Protocol, Self

from helpdesk_bridge.adapter import Adapter
from helpdesk_bridge.errors import DeskClosed, HelpdeskError, OutcomeUnknown, PartlyDone
from helpdesk_bridge.fingerprint import Fingerprint
from helpdesk_bridge.transport import CURRENT_CALL, Call

__all__ = ["CallContext"]


log = logging.getLogger("helpdesk_bridge")


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
        self.fingerprint: Fingerprint | None = None
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
            self._named(error)
        elif isinstance(error, asyncio.CancelledError) and self.may_have_written:
            self._interrupted()

    @property
    def may_have_written(self) -> bool:
        """Whether the call may have carried out an unsafe write by now."""
        return self._call is not None and self._call.may_have_written

    def _interrupted(self) -> None:
        assert self._call is not None  # noqa: S101 - see may_have_written
        progress = self._call.writes[0]
        error = OutcomeUnknown(
            "the call was cancelled when it may have been sent already.",
            started_at=progress.started_at,
            bytes_sent=True,
            cause="CancelledError",
            attempts=progress.attempts,
        )
        self._desk.interrupted.append(error)
        self._named(error)
        log.warning("%s [%s]", error, self.operation_id)

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
