"""Turn tickets that changed into what is told of them: messages, deletions and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import orjson
from attrs import define, field

from helpdesk_bridge.errors import (
    AuthenticationError,
    ConnectFailed,
    DeskClosed,
    HelpdeskError,
    NotFound,
    PoolTimeout,
    RateLimited,
    UnsupportedCapability,
)
from helpdesk_bridge.model import Capability, ChangeBatch, Message, Problem, Ticket
from helpdesk_bridge.sync.checkpoint import MOST_UNREAD, State
from helpdesk_bridge.sync.source import Source
from helpdesk_bridge.sync.times import Settling
from helpdesk_bridge.sync.told import MARGIN
from helpdesk_bridge.sync.versions import identity, is_gone

__all__ = ["EVERYWHERE", "Taken", "Taker"]

EVERYWHERE = (AuthenticationError, ConnectFailed, DeskClosed, PoolTimeout, RateLimited)
"""Errors that are not one ticket's: all others would meet them, too."""
_LATER = timedelta(hours=1)
"""How much later than the last change of its ticket a message is that did not move it: the clocks
of a vendor may be apart by less."""


@define
class Taken:
    """What is told at once."""

    tickets: dict[str, Ticket] = field(factory=dict)
    messages: list[Message] = field(factory=list)
    deleted: dict[str, None] = field(factory=dict)
    problems: list[Problem] = field(factory=list)
    arrived: set[str] = field(factory=set)
    """The ids of tickets that were not told before, as far as is known."""

    def __bool__(self) -> bool:
        return bool(self.tickets or self.messages or self.deleted or self.problems)

    def batch(self, state: State, *, caught_up: bool = False) -> ChangeBatch:
        """Return it as a batch, with the checkpoint behind it."""
        return ChangeBatch(
            tickets=tuple(self.tickets.values()),
            messages=tuple(self.messages),
            deleted=tuple(self.deleted),
            problems=tuple(self.problems),
            checkpoint=state.to_text(),
            caught_up=caught_up,
        )


@define
class Taker:
    """Reads what belongs to tickets that changed, and keeps account of it in the state."""

    source: Source
    state: State
    settling: Settling = field(factory=Settling)

    async def take(
        self,
        changed: Iterable[Ticket],
        *,
        again: Iterable[Ticket] = (),
        first: bool = False,
        problems: Sequence[Problem] = (),
    ) -> Taken:
        """Return what is to be told of tickets.

        Args:
            changed: tickets that are new or changed.
            again: tickets that are as they were told, and may have got a message all the same.
            first: whether they are of the first list, and nothing of them was told before.
            problems: records that could not be read.
        """
        taken = Taken()
        for ticket in changed:
            if is_gone(ticket):
                if not self.state.known.lacks(ticket.id):
                    self.gone(ticket.id, taken)
            else:
                taken.tickets[ticket.id] = ticket
        for problem in problems:
            self._missing(problem, first, taken)
        told = list(taken.tickets.values())
        taken.arrived = {one.id for one in told if self._arrives(one, first)}
        if self.state.messages:
            given = [one for one in again if not is_gone(one) and one.id not in taken.tickets]
            await self._read([*told, *given], first, taken)
        elif self.state.unread:
            for ticket in told:
                self.state.unread.pop(ticket.id, None)
        self._note(taken.tickets.values(), first)
        return taken

    def _arrives(self, ticket: Ticket, first: bool) -> bool:
        """Say whether a ticket was not told before; where many are, its creation tells it."""
        state, one = self.state, identity(ticket.id)
        if state.known.is_exact or state.known.lacks(ticket.id):
            return state.known.lacks(ticket.id)
        if state.known.has(ticket.id) or state.standing.knows(ticket.id):
            return False
        if state.seen.knows(one) or state.done.knows(one):
            return False
        at, floor = ticket.created_at, state.floor
        return first or (floor is not None and at is not None and at >= floor)

    def _note(self, told: Iterable[Ticket], first: bool) -> None:
        if not first:
            self.state.known.told(told)
        if self.state.messages:
            for ticket in told:
                self.state.standing.note(ticket)

    async def retry(self) -> Taken:
        """Return what is to be told of tickets of which something was missing before."""
        taken = Taken()
        for ticket_id in list(self.state.unread):
            try:
                ticket = await self.source.ticket(ticket_id)
            except HelpdeskError as error:
                if isinstance(error, EVERYWHERE):
                    raise
                taken.problems.append(_problem(ticket_id, error))
                continue
            if ticket is None or is_gone(ticket):
                self.gone(ticket_id, taken)
                continue
            taken.tickets[ticket_id] = ticket
            if self._arrives(ticket, False):
                taken.arrived.add(ticket_id)
            if self.state.messages:
                await self._read([ticket], False, taken)
            else:
                del self.state.unread[ticket_id]
            if ticket_id in self.state.unread:
                taken.tickets.pop(ticket_id, None)
            else:
                self._note([ticket], False)
        return taken

    async def is_gone(self, ticket_id: str, taken: Taken) -> bool | None:
        """Say whether there is no such ticket any more; None: the vendor does not tell, a problem.

        ``taken`` is where that is put.
        """
        try:
            found = await self.source.ticket(ticket_id)
        except HelpdeskError as error:
            if isinstance(error, EVERYWHERE):
                raise
            taken.problems.append(_problem(ticket_id, error))
            return None
        return found is None or is_gone(found)

    def gone(self, ticket_id: str, taken: Taken) -> None:
        """Note that a ticket is told as deleted."""
        taken.tickets.pop(ticket_id, None)
        taken.messages = [one for one in taken.messages if one.ticket_id != ticket_id]
        taken.deleted[ticket_id] = None
        self.state.seen.drop(identity(ticket_id))
        self.state.unread.pop(ticket_id, None)
        self.state.known.gone([ticket_id])
        self.state.standing.drop(ticket_id)
        if ticket_id in self.state.parts:
            self.state.parts.remove(ticket_id)
        self.settling.drop(identity(ticket_id))

    async def _read(self, tickets: Sequence[Ticket], first: bool, taken: Taken) -> None:
        """Read conversations, and put what is new of them into ``taken``."""
        read = await self.source.conversations(tickets) if tickets else []
        failed = [one.error for one in read if isinstance(one.error, EVERYWHERE)]
        if failed:
            raise failed[0]
        for ticket, one in zip(tickets, read, strict=True):
            if one.error is not None:
                await self._failed(ticket, one.error, first, taken)
                continue
            await self._check_moved(ticket, one.messages)
            if self.state.known.lacks(ticket.id):
                self.state.told.forget(one.messages)  # told before it was deleted
            fresh = self._new(ticket, one.messages, first)
            self.state.told.add(fresh)
            self.state.unread.pop(ticket.id, None)
            if fresh:
                taken.tickets[ticket.id] = ticket
                taken.messages += fresh

    async def _check_moved(self, ticket: Ticket, messages: Sequence[Message]) -> None:
        """Raise UnsupportedCapability for a message that did not move the time of its ticket.

        Where it is not known whether messages do, such ones would be missed. It may have come
        between the list and the conversation: the ticket is read once more.
        """
        newest = self.state.newest
        if newest is None or not self.source.desk.adapter.doubts_messages:
            return
        times = [one.created_at for one in messages if one.created_at is not None]
        last = max((at for at in times if at <= newest), default=None)
        if last is None or not _is_later(last, ticket):
            return
        found = await self.source.ticket(ticket.id)
        if found is None or not _is_later(last, found):
            return
        error = UnsupportedCapability(
            f"ticket {ticket.id} has a message that is later than its last change: messages do not"
            " move their tickets on this account, so changes cannot find them. Give"
            " messages=False.",
            capability=Capability.CHANGES.value,
        )
        raise self.source.call.named(error.fill(ticket_id=ticket.id))

    def _new(self, ticket: Ticket, messages: Sequence[Message], first: bool) -> list[Message]:
        told, behind = self.state.told, None
        first |= self.state.known.lacks(ticket.id) or ticket.id in self.state.parts
        if ticket.id in self.state.unread:
            behind = self.state.unread[ticket.id]
            first = first or behind is None
        return [one for one in messages if told.is_new(one, first=first, behind=behind)]

    async def _failed(
        self, ticket: Ticket, error: HelpdeskError, first: bool, taken: Taken
    ) -> None:
        """Note that a conversation could not be read, or that its ticket is gone."""
        if isinstance(error, NotFound):
            found = await self.source.ticket(ticket.id)
            if found is None or is_gone(found):
                self.gone(ticket.id, taken)
                return
        self._missing(_problem(ticket.id, error), first, taken)

    def _told_until(self) -> float:
        """Return the time (seconds since 1970) up to which messages were told of any ticket."""
        floor = self.state.floor
        return self.state.told.behind or 0.0 if floor is None else floor.timestamp() - MARGIN

    def _missing(self, problem: Problem, first: bool, taken: Taken) -> None:
        """Tell of something that cannot be read, and have its ticket read again later."""
        taken.problems.append(problem)
        ticket_id, unread = problem.error.ticket_id, self.state.unread
        if ticket_id is None or ticket_id in unread:
            return
        first |= self.state.known.lacks(ticket_id)
        unread[ticket_id] = None if first else self._told_until()
        if len(orjson.dumps(unread)) > MOST_UNREAD:
            raise problem.error


def _is_later(at: datetime, ticket: Ticket) -> bool:
    return ticket.updated_at is not None and at - ticket.updated_at > _LATER


def _problem(ticket_id: str, error: HelpdeskError) -> Problem:
    return Problem(index=0, error=error.fill(ticket_id=ticket_id), raw={"id": ticket_id})
