"""How far the memory of a process grows: ``python -m benchmarks.memory WHAT ORIGIN`` (Linux).

The peak is that of the resident set since the work began, less the resident set before it, after
a small run of the same kind.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.desks import TICKETS, desk
from benchmarks.reading import stream
from helpdesk_bridge import Attachment, Helpdesk, Upload

__all__ = ["KINDS"]

KINDS = ("stream", "upload bytes", "upload file", "download")
_MEGABYTE = 1024 * 1024


def _figure(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024


async def _growth(work: Callable[[], Awaitable[object]]) -> float:
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew
    before = _figure("VmRSS")
    await work()
    return _figure("VmHWM") - before


async def _measured(what: str, opened: Helpdesk, folder: Path) -> float:
    ticket = TICKETS["HelpSpace"]

    async def send(data: bytes | Path) -> object:
        return await opened.note(ticket, text="The log.", attachments=[Upload("a.log", data=data)])

    async def download(megabytes: int) -> None:
        async with opened.open_attachment(Attachment(id=str(megabytes))) as chunks:
            came = sum([len(chunk) async for chunk in chunks])
        assert came == megabytes * _MEGABYTE  # noqa: S101

    (folder / "a.log").write_bytes(bytes(range(256)) * (5 * _MEGABYTE // 256))
    content = (folder / "a.log").read_bytes()
    works: dict[str, tuple[Callable[[], Awaitable[object]], Callable[[], Awaitable[object]]]] = {
        "stream": (lambda: stream(opened, 2000), lambda: stream(opened, 200_000)),
        "upload bytes": (lambda: send(b"small"), lambda: send(content)),
        "upload file": (lambda: send(b"small"), lambda: send(folder / "a.log")),
        "download": (lambda: download(1), lambda: download(1024)),
    }
    small, large = works[what]
    await small()
    return await _growth(large)


async def _main(what: str, origin: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with desk("HelpSpace", origin) as opened:
            grown = await _measured(what, opened, Path(folder))
    print(f"{grown:.2f}")  # noqa: T201 - read by who started it


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2]))
