"""Ledgers that lie, vanish, fail in odd ways, or are shared by threads."""

from __future__ import annotations

import asyncio
import logging
import traceback
from typing import Any

import pytest
from attrs import evolve

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.entry import EntryState, LedgerEntry, Writer
from helpdesk_bridge.delivery.memory_ledger import MemoryLedger
from helpdesk_bridge.errors import Cause
from helpdesk_bridge.transport import clock
from tests.delivery.places import WORDS, opened
from tests.delivery.test_ledger import GONE, entry, writer

pytestmark = pytest.mark.asyncio
SECRET = "hush-hush"


class Lying(MemoryLedger):
    """Gives away no entry of the dead, or has lost it meanwhile."""

    vanishes = False

    async def take_over(self, operation_id: str, beat: int) -> bool:
        return False

    async def entry(self, operation_id: str) -> LedgerEntry | None:
        return None if self.vanishes else await super().entry(operation_id)


@pytest.mark.parametrize("vanishes", [True, False])
@pytest.mark.parametrize("wait", [True, False])
async def test_recover_ends_when_an_entry_is_not_given_away(vanishes: bool, wait: bool) -> None:
    ledger = Lying()
    ledger.vanishes = vanishes
    await ledger.begin(entry("a", writer=writer(pid=GONE)))
    async with opened("helpspace", ledger=ledger) as place:
        (left,) = await place.desk.recover(settle=0, wait=wait)
    assert left.verdict is hb.Verdict.STILL_UNKNOWN
    expected = "not in the ledger any more" if vanishes else "does not give it away"
    assert expected in left.reason


async def test_a_call_with_a_key_ends_when_its_entry_is_not_given_away() -> None:
    ledger = Lying()
    async with opened("helpspace", ledger=ledger) as place:

        def reply() -> Any:
            return place.desk.reply(place.ticket, text=WORDS, send_email=True, key="k")

        await reply()
        kept = await ledger.with_key("it", "k")
        assert kept is not None
        dead = evolve(Writer.this(), name="other", pid=GONE)
        ledger._entries[kept.operation_id] = evolve(kept, writer=dead, state=EntryState.PENDING)
        with pytest.raises(hb.InProgress) as caught:
            await reply()
        assert caught.value.key == "k"
        assert caught.value.retry_after
        assert len(place.store.outbox) == 1


async def test_a_secret_in_what_a_ledger_raises_does_not_show() -> None:
    class Telling(MemoryLedger):
        async def begin(self, entry: LedgerEntry) -> LedgerEntry | None:
            if entry.operation == "reply":
                raise RuntimeError(f"redis://:{SECRET}@db")
            return await super().begin(entry)

    async with opened("memory", ledger=Telling()) as place:
        with pytest.raises(hb.ConfigurationError) as caught:
            await place.desk.reply(place.ticket, text=WORDS, send_email=True)
    error = caught.value
    assert SECRET not in "".join(traceback.format_exception(error))
    assert isinstance(error.__cause__, Cause)
    assert (error.retryable, error.outcome) == (True, hb.Outcome.NOT_SENT)
    assert "Nothing was sent." in str(error)


async def test_a_ledger_that_cancels_itself_does_not_cancel_the_call(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Cancelling(MemoryLedger):
        async def record_result(self, *_: Any, **__: Any) -> bool:
            raise asyncio.CancelledError

    async with opened("helpspace", ledger=Cancelling()) as place:
        with caplog.at_level(logging.ERROR, "helpdesk_bridge"):
            await place.desk.reply(place.ticket, text=WORDS, send_email=True)
        assert "(CancelledError)" in caplog.text
        assert len(place.store.outbox) == 1


async def test_open_entries_are_kept_however_many_there_are() -> None:
    ledger = MemoryLedger(most=3)
    for number in range(10):
        await ledger.begin(entry(f"open {number}", key=f"open {number}"))
        await ledger.begin(entry(f"sent {number}", key=f"sent {number}"))
        await ledger.record_result(f"sent {number}", EntryState.SENT)
    assert len(await ledger.unresolved("it")) == 10
    for number in range(10):
        assert await ledger.with_key("it", f"open {number}") is not None
    assert await ledger.with_key("it", "sent 0") is None


async def test_a_ledger_in_memory_is_locked_while_it_decides() -> None:
    """Desks of several threads may share it: what is looked up and what is set is one step."""
    held: list[bool] = []

    class Watched(MemoryLedger):
        async def with_key(self, desk: str, key: str) -> LedgerEntry | None:
            held.append(self._lock._is_owned())  # type: ignore[attr-defined]
            return await super().with_key(desk, key)

    assert await Watched().begin(entry("a", key="k")) is None
    assert held == [True]


async def test_a_call_whose_lease_is_lost_while_it_sends_is_stopped() -> None:
    """Another process may prove that nothing is there, and send it: this one must not go on."""
    ledger = MemoryLedger()
    async with opened("helpspace", ledger=ledger) as place:
        went_on = False

        async def uploading(request: Any, handler: Any) -> Any:
            nonlocal went_on
            request.progress.bytes_sent = True
            kept = await ledger.with_key("it", "k")
            assert kept is not None
            assert await ledger.take_over(kept.operation_id, kept.beat)
            await clock.pause(10.1)
            for _ in range(50):
                await asyncio.sleep(0)
            went_on = True
            return await handler(request)

        place.trouble.plan = [uploading]
        with pytest.raises(hb.OutcomeUnknown) as caught:
            await place.desk.reply(place.ticket, text=WORDS, send_email=True, key="k")
        assert caught.value.reason is hb.Reason.IN_PROGRESS
        assert "lease" in str(caught.value)
        assert not went_on
        assert len(place.store.outbox) == 0


@pytest.mark.parametrize("delays", [None, 5, [float("nan")], [float("inf")], [10**400], [True]])
async def test_waits_that_are_none_are_refused(delays: Any) -> None:
    async with opened("omnidesk") as place:
        sent = await place.desk.reply(place.ticket, text=WORDS, send_email=True)
        with pytest.raises(hb.InvalidArgument, match="delay"):
            await place.desk.complete(sent, delays=delays)
        error = await place.fail("reply", "answer")
        if isinstance(delays, list):
            with pytest.raises(hb.InvalidArgument, match="settle"):
                await place.desk.reconcile(error, settle=delays[0])
