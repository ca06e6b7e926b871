"""Judge what stands beside an empty list: whether it may be empty because something was denied.

An empty list proves that something is not there only where all that stands beside it is harmless:
places, counts, links, echoes of the query, a yes. Who reads gets the list all the same, unless the
words beside it refuse. Who wants a proof (:func:`proving`) does not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from typing import Any

from helpdesk_bridge.transport.refusal import (
    GOOD,
    MOST_KEYS,
    SENTENCES,
    No,
    is_login,
    is_login_address,
    tells_errors,
    word,
)
from helpdesk_bridge.transport.sentences import flag, lists_nothing, struck
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
    for text in doubts:
        plain = " ".join(text.casefold().replace("_", " ").split())
        if not _ADDRESS.search(plain) and (_REFUSES.search(plain) or is_login(plain)):
            ended = tells_end(text)
            return No(text, login=ended or is_login(plain), session=ended)
    return No(doubts[0], doubt=True) if doubts and is_proving() else None


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


def _doubts(data: Mapping[str, Any], asked: list[str], depth: int) -> Iterator[str]:
    """Yield in words what stands in an envelope and is not known as harmless."""
    if _is_record(data, depth):
        return  # what it says of itself is its content
    for key, value in islice(data.items(), MOST_KEYS):
        if word(key) in _PLACES or tells_errors(word(key)):
            continue
        for one in value[:MOST_KEYS] if type(value) is list else (value,):
            if type(one) is dict:
                if depth < _DEEPEST:
                    yield from _doubts(one, asked, depth + 1)
            elif text := _doubt(key, one, asked):
                yield text


def _doubt(key: str, value: Any, asked: list[str]) -> str:
    """Return what a member says, in words; empty for what is harmless."""
    name = " ".join(_HUMP.sub(" ", key[:100]).replace("_", " ").replace("-", " ").split())
    plain, words = word(key), frozenset(name.casefold().split())
    if value is None or plain in GOOD:
        return ""
    if type(value) in (int, float):
        is_code = "code" in words or plain == "status"
        is_good = value in (0, 1) or 200 <= value <= 299
        return f"{name} {value}" if is_code and not is_good else _flag(name, bool(value))
    said = flag(value)
    if type(value) is bool or (type(value) is str and value.casefold() in ("true", "false")):
        return _flag(name, bool(said)) or (name if said and not words & _OF_PAGES else "")
    text = value.strip() if type(value) is str else ""
    if not any(map(str.isalpha, text)) or _DATE.match(text) or said is True:
        return ""
    if any(text.casefold() in one for one in asked):
        return ""
    if _ADDRESS.fullmatch(text):
        return f"{name} {text}" if is_login_address(text) else ""
    if words & (_OF_PAGES | _OF_NOTHING) and not _REFUSES.search(text.casefold()):
        return ""
    if plain not in SENTENCES:
        return f"{name} {text}"
    left = struck(text, asked)
    return "" if lists_nothing(left) else left


def _flag(name: str, value: bool) -> str:
    """Return what a flag says that speaks of rights or of a refusal; else an empty text."""
    if value:
        return name if _REFUSES.search(name.casefold()) else ""
    return f"not {name}" if _RIGHTS.search(name.casefold()) and not _REFUSES.search(name) else ""
