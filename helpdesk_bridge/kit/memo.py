"""Make once what many records of an answer have in common, such as their people."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

__all__ = ["Memo"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memo(dict[K, V]):
    """Values made from their keys, each once: ``people = Memo(to_party)``, ``people[address]``.

    Keep one for as long as an answer is read, and not longer: it forgets nothing.

    ``make`` makes a value from its key.
    """

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[K], V]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: K) -> V:
        value = self[key] = self._make(key)
        return value
