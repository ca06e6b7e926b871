"""A provider, a server and tokens for the tests of sessions; no socket."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from helpdesk_bridge.errors import (
    HelpdeskError,
)
from helpdesk_bridge.transport import (
    Effect,
    Operation,
    Request,
    Response,
    SessionAuth,
    TokenProvider,
)

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
