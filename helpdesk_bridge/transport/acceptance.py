"""Judge what was answered to a write whose record nobody reads: a deletion, a message without id.

There is nothing to find the write by, so that a success must be told: by an explicit yes, or by the
id of what was written. What denies, and words that are no explicit yes, leave it in doubt: rather
once too often than not at all, for what is not surely done must not count as done.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

from attrs import define

from helpdesk_bridge.transport.refusal import (
    BAD,
    ENVELOPE,
    GOOD,
    MOST_KEYS,
    SENTENCES,
    STATES,
    http_error,
    is_blank,
    sounds_refused,
    word,
)

__all__ = ["is_accepted"]

_DONE = frozenset(
    (
        *("deleted", "removed", "destroyed", "trashed", "updated", "changed", "saved"),
        *("sent", "accepted", "queued", "delivered", "created", "added", "done", "completed"),
    )
)
_YES = _DONE | frozenset(
    (
        *("true", "yes", "y", "1", "on", "ok", "okay", "200", "201", "202", "204"),
        *("success", "successful", "succeeded", "complete", "scheduled", "processed"),
    )
)
_NUMBERED = frozenset(("code", "statuscode", "httpstatus", "httpcode", "responsecode"))
_KINDS = frozenset(("result", "item", "message", "ticket", "object"))
"""What a member ``type`` may say without having told anything."""
_SILENT = frozenset(
    (
        *("requestid", "traceid", "timestamp", "time", "date", "path", "instance", "version"),
        *("documentationurl", "help", "object", "subject", "resource", "method", "duration"),
    )
)
"""Members that say nothing of the effect, whatever they hold."""
_IDS = frozenset(("id", "ticketid"))
_DEEPEST = 4


@define
class _Told:
    """What an answer tells of a write."""

    yes: bool = False
    no: bool = False
    named: bool = False
    """Whether it names what was written by its id."""
    words: bool = False
    """Whether it has words that are neither."""

    @property
    def is_accepted(self) -> bool:
        return not self.no and (self.yes or self.named or not self.words)


def is_accepted(data: Any, ticket_id: str | None = None) -> bool:
    """Say whether the decoded answer, or sentence, ``data`` tells that a write was accepted.

    Args:
        data: the decoded answer; a str for one that is only a sentence.
        ticket_id: the ticket that was changed or deleted, whose id the answer may have; None for
            a write that makes something, of which any id will do.
    """
    told = _Told()
    _look(data, told, ticket_id, 0)
    return told.is_accepted


def _look(data: Any, told: _Told, ticket_id: str | None, depth: int) -> None:
    if type(data) is dict:
        _look_at_object(data, told, ticket_id, depth)
    elif type(data) is list:
        for one in islice(data, MOST_KEYS):
            if depth < _DEEPEST:
                _look(one, told, ticket_id, depth + 1)
    else:
        _look_at_value(data, told)


def _look_at_object(
    data: Mapping[str, Any], told: _Told, ticket_id: str | None, depth: int
) -> None:
    members = [(word(key), value) for key, value in islice(data.items(), MOST_KEYS)]
    ids = [value for name, value in members if name in _IDS and _is_id(value)]
    own_words = any(name not in ENVELOPE and name not in _IDS for name, _ in members)
    # An id among nothing but words of an envelope may be the request's, if it is no figure.
    sure = [str(one) for one in ids if own_words or str(one) == ticket_id or _is_figure(one)]
    named = bool(sure) if ticket_id is None else ticket_id in sure
    told.named |= named
    told.no |= bool(sure) and not named
    for name, value in members:
        if name in GOOD or name in _DONE:
            _look_at_flag(value, told)
        # What a record says of itself is its content.
        elif name not in _IDS and name not in _SILENT and not (named and own_words):
            _look_at_member(name, value, told, named=named)
            if type(value) in (dict, list) and name not in BAD and depth < _DEEPEST:
                _look(value, told, ticket_id, depth + 1)


def _look_at_member(name: str, value: Any, told: _Told, *, named: bool) -> None:
    if name in BAD:
        told.no |= not is_blank(value)
    elif type(value) in (dict, list):
        return
    elif name in STATES or name in _NUMBERED:
        _look_at_state(name, value, told, named=named)
    elif named and name in SENTENCES:
        told.no |= sounds_refused(value)
    else:
        _look_at_value(value, told)


def _look_at_flag(value: Any, told: _Told) -> None:
    """Look at ``{"success": …}`` or ``{"deleted": …}``: all but a yes denies; null says nothing."""
    if value is None:
        return
    if type(value) is str:
        text = value.strip().casefold()
        yes = text in _YES or re.match(r"\d{4}-\d\d-\d\d", text) is not None
    else:
        yes = bool(value) and not (type(value) in (int, float) and value < 0)
    told.yes |= yes
    told.no |= not yes


def _look_at_state(name: str, value: Any, told: _Told, *, named: bool) -> None:
    if type(value) in (int, float):  # code 0 is a success as often as not
        told.yes |= value == 1 or 200 <= value <= 299
        told.no |= http_error(value) is not None or value < 0 or (value == 0 and name in STATES)
        told.words |= value > 1
        return
    if type(value) is not str:
        _look_at_value(value, told)
        return
    text = value.strip().casefold()
    told.yes |= text in _YES
    told.no |= http_error(text) is not None or sounds_refused(text)
    told.words |= not (named or not text.strip("0") or (name == "type" and text in _KINDS))


def _look_at_value(value: Any, told: _Told) -> None:
    if type(value) is str:
        if re.search(r"\w", value):
            told.yes |= (yes := _affirms(value))
            told.words |= not yes
    elif type(value) is bool:
        told.yes |= value
        told.no |= not value
    elif type(value) in (int, float):
        told.yes |= value == 1
        told.no |= value <= 0
        told.words |= value > 1


def _is_figure(value: Any) -> bool:
    return str(value).isdecimal()


def _is_id(value: Any) -> bool:
    if type(value) is str:
        return bool(value.strip("0 "))
    return type(value) is int and value > 0


# -- sentences ---------------------------------------------------------------------------------

_LONGEST = 1000
_SIDE_REMARKS = re.compile(
    r"\"[^\"]*\"|“[^”]*”|«[^»]*»"  # a title
    r"|\b(?:no|0|zero|without(?: any)?) (?:errors?|failures?|failed|problems?|warnings?)\b"
    r"|\b(?:this|it|which|that)?(?: action)? ?(?:cannot|can't|can not|could not|is not|will not)"
    r" (?:be )?(?:undone|restored?|recover(?:ed|able)|revert(?:ed|ible)|reversed)\b"
)
_WHAT = (
    r"(?:(?:the|your|this|an?|one|[1-9]\d*) )?"
    r"(?:(?:object|ticket|item|record|message|e-?mail|mail|reply|note|request|case|conversation"
    r"|resource|entry|response|customer|user)s? ?)?(?:#?\d+ )?"
)
_DEED = (
    r"(?:deleted|removed|destroyed|trashed|(?:moved|sent) to (?:the )?trash|updated|saved|sent"
    r"|queued|scheduled|accepted|created|added|delivered|done|completed|processed|changed)"
)
_AFFIRMS = re.compile(
    rf"(?:(?:ok|okay|success|successful|done|yes)|{_WHAT}"
    rf"(?:(?:was|were|has|have|is|are|been|now) )*(?:(?:successfully|permanently) )*{_DEED}"
    rf"|successfully {_DEED})"
    r"(?= |$|[.!,;:])"
)
_HEDGES = re.compile(
    r"\b(?:no|none|never|nothing|nobody|neither|nor|but|however|only|until|unless|after|should"
    r"|must|may|might|would|exceeded|limit|locked|blocked|disabled|pending|too many|un\w+ed)\b"
)


def _affirms(text: str) -> bool:
    """Say whether a sentence, in English, begins with an explicit yes and takes nothing back."""
    plain = " ".join(_SIDE_REMARKS.sub(" ", text[:_LONGEST].casefold()).split())
    if plain in _YES and not plain.isdecimal():
        return True
    return (
        _AFFIRMS.match(plain) is not None
        and _HEDGES.search(plain) is None
        and not sounds_refused(plain)
    )
