"""What makes a write the same as the one that its key was given to, in whatever process."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.memory_ledger import MemoryLedger
from helpdesk_bridge.delivery.write import content_of
from tests.delivery.places import BANK, CUSTOMER, WORDS, opened

pytestmark = pytest.mark.asyncio
CYCLE: dict[str, Any] = {}
CYCLE["again"] = CYCLE
ODD: list[Any] = [10**30, -(10**30), "\ud83d", {(1, 2): 3}, {1: 2}, 1.5, None, [[[["deep"]]]], b"x"]


@pytest.mark.parametrize("value", ODD)
async def test_values_that_no_json_takes_are_compared_too(value: Any) -> None:
    one, two = [await content_of({"extra": {"a": value}}, ()) for _ in range(2)]
    assert one == two != await content_of({"extra": {"a": "another"}}, ())


async def test_a_value_that_leads_back_to_itself_is_refused() -> None:
    async with opened("memory", ledger=MemoryLedger()) as place:
        with pytest.raises(hb.InvalidArgument):
            await place.desk.reply(place.ticket, text=WORDS, send_email=True, extra=CYCLE, key="k")
        assert len(place.store.outbox) == 0


async def test_the_order_of_sets_and_mappings_does_not_count() -> None:
    words = ["b", "a", "c"]
    found = {
        await content_of({"x": dict.fromkeys(order, 1), "y": set(order)}, ())
        for order in itertools.permutations(words)
    }
    assert len(found) == 1
    assert await content_of({"x": ["a", "b"]}, ()) != await content_of({"x": ["b", "a"]}, ())


@pytest.mark.parametrize("adapter", ["memory", "airclou"])
async def test_tags_and_copies_in_another_order_are_the_same_write(adapter: str) -> None:
    """A set has another order in each process."""
    async with opened(adapter, ledger=MemoryLedger()) as place:
        made = [
            await place.desk.create_ticket(
                subject="S", requester=CUSTOMER, text=WORDS, tags=tags, key="k"
            )
            for tags in (["a", "b"], ["b", "a"])
        ]
        assert made[0].id == made[1].id
        sent = [
            await place.desk.reply(
                place.ticket, text=WORDS, send_email=True, cc=copies, key="reply"
            )
            for copies in ([BANK, "x@y.example"], ["x@y.example", BANK])
        ]
        assert [one.repeated for one in sent] == [False, True]


async def test_times_do_not_count() -> None:
    async with opened("omnidesk", ledger=MemoryLedger()) as place:
        soon = datetime.now(UTC) + timedelta(days=1)
        sent = [
            await place.desk.reply(place.ticket, text=WORDS, send_email=True, send_at=when, key="k")
            for when in (soon, soon + timedelta(hours=1))
        ]
        assert [one.repeated for one in sent] == [False, True]


async def test_what_was_refused_can_be_corrected_under_its_key() -> None:
    async with opened("helpspace", ledger=MemoryLedger()) as place:

        async def refused(request: Any, handler: Any) -> Any:
            raise hb.ValidationFailed("no.", outcome=hb.Outcome.REJECTED)

        place.trouble.plan = [refused]
        with pytest.raises(hb.ValidationFailed):
            await place.desk.reply(place.ticket, text=WORDS, send_email=True, key="k")
        sent = await place.desk.reply(place.ticket, text="Better.", send_email=True, key="k")
        assert not sent.repeated
        with pytest.raises(hb.InvalidArgument, match="another write"):
            await place.desk.reply(place.ticket, text=WORDS, send_email=True, key="k")
        assert len(place.store.outbox) == 1


@pytest.mark.parametrize("adapter", ["airclou", "omnidesk"])
async def test_a_ticket_whose_first_message_is_missing_can_be_completed(adapter: str) -> None:
    """Its first message is a second request; the key then stands for both."""
    async with opened(adapter, ledger=MemoryLedger()) as place:

        def create() -> Any:
            return place.desk.create_ticket(
                subject="S", requester=CUSTOMER, text=WORDS, key="job 1"
            )

        place.trouble.plan = ["fine", "request"]
        for _ in range(2):  # the second one may be of another process
            with pytest.raises(hb.PartlyDone) as caught:
                await create()
            error = caught.value
            assert (error.key, type(error.failure)) == ("job 1", hb.OutcomeUnknown)
        assert error.ticket_id is not None
        found = await place.desk.reconcile(error)
        assert (found.verdict, found.ticket_id) == (hb.Verdict.NOT_SENT, error.ticket_id)
        await place.desk.add_request(
            error.ticket_id, author=CUSTOMER, text=WORDS, key="job 1, first message"
        )
        tickets = len(place.store.tickets)
        for _ in range(2):
            assert (await create()).id == error.ticket_id
        assert len(place.store.tickets) == tickets


async def test_a_ticket_that_is_gone_is_told_with_its_number() -> None:
    async with opened("helpspace", ledger=MemoryLedger()) as place:

        def create() -> Any:
            return place.desk.create_ticket(subject="S", requester=CUSTOMER, text=WORDS, key="k")

        made = await create()
        place.store.tickets.pop(int(made.id))
        with pytest.raises(hb.NotFound, match=f"earlier call with this key made .* {made.id}"):
            await create()
