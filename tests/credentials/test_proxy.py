"""The name and the password of a proxy are as secret as the desk's own credentials."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.config import settings
from helpdesk_bridge.testing import Answer, FaultServer
from tests.credentials.spelled import all_of, shows

PASSWORD = "pX9$ Grün/7@w"
RAW = "pX9$%20Gr%C3%BCn%2F7%40w"
SAID: dict[str, Callable[[], str]] = {
    "plain": lambda: PASSWORD,
    "as in the address": lambda: RAW,
    "base64": lambda: base64.b64encode(f"proxy-u5er:{PASSWORD}".encode()).decode(),
    "base64 in Latin-1": lambda: base64.b64encode(
        f"proxy-u5er:{PASSWORD}".encode("latin-1")
    ).decode(),
    "user": lambda: "proxy-u5er",
}


@pytest.mark.asyncio
@pytest.mark.parametrize("said", SAID)
async def test_what_a_proxy_says_of_its_password_is_struck_out(said: str) -> None:
    async with FaultServer() as proxy:
        proxy.plays(Answer.json({"message": f"no: {SAID[said]()} is not known"}, 403))
        options = hb.TransportOptions(
            proxy=proxy.url.replace("//", f"//proxy-u5er:{RAW}@"), max_attempts=1
        )
        own = settings.HelpSpaceSettings(
            token="tok-1", client_id="1", base_url="http://127.0.0.1:9/api"
        )
        async with hb.Helpdesk(own, options=options) as desk:
            for i in range(30):  # sessions come and go; the proxy stays
                desk._transport.credentials.add(f"Bearer session-{i}-of-many")
            with pytest.raises(hb.PermissionDenied) as caught:
                await desk.ticket("1")
    assert "Proxy-Authorization" in {name.title() for name in proxy.requests[0].headers}
    for text in all_of(caught.value):
        assert shows(text, PASSWORD, RAW, "proxy-u5er") is None, text
    assert "<redacted>" in str(caught.value)
