"""What is wrong with a value that is written or read, and where; JSON values as they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

from helpdesk_bridge.errors import InvalidArgument

__all__ = ["Misfit", "each", "expected", "json_value"]

_IN_WORDS: dict[type, str] = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "an object",
}


class Misfit(Exception):
    """A part of a value does not fit; the place is told on the way out, and no word of it."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
        self.path = ""

    def within(self, key: str | int) -> Self:
        """Say that it is below ``key``, a number or the name of a field."""
        self.path = (f"[{key}]" if isinstance(key, int) else f".{key}") + self.path
        return self

    def within_somebodys(self) -> Self:
        """Say that it is below a key of somebody's own object, which may be a customer's words."""
        self.path = "[…]" + self.path
        return self

    def as_error(self) -> InvalidArgument:
        """Return what the caller is told."""
        return InvalidArgument(f"${self.path}: {self.what}.")


def expected(what: str, value: object) -> Misfit:
    """Return that something else came than ``what``."""
    return Misfit(f"expected {what}, got {_IN_WORDS.get(type(value), f'a {type(value).__name__}')}")


def each(values: Iterable[Any], convert: Callable[[Any], Any]) -> list[Any]:
    """Return each value converted; what does not fit is told with its number."""
    done: list[Any] = []
    for at, value in enumerate(values):
        try:
            done.append(convert(value))
        except Misfit as misfit:
            raise misfit.within(at) from None
    return done


def json_value(value: Any) -> Any:
    """Return a value of JSON, copied; what JSON has not, such as a tuple or NaN, does not fit."""
    kind = type(value)
    if value is None or kind in (str, int, bool):
        return value
    if kind is float:
        if not math.isfinite(value):
            raise Misfit("JSON has neither NaN nor infinity")
        return value
    if kind is list:
        return each(value, json_value)
    if isinstance(value, Mapping):
        return _json_object(value)
    if isinstance(value, str):  # a word of an enum
        return str.__str__(value)
    raise expected("a value of JSON", value)


def _json_object(value: Mapping[Any, Any]) -> dict[str, Any]:
    done: dict[str, Any] = {}
    for key, member in value.items():
        if not isinstance(key, str):
            raise expected("keys that are strings", key)
        try:
            done[str.__str__(key)] = json_value(member)
        except Misfit as misfit:
            raise misfit.within_somebodys() from None
    return done
