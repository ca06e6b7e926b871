"""Tickets, the channels by which they come in, and the definitions of custom fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen

from helpdesk_bridge.model.people import Party
from helpdesk_bridge.model.shown import counted, identity, moment_of, number_of, shown
from helpdesk_bridge.model.times import moment
from helpdesk_bridge.model.value import Value
from helpdesk_bridge.model.words import Priority, Status, TicketKind

__all__ = ["Channel", "CustomField", "Ticket"]


@frozen(kw_only=True)
class Channel(Value):
    """Where a ticket came in, such as a mailbox. What is not known is None."""

    id: str | None = None
    """The vendor's id of the channel."""
    name: str | None = None
    """The name to show."""
    address: str | None = field(default=None, repr=False)
    """Its e-mail address."""
    kind: str | None = None
    """The vendor's word for its kind, such as ``email``."""

    def __repr__(self) -> str:
        return shown(self, number_of(self), lambda: (identity(self, "kind"),))


@frozen(kw_only=True)
class Ticket(Value):
    """A conversation with one customer. What the vendor does not tell is None or UNKNOWN."""

    id: str
    """The vendor's id of the ticket."""
    subject: str = field(default="", repr=False)
    """The subject; empty where there is none."""
    status: Status = Status.UNKNOWN
    """Where it stands."""
    vendor_status: str = ""
    """The vendor's own word for its status."""
    priority: Priority | None = None
    """How urgent it is; None: no priority is set."""
    kind: TicketKind | None = None
    """What sort of matter it is about; None: no kind is set."""
    requester: Party = field(factory=Party, repr=False)
    """The customer."""
    assignee: Party | None = field(default=None, repr=False)
    """The agent in charge; None: nobody."""
    team: str | None = None
    """The team in charge, by the vendor's id or name of it; None: no team."""
    channel: Channel | None = field(default=None, repr=False)
    """Where it came in."""
    tags: tuple[str, ...] = ()
    """Its tags."""
    custom_fields: Mapping[str, Any] = field(factory=dict, repr=False, hash=False)
    """The values of its custom fields, by :attr:`CustomField.id`."""
    created_at: datetime | None = moment()
    """When it was created, in UTC."""
    updated_at: datetime | None = moment()
    """When it was last changed, in UTC."""
    last_message_at: datetime | None = moment()
    """When its last message came, in UTC."""
    deleted_at: datetime | None = moment()
    """When it was marked deleted, in UTC; its status is DELETED then. None: it was not, or the
    vendor does not tell when."""
    desk: str | None = field(default=None, eq=False)
    """The name of the desk it was read from; None: it was made by hand. Another desk refuses it."""
    vendor: str | None = field(default=None, repr=False, eq=False)
    """The name of that desk's adapter; None as above."""
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False)
    """The vendor's own record; it is not a copy."""

    def __repr__(self) -> str:
        return shown(self, identity(self), self._words)

    def _words(self) -> Iterator[str]:
        unmapped = self.status == Status.UNKNOWN and identity(self, "vendor_status")
        yield f"{self.status} ({unmapped})" if unmapped else str(self.status)
        yield "" if self.priority is None else f"priority {self.priority}"
        yield moment_of("created", self.created_at)
        yield moment_of("changed", self.updated_at)
        yield moment_of("deleted", self.deleted_at)
        yield "unassigned" if self.assignee is None else "assigned"
        yield counted(self.tags, "tag")
        yield counted(self.custom_fields, "custom field")
        yield "" if self.desk is None else f"of desk {identity(self, 'desk')}"


@frozen(kw_only=True)
class CustomField(Value):
    """The definition of a custom field of tickets."""

    id: str
    """The vendor's id of the field: its key in :attr:`Ticket.custom_fields`."""
    name: str
    """The name to show."""
    kind: str = ""
    """The vendor's word for its type."""
    active: bool = True
    """Whether the field is in use."""
    required: bool | None = None
    """Whether agents must fill it in; None where the vendor does not tell."""
    options: tuple[str, ...] = ()
    """The values to choose from; empty where any value will do."""
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False)
    """The vendor's own record; it is not a copy."""

    def __repr__(self) -> str:
        return shown(self, identity(self), self._words)

    def _words(self) -> Iterator[str]:
        yield identity(self, "name")
        yield counted(self.options, "option")
        yield "" if self.active else "not in use"
