"""Whoever reads events is ended between any two, or begun anew by a timer, and loses nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from itertools import count, islice

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.sync.checkpoint import LARGEST, State
from helpdesk_bridge.sync.events import View
from helpdesk_bridge.sync.told import _ticket
from helpdesk_bridge.testing import MemorySettings, Store
from tests.sync.helpdesk import Setup, VendorDesk
from tests.sync.vendor import opened

pytestmark = pytest.mark.asyncio

CREATED, UPDATED = hb.EventKind.TICKET_CREATED, hb.EventKind.TICKET_UPDATED
DELETED, RECEIVED = hb.EventKind.TICKET_DELETED, hb.EventKind.MESSAGE_RECEIVED

Told = tuple[hb.EventKind, str]


def vendor(mode: hb.ChangeMode, deletions: str = "apart", tickets: int = 1) -> VendorDesk:
    made = VendorDesk(setup=Setup(mode=mode, page_size=50, deletions=deletions))
    for _ in range(tickets):
        made.create()
        made.tick += 60
    made.tick += 600
    return made


async def some(
    desk: hb.Helpdesk, checkpoint: str | None, most: int | None = None, *, sweep: bool = False
) -> tuple[list[Told], str | None]:
    """Return what is told until the reader is ended, and the checkpoint that it has then."""
    found: list[Told] = []
    async with aclosing(desk.events(checkpoint, sweep=sweep)) as events:
        async for event in events:
            found.append((event.kind, event.ticket_id))
            checkpoint = event.checkpoint
            if len(found) == most:
                break
    return found, checkpoint


@pytest.mark.parametrize("most", [1, 2])
@pytest.mark.parametrize("mode", list(hb.ChangeMode))
@pytest.mark.parametrize("deletions", ["apart", "marked", "unseen"])
async def test_what_was_told_before_the_end_is_told_as_gone_behind_it(
    mode: hb.ChangeMode, deletions: str, most: int
) -> None:
    if mode is hb.ChangeMode.SCAN and deletions == "apart":
        return  # there is no such vendor
    model, sweep = vendor(mode, deletions), deletions == "unseen"
    async with opened(model) as desk:
        _, checkpoint = await some(desk, None)
        model.tick += 600
        made = [model.create(), model.create()]
        first, checkpoint = await some(desk, checkpoint, most)
        model.tick += 600
        ticket_id = first[0][1]
        model.delete(next(one for one in made if model.ticket_id(one) == ticket_id))
        found: list[Told] = []
        for _ in range(3):
            model.tick += 600
            told, checkpoint = await some(desk, checkpoint, sweep=sweep)
            found += told
    assert found.count((DELETED, ticket_id)) == 1
    assert [kind for kind, _ in first + found].count(CREATED) == 2


async def test_what_was_told_as_gone_before_the_end_comes_back_as_a_new_one() -> None:
    store = Store()
    asker = store.person("li@customer.example")
    async with hb.Helpdesk(MemorySettings(store=store)) as desk:
        made = [store.create_ticket(subject="A", requester=asker, html="a") for _ in range(2)]
        _, checkpoint = await some(desk, None)
        for one in made:
            store.delete_ticket(one.id)
        [(kind, ticket_id)], checkpoint = await some(desk, checkpoint, 1)
        assert kind is DELETED
        store.restore_ticket(int(ticket_id))
        found, _ = await some(desk, checkpoint)
    assert [kind for kind, of in found if of == ticket_id] == [CREATED, RECEIVED]


@pytest.mark.parametrize("ended_after", [1, 2, 3])
async def test_all_messages_of_what_came_back_are_told_anew_however_often_it_ends(
    ended_after: int,
) -> None:
    store = Store()
    asker = store.person("li@customer.example")
    async with hb.Helpdesk(MemorySettings(store=store)) as desk:
        made = store.create_ticket(subject="A", requester=asker, html="a")
        for word in "bcd":
            store.add_message(
                made.id,
                html=word,
                author=asker,
                type=hb.MessageType.REQUEST,
                audience=hb.Audience.EXTERNAL,
            )
        _, checkpoint = await some(desk, None)
        store.delete_ticket(made.id)
        _, checkpoint = await some(desk, checkpoint)
        store.restore_ticket(made.id)
        found: list[Told] = []
        for _ in range(9):
            told, checkpoint = await some(desk, checkpoint, ended_after)
            found += told
    assert [kind for kind, _ in found] == [CREATED, *[RECEIVED] * 4]


@pytest.mark.parametrize("mode", list(hb.ChangeMode))
async def test_a_reader_that_a_timer_begins_goes_on_where_the_one_before_ended(
    mode: hb.ChangeMode,
) -> None:
    """Each pays for what is new, and not for all that changed in the life of its lineage."""
    asked: list[str] = []

    async def note(name: str) -> None:
        asked.append(name)

    model = vendor(mode, tickets=60)
    async with opened(model, note) as desk:
        _, checkpoint = await some(desk, None)
    for number in range(40):
        model.tick += 600
        case = [*model.living()][number]
        model.say(case)
        model.tick += 600
        asked.clear()
        async with opened(model, note) as desk:
            found, checkpoint = await some(desk, checkpoint)
        assert Counter(kind for kind, _ in found)[RECEIVED] == 1
        assert {ticket_id for _, ticket_id in found} == {model.ticket_id(case)}
        assert len(asked) < 16


async def test_deleting_a_ticket_brings_no_message_of_another_again() -> None:
    """Messages are remembered with a short digest of their ticket, which two may share."""
    store = Store()
    asker = store.person("li@customer.example")
    met: dict[int, int] = {}
    pair = None
    while pair is None:
        made = store.create_ticket(subject="A", requester=asker, html="a")
        digest = _ticket(str(made.id))
        pair = (met[digest], made.id) if digest in met else None
        met[digest] = made.id
    async with hb.Helpdesk(MemorySettings(store=store)) as desk:
        checkpoint, told = None, Counter[str]()

        async def poll() -> AsyncGenerator[hb.ChangeBatch, None]:
            async for batch in desk.changes(checkpoint, messages=True):
                told.update(one.id for one in batch.messages)
                yield batch

        checkpoint = [batch.checkpoint async for batch in poll()][-1]
        store.delete_ticket(pair[0])
        checkpoint = [batch.checkpoint async for batch in poll()][-1]
        store.update_ticket(pair[1], subject="Another")
        assert [batch.caught_up async for batch in poll()][-1]
    assert set(told.values()) == {1}


@pytest.mark.parametrize("grows", [True, False])
async def test_the_checkpoint_of_an_event_is_small_in_the_middle_of_a_large_batch(
    grows: bool,
) -> None:
    desk = hb.Helpdesk(MemorySettings(), name="it")
    state = State.begin(desk, messages=True)
    state.told.grows = grows
    at, numbers = datetime(2026, 3, 1, tzinfo=UTC), count(1)

    def said(ticket_id: str, most: int) -> list[hb.Message]:
        ids = [f"{'' if grows else 'm-'}{number}" for number in islice(numbers, most)]
        return [hb.Message(id=one, ticket_id=ticket_id, created_at=at) for one in ids]

    state.told.add(said("0", 5_000))
    tickets = [hb.Ticket(id=f"{number:0100}", updated_at=at) for number in range(150)]
    batch = hb.ChangeBatch(
        tickets=tuple(tickets),
        messages=tuple(one for ticket in tickets for one in said(ticket.id, 6)),
        checkpoint=state.to_text(),
    )
    arrived = {ticket.id for ticket in tickets}
    largest, events = 0, 0
    for event in View(state).events(batch, arrived):
        events += 1
        if events % 47 == 0:
            largest = max(largest, len(event.checkpoint))
            assert State.read(event.checkpoint, desk, messages=True).known.has(event.ticket_id)
    assert events == 150 * 7
    assert largest < LARGEST


async def test_a_deletion_that_a_late_copy_does_not_show_yet_is_told_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = VendorDesk(setup=Setup(mode=hb.ChangeMode.WINDOW, deletions="apart", lag=5))
    made = [model.create() for _ in range(5)]
    model.tick += 600
    async with opened(model) as desk:
        _, checkpoint = await some(desk, None)
        row, shown = made[2].rows[-1], model.row
        model.delete(made[2])
        with monkeypatch.context() as late:
            late.setattr(VendorDesk, "row", lambda _, case: row if case is made[2] else shown(case))
            found, checkpoint = await some(desk, checkpoint)
        assert found == []
        found, _ = await some(desk, checkpoint)
    assert found == [(DELETED, model.ticket_id(made[2]))]


async def test_a_ticket_that_a_list_hides_is_told_by_a_sweep_once_it_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = vendor(hb.ChangeMode.SCAN, "unseen", tickets=9)
    hidden, listed = [*model.living()][4], VendorDesk.listed
    async with opened(model) as desk:
        _, checkpoint = await some(desk, None)
        monkeypatch.setattr(
            VendorDesk, "listed", lambda own: (one for one in listed(own) if one[0] is not hidden)
        )
        found, _ = await some(desk, checkpoint, sweep=True)
        assert found == []
        batches = [one async for one in desk.changes(checkpoint, messages=True, sweep=True)]
        model.delete(hidden)
        batches = [
            one async for one in desk.changes(batches[-1].checkpoint, messages=True, sweep=True)
        ]
    assert [gone for one in batches for gone in one.deleted] == [model.ticket_id(hidden)]
