"""Middlewares stand around a handler in the order they are given."""

from __future__ import annotations

import copy
import pickle
import ssl
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from yarl import URL

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.transport import (
    Effect,
    Handler,
    Middleware,
    Operation,
    Part,
    Request,
    Response,
    TransportOptions,
    compose,
)
from helpdesk_bridge.transport.rate_limits import SlidingWindow

TIMES = ("deadline", "connect", "read_gap")
COUNTS = ("max_attempts", "concurrency", "max_body")
PROXIES = [
    "",
    "foo",
    "p.example:3128",
    "u:canary@p.example:3128",
    "//u:canary@p.example:3128",
    "socks5://u:canary@p.example:3128",
    "http://u:can#canary@p.example:3128",
    "http://u:canary@",
    "http://u:canary@p.example:99999",
    "http://u:canary@p.example/path",
    "http://u:canary@p.example?x=1",
    "http://u:canary@xn--/",
    "http://u:canary canary@p.example",
    URL("http://p.example"),
]
REQUEST = Request(operation=Operation("x", Effect.READ), method="GET", path=("tickets",))


def noting(log: list[str], name: str) -> Middleware:
    async def middleware(request: Request, handler: Handler) -> Response:
        log.append(f"{name} in")
        response = await handler(request)
        log.append(f"{name} out")
        return response

    return middleware


@pytest.mark.asyncio
async def test_the_first_middleware_is_outermost() -> None:
    log: list[str] = []

    async def wire(request: Request) -> Response:
        log.append("wire")
        return Response(request=request, status=200, headers={})

    await compose(wire, noting(log, "a"), noting(log, "b"))(REQUEST)
    assert log == ["a in", "b in", "wire", "b out", "a out"]


@pytest.mark.asyncio
async def test_without_middlewares_the_handler_itself_answers() -> None:
    async def wire(request: Request) -> Response:
        return Response(request=request, status=204, headers={})

    assert compose(wire) is wire


@pytest.mark.asyncio
async def test_a_middleware_may_change_the_request_for_those_inside() -> None:
    inner: list[Request] = []

    async def wire(request: Request) -> Response:
        inner.append(request)
        return Response(request=request, status=200, headers={})

    async def sign(request: Request, handler: Handler) -> Response:
        return await handler(request.with_headers({"X-Key": "k"}))

    await compose(wire, sign)(REQUEST)
    assert (dict(inner[0].headers), dict(REQUEST.headers)) == ({"X-Key": "k"}, {})


def test_an_operation_is_an_unsafe_write_unless_it_says_otherwise() -> None:
    assert Operation("reply").effect is Effect.UNSAFE_WRITE


def test_a_request_shows_neither_query_nor_headers_nor_body() -> None:
    request = Request(
        operation=Operation("x"),
        method="POST",
        path=("tickets",),
        query=(("q", "canary"),),
        headers={"X": "canary"},
    )
    assert "canary" not in repr(request)


def test_bytes_without_a_file_name_are_no_part() -> None:
    with pytest.raises(InvalidArgument):
        Part(name="file", content=b"x")


@pytest.mark.parametrize("name", ["deadline", "connect", "read_gap", "concurrency", "max_body"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_a_limit_that_is_not_above_zero_is_refused(name: str, value: float) -> None:
    with pytest.raises(InvalidArgument, match=name):
        TransportOptions(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        *((name, ["3", True, None, timedelta(1), 10**400]) for name in TIMES),
        *((name, ["3", True, None, 1.5]) for name in COUNTS),
        ("connect", [float("inf")]),
        ("rate_limit", ["", "often", 400, b"1/second"]),
        ("limiter", [5, "x:y", SlidingWindow, object()]),
        ("tls", [True, False, "x", ssl.SSLContext]),
        ("proxy", PROXIES),
    ],
)
def test_what_is_no_option_is_refused_by_its_name(name: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(InvalidArgument, match=f"the transport option {name} ") as caught:
            TransportOptions(**{name: value})
        assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "proxy", ["http://user:canary@127.0.0.1:1", "https://p.example/", "http://[::1]:3128"]
)
def test_a_proxy_with_its_password_is_not_shown(proxy: str) -> None:
    assert "canary" not in repr(TransportOptions(proxy=proxy))


def test_seconds_are_any_kind_of_number() -> None:
    assert TransportOptions(deadline=5, connect=Fraction(1, 2)).connect == 0.5  # type: ignore[arg-type]


@pytest.mark.parametrize("user", ["user:canary@", ":canary@", "user@", "us%40er:c@nary@"])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_options_with_a_proxys_password_refuse_to_be_pickled(user: str, protocol: int) -> None:
    options = TransportOptions(proxy=f"http://{user}127.0.0.1:1/")
    with pytest.raises(TypeError, match="cannot be pickled") as caught:
        pickle.dumps([options], protocol)
    assert "canary" not in str(caught.value)
    assert copy.copy(options) == copy.deepcopy(options) == options


@pytest.mark.parametrize("proxy", [None, "http://127.0.0.1:1", "http://127.0.0.1/"])
def test_other_options_can_be_pickled(proxy: str | None) -> None:
    options = TransportOptions(proxy=proxy, deadline=7)
    assert pickle.loads(pickle.dumps(options)) == options
