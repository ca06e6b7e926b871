"""How the reading of a list of all tickets is spread over time."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress

from attrs import define

__all__ = ["Pace"]


@define
class Pace:
    """Rests between the parts of a list.

    Args:
        pause: seconds from one part to the next; 0: there are no rests.
        every: seconds after which tickets with new messages are asked for again meanwhile.
        doorbell: what ends a rest; None: nothing does. It stays rung, so that there are no more
            rests, until :meth:`answers` is asked.
    """

    pause: float = 0.0
    every: float = math.inf
    doorbell: asyncio.Event | None = None

    async def rest(self, until: float) -> None:
        """Wait between two parts, until ``until`` (loop time) at most."""
        if self.doorbell is None:
            await asyncio.sleep(max(0.0, until - asyncio.get_running_loop().time()))
            return
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await self.doorbell.wait()

    def answers(self) -> bool:
        """Say whether the doorbell rang, and take it as answered: by a question in between."""
        if self.doorbell is None or not self.doorbell.is_set():
            return False
        self.doorbell.clear()
        return True
