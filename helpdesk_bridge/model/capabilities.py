"""What a desk can do, how, and within which limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from attrs import evolve, field, frozen

from helpdesk_bridge.errors import UnsupportedCapability
from helpdesk_bridge.model.words import Status

__all__ = [
    "Capabilities",
    "Capability",
    "CapabilityLimits",
    "Level",
    "Support",
    "emulated",
    "native",
    "none",
]


class Capability(StrEnum):
    """One thing a desk may be able to do."""

    LIST_TICKETS = "list_tickets"
    GET_TICKET = "get_ticket"
    CREATE_TICKET = "create_ticket"
    UPDATE_TICKET = "update_ticket"
    DELETE_TICKET = "delete_ticket"
    LIST_CUSTOM_FIELDS = "list_custom_fields"
    """Their definitions can be read (``Helpdesk.custom_fields``)."""
    LIST_MESSAGES = "list_messages"
    GET_MESSAGE = "get_message"
    REPLY = "reply"
    NOTE = "note"
    FORWARD = "forward"
    ADD_REQUEST = "add_request"
    SEND_ATTACHMENTS = "send_attachments"
    OPEN_ATTACHMENT = "open_attachment"
    RESIZED_IMAGE = "resized_image"
    """Inline images can be fetched smaller (``open_attachment(…, size=)``)."""
    REPLY_WITHOUT_EMAIL = "reply_without_email"
    REPLY_WITH_STATUS = "reply_with_status"
    SCHEDULED_SEND = "scheduled_send"
    RECONCILE = "reconcile"
    WEBHOOKS = "webhooks"
    FILTER_STATUS = "filter_status"
    FILTER_ASSIGNEE = "filter_assignee"
    FILTER_TEAM = "filter_team"
    FILTER_TAG = "filter_tag"
    FILTER_REQUESTER = "filter_requester"
    FILTER_TEXT = "filter_text"
    FILTER_CREATED_SINCE = "filter_created_since"
    FILTER_UPDATED_SINCE = "filter_updated_since"


class Level(StrEnum):
    """How a capability is provided."""

    NATIVE = "native"
    """The vendor does it in one step."""
    EMULATED = "emulated"
    """Done completely, but by several calls or by reading more than is returned."""
    NONE = "none"


@frozen(kw_only=True)
class CapabilityLimits:
    """The bounds of a capability; None means that none is known, and the vendor decides.

    ``attachments`` files a message, ``attachment_bytes`` all of them together (decoded),
    ``body_bytes`` the body in UTF-8, ``page_size`` records a page, ``statuses`` the values that
    may be used, ``options`` the optional arguments of the call that are understood ("attachments"
    among them means that this call takes files whatever SEND_ATTACHMENTS says), ``sizes`` the
    renditions of an image.
    """

    attachments: int | None = None
    attachment_bytes: int | None = None
    body_bytes: int | None = None
    page_size: int | None = None
    statuses: frozenset[Status] | None = None
    options: frozenset[str] | None = None
    sizes: frozenset[str] | None = None


@frozen(kw_only=True)
class Support:
    """How far one capability goes; ``reason`` is a sentence for people (why not, or how)."""

    level: Level
    limits: CapabilityLimits = field(factory=CapabilityLimits)
    reason: str = ""


def native(reason: str = "", *, limits: CapabilityLimits | None = None) -> Support:
    """Declare that the vendor does it in one step."""
    return Support(level=Level.NATIVE, limits=limits or CapabilityLimits(), reason=reason)


def emulated(reason: str, *, limits: CapabilityLimits | None = None) -> Support:
    """Declare that it is done completely, and say how."""
    return Support(level=Level.EMULATED, limits=limits or CapabilityLimits(), reason=reason)


def none(reason: str) -> Support:
    """Declare that it cannot be done, and say why or which setting is missing."""
    return Support(level=Level.NONE, reason=reason)


class Capabilities(Mapping[Capability, Support]):
    """What one desk can do: a mapping with an entry for every :class:`Capability`."""

    def __init__(self, declared: Mapping[Capability, Support]) -> None:
        self._support = {
            capability: declared.get(capability) or none("The vendor's API has no such operation.")
            for capability in Capability
        }

    def __getitem__(self, capability: Capability) -> Support:
        return self._support[capability]

    def __iter__(self) -> Iterator[Capability]:
        return iter(self._support)

    def __len__(self) -> int:
        return len(self._support)

    def __repr__(self) -> str:
        return f"<Capabilities: {', '.join(self.supported())}>"

    def supports(self, *wanted: Capability) -> bool:
        """Say whether all of ``wanted`` can be done, natively or emulated."""
        return all(self._support[capability].level is not Level.NONE for capability in wanted)

    def supported(self) -> list[Capability]:
        """List what can be done."""
        return [capability for capability in self if self.supports(capability)]

    def require(self, *wanted: Capability) -> None:
        """Raise :class:`UnsupportedCapability` for the first of ``wanted`` that cannot be done."""
        for capability in wanted:
            if not self.supports(capability):
                raise UnsupportedCapability(
                    f"{capability} is not available here. {self._support[capability].reason}",
                    capability=capability.value,
                )

    def without(self, reason: str, *dropped: Capability) -> Capabilities:
        """Return these capabilities less ``dropped``, for the ``reason`` given."""
        return Capabilities({**self._support, **dict.fromkeys(dropped, none(reason))})

    def limited(self, capabilities: Iterable[Capability], **limits: Any) -> Capabilities:
        """Return these capabilities with other limits on some of them."""
        changed = {
            capability: evolve(
                self._support[capability], limits=evolve(self._support[capability].limits, **limits)
            )
            for capability in capabilities
        }
        return Capabilities({**self._support, **changed})
