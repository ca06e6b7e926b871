"""End a request with the call that it belongs to, or with its desk."""

from __future__ import annotations

import asyncio

from attrs import frozen

from helpdesk_bridge import errors
from helpdesk_bridge.errors import HelpdeskError
from helpdesk_bridge.errors.plain import in_brackets
from helpdesk_bridge.transport.call import CURRENT_CALL
from helpdesk_bridge.transport.deadlines import OpenRequests
from helpdesk_bridge.transport.outcome import judge
from helpdesk_bridge.transport.pipeline import Handler
from helpdesk_bridge.transport.request import Request
from helpdesk_bridge.transport.response import Response

__all__ = ["Deadline"]


@frozen
class Deadline:
    """Ends a request with the call it belongs to or with its desk; says what was under way then."""

    seconds: float
    running: OpenRequests

    async def __call__(self, request: Request, handler: Handler) -> Response:
        """Pass ``request`` on, within what is left of the call's time."""
        call = CURRENT_CALL.get()
        now = asyncio.get_running_loop().time()
        ends_at = call.ends_at if call else now + self.seconds
        request.progress.ends_at = ends_at
        if ends_at <= now:  # a deadline would let a kept-alive connection send it first
            raise self._too_late(request)
        deadline = request.progress.deadline = self.running.until(ends_at)
        try:
            with deadline:
                return await handler(request)
        except TimeoutError:
            if not deadline.expired:
                raise
        raise self._ended(request)

    def _ended(self, request: Request) -> HelpdeskError:
        if not self.running.closed:
            call = CURRENT_CALL.get()
            return self._too_late(request, call.waits_for if call else "")
        progress = request.progress
        error = errors.DeskClosed(
            "the desk was closed during the call.",
            outcome=judge(bytes_sent=progress.bytes_sent or request.in_doubt),
            attempts=progress.attempts,
        )
        return request.with_outcome(error)

    def _too_late(self, request: Request, waited_for: str = "") -> HelpdeskError:
        progress = request.progress
        may_be_done = progress.bytes_sent or request.in_doubt
        sentence = f"the call's deadline of {self.seconds:g} s passed"
        if progress.failures and not progress.bytes_sent:
            sentence += (
                f" before it could be tried again {in_brackets(progress.failures[-1].message)}"
            )
        elif progress.waiting and not progress.bytes_sent:
            return errors.PoolTimeout(
                "neither the connections nor the rate limit of this desk left room within"
                f" {self.seconds:g} s."
            )
        elif waited_for:
            sentence += f" while it waited for {waited_for}"
        error = errors.DeadlineExceeded(
            f"{sentence}.",
            outcome=judge(bytes_sent=may_be_done),
            attempts=progress.attempts,
        )
        return request.with_outcome(error)
