"""A session that ends in other ways than by a 401: by a page for people, or by what JSON says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from helpdesk_bridge import errors
from helpdesk_bridge.errors import Outcome
from helpdesk_bridge.secret import Secret
from helpdesk_bridge.transport import Operation, Request, Response, SessionAuth
from tests.transport.sessions import READ, request, session

Connect = Callable[..., Any]
LOGIN = b"<!doctype html><title>Sign in</title>"
ENDS: dict[str, dict[str, Any]] = {
    "redirect": {"status": 302, "headers": {"Location": "/login"}},
    "see other": {"status": 303, "headers": {"Location": "/users/sign_in?x=1"}},
    "moved": {"status": 307, "headers": {"Location": "https://sso.c.example/start"}},
    "page": {"status": 200, "body": LOGIN, "headers": {"Content-Type": "text/html"}},
    "json": {"status": 200, "body": b'{"error": "unauthenticated"}'},
    **{
        f"to {place}": {"status": 302, "headers": {"Location": place}}
        for place in ("/#/login", "/cas/?service=x", "/anmeldung", "/")
    },
    "app": {"status": 200, "body": b"<!doctype html><title>Desk</title><div id=root></div>"},
    "app with words": {
        "status": 200,
        "body": b"<!doctype html><title>Desk</title><p>Loading</p><script src=app.js></script>",
    },
    "script": {"status": 200, "body": b"<script>location.href = '/x'</script>Wait."},
    "form": {"status": 200, "body": b"<html><p>Welcome</p><form><input name=mail></form>"},
    "words": {"status": 200, "body": b"<div>Please log in to go on.</div>"},
    "refresh": {"status": 200, "body": b"<meta http-equiv=refresh content='0;url=/x'>"},
    "signed out": {"status": 200, "body": b'{"loggedIn": false}'},
    "403": {"status": 403, "body": b'{"error": {"code": "SESSION_EXPIRED", "message": "x"}}'},
    "400": {"status": 400, "body": b'{"error": {"code": "INVALID_TOKEN"}}'},
    "OAuth's": {"status": 400, "body": b'{"error": "invalid_token", "error_description": "x"}'},
    "camels": {"status": 403, "body": b'{"code": "TokenExpiredError", "message": "jwt expired"}'},
    "status word": {"status": 403, "body": b'{"status": "session-expired"}'},
    **{
        f"{status} {text}": {"status": status, "body": json.dumps({"error": text}).encode()}
        for status in (400, 403)
        for text in (
            "Session expired",
            "Forbidden: your session has ended. Please log in again!",
            "The access token is invalid or expired.",
            "Invalid or revoked JWT",
        )
    },
    "signed out by 403": {"status": 403, "body": b'{"error": "x", "loggedIn": false}'},
    "401": {"status": 401, "body": b"{}"},
    "419": {"status": 419, "body": b"{}"},
    "440": {"status": 440, "body": b"{}"},
    "498": {"status": 498, "body": b"{}"},
}
CIRCLES = ("to /cas/?service=x", "to /", "to /#/login", "to /anmeldung")
PROOFS = (
    *("moved", "403", "400", "OAuth's", "camels", "status word"),
    *("401", "419", "440", "498"),
)
"""Only by these it is sure that nothing was done, and that the session was why."""


def ends(vendor: Any, end: str) -> int:
    """Script how a read learns of it, and say how many answers that takes.

    A place of no known name leads to itself, in circles, until no more redirects are followed.
    """
    answers = 4 if end in CIRCLES else 1
    for _ in range(answers):
        vendor.answers(**ENDS[end])
    return answers


def tokens(vendor: Any) -> list[str]:
    return [seen.headers["Authorization"].removeprefix("Bearer ") for seen in vendor.seen]


@pytest.mark.asyncio
@pytest.mark.parametrize("end", ENDS)
async def test_a_read_goes_on_with_a_new_session(
    connect: Connect, vendor: Any, read: Operation, end: str
) -> None:
    auth, given = session("one", "two")
    answers = ends(vendor, end)
    vendor.answers(body=b'{"id": 1}')
    response = await connect(vendor, auth=auth).send(read, "GET", ("t",))
    assert (response.json(), given) == ({"id": 1}, ["one", "two"])
    assert tokens(vendor) == ["one"] * answers + ["two"]


@pytest.mark.asyncio
async def test_a_read_that_is_led_to_a_page_goes_on_with_a_new_session(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    auth, given = session("one", "two")
    vendor.answers(**ENDS["to /"])
    vendor.answers(**ENDS["app"])
    vendor.answers(body=b'{"id": 1}')
    assert (await connect(vendor, auth=auth).send(read, "GET", ("t",))).json() == {"id": 1}
    assert given == ["one", "two"]


@pytest.mark.asyncio
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("effect", ["unsafe", "idempotent"])
async def test_a_write_is_sent_again_only_after_proof_and_the_next_call_has_a_new_session(
    connect: Connect, vendor: Any, request: pytest.FixtureRequest, end: str, effect: str
) -> None:
    write: Operation = request.getfixturevalue(effect)
    auth, given = session("one", "two")
    transport = connect(vendor, auth=auth)
    vendor.answers(**ENDS[end])
    vendor.answers(body=b'{"id": 1}')
    if end in PROOFS:
        await transport.send(write, "POST", ("t",), json={})
        assert tokens(vendor) == ["one", "two"]
        return
    with pytest.raises(errors.HelpdeskError) as caught:
        await transport.send(write, "POST", ("t",), json={})
    refused = ENDS[end]["status"] in (400, 403)
    doubted = effect == "unsafe" and not refused
    kind = errors.OutcomeUnknown if doubted else errors.AuthenticationError
    outcome = Outcome.REJECTED if refused else Outcome.UNKNOWN
    assert (type(caught.value), caught.value.outcome) == (kind, outcome)
    assert (tokens(vendor), given) == (["one"], ["one"])
    await transport.send(write, "POST", ("t",), json={})
    assert (tokens(vendor), given) == (["one", "two"], ["one", "two"])


@pytest.mark.asyncio
@pytest.mark.parametrize("end", ENDS)
async def test_a_session_that_does_not_help_is_an_error_and_is_asked_for_once(
    connect: Connect, vendor: Any, read: Operation, caught: Any, end: str
) -> None:
    auth, given = session("one", "two")
    answers = [ends(vendor, end) for _ in range(2)]
    error = await caught(connect(vendor, auth=auth).send(read, "GET", ("t",)))
    assert type(error) is errors.AuthenticationError
    assert given == ["one", "two"]
    assert tokens(vendor) == ["one"] * answers[0] + ["two"] * answers[1]


@pytest.mark.asyncio
@pytest.mark.parametrize("end", ENDS)
async def test_a_fixed_token_is_not_sent_again(
    connect: Connect, vendor: Any, read: Operation, caught: Any, end: str
) -> None:
    answers = ends(vendor, end)
    auth = SessionAuth(fixed=Secret("one"))
    error = await caught(connect(vendor, auth=auth).send(read, "GET", ("t",)))
    assert (type(error), tokens(vendor)) == (errors.AuthenticationError, ["one"] * answers)
    assert error.reason is errors.Reason.CREDENTIALS


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"error": {"code": "VALIDATION", "message": "The session of the ticket is invalid."}}',
        b'{"message": "You may not see expired tickets."}',
        b'{"error": "forbidden"}',
        *(
            json.dumps({key: text}).encode()
            for key in ("error", "message")
            for text in (
                "missing key 'author'",
                "invalid key: authors",
                "Invalid token '<' in body",
                "Invalid token at position 4",
                "Unexpected character: invalid token in JSON",
                "unknown session type for chat",
                "invalid session type",
                "The customer's session has expired",
                "missing token for the author",
                "wrong key",
            )
        ),
        b'{"error": {"code": "AUTHOR_INVALID", "message": "invalid author"}}',
        b'{"error": {"code": "INVALID_TOKEN_COUNT", "message": "too many tokens"}}',
    ],
)
async def test_a_refusal_of_another_cause_renews_nothing(
    connect: Connect, vendor: Any, request: pytest.FixtureRequest, status: int, body: bytes
) -> None:
    for effect, method in (("read", "GET"), ("unsafe", "POST"), ("idempotent", "PUT")):
        auth, given = session("one", "two")
        vendor.seen.clear()
        vendor.answers(status, body=body)
        with pytest.raises(errors.HelpdeskError) as caught:
            await connect(vendor, auth=auth).send(request.getfixturevalue(effect), method, ("t",))
        kind = errors.ValidationFailed if status == 400 else errors.PermissionDenied
        assert (type(caught.value), caught.value.outcome) == (kind, Outcome.REJECTED)
        assert (given, tokens(vendor)) == (["one"], ["one"])


PHP = b"<br />\n<b>Deprecated</b>:  strlen() in <b>/srv/auth/login.php</b> on line <b>5</b><br />\n"
UNREADABLE = {
    "PHP's warning": (PHP + b'{"message": {"id": "m", "text": "I cannot log in"}}', "markup"),
    "PHP's warning and a list": (PHP + b"[<input type='password'>]\n", "markup"),
    "maintenance": (b"<html><title>Desk</title><p>We are back at noon.</p></html>", "web page"),
    "comment": (b"<!-- 12 ms --><!doctype html><h1>Nothing here</h1>", "web page"),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["text/html", "application/json"])
@pytest.mark.parametrize("name", UNREADABLE)
async def test_what_does_not_ask_to_log_in_is_only_an_answer_that_cannot_be_read(
    connect: Connect, vendor: Any, request: pytest.FixtureRequest, name: str, kind: str
) -> None:
    body, word = UNREADABLE[name]
    calls = {"read": errors.ProtocolError, "unsafe": errors.OutcomeUnknown}
    for effect, expected in {**calls, "idempotent": errors.ProtocolError}.items():
        auth, given = session("one", "two")
        vendor.seen.clear()
        vendor.answers(200, body, {"Content-Type": kind})
        transport, operation = connect(vendor, auth=auth), request.getfixturevalue(effect)
        response = await transport.send(operation, "GET" if effect == "read" else "POST", ("t",))
        with pytest.raises(errors.HelpdeskError, match=word) as caught:
            response.accepted()
        assert (type(caught.value), caught.value.outcome) == (expected, Outcome.UNKNOWN)
        vendor.answers(body=b"{}")
        await transport.send(operation, "POST", ("t",))
        assert (given, tokens(vendor)) == (["one"], ["one", "one"])


@pytest.mark.asyncio
@pytest.mark.parametrize("end", ENDS)
async def test_an_error_tells_of_the_page_on_which_people_sign_in_only_where_it_is_one(
    connect: Connect, vendor: Any, idempotent: Operation, caught: Any, end: str
) -> None:
    vendor.answers(**ENDS[end])
    auth = SessionAuth(fixed=Secret("one"))
    error = await caught(connect(vendor, auth=auth).send(idempotent, "PUT", ("t",), json={}))
    known = end in ("redirect", "see other", "moved", "page")
    assert ("on which people sign in" in str(error)) is known
    page = ENDS[end]["status"] in (200, 302) and ENDS[end].get("body", b"<")[:1] == b"<"
    assert ("leads to web pages" in str(error)) is (page and not known)


@pytest.mark.asyncio
async def test_many_reads_that_are_led_to_the_login_page_share_one_renewal() -> None:
    auth, given = session("one", "two")

    async def server(request: Request) -> Response:
        await asyncio.sleep(0)
        old = request.headers["Authorization"] == "Bearer one"
        return Response(request=request, status=302 if old else 200, headers={}, login=old)

    found = await asyncio.gather(*(auth(request(), server) for _ in range(50)))
    assert ({one.status for one in found}, given) == ({200}, ["one", "two"])


@pytest.mark.asyncio
async def test_writes_in_doubt_leave_a_session_that_others_renewed_meanwhile() -> None:
    auth, given = session("one", "two")
    held = asyncio.Event()

    async def slow(request: Request) -> Response:
        await held.wait()
        return Response(request=request, status=302, headers={}, login=True)

    async def server(request: Request) -> Response:
        old = request.headers["Authorization"] == "Bearer one"
        return Response(request=request, status=401 if old else 200, headers={})

    write = asyncio.create_task(auth(request(operation=Operation("send"), method="POST"), slow))
    await asyncio.sleep(0)
    await auth(request(), server)
    held.set()
    assert (await write).status == 302
    assert (await auth(request(), server)).status == 200
    assert given == ["one", "two"]


@pytest.mark.asyncio
async def test_statuses_by_which_a_session_ends_can_be_chosen() -> None:
    auth, given = session("one", "two")
    auth.ended = (403,)

    async def server(request: Request) -> Response:
        old = request.headers["Authorization"] == "Bearer one"
        return Response(request=request, status=403 if old else 200, headers={})

    assert (await auth(request(operation=READ), server)).status == 200
    assert given == ["one", "two"]


@pytest.mark.asyncio
async def test_a_redirect_elsewhere_renews_nothing(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    auth, given = session("one")
    vendor.answers(302, headers={"Location": "/moved"})
    vendor.answers(body=b'{"id": 1}')
    response = await connect(vendor, auth=auth).send(read, "GET", ("t",))
    assert (response.json(), given) == ({"id": 1}, ["one"])


@pytest.mark.asyncio
@pytest.mark.parametrize("end", ["redirect", "moved"])
async def test_a_download_that_is_led_to_the_login_page_is_about_credentials(
    connect: Connect, vendor: Any, read: Operation, end: str
) -> None:
    vendor.answers(**ENDS[end])
    with pytest.raises(errors.AuthenticationError):
        async with connect(vendor).stream(read, ("file",)) as chunks:
            _ = [chunk async for chunk in chunks]
