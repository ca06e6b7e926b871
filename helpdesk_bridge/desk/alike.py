"""Compare a value that a vendor shows with the one that it was given.

Vendors keep some values in another spelling: escaped, without markup, cut, in another case. A value
that merely resembles what was asked for is another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from html import unescape
from typing import Any

from helpdesk_bridge.model.normalisation import normalised
from helpdesk_bridge.model.wording import subject_wording, unlabelled

__all__ = ["same_text", "same_value"]

_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>")
_BEYOND = re.compile("[\U00010000-\U0010ffff]")
"""What a database of three bytes a character does not keep."""
_MARK = "..."
_LEAST = 10
"""A text that is cut with a mark keeps so many characters at least."""
_SHORTEST_LIMIT = 50
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_LONGEST_NUMBER = 24


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
    if _is_limit(len(told)) or _is_limit(len(told.encode(errors="replace"))):
        stems.append(shown[0])
    return any(form.startswith(stem) for form in wanted for stem in stems)


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
    wanted, shown = _texts(asked), _texts(told)
    if wanted is None or shown is None:
        return None
    return all(any(_same_one(one, other) for other in shown) for one in wanted) and all(
        any(_same_one(one, other) for one in wanted) for other in shown
    )


def _texts(value: Any) -> list[str] | None:
    several = value if isinstance(value, (list, tuple, set, frozenset)) else (value,)
    if any(isinstance(one, (Mapping, list, tuple)) for one in several):
        return None
    return [text for text in map(_text, several) if text not in ("", "0")]


def _text(value: Any) -> str:
    text = "" if value is None else str(value).strip()
    if text.casefold() in ("true", "false"):
        return str(int(text.casefold() == "true"))
    if len(text) <= _LONGEST_NUMBER:
        with suppress(InvalidOperation):
            return str(Decimal(text).normalize())
    return text


def _same_one(asked: str, told: str) -> bool:
    if _DATE.match(asked) and _DATE.match(told):
        short = min(len(asked), len(told))
        if short == len("2026-01-01"):
            return asked[:short] == told[:short]
        with suppress(ValueError, OverflowError):
            return _instant(asked) == _instant(told)
    return same_text(asked, told)


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
