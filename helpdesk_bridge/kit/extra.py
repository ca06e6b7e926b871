"""Put the caller's ``extra`` into what is sent, and nothing that the call sets itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from helpdesk_bridge.errors import InvalidArgument

__all__ = ["extra_query", "extra_texts", "merge_extra", "refuse_extra"]

_BRACKET = re.compile(r"[\[\].]")


def merge_extra(body: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``body`` with the caller's ``extra`` in it.

    InvalidArgument for a key that the call sets itself, in any spelling: see :func:`refuse_extra`.
    """
    twice = _named(body, extra)
    if twice:
        raise InvalidArgument(f"extra sets {', '.join(twice)}, which the call sets already.")
    return {**body, **extra}


def refuse_extra(extra: Mapping[str, Any], names: Iterable[str]) -> None:
    """Raise InvalidArgument if ``extra`` has one of ``names``, such as a new ticket's recipients.

    Vendors differ in what they take for the same name: ``To``, ``to[]``, ``to[0]``, ``send-email``
    and ``sendEmail`` are refused as ``to`` and ``send_email`` are.
    """
    named = _named(names, extra)
    if named:
        raise InvalidArgument(f"extra must not set {', '.join(named)} here.")


def extra_query(extra: Mapping[str, Any], taken: Iterable[str]) -> list[tuple[str, str]]:
    """Return the caller's own query parameters as pairs: a value is a str, a number or a list.

    A parameter the call sets already, or a value that is none of these, is InvalidArgument: see
    :func:`extra_texts`.

    ``extra`` is what the caller gave, ``taken`` are the names that the call sets itself.
    """
    refuse_extra(extra, taken)
    pairs: list[tuple[str, str]] = []
    for name, given in extra.items():
        pairs += [(name, value) for value in extra_texts(name, given)]
    return pairs


def extra_texts(name: str, given: Any) -> list[str]:
    """Return a value of ``extra``, or those of a list, as the text of a parameter or a form.

    What has no one spelling is InvalidArgument: what is sent for None, False or an empty list is
    the vendor's affair, and ``false`` is true to many.

    Args:
        name: what it is the value of.
        given: the value.
    """
    values = given if isinstance(given, (list, tuple)) else [given]
    if not values:
        raise InvalidArgument(_no_text(name))
    return [_text(name, value) for value in values]


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise InvalidArgument(_no_text(name))
    return str(value)


def _no_text(name: str) -> str:
    return (
        f"extra gives {name} neither a str nor a number, nor a list of some: write it as the"
        ' vendor\'s text, such as "0", or leave it out.'
    )


def _named(names: Iterable[str], extra: Mapping[str, Any]) -> list[str]:
    """Return those of ``names`` that ``extra`` has, in any spelling."""
    spelled = {_spelling(key) for key in extra}
    return sorted(name for name in set(names) if _spelling(name) in spelled)


def _spelling(name: str) -> str:
    """Return what is the same for all spellings of a field's name."""
    base = next(filter(None, _BRACKET.split(name)), name)
    return "".join(c for c in base.casefold() if c.isalnum())
