"""Messages of tickets, and their attachments, as users read them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from attrs import field, frozen
from attrs.validators import instance_of, optional

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model.html_text import html_to_text, is_blank, shows_something, text_to_html
from helpdesk_bridge.model.media_types import known_type
from helpdesk_bridge.model.normalisation import normalised
from helpdesk_bridge.model.people import Party
from helpdesk_bridge.model.shown import amount, counted, identity, moment_of, number_of, shown
from helpdesk_bridge.model.times import moment
from helpdesk_bridge.model.value import Value
from helpdesk_bridge.model.words import Audience, MessageType

__all__ = ["Attachment", "Message"]

_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')

_LONGEST_NAME = 2048
"""Characters at either end of a name that are looked at; 255 bytes of it are kept."""

_DEVICE = re.compile(r"(?i)^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|$)")


@frozen(kw_only=True)
class Attachment(Value):
    """A file of a message. What the vendor does not tell is None."""

    id: str
    """The vendor's id of the file."""
    name: str | None = field(default=None, repr=False)
    """The file name as the vendor gives it. It may hold a path: see :attr:`safe_name`."""
    mime_type: str | None = None
    """The media type, such as ``image/png``."""
    size: int | None = None
    """The size in bytes."""
    inline: bool = False
    """Whether the body shows it, as ``cid:<content_id>``."""
    content_id: str | None = None
    """The name by which the body shows it."""
    desk: str | None = field(default=None, eq=False)
    """The name of the desk it was read from; None: it was made by hand. Another desk refuses it."""
    vendor: str | None = field(default=None, repr=False, eq=False)
    """The name of that desk's adapter; None as above."""

    def __repr__(self) -> str:
        return shown(self, number_of(self), self._words)

    def _words(self) -> Iterator[str]:
        yield known_type(self.mime_type or "")
        yield "" if self.size is None else f"{self.size:,} bytes"
        yield "inline" if self.inline else ""

    @property
    def safe_name(self) -> str:
        """A file name without directories, control characters and names of devices.

        It has at most 255 bytes in UTF-8, and is ``attachment-<id>`` if nothing usable is left.
        """
        given = self.name or ""
        if len(given) > _LONGEST_NAME:  # its beginning and its end are all that can be kept
            given = given[:_LONGEST_NAME] + given[-_LONGEST_NAME:]
        name = normalised("NFC", given)
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
class Message(Value):
    """One message of a ticket.

    A body may be given as HTML, as text or as both. ``html`` and ``text`` return what the vendor
    gave, or derive it from the other; a form that shows nothing counts as not given where the other
    one has words. Both are None when the message has no body. A note whose ``audience`` is not
    INTERNAL is InvalidArgument.
    """

    id: str
    """The vendor's id of the message."""
    ticket_id: str
    """The vendor's id of its ticket."""
    type: MessageType = MessageType.UNKNOWN
    """Who speaks to whom."""
    audience: Audience = Audience.UNKNOWN
    """Who may see it."""
    vendor_type: str = ""
    """The vendor's own word for its type; empty where the vendor has none."""
    author: Party = field(factory=Party, repr=False)
    """Who wrote it; a Party without any name, address or id where the vendor does not tell."""
    to: tuple[Party, ...] = field(default=(), repr=False)
    """Who it was sent to; empty where the vendor does not tell."""
    cc: tuple[Party, ...] = field(default=(), repr=False)
    """Who got a copy."""
    bcc: tuple[Party, ...] = field(default=(), repr=False)
    """Who got a copy that the other recipients do not see."""
    subject: str | None = field(default=None, repr=False)
    """Its own subject line; None where it has none."""
    given_html: str | None = field(
        default=None, alias="html", repr=False, validator=optional(instance_of(str))
    )
    """The body as HTML, as the vendor gave it; None: not given."""
    given_text: str | None = field(
        default=None, alias="text", repr=False, validator=optional(instance_of(str))
    )
    """The body as plain text, as the vendor gave it; None: not given."""
    attachments: tuple[Attachment, ...] = field(default=(), repr=False)
    """Its files."""
    created_at: datetime | None = moment()
    """When it was written, in UTC; None where the vendor does not tell."""
    updated_at: datetime | None = moment()
    """When it was last changed, in UTC; None where the vendor does not tell."""
    desk: str | None = field(default=None, eq=False)
    """The name of the desk it was read from; None: it was made by hand. Another desk refuses it."""
    vendor: str | None = field(default=None, repr=False, eq=False)
    """The name of that desk's adapter; None as above."""
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False)
    """The vendor's own record; it is not a copy."""

    def __attrs_post_init__(self) -> None:
        if self.type == MessageType.NOTE and self.audience != Audience.INTERNAL:
            raise InvalidArgument(f"a note is internal, and this one says {self.audience}")

    def __repr__(self) -> str:
        ticket = identity(self, "ticket_id")
        name = f"{identity(self)} of ticket {ticket}".strip() if ticket else identity(self)
        return shown(self, name, self._words)

    def _words(self) -> Iterator[str]:
        yield str(self.type)
        yield "" if self.audience == Audience.UNKNOWN else str(self.audience)
        yield moment_of("", self.created_at)
        forms = ((self.given_html, "HTML"), (self.given_text, "text"))
        bodies = [f"{amount(len(body), 'character')} of {form}" for body, form in forms if body]
        yield ", ".join(bodies) or "without a body"
        yield counted(self.attachments, "file")

    @property
    def is_public(self) -> bool:
        """Whether somebody outside the helpdesk may see it; False if that is not known."""
        return self.audience in (Audience.EXTERNAL, Audience.FORWARD)

    @cached_property
    def html(self) -> str | None:
        """The body as HTML; None if there is no body. Sanitise it: the sender wrote the markup.

        Where the vendor gave HTML that shows nothing beside a text, it is derived from the text.
        """
        given, text = self.given_html, self.given_text
        if text is None or (given is not None and (is_blank(text) or shows_something(given))):
            return given
        return text_to_html(text)

    @cached_property
    def text(self) -> str | None:
        """The body as plain text; None if there is no body.

        Where the vendor gave a blank text beside HTML with words, it is derived from the HTML.
        """
        given, markup = self.given_text, self.given_html
        if markup is None or (given is not None and not is_blank(given)):
            return given
        words = html_to_text(markup)
        return words if given is None or not is_blank(words) else given
