"""Choices made by a string of bytes: the same bytes make the same choices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from attrs import define

__all__ = ["Source"]

T = TypeVar("T")

ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**63,
    10**400,
    1e308,
    -0.0,
    "",
    " ",
    "\0",
    "\ud800",
    "../..",
    "2026-11-21T03:18:46+00:00",
    "2026-11-21 03:18:46",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00",
    "1e999",
    "<" * 500,
    "&#x110000;",
    "&#99999999999999999999;",
    "a@b",
    '"@" <@>',
    [],
    {},
    [[]],
    [None],
    [{}],
    {"id": None},
    {"": {}},
    {"id": {"id": []}},
)


@define
class Source:
    """Bytes that are used up by choosing; when they are at their end every choice is the first."""

    data: bytes
    _at: int = 0

    def bytes(self, count: int) -> bytes:
        """Return the next bytes, fewer at the end."""
        taken = self.data[self._at : self._at + count]
        self._at += len(taken)
        return taken

    def rest(self) -> bytes:
        """Return all that is left."""
        return self.bytes(len(self.data))

    def below(self, limit: int) -> int:
        """Return a number from 0 up to below ``limit``."""
        return int.from_bytes(self.bytes(1 if limit <= 256 else 2), "big") % limit

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of ``choices``."""
        return choices[self.below(len(choices))]

    def text(self, longest: int = 24) -> str:
        """Return a text, halves of surrogate pairs included."""
        raw = self.bytes(self.below(longest + 1))
        return raw.decode("utf-8", "surrogateescape")

    def value(self) -> Any:
        """Return a JSON value: an odd one, a text or a number."""
        how = self.below(4)
        if how == 0:
            return self.text()
        if how == 1:
            return int.from_bytes(self.bytes(4), "big", signed=True)
        return self.pick(ODD)
