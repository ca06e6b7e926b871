"""A wire without sockets, on the loop whose clock jumps to the next timer."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from attrs import define, field, frozen

from helpdesk_bridge.errors import ConnectFailed, Outcome, VendorUnavailable
from helpdesk_bridge.transport import (
    Effect,
    Explanation,
    Operation,
    Request,
    Response,
    Transport,
    TransportOptions,
    clock,
)
from helpdesk_bridge.transport.outcome import with_outcome
from tests.virtual_loop import VirtualLoop

T = TypeVar("T")
READ = Operation("list_tickets", Effect.READ)
IDEMPOTENT = Operation("update_ticket", Effect.IDEMPOTENT_WRITE)
UNSAFE = Operation("reply", Effect.UNSAFE_WRITE)


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` on a virtual clock, and see that it leaves no task behind."""

    async def watched() -> T:
        result = await main
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "pause", asyncio.sleep)  # the loop's clock jumps by itself
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            return runner.run(watched())


def now() -> float:
    return asyncio.get_running_loop().time()


@frozen(kw_only=True)
class Step:
    """How one request goes. ``status`` None is a dropped connection, 0 a refused one."""

    status: int | None = 200
    headers: Mapping[str, str] = field(factory=dict)
    connecting: float = 0.0
    """Seconds before its first byte leaves."""
    arriving: float = 0.0
    """Seconds from there until the vendor has it."""
    answering: float = 0.0
    """Seconds from there to the answer."""


@define
class Wire:
    """Stands where the HTTP client does. After its last step it plays that one for ever."""

    steps: Iterable[Step] = (Step(),)
    started: list[float] = field(factory=list)
    """When each attempt began (loop time)."""
    ended: list[float] = field(factory=list)
    arrived: list[float] = field(factory=list)
    """When the vendor had each request."""
    doubts: list[bool] = field(factory=list)
    """Whether each attempt may have been carried out, for all its sender can know."""
    under_way: int = 0
    _rest: Iterator[Step] = field(init=False)
    _last: Step = field(factory=Step, init=False)

    def __attrs_post_init__(self) -> None:
        self._rest = iter(self.steps)

    async def __call__(self, request: Request) -> Response:
        self._last = step = next(self._rest, self._last)
        self.started.append(now())
        self.doubts.append(False)
        self.under_way += 1
        try:
            return await self._play(request, step)
        finally:
            self.under_way -= 1
            self.ended.append(now())

    async def _play(self, request: Request, step: Step) -> Response:
        progress = request.progress
        progress.attempts += 1
        progress.bytes_sent = False
        progress.started_at = progress.started_at or datetime.now(UTC)
        await asyncio.sleep(step.connecting)
        if step.status == 0:
            raise ConnectFailed("refused.", outcome=Outcome.NOT_SENT, attempts=progress.attempts)
        progress.bytes_sent = True
        number = len(self.started) - 1
        self.doubts[number] = True
        await asyncio.sleep(step.arriving)
        self.arrived.append(now())
        await asyncio.sleep(step.answering)
        if step.status is None:
            raise with_outcome(
                VendorUnavailable("dropped.", outcome=Outcome.UNKNOWN, attempts=progress.attempts),
                unsafe=request.unsafe,
                bytes_sent=True,
                started_at=progress.started_at,
            )
        self.doubts[number] = not (400 <= step.status < 500 and step.status != 408)
        return Response(request=request, status=step.status, headers=dict(step.headers))

    def abandon(self) -> bool:
        """Nothing is held."""
        return False

    async def aclose(self) -> None:
        """Nothing is held."""


def desk(wire: Wire, **options: Any) -> Transport:
    """Return the whole pipeline, with ``wire`` in the place of the HTTP client."""
    transport = Transport(
        None,
        TransportOptions(**options),
        desk="support",
        error_codes={},
        explain=lambda _: Explanation(),
    )
    transport._http.client = wire  # type: ignore[assignment]
    return transport


async def send(transport: Transport, operation: Operation = READ) -> Response:
    method = "GET" if operation is READ else "POST"
    return await transport.send(operation, method, ("t",))


def worst_window(times: Iterable[float], period: float) -> int:
    """Return the greatest number of ``times`` within any half-open ``period``."""
    ordered, worst, first = sorted(times), 0, 0
    for last, time in enumerate(ordered):
        # A hair less: adding and subtracting a period rounds in the last digits.
        while time - ordered[first] >= period - 1e-6:
            first += 1
        worst = max(worst, last - first + 1)
    return worst
