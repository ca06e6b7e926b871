"""Thousands of conversations are read to the end, whatever some of them are like."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import re
from collections.abc import AsyncIterator, Awaitable
from contextlib import aclosing
from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.transport import clock
from tests.adapters.doubles import drain
from tests.every_adapter.poison import FIRST, lengthen, opened, place
from tests.virtual_loop import SocketSelector, VirtualLoop

EVERY = 50
POISONS: dict[str, tuple[type[hb.HelpdeskError], int]] = {
    "gone": (hb.NotFound, 0),
    "forbidden": (hb.PermissionDenied, 0),
    "bad record": (hb.ProtocolError, 1),
    "hangs": (hb.DeadlineExceeded, 0),
    "fails": (hb.VendorUnavailable, 0),
    "cut": (hb.TruncatedBody, 0),
    "another": (hb.ProtocolError, 0),
}
"""What is wrong with a ticket: its error, and how many messages come before it."""
ALL = os.environ.get("HELPDESK_BRIDGE_ALL_FAULTS") == "1"
COUNTS = {"airclou": 5_000 if ALL else 1_500, "helpspace": 500}
"""How many conversations are read of each: one goes by cursors, the other numbers its pages."""


def poison_of(number: int) -> str | None:
    """What is wrong with the ticket of this number in the Store; None: nothing."""
    turn, rest = divmod(place(number), EVERY)
    return None if rest != EVERY // 2 else [*POISONS][turn % len(POISONS)]


def number_of(text: str) -> int:
    return int(re.findall(r"\d{8}", text)[0])


def run(main: Awaitable[Any]) -> None:
    """Run ``main`` over sockets on a clock that jumps, and see that it leaves no task behind."""

    async def watched() -> None:
        await main
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "pause", asyncio.sleep)
        patch.setattr(logging.getLogger("helpdesk_bridge.transport"), "level", logging.ERROR)
        with asyncio.Runner(loop_factory=lambda: VirtualLoop(SocketSelector())) as runner:
            runner.run(watched())


async def mixed(tickets: AsyncIterator[hb.Ticket]) -> AsyncIterator[Any]:
    """Give by its id a ticket that is to be read first, and the others as they were listed."""
    async for ticket in tickets:
        yield ticket.id if poison_of(number_of(ticket.id)) == "another" else ticket


def is_ours(task: asyncio.Task[Any]) -> bool:
    """Say whether a task is not one of the fake's."""
    return "RequestHandler" not in repr(task.get_coro())


def live_messages() -> int:
    gc.collect()
    return sum(type(one) is hb.Message for one in gc.get_objects())


@pytest.mark.parametrize("adapter", COUNTS)
def test_of_thousands_exactly_the_poisoned_ones_carry_errors(adapter: str) -> None:
    async def main() -> None:
        errors: dict[str, hb.HelpdeskError] = {}
        order: list[int] = []
        tasks = messages = 0
        async with (
            opened(adapter, COUNTS[adapter], poison_of) as (desk, _, _),
            aclosing(mixed(desk.tickets())) as given,
        ):
            async for one in desk.conversations(given, on_error="keep"):
                number = number_of(one.ticket.id)
                order.append(number)
                poison = poison_of(number)
                kind, before = POISONS[poison] if poison else (type(None), 2)
                assert (type(one.error), len(one.messages)) == (kind, before), poison
                if one.error is not None:
                    errors[one.ticket.id] = one.error
                if len(order) % 100 == 0:
                    tasks = max(tasks, sum(map(is_ours, asyncio.all_tasks())))
                if len(order) % 500 == 0:
                    messages = max(messages, live_messages())
        assert len(set(order)) == len(order) == COUNTS[adapter]
        assert order in (sorted(order), sorted(order, reverse=True))
        assert len(errors) == COUNTS[adapter] // EVERY
        for ticket_id, error in errors.items():
            assert (error.ticket_id, error.operation, error.desk) == (
                ticket_id,
                "conversations",
                "it",
            )
            assert ticket_id in str(error)
        assert 0 < tasks < 40
        assert 0 < messages < 200

    run(main())


# -- a few tickets -----------------------------------------------------------------------------


async def kept(desk: hb.Helpdesk, tickets: Any = None, **given: Any) -> dict[int, hb.Conversation]:
    """Read all conversations, and return them by the place of their ticket."""
    listed = desk.tickets() if tickets is None else tickets
    read = desk.conversations(listed, on_error="keep", **given)
    return {place(number_of(one.ticket.id)): one async for one in read}


def failed(found: dict[int, hb.Conversation]) -> dict[int, type]:
    return {at: type(one.error) for at, one in found.items() if one.error is not None}


def test_a_long_conversation_that_hangs_takes_no_other_with_it() -> None:
    """Its pages are asked for several at once, and could hold every connection that there is."""

    async def main() -> None:
        async with opened("airclou", 60) as (desk, store, fake):
            long, all_tickets = FIRST + 3 * 30, desk.tickets()
            fake.poison = {long: "hangs later"}.get
            lengthen(store, 30, 600)
            found = await kept(desk, all_tickets)
            assert len(found) == 60
            assert failed(found) == {30: hb.DeadlineExceeded}
            assert len(found[30].messages) == 100
            assert fake.hung > 1

    run(main())


@pytest.mark.parametrize("adapter", COUNTS)
def test_each_conversation_has_the_deadline_by_itself(adapter: str) -> None:
    async def main() -> None:
        hanging = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15}
        async with opened(adapter, 20) as (desk, _store, fake):
            fake.poison = lambda number: "hangs" if place(number) in hanging else None
            began = asyncio.get_running_loop().time()
            found = await kept(desk, concurrency=4)
            took = asyncio.get_running_loop().time() - began
        assert failed(found) == dict.fromkeys(hanging, hb.DeadlineExceeded)
        assert sorted(found) == [*range(20)]
        assert 120 < took < 300

    run(main())


@pytest.mark.parametrize("adapter", COUNTS)
def test_a_key_that_is_revoked_in_the_middle_ends_it_behind_what_was_read(adapter: str) -> None:
    async def main() -> None:
        async with opened(adapter, 30) as (desk, _store, fake):
            tickets = [ticket async for ticket in desk.tickets()]
            numbers = [number_of(ticket.id) for ticket in tickets]
            fake.poison = lambda number: "revoked" if number in numbers[10:] else None
            found, error = await drain(desk.conversations(tickets, on_error="keep"))
        assert [one.ticket for one in found if one.error is None] == tickets[:10]
        assert len(found) == 10
        assert isinstance(error, hb.AuthenticationError)
        assert error.ticket_id == tickets[10].id

    run(main())


@pytest.mark.parametrize("adapter", COUNTS)
def test_the_first_one_in_the_order_given_is_raised(adapter: str) -> None:
    async def main() -> None:
        async with opened(adapter, 30) as (desk, _store, fake):
            tickets = [ticket async for ticket in desk.tickets()]
            slow, quick = number_of(tickets[5].id), number_of(tickets[7].id)
            fake.poison = {slow: "fails", quick: "gone"}.get
            found, error = await drain(desk.conversations(tickets))
        assert [one.ticket for one in found] == tickets[:5]
        assert isinstance(error, hb.VendorUnavailable)
        assert error.ticket_id == tickets[5].id

    run(main())


def test_what_is_kept_of_an_error_holds_no_other_message_and_nothing_under_way() -> None:
    async def main() -> None:
        async with opened("airclou", 1) as (desk, store, fake):
            fake.poison = {FIRST: "hangs later"}.get
            lengthen(store, 0, 600)
            gc.collect()
            before = live_messages()
            (one,) = [one async for one in desk.conversations(desk.tickets(), on_error="keep")]
            error = one.error
            assert isinstance(error, hb.DeadlineExceeded)
            assert len(one.messages) == 100
            del one
            await asyncio.sleep(0)
            assert live_messages() == before
            assert not [task for task in asyncio.all_tasks() if is_ours(task)][1:]

    run(main())
