"""The rules of the machine, whatever it runs over."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from attrs import frozen
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

import helpdesk_bridge as hb
from helpdesk_bridge.transport import clock
from tests.sync.machine.reader import Breaks, Reader
from tests.sync.machine.world import World, Write, explained

__all__ = ["TALLY", "FeedMachine", "writes"]

TALLY: Counter[str] = Counter()
"""How many steps were done, and how polls ended."""


_SLOWER = 100
"""How much slower the reader's time passes than ours: what it waits, the vendor's clock does, too,
and what a loaded machine takes is as nothing."""


@frozen
class Breaking:
    """Something that happens at the point of a poll with this number."""

    at: int
    what: Write | str
    """A write; ``kill`` ends the reader; ``fail`` has the vendor be away for the moment."""


def writes(kinds: tuple[str, ...]) -> st.SearchStrategy[Write]:
    """Return what makes writes of these kinds."""
    return st.builds(Write, st.sampled_from(kinds), st.integers(0, 5), st.integers(0, 7))


def breakings(kinds: tuple[str, ...]) -> st.SearchStrategy[list[Breaking]]:
    """Return what makes up what happens during a poll."""
    what = st.one_of(writes(kinds), writes(kinds), st.sampled_from(("kill", "fail")))
    return st.lists(st.builds(Breaking, st.integers(0, 24), what), max_size=4)


class FeedMachine(RuleBasedStateMachine):
    """Writers, a clock, and a reader that is broken off and goes on."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.reader = Reader()
        self.pause = clock.pause
        self.desk: hb.Helpdesk | None = None
        self.breaks = Breaks()
        self.is_wrong = False
        self.waited = 0.0
        """Seconds that the reader waited, or was not there."""

    def begin(self, world: World, *, with_messages: bool) -> None:
        """Open a helpdesk, and begin to read it."""
        self.world = world
        self.reader.with_messages = with_messages
        self.run(self._begin())

    async def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        present, began = loop.time, loop.time()

        def slower() -> float:
            return began + (present() - began) / _SLOWER + self.waited

        loop.time = slower  # type: ignore[method-assign]
        clock.pause = self._wait
        await self.world.start()

    async def _wait(self, seconds: float) -> None:
        """Have time pass for the reader and for the vendor."""
        self.waited += seconds
        self.world.wait(seconds)
        await asyncio.sleep(0)

    def run(self, coroutine: Any) -> Any:
        """Await something; what fails is told with what happened before."""
        TALLY["steps"] += 1
        try:
            with explained(self.reader, self.world):
                return self.runner.run(coroutine)
        except BaseException:
            self.is_wrong = True
            raise

    def teardown(self) -> None:
        """See that all is told in the end."""
        try:
            if hasattr(self, "world"):
                if not self.is_wrong:
                    self.run(self._settle())
                self.runner.run(self._close())
                self.runner.run(self.world.stop())
        finally:
            self.runner.close()
            clock.pause = self.pause

    def write_all(self, writes: list[Write]) -> None:
        """Do something on the helpdesk while nobody reads it."""
        TALLY["steps"] += 1
        for write in writes:
            self.world.write(write)

    def poll(self, during: list[Breaking], *, sweep: bool, lost: int | None) -> None:
        """Poll once, while things happen."""
        self.run(self._poll(during, sweep=sweep, lost=lost))

    async def _poll(self, during: list[Breaking], *, sweep: bool, lost: int | None) -> str:
        if self.desk is None:
            self.desk = self.world.opened(self.breaks)
        plan: dict[int, list[Callable[[], None]]] = {}
        for one in during:
            plan.setdefault(one.at, []).append(self._act(one.what))
        self.breaks.plan, self.breaks.count, self.breaks.killed = plan, 0, False
        ended = await self.reader.poll(self.desk, self.breaks, sweep=sweep, lost=lost)
        self.breaks.plan = {}
        TALLY[ended] += 1
        if ended in ("killed", "lost"):
            await self._close()
        return ended

    def _act(self, what: Write | str) -> Callable[[], None]:
        if isinstance(what, Write):
            return partial(self.world.write, what)
        return self.breaks.kill if what == "kill" else _fail

    async def _close(self) -> None:
        if self.desk is not None:
            await self.desk.aclose()
        self.desk = None

    async def _settle(self) -> None:
        self.world.heal()
        await self._wait(self.world.lasts)
        sweep = self.world.needs_sweep
        assert await self._poll([], sweep=sweep, lost=None) == "caught up"
        await self.world.check(self.reader)

    @rule()
    def settle(self) -> None:
        """Let writers stop and lags pass: one more poll tells what is left."""
        self.run(self._settle())

    @rule()
    def restart(self) -> None:
        """Go on in another process, from the checkpoint that was stored."""
        self.run(self._close())
        self.reader.stored_and_read()


def _fail() -> None:
    raise hb.VendorUnavailable("the vendor is away.")
