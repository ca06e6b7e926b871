"""``Helpdesk.events``: what batches of changes tell, one event after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Iterator
from contextlib import aclosing
from functools import partial
from typing import Any

import orjson
from attrs import evolve

from helpdesk_bridge.desk.call import CallContext
from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model import ChangeBatch, Event, EventKind, Message, MessageType, Ticket
from helpdesk_bridge.sync.checkpoint import EVENTS_ROOM, LARGEST, State
from helpdesk_bridge.sync.following import opened_follower
from helpdesk_bridge.sync.packed import digest
from helpdesk_bridge.sync.poll import Polls
from helpdesk_bridge.sync.reading import opened
from helpdesk_bridge.sync.seen import Seen
from helpdesk_bridge.sync.standing import Standing
from helpdesk_bridge.sync.told import ToldMessages
from helpdesk_bridge.sync.versions import identity, version

__all__ = ["read_events"]

_KINDS = {
    MessageType.REQUEST: EventKind.MESSAGE_RECEIVED,
    MessageType.RESPONSE: EventKind.MESSAGE_SENT,
    MessageType.NOTE: EventKind.NOTE_ADDED,
}
_FOLD = 400
"""Messages of a batch after which they are put to the others that were told."""
_GONE = 0
"""Stands for the version of a ticket that is gone."""


async def read_events(
    desk: Any,
    call: CallContext,
    checkpoint: str | None,
    *,
    every: float | None,
    sweep: bool,
    sweep_every: float | None,
    doorbell: asyncio.Event | None,
) -> AsyncGenerator[Event, None]:
    """Yield what happened since ``checkpoint``; see ``Helpdesk.events``."""
    with call.part():
        if every is None and not (doorbell is None and sweep_every is None):
            raise InvalidArgument("doorbell= and sweep_every= need every=, or nothing waits.")
        if not isinstance(sweep, bool) or (sweep and every is not None):
            raise InvalidArgument("sweep= is True or False; with every= give sweep_every=.")
        state = opened(desk, checkpoint, messages=True, takes_up=False)
        view = View(state)
    arrived: Callable[[], Collection[str]]
    if every is None:
        polls = Polls(desk, call, state)
        batches, arrived = polls.read(sweep=sweep), lambda: polls.arrived
    else:
        follower = opened_follower(
            desk,
            call,
            checkpoint,
            every=every,
            messages=True,
            sweep_every=sweep_every,
            doorbell=doorbell,
        )
        batches, arrived = follower.read(), lambda: follower.polls.arrived
    async with aclosing(batches):
        async for batch in batches:
            for event in view.events(batch, arrived()):
                yield event


class View:
    """Takes batches apart.

    The checkpoint behind an event is the one before its batch, with what was told since: messages,
    tickets that were told whole, and where they stand. The one behind the last event of a batch is
    that of the batch.

    Args:
        state: how far the lineage has come before the first batch.
    """

    def __init__(self, state: State) -> None:
        self._base: dict[str, Any] = orjson.loads(state.to_text())
        self._standing, self._done = state.standing.copy(), state.done.copy()
        self._told: list[Message] = []
        self._grows = state.told.grows

    def events(self, batch: ChangeBatch, arrived: Collection[str]) -> Iterator[Event]:
        """Yield the events of a batch that were not told, each with the checkpoint behind it.

        ``arrived`` is which of its tickets were not told before.
        """
        last: Event | None = None
        for event in self._found(batch, arrived):
            if last is not None:
                yield last
            self._tell(event)
            last = evolve(event, checkpoint=self._behind())
        self._told, self._base = [], orjson.loads(batch.checkpoint)
        if last is not None:
            yield evolve(last, checkpoint=self._behind())

    def _behind(self) -> Any:
        """Return what makes the checkpoint of what is told by now."""
        if len(self._told) >= _FOLD:
            told = ToldMessages.from_plain(self._base.get("told", {}), grows=self._grows)
            told.add(self._told)
            others = len(orjson.dumps({**self._base, "told": None}))
            room = LARGEST - EVENTS_ROOM - others
            self._base = {**self._base, "told": told.to_plain(max(0, room))}
            self._told = []
        standing, done = self._standing.copy(), self._done.copy()
        return partial(_with, self._base, tuple(self._told), standing, done, self._grows)

    def _tell(self, event: Event) -> None:
        """Take note of an event that is told."""
        ticket = event.ticket
        if event.message is not None:
            self._told.append(event.message)
        elif ticket is None:
            self._done.put(identity(event.ticket_id), _GONE)
            self._standing.drop(event.ticket_id)
        else:
            self._standing.note(ticket)
            if event.kind is not EventKind.STATUS_CHANGED:
                self._done.put(identity(ticket.id), version(ticket))

    def _found(self, batch: ChangeBatch, arrived: Collection[str]) -> Iterator[Event]:
        messages: dict[str, list[Message]] = {}
        for message in batch.messages:
            messages.setdefault(message.ticket_id, []).append(message)
        for ticket in batch.tickets:
            said = messages.pop(ticket.id, [])
            yield from self._of_ticket(ticket, said, ticket.id in arrived)
        for ticket_id in batch.deleted:
            if not self._done.has(identity(ticket_id), _GONE):
                yield _event(EventKind.TICKET_DELETED, ticket_id, ticket_id)

    def _of_ticket(
        self, ticket: Ticket, messages: list[Message], has_arrived: bool
    ) -> Iterator[Event]:
        one, said = identity(ticket.id), version(ticket)
        was_gone = self._done.has(one, _GONE)
        if has_arrived and (was_gone or not self._done.knows(one)):
            yield _event(EventKind.TICKET_CREATED, ticket.id, ticket.id, ticket=ticket)
        elif not self._done.has(one, said):
            has_moved, before = self._standing.moved(ticket)
            if has_moved:
                kind = EventKind.STATUS_CHANGED
                yield _event(kind, ticket.id, f"{said:x}", ticket=ticket, before=before)
            yield _event(EventKind.TICKET_UPDATED, ticket.id, f"{said:x}", ticket=ticket)
        for message in messages:
            kind = _KINDS.get(message.type, EventKind.MESSAGE_ADDED)
            yield _event(kind, ticket.id, message.id, ticket=ticket, message=message)


def _event(kind: EventKind, ticket_id: str, what: str, **fields: Any) -> Event:
    found = digest(kind.value, ticket_id, what, size=12)
    return Event(kind=kind, ticket_id=ticket_id, id=f"{kind.value}-{found:024x}", **fields)


def _with(
    base: dict[str, Any], told: tuple[Message, ...], standing: Standing, done: Seen, grows: bool
) -> str:
    made = {**base, "standing": standing.to_plain(), "done": done.to_plain()}
    if told:
        made["more"] = ToldMessages(grows).more(told)
    return orjson.dumps(made).decode()
