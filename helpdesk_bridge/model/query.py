"""Which tickets and messages to read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from attrs import define, field, frozen

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model.message import Message
from helpdesk_bridge.model.people import Party
from helpdesk_bridge.model.ticket import Ticket
from helpdesk_bridge.model.words import MessageType, Status

__all__ = ["MessageQuery", "TicketQuery", "TicketRef"]


@frozen(kw_only=True)
class TicketQuery:
    """Which tickets to list; None does not filter. Times are aware."""

    status: Status | None = None
    assignee: Party | None = None
    team: str | None = None
    tag: str | None = None
    requester: Party | None = None
    text: str | None = field(default=None, repr=False)
    created_since: datetime | None = None
    updated_since: datetime | None = None
    limit: int | None = None
    """A hint: the caller wants no more than this many."""
    extra: Mapping[str, Any] = field(factory=dict, repr=False)

    def matches(self, ticket: Ticket) -> bool:
        """Say whether ``ticket`` is one that was asked for; ``text`` and ``extra`` are not judged.

        For what a vendor cannot filter, filters too widely or might ignore. People match by
        address if both have one, else by id, else by name; a ticket without a time is rather
        shown than lost. An assignee of whom the vendor tells only the id, and the caller only the
        address, cannot be judged: InvalidArgument, since the list would end up empty without a
        word.
        """
        tag = None if self.tag is None else self.tag.casefold()
        return (
            (self.status is None or ticket.status is self.status)
            and _is_agent(ticket.assignee, self.assignee)
            and (self.team is None or ticket.team == self.team)
            and (tag is None or tag in (known.casefold() for known in ticket.tags))
            and _is_person(ticket.requester, self.requester)
            and _not_before(ticket.created_at, self.created_since)
            and _not_before(ticket.updated_at, self.updated_since)
        )


def _is_agent(person: Party | None, wanted: Party | None) -> bool:
    told_by_id = person is not None and person.email is None and person.id is not None
    if told_by_id and wanted is not None and wanted.email is not None and wanted.id is None:
        raise InvalidArgument("this desk tells only the ids of assignees: give Party(id=…).")
    return _is_person(person, wanted)


def _is_person(person: Party | None, wanted: Party | None) -> bool:
    if wanted is None or person is None:
        return wanted is None
    if wanted.email is not None and (person.email is not None or wanted.id is None):
        return (person.email or "").casefold() == wanted.email.casefold()
    return wanted.id == person.id if wanted.id is not None else wanted.name == person.name


def _not_before(instant: datetime | None, since: datetime | None) -> bool:
    return since is None or instant is None or instant >= since


@frozen(kw_only=True)
class MessageQuery:
    """Which messages to list; ``types`` None means the whole conversation."""

    types: frozenset[MessageType] | None = None

    def matches(self, message: Message) -> bool:
        """Say whether ``message`` is one that was asked for."""
        return self.types is None or message.type in self.types


@define(eq=False)
class TicketRef:
    """A ticket as the caller knows it: by id, perhaps with the ticket itself."""

    id: str
    ticket: Ticket | None = None
    fresh: bool = False
    """Whether the adapter itself has read ``ticket`` for this very call."""

    async def full(self, read: Callable[[str], Awaitable[Ticket]]) -> Ticket:
        """Return the ticket, reading it once if only its id is known."""
        if self.ticket is None:
            self.ticket = await read(self.id)
        return self.ticket
