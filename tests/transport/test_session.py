"""Session tokens: one renewal for any number of tasks, in good time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_bridge.errors import (
    ConfigurationError,
    InvalidArgument,
)
from helpdesk_bridge.secret import Secret
from helpdesk_bridge.transport import (
    ChosenAuth,
    FetchToken,
    Handler,
    Request,
    Response,
    SessionAuth,
    TokenProvider,
)
from helpdesk_bridge.transport.policies.session import expiry_of
from tests.transport.sessions import NOW, Server, encoded, failure, jwt, request, session

# -- one renewal for all ---------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_token_is_fetched_when_first_needed_and_kept() -> None:
    auth, given = session("one")
    server = Server("one")
    assert given == []
    for _ in range(3):
        assert (await auth(request(), server)).status == 200
    assert (given, server.seen) == (["one"], ["Bearer one"] * 3)


@pytest.mark.asyncio
async def test_tasks_that_need_a_first_token_at_once_share_one_fetch() -> None:
    auth, given = session("one")
    server = Server("one")
    answers = await asyncio.gather(*(auth(request(), server) for _ in range(50)))
    assert ({a.status for a in answers}, given) == ({200}, ["one"])


@pytest.mark.asyncio
async def test_tasks_whose_token_was_refused_at_once_share_one_fetch() -> None:
    auth, given = session("one", "two")
    server = Server("one")
    await auth(request(), server)
    server.accepted = {"two"}
    answers = await asyncio.gather(*(auth(request(), server) for _ in range(50)))
    assert ({a.status for a in answers}, given) == ({200}, ["one", "two"])


@pytest.mark.asyncio
async def test_a_refusal_that_comes_late_takes_the_token_that_is_new_by_then() -> None:
    auth, given = session("one", "two")
    server, late = Server("one"), asyncio.Event()
    await auth(request(), server)
    server.accepted = {"two"}

    async def slow(request: Request) -> Response:
        response = await server(request)
        await late.wait()
        return response

    waiting = asyncio.create_task(auth(request(), slow))
    await auth(request(), server)
    late.set()
    assert ((await waiting).status, given) == (200, ["one", "two"])


@pytest.mark.asyncio
async def test_a_request_is_sent_at_most_twice() -> None:
    auth, given = session("one", "two")
    server = Server()
    assert (await auth(request(), server)).status == 401
    assert (server.seen, given) == (["Bearer one", "Bearer two"], ["one", "two"])


@pytest.mark.asyncio
async def test_the_same_token_again_is_not_sent_again() -> None:
    auth, _ = session("one", "one")
    server = Server()
    assert ((await auth(request(), server)).status, server.seen) == (401, ["Bearer one"])


@pytest.mark.asyncio
async def test_a_refused_answer_is_released_before_the_request_is_sent_again() -> None:
    auth, _ = session("one", "two")
    events: list[str] = []

    async def release() -> None:
        events.append("released")

    async def server(request: Request) -> Response:
        events.append(request.headers["Authorization"])
        response = Response(request=request, status=401, headers={})
        response.on_release(release)
        return response

    await auth(request(), server)
    assert events == ["Bearer one", "released", "Bearer two"]


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [200, 400, 403, 404, 500])
async def test_only_a_401_renews(status: int) -> None:
    auth, given = session("one")

    async def server(request: Request) -> Response:
        return Response(request=request, status=status, headers={})

    assert ((await auth(request(), server)).status, given) == (status, ["one"])


@pytest.mark.asyncio
async def test_a_fixed_token_is_sent_and_never_renewed() -> None:
    server = Server()
    assert (await SessionAuth(Secret("fixed"))(request(), server)).status == 401
    assert server.seen == ["Bearer fixed"]


@pytest.mark.asyncio
async def test_a_request_that_wants_no_credentials_gets_none() -> None:
    auth, given = session()
    server = Server()
    await auth(request(authenticate=False), server)
    assert (server.seen, given) == ([None], [])


# -- when it is renewed ----------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("exp", "passed", "renewed"),
    [
        (NOW + 3600, 3569, False),
        (NOW + 3600, 3570, True),
        (NOW + 40, 19, False),
        (NOW + 40, 20, True),
        (NOW - 5, 9999, False),
        (None, 9999, False),
    ],
)
async def test_a_token_is_renewed_before_it_ends_if_it_says_when(
    exp: float | None, passed: float, renewed: bool
) -> None:
    now = [NOW]
    tokens = [jwt(exp, "one"), jwt(exp, "two")]
    auth, given = session(*tokens, clock=lambda: now[0])
    server = Server(*tokens)
    await auth(request(), server)
    now[0] += passed
    await auth(request(), server)
    assert given == (tokens if renewed else tokens[:1])


@given(st.text() | st.text().map(lambda text: f"a.{text}.c"))
def test_reading_an_expiry_never_raises(token: str) -> None:
    assert expiry_of(token) is None or isinstance(expiry_of(token), float)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists))
def test_any_exp_reads_as_a_number_or_not_at_all(exp: Any) -> None:
    assert expiry_of(jwt(exp)) is None or isinstance(expiry_of(jwt(exp)), float)


@pytest.mark.parametrize(
    ("token", "expiry"),
    [
        (jwt(1_800_000_000), 1_800_000_000.0),
        (jwt(1.5), 1.5),
        (jwt("1800000000"), None),
        (jwt(True), None),
        (jwt(None), None),
        (f"a.{encoded([1])}.c", None),
        (f"a.{encoded({})}.c", None),
        (f"{jwt(5)}.more", None),
        ("opaque", None),
        ("", None),
    ],
)
def test_an_expiry_is_read_from_a_readable_jwt_only(token: str, expiry: float | None) -> None:
    assert expiry_of(token) == expiry


# -- providers -------------------------------------------------------------------------------


async def give() -> str:
    return "one"


@pytest.mark.parametrize("given", [give, TokenProvider(give), f"{__name__}:give"])
def test_a_provider_is_a_function_or_its_name_or_a_provider(
    given: FetchToken | TokenProvider | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert TokenProvider.of(given, key="session_provider").fetch.__name__ == "give"


@pytest.mark.parametrize(
    "given", [None, 7, "", "no_such_module_here:x", "json", "json:no", "json:__name__"]
)
def test_what_is_no_provider_is_refused_under_its_key(given: Any) -> None:
    with pytest.raises(ConfigurationError, match="sign_in") as info:
        TokenProvider.of(given, key="sign_in")
    assert (info.value.key, info.value.__context__) == ("sign_in", None)


def test_a_provider_does_not_show_what_it_calls() -> None:
    assert "give" not in repr(TokenProvider(give))


# -- one of several --------------------------------------------------------------------------


def marking(name: str, closed: list[str]) -> Any:
    class Marking:
        async def __call__(self, request: Request, handler: Handler) -> Response:
            return await handler(request.with_headers({"X-Signed-By": name}))

        async def aclose(self) -> None:
            closed.append(name)

    return Marking()


@pytest.mark.asyncio
async def test_each_request_is_signed_by_the_strategy_chosen_for_it() -> None:
    strategies = {"a": marking("a", []), "b": marking("b", [])}
    auth = ChosenAuth(lambda request: strategies[request.path[0]])
    seen: list[str] = []

    async def server(request: Request) -> Response:
        seen.append(request.headers["X-Signed-By"])
        return Response(request=request, status=200, headers={})

    for path in ("b", "a"):
        await auth(request(path=(path,)), server)
    assert seen == ["b", "a"]


@pytest.mark.asyncio
async def test_closing_closes_every_part() -> None:
    closed: list[str] = []
    parts = (marking("a", closed), marking("b", closed))
    await ChosenAuth(lambda _: parts[0], parts).aclose()
    assert closed == ["a", "b"]


@pytest.mark.asyncio
async def test_a_token_with_a_line_break_makes_no_header() -> None:
    error = await failure(SessionAuth(Secret("a\r\nX-Evil: 1"))(request(), Server()))
    assert type(error) is InvalidArgument
