"""A live Roundup says that it is asked too often, in headers that nobody here invented."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import Any, ClassVar

import pytest
from attrs import frozen

import helpdesk_bridge as hb
from helpdesk_bridge import kit
from helpdesk_bridge.transport import clock
from tests.live.roundup import Roundup


@frozen(kw_only=True)
class RoundupSettings:
    adapter: ClassVar[str] = "roundup"
    base_url: str
    user: str
    password: str


class RoundupDesk(kit.Adapter):
    """No more than signs requests: what is tested is below the adapters."""

    name = "roundup"
    settings_type = RoundupSettings

    @classmethod
    def auth(cls, settings: RoundupSettings) -> kit.Middleware:
        pair = b64encode(f"{settings.user}:{settings.password}".encode()).decode()
        return kit.HeaderAuth({"Authorization": kit.Secret(f"Basic {pair}")})


def desk_on(server: Roundup, **transport: Any) -> hb.Helpdesk:
    settings = RoundupSettings(base_url=server.base_url, user=server.user, password=server.password)
    options = hb.TransportOptions(**transport)
    return hb.Helpdesk(settings, adapter=RoundupDesk, options=options)


async def read(desk: hb.Helpdesk) -> None:
    await desk.raw("GET", "rest", "data", "issue")


@pytest.mark.asyncio
async def test_a_real_429_that_asks_for_too_much_is_raised_at_once(
    roundup: Roundup, pauses: list[float]
) -> None:
    await asyncio.to_thread(roundup.use_up)
    async with desk_on(roundup) as desk:
        with pytest.raises(hb.RateLimited) as caught:
            await read(desk)
    error = caught.value
    assert (error.retry_after, error.status, error.attempts) == (1200, 429, 1)
    assert error.outcome is hb.Outcome.REJECTED
    assert pauses == []


@pytest.mark.asyncio
async def test_a_real_429_closes_the_gate_for_other_tasks(
    roundup: Roundup, pauses: list[float]
) -> None:
    await asyncio.to_thread(roundup.use_up)
    async with desk_on(roundup) as desk:
        with pytest.raises(hb.RateLimited):
            await read(desk)
        found = await asyncio.gather(*(read(desk) for _ in range(5)), return_exceptions=True)
    assert [type(error) for error in found] == [hb.RateLimited] * 5
    told = {(error.status, error.outcome) for error in found if isinstance(error, hb.RateLimited)}
    assert told == {(None, hb.Outcome.NOT_SENT)}
    assert pauses == []


@pytest.mark.asyncio
async def test_a_read_is_tried_again_after_what_a_real_429_asks_for(
    brisk_roundup: Roundup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server keeps real time, and so does the desk."""
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)
        await asyncio.sleep(seconds)

    monkeypatch.setattr(clock, "pause", wait)
    await asyncio.to_thread(brisk_roundup.use_up)
    async with desk_on(brisk_roundup) as desk:
        await read(desk)
    assert sum(waited) == pytest.approx(brisk_roundup.seconds / brisk_roundup.calls, abs=0.1)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("deadline", "waits", "status"), [(60, [], None), (300, [pytest.approx(120, abs=5)], 429)]
)
async def test_an_allowance_that_is_used_up_slows_down_before_the_first_429(
    roundup: Roundup, pauses: list[float], deadline: float, waits: list[float], status: int | None
) -> None:
    """X-RateLimit-Remaining is 0, and -Reset an hour, of which two minutes are kept."""
    async with desk_on(roundup, deadline=deadline) as desk:
        for _ in range(roundup.calls):
            await read(desk)
        assert pauses == []
        with pytest.raises(hb.RateLimited) as caught:
            await read(desk)
    assert (pauses, caught.value.status) == (waits, status)
