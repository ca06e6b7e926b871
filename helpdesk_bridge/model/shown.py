"""What the ``repr`` of a value says: what it is and how much, and no word of a customer.

A ``repr`` is read in notebooks, logs and tracebacks. It names ids, words of ours, times and counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from enum import Enum
from typing import Any

__all__ = ["amount", "constructed", "counted", "identity", "moment_of", "number_of", "shown"]

_LONGEST = 60
_NUMBER = re.compile(r"(?:[A-Za-z]{1,8}[_-])?[0-9]{1,20}")


def shown(value: object, name: str, words: Callable[[], Iterable[str]]) -> str:
    """Return ``<Kind name: words>`` of ``value``.

    It never fails: a value may be half-built, or hold what nobody expects. ``words`` is asked for
    the words, of which empty ones do not count; ``name`` is empty where it has none.
    """
    kind = type(value).__name__
    try:
        said = ", ".join(filter(None, words()))
    except Exception:  # noqa: BLE001 - whatever it holds, a debugger must be able to show it
        said = "not whole"
    return f"<{' '.join(filter(None, (kind, ': '.join(filter(None, (name, said))))))}>"


def constructed(value: Any, **fields: object) -> str:
    """Return ``Kind(field=…)`` of a ``value``: those of its ``fields`` that are not None.

    Enums are shown as their values, and sets in order. No field may hold words of a customer.
    """
    said = [f"{name}={_plain(one)}" for name, one in fields.items() if one is not None]
    return f"{type(value).__name__}({', '.join(said)})"


def _plain(value: object) -> str:
    if isinstance(value, frozenset):
        return f"{{{', '.join(sorted(map(_plain, value)))}}}"
    return repr(value.value if isinstance(value, Enum) else value)


def identity(value: object, field: str = "id") -> str:
    """Return the ``field`` of ``value`` for people, cut if it is long; empty: there is none."""
    found = getattr(value, field, None)
    if not isinstance(found, str) or not found:
        return ""
    return repr(found if len(found) <= _LONGEST else found[:_LONGEST] + "…")


def number_of(value: object) -> str:
    """Return the id of ``value`` for people if it is a number, maybe with a prefix, else empty.

    Some vendors have an address with a signature, or a token, for an id: who reads it may use it.
    """
    found = getattr(value, "id", None)
    return repr(found) if isinstance(found, str) and _NUMBER.fullmatch(found) else ""


def moment_of(label: str, at: datetime | None) -> str:
    """Return a time to the minute behind its ``label``; empty where it is not known."""
    return "" if at is None else f"{label} {at:%Y-%m-%d %H:%M} UTC".lstrip()


def counted(values: Any, one: str) -> str:
    """Return how many ``values`` there are, such as ``2 tags``; empty where there are none."""
    return amount(len(values), one) if values else ""


def amount(number: int, one: str) -> str:
    """Return a ``number`` of things, of which a single one is called ``one``."""
    return f"{number or 'no'} {one}s" if number != 1 else f"1 {one}"
