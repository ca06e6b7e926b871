"""``Helpdesk.events``: what batches of changes tell, one event after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from datetime import datetime
from functools import partial
from typing import Any

import orjson
from attrs import define, evolve, field

from helpdesk_bridge.desk.call import CallContext
from helpdesk_bridge.desk.helpdesk import Helpdesk
from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model import ChangeBatch, Event, EventKind, Message, MessageType, Ticket
from helpdesk_bridge.sync.checkpoint import State
from helpdesk_bridge.sync.following import follow_changes
from helpdesk_bridge.sync.packed import digest
from helpdesk_bridge.sync.poll import Polls
from helpdesk_bridge.sync.reading import opened
from helpdesk_bridge.sync.standing import Standing
from helpdesk_bridge.sync.versions import version

__all__ = ["read_events"]

_KINDS = {
    MessageType.REQUEST: EventKind.MESSAGE_RECEIVED,
    MessageType.RESPONSE: EventKind.MESSAGE_SENT,
    MessageType.NOTE: EventKind.NOTE_ADDED,
}
_PART = "events"
"""The key of a checkpoint under which the view of events has what it has to know."""


async def read_events(
    desk: Any,
    call: CallContext,
    checkpoint: str | None,
    *,
    every: float | None,
    doorbell: asyncio.Event | None,
) -> AsyncGenerator[Event, None]:
    """Yield what happened since ``checkpoint``; see ``Helpdesk.events``."""
    with call.part():
        if every is None and doorbell is not None:
            raise InvalidArgument("doorbell= needs every=: without it nothing waits.")
        state = opened(desk, checkpoint, messages=True)
        view = View(_standing(checkpoint, state), state.to_text())
    batches = _batches(desk, call, state, checkpoint, every, doorbell)
    async with aclosing(batches):
        async for batch in batches:
            for event in view.events(batch):
                yield event


def _batches(
    desk: Helpdesk,
    call: CallContext,
    state: State,
    checkpoint: str | None,
    every: float | None,
    doorbell: asyncio.Event | None,
) -> AsyncGenerator[ChangeBatch, None]:
    if every is None:
        return Polls(desk, call, state).read()
    return follow_changes(
        desk,
        call,
        checkpoint,
        every=every,
        messages=True,
        sweep_every=None,
        doorbell=doorbell,
    )


@define
class View:
    """Takes batches apart.

    Args:
        standing: what is known of the tickets.
        base: the checkpoint before the batch that comes next.
    """

    standing: Standing
    base: str
    _floor: datetime | None = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._floor = _floor(self.base)

    def events(self, batch: ChangeBatch) -> Iterator[Event]:
        """Yield the events of a batch that were not told, each with the checkpoint behind it."""
        found = [one for one in self._found(batch) if not self.standing.is_told(one)]
        for number, event in enumerate(found, 1):
            self.standing.tell(event)
            if event.kind is EventKind.TICKET_CREATED and event.ticket is not None:
                self.standing.tell(_update(event.ticket))  # whoever goes on here meets it once more
            is_last = number == len(found)
            if is_last:
                self._note(batch)
            base = batch.checkpoint if is_last else self.base
            behind: Any = partial(_with, base, self.standing.copy())
            yield evolve(event, checkpoint=behind)
        if not found:
            self._note(batch)
        self.base, self._floor = batch.checkpoint, _floor(batch.checkpoint)

    def _note(self, batch: ChangeBatch) -> None:
        for ticket in batch.tickets:
            self.standing.note(ticket)
        self.standing.has_begun |= batch.caught_up
        self.standing.close()

    def _found(self, batch: ChangeBatch) -> Iterator[Event]:
        messages: dict[str, list[Message]] = {}
        for message in batch.messages:
            messages.setdefault(message.ticket_id, []).append(message)
        for ticket in batch.tickets:
            yield from self._of_ticket(ticket, messages.pop(ticket.id, []))
        for ticket_id in batch.deleted:
            yield _event(EventKind.TICKET_DELETED, ticket_id, ticket_id)

    def _of_ticket(self, ticket: Ticket, messages: list[Message]) -> Iterator[Event]:
        is_new = self.standing.is_new(ticket, self._floor, messages)
        if is_new:
            yield _event(EventKind.TICKET_CREATED, ticket.id, ticket.id, ticket=ticket)
        for message in messages:
            kind = _KINDS.get(message.type, EventKind.MESSAGE_ADDED)
            yield _event(kind, ticket.id, message.id, ticket=ticket, message=message)
        if is_new:
            return
        has_moved, before = self.standing.moved(ticket)
        if has_moved:
            yield _event(
                EventKind.STATUS_CHANGED, ticket.id, _said(ticket), ticket=ticket, before=before
            )
        yield _update(ticket)


def _update(ticket: Ticket) -> Event:
    return _event(EventKind.TICKET_UPDATED, ticket.id, _said(ticket), ticket=ticket)


def _said(ticket: Ticket) -> str:
    return f"{version(ticket):x}"


def _event(kind: EventKind, ticket_id: str, what: str, **fields: Any) -> Event:
    found = digest(kind.value, ticket_id, what, size=12)
    return Event(kind=kind, ticket_id=ticket_id, id=f"{kind.value}-{found:024x}", **fields)


def _with(checkpoint: str, known: Standing) -> str:
    return orjson.dumps({**orjson.loads(checkpoint), _PART: known.to_plain()}).decode()


def _floor(checkpoint: str) -> datetime | None:
    told = orjson.loads(checkpoint).get("floor")
    return None if told is None else datetime.fromisoformat(told)


def _standing(checkpoint: str | None, state: State) -> Standing:
    known = None if checkpoint is None else orjson.loads(checkpoint).get(_PART)
    if known is None:
        return Standing(has_begun=state.listed)
    try:
        return Standing.from_plain(known)
    except (ValueError, TypeError, AttributeError):
        pass
    raise InvalidArgument("the checkpoint is damaged: what it knows of events cannot be read.")
