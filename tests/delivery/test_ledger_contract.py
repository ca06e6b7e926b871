"""What holds of every ledger: in memory, in a file of SQLite, in a database of PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.entry import OPEN, EntryState
from tests.canary import CANARY
from tests.delivery.ledgers import Kept, entry
from tests.postgres import Postgres

pytestmark = pytest.mark.asyncio
KINDS = ("memory", "sqlite", "sql")
STATES = list(EntryState)


@pytest_asyncio.fixture(params=KINDS)
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kept]:
    """A place of each kind of ledger, which nobody has used."""
    if request.param == "sql":
        server: Postgres = request.getfixturevalue("postgres")
        place = Kept("sql", request.getfixturevalue("postgres_url"), server)
    else:
        place = Kept(request.param, str(tmp_path / "ledger.db"))
    yield place
    for ledger in place.opened:
        await ledger.aclose()


@pytest.fixture
def ledger(kept: Kept) -> Any:
    return kept.open()


durable = pytest.mark.parametrize("kept", KINDS[1:], indirect=True)
"""Of ledgers that outlive their process."""


# -- what is kept ----------------------------------------------------------------------------


async def test_an_entry_comes_back_as_it_was(ledger: Any) -> None:
    for one in (
        entry("a", key="order 5"),
        entry("b", ticket_id=None),
        entry("c", beat=3, finished=False, ticket_id="'; drop table x; --"),
        entry("d", desk="it", key="ключ 🔑" + "x" * 249),
    ):
        assert await ledger.begin(one) is None
        assert await ledger.entry(one.operation_id) == one
        assert one in await ledger.on_ticket("it", one.ticket_id)
        if one.key is not None:
            assert await ledger.with_key("it", one.key) == one
    assert await ledger.entry("none") is None
    assert await ledger.with_key("it", "none") is None
    assert await ledger.with_key("another desk", "order 5") is None
    assert await ledger.on_ticket("it", "none") == []


@durable
async def test_an_entry_is_there_for_the_next_process(kept: Kept) -> None:
    first, one = kept.open(), entry("a", key="k")
    await first.begin(one)
    await first.aclose()
    second = kept.open()
    assert await second.with_key("it", "k") == one
    assert await first.entry("a") == one  # it opens again
    await first.aclose()
    await first.aclose()


async def test_unresolved_are_those_of_the_desk_that_are_open_oldest_first(
    kept: Kept, ledger: Any
) -> None:
    for state in (EntryState.UNKNOWN, EntryState.SENT, EntryState.PENDING, EntryState.NOT_SENT):
        await kept.put(ledger, operation_id=state, state=state)
    await kept.put(ledger, operation_id="other", desk="hr")
    found = await ledger.unresolved("it")
    assert [one.operation_id for one in found] == [EntryState.UNKNOWN, EntryState.PENDING]
    assert [one.state for one in found] == [EntryState.UNKNOWN, EntryState.PENDING]


async def test_a_ticket_has_its_entries_and_the_one_that_made_it(kept: Kept, ledger: Any) -> None:
    await kept.put(ledger, operation_id="maker", ticket_id=None, state=EntryState.SENT, made_id="7")
    await kept.put(ledger, operation_id="reply", state=EntryState.SENT, made_id="8")
    await kept.put(ledger, operation_id="other", ticket_id="8", state=EntryState.SENT, made_id="7")
    await kept.put(ledger, operation_id="hr", desk="hr")
    found = await ledger.on_ticket("it", "7")
    assert [one.operation_id for one in found] == ["maker", "reply"]


async def test_of_new_tickets_the_old_ones_whose_id_is_known_are_left_out(
    kept: Kept, ledger: Any
) -> None:
    """They are known by their id; the others may be what another asker is looking for."""
    new: dict[str, Any] = {"ticket_id": None}
    await kept.put(ledger, 3, operation_id="old", state=EntryState.SENT, made_id="1", **new)
    await kept.put(ledger, 3, operation_id="nameless", state=EntryState.SENT, **new)
    await kept.put(ledger, 3, operation_id="open", state=EntryState.UNKNOWN, **new)
    await kept.put(ledger, 1.9, operation_id="young", state=EntryState.SENT, made_id="2", **new)
    await kept.put(ledger, operation_id="reply")
    found = await ledger.on_ticket("it", None)
    assert {one.operation_id for one in found} == {"nameless", "open", "young"}


# -- keys ------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", STATES)
async def test_a_key_belongs_to_one_entry_until_that_is_known_not_to_be_sent(
    kept: Kept, ledger: Any, state: EntryState
) -> None:
    await kept.put(ledger, operation_id="a", key="k", state=state)
    first = await ledger.entry("a")
    told = await ledger.begin(entry("b", key="k", ticket_id="9"))
    if state is EntryState.NOT_SENT:
        assert told is None
        assert (await ledger.with_key("it", "k")).operation_id == "b"
        assert (await ledger.entry("a")).state is EntryState.NOT_SENT
        assert (await ledger.begin(entry("c", key="k"))).operation_id == "b"
    else:
        assert told == first
        assert await ledger.entry("b") is None
        assert await ledger.with_key("it", "k") == first


async def test_entries_without_a_key_and_on_other_desks_are_in_nobodys_way(ledger: Any) -> None:
    for one in (
        entry("a"),
        entry("b"),
        entry("c", key="k"),
        entry("d", key="k", desk="hr"),
        entry("e", key="K"),
        entry("f", key="k "),
        entry("g", key=""),
    ):
        assert await ledger.begin(one) is None


async def test_to_begin_again_is_to_have_begun(ledger: Any) -> None:
    """Who was told an error, because the connection broke, asks again by the same id."""
    one = entry("a", key="k")
    assert await ledger.begin(one) is None
    assert await ledger.renew("a")
    assert await ledger.begin(one) is None
    assert (await ledger.entry("a")).beat == 1
    assert len(await ledger.unresolved("it")) == 1


@pytest.mark.parametrize("state", [EntryState.SENT, EntryState.NOT_SENT])
async def test_who_begins_again_is_told_that_another_settled_it_meanwhile(
    kept: Kept, ledger: Any, state: EntryState
) -> None:
    """That other was told NOT_SENT, or found it: a second go would be a second mail."""
    await kept.put(ledger, operation_id="a", key="k", state=state)
    found = await ledger.begin(entry("a", key="k"))
    assert (found.operation_id, found.state) == ("a", state)


@durable
@pytest.mark.parametrize("before", [None, EntryState.NOT_SENT])
async def test_of_fifty_in_several_processes_one_has_the_key(
    kept: Kept, before: EntryState | None
) -> None:
    """The table is made by all of them at once, too."""
    if before is not None:
        await kept.put(kept.open(), operation_id="before", key="k0", state=before)
    jobs = [
        {"method": "begin", "calls": [(f"{process}-{n}", f"k{n % 2}") for n in range(10)]}
        for process in range(5)
    ]
    told = [one for answers in await kept.children(*jobs) for one in answers]
    ledger = kept.open()
    for key in range(2):
        mine = told[key::2]
        winner = await ledger.with_key("it", f"k{key}")
        assert mine.count(None) == 1
        assert set(mine) == {None, winner.operation_id}
    assert len(await ledger.unresolved("it")) == 2


@durable
async def test_several_processes_keep_all_that_they_begin(kept: Kept) -> None:
    jobs = [
        {"method": "begin", "calls": [(f"{process}-{n}", None) for n in range(10)]}
        for process in range(3)
    ]
    assert await kept.children(*jobs) == [[None] * 10] * 3
    assert len(await kept.open().unresolved("it")) == 30


# -- results ---------------------------------------------------------------------------------


async def test_only_what_is_pending_is_renewed(kept: Kept, ledger: Any) -> None:
    for state in STATES:
        await kept.put(ledger, operation_id=state, state=state, beat=4)
        before = await ledger.entry(state)
        assert await ledger.renew(state) is (state is EntryState.PENDING)
        after = await ledger.entry(state)
        assert after.beat == (5 if state is EntryState.PENDING else 4)
        assert (after.beaten.seconds > before.beaten.seconds) is (state is EntryState.PENDING)
        assert after.state is state
    assert not await ledger.renew("none")


@pytest.mark.parametrize("state", STATES)
async def test_who_is_pending_and_silent_is_taken_over(
    kept: Kept, ledger: Any, state: EntryState
) -> None:
    """Its lease is gone then: it must not send any more."""
    await kept.put(ledger, operation_id="a", state=state, beat=4)
    before = await ledger.entry("a")
    assert not await ledger.take_over("a", 3)
    assert not await ledger.take_over("none", 4)
    assert await ledger.entry("a") == before
    assert await ledger.take_over("a", 4) is (state is EntryState.PENDING)
    after = await ledger.entry("a")
    assert after.state is (EntryState.UNKNOWN if state is EntryState.PENDING else state)
    assert (after.beaten != before.beaten) is (state is EntryState.PENDING)
    assert not await ledger.renew("a")
    assert not await ledger.take_over("a", 4)


@durable
async def test_a_silent_writer_is_taken_over_by_one_process(kept: Kept) -> None:
    ledger = kept.open()
    for n in range(10):
        await kept.put(ledger, operation_id=f"a{n}")
    await ledger.renew("a0")
    job = {"method": "take_over", "calls": [(f"a{n}", 0) for n in range(10)]}
    told = await kept.children(job, job)
    assert [sum(one) for one in zip(*told, strict=True)] == [0, *[1] * 9]


RESULTS = {
    (EntryState.PENDING, EntryState.SENT): (True, EntryState.SENT),
    (EntryState.PENDING, EntryState.NOT_SENT): (True, EntryState.NOT_SENT),
    (EntryState.PENDING, EntryState.UNKNOWN): (True, EntryState.UNKNOWN),
    (EntryState.UNKNOWN, EntryState.SENT): (True, EntryState.SENT),
    (EntryState.UNKNOWN, EntryState.NOT_SENT): (True, EntryState.NOT_SENT),
    (EntryState.UNKNOWN, EntryState.UNKNOWN): (True, EntryState.UNKNOWN),
    (EntryState.SENT, EntryState.SENT): (True, EntryState.SENT),
    (EntryState.SENT, EntryState.NOT_SENT): (False, EntryState.SENT),
    (EntryState.SENT, EntryState.UNKNOWN): (True, EntryState.SENT),
    (EntryState.NOT_SENT, EntryState.SENT): (True, EntryState.SENT),
    (EntryState.NOT_SENT, EntryState.NOT_SENT): (False, EntryState.NOT_SENT),
    (EntryState.NOT_SENT, EntryState.UNKNOWN): (True, EntryState.NOT_SENT),
}


@pytest.mark.parametrize(("before", "state"), RESULTS)
async def test_who_may_settle_what(
    kept: Kept, ledger: Any, before: EntryState, state: EntryState
) -> None:
    told, after = RESULTS[before, state]
    await kept.put(ledger, operation_id="a", state=before)
    await kept.put(ledger, operation_id="b", key="k")
    assert await ledger.record_result("a", state) is told
    assert (await ledger.entry("a")).state is after
    assert (await ledger.entry("b")).state is EntryState.PENDING


@pytest.mark.parametrize("state", STATES[1:])
async def test_of_what_is_not_kept_here_anything_may_be_told(
    ledger: Any, state: EntryState
) -> None:
    assert await ledger.record_result("none", state, "9")
    assert await ledger.entry("none") is None


async def test_an_unknown_outcome_is_dated(kept: Kept, ledger: Any) -> None:
    """The wait for the vendor counts from then."""
    await kept.put(ledger, operation_id="a")
    before = (await ledger.entry("a")).beaten
    await ledger.record_result("a", EntryState.UNKNOWN)
    dated = (await ledger.entry("a")).beaten
    assert dated.seconds > before.seconds
    await ledger.record_result("a", EntryState.SENT)
    assert (await ledger.entry("a")).beaten == dated


async def test_the_first_id_of_what_was_made_stays(kept: Kept, ledger: Any) -> None:
    await kept.put(ledger, operation_id="a")
    for made_id, known in ((None, None), ("9", "9"), (None, "9"), ("10", "9")):
        assert await ledger.record_result("a", EntryState.SENT, made_id)
        assert (await ledger.entry("a")).made_id == known


async def test_a_step_that_is_missing_is_missing_until_it_is_not(kept: Kept, ledger: Any) -> None:
    await kept.put(ledger, operation_id="a")
    for told, known in ((None, True), (False, False), (None, False), (True, True)):
        assert await ledger.record_result("a", EntryState.SENT, finished=told)
        assert (await ledger.entry("a")).finished is known


async def test_what_was_made_belongs_to_one_entry_of_a_ticket(kept: Kept, ledger: Any) -> None:
    for one, fields in {
        "a": {},
        "b": {},
        "c": {"ticket_id": "8"},
        "d": {"ticket_id": None},
        "e": {"desk": "hr"},
        "f": {"ticket_id": None},
    }.items():
        await kept.put(ledger, operation_id=one, **fields)
    told = {one: await ledger.record_result(one, EntryState.SENT, "9") for one in "aabcdef"}
    assert told == {"a": True, "b": False, "c": True, "d": True, "e": True, "f": False}
    assert [one.operation_id for one in await ledger.unresolved("it")] == ["b", "f"]
    assert await ledger.record_result("b", EntryState.SENT, "10")
    assert not await ledger.record_result("b", EntryState.SENT, "9")
    assert (await ledger.entry("b")).made_id == "10"


@durable
async def test_two_processes_do_not_claim_one_message_for_two_writes(kept: Kept) -> None:
    ledger = kept.open()
    for n in range(20):
        await kept.put(ledger, operation_id=f"a{n}")
        await kept.put(ledger, operation_id=f"b{n}")
    jobs = [
        {"method": "claim", "calls": [(f"{who}{n}", f"m{n}") for n in range(20)]} for who in "ab"
    ]
    first, second = await kept.children(*jobs)
    assert [one + other for one, other in zip(first, second, strict=True)] == [1] * 20
    settled = {f"a{n}" if first[n] else f"b{n}" for n in range(20)}
    left = {one.operation_id for one in await ledger.unresolved("it")}
    assert len(left) == 20
    assert not left & settled


@durable
async def test_only_one_process_is_told_that_an_entry_was_not_sent(kept: Kept) -> None:
    ledger = kept.open()
    for n in range(10):
        await kept.put(ledger, operation_id=f"a{n}")
    job = {"method": "give_up", "calls": [(f"a{n}",) for n in range(10)]}
    told = await kept.children(job, job, job)
    assert [sum(one) for one in zip(*told, strict=True)] == [1] * 10


# -- a person's verdict ----------------------------------------------------------------------


@pytest.mark.parametrize("state", OPEN)
async def test_a_person_decides_what_is_open(kept: Kept, ledger: Any, state: EntryState) -> None:
    await kept.put(ledger, operation_id="a", key="k", state=state)
    await kept.put(ledger, operation_id="b", key="l", state=state)
    decided = await ledger.decide("a", sent=True, made_id="9")
    assert (decided.state, decided.made_id) == (EntryState.SENT, "9")
    assert await ledger.entry("a") == decided
    assert (await ledger.decide("b", sent=False)).state is EntryState.NOT_SENT
    assert (await ledger.begin(entry("c", key="k"))).operation_id == "a"
    assert await ledger.begin(entry("d", key="l")) is None


async def test_what_is_settled_or_not_there_is_not_decided(kept: Kept, ledger: Any) -> None:
    for state in (EntryState.SENT, EntryState.NOT_SENT):
        await kept.put(ledger, operation_id=state, state=state)
        for sent in (True, False):
            with pytest.raises(hb.InvalidArgument, match="settled"):
                await ledger.decide(state, sent=sent)
        assert (await ledger.entry(state)).state is state
    with pytest.raises(hb.InvalidArgument, match="no "):
        await ledger.decide("none", sent=True)


async def test_a_person_cannot_give_one_message_to_two_writes(kept: Kept, ledger: Any) -> None:
    await kept.put(ledger, operation_id="a", state=EntryState.SENT, made_id="9")
    await kept.put(ledger, operation_id="b")
    with pytest.raises(hb.InvalidArgument, match="another"):
        await ledger.decide("b", sent=True, made_id="9")
    assert (await ledger.entry("b")).state is EntryState.PENDING


async def test_what_was_not_sent_has_made_nothing(kept: Kept, ledger: Any) -> None:
    await kept.put(ledger, operation_id="a")
    with pytest.raises(hb.InvalidArgument, match="made_id"):
        await ledger.decide("a", sent=False, made_id="9")
    assert (await ledger.entry("a")).state is EntryState.PENDING


# -- retention -------------------------------------------------------------------------------


async def _gone(kept: Kept, ledger: Any) -> set[str]:
    """Open the ledger again and use it; return what is gone of the entries put."""
    again = kept.open() if kept.kind != "memory" else ledger
    await again.begin(entry("the next"))
    ids = [f"{state} {days}" for state in STATES for days in (31, 29)]
    return {one for one in ids if await again.entry(one) is None}


async def test_settled_entries_go_after_a_while_and_open_ones_never(
    kept: Kept, ledger: Any
) -> None:
    for days in (31, 29):
        for state in STATES:
            await kept.put(ledger, days, operation_id=f"{state} {days}", state=state)
    await kept.put(ledger)
    assert await _gone(kept, ledger) == {f"{EntryState.SENT} 31", f"{EntryState.NOT_SENT} 31"}


@pytest.mark.parametrize("kept", ["sql"], indirect=True)
async def test_a_clock_that_jumps_ahead_takes_no_keys_with_it(kept: Kept, ledger: Any) -> None:
    """All entries look old at once, then, but for those of the first day after."""
    for state in STATES:
        await kept.put(ledger, 31, operation_id=f"{state} 31", state=state)
        await kept.put(ledger, 31, operation_id=f"{state} 29", state=state)
    await kept.put(ledger)
    assert await _gone(kept, ledger) == set()


async def test_a_key_that_was_dropped_is_free(kept: Kept) -> None:
    ledger = kept.open(keep=timedelta(days=3))
    await kept.put(ledger, 4, operation_id="old", key="k", state=EntryState.SENT)
    await kept.put(ledger, 2)
    await kept.put(ledger, 0)
    again = kept.open(keep=timedelta(days=3)) if kept.kind != "memory" else ledger
    await again.begin(entry("the next"))
    assert await again.begin(entry("new", key="k")) is None


# -- trouble ---------------------------------------------------------------------------------


@durable
async def test_a_place_that_cannot_be_used_is_a_configuration_error(
    kept: Kept, tmp_path: Path
) -> None:
    where = {
        "sqlite": str(tmp_path),
        "sql": f"postgresql://{CANARY}:{CANARY}@/acme?host={tmp_path}",
    }[kept.kind]
    ledger = Kept(kept.kind, where).open()
    for call in (
        ledger.begin(entry("a")),
        ledger.renew("a"),
        ledger.record_result("a", EntryState.SENT),
        ledger.entry("a"),
        ledger.with_key("it", "k"),
        ledger.unresolved("it"),
        ledger.on_ticket("it", "7"),
        ledger.decide("a", sent=True),
    ):
        with pytest.raises(hb.ConfigurationError, match=r"cannot be used: .+ \(\w+\)") as caught:
            await call
        assert caught.value.reason is hb.Reason.STORAGE
    await ledger.aclose()


@durable
async def test_an_entry_that_cannot_be_read_is_said_to_be_one(kept: Kept) -> None:
    ledger = kept.open()
    await kept.put(ledger)
    table = {"sql": "helpdesk_bridge_writes", "sqlite": "writes"}[kept.kind]
    kept.sql(f"update {table} set entry = '{{}}'")
    with pytest.raises(hb.ConfigurationError, match="cannot be read") as caught:
        await ledger.unresolved("it")
    assert (caught.value.reason, caught.value.retryable) == (hb.Reason.STORAGE, False)


@durable
async def test_a_call_that_is_cancelled_leaves_the_ledger_usable(kept: Kept) -> None:
    ledger = kept.open()
    for steps in range(1, 25):
        task = asyncio.create_task(ledger.begin(entry(f"a{steps}")))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await ledger.begin(entry("last")) is None
    assert await ledger.record_result("last", EntryState.SENT, "9")


async def test_a_ledger_shows_neither_entries_nor_an_address(ledger: Any) -> None:
    await ledger.begin(entry("operation-5", key=CANARY))
    for text in (repr(ledger), str(ledger)):
        assert "operation-5" not in text
        assert CANARY not in text
        assert "tester" not in text
