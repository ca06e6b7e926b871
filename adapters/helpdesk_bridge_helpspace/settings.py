"""The settings of a HelpSpace desk."""

from __future__ import annotations

from typing import ClassVar

from attrs import field, frozen

from helpdesk_bridge.kit import (
    NUMBERED,
    Secret,
    base_url,
    check_credential,
    errors,
    is_digits,
    numbered_id,
    sealed,
)

__all__ = ["HelpSpaceSettings"]


def _client_id(given: str | int | Secret) -> Secret:
    return Secret(numbered_id(given))


@sealed
@frozen(kw_only=True)
class HelpSpaceSettings:
    """Settings of a HelpSpace desk.

    https://documentation.helpspace.com/api-access-tokens-and-authentication
    """

    adapter: ClassVar[str] = "helpspace"
    token: Secret = field(converter=Secret)
    """An access token, made at Settings -> Access Tokens."""
    client_id: Secret = field(converter=_client_id, metadata={NUMBERED: True})
    """The client id, which names the workspace; it is a credential, too."""
    base_url: str = "https://api.helpspace.com/api/v1"
    """The address of the API, with its version."""
    sender: str | None = field(default=None, repr=False)
    """The address that speaks in replies, notes and forwards; None: the ticket's channel."""
    sender_name: str | None = field(default=None, repr=False)
    """The name shown with ``sender``; None: HelpSpace makes one of the address."""
    channel: str | None = field(default=None, converter=numbered_id, metadata={NUMBERED: True})
    """The id of the channel for new tickets that name none. HelpSpace requires a channel, so None
    refuses such tickets."""
    escalated_word: str = "escalated"
    """How the status is spelled on writing. HelpSpace's pages say ``escaleted``, its clients
    ``escalated``; the other spelling is tried once when this one is refused."""
    max_attachment_chars: int = 5_000_000
    """The most base64 characters a message's files may have together. The vendor says "5 MB"
    and not of what, so this is the safe reading."""

    def __attrs_post_init__(self) -> None:
        base_url(self.base_url)
        check_credential("token", self.token)
        check_credential("client_id", self.client_id)
        if self.sender is not None and not _is_address(self.sender):
            raise errors.ConfigurationError("sender is not one e-mail address", key="sender")
        if self.sender_name is not None:
            if not self.sender_name.strip() or not self.sender_name.isprintable():
                raise errors.ConfigurationError(
                    "sender_name is empty, or has line breaks", key="sender_name"
                )
            if self.sender is None:
                raise errors.ConfigurationError(
                    "sender_name is shown with sender, which is missing", key="sender_name"
                )
        if self.channel is not None and not is_digits(self.channel):
            raise errors.ConfigurationError("channel is the number of a channel", key="channel")
        if self.escalated_word not in ("escalated", "escaleted"):
            raise errors.ConfigurationError(
                "escalated_word is 'escalated' or 'escaleted'", key="escalated_word"
            )
        if self.max_attachment_chars < 4:
            raise errors.ConfigurationError(
                "max_attachment_chars is too small", key="max_attachment_chars"
            )


def _is_address(value: str) -> bool:
    name, _, domain = value.partition("@")
    parts = bool(name and domain) and "@" not in domain
    return parts and value.isprintable() and not set(' ,;<>"') & set(value)
