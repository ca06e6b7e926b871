"""Thousands of waiting calls end at their deadlines: each costs the same, however many wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from helpdesk_bridge_helpspace.agents import AgentList

from helpdesk_bridge.desk.pager import Pager
from helpdesk_bridge.errors import DeadlineExceeded, PoolTimeout
from helpdesk_bridge.model.page import Page
from helpdesk_bridge.model.slots import Slots
from helpdesk_bridge.transport import SessionAuth, TokenProvider
from helpdesk_bridge.transport.deadlines import OpenRequests, RequestDeadline
from helpdesk_bridge.transport.rate_limits import Rate, SlidingWindow
from tests.transport.virtual import READ, Step, Wire, desk, now, run, send

_MANY = 2000


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count how often it is asked when a deadline ends."""
    counted, kept = [0], vars(RequestDeadline)["ends_at"]

    def ends_at(deadline: RequestDeadline) -> float:
        counted[0] += 1
        return kept.__get__(deadline, RequestDeadline)  # type: ignore[no-any-return]

    monkeypatch.setattr(RequestDeadline, "ends_at", property(ends_at, kept.__set__))
    return counted


class _Counted(asyncio.Future[None]):
    """A future that knows how often any was compared with another."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        _Counted.compared += 1
        return self is other

    __hash__ = asyncio.Future.__hash__


async def _ended(running: OpenRequests, ends_at: float) -> float:
    with pytest.raises(TimeoutError), running.until(ends_at):
        await asyncio.get_running_loop().create_future()
    return now()


def test_thousands_of_deadlines_are_not_looked_through_for_each_end(looks: list[int]) -> None:
    async def main() -> None:
        running, began = OpenRequests(), now()
        ends = [began + 10 + (number * 7919 % _MANY) / 1000 for number in range(_MANY)]
        ended = await asyncio.gather(*(_ended(running, one) for one in ends))
        assert ended == pytest.approx(ends)

    run(main())
    assert looks[0] < 20 * _MANY


def test_deadlines_that_are_over_leave_nothing_behind() -> None:
    async def main() -> None:
        running = OpenRequests()
        for _ in range(_MANY):
            with running.until(now() + 60):
                pass
        assert len(running._in_order) < 100
        assert await _ended(running, now() + 5) == now()

    run(main())


def test_one_that_is_put_off_ends_at_its_new_time() -> None:
    async def main() -> None:
        running, began = OpenRequests(), now()

        async def put_off() -> float:
            deadline = running.until(began + 5)

            async def waiting() -> None:
                with deadline:
                    deadline.ends_at += 10
                    await asyncio.get_running_loop().create_future()

            with pytest.raises(TimeoutError):
                await waiting()
            return now()

        ended = await asyncio.gather(put_off(), _ended(running, began + 7))
        assert [*ended] == [began + 15, began + 7]

    run(main())


def test_those_that_have_become_due_end_at_once_and_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order: list[int] = []

    async def one(running: OpenRequests, number: int) -> None:
        with pytest.raises(TimeoutError), running.until(now() + 1 + number):
            await asyncio.get_running_loop().create_future()
        order.append(number)

    async def main() -> None:
        running = OpenRequests()
        tasks = [asyncio.create_task(one(running, number)) for number in range(50)]
        await asyncio.sleep(0)
        asyncio.get_running_loop()._clock.now += 30.5  # type: ignore[attr-defined]  # it was busy
        await asyncio.sleep(0)
        for _ in range(3):
            await asyncio.sleep(0)
        assert order == list(range(30))
        for task in tasks:
            await task

    run(main())


@pytest.mark.parametrize("order", ["first to last", "last to first", "mixed"])
def test_who_gives_up_waiting_is_not_looked_for(
    order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "create_future", lambda: _Counted(loop=loop))
        slots = Slots(1)
        await slots.acquire()
        waiting = [asyncio.create_task(slots.acquire()) for _ in range(_MANY)]
        await asyncio.sleep(0)
        before = _Counted.compared
        ended = {
            "first to last": waiting,
            "last to first": waiting[::-1],
            "mixed": [waiting[number * 7919 % _MANY] for number in range(_MANY)],
        }[order]
        for task in ended:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert _Counted.compared - before < 2 * _MANY
        slots.release()
        await slots.acquire()

    run(main())


class _Silent:
    """Stands where a transport does, and never answers."""

    async def send(self, *_: Any, **__: Any) -> None:
        await asyncio.Event().wait()


def _agents() -> Callable[[], Awaitable[object]]:
    return AgentList(cast("Any", _Silent())).read


def _pages() -> Callable[[], Awaitable[object]]:
    async def fetch(_: object) -> Page[str]:
        await asyncio.Event().wait()
        return Page(items=())

    return Pager(fetch, identity=str).__anext__


@pytest.mark.parametrize("made", [_agents, _pages])
def test_who_gives_up_a_list_that_others_wait_for_is_not_looked_for(
    made: Callable[[], Callable[[], Awaitable[object]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "create_future", lambda: _Counted(loop=loop))
        wait = made()

        async def waiter() -> None:
            await wait()

        waiting = [asyncio.create_task(waiter()) for _ in range(_MANY)]
        await asyncio.sleep(0)
        before = _Counted.compared
        for task in waiting[::-1]:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert _Counted.compared - before < 2 * _MANY

    run(main())


def test_who_waits_for_a_session_has_nothing_at_its_renewal() -> None:
    async def main() -> None:
        async def silent() -> str:
            await asyncio.Event().wait()
            return ""

        auth = SessionAuth(provider=TokenProvider(silent))
        waiting = [asyncio.create_task(auth._joined()) for _ in range(_MANY)]
        for _ in range(3):
            await asyncio.sleep(0)
        assert auth._renewal is not None
        assert len(auth._waiting) == _MANY
        assert len(auth._renewal._callbacks) < 3  # type: ignore[attr-defined]
        for task in waiting[1:]:
            task.cancel()
        await asyncio.gather(*waiting[1:], return_exceptions=True)
        assert len(auth._waiting) == 1
        await auth.aclose()
        assert await waiting[0] == (None, "it was cancelled")

    run(main())


def test_a_slot_goes_to_who_has_waited_longest_and_to_nobody_who_is_gone() -> None:
    got: list[str] = []

    async def take(slots: Slots, name: str) -> None:
        async with slots:
            got.append(name)

    async def main() -> None:
        slots = Slots(1)
        await slots.acquire()
        tasks = {name: asyncio.create_task(take(slots, name)) for name in "abcd"}
        await asyncio.sleep(0)
        tasks["a"].cancel()
        slots.release()  # to b: a has given up
        tasks["b"].cancel()  # b was given the slot, and does not come to it
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        assert got == ["c", "d"]
        assert slots.free == 1

    run(main())


@pytest.mark.parametrize("limit", [{"concurrency": 2}, {"limiter": "window"}])
def test_waiting_calls_of_a_desk_end_in_time_whatever_they_wait_for(
    limit: dict[str, Any], looks: list[int]
) -> None:
    async def main() -> None:
        options = dict(limit)
        if "limiter" in options:
            options["limiter"] = SlidingWindow(Rate(2, 3600))
        transport = desk(Wire([Step(answering=1000)]), deadline=10, **options)
        began = now()

        async def one(number: int) -> float:
            await asyncio.sleep(number / 1000)
            with pytest.raises((DeadlineExceeded, PoolTimeout)):
                await send(transport, READ)
            return now() - number / 1000

        ended = await asyncio.gather(*(one(number) for number in range(_MANY)))
        assert ended == pytest.approx([began + 10] * _MANY)

    run(main())
    assert looks[0] < 30 * _MANY
