"""What an answer may cost in memory, measured in a process of its own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk_bridge.testing import Answer, FaultServer

MIB = 1024 * 1024
CHILD = Path(__file__).with_name("memory_child.py")
CAPS = [1 * MIB, 16 * MIB, 64 * MIB]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")


async def read(answer: Answer, how: str = "send", cap: int = 16 * MIB) -> tuple[str, int, float]:
    """Read an answer in another process; return how it ended, its size and the growth in MiB."""
    async with FaultServer(Answer.json({}), answer) as server:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, str(CHILD), server.url, how, str(cap)),
            stdout=asyncio.subprocess.PIPE,
        )
        ended, size, growth = (await child.communicate())[0].split()
    return ended.decode(), int(size), int(growth) / 1024


def file_of(size: int) -> Answer:
    """Return an answer of so many bytes, made while they are sent."""
    piece = bytes(range(256)) * 4096

    def more() -> Iterator[bytes]:
        for _ in range(size // len(piece)):
            yield piece

    return Answer(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size, more=more)


@pytest.mark.asyncio
@pytest.mark.parametrize("cap", CAPS)
@pytest.mark.parametrize("kind", ["bomb", "endless"])
async def test_what_is_too_large_costs_no_more_than_the_cap_and_8_mib(kind: str, cap: int) -> None:
    answer = Answer.gzip_bomb(1024 * MIB) if kind == "bomb" else Answer.endless_body()
    ended, _, growth = await read(answer, cap=cap)
    assert ended == "ResponseTooLarge"
    assert growth <= cap / MIB + 8


@pytest.mark.asyncio
async def test_a_body_as_large_as_the_cap_is_not_held_twice() -> None:
    ended, size, growth = await read(file_of(64 * MIB), cap=64 * MIB)
    assert (ended, size) == ("complete", 64 * MIB)
    assert growth <= 64 + 8


@pytest.mark.asyncio
async def test_a_large_file_streams_through_little_memory() -> None:
    whole = 1024 * MIB
    ended, size, growth = await read(file_of(whole), "stream")
    assert (ended, size) == ("complete", whole)
    assert growth <= 20


@pytest.mark.asyncio
async def test_a_bomb_in_place_of_a_file_ends_before_it_fills_a_disk() -> None:
    ended, size, growth = await read(Answer.gzip_bomb(1024 * MIB), "stream")
    assert ended == "ResponseTooLarge"
    assert size <= 18 * MIB
    assert growth <= 20
