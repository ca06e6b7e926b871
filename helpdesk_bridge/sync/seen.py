"""Which versions of the tickets that changed last were told."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import islice
from typing import Any

from attrs import define, field

from helpdesk_bridge.sync.packed import packed, unpacked

__all__ = ["Seen"]

_WIDTH = 6
"""Bytes of the digest of an id, and of that of a version."""


@define
class Seen:
    """Versions by ticket, as many as there is room for: the last that were put in stay longest.

    ``most`` is how many.
    """

    most: int
    _versions: dict[int, int] = field(factory=dict)

    def copy(self) -> Seen:
        """Return what is remembered now."""
        return Seen(self.most, {**self._versions})

    def __len__(self) -> int:
        return len(self._versions)

    def has(self, ticket: int, version: int) -> bool:
        """Say whether ``version`` of a ticket is what was told last; both are digests."""
        return self._versions.get(ticket) == version

    def knows(self, ticket: int) -> bool:
        """Say whether any version of a ticket is remembered."""
        return ticket in self._versions

    def put(self, ticket: int, version: int) -> None:
        """Remember that ``version`` of a ticket was told."""
        self._versions.pop(ticket, None)
        self._versions[ticket] = version
        if len(self._versions) > self.most:
            del self._versions[next(iter(self._versions))]

    def drop(self, ticket: int) -> None:
        """Forget a ticket that is gone: it may come back as it was."""
        self._versions.pop(ticket, None)

    def renew(self, newest_first: Iterable[tuple[int, int]]) -> None:
        """Remember these in place of all others, the first ones if there are too many."""
        kept = dict(islice(newest_first, self.most))
        self._versions = dict(reversed(kept.items()))

    def renew_top(self, newest_first: Iterable[tuple[int, int]], gone: Collection[int]) -> None:
        """Remember these before all others, which are older; those of ``gone`` are forgotten."""
        top = dict(newest_first)
        older = [one for one in reversed(self._versions.items()) if one[0] not in top]
        self.renew([*top.items(), *(one for one in older if one[0] not in gone)])

    def to_plain(self) -> str:
        """Return what is remembered as a text."""
        return packed(
            b"".join(
                number.to_bytes(_WIDTH, "big")
                for entry in self._versions.items()
                for number in entry
            )
        )

    @classmethod
    def from_plain(cls, text: Any, most: int) -> Seen:
        """Return what :meth:`to_plain` told; ValueError for anything else."""
        if not isinstance(text, str):
            raise ValueError("versions are a text")
        data = unpacked(text)
        if len(data) % (2 * _WIDTH):
            raise ValueError("versions are cut")
        numbers = [
            int.from_bytes(data[at : at + _WIDTH], "big") for at in range(0, len(data), _WIDTH)
        ]
        seen = cls(most)
        for ticket, version in zip(numbers[::2], numbers[1::2], strict=True):
            seen.put(ticket, version)
        return seen
