"""Judge what stands beside an empty list: whether it may be empty because something was denied.

An empty list proves that something is not there only where all that stands beside it is harmless:
places, counts, links, echoes of the query, a yes. Who reads gets the list all the same, unless the
envelope refuses: by a sentence, by a state, or by a flag whose name says so. A figure, a text under
any other name and an object that is no part of the envelope refuse nothing. Who wants a proof
(:func:`proving`) does not get the list in these cases either.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from typing import Any

from attrs import evolve, frozen

from helpdesk_bridge.transport.refusal import (
    ENVELOPE,
    GOOD,
    MOST_KEYS,
    SENTENCES,
    STATES,
    No,
    is_login,
    is_login_address,
    tells_errors,
    word,
)
from helpdesk_bridge.transport.sentences import clauses, flag, lists_nothing, struck
from helpdesk_bridge.transport.session_words import tells_end

__all__ = ["is_proving", "proving", "says_no_beside_nothing"]

_PROVING: ContextVar[bool] = ContextVar("helpdesk_bridge.proving", default=False)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PLACES = _words("links link pagination paging pageinfo cursors query filters filter params sort")
"""Members that say of the page or the query only, whatever they hold."""
_OF_PAGES = _words(
    """
    more next last end previous prev first page pages cursor total count limit offset start from to
    results empty cached
    """
)
"""Words in the name of a flag or a place that say of the list, and not of who reads it."""
_OF_NOTHING = _words(
    """
    id uuid path self url href uri link links sort order direction time date timestamp at version
    locale lang language zone timezone etag took duration object kind type resource method host
    """
)
"""Words in the name of a text that say nothing of whether the list is right."""
_RIGHTS = re.compile(r"auth|sign|log|session|allow|permit|permission|access|valid|grant|available")
_REFUSES = re.compile(
    r"\b(?:errors?|fail(?:ed|ure|s)?|invalid|denied|forbidden|refused|rejected|exception|expired"
    r"|un-?authori[sz]ed|un-?authenticated|unable|cannot|can't|could not|couldn't|unavailable"
    r"|not (?:allowed|authori[sz]ed|permitted|available|have)|permission|timed? ?out"
    r"|rate limit(?:ed)?"
    r"|too many|exceeded|(?:log|sign) ?in)\b"
)
_IS_ERROR = re.compile(r"(?:^| )(?:errors?|failed|failures?|exceptions?)(?: count)?$")
_IS_DENIAL = re.compile(
    r"(?:^| )(?:denied|forbidden|refused|rejected|expired|invalid|unavailable|exceeded|timed ?out"
    r"|rate limited|un ?authori[sz]ed|un ?authenticated)$"
)
"""What the name of a flag ends with that says by itself that something was refused."""
_OPTIONS = _words("include includes including show with only allow ignore hide skip")
"""Words that make the name of a flag one of the query: ``include_failed``."""
_NOTICES = _words("notice notices warning warnings alert alerts")
_LABELS = _words("title description warning warnings")
"""Members that tell of the list or the account: of a word in them nothing can be known."""
_BARE = _words(
    """
    access request query search session token required needed first again please you your the a an
    was is has have been not to
    """
)
"""Words that leave a refusal bare: it is one of nothing but of what was asked for."""
_SPOKEN = SENTENCES | STATES | _NOTICES
"""Members whose text is the vendor's word on its answer."""
_AROUND = ENVELOPE | _words("response item")
"""Objects that belong to the envelope."""
_PERHAPS = re.compile(r"\b(?:may|might|could)\b(?! not)|\b(?:will be|would be|scheduled|planned)\b")
"""What makes a clause one about another time."""
_LONGEST = 1000
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_ADDRESS = re.compile(r"(?:https?:/)?/\S*", re.IGNORECASE)
_DEEPEST = 3


@contextmanager
def proving() -> Iterator[None]:
    """Have what is read in the body count only where it proves what is not there."""
    token = _PROVING.set(True)
    try:
        yield
    finally:
        _PROVING.reset(token)


def is_proving() -> bool:
    """Say whether what is read now is wanted as a proof."""
    return _PROVING.get()


def says_no_beside_nothing(data: Any, asked: Collection[str] = ()) -> No | None:
    """Return what an answer with an empty list refuses; None where it may be read.

    Args:
        data: the decoded answer.
        asked: the values of the query, which an answer may repeat.

    Returns:
        A refusal; where a proof is wanted a doubt, for whatever is not known as harmless.
    """
    if type(data) is not dict or not _lists_nothing(data):
        return None
    doubts = list(_doubts(data, [one.casefold() for one in asked], 0))
    for one in doubts:
        if one.refuses:
            ended = tells_end(one.text)
            return No(one.text, login=ended or is_login(one.text), session=ended)
    return No(doubts[0].text, doubt=True) if doubts and is_proving() else None


@frozen
class _Doubt:
    """What stands beside an empty list and is not known as harmless."""

    text: str
    """What it says, in words."""
    refuses: bool = False
    """Whether it says that something was refused."""


def _lists_nothing(data: Mapping[str, Any], depth: int = 0) -> bool:
    """Say whether an answer has an empty list, and no list of records.

    A list within a record is one of its properties; only where a proof is wanted it counts, since a
    conversation may stand there.
    """
    if _is_record(data, depth) and not is_proving():
        return False
    values = [
        value
        for key, value in islice(data.items(), MOST_KEYS)
        if type(value) in (list, dict) and word(key) not in _PLACES and not tells_errors(word(key))
    ]
    if any(type(one) is dict for value in values if type(value) is list for one in value[:1]):
        return False
    inner = [value for value in values if type(value) is dict]
    return [] in values or (
        depth < _DEEPEST and any(_lists_nothing(value, depth + 1) for value in inner)
    )


def _is_record(data: Mapping[str, Any], depth: int) -> bool:
    return depth > 0 and len(data) > 1 and "id" in data


def _doubts(
    data: Mapping[str, Any], asked: list[str], depth: int, *, around: bool = True
) -> Iterator[_Doubt]:
    """Yield what stands in an object and is not known as harmless.

    ``around`` says whether it is a part of the envelope: nothing else refuses.
    """
    if _is_record(data, depth):
        return  # what it says of itself is its content
    for key, value in islice(data.items(), MOST_KEYS):
        plain = word(key)
        if plain in _PLACES or tells_errors(plain):
            continue
        for one in value[:MOST_KEYS] if type(value) is list else (value,):
            if type(one) is dict:
                if depth < _DEEPEST:
                    inside = around and (plain in _AROUND or "error" in plain)
                    yield from _doubts(one, asked, depth + 1, around=inside)
            elif found := _doubt(key, one, asked):
                yield found if around else evolve(found, refuses=False)


def _doubt(key: str, value: Any, asked: list[str]) -> _Doubt | None:
    """Return what a member says; None for what is harmless."""
    name = " ".join(_HUMP.sub(" ", key[:100]).replace("_", " ").replace("-", " ").split())
    plain, words = word(key), frozenset(name.casefold().split())
    if value is None or plain in GOOD:
        return None
    if type(value) in (int, float):
        return _figure(name, value, is_code="code" in words or plain == "status")
    said = flag(value)
    if type(value) is bool or (type(value) is str and value.casefold() in ("true", "false")):
        return _flag(name, bool(said)) or (_Doubt(name) if said and not words & _OF_PAGES else None)
    text = value.strip() if type(value) is str else ""
    if not any(map(str.isalpha, text)) or _DATE.match(text) or said is True:
        return None
    if any(text.casefold() in one for one in asked):
        return None
    if _ADDRESS.fullmatch(text):
        return _Doubt(f"{name} {text}") if is_login_address(text) else None
    if words & (_OF_PAGES | _OF_NOTHING) and not _REFUSES.search(text.casefold()):
        return None
    if plain in SENTENCES or plain in _NOTICES:
        left = struck(text, asked)
        refuses = _sounds_refused(left) and (plain not in _LABELS or _is_bare(left))
        return None if lists_nothing(left) else _Doubt(left, refuses)
    if plain in _SPOKEN:
        return _Doubt(f"{name} {text}", _sounds_refused(text))
    return _Doubt(f"{name} {text}", tells_end(f"{name} {text}"))


def _sounds_refused(text: str) -> bool:
    """Say whether a clause of a sentence refuses, now and not perhaps."""
    plain = " ".join(_ADDRESS.sub(" ", text[:_LONGEST].casefold().replace("_", " ")).split())
    return any(
        (_REFUSES.search(one) is not None or is_login(one)) and not _PERHAPS.search(one)
        for one in clauses(plain)
        if not lists_nothing(one)
    )


def _is_bare(text: str) -> bool:
    """Say whether a clause of a label is a refusal of nothing else, such as "Access denied"."""
    return any(
        _REFUSES.search(one) is not None and _words(_REFUSES.sub(" ", one)) <= _BARE
        for one in clauses(text.casefold())
    )


def _figure(name: str, value: float, *, is_code: bool) -> _Doubt | None:
    """Return what a figure says: only one of errors refuses, and 1 may stand for a yes."""
    if is_code:
        is_good = value in (0, 1) or 200 <= value <= 299
        return None if is_good else _Doubt(f"{name} {value}")
    if value in (0, 1):
        found = _flag(name, bool(value))
        is_count = found is not None and not _IS_ERROR.search(name.casefold())
        return evolve(found, refuses=is_login(name)) if found and is_count else found
    plain = name.casefold()
    if not _REFUSES.search(plain):
        return None
    return _Doubt(f"{name} {value}", value > 0 and _IS_ERROR.search(plain) is not None)


def _flag(name: str, value: bool) -> _Doubt | None:
    """Return what a flag says that speaks of rights or of a refusal."""
    plain = name.casefold()
    if value:
        is_option = not _OPTIONS.isdisjoint(plain.split())
        says_so = _IS_ERROR.search(plain) or _IS_DENIAL.search(plain) or is_login(plain)
        found = _Doubt(name, bool(says_so) and not is_option)
        return found if _REFUSES.search(plain) or found.refuses else None
    if not _RIGHTS.search(plain) or _REFUSES.search(name):
        return None
    return _Doubt(f"not {name}", _REFUSES.search(f"not {plain}") is not None)
