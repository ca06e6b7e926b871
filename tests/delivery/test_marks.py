"""What a mark that a vendor has kept with a message proves, and what one that was changed does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_bridge import Audience, Message, MessageType
from helpdesk_bridge.delivery.entry import EntryState, LedgerEntry
from helpdesk_bridge.delivery.evidence import TWICE, Finding
from helpdesk_bridge.delivery.matching import judge_messages
from helpdesk_bridge.delivery.verdict import Verdict
from tests.delivery.places import number_of, opened
from tests.delivery.test_matching import (
    BEGAN,
    OTHER_WORDS,
    WORDS,
    conversations,
    entry_of,
    is_unsent,
    mark_of,
    operations,
    search_of,
    sent_by,
)

OWN, THEIRS, NOBODYS = "a" * 31 + "1", "b" * 31 + "2", "c" * 31 + "3"

_TO_FULLWIDTH = 0xFEE0
"""How far the full-width form of a character is from it."""
CHANGES: dict[str, Callable[[str], str]] = {
    "as it was": str,
    "upper case": str.upper,
    "truncated": lambda mark: mark[:16],
    "lengthened": lambda mark: f"{mark}00",
    "with hyphens": lambda mark: f"{mark[:8]}-{mark[8:]}",
    "in other letters": lambda mark: chr(ord(mark[0]) + _TO_FULLWIDTH) + mark[1:],
    "empty": lambda _: "",
    "a constant": lambda _: NOBODYS,
    "a constant word": lambda _: "helpdesk-bridge",
}

changes = st.sampled_from(sorted(CHANGES))
words = st.sampled_from([WORDS, *OTHER_WORDS])


def entry_with(mark: str, **more: object) -> LedgerEntry:
    entry = entry_of("reply", 1)
    return evolve(entry, fingerprint=evolve(entry.fingerprint, mark=mark), **more)


@given(operations, conversations, st.booleans(), words, changes, st.booleans())
def test_a_message_whose_mark_was_changed_is_never_called_unsent(
    operation: str, others: list[Message], noted: bool, shown: str, change: str, all_of_them: bool
) -> None:
    mine = evolve(sent_by(operation, "new"), text=shown)
    there = [*others, mine]
    marks = {one.id: CHANGES[change](OWN) for one in (there if all_of_them else [mine])}
    before = tuple(one.id for one in others) if noted else None
    search = search_of(mark_of(operation, before=before), own_mark=OWN, marks=marks)
    assert not is_unsent(search, there)
    rival = entry_with(THEIRS, operation=operation)
    assert not is_unsent(evolve(search, others=[rival]), there)


@given(operations, conversations, st.sampled_from(["as it was", "upper case"]), words)
def test_its_own_mark_proves_it_in_any_case(
    operation: str, others: list[Message], change: str, shown: str
) -> None:
    mine = evolve(sent_by(operation, "new"), text=shown, created_at=BEGAN - timedelta(days=30))
    for own in (OWN, OWN.upper()):
        marks = {"new": CHANGES[change](OWN)}
        search = search_of(mark_of(operation), own_mark=own, marks=marks)
        assert judge_messages(search, [*others, mine]) == Finding(sure=mine)


@pytest.mark.parametrize("change", ["truncated", "with hyphens", "empty", "a constant word"])
def test_what_cannot_be_a_mark_leaves_it_to_the_words(change: str) -> None:
    mine = sent_by("reply", "1")
    search = search_of(mark_of("reply"), own_mark=OWN, marks={"1": CHANGES[change](OWN)})
    assert judge_messages(search, [mine]) == Finding(sure=mine)


@given(operations, conversations, st.sampled_from([OWN, THEIRS, NOBODYS, "", "me"]))
def test_one_with_a_foreign_mark_is_never_it_by_its_words(
    operation: str, others: list[Message], own: str
) -> None:
    marked = evolve(sent_by(operation, "new"))
    foreign = NOBODYS if own != NOBODYS else THEIRS
    search = search_of(mark_of(operation, before=()), own_mark=own, marks={"new": foreign})
    finding = judge_messages(search, [*others, marked])
    assert finding.sure is None
    assert marked in finding.candidates


@given(operations, conversations, words, st.sampled_from(EntryState))
def test_a_foreign_mark_is_explained_by_no_write_of_another_mark(
    operation: str, others: list[Message], shown: str, state: EntryState
) -> None:
    """Not even by one with the same words: whose it is was told by its mark, or by nothing."""
    marked = evolve(sent_by(operation, "new"), text=shown)
    of_it = evolve(mark_of(operation), mark=THEIRS)
    rival = evolve(entry_of(operation, 1, state), fingerprint=of_it)
    search = search_of(
        mark_of(operation, before=()), own_mark=OWN, marks={"new": NOBODYS}, others=[rival]
    )
    assert not is_unsent(search, [*others, marked])


@pytest.mark.parametrize("state", EntryState)
@pytest.mark.parametrize("text", [WORDS, "Somebody else's words."])
@pytest.mark.parametrize("change", ["as it was", "upper case"])
def test_one_with_another_writes_mark_is_that_write_s(
    state: EntryState, text: str, change: str
) -> None:
    other = evolve(sent_by("reply", "1"), text=text)
    rival = entry_with(THEIRS, state=state)
    marks = {"1": CHANGES[change](THEIRS)}
    search = search_of(mark_of("reply"), own_mark=OWN, marks=marks, others=[rival])
    assert judge_messages(search, [other]) == Finding()
    assert is_unsent(search, [other])
    alone = evolve(search, others=[])
    assert judge_messages(alone, [other]).candidates == (other,)
    mine = sent_by("reply", "2")
    assert judge_messages(search, [other, mine]) == Finding(sure=mine)


def test_an_entry_without_a_mark_has_that_of_its_call() -> None:
    other = sent_by("reply", "1")
    rival = evolve(entry_of("reply", 1), operation_id=THEIRS)
    search = search_of(mark_of("reply"), own_mark=OWN, marks={"1": THEIRS}, others=[rival])
    assert is_unsent(search, [other])


@pytest.mark.parametrize(
    ("rival", "shown"),
    [
        pytest.param(entry_with(THEIRS), ("1", "2"), id="it is on two"),
        pytest.param(entry_with(THEIRS, made_id="0"), ("1",), id="it made another"),
        pytest.param(
            evolve(
                entry_with(THEIRS),
                fingerprint=evolve(entry_with(THEIRS).fingerprint, before=("1",)),
            ),
            ("1",),
            id="it was there before",
        ),
    ],
)
def test_another_writes_mark_proves_nothing_where_it_made_no_such_message(
    rival: LedgerEntry, shown: Sequence[str]
) -> None:
    """A constant may be the mark of the first write of all."""
    there = [evolve(sent_by("reply", one), text="Rewritten.") for one in shown]
    marks = dict.fromkeys(shown, THEIRS)
    search = search_of(mark_of("reply"), own_mark=OWN, marks=marks, others=[rival])
    assert judge_messages(search, there).candidates == tuple(there)
    assert not is_unsent(search, there)


@given(operations, conversations)
def test_its_own_mark_on_two_messages_proves_nothing(operation: str, others: list[Message]) -> None:
    mine = sent_by(operation, "new")
    both = [mine, evolve(mine, id="other", text="Thank you.")]
    search = search_of(mark_of(operation), own_mark=OWN, marks={"new": OWN, "other": OWN})
    finding = judge_messages(search, [*others, *both])
    assert (finding.sure, finding.doubt) == (None, TWICE)
    assert set(finding.candidates) == set(both)
    assert not is_unsent(search, [*others, *both])
    assert judge_messages(search, [mine, mine]).sure == mine  # one that is listed twice


def test_an_event_that_repeats_the_mark_of_a_message_is_not_a_second_one() -> None:
    mine = sent_by("reply", "1")
    event = evolve(mine, id="e1", type=MessageType.SYSTEM, audience=Audience.INTERNAL)
    search = search_of(mark_of("reply"), own_mark=OWN, marks={"1": OWN, "e1": OWN})
    assert judge_messages(search, [event, mine]) == Finding(sure=mine)
    assert not is_unsent(search, [event])


@pytest.mark.asyncio
@pytest.mark.usefixtures("pauses")
@pytest.mark.parametrize("change", CHANGES)
async def test_a_reply_whose_mark_comes_back_changed_is_never_called_unsent_by_a_desk(
    change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened("helpspace") as place:
        error = await place.fail("reply", "answer")
        place.stored[-1].html = "Rewritten beyond recognition."

        def read(message: Message) -> str | None:
            there = number_of(message) == place.last
            return CHANGES[change](error.operation_id or "") if there else None

        monkeypatch.setattr(place.desk._reconciler, "mark_of", read)
        found = await place.desk.reconcile(error, settle=0)
        proved = change in ("as it was", "upper case")
        assert found.verdict is (Verdict.SENT if proved else Verdict.STILL_UNKNOWN)
