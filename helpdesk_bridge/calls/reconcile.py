"""Find out what became of a write whose answer was lost: by reading, never by sending."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from attrs import frozen

from helpdesk_bridge import check
from helpdesk_bridge.calls.made import Kind
from helpdesk_bridge.calls.messages import MessageCalls
from helpdesk_bridge.capabilities import Capability
from helpdesk_bridge.drafts import SentMessage
from helpdesk_bridge.errors import (
    HelpdeskError,
    InvalidArgument,
    OutcomeUnknown,
    PartlyDone,
    ResponseTooLarge,
)
from helpdesk_bridge.fingerprint import Fingerprint
from helpdesk_bridge.model import Audience, Message, MessageType, Ticket
from helpdesk_bridge.outbox import State
from helpdesk_bridge.transport import clock

__all__ = ["ReconcileCalls", "Reconciliation", "Verdict"]

_FIRST_LOOK = 0.5
_LONGEST_GAP = 8.0
_SKEW = timedelta(seconds=5)
"""What is left of a clock's error once it was compared with the vendor's ``Date``."""
_UNCOMPARED = timedelta(minutes=1)
_MOST_TICKETS = 10_000
_WRONG_ZONE = timedelta(hours=26)
"""More than any time zone that is set wrong can be off."""


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

    ``message`` or ``ticket`` is what was found, ``reason`` a sentence for a person.
    """

    verdict: Verdict
    operation_id: str | None
    ticket_id: str | None = None
    message: Message | None = None
    ticket: Ticket | None = None
    reason: str = ""


@frozen
class _Found:
    """Something with the same words; ``sure`` when it can be nothing else."""

    sure: bool
    message: Message | None = None
    ticket: Ticket | None = None


class ReconcileCalls(MessageCalls):
    """Settle what was left open."""

    async def reconcile(
        self, error: OutcomeUnknown | PartlyDone, *, settle: float | None = None
    ) -> Reconciliation:
        """Find out whether the write that raised ``error`` was carried out. Nothing is sent.

        The ticket is read, again and again with growing gaps, until what was sent is there or
        ``settle`` seconds have passed since the failure (None: what the adapter thinks its vendor
        needs to show a message). ``error`` may come from another process, pickled. Of a PartlyDone
        the later step is looked for. Raises InvalidArgument for an error of another desk; what
        fails while looking makes the answer STILL_UNKNOWN.
        """
        with self._about("reconcile"):
            self.capabilities.require(Capability.RECONCILE)
            unknown = self._to_settle(error)
            patience = self.adapter.settle_time if settle is None else settle
            check.instance(patience, (int, float), "settle")
        fingerprint = unknown.fingerprint
        if fingerprint is None:
            return await self._open(
                unknown, "nothing was remembered of it that could be found again."
            )
        age = (datetime.now(UTC) - unknown.failed_at).total_seconds()
        left, gap = patience - max(0.0, age), _FIRST_LOOK
        while True:
            trouble, found = "", None
            try:
                await self._remember_made(unknown)
                found = await self._look(unknown, fingerprint)
            except HelpdeskError as failure:
                trouble = f"it could not be looked for ({failure.message})"
            if found is not None and found.sure:
                return await self._sent(unknown, found)
            if left <= 0:
                break
            await clock.pause(min(gap, left))
            left, gap = left - gap, min(2 * gap, _LONGEST_GAP)
        if trouble or found is not None:
            reason = trouble or "there is one with the same words that may be another."
            return await self._open(unknown, reason, found)
        await self._settled(unknown, State.NOT_SENT)
        return Reconciliation(
            verdict=Verdict.NOT_SENT,
            operation_id=unknown.operation_id,
            ticket_id=unknown.ticket_id,
            reason="It is not on the desk.",
        )

    async def recover(self, *, settle: float | None = None) -> list[Reconciliation]:
        """Settle what is open in the outbox: calls cut off by a crash, and unknown outcomes.

        Each is looked for as by :meth:`reconcile`, and the outbox told. Nothing is sent again:
        what was not sent is the caller's to send. Calls that this process or another living one
        may still be at are left alone. Raises InvalidArgument for a desk without an outbox.
        """
        with self._about("recover"):
            if self._outbox is None:
                raise InvalidArgument("this desk has no outbox: give it one as outbox=.")
        entries = await self._outbox.unsettled(self.name)
        return [
            await self.reconcile(entry.as_error(), settle=settle)
            for entry in entries
            if entry.state is State.UNKNOWN or not entry.is_under_way
        ]

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

    async def _sent(self, unknown: OutcomeUnknown, found: _Found) -> Reconciliation:
        kind: Kind = "message" if found.ticket is None else "ticket"
        made = found.ticket or found.message
        made_id = None if made is None else made.id
        self._made.add(kind, made_id, unknown.operation_id, unknown.ticket_id or "")
        await self._settled(unknown, State.SENT, made_id)
        return Reconciliation(
            verdict=Verdict.SENT,
            operation_id=unknown.operation_id,
            ticket_id=found.ticket.id if found.ticket else unknown.ticket_id,
            message=found.message,
            ticket=found.ticket,
            reason="It is on the desk.",
        )

    async def _settled(
        self, unknown: OutcomeUnknown, state: State, made: str | None = None
    ) -> None:
        if unknown in self.interrupted:
            self.interrupted.remove(unknown)
        await self._put_down(unknown.operation_id or "", state, made)

    async def _remember_made(self, unknown: OutcomeUnknown) -> None:
        """Take from the outbox what other calls have made, so that it is not taken for this."""
        if self._outbox is None:
            return
        kind: Kind = "message" if unknown.ticket_id else "ticket"
        for made, owner in (await self._outbox.made(self.name, unknown.ticket_id)).items():
            self._made.add(kind, made, owner, unknown.ticket_id or "")

    # -- looking -----------------------------------------------------------------------------

    async def _look(self, unknown: OutcomeUnknown, fingerprint: Fingerprint) -> _Found | None:
        if fingerprint.operation == "create_ticket":
            return await self._look_for_ticket(unknown, fingerprint)
        if unknown.ticket_id is None:
            raise InvalidArgument("the ticket is not known.")
        if fingerprint.trace:
            with self._calling("reconcile"):
                sent = SentMessage(ticket_id=unknown.ticket_id, trace=fingerprint.trace)
                found = await self.adapter.find_sent(sent)
            return None if found is None else _Found(sure=True, message=found.message)
        messages = [message async for message in self.messages(unknown.ticket_id)]
        alike = [
            message
            for message in messages
            if _is_kind(message, fingerprint.operation)
            and fingerprint.has_body(message.text)
            and not self._is_another("message", message.id, unknown, fingerprint)
        ]
        return self._judged(unknown, alike, fingerprint)

    def _judged(
        self, unknown: OutcomeUnknown, alike: Iterable[Message], fingerprint: Fingerprint
    ) -> _Found | None:
        best: _Found | None = None
        for message in alike:
            near = self._nearness(unknown, message.created_at)
            if near is None:
                continue
            whole = fingerprint.has_files(file.name or "" for file in message.attachments)
            if near and whole:
                return _Found(sure=True, message=message)
            best = best or _Found(sure=False, message=message)
        return best

    async def _look_for_ticket(
        self, unknown: OutcomeUnknown, fingerprint: Fingerprint
    ) -> _Found | None:
        best: _Found | None = None
        async for ticket in self._recent_tickets(unknown):
            email = ticket.requester.email
            if not fingerprint.is_ticket(ticket.subject, email):
                continue
            if self._is_another("ticket", ticket.id, unknown, fingerprint):
                continue
            near = self._nearness(unknown, ticket.created_at)
            if near is None:
                continue
            if near and email is not None:
                return _Found(sure=True, ticket=ticket)
            best = best or _Found(sure=False, ticket=ticket)
        return best

    async def _recent_tickets(self, unknown: OutcomeUnknown) -> AsyncIterator[Ticket]:
        """Yield the tickets among which a new one must be."""
        since = (unknown.started_at or unknown.failed_at) - _WRONG_ZONE
        if self.capabilities.supports(Capability.FILTER_CREATED_SINCE):
            pager = self.tickets(created_since=since)
        elif self.capabilities.supports(Capability.FILTER_UPDATED_SINCE):
            pager = self.tickets(updated_since=since)
        else:
            pager = self.tickets()
        read = 0
        async for ticket in pager:
            yield ticket
            read += 1
            if read >= _MOST_TICKETS:
                raise ResponseTooLarge(f"it is not among the first {read} tickets listed.")

    def _nearness(self, unknown: OutcomeUnknown, created_at: datetime | None) -> bool | None:
        """Say whether something was made when the write was: True, False (perhaps), None (no).

        Times are compared by the vendor's clock. One that differs by hours may still be it, where
        a time zone is set wrong; "perhaps" is then the honest answer, since a false "no" would
        have it sent a second time.
        """
        if created_at is None:
            return True
        offset = self._transport.clock_offset()
        slack = _UNCOMPARED if offset is None else _SKEW
        shift = timedelta(seconds=offset or 0.0)
        first = (unknown.started_at or unknown.failed_at) + shift
        last = datetime.now(UTC) + shift
        if first - slack <= created_at <= last + slack:
            return True
        return False if first - _WRONG_ZONE <= created_at <= last + _WRONG_ZONE else None

    def _is_another(
        self, kind: Kind, found: str, unknown: OutcomeUnknown, fingerprint: Fingerprint
    ) -> bool:
        owner = self._made.owner(kind, found)
        return found in fingerprint.known or owner not in (None, unknown.operation_id)


def _is_kind(message: Message, operation: str) -> bool:
    """Say whether a message can be what ``operation`` sends; what the vendor leaves open can be."""
    if message.type is MessageType.SYSTEM:
        return False
    internal = message.audience is Audience.INTERNAL
    return internal == (operation == "note") or message.audience is Audience.UNKNOWN
