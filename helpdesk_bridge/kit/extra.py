"""Put the caller's ``extra`` into what is sent, and nothing that the call sets itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from helpdesk_bridge.errors import InvalidArgument

__all__ = ["extra_query", "merge_extra", "refuse_extra"]


def merge_extra(body: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``body`` with the caller's ``extra`` in it; a key the model set is InvalidArgument."""
    twice = sorted(set(body) & set(extra))
    if twice:
        raise InvalidArgument(f"extra sets {', '.join(twice)}, which the call sets already.")
    return {**body, **extra}


def refuse_extra(extra: Mapping[str, Any], names: Iterable[str]) -> None:
    """Raise InvalidArgument if ``extra`` has one of ``names``, such as a note's recipients."""
    named = sorted(set(names) & set(extra))
    if named:
        raise InvalidArgument(f"extra must not set {', '.join(named)} here.")


def extra_query(extra: Mapping[str, Any], taken: Iterable[str]) -> list[tuple[str, str]]:
    """Return the caller's own query parameters as pairs: a value is a str, a number or a list.

    A parameter the call sets already, or a value that is none of these, is InvalidArgument.

    ``extra`` is what the caller gave, ``taken`` are the names that the call sets itself.
    """
    refuse_extra(extra, taken)
    pairs: list[tuple[str, str]] = []
    for name, given in extra.items():
        values = given if isinstance(given, (list, tuple)) else [given]
        if not all(isinstance(value, (str, int)) for value in values):
            raise InvalidArgument(f"extra gives {name} neither a str nor a list of them.")
        pairs += [(name, str(value)) for value in values]
    return pairs
