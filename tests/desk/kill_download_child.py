"""Saves a download until a moment, tells of it, and waits there to be killed."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from helpdesk_bridge.desk import download


def reached() -> None:
    """Tell the parent, and go no further."""
    os.write(1, b"reached\n")
    time.sleep(600)


async def chunks(moment: str) -> AsyncIterator[bytes]:
    """Yield the two halves of a file."""
    yield b"half" * 50_000
    if moment == "half":
        reached()
    yield b"half" * 50_000


def stop_at(name: str, *, after: bool) -> None:
    """Have the call ``os.name`` reach the moment before or after it is done."""
    real = getattr(os, name)

    def stopped(*given: Any, **named: Any) -> Any:
        if not after:
            reached()
        real(*given, **named)
        reached()

    setattr(os, name, stopped)


def without_links() -> None:
    """Have the file system know no hard links."""

    def refused(*_: Any, **__: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    os.link = refused  # type: ignore[assignment]


if __name__ == "__main__":
    folder, moment = Path(sys.argv[1]), sys.argv[2]
    if moment in ("before rename", "after rename"):
        without_links()
    if moment != "half":
        when, name = moment.split()
        stop_at(name, after=when == "after")
    asyncio.run(download.save(chunks(moment), folder, "invoice.pdf"))
