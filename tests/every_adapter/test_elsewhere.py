"""A desk in another event loop, thread or process than its own says so at once, and goes on."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import pytest_asyncio

import helpdesk_bridge as hb
from helpdesk_bridge.errors import OutcomeUnknown
from tests.every_adapter.places import ADAPTERS, Place, opened
from tests.forked import in_a_fork, in_a_thread, needs_fork, outcome

Call: TypeAlias = Callable[[hb.Helpdesk], Awaitable[Any]]
_FILE = hb.Attachment(id="1", name="a.txt")


async def _each(found: AsyncIterator[Any]) -> list[Any]:
    return [one async for one in found]


async def _chunks(desk: hb.Helpdesk) -> None:
    async with desk.open_attachment(_FILE) as chunks:
        await anext(chunks)


async def _entered(desk: hb.Helpdesk) -> None:
    await desk.__aenter__()


CALLS: dict[str, Call] = {
    "tickets": lambda desk: _each(desk.tickets()),
    "first page": lambda desk: _first(desk),
    "ticket": lambda desk: desk.ticket("1"),
    "custom_fields": lambda desk: desk.custom_fields(),
    "create_ticket": lambda desk: desk.create_ticket(
        subject="S", requester="li@customer.example", text="Broken."
    ),
    "update_ticket": lambda desk: desk.update_ticket("1", subject="T"),
    "delete_ticket": lambda desk: desk.delete_ticket("1"),
    "messages": lambda desk: _each(desk.messages("1")),
    "message": lambda desk: desk.message("1", "2"),
    "conversations": lambda desk: _each(desk.conversations(["1"])),
    "reply": lambda desk: desk.reply("1", text="x", send_email=False),
    "note": lambda desk: desk.note("1", text="Broken."),
    "forward": lambda desk: desk.forward("1", to=["lab@partner.example"], text="Broken."),
    "add_request": lambda desk: desk.add_request("1", author="li@customer.example", text="Broken."),
    "open_attachment": _chunks,
    "save_attachment": lambda desk: desk.save_attachment(_FILE, Path("/nowhere")),
    "reconcile": lambda desk: desk.reconcile(OutcomeUnknown("x", desk=desk.name)),
    "recover": lambda desk: desk.recover(),
    "raw": lambda desk: desk.raw("GET", "tickets"),
    "aclose": lambda desk: desk.aclose(),
    "async with": _entered,
}


async def _first(desk: hb.Helpdesk) -> Any:
    return await desk.tickets()


@pytest_asyncio.fixture(params=ADAPTERS)
async def used(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    """Open a desk of each adapter in turn, and use it."""
    async with opened(request.param) as place:
        await place.desk.create_ticket(subject="S", requester="li@customer.example", text="Broken.")
        yield place


def _all(desk: hb.Helpdesk) -> str:
    """Make every call in an event loop of its own, one a line."""
    return "\n".join(
        f"{name} {outcome(lambda call=call: call(desk))}"  # type: ignore[misc]
        for name, call in CALLS.items()
    )


def _check(told: str, words: str) -> None:
    lines = told.split("\n")
    assert len(lines) == len(CALLS)
    for name, line in zip(CALLS, lines, strict=True):
        assert line.startswith(f"{name} InvalidArgument: "), line
        assert words in line, line
        assert "make a Helpdesk in each event loop, thread and process" in line, line


@pytest.mark.asyncio
async def test_another_thread_is_told_at_once(used: Place) -> None:
    requests = used.requests
    told = await asyncio.get_running_loop().run_in_executor(None, _all, used.desk)
    _check(told, "was first used in another event loop or thread")
    assert used.requests == requests
    assert await used.desk.tickets()


@needs_fork
@pytest.mark.asyncio
async def test_a_fork_is_told_at_once_and_its_end_harms_nobody(used: Place) -> None:
    requests = used.requests

    def child() -> str:
        told = _all(used.desk)
        gc.collect()
        return told

    _check(in_a_fork(child), "was used before this process was forked")
    assert used.requests == requests
    for _ in range(3):
        assert await used.desk.tickets()
    await used.desk.create_ticket(subject="T", requester="li@customer.example", text="Broken.")


@needs_fork
@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_a_fork_may_use_a_desk_that_nobody_used_before(adapter: str) -> None:
    async with opened(adapter) as place:
        if place.fake is None:
            desk = hb.Helpdesk(place.desk.adapter.settings)
        else:
            desk = hb.connect("it", config={"desks": {"it": place.fake.table()}})
        told = in_a_fork(lambda: outcome(lambda: _closed(desk)))
        assert told == "returned 'closed'"
        assert not desk.closed
        await desk.aclose()


async def _closed(desk: hb.Helpdesk) -> str:
    await desk.aclose()
    return "closed"


@pytest.mark.asyncio
async def test_a_list_that_was_begun_elsewhere_is_not_read_on(used: Place) -> None:
    pager = used.desk.tickets()
    assert [one.subject async for one in pager] == ["S"]
    begun = used.desk.tickets()

    async def elsewhere() -> None:
        async with aclosing(begun.pages()) as pages:  # type: ignore[type-var]
            await anext(pages)

    for work in (lambda: _each(begun), lambda: _page(begun), elsewhere):
        told = await asyncio.get_running_loop().run_in_executor(None, outcome, work)
        assert told.startswith("InvalidArgument: tickets on desk"), told
        assert "another event loop or thread" in told
    assert [one.subject async for one in begun] == ["S"]


async def _page(pager: Any) -> Any:
    return await pager


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_desk_whose_event_loop_has_ended_can_be_closed_in_another(adapter: str) -> None:
    async def begun() -> hb.Helpdesk:
        async with opened(adapter) as place:
            if place.fake is None:
                desk = hb.Helpdesk(place.desk.adapter.settings)
            else:
                desk = hb.connect("it", config={"desks": {"it": place.fake.table()}})
            await desk.tickets()
            if desk._transport._http.client is not None:  # no socket for Python to warn of
                await desk._transport._http.client._sessions.popitem()[1].close()
            return desk

    desk = asyncio.run(begun())
    asyncio.run(desk.aclose())
    assert desk.closed
    asyncio.run(desk.aclose())
    forgotten = weakref.ref(desk)
    del desk
    gc.collect()
    assert forgotten() is None


def test_a_desk_in_memory_goes_on_in_the_next_event_loop() -> None:
    """Nothing of it belongs to an event loop that has ended."""
    from helpdesk_bridge.testing import MemorySettings

    desk = hb.Helpdesk(MemorySettings())
    asyncio.run(_made(desk))
    asyncio.run(_made(desk))
    assert len(asyncio.run(_each(desk.tickets()))) == 2
    assert in_a_thread(lambda: outcome(lambda: _made(desk))) == "returned None"


async def _made(desk: hb.Helpdesk) -> None:
    await desk.create_ticket(subject="S", requester="li@customer.example", text="Broken.")
