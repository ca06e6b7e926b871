"""Compare a value that a vendor shows with the one that it was given.

Vendors keep some values in another spelling: escaped, without markup, cut, in another case. A value
that merely resembles what was asked for is another one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from html import unescape
from typing import Any

from helpdesk_bridge.model.normalisation import normalised
from helpdesk_bridge.model.wording import subject_wording, unlabelled

__all__ = ["is_cut", "same_letters", "same_spelling", "same_text", "same_value"]

_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>")
_BEYOND = re.compile("[\U00010000-\U0010ffff]")
"""What a database of three bytes a character does not keep."""
_MARK = "..."
_LEAST = 10
"""A text that is cut with a mark keeps so many characters at least."""
_SHORTEST_LIMIT = 50
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_LONGEST_NUMBER = 24
_MOST_BLANKS = 3
"""So many blanks at the place of a cut are looked at."""


def same_text(asked: str, told: str) -> bool:
    """Say whether ``told`` is ``asked`` as a vendor may keep it.

    That is in any case, with other blanks, escaped or without its markup, with "?" or nothing for
    each character beyond U+FFFF, behind a label such as ``[#12]``, or cut: with "…", or at a usual
    limit of characters or bytes.
    """
    wanted = {_closed(_readable(form)) for form in _forms(asked)} - {""}
    shown = [_closed(form) for form in unlabelled(_readable(told))]
    if not wanted.isdisjoint(shown) or not (wanted or shown[0]):
        return True
    stems = [one.rstrip(".") for one in shown if one.endswith(_MARK)]
    stems = [stem for stem in stems if len(stem) >= _LEAST]
    if any(map(_is_at_limit, _before_trimming(asked, told))):
        stems.append(shown[0])
    return any(form.startswith(stem) for form in wanted for stem in stems)


def is_cut(asked: str, told: str) -> bool:
    """Say whether ``told`` is the beginning of ``asked``, wherever it was cut.

    Only a text that was not there before the change can be taken for a cut of it.
    """
    begin = _closed(_readable(told))
    return len(begin) >= _LEAST and any(
        _closed(_readable(form)).startswith(begin) for form in _forms(asked)
    )


def same_letters(asked: str, told: str) -> bool:
    """Say whether ``told`` is ``asked`` but for white space, composition and escapes."""
    wanted, shown = (normalised("NFC", unescape(unescape(one))).split() for one in (asked, told))
    return wanted == shown


def _before_trimming(asked: str, told: str) -> Iterator[str]:
    """Yield ``told`` as it may have been cut, before blanks were taken off its end."""
    yield told
    if asked.startswith(told):
        rest = asked[len(told) :]
        for end in range(1, min(len(rest) - len(rest.lstrip()), _MOST_BLANKS) + 1):
            yield told + rest[:end]


def _is_at_limit(text: str) -> bool:
    return _is_limit(len(text)) or _is_limit(len(text.encode(errors="replace")))


def _forms(asked: str) -> Iterator[str]:
    for form in (asked, _MARKUP.sub("", asked)):
        yield form
        yield _BEYOND.sub("?", form)
        yield _BEYOND.sub("", form)


def _readable(text: str) -> str:
    return subject_wording(normalised("NFKC", unescape(unescape(text))))


def _closed(text: str) -> str:
    return "".join(text.split())


def _is_limit(length: int) -> bool:
    """Say whether columns and forms have this limit: a multiple of 5, or a power of 2 or 1 less."""
    round_one = length % 5 == 0 or length & (length - 1) == 0 or length & (length + 1) == 0
    return length >= _SHORTEST_LIMIT and round_one


def same_value(asked: Any, told: Any) -> bool | None:
    """Say whether ``told`` is ``asked``, the value of a custom field; None for what is an object.

    Numbers, switches and times may be written as texts, and one value as a list. The order of a
    list does not count. None, an empty text, an empty list, 0 and False are all no value.
    """
    return _all_same(asked, told, _same_one)


def same_spelling(asked: Any, told: Any) -> bool | None:
    """Say whether ``told`` is ``asked`` as :func:`same_value` does, but of texts by their letters.

    So "2.10" is another version than "2.1", where both are texts.
    """
    return _all_same(asked, told, _same_written)


def _all_same(asked: Any, told: Any, same: Callable[[Any, Any], bool]) -> bool | None:
    wanted, shown = _values(asked), _values(told)
    if wanted is None or shown is None:
        return None
    return all(any(same(one, other) for other in shown) for one in wanted) and all(
        any(same(one, other) for one in wanted) for other in shown
    )


def _values(value: Any) -> list[Any] | None:
    several = value if isinstance(value, (list, tuple, set, frozenset)) else (value,)
    if any(isinstance(one, (Mapping, list, tuple)) for one in several):
        return None
    return [one for one in several if _text(one) not in ("", "0")]


def _text(value: Any) -> str:
    text = "" if value is None else str(value).strip()
    if text.casefold() in ("true", "false"):
        return str(int(text.casefold() == "true"))
    if len(text) <= _LONGEST_NUMBER:
        with suppress(InvalidOperation):
            return str(Decimal(text).normalize())
    return text


def _same_one(asked: Any, told: Any) -> bool:
    wanted, shown = _text(asked), _text(told)
    same = _same_time(wanted, shown)
    return same_text(wanted, shown) if same is None else same


def _same_written(asked: Any, told: Any) -> bool:
    if isinstance(asked, str) and isinstance(told, str):
        return same_letters(asked, told) or _same_time(asked.strip(), told.strip()) is True
    return _same_one(asked, told)


def _same_time(one: str, other: str) -> bool | None:
    """Say whether two texts are the same day or instant; None where one is none."""
    if not (_DATE.match(one) and _DATE.match(other)):
        return None
    with suppress(ValueError, OverflowError):
        first, second = _instant(one), _instant(other)
        days = len("2026-01-01")
        return one[:days] == other[:days] if days in (len(one), len(other)) else first == second
    return None


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
