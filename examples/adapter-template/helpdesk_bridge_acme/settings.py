"""What is configured for an Acme desk."""

from __future__ import annotations

from typing import ClassVar

from attrs import field, frozen
from helpdesk_bridge import kit


@kit.sealed
@frozen(kw_only=True)
class AcmeSettings:
    """Settings of an Acme desk: the account's API token."""

    adapter: ClassVar[str] = "acme"
    token: kit.Secret = field(converter=kit.Secret)
    base_url: str = "https://api.acme.example/v1"

    def __attrs_post_init__(self) -> None:
        kit.base_url(self.base_url)
        kit.check_credential("token", self.token)
