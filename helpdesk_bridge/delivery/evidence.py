"""What is looked for after a lost write, how well that was done, and what is proved by it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from attrs import field, frozen

from helpdesk_bridge.delivery.entry import LedgerEntry
from helpdesk_bridge.model import Message, Ticket
from helpdesk_bridge.model.fingerprint import Fingerprint

__all__ = [
    "ALIKE",
    "OLDER",
    "SIMILAR",
    "TWICE",
    "UNCOMPARED",
    "Evidence",
    "Finding",
    "Search",
    "doubt_of_absence",
]

_SKEW = timedelta(seconds=5)
"""What is left of a clock's error once it was compared with the vendor's ``Date``."""
UNCOMPARED = timedelta(minutes=1, seconds=5)
"""What two clocks may differ by that were never compared."""
OLDER = timedelta(days=8)
"""What was made so long before a write, by every clock, is older than it: vendors' times are off by
a time zone, a day or a week, where they are told at all."""

ALIKE = "there is one with the same words that may be another."
SIMILAR = "one with other words is new or cannot be shown to be older, and vendors change words."
TWICE = "more than one has the mark of this write, so the mark proves nothing."
_MOVING = "the list does not hold still."
_ONCE = "the list was not read twice, without which it may lack something."
_UNREADABLE = "a record cannot be read, and may be the one."
_GONE = "what was there before is not listed any more, so the list may lack more."
_EARLY = "the vendor has not had its time."
_LATER = "it was to be sent later, and may not be shown before."
_MARK = re.compile(r"[0-9a-f]{32}")


@frozen
class Finding:
    """What was found: ``sure`` is the one that was sent, ``candidates`` may be it.

    Both are messages, or both tickets. ``doubt`` says why nothing is sure; it is empty where
    something is, and where nothing can be it.
    """

    sure: Message | Ticket | None = None
    candidates: tuple[Message | Ticket, ...] = ()
    doubt: str = ""


@frozen(kw_only=True)
class Evidence:
    """How well it was looked for."""

    walks: Sequence[frozenset[str]]
    """The ids that each walk through the list gave which began once the vendor had had its time.
    Each walk went to the end of the list."""
    problems: int = 0
    """How many records of the last two of them could not be read."""
    passed: float
    """Seconds since the write failed, by this process's own clock."""
    patience: float
    """Seconds for which the vendor may still be at the write, or may not show it."""


@frozen(kw_only=True)
class Search:
    """What is looked for, and what is known of it.

    All times are aware and by our clock; ``offset`` is by how many seconds the vendor's clock is
    ahead of ours (None: not known).
    """

    mark: Fingerprint
    began: datetime
    """When the write was begun."""
    now: datetime
    offset: float | None = None
    own_mark: str = ""
    """The word that the vendor may have kept with what was sent; "": none."""
    others: Sequence[LedgerEntry] = ()
    """Other writes to the same place."""
    marks: Mapping[str, str] = field(factory=dict)
    """For ids of messages, what the adapter reads as the word of ours that was kept with each."""

    def _shown(self, ours: datetime) -> list[datetime]:
        """Return a time of ours as the vendor may show it, by every clock that is known."""
        offsets = (0.0, self.mark.offset or 0.0, self.offset or 0.0)
        return [ours + timedelta(seconds=seconds) for seconds in offsets]

    @property
    def oldest(self) -> datetime:
        """What the vendor dates before this is older than the write.

        It was not begun later than now: a clock that says so was wrong then, or is now.
        """
        begins = self._shown(min(self.began, self.now))
        return min(begins if self.mark.due is None else [*begins, self.mark.due]) - OLDER

    def is_new(self, found: str, made_at: datetime | None) -> bool:
        """Say whether something cannot be shown to be older than the write.

        Where it was noted what was there before, that alone decides.
        """
        # A vendor that gives a deleted message's id to the next one would make the write's own
        # message look old here, even if its time is after the begin. No vendor is known to do
        # that, and times alone do not outweigh the note: clocks are wrong more often.
        if self.mark.before is not None:
            return not self.mark.was_there(found)
        return made_at is None or made_at >= self.oldest

    def may_be_of_the_time(self, made_at: datetime | None) -> bool:
        """Say whether the vendor's time of something is not against its being the write's.

        It is against it outside of the span from the begin to now. By our clock there is a minute
        of slack; by the vendor's, where the two were compared, there are seconds. Where they
        differ by more than a minute one of them is wrong, and either may be right: it is enough to
        agree with one only for what is new because it was not there before. The same goes for one
        without a time. An old one would do else.
        """
        if made_at is None:
            return self.mark.before is not None
        ours = (self.began - UNCOMPARED, self.now + UNCOMPARED)
        spans = [ours]
        told = [offset for offset in (self.mark.offset, self.offset) if offset is not None]
        if told:
            first, last = (timedelta(seconds=offset) for offset in (told[0], told[-1]))
            theirs = (self.began + first - _SKEW, self.now + last + _SKEW)
            agree = max(abs(first), abs(last)) <= UNCOMPARED
            spans = [theirs] if agree else [ours, theirs]
        due = self.mark.due
        if due is not None and due - UNCOMPARED <= made_at <= due + UNCOMPARED:
            return True
        fits = [first <= made_at <= last for first, last in spans]
        return any(fits) if self.mark.before is not None else all(fits)

    def may_come_later(self, patience: float) -> bool:
        """Say whether it was to be sent at a time from which the vendor has not had its time."""
        if self.mark.due is None:
            return False
        slack = max(UNCOMPARED, timedelta(seconds=patience))
        return min(self._shown(self.now)) <= self.mark.due + slack

    def is_anothers(self, found: str) -> bool:
        """Say whether another write is known to have made this message or ticket."""
        if self.mark.is_known(found):
            return True
        return any(found == other.made_id for other in self.others)

    def has_own_mark(self, found: str) -> bool:
        """Say whether a message has the mark of this write."""
        mark = _as_mark(self.marks.get(found))
        return bool(mark) and mark == _as_mark(self.own_mark)

    def has_foreign_mark(self, found: str) -> bool:
        """Say whether a message has a mark that is not this write's.

        That alone makes it nobody's: a vendor or an adapter may have changed the mark.
        """
        return bool(_as_mark(self.marks.get(found))) and not self.has_own_mark(found)

    def marked_by_others(self) -> dict[str, str]:
        """Return the ids of the messages that have another write's mark, by the id of its call.

        Each write makes one message at the most, and none that was there before it: what two have,
        or one beside the message that it is known to have made, is no mark.
        """
        marks = {found: _as_mark(mark) for found, mark in self.marks.items()}
        times = Counter(marks.values())
        places = {mark: found for found, mark in marks.items() if mark and times[mark] == 1}
        places.pop(_as_mark(self.own_mark), None)
        shown: dict[str, str] = {}
        for other in self.others:
            found = places.get(_as_mark(other.fingerprint.mark or other.operation_id))
            if found is None or other.made_id is not None or other.fingerprint.was_there(found):
                continue
            shown[other.operation_id] = found
        return shown


def _as_mark(word: object) -> str:
    """Return a mark as it was given; "" for what cannot be one, such as a part of it."""
    mark = word.lower() if isinstance(word, str) else ""
    return mark if _MARK.fullmatch(mark) else ""


def doubt_of_absence(search: Search, finding: Finding, evidence: Evidence) -> str:
    """Return what keeps an absence from being proved; empty where it is proved."""
    if finding.sure is not None or finding.candidates:
        return finding.doubt or ALIKE
    if evidence.passed < evidence.patience:
        return _EARLY
    if search.may_come_later(evidence.patience):
        return _LATER
    last = evidence.walks[-2:]
    if len(last) < 2:
        return _ONCE
    if last[0] != last[1]:
        return _MOVING
    if evidence.problems:
        return _UNREADABLE
    if search.mark.misses(last[1]):
        return _GONE
    return ""
