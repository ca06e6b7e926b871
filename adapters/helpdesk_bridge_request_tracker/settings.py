"""What is configured for a Request Tracker desk."""

from __future__ import annotations

from base64 import b64encode
from typing import ClassVar

from attrs import field, frozen
from attrs.converters import optional

from helpdesk_bridge.kit import Secret, base_url, check_credential, errors

__all__ = ["RequestTrackerSettings"]


def _without_api(text: str) -> str:
    """Return RT's address where that of its API was given."""
    if not isinstance(text, str):
        return text
    return text.rstrip("/").removesuffix("/REST/2.0")


@frozen(kw_only=True)
class RequestTrackerSettings:
    """Settings of a Request Tracker desk.

    ``base_url`` is RT's own web address (its ``$WebURL``), such as ``https://rt.example.org`` or
    ``https://example.org/rt``; ``/REST/2.0`` is added by the adapter, and may be there already.
    The account is ``user`` with ``password``, or a ``token`` from its page "Auth Tokens".
    ``queue`` is where new tickets go when no team is named.

    ``user`` and ``password`` None is a desk with a ``token``, and the other way round.
    """

    adapter: ClassVar[str] = "request_tracker"
    base_url: str = field(converter=_without_api)
    user: str | None = None
    password: Secret | None = field(default=None, converter=optional(Secret))
    token: Secret | None = field(default=None, converter=optional(Secret))
    queue: str = "General"

    def __attrs_post_init__(self) -> None:
        base_url(self.base_url)
        if (self.user is None) != (self.password is None):
            missing = "user" if self.user is None else "password"
            raise errors.ConfigurationError(
                "user and password belong together: one of them is missing", key=missing
            )
        if (self.user is None) == (self.token is None):
            raise errors.ConfigurationError(
                "give user and password, or token: exactly one of the two", key="token"
            )
        if self.token is not None:
            check_credential("token", self.token)
        if self.user is not None and (not self.user or ":" in self.user):
            raise errors.ConfigurationError("user is empty, or has a colon", key="user")
        if self.password is not None and not self.password:
            raise errors.ConfigurationError("password is empty", key="password")
        if not self.queue.strip():
            raise errors.ConfigurationError("queue is empty", key="queue")

    @property
    def authorization(self) -> Secret:
        """What the header ``Authorization`` says."""
        if self.token is not None:
            return Secret(f"token {self.token.reveal()}")
        password = self.password.reveal() if self.password is not None else ""
        words = f"{self.user}:{password}".encode()
        return Secret(f"Basic {b64encode(words).decode('ascii')}")
