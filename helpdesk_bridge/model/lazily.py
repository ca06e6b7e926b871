"""A field that may be given as a function, which makes it when it is read first."""

from __future__ import annotations

from typing import Any

__all__ = ["Lazily"]


class Lazily:
    """Stands in place of the ``slot`` of a field of a frozen class, and keeps what was made."""

    def __init__(self, slot: Any) -> None:
        self._slot = slot

    def __get__(self, value: Any, cls: Any = None) -> Any:
        if value is None:
            return self
        found = self._slot.__get__(value)
        if callable(found):
            found = found()
            self._slot.__set__(value, found)
        return found

    def __set__(self, value: Any, given: Any) -> None:
        self._slot.__set__(value, given)
