"""Whoever leaves ``follow`` leaves nothing behind: no task, no request, no warning."""

from __future__ import annotations

import asyncio
import gc
import threading
from contextlib import aclosing
from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge import kit
from tests.sync.polled import Cursors, Reader, Scanned, Spoken, Vendor, Windowed, opened, told
from tests.transport.virtual import now, run

ADAPTERS = {"window": Windowed, "scan": Scanned, "spoken": Spoken, "cursor": Cursors}

every_adapter = pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=ADAPTERS)
both = pytest.mark.parametrize("view", ["follow", "events"])


def _vendor(count: int = 250, **more: Any) -> Vendor:
    vendor = Vendor(**more)
    vendor.begin(count)
    return vendor


def _iterated(desk: hb.Helpdesk, view: str, **more: Any) -> Any:
    return getattr(desk, view)(every=10.0, **more)


def _others() -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


@both
@every_adapter
@pytest.mark.parametrize("number", [1, 2, 3])
def test_closed_after_a_break_it_has_ended_at_once(
    adapter: type[kit.Adapter], view: str, number: int
) -> None:
    async def check() -> None:
        vendor = _vendor(delay=0.5)
        async with opened(vendor, adapter) as desk:
            async with aclosing(_iterated(desk, view)) as found:
                count = 0
                async for _ in found:
                    count += 1
                    if count == number:
                        break
                    asyncio.get_running_loop().call_later(15, vendor.change)
            assert not _others()
            assert not vendor.under_way
            asked = len(vendor.asked)
            await asyncio.sleep(100)
            assert len(vendor.asked) == asked

    run(check())


@both
@every_adapter
def test_left_by_break_alone_it_is_ended_by_its_collection(
    adapter: type[kit.Adapter], view: str
) -> None:
    async def check() -> None:
        vendor = _vendor(delay=0.5)
        async with opened(vendor, adapter) as desk:
            async for _ in _iterated(desk, view):
                break
            gc.collect()
            await asyncio.sleep(1)
            assert not _others()
            asked = len(vendor.asked)
            await asyncio.sleep(100)
            assert len(vendor.asked) == asked

    run(check())


@both
@every_adapter
def test_an_iterator_that_is_still_held_ends_with_its_loop(
    adapter: type[kit.Adapter], view: str
) -> None:
    kept = []

    async def check() -> None:
        desk = opened(_vendor(delay=0.5), adapter)
        kept.append(_iterated(desk, view))
        await anext(kept[0])
        await desk.aclose()

    run(check())
    gc.collect()
    assert kept[0].ag_frame is None


@every_adapter
def test_cancelled_at_any_moment_it_ends_at_once(adapter: type[kit.Adapter]) -> None:
    async def check() -> None:
        for moment in range(60):
            vendor = _vendor(130, delay=1.0)
            async with opened(vendor, adapter) as desk:
                bell = asyncio.Event() if moment % 2 else None

                async def follow(desk: hb.Helpdesk, bell: Any) -> None:
                    async for _ in desk.follow(every=10.0, sweep_every=10.0, doorbell=bell):
                        await asyncio.sleep(0.25)

                following = asyncio.create_task(follow(desk, bell))
                asyncio.get_running_loop().call_later(5, vendor.change)
                await asyncio.sleep(0.45 * moment)
                following.cancel()
                left = now()
                with pytest.raises(asyncio.CancelledError):
                    await following
                await asyncio.sleep(0)
                assert now() == left
                assert not vendor.under_way
                assert not _others()

    run(check())


@both
@every_adapter
def test_it_ends_without_an_error_when_the_desk_is_closed(
    adapter: type[kit.Adapter], view: str
) -> None:
    async def check() -> None:
        for moment in range(40):
            vendor = _vendor(130, delay=1.0)
            desk = opened(vendor, adapter)
            iterated = _iterated(desk, view)

            async def follow(iterated: Any) -> None:
                async for _ in iterated:
                    pass

            following = asyncio.create_task(follow(iterated))
            await asyncio.sleep(0.1 + 0.65 * moment)
            asked = len(vendor.asked)
            await desk.aclose()
            left = now()
            await following
            assert now() - left <= 1.0  # an adapter without HTTP ends its own request
            assert not _others()
            assert len(vendor.asked) == asked

    run(check())


@every_adapter
def test_it_ends_with_the_desk_while_it_backs_off(adapter: type[kit.Adapter]) -> None:
    async def check() -> None:
        vendor = _vendor()

        async def breaks(_: str) -> None:
            raise hb.RateLimited("slow down.", retry_after=5000.0)

        vendor.breaks = breaks
        desk = opened(vendor, adapter)
        following = asyncio.create_task(Reader().follow(desk, 10_000.0))
        await asyncio.sleep(500)
        await desk.aclose()
        left = now()
        await following
        assert now() == left

    run(check())


def test_it_ends_with_the_desk_while_its_caller_is_busy() -> None:
    async def check() -> None:
        desk = opened(_vendor())
        async for _ in desk.follow():
            await desk.aclose()

    run(check())


def test_on_a_closed_desk_it_is_refused() -> None:
    async def check() -> None:
        desk = opened(_vendor())
        await desk.aclose()
        with pytest.raises(hb.DeskClosed):
            await anext(desk.follow())

    run(check())


@every_adapter
def test_an_error_that_its_caller_raises_is_its_callers(adapter: type[kit.Adapter]) -> None:
    async def check() -> None:
        vendor = _vendor()
        async with opened(vendor, adapter) as desk:
            iterated = desk.follow()
            await anext(iterated)
            with pytest.raises(hb.VendorUnavailable, match="own"):
                await iterated.athrow(hb.VendorUnavailable("the caller's own."))
            gc.collect()
            await asyncio.sleep(1)
            assert not _others()

    run(check())


# -- beside others ---------------------------------------------------------------------------------


@every_adapter
def test_two_followers_of_a_desk_are_told_the_same(adapter: type[kit.Adapter]) -> None:
    async def check() -> None:
        vendor, first, second, texts = _vendor(5, delay=0.3), Reader(), Reader(), []
        async with opened(vendor, adapter) as desk, asyncio.TaskGroup() as group:
            group.create_task(first.follow(desk, 500.0, every=10.0))
            group.create_task(second.follow(desk, 500.0, every=17.0))
            for number in range(20):
                await asyncio.sleep(21)
                texts.append(vendor.change(str(number % 4 + 1)))
        assert sorted(first.texts) == sorted(second.texts) == sorted(texts)

    run(check())


@every_adapter
def test_the_desk_is_used_within_the_loop_and_beside_it(adapter: type[kit.Adapter]) -> None:
    async def check() -> None:
        vendor, batches = _vendor(5, delay=0.3), []
        async with opened(vendor, adapter) as desk:

            async def beside() -> None:
                for _ in range(100):
                    assert (await desk.ticket("2")).id == "2"
                    await asyncio.sleep(0.7)

            besides = asyncio.create_task(beside())
            asyncio.get_running_loop().call_later(15, vendor.change, "3")
            async for batch in desk.follow(every=10.0):
                batches.append(batch)
                for ticket in batch.tickets:
                    assert (await desk.ticket(ticket.id)).id == ticket.id
                if batch.messages:
                    break
            await besides
        assert len(told(batches)) == 1

    run(check())


def test_in_another_thread_it_is_refused() -> None:
    found: list[BaseException] = []

    def elsewhere(desk: hb.Helpdesk) -> None:
        async def follow() -> None:
            await anext(desk.follow())

        try:
            asyncio.run(follow())
        except hb.InvalidArgument as error:
            found.append(error)

    async def check() -> None:
        async with opened(_vendor(), base_url="https://desk.example") as desk:
            other = threading.Thread(target=elsewhere, args=(desk,))
            other.start()
            other.join()

    run(check())
    assert "make a Helpdesk in each" in str(found[0])
