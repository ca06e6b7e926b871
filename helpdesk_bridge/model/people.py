"""A person or a mailbox."""

from __future__ import annotations

from attrs import field, frozen

from helpdesk_bridge.model.words import Role

__all__ = ["Party"]


@frozen(kw_only=True)
class Party:
    """A person or mailbox. Any of ``name``, ``email`` and the vendor's ``id`` may be None."""

    name: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    id: str | None = None
    role: Role = Role.UNKNOWN

    def __str__(self) -> str:
        """Return ``Name <address>``, or whichever of the two is known."""
        if self.name and self.email:
            return f"{self.name} <{self.email}>"
        return self.name or self.email or self.id or str(self.role)
