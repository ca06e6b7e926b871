"""A message of a ticket, and its files."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from attrs import field, frozen
from attrs.validators import instance_of, optional

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model.html_text import html_to_text, text_to_html
from helpdesk_bridge.model.people import Party
from helpdesk_bridge.model.times import moment
from helpdesk_bridge.model.words import Audience, MessageType

__all__ = ["Attachment", "Message"]

_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')

_DEVICE = re.compile(r"(?i)^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|$)")


@frozen(kw_only=True)
class Attachment:
    """A file of a message. ``size`` is in bytes; None where the vendor does not tell."""

    id: str
    name: str | None = field(default=None, repr=False)
    mime_type: str | None = None
    size: int | None = None
    inline: bool = False
    """Shown inside the body, which refers to it as ``cid:<content_id>``."""
    content_id: str | None = None

    @property
    def safe_name(self) -> str:
        """Return a file name without directories, control characters or device names.

        At most 255 bytes in UTF-8; ``attachment-<id>`` when nothing usable is left.
        """
        name = unicodedata.normalize("NFC", self.name or "")
        name = "".join(c for c in name if unicodedata.category(c) not in _INVISIBLE)
        name = _UNSAFE.sub("_", re.split(r"[/\\]", name)[-1]).strip(" .")
        if not name or _DEVICE.match(name):
            name = (
                f"attachment-{re.sub(r'[^A-Za-z0-9_-]', '_', self.id)}{'-' + name if name else ''}"
            )
        stem, dot, suffix = name.rpartition(".")
        suffix = dot + suffix if stem and len(suffix.encode()) <= 16 else ""
        room = 255 - len(suffix.encode())
        stem = name.removesuffix(suffix).encode()[:room].decode(errors="ignore")
        return (stem + suffix).rstrip(" .")


@frozen(kw_only=True)
class Message:
    """One message of a ticket.

    A body may be given as HTML, as text or as both. ``html`` and ``text`` return what the vendor
    gave, or derive it from the other; both are None when the message has no body.
    """

    id: str
    ticket_id: str
    type: MessageType = MessageType.UNKNOWN
    audience: Audience = Audience.UNKNOWN
    vendor_type: str = ""
    author: Party = field(factory=Party, repr=False)
    to: tuple[Party, ...] = field(default=(), repr=False)
    cc: tuple[Party, ...] = field(default=(), repr=False)
    bcc: tuple[Party, ...] = field(default=(), repr=False)
    subject: str | None = field(default=None, repr=False)
    given_html: str | None = field(
        default=None, alias="html", repr=False, validator=optional(instance_of(str))
    )
    given_text: str | None = field(
        default=None, alias="text", repr=False, validator=optional(instance_of(str))
    )
    attachments: tuple[Attachment, ...] = field(default=(), repr=False)
    created_at: datetime | None = moment()
    updated_at: datetime | None = moment()
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        if self.type == MessageType.NOTE and self.audience != Audience.INTERNAL:
            raise InvalidArgument(f"a note is internal, and this one says {self.audience}")

    @property
    def is_public(self) -> bool:
        """Whether somebody outside the helpdesk may see it; False whenever that is not known."""
        return self.audience in (Audience.EXTERNAL, Audience.FORWARD)

    @cached_property
    def html(self) -> str | None:
        """Return the body as HTML. It is the sender's markup: sanitise it before showing it."""
        if self.given_html is not None or self.given_text is None:
            return self.given_html
        return text_to_html(self.given_text)

    @cached_property
    def text(self) -> str | None:
        """Return the body as plain text."""
        if self.given_text is not None or self.given_html is None:
            return self.given_text
        return html_to_text(self.given_html)
