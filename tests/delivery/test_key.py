"""A write with a key is done once, whoever calls it again, and whatever happened before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from attrs import evolve

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.entry import EntryState, LedgerEntry, Writer
from helpdesk_bridge.delivery.lease import LEASE, Watch
from helpdesk_bridge.delivery.ledger import Ledger
from helpdesk_bridge.delivery.memory_ledger import MemoryLedger
from helpdesk_bridge.delivery.sqlite_ledger import SqliteLedger
from helpdesk_bridge.errors import Moment, moment
from helpdesk_bridge.testing import MemorySettings
from helpdesk_bridge.transport import clock
from tests.delivery.places import (
    ADAPTERS,
    BANK,
    CUSTOMER,
    WORDS,
    Place,
    Trouble,
    connected,
    opened,
)

pytestmark = pytest.mark.asyncio

FAR = Writer(moment.BOOT, "another container", 1, "", "other")
"""A process that this one cannot see."""
Keyed = Callable[[hb.Helpdesk, hb.Ticket, str], Any]
KEYED: dict[str, Keyed] = {
    "reply": lambda desk, t, key: desk.reply(t, text=WORDS, send_email=True, key=key),
    "note": lambda desk, t, key: desk.note(t, text=WORDS, key=key),
    "forward": lambda desk, t, key: desk.forward(t, to=BANK, text=WORDS, key=key),
    "add_request": lambda desk, t, key: desk.add_request(t, author=CUSTOMER, text=WORDS, key=key),
    "create_ticket": lambda desk, _, key: desk.create_ticket(
        subject="Invoice 12", requester=CUSTOMER, text=WORDS, key=key
    ),
}


@pytest.fixture(params=["memory", "sqlite"])
def make_ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Ledger]:
    """Return a ledger that each process would make; one in memory is one object."""
    shared = MemoryLedger()
    return lambda: shared if request.param == "memory" else SqliteLedger(tmp_path / "ledger.db")


@pytest_asyncio.fixture(params=ADAPTERS)
async def kept(
    request: pytest.FixtureRequest, make_ledger: Callable[[], Ledger]
) -> AsyncIterator[Place]:
    ledger = make_ledger()
    async with opened(request.param, ledger=ledger) as place:
        yield place
    await ledger.aclose()


@pytest.fixture(params=KEYED)
def write(request: pytest.FixtureRequest, kept: Place) -> str:
    if not kept.desk.capabilities.supports(hb.Capability(request.param)):
        pytest.skip(f"{kept.adapter} has no {request.param}")
    return str(request.param)


def count(place: Place) -> tuple[int, int, int]:
    """Return how many mails, tickets and messages there are."""
    tickets = place.store.tickets.values()
    messages = sum(m.type is not hb.MessageType.SYSTEM for t in tickets for m in t.messages)
    return len(place.store.outbox), len(place.store.tickets), messages


def ledger_of(place: Place) -> Ledger:
    return place.desk._sender.ledger


async def dead(place: Place, key: str, state: EntryState = EntryState.PENDING) -> LedgerEntry:
    """Make the write's entry one that a process has left open which is gone."""
    ledger = ledger_of(place)
    entry = await ledger.with_key("it", key)
    assert entry is not None
    gone = evolve(Writer.this(), name="other", pid=2**22 + 1)
    left = evolve(entry, writer=gone, state=state, made_id=None)
    if isinstance(ledger, MemoryLedger):
        ledger._entries[entry.operation_id] = left
        ledger._made.clear()
    else:
        assert isinstance(ledger, SqliteLedger)
        from helpdesk_bridge.delivery.sqlite_ledger import _insert

        def replace(file: Any) -> None:
            file.execute("delete from writes where operation_id = ?", (entry.operation_id,))
            _insert(file, left)

        await ledger._run(replace)
    return left


async def test_what_was_done_is_not_done_again(kept: Place, write: str) -> None:
    first = await KEYED[write](kept.desk, kept.ticket, "job 1")
    there = count(kept)
    again = await KEYED[write](kept.desk, kept.ticket, "job 1")
    assert count(kept) == there
    if write == "create_ticket":
        assert again.id == first.id
    else:
        assert (again.repeated, again.id, again.ticket_id) == (True, first.id, first.ticket_id)
        assert again.operation_id == first.operation_id
        assert not first.repeated
    await KEYED[write](kept.desk, kept.ticket, "job 2")
    assert count(kept) > there


async def test_an_omnidesk_repetition_can_be_completed() -> None:
    async with opened("omnidesk", ledger=MemoryLedger()) as place:
        await KEYED["reply"](place.desk, place.ticket, "job 1")
        again = await KEYED["reply"](place.desk, place.ticket, "job 1")
        assert again.id is None
        found = await place.desk.complete(again)
        assert found.id is not None


async def test_after_a_lost_answer_the_same_call_finds_it(kept: Place, write: str) -> None:
    kept.trouble.plan = ["answer"]
    with pytest.raises(hb.OutcomeUnknown) as caught:
        await KEYED[write](kept.desk, kept.ticket, "job 1")
    assert (caught.value.key, caught.value.operation) == ("job 1", write)
    there = count(kept)
    if write == "create_ticket" and kept.adapter in ("airclou", "omnidesk"):
        with pytest.raises(hb.PartlyDone) as partly:  # its first message is another request
            await KEYED[write](kept.desk, kept.ticket, "job 1")
        assert partly.value.ticket_id is not None
    else:
        await KEYED[write](kept.desk, kept.ticket, "job 1")
    assert count(kept) == there


async def test_after_a_lost_request_the_same_call_sends_it_once(
    kept: Place, write: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(kept.desk.adapter), "visible_after", 1.0)
    monkeypatch.setattr(type(kept.desk.adapter), "gives_up_after", 1.0)
    kept.desk._reconciler.visible_after = kept.desk._reconciler.gives_up_after = 1.0
    before = count(kept)
    kept.trouble.plan = ["request"]
    with pytest.raises(hb.OutcomeUnknown):
        await KEYED[write](kept.desk, kept.ticket, "job 1")
    assert count(kept) == before
    done = await KEYED[write](kept.desk, kept.ticket, "job 1")
    assert not getattr(done, "repeated", False)
    there = count(kept)
    assert there > before
    await KEYED[write](kept.desk, kept.ticket, "job 1")
    assert count(kept) == there


async def test_while_the_vendor_may_be_at_it_the_call_says_when_to_come_again(
    kept: Place, pauses: list[float]
) -> None:
    kept.trouble.plan = ["request"]
    with pytest.raises(hb.OutcomeUnknown):
        await KEYED["reply"](kept.desk, kept.ticket, "job 1")
    with pytest.raises(hb.OutcomeUnknown, match="earlier call with this key") as caught:
        await KEYED["reply"](kept.desk, kept.ticket, "job 1")
    error = caught.value
    assert (error.key, error.ticket_id) == ("job 1", kept.ticket.id)
    assert "make the same call with the same key again" in str(error)
    assert "desk.reconcile" not in str(error)
    assert error.retry_after is not None
    assert 60 < error.retry_after <= 300
    assert pauses == []


@pytest.mark.parametrize("state", [EntryState.PENDING, EntryState.UNKNOWN])
async def test_what_a_crash_left_open_is_looked_for_first(kept: Place, state: EntryState) -> None:
    await KEYED["reply"](kept.desk, kept.ticket, "job 1")
    left = await dead(kept, "job 1", state)
    there = count(kept)
    again = await KEYED["reply"](kept.desk, kept.ticket, "job 1")
    assert count(kept) == there
    assert (again.repeated, again.operation_id) == (True, left.operation_id)


async def test_of_ten_at_once_one_sends(kept: Place, write: str) -> None:
    before = count(kept)
    calls = [KEYED[write](kept.desk, kept.ticket, "job 1") for _ in range(10)]
    done = await asyncio.gather(*calls, return_exceptions=True)
    sent = [one for one in done if not isinstance(one, BaseException)]
    held = [one for one in done if isinstance(one, hb.InProgress)]
    assert len(sent) + len(held) == 10
    assert sent
    for error in held:
        assert (error.outcome, error.retryable) == (hb.Outcome.NOT_SENT, True)
    assert [b - a for a, b in zip(before, count(kept), strict=True)] == {
        "reply": [1, 0, 1],
        "forward": [1, 0, 1],
        "create_ticket": [0, 1, 1],
    }.get(write, [0, 0, 1])


async def test_another_living_process_is_not_disturbed(
    kept: Place, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    await KEYED["reply"](kept.desk, kept.ticket, "job 1")
    left = await dead(kept, "job 1")
    far = evolve(left.writer, boot="another machine")
    life = {"now": evolve(left, writer=far, beaten=Moment("another machine", 7.0))}

    async def entry(*_: Any) -> LedgerEntry:
        life["now"] = evolve(life["now"], beat=life["now"].beat + 1)
        return life["now"]

    monkeypatch.setattr(type(ledger_of(kept)), "with_key", entry)
    monkeypatch.setattr(type(ledger_of(kept)), "entry", entry)
    with pytest.raises(hb.InProgress):
        await KEYED["reply"](kept.desk, kept.ticket, "job 1")
    assert 0 < sum(pauses) < LEASE


@pytest.mark.parametrize(
    "other",
    [
        lambda d, t: d.note(t, text=WORDS, key="k"),
        lambda d, t: d.reply("999", text=WORDS, send_email=True, key="k"),
        lambda d, t: d.reply(t, text=WORDS + "!", send_email=True, key="k"),
        lambda d, t: d.reply(t, text=WORDS.replace("12", "+12"), send_email=True, key="k"),
        lambda d, t: d.reply(t, html=f"<b>{WORDS}</b>", send_email=True, key="k"),
        lambda d, t: d.reply(t, text=WORDS, send_email=False, key="k"),
        lambda d, t: d.reply(t, text=WORDS, send_email=True, cc=BANK, key="k"),
        lambda d, t: d.reply(t, text=WORDS, send_email=True, to=BANK, key="k"),
        lambda d, t: d.reply(t, text=WORDS, send_email=True, status=hb.Status.CLOSED, key="k"),
        lambda d, t: d.reply(
            t, text=WORDS, send_email=True, attachments=[hb.Upload("a", data=b"1")], key="k"
        ),
        lambda d, t: d.create_ticket(subject="S", requester=CUSTOMER, text=WORDS, key="k"),
    ],
)
@pytest.mark.parametrize("adapter", ["helpspace", "memory"])
async def test_a_key_is_for_one_write_only(adapter: str, other: Any) -> None:
    async with opened(adapter, ledger=MemoryLedger()) as place:
        await KEYED["reply"](place.desk, place.ticket, "k")
        there = count(place)
        with pytest.raises(hb.InvalidArgument, match="key belongs to another write") as caught:
            await other(place.desk, place.ticket)
        assert count(place) == there
        assert caught.value.outcome is hb.Outcome.NOT_SENT


async def test_a_key_of_another_adapter_under_the_same_name_is_not_taken_for_this_one() -> None:
    """A desk that changes its vendor has tickets of the same numbers there."""
    ledger = MemoryLedger()
    async with opened("helpspace", ledger=ledger) as place:
        await KEYED["create_ticket"](place.desk, place.ticket, "k")
    async with opened("memory", ledger=ledger) as place:
        before = count(place)
        with pytest.raises(hb.InvalidArgument, match="vendor"):
            await KEYED["create_ticket"](place.desk, place.ticket, "k")
        assert count(place) == before


async def test_files_are_compared_by_their_contents() -> None:
    async with opened("memory", ledger=MemoryLedger()) as place:

        async def reply(name: str, data: bytes) -> hb.SentMessage:
            return await place.desk.reply(
                place.ticket,
                text=WORDS,
                send_email=True,
                attachments=[hb.Upload(name, data=data)],
                key="k",
            )

        await reply("a.txt", b"one")
        assert (await reply("a.txt", b"one")).repeated
        for name, data in (("a.txt", b"two"), ("b.txt", b"one")):
            with pytest.raises(hb.InvalidArgument, match="another write"):
                await reply(name, data)


async def test_a_vendor_that_notices_repetitions_is_told_the_same_word_for_a_key() -> None:
    """Whoever sends it at last, and however often: Omnidesk keeps one mail of a messageID."""
    ledger, marks = MemoryLedger(), []
    async with opened("omnidesk", ledger=ledger) as place:
        assert place.fake is not None
        for how in ("request", "fine"):
            place.trouble.plan = [how]
            with suppress(hb.OutcomeUnknown):
                await KEYED["add_request"](place.desk, place.ticket, "k")
            entry = await ledger.with_key("it", "k")
            assert entry is not None
            marks.append(entry.fingerprint.mark)
            if how == "request":
                await ledger.decide(entry.operation_id, sent=False)
        await KEYED["add_request"](place.desk, place.ticket, "another")
        other = await ledger.with_key("it", "another")
        assert other is not None
        posts = [one for one in place.fake.journal if "newInboundMessage" in one.path]
        shown = [f"{mark}@helpdesk-bridge.invalid" for mark in (*marks, other.fingerprint.mark)]
        assert marks[0] == marks[1] != other.fingerprint.mark
        assert [shown[0].encode() in post.body for post in posts[-2:]] == [True, False]


async def test_a_key_without_a_ledger_is_refused() -> None:
    async with opened("memory") as place:
        with pytest.raises(hb.InvalidArgument, match="ledger"):
            await KEYED["reply"](place.desk, place.ticket, "job 1")
        assert len(place.store.outbox) == 0


@pytest.mark.parametrize("key", ["", " ", "\u3000"])
async def test_a_blank_key_is_called_blank(key: str) -> None:
    async with opened("memory", ledger=MemoryLedger()) as place:
        with pytest.raises(hb.InvalidArgument, match="key is empty or blank"):
            await place.desk.note(place.ticket, text=WORDS, key=key)


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a\nb", "a\0b", 7, b"k", True])
async def test_a_key_that_cannot_be_kept_is_refused(key: Any) -> None:
    async with opened("memory", ledger=MemoryLedger()) as place:
        with pytest.raises(hb.InvalidArgument, match="key"):
            await KEYED["reply"](place.desk, place.ticket, key)
        assert len(place.store.outbox) == 0


async def test_keys_of_two_desks_are_two() -> None:
    ledger = MemoryLedger()
    async with (
        opened("memory", ledger=ledger) as one,
        opened("memory", ledger=ledger, name="other") as two,
    ):
        for place in (one, two):
            assert not (await KEYED["reply"](place.desk, place.ticket, "k")).repeated


async def test_a_refused_write_can_be_sent_with_its_key() -> None:
    async with opened("helpspace", ledger=MemoryLedger()) as place:

        async def refused(request: Any, handler: Any) -> Any:
            raise hb.ValidationFailed("no.")

        place.trouble.plan = [refused]
        with pytest.raises(hb.ValidationFailed):
            await KEYED["reply"](place.desk, place.ticket, "k")
        assert not (await KEYED["reply"](place.desk, place.ticket, "k")).repeated
        assert len(place.store.outbox) == 1


@pytest.mark.parametrize("sent", [True, False])
async def test_a_person_decides_what_cannot_be_told(sent: bool) -> None:
    ledger = MemoryLedger()
    async with opened("helpspace", ledger=ledger) as place:
        place.trouble.plan = ["request"]
        with pytest.raises(hb.OutcomeUnknown) as caught:
            await KEYED["reply"](place.desk, place.ticket, "k")
        entry = await ledger.decide(caught.value.operation_id or "", sent=sent)
        assert entry.state is (EntryState.SENT if sent else EntryState.NOT_SENT)
        again = await KEYED["reply"](place.desk, place.ticket, "k")
        assert again.repeated is sent
        assert len(place.store.outbox) == (0 if sent else 1)
        with pytest.raises(hb.InvalidArgument, match="settled"):
            await ledger.decide(entry.operation_id, sent=not sent)
        with pytest.raises(hb.InvalidArgument, match="no write"):
            await ledger.decide("nothing", sent=True)


async def test_the_status_that_a_crash_left_out_is_set_by_the_same_call() -> None:
    """HelpSpace sets it by a second request: it is a part of the job."""
    ledger = MemoryLedger()
    async with opened("helpspace", ledger=ledger) as place:

        def reply() -> Any:
            return place.desk.reply(
                place.ticket, text=WORDS, send_email=True, status=hb.Status.CLOSED, key="k"
            )

        update = place.desk.adapter.update_ticket

        async def broken(*_: Any) -> Any:
            raise hb.VendorUnavailable("no.")

        place.desk.adapter.update_ticket = broken  # type: ignore[method-assign]
        for _ in range(2):
            with pytest.raises(hb.PartlyDone):
                await reply()
        place.desk.adapter.update_ticket = update  # type: ignore[method-assign]
        assert (await reply()).repeated
        assert (await place.desk.ticket(place.ticket.id)).status is hb.Status.CLOSED
        assert len(place.store.outbox) == 1
        await place.desk.update_ticket(place.ticket, status=hb.Status.OPEN)
        assert (await reply()).repeated  # it was finished: what came after stays
        assert (await place.desk.ticket(place.ticket.id)).status is hb.Status.OPEN


async def test_a_writer_that_was_held_up_does_not_send_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A machine that slept wakes up when another has taken its write over."""
    ledger = MemoryLedger()
    async with opened("helpspace", ledger=ledger) as place:
        present = moment.uptime
        slept = [0.0]
        monkeypatch.setattr(moment, "uptime", lambda: present() + slept[0])

        async def asleep(request: Any, handler: Any) -> Any:
            slept[0] += LEASE
            return await handler(request)

        place.trouble.plan = [asleep]
        with pytest.raises(hb.InProgress) as caught:
            await KEYED["reply"](place.desk, place.ticket, "k")
        assert caught.value.outcome is hb.Outcome.NOT_SENT
        assert len(place.store.outbox) == 0
        entry = await ledger.with_key("it", "k")
        assert entry is not None
        assert entry.state is EntryState.NOT_SENT


async def test_a_slow_call_keeps_its_lease() -> None:
    """A call that waits for a minute is not taken over: it says that it is still at it."""
    ledger = MemoryLedger()
    async with opened("helpspace", ledger=ledger) as place:
        beats: list[int] = []

        async def slow(request: Any, handler: Any) -> Any:
            for _ in range(5):
                await clock.pause(10.1)
                await _turns(20)
                entry = await ledger.with_key("it", "k")
                assert entry is not None
                beats.append(entry.beat)
                assert Watch().life(evolve(entry, writer=FAR)).under_way
            return await handler(request)

        place.trouble.plan = [slow]
        await KEYED["reply"](place.desk, place.ticket, "k")
        assert beats == [1, 2, 3, 4, 5]
        await _turns(20)
        entry = await ledger.with_key("it", "k")
        assert entry is not None
        assert (entry.state, entry.beat) == (EntryState.SENT, 5)


async def test_a_lease_that_another_has_taken_over_stops_the_call() -> None:
    ledger = MemoryLedger()
    async with opened("helpspace", ledger=ledger) as place:

        async def taken(request: Any, handler: Any) -> Any:
            entry = await ledger.with_key("it", "k")
            assert entry is not None
            assert not await ledger.take_over(entry.operation_id, entry.beat + 1)
            assert await ledger.take_over(entry.operation_id, entry.beat)
            await clock.pause(10.1)
            await _turns(20)
            return await handler(request)

        place.trouble.plan = [taken]
        with pytest.raises(hb.InProgress, match="longer than its lease"):
            await KEYED["reply"](place.desk, place.ticket, "k")
        assert len(place.store.outbox) == 0


async def _turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


def worker_beside(place: Place, ledger: Ledger) -> hb.Helpdesk:
    """Return another desk on the same helpdesk."""
    if place.fake is None:
        return hb.Helpdesk(MemorySettings(store=place.store), name="it", ledger=ledger)
    return connected(place.fake, Trouble(), ledger=ledger)


@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_two_desks_of_one_ledger_send_once(adapter: str, tmp_path: Path) -> None:
    """Two workers, each with its own ledger object on one file."""
    ledgers = [SqliteLedger(tmp_path / "ledger.db") for _ in range(2)]
    async with (
        opened(adapter, ledger=ledgers[0]) as place,
        worker_beside(place, ledgers[1]) as other,
    ):
        before = count(place)
        for number in range(10):
            calls = [
                KEYED["reply"](desk, place.ticket, f"job {number}") for desk in (place.desk, other)
            ]
            await asyncio.gather(*calls, return_exceptions=True)
        assert [now - then for then, now in zip(before, count(place), strict=True)] == [10, 0, 10]
    for ledger in ledgers:
        await ledger.aclose()
