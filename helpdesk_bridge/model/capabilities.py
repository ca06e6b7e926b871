"""The capabilities of a desk: what it can do, how, and within which limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from attrs import asdict, evolve, field, frozen

from helpdesk_bridge.errors import UnsupportedCapability
from helpdesk_bridge.model.shown import constructed
from helpdesk_bridge.model.value import Value
from helpdesk_bridge.model.words import ChangeKind, ChangeMode, Status

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
    """``Helpdesk.tickets``; each filter is a capability of its own (FILTER_…)."""
    GET_TICKET = "get_ticket"
    CREATE_TICKET = "create_ticket"
    UPDATE_TICKET = "update_ticket"
    DELETE_TICKET = "delete_ticket"
    LIST_CUSTOM_FIELDS = "list_custom_fields"
    """The definitions of custom fields can be read (``Helpdesk.custom_fields``)."""
    LIST_MESSAGES = "list_messages"
    GET_MESSAGE = "get_message"
    REPLY = "reply"
    NOTE = "note"
    FORWARD = "forward"
    ADD_REQUEST = "add_request"
    SEND_ATTACHMENTS = "send_attachments"
    """Messages can carry files; a call with limits of its own for files may differ."""
    OPEN_ATTACHMENT = "open_attachment"
    """Files can be read (``open_attachment`` and ``save_attachment``)."""
    RESIZED_IMAGE = "resized_image"
    """Inline images can be fetched smaller (``open_attachment(…, size=)``)."""
    REPLY_WITHOUT_EMAIL = "reply_without_email"
    """A reply can be recorded without mailing it (``reply(…, send_email=False)``)."""
    REPLY_WITH_STATUS = "reply_with_status"
    """A reply or a note can set the ticket's status (``reply(…, status=)``)."""
    IF_LAST = "if_last"
    """A reply can be sent only if the customer has written nothing since (``reply(…, if_last=)``).
    It follows from REPLY and LIST_MESSAGES, whatever is declared."""
    SCHEDULED_SEND = "scheduled_send"
    """A reply can be sent at a later time (``reply(…, send_at=)``)."""
    RECONCILE = "reconcile"
    """A write whose answer was lost can be looked for (``reconcile`` and ``recover``)."""
    CHANGES = "changes"
    """What has changed can be read (``changes``, ``follow`` and ``events``): ``limits.mode`` says
    how, ``limits.sees`` what of, and the reason what a poll costs in requests. Where it is not
    declared it follows from LIST_TICKETS: everything is read, and compared, but for messages."""
    WEBHOOKS = "webhooks"
    """The vendor can call an application when a ticket changes."""
    LIST_AGENTS = "list_agents"
    """The agents of the desk can be looked up (``Helpdesk.agents``)."""
    LIST_TEAMS = "list_teams"
    """The teams of the desk can be looked up (``Helpdesk.teams``)."""
    LIST_CUSTOMERS = "list_customers"
    """Customers can be looked up (``Helpdesk.customers``); ``limits.options`` tells by what."""
    WHO_AM_I = "who_am_i"
    """The account that the desk is used with can be told (``Helpdesk.me``)."""
    FILTER_STATUS = "filter_status"
    """``tickets(status=)`` with one status."""
    FILTER_STATUSES = "filter_statuses"
    """``tickets(status=)`` with several statuses, of which one must hold."""
    FILTER_PRIORITY = "filter_priority"
    FILTER_KIND = "filter_kind"
    FILTER_ASSIGNEE = "filter_assignee"
    FILTER_TEAM = "filter_team"
    FILTER_TAG = "filter_tag"
    FILTER_REQUESTER = "filter_requester"
    FILTER_TEXT = "filter_text"
    FILTER_CREATED_SINCE = "filter_created_since"
    FILTER_UPDATED_SINCE = "filter_updated_since"
    ORDER_CREATED_AT = "order_created_at"
    """``tickets(order_by="created_at")``, and ``"-created_at"``."""
    ORDER_UPDATED_AT = "order_updated_at"
    """``tickets(order_by="updated_at")``, and ``"-updated_at"``."""


class Level(StrEnum):
    """How a capability is provided."""

    NATIVE = "native"
    """One request does it, and a filter or an order is the vendor's own."""
    EMULATED = "emulated"
    """It is done completely, but by several requests or by reading more than is returned."""
    NONE = "none"
    """It cannot be done."""


@frozen(kw_only=True)
class CapabilityLimits(Value):
    """The bounds of a capability. None means that no bound is known, and the vendor decides."""

    attachments: int | None = None
    """How many files a message may have."""
    attachment_bytes: int | None = None
    """How many bytes the files of a message may have together, before they are encoded."""
    body_bytes: int | None = None
    """How many bytes the HTML of a body may have in UTF-8."""
    page_size: int | None = None
    """How many records a page of a list has at most."""
    statuses: frozenset[Status] | None = None
    """The statuses that can be set or filtered by."""
    options: frozenset[str] | None = None
    """The optional arguments that the call accepts. "attachments" among them means that this call
    takes files, whatever SEND_ATTACHMENTS says."""
    sizes: frozenset[str] | None = None
    """The names of the smaller renditions of an inline image; None means that there are none."""
    mode: ChangeMode | None = None
    """Of CHANGES: how they are found."""
    sees: frozenset[ChangeKind] | None = None
    """Of CHANGES: what they tell of."""
    resolution: float | None = None
    """Of CHANGES: how many seconds the times of changes are apart at least. None: the vendor tells
    no time of a change."""
    lag: float | None = None
    """Of CHANGES: seconds after which a change surely shows in the vendor's lists; None: at
    once."""

    def __repr__(self) -> str:
        return constructed(self, **asdict(self, recurse=False))


@frozen(kw_only=True)
class Support(Value):
    """How a desk provides one capability."""

    level: Level
    """Whether it is done natively, by emulation, or not at all."""
    limits: CapabilityLimits = field(factory=CapabilityLimits)
    """The bounds within which it is done."""
    reason: str = ""
    """A sentence for people: how it is done, or why it cannot be done."""
    source: str = ""
    """Where the vendor says so: the address of a page of its documentation, or "observed on" and
    its version. Empty: the reason speaks of this library, and of nothing that a vendor does."""

    def __repr__(self) -> str:
        limits = None if self.limits == CapabilityLimits() else self.limits
        reason, source = self.reason or None, self.source or None
        return constructed(self, level=self.level, limits=limits, reason=reason, source=source)


def native(
    reason: str = "", *, limits: CapabilityLimits | None = None, source: str = ""
) -> Support:
    """Return a Support that says that the vendor does it in one step.

    Args:
        reason: a sentence for people.
        limits: the bounds; None means no known bounds.
        source: the vendor's page, which a reason that speaks of the vendor needs.
    """
    limits = limits or CapabilityLimits()
    return Support(level=Level.NATIVE, limits=limits, reason=reason, source=source)


def emulated(reason: str, *, limits: CapabilityLimits | None = None, source: str = "") -> Support:
    """Return a Support that says that it is done completely, but by several requests.

    Args:
        reason: how it is done, a sentence for people.
        limits: the bounds; None means no known bounds.
        source: the vendor's page, which a reason that speaks of the vendor needs.
    """
    limits = limits or CapabilityLimits()
    return Support(level=Level.EMULATED, limits=limits, reason=reason, source=source)


def none(reason: str, *, source: str = "") -> Support:
    """Return a Support that says that it cannot be done.

    ``reason`` says why, or which setting is missing. ``source`` is the vendor's page, which a
    reason that speaks of the vendor needs.
    """
    return Support(level=Level.NONE, reason=reason, source=source)


_IF_LAST = emulated(
    "The conversation is read just before; what the customer writes while it is sent, or what is"
    " recorded with an older time, is not noticed."
)


def _by_scan(size: int | None) -> Support:
    """Return how changes are found where only the list of tickets is there."""
    cost = "the whole list" if size is None else f"a request for each {size:,} tickets of the desk"
    return emulated(
        f"Every ticket is read at each poll, and compared with what it was: {cost}. The adapter"
        " does not say that a new message shows on its ticket.",
        limits=CapabilityLimits(mode=ChangeMode.SCAN, sees=frozenset((ChangeKind.FIELDS,))),
    )


_NOT_OFFERED = "The adapter does not offer it."
_MISSING = {
    Capability.RECONCILE: "The adapter does not offer it: look on the desk whether it was done.",
}


class Capabilities(Value, Mapping[Capability, Support]):
    """What one desk can do: a mapping with an entry for every :class:`Capability`.

    ``declared`` has the entries that are known; a capability without one cannot be done.
    """

    def __init__(self, declared: Mapping[Capability, Support]) -> None:
        self._support = {
            capability: declared.get(capability) or none(_MISSING.get(capability, _NOT_OFFERED))
            for capability in Capability
        }
        needed = [self._support[c] for c in (Capability.REPLY, Capability.LIST_MESSAGES)]
        missing = [support for support in needed if support.level is Level.NONE]
        self._support[Capability.IF_LAST] = missing[0] if missing else _IF_LAST
        listed = self._support[Capability.LIST_TICKETS]
        if listed.level is Level.NONE:
            self._support[Capability.CHANGES] = listed
        elif Capability.CHANGES not in declared:
            self._support[Capability.CHANGES] = _by_scan(listed.limits.page_size)

    def __getitem__(self, capability: Capability) -> Support:
        return self._support[capability]

    def __iter__(self) -> Iterator[Capability]:
        return iter(self._support)

    def __len__(self) -> int:
        return len(self._support)

    def __repr__(self) -> str:
        return f"<Capabilities: {', '.join(self.supported())}>"

    def supports(self, *wanted: Capability) -> bool:
        """Say whether all of ``wanted`` can be done, natively or by emulation."""
        return all(self._support[capability].level is not Level.NONE for capability in wanted)

    def supported(self) -> list[Capability]:
        """List the capabilities that can be done, natively or by emulation."""
        return [capability for capability in self if self.supports(capability)]

    def require(self, *wanted: Capability) -> None:
        """Raise :class:`UnsupportedCapability` for the first of ``wanted`` that cannot be done."""
        for capability in wanted:
            if not self.supports(capability):
                raise UnsupportedCapability(
                    f"{capability} is not available here. {self._support[capability].reason}",
                    capability=capability.value,
                )

    def without(self, reason: str, *dropped: Capability, source: str = "") -> Capabilities:
        """Return these capabilities without some.

        Args:
            reason: why they are not there.
            dropped: those that are taken away.
            source: the vendor's page, which a reason that speaks of the vendor needs.

        Returns:
            The others.
        """
        lacking = none(reason, source=source)
        return Capabilities({**self._support, **dict.fromkeys(dropped, lacking)})

    def limited(self, capabilities: Iterable[Capability], **limits: Any) -> Capabilities:
        """Return these capabilities with other limits on some of them.

        ``capabilities`` are the ones to change, ``limits`` the fields of
        :class:`CapabilityLimits` to set on each; other fields stay.
        """
        changed = {
            capability: evolve(
                self._support[capability], limits=evolve(self._support[capability].limits, **limits)
            )
            for capability in capabilities
        }
        return Capabilities({**self._support, **changed})
