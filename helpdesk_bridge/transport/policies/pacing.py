"""Keep a desk under its vendor's rate limit, before the first 429 and after it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from attrs import define, field

from helpdesk_bridge.errors import Outcome, RateLimited
from helpdesk_bridge.model.slots import Slots
from helpdesk_bridge.transport import clock
from helpdesk_bridge.transport.pipeline import Handler
from helpdesk_bridge.transport.policies.retry import MAX_WAIT
from helpdesk_bridge.transport.rate_headers import asked_wait, running_low, until_reset
from helpdesk_bridge.transport.rate_limits import Limiter, SlidingWindow, reserve
from helpdesk_bridge.transport.request import Request
from helpdesk_bridge.transport.response import Response
from helpdesk_bridge.transport.yielding import YIELDS

__all__ = ["Pacing"]

_TOO_MANY = 429
_UNTOLD = 1.0
"""How long (seconds) a 429 that says nothing of it closes the gate."""


@define
class Pacing:
    """Stands before every single request of a desk: a gate, and a permit of each limiter.

    A 429 closes the gate for all tasks of the desk for as long as it asks for, and so does an
    answer which says that the allowance is used up. Whoever cannot pass in time gets RateLimited
    at once, without a request.

    A request that yields waits for its permits before it takes a slot (``admit_last``, of Pool),
    and one of them at a time: while it waits for one limiter, it holds at most one permit of the
    others, that of the longest period first. For those who yield the gate is also closed while the
    vendor tells that no more is left than the reserve.
    """

    limiters: Sequence[Limiter] = ()
    admit_last: Callable[[Request, Handler], Awaitable[Response]] | None = None
    _opens_at: float = field(default=0.0, init=False)
    _opens_last_at: float = field(default=0.0, init=False)
    """When (loop time) it opens for those who yield, as far as it is closed for them alone."""
    _turn: Slots = field(factory=lambda: Slots(1), init=False)

    async def __call__(self, request: Request, handler: Handler) -> Response:
        """Pass ``request`` on when its turn has come."""
        if YIELDS.get():
            return await self._last(request, handler)
        progress = request.progress
        progress.waiting = True
        attempts = progress.attempts
        taken: list[Limiter] = []
        try:
            if self._closed:
                await self._gate(request)
            for limiter in self.limiters:
                await limiter.acquire()
                taken.append(limiter)
            if taken and self._closed:  # meanwhile
                await self._gate(request)
            progress.waiting = False
            response = await handler(request)
            self._heed(response)
            return response
        finally:
            # More than one attempt: a redirect was followed, and its first hop was sent.
            used = progress.bytes_sent or progress.attempts > attempts + 1
            for limiter in taken:
                limiter.release(used=used)

    async def _last(self, request: Request, handler: Handler) -> Response:
        progress = request.progress
        progress.waiting = True
        attempts = progress.attempts
        taken: list[Limiter] = []

        async def sent(one: Request) -> Response:
            if self._closed:  # while it waited for its slot
                progress.waiting = True
                await self._gate(one)
            progress.waiting = False
            response = await handler(one)
            self._heed(response)
            self._heed_last(response)
            return response

        try:
            await self._gate_last(request)
            async with self._turn:
                for limiter in sorted(self.limiters, key=_place):
                    await limiter.acquire(yields=True)
                    taken.append(limiter)
                await self._gate_last(request)  # it may have been closed meanwhile
            admit = self.admit_last
            return await (sent(request) if admit is None else admit(request, sent))
        finally:
            used = progress.bytes_sent or progress.attempts > attempts + 1  # as above
            for limiter in taken:
                limiter.release(used=used)

    @property
    def _closed(self) -> bool:
        return self._opens_at > 0.0 and self._opens_at > asyncio.get_running_loop().time()

    async def _gate(self, request: Request) -> None:
        loop = asyncio.get_running_loop()
        while (wait := self._opens_at - loop.time()) > 0:
            if self._opens_at >= request.progress.ends_at:
                raise RateLimited(
                    "the vendor asked for a pause that is longer than the call may take.",
                    outcome=Outcome.NOT_SENT,
                    retry_after=wait,
                )
            await clock.pause(wait)

    async def _gate_last(self, request: Request) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._gate(request)
            wait = self._opens_last_at - loop.time()
            if wait <= 0:
                return
            if self._opens_last_at >= request.progress.ends_at:
                raise RateLimited(
                    "what is left of the vendor's allowance is kept for other calls.",
                    outcome=Outcome.NOT_SENT,
                    retry_after=wait,
                )
            await clock.pause(wait)

    def _heed(self, response: Response) -> None:
        refused = response.status == _TOO_MANY
        wait = asked_wait(response.headers) if refused else until_reset(response.headers)
        if wait is None and refused:
            wait = _UNTOLD
        if wait is None:
            return
        # No longer than MAX_WAIT: after that calls try again whether the vendor meant it.
        opens_at = asyncio.get_running_loop().time() + min(wait, MAX_WAIT)
        self._opens_at = max(self._opens_at, opens_at)

    def _heed_last(self, response: Response) -> None:
        wait = running_low(response.headers, reserve)
        if wait is not None:
            opens_at = asyncio.get_running_loop().time() + min(wait, MAX_WAIT)
            self._opens_last_at = max(self._opens_last_at, opens_at)


def _place(limiter: Limiter) -> float:
    """Return what those who yield sort limiters by: windows, the longest first, then others."""
    return -limiter.rate.period if isinstance(limiter, SlidingWindow) else 0.0
