"""Read how long a vendor asks to be left alone: pure functions of an answer's headers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice

from attrs import define, frozen

from helpdesk_bridge.model.text import is_digits
from helpdesk_bridge.transport.wait_words import http_date, seconds_in

__all__ = ["asked_wait", "http_date", "retry_after", "running_low", "until_reset", "vendor_time"]

_AFTER = ("retryafter", "xretryafter")
_AFTER_MS = ("retryafterms", "xretryafterms", "xmsretryafterms")
_WINDOW = re.compile(r"(remaining|resetafterms|resetafter|resetinms|resetin|resets?|retryafter)")
_TOLD = re.compile(r"\b(limit|remaining|resets?|r|t) *= *\"?([0-9.]{1,20})")

_FIGURE = re.compile(r"\A(?!\s*+-\s*+[0-9.]*+\s*+\Z)[^0-9]*+[0-9]")
"""What a wait has that says something; a negative number is in the past."""
_PLAIN = re.compile(r"(?<![\w.:,+-])[0-9]{1,6}(?![\w:,+-]|\.[0-9])", re.ASCII)
"""A figure by itself, as there is none in a date or a time of day but for days and years."""
_NOT_UNDERSTOOD = 30.0
_LONGEST_GUESS = 3600.0
"""A figure that is not understood is taken for no longer wait: it may be none at all."""

_MOST_HEADERS = 20
"""Headers that tell of a wait or an allowance and are read; real answers have up to ten."""
_MOST_PARTS = 10
"""Allowances that are read of one header."""
_LONGEST_TEXT = 1024
"""Characters that are read of a header which tells of several allowances."""
_LONGEST_NAME = 64
_LONGEST_FULL = 9
"""An allowance with more digits is none."""
_LONGEST_AGE = 8
"""An Age with more digits is none."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that ``Retry-After`` asks for: RFC 9110, section 10.2.3.

    It is read in any spelling that :func:`~helpdesk_bridge.transport.wait_words.seconds_in` knows,
    and of several the longest counts; ``Retry-After-Ms`` is in milliseconds. A time counts from the
    answer's own ``Date``, so that neither clock has to be right; without one, from ours.
    """
    waits: list[float | None] = []
    for word, text in _of_waits(headers):
        if word in _AFTER:
            waits.append(seconds_in(text, lambda: _now(headers)))
        else:
            waits.append(_milliseconds(text))
    return max((wait for wait in waits if wait is not None), default=None)


def _of_waits(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the headers that ask for a wait, by the words of their names."""
    told = ((_word(name), text) for name, text in headers.items() if len(name) <= _LONGEST_NAME)
    return islice((one for one in told if one[0] in (*_AFTER, *_AFTER_MS)), _MOST_HEADERS)


def until_reset(headers: Mapping[str, str], *, refused: bool = False) -> float | None:
    """Return the seconds until the vendor's allowance is renewed, if it says that none is left.

    Read are ``X-RateLimit-Remaining`` and ``-Reset`` (observed on Roundup 2.6.0; Laravel and
    many others), the ``RateLimit-`` names and the ``RateLimit`` field of the IETF drafts, and these
    names as vendors spell them: ``X-Rate-Limit-``, ``-Reset-After``, ``-Remaining-Minute``. A reset
    is written in any way that a ``Retry-After`` may be.

    With ``refused`` the answer is a 429: then a reset counts that stands beside no remaining
    allowance at all, and so does the allowance of a single operation (Zendesk's
    ``Zendesk-RateLimit-…``).
    """
    windows = _windows(headers, refused=refused)
    used_up = [one for one in windows.values() if one.left is not None and one.left <= 0]
    waits = [one.reset for one in used_up]
    if used_up and not any(wait is not None for wait in waits):
        # Told under another name, as Zendesk's X-Rate-Limit-Remaining and RateLimit-Reset.
        waits = [one.reset for one in windows.values() if one.left is None]
    if refused and not used_up:
        waits = [one.reset for one in windows.values() if one.left is None]
    return max((wait for wait in waits if wait is not None), default=None)


def running_low(headers: Mapping[str, str], reserve: Callable[[int], int]) -> float | None:
    """Return the seconds until an allowance is renewed of which little is left; None: of none.

    It counts where one and the same allowance is told in full: how much it is, how much is left
    and when it is renewed, as in ``X-RateLimit-Limit``, ``-Remaining`` and ``-Reset`` or in
    ``RateLimit: limit=100, remaining=12, reset=50`` (draft 03 to 07 of the IETF). Whatever tells
    less or is not understood counts as nothing.

    Args:
        headers: those of an answer.
        reserve: what gives, of how much there is, how much is little.
    """
    waits = [
        one.reset
        for one in _windows(headers, refused=False).values()
        if one.full and one.left is not None and one.left <= reserve(one.full)
    ]
    return max((wait for wait in waits if wait is not None), default=None)


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a 429 asks for: its ``Retry-After``, else the vendor's reset.

    One that has a figure and is not understood asks for some wait: then it is half a minute, which
    a call of the usual deadline can still wait for, or as many seconds as its largest figure says,
    up to an hour.
    """
    asked = retry_after(headers)
    if asked is None:
        asked = until_reset(headers, refused=True)
    if asked is not None:
        return asked
    told = [text for _, text in _of_waits(headers) if _FIGURE.search(text)]
    figures = [float(one) for text in told for one in _PLAIN.findall(text[:_LONGEST_TEXT])]
    return min(max(_NOT_UNDERSTOOD, *figures, 0.0), _LONGEST_GUESS) if told else None


@define
class _Window:
    """One allowance: what is left of it, and the seconds until it is renewed; None: not told."""

    left: float | None = None
    reset: float | None = None
    full: int | None = None
    """How much it is when nothing is used of it; 0: two headers tell different figures."""

    def note(self, left: float | None, reset: float | None) -> None:
        """Add what another header tells; the smaller allowance and the longer wait count."""
        if left is not None:
            self.left = left if self.left is None else min(self.left, left)
        if reset is not None:
            self.reset = reset if self.reset is None else max(self.reset, reset)

    def note_full(self, text: str) -> None:
        """Add how much it is, where that is one whole number."""
        text = text.strip()
        if is_digits(text) and len(text) <= _LONGEST_FULL:
            self.full = int(text) if self.full in {None, int(text)} else 0


def _windows(headers: Mapping[str, str], *, refused: bool) -> dict[str, _Window]:
    """Return the allowances that the headers tell of, by what is common to their names."""
    windows: dict[str, _Window] = {}
    named = ((_allowance(name), text) for name, text in headers.items() if _may_tell(name))
    read = ((told, text) for told, text in named if told and (refused or told.general))
    for told, text in islice(read, _MOST_HEADERS):
        if told.what in {"all", "limit"} and "=" in text:
            for number, (left, reset, full) in enumerate(_told(text, headers)):
                window = windows.setdefault(f"{told.key} {number}", _Window())
                window.note(left, reset)
                window.note_full(full)
            continue
        if told.what == "all":
            continue
        window = windows.setdefault(told.key, _Window())
        if told.what == "limit":
            window.note_full(text)
            continue
        if told.what == "remaining":
            window.note(_left(text), None)
        elif told.what.endswith("ms"):
            window.note(None, _milliseconds(text))
        else:
            window.note(None, seconds_in(text, lambda: _now(headers)))
    return windows


def _may_tell(name: str) -> bool:
    """Say whether a name may be that of an allowance, without what takes long for thousands."""
    return len(name) <= _LONGEST_NAME and "limit" in name.lower()


@frozen
class _Allowance:
    """What the name of a header says: of which allowance it tells, and what."""

    key: str
    what: str
    general: bool
    """Whether it holds for every operation."""


@lru_cache(maxsize=256)  # an answer has some twenty headers, which are the same each time
def _allowance(name: str) -> _Allowance | None:
    word = _word(name)
    if "ratelimit" not in word:
        return None
    general = word.startswith(("ratelimit", "xratelimit"))
    what = _WINDOW.search(word.partition("ratelimit")[2])
    if what is None and not word.partition("ratelimit")[2].startswith("limit"):
        return _Allowance(word, "all", general)
    if what is None:
        return _Allowance(word.removeprefix("x").replace("limit", "", 1), "limit", general)
    return _Allowance(word.removeprefix("x").replace(what[0], "", 1), what[0], general)


def _told(
    text: str, headers: Mapping[str, str]
) -> Iterator[tuple[float | None, float | None, str]]:
    """Yield what the IETF's ``RateLimit`` field tells of each allowance: left, reset and limit.

    It is a list with ``r`` and ``t`` (draft 08 and later), or one of ``remaining`` and ``reset``.
    """
    text = text[:_LONGEST_TEXT]
    parts = [text] if "remaining" in text.lower() else text.split(",", _MOST_PARTS)[:_MOST_PARTS]
    for part in parts:
        found = dict(_TOLD.findall(part.lower()))
        left = found.get("remaining", found.get("r"))
        reset = found.get("reset", found.get("resets", found.get("t")))
        yield (
            None if left is None else _left(left),
            None if reset is None else seconds_in(reset, lambda: _now(headers)),
            found.get("limit", ""),
        )


def _word(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def _now(headers: Mapping[str, str]) -> datetime:
    return http_date(headers.get("Date", "")) or datetime.now(UTC)


def _milliseconds(text: str) -> float | None:
    wait = seconds_in(text, lambda: datetime.now(UTC)) if _number(text) is not None else None
    return None if wait is None else wait / 1000.0


def _left(text: str) -> float | None:
    """Return the least number of a list."""
    numbers = [_number(part.partition(";")[0]) for part in text.split(",")]
    return min((number for number in numbers if number is not None), default=None)


def _number(text: str) -> float | None:
    """Return a number of digits and at most one point; ``float`` takes much more than that."""
    text = text.strip()
    digits = text.removeprefix("-")
    if len(text) > 20 or not text.isascii() or not digits.replace(".", "", 1).isdigit():
        return None
    return float(text)


def vendor_time(headers: Mapping[str, str]) -> datetime | None:
    """Return what the vendor's clock shows now, aware; None if the answer does not tell.

    That is its Date, and the Age added to it: how many seconds the answer lay in a cache.
    """
    told = http_date(headers.get("Date", ""))
    age = headers.get("Age", "")
    if told is None or not is_digits(age) or len(age) > _LONGEST_AGE:
        return told
    try:
        return told + timedelta(seconds=int(age))
    except OverflowError:  # a date in the year 9999
        return None
