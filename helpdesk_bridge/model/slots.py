"""A number of slots that are taken and given back: first come, first served."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from types import TracebackType

from attrs import define, field

__all__ = ["Slots"]


@define(eq=False)
class Slots:
    """As many as ``free`` may be in at once; one slot is a lock: ``async with slots``.

    It is ``asyncio.Semaphore``, but who gives up waiting leaves the queue at once. That one looks
    through the queue for each of them, so that the event loop would stand still for seconds when
    thousands of waiting calls come to their deadlines.
    """

    free: int
    _waiting: OrderedDict[asyncio.Future[None], None] = field(factory=OrderedDict, init=False)

    async def acquire(self) -> None:
        """Take a slot, or wait for one. Cancelled, it has taken none."""
        if self.free > 0:
            self.free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting[turn] = None
        try:
            await turn
        except BaseException:
            self._waiting.pop(turn, None)
            if turn.done() and not turn.cancelled():
                self.release()  # it was given the slot when it was about to end
            raise

    def release(self) -> None:
        """Give a slot back: to who has waited longest."""
        while self._waiting:
            turn, _ = self._waiting.popitem(last=False)
            # A cancelled one is about to leave the queue, and nobody waits in a closed event loop.
            if not turn.done() and not turn.get_loop().is_closed():
                turn.set_result(None)
                return
        self.free += 1

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
