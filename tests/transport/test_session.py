"""Session tokens: one renewal for any number of tasks, and none of it ever shown."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import pickle
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_bridge.errors import (
    AuthenticationError,
    ConfigurationError,
    DeskClosed,
    HelpdeskError,
    InvalidArgument,
    Outcome,
)
from helpdesk_bridge.secret import Secret
from helpdesk_bridge.transport import (
    ChosenAuth,
    Effect,
    Fetch,
    Handler,
    Operation,
    Request,
    Response,
    SessionAuth,
    TokenProvider,
)
from helpdesk_bridge.transport.session import expiry_of

READ = Operation("list_messages", Effect.READ)
NOW = 1_800_000_000.0


def encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def jwt(exp: Any, name: str = "s") -> str:
    return f"{encoded({'alg': 'none'})}.{encoded({'exp': exp, 'name': name})}.{name}"


def request(**changes: Any) -> Request:
    given: dict[str, Any] = {"operation": READ, "method": "GET", "path": ("api", "messages")}
    return Request(**{**given, **changes})


class Server:
    """Accepts the tokens it is told to, and keeps what was sent."""

    def __init__(self, *accepted: str) -> None:
        self.accepted = set(accepted)
        self.seen: list[str | None] = []

    async def __call__(self, request: Request) -> Response:
        bearer = request.headers.get("Authorization")
        self.seen.append(bearer)
        request.progress.bytes_sent = True
        await asyncio.sleep(0)
        good = bearer is not None and bearer.removeprefix("Bearer ") in self.accepted
        return Response(request=request, status=200 if good else 401, headers={})


def session(
    *tokens: Any, clock: Callable[[], float] = lambda: NOW
) -> tuple[SessionAuth, list[Any]]:
    """Return a session over a provider that gives (or raises) these one after the other."""
    given: list[Any] = []

    async def fetch() -> Any:
        token = tokens[len(given)]
        given.append(token)
        await asyncio.sleep(0)
        if isinstance(token, BaseException):
            raise token
        return token

    return SessionAuth(provider=TokenProvider(fetch), clock=clock), given


async def failure(awaitable: Awaitable[Any]) -> HelpdeskError:
    with pytest.raises(HelpdeskError) as info:
        await awaitable
    return info.value


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


# -- what can go wrong -----------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_cancelled_leader_fails_nobody_else() -> None:
    go_on, begun = asyncio.Event(), asyncio.Event()

    async def fetch() -> str:
        begun.set()
        await go_on.wait()
        return "one"

    auth, server = SessionAuth(provider=TokenProvider(fetch)), Server("one")
    leader = asyncio.create_task(auth(request(), server))
    await begun.wait()
    others = [asyncio.create_task(auth(request(), server)) for _ in range(20)]
    leader.cancel()
    await asyncio.wait([leader])
    go_on.set()
    assert {answer.status for answer in await asyncio.gather(*others)} == {200}
    assert leader.cancelled()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "bad",
    [ConnectionError("canary"), KeyError("canary"), asyncio.CancelledError("canary"), None, 7,
     b"canary", "", "two words\n", "caf\u00e9-canary"],
)  # fmt: skip
async def test_a_provider_that_gives_no_token_is_an_authentication_error_and_is_asked_again(
    bad: Any,
) -> None:
    auth, _ = session(bad, "good")
    server = Server("good")
    error = await failure(auth(request(), server))
    assert (type(error), error.outcome, server.seen) == (AuthenticationError, Outcome.NOT_SENT, [])
    assert (await auth(request(), server)).status == 200


@pytest.mark.asyncio
async def test_a_provider_that_is_no_coroutine_function_is_an_authentication_error() -> None:
    auth = SessionAuth(provider=TokenProvider(lambda: "canary"))  # type: ignore[arg-type,return-value]
    assert type(await failure(auth(request(), Server()))) is AuthenticationError


@pytest.mark.asyncio
async def test_one_failure_is_told_to_all_who_wait_for_it() -> None:
    auth, given = session(ConnectionError(), "good")
    calls = (failure(auth(request(), Server())) for _ in range(20))
    assert {type(error) for error in await asyncio.gather(*calls)} == {AuthenticationError}
    assert len(given) == 1


@pytest.mark.asyncio
async def test_a_failed_renewal_after_a_refusal_says_that_the_request_was_refused() -> None:
    auth, _ = session("one", ConnectionError())
    sent = request()
    error = await failure(auth(sent, Server()))
    assert (type(error), error.outcome) == (AuthenticationError, Outcome.REJECTED)
    assert sent.progress.bytes_sent is False


@pytest.mark.asyncio
async def test_a_failed_renewal_in_good_time_says_that_nothing_was_sent() -> None:
    now = [NOW]
    token = jwt(NOW + 3600)
    auth, _ = session(token, ConnectionError(), clock=lambda: now[0])
    await auth(request(), Server(token))
    now[0] += 3600
    error = await failure(auth(request(), Server(token)))
    assert (type(error), error.outcome) == (AuthenticationError, Outcome.NOT_SENT)


@pytest.mark.asyncio
async def test_closing_during_a_renewal_ends_it_and_tells_those_who_wait() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def fetch() -> str:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return ""

    auth = SessionAuth(provider=TokenProvider(fetch))
    before = asyncio.all_tasks()
    waiters = [asyncio.create_task(failure(auth(request(), Server()))) for _ in range(20)]
    await begun.wait()
    await auth.aclose()
    assert ended.is_set()
    errors = await asyncio.gather(*waiters)
    assert ({type(error) for error in errors}, asyncio.all_tasks()) == ({DeskClosed}, before)


@pytest.mark.asyncio
async def test_a_closed_session_fetches_no_more_and_may_be_closed_again() -> None:
    auth, given = session("one")
    await auth.aclose()
    await auth.aclose()
    assert type(await failure(auth(request(), Server()))) is DeskClosed
    assert given == []


@pytest.mark.asyncio
async def test_a_caller_that_is_cancelled_is_cancelled() -> None:
    begun = asyncio.Event()

    async def fetch() -> str:
        begun.set()
        return await asyncio.Event().wait() and ""

    auth = SessionAuth(provider=TokenProvider(fetch))
    caller = asyncio.create_task(auth(request(), Server()))
    await begun.wait()
    caller.cancel()
    await asyncio.wait([caller])
    await auth.aclose()
    assert caller.cancelled()


# -- what is shown ---------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("token", ["canary", "canary\n", jwt(NOW + 60, "canary")])
async def test_a_token_is_in_no_repr_no_error_and_no_log(
    token: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    auth, _ = session(token, ConnectionError(f"Bearer {token}"))
    error = await failure(auth(request(), Server()))
    fixed = SessionAuth(Secret(token))
    shown = [repr(auth), repr(auth._token), repr(fixed), str(error), repr(error), caplog.text]
    assert not [text for text in shown if "canary" in text or token in text]
    assert b"canary" not in pickle.dumps(error)
    assert error.__context__ is None


# -- providers -------------------------------------------------------------------------------


async def give() -> str:
    return "one"


@pytest.mark.parametrize("given", [give, TokenProvider(give), f"{__name__}:give"])
def test_a_provider_is_a_function_or_its_name_or_a_provider(
    given: Fetch | TokenProvider | str, monkeypatch: pytest.MonkeyPatch
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
