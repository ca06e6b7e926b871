"""What the suite says of an adapter whose hooks for a write done once are wrong: it names them."""

from __future__ import annotations

import pytest
from attrs import evolve

from helpdesk_bridge.kit import write_mark
from helpdesk_bridge.testing import Memory
from tests.testing.test_conformance_mutants import (
    ReadsTimesInAnotherZone,
    SaysNothingIsMissing,
    run,
)

MARKS = "test_a_mark_comes_back_as_it_was_given"
FOUND = "test_what_was_sent_says_where_it_is"
TWO = "test_two_messages_of_the_same_words_are_two"
LOST = "test_what_became_of_a_reply_is_found_out_after_a_lost_answer"
MISSING = "test_a_ticket_that_is_not_there_is_not_found"


class KeepsMarks(Memory):
    """A sound one: its vendor keeps a word of ours with a message."""

    def __init__(self, settings, transport):
        super().__init__(settings, transport)
        self.kept: dict[str | None, str] = {}

    async def send(self, ticket, message):
        sent = await super().send(ticket, message)
        self.kept[sent.id] = write_mark()
        return sent

    def mark_of(self, message):
        return self.kept.get(message.id)


class CutsMarks(KeepsMarks):
    def mark_of(self, message):
        return (super().mark_of(message) or "")[:16] or None


class ShoutsMarks(KeepsMarks):
    def mark_of(self, message):
        return (super().mark_of(message) or "").upper() or None


class HasOneMark(KeepsMarks):
    def mark_of(self, message):
        return "0" * 32


class HasTheLastMark(KeepsMarks):
    def mark_of(self, message):
        return next(reversed(self.kept.values()), None)


class TellsNoId(Memory):
    """And notes nothing before."""

    async def note_before_send(self, ticket, message):
        return None

    async def send(self, ticket, message):
        return evolve(await super().send(ticket, message), id=None, message=None)


class TakesANewOneForTheOldOne(TellsNoId):
    async def note_before_send(self, ticket, message):
        return []


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("mutant", "test", "hook"),
    [
        (CutsMarks, MARKS, "mark_of"),
        (ShoutsMarks, MARKS, "mark_of"),
        (HasOneMark, MARKS, "mark_of"),
        (HasTheLastMark, MARKS, "mark_of"),
        (TellsNoId, FOUND, "note_before_send"),
        (TakesANewOneForTheOldOne, TWO, "note_before_send"),
        (ReadsTimesInAnotherZone, LOST, "visible_after"),
        (SaysNothingIsMissing, MISSING, "is_error"),
    ],
)
async def test_a_failure_names_the_hook_that_is_wrong(
    mutant: type[Memory], test: str, hook: str
) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception), match=rf"\b{hook}\b"):
        await run(mutant, test)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("adapter", "test"),
    [(KeepsMarks, MARKS), (Memory, MARKS), (Memory, FOUND), (Memory, TWO), (Memory, LOST)],
)
async def test_a_sound_adapter_keeps_the_promise(adapter: type[Memory], test: str) -> None:
    await run(adapter, test)
