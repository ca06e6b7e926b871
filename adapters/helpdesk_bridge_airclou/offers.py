"""What Airclou can do, how, and which of its pages says so.

Its public API has tickets, their fields and webhooks: the page "authentication" lists the rights
for each of its resources. Messages have an API of their own (page "messages").
"""

from __future__ import annotations

from collections.abc import Mapping

from helpdesk_bridge import kit
from helpdesk_bridge.kit import (
    Capability,
    CapabilityLimits,
    ChangeKind,
    ChangeMode,
    Status,
    emulated,
    native,
    none,
)
from helpdesk_bridge_airclou import wire

__all__ = ["LIMIT", "NAMED", "OFFERS", "PAGE_SIZE", "opened"]

_PAGES = "https://airclou.com/api/helpdesk"
_RESOURCES = f"{_PAGES}/authentication"
_TICKETS = f"{_PAGES}/tickets"
_FIELDS = f"{_PAGES}/ticket-fields"
_MESSAGES = f"{_PAGES}/messages"
_WEBHOOKS = f"{_PAGES}/webhooks"

PAGE_SIZE = 100
"""Trap 6: the ticket page says at most 100, the pagination page 200."""
LIMIT = 100
"""The largest page of messages."""

_STATUSES = wire.STATUS.writable()
_FILTERABLE = CapabilityLimits(statuses=wire.FILTERABLE)
_WITH_MESSAGE = frozenset(("cc", "priority", "kind"))
_NEW = frozenset(("status", "priority", "kind", "assignee", "tags", "custom_fields"))

NAMED: Mapping[str, str | None] = {
    "workspace_id": f"Airclou documents no call that shows a workspace ({_RESOURCES}); it took this"
    " one with the key, which is all that is known."
}
"""The settings that name something in the account, and why nobody can look for it."""

OFFERS: Mapping[Capability, kit.Support] = {
    Capability.LIST_TICKETS: native(limits=CapabilityLimits(page_size=PAGE_SIZE), source=_TICKETS),
    Capability.GET_TICKET: native(source=_TICKETS),
    Capability.CREATE_TICKET: emulated(
        "The ticket by one request, its first message by a second.",
        limits=CapabilityLimits(statuses=_STATUSES, options=_NEW),
        source=_TICKETS,
    ),
    Capability.UPDATE_TICKET: native(
        limits=CapabilityLimits(statuses=_STATUSES, options=_NEW | {"subject"}), source=_TICKETS
    ),
    Capability.DELETE_TICKET: native(source=_TICKETS),
    Capability.LIST_CUSTOM_FIELDS: native(source=_FIELDS),
    Capability.LIST_MESSAGES: native(limits=CapabilityLimits(page_size=LIMIT), source=_MESSAGES),
    Capability.GET_MESSAGE: native(source=_MESSAGES),
    Capability.REPLY: native(
        "To the ticket's requester only.",
        limits=CapabilityLimits(options=_WITH_MESSAGE),
        source=_MESSAGES,
    ),
    Capability.NOTE: native(
        limits=CapabilityLimits(options=_WITH_MESSAGE - {"cc"}), source=_MESSAGES
    ),
    Capability.FORWARD: native(
        limits=CapabilityLimits(options=frozenset(("cc",))), source=_MESSAGES
    ),
    Capability.ADD_REQUEST: emulated(
        "Only in the name of the ticket's requester, whom a first request reads.",
        limits=CapabilityLimits(options=frozenset()),
        source=_MESSAGES,
    ),
    Capability.SEND_ATTACHMENTS: none(
        "Airclou documents no upload. A token it gave elsewhere can be sent with"
        ' extra={"attachments": [{"token": …, "name": …, "size": …}]}.',
        source=_MESSAGES,
    ),
    Capability.OPEN_ATTACHMENT: none("Airclou documents no download.", source=_MESSAGES),
    Capability.RESIZED_IMAGE: none("Airclou documents no download.", source=_MESSAGES),
    Capability.CHANGES: emulated(
        f"A poll reads the tickets that changed last: a request for each {PAGE_SIZE}, one at least."
        " Whether a new message moves the time of change is not documented: it is taken to, unless"
        " messages_update_tickets is false, and a message that is seen to have moved nothing is an"
        " error."
        " Deleted tickets are found by a sweep. How exact times are, and how soon a change shows,"
        " is not documented: a second and five are allowed for.",
        limits=CapabilityLimits(
            mode=ChangeMode.WINDOW,
            sees=frozenset((ChangeKind.FIELDS, ChangeKind.MESSAGES)),
            resolution=1.0,
            lag=5.0,
        ),
        source=_TICKETS,
    ),
    Capability.RECONCILE: emulated(
        "By reading the ticket back: words, time and files are compared."
    ),
    Capability.REPLY_WITHOUT_EMAIL: native(source=_MESSAGES),
    Capability.REPLY_WITH_STATUS: native(
        limits=CapabilityLimits(statuses=_STATUSES), source=_MESSAGES
    ),
    Capability.SCHEDULED_SEND: none("A new message has no time of sending.", source=_MESSAGES),
    Capability.WEBHOOKS: none(
        "Not offered by this adapter yet: Airclou documents them for keys of the level admin.",
        source=_WEBHOOKS,
    ),
    Capability.LIST_AGENTS: none("The resources of the API are no people.", source=_RESOURCES),
    Capability.LIST_TEAMS: none("The resources of the API are no teams.", source=_RESOURCES),
    Capability.LIST_CUSTOMERS: none("The resources of the API are no people.", source=_RESOURCES),
    Capability.WHO_AM_I: none("The API does not tell whose key it is.", source=_RESOURCES),
    Capability.FILTER_STATUS: native(limits=_FILTERABLE, source=_TICKETS),
    Capability.FILTER_STATUSES: emulated(
        "On what is read: the vendor takes one status.",
        limits=CapabilityLimits(statuses=wire.FILTERABLE | {Status.UNKNOWN}),
        source=_TICKETS,
    ),
    Capability.FILTER_PRIORITY: native(source=_TICKETS),
    Capability.FILTER_KIND: emulated("On what is read."),
    Capability.FILTER_ASSIGNEE: native("By id only.", source=_TICKETS),
    Capability.FILTER_TEAM: none("Airclou's tickets have no team.", source=_TICKETS),
    Capability.FILTER_TAG: emulated("On what is read: by name, in any case."),
    Capability.FILTER_REQUESTER: emulated(
        "On what is read: by address, in any case and with its domain in either spelling."
    ),
    Capability.FILTER_TEXT: none("The list of tickets takes no words.", source=_TICKETS),
    Capability.FILTER_CREATED_SINCE: emulated("On what is read."),
    Capability.FILTER_UPDATED_SINCE: emulated("On what is read."),
    Capability.ORDER_CREATED_AT: native(source=_TICKETS),
    Capability.ORDER_UPDATED_AT: native(source=_TICKETS),
}

_NEEDS_KEY = none(
    "Set api_key and workspace_id: tickets take Airclou's public API.", source=_RESOURCES
)
_NEEDS_SESSION = none(
    "Set session_token or session_provider: messages take a session.", source=_MESSAGES
)
_BY_BOTH = frozenset((Capability.CREATE_TICKET, Capability.ADD_REQUEST))
_BY_SESSION = frozenset(
    (
        Capability.LIST_MESSAGES,
        Capability.GET_MESSAGE,
        Capability.REPLY,
        Capability.NOTE,
        Capability.FORWARD,
        Capability.RECONCILE,
        Capability.REPLY_WITHOUT_EMAIL,
        Capability.REPLY_WITH_STATUS,
    )
)


def opened(*, has_key: bool, has_session: bool, messages_seen: bool) -> kit.Capabilities:
    """Return what these credentials open; what another one would open says which.

    Args:
        has_key: whether there is a key of the public API.
        has_session: whether there is a session, or what gives one.
        messages_seen: whether a new message is known to change its ticket.
    """
    able = kit.Capabilities(OFFERS)
    if not messages_seen:
        able = able.limited([Capability.CHANGES], sees=frozenset((ChangeKind.FIELDS,)))
    lacking: dict[Capability, kit.Support] = {}
    if not has_key:
        lacking |= dict.fromkeys(set(able.supported()) - _BY_SESSION, _NEEDS_KEY)
    if not has_session:
        lacking |= dict.fromkeys(_BY_SESSION | _BY_BOTH, _NEEDS_SESSION)
    return kit.Capabilities({**able, **lacking})
