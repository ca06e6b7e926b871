"""The settings of an Airclou desk."""

from __future__ import annotations

from typing import ClassVar

from attrs import field, frozen
from attrs.converters import optional

from helpdesk_bridge.kit import (
    CREDENTIAL,
    NUMBERED,
    FetchToken,
    Secret,
    TokenProvider,
    base_url,
    check_credential,
    errors,
    numbered_id,
    sealed,
)

__all__ = ["AirclouSettings"]


def _provider(given: FetchToken | TokenProvider | str | None) -> TokenProvider | None:
    return None if given is None else TokenProvider.of(given, key="session_provider")


@sealed
@frozen(kw_only=True)
class AirclouSettings:
    """Settings of an Airclou desk: an API key for tickets, a session for messages, or both.

    ``api_key`` (with ``workspace_id``) opens the public API. Messages take a session instead:
    ``session_token`` is a fixed one, ``session_provider`` an async function that returns a fresh
    one (in TOML ``"module:function"``). How a session is obtained is the vendor's secret: its
    page says only that a valid session token is required.

    Args:
        api_key: the key of the public API; None: no tickets.
        workspace_id: the workspace of the key; None: no tickets.
        session_token: a session that is never renewed; None: none, or one of ``session_provider``.
        session_provider: what returns a fresh session; None: none, or ``session_token``.
        messages_update_tickets: whether a new message moves the ``updatedAt`` of its ticket, so
            that ``changes`` finds it. No page says so. None: it is taken to, and the first message
            that is seen to have moved nothing is an error. False: it does not, and ``changes``
            tells no messages.
        base_url: where Airclou is, with its path.
    """

    adapter: ClassVar[str] = "airclou"
    api_key: Secret | None = field(default=None, converter=optional(Secret))
    workspace_id: str | None = field(
        default=None, converter=numbered_id, metadata={NUMBERED: True, CREDENTIAL: True}
    )
    session_token: Secret | None = field(default=None, converter=optional(Secret))
    session_provider: TokenProvider | None = field(default=None, converter=_provider)
    messages_update_tickets: bool | None = None
    base_url: str = "https://app.airclou.com/helpdesk"

    def __attrs_post_init__(self) -> None:
        base_url(self.base_url)
        if self.api_key is not None:
            check_credential("api_key", self.api_key)
        if self.session_token is not None:
            check_credential("session_token", self.session_token)
        if (self.api_key is None) != (self.workspace_id is None):
            missing = "workspace_id" if self.workspace_id is None else "api_key"
            raise errors.ConfigurationError(
                "api_key and workspace_id belong together: one of them is missing", key=missing
            )
        if self.workspace_id is not None:
            check_credential("workspace_id", Secret(self.workspace_id))
        if not isinstance(self.messages_update_tickets, bool | None):
            raise errors.ConfigurationError(
                "messages_update_tickets is true or false", key="messages_update_tickets"
            )
        if self.session_token is not None and self.session_provider is not None:
            raise errors.ConfigurationError(
                "give session_token or session_provider, not both", key="session_token"
            )
        if self.api_key is None and not self.has_session:
            raise errors.ConfigurationError(
                "nothing to sign with: give api_key and workspace_id for tickets, session_token or"
                " session_provider for messages, or all",
                key="api_key",
            )

    @property
    def has_session(self) -> bool:
        """Whether messages can be reached."""
        return self.session_token is not None or self.session_provider is not None
