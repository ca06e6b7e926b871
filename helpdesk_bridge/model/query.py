"""What an adapter is asked to read: queries for tickets and messages, and the ticket meant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from attrs import define, field, frozen

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model.addresses import same_address
from helpdesk_bridge.model.message import Message
from helpdesk_bridge.model.people import Party
from helpdesk_bridge.model.text import folded
from helpdesk_bridge.model.ticket import Ticket
from helpdesk_bridge.model.words import MessageType, Priority, Status, TicketKind, TicketOrder

__all__ = ["CustomerQuery", "MessageQuery", "TicketQuery", "TicketRef"]


@frozen(kw_only=True)
class TicketQuery:
    """Which tickets to list. A filter that is None does not filter; several must all hold."""

    statuses: frozenset[Status] | None = None
    """Only tickets with one of these statuses."""
    priority: Priority | None = None
    """Only tickets of this priority."""
    kind: TicketKind | None = None
    """Only tickets of this kind."""
    assignee: Party | None = None
    """Only tickets of this agent, given by e-mail address, id or name."""
    team: str | None = None
    """Only tickets of this team, by the vendor's id or name of it; the case of a name does not
    count."""
    tag: str | None = None
    """Only tickets with this tag; case does not count."""
    requester: Party | None = None
    """Only tickets of this customer, given by e-mail address, id or name."""
    text: str | None = field(default=None, repr=False)
    """Only tickets in which the vendor finds these words."""
    created_since: datetime | None = None
    """Only tickets created at this time or later (UTC)."""
    updated_since: datetime | None = None
    """Only tickets changed at this time or later (UTC)."""
    order_by: TicketOrder | None = None
    """The order in which they are wanted; None: the vendor's."""
    limit: int | None = None
    """A hint: the caller wants no more tickets than this; None: there is no limit."""
    extra: Mapping[str, Any] = field(factory=dict, repr=False)
    """The vendor's own query parameters, a str or a sequence of them for each."""

    @property
    def status(self) -> Status | None:
        """The status where it is one alone; None: any, or several, of which :meth:`matches` judges.

        An adapter whose vendor takes one status asks for this one, and leaves out of what it reads
        what does not match. It is never UNKNOWN, for which no vendor has a word.
        """
        if self.statuses is None or len(self.statuses) != 1:
            return None
        status = next(iter(self.statuses))
        return None if status is Status.UNKNOWN else status

    def matches(self, ticket: Ticket) -> bool:
        """Say whether all filters but ``text`` and ``extra`` hold for ``ticket``.

        An adapter uses it where the vendor cannot filter, filters too widely or may ignore a
        filter. People match by address if both have one, else by id, else by name; an assignee also
        by id where both have one. Addresses match in every spelling (:func:`same_address`); names,
        teams and tags whatever their case and white space. A ticket without a time matches every
        time. InvalidArgument for an assignee of whom the vendor tells only
        the id and the caller only the address: the list would come out empty without a reason.
        """
        tag = None if self.tag is None else folded(self.tag)
        return (
            (self.statuses is None or ticket.status in self.statuses)
            and self.priority in (None, ticket.priority)
            and self.kind in (None, ticket.kind)
            and _is_agent(ticket.assignee, self.assignee)
            and (self.team is None or _is_word(ticket.team, self.team))
            and (tag is None or any(folded(known) == tag for known in ticket.tags))
            and _is_person(ticket.requester, self.requester)
            and _not_before(ticket.created_at, self.created_since)
            and _not_before(ticket.updated_at, self.updated_since)
        )


def _is_agent(person: Party | None, wanted: Party | None) -> bool:
    told_by_id = person is not None and person.email is None and person.id is not None
    if told_by_id and wanted is not None and wanted.email is not None and wanted.id is None:
        raise InvalidArgument("this desk tells only the ids of assignees: give Party(id=…).")
    if person is None or wanted is None or person.id is None or person.id != wanted.id:
        return _is_person(person, wanted)
    return True  # an agent's address may have changed


def _is_person(person: Party | None, wanted: Party | None) -> bool:
    if wanted is None or person is None:
        return wanted is None
    if wanted.email is not None and (person.email is not None or wanted.id is None):
        return same_address(person.email, wanted.email)
    return wanted.id == person.id if wanted.id is not None else _is_word(person.name, wanted.name)


def _is_word(told: str | None, wanted: str | None) -> bool:
    if told is None or wanted is None:
        return told is wanted
    return told == wanted or folded(told) == folded(wanted)


def _not_before(instant: datetime | None, since: datetime | None) -> bool:
    if since is None or instant is None:
        return True
    if not instant.microsecond:  # most vendors tell whole seconds, and leave out the rest
        since = since.replace(microsecond=0)
    return instant >= since


@frozen(kw_only=True)
class CustomerQuery:
    """Which customers to list. What is None does not filter; both must hold."""

    email: str | None = field(default=None, repr=False)
    """Only the customers with this address, in any spelling."""
    text: str | None = field(default=None, repr=False)
    """Only customers in whose record the vendor finds these words."""
    limit: int | None = None
    """A hint: the caller wants no more customers than this; None: there is no limit."""

    def matches(self, customer: Party) -> bool:
        """Say whether ``customer`` has the address; of ``text`` nothing is judged."""
        return self.email is None or same_address(customer.email, self.email)


@frozen(kw_only=True)
class MessageQuery:
    """Which messages of a ticket to list."""

    types: frozenset[MessageType] | None = None
    """Only messages of these types; None means the whole conversation."""

    def matches(self, message: Message) -> bool:
        """Say whether ``message`` has one of the types."""
        return self.types is None or message.type in self.types


@define(eq=False)
class TicketRef:
    """A ticket that was given to a call: by its id, or as the Ticket itself.

    A call that writes a message hands over the id only, whatever the caller gave: who is written
    to, and in whose name, is who it is now. What the adapter reads meanwhile is kept here.
    """

    id: str
    """The vendor's id of the ticket."""
    ticket: Ticket | None = None
    """The ticket itself; None while only its id is known. For a call that writes it is one that was
    read within this very call."""

    async def full(self, read: Callable[[str], Awaitable[Ticket]]) -> Ticket:
        """Return the ticket; if only its id is known, it is read once with ``read(id)``."""
        if self.ticket is None:
            self.ticket = await read(self.id)
        return self.ticket
