"""A reader that is wrong at one place fails at the edge that is named with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

import helpdesk_bridge as hb
from helpdesk_bridge import sync
from helpdesk_bridge.sync import listing, reading, times, window
from helpdesk_bridge.sync.source import Source
from helpdesk_bridge.sync.taking import Taker
from helpdesk_bridge.sync.told import ToldMessages
from tests.sync.edges import SCENARIOS

pytestmark = pytest.mark.asyncio

Mutate = Callable[[pytest.MonkeyPatch], None]
_OURS = datetime(2100, 1, 1, tzinfo=UTC)


def greater_at_the_floor(patch: pytest.MonkeyPatch) -> None:
    """What was told at the floor itself ends the pass."""

    def is_before(at: datetime | None, floor: datetime | None) -> bool:
        return at is not None and floor is not None and at <= floor

    patch.setattr(window, "is_before", is_before)


def no_overlap(patch: pytest.MonkeyPatch) -> None:
    """Times are taken to be exact, and lists to show a change at once."""
    patch.setattr(Source, "overlap", timedelta(0))


def checkpoint_before_its_batch(patch: pytest.MonkeyPatch) -> None:
    """A batch has the checkpoint of the one behind it."""

    async def early(*args: Any, **kwargs: Any) -> AsyncIterator[hb.ChangeBatch]:
        held: hb.ChangeBatch | None = None
        async for batch in reading.read_changes(*args, **kwargs):
            if held is not None:
                yield evolve(held, checkpoint=batch.checkpoint)
            held = batch
        assert held is not None
        yield held

    patch.setattr(sync, "read_changes", early)


def local_clock_for_the_floor(patch: pytest.MonkeyPatch) -> None:
    """The floor is what our clock says, less the overlap."""
    patch.setattr(times, "newest", lambda _: _OURS)
    patch.setattr(times.Latest, "at", _OURS)
    patch.setattr(listing, "newest", lambda _: _OURS)
    patch.setattr(window, "newest", lambda _: _OURS)


def floor_of_the_end_of_the_pass(patch: pytest.MonkeyPatch) -> None:
    """The floor is the newest time that was seen when the pass ended."""
    read = window.WindowPoll.read

    async def late(self: window.WindowPoll) -> AsyncIterator[Any]:
        before = self.state.floor
        async for taken in read(self):
            yield taken
        self.state.floor = times.next_floor(before, self.latest.at, self.source.overlap)

    patch.setattr(window.WindowPoll, "read", late)


def deletions_dropped(patch: pytest.MonkeyPatch) -> None:
    """A ticket that is gone is passed over."""
    patch.setattr(Taker, "gone", lambda self, ticket_id, taken: None)


def message_told_twice(patch: pytest.MonkeyPatch) -> None:
    """What was told is not remembered."""
    patch.setattr(ToldMessages, "add", lambda self, messages: None)


def first_page_of_a_second(patch: pytest.MonkeyPatch) -> None:
    """A page of which all tickets changed in one second ends the pass."""
    walk = window.WindowPoll._walk

    async def short(self: window.WindowPoll) -> AsyncIterator[Any]:
        async for page in walk(self):
            yield page
            if len({one.updated_at for one in page.items}) == 1:
                return

    patch.setattr(window.WindowPoll, "_walk", short)


KILLED_BY: dict[Mutate, str] = {
    greater_at_the_floor: "a_change_at_the_floor_shows_behind_one_that_was_told",
    no_overlap: "a_change_shows_late_among_others",
    checkpoint_before_its_batch: "a_reader_ends_behind_each_batch",
    local_clock_for_the_floor: "the_clock_of_the_vendor_is_far_behind",
    floor_of_the_end_of_the_pass: "a_record_is_jumped_over_in_a_pass_that_takes_long",
    deletions_dropped: "a_ticket_is_deleted",
    message_told_twice: "a_conversation_is_read_again",
    first_page_of_a_second: "more_change_in_a_second_than_a_page_has",
}


@pytest.mark.parametrize("mutate", KILLED_BY, ids=lambda mutate: mutate.__name__)
async def test_a_wrong_reader_is_noticed(mutate: Mutate, monkeypatch: pytest.MonkeyPatch) -> None:
    tell = SCENARIOS[KILLED_BY[mutate]]
    await tell()
    mutate(monkeypatch)
    with pytest.raises(AssertionError):
        await tell()
