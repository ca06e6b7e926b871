"""What goes wrong with a session is told to all who wait for it, and never with the token."""

from __future__ import annotations

import asyncio
import logging
import pickle
from typing import Any

import pytest

from helpdesk_bridge.errors import (
    AuthenticationError,
    DeskClosed,
    Outcome,
)
from helpdesk_bridge.secret import Secret
from helpdesk_bridge.transport import (
    SessionAuth,
    TokenProvider,
)
from tests.transport.sessions import NOW, Server, failure, jwt, request, session

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
async def test_a_provider_that_is_no_coroutine_function_is_told_so() -> None:
    auth = SessionAuth(provider=TokenProvider(lambda: "canary"))  # type: ignore[arg-type,return-value]
    error = await failure(auth(request(), Server()))
    assert type(error) is AuthenticationError
    assert str(error) == (
        "the session provider failed (it is not async, and returned a str). Nothing was sent."
        " Call the session provider by itself to see what is wrong with it."
    )


@pytest.mark.asyncio
async def test_the_advice_after_a_provider_that_raises_is_about_the_provider() -> None:
    auth, _ = session(ConnectionError("canary"))
    text = str(await failure(auth(request(), Server())))
    assert "the session provider failed (it raised ConnectionError)." in text
    assert "Check the credentials" not in text


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


@pytest.mark.asyncio
async def test_a_provider_that_hangs_is_given_up_and_asked_again() -> None:
    calls = 0

    async def hangs_once() -> str:
        nonlocal calls
        calls += 1
        if calls == 1:
            await asyncio.Event().wait()
        return "fresh"

    auth = SessionAuth(provider=TokenProvider(hangs_once), patience=0.01)
    with pytest.raises(AuthenticationError, match="TimeoutError"):
        await auth(request(), Server("fresh"))
    assert (await auth(request(), Server("fresh"))).status == 200
    await auth.aclose()
