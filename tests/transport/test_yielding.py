"""Requests that yield leave all others the way, and get what is left."""

from __future__ import annotations

import asyncio
import random

import pytest
from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_bridge.errors import PoolTimeout, RateLimited
from helpdesk_bridge.transport import (
    Request,
    Response,
    SessionAuth,
    TokenProvider,
    TransportOptions,
    compose,
    rate_limits,
)
from helpdesk_bridge.transport.options import allowed_per_second
from helpdesk_bridge.transport.policies.pacing import Pacing
from helpdesk_bridge.transport.policies.pool import Pool
from helpdesk_bridge.transport.rate_limits import Limiter, Rate, SlidingWindow, reserve
from helpdesk_bridge.transport.request import Progress
from helpdesk_bridge.transport.yielding import YIELDS, yielding
from tests.transport.virtual import READ, Step, Wire, desk, now, run, send, worst_window


async def feed(transport: object) -> Response:
    with yielding():
        return await send(transport)  # type: ignore[arg-type]


async def took(window: Limiter, *, yields: bool = False) -> float:
    began = now()
    await window.acquire(yields=yields)
    return now() - began


# -- how much is kept ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "kept"), [(1, 0), (2, 1), (3, 1), (5, 1), (9, 1), (10, 2), (400, 80)]
)
def test_a_fifth_is_kept_and_of_a_single_permit_none(count: int, kept: int) -> None:
    assert reserve(count) == kept
    assert Rate(count, 1.0).yielding == count - kept >= 1


@pytest.mark.parametrize(
    ("rate", "spread"),
    [
        (Rate(400, 60.0), Rate(32, 6.0)),
        (Rate(1, 1.0), Rate(1, 0.1)),
        (Rate(15, 60.0), Rate(2, 6.0)),
        (Rate(5000, 86400.0), None),
    ],
)
def test_what_yields_is_spread_over_periods_up_to_a_minute(rate: Rate, spread: Rate) -> None:
    assert rate.spread == spread


@pytest.mark.parametrize(
    ("rate_limit", "allowed"),
    [(None, None), ("400/minute", 320 / 60), ("10/second, 1000/hour", 800 / 3600), ("1/second", 1)],
)
def test_what_a_feed_may_use_is_the_tightest_rate_without_the_reserve(
    rate_limit: str | None, allowed: float | None
) -> None:
    options = TransportOptions(rate_limit=rate_limit, limiter=SlidingWindow(Rate(1, 1000.0)))
    assert allowed_per_second(options) == (allowed and pytest.approx(allowed))


# -- the window ------------------------------------------------------------------------------------


def test_what_yields_takes_all_but_the_reserve() -> None:
    async def check() -> None:
        window = SlidingWindow(Rate(10, 3600.0))
        for _ in range(8):
            assert await took(window, yields=True) == 0.0
        waiting = asyncio.create_task(window.acquire(yields=True))
        await asyncio.sleep(60)
        assert not waiting.done()
        assert [await took(window) for _ in range(2)] == [0.0, 0.0]
        window.release(used=False)
        await asyncio.sleep(60)
        assert not waiting.done()  # one is free, and two are kept
        for _ in range(2):
            window.release(used=False)
        await waiting

    run(check())


def test_what_yields_gets_its_permit_when_enough_have_come_back_by_themselves() -> None:
    async def check() -> float:
        window, began = SlidingWindow(Rate(10, 3600.0)), now()
        for _ in range(10):
            await window.acquire()
            window.release(used=True)
            await asyncio.sleep(1)
        await window.acquire(yields=True)
        return now() - began

    assert run(check()) == pytest.approx(3602.0)  # the third of them


def test_who_yields_comes_behind_all_who_wait() -> None:
    order: list[str] = []

    async def one(window: SlidingWindow, name: str, *, yields: bool) -> None:
        await window.acquire(yields=yields)
        order.append(name)
        await asyncio.sleep(0.1)
        window.release(used=True)

    async def check() -> None:
        window = SlidingWindow(Rate(1, 60.0))
        async with asyncio.TaskGroup() as group:
            group.create_task(one(window, "first", yields=False))
            for name in ("feed", "feed again"):
                group.create_task(one(window, name, yields=True))
            await asyncio.sleep(1)
            for name in ("a", "b"):
                group.create_task(one(window, name, yields=False))
            await asyncio.sleep(100)
            group.create_task(one(window, "c", yields=False))

    run(check())
    assert order.index("feed") > order.index("b")
    assert sorted(order) == ["a", "b", "c", "feed", "feed again", "first"]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_small_rate_is_used_by_a_feed_alone(count: int) -> None:
    async def check() -> float:
        transport, began = desk(Wire(), rate_limit=f"{count}/second"), now()
        for _ in range(20):
            await feed(transport)
        return now() - began

    assert run(check()) <= 20 / max(1, count - 1) + 1


def test_a_feed_spreads_its_requests_and_a_few_are_made_at_once() -> None:
    wire = Wire()

    async def check() -> None:
        transport = desk(wire, rate_limit="400/minute", concurrency=50, deadline=600)
        await asyncio.gather(*(feed(transport) for _ in range(400)))

    run(check())
    assert worst_window(wire.started, 6.0) == 32
    assert worst_window(wire.started, 60.0) == 320
    assert wire.started[31] == wire.started[0]


def test_permits_in_a_new_event_loop_are_there_for_both() -> None:
    window = SlidingWindow(Rate(2, 1.0))

    async def left_waiting() -> None:
        await window.acquire(yields=True)
        waiting = asyncio.create_task(window.acquire(yields=True))
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    async def later() -> None:
        await window.acquire(yields=True)
        await window.acquire()

    run(left_waiting())
    run(later())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([1, 2, 5]))
def test_cancelled_waiters_of_both_kinds_leak_no_permit(seed: int, count: int) -> None:
    async def check() -> None:
        rand, window = random.Random(seed), SlidingWindow(Rate(count, 1.0))

        async def one(*, yields: bool) -> None:
            await window.acquire(yields=yields)
            used = False
            try:
                await asyncio.sleep(rand.random() / 10)
                used = True
                await asyncio.sleep(rand.random() / 10)
            finally:
                window.release(used=used)

        tasks = [asyncio.create_task(one(yields=rand.random() < 0.5)) for _ in range(60)]
        for task in rand.sample(tasks, 30):
            asyncio.get_running_loop().call_later(rand.random() * 30, task.cancel)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert not any(task.exception() for task in tasks if not task.cancelled())
        await asyncio.sleep(1.0)
        assert [await took(window) for _ in range(count)] == [0.0] * count
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(100):
                await window.acquire()

    run(check())


# -- the pool --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("concurrency", "feeds"), [(1, 1), (2, 1), (3, 2), (8, 4)])
def test_a_feed_leaves_half_of_the_slots(concurrency: int, feeds: int) -> None:
    async def check() -> None:
        wire = Wire([Step(answering=10.0)])
        transport = desk(wire, concurrency=concurrency)
        async with asyncio.TaskGroup() as group:
            for _ in range(feeds * 2):
                group.create_task(feed(transport))
            await asyncio.sleep(1)
            assert wire.under_way == feeds
            for _ in range(concurrency - feeds):
                group.create_task(send(transport))
            await asyncio.sleep(1)
            assert wire.under_way == concurrency

    run(check())


@pytest.mark.parametrize("rate_limit", ["1/30 seconds", "2/30 seconds"])
def test_what_waits_for_a_permit_holds_no_slot(rate_limit: str) -> None:
    """One that yields waits for its permit, another one meanwhile asks for what has no limit."""

    async def check() -> float:
        window = SlidingWindow(Rate.parse(rate_limit)[0])
        pool = Pool(1)
        wire = Wire()
        limited = compose(wire, pool, Pacing([window], pool.admit_last))
        unlimited = compose(wire, pool, Pacing([]))
        request = Request(operation=READ, method="GET", path=("t",))

        async def one() -> None:
            with yielding():
                await limited(request)

        await one()
        waiting = asyncio.create_task(one())
        await asyncio.sleep(1)
        began = now()
        await unlimited(request)
        waited = now() - began
        await waiting
        return waited

    assert run(check()) == 0.0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4))
def test_cancelled_requests_of_both_kinds_leak_no_slot(seed: int, concurrency: int) -> None:
    async def check() -> None:
        rand, wire = random.Random(seed), Wire([Step(answering=0.1)])
        transport = desk(wire, concurrency=concurrency, rate_limit="20/second")
        tasks = [
            asyncio.create_task(rand.choice([send, feed])(transport))  # type: ignore[operator]
            for _ in range(60)
        ]
        for task in rand.sample(tasks, 30):
            asyncio.get_running_loop().call_later(rand.random() * 4, task.cancel)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert not any(task.exception() for task in tasks if not task.cancelled())
        await asyncio.sleep(2)
        calls = [asyncio.create_task(send(transport)) for _ in range(concurrency + 1)]
        await asyncio.sleep(0.05)
        assert wire.under_way == concurrency
        await asyncio.gather(*calls)

    run(check())


def test_a_slot_goes_to_no_feed_that_is_gone() -> None:
    got: list[str] = []

    async def take(name: str) -> None:
        await slots.acquire_last()
        got.append(name)
        slots.release()

    slots = Pool(1)._slots

    async def check() -> None:
        await slots.acquire()
        tasks = {name: asyncio.create_task(take(name)) for name in "abcd"}
        await asyncio.sleep(0)
        tasks["a"].cancel()
        slots.release()  # to b: a has given up
        tasks["b"].cancel()  # b was given the slot, and does not come to it
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        assert got == ["c", "d"]
        assert slots.free == 1

    run(check())


def test_a_feed_whose_turn_never_comes_ends_in_time_and_sent_nothing() -> None:
    async def check() -> None:
        wire = Wire()
        transport = desk(wire, rate_limit="2/hour", deadline=30)
        await feed(transport)
        began = now()
        with pytest.raises(PoolTimeout):
            await feed(transport)
        assert now() - began == pytest.approx(30)
        assert len(wire.started) == 1

    run(check())


# -- several limiters ------------------------------------------------------------------------------


def test_while_it_waits_for_a_long_rate_it_holds_no_permit_of_a_short_one() -> None:
    async def check() -> float:
        wire = Wire()
        transport = desk(wire, rate_limit="1/second, 5/hour", deadline=10_000, concurrency=20)
        feeds = [asyncio.create_task(feed(transport)) for _ in range(6)]
        await asyncio.sleep(60)
        assert len(wire.started) == 4
        began = now()
        await send(transport)
        waited = now() - began
        for task in feeds:
            task.cancel()
        await asyncio.gather(*feeds, return_exceptions=True)
        return waited

    assert run(check()) == 0.0


@define
class Told:
    """A limiter of an application, which notes who asks."""

    asked: list[bool] = field(factory=list)

    async def acquire(self, *, yields: bool = False) -> None:
        self.asked.append(yields)

    def release(self, *, used: bool) -> None: ...


def test_a_limiter_is_told_who_yields() -> None:
    limiter = Told()

    async def check() -> None:
        transport = desk(Wire(), limiter=limiter)
        await send(transport)
        await feed(transport)

    run(check())
    assert limiter.asked == [False, True]


def test_the_renewal_of_a_session_never_yields_as_others_may_join_it() -> None:
    kinds: list[bool] = []

    async def fetch() -> str:
        await asyncio.sleep(0)
        kinds.append(YIELDS.get())
        return "token"

    async def check() -> None:
        for yields in (False, True):
            transport = desk(Wire())
            auth = SessionAuth(provider=TokenProvider(fetch))
            transport._handler = compose(Wire(), auth)
            await (feed if yields else send)(transport)

    run(check())
    assert kinds == [False, False]


# -- the gate --------------------------------------------------------------------------------------


def _told(left: int) -> Step:
    told = {"Limit": "100", "Remaining": str(left), "Reset": "50"}
    return Step(headers={f"X-RateLimit-{name}": text for name, text in told.items()})


def test_a_feed_leaves_the_rest_of_an_allowance_that_the_vendor_tells() -> None:
    async def check() -> list[float]:
        wire = Wire([_told(21), _told(20), _told(19), _told(99)])
        transport, began, waits = desk(wire), now(), []
        for one in (feed, feed, send, feed):
            await one(transport)
            waits.append(now() - began)
        return waits

    assert run(check()) == [0.0, 0.0, 0.0, pytest.approx(50.0)]


def test_a_feed_that_cannot_wait_so_long_is_told_at_once() -> None:
    async def check() -> None:
        wire = Wire([_told(5)])
        transport = desk(wire, deadline=20)
        await feed(transport)
        with pytest.raises(RateLimited, match="kept for other calls") as caught:
            await feed(transport)
        assert caught.value.retry_after == pytest.approx(50)
        await send(transport)
        assert len(wire.started) == 2

    run(check())


def test_a_429_stops_what_waits_for_its_permit_too() -> None:
    wire = Wire([Step(), Step(status=429, headers={"Retry-After": "40"}), Step()])

    async def check() -> None:
        transport = desk(wire, rate_limit="2/10 seconds", max_attempts=1)
        await feed(transport)
        waiting = asyncio.create_task(feed(transport))
        await asyncio.sleep(5)
        with pytest.raises(RateLimited):
            await send(transport)
        began = now()
        await waiting
        assert now() - began == pytest.approx(40)

    run(check())


# -- an hour ---------------------------------------------------------------------------------------


def _play(seconds: float) -> tuple[list[float], int, list[float]]:
    """Play bursts of ten calls, two calls a second, beside a feed of four tasks.

    Returns:
        The sorted waits of the calls (seconds), how many requests the feed made, and when each
        request was sent (loop time).
    """
    rand, waits, sent = random.Random(5), [], []

    async def vendor(request: Request) -> Response:
        sent.append(now())
        if not YIELDS.get():
            waits.append(now() - request.progress.began)
        request.progress.bytes_sent = True
        await asyncio.sleep(rand.uniform(0.05, 0.5))
        return Response(request=request, status=200, headers={})

    pool = Pool(8)
    handler = compose(vendor, pool, Pacing([SlidingWindow(Rate(400, 60.0))], pool.admit_last))

    async def one() -> None:
        progress = Progress(began=now())
        await handler(Request(operation=READ, method="GET", path=("t",), progress=progress))

    async def main() -> None:
        end = now() + seconds

        async def feeding() -> None:
            with yielding():
                while now() < end:
                    await one()

        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(feeding())
            while now() < end:
                await asyncio.sleep(rand.expovariate(0.2))
                for _ in range(10):
                    group.create_task(one())

    run(main())
    return sorted(waits), len(sent) - len(waits), sent


def test_beside_a_feed_that_never_rests_ordinary_calls_do_not_wait() -> None:
    waits, fed, sent = _play(3600)
    assert waits[int(len(waits) * 0.99)] < 1.0
    assert worst_window(sent, 60.0) <= 400
    assert fed > 0.6 * (400 * 60 - len(waits))


def test_without_the_reserve_they_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "reserve", lambda _: 0)
    waits, _, sent = _play(600)
    assert waits[int(len(waits) * 0.99)] > 1.0
    assert worst_window(sent, 60.0) <= 400
