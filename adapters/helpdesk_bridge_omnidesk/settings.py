"""The settings of an Omnidesk desk."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import ClassVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

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

__all__ = ["CHANNEL", "CUSTOMER_CHANNELS", "OmnideskSettings"]

CHANNEL = re.compile(r"0|[1-9][0-9]*|calllog|contactform")
"""What a message's ``type`` looks like (page "message"), less numbers with leading zeros, which
would be another spelling of a channel that reaches customers."""
CUSTOMER_CHANNELS = frozenset(("1", "8", "contactform"))
"""Channels known to reach customers: 1 is e-mail, 8 live chat."""
_NAMESAKES = ("omnidesk.ru", "omnidesk.pro")
_ADDRESS = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+")


def _without_path(text: str) -> str:
    """T2: the path is always /api/v2, and often copied along."""
    if not isinstance(text, str):
        return text
    text = text.rstrip("/")
    with suppress(ValueError):  # what is no address is refused by name later
        if urlsplit(text).path == "/api/v2":
            return text.removesuffix("/api/v2")
    return text


@sealed
@frozen(kw_only=True)
class OmnideskSettings:
    """Settings of an Omnidesk desk."""

    adapter: ClassVar[str] = "omnidesk"
    api_key: Secret = field(converter=Secret)
    """The API key of the account."""
    base_url: str = field(converter=_without_path)
    """The address of the account, such as ``https://acme.omnidesk.com``."""
    timezone: str
    """The account's time zone by its IANA name, such as ``Europe/Amsterdam``: the vendor writes
    times without a zone."""
    note_type: str | None = field(default=None, converter=numbered_id, metadata={NUMBERED: True})
    """The message ``type`` that makes an internal note in this account. The vendor does not
    document it, and a wrong one would mail the note; None: the desk has no notes."""
    brand_id: str | None = field(default=None, converter=numbered_id, metadata={NUMBERED: True})
    """The id of the brand of new tickets; None: the desk creates none."""
    channel: str = field(default="1", converter=numbered_id, metadata={NUMBERED: True})
    """The id of the channel of new tickets that name none; 1 is e-mail."""
    sender: str | None = field(default=None, repr=False)
    """The account's own address, to which new tickets are written; None: the desk creates none."""
    user_id: str | None = field(default=None, converter=numbered_id, metadata={NUMBERED: True})
    """The id of the agent who speaks; None: Omnidesk shows "Agent Anonymous"."""

    def __attrs_post_init__(self) -> None:
        check_credential("api_key", self.api_key)
        host = (base_url(self.base_url).host or "").rstrip(".")
        if any(host == name or host.endswith(f".{name}") for name in _NAMESAKES):
            raise errors.ConfigurationError(
                "base_url is of another product of the same name (omnidesk.ru, omnidesk.pro),"
                " which this adapter does not speak.",
                key="base_url",
            )
        self.zone  # noqa: B018 - raises for a zone that does not exist
        if self.note_type is not None:
            if not CHANNEL.fullmatch(self.note_type):
                raise errors.ConfigurationError(
                    "note_type is a number without leading zeros, or 'calllog'.", key="note_type"
                )
            if self.note_type in {*CUSTOMER_CHANNELS, self.channel}:
                raise errors.ConfigurationError(
                    "note_type is a channel that reaches customers: notes would be mailed.",
                    key="note_type",
                )
        for key in ("brand_id", "channel", "user_id"):
            value = getattr(self, key)
            if value is not None and not is_digits(value):
                raise errors.ConfigurationError(f"{key} is a number.", key=key)
        if self.sender is not None and not _ADDRESS.fullmatch(self.sender):
            raise errors.ConfigurationError("sender is not one e-mail address.", key="sender")

    @property
    def zone(self) -> ZoneInfo:
        """The account's time zone."""
        try:
            return ZoneInfo(self.timezone)
        except (LookupError, ValueError, OSError):
            pass
        raise errors.ConfigurationError(
            "timezone is the IANA name of a time zone, such as Europe/Amsterdam.", key="timezone"
        )
