"""A live Roundup says that it is asked too often, in headers that nobody here invented."""

from __future__ import annotations

from base64 import b64encode
from typing import ClassVar

import pytest
from attrs import frozen

import helpdesk_bridge as hb
from helpdesk_bridge import kit
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


def desk_on(server: Roundup) -> hb.Helpdesk:
    settings = RoundupSettings(base_url=server.base_url, user=server.user, password=server.password)
    return hb.Helpdesk(settings, adapter=RoundupDesk)


@pytest.mark.asyncio
async def test_a_real_429_tells_when_to_come_again(roundup: Roundup) -> None:
    async with desk_on(roundup) as desk:
        for _ in range(roundup.calls_an_hour):
            await desk.raw("GET", "rest", "data", "issue")
        with pytest.raises(hb.RateLimited) as caught:
            await desk.raw("GET", "rest", "data", "issue")
    wait = 3600 / roundup.calls_an_hour
    assert caught.value.retry_after == pytest.approx(wait, abs=60)
    assert caught.value.outcome is hb.Outcome.REJECTED
    assert caught.value.status == 429
