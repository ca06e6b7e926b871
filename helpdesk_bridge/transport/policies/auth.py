"""Ways to sign a request; each one is a middleware, next to the wire."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping

from attrs import field, frozen

from helpdesk_bridge.errors import ConfigurationError, InvalidArgument
from helpdesk_bridge.secret import Secret
from helpdesk_bridge.transport.credentials import Credentials
from helpdesk_bridge.transport.pipeline import Handler, Middleware
from helpdesk_bridge.transport.request import Request
from helpdesk_bridge.transport.response import Response
from helpdesk_bridge.transport.urls import check_header

__all__ = [
    "LOOKS_LIKE_A_REFERENCE",
    "HeaderAuth",
    "Signing",
    "check_credential",
    "is_clean",
    "is_reference",
    "no_auth",
]

LOOKS_LIKE_A_REFERENCE = (
    'looks like a reference to a variable, which is not followed: write { env = "NAME" }'
)
"""What is said of a credential that is the name of a variable in the way of another tool."""
_NAME = "[A-Z_][A-Z0-9_]*"
_REFERENCE = re.compile(rf"\${_NAME}|\$\{{{_NAME}\}}|env:{_NAME}|%{_NAME}%")


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
                self._check()
            request = request.with_headers(self._checked)
        return await handler(request)

    def _check(self) -> None:
        for name, one in self.headers.items():
            if not is_clean(one):
                raise InvalidArgument(
                    f"header {name!r} has line breaks or other characters it cannot have"
                )
        self._checked.update({name: one.reveal() for name, one in self.headers.items()})


@frozen
class Signing:
    """Signs with ``auth``, and remembers in ``credentials`` what that puts on a request."""

    auth: Middleware
    credentials: Credentials

    def __call__(self, request: Request, handler: Handler) -> Awaitable[Response]:
        """Sign ``request`` and pass it on."""

        def signed(one: Request) -> Awaitable[Response]:
            self.credentials.saw(one.headers, request.headers)
            return handler(one)

        return self.auth(request, signed)


async def no_auth(request: Request, handler: Handler) -> Response:
    """Return what ``handler`` answers to ``request``, which is passed on as it is."""
    return await handler(request)


def is_clean(value: Secret, *, word: bool = False) -> bool:
    """Say whether a header can carry ``value`` (and whether it is one ``word``).

    It raises nothing: a frame that an error holds must not have a credential in its locals.
    """
    text = value.reveal()
    try:
        check_header("credential", text)
    except InvalidArgument:
        return False
    return not word or " " not in text


def is_reference(value: Secret) -> bool:
    """Say whether ``value`` is how a shell or another tool refers to a variable."""
    return _REFERENCE.fullmatch(value.reveal()) is not None


def check_credential(key: str, value: Secret) -> None:
    """Raise ConfigurationError for a credential that no header could carry as one word.

    What refers to a variable, as ``$NAME`` does in a shell, is none either: nobody follows it.
    ``key`` is the name of the setting, ``value`` the credential.
    """
    if is_reference(value):
        raise ConfigurationError(
            f'{key} {LOOKS_LIKE_A_REFERENCE}, or in Python os.environ["NAME"]', key=key
        )
    if not is_clean(value, word=True):
        has_scheme = value.reveal().lower().startswith("bearer ")
        scheme = " Give it without the scheme." if has_scheme else ""
        raise ConfigurationError(
            f"{key} is empty, or has blanks, line breaks or other characters no key has.{scheme}",
            key=key,
        )
