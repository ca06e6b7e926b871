"""A copy of a django-helpdesk stays equal to it, whoever writes and whoever is killed when.

HELPDESK_BRIDGE_ALL_FAULTS=1 has more tickets, and is written to for longer.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from helpdesk_bridge import ChangeBatch, Helpdesk, Message, Ticket
from helpdesk_bridge.kit import Capability, ChangeKind, ChangeMode, Status, errors
from live import CUSTOMER, Server, account

FULL = os.environ.get("HELPDESK_BRIDGE_ALL_FAULTS") == "1"
TICKETS = 400 if FULL else 120
"""Each request about tickets costs the site a query for every ticket that it has."""
SECONDS = 60 if FULL else 8
BUSY = 12
"""Tickets that the writers begin with: few, so that several write to the same one."""
WRITERS = 4
KINDS = ("create", "reply", "reply", "note", "note", "status", "subject", "delete")
STATUSES = (Status.OPEN, Status.ON_HOLD, Status.RESOLVED, Status.CLOSED)


@dataclass
class Copy:
    """What a program has stored: each batch whole, with its checkpoint, or not at all."""

    tickets: dict[str, Ticket] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)
    checkpoint: str | None = None
    changes: int = 0

    def store(self, batch: ChangeBatch) -> None:
        """Store a batch."""
        # A ticket may be gone before its conversation is read.
        assert all(isinstance(one.error, errors.NotFound) for one in batch.problems)
        self.tickets.update((one.id, one) for one in batch.tickets)
        for gone in batch.deleted:
            self.tickets.pop(gone, None)
        self.messages.update((one.id, one) for one in batch.messages)
        self.told.update(one.id for one in batch.messages)
        self.changes += len(batch.tickets) + len(batch.deleted)
        self.checkpoint = batch.checkpoint


@dataclass
class Reader:
    """Reads changes into a copy, which is all that outlives a kill."""

    open: Callable[[], Helpdesk]
    chance: random.Random
    copy: Copy = field(default_factory=Copy)
    polls: int = 0
    kills: int = 0

    async def poll(self, *, sweep: bool = False, careless: float = 0) -> None:
        """Read once. ``careless`` is how likely it dies before it stores a batch."""
        async with self.open() as desk:
            found = desk.changes(self.copy.checkpoint, messages=True, sweep=sweep)
            async for batch in found:
                if self.chance.random() < careless:
                    raise asyncio.CancelledError
                self.copy.store(batch)
        self.polls += 1

    async def read(self) -> None:
        """Poll until it is cancelled; each life ends by a kill, and is longer if no poll ended."""
        longest = 2.0
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
            longest = 2.0 if self.polls > ended else longest * 1.5

    async def _live(self) -> None:
        while True:
            await self.poll(sweep=self.chance.random() < 0.3, careless=0.05)


@dataclass
class Writer:
    """Writes one thing after the other; what the writers share comes from outside."""

    desk: Helpdesk
    name: str
    chance: random.Random
    ids: list[str]
    said: dict[str, str]
    """The ticket of each message that was accepted, by its words."""
    done: Counter[str]

    async def write(self, seconds: float) -> None:
        """Write for so many seconds, and until the writers have done a thing of each kind.

        A ticket that another writer has deleted is passed over.
        """
        loop, number = asyncio.get_running_loop(), 0
        end = loop.time() + seconds
        while loop.time() < end or self.done.keys() != {*KINDS}:
            number += 1
            kind = self.chance.choice(KINDS)
            words = f"{self.name} says word {number} of many."
            ticket_id = self.chance.choice(self.ids)
            with suppress(errors.NotFound):
                await self._do(kind, ticket_id, words)
                self.done[kind] += 1

    async def _do(self, kind: str, ticket_id: str, words: str) -> None:
        if kind == "create":
            made = await self.desk.create_ticket(subject=words, requester=CUSTOMER, text=words)
            self.ids.append(made.id)
            self.said[words] = made.id
        elif kind == "reply":
            await self.desk.reply(ticket_id, text=words, send_email=True)
            self.said[words] = ticket_id
        elif kind == "note":
            await self.desk.note(ticket_id, text=words)
            self.said[words] = ticket_id
        elif kind == "status":
            await self.desk.update_ticket(ticket_id, status=self.chance.choice(STATUSES))
        elif kind == "subject":
            await self.desk.update_ticket(ticket_id, subject=words)
        else:
            await self.desk.delete_ticket(ticket_id)


def test_changes_are_found_by_reading_all(strict: Server) -> None:
    """A ticket's record holds its whole conversation, so that messages show, and it is declared."""
    declared = Helpdesk(strict.settings()).capabilities[Capability.CHANGES]
    assert "whole conversation" in declared.reason
    assert "2.6.1" in declared.source
    limits = declared.limits
    assert limits.mode is ChangeMode.SCAN
    assert limits.sees == frozenset((ChangeKind.MESSAGES, ChangeKind.FIELDS))


@pytest.mark.asyncio
async def test_a_copy_equals_the_desk_after_writers_and_kills(strict: Server) -> None:
    """Everything is told, each message once, and what is deleted is found by a sweep."""
    there, chance = account(strict), random.Random(11)
    strict.ask("fill", count=TICKETS)
    reader = Reader(there.open, chance)
    await reader.poll()
    copy = reader.copy
    assert len(copy.tickets) == len(copy.messages) == TICKETS
    copy.changes = reader.polls = 0

    ids, said, done = chance.sample([*copy.tickets], BUSY), dict[str, str](), Counter[str]()
    known = there.witness.requests()
    desks = [Helpdesk(strict.settings()) for _ in range(WRITERS)]
    writers = [
        Writer(desk, f"writer {number}", random.Random(number), ids, said, done)
        for number, desk in enumerate(desks)
    ]
    reading = asyncio.create_task(reader.read())
    await asyncio.gather(*(writer.write(SECONDS) for writer in writers))
    reading.cancel()
    await asyncio.wait({reading})
    assert reading.cancelled(), reading.exception()
    for desk in desks:
        await desk.aclose()
    polls, before_last = reader.polls, there.witness.requests()
    await reader.poll(sweep=True)
    after_last = there.witness.requests()

    async with there.open() as desk:
        listed = {ticket.id: ticket async for ticket in desk.tickets()}
        told = [one for id_ in {*ids} & {*listed} async for one in desk.messages(id_)]
    logging.getLogger(__name__).info(
        "%d writes in %d s: %s. %d polls were ended in %s requests, %d readers were killed; the"
        " last poll made %s requests. %d tickets and %d messages were told.",
        *(done.total(), SECONDS, dict(done), polls, _less(before_last, known), reader.kills),
        *(_less(after_last, before_last), copy.changes, len(copy.messages)),
    )
    assert copy.tickets == listed
    assert set(copy.told.values()) == {1}, "no message is told twice"
    mine = {one.id: one for one in copy.messages.values() if one.ticket_id in {*ids} & {*listed}}
    assert mine == {one.id: one for one in told}
    heard = Counter(one.text for one in mine.values())
    assert [w for w, ticket_id in said.items() if ticket_id in listed and heard[w] != 1] == []


def _less(after: int | None, before: int | None) -> int:
    return (after or 0) - (before or 0)
