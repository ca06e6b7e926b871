"""Requests and credentials go to the configured place only, and nothing dirty goes anywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.secret import Secret
from helpdesk_bridge.transport import HeaderAuth, Operation, Request, Response, Transport

AUTH = HeaderAuth({"Authorization": Secret("Bearer canary")})
Connect = Callable[..., Transport]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "segment", ["", "..", "%2e%2e", "a/b", "a?b", "a#b", "a\r\nX: y", "a\\b", "\ud800"]
)
async def test_a_hostile_id_is_refused_before_any_connection(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any, segment: str
) -> None:
    error = await caught(connect(vendor).send(unsafe, "POST", ("tickets", segment), json={}))
    assert (type(error), vendor.connections) == (InvalidArgument, 0)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["X Y", "X:", "X\r\nY", "", "Ü"])
async def test_a_header_name_that_is_no_token_is_refused_unsent(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any, name: str
) -> None:
    error = await caught(connect(vendor).send(unsafe, "POST", ("t",), headers={name: "v"}))
    assert (type(error), vendor.seen) == (InvalidArgument, [])


@pytest.mark.asyncio
@pytest.mark.parametrize("value", ["", " v", "a\r\nX: y", "a\0", "ü"])
async def test_a_header_value_that_is_not_clean_is_refused_before_any_connection(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any, value: str
) -> None:
    error = await caught(connect(vendor).send(unsafe, "POST", ("t",), headers={"X": value}))
    assert (type(error), vendor.connections) == (InvalidArgument, 0)


@pytest.mark.asyncio
@pytest.mark.parametrize("method", ["GET\r\nX: y", "GET /evil"])
async def test_a_method_that_is_no_token_is_refused_unsent(
    connect: Connect, vendor: Any, read: Operation, caught: Any, method: str
) -> None:
    error = await caught(connect(vendor).send(read, method, ("t",)))
    assert (type(error), vendor.seen) == (InvalidArgument, [])


@pytest.mark.asyncio
async def test_the_target_is_the_base_path_with_segments_and_query(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    await connect(vendor).send(read, "GET", ("tickets", "ä b"), query=[("q", "a&b=c"), ("q", "+")])
    assert vendor.seen[0].target == "/api/v1/tickets/%C3%A4%20b?q=a%26b%3Dc&q=%2B"


@pytest.mark.asyncio
async def test_credentials_are_on_a_request_that_is_to_be_authenticated(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    await connect(vendor, auth=AUTH).send(read, "GET", ("t",))
    assert vendor.seen[0].headers.getall("Authorization") == ["Bearer canary"]


@pytest.mark.asyncio
async def test_credentials_are_not_on_a_request_that_is_not(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    transport = connect(vendor, auth=AUTH)
    await transport.send(read, "GET", ("t",))
    await transport.send(read, "GET", ("t",), authenticate=False)
    assert "Authorization" not in vendor.seen[1].headers


@pytest.mark.asyncio
async def test_a_header_of_the_same_name_does_not_go_out_beside_the_credentials(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    await connect(vendor, auth=AUTH).send(read, "GET", ("t",), headers={"authorization": "other"})
    assert vendor.seen[0].headers.getall("Authorization") == ["Bearer canary"]


@pytest.mark.asyncio
@pytest.mark.parametrize("token", ["", "canary\n", "canary\r\nX: y", "canary ", "cänary"])
async def test_credentials_that_are_no_clean_header_value_are_refused_before_any_connection(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any, token: str
) -> None:
    transport = connect(vendor, auth=HeaderAuth({"Authorization": Secret(token)}))
    error = await caught(transport.send(unsafe, "POST", ("t",)))
    assert (type(error), vendor.connections, "nary" in str(error)) == (InvalidArgument, 0, False)


@pytest.mark.asyncio
async def test_credentials_that_are_not_clean_are_not_even_handed_on(
    read: Operation, caught: Any
) -> None:
    async def never(request: Request) -> Response:
        raise AssertionError("a dirty credential was handed on")

    request = Request(operation=read, method="GET", path=("t",))
    auth = HeaderAuth({"Authorization": Secret("canary\n")})
    assert type(await caught(auth(request, never))) is InvalidArgument


def test_an_auth_object_does_not_show_its_credentials() -> None:
    assert "canary" not in repr(AUTH)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy"])
async def test_a_proxy_of_the_environment_sees_nothing(
    connect: Connect,
    vendors: Any,
    vendor: Any,
    read: Operation,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    proxy = vendors()
    await proxy.start()
    for variable in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(name, proxy.origin)
    await connect(vendor).send(read, "GET", ("t",))
    assert (proxy.connections, len(vendor.seen)) == (0, 1)


@pytest.mark.asyncio
async def test_a_configured_proxy_is_used(
    connect: Connect, vendors: Any, vendor: Any, read: Operation
) -> None:
    proxy = vendors()
    await proxy.start()
    await connect(vendor, proxy=proxy.origin).send(read, "GET", ("t",))
    assert (proxy.seen[0].target, vendor.seen) == (f"{vendor.url}/t", [])


@pytest.mark.asyncio
async def test_the_netrc_of_the_user_is_not_read(
    connect: Connect,
    vendor: Any,
    read: Operation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login user password canary\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    await connect(vendor).send(read, "GET", ("t",))
    assert "Authorization" not in vendor.seen[0].headers


@pytest.mark.asyncio
async def test_cookies_are_never_sent_back(
    connect: Connect, web_server: Any, read: Operation
) -> None:
    cookies: list[str | None] = []

    async def answer(request: web.Request) -> web.Response:
        cookies.append(request.headers.get("Cookie"))
        response = web.json_response({})
        response.set_cookie("session", "canary")
        return response

    app = web.Application()
    app.router.add_get("/t", answer)
    transport = connect((await web_server(app)).replace("127.0.0.1", "localhost"))
    await transport.send(read, "GET", ("t",))
    await transport.send(read, "GET", ("t",))
    assert cookies == [None, None]
