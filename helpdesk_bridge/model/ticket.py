"""A ticket, where it came in, and the definitions of its custom fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen

from helpdesk_bridge.model.people import Party
from helpdesk_bridge.model.times import moment
from helpdesk_bridge.model.words import Priority, Status, TicketKind

__all__ = ["Channel", "CustomField", "Ticket"]


@frozen(kw_only=True)
class Channel:
    """Where a ticket came in: the vendor's ``id`` of it, its ``address`` and ``kind`` (email …)."""

    id: str | None = None
    name: str | None = None
    address: str | None = field(default=None, repr=False)
    kind: str | None = None


@frozen(kw_only=True)
class Ticket:
    """A conversation with one customer.

    ``deleted_at`` is set on a ticket the vendor has marked deleted; its status is then DELETED.
    ``raw`` is the vendor's own object, not a copy.
    """

    id: str
    subject: str = field(default="", repr=False)
    status: Status = Status.UNKNOWN
    vendor_status: str = ""
    priority: Priority | None = None
    kind: TicketKind | None = None
    requester: Party = field(factory=Party, repr=False)
    assignee: Party | None = field(default=None, repr=False)
    team: str | None = None
    channel: Channel | None = field(default=None, repr=False)
    tags: tuple[str, ...] = ()
    custom_fields: Mapping[str, Any] = field(factory=dict, repr=False, hash=False)
    created_at: datetime | None = moment()
    updated_at: datetime | None = moment()
    last_message_at: datetime | None = moment()
    deleted_at: datetime | None = moment()
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False)


@frozen(kw_only=True)
class CustomField:
    """The definition of a custom field; ``id`` is its key in ``Ticket.custom_fields``.

    ``kind`` is the vendor's word for its type, ``required`` whether agents must fill it (None: not
    told), ``options`` the values to choose from.
    """

    id: str
    name: str
    kind: str = ""
    active: bool = True
    required: bool | None = None
    options: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False)
