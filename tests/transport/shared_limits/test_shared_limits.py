"""Several processes share one rate, and never exceed it by the vendor's own count."""

from __future__ import annotations

import asyncio
import builtins
import logging
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from helpdesk_bridge import Outcome
from helpdesk_bridge.errors import ConfigurationError, ConnectFailed, InvalidArgument
from helpdesk_bridge.transport import clock
from helpdesk_bridge.transport import shared_limits as limits
from helpdesk_bridge.transport.shared_limits import FileLimiter, Limiter, RedisLimiter
from tests.transport.virtual import Step, Wire, desk, send, worst_window

Make = Callable[..., Any]
CHILD = Path(__file__).with_name("child.py")


def test_two_processes_together_never_exceed_the_rate(where: tuple[str, str]) -> None:
    # Real processes need real time: 60 requests at 20 a second. Only the upper bound is asserted.
    children = [
        subprocess.Popen(
            [sys.executable, str(CHILD), *where, "20/second", "30"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    lines = [line for child in children for line in child.communicate(timeout=60)[0].split()]
    assert [child.returncode for child in children] == [0, 0]
    assert len(lines) == 60
    assert worst_window(map(float, lines), 1.0) <= 20


async def _free(limiter: Any) -> int:
    """Return how many permits can be had at once; they are given back unused."""
    taken = 0
    while await limiter._take() <= 0:
        taken += 1
    for _ in range(taken):
        limiter.release(used=False)
    limiter.close()  # until that is written down
    return taken


@pytest.mark.asyncio
async def test_both_count_what_either_took(make: Make) -> None:
    one, other = make("5/hour"), make("5/hour")
    await one.acquire()
    await other.acquire()
    await other.acquire()
    assert await _free(one) == 2
    assert await _free(other) == 2


@pytest.mark.asyncio
async def test_a_used_permit_counts_for_a_period_and_an_unused_one_not_at_all(make: Make) -> None:
    one, other = make("3/hour"), make("3/hour")
    for used in (True, False):
        await one.acquire()
        one.release(used=used)
    one.close()
    assert await _free(other) == 2


@pytest.mark.asyncio
async def test_a_permit_counts_from_the_answer(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = make("1/hour"), make("1/hour")
    await one.acquire()
    held = await other._take()
    one.release(used=True)
    one.close()
    assert 3600 + 100 < held <= 3600 + 120  # its process may have died
    assert 3600 - 60 < await other._take() <= 3600


@pytest.mark.asyncio
async def test_several_rates_hold_at_once(make: Make) -> None:
    limiter = make("2/hour, 3/day")
    for _ in range(2):
        await limiter.acquire()
        limiter.release(used=False)
    assert await _free(limiter) == 2
    assert await _free(make("5/hour, 3/day")) == 3


@pytest.mark.asyncio
async def test_a_wait_that_fails_one_rate_takes_no_permit_of_the_other(make: Make) -> None:
    narrow, wide = make("1/hour, 9/day"), make("9/day")
    await narrow.acquire()
    for _ in range(3):
        assert await narrow._take() > 0
    assert await _free(wide) == 8


@pytest.mark.asyncio
async def test_who_waits_looks_again_at_least_every_second(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = make("1/hour"), make("1/hour")
    waits: list[float] = []

    async def pause(seconds: float) -> None:
        waits.append(seconds)
        one.release(used=False)
        one.close()

    monkeypatch.setattr(clock, "pause", pause)
    await one.acquire()
    await other.acquire()
    assert waits == [1.0]


@pytest.mark.asyncio
async def test_within_a_process_it_is_first_come_first_served(
    make: Make, pauses: list[float]
) -> None:
    limiter = make("1/hour")
    order: list[int] = []

    async def one(number: int) -> None:
        await limiter.acquire()
        order.append(number)
        limiter.release(used=False)

    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(one(number))
    assert order == list(range(20))


@pytest.mark.asyncio
async def test_a_cancelled_wait_takes_no_permit(make: Make) -> None:
    limiter = make("3/hour")
    for moment in range(6):
        task = asyncio.create_task(limiter.acquire())
        for _ in range(moment):
            await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            continue
        limiter.release(used=False)
    assert await _free(limiter) == 3


@pytest.mark.asyncio
async def test_a_store_that_is_slow_does_not_hold_up_the_event_loop(make: Make) -> None:
    limiter = make("3/hour")
    asked, go_on = threading.Event(), threading.Event()
    take = limiter._store.take

    def slow(permit: str, *, yields: bool) -> float:
        asked.set()
        assert go_on.wait(30)
        return float(take(permit, yields=yields))

    limiter._store.take = slow
    task = asyncio.create_task(limiter.acquire())
    await asyncio.sleep(0)
    assert await asyncio.to_thread(asked.wait, 30)  # the loop runs, and the store still thinks
    assert not task.done()
    go_on.set()
    await task


def test_a_limiter_of_a_module_serves_one_event_loop_after_the_other(
    make: Make, pauses: list[float]
) -> None:
    limiter = make("1/hour")

    async def crowd() -> None:
        async def one() -> None:
            await limiter.acquire()
            limiter.release(used=False)

        await asyncio.gather(*(one() for _ in range(5)))

    asyncio.run(crowd())
    asyncio.run(crowd())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_limiter_that_was_used_before_a_fork_works_after_it(where: tuple[str, str]) -> None:
    code = (
        "import asyncio, os, sys\n"
        "from helpdesk_bridge.transport.shared_limits import FileLimiter, RedisLimiter\n"
        "kind, place = sys.argv[1:]\n"
        "limiter = FileLimiter('5/hour', place) if kind == 'file' else"
        " RedisLimiter('5/hour', place, name='fork')\n"
        "asyncio.run(limiter.acquire())\n"
        "child = os.fork()\n"
        "asyncio.run(limiter.acquire())\n"
        "if child: sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *where], timeout=60, check=False)
    assert done.returncode == 0


@pytest.mark.asyncio
async def test_a_desk_takes_its_permits_from_it(make: Make) -> None:
    limiter = make("4/hour")
    assert isinstance(limiter, Limiter)
    wire = Wire([Step(), Step(status=0), Step()])
    transport = desk(wire, limiter=limiter)
    await send(transport)
    await send(transport)  # one attempt was refused, and cost nothing
    limiter.close()
    assert await _free(limiter) == 2


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["file", "redis"])
async def test_a_store_that_does_not_answer_is_an_error_of_ours_and_nothing_is_sent(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    limiter: FileLimiter | RedisLimiter
    if kind == "file":
        (tmp_path / "canary").mkdir()
        limiter = FileLimiter("5/hour", tmp_path / "canary")  # a folder is no file
    else:
        limiter = RedisLimiter("5/hour", "redis://:canary@127.0.0.1:1", name="n")
    wire = Wire()
    with pytest.raises(ConnectFailed) as info:
        await send(desk(wire, limiter=limiter))
    assert (info.value.outcome, info.value.retryable, wire.started) == (Outcome.NOT_SENT, True, [])
    assert "canary" not in str(info.value) + repr(limiter) + caplog.text
    assert info.value.__context__ is None
    limiter.close()


@pytest.mark.asyncio
async def test_a_permit_that_cannot_be_given_back_is_told_in_the_log(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    limiter = make("5/hour")

    def fail(_permit: str, *, used: bool) -> None:
        raise ConnectFailed("canary")

    await limiter.acquire()
    limiter._store.give_back = fail
    limiter.release(used=True)
    limiter.close()
    (record,) = [one for one in caplog.records if one.name == limits.__name__]
    assert (record.levelno, "canary" in record.getMessage()) == (logging.WARNING, False)


@pytest.mark.asyncio
async def test_permits_of_a_clock_that_was_wrong_do_not_count_for_years(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter = FileLimiter("1/minute", tmp_path / "permits.db")
    right = time.time()
    monkeypatch.setattr(limits.time, "time", lambda: right + 10**8)
    await limiter.acquire()
    monkeypatch.setattr(limits.time, "time", lambda: right)
    assert await _free(limiter) == 1
    limiter.close()


def test_the_time_is_taken_when_nobody_else_can_write_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter = FileLimiter("1/minute", tmp_path / "permits.db")
    assert limiter._store.take("first") == 0
    monkeypatch.setattr(limits, "_PATIENCE", 0.01)
    asked: list[None] = []
    monkeypatch.setattr(limits.time, "time", lambda: asked.append(None) or 0.0)
    with closing(sqlite3.connect(tmp_path / "permits.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ConnectFailed):
            limiter._store.take("second")
    assert asked == []


@pytest.mark.asyncio
async def test_redis_forgets_what_counts_no_longer(redis_url: str) -> None:
    import redis

    limiter = RedisLimiter("5/second", redis_url, name="forgotten")
    key = "helpdesk_bridge:{forgotten}:1"
    with redis.Redis.from_url(redis_url) as client:
        await limiter.acquire()
        assert 0 < client.pttl(key) <= 121_000
        client.delete(key)  # as after two minutes
        limiter.release(used=True)
        limiter.close()
        assert 0 < client.pttl(key) <= 121_000
        client.zadd(key, {"from a wrong clock": 10**18, "long over": 1})
    assert await _free(limiter) == 4
    limiter.close()


@pytest.mark.parametrize("rate", ["often", "", 5])
def test_a_rate_is_written_as_everywhere(rate: Any, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="400/minute"):
        FileLimiter(rate, tmp_path / "f")
    with pytest.raises(InvalidArgument, match="400/minute"):
        RedisLimiter(rate, "redis://127.0.0.1", name="n")


def test_a_file_needs_its_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="folder"):
        FileLimiter("5/hour", tmp_path / "nowhere" / "f")


def test_a_wrong_url_is_told_without_what_is_in_it() -> None:
    with pytest.raises(ConfigurationError, match="redis://") as info:
        RedisLimiter("5/hour", "http://user:canary@127.0.0.1", name="n")
    assert "canary" not in str(info.value)
    assert info.value.__context__ is None


def test_without_redis_installed_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "redis":
            raise ModuleNotFoundError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigurationError, match=r"pip install \"helpdesk-bridge\[redis\]\""):
        RedisLimiter("5/hour", "redis://127.0.0.1", name="n")


def test_what_is_no_regular_file_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no regular file"):
        FileLimiter("4/minute", os.devnull)
