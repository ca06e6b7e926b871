"""Find out what became of a write whose answer was lost: by reading, never by sending."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta
from typing import Any

from attrs import define, evolve

from helpdesk_bridge.delivery import matching
from helpdesk_bridge.delivery.entry import EntryState, LedgerEntry
from helpdesk_bridge.delivery.evidence import (
    ALIKE,
    OLDER,
    Finding,
    Search,
    doubt_of_absence,
)
from helpdesk_bridge.delivery.inquiry import Inquiry
from helpdesk_bridge.delivery.reader import Listing, Reader
from helpdesk_bridge.delivery.sender import Sender
from helpdesk_bridge.delivery.verdict import Reconciliation, Verdict
from helpdesk_bridge.errors import (
    DeadlineExceeded,
    DeskClosed,
    HelpdeskError,
    InvalidArgument,
    Moment,
    OutcomeUnknown,
    PartlyDone,
    ResponseTooLarge,
    moment,
)
from helpdesk_bridge.errors.plain import in_brackets
from helpdesk_bridge.model import Capabilities, Capability, Message, MessageType, Ticket
from helpdesk_bridge.model.fingerprint import Fingerprint
from helpdesk_bridge.transport.empty_lists import proving
from helpdesk_bridge.transport.outcome import GAVE_UP

__all__ = ["Reconciler"]


_FIRST_LOOK = 0.5
_LONGEST_GAP = 30.0
_GATEWAYS = frozenset((None, *GAVE_UP, 502, 503, 504, *range(520, 528), 530, 598, 599))
"""What says nothing of the vendor: no answer at all, or one of a gateway that gave up."""
_MOST_TICKETS = 10_000
_MOST_READ = 5
"""New tickets whose first message is read at a look."""
_SOON = timedelta(hours=26)
"""Where a new ticket is looked for while the vendor still has time: more than a time zone."""

_TOO_EARLY = "it is not on the desk yet, and the vendor may still be at it."
_NOT_LOOKED_FOR = (
    "nothing was remembered of it by which it could be looked for, as of a change with extra= or of"
    " raw(): look on the desk."
)
_TOLD = "it is not on the desk, but somebody has been told so already and may send it again."
_UNKEPT = "it is not on the desk, but the ledger failed to note that, so others may be told too."


@define(eq=False)
class Reconciler:
    """Settles what was left open on one desk.

    ``read`` reads it, ``visible_after`` are the seconds after which its vendor shows what it
    accepted, ``gives_up_after`` those after which it is done with what it never answered,
    ``mark_of`` tells the word of ours that the vendor keeps with a message, if it does,
    ``by_steps`` says whether a call takes more than one write, ``gave_up`` whether the desk was
    closed, ``on_settled`` is told of each write whose outcome is known now, and ``limit`` ends
    its body at the deadline of a call, as a HelpdeskError; what is waited on purpose does not
    count.
    """

    read: Reader
    capabilities: Capabilities
    sender: Sender
    visible_after: float
    gives_up_after: float
    mark_of: Callable[[Message], str | None]
    by_steps: Callable[[Capability], bool]
    gave_up: Callable[[], bool]
    on_settled: Callable[[OutcomeUnknown], None]
    limit: Callable[[], AbstractContextManager[Any]]

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
        try:
            with self.limit():
                return await self._settled(unknown, settle, within)
        except (DeadlineExceeded, DeskClosed) as late:
            return await self._open(
                unknown, f"it could not be looked for {in_brackets(late.message)}."
            )

    async def _settled(
        self, unknown: OutcomeUnknown, settle: float | None, within: float | None
    ) -> Reconciliation:
        """Look for a write until it is found, or its vendor has had its time."""
        if unknown.fingerprint is None:
            return await self._open(unknown, _NOT_LOOKED_FOR)
        task = self._task(unknown, unknown.fingerprint, settle)
        if await self._was_answered(task):
            return await self._sent(task, await self._as_answered(task))
        finding, gap = Finding(), _FIRST_LOOK
        while True:
            counts = task.is_due
            finding = await self._found(task, counts=counts)
            if finding.sure is not None:
                return await self._sent(task, finding)
            if self.gave_up() or (counts and (finding.doubt or task.holds_still)):
                break
            left = max(task.patience - task.passed, 0.0)
            if within is not None and left > within:
                doubt = finding.doubt or _TOO_EARLY
                return await self._open(unknown, doubt, finding, retry_after=left)
            if not counts or len(task.walks) > 1:
                await task.pause(gap if counts else min(gap, left))
                gap = min(2 * gap, _LONGEST_GAP)
        search = evolve(task.search, now=moment.wall_clock())
        doubt = finding.doubt or doubt_of_absence(search, finding, task.evidence)
        if doubt:
            return await self._open(unknown, doubt, finding)
        return await self._not_sent(task)

    async def _found(self, task: Inquiry, *, counts: bool) -> Finding:
        """Look for it once; what is found for sure is this write's from here on."""
        try:
            with proving():
                finding = await self._look(task, counts=counts)
            if finding.sure is None or await self._is_ours(task, finding):
                return finding
            return Finding(candidates=(finding.sure,), doubt=ALIKE)
        except HelpdeskError as failure:
            return Finding(doubt=f"it could not be looked for {in_brackets(failure.message)}.")

    async def settle(self, entry: LedgerEntry, ended: Moment, seconds: float) -> Reconciliation:
        """Find out what became of an entry whose writer ``ended`` then, within ``seconds``."""
        return await self.reconcile(entry.as_error(ended), None, within=seconds)

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

    def _task(self, unknown: OutcomeUnknown, mark: Fingerprint, settle: float | None) -> Inquiry:
        silent = unknown.status in _GATEWAYS
        usual = max(self.visible_after, self.gives_up_after) if silent else self.visible_after
        search = Search(
            mark=mark,
            began=unknown.started_at or unknown.failed_at,
            now=moment.wall_clock(),
            offset=self.sender.clock_offset(),
            own_mark=mark.mark or unknown.operation_id or "",
        )
        return Inquiry(unknown, search, usual if settle is None else settle)

    # -- what is said ------------------------------------------------------------------------

    async def _open(
        self,
        unknown: OutcomeUnknown,
        reason: str,
        found: Finding | None = None,
        retry_after: float | None = None,
    ) -> Reconciliation:
        await self.sender.record(unknown.operation_id or "", EntryState.UNKNOWN)
        candidates = found.candidates if found else ()
        first = candidates[0] if candidates else None
        return Reconciliation(
            verdict=Verdict.STILL_UNKNOWN,
            operation_id=unknown.operation_id,
            operation=unknown.operation,
            key=unknown.key,
            retry_after=retry_after,
            ticket_id=unknown.ticket_id,
            message=first if isinstance(first, Message) else None,
            ticket=first if isinstance(first, Ticket) else None,
            candidates=candidates,
            reason=f"It cannot be told: {reason}",
        )

    async def _not_sent(self, task: Inquiry) -> Reconciliation:
        unknown = task.unknown
        if unknown.operation_id is not None:
            entry_id = await self._entry_id(task)
            told = await self.sender.record(entry_id, EntryState.NOT_SENT)
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

    async def _is_ours(self, task: Inquiry, found: Finding) -> bool:
        """Take what was found as made by this write; False if another write was faster."""
        entry_id = await self._entry_id(task)
        made_id = None if found.sure is None else found.sure.id
        return await self.sender.record(entry_id, EntryState.SENT, made_id) is not False

    async def _entry_id(self, task: Inquiry) -> str:
        """Return the id of the write's entry; a write that the ledger has none of gets one.

        The call's own entry is that of its first step; a later step has one beside it.
        """
        entry_id = f"{task.operation_id}+" if task.is_step else task.operation_id
        if task.is_step or task.own is None:
            entry = LedgerEntry(
                operation_id=entry_id,
                desk=self.sender.desk,
                vendor=self.sender.vendor,
                operation=task.search.mark.operation,
                ticket_id=task.unknown.ticket_id,
                fingerprint=task.search.mark,
                state=EntryState.UNKNOWN,
            )
            await self.sender.keep_found(entry)
        return entry_id

    async def _sent(self, task: Inquiry, found: Finding) -> Reconciliation:
        reason = "It is on the desk."
        ticket = found.sure if isinstance(found.sure, Ticket) else None
        message = found.sure if isinstance(found.sure, Message) else None
        if ticket is not None:
            try:
                message = await self._first_message(ticket, task.search.mark)
            except HelpdeskError as failure:
                reason += (
                    f" Its first message could not be looked for {in_brackets(failure.message)}."
                )
            else:
                if message is None:
                    reason += " Its first message is not to be seen: it may have to be added."
            await self.sender.record(
                task.operation_id, EntryState.SENT, ticket.id, finished=message is not None
            )
        self.on_settled(task.unknown)
        return Reconciliation(
            verdict=Verdict.SENT,
            operation_id=task.unknown.operation_id,
            operation=task.unknown.operation,
            key=task.unknown.key,
            ticket_id=ticket.id if ticket else task.unknown.ticket_id,
            message=message,
            ticket=ticket,
            reason=reason,
        )

    async def _was_answered(self, task: Inquiry) -> bool:
        """Say whether the vendor did accept it, and only what the call did next was cut off."""
        if task.is_step:
            return False
        with suppress(HelpdeskError):  # told when it is looked for
            await self._learn(task, task.unknown.ticket_id)
        return task.own is not None and task.own.state is EntryState.SENT

    async def _as_answered(self, task: Inquiry) -> Finding:
        """Return what the vendor said it had made, as far as it can be read."""
        made, ticket_id = task.own and task.own.made_id, task.unknown.ticket_id
        with suppress(HelpdeskError):
            if made and ticket_id is None:
                return Finding(sure=await self.read.ticket(made))
            if made and ticket_id is not None:
                return Finding(sure=await self.read.message(ticket_id, made))
        return Finding()

    # -- what is read ------------------------------------------------------------------------

    async def _look(self, task: Inquiry, *, counts: bool) -> Finding:
        """Say what may be it. What is there is read first, then whose it may be else.

        ``counts`` says whether what is not there now is proved not to be.
        """
        if task.search.mark.operation == "create_ticket":
            return await self._look_for_ticket(task, counts=counts)
        ticket_id = task.unknown.ticket_id
        if ticket_id is None:
            raise InvalidArgument("the ticket is not known.")
        await self._walk(task, self.read.messages(ticket_id), counts=counts)
        await self._learn(task, ticket_id)
        messages = [one for one in task.seen.values() if isinstance(one, Message)]
        marks = {one.id: self.mark_of(one) for one in messages}
        told = {found: mark for found, mark in marks.items() if mark is not None}
        task.search = evolve(task.search, marks=told)
        return matching.judge_messages(task.search, messages)

    async def _look_for_ticket(self, task: Inquiry, *, counts: bool) -> Finding:
        since = task.search.oldest if counts else task.search.oldest + OLDER - _SOON
        await self._walk(task, self._tickets_since(since), counts=counts)
        tickets = [one for one in task.seen.values() if isinstance(one, Ticket)]
        likely = matching.likely_tickets(task.search, tickets)[:_MOST_READ]
        same = [one.id for one in likely if await self._has_first_words(task, one)]
        await self._learn(task, None)
        return matching.judge_tickets(task.search, tickets, same)

    async def _walk(
        self, task: Inquiry, listing: Listing[Message] | Listing[Ticket], *, counts: bool
    ) -> None:
        """Read a list to its end, and remember all that it shows."""
        ids: list[str] = []
        async for one in listing.collect_problems():
            task.seen[one.id] = one
            ids.append(one.id)
            if isinstance(one, Ticket) and len(ids) >= _MOST_TICKETS:
                raise ResponseTooLarge(f"it is not among the first {_MOST_TICKETS} tickets listed.")
        if counts:
            task.walks.append((frozenset(ids), len(listing.problems)))

    async def _has_first_words(self, task: Inquiry, ticket: Ticket) -> bool:
        """Say whether a new ticket's first message is the one that was sent with it.

        Where that is sent by a second request, a ticket without any message is without it yet.
        """
        self.capabilities.require(Capability.LIST_MESSAGES)
        listing = self.read.messages(ticket.id).collect_problems()
        messages = [message async for message in listing]
        by_steps = self.by_steps(Capability.CREATE_TICKET)
        if by_steps and not listing.problems and not any(map(_is_spoken, messages)):
            return True
        return matching.first_words(task.search.mark, messages) is not None

    async def _learn(self, task: Inquiry, ticket_id: str | None) -> None:
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

    def _at_rest(self, entry: LedgerEntry) -> LedgerEntry:
        """Return an entry that nobody is at any more as one whose outcome is not known."""
        lost = entry.state is EntryState.PENDING and not self.sender.watch.life(entry).under_way
        return evolve(entry, state=EntryState.UNKNOWN) if lost else entry

    def _first_of(self, entry: LedgerEntry) -> LedgerEntry | None:
        """Return the call that created a ticket as what it sent into it, which has no id."""
        first = entry.fingerprint.later()
        return None if first is None else evolve(entry, fingerprint=first, made_id=None)

    async def has_first_message(self, ticket: Ticket, mark: Fingerprint) -> bool:
        """Say whether the first message of a new ticket is to be seen on it."""
        return await self._first_message(ticket, mark) is not None

    async def _first_message(self, ticket: Ticket, mark: Fingerprint) -> Message | None:
        self.capabilities.require(Capability.LIST_MESSAGES)
        async for message in self.read.messages(ticket.id).collect_problems():
            if matching.can_be(message, "add_request") and matching.has_words(mark, message):
                return message
        return None

    def _tickets_since(self, since: datetime) -> Listing[Ticket]:
        """List the tickets among which a new one must be that the vendor dates after ``since``."""
        if self.capabilities.supports(Capability.FILTER_CREATED_SINCE):
            return self.read.tickets(created_since=since)
        if self.capabilities.supports(Capability.FILTER_UPDATED_SINCE):
            return self.read.tickets(updated_since=since)
        return self.read.tickets()


def _is_spoken(message: Message) -> bool:
    return message.type is not MessageType.SYSTEM
