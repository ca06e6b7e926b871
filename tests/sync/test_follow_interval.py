"""``follow`` refuses an interval that cannot be kept, and spreads what it reads over it."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge import kit
from helpdesk_bridge.transport.rate_limits import Rate, SlidingWindow
from tests.sync.polled import Cursors, Reader, Scanned, Spoken, Vendor, Windowed, opened
from tests.transport.virtual import run


def _vendor(count: int, **more: Any) -> Vendor:
    vendor = Vendor(**more)
    vendor.begin(count)
    return vendor


# -- arguments -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        *({"every": one} for one in (0, -1, True, "30", float("nan"), float("inf"), None)),
        *({"sweep_every": one} for one in (0, -1.0, False, "1", float("inf"))),
        {"messages": "yes"},
        {"messages": None},
        {"doorbell": asyncio.Event},
        {"doorbell": True},
        {"checkpoint": "none"},
        {"checkpoint": 5},
        {"checkpoint": ""},
    ],
    ids=str,
)
def test_what_is_not_acceptable_is_refused_before_any_request(wrong: dict[str, Any]) -> None:
    vendor = _vendor(5)

    async def check() -> None:
        async with opened(vendor) as desk:
            with pytest.raises(hb.InvalidArgument) as caught:
                await anext(desk.follow(**wrong))
        assert (caught.value.desk, caught.value.operation) == ("support", "follow")

    run(check())
    assert not vendor.asked


@pytest.mark.parametrize("every", [0, True, "30", float("nan")])
def test_events_refuse_it_likewise(every: Any) -> None:
    vendor = _vendor(5)

    async def check() -> None:
        async with opened(vendor) as desk:
            with pytest.raises(hb.InvalidArgument, match="every="):
                await anext(desk.events(every=every))
            with pytest.raises(hb.InvalidArgument, match="need every="):
                await anext(desk.events(doorbell=asyncio.Event()))

    run(check())
    assert not vendor.asked


# -- an interval that cannot be kept ---------------------------------------------------------------


def _proposed(error: hb.InvalidArgument) -> float:
    return float(str(error).split("Give every=")[1].split(",")[0])


async def _refused(desk: hb.Helpdesk, every: float, *given: str) -> hb.InvalidArgument:
    with pytest.raises(hb.InvalidArgument, match="is too short") as caught:
        await Reader().follow(desk, 500.0, *given, every=every, messages=False)
    assert (caught.value.desk, caught.value.operation) == ("support", "follow")
    return caught.value


def test_the_size_is_known_after_the_first_list_and_what_is_proposed_works() -> None:
    async def check() -> None:
        vendor, reader = _vendor(2000), Reader()
        async with opened(vendor, Scanned, rate_limit="30/minute") as desk:
            error = await _refused(desk, 30.0)  # 20 requests at 24 a minute
            assert len(vendor.times("list_tickets")) == 20
            assert _proposed(error) == 63
            await reader.follow(desk, 500.0, every=_proposed(error), messages=False)
        assert len(reader.batches) >= 5

    run(check())


def test_of_a_desk_whose_size_is_known_it_is_refused_before_any_request() -> None:
    async def check() -> None:
        vendor, reader = _vendor(2000), Reader()
        async with opened(vendor, Scanned) as desk:
            await reader.follow(desk, 50.0, every=50.0, messages=False)
        asked = len(vendor.asked)
        async with opened(vendor, Scanned, rate_limit="30/minute") as desk:
            error = await _refused(desk, 49.0, reader.batches[-1][1].checkpoint)
            assert len(vendor.asked) == asked
            given = _proposed(error)
            await reader.follow(desk, 100, reader.batches[-1][1].checkpoint, every=given)
        assert len(vendor.asked) > asked

    run(check())


@pytest.mark.parametrize("adapter", [Windowed, Spoken, Cursors])
def test_where_a_poll_takes_a_request_a_second_is_no_interval_for_a_few_an_hour(
    adapter: type[kit.Adapter],
) -> None:
    vendor = _vendor(5)

    async def check() -> None:
        async with opened(vendor, adapter, rate_limit="10/hour") as desk:
            error = await _refused(desk, 5.0)
            assert "about 1 request," in str(error)
            assert not vendor.asked
            await Reader().follow(desk, 10.0, every=_proposed(error), messages=False)
        assert vendor.asked

    run(check())


@pytest.mark.parametrize("adapter", [Windowed, Spoken, Cursors, Scanned])
def test_without_a_rate_limit_of_its_own_any_interval_is_taken(adapter: type[kit.Adapter]) -> None:
    async def check() -> None:
        for limiter in (None, SlidingWindow(Rate(100, 1.0))):
            vendor, reader = _vendor(1000, delay=0.01), Reader()
            async with opened(vendor, adapter, limiter=limiter) as desk:
                await reader.follow(desk, 5.0, every=0.5, messages=False)
            assert [one.caught_up for _, one in reader.batches].count(True) == 1

    run(check())


def test_a_desk_that_grows_is_read_as_fast_as_it_can_be() -> None:
    async def check() -> None:
        vendor, reader = _vendor(500, delay=0.1), Reader()
        limit = "60/minute"
        async with opened(vendor, Scanned, rate_limit=limit) as desk, asyncio.TaskGroup() as group:
            group.create_task(reader.follow(desk, 400.0, every=9.0, messages=False))
            await asyncio.sleep(50)
            for _ in range(500):
                vendor.change()
            await asyncio.sleep(300)
            vendor.change("5")
        assert reader.batches[-1][1].tickets[0].id == "5"

    run(check())


# -- how it is spread ------------------------------------------------------------------------------


def test_the_list_of_all_tickets_is_spread_over_the_interval() -> None:
    async def check() -> None:
        vendor, reader = _vendor(3000, delay=0.1), Reader()
        async with opened(vendor, Scanned) as desk:
            await reader.follow(desk, 1000.0, every=300.0, messages=False)
        first = [at - 1000 for at in vendor.times("list_tickets") if at < 1290]
        assert max(first) < 20  # the first list is what the caller waits for
        polls = [at - 1300 for at in vendor.times("list_tickets") if 1300 <= at < 1600]
        assert len(polls) == 30
        assert polls[0] == 0
        assert 180 < polls[-1] < 215
        assert max(after - before for before, after in pairwise(polls)) < 25

    run(check())


def test_a_small_list_is_read_at_once() -> None:
    async def check() -> None:
        vendor, reader = _vendor(50), Reader()
        async with opened(vendor, Scanned) as desk, asyncio.TaskGroup() as group:
            group.create_task(reader.follow(desk, 1000.0, every=300.0))
            await asyncio.sleep(299)
            vendor.change("7")
        assert reader.batches[-1][0] == 1300

    run(check())


def test_a_ring_has_the_list_read_without_rests() -> None:
    async def check() -> None:
        vendor, reader, bell = _vendor(1000), Reader(), asyncio.Event()
        async with opened(vendor, Scanned) as desk, asyncio.TaskGroup() as group:
            group.create_task(reader.follow(desk, 400.0, every=300.0, doorbell=bell))
            for seconds, ticket_id in ((250, "950"), (100, "5")):  # between polls, and within one
                await asyncio.sleep(seconds)
                vendor.change(ticket_id)
                bell.set()
        found = [(at, one.tickets[0].id) for at, one in reader.batches if at > 1200]
        assert found == [(1250, "950"), (1350, "5")]

    run(check())


# -- where messages are found apart ----------------------------------------------------------------


def test_messages_are_asked_for_each_interval_while_all_is_read_more_seldom() -> None:
    async def check() -> None:
        vendor, reader = _vendor(2000, delay=0.05), Reader()
        async with opened(vendor, Spoken) as desk, asyncio.TaskGroup() as group:
            group.create_task(reader.follow(desk, 400.0, every=5.0))
            for number in range(15):
                await asyncio.sleep(23)
                vendor.change(str(100 * number + 1))
        quick = [at for at in vendor.times("list_spoken") if at > 1050]
        assert max(after - before for before, after in pairwise(quick)) < 6
        assert min(after - before for before, after in pairwise(quick)) > 3
        lists = [at for at in vendor.times("list_tickets") if at > 1050]
        assert 300 < len(lists) < 400  # a request a second
        assert len(reader.texts) == len(set(reader.texts)) == 15

    run(check())


def test_what_shows_in_the_list_alone_is_found_by_it() -> None:
    async def check() -> None:
        vendor, reader = _vendor(500), Reader()
        limit = "60/minute"
        async with opened(vendor, Spoken, rate_limit=limit) as desk, asyncio.TaskGroup() as group:
            group.create_task(reader.follow(desk, 400.0, every=5.0))
            await asyncio.sleep(90)
            vendor.rename("250")
        found = [(at, one.tickets[0].subject) for at, one in reader.batches if at > 1090]
        assert [subject for _, subject in found].count("Renamed") == 1
        assert found[0][0] < 1130

    run(check())


def test_a_ring_within_the_reading_of_all_is_answered_at_once_and_does_not_hurry_it() -> None:
    async def check() -> None:
        vendor, reader, bell = _vendor(5000), Reader(), asyncio.Event()
        async with opened(vendor, Spoken) as desk, asyncio.TaskGroup() as group:
            group.create_task(reader.follow(desk, 135.0, every=60.0, doorbell=bell))
            await asyncio.sleep(130)
            before = len(vendor.times("list_tickets"))
            vendor.change("4444")
            bell.set()
            await asyncio.sleep(0.5)
            assert reader.texts
            assert len(vendor.times("list_tickets")) - before <= 8
            assert not bell.is_set()

    run(check())


# -- deletions -------------------------------------------------------------------------------------


@pytest.mark.parametrize("adapter", [Windowed, Scanned, Spoken])
def test_deletions_are_looked_for_at_their_own_interval(adapter: type[kit.Adapter]) -> None:
    async def check() -> None:
        vendor, reader = _vendor(300), Reader()
        async with opened(vendor, adapter) as desk, asyncio.TaskGroup() as group:
            group.create_task(reader.follow(desk, 1000.0, every=20.0, sweep_every=200.0))
            await asyncio.sleep(30)
            del vendor.tickets["7"]
        deleted = [(at - 1000, one.deleted) for at, one in reader.batches if one.deleted]
        assert [ids for _, ids in deleted] == [("7",)]
        assert 195 < deleted[0][0] < 225
        if adapter is Windowed:
            assert len({at for at in vendor.times("list_tickets") if at > 1010}) == 4

    run(check())


def test_without_an_interval_of_theirs_nobody_looks_for_them() -> None:
    async def check() -> None:
        vendor, reader = _vendor(300), Reader()
        async with opened(vendor) as desk, asyncio.TaskGroup() as group:
            group.create_task(reader.follow(desk, 1000.0, every=20.0))
            await asyncio.sleep(30)
            del vendor.tickets["7"]
        assert not any(one.deleted for _, one in reader.batches)
        assert not [at for at in vendor.times("list_tickets") if at > 1010]

    run(check())
