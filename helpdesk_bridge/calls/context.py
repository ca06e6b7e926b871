"""What is true of every public call: an open desk, an id, a deadline, and named errors."""

from __future__ import annotations

import asyncio
import uuid
from contextvars import Token
from types import TracebackType
from typing import Protocol, Self

from helpdesk_bridge.adapter import Adapter
from helpdesk_bridge.errors import DeskClosed, HelpdeskError, OutcomeUnknown
from helpdesk_bridge.transport import CURRENT_CALL, Call

__all__ = ["CallContext"]


class _Desk(Protocol):
    name: str
    adapter: Adapter

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
        self.operation = operation
        self.operation_id = uuid.uuid4().hex

    def __enter__(self) -> Self:
        if self._desk.closed:
            raise self._named(DeskClosed("the desk is closed."))
        if self._deadline is not None:
            ends_at = asyncio.get_running_loop().time() + self._deadline
            self._token = CURRENT_CALL.set(
                Call(operation=self.operation, operation_id=self.operation_id, ends_at=ends_at)
            )
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

    def _named(self, error: HelpdeskError) -> HelpdeskError:
        if isinstance(error, OutcomeUnknown):
            error.fill(ticket_id=self._ticket_id)
        return error.fill(
            desk=self._desk.name,
            vendor=self._desk.adapter.name,
            operation=self.operation,
            operation_id=self.operation_id,
        )
