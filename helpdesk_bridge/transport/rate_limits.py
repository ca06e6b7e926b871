"""Rate limits: how many requests a vendor allows, and who may send the next one."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from contextlib import suppress
from typing import Protocol, runtime_checkable

from attrs import define, field, frozen

from helpdesk_bridge.errors import ConnectFailed, InvalidArgument, Outcome, Reason
from helpdesk_bridge.model.home import Home
from helpdesk_bridge.model.slots import Slots

__all__ = ["WRITTEN", "Limiter", "Rate", "SlidingWindow", "reserve", "unasked"]

WRITTEN = (
    'is written like "400/minute", several of them with commas between; the periods are second,'
    " minute, hour and day"
)
"""What is said of a rate that cannot be read."""

_RATE = re.compile(r"([1-9][0-9]{0,8}) ?/ ?(?:([1-9][0-9]{0,5}) ?)?(second|minute|hour|day)s?")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}

_SHARE = 5
"""One permit in so many is kept for requests that do not yield."""
_PARTS = 10
"""Into how many parts a period is divided over which requests that yield are spread."""
_LONGEST_SPREAD = 60.0
"""Periods (seconds) up to which they are spread."""


def reserve(count: int) -> int:
    """Return how many of ``count`` permits a request that yields leaves free: a fifth.

    It is at least one, so that the others find one at any time; of a single permit it is none,
    or no request that yields would ever get it.
    """
    return min(count - 1, max(1, count // _SHARE))


def unasked(why: str) -> ConnectFailed:
    """Return the error of a shared rate limit that cannot be asked; ``why`` is half a sentence."""
    return ConnectFailed(
        f"the shared rate limit cannot be asked: {why}.",
        outcome=Outcome.NOT_SENT,
        reason=Reason.LIMITER,
    )


@frozen
class Rate:
    """At most ``count`` requests in any ``period`` seconds."""

    count: int
    period: float

    def __attrs_post_init__(self) -> None:
        if not (self.count >= 1 and self.period > 0):
            raise InvalidArgument("a rate allows at least one request, in a period above zero.")

    @property
    def yielding(self) -> int:
        """How many requests that yield may hold permits at once: all but the reserve."""
        return self.count - reserve(self.count)

    @property
    def spread(self) -> Rate | None:
        """How fast requests that yield get their permits; None: as fast as they are free.

        What is taken at once is free again at once, one period later, and nothing in between: a
        feed that had all its permits in the first second would leave the others nothing but the
        reserve for a whole period, again and again. Of a period above a minute permits are not
        spread: that would have the feed wait for hours while plenty are free.
        """
        if self.period > _LONGEST_SPREAD:
            return None
        return Rate(-(-self.yielding // _PARTS), self.period / _PARTS)

    @classmethod
    def parse(cls, text: str) -> tuple[Rate, ...]:
        """Read ``"400/minute"``, ``"10/second, 1000/hour"`` or ``"3/10 seconds"``.

        All the rates hold at once. Anything else is InvalidArgument.

        ``text`` is what ``TransportOptions.rate_limit`` takes.

        Returns:
            The rates in it, which all hold at once.
        """
        rates = []
        for word in text.split(",") if isinstance(text, str) else [""]:
            found = _RATE.fullmatch(word.strip())
            if found is None:
                raise InvalidArgument(f"the transport option rate_limit {WRITTEN}.")
            rates.append(cls(int(found[1]), float(int(found[2] or 1) * _SECONDS[found[3]])))
        return tuple(rates)


@runtime_checkable
class Limiter(Protocol):
    """Hands out permits to send one request each.

    One that several processes share is an object of this kind: ``TransportOptions(limiter=…)``.
    """

    async def acquire(self, *, yields: bool = False) -> None:
        """Wait for a permit and take it. Cancelled, it has taken none.

        Args:
            yields: whether the request lets all others go first, as those of the change feed do:
                it gets a permit only when no other request waits for one, and when more are free
                than a reserve, which is the limiter's to choose.
        """

    def release(self, *, used: bool) -> None:
        """Give a permit back: ``used`` when its request was sent and has been answered or lost."""


@define
class SlidingWindow:
    """An exact sliding window, first come first served; those who yield come after all others.

    A permit counts from when it is taken until one period after its request was answered. The
    vendor received the request somewhere in between, so by its own count, too, there are never
    more than ``rate.count`` in any period.
    """

    rate: Rate
    _free: int = field(init=False)
    _back_at: deque[float] = field(factory=deque, init=False)
    _taken: int = field(default=0, init=False)
    _turn: Slots = field(factory=lambda: Slots(1), init=False)
    _yielding_turn: Slots = field(factory=lambda: Slots(1), init=False)
    _spread: Rate | None = field(init=False)
    _spread_until: deque[float] = field(init=False)
    """Until when (loop time) each of the latest permits of those who yield counts for the spread.
    """
    _home: Home = field(init=False)
    _returned: asyncio.Event = field(factory=asyncio.Event, init=False)

    def __attrs_post_init__(self) -> None:
        self._free = self.rate.count
        self._spread = self.rate.spread
        self._spread_until = deque(maxlen=self._spread.count if self._spread else 0)
        self._home = Home(may_move=True, on_move=self._moved)

    def _moved(self) -> None:
        """Begin anew in another event loop, and count what was sent in the closed one as just sent.

        Its calls give nothing back, and leave no place to those who come after them.
        """
        self._turn, self._yielding_turn = Slots(1), Slots(1)
        self._returned = asyncio.Event()
        while self._taken:
            self.release(used=True)

    async def acquire(self, *, yields: bool = False) -> None:
        """Wait for a permit and take it; ``yields`` is as :class:`Limiter` has it."""
        trouble = self._home.trouble()
        if trouble:
            raise InvalidArgument(
                f"this SlidingWindow {trouble}: give each desk its own, or share a FileLimiter."
            )
        if yields:
            await self._acquire_last()
            return
        async with self._turn:
            while not self._regained():
                await self._change(self._back_at[0] if self._back_at else None)
            self._free -= 1
            self._taken += 1

    async def _acquire_last(self) -> None:
        """Take a permit once all others have theirs, and the reserve is free beside it."""
        async with self._yielding_turn:
            while True:
                if not self._turn.free:  # others wait: behind them
                    async with self._turn:
                        continue
                self._regained()
                missing = reserve(self.rate.count) + 1 - self._free
                spread_until = self._too_fast_until()
                if missing > len(self._back_at):
                    await self._change(None)
                elif missing > 0:
                    await self._change(max(self._back_at[missing - 1], spread_until))
                elif spread_until:
                    await self._change(spread_until)
                else:
                    break
            self._free -= 1
            self._taken += 1
            if self._spread is not None:
                now = asyncio.get_running_loop().time()
                self._spread_until.append(now + self._spread.period)

    def _too_fast_until(self) -> float:
        """Return until when (loop time) the spread has whoever yields wait; 0: it need not."""
        latest = self._spread_until
        if not latest or len(latest) < (latest.maxlen or 0):
            return 0.0
        return latest[0] if latest[0] > asyncio.get_running_loop().time() else 0.0

    async def _change(self, at: float | None) -> None:
        """Wait until a permit is given back, at most until ``at`` (loop time)."""
        self._returned.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout_at(at):
                await self._returned.wait()

    def release(self, *, used: bool) -> None:
        """Give a permit back; a used one is free again after a period."""
        if not self._taken:
            return  # of a call that went with its event loop: it is counted already
        self._taken -= 1
        if used:
            self._back_at.append(asyncio.get_running_loop().time() + self.rate.period)
        else:
            self._free += 1
        self._returned.set()

    def _regained(self) -> bool:
        now = asyncio.get_running_loop().time()
        while self._back_at and self._back_at[0] <= now:
            self._back_at.popleft()
            self._free += 1
        return self._free > 0
