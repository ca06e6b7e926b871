"""A handler answers a request; a middleware stands around a handler. There is no third concept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from helpdesk_bridge.transport.request import Request
from helpdesk_bridge.transport.response import Response

__all__ = ["Handler", "Middleware", "compose"]

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]
Middleware: TypeAlias = Callable[[Request, Handler], Awaitable[Response]]


def compose(handler: Handler, *middlewares: Middleware) -> Handler:
    """Return ``handler`` with ``middlewares`` around it, the first one outermost."""
    for middleware in reversed(middlewares):
        handler = _around(middleware, handler)
    return handler


def _around(middleware: Middleware, inner: Handler) -> Handler:
    def wrapped(request: Request) -> Awaitable[Response]:  # no coroutine more than there must be
        return middleware(request, inner)

    return wrapped
