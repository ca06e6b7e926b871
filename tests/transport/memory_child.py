"""Reads one answer, and prints how it ended and by how many KiB the process grew at its worst."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from helpdesk_bridge.errors import HelpdeskError
from helpdesk_bridge.transport import Effect, Explanation, Operation, Transport, TransportOptions
from helpdesk_bridge.transport.urls import base_url

READ = Operation("read", Effect.READ)


def memory(name: str) -> int:
    """Return a figure of this process in KiB: VmRSS is what it holds, VmHWM the most it held."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found.group(1))


def forget_the_highest() -> None:
    """Have VmHWM begin again at VmRSS: proc(5)."""
    Path("/proc/self/clear_refs").write_text("5")


async def main(url: str, how: str, cap: int) -> None:
    transport = Transport(
        base_url(url),
        TransportOptions(max_attempts=1, max_body=cap),
        desk="it",
        error_codes={},
        explain=lambda _: Explanation(),
    )
    await transport.send(READ, "GET", ("warm",))
    forget_the_highest()
    before, size, ended = memory("VmRSS"), 0, "complete"
    try:
        if how == "stream":
            async with transport.stream(READ, ("file",)) as chunks:
                async for chunk in chunks:
                    size += len(chunk)
        else:
            size = len((await transport.send(READ, "GET", ("t",))).content)
    except HelpdeskError as error:
        ended = type(error).__name__
    sys.stdout.write(f"{ended} {size} {memory('VmHWM') - before}\n")
    await transport.aclose()


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
