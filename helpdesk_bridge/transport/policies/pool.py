"""Let a bounded number of requests through at once."""

from __future__ import annotations

from attrs import define, field

from helpdesk_bridge.model.slots import Slots
from helpdesk_bridge.transport.pipeline import Handler
from helpdesk_bridge.transport.request import Request
from helpdesk_bridge.transport.response import Response

__all__ = ["Pool"]


@define
class Pool:
    """Lets a bounded number of requests through at once, before any connection is asked for.

    The slot of a streamed answer is held until the answer is closed.
    """

    concurrency: int
    _slots: Slots = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._slots = Slots(self.concurrency)

    async def __call__(self, request: Request, handler: Handler) -> Response:
        """Pass ``request`` on once there is room."""
        request.progress.waiting = True
        await self._slots.acquire()
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

    async def _give_back(self) -> None:
        self._slots.release()
