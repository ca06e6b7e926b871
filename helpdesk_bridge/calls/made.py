"""What a desk has made lately, so that it is not taken for something else."""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal, TypeAlias

from attrs import define, field

__all__ = ["Kind", "Made"]

Kind: TypeAlias = Literal["message", "ticket"]

_MOST = 10_000


@define
class Made:
    """The ids of the last messages and tickets a desk was told of, and the calls that made them."""

    _owners: OrderedDict[tuple[Kind, str], tuple[str | None, str]] = field(
        factory=OrderedDict, init=False
    )

    def add(
        self, kind: Kind, made: str | None, operation_id: str | None, ticket_id: str = ""
    ) -> None:
        """Note that ``operation_id`` made this; None where the vendor gave no id."""
        if made is None or operation_id is None:
            return
        self._owners[kind, made] = (operation_id, ticket_id)
        if len(self._owners) > _MOST:
            self._owners.popitem(last=False)

    def owner(self, kind: Kind, made: str) -> str | None:
        """Return the id of the call that made this, if it is known."""
        return self._owners.get((kind, made), (None, ""))[0]

    def ids(self, kind: Kind, ticket_id: str = "") -> list[str]:
        """Return what was made: the messages of a ticket, or the tickets."""
        return [
            made
            for (one, made), (_, ticket) in self._owners.items()
            if one == kind and ticket == ticket_id
        ]
