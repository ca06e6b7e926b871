"""The settings of a Request Tracker desk."""

from __future__ import annotations

from base64 import b64encode
from typing import ClassVar

from attrs import field, frozen
from attrs.converters import optional

from helpdesk_bridge.kit import (
    CREDENTIAL,
    NUMBERED,
    Secret,
    base_url,
    check_credential,
    errors,
    numbered_id,
    sealed,
)

__all__ = ["RequestTrackerSettings"]


def _without_api(text: str) -> str:
    """Return RT's address where that of its API was given."""
    if not isinstance(text, str):
        return text
    return text.rstrip("/").removesuffix("/REST/2.0")


@sealed
@frozen(kw_only=True)
class RequestTrackerSettings:
    """Settings of a Request Tracker desk. It signs with user and password, or with a token."""

    adapter: ClassVar[str] = "request_tracker"
    base_url: str = field(converter=_without_api)
    """RT's own web address (its ``$WebURL``), such as ``https://rt.example.org`` or
    ``https://example.org/rt``. The adapter adds ``/REST/2.0``, which may be there already."""
    user: str | None = field(default=None, metadata={CREDENTIAL: True})
    """The login name of the account; None with a token."""
    password: Secret | None = field(default=None, converter=optional(Secret))
    """The password of the account; None with a token."""
    token: Secret | None = field(default=None, converter=optional(Secret))
    """A token from the account's page "Auth Tokens"; None with user and password."""
    queue: str = field(default="General", converter=numbered_id, metadata={NUMBERED: True})
    """The queue of new tickets that name no team."""

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
