"""Members of an envelope whose names nobody knows, and that may say that a list goes on.

A name is read by its words (``nextOffset``, ``is_partial``), and its value must be one by which it
can say so: a number of records, a place, a flag.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

__all__ = ["MOST", "figure", "flag", "hint", "plain", "says_incomplete"]

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_COUNTS = frozenset(["total", "hits", "found", "pages", "more", "remain", "remaining"])
"""Words of a figure, which says so if it is larger than the page."""
_FLAGS = frozenset(["more", "next", "partial", "incomplete", "truncated", "truncation"])
_PLACES = frozenset(
    (
        "next",
        "after",
        "cursor",
        "scroll",
        "marker",
        "offset",
        "bookmark",
        "continue",
        "continuation",
    )
)
_BACKWARDS = frozenset(["prev", "previous", "before", "start", "first", "self", "current"])
_OTHERS = frozenset(["in", "at", "on", "by", "of", "for", "time", "date", "duration", "took"])
"""Words of when, where and by what, such as ``next_sync_in``."""
_INCOMPLETE = (frozenset(["incomplete"]), frozenset(["timed", "out"]), frozenset(["timedout"]))
_PARTIAL = frozenset(["partial"])
_WHOLE = frozenset(
    (
        *("is", "are", "has", "have", "list", "search", "query"),
        *("result", "results", "response", "records"),
    )
)
"""Words of a flag which only say that it is of the list."""
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YES_OR_NO = {
    **dict.fromkeys(("true", "1", "yes"), True),
    **dict.fromkeys(("false", "0", "no"), False),
}
MOST = 10**12
"""No list has more records: a larger figure is none."""
_FIGURE = re.compile(r"\s*([+-]?[0-9]{1,15})(\.0{1,15})?\s*")


def plain(name: Any) -> str:
    """Return a name without its case and its signs: ``has_more`` is ``hasmore``."""
    return re.sub(r"[^a-z0-9]", "", str(name).casefold())


def figure(value: Any) -> int | None:
    """Return a whole number that a vendor tells, also as text or as 250.0.

    Args:
        value: what was decoded.

    Returns:
        The number; None for what is none, for a negative one and for one that no list can have.
    """
    if type(value) is float and value.is_integer() and abs(value) <= MOST:
        value = int(value)
    elif type(value) is str and (found := _FIGURE.fullmatch(value)):
        value = int(found[1])
    return value if type(value) is int and 0 <= value <= MOST else None


def flag(value: Any) -> bool | None:
    """Return a yes or no that a vendor tells, also as text or as 1; None for what is none."""
    word = str(value).strip().casefold() if type(value) in (bool, int, str) else ""
    return _YES_OR_NO.get(word)


def hint(
    name: str, value: Any, path: str, count: int, known: Collection[str], depth: int = 0
) -> str | None:
    """Return where a member whose name nobody knows may say that a list goes on.

    In an object that nobody knows, which may be of an account or a quota, a figure says so only
    beside a word of pages.

    Args:
        name: its name.
        value: what was decoded.
        path: its JSON path.
        count: how many records are on the page.
        known: the plain names that tell of pages.
        depth: how many unknown objects it stands in.

    Returns:
        The JSON path; None where it says nothing.
    """
    if isinstance(value, Mapping):
        of_pages = any(plain(key) in known for key in value)
        for key, one in value.items() if depth < 2 else ():
            if of_pages or figure(one) is None:
                found = hint(str(key), one, f"{path}.{key}", count, known, depth + 1)
                if found is not None:
                    return found
        return None
    words = {word.casefold() for word in _WORD.findall(name)}
    is_other = words & _OTHERS or (words & _BACKWARDS and "next" not in words)
    return path if not is_other and _says_more(words, value, count) else None


def says_incomplete(name: str, value: Any, *, goes_on: bool) -> bool:
    """Say whether a member tells that the vendor left records out of what it lists.

    ``partial`` says so only of the last page: before that it may mean that more pages come. A
    number of shards that failed, as search engines tell it, says so as well.

    Args:
        name: its name.
        value: what was decoded.
        goes_on: whether the list goes on behind this page.
    """
    words = frozenset(word.casefold() for word in _WORD.findall(name))
    if isinstance(value, Mapping):
        return "shards" in words and bool(figure(value.get("failed")))
    told = words - _WHOLE
    is_told = told in _INCOMPLETE or (told == _PARTIAL and not goes_on)
    return is_told and type(value) in (bool, str) and flag(value) is True


def _says_more(words: set[str], value: Any, count: int) -> bool:
    said, number, is_place = flag(value), figure(value), bool(words & _PLACES)
    if said and words & _FLAGS:
        return True
    if number is not None:
        return (is_place and number > 0) or (bool(words & _COUNTS) and number > count)
    if type(value) is not str or said is not None or not re.fullmatch(r"\S+", value):
        return False
    return is_place and not _TIME.match(value) and ("/" not in value or "next" in words)
