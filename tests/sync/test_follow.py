"""``follow`` polls at its interval, wakes at the doorbell, and survives what passes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from itertools import pairwise
from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge import kit
from helpdesk_bridge.kit import errors
from tests.sync.polled import Cursors, Reader, Scanned, Spoken, Vendor, Windowed, opened, told
from tests.transport.virtual import now, run

ADAPTERS = {"window": Windowed, "scan": Scanned, "spoken": Spoken, "cursor": Cursors}
QUESTION: dict[type[kit.Adapter], str] = {
    Windowed: "list_changed",
    Scanned: "list_tickets",
    Spoken: "list_spoken",
    Cursors: "read_feed",
}

every_adapter = pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=ADAPTERS)


def _vendor(count: int = 5, **more: Any) -> Vendor:
    vendor = Vendor(**more)
    vendor.begin(count)
    return vendor


# -- when it polls ---------------------------------------------------------------------------------


@every_adapter
def test_it_polls_each_interval_from_beginning_to_beginning(adapter: type[kit.Adapter]) -> None:
    async def check() -> None:
        vendor, reader = _vendor(delay=1.0), Reader()
        async with opened(vendor, adapter) as desk:
            began = now()
            await reader.follow(desk, 200.0, every=30.0)
        times = [at - began for at, _ in vendor.asked]
        assert [min(at for at in times if at > n * 30 - 25) for n in range(1, 7)] == [
            30.0, 60.0, 90.0, 120.0, 150.0, 180.0
        ]  # fmt: skip
        assert len(vendor.times(QUESTION[adapter])) <= 10

    run(check())


def test_a_poll_that_takes_longer_is_followed_by_the_next_at_once() -> None:
    async def check() -> None:
        vendor, reader = _vendor(delay=40.0), Reader()
        async with opened(vendor) as desk:
            await reader.follow(desk, 1000.0, every=30.0, messages=False)
        polls = vendor.times("list_changed")[3:]
        assert {after - before for before, after in pairwise(polls)} == {40.0}
        assert vendor.most == 1

    run(check())


@every_adapter
def test_only_news_and_the_first_that_is_caught_up_are_told(adapter: type[kit.Adapter]) -> None:
    async def check() -> None:
        vendor, reader = _vendor(), Reader()
        async with opened(vendor, adapter) as desk, asyncio.TaskGroup() as group:
            group.create_task(reader.follow(desk, 300.0, every=10.0))
            await asyncio.sleep(95)
            text = vendor.change("3")
        assert [one.caught_up for _, one in reader.batches].count(True) == 1
        assert reader.texts == [text]
        late = [one for at, one in reader.batches if at > 1095]
        assert [one.tickets[0].id for one in late][:1] == ["3"]
        assert len(late) <= 2  # the newest one before may come again as it was

    run(check())


def test_it_goes_on_from_a_checkpoint_and_tells_nothing_twice() -> None:
    async def check() -> None:
        vendor, first, second = _vendor(), Reader(), Reader()
        async with opened(vendor) as desk:
            await first.follow(desk, 50.0, every=10.0)
            text = vendor.change()
            await second.follow(desk, 50.0, first.batches[-1][1].checkpoint, every=10.0)
        assert second.texts == [text]

    run(check())


def test_events_are_followed() -> None:
    async def check() -> None:
        vendor = _vendor()
        async with opened(vendor) as desk:
            found = []
            async with aclosing(desk.events(every=10.0)) as events:
                async for event in events:
                    found.append((event.kind, event.ticket_id))
                    if len(found) == 5:
                        asyncio.get_running_loop().call_later(25, vendor.change, "2")
                    if event.kind is hb.EventKind.MESSAGE_RECEIVED:
                        break
        assert found[-1] == (hb.EventKind.MESSAGE_RECEIVED, "2")

    run(check())


# -- the doorbell ----------------------------------------------------------------------------------


def _rung(adapter: type[kit.Adapter], ring: Callable[[asyncio.Event], Any], seconds: float) -> Any:
    """Follow with a poll an hour; return when it polled after the first two minutes."""

    async def check() -> list[float]:
        vendor, reader, bell = _vendor(), Reader(), asyncio.Event()
        async with opened(vendor, adapter) as desk, asyncio.TaskGroup() as group:
            began = now()
            group.create_task(reader.follow(desk, seconds, every=3600.0, doorbell=bell))
            await asyncio.sleep(120)
            await ring(bell)
        times = sorted({at - began for at in vendor.times(QUESTION[adapter])})
        assert not bell.is_set()
        return [at for at in times if at > 60]

    return run(check())


@every_adapter
def test_the_doorbell_wakes_it_and_is_cleared(adapter: type[kit.Adapter]) -> None:
    async def ring(bell: asyncio.Event) -> None:
        bell.set()
        bell.set()

    assert _rung(adapter, ring, 1000.0) == [120.0]


@every_adapter
def test_a_doorbell_that_never_rests_has_it_poll_once_a_second(adapter: type[kit.Adapter]) -> None:
    async def ring(bell: asyncio.Event) -> None:
        for _ in range(100):
            bell.set()
            await asyncio.sleep(0.1)

    times = _rung(adapter, ring, 1000.0)
    assert times == [pytest.approx(120.0 + n) for n in range(len(times))]
    assert 10 <= len(times) <= 12


def test_a_ring_during_a_poll_brings_another_one() -> None:
    async def check() -> None:
        vendor, reader, bell = _vendor(delay=5.0), Reader(), asyncio.Event()
        async with opened(vendor) as desk, asyncio.TaskGroup() as group:
            group.create_task(reader.follow(desk, 1000.0, every=3600.0, doorbell=bell))
            await asyncio.sleep(120)
            bell.set()
            await asyncio.sleep(7)  # the list was read, and the message comes behind it
            text = vendor.change("1")
            bell.set()
        assert reader.texts == [text]
        assert reader.batches[-1][0] < 1150

    run(check())


def test_a_doorbell_of_another_loop_is_refused_before_any_request() -> None:
    bell, vendor = asyncio.Event(), _vendor()

    async def bind() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(bell.wait(), 1)

    async def check() -> None:
        bell.set()
        async with opened(vendor) as desk:
            with pytest.raises(hb.InvalidArgument, match="another event loop") as caught:
                await anext(desk.follow(doorbell=bell))
        assert (caught.value.desk, caught.value.operation) == ("support", "follow")

    run(bind())
    run(check())
    assert not vendor.asked


# -- errors that pass ------------------------------------------------------------------------------

PASSING: dict[str, Callable[[], hb.HelpdeskError]] = {
    "refused": lambda: errors.ConnectFailed("refused."),
    "503": lambda: errors.VendorUnavailable("down.", status=503),
    "timeout": lambda: errors.DeadlineExceeded(""),
    "no slot": lambda: errors.PoolTimeout("no room."),
    "no permit": lambda: errors.RateLimited("kept for others.", retry_after=7.0),
    "cut": lambda: errors.TruncatedBody("cut."),
}
ODD: dict[str, Callable[[], hb.HelpdeskError]] = {
    "login page": lambda: errors.ProtocolError("$: a web page."),
    "restless": lambda: errors.PaginationLoop("does not hold still."),
    "short": lambda: errors.IncompleteList("two are missing."),
}


async def _disturbed(
    vendor: Vendor, adapter: type[kit.Adapter], error: Callable[[], hb.HelpdeskError], seconds: int
) -> tuple[list[str], Reader]:
    """Follow for half an hour; requests fail from the 100th second on for some seconds."""
    reader = Reader()

    async def breaks(_: str) -> None:
        if 1100 <= now() < 1100 + seconds:
            raise error()

    vendor.breaks = breaks
    texts = []
    async with opened(vendor, adapter) as desk, asyncio.TaskGroup() as group:
        group.create_task(reader.follow(desk, 1800.0, every=10.0))
        for number in range(40):
            await asyncio.sleep(21)
            texts.append(vendor.change(str(number % 7 + 1)))
    return texts, reader


@every_adapter
@pytest.mark.parametrize("error", [*PASSING.values(), *ODD.values()], ids=[*PASSING, *ODD])
def test_what_passes_is_survived_and_nothing_is_lost(
    adapter: type[kit.Adapter], error: Callable[[], hb.HelpdeskError]
) -> None:
    seconds = 60 if error in ODD.values() else 400
    texts, reader = run(_disturbed(_vendor(delay=0.5), adapter, error, seconds))
    assert sorted(reader.texts) == sorted(texts)


def test_what_came_of_a_first_list_is_not_told_again_after_an_error() -> None:
    async def check() -> None:
        vendor, reader = _vendor(1000), Reader()

        async def breaks(_: str) -> None:
            if len(vendor.asked) in (5, 8, 9, 15):
                raise errors.VendorUnavailable("down.", status=503)

        vendor.breaks = breaks
        async with opened(vendor, max_attempts=1) as desk:
            await reader.follow(desk, 1000.0, every=10.0, messages=False)
        ids = [one.id for _, batch in reader.batches for one in batch.tickets]
        assert sorted(ids) == sorted(vendor.tickets)

    run(check())


def test_it_waits_longer_each_time_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    async def check() -> list[float]:
        vendor, reader = _vendor(), Reader()

        async def breaks(_: str) -> None:
            if now() >= 1100:
                raise errors.ConnectFailed("refused.")

        vendor.breaks = breaks
        async with opened(vendor) as desk:
            await reader.follow(desk, 2000.0, every=20.0)
        return [at for at in vendor.times("list_changed") if at >= 1100]

    with caplog.at_level(logging.WARNING, "helpdesk_bridge.sync"):
        times = run(check())
    waits = [after - before for before, after in pairwise(times)]
    assert waits[:7] == [20.0, 40.0, 80.0, 160.0, 300.0, 300.0, 300.0]
    line = caplog.records[0]
    assert "support" in line.getMessage()
    assert "ConnectFailed" in line.getMessage()
    assert (line.desk, line.call, line.wait) == ("support", "follow", 20.0)  # type: ignore[attr-defined]


def test_it_waits_as_long_as_the_vendor_asks_whoever_rings() -> None:
    async def check() -> None:
        vendor, reader, bell = _vendor(), Reader(), asyncio.Event()

        async def breaks(_: str) -> None:
            if 1100 <= now() < 1600:
                raise errors.RateLimited("slow down.", retry_after=500.0)

        vendor.breaks = breaks
        async with opened(vendor) as desk, asyncio.TaskGroup() as group:
            group.create_task(reader.follow(desk, 1000.0, every=10.0, doorbell=bell))
            await asyncio.sleep(300)
            bell.set()
        assert [at for at in vendor.times("list_changed") if at >= 1100][:2] == [1100, 1600]

    run(check())


# -- errors that do not ----------------------------------------------------------------------------


@every_adapter
@pytest.mark.parametrize("at", [1000, 1100])
@pytest.mark.parametrize(
    "error",
    [
        errors.AuthenticationError("no such key.", status=401),
        errors.PermissionDenied("not yours.", status=403),
        errors.UnsupportedCapability("no."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_does_not_pass_is_raised_at_once(
    adapter: type[kit.Adapter], error: hb.HelpdeskError, at: int
) -> None:
    async def check() -> None:
        vendor, reader = _vendor(), Reader()

        async def breaks(_: str) -> None:
            if now() >= at:
                raise type(error)(error.message, status=error.status)

        vendor.breaks = breaks
        async with opened(vendor, adapter) as desk:
            with pytest.raises(type(error)) as caught:
                await reader.follow(desk, 1000.0, every=10.0)
            assert now() == at
        assert (caught.value.desk, caught.value.operation) == ("support", "follow")

    run(check())


@pytest.mark.parametrize("error", ODD.values(), ids=ODD)
def test_an_answer_that_stays_wrong_is_raised_in_the_end(
    error: Callable[[], hb.HelpdeskError],
) -> None:
    async def check() -> None:
        vendor, reader = _vendor(), Reader()

        async def breaks(_: str) -> None:
            if now() >= 1100:
                raise error()

        vendor.breaks = breaks
        async with opened(vendor) as desk:
            with pytest.raises(type(error())) as caught:
                await reader.follow(desk, 1000.0, every=10.0)
        assert caught.value.operation == "follow"
        assert len([at for at in vendor.times("list_changed") if at >= 1100]) == 5

    run(check())


def test_an_adapters_bug_is_raised_with_the_names_of_desk_and_call() -> None:
    async def check() -> None:
        vendor, reader = _vendor(), Reader()

        async def breaks(_: str) -> None:
            if now() >= 1100:
                raise ValueError("a bug")

        vendor.breaks = breaks
        async with opened(vendor) as desk:
            with pytest.raises(ValueError, match="a bug") as caught:
                await reader.follow(desk, 1000.0, every=10.0)
        assert caught.value.__notes__ == ["This was raised in follow on 'support'."]

    run(check())


def test_a_checkpoint_of_another_desk_is_refused_before_any_request() -> None:
    async def check() -> None:
        first, vendor, reader = _vendor(), _vendor(), Reader()
        async with opened(first, account="two") as desk:
            await reader.follow(desk, 5.0)
        async with opened(vendor) as desk:
            for call in (desk.follow, desk.events):
                with pytest.raises(hb.InvalidArgument) as caught:
                    await anext(call(reader.batches[-1][1].checkpoint, every=30.0))
                assert caught.value.operation == call.__name__
        assert not vendor.asked
        assert told(one for _, one in reader.batches) == []

    run(check())


@pytest.mark.parametrize("adapter", [Scanned, Spoken])
def test_a_list_that_begins_with_old_tickets_is_not_told_again_by_the_poll_behind_it(
    adapter: type[kit.Adapter],
) -> None:
    async def check() -> None:
        vendor, reader = _vendor(1500), Reader()
        async with opened(vendor, adapter) as desk:
            await reader.follow(desk, 100.0, every=40.0)
        assert len([one for _, batch in reader.batches for one in batch.tickets]) == 1500
        assert len(vendor.times("list_messages")) < 1510  # the newest ones once more

    run(check())
