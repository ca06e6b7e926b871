"""The application's own middlewares: looked at when they are given, and so are their answers."""

from __future__ import annotations

from collections.abc import Iterable
from inspect import isawaitable
from typing import Any

from attrs import frozen

from helpdesk_bridge.errors import HelpdeskError, InvalidArgument, Reason
from helpdesk_bridge.transport.outcome import judge
from helpdesk_bridge.transport.pipeline import Handler, Middleware
from helpdesk_bridge.transport.request import Request
from helpdesk_bridge.transport.response import Response

__all__ = ["Own", "own"]


def own(middlewares: Iterable[Middleware]) -> list[Middleware]:
    """Return what the application gave as middlewares, or raise InvalidArgument."""
    found = list(middlewares) if isinstance(middlewares, Iterable) else None
    if found is None or not all(callable(one) and not isinstance(one, type) for one in found):
        raise InvalidArgument(
            "middlewares= takes a list of async functions of a request and a handler, or of objects"
            " that are called like one."
        )
    return [Own(one) for one in found]


@frozen
class Own:
    """Passes a request to a middleware of the application's, and looks at what it gives."""

    middleware: Middleware

    async def __call__(self, request: Request, handler: Handler) -> Response:
        """Return the middleware's Response; HelpdeskError where it gives something else."""
        answer: Any = self.middleware(request, handler)
        if isawaitable(answer):
            answer = await answer
            if isinstance(answer, Response) and (answer.chunks is not None or not request.stream):
                return answer
            advice = "it must return the Response that its handler gives, or one like it"
        else:
            advice = "it must be an async function"
        raise request.with_outcome(
            HelpdeskError(
                f"the middleware {_name(self.middleware)} gave {_kind(answer)} in place of a"
                f" Response{' with chunks' if request.stream else ''}: {advice}.",
                outcome=judge(bytes_sent=request.progress.bytes_sent or request.in_doubt),
                reason=Reason.CRASHED,
                attempts=request.progress.attempts,
            )
        )


def _name(middleware: Middleware) -> str:
    return getattr(middleware, "__name__", None) or type(middleware).__name__


def _kind(answer: object) -> str:
    return "None" if answer is None else f"an object of {type(answer).__name__}"
