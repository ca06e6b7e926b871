"""What reconcile says is what the helpdesk says; where that cannot be known, it says so."""

from __future__ import annotations

import asyncio
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from helpdesk_bridge_omnidesk.fake import OmnideskFake

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.memory_ledger import MemoryLedger
from helpdesk_bridge.delivery.sqlite_ledger import SqliteLedger
from helpdesk_bridge.errors import Moment, moment
from helpdesk_bridge.testing import Store
from helpdesk_bridge.transport import clock
from tests.delivery.places import (
    CUSTOMER,
    FAKES,
    WORDS,
    WRITES,
    Place,
    Trouble,
    connected,
    number_of,
    opened,
)

pytestmark = pytest.mark.asyncio
HTTP = tuple(FAKES)
SENT, NOT_SENT = hb.Verdict.SENT, hb.Verdict.NOT_SENT
STILL_UNKNOWN = hb.Verdict.STILL_UNKNOWN
NOTES = ("omnidesk", "memory")
"""What notes, before each send, which messages there are."""
_SLACK = 9.0
"""Seconds that a test itself may take, in which less has to be waited for."""


async def test_what_arrived_is_found(place: Place, write: str, pauses: list[float]) -> None:
    error = await place.fail(write, "answer")
    mails, length = len(place.store.outbox), len(place.stored)
    found = await place.desk.reconcile(error)
    assert (found.verdict, found.operation_id) == (SENT, error.operation_id)
    assert found.message is not None
    assert (number_of(found.message), found.ticket_id) == (place.last, place.ticket.id)
    assert (len(place.store.outbox), len(place.stored)) == (mails, length)
    assert pauses == []


async def test_what_never_arrived_is_not_sent_once_the_vendor_has_had_its_time(
    place: Place, write: str, pauses: list[float]
) -> None:
    error = await place.fail(write, "request")
    found = await place.desk.reconcile(error)
    assert (found.verdict, found.message) == (NOT_SENT, None)
    assert found.reason == "It is not on the desk."
    assert sum(pauses) == pytest.approx(300, abs=_SLACK)


async def test_a_vendor_that_answered_is_given_less_time(place: Place, pauses: list[float]) -> None:
    error = await place.fail("reply", "request")
    error.status = 500
    assert (await place.desk.reconcile(error)).verdict is NOT_SENT
    assert sum(pauses) == pytest.approx(place.desk.adapter.visible_after, abs=_SLACK)


@pytest.mark.parametrize("status", [408, 499, 502, 503, 504, 520, 522, 524, 527, 530, 598, 599])
async def test_a_gateway_that_gave_up_says_nothing_of_the_vendor(
    status: int, pauses: list[float]
) -> None:
    async with opened("helpspace") as place:
        error = await place.fail("reply", "request")
        error.status = status
        assert (await place.desk.reconcile(error)).verdict is NOT_SENT
        assert sum(pauses) == pytest.approx(300, abs=_SLACK)


async def test_one_that_comes_late_is_found(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    error = await place.fail("reply", "request")
    looks: list[int] = []
    messages = place.desk.messages

    def late(ticket: Any) -> Any:
        looks.append(1)
        if len(looks) == 3:
            _foreign(place, WORDS)
        return messages(ticket)

    monkeypatch.setattr(place.desk, "messages", late)
    assert (await place.desk.reconcile(error)).verdict is SENT
    assert len(looks) == 3


@pytest.mark.parametrize("adapter", HTTP)
@pytest.mark.parametrize("how", ["answer", "request"])
async def test_a_desk_that_cannot_be_read_leaves_it_open(adapter: str, how: str) -> None:
    async with opened(adapter) as place:
        error = await place.fail("reply", how)

        def broken(response: Any) -> Any:
            raise hb.VendorUnavailable("the connection was dropped.")

        place.trouble.reads = broken
        found = await place.desk.reconcile(error)
        assert found.verdict is STILL_UNKNOWN
        assert "could not be looked for" in found.reason


# -- alike -----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["answer", "request"])
async def test_the_second_of_two_alike_is_told_from_the_first(
    place: Place, write: str, how: str
) -> None:
    await WRITES[write](place.desk, place.ticket, WORDS)
    error = await place.fail(write, how)
    found = await place.desk.reconcile(error)
    if how == "request":
        assert found.verdict is NOT_SENT
    else:
        assert found.verdict is SENT
        assert found.message is not None
        assert number_of(found.message) == place.last


@pytest.mark.parametrize("how", ["answer", "request"])
async def test_the_first_of_two_alike_is_told_from_the_second(place: Place, how: str) -> None:
    error = await place.fail("reply", how)
    await WRITES["reply"](place.desk, place.ticket, WORDS)
    found = await place.desk.reconcile(error)
    if how == "answer":
        assert found.verdict is SENT
    else:  # a vendor without ids shows one message, and it is not told whose it is
        expected = STILL_UNKNOWN if place.adapter == "omnidesk" else NOT_SENT
        assert found.verdict is expected


@pytest.mark.parametrize("at_once", [False, True])
async def test_of_two_alike_that_were_lost_one_arrived(place: Place, at_once: bool) -> None:
    """Whose it is can be told only where it is known what was there before the second."""
    errors = [await place.fail("reply", how) for how in ("answer", "request")]
    if at_once:
        asked = [place.desk.reconcile(error) for error in errors]
        verdicts = [found.verdict for found in await asyncio.gather(*asked)]
    else:
        verdicts = [(await place.desk.reconcile(error)).verdict for error in errors]
    expected = [SENT, NOT_SENT] if place.adapter in NOTES else [STILL_UNKNOWN] * 2
    assert verdicts == expected


@pytest.mark.parametrize("first", [0, 1])
async def test_two_alike_that_both_arrived_do_not_take_each_others(
    place: Place, first: int
) -> None:
    errors = [await place.fail("reply", "answer")]
    _a_minute_earlier(errors[0], place.stored[-1])
    errors.append(await place.fail("reply", "answer"))
    for error in (errors[first], errors[1 - first]):
        assert (await place.desk.reconcile(error)).verdict is SENT


@pytest.mark.parametrize("first", [0, 1])
async def test_two_new_tickets_alike_that_both_arrived_do_not_take_each_others(
    place: Place, first: int
) -> None:
    errors = [await _create(place, ["answer"])]
    _a_minute_earlier(errors[0], list(place.store.tickets.values())[-1])
    errors.append(await _create(place, ["answer"]))
    for error in (errors[first], errors[1 - first]):
        assert (await place.desk.reconcile(error)).verdict is SENT


def _a_minute_earlier(error: hb.OutcomeUnknown, stored: Any) -> None:
    minute = timedelta(minutes=1)
    assert error.started_at is not None
    error.started_at -= minute
    error.failed_at -= minute
    stored.created_at -= minute


@pytest.mark.parametrize("adapter", HTTP)
async def test_one_alike_that_is_under_way_is_not_taken_for_it(adapter: str) -> None:
    async with opened(adapter) as place:
        error = await place.fail("reply", "request")
        arrived, go_on = asyncio.Event(), asyncio.Event()

        async def held(request: Any, handler: Any) -> Any:
            response = await handler(request)
            arrived.set()
            await go_on.wait()
            return response

        place.trouble.plan = [held]
        other = asyncio.create_task(WRITES["reply"](place.desk, place.ticket, WORDS))
        await arrived.wait()
        assert (await place.desk.reconcile(error, settle=0)).verdict is STILL_UNKNOWN
        go_on.set()
        await other
        found = await place.desk.reconcile(error, settle=0)
        assert found.verdict is not SENT


async def test_a_customer_who_writes_the_same_words_is_not_taken_for_the_reply(
    place: Place,
) -> None:
    error = await place.fail("reply", "request")
    _foreign(place, WORDS, type=hb.MessageType.REQUEST, author=place.store.person(CUSTOMER))
    found = await place.desk.reconcile(error)
    assert found.verdict is STILL_UNKNOWN


async def test_the_same_words_half_a_minute_before_may_be_anothers() -> None:
    """Once the clocks have been compared, they differ by seconds."""
    async with opened("helpspace") as place:
        error = await place.fail("reply", "request")
        assert error.started_at is not None
        _foreign(place, WORDS, created_at=error.started_at - timedelta(seconds=30))
        assert (await place.desk.reconcile(error)).verdict is STILL_UNKNOWN


async def test_a_note_is_never_taken_for_a_reply(place: Place) -> None:
    error = await place.fail("reply", "request")
    _foreign(place, WORDS, type=hb.MessageType.NOTE, audience=hb.Audience.INTERNAL, word="internal")
    assert (await place.desk.reconcile(error)).verdict is NOT_SENT


async def test_a_reply_whose_words_the_vendor_changed_is_not_called_unsent(place: Place) -> None:
    error = await place.fail("reply", "answer")
    changed = place.stored[-1]
    changed.html = f"{changed.html}<p>-- Your support team</p>"
    changed.text = f"{WORDS}\n-- Your support team"
    found = await place.desk.reconcile(error)
    assert found.verdict is STILL_UNKNOWN
    assert found.message is not None
    assert number_of(found.message) == place.last


async def test_own_messages_with_other_words_do_not_raise_doubts(place: Place) -> None:
    error = await place.fail("reply", "request")
    await WRITES["reply"](place.desk, place.ticket, "Something else entirely.")
    await WRITES["note"](place.desk, place.ticket, "And a remark on it.")
    assert (await place.desk.reconcile(error)).verdict is NOT_SENT


@pytest.mark.parametrize("days", [3, 9])
async def test_old_messages_with_the_same_words_are_not_taken_for_it(
    place: Place, days: int
) -> None:
    _foreign(place, WORDS, created_at=datetime.now(UTC) - timedelta(days=days))
    error = await place.fail("reply", "request")
    told = days > 8 or place.adapter in NOTES
    assert (await place.desk.reconcile(error)).verdict is (NOT_SENT if told else STILL_UNKNOWN)


async def test_behind_an_old_message_with_the_same_words_it_is_found(place: Place) -> None:
    _foreign(place, WORDS, created_at=datetime.now(UTC) - timedelta(days=3))
    error = await place.fail("reply", "answer")
    found = await place.desk.reconcile(error)
    assert found.verdict is SENT
    assert found.message is not None
    assert number_of(found.message) == place.last


async def test_what_this_desk_made_is_known_elsewhere(place: Place) -> None:
    """Another process without a ledger has only what the error brings along."""
    sent = await WRITES["reply"](place.desk, place.ticket, WORDS)
    error = await place.fail("reply", "request")
    assert error.fingerprint is not None
    assert error.fingerprint.known == ((sent.id,) if sent.id else ())
    place.desk._sender.ledger = MemoryLedger()
    assert (await place.desk.reconcile(error)).verdict is NOT_SENT


async def test_a_message_with_other_files_may_be_another(place: Place) -> None:
    error = await place.fail("reply", "answer")
    assert error.fingerprint is not None
    error.fingerprint = evolve(error.fingerprint, files=("the digest of a name",))
    # What the vendor did not have before is new, whatever became of its files.
    expected = SENT if place.adapter in NOTES else STILL_UNKNOWN
    assert (await place.desk.reconcile(error)).verdict is expected


async def test_a_message_without_a_word_is_told_from_another(place: Place) -> None:
    error = await place.fail("reply", "request", "💶 💶 💶 💶 💶")
    _foreign(place, "🙂 🙂 🙂 🙂 🙂")
    assert (await place.desk.reconcile(error)).verdict is STILL_UNKNOWN
    error = await place.fail("reply", "answer", "💶 💶 💶 💶 👍")
    assert (await place.desk.reconcile(error)).verdict is SENT


# -- clocks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("adapter", ["helpspace", "airclou"])
@pytest.mark.parametrize("hours", [-11, -1, 1, 14])
async def test_in_a_wrong_time_zone_it_cannot_be_told(adapter: str, hours: int) -> None:
    store = Store(clock=lambda: datetime.now(UTC) + timedelta(hours=hours))
    async with opened(adapter, store=store) as place:
        error = await place.fail("reply", "answer")
        found = await place.desk.reconcile(error)
        assert found.verdict is STILL_UNKNOWN
        assert found.message is not None
        assert number_of(found.message) == place.last


async def test_what_is_new_and_hours_off_is_not_called_unsent() -> None:
    store = Store(clock=lambda: datetime.now(UTC) + timedelta(hours=9))
    async with opened("omnidesk", store=store) as place:
        error = await place.fail("reply", "answer")
        found = await place.desk.reconcile(error)
        assert found.verdict is STILL_UNKNOWN
        assert [number_of(one) for one in found.candidates] == [place.last]


@pytest.mark.parametrize("days", [-3, 3])
async def test_what_a_sender_with_a_wrong_clock_has_sent_is_not_called_unsent(days: int) -> None:
    async with opened("helpspace") as place:
        error = await place.fail("reply", "answer")
        wrong = timedelta(days=days)
        assert error.started_at is not None
        assert error.fingerprint is not None
        assert error.fingerprint.offset is not None
        error.started_at += wrong
        error.failed_at += wrong
        error.fingerprint = evolve(
            error.fingerprint, offset=error.fingerprint.offset - wrong.total_seconds()
        )
        assert (await place.desk.reconcile(error)).verdict is (SENT if days < 0 else STILL_UNKNOWN)


async def test_a_clock_that_jumps_does_not_shorten_the_wait(
    pauses: list[float],
) -> None:
    async with opened("helpspace") as place:
        error = await place.fail("reply", "request")
        error.failed_at -= timedelta(hours=1)
        await place.desk.reconcile(error)
        assert sum(pauses) == pytest.approx(300, abs=_SLACK)


async def test_what_failed_long_ago_is_looked_for_once(place: Place, pauses: list[float]) -> None:
    error = await place.fail("reply", "request")
    await clock.pause(3600)
    pauses.clear()
    assert (await place.desk.reconcile(error)).verdict is NOT_SENT
    assert pauses == []


async def test_what_failed_on_another_machine_is_given_its_time_from_now(
    pauses: list[float],
) -> None:
    async with opened("helpspace") as place:
        error = await place.fail("reply", "request")
        await clock.pause(3600)
        pauses.clear()
        here, there = (pickle.loads(pickle.dumps(error)) for _ in range(2))
        there.failed = Moment("another machine", here.failed.seconds)
        assert (await place.desk.reconcile(there)).verdict is NOT_SENT
        assert sum(pauses) == pytest.approx(300, abs=_SLACK)
        pauses.clear()
        assert (await place.desk.reconcile(here)).verdict is NOT_SENT
        assert pauses == []


async def test_a_time_to_settle_counts_what_the_reading_takes(
    monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    async with opened("helpspace") as place:
        error = await place.fail("reply", "request")
        present, ahead = moment.uptime, 0.0

        def slow(response: Any) -> Any:
            nonlocal ahead
            ahead += 20.0
            return response

        monkeypatch.setattr(moment, "uptime", lambda: present() + ahead)
        place.trouble.reads = slow
        assert (await place.desk.reconcile(error, settle=30)).verdict is NOT_SENT
        assert sum(pauses) <= 10


# -- times of the caller's own ---------------------------------------------------------------


@pytest.mark.parametrize("adapter", ["helpspace", "memory"])
async def test_an_imported_ticket_is_found_by_the_time_it_was_given(adapter: str) -> None:
    async with opened(adapter) as place:
        long_ago = datetime(2020, 5, 1, 12, tzinfo=UTC)
        place.trouble.plan = ["answer"]
        with pytest.raises(hb.OutcomeUnknown) as caught:
            await place.desk.create_ticket(
                subject="Old", requester=CUSTOMER, text=WORDS, created_at=long_ago
            )
        found = await place.desk.reconcile(caught.value)
        assert found.verdict is SENT
        assert found.ticket is not None
        assert found.ticket.subject == "Old"


async def test_an_imported_request_is_found_by_the_time_it_was_given() -> None:
    async with opened("memory") as place:
        long_ago = datetime(2020, 5, 1, 12, tzinfo=UTC)
        place.trouble.plan = ["answer"]
        with pytest.raises(hb.OutcomeUnknown) as caught:
            await place.desk.add_request(
                place.ticket, author=CUSTOMER, text=WORDS, created_at=long_ago
            )
        assert (await place.desk.reconcile(caught.value)).verdict is SENT


@pytest.mark.parametrize(("days", "verdict"), [(1, STILL_UNKNOWN), (-1, NOT_SENT)])
async def test_what_is_to_be_sent_later_is_not_missed_before(
    days: int, verdict: hb.Verdict
) -> None:
    async with opened("omnidesk") as place:
        place.trouble.plan = ["request"]
        with pytest.raises(hb.OutcomeUnknown) as caught:
            await place.desk.reply(
                place.ticket,
                text=WORDS,
                send_email=True,
                send_at=datetime.now(UTC) + timedelta(days=1),
            )
        error = caught.value
        assert error.fingerprint is not None
        due = datetime.now(UTC) + timedelta(days=days)
        error.fingerprint = evolve(error.fingerprint, due=due)
        assert (await place.desk.reconcile(error)).verdict is verdict


# -- new tickets -----------------------------------------------------------------------------


async def _create(place: Place, plan: list[Any], subject: str = "Refund") -> Any:
    place.trouble.plan = list(plan)
    try:
        return await place.desk.create_ticket(subject=subject, requester=CUSTOMER, text=WORDS)
    except (hb.OutcomeUnknown, hb.PartlyDone) as error:
        return error


async def test_a_new_ticket_is_found(place: Place) -> None:
    error = await _create(place, ["answer"])
    found = await place.desk.reconcile(error)
    assert found.verdict is SENT
    assert found.ticket is not None
    assert found.ticket_id == found.ticket.id
    assert found.ticket.subject == "Refund"
    messages = place.store.tickets[number_of(found.ticket)].messages
    assert (found.message is None) == (messages == [])
    assert ("first message is not to be seen" in found.reason) == (messages == [])


async def test_a_new_ticket_that_never_arrived(place: Place) -> None:
    error = await _create(place, ["request"])
    assert (await place.desk.reconcile(error)).verdict is NOT_SENT


@pytest.mark.parametrize("how", ["answer", "request"])
async def test_a_second_new_ticket_alike_is_told_from_the_first(place: Place, how: str) -> None:
    first = await _create(place, [])
    found = await place.desk.reconcile(await _create(place, [how]))
    if how == "request":
        assert found.verdict is NOT_SENT
    else:
        assert found.verdict is SENT
        assert found.ticket is not None
        assert found.ticket.id != first.id


@pytest.mark.parametrize("adapter", HTTP)
async def test_a_new_ticket_alike_that_is_under_way_is_not_taken_for_it(adapter: str) -> None:
    async with opened(adapter) as place:
        error = await _create(place, ["request"])
        arrived, go_on = asyncio.Event(), asyncio.Event()

        async def held(request: Any, handler: Any) -> Any:
            response = await handler(request)
            arrived.set()
            await go_on.wait()
            return response

        other = asyncio.create_task(_create(place, [held]))
        await arrived.wait()
        assert (await place.desk.reconcile(error, settle=0)).verdict is STILL_UNKNOWN
        go_on.set()
        await other
        assert (await place.desk.reconcile(error, settle=0)).verdict is NOT_SENT


async def test_a_new_ticket_with_another_subject_raises_doubts(place: Place) -> None:
    error = await _create(place, ["request"])
    place.store.create_ticket(
        subject="Refund, EXT", requester=place.store.person(CUSTOMER), html=WORDS
    )
    found = await place.desk.reconcile(error)
    assert found.verdict is STILL_UNKNOWN
    assert found.ticket == found.candidates[0]


async def test_a_ticket_alike_of_two_hours_ago_may_be_anothers(place: Place) -> None:
    error = await _create(place, ["request"])
    ticket = place.store.create_ticket(
        subject="Refund", requester=place.store.person(CUSTOMER), html=WORDS
    )
    ticket.created_at -= timedelta(hours=2)
    assert (await place.desk.reconcile(error)).verdict is STILL_UNKNOWN


@pytest.mark.parametrize("adapter", ["airclou", "omnidesk"])
@pytest.mark.parametrize(("how", "verdict"), [("answer", SENT), ("request", NOT_SENT)])
async def test_of_what_was_partly_done_the_later_step_is_looked_for(
    adapter: str, how: str, verdict: hb.Verdict
) -> None:
    async with opened(adapter) as place:
        error = await _create(place, ["fine", how])
        assert isinstance(error, hb.PartlyDone)
        found = await place.desk.reconcile(pickle.loads(pickle.dumps(error)))
        assert (found.verdict, found.ticket_id) == (verdict, error.ticket_id)
        assert (found.message is None) == (verdict is NOT_SENT)


async def test_a_step_that_failed_clearly_has_nothing_to_settle(place: Place) -> None:
    error = hb.PartlyDone("half.", failure=hb.NotFound("gone."), ticket_id="1")
    with pytest.raises(hb.InvalidArgument):
        await place.desk.reconcile(error)


# -- odd answers, other places ---------------------------------------------------------------


@pytest.mark.parametrize("adapter", HTTP)
@pytest.mark.parametrize("how", ["answer", "request"])
async def test_a_message_that_cannot_be_read_may_be_the_one(adapter: str, how: str) -> None:
    async with opened(adapter) as place:
        _foreign(place, "An old one.", created_at=datetime.now(UTC) - timedelta(days=9))
        error = await place.fail("reply", how)
        place.trouble.reads = _spoiled
        found = await place.desk.reconcile(error)
        # What is found is found; what is not found may be what could not be read.
        assert found.verdict is (SENT if how == "answer" else STILL_UNKNOWN)


@pytest.mark.parametrize("adapter", HTTP)
async def test_an_error_from_another_process_is_settled(adapter: str) -> None:
    async with opened(adapter) as place:
        await _settled_elsewhere(place)


async def _settled_elsewhere(place: Place) -> None:
    assert place.fake is not None
    errors = [await place.fail("reply", how, f"{how} {WORDS}") for how in ("answer", "request")]
    script = (
        "import asyncio, json, pickle, sys, helpdesk_bridge as hb\n"
        "table, errors = pickle.load(sys.stdin.buffer)\n"
        "async def main():\n"
        "    async with hb.connect('it', config={'desks': {'it': table}}) as desk:\n"
        "        found = [await desk.reconcile(error, settle=0) for error in errors]\n"
        "    print(json.dumps([[one.verdict, one.message and one.message.id] for one in found]))\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    told, _ = await process.communicate(pickle.dumps((place.fake.table(), errors)))
    (arrived, number), (never, nothing) = json.loads(told)
    assert (arrived, never, nothing) == ("sent", "not_sent", None)
    assert number.endswith(str(place.last))


async def test_an_error_of_another_desk_is_refused(place: Place) -> None:
    error = await place.fail("reply", "answer")
    for name, value in (("desk", "other"), ("vendor", "other")):
        other = pickle.loads(pickle.dumps(error))
        setattr(other, name, value)
        with pytest.raises(hb.InvalidArgument, match="one of desk"):
            await place.desk.reconcile(other)


@pytest.mark.parametrize("settle", [-1, float("nan"), float("inf"), "1"])
async def test_a_time_to_settle_is_a_number_of_seconds(place: Place, settle: Any) -> None:
    error = await place.fail("reply", "answer")
    with pytest.raises(hb.InvalidArgument, match="settle"):
        await place.desk.reconcile(error, settle=settle)


async def test_what_the_outbox_knows_as_sent_is_shown_all_the_same(box: SqliteLedger) -> None:
    async with opened("helpspace", ledger=box) as place:
        reply, created = await place.fail("reply", "answer"), await _create(place, ["answer"])
        number = list(place.store.tickets)[-1]
        for _ in range(2):
            found = await place.desk.reconcile(reply)
            assert (found.verdict, found.ticket_id) == (SENT, place.ticket.id)
            assert found.message is not None
            assert number_of(found.message) == place.last
            found = await place.desk.reconcile(created)
            assert found.verdict is SENT
            assert found.ticket is not None
            assert number_of(found.ticket) == number


async def test_recover_waits_as_long_as_it_is_told(box: SqliteLedger, pauses: list[float]) -> None:
    async with opened("helpspace", ledger=box) as place:
        await place.fail("reply", "request")
        (found,) = await place.desk.recover(settle=0)
        assert (found.verdict, pauses) == (NOT_SENT, [])


async def test_a_desk_that_cannot_read_messages_cannot_reconcile() -> None:
    async with FAKES["airclou"](Store()) as fake:
        table = {k: v for k, v in fake.table().items() if not k.startswith("session")}
        async with hb.connect("it", config={"desks": {"it": table}}) as desk:
            with pytest.raises(hb.UnsupportedCapability):
                await desk.reconcile(hb.OutcomeUnknown("lost."))
            with pytest.raises(hb.UnsupportedCapability):
                await desk.recover()


async def test_what_has_no_fingerprint_stays_unknown(place: Place) -> None:
    found = await place.desk.reconcile(hb.OutcomeUnknown("lost.", operation="raw"))
    assert found.verdict is STILL_UNKNOWN
    assert "nothing was remembered" in found.reason


async def test_a_closing_desk_does_not_keep_one_waiting(
    place: Place, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    error = await place.fail("reply", "request")
    messages = place.desk.messages

    def closing(ticket: Any) -> Any:
        place.desk._calls.closed = True
        return messages(ticket)

    monkeypatch.setattr(place.desk, "messages", closing)
    found = await place.desk.reconcile(error)
    assert (found.verdict, pauses) == (STILL_UNKNOWN, [])
    with pytest.raises(hb.DeskClosed) as caught:
        await place.desk.reconcile(error)
    assert caught.value.operation == "reconcile"


async def test_a_conversation_of_three_hundred_is_read_to_its_end(place: Place) -> None:
    for number in range(300):
        _foreign(place, f"Line {number}.", created_at=datetime.now(UTC) - timedelta(days=9))
    error = await place.fail("reply", "answer")
    assert (await place.desk.reconcile(error)).verdict is SENT
    error = await place.fail("reply", "request", "Never arrived.")
    assert (await place.desk.reconcile(error)).verdict is NOT_SENT


async def test_a_stale_timeline_does_not_count_as_proof() -> None:
    """The vendor shows a ticket as it was for some reads after it has accepted a message."""
    async with OmnideskFake(Store(), stale_reads=4) as fake:
        trouble = Trouble()
        async with connected(fake, trouble) as desk:
            ticket = await desk.create_ticket(subject="S", requester=CUSTOMER, text=WORDS)
            trouble.plan = ["answer"]
            with pytest.raises(hb.OutcomeUnknown) as caught:
                await desk.reply(ticket, text=WORDS, send_email=True)
            assert (await desk.reconcile(caught.value)).verdict is SENT


async def test_a_fingerprint_holds_no_word_and_no_address(place: Place) -> None:
    error = await place.fail("reply", "answer")
    held = [pickle.dumps(error), repr(error).encode(), repr(error.fingerprint).encode()]
    created = await _create(place, ["answer"])
    held.append(pickle.dumps(created))
    for word in (b"invoice", b"paid", b"customer.example", b"Refund"):
        assert all(word not in one for one in held)


def _foreign(place: Place, text: str, **fields: Any) -> None:
    """Put a message on the ticket that this desk did not write."""
    given = {
        "type": hb.MessageType.RESPONSE,
        "audience": hb.Audience.EXTERNAL,
        "author": hb.Party(id="12", name="Bo", email="bo@helpdesk.example", role=hb.Role.AGENT),
        "html": text,
        "text": text,
        "word": "external",
    } | fields
    place.store.add_message(number_of(place.ticket), **given)


def _spoiled(response: Any) -> Any:
    """Make the first message of a list unreadable."""
    response.content = json.dumps(_without_first(json.loads(response.content))).encode()
    response._decoded.clear()
    return response


def _without_first(data: Any) -> Any:
    if isinstance(data, dict) and data.get("items") and "Creator" in data["items"][0]:
        data["items"][0] = {"id": data["items"][0]["id"]}  # behind which that list goes on
        return data
    find: list[Callable[[], list[Any]]] = [
        lambda: data["data"],
        lambda: data["messages"],
        lambda: data["item"]["timeline"],
    ]
    for messages in find:
        try:
            records = messages()
            if isinstance(records, list):
                records[0] = "nonsense"
                return data
        except (KeyError, TypeError):
            continue
    return data
