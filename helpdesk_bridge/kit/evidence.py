"""What shows that a record by itself is a ticket or a message, and nothing else that has an id."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from attrs import frozen

from helpdesk_bridge.kit.json import WrongType

__all__ = ["Evidence"]

_ENOUGH = 2
"""How many fields tell what a record is. One may be in an envelope, or come to another record."""


@frozen
class Evidence:
    """The fields by which a vendor's record shows what it is.

    ``parse_ticket`` and ``parse_message`` of an adapter are given whatever a program has: a person
    or an envelope has an id, too. Taken for a ticket, it would be the number of a stranger's.

    Args:
        what: the record for people, such as "a ticket".
        own: fields of such a record, of which an envelope and other records have one at the most.
        foreign: fields that only other records have; empty: ``own`` tells enough.
    """

    what: str
    own: Collection[str]
    foreign: Collection[str] = ()

    def require(self, record: Mapping[str, Any]) -> None:
        """Raise WrongType for a ``record`` that does not show that it is one."""
        for name in self.foreign:
            if name in record:
                raise WrongType(f"{self.what} has no such field", f".{name}")
        if sum(name in record for name in self.own) < _ENOUGH:
            raise WrongType(f"nothing shows that it is {self.what}")
