"""A vendor in trouble is not made worse: dead vendors, rate limits and a thousand tasks."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_bridge import errors
from helpdesk_bridge.errors import HelpdeskError, InvalidArgument, Outcome
from helpdesk_bridge.transport import Request, TransportOptions
from helpdesk_bridge.transport.policies.pacing import Pacing
from helpdesk_bridge.transport.rate_limits import Rate, SlidingWindow
from tests.transport.virtual import (
    READ,
    UNSAFE,
    Step,
    Wire,
    desk,
    now,
    run,
    send,
    worst_window,
)


def _slow(seed: int, status: int = 200) -> Iterator[Step]:
    """Answers of random latency on both ways."""
    rand = random.Random(seed)
    while True:
        yield Step(
            status=status,
            connecting=rand.choice([0.0, 0.2]) * rand.random(),
            arriving=rand.expovariate(20),
            answering=rand.expovariate(20),
        )


# -- dead vendors ------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 503, 429, 0, None])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_thousand_calls_to_a_dead_vendor_are_at_most_eleven_hundred_requests(
    status: int | None, at_once: bool
) -> None:
    wire = Wire([Step(status=status, answering=0.01)])

    async def storm() -> list[object]:
        transport = desk(wire, deadline=100_000, concurrency=1000)
        if at_once:
            calls = [send(transport) for _ in range(1000)]
            return await asyncio.gather(*calls, return_exceptions=True)
        return [await _failure(send(transport)) for _ in range(1000)]

    results = run(storm())
    assert {isinstance(result, HelpdeskError) for result in results} == {True}
    assert 1000 < len(wire.started) <= 1100


async def _failure(awaitable: object) -> HelpdeskError:
    with pytest.raises(HelpdeskError) as info:
        await awaitable  # type: ignore[misc]
    return info.value


def test_a_vendor_that_recovers_gets_its_repetitions_back() -> None:
    async def days() -> int:
        wire = Wire(_dead_then_well())
        transport = desk(wire, max_attempts=2)
        for _ in range(100):
            await _failure(send(transport))
        for _ in range(1000):
            await send(transport)
        before = len(wire.started)
        await send(transport)  # fails once, and is tried again
        return len(wire.started) - before

    assert run(days()) == 2


def _dead_then_well() -> Iterator[Step]:
    yield from [Step(status=500)] * 135
    yield from [Step()] * 1000
    yield from [Step(status=500), Step()]


# -- a rate limit --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_a_thousand_tasks_never_exceed_the_rate_by_the_vendors_own_count(seed: int) -> None:
    wire = Wire(_slow(seed))

    async def storm() -> None:
        transport = desk(wire, rate_limit="50/second", concurrency=1000, deadline=600)
        await asyncio.gather(*(send(transport) for _ in range(1000)))

    run(storm())
    assert len(wire.arrived) == 1000
    assert worst_window(wire.arrived, 1.0) <= 50
    assert worst_window(wire.started, 1.0) <= 50


def test_a_rate_is_used_up_to_its_limit() -> None:
    wire = Wire([Step()])

    async def storm() -> float:
        began = now()
        transport = desk(wire, rate_limit="50/second", concurrency=1000, deadline=600)
        await asyncio.gather(*(send(transport) for _ in range(1000)))
        return now() - began

    assert run(storm()) == pytest.approx(19.0)  # 50 at once, then 50 every second
    assert worst_window(wire.arrived, 1.0) == 50


def test_several_rates_hold_at_once() -> None:
    wire = Wire(_slow(7))

    async def storm() -> None:
        transport = desk(
            wire, rate_limit="10/second, 30/10 seconds", concurrency=1000, deadline=600
        )
        await asyncio.gather(*(send(transport) for _ in range(200)))

    run(storm())
    assert worst_window(wire.arrived, 1.0) <= 10
    assert worst_window(wire.arrived, 10.0) <= 30


def test_repetitions_count_too() -> None:
    wire = Wire(_slow(1, status=500))

    async def storm() -> None:
        transport = desk(wire, rate_limit="5/second", max_attempts=3)
        await asyncio.gather(*(_failure(send(transport)) for _ in range(20)))

    run(storm())
    assert len(wire.arrived) > 40
    assert worst_window(wire.arrived, 1.0) <= 5


def test_who_asked_first_is_served_first() -> None:
    order: list[int] = []

    async def one(window: SlidingWindow, number: int) -> None:
        await window.acquire()
        order.append(number)
        await asyncio.sleep(random.Random(number).random())
        window.release(used=True)

    async def all_of_them() -> None:
        window = SlidingWindow(Rate(7, 1.0))
        async with asyncio.TaskGroup() as group:
            for number in range(200):
                group.create_task(one(window, number))

    run(all_of_them())
    assert order == list(range(200))


async def _cancelled_at_random(window: SlidingWindow, seed: int) -> None:
    """Have 100 tasks take permits, and cancel about half of them at any moment."""
    rand = random.Random(seed)

    async def one() -> None:
        await window.acquire()
        used = False
        try:
            await asyncio.sleep(rand.random() / 10)
            used = True
            await asyncio.sleep(rand.random() / 10)
        finally:
            window.release(used=used)

    tasks = [asyncio.create_task(one()) for _ in range(100)]
    for task in rand.sample(tasks, 50):
        asyncio.get_running_loop().call_later(rand.random() * 12, task.cancel)
    await asyncio.gather(*tasks, return_exceptions=True)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_cancelled_waiters_leak_no_permit(seed: int) -> None:
    async def check() -> None:
        window = SlidingWindow(Rate(5, 1.0))
        await _cancelled_at_random(window, seed)
        await asyncio.sleep(1.0)
        began = now()
        for _ in range(5):  # all five are there again
            await window.acquire()
        assert now() == began
        with pytest.raises(TimeoutError):  # and not one more
            async with asyncio.timeout(100):
                await window.acquire()

    run(check())


def test_a_permit_that_was_not_used_is_free_at_once() -> None:
    async def check() -> float:
        window = SlidingWindow(Rate(1, 60.0))
        began = now()
        await window.acquire()
        waiter = asyncio.create_task(window.acquire())
        await asyncio.sleep(1)
        window.release(used=False)
        await waiter
        return now() - began

    assert run(check()) == 1.0


def test_all_permits_that_were_not_used_are_free_again() -> None:
    async def check() -> float:
        window = SlidingWindow(Rate(3, 60.0))
        began = now()
        for _ in range(3):
            await window.acquire()
        for _ in range(3):
            window.release(used=False)
        for _ in range(3):
            await window.acquire()
        return now() - began

    assert run(check()) == 0.0


def test_a_refused_connection_costs_no_permit() -> None:
    wire = Wire([Step(status=0), Step()])

    async def check() -> float:
        transport = desk(wire, rate_limit="1/hour")
        began = now()
        await send(transport)
        return now() - began

    assert run(check()) < 1.0


def test_waiting_for_the_rate_ends_with_the_call_and_nothing_was_sent() -> None:
    wire = Wire([Step()])

    async def check() -> HelpdeskError:
        transport = desk(wire, rate_limit="1/hour", deadline=30)
        await send(transport)
        return await _failure(send(transport, UNSAFE))

    error = run(check())
    assert (type(error), error.outcome, len(wire.started)) == (
        errors.PoolTimeout,
        Outcome.NOT_SENT,
        1,
    )
    assert "rate limit" in str(error)


def test_an_unsafe_write_that_was_refused_and_then_waits_too_long_was_not_done() -> None:
    wire = Wire([_limited(Retry_After="1"), Step()])

    async def check() -> HelpdeskError:
        return await _failure(send(desk(wire, rate_limit="1/hour"), UNSAFE))

    error = run(check())
    assert (type(error), error.outcome, len(wire.started)) == (
        errors.DeadlineExceeded,
        Outcome.NOT_SENT,
        1,
    )
    assert "too many requests" in str(error)  # why it was being tried again


def test_a_connection_that_takes_too_long_is_not_put_down_to_the_rate_limit() -> None:
    wire = Wire([Step(connecting=90.0)])
    error = run(_failure(send(desk(wire, rate_limit="1/hour"))))
    assert (type(error), error.outcome) == (errors.DeadlineExceeded, Outcome.NOT_SENT)


def test_a_redirect_counts_though_its_second_hop_was_refused() -> None:
    given_back: list[bool] = []

    class Spy:
        async def acquire(self, *, yields: bool = False) -> None: ...

        def release(self, *, used: bool) -> None:
            given_back.append(used)

    async def two_hops(request: Request) -> object:
        request.progress.attempts += 2
        request.progress.bytes_sent = False
        raise errors.ConnectFailed("refused.")

    request = Request(operation=READ, method="GET", path=("t",))
    run(_failure(Pacing([Spy()])(request, two_hops)))  # type: ignore[arg-type]
    assert given_back == [True]


# -- the gate ------------------------------------------------------------------------------------


def _limited(**headers: str) -> Step:
    return Step(status=429, headers={name.replace("_", "-"): v for name, v in headers.items()})


def test_a_429_closes_the_gate_for_all_tasks_of_the_desk() -> None:
    wire = Wire([_limited(Retry_After="30"), Step()])

    async def storm() -> list[float]:
        transport = desk(wire, concurrency=100, deadline=60)
        began = now()
        first = asyncio.create_task(send(transport))
        await asyncio.sleep(5)
        assert len(wire.started) == 1
        await asyncio.gather(first, *(send(transport) for _ in range(50)))
        return [time - began for time in wire.started]

    first, *others = run(storm())
    assert first == 0.0
    assert len(others) == 51
    assert min(others) == pytest.approx(30.0)


def test_a_task_that_has_a_permit_already_stays_behind_the_gate() -> None:
    async def check() -> None:
        limiters = [SlidingWindow(Rate(1, 5.0))]
        pacing = Pacing(limiters)
        wire = Wire([_limited(Retry_After="40"), Step()])
        requests = [Request(operation=READ, method="GET", path=("t",)) for _ in range(2)]
        await asyncio.gather(*(pacing(request, wire) for request in requests))
        assert wire.started[1] - wire.started[0] == pytest.approx(40.0)

    run(check())


@pytest.mark.parametrize("rate_limit", [None, "1/hour"])
def test_a_gate_beyond_the_deadline_is_rate_limited_at_once_and_nothing_is_sent(
    rate_limit: str | None,
) -> None:
    wire = Wire([_limited(Retry_After="90"), Step()])

    async def check() -> tuple[list[HelpdeskError], float]:
        transport = desk(wire, deadline=60, rate_limit=rate_limit)
        errors_ = [await _failure(send(transport, UNSAFE))]
        began = now()
        errors_ += [await _failure(send(transport, UNSAFE)) for _ in range(20)]
        return errors_, now() - began

    (first, *others), took = run(check())
    assert (first.outcome, took, len(wire.started)) == (Outcome.REJECTED, 0.0, 1)
    assert {(type(e), e.outcome, e.retry_after) for e in others} == {
        (errors.RateLimited, Outcome.NOT_SENT, 90.0)
    }


def test_a_gate_is_tried_again_after_two_minutes_whatever_was_asked_for() -> None:
    wire = Wire([_limited(Retry_After="86400"), Step()])

    async def check() -> None:
        transport = desk(wire, deadline=60)
        assert (await _failure(send(transport))).retry_after == 86400
        await asyncio.sleep(119.0 - 60.0)
        assert (await _failure(send(transport))).retry_after == pytest.approx(61.0)
        await asyncio.sleep(2.0)
        await send(transport)

    run(check())
    assert wire.started[1] - wire.started[0] == pytest.approx(120.0)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "20"}, 20.0),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "20"}, 20.0),
        ({"X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset-After": "2.5"}, 2.5),
        ({"X-RateLimit-Reset": "20"}, 0.0),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9000"}, 120.0),
        ({"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "20"}, 0.0),
        ({"X-RateLimit-Remaining": "0"}, 0.0),
        ({}, 0.0),
    ],
)
def test_an_allowance_that_is_used_up_slows_down_before_the_first_429(
    headers: dict[str, str], wait: float
) -> None:
    wire = Wire([Step(headers=headers), Step()])

    async def check() -> None:
        transport = desk(wire, deadline=600)
        await send(transport)
        await send(transport)

    run(check())
    assert wire.started[1] - wire.started[0] == pytest.approx(wait)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, 1.0),
        ({"Retry-After": "soon"}, 1.0),
        ({"Retry-After": "4"}, 4.0),
        ({"Retry-After": "2.5"}, 2.5),
        ({"retry-after-ms": "2500"}, 2.5),
        ({"X-RateLimit-Reset": "20"}, 20.0),
        ({"RateLimit": '"default";r=0;t=20'}, 20.0),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "20"}, 20.0),
        ({"Retry-After": "4", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "20"}, 4.0),
    ],
)
def test_a_429_closes_the_gate_for_what_it_tells(headers: dict[str, str], wait: float) -> None:
    wire = Wire([Step(status=429, headers=headers), Step()])

    async def check() -> None:
        transport = desk(wire, max_attempts=1, deadline=600)
        await _failure(send(transport))
        await send(transport)

    run(check())
    assert wire.started[1] - wire.started[0] == pytest.approx(wait)


def test_a_shorter_wait_does_not_open_a_gate_early() -> None:
    wire = Wire(
        [
            Step(status=429, headers={"Retry-After": "50"}, answering=1.0),
            Step(status=429, headers={"Retry-After": "3"}, answering=2.0),
            Step(),
        ]
    )

    async def check() -> float:
        transport = desk(wire, max_attempts=1, deadline=600)
        began = now()
        await asyncio.gather(_failure(send(transport)), _failure(send(transport)))
        await send(transport)
        return now() - began

    assert run(check()) == pytest.approx(51.0)


# -- cancelled while waiting -----------------------------------------------------------------------


def _gate_closed() -> Wire:
    return Wire([_limited(Retry_After="30"), Step()])


@pytest.mark.parametrize(
    ("make", "options"),
    [
        (lambda: Wire([Step(status=503, headers={"Retry-After": "30"})]), {}),  # a pause
        (_gate_closed, {}),
        (lambda: Wire([Step()]), {"rate_limit": "1/30 seconds"}),
        (lambda: Wire([Step(answering=30.0)]), {"concurrency": 1}),
    ],
    ids=["pause", "gate", "limiter", "pool"],
)
def test_a_cancelled_wait_ends_at_once_and_leaves_nothing_behind(
    make: Callable[[], Wire], options: dict[str, object]
) -> None:
    async def check() -> None:
        wire = make()
        transport = desk(wire, **options)
        first = asyncio.create_task(send(transport))
        await asyncio.sleep(0.001)
        waiting = asyncio.create_task(send(transport))
        await asyncio.sleep(1)
        cancelled_at = now()
        for task in (waiting, first):
            task.cancel()
        results = await asyncio.gather(waiting, first, return_exceptions=True)
        assert isinstance(results[0], asyncio.CancelledError)
        assert now() == cancelled_at
        requests = len(wire.started)
        await asyncio.sleep(60)
        assert (len(wire.started), wire.under_way) == (requests, 0)
        wire._rest, wire._last = iter([Step()]), Step()
        async with asyncio.timeout(1):
            assert (await send(transport)).status == 200

    run(check())


# -- how a rate is written -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rates"),
    [
        ("400/minute", (Rate(400, 60.0),)),
        ("10 / second, 1000/hour", (Rate(10, 1.0), Rate(1000, 3600.0))),
        ("3/10 seconds", (Rate(3, 10.0),)),
        ("5000/day", (Rate(5000, 86400.0),)),
    ],
)
def test_a_rate_is_written_in_words(text: str, rates: tuple[Rate, ...]) -> None:
    assert Rate.parse(text) == rates


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "400", "400/min", "0/minute", "-1/second", "1.5/second", "\u0665/minute"),
        *("4/minute,", "1/0 seconds", "9999999999/second", "4/minute\n5/hour", 400, None, True),
    ],
)
def test_anything_else_is_no_rate(text: object) -> None:
    with pytest.raises(InvalidArgument, match="rate_limit is written like"):
        Rate.parse(text)  # type: ignore[arg-type]


@given(st.text())
def test_any_text_is_a_rate_or_an_invalid_argument(text: str) -> None:
    with suppress(InvalidArgument):
        assert all(rate.count > 0 and rate.period > 0 for rate in Rate.parse(text))


@pytest.mark.parametrize(("count", "period"), [(0, 1.0), (-1, 1.0), (1, 0.0), (1, float("nan"))])
def test_a_rate_that_allows_nothing_is_refused(count: int, period: float) -> None:
    with pytest.raises(InvalidArgument):
        Rate(count, period)


@pytest.mark.parametrize("limiter", [5, "module:object", object()])
def test_what_is_no_limiter_is_refused(limiter: object) -> None:
    with pytest.raises(InvalidArgument, match="limiter"):
        TransportOptions(limiter=limiter)  # type: ignore[arg-type]
