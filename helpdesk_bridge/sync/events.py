"""``Helpdesk.events``: what batches of changes tell, one event after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Iterator
from contextlib import aclosing
from functools import partial
from typing import Any

import orjson
from attrs import evolve, frozen

from helpdesk_bridge.desk.call import CallContext
from helpdesk_bridge.errors import HelpdeskError, InvalidArgument
from helpdesk_bridge.model import (
    ChangeBatch,
    ChangeMode,
    Event,
    EventKind,
    Message,
    MessageType,
    Ticket,
)
from helpdesk_bridge.sync.checkpoint import EVENTS_ROOM, LARGEST, State
from helpdesk_bridge.sync.following import opened_follower
from helpdesk_bridge.sync.known import KnownIds
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
_FOLD_IDS = 2_000
"""Characters of ids after which they are put to the others that are known."""
_FIELDS = 200
"""Bytes of what is told of messages beside those that are remembered."""
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
        batches, arrived, holds = polls.read(sweep=sweep), lambda: polls.arrived, True
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
        batches, arrived = follower.read_all(), lambda: follower.polls.arrived
        holds = state.mode is not ChangeMode.SCAN  # whose reading is spread
    async with aclosing(_told(view, batches, arrived, holds=holds)) as events:
        async for event in events:
            yield event


async def _told(
    view: View,
    batches: AsyncGenerator[ChangeBatch, None],
    arrived: Callable[[], Collection[str]],
    *,
    holds: bool,
) -> AsyncGenerator[Event, None]:
    """Yield the events of batches; those of a poll that ``holds`` end with its own checkpoint.

    Else each reader that goes on from the last event would read the poll before once more.
    """
    last: Event | None = None
    async with aclosing(batches):
        try:
            async for batch in batches:
                for event in view.events(batch, arrived()):
                    if last is not None:
                        yield last
                    last = event
                if last is not None and (not holds or _is_empty(batch)):
                    told, last = last, None
                    yield view.at_end(told) if batch.caught_up else told
        except HelpdeskError:
            if last is not None:
                yield last
            raise


def _is_empty(batch: ChangeBatch) -> bool:
    return not (batch.tickets or batch.messages or batch.deleted or batch.problems)


class View:
    """Takes batches apart.

    The checkpoint behind an event is the one before its batch, with what was told since: messages,
    tickets that were told whole or are gone, and where they stand. The one behind the last event
    of a batch is that of the batch.

    Args:
        state: how far the lineage has come before the first batch.
    """

    def __init__(self, state: State) -> None:
        self._grows = state.told.grows
        self._standing, self._done = state.standing.copy(), state.done.copy()
        self._go_on(state.to_text())

    def _go_on(self, checkpoint: str) -> None:
        """Begin with a checkpoint that knows all that was told."""
        self._base: dict[str, Any] = orjson.loads(checkpoint)
        self._parts: list[str] = self._base.get("parts", [])
        self._told: list[Message] = []
        self._fresh: list[str] = []
        self._gone: list[str] = []

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
        self._go_on(batch.checkpoint)
        if last is not None:
            yield self.at_end(last)

    def at_end(self, event: Event) -> Event:
        """Return an event with the checkpoint behind all that was taken apart."""
        return evolve(event, checkpoint=self._behind())

    def _behind(self) -> Any:
        """Return what makes the checkpoint of what is told by now."""
        if len(self._told) >= _FOLD or sum(map(len, (*self._fresh, *self._gone))) >= _FOLD_IDS:
            self._fold()
        since = _Since(
            told=tuple(self._told),
            fresh=tuple(self._fresh),
            gone=tuple(self._gone),
            parts=tuple(self._parts),
            standing=self._standing.copy(),
            done=self._done.copy(),
        )
        return partial(since.put_to, self._base, self._grows)

    def _fold(self) -> None:
        """Put what was told since to the rest of the checkpoint, which takes longer."""
        known = KnownIds.from_plain(self._base["known"])
        known.listed(self._fresh)
        known.gone(self._gone)
        self._base = {**self._base, "known": known.to_plain()}
        self._base = _with_told(self._base, self._told, self._grows, LARGEST - EVENTS_ROOM)
        self._told, self._fresh, self._gone = [], [], []

    def _tell(self, event: Event) -> None:
        """Take note of an event that is told."""
        ticket = event.ticket
        if event.message is not None:
            self._told.append(event.message)
        elif ticket is None:
            self._gone.append(event.ticket_id)
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
        failed = {problem.error.ticket_id for problem in batch.problems}
        for ticket in batch.tickets:
            said, has_arrived = messages.pop(ticket.id, []), ticket.id in arrived
            if has_arrived:
                self._forget(said)
            events = [*self._of_ticket(ticket, said, has_arrived)]
            if has_arrived and ticket.id not in self._parts:
                self._parts.append(ticket.id)
            yield from events[:-1]
            if ticket.id in self._parts and ticket.id not in failed:
                self._parts.remove(ticket.id)
                self._fresh.append(ticket.id)
            yield from events[-1:]
        for ticket_id in batch.deleted:
            if not self._done.has(identity(ticket_id), _GONE):
                yield _event(EventKind.TICKET_DELETED, ticket_id, ticket_id)

    def _forget(self, messages: list[Message]) -> None:
        """Forget that messages were told, if they were: before their ticket was deleted."""
        told = ToldMessages.from_plain(self._base.get("told", {}), grows=self._grows)
        if told.forget(messages):
            self._base = {**self._base, "told": told.to_plain(LARGEST)}

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


@frozen(kw_only=True)
class _Since:
    """What single events told since a checkpoint was made."""

    told: tuple[Message, ...]
    fresh: tuple[str, ...]
    """The ids of new tickets that were told whole."""
    gone: tuple[str, ...]
    parts: tuple[str, ...]
    standing: Standing
    done: Seen

    def put_to(self, base: dict[str, Any], grows: bool) -> str:
        """Return the checkpoint behind it."""
        made = {
            **base,
            "standing": self.standing.to_plain(),
            "done": self.done.to_plain(),
            "parts": self.parts,
            "fresh": self.fresh,
            "gone": self.gone,
            "more": ToldMessages(grows).more(self.told),
        }
        text = orjson.dumps(made)
        if len(text) >= LARGEST:
            made.pop("more")
            text = orjson.dumps(_with_told(made, self.told, grows, LARGEST))
        return text.decode()


def _with_told(
    base: dict[str, Any], messages: Iterable[Message], grows: bool, size: int
) -> dict[str, Any]:
    """Return a checkpoint of less than ``size`` bytes that knows of messages told, too."""
    told = ToldMessages.from_plain(base.get("told", {}), grows=grows)
    told.add(messages)
    others = len(orjson.dumps({**base, "told": None}))
    return {**base, "told": told.to_plain(max(0, size - others - _FIELDS))}
