"""Carry out an unsafe write: put it into the ledger, send it, put its result there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Protocol, TypeVar

from attrs import define, field

from helpdesk_bridge.delivery.ledger import Entry, Ledger, State
from helpdesk_bridge.delivery.recent_writes import RecentWrites
from helpdesk_bridge.errors import (
    ConfigurationError,
    HelpdeskError,
    InvalidArgument,
    Outcome,
    PartlyDone,
    Reason,
)
from helpdesk_bridge.model.fingerprint import Fingerprint
from helpdesk_bridge.transport.log import attributes

__all__ = ["Sender", "SendingCall"]

T = TypeVar("T")

log = logging.getLogger("helpdesk_bridge.delivery")


class SendingCall(Protocol):
    """What a sender needs of the public call that a write is made for."""

    operation: str
    operation_id: str
    fingerprint: Fingerprint | None
    """What is remembered of what it sends; carried by the call's OutcomeUnknown."""
    is_writing: bool
    """Whether the write was begun."""

    @property
    def may_have_written(self) -> bool:
        """Whether the write may have been carried out by now."""
        ...


@define(eq=False)
class Sender:
    """Sends the unsafe writes of one desk, and keeps account of them.

    ``seconds`` is the deadline of a call, ``clock_offset`` tells by how many seconds the vendor's
    clock is ahead of ours (None: not known), ``ledger`` is the application's, or None.
    """

    desk: str
    vendor: str
    seconds: float
    clock_offset: Callable[[], float | None]
    ledger: Ledger | None = None
    recent: RecentWrites = field(factory=RecentWrites)
    _recording: set[asyncio.Future[bool]] = field(factory=set, init=False)

    async def send(
        self,
        call: SendingCall,
        ticket_id: str | None,
        write: Callable[[], Awaitable[T]],
        made_id: Callable[[T], str | None],
        *,
        body: str,
        files: Iterable[str] = (),
        subject: str | None = None,
        requester: str | None = None,
        due: datetime | None = None,
        before: Iterable[str] | None = None,
    ) -> T:
        """Await ``write`` and return what it gives; the ledger has its beginning and its end.

        ``ticket_id`` is None where a ticket is created, ``made_id`` tells the id of what was made,
        the others are what :meth:`Fingerprint.of` remembers of it.
        """
        entry = Entry.begun(
            desk=self.desk,
            vendor=self.vendor,
            operation=call.operation,
            operation_id=call.operation_id,
            ticket_id=ticket_id,
            fingerprint=Fingerprint.of(
                call.operation,
                salt=self.recent.salt,
                body=body,
                files=files,
                subject=subject,
                requester=requester,
                due=due,
                offset=self.clock_offset(),
                before=before,
            ),
            seconds=self.seconds,
        )
        entry = self.recent.with_known(entry)
        call.fingerprint = entry.fingerprint
        with entry.under_way():
            await self._begin(entry)
            self.recent.put(entry)
            call.is_writing = True
            try:
                done = await write()
            except GeneratorExit:  # nothing can be awaited any more; `recover` looks for it
                raise
            except BaseException as error:
                await self._end(call, _state_after(error, call), _made_by(error, ticket_id))
                raise
            await self._end(call, State.SENT, made_id(done))
        return done

    async def unresolved(self) -> list[Entry]:
        """Return the ledger's entries that are PENDING or UNKNOWN, oldest first.

        Raises InvalidArgument without a ledger, ConfigurationError for one that cannot be read.
        """
        if self.ledger is None:
            raise InvalidArgument("this desk has no ledger: give it one as ledger=.")
        return await self._asked(self.ledger.unresolved(self.desk))

    async def on_ticket(self, ticket_id: str | None, since: datetime) -> list[Entry]:
        """Return the ledger's entries of a ticket (None: of new tickets), begun at ``since``."""
        if self.ledger is None:
            return []
        return await self._asked(self.ledger.on_ticket(self.desk, ticket_id, since))

    async def record(self, operation_id: str, state: State, made: str | None = None) -> bool | None:
        """Write into the ledger what became known, whoever is cancelled meanwhile.

        Returns what :meth:`Ledger.record_result` says, None if it failed. A failure here must not
        make a reply that went out look like one that did not: the entry stays as it was, and
        ``recover`` looks for it.
        """
        if self.ledger is None:
            return True
        recording = asyncio.ensure_future(self.ledger.record_result(operation_id, state, made))
        self._recording.add(recording)
        recording.add_done_callback(self._recorded)
        try:
            return await asyncio.shield(recording)
        except Exception as error:  # noqa: BLE001 - whatever a ledger raises
            log.error(
                "the ledger of desk %r failed (%s)",
                self.desk,
                type(error).__name__,
                extra=attributes(desk=self.desk, vendor=self.vendor, operation_id=operation_id),
            )
        return None

    async def aclose(self) -> None:
        """Wait until the ledger has what is being written into it. It stays open."""
        if self._recording:
            await asyncio.wait(self._recording)

    async def _begin(self, entry: Entry) -> None:
        """Write into the ledger that a call begins; what fails here keeps it from being sent."""
        if self.ledger is None:
            return
        try:
            await self._asked(self.ledger.begin(entry))
        except asyncio.CancelledError:
            await self.record(entry.operation_id, State.NOT_SENT)
            raise

    async def _asked(self, answer: Awaitable[T]) -> T:
        """Await an answer of the ledger; what it raises of its own is ConfigurationError."""
        try:
            return await answer
        except HelpdeskError:
            raise
        except Exception as error:
            raise ConfigurationError(
                f"the ledger failed ({type(error).__name__}).", reason=Reason.STORAGE
            ) from error

    async def _end(self, call: SendingCall, state: State, made: str | None) -> None:
        self.recent.record_result(call.operation_id, state, made)
        if await self.record(call.operation_id, state, made) is False:
            # A reconcile took it for what it was looking for; that it was sent is certain.
            await self.record(call.operation_id, state)

    def _recorded(self, recording: asyncio.Future[bool]) -> None:
        self._recording.discard(recording)
        if not recording.cancelled():
            recording.exception()  # told above; nobody may be left to hear it


def _state_after(error: BaseException, call: SendingCall) -> State:
    if isinstance(error, PartlyDone):
        return State.SENT
    if isinstance(error, HelpdeskError) and error.outcome is not Outcome.UNKNOWN:
        return State.NOT_SENT
    # In doubt, cancelled, or broken by a bug.
    return State.UNKNOWN if call.may_have_written else State.NOT_SENT


def _made_by(error: BaseException, ticket_id: str | None) -> str | None:
    """Return the id of what was made by a call that was done in part."""
    if not isinstance(error, PartlyDone):
        return None
    return error.ticket_id if ticket_id is None else error.message_id
