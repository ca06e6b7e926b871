"""Decides which message or ticket on a desk is the one that a lost write has sent.

These are pure functions. A :class:`Search` says what is looked for, and what is known at one
moment. The answer is a :class:`Candidate`, with a doubt or without one; None: nothing was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from attrs import frozen

from helpdesk_bridge.delivery.entry import Entry, State
from helpdesk_bridge.model import Audience, Message, MessageType, Ticket
from helpdesk_bridge.model.fingerprint import Fingerprint

__all__ = [
    "ALIKE",
    "UNCOMPARED",
    "UNREADABLE",
    "WRONG_ZONE",
    "Candidate",
    "Search",
    "can_be",
    "find_new",
    "judge_messages",
    "judge_tickets",
]

_SKEW = timedelta(seconds=5)
"""What is left of a clock's error once it was compared with the vendor's ``Date``."""
UNCOMPARED = timedelta(minutes=1)
"""What two clocks may differ by that were never compared."""
WRONG_ZONE = timedelta(hours=26)
"""More than any time zone that is set wrong can be off."""

ALIKE = "there is one with the same words that may be another."
_SIMILAR = "one with other words came at the same time, and vendors do change words."
UNREADABLE = "a message of the ticket cannot be read, and may be the one."

_WRITES = {
    "reply": MessageType.RESPONSE,
    "forward": MessageType.RESPONSE,
    "note": MessageType.NOTE,
    "add_request": MessageType.REQUEST,
}
"""The type of what each call sends."""


@frozen
class Candidate:
    """What may be it; ``doubt`` says why it may not, and is empty when it is."""

    doubt: str = ""
    message: Message | None = None
    ticket: Ticket | None = None


@frozen(kw_only=True)
class Search:
    """What is looked for, and what is known of it.

    All times are aware and by our clock; ``offset`` is by how many seconds the vendor's clock is
    ahead of ours (None: not known).
    """

    mark: Fingerprint
    began: datetime
    """When the write was begun."""
    failed: datetime
    """When it failed."""
    now: datetime
    patience: float
    """Seconds after the failure for which the vendor may still be at the write."""
    offset: float | None = None
    others: Sequence[Entry] = ()
    """Other writes to the same place."""

    def at_vendor(self, ours: datetime) -> datetime:
        """Return a time of the sender by the vendor's clock, as far as that is known."""
        offset = self.offset if self.mark.offset is None else self.mark.offset
        return ours + timedelta(seconds=offset or 0.0)

    @property
    def vendor_now(self) -> datetime:
        """The present by the vendor's clock, as far as that is known."""
        return self.now + timedelta(seconds=self.offset or 0.0)

    @property
    def vendor_began(self) -> datetime:
        """When it was sent, by the vendor's clock."""
        return self.at_vendor(self.began)

    @property
    def age(self) -> float:
        """The seconds since it failed, or fewer where the clocks may differ."""
        compared = None not in (self.offset, self.mark.offset)
        age = self.vendor_now - self.at_vendor(self.failed) - (_SKEW if compared else UNCOMPARED)
        return max(0.0, age.total_seconds())

    @property
    def oldest(self) -> datetime:
        """The earliest time that the vendor may give what was sent, by its clock."""
        return min(self.vendor_began, self.mark.due or self.vendor_began) - WRONG_ZONE

    @property
    def may_come_later(self) -> bool:
        """Whether it was to be sent at a time that has not passed yet."""
        return self.mark.due is not None and self.vendor_now <= self.mark.due + UNCOMPARED

    def nearness(self, made_at: datetime | None) -> bool | None:
        """Say whether something was made when the write was: True, False (perhaps), None (no).

        Times are compared by the vendor's clock. One that differs by hours may still be it, where
        a time zone is set wrong; "perhaps" is then the honest answer, since a false "no" would
        have it sent a second time.
        """
        if made_at is None:
            return True
        spans = [(self.vendor_began, self.vendor_now)]
        if self.mark.due is not None:
            spans.append((self.mark.due, self.mark.due))
        slack = UNCOMPARED if self.offset is None else _SKEW
        if any(first - slack <= made_at <= last + slack for first, last in spans):
            return True
        wide = any(first - WRONG_ZONE <= made_at <= last + WRONG_ZONE for first, last in spans)
        return False if wide else None

    def is_suspect(self, made_at: datetime | None) -> bool:
        """Say whether something was made in the very time in which the vendor was at the write."""
        last = self.at_vendor(self.failed) + timedelta(seconds=self.patience)
        return made_at is not None and self.vendor_began - _SKEW <= made_at <= last + _SKEW

    def is_anothers(self, found: str) -> bool:
        """Say whether another write is known to have made this message or ticket."""
        if found in self.mark.known:
            return True
        return any(found == other.made_id for other in self.others)


def judge_messages(search: Search, messages: Sequence[Message]) -> Candidate | None:
    """Return which of a ticket's messages may be what was sent; None if none can be."""
    mark, best = search.mark, None
    alike: list[Message] = []
    free = [message for message in messages if not search.is_anothers(message.id)]
    for message in free:
        if mark.was_there(message.id) or not can_be(message, mark.operation):
            continue
        is_opposite = message.type is _opposite(mark.operation)
        if not mark.has_body(message.text):
            suspect = not is_opposite and search.is_suspect(message.created_at)
            if suspect and not any(_is_of(message, other) for other in search.others):
                best = best or Candidate(_SIMILAR, message)
            continue
        near = search.nearness(message.created_at)
        if near is None:
            continue
        whole = mark.has_files(file.name or "" for file in message.attachments)
        # What was not there before is new, whatever its time and file names say.
        if not is_opposite and ((near and whole) or mark.before is not None):
            alike.append(message)
        else:
            best = Candidate(ALIKE, message)
    mine = _unexplained(search, alike, free)
    if mine:
        return Candidate(message=mine[0])  # the oldest: a later write alike could not have it
    return Candidate(ALIKE, alike[0]) if alike else best


def judge_tickets(search: Search, tickets: Iterable[Ticket]) -> Candidate | None:
    """Return which of the tickets may be the one that was created; None if none can be."""
    mark, best = search.mark, None
    for ticket in sorted(tickets, key=lambda ticket: str(ticket.created_at or "")):
        owned = mark.has_requester(ticket.requester.email)
        if owned is False or search.is_anothers(ticket.id):
            continue
        if not mark.has_subject(ticket.subject):
            explained = any(o.fingerprint.has_subject(ticket.subject) for o in search.others)
            if owned and not explained and search.is_suspect(ticket.created_at):
                best = best or Candidate(_SIMILAR, ticket=ticket)
            continue
        near = search.nearness(ticket.created_at)
        rival = any(
            is_nameless(other) and other.fingerprint.has_subject(ticket.subject)
            for other in search.others
        )
        if near and owned and not rival:
            return Candidate(ticket=ticket)
        if near is not None:
            best = Candidate(ALIKE, ticket=ticket)
    return best


def find_new(mark: Fingerprint, messages: Iterable[Message]) -> Message | None:
    """Return the message that was accepted without an id; None while it is not to be seen.

    It was not there before, and has the type and the words of what was sent. Without a note of
    what was there before nothing is found.
    """
    if mark.before is None:
        return None
    for message in messages:
        if (
            not mark.was_there(message.id)
            and message.type is _WRITES.get(mark.operation)
            and mark.has_body(message.text)
        ):
            return message
    return None


def can_be(message: Message, operation: str) -> bool:
    """Say whether a message can be what ``operation`` sends; what the vendor leaves open can be."""
    if message.type is MessageType.SYSTEM:
        return False
    internal = message.audience is Audience.INTERNAL
    return internal == (operation == "note") or message.audience is Audience.UNKNOWN


def _unexplained(
    search: Search, alike: Sequence[Message], free: Sequence[Message]
) -> list[Message]:
    """Drop the candidates that other writes explain; some vendors tell no ids.

    A call that is under way has none yet.
    """
    left, elsewhere = list(alike), [message for message in free if message not in alike]
    for other in search.others:
        if not is_nameless(other) or not any(_is_of(message, other) for message in alike):
            continue
        its = [message for message in elsewhere if _is_of(message, other)]
        if its:
            elsewhere.remove(its[0])
        elif left:
            left.pop(-1 if other.started_at > search.began else 0)
    return left


def is_nameless(entry: Entry) -> bool:
    """Say whether a write has made, or may yet make, something whose id is not known.

    Of those that were lost each is looked for by itself: two alike get what there is in turn.
    """
    return entry.state is State.PENDING or (entry.state is State.SENT and entry.made_id is None)


def _is_of(message: Message, entry: Entry) -> bool:
    """Say whether a message can be what another write has sent."""
    mark = entry.fingerprint
    return (
        entry.state is not State.NOT_SENT
        and not mark.was_there(message.id)
        and can_be(message, mark.operation)
        and mark.has_body(message.text)
        and (message.created_at is None or message.created_at >= entry.started_at - UNCOMPARED)
    )


def _opposite(operation: str) -> MessageType | None:
    """Return the type that tells a message to be from the other side of a conversation."""
    if operation == "add_request":
        return MessageType.RESPONSE
    return MessageType.REQUEST if operation in ("reply", "forward") else None
