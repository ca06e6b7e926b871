"""Log each attempt of a request, for those who want to know."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable

from attrs import frozen

from helpdesk_bridge.errors import HelpdeskError
from helpdesk_bridge.transport.call import operation_id
from helpdesk_bridge.transport.pipeline import Handler
from helpdesk_bridge.transport.redaction import redact
from helpdesk_bridge.transport.request import Request
from helpdesk_bridge.transport.response import Response

__all__ = ["Observe"]

log = logging.getLogger("helpdesk_bridge.transport")


@frozen
class Observe:
    """Logs one line an attempt (DEBUG): names, ids and figures, the path without its query.

    Never a host, a header or a body; an address in the path is left out.
    """

    desk: str

    def __call__(self, request: Request, handler: Handler) -> Awaitable[Response]:
        """Pass ``request`` on and log how it went, if anybody wants to know."""
        if not log.isEnabledFor(logging.DEBUG):
            return handler(request)
        return self._logged(request, handler)

    async def _logged(self, request: Request, handler: Handler) -> Response:
        started = time.monotonic()
        status: int | None = None
        came_of_it = "cancelled"
        try:
            response = await handler(request)
            status, came_of_it = response.status, "done"
            return response
        except HelpdeskError as error:
            status, came_of_it = error.status, f"{type(error).__name__} ({error.outcome})"
            raise
        finally:
            log.debug(
                "%s on %s: attempt %d, %s %s, status %s, %s, %.0f ms [%s]",
                request.operation.name,
                self.desk,
                request.progress.attempt,
                request.method,
                "/" + "/".join(redact(segment, 64) for segment in request.path),
                status or "-",
                came_of_it,
                1000 * (time.monotonic() - started),
                operation_id(),
            )
