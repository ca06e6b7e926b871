"""People and mailboxes: requesters, agents, authors and recipients."""

from __future__ import annotations

from attrs import field, frozen

from helpdesk_bridge.model.words import Role

__all__ = ["Party"]


@frozen(kw_only=True)
class Party:
    """A person or a mailbox. What is not known is None."""

    name: str | None = field(default=None, repr=False)
    """The name to show."""
    email: str | None = field(default=None, repr=False)
    """The bare e-mail address."""
    id: str | None = None
    """The vendor's id of the person."""
    role: Role = Role.UNKNOWN
    """Whether it is a customer, an agent or the helpdesk itself."""

    def __str__(self) -> str:
        """Return ``Name <address>``; if not both are known, name, address, id or role."""
        if self.name and self.email:
            return f"{self.name} <{self.email}>"
        return self.name or self.email or self.id or str(self.role)
