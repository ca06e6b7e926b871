"""Find out what became of a write whose answer was lost: by reading, never by sending."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from attrs import define, evolve

from helpdesk_bridge.delivery import matching
from helpdesk_bridge.delivery.entry import OPEN, Entry, State
from helpdesk_bridge.delivery.lease import LEASE
from helpdesk_bridge.delivery.matching import Candidate, Search
from helpdesk_bridge.delivery.reader import Reader
from helpdesk_bridge.delivery.sender import Sender
from helpdesk_bridge.delivery.verdict import Reconciliation, Verdict
from helpdesk_bridge.errors import (
    HelpdeskError,
    InvalidArgument,
    Moment,
    OutcomeUnknown,
    PartlyDone,
    ResponseTooLarge,
    moment,
)
from helpdesk_bridge.model import Capabilities, Capability, Message, Ticket
from helpdesk_bridge.model.fingerprint import Fingerprint
from helpdesk_bridge.transport import clock

__all__ = ["Reconciler"]


_FIRST_LOOK = 0.5
_LONGEST_GAP = 8.0
_UNANSWERED = 60.0
"""Seconds (at least) for which a vendor that did not answer may be at a request still: what the
gateways nginx and AWS ALB allow one unless told otherwise."""
_GATEWAY_TIMEOUT = 504
_MOST_TICKETS = 10_000

_AT_ONCE = 8
"""How many writes are looked for at the same time."""

_UNDER_WAY = "the process that writes it is still at it, or may be."
_TOO_EARLY = "it is not on the desk yet, and the vendor may still be at it."
_LATER = "it was to be sent later, and may not be shown before."
_TOLD = "it is not on the desk, but somebody has been told so already and may send it again."
_UNKEPT = "it is not on the desk, but the ledger failed to note that, so others may be told too."


@define
class _Task:
    """One reconcile: what is asked for, and what is known of it so far."""

    unknown: OutcomeUnknown
    search: Search
    own: Entry | None = None
    """What the ledger or the memory has of this very write."""

    @property
    def operation_id(self) -> str:
        return self.unknown.operation_id or ""

    @property
    def is_step(self) -> bool:
        """Whether it is only the later step of a call, whose first one was done."""
        return self.unknown.operation not in (None, self.search.mark.operation)


@define(eq=False)
class Reconciler:
    """Settles what was left open on one desk.

    ``read`` reads it, ``visible_after`` are the seconds after which its vendor shows what it
    accepted, ``gave_up`` says whether the desk was closed, and ``on_settled`` is told of each write
    whose outcome is known now.
    """

    read: Reader
    capabilities: Capabilities
    sender: Sender
    visible_after: float
    gave_up: Callable[[], bool]
    on_settled: Callable[[OutcomeUnknown], None]

    async def reconcile(
        self,
        error: OutcomeUnknown | PartlyDone,
        settle: float | None,
        *,
        within: float | None = None,
    ) -> Reconciliation:
        """Find out whether the write that raised ``error`` was carried out.

        ``settle`` are the seconds since the failure after which it must be to be seen; None: what
        the vendor needs. A wait that would last longer than ``within`` seconds is not begun; None:
        any wait is. See ``Helpdesk.reconcile``.
        """
        unknown = self._checked(error)
        if unknown.fingerprint is None:
            return await self._open(unknown, "nothing was remembered of it.")
        task = self._task(unknown, unknown.fingerprint, settle)
        if await self._was_answered(task):
            return await self._sent(task, await self._as_answered(task))
        left, gap = task.search.patience - task.search.age, _FIRST_LOOK
        while True:
            found: Candidate | None = None
            try:
                found = await self._look(task)
                if found is not None and not found.doubt and await self._is_ours(task, found):
                    return await self._sent(task, found)
            except HelpdeskError as failure:
                found = Candidate(f"it could not be looked for ({failure.message})")
            if left <= 0 or self.gave_up():
                break
            if within is not None and left > within:
                return await self._open(unknown, _TOO_EARLY, found, retry_after=left)
            await clock.pause(min(gap, left))
            left, gap = left - gap, min(2 * gap, _LONGEST_GAP)
        if found is not None:
            return await self._open(unknown, found.doubt or matching.ALIKE, found)
        if evolve(task.search, now=moment.wall_clock()).may_come_later:
            return await self._open(unknown, _LATER)
        return await self._not_sent(task)

    async def recover(self, settle: float | None, *, wait: bool) -> list[Reconciliation]:
        """Settle what is open in the ledger, but for what somebody may still be at."""
        room = asyncio.Semaphore(_AT_ONCE)
        entries = await self.sender.unresolved()
        return list(
            await asyncio.gather(*(self._recovered(one, settle, wait, room) for one in entries))
        )

    async def settle(self, entry: Entry, ended: Moment, seconds: float) -> Reconciliation:
        """Find out what became of an entry whose writer ``ended`` then, within ``seconds``."""
        return await self.reconcile(entry.as_error(ended), None, within=seconds)

    async def _recovered(
        self, entry: Entry, settle: float | None, wait: bool, room: asyncio.Semaphore
    ) -> Reconciliation:
        """Settle one entry, or say why it is left alone."""
        if entry.vendor != self.sender.vendor:
            return self._left(entry, f"it was written through the adapter {entry.vendor}.")
        while (life := self.sender.watch.life(entry)).ended is None or not (
            await self.sender.has_taken_over(entry)
        ):
            if life.under_way and not (life.known_in and wait and not self.gave_up()):
                return self._left(entry, _UNDER_WAY, retry_after=life.known_in or LEASE)
            if life.under_way:
                await clock.pause(min(life.known_in, _LONGEST_GAP))
            entry = await self.sender.entry(entry.operation_id) or entry
            if entry.state not in OPEN:
                return self._left(entry, f"it was settled meanwhile as {entry.state}.")
        async with room:
            error = entry.as_error(life.ended)
            return await self.reconcile(error, settle, within=None if wait else 0.0)

    def _left(self, entry: Entry, reason: str, retry_after: float | None = None) -> Reconciliation:
        return Reconciliation(
            verdict=Verdict.STILL_UNKNOWN,
            operation_id=entry.operation_id,
            operation=entry.operation,
            key=entry.key,
            ticket_id=entry.ticket_id,
            reason=f"It was left alone: {reason}",
            under_way=retry_after is not None,
            retry_after=retry_after,
        )

    async def find_accepted(self, ticket_id: str, mark: Fingerprint) -> Message | None:
        """Return a message that was accepted without an id; None while it is not to be seen."""
        messages = [m async for m in self.read.messages(ticket_id).collect_problems()]
        return matching.find_new(mark, messages)

    def _checked(self, error: OutcomeUnknown | PartlyDone) -> OutcomeUnknown:
        unknown = error.failure if isinstance(error, PartlyDone) else error
        if not isinstance(unknown, OutcomeUnknown):
            raise InvalidArgument("reconcile takes an OutcomeUnknown, or a PartlyDone with one.")
        ours = (None, self.sender.vendor), (None, self.sender.desk)
        if unknown.vendor not in ours[0] or unknown.desk not in ours[1]:
            raise InvalidArgument(f"this error is one of desk {unknown.desk!r}: ask that desk.")
        return unknown

    def _task(self, unknown: OutcomeUnknown, mark: Fingerprint, settle: float | None) -> _Task:
        answered = unknown.status not in (None, _GATEWAY_TIMEOUT)
        usual = self.visible_after if answered else max(self.visible_after, _UNANSWERED)
        search = Search(
            mark=mark,
            began=unknown.started_at or unknown.failed_at,
            failed=unknown.failed_at,
            now=moment.wall_clock(),
            patience=usual if settle is None else settle,
            offset=self.sender.clock_offset(),
        )
        return _Task(unknown, search)

    # -- what is said ------------------------------------------------------------------------

    async def _open(
        self,
        unknown: OutcomeUnknown,
        reason: str,
        found: Candidate | None = None,
        retry_after: float | None = None,
    ) -> Reconciliation:
        await self.sender.record(unknown.operation_id or "", State.UNKNOWN)
        return Reconciliation(
            verdict=Verdict.STILL_UNKNOWN,
            operation_id=unknown.operation_id,
            operation=unknown.operation,
            key=unknown.key,
            retry_after=retry_after,
            ticket_id=unknown.ticket_id,
            message=found.message if found else None,
            ticket=found.ticket if found else None,
            reason=f"It cannot be told: {reason}",
        )

    async def _not_sent(self, task: _Task) -> Reconciliation:
        unknown = task.unknown
        if not task.is_step:
            told = await self.sender.record(task.operation_id, State.NOT_SENT)
            if not told and self.sender.is_given:
                return await self._open(unknown, _UNKEPT if told is None else _TOLD)
        self.on_settled(unknown)
        return Reconciliation(
            verdict=Verdict.NOT_SENT,
            operation_id=unknown.operation_id,
            operation=unknown.operation,
            key=unknown.key,
            ticket_id=unknown.ticket_id,
            reason="It is not on the desk.",
        )

    async def _is_ours(self, task: _Task, found: Candidate) -> bool:
        """Take what was found as made by this write; False if another write was faster."""
        made = found.ticket or found.message
        # The call's own entry is that of its first step.
        entry_id = f"{task.operation_id}+" if task.is_step else task.operation_id
        if task.is_step or task.own is None:
            await self.sender.keep_found(self._entry(task, entry_id))
        made_id = None if made is None else made.id
        return await self.sender.record(entry_id, State.SENT, made_id) is not False

    def _entry(self, task: _Task, operation_id: str) -> Entry:
        """Return an entry for a write of which the ledger has none: it keeps what was made."""
        return Entry(
            operation_id=operation_id,
            desk=self.sender.desk,
            vendor=self.sender.vendor,
            operation=task.search.mark.operation,
            ticket_id=task.unknown.ticket_id,
            fingerprint=task.search.mark,
            state=State.UNKNOWN,
        )

    async def _sent(self, task: _Task, found: Candidate) -> Reconciliation:
        reason = "It is on the desk."
        message = found.message
        if found.ticket is not None:
            try:
                message = await self._first_message(found.ticket, task.search.mark)
            except HelpdeskError as failure:
                reason += f" Its first message could not be looked for ({failure.message})"
            else:
                if message is None:
                    reason += " Its first message is not to be seen: it may have to be added."
            await self.sender.record(
                task.operation_id, State.SENT, found.ticket.id, finished=message is not None
            )
        self.on_settled(task.unknown)
        return Reconciliation(
            verdict=Verdict.SENT,
            operation_id=task.unknown.operation_id,
            operation=task.unknown.operation,
            key=task.unknown.key,
            ticket_id=found.ticket.id if found.ticket else task.unknown.ticket_id,
            message=message,
            ticket=found.ticket,
            reason=reason,
        )

    async def _was_answered(self, task: _Task) -> bool:
        """Say whether the vendor did accept it, and only what the call did next was cut off."""
        if task.is_step:
            return False
        with suppress(HelpdeskError):  # told when it is looked for
            await self._learn(task, task.unknown.ticket_id)
        return task.own is not None and task.own.state is State.SENT

    async def _as_answered(self, task: _Task) -> Candidate:
        """Return what the vendor said it had made, as far as it can be read."""
        made, ticket_id = task.own and task.own.made_id, task.unknown.ticket_id
        with suppress(HelpdeskError):
            if made and ticket_id is None:
                return Candidate(ticket=await self.read.ticket(made))
            if made and ticket_id is not None:
                return Candidate(message=await self.read.message(ticket_id, made))
        return Candidate()

    # -- what is read ------------------------------------------------------------------------

    async def _look(self, task: _Task) -> Candidate | None:
        """Return what may be it. What is there is read first, then whose it may be else."""
        if task.search.mark.operation == "create_ticket":
            tickets = [ticket async for ticket in self._recent_tickets(task.search)]
            await self._learn(task, None)
            return matching.judge_tickets(task.search, tickets)
        ticket_id = task.unknown.ticket_id
        if ticket_id is None:
            raise InvalidArgument("the ticket is not known.")
        listing = self.read.messages(ticket_id).collect_problems()
        messages = [message async for message in listing]
        await self._learn(task, ticket_id)
        found = matching.judge_messages(task.search, messages)
        if listing.problems and (found is None or found.doubt):
            return Candidate(matching.UNREADABLE, found.message if found else None)
        return found

    async def _learn(self, task: _Task, ticket_id: str | None) -> None:
        """Learn what other writes there are, and what the vendor's clock says.

        Two that look at once may find the same message: the ledger gives it to one of them.
        """
        entries = {one.operation_id: one for one in await self.sender.on_ticket(ticket_id)}
        task.own = entries.pop(task.operation_id, None)
        entries.pop(f"{task.operation_id}+", None)
        here = [self._at_rest(one) for one in entries.values()]
        others = [one if one.ticket_id == ticket_id else self._first_of(one) for one in here]
        task.search = evolve(
            task.search,
            offset=self.sender.clock_offset(),
            now=moment.wall_clock(),
            others=tuple(one for one in others if one is not None),
        )

    def _at_rest(self, entry: Entry) -> Entry:
        """Return an entry that nobody is at any more as one whose outcome is not known."""
        lost = entry.state is State.PENDING and not self.sender.watch.life(entry).under_way
        return evolve(entry, state=State.UNKNOWN) if lost else entry

    def _first_of(self, entry: Entry) -> Entry | None:
        """Return the call that created a ticket as what it sent into it, which has no id."""
        first = entry.fingerprint.later()
        return None if first is None else evolve(entry, fingerprint=first, made_id=None)

    async def _first_message(self, ticket: Ticket, mark: Fingerprint) -> Message | None:
        self.capabilities.require(Capability.LIST_MESSAGES)
        async for message in self.read.messages(ticket.id).collect_problems():
            if matching.can_be(message, "add_request") and mark.has_body(message.text):
                return message
        return None

    async def _recent_tickets(self, search: Search) -> AsyncIterator[Ticket]:
        """Yield the tickets among which a new one must be."""
        if self.capabilities.supports(Capability.FILTER_CREATED_SINCE):
            listing = self.read.tickets(created_since=search.oldest)
        elif self.capabilities.supports(Capability.FILTER_UPDATED_SINCE):
            listing = self.read.tickets(updated_since=search.oldest)
        else:
            listing = self.read.tickets()
        async for ticket in listing:
            yield ticket
            if listing.items_read >= _MOST_TICKETS:
                raise ResponseTooLarge(f"it is not among the first {_MOST_TICKETS} tickets listed.")
