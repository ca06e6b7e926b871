"""What the tests of this folder share: names, a download, and who saw what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from helpdesk_bridge.errors import HelpdeskError
from helpdesk_bridge.testing import FaultServer
from helpdesk_bridge.transport import Operation, Transport

CANARY = "kanarienvogel"
Connect = Callable[..., Transport]
Serve = Callable[..., Awaitable[FaultServer]]


async def download(transport: Transport, operation: Operation, url: str | None = None) -> bytes:
    """Return a file's bytes: at the address a vendor gave, or at the vendor's own."""
    opened = (
        transport.stream(operation, ("file",))
        if url is None
        else transport.stream_url(operation, url)
    )
    async with opened as chunks:
        return b"".join([chunk async for chunk in chunks])


async def refusal(awaitable: Awaitable[object]) -> HelpdeskError:
    """Await what must fail with one of our errors, and return it."""
    with pytest.raises(HelpdeskError) as info:
        await awaitable
    assert CANARY not in repr(vars(info.value))
    return info.value


def saw_secrets(server: FaultServer) -> bool:
    """Say whether anything of the desk's own has arrived there."""
    own = {"authorization", "apikey", "hs-client-id", "cookie", "referer", "x-mine"}
    return any(
        own & request.headers.keys()
        or CANARY in repr(list(request.headers.items()))
        or CANARY in request.target
        or request.body
        for request in server.requests
    )
