"""The records of a Store: tickets, messages, files, and mails that it would have sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from attrs import Attribute, define, field, frozen

from helpdesk_bridge.model import (
    Audience,
    Channel,
    MessageType,
    Party,
    Priority,
    Status,
    TicketKind,
)

__all__ = ["Mail", "StoredFile", "StoredMessage", "StoredTicket"]


@define(kw_only=True)
class StoredFile:
    """A file of a message; ``content_id`` as the sender named it, for inline images.

    ``id`` is unique over all kinds of objects, ``name`` and ``mime_type`` are the sender's,
    ``content`` is the bytes, ``inline`` says whether the body shows it. ``content_id`` None is a
    file without one.
    """

    id: int
    name: str
    mime_type: str
    content: bytes = field(repr=False)
    inline: bool = False
    content_id: str | None = None


@define(kw_only=True)
class StoredMessage:
    """A message. ``word`` is the vendor's word for its type, where a fake needs to keep one.

    ``id`` is unique over all kinds of objects. ``type``, ``audience``, ``author``, ``to``, ``cc``,
    ``bcc`` and ``files`` are as in the model. ``html`` is the body; ``text`` None is derived from
    it. ``subject`` None is none of its own. ``created_at`` is in UTC.
    """

    id: int
    type: MessageType
    audience: Audience
    author: Party
    html: str = field(repr=False)
    created_at: datetime
    text: str | None = field(default=None, repr=False)
    to: tuple[Party, ...] = ()
    cc: tuple[Party, ...] = ()
    bcc: tuple[Party, ...] = ()
    subject: str | None = None
    files: list[StoredFile] = field(factory=list)
    word: str = ""


def _without_number(ticket: Any, attribute: Attribute[Any], value: Any) -> Any:
    """Have the Store number the change that an assignment to a ticket's field is."""
    if attribute.name != "change":
        ticket.change = 0
    return value


@define(kw_only=True, on_setattr=_without_number)
class StoredTicket:
    """A ticket with its messages.

    ``id`` is unique over all kinds of objects. ``subject``, ``requester``, ``status``, ``tags``,
    ``custom_fields`` and ``messages`` are as in the model, and so are ``priority``, ``kind``,
    ``assignee``, ``team`` and ``channel``, which are None where there is none. ``created_at`` and
    ``updated_at`` are in UTC. ``last_message_at`` is in UTC, and None on a ticket without messages.
    ``deleted_at`` is in UTC, and None on a ticket that is not deleted. ``change`` is the number of
    the last change, by which the desk's feed finds it: the methods of the Store give it, and 0 is
    none yet, as after an assignment to a field. A list or a mapping that is changed in place leaves
    it, and the feed does not tell of that.
    """

    id: int
    subject: str
    requester: Party
    created_at: datetime
    updated_at: datetime
    status: Status = Status.OPEN
    priority: Priority | None = None
    kind: TicketKind | None = None
    assignee: Party | None = None
    team: str | None = None
    channel: Channel | None = None
    tags: tuple[str, ...] = ()
    custom_fields: dict[str, Any] = field(factory=dict)
    last_message_at: datetime | None = None
    deleted_at: datetime | None = None
    messages: list[StoredMessage] = field(factory=list)
    change: int = 0


@frozen(kw_only=True)
class Mail:
    """A mail that would have left; ``message_id`` is None for an automatic one.

    ``ticket_id`` is the ticket, ``type`` that of the message. ``to``, ``cc`` and ``bcc`` are
    addresses, ``subject`` and ``html`` the words, ``files`` the names of its files.
    """

    ticket_id: int
    message_id: int | None
    type: MessageType
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    subject: str = field(default="", repr=False)
    html: str = field(default="", repr=False)
    files: tuple[str, ...] = ()

    @property
    def recipients(self) -> frozenset[str]:
        """Everybody it would have reached."""
        return frozenset((*self.to, *self.cc, *self.bcc))
