"""Find out what became of a write whose answer was lost: by reading, never by sending."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from attrs import define, evolve, field, frozen

from helpdesk_bridge.delivery.fingerprint import Fingerprint
from helpdesk_bridge.delivery.ledger import Entry, State
from helpdesk_bridge.delivery.recent import Kind
from helpdesk_bridge.desk import arguments as check
from helpdesk_bridge.desk.messages import MessageCalls
from helpdesk_bridge.errors import (
    HelpdeskError,
    InvalidArgument,
    OutcomeUnknown,
    PartlyDone,
    ResponseTooLarge,
)
from helpdesk_bridge.model import Audience, Capability, Message, MessageType, Ticket
from helpdesk_bridge.transport import clock

__all__ = ["ReconcileCalls", "Reconciliation", "Verdict"]

_FIRST_LOOK = 0.5
_LONGEST_GAP = 8.0
_UNANSWERED = 60.0
"""Seconds (at least) for which a vendor that did not answer may be at a request still: what the
gateways nginx and AWS ALB allow one unless told otherwise."""
_GATEWAY_TIMEOUT = 504
_SKEW = timedelta(seconds=5)
"""What is left of a clock's error once it was compared with the vendor's ``Date``."""
_UNCOMPARED = timedelta(minutes=1)
_MOST_TICKETS = 10_000
_WRONG_ZONE = timedelta(hours=26)
"""More than any time zone that is set wrong can be off."""

_ALIKE = "there is one with the same words that may be another."
_SIMILAR = "one with other words came at the same time, and vendors do change words."
_LATER = "it was to be sent later, and may not be shown before."
_UNREADABLE = "a message of the ticket cannot be read, and may be the one."
_TOLD = "it is not on the desk, but somebody has been told so already and may send it again."
_UNKEPT = "it is not on the desk, but the ledger failed to note that, so others may be told too."


class Verdict(StrEnum):
    """What is known of a write after looking for it."""

    SENT = "sent"
    """It is there: it was carried out, and must not be repeated."""
    NOT_SENT = "not_sent"
    """It is not there, and the vendor has had its time: it may be sent again."""
    STILL_UNKNOWN = "still_unknown"
    """It cannot be told; a person has to look. It must not be repeated."""


@frozen(kw_only=True)
class Reconciliation:
    """What was found out about a write.

    ``message`` or ``ticket`` is what was found (with STILL_UNKNOWN: what it may be), ``reason`` a
    sentence for a person. With a new ticket ``message`` is its first message; None if that is not
    to be seen, so that it may have to be added with ``add_request``.
    """

    verdict: Verdict
    operation_id: str | None
    ticket_id: str | None = None
    message: Message | None = None
    ticket: Ticket | None = None
    reason: str = ""


@frozen
class _Found:
    """What may be it; ``doubt`` says why it may not, and is empty when it is."""

    doubt: str = ""
    message: Message | None = None
    ticket: Ticket | None = None


@define
class _Search:
    """What is looked for, and what is known of it."""

    unknown: OutcomeUnknown
    mark: Fingerprint
    offset: float | None = None
    """The vendor's clock less ours, as of now."""
    own: Entry | None = None
    """What is kept of this very write."""
    others: Sequence[Entry] = field(factory=list)
    """Other writes to the same place."""

    @property
    def operation_id(self) -> str:
        return self.unknown.operation_id or ""

    @property
    def is_step(self) -> bool:
        """Whether it is only the later step of a call, whose first one was done."""
        return self.unknown.operation not in (None, self.mark.operation)

    def at_vendor(self, ours: datetime) -> datetime:
        """Return a time of the sender by the vendor's clock, as far as that is known."""
        offset = self.offset if self.mark.offset is None else self.mark.offset
        return ours + timedelta(seconds=offset or 0.0)

    def now(self) -> datetime:
        """Return the present by the vendor's clock, as far as that is known."""
        return datetime.now(UTC) + timedelta(seconds=self.offset or 0.0)

    def began(self) -> datetime:
        """Return when it was sent, by the vendor's clock."""
        return self.at_vendor(self.unknown.started_at or self.unknown.failed_at)

    def age(self) -> float:
        """Return the seconds since it failed, or fewer where the clocks may differ."""
        age = self.now() - self.at_vendor(self.unknown.failed_at)
        compared = None not in (self.offset, self.mark.offset)
        return max(0.0, (age - (_SKEW if compared else _UNCOMPARED)).total_seconds())

    def nearness(self, made_at: datetime | None) -> bool | None:
        """Say whether something was made when the write was: True, False (perhaps), None (no).

        Times are compared by the vendor's clock. One that differs by hours may still be it, where
        a time zone is set wrong; "perhaps" is then the honest answer, since a false "no" would
        have it sent a second time.
        """
        if made_at is None:
            return True
        spans = [(self.began(), self.now())]
        if self.mark.due is not None:
            spans.append((self.mark.due, self.mark.due))
        slack = _UNCOMPARED if self.offset is None else _SKEW
        if any(first - slack <= made_at <= last + slack for first, last in spans):
            return True
        wide = any(first - _WRONG_ZONE <= made_at <= last + _WRONG_ZONE for first, last in spans)
        return False if wide else None

    def is_suspect(self, made_at: datetime | None, patience: float) -> bool:
        """Say whether something was made in the very time in which the vendor was at the write."""
        last = self.at_vendor(self.unknown.failed_at) + timedelta(seconds=patience)
        return made_at is not None and self.began() - _SKEW <= made_at <= last + _SKEW


class ReconcileCalls(MessageCalls):
    """Settle what was left open."""

    async def reconcile(
        self, error: OutcomeUnknown | PartlyDone, *, settle: float | None = None
    ) -> Reconciliation:
        """Find out whether the write that raised ``error`` was carried out. Nothing is sent.

        The ticket is read, again and again with growing gaps, until what was sent is there or
        ``settle`` seconds have passed since the failure. None waits as long as the adapter thinks
        its vendor needs to show a message, and a minute at least where the vendor never answered.
        ``error`` may come from another process, pickled. Of a PartlyDone the later step is looked
        for. With a ledger only one asker is told NOT_SENT. Raises InvalidArgument for an error of
        another desk; what fails while looking makes the answer STILL_UNKNOWN.
        """
        with self._about("reconcile"):
            self.capabilities.require(Capability.RECONCILE)
            unknown = self._to_settle(error)
            patience = _patience(settle, self.adapter.visible_after, unknown)
        if unknown.fingerprint is None:
            return await self._open(unknown, "nothing was remembered of it.")
        search = _Search(unknown, unknown.fingerprint, self._transport.clock_offset())
        if await self._was_answered(search):
            return await self._sent(search, await self._as_answered(search))
        left, gap = patience - search.age(), _FIRST_LOOK
        while True:
            found: _Found | None = None
            try:
                found = await self._look(search, patience)
                if found is not None and not found.doubt and await self._is_ours(search, found):
                    return await self._sent(search, found)
            except HelpdeskError as failure:
                found = _Found(f"it could not be looked for ({failure.message})")
            if left <= 0 or self.closed:
                break
            await clock.pause(min(gap, left))
            left, gap = left - gap, min(2 * gap, _LONGEST_GAP)
        if found is not None:
            return await self._open(unknown, found.doubt or _ALIKE, found)
        if search.mark.due is not None and search.now() <= search.mark.due + _UNCOMPARED:
            return await self._open(unknown, _LATER)
        return await self._not_sent(search)

    async def recover(self, *, settle: float | None = None) -> list[Reconciliation]:
        """Settle what is open in the ledger: calls cut off by a crash, and unknown outcomes.

        Each is looked for as by :meth:`reconcile`, and the ledger told. Nothing is sent again:
        what was not sent is the caller's to send, and is told to one caller only. Calls that this
        process or another living one may still be at are left alone. Raises InvalidArgument for a
        desk without a ledger, ConfigurationError for a ledger that cannot be read.
        """
        with self._about("recover"):
            self.capabilities.require(Capability.RECONCILE)
            if self._ledger is None:
                raise InvalidArgument("this desk has no ledger: give it one as ledger=.")
            entries = await self._of_ledger(self._ledger.unresolved(self.name))
        open_errors = [
            entry.as_error()
            for entry in entries
            if entry.vendor == self.adapter.name
            and (entry.state is State.UNKNOWN or not entry.is_under_way)
        ]
        return [await self.reconcile(error, settle=settle) for error in open_errors]

    def _to_settle(self, error: OutcomeUnknown | PartlyDone) -> OutcomeUnknown:
        unknown = error.failure if isinstance(error, PartlyDone) else error
        if not isinstance(unknown, OutcomeUnknown):
            raise InvalidArgument("reconcile takes an OutcomeUnknown, or a PartlyDone with one.")
        if unknown.vendor not in (None, self.adapter.name) or unknown.desk not in (None, self.name):
            raise InvalidArgument(f"this error is one of desk {unknown.desk!r}: ask that desk.")
        return unknown

    async def _open(
        self, unknown: OutcomeUnknown, reason: str, found: _Found | None = None
    ) -> Reconciliation:
        await self._put_down(unknown.operation_id or "", State.UNKNOWN)
        return Reconciliation(
            verdict=Verdict.STILL_UNKNOWN,
            operation_id=unknown.operation_id,
            ticket_id=unknown.ticket_id,
            message=found.message if found else None,
            ticket=found.ticket if found else None,
            reason=f"It cannot be told: {reason}",
        )

    async def _not_sent(self, search: _Search) -> Reconciliation:
        unknown = search.unknown
        if not search.is_step:
            told = await self._put_down(search.operation_id, State.NOT_SENT)
            if not told:
                return await self._open(unknown, _UNKEPT if told is None else _TOLD)
            self._made.record_result(search.operation_id, State.NOT_SENT)
        self._forget_interrupted(unknown)
        return Reconciliation(
            verdict=Verdict.NOT_SENT,
            operation_id=unknown.operation_id,
            ticket_id=unknown.ticket_id,
            reason="It is not on the desk.",
        )

    async def _is_ours(self, search: _Search, found: _Found) -> bool:
        """Take what was found as made by this write; False if another write was faster."""
        kind: Kind = "message" if found.ticket is None else "ticket"
        made = found.ticket or found.message
        made_id = None if made is None else made.id
        if made_id is not None:
            self._made.claim(kind, made_id, search.operation_id)
        if search.is_step:
            return True
        return await self._put_down(search.operation_id, State.SENT, made_id) is not False

    async def _sent(self, search: _Search, found: _Found) -> Reconciliation:
        reason = "It is on the desk."
        message = found.message
        if found.ticket is not None:
            try:
                message = await self._first_message(found.ticket, search.mark)
            except HelpdeskError as failure:
                reason += f" Its first message could not be looked for ({failure.message})"
            else:
                if message is None:
                    reason += " Its first message is not to be seen: it may have to be added."
        self._forget_interrupted(search.unknown)
        return Reconciliation(
            verdict=Verdict.SENT,
            operation_id=search.unknown.operation_id,
            ticket_id=found.ticket.id if found.ticket else search.unknown.ticket_id,
            message=message,
            ticket=found.ticket,
            reason=reason,
        )

    def _forget_interrupted(self, unknown: OutcomeUnknown) -> None:
        for kept in list(self.interrupted):
            if kept.operation_id == unknown.operation_id:
                self.interrupted.remove(kept)

    async def _was_answered(self, search: _Search) -> bool:
        """Say whether the vendor did accept it, and only what the call did next was cut off."""
        if search.is_step:
            return False
        with suppress(HelpdeskError):  # told when it is looked for
            await self._learn(search, search.unknown.ticket_id)
        return search.own is not None and search.own.state is State.SENT

    async def _as_answered(self, search: _Search) -> _Found:
        """Return what the vendor said it had made, as far as it can be read."""
        made, ticket_id = search.own and search.own.made_id, search.unknown.ticket_id
        with suppress(HelpdeskError):
            if made and ticket_id is None:
                return _Found(ticket=await self.ticket(made))
            if made and ticket_id is not None:
                return _Found(message=await self.message(ticket_id, made))
        return _Found()

    # -- looking -----------------------------------------------------------------------------

    async def _look(self, search: _Search, patience: float) -> _Found | None:
        """Return what may be it. What is there is read first, then whose it may be else."""
        if search.mark.operation == "create_ticket":
            tickets = [ticket async for ticket in self._recent_tickets(search)]
            await self._learn(search, None)
            return self._judged_tickets(search, tickets, patience)
        ticket_id = search.unknown.ticket_id
        if ticket_id is None:
            raise InvalidArgument("the ticket is not known.")
        pager = self.messages(ticket_id).collect_problems()
        messages = [message async for message in pager]
        await self._learn(search, ticket_id)
        found = self._judged(search, messages, patience)
        if pager.problems and (found is None or found.doubt):
            return _Found(_UNREADABLE, found.message if found else None)
        return found

    async def _learn(self, search: _Search, ticket_id: str | None) -> None:
        """Learn what other writes there are, and what the vendor's clock says."""
        search.offset = self._transport.clock_offset()
        kept: list[Entry] = []
        if self._ledger is not None:
            since = (search.unknown.started_at or search.unknown.failed_at) - _WRONG_ZONE
            kept = await self._of_ledger(self._ledger.on_ticket(self.name, ticket_id, since))
        here = [*self._made.on(ticket_id), *self._first_messages(ticket_id)]
        entries = {entry.operation_id: entry for entry in [*kept, *here]}
        search.own = entries.pop(search.operation_id, None)
        search.others = list(entries.values())

    def _first_messages(self, ticket_id: str | None) -> list[Entry]:
        """Return the call that created this ticket as what it sent into it, which has no id."""
        return [
            evolve(entry, fingerprint=first, made_id=None)
            for entry in (self._made.on(None) if ticket_id else ())
            if entry.made_id == ticket_id and (first := entry.fingerprint.later())
        ]

    def _is_anothers(self, search: _Search, kind: Kind, found: str) -> bool:
        owner = self._made.owner(kind, found)
        return (
            found in search.mark.known
            or owner not in (None, search.operation_id)
            or any(found == other.made_id for other in search.others)
        )

    def _judged(
        self, search: _Search, messages: Sequence[Message], patience: float
    ) -> _Found | None:
        mark, best = search.mark, None
        alike: list[Message] = []
        free = [m for m in messages if not self._is_anothers(search, "message", m.id)]
        for message in free:
            if message.id in mark.before or not _can_be(message, mark.operation):
                continue
            if not mark.has_body(message.text):
                suspect = message.type is not _opposite(mark.operation) and search.is_suspect(
                    message.created_at, patience
                )
                if suspect and not any(_is_of(message, other) for other in search.others):
                    best = best or _Found(_SIMILAR, message)
                continue
            near = search.nearness(message.created_at)
            if near is None:
                continue
            whole = mark.has_files(file.name or "" for file in message.attachments)
            # What was not there before is new, whatever its time and file names say.
            if message.type is not _opposite(mark.operation) and (
                (near and whole) or "before" in mark.trace
            ):
                alike.append(message)
            else:
                best = _Found(_ALIKE, message)
        mine = _without_those_of_others(search, alike, free)
        if mine:
            return _Found(message=mine[0])  # the oldest: a later write alike could not have it
        return _Found(_ALIKE, alike[0]) if alike else best

    def _judged_tickets(
        self, search: _Search, tickets: Sequence[Ticket], patience: float
    ) -> _Found | None:
        mark, best = search.mark, None
        for ticket in sorted(tickets, key=lambda ticket: str(ticket.created_at or "")):
            owned = mark.has_requester(ticket.requester.email)
            if owned is False or self._is_anothers(search, "ticket", ticket.id):
                continue
            if not mark.has_subject(ticket.subject):
                explained = any(o.fingerprint.has_subject(ticket.subject) for o in search.others)
                if owned and not explained and search.is_suspect(ticket.created_at, patience):
                    best = best or _Found(_SIMILAR, ticket=ticket)
                continue
            near = search.nearness(ticket.created_at)
            rival = any(
                other.is_nameless and other.fingerprint.has_subject(ticket.subject)
                for other in search.others
            )
            if near and owned and not rival:
                return _Found(ticket=ticket)
            if near is not None:
                best = _Found(_ALIKE, ticket=ticket)
        return best

    async def _first_message(self, ticket: Ticket, mark: Fingerprint) -> Message | None:
        self.capabilities.require(Capability.LIST_MESSAGES)
        async for message in self.messages(ticket.id).collect_problems():
            if _can_be(message, "add_request") and mark.has_body(message.text):
                return message
        return None

    async def _recent_tickets(self, search: _Search) -> AsyncIterator[Ticket]:
        """Yield the tickets among which a new one must be."""
        times = [search.began(), search.mark.due or search.began()]
        since = min(times) - _WRONG_ZONE
        if self.capabilities.supports(Capability.FILTER_CREATED_SINCE):
            pager = self.tickets(created_since=since)
        elif self.capabilities.supports(Capability.FILTER_UPDATED_SINCE):
            pager = self.tickets(updated_since=since)
        else:
            pager = self.tickets()
        async for ticket in pager:
            yield ticket
            if pager.items_read >= _MOST_TICKETS:
                raise ResponseTooLarge(f"it is not among the first {_MOST_TICKETS} tickets listed.")


def _patience(settle: float | None, usual: float, unknown: OutcomeUnknown) -> float:
    if settle is None:
        answered = unknown.status not in (None, _GATEWAY_TIMEOUT)
        return usual if answered else max(usual, _UNANSWERED)
    check.instance(settle, (int, float), "settle")
    if not (math.isfinite(settle) and settle >= 0):
        raise InvalidArgument("settle must be a number of seconds, 0 or more.")
    return settle


def _without_those_of_others(
    search: _Search, alike: Sequence[Message], free: Sequence[Message]
) -> list[Message]:
    """Return of like messages those that are left when every other write has had its own.

    Some vendors tell no ids, and a call that is under way has none yet.
    """
    began = search.unknown.started_at or search.unknown.failed_at
    left, elsewhere = list(alike), [message for message in free if message not in alike]
    for other in search.others:
        if not other.is_nameless or not any(_is_of(message, other) for message in alike):
            continue
        its = [message for message in elsewhere if _is_of(message, other)]
        if its:
            elsewhere.remove(its[0])
        elif left:
            left.pop(-1 if other.started_at > began else 0)
    return left


def _is_of(message: Message, entry: Entry) -> bool:
    """Say whether a message can be what another write has sent."""
    mark = entry.fingerprint
    return (
        entry.state is not State.NOT_SENT
        and message.id not in mark.before
        and _can_be(message, mark.operation)
        and mark.has_body(message.text)
        and (message.created_at is None or message.created_at >= entry.started_at - _UNCOMPARED)
    )


def _opposite(operation: str) -> MessageType | None:
    """Return the type that tells a message to be from the other side of a conversation."""
    if operation == "add_request":
        return MessageType.RESPONSE
    return MessageType.REQUEST if operation in ("reply", "forward") else None


def _can_be(message: Message, operation: str) -> bool:
    """Say whether a message can be what ``operation`` sends; what the vendor leaves open can be."""
    if message.type is MessageType.SYSTEM:
        return False
    internal = message.audience is Audience.INTERNAL
    return internal == (operation == "note") or message.audience is Audience.UNKNOWN
