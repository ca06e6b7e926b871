"""Try again what may be tried again: never a write that could then be done twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from attrs import define, field

from helpdesk_bridge.errors import HelpdeskError, Outcome, RateLimited
from helpdesk_bridge.transport import clock
from helpdesk_bridge.transport.pipeline import Handler
from helpdesk_bridge.transport.policies.observe import Observers
from helpdesk_bridge.transport.request import Failure, Request
from helpdesk_bridge.transport.response import Response

__all__ = ["MAX_WAIT", "Budget", "Retry", "backoff", "may_repeat"]

MAX_WAIT = 120.0
"""The longest wait (seconds) a vendor may ask for; a longer one is the caller's to decide."""
_CAP = 20.0
_BASE = 0.5
_BASE_LIMITED = 1.0


def may_repeat(error: HelpdeskError, *, unsafe: bool) -> bool:
    """Say whether a request that failed with ``error`` may be sent again.

    What changes nothing, or the same twice, may after whatever passes by itself. An unsafe write
    may only when it is known that it was not done: nothing was sent, or a complete 429 came.
    """
    if not error.retryable:
        return False
    if not unsafe or error.outcome is Outcome.NOT_SENT:
        return True
    return isinstance(error, RateLimited) and error.outcome is Outcome.REJECTED


def backoff(attempt: int, *, limited: bool, rand: Callable[[], float]) -> float:
    """Return the wait (seconds) after the ``attempt``-th attempt, counted from 1: full jitter.

    Base, cap and jitter are those of the AWS SDKs' standard mode of 2026.
    """
    base = _BASE_LIMITED if limited else _BASE
    return rand() * min(_CAP, base * 2.0 ** min(attempt - 1, 16))


@define
class Budget:
    """What repetitions may cost a desk altogether, in tokens.

    A vendor that is down would otherwise get every request ``max_attempts`` times, just when it
    needs rest. Every call that works at once earns a token, one that works at last gets back what
    its repetitions cost. 500 tokens at 14 each are 35 repetitions; the figures are those of the
    AWS SDKs' standard mode of 2026.
    """

    capacity: int = 500
    tokens: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.tokens = self.capacity

    def take(self, *, limited: bool) -> int:
        """Return the price of a repetition, taken; 0 when it cannot be afforded."""
        price = 5 if limited else 14
        if price > self.tokens:
            return 0
        self.tokens -= price
        return price

    def give(self, tokens: int) -> None:
        """Put tokens back, up to the capacity."""
        self.tokens = min(self.capacity, self.tokens + tokens)


@define
class Retry:
    """Sends a request again while that is safe, affordable and in time.

    ``max_attempts`` counts all of them. A wait that the vendor asks for is kept; when it is longer
    than :data:`MAX_WAIT` or than what is left of the call, the error is raised at once.
    """

    max_attempts: int
    observers: Observers
    budget: Budget = field(factory=Budget)
    rand: Callable[[], float] = field(default=random.random, repr=False)

    async def __call__(self, request: Request, handler: Handler) -> Response:
        """Pass ``request`` on until an answer comes, or an error that is to be raised."""
        progress = request.progress
        attempt, paid = 1, 0
        while True:
            try:
                response = await handler(request)
            except HelpdeskError as error:
                failure = error
            else:
                self.budget.give(paid or 1)
                return response
            progress.failures = (*progress.failures, Failure(failure.message, failure.outcome))
            wait = self._wait(failure, request, attempt)
            price = 0 if wait is None else self.budget.take(limited=_limited(failure))
            if wait is None or not price:
                if failure.outcome is Outcome.REJECTED and not _limited(failure):
                    self.budget.give(paid)  # a vendor that refuses is alive
                if request.in_doubt:  # an earlier attempt may have done it
                    failure.outcome = Outcome.UNKNOWN
                try:
                    raise failure
                finally:
                    del failure  # it leads here, and would hold itself and the answer
            attempt, paid = attempt + 1, paid + price
            progress.bytes_sent = False
            self.observers.retrying(request, failure, wait)
            del failure
            await clock.pause(wait)

    def _wait(self, failure: HelpdeskError, request: Request, attempt: int) -> float | None:
        """Return how long to wait before the next attempt; None for no other attempt."""
        if attempt >= self.max_attempts or not may_repeat(failure, unsafe=request.unsafe):
            return None
        wait = failure.retry_after
        if wait is None:
            wait = backoff(attempt, limited=_limited(failure), rand=self.rand)
        remaining = request.progress.ends_at - asyncio.get_running_loop().time()
        return wait if wait <= MAX_WAIT and wait < remaining else None


def _limited(failure: HelpdeskError) -> bool:
    return isinstance(failure, RateLimited)
