"""No adapter shows a part of a credential, whatever its vendor quotes of it and wherever."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.config import registry
from helpdesk_bridge.testing import Answer, FaultServer
from helpdesk_bridge.testing.faults import ReceivedRequest
from tests.canary import text_of
from tests.credentials.calls import CALLS, Case, connected, fakes
from tests.credentials.spelled import SPELLINGS, all_of, shows
from tests.vendors import FAKES

KEY = "hs_live_Zq7XvB2m-Kp9LwT4sRdYc8"
OTHER = "wk-5Jn3GzQ8"
PASSWORD = 'p@$$:w0"rd&%Gr3xQ'
_CLAIMS = base64.urlsafe_b64encode(b'{"sub":"agent-Vx81kq"}').decode().rstrip("=")
JWT = f"e30.{_CLAIMS}.sIgNaTuRe_9fK2-wQ7z"
SECRETS: Mapping[str, Mapping[str, str]] = {
    "helpspace": {"token": KEY, "client_id": OTHER},
    "airclou": {"api_key": KEY, "session_token": JWT},
    "omnidesk": {"api_key": KEY},
    "request_tracker": {"user": "rt-r0b0t", "password": PASSWORD},
}


def table_of(adapter: str, table: dict[str, Any]) -> dict[str, Any]:
    """Return a fake's table with the credentials of this file."""
    table = {key: value for key, value in table.items() if key not in ("token", "password")}
    assert adapter in SECRETS, "say here which settings of the adapter are credentials"
    return {**table, **SECRETS[adapter]}


def sentence(pieces: list[str]) -> str:
    return " | ".join(f"Odd {piece} is refused" for piece in pieces)


def refusal(pieces: list[str], status: int) -> Answer:
    """Answer in every vendor's shape with ``pieces`` in each place that an error shows."""
    text = sentence(pieces)
    shape = {
        "message": text,
        "errors": {pieces[0]: [text, *pieces], "body": text},
        "error": {
            "code": pieces[-1],
            "message": text,
            "details": [{"field": pieces[0], "message": text}],
        },
        "status": "error",
        "errorCode": pieces[-1],
        "detail": text,
    }
    headers = {"X-Request-Id": re.sub(r"[^!-~]", "", pieces[0])}
    return Answer.json(shape, status, {"Content-Type": "application/json", **headers})


def strange(pieces: list[str]) -> Answer:
    """Answer well, with ``pieces`` as the keys and values of records of another shape."""
    odd: dict[str, Any] = {piece: {piece: [piece, {piece: piece}]} for piece in pieces}
    return Answer.json(
        {
            "data": odd,
            "id": 7,
            "items": [odd, pieces[0]],
            "message": sentence(pieces),
            **odd,
        },
        200,
    )


def list_of(pieces: list[str]) -> Answer:
    return Answer.json([sentence(pieces), *pieces], 200)


ANSWERS: Mapping[str, Callable[[list[str]], Answer]] = {
    **{
        str(status): partial(refusal, status=status)
        for status in (200, 201, 400, 401, 403, 404, 422, 429, 500)
    },
    "strange": strange,
    "list": list_of,
}


def check(failures: list[hb.HelpdeskError], *secrets: str, frames: bool = False) -> None:
    """Fail if an error (``frames``: or a local that it holds) shows a part of a secret."""
    errors = [one for failure in failures for one in (failure, getattr(failure, "failure", None))]
    texts = {
        text
        for one in errors
        if one is not None
        for text in (all_of(one) if frames else [text_of(one)])
    }
    if shows("\n".join(texts), *secrets):
        assert not [(shows(text, *secrets), text) for text in texts if shows(text, *secrets)]


async def failures_of(case: Case) -> list[hb.HelpdeskError]:
    failures = []
    for call in CALLS.values():
        try:
            await call(case)
        except hb.HelpdeskError as error:
            failures.append(error)
    return failures


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("adapter", FAKES)
async def test_a_part_of_a_credential_in_any_spelling_is_not_shown(
    adapter: str, answer: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spelled = [spell(one) for one in SECRETS[adapter].values() for spell in SPELLINGS.values()]
    turn = iter(range(10**9))

    def reply(request: ReceivedRequest) -> Answer:
        at = next(turn) * 3
        pieces = [spelled[(at + i) % len(spelled)] for i in range(3)]
        return ANSWERS[answer](pieces)

    async with fakes(adapter) as (fake, ticket), FaultServer(default=reply) as server:
        table = table_of(adapter, fake.table()) | {"base_url": server.url}
        async with connected(table, max_attempts=1, deadline=20) as desk:
            failures = await failures_of(Case(desk, ticket, tmp_path))
        assert len(server.requests) > 10
    assert len(failures) > 10
    check(failures, *SECRETS[adapter].values(), f"rt-r0b0t:{PASSWORD}")
    for secret in SECRETS[adapter].values():
        lines = [
            repr(vars(one)) for one in caplog.records if one.name.startswith("helpdesk_bridge")
        ]
        assert shows("\n".join(lines), secret) is None


FAULTS: Mapping[str, Any] = {
    "dropped": Answer.nothing(),
    "silent": Answer.hang(),
    "too late": Answer.hang(),
    "no JSON": Answer.of(200, b"<html>", {"Content-Type": "text/html"}),
    "truncated": Answer.of(200, b"{}", {"Content-Length": "99"}).cut(999),
    "malformed": Answer(b"no HTTP\r\n\r\n", Answer.garbage().end),
    "bad redirect": Answer.redirect("http://[x"),
    "redirect away": Answer.redirect("https://other.example/"),
    "401": Answer.json({}, 401),
    "503": Answer.json({}, 503),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("fault", [*FAULTS, "unreachable"])
@pytest.mark.parametrize("adapter", FAKES)
async def test_no_frame_that_an_error_holds_has_a_credential_in_its_locals(
    adapter: str, fault: str, tmp_path: Path
) -> None:
    answer = FAULTS.get(fault, Answer.nothing())
    async with fakes(adapter) as (fake, ticket), FaultServer(default=answer) as server:
        table = table_of(adapter, fake.table()) | {"base_url": server.url}
        if fault == "unreachable":
            table["base_url"] = "http://127.0.0.1:1"
        limits = {"deadline": 0.05} if fault == "too late" else {"read_gap": 0.02, "deadline": 20}
        async with connected(table, max_attempts=1, **limits) as desk:
            failures = await failures_of(Case(desk, ticket, tmp_path))
    assert len(failures) > 10
    check(failures, *SECRETS[adapter].values(), f"rt-r0b0t:{PASSWORD}", frames=True)


@pytest.mark.asyncio
async def test_a_session_that_was_renewed_is_as_secret_as_the_new_one(tmp_path: Path) -> None:
    issued: list[str] = []

    async def provider() -> str:
        issued.append(f"e30.{_CLAIMS}.s{len(issued)}IgNaTuRe{len(issued)}fK2wQ7z")
        return issued[-1]

    def reply(request: ReceivedRequest) -> Answer:
        return refusal([*issued, "end"], 401)

    async with fakes("airclou") as (fake, ticket), FaultServer(default=reply) as server:
        table = {**fake.table(), "session_provider": provider, "base_url": server.url}
        del table["session_token"]
        async with connected(table, max_attempts=1) as desk:
            failures = await failures_of(Case(desk, ticket, tmp_path))
    assert len(issued) > 3
    check(failures, *issued, frames=True)


@pytest.mark.asyncio
async def test_a_provider_that_raises_with_a_token_shows_none(tmp_path: Path) -> None:
    async def provider() -> str:
        token = KEY
        raise RuntimeError(f"the sign-in gave {token}")

    async with fakes("airclou") as (fake, ticket):
        table = {**fake.table(), "session_provider": provider}
        del table["session_token"]
        async with connected(table) as desk:
            failures = await failures_of(Case(desk, ticket, tmp_path))
    assert hb.AuthenticationError in {type(one) for one in failures}
    check(failures, KEY, frames=True)


@pytest.mark.parametrize("options", [{}, {"adapter": registry.load("memory")}])
def test_settings_that_are_none_are_in_no_frame(options: dict[str, Any]) -> None:
    with pytest.raises(hb.InvalidArgument) as info:
        hb.Helpdesk({"token": KEY}, **options)
    check([info.value], KEY, frames=True)
