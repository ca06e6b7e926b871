"""A handler answers a request; a middleware stands around a handler. There is no third concept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from helpdesk_bridge.transport.request import Request
from helpdesk_bridge.transport.response import Response

__all__ = ["Handler", "Middleware", "compose"]

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


class Middleware(Protocol):
    """An async function that stands around each request: ``async def log(request, handler)``.

    It returns ``await handler(request)``, or a Response like it; it may look at the request, hand
    on another one (``attrs.evolve``), and raise. One that is given as ``middlewares=`` is called
    once a request of a call, outside its attempts: what is sent again does not come by again.
    """

    def __call__(self, request: Request, handler: Handler, /) -> Awaitable[Response]:
        """Answer ``request``, by ``handler`` or without it."""
        ...


def compose(handler: Handler, *middlewares: Middleware) -> Handler:
    """Return ``handler`` with ``middlewares`` around it, the first one outermost."""
    for middleware in reversed(middlewares):
        handler = _around(middleware, handler)
    return handler


def _around(middleware: Middleware, inner: Handler) -> Handler:
    def wrapped(request: Request) -> Awaitable[Response]:  # no coroutine more than there must be
        return middleware(request, inner)

    return wrapped
