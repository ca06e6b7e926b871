"""Carry out a write that must not be done twice, and keep account of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from helpdesk_bridge.calls.base import DeskBase
from helpdesk_bridge.calls.context import CallContext
from helpdesk_bridge.errors import HelpdeskError, Outcome, PartlyDone
from helpdesk_bridge.outbox import Entry, State

__all__ = ["Delivery"]

T = TypeVar("T")

log = logging.getLogger("helpdesk_bridge")


class Delivery(DeskBase):
    """What every unsafe write goes through."""

    async def _delivered(
        self,
        call: CallContext,
        ticket_id: str | None,
        write: Callable[[], Awaitable[T]],
        made_id: Callable[[T], str | None],
    ) -> T:
        """Await ``write`` and return what it gives; its beginning and end are put in the outbox.

        ``call.fingerprint`` is what is to be remembered; ``made_id`` tells the id of what was made.
        """
        if self._outbox is None:
            return await write()
        assert call.fingerprint is not None  # noqa: S101 - set by whoever delivers
        entry = Entry.begun(
            desk=self.name,
            vendor=self.adapter.name,
            operation=call.operation,
            operation_id=call.operation_id,
            ticket_id=ticket_id,
            fingerprint=call.fingerprint,
            seconds=self._options.deadline,
        )
        with entry.under_way():
            await self._outbox.begin(entry)
            try:
                done = await write()
            except BaseException as error:
                await self._put_down(call.operation_id, self._state_after(error, call))
                raise
            await self._put_down(call.operation_id, State.SENT, made_id(done))
        return done

    def _state_after(self, error: BaseException, call: CallContext) -> State:
        if isinstance(error, PartlyDone):
            return State.SENT
        if isinstance(error, HelpdeskError):
            return State.UNKNOWN if error.outcome is Outcome.UNKNOWN else State.NOT_SENT
        # Cancelled, or broken by a bug. A desk without HTTP cannot tell how far it came.
        in_doubt = call.may_have_written or self._transport.base is None
        return State.UNKNOWN if in_doubt else State.NOT_SENT

    async def _put_down(self, operation_id: str, state: State, made: str | None = None) -> None:
        """Write into the outbox what became known, whoever is cancelled meanwhile.

        A failure here must not make a reply that went out look like one that did not: the entry
        stays as it was, and ``recover`` looks for it.
        """
        if self._outbox is None:
            return
        writing = asyncio.ensure_future(self._outbox.settle(operation_id, state, made))
        self._writing.add(writing)
        writing.add_done_callback(self._written)
        try:
            await asyncio.shield(writing)
        except Exception as error:  # noqa: BLE001 - whatever an outbox raises
            log.error("the outbox of desk %r failed (%s)", self.name, type(error).__name__)

    def _written(self, writing: asyncio.Future[None]) -> None:
        self._writing.discard(writing)
        if not writing.cancelled():
            writing.exception()  # told above; nobody may be left to hear it
