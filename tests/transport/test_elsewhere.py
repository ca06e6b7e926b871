"""Limiters that several event loops, threads or processes meet at."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model.slots import Slots
from helpdesk_bridge.transport.rate_limits import Rate, SlidingWindow
from helpdesk_bridge.transport.shared_limits import FileLimiter
from tests.forked import in_a_fork, in_a_thread, needs_fork, outcome


async def _acquired(limiter: SlidingWindow | FileLimiter) -> str:
    await limiter.acquire()
    return "a permit"


async def _one_request(limiter: SlidingWindow | FileLimiter) -> str:
    await limiter.acquire()
    limiter.release(used=True)
    return "a request"


@pytest.mark.asyncio
async def test_a_window_of_another_thread_says_so() -> None:
    window = SlidingWindow(Rate(2, 60))
    await window.acquire()
    loop = asyncio.get_running_loop()
    told = await loop.run_in_executor(None, outcome, lambda: _acquired(window))
    assert told.startswith("InvalidArgument: this SlidingWindow was first used in another event")
    assert InvalidArgument.outcome.value == "not_sent"
    window.release(used=False)


@needs_fork
def test_a_window_counts_for_one_process() -> None:
    window = SlidingWindow(Rate(2, 60))
    asyncio.run(_acquired(window))
    told = in_a_fork(lambda: outcome(lambda: _acquired(window)))
    assert "was used before this process was forked" in told


def test_a_window_goes_on_when_its_event_loop_has_ended() -> None:
    window = SlidingWindow(Rate(2, 60))
    asyncio.run(_acquired(window))
    assert asyncio.run(_acquired(window)) == "a permit"


def test_a_slot_is_not_given_to_who_waits_in_a_closed_event_loop() -> None:
    slots, first = Slots(1), asyncio.new_event_loop()

    async def begun() -> asyncio.Task[None]:
        await slots.acquire()
        waiting = asyncio.create_task(slots.acquire())
        await asyncio.sleep(0)
        return waiting

    waiting = first.run_until_complete(begun())
    first.close()
    slots.release()
    assert slots.free == 1
    assert not waiting.done()


def test_a_window_goes_on_when_its_event_loop_was_closed_while_somebody_waited() -> None:
    window, first = SlidingWindow(Rate(1, 0.05)), asyncio.new_event_loop()

    async def begun() -> asyncio.Task[str]:
        await window.acquire()
        waiting = asyncio.create_task(_acquired(window))
        await asyncio.sleep(0)
        return waiting

    waiting = first.run_until_complete(begun())
    first.close()

    async def second() -> str:
        async with asyncio.timeout(10):
            return await _one_request(window)

    assert asyncio.run(second()) == "a request"  # once the period of what was sent before is over
    assert not waiting.done()


@needs_fork
def test_a_fork_gives_back_its_own_permits_and_not_those_of_its_parent(tmp_path: Path) -> None:
    limiter = FileLimiter("3/minute", tmp_path / "limit.db")
    asyncio.run(_acquired(limiter))
    held = list(limiter._held)

    def child() -> str:
        told = outcome(lambda: _one_request(limiter))
        limiter.close()
        return f"{told} {list(limiter._held)}"

    assert in_a_fork(child) == "returned 'a request' []"
    assert list(limiter._held) == held
    assert asyncio.run(_acquired(limiter)) == "a permit"  # the third: the fork's one counts
    limiter.close()


def test_one_file_limiter_serves_several_threads(tmp_path: Path) -> None:
    limiter = FileLimiter("100/minute", tmp_path / "limit.db")
    told = [in_a_thread(lambda: outcome(lambda: _one_request(limiter))) for _ in range(3)]

    async def main() -> list[str]:
        loop = asyncio.get_running_loop()
        return await asyncio.gather(
            *(loop.run_in_executor(None, outcome, lambda: _one_request(limiter)) for _ in range(8))
        )

    assert told + asyncio.run(main()) == ["returned 'a request'"] * 11
    limiter.close()
    assert not limiter._held
