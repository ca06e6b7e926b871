"""Writers who change a live desk at full speed, and a reader who is thrown away while it reads."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable

from attrs import define, field

import helpdesk_bridge as hb

CHECKPOINT = 64 * 1024
"""Bytes that a checkpoint stays below."""
SHORT_LIFE = 2.0
"""Seconds after which a reader is killed at the latest, if polls end in less."""
CUSTOMER = "li@customer.example"
STATUSES = (hb.Status.OPEN, hb.Status.ON_HOLD, hb.Status.RESOLVED)


@define
class Copy:
    """What a program has stored of a desk: each batch whole, with its checkpoint, or not at all."""

    tickets: dict[str, hb.Ticket] = field(factory=dict)
    messages: dict[str, hb.Message] = field(factory=dict)
    told: Counter[str] = field(factory=Counter)
    """How often each message was told in what is stored, by its id."""
    checkpoint: str | None = None
    ticket_changes: int = 0
    problems: int = 0

    def store(self, batch: hb.ChangeBatch) -> None:
        """Store a batch."""
        assert len(batch.checkpoint.encode()) < CHECKPOINT
        assert not {one.id for one in batch.tickets} & set(batch.deleted)
        self.tickets.update((one.id, one) for one in batch.tickets)
        for gone in batch.deleted:
            self.tickets.pop(gone, None)
        self.messages.update((one.id, one) for one in batch.messages)
        self.told.update(one.id for one in batch.messages)
        self.ticket_changes += len(batch.tickets) + len(batch.deleted)
        self.problems += len(batch.problems)
        self.checkpoint = batch.checkpoint

    def there(self) -> dict[str, hb.Ticket]:
        """Return the tickets that a list shows: none that is marked deleted."""
        shown = self.tickets.items()
        return {id_: one for id_, one in shown if one.status is not hb.Status.DELETED}


@define
class Reader:
    """Reads what changes into a copy; nothing of it outlives a kill but what the copy stores."""

    open: Callable[[], hb.Helpdesk]
    chance: random.Random
    copy: Copy = field(factory=Copy)
    polls: int = 0
    kills: int = 0

    async def poll(
        self, *, messages: bool = True, sweep: bool = False, careless: float = 0
    ) -> None:
        """Read once, to the end. ``careless`` is how likely it dies before it stores a batch."""
        async with self.open() as desk:
            await self._poll(desk, messages=messages, sweep=sweep, careless=careless)

    async def _poll(
        self, desk: hb.Helpdesk, *, messages: bool, sweep: bool, careless: float
    ) -> None:
        caught_up = False
        async for batch in desk.changes(self.copy.checkpoint, messages=messages, sweep=sweep):
            assert not caught_up, "nothing comes behind the batch that is caught up"
            if self.chance.random() < careless:
                raise asyncio.CancelledError
            self.copy.store(batch)
            caught_up = batch.caught_up
        assert caught_up
        self.polls += 1

    async def read(self) -> None:
        """Poll in a loop until it is cancelled; each life ends by a kill at a random moment.

        Lives that end without a poll become longer, so that a slow desk is read to the end, too.
        """
        longest = SHORT_LIFE
        while True:
            ended = self.polls
            life = asyncio.create_task(self._live())
            try:
                await asyncio.wait({life}, timeout=self.chance.uniform(0, longest))
            finally:
                life.cancel()
                await asyncio.wait({life})
            if not life.cancelled():
                life.result()
            self.kills += 1
            longest = SHORT_LIFE if self.polls > ended else longest * 1.5

    async def _live(self) -> None:
        async with self.open() as desk:
            while True:
                await self._poll(desk, messages=True, sweep=False, careless=0.05)


@define
class Pool:
    """What the writers share: the tickets they write to, and what was accepted."""

    ids: list[str]
    said: dict[str, str] = field(factory=dict)
    """The ticket of each message, by the message's words; no words are said twice."""
    done: Counter[str] = field(factory=Counter)
    """How many writes of each kind were accepted."""
    refused: Counter[str] = field(factory=Counter)
    """How many were not, by the class of their error."""


@define
class Writer:
    """Writes one thing after the other until it is told to stop."""

    desk: hb.Helpdesk
    pool: Pool
    name: str
    chance: random.Random

    async def write(self, seconds: float) -> None:
        """Write at full speed for so many seconds, and until all have done a thing of each kind."""
        kinds = {
            self._create: 3,
            self._reply: 4,
            self._note: 4,
            self._set_status: 3,
            self._set_subject: 3,
            self._delete: 1,
            self._restore: 1,
        }
        end, number = asyncio.get_running_loop().time() + seconds, 0
        while asyncio.get_running_loop().time() < end or len(self.pool.done) < len(kinds):
            (write,) = self.chance.choices([*kinds], [*kinds.values()])
            number += 1
            try:
                await write(f"{self.name} says word {number} of many.")
            except hb.HelpdeskError as error:
                self.pool.refused[f"{write.__name__}: {type(error).__name__}"] += 1
            else:
                self.pool.done[write.__name__.strip("_")] += 1

    async def _create(self, words: str) -> None:
        made = await self.desk.create_ticket(subject=words, requester=CUSTOMER, text=words)
        self.pool.ids.append(made.id)
        self.pool.said[words] = made.id

    async def _reply(self, words: str) -> None:
        ticket_id = self._any()
        await self.desk.reply(ticket_id, text=words, send_email=True)
        self.pool.said[words] = ticket_id

    async def _note(self, words: str) -> None:
        ticket_id = self._any()
        await self.desk.note(ticket_id, text=words)
        self.pool.said[words] = ticket_id

    async def _set_status(self, _: str) -> None:
        await self.desk.update_ticket(self._any(), status=self.chance.choice(STATUSES))

    async def _set_subject(self, words: str) -> None:
        await self.desk.update_ticket(self._any(), subject=words)

    async def _delete(self, _: str) -> None:
        await self.desk.delete_ticket(self._any())

    async def _restore(self, _: str) -> None:
        await self.desk.update_ticket(self._any(), status=hb.Status.OPEN)

    def _any(self) -> str:
        return self.chance.choice(self.pool.ids)
