"""What the environment says of proxies and credentials is not asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helpdesk_bridge import errors
from helpdesk_bridge.transport import Operation, Transport

Connect = Callable[..., Transport]
VARIABLES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy")


@pytest.mark.asyncio
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_proxy_of_the_environment_is_asked(
    connect: Connect,
    vendors: Any,
    read: Operation,
    caught: Any,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
) -> None:
    proxy, vendor = vendors(), vendors()
    await proxy.start()
    await vendor.start()
    for variable in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    for variable in VARIABLES:
        monkeypatch.setenv(variable, proxy.origin)
    if scheme == "http":
        await connect(vendor).send(read, "GET", ("t",))
    else:
        vendor.greeting = b"no TLS"
        error = await caught(
            connect(vendor.url.replace("http:", "https:")).send(read, "GET", ("t",))
        )
        assert type(error) is errors.ConnectFailed
    assert (proxy.connections, vendor.connections) == (0, 1)


@pytest.mark.asyncio
async def test_the_netrc_of_the_home_directory_is_not_read(
    connect: Connect, vendor: Any, read: Operation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (".netrc", "_netrc"):
        (tmp_path / name).write_text("default login user password kanarienvogel\n")
        (tmp_path / name).chmod(0o600)
    monkeypatch.delenv("NETRC", raising=False)
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    await connect(vendor).send(read, "GET", ("t",))
    assert "Authorization" not in vendor.seen[0].headers
