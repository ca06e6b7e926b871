"""Decides which message or ticket on a desk is the one that a lost write has sent.

These are pure functions of plain values: what was sent and what was there before (a ``Search``),
and what is there (messages or tickets). What they leave open is never called "not sent": see
``doubt_of_absence``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from helpdesk_bridge.delivery.entry import EntryState, LedgerEntry
from helpdesk_bridge.delivery.evidence import (
    ALIKE,
    SIMILAR,
    TWICE,
    UNCOMPARED,
    Finding,
    Search,
)
from helpdesk_bridge.model import Audience, Message, MessageType, Ticket
from helpdesk_bridge.model.fingerprint import Fingerprint
from helpdesk_bridge.model.html_text import html_to_text

__all__ = [
    "can_be",
    "find_new",
    "first_words",
    "has_words",
    "judge_messages",
    "judge_tickets",
    "likely_tickets",
]

T = TypeVar("T")

_WRITES = {
    "reply": MessageType.RESPONSE,
    "forward": MessageType.RESPONSE,
    "note": MessageType.NOTE,
    "add_request": MessageType.REQUEST,
}
"""The type of what each call sends."""


def judge_messages(search: Search, messages: Iterable[Message]) -> Finding:
    """Say which of all messages that were seen on a ticket is the one that was sent.

    Its own mark proves it. One with a mark that is nobody's is never it by its words, is explained
    by nothing, and so stays a candidate.
    """
    mark = search.mark
    there = sorted(messages, key=lambda one: (str(one.created_at or ""), one.id))
    marked = [one for one in there if search.has_own_mark(one.id)]
    if marked:
        return _judge_marked(marked)
    theirs = search.marked_by_others()
    anothers = frozenset(theirs.values())
    free = [one for one in there if one.id not in anothers and not search.is_anothers(one.id)]
    strange = [one for one in free if search.has_foreign_mark(one.id)]
    new = [one for one in free if search.is_new(one.id, one.created_at)]
    same = [one for one in new if has_words(mark, one) and can_be(one, mark.operation)]
    alike = [one for one in same if _fits(search, one)]
    others = [one for one in search.others if _is_open(one) and one.operation_id not in theirs]
    rivals = [other for other in others if any(_is_of(one, other) for one in same)]
    old = _without(_without(free, new), strange)
    apart = _without(same, alike)
    left_over = _unmatched(rivals, old, _without(apart, strange))
    if alike and len(alike) == len(left_over) + 1 and _without(same, strange) == same:
        earlier = sum(other.started_at <= search.began for other in left_over)
        return Finding(sure=alike[earlier])
    if same:
        return Finding(candidates=(*alike, *apart), doubt=ALIKE)
    ours = [one for one in new if _is_of_the_side(one, mark.operation)]
    left = _unexplained(_without(ours, strange), others)
    explained = _without(_without(ours, strange), left)
    unexplained = _without(ours, explained)
    return Finding(candidates=tuple(unexplained), doubt=SIMILAR if unexplained else "")


def _without(some: Iterable[T], others: Iterable[T]) -> list[T]:
    """Return those of ``some`` that are none of ``others``, which are the same objects.

    To compare thousands of messages with each other takes seconds.
    """
    left_out = {id(one) for one in others}
    return [one for one in some if id(one) not in left_out]


def _judge_marked(marked: Sequence[Message]) -> Finding:
    """Say which of the messages with the write's own mark is it; an event may repeat the mark."""
    spoken = [one for one in marked if one.type is not MessageType.SYSTEM] or marked
    if len({one.id for one in spoken}) == 1:
        return Finding(sure=spoken[0])
    return Finding(candidates=tuple(spoken), doubt=TWICE)


def likely_tickets(search: Search, tickets: Iterable[Ticket]) -> list[Ticket]:
    """Return the tickets that are sure if their first words are those that were sent."""
    return [
        one
        for one in _new_tickets(search, tickets)
        if search.mark.has_requester(one.requester.email)
        and search.mark.has_subject(one.subject)
        and search.may_be_of_the_time(one.created_at)
    ]


def judge_tickets(
    search: Search, tickets: Iterable[Ticket], same_words: Collection[str] = ()
) -> Finding:
    """Say which of all tickets that were seen is the new one.

    ``same_words`` are the ids of those whose first message was read and has the words sent.
    """
    mark, there = search.mark, list(tickets)
    likely = likely_tickets(search, there)
    same = [one for one in likely if one.id in same_words]
    open_others = [other for other in search.others if _is_open(other)]
    apart = [
        one
        for one in _without(_new_tickets(search, there), likely)
        if mark.has_requester(one.requester.email)
    ]
    rivals = []
    for other in open_others:
        begin, subject_of = other.started_at - UNCOMPARED, other.fingerprint.has_subject
        its = [t for t in apart if t.created_at and t.created_at >= begin and subject_of(t.subject)]
        if its:
            apart.remove(its[0])
        elif any(subject_of(one.subject) for one in same):
            rivals.append(other)
    if same and len(same) == len(rivals) + 1:
        earlier = sum(other.started_at <= search.began for other in rivals)
        return Finding(sure=same[earlier])
    candidates = [
        one
        for one in _new_tickets(search, there)
        if mark.has_requester(one.requester.email) is not False
        or mark.has_subject_within(one.subject)
    ]
    if any(mark.has_subject(one.subject) for one in candidates):
        ranks = {id(one): 1 for one in likely} | {id(one): 0 for one in same}
        candidates.sort(key=lambda one: ranks.get(id(one), 2))
        return Finding(candidates=tuple(candidates), doubt=ALIKE)
    for other in open_others:
        its = [one for one in candidates if other.fingerprint.has_subject(one.subject)]
        if its:
            candidates.remove(its[0])
    return Finding(candidates=tuple(candidates), doubt=SIMILAR if candidates else "")


def find_new(mark: Fingerprint, messages: Iterable[Message]) -> Message | None:
    """Return the message that was accepted without an id; None while it is not to be seen.

    It was not there before, and has the type and the words of what was sent; or its words, where
    the vendor leaves open what it is and who sees it. Without a note of what was there before
    nothing is found.
    """
    if mark.before is None:
        return None
    left_open: Message | None = None
    for message in messages:
        if mark.was_there(message.id) or not has_words(mark, message):
            continue
        if message.type is _WRITES.get(mark.operation):
            return message
        is_open = message.type is MessageType.UNKNOWN and message.audience is Audience.UNKNOWN
        left_open = left_open or (message if is_open else None)
    return left_open


def first_words(mark: Fingerprint, messages: Iterable[Message]) -> Message | None:
    """Return a new ticket's first message if it has the words and files sent; else None."""
    spoken = (one for one in messages if one.type is not MessageType.SYSTEM)
    first = next(spoken, None)
    if first is None or not can_be(first, "add_request") or not has_words(mark, first):
        return None
    return first if not mark.files or _has_files(mark, first) else None


def can_be(message: Message, operation: str) -> bool:
    """Say whether a message can be what ``operation`` sends; what the vendor leaves open can be."""
    if message.type is MessageType.SYSTEM:
        return False
    internal = message.audience is Audience.INTERNAL
    return internal == (operation == "note") or message.audience is Audience.UNKNOWN


def _is_of_the_side(message: Message, operation: str) -> bool:
    """Say whether a message is of those who write ``operation``, whatever its words are."""
    opposite = {
        "reply": MessageType.REQUEST,
        "forward": MessageType.REQUEST,
        "add_request": MessageType.RESPONSE,
    }
    return can_be(message, operation) and message.type is not opposite.get(operation)


def _fits(search: Search, message: Message) -> bool:
    """Say whether all that is told of a message with the same words is for it."""
    operation = search.mark.operation
    if operation == "reply" and message.audience is Audience.FORWARD:
        return False
    return (
        message.type is _WRITES[operation]
        and search.may_be_of_the_time(message.created_at)
        and _has_files(search.mark, message)
    )


def _has_files(mark: Fingerprint, message: Message) -> bool:
    """Say whether a message has the files that were sent; some vendors tell of none.

    That is enough where it was noted what was there before.
    """
    if not message.attachments and mark.before is not None:
        return True
    return mark.has_files(file.name or "" for file in message.attachments)


def has_words(mark: Fingerprint, message: Message) -> bool:
    """Say whether a message has the words that were sent, in one of its forms.

    A vendor's plain text may be a cut or a stand-in beside HTML that has them all.
    """
    markup = message.given_html
    return mark.has_body(message.text) or (
        markup is not None
        and message.given_text is not None
        and mark.has_body(html_to_text(markup))
    )


def _is_open(entry: LedgerEntry) -> bool:
    """Say whether a write may have made something whose id is not known."""
    return entry.state is not EntryState.NOT_SENT and entry.made_id is None


def _unmatched(
    entries: Sequence[LedgerEntry], old: Sequence[Message], apart: Sequence[Message]
) -> list[LedgerEntry]:
    """Return the writes of which no message is known but those that fit the one looked for.

    Of the ``old`` messages one is known to be another write's if it was not there before that;
    of those ``apart``, whose time is against the one looked for, if it was made after that began.
    """
    left, rest = [*old, *apart], []
    is_old = {id(one) for one in old}
    for entry in entries:
        noted, begin = entry.fingerprint.before is not None, entry.started_at - UNCOMPARED
        its = [
            one
            for one in left
            if _is_of(one, entry)
            and (
                noted
                if id(one) in is_old
                else one.created_at is not None and one.created_at >= begin
            )
        ]
        if its:
            left.remove(its[0])
        else:
            rest.append(entry)
    return rest


def _unexplained(messages: Sequence[Message], entries: Sequence[LedgerEntry]) -> list[Message]:
    """Return the messages that no other write can have made; each write makes one at the most."""
    left = list(messages)
    for entry in entries:
        its = next((one for one in left if _is_of(one, entry)), None)
        if its is not None:
            left.remove(its)
    return left


def _is_of(message: Message, entry: LedgerEntry) -> bool:
    """Say whether a message can be what another write has made; its time proves nothing."""
    mark = entry.fingerprint
    return (
        not mark.was_there(message.id)
        and can_be(message, mark.operation)
        and has_words(mark, message)
    )


def _new_tickets(search: Search, tickets: Iterable[Ticket]) -> list[Ticket]:
    return [
        one
        for one in sorted(tickets, key=lambda ticket: (str(ticket.created_at or ""), ticket.id))
        if search.is_new(one.id, one.created_at) and not search.is_anothers(one.id)
    ]
