"""What is configured for a django-helpdesk desk."""

from __future__ import annotations

import base64
import re
from typing import ClassVar

from attrs import field, frozen
from attrs.converters import optional
from helpdesk_bridge import kit
from helpdesk_bridge.kit import Secret, errors

__all__ = ["DjangoHelpdeskSettings"]

FILE_TYPES = (".txt", ".asc", ".pdf", ".doc", ".docx", ".odt", ".jpg", ".png", ".eml")
"""HELPDESK_VALID_EXTENSIONS of an installation that sets none (helpdesk/settings.py)."""


@frozen(kw_only=True)
class DjangoHelpdeskSettings:
    """Settings of a django-helpdesk desk: the address of the Django site and a staff account.

    Give ``user`` and ``password``, or ``token`` where the site accepts tokens of
    ``rest_framework.authtoken``. ``mounted_at`` is the path below ``base_url`` at which
    ``helpdesk.urls`` is included ("" for the root, "helpdesk" in the vendor's own example).
    ``queue`` is the id of the queue for new tickets. ``file_types`` repeats the site's
    HELPDESK_VALID_EXTENSIONS: lower case, each with its dot.

    ``silent_notes`` says that the site sets HELPDESK_PRIVATE_FOLLOWUP_MEANS_NO_EMAILS to True.
    Without that, django-helpdesk mails an internal note to whoever is in copy of the ticket,
    customers too (observed on 2.6.1), so there are no notes unless it is given.
    """

    adapter: ClassVar[str] = "django_helpdesk"
    base_url: str
    mounted_at: str = ""
    user: str | None = field(default=None, repr=False, metadata={kit.CREDENTIAL: True})
    password: Secret | None = field(default=None, converter=optional(Secret))
    token: Secret | None = field(default=None, converter=optional(Secret))
    queue: int = 1
    silent_notes: bool = False
    file_types: tuple[str, ...] = field(default=FILE_TYPES, converter=tuple)

    def __attrs_post_init__(self) -> None:
        kit.base_url(self.base_url)
        if not re.fullmatch(r"([A-Za-z0-9_.-]+/)*[A-Za-z0-9_.-]+|", self.mounted_at):
            raise errors.ConfigurationError(
                "mounted_at is a path like helpdesk, without slashes around it.", key="mounted_at"
            )
        if (self.user is None) != (self.password is None):
            missing = "password" if self.password is None else "user"
            raise errors.ConfigurationError(
                "user and password belong together: one of them is missing.", key=missing
            )
        if (self.user is None) == (self.token is None):
            raise errors.ConfigurationError(
                "give user and password, or token: one of the two.", key="token"
            )
        if self.user is not None and (not self.user or ":" in self.user):
            raise errors.ConfigurationError("user is empty, or holds a colon.", key="user")
        if self.token is not None:
            kit.check_credential("token", self.token)
        for kind in self.file_types:
            if not re.fullmatch(r"\.[^A-Z.\s]+", kind):
                raise errors.ConfigurationError(
                    "file_types are lower case and begin with a dot, such as .pdf.",
                    key="file_types",
                )

    @property
    def authorization(self) -> Secret:
        """What the Authorization header says."""
        if self.token is not None:
            return Secret(f"Token {self.token.reveal()}")
        password = self.password.reveal() if self.password else ""
        return Secret("Basic " + base64.b64encode(f"{self.user}:{password}".encode()).decode())
