"""Carry out an unsafe write: put it into the ledger, send it, put its result there."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from attrs import define, evolve, field

from helpdesk_bridge.delivery.entry import EntryState, LedgerEntry
from helpdesk_bridge.delivery.lease import Hold, Watch
from helpdesk_bridge.delivery.ledger import Ledger
from helpdesk_bridge.delivery.memory_ledger import MemoryLedger
from helpdesk_bridge.delivery.turn import is_done
from helpdesk_bridge.delivery.verdict import Reconciliation
from helpdesk_bridge.delivery.write import Earlier, Write
from helpdesk_bridge.errors import (
    Cause,
    ConfigurationError,
    HelpdeskError,
    InvalidArgument,
    Moment,
    Outcome,
    PartlyDone,
    Reason,
)
from helpdesk_bridge.model.fingerprint import Fingerprint
from helpdesk_bridge.transport import patiently, waiting_for
from helpdesk_bridge.transport.log import attributes

__all__ = ["Sender", "SendingCall"]

T = TypeVar("T")

log = logging.getLogger("helpdesk_bridge.delivery")

_MOST = 2_000
"""How many writes are remembered where the application gave no ledger."""
_LONGEST_KEY = 255
_NOTING = 1.0
"""Seconds that a ledger has for a result at least, also of a call whose time is over: otherwise
each of them would leave its entry open."""


class SendingCall(Protocol):
    """What a sender needs of the public call that a write is made for."""

    operation: str
    operation_id: str
    fingerprint: Fingerprint | None
    """What is remembered of what it sends; carried by the call's OutcomeUnknown."""
    key: str | None
    """The application's own name for the write; None: it gave none."""
    is_writing: bool
    """Whether the write was begun."""

    @property
    def seconds_left(self) -> float:
        """The seconds until its deadline."""
        ...

    def mark_writes(self, mark: str) -> None:
        """Have what it writes marked with ``mark`` where the vendor keeps such a word."""
        ...

    def stop(self) -> None:
        """End it at what it is at: another process may take its write over."""
        ...

    def check_before_bytes(self, check: Callable[[], None]) -> None:
        """Have ``check`` asked, last of all, before a byte of the write leaves."""
        ...

    @property
    def may_have_written(self) -> bool:
        """Whether the write may have been carried out by now."""
        ...


@define(eq=False)
class Sender:
    """Sends the unsafe writes of one desk, and keeps account of them.

    ``seconds`` is the deadline of a call, ``clock_offset`` tells by how many seconds the vendor's
    clock is ahead of ours (None: not known), ``ledger`` is the application's (``is_given``), or one
    of this desk only.
    """

    desk: str
    vendor: str
    seconds: float
    clock_offset: Callable[[], float | None]
    ledger: Ledger = field(factory=lambda: MemoryLedger(most=_MOST))
    is_given: bool = False
    salt: str = field(factory=lambda: secrets.token_hex(8), repr=False)
    """The salt of the digests of all its writes."""
    watch: Watch = field(factory=Watch, init=False)
    settle: Callable[[LedgerEntry, Moment, float], Awaitable[Reconciliation]] | None = field(
        default=None, init=False
    )
    """Finds out what became of an entry whose writer ended then, within so many seconds."""
    _recording: set[asyncio.Future[bool | None]] = field(factory=set, init=False)

    def check_key(self, key: object) -> str | None:
        """Return the key of a write, or None; InvalidArgument for one that cannot be kept."""
        if key is None:
            return None
        if not isinstance(key, str) or len(key) > _LONGEST_KEY:
            raise InvalidArgument(f"key must be a str of 1 to {_LONGEST_KEY} characters.")
        if not key.strip():
            raise InvalidArgument("key is empty or blank: name the write, or leave it out.")
        if "\0" in key or not key.isprintable():
            raise InvalidArgument("key holds a line break or another control character.")
        if not self.is_given:
            raise InvalidArgument(
                "key= needs a ledger, which remembers it: give the desk one as ledger=."
            )
        return key

    async def send(self, call: SendingCall, write: Write[T]) -> T | Earlier:
        """Make ``write`` and return what it gives; the ledger has its beginning and its end.

        With a key it is made by one call only: Earlier is what another one has made. Raises
        InProgress while another call is at it, OutcomeUnknown if it cannot be told whether an
        earlier one made it, InvalidArgument for a key that is another write's.
        """
        call.key = write.key
        if write.key is not None:
            earlier = await self._asked(self.ledger.with_key(self.desk, write.key))
            if earlier is not None and await is_done(self, call, write, earlier):
                return Earlier(await self.again(earlier))
        entry = await self._new_entry(call, write)
        call.fingerprint = entry.fingerprint
        hold = Hold(entry, self.ledger if self.is_given else None, call.stop)
        async with hold.held():
            while (other := await self._begin(hold.start())) is not None:
                if await is_done(self, call, write, other):
                    return Earlier(await self.again(other))
            hold.begun()
            if self.is_given:
                call.check_before_bytes(hold.check)
            call.mark_writes(entry.fingerprint.mark or call.operation_id)
            call.is_writing = True
            try:
                done = await write.do()
            except GeneratorExit:  # nothing can be awaited any more; `recover` looks for it
                raise
            except BaseException as error:
                hold.release()
                state, made = _state_after(error, call), _made_by(error, write.ticket_id)
                await self._end(call, state, made, finished=not isinstance(error, PartlyDone))
                raise
            hold.release()
            await self._end(call, EntryState.SENT, write.made_id(done), finished=write.is_last)
        return done

    async def finish(self, operation_id: str) -> None:
        """Note that the later steps of a call are done, too."""
        await self.record(operation_id, EntryState.SENT, finished=True)

    async def unresolved(self) -> list[LedgerEntry]:
        """Return the ledger's entries that are PENDING or UNKNOWN, oldest first.

        Raises InvalidArgument without a ledger, ConfigurationError for one that cannot be read.
        """
        if not self.is_given:
            raise InvalidArgument("this desk has no ledger: give it one as ledger=.")
        return await self._asked(self.ledger.unresolved(self.desk))

    async def entry(self, operation_id: str) -> LedgerEntry | None:
        """Return what the ledger has of a call; None: nothing."""
        return await self._asked(self.ledger.entry(operation_id))

    async def on_ticket(self, ticket_id: str | None) -> list[LedgerEntry]:
        """Return the ledger's entries of a ticket (None: of new tickets)."""
        return await self._asked(self.ledger.on_ticket(self.desk, ticket_id))

    async def record(
        self,
        operation_id: str,
        state: EntryState,
        made: str | None = None,
        *,
        finished: bool | None = None,
    ) -> bool | None:
        """Write into the ledger what became known, whoever is cancelled meanwhile.

        The deadline of the call does not cut this off: what was sent was sent. A ledger that is
        silent by then, and for a second, goes on alone.

        Returns what :meth:`Ledger.record_result` says, None if it failed. A failure here must not
        make a reply that went out look like one that did not: the entry stays as it was, and
        ``recover`` looks for it.
        """
        if state in (EntryState.SENT, EntryState.NOT_SENT):
            self.watch.forget(operation_id)
        work = self._recorded_in(operation_id, state, made, finished)
        if not self.is_given or not _has_task():
            return await work  # one in this process waits for nothing; nor does a call by hand
        recording = asyncio.ensure_future(work)
        self._recording.add(recording)
        recording.add_done_callback(self._recording.discard)
        try:
            with patiently(_NOTING):
                return await asyncio.shield(recording)
        except TimeoutError as error:
            self._complain(operation_id, error)
        return None

    async def _recorded_in(
        self, operation_id: str, state: EntryState, made: str | None, finished: bool | None
    ) -> bool | None:
        try:
            return await self.ledger.record_result(operation_id, state, made, finished=finished)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            self._complain(operation_id, error)  # nobody cancelled it but the ledger itself
        except Exception as error:  # noqa: BLE001 - whatever a ledger raises
            self._complain(operation_id, error)
        return None

    def _complain(self, operation_id: str, error: BaseException) -> None:
        log.error(
            "the ledger of desk %r failed (%s)",
            self.desk,
            type(error).__name__,
            extra=attributes(desk=self.desk, vendor=self.vendor, operation_id=operation_id),
        )

    async def keep_found(self, entry: LedgerEntry) -> None:
        """Keep an entry for what was found of a write that the ledger has none of."""
        await self._asked(self.ledger.begin(entry))

    async def aclose(self) -> None:
        """Wait until the ledger has what is being written into it. It stays open.

        No longer than a call may take: what it does not have by then is for ``recover``.
        """
        recordings = [one for one in self._recording if not one.get_loop().is_closed()]
        if recordings:
            _, late = await asyncio.wait(recordings, timeout=self.seconds)
            for recording in late:
                recording.cancel()

    async def _new_entry(self, call: SendingCall, write: Write[Any]) -> LedgerEntry:
        mark = Fingerprint.of(
            call.operation,
            salt=self.salt,
            body=write.body,
            files=write.files,
            subject=write.subject,
            requester=write.requester,
            due=write.due,
            offset=self.clock_offset(),
            before=await write.before(),
            content=write.content,
            mark=self._mark(call, write),
        )
        if not self.is_given:
            mark = evolve(mark, known=await self._made_alike(write.ticket_id, mark))
        return LedgerEntry(
            desk=self.desk,
            vendor=self.vendor,
            operation=call.operation,
            operation_id=call.operation_id,
            ticket_id=write.ticket_id,
            key=write.key,
            fingerprint=mark,
            finished=write.is_last,
        )

    def _mark(self, call: SendingCall, write: Write[Any]) -> str:
        """Return the write's mark: the same for all calls with its key, and whoever makes them."""
        if write.key is None:
            return call.operation_id
        named = f"{self.vendor}\0{self.desk}\0{write.key}\0".encode("utf-8", "surrogatepass")
        return hashlib.sha256(named + (write.content or b"")).hexdigest()[:32]

    async def _made_alike(self, ticket_id: str | None, mark: Fingerprint) -> tuple[str, ...]:
        """Return the ids of what this desk's earlier writes made with the same words.

        An error that is pickled into a process without this ledger takes them along.
        """
        return tuple(
            one.made_id
            for one in await self.ledger.on_ticket(self.desk, ticket_id)
            if one.made_id is not None and one.fingerprint.words == mark.words
        )

    async def has_taken_over(self, entry: LedgerEntry) -> bool:
        """Make sure that the dead writer of an entry sends nothing; False: it is not dead."""
        if entry.state is not EntryState.PENDING:
            return True
        return await self._asked(self.ledger.take_over(entry.operation_id, entry.beat))

    async def again(self, entry: LedgerEntry) -> LedgerEntry:
        """Return an entry as it is now."""
        return await self.entry(entry.operation_id) or entry

    async def _begin(self, entry: LedgerEntry) -> LedgerEntry | None:
        """Write into the ledger that a call begins; what fails here keeps it from being sent.

        Returns the entry that has its key, if another has.
        """
        try:
            found = await self._asked(self.ledger.begin(entry))
        except asyncio.CancelledError:
            await self.record(entry.operation_id, EntryState.NOT_SENT)
            raise
        if found is not None and found.operation_id == entry.operation_id:
            raise ConfigurationError(
                "the ledger was not there for a while, and another process has taken the write up.",
                reason=Reason.STORAGE,
            )
        return found

    async def _asked(self, answer: Awaitable[T]) -> T:
        """Await an answer of the ledger; what it raises of its own is ConfigurationError."""
        try:
            with waiting_for("the ledger"):
                return await answer
        except HelpdeskError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a ledger raises, with its secrets
            cause = Cause.of(error)
        raise ConfigurationError(
            f"the ledger failed ({cause.name}).", reason=Reason.STORAGE, retryable=True
        ) from cause

    async def _end(
        self, call: SendingCall, state: EntryState, made: str | None, *, finished: bool
    ) -> None:
        told = await self.record(call.operation_id, state, made, finished=finished)
        if told is False and state is EntryState.SENT:
            # A reconcile took it for what it was looking for; that it was sent is certain.
            await self.record(call.operation_id, state, finished=finished)


def _has_task() -> bool:
    """Say whether a call runs in a task, and not by hand."""
    try:
        return asyncio.current_task() is not None
    except RuntimeError:
        return False


def _state_after(error: BaseException, call: SendingCall) -> EntryState:
    if isinstance(error, PartlyDone):
        return EntryState.SENT
    if isinstance(error, HelpdeskError) and error.outcome is not Outcome.UNKNOWN:
        return EntryState.NOT_SENT
    # In doubt, cancelled, or broken by a bug.
    return EntryState.UNKNOWN if call.may_have_written else EntryState.NOT_SENT


def _made_by(error: BaseException, ticket_id: str | None) -> str | None:
    """Return the id of what was made by a call that was done in part."""
    if not isinstance(error, PartlyDone):
        return None
    return error.ticket_id if ticket_id is None else error.message_id
