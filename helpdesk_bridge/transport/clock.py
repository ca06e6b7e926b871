"""Wait: the only place of the library where anything sleeps."""

from __future__ import annotations

import asyncio

__all__ = ["pause"]


async def pause(seconds: float) -> None:
    """Wait. A test may put a clock of its own in the place of this."""
    await asyncio.sleep(seconds)
