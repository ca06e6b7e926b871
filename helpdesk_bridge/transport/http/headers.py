"""The headers that go with every request, beside its credentials."""

from __future__ import annotations

from collections.abc import Mapping

from helpdesk_bridge.transport import urls
from helpdesk_bridge.transport.body import FormBody, JsonBody
from helpdesk_bridge.transport.request import Request

__all__ = ["FILE_HEADERS", "HEADERS", "headers_of"]

HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": "helpdesk-bridge",
}
"""What the sessions to the desk's own origin send."""
FILE_HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "User-Agent": "helpdesk-bridge",
}
"""All that is sent to another host, whatever is on the request."""


def headers_of(request: Request) -> Mapping[str, str]:
    """Return what a request to the desk's own origin says beside the session's ``HEADERS``."""
    headers = dict(FILE_HEADERS) if request.stream else {}
    if isinstance(request.body, JsonBody):
        headers["Content-Type"] = "application/json; charset=utf-8"
    if isinstance(request.body, FormBody):
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    for name, value in request.headers.items():
        headers[name] = urls.check_header(name, value)
    return headers
