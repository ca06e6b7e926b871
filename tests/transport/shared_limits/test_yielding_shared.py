"""Those who yield leave the permits that processes share to others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from helpdesk_bridge.transport import clock

Make = Callable[..., Any]
pytestmark = pytest.mark.asyncio


async def _taken(limiter: Any, *, yields: bool, most: int = 100) -> int:
    """Take permits until there is none, and return how many there were."""
    taken = 0
    while taken < most and await limiter._take(yields=yields) <= 0:
        taken += 1
    return taken


async def test_all_but_a_fifth_is_theirs_whoever_took_it(make: Make) -> None:
    one, other = make("10/hour"), make("10/hour")
    assert await _taken(one, yields=False, most=3) == 3
    assert await _taken(other, yields=True) == 5
    assert await _taken(one, yields=True) == 0
    assert await _taken(one, yields=False) == 2


async def test_their_permits_are_spread_over_a_minute(make: Make) -> None:
    limiter = make("400/minute")
    assert await _taken(limiter, yields=True) == 32
    assert 0 < await limiter._take(yields=True) <= 6.0
    limiter.release(used=False)
    limiter.close()
    assert await limiter._take(yields=True) > 0  # it was taken all the same
    assert await _taken(limiter, yields=False, most=3) == 3


async def test_while_another_process_waits_they_get_none(make: Make) -> None:
    waiting, feeding = make("2/hour"), make("2/hour")
    assert await _taken(waiting, yields=False) == 2  # and asked once more
    for _ in range(2):
        waiting.release(used=False)
    waiting.close()
    assert 0 < await feeding._take(yields=True) <= 2.0
    assert await feeding._take() == 0


@pytest.mark.parametrize("rate", ["1/hour", "1/hour, 5/day"])
async def test_a_rate_of_one_is_theirs_when_nobody_waits(make: Make, rate: str) -> None:
    limiter = make(rate)
    await limiter.acquire(yields=True)
    assert await limiter._take(yields=True) > 3600
    limiter.release(used=True)
    limiter.close()
    assert 3500 < await limiter._take(yields=True) <= 3600


async def test_within_a_process_they_come_behind_all_who_wait(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter = make("1/hour")
    order: list[str] = []

    async def pause(_: float) -> None:
        if len(order) == 1:
            order.append("given back")
            limiter.release(used=False)
        await asyncio.sleep(0)

    monkeypatch.setattr(clock, "pause", pause)

    async def one(name: str, *, yields: bool) -> None:
        await limiter.acquire(yields=yields)
        order.append(name)
        if name != "first":
            limiter.release(used=False)

    await one("first", yields=False)
    tasks = [asyncio.create_task(one("feed", yields=True))]
    await asyncio.sleep(0)
    tasks += [asyncio.create_task(one(name, yields=False)) for name in "abc"]
    async with asyncio.timeout(30):
        await asyncio.gather(*tasks[1:])
    assert order == ["first", "given back", "a", "b", "c"]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_cancelled_wait_of_theirs_takes_no_permit(make: Make) -> None:
    limiter = make("3/hour")
    for moment in range(6):
        task = asyncio.create_task(limiter.acquire(yields=True))
        for _ in range(moment):
            await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            continue
        limiter.release(used=False)
    limiter.close()
    assert await _taken(limiter, yields=False) == 3
