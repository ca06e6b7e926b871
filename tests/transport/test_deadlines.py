"""A deadline ends its body and nothing else, as asyncio's own timeouts do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest

from helpdesk_bridge.errors import DeskClosed
from helpdesk_bridge.transport.deadlines import OpenRequests
from tests.transport.virtual import now, run
from tests.virtual_loop import VirtualLoop

Body: TypeAlias = Callable[[], Awaitable[None]]


async def _asleep(running: OpenRequests, ends_at: float) -> float:
    with pytest.raises(TimeoutError), running.until(ends_at):
        await asyncio.sleep(1000)
    return now()


def test_each_ends_at_its_own_time_in_whatever_order_they_begin() -> None:
    async def main() -> None:
        running, began = OpenRequests(), now()
        ends = [began + 30, began + 10, began + 20, began + 10]
        assert await asyncio.gather(*(_asleep(running, one) for one in ends)) == ends

    run(main())


def test_what_ended_by_itself_does_not_hide_the_end_of_others() -> None:
    async def main() -> None:
        running, began = OpenRequests(), now()
        with running.until(began + 5):
            await asyncio.sleep(1)
        assert await _asleep(running, began + 20) == began + 20
        assert await _asleep(running, began + 40) == began + 40

    run(main())


def test_a_limit_that_is_left_cancels_nothing_later() -> None:
    async def main() -> None:
        running = OpenRequests()
        with running.until(now() + 5):
            await asyncio.sleep(1)
        await asyncio.sleep(60)  # would raise CancelledError

    run(main())


def test_what_a_closed_event_loop_left_behind_stops_no_alarm() -> None:
    running = OpenRequests()

    async def left_behind() -> None:
        with running.until(now() + 5):
            await asyncio.Event().wait()

    async def main() -> None:
        began = now()
        assert await _asleep(running, began + 10) == began + 10
        assert await _asleep(running, began + 20) == began + 20

    loop = VirtualLoop()
    task = loop.create_task(left_behind())
    task._log_destroy_pending = False  # type: ignore[attr-defined]  # as it is meant here
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    run(main())


def test_a_limit_of_another_event_loop_is_kept() -> None:
    running = OpenRequests()

    async def once() -> None:
        began = now()
        with running.until(began + 50):
            await asyncio.sleep(1)

    async def again() -> None:
        assert await _asleep(running, now() + 90) == pytest.approx(1090)

    run(once())
    run(again())


async def _long() -> None:
    await asyncio.sleep(7)


async def _stubborn() -> None:
    """Finish, whoever cancels."""
    try:
        await asyncio.sleep(7)
    except asyncio.CancelledError:
        await asyncio.sleep(3)


async def _failing() -> None:
    try:
        await asyncio.sleep(7)
    except asyncio.CancelledError:
        raise ValueError from None


async def _ours(body: Body) -> None:
    with OpenRequests().until(now() + 5):
        await body()


async def _asyncios(body: Body) -> None:
    async with asyncio.timeout(5):
        await body()


async def _came_of(limited: Callable[[Body], Awaitable[None]], body: Body, cancel: float) -> str:
    """Return how ``body`` ended, with the cancellations that its task is left with."""
    left = -1

    async def inner() -> None:
        nonlocal left
        task = asyncio.current_task()
        assert task is not None
        try:
            await limited(body)
        finally:
            left = task.cancelling()

    task = asyncio.create_task(inner())
    asyncio.get_running_loop().call_later(cancel, task.cancel)
    await asyncio.wait([task])
    if task.cancelled():
        return f"cancelled {left}"
    return f"{type(task.exception()).__name__} {left}"


@pytest.mark.parametrize("body", [_long, _stubborn, _failing])
@pytest.mark.parametrize("cancel", [1, 5, 6, 99])
def test_cancellations_are_treated_as_asyncio_treats_them(body: Body, cancel: float) -> None:
    async def main() -> None:
        expected = await _came_of(_asyncios, body, cancel)
        assert await _came_of(_ours, body, cancel) == expected

    run(main())


@pytest.mark.parametrize(("cancel", "told"), [(1, "cancelled 1"), (99, "TimeoutError 0")])
def test_a_callers_cancellation_is_no_timeout(cancel: float, told: str) -> None:
    async def main() -> None:
        assert await _came_of(_ours, _long, cancel) == told

    run(main())


def test_a_timeout_error_of_the_body_is_not_called_ours() -> None:
    async def main() -> None:
        deadline = OpenRequests().until(now() + 5)
        with pytest.raises(TimeoutError), deadline:
            raise TimeoutError
        assert not deadline.expired

    run(main())


def test_closing_ends_all_and_lets_nothing_begin() -> None:
    async def main() -> None:
        running = OpenRequests()
        tasks = [asyncio.create_task(_asleep(running, now() + n)) for n in (10, 20)]
        forever = asyncio.create_task(_asleep(running, float("inf")))
        await asyncio.sleep(1)
        running.close()
        assert await asyncio.gather(*tasks, forever) == [now()] * 3
        with pytest.raises(DeskClosed):
            running.until(now() + 5)
        await asyncio.sleep(100)

    run(main())


def test_who_closes_from_within_and_leaves_at_once_is_not_cancelled_later() -> None:
    async def main() -> None:
        running = OpenRequests()
        with running.until(now() + 5):
            running.close()
        await asyncio.sleep(60)  # would raise CancelledError

    run(main())


# -- one within another ------------------------------------------------------------------------


async def _told(running: OpenRequests, outer: float, inner: float, log: list[str]) -> None:
    """Sleep within two deadlines, and say which of them ended it."""
    try:
        with running.until(outer):
            try:
                with running.until(inner):
                    await asyncio.sleep(1000)
            except TimeoutError:
                log.append("inner")
                raise
    except TimeoutError:
        log.append("outer")


@pytest.mark.parametrize("inner", [5, 10, 20, float("inf")])
def test_the_innermost_ends_first_and_the_outer_one_ends_nothing_more(inner: float) -> None:
    async def main() -> None:
        running, began, log = OpenRequests(), now(), list[str]()
        with pytest.raises(ZeroDivisionError), running.until(began + 10):  # noqa: PT012
            try:
                with running.until(began + inner):
                    await asyncio.sleep(1000)
            except TimeoutError:
                log.append("inner")
            raise ZeroDivisionError  # what it is turned into; nothing is awaited
        await asyncio.sleep(100)  # would raise CancelledError
        assert (log, now()) == (["inner"], began + min(inner, 10) + 100)

    run(main())


def test_the_outer_one_ends_what_is_awaited_after_the_end_of_the_inner_one() -> None:
    async def main() -> None:
        running, began = OpenRequests(), now()
        with pytest.raises(TimeoutError), running.until(began + 10) as outer:  # noqa: PT012
            with pytest.raises(TimeoutError), running.until(began + 10):
                await asyncio.sleep(1000)
            assert not outer.expired
            await asyncio.sleep(1000)
        assert (outer.expired, now()) == (True, began + 10)

    run(main())


def test_three_deep_each_ends_in_its_turn() -> None:
    async def main() -> None:
        running, began, log = OpenRequests(), now(), list[int]()
        with pytest.raises(TimeoutError), running.until(began + 10):  # noqa: PT012
            with pytest.raises(TimeoutError), running.until(began + 30):  # noqa: PT012
                with pytest.raises(TimeoutError), running.until():
                    await asyncio.sleep(1000)
                log.append(3)
                await asyncio.sleep(1000)
            log.append(2)
            await asyncio.sleep(1000)
        assert (log, now()) == ([3, 2], began + 10)

    run(main())


@pytest.mark.parametrize(("patient", "end"), [(15, 15), (5, 10)])
def test_a_patient_one_is_cut_off_by_itself_alone(patient: float, end: float) -> None:
    async def main() -> None:
        running, began = OpenRequests(), now()
        with pytest.raises(TimeoutError), running.until(began + 10) as outer:  # noqa: PT012
            with pytest.raises(TimeoutError), running.patient(began + patient) as inner:
                await asyncio.sleep(1000)
            assert (inner.expired, outer.expired, now()) == (True, False, began + patient)
            await asyncio.sleep(1000)
        assert now() == began + end

    run(main())


def test_what_is_done_patiently_in_time_is_not_lost_to_the_one_around_it() -> None:
    async def main() -> None:
        running, began = OpenRequests(), now()
        with running.until(began + 10):
            with running.patient(began + 15):
                done = await asyncio.sleep(12, "done")
            assert done == "done"
        await asyncio.sleep(100)  # would raise CancelledError

    run(main())


def test_closing_ends_the_innermost_first_and_nothing_patient() -> None:
    async def main() -> None:
        running, began, log = OpenRequests(), now(), list[str]()

        async def patient() -> None:
            with running.until(began + 90), running.patient(began + 20):
                await asyncio.sleep(10)
            log.append("patient")

        tasks = [
            asyncio.create_task(_told(running, began + 50, began + 50, log)),
            asyncio.create_task(patient()),
        ]
        await asyncio.sleep(1)
        running.close()
        await asyncio.wait(tasks[:1])
        assert (log, now()) == (["inner", "outer"], began + 1)
        await asyncio.gather(*tasks)
        assert (log[2:], now()) == (["patient"], began + 10)

    run(main())


def test_two_tasks_do_not_stand_within_each_other() -> None:
    async def main() -> None:
        running, began = OpenRequests(), now()
        with running.until(began + 60):
            task = asyncio.create_task(_asleep(running, began + 90))
            await asyncio.sleep(50)
        assert await task == began + 90
        assert not running._innermost

    run(main())


async def _nested(body: Body) -> None:
    running = OpenRequests()
    with running.until(now() + 5), running.until(now() + 5):
        await body()


async def _asyncios_nested(body: Body) -> None:
    async with asyncio.timeout(5), asyncio.timeout(None):
        await body()


@pytest.mark.parametrize("body", [_long, _stubborn, _failing])
@pytest.mark.parametrize("cancel", [1, 5, 99])
def test_nested_ones_treat_a_callers_cancellation_as_asyncios_do(body: Body, cancel: float) -> None:
    async def main() -> None:
        expected = await _came_of(_asyncios_nested, body, cancel)
        assert await _came_of(_nested, body, cancel) == expected

    run(main())
