"""The public call that requests are made for, known to all that is awaited within it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from attrs import field, frozen

from helpdesk_bridge.transport.request import Progress

__all__ = ["CURRENT_CALL", "Call"]


@frozen(kw_only=True)
class Call:
    """The public call that requests are made for: its name, its id and its end (loop time)."""

    operation: str
    operation_id: str
    ends_at: float
    writes: list[Progress] = field(factory=list, repr=False)
    """How far its unsafe writes have come, for a call that is cancelled."""

    checks: list[Callable[[], None]] = field(factory=list, repr=False)
    """What is asked, last of all, before a byte of an unsafe write leaves; it raises to stop it."""

    @property
    def may_have_written(self) -> bool:
        """Whether an unsafe write may have been carried out."""
        return any(progress.bytes_sent for progress in self.writes)


CURRENT_CALL: ContextVar[Call | None] = ContextVar("helpdesk_bridge_call", default=None)
