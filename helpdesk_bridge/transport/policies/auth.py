"""Ways to sign a request; each one is a middleware, next to the wire."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from helpdesk_bridge.errors import ConfigurationError, InvalidArgument
from helpdesk_bridge.secret import Secret
from helpdesk_bridge.transport.pipeline import Handler
from helpdesk_bridge.transport.request import Request
from helpdesk_bridge.transport.response import Response
from helpdesk_bridge.transport.urls import check_header

__all__ = ["HeaderAuth", "check_credential", "no_auth"]


@frozen
class HeaderAuth:
    """Puts fixed credential headers on each request that is to be authenticated.

    ``headers`` are the credentials by the names of their headers.
    """

    headers: Mapping[str, Secret] = field(repr=False)
    _checked: dict[str, str] = field(factory=dict, init=False, repr=False, eq=False)
    """The same as they are sent, once they were found to be clean."""

    async def __call__(self, request: Request, handler: Handler) -> Response:
        """Sign ``request`` and pass it on."""
        if request.authenticate:
            if not self._checked:
                found = {n: check_header(n, one.reveal()) for n, one in self.headers.items()}
                self._checked.update(found)
            request = request.with_headers(self._checked)
        return await handler(request)


async def no_auth(request: Request, handler: Handler) -> Response:
    """Return what ``handler`` answers to ``request``, which is passed on as it is."""
    return await handler(request)


def check_credential(key: str, value: Secret) -> None:
    """Raise ConfigurationError for a credential that no header could carry as one word.

    ``key`` is the name of the setting, ``value`` the credential.
    """
    word = value.reveal()
    clean = " " not in word
    try:
        check_header(key, word)
    except InvalidArgument:
        clean = False
    if not clean:
        scheme = " Give it without the scheme." if word.lower().startswith("bearer ") else ""
        raise ConfigurationError(
            f"{key} is empty, or has blanks, line breaks or other characters no key has.{scheme}",
            key=key,
        )
