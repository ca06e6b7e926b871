"""What HelpSpace can do, and how: levels are by the requests of a call in its plain case.

A call is native if it is one request and nothing of what comes is left out here.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from helpdesk_bridge.kit import (
    Capability,
    CapabilityLimits,
    ChangeKind,
    ChangeMode,
    Status,
    Support,
    emulated,
    native,
    none,
)
from helpdesk_bridge_helpspace import wire

__all__ = ["MAX_BODY", "NAMED", "OFFERS"]

MAX_BODY = 5_000_000
"""T24: "5 MB", of the HTML in bytes as the safe reading; images in a new ticket's body count."""

_PAGES = "https://documentation.helpspace.com/"
_TICKETS = _PAGES + "api-tickets"
_MESSAGES = _PAGES + "api-message"
_AGENTS = _PAGES + "article/788/agents"
_TEAMS = _PAGES + "article/787/teams"
_CUSTOMERS = _PAGES + "api-customers"
_TOKENS = _PAGES + "api-access-tokens-and-authentication"
_WEBHOOK = _PAGES + "article/340/webhook"

_WRITABLE = wire.STATUS.writable()
_PAGE = CapabilityLimits(page_size=wire.PER_PAGE)
_BODY = CapabilityLimits(body_bytes=MAX_BODY)
_READ_FIRST = "The ticket is read before: HelpSpace wants to be told who speaks, and the subject."
_BY_ITS_TICKET = (
    "Who speaks is told by the ticket, which is read before where only its id is given, and by the"
    " list of agents, which is read where somebody else wrote."
)
_SORTED_HERE = "Every ticket is read, and sorted here: HelpSpace's list has no order to ask for."

NAMED: Mapping[str, str | None] = {
    "channel": f"HelpSpace documents no list of channels ({_TICKETS}).",
    "sender": f"HelpSpace documents no list of the addresses that may speak ({_MESSAGES}).",
}
"""The settings that name something in the account, and why nobody can look for it."""

OFFERS: Mapping[Capability, Support] = {
    Capability.LIST_TICKETS: native(limits=_PAGE, source=_TICKETS),
    Capability.GET_TICKET: native(source=_TICKETS),
    Capability.CREATE_TICKET: native(
        limits=CapabilityLimits(
            body_bytes=MAX_BODY,
            statuses=_WRITABLE,
            options=frozenset(("status", "assignee", "team", "tags", "channel", "created_at")),
        ),
        source=_TICKETS,
    ),
    Capability.UPDATE_TICKET: native(
        limits=CapabilityLimits(
            statuses=_WRITABLE,
            options=frozenset(("subject", "status", "assignee", "team", "tags")),
        ),
        source=_TICKETS,
    ),
    Capability.DELETE_TICKET: native("Soft: HelpSpace purges it 30 days later.", source=_TICKETS),
    Capability.LIST_MESSAGES: emulated(_BY_ITS_TICKET, limits=_PAGE, source=_MESSAGES),
    Capability.GET_MESSAGE: emulated(_BY_ITS_TICKET, source=_MESSAGES),
    Capability.REPLY: emulated(
        _READ_FIRST,
        limits=evolve(_BODY, options=frozenset(("to", "cc", "bcc"))),
        source=_MESSAGES,
    ),
    Capability.NOTE: emulated(
        _READ_FIRST, limits=evolve(_BODY, options=frozenset()), source=_MESSAGES
    ),
    Capability.FORWARD: emulated(_READ_FIRST, limits=_BODY, source=_MESSAGES),
    Capability.ADD_REQUEST: emulated(
        f"Only in the name of the ticket's contact. {_READ_FIRST}", limits=_BODY, source=_MESSAGES
    ),
    Capability.SEND_ATTACHMENTS: emulated(
        "As base64, with the message or the new ticket; before a message its ticket is read.",
        source=_MESSAGES,
    ),
    Capability.OPEN_ATTACHMENT: native(source=_MESSAGES),
    Capability.RESIZED_IMAGE: native(limits=CapabilityLimits(sizes=wire.SIZES), source=_MESSAGES),
    Capability.REPLY_WITHOUT_EMAIL: emulated(_READ_FIRST, source=_MESSAGES),
    Capability.RECONCILE: emulated(
        "By reading the ticket back: words, time and files are compared."
    ),
    Capability.CHANGES: emulated(
        "Every ticket is read, and compared with what it was: a request for each"
        f" {wire.PER_PAGE} tickets of the desk. Before that, a request for each {wire.PER_PAGE}"
        " that were in contact since the day before the last poll. A message shows on its ticket by"
        " last_contact; whether a note moves that or updated_at is not documented. Nor is whether"
        " the list has deleted tickets: there they are told, and else by a sweep. Nor how soon a"
        " change shows: five seconds are allowed for.",
        limits=CapabilityLimits(
            mode=ChangeMode.SCAN,
            sees=frozenset((ChangeKind.FIELDS, ChangeKind.MESSAGES)),
            resolution=1.0,
            lag=5.0,
        ),
        source=_TICKETS,
    ),
    Capability.REPLY_WITH_STATUS: emulated(
        "The ticket is read before the message, and the status set by a request of its own.",
        limits=CapabilityLimits(statuses=_WRITABLE),
        source=_MESSAGES,
    ),
    Capability.SCHEDULED_SEND: none(
        "HelpSpace's new messages have no field for a time to send them at.", source=_MESSAGES
    ),
    Capability.WEBHOOKS: none(
        "Not offered by this adapter yet: HelpSpace calls one address of the account.",
        source=_WEBHOOK,
    ),
    Capability.LIST_AGENTS: native(source=_AGENTS),
    Capability.LIST_TEAMS: native(source=_TEAMS),
    Capability.LIST_CUSTOMERS: emulated(
        "All of them in one request a page; by address every customer is read, and compared here:"
        " HelpSpace documents no filter.",
        limits=CapabilityLimits(options=frozenset(("email",))),
        source=_CUSTOMERS,
    ),
    Capability.WHO_AM_I: none(
        "No page documents a call that tells whose token it is.", source=_TOKENS
    ),
    Capability.FILTER_STATUS: emulated(
        "All but ESCALATED by HelpSpace; for that one, which is spelled in two ways, every ticket"
        " is read.",
        limits=CapabilityLimits(statuses=wire.FILTERABLE),
        source=_TICKETS,
    ),
    Capability.FILTER_STATUSES: emulated(
        "Every ticket is read: whether several values are alternatives is not documented.",
        limits=CapabilityLimits(statuses=frozenset(Status)),
        source=_TICKETS,
    ),
    Capability.FILTER_PRIORITY: none("HelpSpace's tickets have no priority.", source=_TICKETS),
    Capability.FILTER_KIND: none("HelpSpace's tickets have no kind.", source=_TICKETS),
    Capability.FILTER_ASSIGNEE: emulated(
        "By id in one request; the id of an address or a name is looked up in the list of agents,"
        " which is kept for five minutes, and so is an id under which nothing is found.",
        source=_TICKETS,
    ),
    Capability.FILTER_TEAM: native(
        "By id or name; whether the case matters is not documented. One under which nothing is"
        " found is looked up in the list of teams.",
        source=_TICKETS,
    ),
    Capability.FILTER_TAG: native(
        "By name; whether the case matters is not documented.", source=_TICKETS
    ),
    Capability.FILTER_REQUESTER: emulated(
        "By address, in any spelling: HelpSpace finds all addresses that contain it, and the others"
        " are left out; by id every ticket is read.",
        source=_TICKETS,
    ),
    Capability.FILTER_TEXT: native(
        "As HelpSpace searches; how exactly is not documented.", source=_TICKETS
    ),
    Capability.FILTER_CREATED_SINCE: emulated(
        "HelpSpace filters by days, in a zone that is not documented: one day more is asked for,"
        " and what is too old left out.",
        source=_TICKETS,
    ),
    Capability.FILTER_UPDATED_SINCE: emulated(
        "Every ticket is read: HelpSpace filters by no time of change.", source=_TICKETS
    ),
    Capability.ORDER_CREATED_AT: emulated(_SORTED_HERE, source=_TICKETS),
    Capability.ORDER_UPDATED_AT: emulated(_SORTED_HERE, source=_TICKETS),
}
