"""Carry out a write that must not be done twice, and keep account of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from attrs import evolve

from helpdesk_bridge.delivery.fingerprint import Fingerprint
from helpdesk_bridge.delivery.ledger import Entry, State
from helpdesk_bridge.desk.base import DeskBase
from helpdesk_bridge.desk.call import CallContext
from helpdesk_bridge.errors import ConfigurationError, HelpdeskError, Outcome, PartlyDone

__all__ = ["Delivery"]

T = TypeVar("T")

log = logging.getLogger("helpdesk_bridge")


class Delivery(DeskBase):
    """What every unsafe write goes through."""

    def _fingerprint(self, operation: str, ticket_id: str | None, **sent: Any) -> Fingerprint:
        """Return what is to be remembered of what is about to be sent."""
        mark = Fingerprint.of(
            operation, salt=self._made.salt, offset=self._transport.clock_offset(), **sent
        )
        return evolve(mark, known=self._made.known(ticket_id, mark))

    async def _delivered(
        self,
        call: CallContext,
        ticket_id: str | None,
        write: Callable[[], Awaitable[T]],
        made_id: Callable[[T], str | None],
    ) -> T:
        """Await ``write`` and return what it gives; its beginning and end are put in the ledger.

        ``call.fingerprint`` is what is to be remembered; ``made_id`` tells the id of what was made.
        """
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
            await self._put_in(entry)
            self._made.put(entry)
            call.is_writing = True
            try:
                done = await write()
            except GeneratorExit:  # nothing can be awaited any more; `recover` looks for it
                raise
            except BaseException as error:
                await self._end(call, self._state_after(error, call), _made_by(error, ticket_id))
                raise
            await self._end(call, State.SENT, made_id(done))
        return done

    def _state_after(self, error: BaseException, call: CallContext) -> State:
        if isinstance(error, PartlyDone):
            return State.SENT
        if isinstance(error, HelpdeskError) and error.outcome is not Outcome.UNKNOWN:
            return State.NOT_SENT
        # In doubt, cancelled, or broken by a bug.
        return State.UNKNOWN if call.may_have_written else State.NOT_SENT

    async def _put_in(self, entry: Entry) -> None:
        """Write into the ledger that a call begins; what fails here keeps it from being sent."""
        if self._ledger is None:
            return
        try:
            await self._of_ledger(self._ledger.begin(entry))
        except asyncio.CancelledError:
            await self._put_down(entry.operation_id, State.NOT_SENT)
            raise

    async def _of_ledger(self, asked: Awaitable[T]) -> T:
        """Await what a ledger was asked for; what it raises of its own is ConfigurationError."""
        try:
            return await asked
        except HelpdeskError:
            raise
        except Exception as error:
            raise ConfigurationError(f"the ledger failed ({type(error).__name__}).") from error

    async def _end(self, call: CallContext, state: State, made: str | None) -> None:
        self._made.record_result(call.operation_id, state, made)
        if await self._put_down(call.operation_id, state, made) is False:
            # A reconcile took it for what it was looking for; that it was sent is certain.
            await self._put_down(call.operation_id, state)

    async def _put_down(
        self, operation_id: str, state: State, made: str | None = None
    ) -> bool | None:
        """Write into the ledger what became known, whoever is cancelled meanwhile.

        Returns what :meth:`Ledger.record_result` says, None if it failed. A failure here must not
        make a reply that went out look like one that did not: the entry stays as it was, and
        ``recover`` looks for it.
        """
        if self._ledger is None:
            return True
        writing = asyncio.ensure_future(self._ledger.record_result(operation_id, state, made))
        self._writing.add(writing)
        writing.add_done_callback(self._written)
        try:
            return await asyncio.shield(writing)
        except Exception as error:  # noqa: BLE001 - whatever a ledger raises
            log.error("the ledger of desk %r failed (%s)", self.name, type(error).__name__)
        return None

    def _written(self, writing: asyncio.Future[bool]) -> None:
        self._writing.discard(writing)
        if not writing.cancelled():
            writing.exception()  # told above; nobody may be left to hear it


def _made_by(error: BaseException, ticket_id: str | None) -> str | None:
    """Return the id of what was made by a call that was done in part."""
    if not isinstance(error, PartlyDone):
        return None
    return error.ticket_id if ticket_id is None else error.message_id
