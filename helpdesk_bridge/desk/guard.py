"""Check a call against what the desk can do, before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from attrs import frozen

from helpdesk_bridge.desk import bounds
from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model import (
    Body,
    Capabilities,
    Capability,
    Status,
    Ticket,
    TicketRef,
    Upload,
)

__all__ = ["Guard"]


@frozen
class Guard:
    """What a desk can do, and what its ids look like."""

    vendor: str
    ids: re.Pattern[str]
    """What an id of a ticket, a message or a file looks like."""
    capabilities: Capabilities

    def ticket(self, ticket: Ticket | str) -> TicketRef:
        """Return a ticket that was given as such or by its id; InvalidArgument for a bad id."""
        if isinstance(ticket, Ticket):
            self.id(ticket.id)
            return TicketRef(ticket.id, ticket)
        self.id(ticket)
        return TicketRef(ticket)

    def id(self, value: object) -> None:
        """Raise InvalidArgument for what is no id of this vendor."""
        if not isinstance(value, str) or not self.ids.fullmatch(value):
            raise InvalidArgument(
                f"not a valid {self.vendor} id: give a str that matches {self.ids.pattern}"
            )

    def require(self, *wanted: Capability) -> None:
        """Raise UnsupportedCapability for the first of ``wanted`` that cannot be done."""
        self.capabilities.require(*wanted)

    def allow(self, capability: Capability, options: Iterable[str]) -> None:
        """Raise UnsupportedCapability unless it can be done with these optional arguments."""
        self.capabilities.require(capability)
        known = self.capabilities[capability].limits.options
        if known is not None:
            bounds.options(capability, options, known)

    def status(self, capability: Capability, status: Status) -> None:
        """Raise StatusNotAllowed for a status that ``capability`` cannot set or ask for here."""
        bounds.status(status, self.capabilities[capability])

    async def content(self, capability: Capability, body: Body, uploads: Sequence[Upload]) -> None:
        """Raise for a body or files that are more than ``capability`` takes."""
        limits = self.capabilities[capability].limits
        bounds.body(body, limits)
        if uploads:
            if "attachments" not in (limits.options or ()):
                self.capabilities.require(Capability.SEND_ATTACHMENTS)
                limits = self.capabilities[Capability.SEND_ATTACHMENTS].limits
            await bounds.upload_sizes(uploads, body, limits)
