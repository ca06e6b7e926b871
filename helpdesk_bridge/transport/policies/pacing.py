"""Keep a desk under its vendor's rate limit, before the first 429 and after it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from attrs import define, field

from helpdesk_bridge.errors import Outcome, RateLimited
from helpdesk_bridge.transport import clock
from helpdesk_bridge.transport.pipeline import Handler
from helpdesk_bridge.transport.policies.retry import MAX_WAIT
from helpdesk_bridge.transport.rate_headers import asked_wait, until_reset
from helpdesk_bridge.transport.rate_limits import Limiter
from helpdesk_bridge.transport.request import Request
from helpdesk_bridge.transport.response import Response

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
    """

    limiters: Sequence[Limiter] = ()
    _opens_at: float = field(default=0.0, init=False)

    async def __call__(self, request: Request, handler: Handler) -> Response:
        """Pass ``request`` on when its turn has come."""
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
