"""What reading costs: CPU of this process per message, all rows interleaved in each round."""

from __future__ import annotations

import gc
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from itertools import count
from statistics import median

import aiohttp
import orjson

from benchmarks.desks import TICKETS, desk
from benchmarks.peers import Read, peers
from helpdesk_bridge import Helpdesk
from helpdesk_bridge.model import Ticket
from helpdesk_bridge.transport import Effect, Operation

__all__ = [
    "Rounds",
    "conversation",
    "cost",
    "latency",
    "overhead",
    "reading",
    "settle_heap",
    "stream",
    "streaming",
]

Rounds = list[dict[str, float]]
_CONVERSATIONS = 5
_REQUESTS = 200
_PING = Operation("ping", Effect.READ)


async def reading(origin: str, rounds: int) -> Rounds:
    """Return the CPU seconds per message of every row, for each round."""
    async with AsyncExitStack() as stack:
        rows: dict[str, Read] = await stack.enter_async_context(peers(origin))
        for vendor in TICKETS:
            opened = await stack.enter_async_context(desk(vendor, origin))
            rows[f"helpdesk_bridge {vendor}"] = conversation(opened, TICKETS[vendor])
        for read in rows.values():
            await read()
        settle_heap()
        return [{name: await cost(read) for name, read in rows.items()} for _ in range(rounds)]


def settle_heap() -> None:
    """Have the collector pass over what the other clients have imported: it is no row's cost."""
    gc.collect()
    gc.freeze()


def conversation(opened: Helpdesk, ticket: Ticket) -> Read:
    """Return what reads a whole conversation, as users do."""

    async def read() -> int:
        return len([message async for message in opened.messages(ticket)])

    return read


async def cost(read: Read) -> float:
    """Return the CPU seconds per message of some conversations."""
    await read()  # in the caches and the heap that the row before has left
    gc.collect()
    began, messages = time.process_time(), 0
    for _ in range(_CONVERSATIONS):
        messages += await read()
    return (time.process_time() - began) / messages


async def overhead(origin: str, rounds: int) -> Rounds:
    """Return the CPU seconds of a small request, bare and through the whole transport.

    Each one has another address: to ask again for the last one is cheaper, and rare.
    """
    numbers = count(1)
    async with (
        aiohttp.ClientSession() as session,
        desk("HelpSpace", origin) as opened,
    ):

        async def bare() -> None:
            number = next(numbers)
            async with session.get(f"{origin}/ping/{number}?from={number}") as answer:
                orjson.loads(await answer.read())

        async def whole() -> None:
            number = str(next(numbers))
            path, query = ("ping", number), (("from", number),)
            (await opened.adapter.transport.send(_PING, "GET", path, query=query)).json()

        return [
            {"bare aiohttp": await _request(bare), "transport": await _request(whole)}
            for _ in range(rounds + 1)
        ][1:]


async def _request(send: Callable[[], Awaitable[None]]) -> float:
    began = time.process_time()
    for _ in range(_REQUESTS):
        await send()
    return (time.process_time() - began) / _REQUESTS


async def latency(origin: str, rounds: int) -> Rounds:
    """Return the seconds (not CPU) for 40 pages and for 40 conversations, 50 ms away."""
    async with desk("HelpSpace", f"{origin}/slow") as opened:

        async def pages() -> float:
            began = time.perf_counter()
            assert len([ticket async for ticket in opened.tickets()]) == 2000  # noqa: S101
            return time.perf_counter() - began

        async def conversations() -> float:
            tickets = [
                Ticket(id=f"9{n}", requester=TICKETS["HelpSpace"].requester) for n in range(40)
            ]
            began = time.perf_counter()
            read = [found async for found in opened.conversations(tickets, concurrency=8)]
            assert len(read) == 40  # noqa: S101
            return time.perf_counter() - began

        settle_heap()
        return [
            {"40 pages": await pages(), "40 conversations": await conversations()}
            for _ in range(rounds + 1)
        ][1:]


async def streaming(origin: str, rounds: int) -> Rounds:
    """Return the CPU seconds per message of 2,000 and of 200,000 messages."""
    async with desk("HelpSpace", origin) as opened:
        settle_heap()
        found: Rounds = []
        for _ in range(rounds + 1):
            small = [await stream(opened, 2000) for _ in range(20)]  # one alone is too short
            found.append({"2,000": median(small), "200,000": await stream(opened, 200_000)})
        return found[1:]


async def stream(opened: Helpdesk, messages: int) -> float:
    """Read this many messages, conversation by conversation; return the CPU seconds of each."""
    began, read = time.process_time(), 0
    async for _, conversation in opened.conversations(_tickets(messages // 200), concurrency=8):
        read += len(conversation)
    assert read == messages  # noqa: S101
    return (time.process_time() - began) / read


def _tickets(number: int) -> Iterator[Ticket]:
    numbers = count(10_001)
    for _ in range(number):
        yield Ticket(id=str(next(numbers)), requester=TICKETS["HelpSpace"].requester)
