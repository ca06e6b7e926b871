"""Waiting, in one place: whatever waits here does so under the deadline of its call."""

from __future__ import annotations

import asyncio

__all__ = ["pause"]


async def pause(seconds: float) -> None:
    """Wait. A test may put a clock of its own in the place of this."""
    await asyncio.sleep(seconds)
