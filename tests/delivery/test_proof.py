"""Nobody is told NOT_SENT of what the vendor has, nor SENT of what is somebody else's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import Any

import pytest
from aiohttp import web
from attrs import evolve
from helpdesk_bridge_omnidesk.fake import OmnideskFake

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.memory_ledger import MemoryLedger
from helpdesk_bridge.testing import FakeServer, Store
from helpdesk_bridge.transport import CURRENT_CALL, clock
from tests.delivery.places import (
    CUSTOMER,
    FAKES,
    WORDS,
    WRITES,
    Place,
    Trouble,
    connected,
    lost,
    number_of,
    opened,
)

pytestmark = [pytest.mark.asyncio, pytest.mark.usefixtures("pauses")]
HTTP = tuple(FAKES)
SENT, NOT_SENT = hb.Verdict.SENT, hb.Verdict.NOT_SENT
STILL_UNKNOWN = hb.Verdict.STILL_UNKNOWN
TIMES = frozenset(("created_at", "createdAt", "Created"))
SHIFTS = {
    "an hour off": timedelta(hours=-1),
    "ten seconds early": timedelta(seconds=-10),
    "two days off": timedelta(days=-2),
    "two hours ahead": timedelta(hours=2),
    "on time": timedelta(),
    "missing": None,
}


def _without_times(data: Any) -> Any:
    if isinstance(data, dict):
        return {k: None if k in TIMES else _without_times(v) for k, v in data.items()}
    return [_without_times(one) for one in data] if isinstance(data, list) else data


def _untimed(response: Any) -> Any:
    response.content = json.dumps(_without_times(json.loads(response.content))).encode()
    response._decoded.clear()
    return response


def _sign(stored: Any) -> None:
    """Have the vendor add the team's signature to a message."""
    stored.html = f"{stored.html}<p>-- The team</p>"
    stored.text = stored.text and f"{stored.text}\n-- The team"


def _dated(
    monkeypatch: pytest.MonkeyPatch, ago: Callable[[], timedelta], *, aged: bool = False
) -> None:
    """Have all fakes answer with an old Date, as a cache before them does; it may tell its Age."""
    around: Any = FakeServer._around

    @web.middleware
    async def dated(self: Any, request: Any, handler: Any) -> Any:
        response = await around(self, request, handler)
        old = ago()
        response.headers["Date"] = format_datetime(datetime.now(UTC) - old, usegmt=True)
        if aged:
            response.headers["Age"] = f"{old.total_seconds():.0f}"
        return response

    monkeypatch.setattr(FakeServer, "_around", dated)


def _later(monkeypatch: pytest.MonkeyPatch, finish: Callable[[], Awaitable[Any]]) -> None:
    """Have the vendor finish what it was at once 14 seconds have passed."""
    skip, passed, finished = clock.pause, 0.0, False

    async def pause(seconds: float) -> None:
        nonlocal passed, finished
        passed += seconds
        await skip(seconds)
        if passed >= 14 and not finished:
            finished = True
            await finish()

    monkeypatch.setattr(clock, "pause", pause)


async def _given_up(
    place: Place, monkeypatch: pytest.MonkeyPatch, status: int | None
) -> hb.OutcomeUnknown:
    """Make a reply that a gateway gives up, and that the vendor finishes 14 seconds later."""
    held: list[Any] = []

    async def given_up(request: Any, handler: Any) -> Any:
        request.progress.bytes_sent = True
        held.append((request, handler))
        error: Any = lost(datetime.now(UTC))
        error.status = status
        raise error

    async def finish() -> None:
        request, handler = held.pop()
        await handler(evolve(request))

    place.trouble.plan = [given_up]
    with pytest.raises(hb.OutcomeUnknown) as caught:
        await WRITES["reply"](place.desk, place.ticket, WORDS)
    _later(monkeypatch, finish)
    return caught.value


# -- what is there is never called unsent ----------------------------------------------------


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("shift", SHIFTS)
async def test_a_vendor_may_sign_and_date_as_it_likes(
    place: Place, write: str, shift: str, signed: bool
) -> None:
    error = await place.fail(write, "answer")
    there, by = place.stored[-1], SHIFTS[shift]
    if signed:
        _sign(there)
    if by is None:
        place.trouble.reads = _untimed
    else:
        there.created_at += by
    found = await place.desk.reconcile(error)
    # Without a Date to compare the clocks by, a minute is no difference.
    near = by == timedelta() or (shift == "ten seconds early" and place.fake is None)
    if by is not None:
        assert found.verdict is (SENT if near and not signed else STILL_UNKNOWN)
    assert found.verdict is not NOT_SENT
    if found.verdict is STILL_UNKNOWN and found.candidates:
        assert found.message == found.candidates[0]
        assert place.last in [number_of(one) for one in found.candidates]


@pytest.mark.parametrize("adapter", HTTP)
@pytest.mark.parametrize("ago", [timedelta(days=3), timedelta(days=2), timedelta(minutes=5)])
async def test_an_old_date_of_a_cache_hides_nothing(
    monkeypatch: pytest.MonkeyPatch, adapter: str, ago: timedelta
) -> None:
    _dated(monkeypatch, lambda: ago)
    async with opened(adapter) as place:
        error = await place.fail("reply", "answer")
        expected = SENT if place.adapter == "omnidesk" else STILL_UNKNOWN  # it notes what is there
        assert (await place.desk.reconcile(error, settle=1)).verdict is expected
        _sign(place.stored[-1])
        place.desk._sender.ledger = MemoryLedger()  # which has no result of it
        assert (await place.desk.reconcile(error, settle=1)).verdict is STILL_UNKNOWN


@pytest.mark.parametrize("adapter", HTTP)
async def test_dates_of_several_nodes_hide_nothing(
    monkeypatch: pytest.MonkeyPatch, adapter: str
) -> None:
    turns = iter(range(10_000))
    _dated(monkeypatch, lambda: timedelta(hours=7 * (next(turns) % 3)))
    async with opened(adapter) as place:
        error = await place.fail("reply", "answer")
        assert (await place.desk.reconcile(error, settle=1)).verdict is not NOT_SENT


@pytest.mark.parametrize("adapter", HTTP)
@pytest.mark.parametrize("status", [None, 408, 499, 502, 503, 504, 520, 522, 524, 598, 599])
async def test_a_vendor_may_finish_after_a_gateway_gave_up(
    monkeypatch: pytest.MonkeyPatch, adapter: str, status: int | None
) -> None:
    async with opened(adapter) as place:
        error = await _given_up(place, monkeypatch, status)
        mails = len(place.store.outbox)
        assert (await place.desk.reconcile(error)).verdict is SENT
        assert len(place.store.outbox) == mails + 1


@pytest.mark.parametrize("adapter", HTTP)
@pytest.mark.parametrize("status", [408, 499, 502, 503, 504, 520, 522, 524, 598, 599])
async def test_a_gateway_may_answer_before_the_vendor_has_finished(
    monkeypatch: pytest.MonkeyPatch, adapter: str, status: int
) -> None:
    held: list[Callable[[], Awaitable[Any]]] = []

    class Gateway(FAKES[adapter]):  # type: ignore[misc]
        gives_up = False

        @web.middleware
        async def _around(self, request: web.Request, handler: Any) -> web.StreamResponse:
            if request.method == "GET" or not self.gives_up:
                return await super()._around(request, handler)  # type: ignore[no-any-return]
            self.gives_up = False
            await request.read()
            held.append(partial(super()._around, request, handler))
            return web.Response(status=status, text="gave up")

    async with Gateway(Store()) as fake, connected(fake, Trouble()) as desk:
        ticket = await desk.create_ticket(subject="Invoice", requester=CUSTOMER, text="Help me.")
        fake.gives_up = True
        with pytest.raises(hb.OutcomeUnknown) as caught:
            await desk.reply(ticket, text=WORDS, send_email=True)
        (finish,) = held
        _later(monkeypatch, finish)
        mails = len(fake.store.outbox)
        assert (await desk.reconcile(caught.value)).verdict is SENT
        assert len(fake.store.outbox) == mails + 1


@pytest.mark.parametrize("adapter", HTTP)
@pytest.mark.parametrize(
    ("behind", "aged"),
    [
        (timedelta(hours=1), True),
        (timedelta(hours=1), False),
        (timedelta(hours=7), False),
        (timedelta(days=2), False),
        (timedelta(days=-2), False),
    ],
)
async def test_dates_of_a_cache_or_of_another_node_take_no_time_from_the_vendor(
    monkeypatch: pytest.MonkeyPatch, adapter: str, behind: timedelta, aged: bool
) -> None:
    """What was read before the reply told another time than what is read after it."""
    told = behind
    _dated(monkeypatch, lambda: told, aged=aged)
    async with opened(adapter) as place:
        error = await _given_up(place, monkeypatch, None)
        told = timedelta()
        await place.desk.ticket(place.ticket.id)
        mails = len(place.store.outbox)
        found = await place.desk.reconcile(error)
        assert found.verdict is not NOT_SENT
        assert len(place.store.outbox) == mails + 1
        assert place.last in [number_of(one) for one in (found.message, *found.candidates) if one]


@pytest.mark.parametrize("adapter", HTTP)
@pytest.mark.parametrize("behind", [timedelta(days=2), timedelta(days=-2)])
async def test_what_is_there_is_not_hidden_by_the_date_of_another_node(
    monkeypatch: pytest.MonkeyPatch, adapter: str, behind: timedelta
) -> None:
    told = behind
    _dated(monkeypatch, lambda: told)
    async with opened(adapter) as place:
        error = await place.fail("reply", "answer")
        told = timedelta()
        assert (await place.desk.reconcile(error, settle=0)).verdict is not NOT_SENT


async def test_what_was_seen_once_and_is_gone_leaves_it_open(place: Place) -> None:
    error = await place.fail("reply", "answer")
    there, walks = place.stored[-1], 0
    _sign(there)
    messages = place.desk.messages

    def fleeting(ticket: Any) -> Any:
        nonlocal walks
        walks += 1
        if walks == 2:
            place.store.tickets[number_of(place.ticket)].messages.remove(there)
        return messages(ticket)

    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(place.desk, "messages", fleeting)
        found = await place.desk.reconcile(error)
    assert (found.verdict, len(found.candidates)) == (STILL_UNKNOWN, 1)
    assert walks > 2


@pytest.mark.parametrize(("restless", "verdict"), [(3, NOT_SENT), (99, STILL_UNKNOWN)])
async def test_a_list_is_walked_until_it_holds_still(
    place: Place, restless: int, verdict: hb.Verdict
) -> None:
    error = await place.fail("reply", "request")
    messages, walks = place.desk.messages, 0

    def moving(ticket: Any) -> Any:
        nonlocal walks
        walks += 1
        if walks <= restless:
            place.store.add_message(
                number_of(place.ticket),
                type=hb.MessageType.REQUEST,
                audience=hb.Audience.EXTERNAL,
                author=place.store.person(CUSTOMER),
                html=f"Line {walks}.",
                word="external",
            )
        return messages(ticket)

    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(place.desk, "messages", moving)
        found = await place.desk.reconcile(error, settle=0)
    assert found.verdict is verdict
    assert walks == (restless + 1 if verdict is NOT_SENT else 12)
    assert ("hold still" in found.reason) is (verdict is STILL_UNKNOWN)


# -- what is somebody else's is never called sent --------------------------------------------


@pytest.mark.parametrize(
    ("words", "others"),
    [
        ("It has -5 degrees here.", "It has +5 degrees here."),
        ("We write it in C++, yes.", "We write it in C#, yes."),
        ("Yes, of course 👍", "Yes, of course 👎"),
    ],
)
async def test_signs_and_emoji_are_words(place: Place, words: str, others: str) -> None:
    error = await place.fail("reply", "request", words)
    place.store.add_message(
        number_of(place.ticket),
        type=hb.MessageType.RESPONSE,
        audience=hb.Audience.EXTERNAL,
        author=hb.Party(id="12", name="Bo", email="bo@helpdesk.example", role=hb.Role.AGENT),
        html=others,
        text=others,
        word="external",
    )
    assert (await place.desk.reconcile(error)).verdict is STILL_UNKNOWN


async def test_a_stale_read_before_the_send_makes_no_old_reply_ours() -> None:
    """The vendor shows a ticket as it was, without the reply of an hour ago in the same words."""
    async with OmnideskFake(Store(), stale_reads=3) as fake:
        trouble = Trouble()
        async with connected(fake, trouble) as desk:
            ticket = await desk.create_ticket(subject="S", requester=CUSTOMER, text=WORDS)
            await desk.reply(ticket, text=WORDS, send_email=True)
            stored = fake.store.tickets[number_of(ticket)].messages[-1]
            stored.created_at -= timedelta(hours=1)
            desk._sender.ledger = MemoryLedger()  # it was another program's
            trouble.plan = ["request"]
            with pytest.raises(hb.OutcomeUnknown) as caught:
                await desk.reply(ticket, text=WORDS, send_email=True)
            found = await desk.reconcile(caught.value)
            assert found.verdict is STILL_UNKNOWN


async def test_a_customers_ticket_under_the_same_subject_is_not_ours(place: Place) -> None:
    place.trouble.plan = ["request"]
    with pytest.raises(hb.OutcomeUnknown) as caught:
        await place.desk.create_ticket(subject="Refund", requester=CUSTOMER, text=WORDS)
    place.store.create_ticket(
        subject="Refund", requester=place.store.person(CUSTOMER), html="Where is my money?"
    )
    found = await place.desk.reconcile(caught.value)
    assert found.verdict is STILL_UNKNOWN
    assert found.ticket == found.candidates[0]


# -- new tickets -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "subject", "email"),
    [
        (CUSTOMER, "[#123] Refund", CUSTOMER),
        (CUSTOMER, "Re: Refund", CUSTOMER),
        (CUSTOMER, "refund", CUSTOMER.title()),
        ("li@bücher.example", "Refund", "li@xn--bcher-kva.example"),
        ("li@xn--bcher-kva.example", "Refund", "li@bücher.example"),
        ("li+shop@customer.example", "Refund", CUSTOMER),
        ("li+shop@bücher.example", "[#123] refund", "Li@xn--bcher-kva.example"),
        ("li+shop@xn--bcher-kva.example", "Re: Refund", "li+shop@bücher.example"),
    ],
)
@pytest.mark.parametrize("hours", [0, 1])
async def test_a_new_ticket_in_another_spelling_is_found(
    place: Place, asked: str, subject: str, email: str, hours: int
) -> None:
    """Only the words that the vendor shows are rewritten: the ticket was created once."""
    if place.adapter == "request_tracker" and not asked.isascii():
        pytest.skip("it takes no such address")
    place.trouble.plan = ["answer"]
    with pytest.raises(hb.OutcomeUnknown) as caught:
        await place.desk.create_ticket(subject="Refund", requester=asked, text=WORDS)
    made = list(place.store.tickets.values())[-1]
    made.subject, made.requester = subject, evolve(made.requester, email=email)
    made.created_at -= timedelta(hours=hours)
    found = await place.desk.reconcile(caught.value)
    assert found.verdict is (STILL_UNKNOWN if hours else SENT)
    assert found.ticket is not None
    assert number_of(found.ticket) == made.id


@pytest.mark.parametrize("days", [-5, -1, 1])
async def test_a_new_ticket_that_is_dated_days_off_is_not_called_unsent(
    place: Place, days: int
) -> None:
    place.trouble.plan = ["answer"]
    with pytest.raises(hb.OutcomeUnknown) as caught:
        await place.desk.create_ticket(subject="Refund", requester=CUSTOMER, text=WORDS)
    made = list(place.store.tickets.values())[-1]
    made.created_at += timedelta(days=days)
    made.subject = "EXTERN: Refund of a customer"
    found = await place.desk.reconcile(caught.value)
    assert (found.verdict, len(found.candidates)) == (STILL_UNKNOWN, 1)


@pytest.mark.parametrize(("restless", "verdict"), [(2, NOT_SENT), (99, STILL_UNKNOWN)])
async def test_a_list_of_tickets_is_walked_until_it_holds_still(
    place: Place, restless: int, verdict: hb.Verdict
) -> None:
    place.trouble.plan = ["request"]
    with pytest.raises(hb.OutcomeUnknown) as caught:
        await place.desk.create_ticket(subject="Refund", requester=CUSTOMER, text=WORDS)
    tickets, walks = place.desk.tickets, 0

    def moving(**filters: Any) -> Any:
        nonlocal walks
        walks += 1
        if walks <= restless:
            bo = place.store.person("bo@customer.example")
            place.store.create_ticket(subject=f"Matter {walks}", requester=bo, html="Hello there.")
        return tickets(**filters)

    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(place.desk, "tickets", moving)
        found = await place.desk.reconcile(caught.value, settle=0)
    assert found.verdict is verdict


# -- marks -----------------------------------------------------------------------------------


async def test_omnidesk_is_given_the_call_with_a_mail_and_its_word_is_believed() -> None:
    async with opened("omnidesk") as place:
        error = await place.fail("add_request", "answer")
        assert place.fake is not None
        sent = [one for one in place.fake.journal if one.path.endswith("newInboundMessage")][-1]
        mark = f"{error.operation_id}@helpdesk-bridge.invalid"
        assert mark.encode() in sent.body
        place.stored[-1].html = "Rewritten beyond recognition."
        place.stored[-1].created_at -= timedelta(days=2)

        def marked(response: Any) -> Any:
            data = json.loads(response.content)
            for entry in data.get("item", {}).get("timeline", [])[-1:]:
                entry["external_id"] = mark
            response.content = json.dumps(data).encode()
            response._decoded.clear()
            return response

        assert (await place.desk.reconcile(error, settle=0)).verdict is STILL_UNKNOWN
        place.trouble.reads = marked
        found = await place.desk.reconcile(error, settle=0)
        assert found.verdict is SENT
        assert found.message is not None
        assert number_of(found.message) == place.last


async def test_outside_of_a_call_a_mark_is_a_new_one() -> None:
    from helpdesk_bridge.kit import write_mark

    assert CURRENT_CALL.get() is None
    assert len({write_mark(), write_mark()}) == 2


# -- conversations that move -----------------------------------------------------------------


@pytest.mark.parametrize("adapter", HTTP)
async def test_of_a_conversation_that_loses_one_meanwhile_no_other_is_lost(adapter: str) -> None:
    async with opened(adapter) as place:
        stored = place.store.tickets[number_of(place.ticket)]
        for number in range(120):
            place.store.add_message(
                stored.id,
                type=hb.MessageType.REQUEST,
                audience=hb.Audience.EXTERNAL,
                author=stored.requester,
                html=f"Line {number}.",
                word="external",
            )
        reads = 0

        def deleting(response: Any) -> Any:
            nonlocal reads
            reads += b"Line 5." in response.content
            if reads == 1 and b"Line 5." in response.content:
                stored.messages.remove(stored.messages[10])
            return response

        place.trouble.reads = deleting
        got = {number_of(one) async for one in place.desk.messages(place.ticket.id)}
        assert reads >= 1
        assert {
            int(one.id) for one in stored.messages if one.type is not hb.MessageType.SYSTEM
        } <= got


@pytest.mark.parametrize("adapter", HTTP)
@pytest.mark.parametrize("before", [20, 49, 50, 51, 100])
async def test_a_reply_among_messages_that_move_is_not_called_unsent(
    adapter: str, before: int
) -> None:
    """An old message is deleted while 120 are read: the reply moves onto a page that was read."""
    async with opened(adapter) as place:
        stored = place.store.tickets[number_of(place.ticket)]

        def more(number: int, word: str) -> None:
            for _ in range(number):
                place.store.add_message(
                    stored.id,
                    type=hb.MessageType.REQUEST,
                    audience=hb.Audience.EXTERNAL,
                    author=stored.requester,
                    html=f"{word} line.",
                    word="external",
                )

        more(before - len(place.stored), "Old")
        error = await place.fail("reply", "answer")
        number = place.last
        more(120 - before, "New")
        deleted = False

        def deleting(response: Any) -> Any:
            nonlocal deleted
            if b"Old line." in response.content and not deleted:
                deleted = True
                stored.messages.remove(next(m for m in stored.messages if m.html == "Old line."))
            return response

        place.trouble.reads = deleting
        found = await place.desk.reconcile(error, settle=0)
        assert deleted
        assert found.verdict is SENT
        assert found.message is not None
        assert number_of(found.message) == number


@pytest.mark.parametrize("adapter", ["helpspace", "airclou"])
async def test_a_conversation_that_never_holds_still_is_an_error(adapter: str) -> None:
    async with opened(adapter) as place:
        stored = place.store.tickets[number_of(place.ticket)]
        for number in range(150):
            place.store.add_message(
                stored.id,
                type=hb.MessageType.REQUEST,
                audience=hb.Audience.EXTERNAL,
                author=stored.requester,
                html=f"Line {number}.",
                word="external",
            )

        def deleting(response: Any) -> Any:
            if b"Line 1" in response.content:
                stored.messages.pop(20)
            return response

        place.trouble.reads = deleting
        with pytest.raises(hb.PaginationLoop, match="hold still"):
            [one async for one in place.desk.messages(place.ticket.id)]
        await asyncio.sleep(0)
