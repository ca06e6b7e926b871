"""An application that keeps a copy of a desk, stored batch by batch with its checkpoints."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable

from attrs import define, field

import helpdesk_bridge as hb

__all__ = ["Breaks", "Reader"]

_ROOM = 64 * 1024
_MOVED = (hb.PaginationLoop, hb.IncompleteList)
"""What a list may end with whose records others move while it is read."""


@define
class Breaks:
    """What happens at the points at which a reader waits, by their numbers from 0.

    What happens there may raise an error; it may be ``kill``, which ends the reader.
    """

    plan: dict[int, list[Callable[[], None]]] = field(factory=dict)
    count: int = 0
    reader: asyncio.Task[bool] | None = None
    killed: bool = False

    async def __call__(self, name: str) -> None:
        """Come to a point."""
        number, self.count = self.count, self.count + 1
        for act in self.plan.get(number, ()):
            act()
        await asyncio.sleep(0)

    def kill(self) -> None:
        """End the reader."""
        assert self.reader is not None
        self.killed = True
        self.reader.cancel()


@define
class Reader:
    """The copy, as it is stored."""

    with_messages: bool = True
    checkpoint: str | None = None
    tickets: dict[str, hb.Ticket] = field(factory=dict)
    messages: dict[str, hb.Message] = field(factory=dict)
    last: deque[hb.ChangeBatch] = field(factory=lambda: deque(maxlen=20))
    """The batches that were stored last, to look at when something is wrong."""

    async def poll(
        self, desk: hb.Helpdesk, breaks: Breaks, *, sweep: bool, lost: int | None = None
    ) -> str:
        """Poll once, and store what comes.

        Args:
            desk: what is read.
            breaks: what happens meanwhile.
            sweep: whether tickets that are gone are searched for.
            lost: the number of the batch that comes, but is not stored any more; None: none is.

        Returns:
            How it ended: ``caught up``, ``lost``, ``killed``, or the name of an error.
        """
        breaks.reader = asyncio.create_task(self._poll(desk, sweep, lost))
        try:
            return "caught up" if await breaks.reader else "lost"
        except asyncio.CancelledError:
            assert breaks.killed
            return "killed"
        except (hb.VendorUnavailable, *_MOVED) as error:
            assert breaks.plan
            return type(error).__name__

    async def _poll(self, desk: hb.Helpdesk, sweep: bool, lost: int | None) -> bool:
        number, caught_up = 0, False
        batches = desk.changes(self.checkpoint, messages=self.with_messages, sweep=sweep)
        async for batch in batches:
            assert not caught_up, "a batch comes behind the last one"
            if number == lost:
                await batches.aclose()
                return False
            self._store(batch)
            caught_up, number = batch.caught_up, number + 1
        assert caught_up, "the last batch is not caught up"
        return True

    def _store(self, batch: hb.ChangeBatch) -> None:
        self.last.append(batch)
        assert len(batch.checkpoint.encode()) < _ROOM
        assert isinstance(json.loads(batch.checkpoint), dict)
        there = {*self.tickets, *(ticket.id for ticket in batch.tickets), *batch.deleted}
        for message in batch.messages:
            assert message.id not in self.messages, f"{message} was told before"
            assert message.ticket_id in there, f"{message} comes before its ticket"
            self.messages[message.id] = message
        assert self.with_messages or not batch.messages
        for ticket in batch.tickets:
            self.tickets[ticket.id] = ticket
        for ticket_id in batch.deleted:
            self.tickets.pop(ticket_id, None)
            for message in [one for one in self.messages.values() if one.ticket_id == ticket_id]:
                del self.messages[message.id]  # they are told anew if the ticket comes back
        self.checkpoint = batch.checkpoint

    def stored_and_read(self) -> None:
        """Have the checkpoint go through a database that keeps JSON in its own words."""
        if self.checkpoint is not None:
            kept = json.loads(self.checkpoint)
            self.checkpoint = json.dumps(dict(reversed(kept.items())))
