"""Let a bounded number of requests through at once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable

from attrs import define, field

from helpdesk_bridge.model.slots import Slots
from helpdesk_bridge.transport.pipeline import Handler
from helpdesk_bridge.transport.request import Request
from helpdesk_bridge.transport.response import Response
from helpdesk_bridge.transport.yielding import YIELDS

__all__ = ["Pool"]


@define(eq=False)
class _ReservedSlots(Slots):
    """Slots of which some stay free for those who do not yield."""

    reserve: int
    _last: OrderedDict[asyncio.Future[None], None] = field(factory=OrderedDict, init=False)

    async def acquire_last(self) -> None:
        """Take a slot that nobody else waits for, when more than the reserve are free."""
        if self.free > self.reserve and not self._last:
            self.free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._last[turn] = None
        try:
            await turn
        except BaseException:
            self._last.pop(turn, None)
            if turn.done() and not turn.cancelled():
                self.release()  # it was given the slot when it was about to end
            raise

    def release(self) -> None:
        """Give a slot back: to who has waited longest, and to those who yield when all have one."""
        if not self._waiting and not self._last:
            self.free += 1
            return
        super().release()
        while self._last and self.free > self.reserve:
            turn, _ = self._last.popitem(last=False)
            if not turn.done() and not turn.get_loop().is_closed():
                self.free -= 1
                turn.set_result(None)


@define
class Pool:
    """Lets a bounded number of requests through at once, before any connection is asked for.

    The slot of a streamed answer is held until the answer is closed.

    A request that yields takes its slot last of all: it may wait long for its permit, and would
    hold up the others meanwhile. So it passes here, and Pacing calls :meth:`admit_last` when its
    permit is there. Half of the slots are kept free for the others, so that a burst of calls finds
    room however long the answers take; of a single slot none is kept.
    """

    concurrency: int
    _slots: _ReservedSlots = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._slots = _ReservedSlots(self.concurrency, reserve=self.concurrency // 2)

    async def __call__(self, request: Request, handler: Handler, *, last: bool = False) -> Response:
        """Pass ``request`` on once there is room; at once if it yields.

        ``last`` says that it yields and has its permit: then it waits behind all others.
        """
        if not last and YIELDS.get():
            return await handler(request)
        request.progress.waiting = True
        await (self._slots.acquire_last() if last else self._slots.acquire())
        request.progress.waiting = False
        held = True
        try:
            response = await handler(request)
            if response.chunks is not None:
                response.on_release(self._give_back)
                held = False
            return response
        finally:
            if held:
                self._slots.release()

    def admit_last(self, request: Request, handler: Handler) -> Awaitable[Response]:
        """Pass ``request``, which yields, on once there is room and nobody else waits for it."""
        return self(request, handler, last=True)

    async def _give_back(self) -> None:
        self._slots.release()
