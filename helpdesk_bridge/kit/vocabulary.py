"""Translate between a vendor's words and ours by a table, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from helpdesk_bridge.errors import InvalidArgument

__all__ = ["Vocabulary"]

E = TypeVar("E")


class Vocabulary(Generic[E]):
    """A table between a vendor's words and ours, both ways.

    ``reads`` may know several spellings of one thing; ``writes`` says the one to send. A word that
    is in no table reads as ``unknown``; a value that has no word is refused when written.

    Args:
        reads: ours by the vendor's words.
        writes: the vendor's words by ours.
        unknown: what a word in no table reads as.
    """

    def __init__(self, *, reads: Mapping[str, E], writes: Mapping[E, str], unknown: E) -> None:
        self.reads = dict(reads)
        self.writes = dict(writes)
        self._unknown = unknown

    def read(self, word: str) -> E:
        """Return our value for the vendor's ``word``, whatever its case."""
        return self.reads.get(word) or self.reads.get(word.lower(), self._unknown)

    def write(self, value: E) -> str:
        """Return the vendor's word for ``value``, or raise InvalidArgument."""
        try:
            return self.writes[value]
        except KeyError:
            known = ", ".join(str(key) for key in self.writes)
        raise InvalidArgument(f"the vendor has no word for {value}; it knows {known}.")

    def writable(self) -> frozenset[E]:
        """Return the values that can be written."""
        return frozenset(self.writes)
