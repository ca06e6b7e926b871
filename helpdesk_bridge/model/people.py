"""People and mailboxes: requesters, agents, authors and recipients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from helpdesk_bridge.model.shown import identity, shown
from helpdesk_bridge.model.value import Value
from helpdesk_bridge.model.words import Role

__all__ = ["Party", "Team"]


@frozen(kw_only=True)
class Party(Value):
    """A person or a mailbox. What is not known is None."""

    name: str | None = field(default=None, repr=False)
    """The name to show."""
    email: str | None = field(default=None, repr=False)
    """The bare e-mail address."""
    id: str | None = None
    """The vendor's id of the person."""
    role: Role = Role.UNKNOWN
    """Whether it is a customer, an agent or the helpdesk itself."""
    organization: str | None = field(default=None, repr=False)
    """The organisation it belongs to, by the vendor's name of it, or by its id."""
    phone: str | None = field(default=None, repr=False)
    """A telephone number, as the vendor has it."""
    external_id: str | None = field(default=None, repr=False)
    """Its id in the application's own system, where the vendor keeps one."""

    def __str__(self) -> str:
        """Return ``Name <address>``; if not both are known, name, address, id or role."""
        if self.name and self.email:
            return f"{self.name} <{self.email}>"
        return self.name or self.email or self.id or str(self.role)

    def __repr__(self) -> str:
        name = identity(self)  # some vendors have an address for an id
        return shown(self, "" if "@" in name else name, lambda: (str(self.role),))


@frozen(kw_only=True)
class Team(Value):
    """A team of agents, which some vendors call a group or a queue."""

    id: str
    """The vendor's id of the team."""
    name: str = ""
    """The name to show; empty where there is none."""
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False)
    """The vendor's own record; it is not a copy."""

    def __repr__(self) -> str:
        return shown(self, identity(self), lambda: (identity(self, "name"),))
