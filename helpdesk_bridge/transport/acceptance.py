"""Judge what was answered to a write whose record nobody reads: a deletion, a message without id.

There is nothing to find the write by, so that a success must be told: by an explicit yes, or by the
id of what was written. What denies, and words that are no explicit yes, leave it in doubt: rather
once too often than not at all, for what is not surely done must not count as done.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

from attrs import define, field

from helpdesk_bridge.transport.refusal import (
    ENVELOPE,
    GOOD,
    MOST_KEYS,
    SENTENCES,
    STATES,
    http_error,
    is_bad,
    sounds_refused,
    tells_errors,
    word,
)
from helpdesk_bridge.transport.sentences import (
    DONE,
    Deed,
    affirms,
    denies,
    flag,
    is_done,
    is_of,
    is_other,
)

__all__ = ["is_accepted"]

T = TypeVar("T")

_NUMBERED = frozenset(("code", "statuscode", "httpstatus", "httpcode", "responsecode"))
_KINDS = frozenset(
    (
        *("result", "item", "message", "ticket", "object"),
        *("note", "reply", "response", "comment", "email", "request"),
    )
)
"""What a member ``type`` may say without having told anything."""
_SILENT = frozenset(
    (
        *("requestid", "traceid", "timestamp", "time", "date", "path", "instance", "version"),
        *("documentationurl", "help", "object", "subject", "resource", "method", "duration"),
    )
)
"""Members that say nothing of the effect, whatever they hold."""
_IDS = frozenset(("id", "ticketid"))
_MADE_IDS = _IDS | {"messageid", "noteid"}
"""By which what was made may be named; of a change only the ticket's own."""
_KNOWN = ENVELOPE | DONE | _MADE_IDS
_RECORDS = frozenset(("ticket", "message", "note", "reply", "item"))
"""Members whose object is a record by its name, so that its id is no request's."""
_GONE_AT = frozenset(("deletedat", "trashedat", "removedat"))
_WARNINGS = frozenset(("warning", "warnings"))
_COUNTED = DONE | {"results", "result", "affected", "ids", "tickets", "conversations"}
"""Members whose list, when it is empty, tells that nothing was done."""
_MAKES = frozenset(("created", "added", "saved", "done", "completed"))
"""Flags by which what was made is denied, though it is shown; others are of its mailing."""
_WRAPS = _RECORDS | {"data", "result", "response"}
_OF_COUNTS = re.compile(r"(?:delete|remove|destroy|trashe|update|change|modifie)d|affected|^count$")
_OF_FAILURES = re.compile(
    r"fail|error|skip|reject|den(?:y|ied)|refus|ignor|unprocess|unsuccess|invalid|missing"
    r"|not(?:found|deleted|removed)"
)
"""Names of members that tell what was not done: in a deletion there is only one thing to do."""
_MAILING = re.compile(r"\b(?:sent|mailed|e-?mail|mail|delivered|queued|notified)\b", re.IGNORECASE)
_CLAUSES = re.compile(r"[.!;,]+(?= |$)")
_SAY_NOTHING_DONE = GOOD | STATES | _NUMBERED | SENTENCES | _SILENT | _WARNINGS | _MADE_IDS
_MAY_BE_EMPTY = ENVELOPE | _WRAPS
_DEEPEST = 4
_MOST_VALUES = 300
"""So many values of an answer are looked at, its uppermost first, however it is nested."""


@define
class _Told:
    """What an answer tells of a write to ``ticket_id``; None: it makes something."""

    ticket_id: str | None
    deletes: bool
    yes: bool = False
    no: bool = False
    named: bool = False
    """Whether it names what was written by its id."""
    words: bool = False
    """Whether it has words or figures that are neither."""
    refuses: bool = False
    """Whether some of these words sound like a refusal."""
    inner: deque[tuple[Any, str, int]] = field(factory=deque)
    """What is still to be looked at, with its name and how deep it stands."""
    left: int = _MOST_VALUES
    """How many more values are looked at."""
    unseen: bool = False
    """Whether more than that stands in it, so that only a yes at its top counts."""
    top: tuple[bool, bool] = (False, False)
    """What ``yes`` and ``named`` were when its top was looked at."""

    @property
    def is_accepted(self) -> bool:
        yes, named = self.top if self.unseen else (self.yes, self.named)
        named = named and not self.deletes  # what is named may be there still
        return not self.no and (yes or named or not (self.words or self.unseen))

    @property
    def deed(self) -> Deed:
        """What was asked for, by whose words alone it is said to be done."""
        if self.deletes:
            return Deed.DELETE
        return Deed.MAKE if self.ticket_id is None else Deed.CHANGE

    def some(self, values: Collection[T]) -> Iterator[T]:
        """Return as many of ``values`` as may still be looked at."""
        count = min(len(values), self.left, MOST_KEYS)
        self.left -= count
        self.unseen |= count < len(values)
        return islice(values, count)


def is_accepted(
    data: Any, ticket_id: str | None = None, *, deletes: bool = False, read_next: bool = False
) -> bool:
    """Say whether the decoded answer, or sentence, ``data`` tells that a write was accepted.

    Args:
        data: the decoded answer; a str for one that is only a sentence.
        ticket_id: the ticket that was changed or deleted, whose id the answer may have; None for
            a write that makes something, of which any id will do.
        deletes: whether it was to be deleted, so that a record of it is no yes.
        read_next: whether the ticket is read next, which shows more than an answer can say: then
            only what denies or refuses is no yes.
    """
    told = _Told(ticket_id, deletes, inner=deque([(data, "", 0)]))
    while told.inner:
        one, name, depth = told.inner.popleft()
        if type(one) is dict:
            _look_at_object(one, told, depth, is_record=name in _RECORDS)
        elif type(one) is list:
            _look_at_list(one, told, name, depth)
        else:
            _look_at_value(one, told)
        if depth == 0 or (depth == 1 and name):  # the record that is a member of the top is named
            told.top = (told.top[0] if depth else told.yes, told.named)
    return not (told.no or told.refuses) if read_next else told.is_accepted


def _look_at_list(data: list[Any], told: _Told, name: str, depth: int) -> None:
    told.words |= not data and name in _COUNTED
    if depth < _DEEPEST:
        told.inner.extend((one, name, depth + 1) for one in told.some(data))
    else:
        told.words |= bool(data)


def _look_at_object(data: Mapping[str, Any], told: _Told, depth: int, *, is_record: bool) -> None:
    members = [(word(key), value) for key, value in told.some(data.items())]
    kinds = _MADE_IDS if told.ticket_id is None else _IDS
    ids = [value for name, value in members if name in kinds and _is_id(value)]
    own_words = any(name not in _KNOWN for name, _ in members)
    # An id among nothing but words of an envelope may be the request's, if it is no figure.
    surely = own_words or is_record
    sure = [str(one) for one in ids if surely or str(one) == told.ticket_id or _is_figure(one)]
    named = bool(sure) if told.ticket_id is None else told.ticket_id in sure
    told.named |= named
    told.no |= bool(sure) and not named
    content = named and own_words  # what a record says of itself
    told.no |= told.deletes and _denies_deletion(members, told.ticket_id or "", content=content)
    if not content:
        members = _of_the_write(members, told)
    told.words |= content and told.deletes
    for name, value in members:
        if name in GOOD or (name in DONE and not (content and not told.deletes)):
            _look_at_flag(name, value, told)
        elif name in _GONE_AT and told.deletes:
            told.yes |= bool(value)
            told.no |= not value
        elif name in _MADE_IDS or name in _SILENT:
            continue
        elif not content:
            _look_at_member(name, value, told, named=named and not told.deletes)
            if type(value) in (dict, list) and not tells_errors(name):
                if depth < _DEEPEST:
                    told.inner.append((value, name, depth + 1))
                else:
                    told.words |= bool(value)
        elif told.deletes and name in STATES and type(value) is str:
            told.yes |= value.strip().casefold() in ("deleted", "trashed", "trash", "removed")


def _of_the_write(members: list[tuple[str, Any]], told: _Told) -> list[tuple[str, Any]]:
    """Return the members of an envelope without what concerns only the mail of what was made."""
    if told.ticket_id is not None:
        told.no |= any(_OF_COUNTS.search(name) and _is_nothing(value) for name, value in members)
    elif any(_is_shown(name, value) for name, value in members):
        return [member for member in members if not _is_of_mailing(*member)]
    return members


def _denies_deletion(members: list[tuple[str, Any]], ticket_id: str, *, content: bool) -> bool:
    """Say whether an envelope takes back the yes in it, whatever words that is said in.

    It does by a list of what failed, by the ticket's id with anything but a yes, and where all that
    it tells is a 0 or an empty list. An empty ``data`` is none: PHP writes an empty object so. A
    record (``content``) is no envelope, unless it has a flag of one.
    """
    if content and not any(name in GOOD for name, _ in members):
        return False
    told = []
    for name, value in members:
        if name == word(ticket_id):
            if not value or flag(value) is False or sounds_refused(value):
                return True
        elif _OF_FAILURES.search(name):
            if is_bad(name, value):
                return True
        elif value == [] and _OF_COUNTS.search(name):
            return True
        elif name not in _SAY_NOTHING_DONE:
            told.append((name, value))
    nothing = any(
        _is_nothing(value) or (value == [] and name not in _MAY_BE_EMPTY) for name, value in told
    )
    return nothing and not any(is_bad("", value) for _, value in told)


def _is_shown(name: str, value: Any) -> bool:
    """Say whether a member shows what was made: a record with an id and words of its own."""
    if name not in _WRAPS or type(value) is not dict or len(value) > MOST_KEYS:
        return False
    names = {word(key) for key in value}
    has_id = any(word(key) in _MADE_IDS and _is_id(one) for key, one in value.items())
    return has_id and not names <= _KNOWN


def _is_of_mailing(name: str, value: Any) -> bool:
    """Say whether a member tells of what was done with the record beside it, and not of making it.

    Whether something was to be mailed is not known here.
    """
    if type(value) is str and name in SENTENCES | _WARNINGS:
        return not any(
            denies(clause) or sounds_refused(clause)
            for clause in _CLAUSES.split(value[:1000])
            if not _MAILING.search(clause)
        )
    if name in ("status", "code") and value == 0:
        return True
    return (name in DONE and name not in _MAKES) or (name == "ticket" and type(value) is dict)


def _is_nothing(value: Any) -> bool:
    return type(value) in (int, float, str) and str(value).strip() in ("0", "0.0")


def _look_at_member(name: str, value: Any, told: _Told, *, named: bool) -> None:
    if tells_errors(name):
        told.no |= is_bad(name, value)
    elif type(value) in (dict, list):
        return
    elif name in STATES or name in _NUMBERED:
        _look_at_state(name, value, told, named=named)
    elif type(value) is str and (name in SENTENCES or name in _WARNINGS):
        told.no |= denies(value) or (named and sounds_refused(value))
        told.no |= told.deletes and not is_of(value, told.ticket_id or "")
        if not named:
            _look_at_value(value, told)
    else:
        told.no |= name == "data" and value is False
        _look_at_value(value, told)


def _look_at_flag(name: str, value: Any, told: _Told) -> None:
    """Look at ``{"success": …}`` or ``{"deleted": …}``: all but a yes denies.

    null says nothing, but of a deed it leaves open whether it was done. Another deed than the one
    that was asked for is no yes.
    """
    if value is None:
        told.words |= name in DONE
        return
    ids = [] if told.ticket_id is None or is_other(name, told.deed) else _named_ids(value)
    if name in DONE and ids:
        told.yes |= told.ticket_id in ids or ids == ["1"]
        other = told.ticket_id not in ids and ids != ["1"]
        told.no |= other and told.deletes  # of a change it may count the fields
        told.words |= other
        return
    yes = flag(value) is True
    text = value.strip().casefold() if type(value) is str else ""
    other = is_other(name, told.deed) or is_other(text, told.deed)
    told.yes |= yes and not other
    told.words |= other
    told.no |= not yes


def _look_at_state(name: str, value: Any, told: _Told, *, named: bool) -> None:
    if type(value) in (int, float):  # code 0 is a success as often as not
        told.yes |= value == 1 or 200 <= value <= 299
        told.no |= http_error(value) is not None or value < 0 or (value == 0 and name in STATES)
        told.words |= value > 1
        return
    if type(value) is not str:
        told.no |= value is False
        _look_at_value(value, told)
        return
    text = value.strip().casefold()
    yes = is_done(text, told.deed) or affirms(value, told.deed, told.ticket_id)
    told.yes |= yes
    told.no |= http_error(text) is not None or (not yes and sounds_refused(text)) or denies(text)
    told.words |= not (yes or named or not text.strip("0") or (name == "type" and text in _KINDS))


def _look_at_value(value: Any, told: _Told) -> None:
    if type(value) is str:
        if re.search(r"\w", value):
            told.yes |= (yes := affirms(value, told.deed, told.ticket_id))
            told.words |= not yes
            told.refuses |= not yes and sounds_refused(value)
    elif type(value) is bool:
        told.yes |= value
        told.words |= not value
    elif type(value) in (int, float):
        told.yes |= value == 1
        told.words |= value != 1


def _named_ids(value: Any) -> list[str]:
    """Return the ids that ``{"deleted": …}`` may name; a figure may be a count, too."""
    values = value[:MOST_KEYS] if type(value) is list else [value]
    figures = [one for one in values if type(one) in (int, str) and _is_figure(one) and _is_id(one)]
    texts = [one for one in values if type(one) is str and type(value) is list and one]
    return [str(one) for one in (texts if len(texts) == len(values) else figures)]


def _is_figure(value: Any) -> bool:
    return str(value).isdecimal()


def _is_id(value: Any) -> bool:
    if type(value) is str:
        return bool(value.strip("0 "))
    return type(value) is int and value > 0
