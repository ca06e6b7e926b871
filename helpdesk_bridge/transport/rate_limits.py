"""Rate limits: how many requests a vendor allows, and who may send the next one."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from contextlib import suppress
from typing import Protocol, runtime_checkable

from attrs import define, field, frozen

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model.home import Home
from helpdesk_bridge.model.slots import Slots

__all__ = ["WRITTEN", "Limiter", "Rate", "SlidingWindow"]

WRITTEN = (
    'is written like "400/minute", several of them with commas between; the periods are second,'
    " minute, hour and day"
)
"""What is said of a rate that cannot be read."""

_RATE = re.compile(r"([1-9][0-9]{0,8}) ?/ ?(?:([1-9][0-9]{0,5}) ?)?(second|minute|hour|day)s?")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


@frozen
class Rate:
    """At most ``count`` requests in any ``period`` seconds."""

    count: int
    period: float

    def __attrs_post_init__(self) -> None:
        if not (self.count >= 1 and self.period > 0):
            raise InvalidArgument("a rate allows at least one request, in a period above zero.")

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

    async def acquire(self) -> None:
        """Wait for a permit and take it. Cancelled, it has taken none."""

    def release(self, *, used: bool) -> None:
        """Give a permit back: ``used`` when its request was sent and has been answered or lost."""


@define
class SlidingWindow:
    """An exact sliding window, first come first served.

    A permit counts from when it is taken until one period after its request was answered. The
    vendor received the request somewhere in between, so by its own count, too, there are never
    more than ``rate.count`` in any period.
    """

    rate: Rate
    _free: int = field(init=False)
    _back_at: deque[float] = field(factory=deque, init=False)
    _taken: int = field(default=0, init=False)
    _turn: Slots = field(factory=lambda: Slots(1), init=False)
    _home: Home = field(init=False)
    _returned: asyncio.Event = field(factory=asyncio.Event, init=False)

    def __attrs_post_init__(self) -> None:
        self._free = self.rate.count
        self._home = Home(may_move=True, on_move=self._moved)

    def _moved(self) -> None:
        """Begin anew in another event loop, and count what was sent in the closed one as just sent.

        Its calls give nothing back, and leave no place to those who come after them.
        """
        self._turn, self._returned = Slots(1), asyncio.Event()
        while self._taken:
            self.release(used=True)

    async def acquire(self) -> None:
        """Wait for a permit and take it."""
        trouble = self._home.trouble()
        if trouble:
            raise InvalidArgument(
                f"this SlidingWindow {trouble}: give each desk its own, or share a FileLimiter."
            )
        async with self._turn:
            while not self._regained():
                self._returned.clear()
                back_at = self._back_at[0] if self._back_at else None
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(back_at):
                        await self._returned.wait()
            self._free -= 1
            self._taken += 1

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


def allowed_per_second(options: object) -> float | None:
    """TEMP"""
    rates = getattr(options, "rate_limit", None)
    return None if rates is None else min(r.count / r.period for r in Rate.parse(rates)) * 0.75
