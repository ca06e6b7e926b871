"""What a vendor's error answer says, as much of it as an error can show."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from attrs import field, frozen

from helpdesk_bridge.errors import HelpdeskError

__all__ = ["MOST_TEXT", "Explanation", "first_fields", "usual"]

MOST_TEXT = 1000
"""How many characters of each text of a vendor are looked at; an error shows fewer."""
_MOST_OF_A_FIELD = 400
"""The same of the texts about fields, of which there are many."""
_MOST_FIELDS = 32
"""An error with thousands of fields helps nobody, and each of them takes time to make clean."""
_MOST_TEXTS = 4
"""How many texts are kept of each field."""

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 200
_SHORT.maxlevel = 3


@frozen(kw_only=True)
class Explanation:
    """What a vendor's error answer says: a sentence, its own code, the fields it names.

    ``kind`` is the error to raise where the vendor has no codes to look up; None leaves that to
    the code and the HTTP status.

    ``message`` is the vendor's sentence, ``kind`` the class of the error (None: by ``code`` or
    status), ``code`` the vendor's own error code (None: it tells none), ``fields`` the texts about
    each field, ``fields_left_out`` how many more fields it names. :func:`first_fields` makes both.
    """

    message: str = ""
    kind: type[HelpdeskError] | None = None
    code: str | None = None
    fields: Mapping[str, tuple[str, ...]] = field(factory=dict)
    fields_left_out: int = 0


def first_fields(named: Iterable[tuple[str, Any]]) -> tuple[dict[str, tuple[str, ...]], int]:
    """Return the first fields that an answer names, with the first of their texts.

    ``named`` are pairs of a field's name and its texts: a list of them, or one. What is no text is
    shown in short.

    Returns:
        The texts by the names of the fields, and how many more fields are named.
    """
    pairs = iter(named)
    kept = {
        name[:_MOST_OF_A_FIELD]: tuple(_text(one) for one in islice(_listed(told), _MOST_TEXTS))
        for name, told in islice(pairs, _MOST_FIELDS)
    }
    return kept, sum(1 for _ in pairs)


def _listed(told: Any) -> Iterable[Any]:
    return told if isinstance(told, (list, tuple)) else (told,)


def _text(told: Any) -> str:
    return told[:_MOST_OF_A_FIELD] if isinstance(told, str) else _SHORT.repr(told)


def usual(data: Any) -> Explanation:
    """Return what the usual shapes of JSON errors say; AttributeError for what is no object."""
    error = data.get("error")
    nested = error.get("message") if isinstance(error, dict) else error
    message = next((m for m in (data.get("message"), nested) if isinstance(m, str)), "")
    coded = error if isinstance(error, dict) else data
    code = coded.get("code")
    named = data.get("errors")
    fields, left_out = first_fields(named.items() if isinstance(named, dict) else ())
    return Explanation(
        message=message,
        code=code if isinstance(code, str) else None,
        fields=fields,
        fields_left_out=left_out,
    )
