"""Tests of changes: everything is told, from whichever checkpoint, and each message once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

import pytest
from attrs import define, field

from helpdesk_bridge.desk import Helpdesk
from helpdesk_bridge.errors import Outcome, UnsupportedCapability
from helpdesk_bridge.model import (
    Audience,
    Capability,
    CapabilityLimits,
    ChangeBatch,
    ChangeKind,
    ChangeMode,
    Message,
    MessageType,
    Party,
    Status,
    Ticket,
)
from helpdesk_bridge.testing.conformance.account import Place, needs
from helpdesk_bridge.testing.conformance.filters import statuses
from helpdesk_bridge.transport import clock

__all__ = ["ChangePromises"]

_Heard = tuple[str, MessageType, Audience, str]
"""The ticket of a message, what it is, for whom, and its words."""
_OLD = 30 * 60
"""Seconds since the last change of the newest old ticket; the oldest one is half as much older.
With an hour, its messages, whose times stay as they are, would contradict it."""


@define
class Reader:
    """A program that reads changes, and has stored each batch with its checkpoint.

    Args:
        place: the desk and its account.
        messages: whether it reads messages, too.
        batches: what it has stored, the oldest first.
    """

    place: Place
    messages: bool = False
    batches: list[ChangeBatch] = field(factory=list)

    @property
    def tickets(self) -> dict[str, Ticket]:
        """The tickets of a copy that is kept of it, by id."""
        copy: dict[str, Ticket] = {}
        for batch in self.batches:
            copy.update((one.id, one) for one in batch.tickets)
            for gone in batch.deleted:
                copy.pop(gone, None)
        return copy

    @property
    def deleted(self) -> set[str]:
        """The ids that were told as gone."""
        return {gone for batch in self.batches for gone in batch.deleted}

    @property
    def heard(self) -> list[Message]:
        """Every message that was told, as often as it was, without the events of the system."""
        told = [one for batch in self.batches for one in batch.messages]
        return [one for one in told if one.type is not MessageType.SYSTEM]

    def texts(self, ticket_id: str) -> list[str]:
        """Return the words of each message that was told of a ticket.

        ``ticket_id`` is the ticket.
        """
        return [_words(one.text) for one in self.heard if one.ticket_id == ticket_id]

    def has_text(self, ticket_id: str, text: str) -> bool:
        """Say whether a message was told.

        ``ticket_id`` is its ticket, ``text`` its words.
        """
        return text in self.texts(ticket_id)

    def has_subject(self, subject: str) -> bool:
        """Say whether a ticket is there that is called ``subject``."""
        return any(one.subject == subject for one in self.tickets.values())

    def has_status(self, ticket_id: str, status: Status) -> bool:
        """Say whether a ticket is told with a status.

        ``ticket_id`` is the ticket, ``status`` the one that it shall have.
        """
        return self.tickets[ticket_id].status is status

    def has_lost(self, ticket_id: str) -> bool:
        """Say whether a ticket was told as gone: ``ticket_id``."""
        return ticket_id in self.deleted

    async def poll(self, *, sweep: bool = False) -> Reader:
        """Read once, to the end; what cannot be read is a failure.

        ``sweep`` is whether tickets that are gone are looked for.

        Returns:
            The reader.
        """
        return await self._read(self.place.desk, sweep)

    async def restart(self, *, sweep: bool = False) -> Reader:
        """Read once on a new desk, as a program that was started again, which has its copy only.

        ``sweep`` is whether tickets that are gone are looked for.

        Returns:
            The reader.
        """
        async with self.place.account.open() as desk:
            return await self._read(desk, sweep)

    async def poll_until(self, is_told: Callable[[], bool], *, sweep: bool = False) -> None:
        """Poll until something is told, for as long as the desk declares that it may take.

        A desk that has just told of a ticket looks for what came with the same time once that time
        is over, and a new one at once: so nothing is waited for where changes show at once.

        Args:
            is_told: says whether it is; if not in the end, the test fails.
            sweep: whether tickets that are gone are looked for.
        """
        limits = _limits(self.place)
        left = (limits.lag or 0.0) + (limits.resolution or 1.0)
        pause = 0.5
        await self.poll(sweep=sweep)
        if not is_told():
            await self.restart(sweep=sweep)
        while left > 0 and not is_told():
            pause = min(pause, left)
            await clock.pause(pause)
            left, pause = left - pause, pause * 2
            await self.restart(sweep=sweep)
        assert is_told(), "changes do not tell it, and limits.lag and limits.resolution are over"

    async def _read(self, desk: Helpdesk, sweep: bool) -> Reader:
        checkpoint = self.batches[-1].checkpoint if self.batches else None
        ends: list[bool] = []
        async for batch in desk.changes(checkpoint, messages=self.messages, sweep=sweep):
            assert not batch.problems
            self.batches.append(batch)
            ends.append(batch.caught_up)
        assert ends == [False] * (len(ends) - 1) + [True], "only the last batch is caught up"
        return self


class ChangePromises:
    """What holds for the changes of every desk that lists its tickets."""

    @needs(Capability.CHANGES)
    async def test_the_first_reading_of_changes_tells_every_ticket(self, place: Place) -> None:
        made = await place.ticket()
        await place.witness.add_tickets(place.account.customer, place.account.many)
        reader = await Reader(place).poll()
        assert made.id in reader.tickets
        assert len(reader.tickets) == place.account.many + 1
        await _check_each_checkpoint(place, reader)

    @needs(Capability.CHANGES)
    async def test_more_new_tickets_than_a_page_holds_are_told(self, place: Place) -> None:
        await place.ticket()
        reader = await Reader(place).poll()
        await place.witness.add_tickets(place.account.customer, place.account.many)
        await reader.poll_until(lambda: len(reader.tickets) > place.account.many)
        assert len(reader.tickets) == place.account.many + 1
        await _check_each_checkpoint(place, reader)

    @needs(Capability.CHANGES)
    async def test_what_is_new_is_told_beside_many_that_are_old(self, place: Place) -> None:
        if not place.account.sets_times:
            return
        await place.witness.add_tickets(place.account.customer, place.account.many)
        made = [one async for one in place.desk.tickets()]
        for number, one in enumerate(made):
            if (told := one.updated_at or one.created_at) is not None:
                at = told - timedelta(seconds=_OLD + number * _OLD / len(made) / 2)
                await place.witness.arrange(one.id, created_at=at, updated_at=at)
        changed, near, oldest = made[-2], made[len(made) // 8], made[-1]
        reader = await Reader(place).poll()
        reader.messages = _shows_messages(place)
        for spoken in (near.id, oldest.id) if reader.messages else ():
            await place.witness.add_requests(spoken, ["It is urgent."])
            await reader.poll_until(partial(reader.has_text, spoken, "It is urgent."))
        for status in _statuses(place, changed.status)[:1] if _shows_fields(place) else ():
            await place.witness.arrange(changed.id, status=status)
            await reader.poll_until(partial(reader.has_status, changed.id, status))
        await place.witness.add_ticket(place.account.customer, "Invoice 4711", "I paid it twice.")
        await reader.poll_until(partial(reader.has_subject, "Invoice 4711"))
        assert len(reader.tickets) == place.account.many + 1

    @needs(Capability.CHANGES)
    async def test_a_desk_that_is_still_has_no_news(self, place: Place) -> None:
        made = [await place.ticket() for _ in range(2)]
        reader = await Reader(place, _shows_messages(place)).poll()
        tickets, heard = reader.tickets, _ids(reader.heard)
        assert sorted(tickets) == sorted(one.id for one in made)
        for _ in range(3):
            await reader.poll()
            assert reader.tickets == tickets, "a ticket may come again only as it is"
            assert _ids(reader.heard) == heard
            assert not reader.deleted

    @needs(Capability.CHANGES)
    async def test_a_ticket_that_a_customer_opens_is_told(self, place: Place) -> None:
        reader = await Reader(place, _shows_messages(place)).poll()
        assert not reader.tickets
        for number in range(3):
            subject, text = f"Invoice {4711 + number}", f"I paid invoice {4711 + number} twice."
            await place.witness.add_ticket(place.account.customer, subject, text)
            await reader.poll_until(partial(reader.has_subject, subject))
            told = next(one for one in reader.tickets.values() if one.subject == subject)
            assert told.requester.email == place.account.customer
            if reader.messages:
                assert reader.texts(told.id) == [text]
        assert len(reader.tickets) == 3

    @needs(Capability.CHANGES)
    async def test_a_status_that_others_set_is_told(self, place: Place) -> None:
        if not _shows_fields(place):
            return
        made, other = await place.ticket(), await place.ticket()
        reader = await Reader(place).poll()
        unchanged = reader.tickets[other.id]
        for status in _statuses(place, reader.tickets[made.id].status):
            await place.witness.arrange(made.id, status=status)
            await reader.poll_until(partial(reader.has_status, made.id, status))
            assert reader.tickets[other.id] == unchanged

    @needs(Capability.CHANGES)
    async def test_an_assignee_that_others_set_is_told(self, place: Place) -> None:
        agent = place.account.agent
        if agent is None or not _shows_fields(place):
            return
        made, other = await place.ticket(), await place.ticket()
        reader = await Reader(place).poll()
        await place.witness.arrange(made.id, assignee=agent)
        await reader.poll_until(lambda: _id(reader.tickets[made.id].assignee) == agent.id)
        assert _id(reader.tickets[other.id].assignee) != agent.id

    @needs(Capability.CHANGES, Capability.LIST_MESSAGES)
    async def test_each_message_is_told_once(self, place: Place) -> None:
        if not _shows_messages(place):
            return
        made, other = await place.ticket(), await place.ticket(text="Another matter.")
        reader = await Reader(place, messages=True).poll()
        await _check_heard(place, reader, [made, other])
        await place.witness.add_requests(made.id, ["Any news?", "It is urgent."])
        await _check_heard(place, reader, [made, other])
        if place.desk.capabilities.supports(Capability.NOTE):
            await place.desk.note(made, text="Between agents.")
            await _check_heard(place, reader, [made, other])
        if place.desk.capabilities.supports(Capability.REPLY):
            await place.desk.reply(other, text="We are on it.", send_email=True)
            await _check_heard(place, reader, [made, other])
        await place.witness.add_requests(other.id, ["Thank you."])
        await _check_heard(place, reader, [made, other])
        for stored in _beginnings(reader):
            restarted = await Reader(place, messages=True, batches=stored).restart()
            assert _ids(restarted.heard) == _ids(reader.heard)

    @needs(Capability.CHANGES, Capability.LIST_MESSAGES)
    async def test_messages_are_refused_where_changes_do_not_show_them(self, place: Place) -> None:
        if _shows_messages(place):
            return
        await place.ticket()
        before = place.witness.requests()
        with pytest.raises(UnsupportedCapability) as caught:
            await Reader(place, messages=True).poll()
        assert caught.value.outcome is Outcome.NOT_SENT
        assert place.witness.requests() == before

    @needs(Capability.CHANGES, Capability.GET_TICKET)
    async def test_a_ticket_that_is_deleted_is_told_as_gone(self, place: Place) -> None:
        is_seen = _sees(place, ChangeKind.DELETIONS)
        delete = place.account.delete
        if place.desk.capabilities.supports(Capability.DELETE_TICKET):
            delete = place.desk.delete_ticket
        if delete is None:
            assert not is_seen, "changes see deletions: who deletes? Account(delete=…)"
            return
        made = [await place.ticket() for _ in range(3)]
        reader = await Reader(place).poll()
        for number, gone in enumerate(made[:2], 1):
            await delete(gone.id)
            await reader.poll_until(partial(reader.has_lost, gone.id), sweep=not is_seen)
            assert reader.deleted == {one.id for one in made[:number]}
            assert sorted(reader.tickets) == sorted(one.id for one in made[number:])

    @needs(Capability.CHANGES)
    async def test_a_checkpoint_tells_the_same_however_often_it_is_read(self, place: Place) -> None:
        await place.ticket()
        with_messages = _shows_messages(place)
        reader = await Reader(place, with_messages).poll()
        old, subject = list(reader.batches), "Invoice 4712"
        await place.witness.add_ticket(place.account.customer, subject, "I paid it twice.")
        await reader.poll_until(partial(reader.has_subject, subject))
        for _ in range(2):
            again = await Reader(place, with_messages, list(old)).poll()
            assert again.tickets == reader.tickets
            assert _ids(again.heard) == _ids(reader.heard)


def _limits(place: Place) -> CapabilityLimits:
    return place.desk.capabilities[Capability.CHANGES].limits


def _sees(place: Place, kind: ChangeKind) -> bool:
    return kind in (_limits(place).sees or ())


def _shows_messages(place: Place) -> bool:
    is_read = place.desk.capabilities.supports(Capability.LIST_MESSAGES)
    return is_read and _sees(place, ChangeKind.MESSAGES)


def _shows_fields(place: Place) -> bool:
    return _limits(place).mode is ChangeMode.SCAN or _sees(place, ChangeKind.FIELDS)


def _statuses(place: Place, now: Status) -> list[Status]:
    """Return statuses to be set in turn, of which the last is the first again."""
    if not place.desk.capabilities.supports(Capability.FILTER_STATUS):
        return []  # nothing says which the helpdesk has
    known = [one for one in statuses(place) if one not in (now, Status.RESOLVED)]
    return [*known[:2], *known[:1]]


def _beginnings(reader: Reader) -> list[list[ChangeBatch]]:
    """Return what a reader had stored behind each of its batches that told something."""
    counts = [n for n, one in enumerate(reader.batches, 1) if one.tickets or one.messages]
    return [reader.batches[:count] for count in counts]


async def _check_each_checkpoint(place: Place, reader: Reader) -> None:
    """Read on from each checkpoint, as a program that was started again does."""
    for stored in _beginnings(reader):
        restarted = await Reader(place, batches=stored).restart()
        assert sorted(restarted.tickets) == sorted(reader.tickets)


async def _check_heard(place: Place, reader: Reader, tickets: Sequence[Ticket]) -> None:
    """Poll until the messages that the helpdesk has are told; then none is told again."""
    there: Counter[_Heard] = Counter()
    for ticket in tickets:
        for seen in await place.witness.messages(ticket.id):
            there[(ticket.id, seen.type, seen.audience, _words(seen.text))] += 1
    await reader.poll_until(lambda: there <= _heard(reader))
    await reader.poll()
    assert _heard(reader) == there
    assert set(_ids(reader.heard).values()) == {1}


def _heard(reader: Reader) -> Counter[_Heard]:
    return Counter((m.ticket_id, m.type, m.audience, _words(m.text)) for m in reader.heard)


def _ids(messages: Sequence[Message]) -> Counter[tuple[str, str]]:
    return Counter((one.ticket_id, one.id) for one in messages)


def _words(text: str | None) -> str:
    return " ".join((text or "").split())


def _id(person: Party | None) -> str | None:
    return None if person is None else person.id
