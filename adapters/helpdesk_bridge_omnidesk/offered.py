"""What the adapter offers, how, and which page of Omnidesk's says so.

A call is native where it is one request, and a filter where the vendor itself returns only what
matches. Whatever belongs to a message (a status, a time to send it at) goes in the message's own
request, and is native, though the ticket is read before.
"""

from __future__ import annotations

from collections.abc import Mapping

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
from helpdesk_bridge_omnidesk import paging, wire

__all__ = ["NAMED", "NO_NOTES", "OFFERS", "UNCONFIGURED"]

_SPEC = "https://docs.omnidesk.io/omnidesk/api-specification"
_GUIDE = "https://docs.omnidesk.io/omnidesk/ticket"
_MESSAGE, _TICKET, _EMAIL = f"{_SPEC}/message", f"{_SPEC}/ticket", f"{_SPEC}/email"

NO_NOTES = (
    "Omnidesk does not document which type makes a note, and a wrong one would mail it: set"
    " note_type to the type your account uses."
)
_SINCE = (
    "On what is read. Omnidesk tells no zone: what lies in the hour that autumn has twice is listed"
    " if either of the two would be."
)
_SORTED = "Every ticket is read, and sorted here: no order of the list is documented."
_OPTIONS = frozenset(("to", "cc", "bcc"))

_CHANNELS = f"Omnidesk lists channels, and does not document the answer ({_SPEC}/channel)."
NAMED: Mapping[str, str | None] = {
    "user_id": None,
    "brand_id": f"Omnidesk documents no list of brands ({_SPEC}).",
    "channel": _CHANNELS,
    "note_type": _CHANNELS,
    "sender": f"Omnidesk documents no list of the account's addresses ({_EMAIL}).",
}
"""The settings that name something in the account, and why nobody can look for it."""

OFFERS: Mapping[Capability, Support] = {
    Capability.LIST_TICKETS: native(
        "As many at once as the call needs, and 100, then 1,000, then 9,999 where all are read; an"
        " entry that does not tell what a filter needs is read by itself.",
        limits=CapabilityLimits(page_size=paging.TICKETS),
        source=_TICKET,
    ),
    Capability.GET_TICKET: native(source=_TICKET),
    Capability.CREATE_TICKET: emulated(
        "The ticket by one request, which is read then, and its first message as an inbound mail by"
        " another.",
        limits=CapabilityLimits(options=frozenset(("team", "channel", "attachments"))),
        source=_TICKET,
    ),
    Capability.UPDATE_TICKET: emulated(
        "Then the ticket is read: the answer to a change is not documented.",
        limits=CapabilityLimits(statuses=wire.SETTABLE, options=frozenset(("subject", "status"))),
        source=_TICKET,
    ),
    Capability.DELETE_TICKET: native(source=_TICKET),
    Capability.LIST_CUSTOM_FIELDS: none(
        "Not offered by this adapter yet: Omnidesk lists the fields of its forms.",
        source=f"{_SPEC}/formfield",
    ),
    Capability.LIST_MESSAGES: native("The ticket's timeline.", source=_GUIDE),
    Capability.GET_MESSAGE: emulated("From the ticket's timeline.", source=_GUIDE),
    Capability.REPLY: emulated(
        "The ticket is read before. At least 5 characters; one address each in cc and bcc.",
        limits=CapabilityLimits(options=_OPTIONS),
        source=_MESSAGE,
    ),
    Capability.NOTE: emulated(
        "The ticket is read before. At least 5 characters.",
        limits=CapabilityLimits(options=frozenset()),
        source=_MESSAGE,
    ),
    Capability.FORWARD: emulated(
        "The ticket is read before. On e-mail tickets; files of the ticket with"
        ' extra={"forwardedFileIDs": [number, …]}.',
        limits=CapabilityLimits(options=_OPTIONS),
        source=_MESSAGE,
    ),
    Capability.ADD_REQUEST: emulated(
        "The ticket is read before. As an inbound mail, also with files.",
        limits=CapabilityLimits(options=frozenset(("attachments",))),
        source=_EMAIL,
    ),
    Capability.SEND_ATTACHMENTS: none(
        "Omnidesk documents no upload with a message; a new ticket and add_request take files.",
        source=_MESSAGE,
    ),
    Capability.OPEN_ATTACHMENT: none(
        "Not offered by this adapter yet: Omnidesk has a download, and does not document how a"
        " message shows its files.",
        source="https://www.omnidesk.nl/api/docs",
    ),
    Capability.REPLY_WITHOUT_EMAIL: none("Omnidesk mails every reply.", source=_MESSAGE),
    Capability.REPLY_WITH_STATUS: emulated(
        "In the request of the message; the ticket is read before.",
        limits=CapabilityLimits(statuses=wire.SUBMITTABLE),
        source=_MESSAGE,
    ),
    Capability.SCHEDULED_SEND: emulated(
        "In the request of the message, in the account's time zone; the ticket is read before.",
        source=_MESSAGE,
    ),
    Capability.RECONCILE: emulated("By the difference of the timeline before and after."),
    Capability.CHANGES: emulated(
        f"Every ticket is read, and compared with what it was: requests for {paging.FIRST}, then"
        f" 1,000, then {paging.TICKETS:,} tickets each, 4 in all on a desk of 20,000. What an entry"
        " of the list has is not documented. As far as it has the times at which customer and agent"
        " wrote last, their messages show; the note in this page's sample is later than every time"
        " of its ticket, so that a note may show only when the ticket changes otherwise. Archived"
        " tickets leave the list, as deleted ones do: a sweep asks for each by its id. How soon a"
        " change shows is not documented: ten seconds are allowed for.",
        limits=CapabilityLimits(
            mode=ChangeMode.SCAN,
            sees=frozenset((ChangeKind.FIELDS, ChangeKind.MESSAGES)),
            resolution=1.0,
            lag=10.0,
        ),
        source=_GUIDE,
    ),
    Capability.WEBHOOKS: none(
        "Not offered by this adapter yet: Omnidesk posts its events as Standard Webhooks.",
        source="https://docs.omnidesk.io/omnidesk/webhooks",
    ),
    Capability.LIST_AGENTS: native(
        "Also those who left. What Omnidesk answers is not documented: a user is read by the names"
        " by which it is written.",
        limits=CapabilityLimits(page_size=paging.USERS),
        source=f"{_SPEC}/user",
    ),
    Capability.LIST_TEAMS: none(
        "The specification's pages list no groups: give a team by its number.", source=_SPEC
    ),
    Capability.LIST_CUSTOMERS: emulated(
        "All of them, and those of a text (letters, digits and blanks) as Omnidesk finds them, in"
        " one request; those of an address on what is read, because its search takes none.",
        limits=CapabilityLimits(page_size=paging.CUSTOMERS, options=frozenset(("email", "text"))),
        source=f"{_SPEC}/customer",
    ),
    Capability.WHO_AM_I: none(
        "Not offered by this adapter: Omnidesk has the settings of one's own user, and does not"
        " document what it answers.",
        source=f"{_SPEC}/user",
    ),
    Capability.FILTER_STATUS: native(
        "What comes is looked at again.",
        limits=CapabilityLimits(statuses=wire.STATUS.writable()),
        source=_TICKET,
    ),
    Capability.FILTER_STATUSES: emulated(
        "On what is read: Omnidesk takes one status.",
        limits=CapabilityLimits(statuses=wire.STATUS.writable() | {Status.UNKNOWN}),
        source=_TICKET,
    ),
    Capability.FILTER_PRIORITY: none(
        "Of the words for priorities only medium is documented: tickets could be missed.",
        source=_GUIDE,
    ),
    Capability.FILTER_KIND: none("No kind is documented among a ticket's fields.", source=_GUIDE),
    Capability.FILTER_TEXT: native(
        "As Omnidesk searches; how exactly is not documented.", source=_TICKET
    ),
    Capability.FILTER_ASSIGNEE: emulated(
        "By number (id), on what is read; that of an address or a name is looked up in the list of"
        " users."
    ),
    Capability.FILTER_TEAM: emulated("By group number, on what is read."),
    Capability.FILTER_TAG: none("No tags are documented among a ticket's fields.", source=_GUIDE),
    Capability.FILTER_REQUESTER: emulated(
        "On what is read: by address, in any case and with its domain in either spelling."
    ),
    Capability.FILTER_CREATED_SINCE: emulated(_SINCE, source=_GUIDE),
    Capability.FILTER_UPDATED_SINCE: emulated(_SINCE, source=_GUIDE),
    Capability.ORDER_CREATED_AT: emulated(_SORTED, source=_TICKET),
    Capability.ORDER_UPDATED_AT: emulated(_SORTED, source=_TICKET),
}

UNCONFIGURED: Mapping[Capability, Support] = {
    Capability.NOTE: none(NO_NOTES, source=_MESSAGE),
    Capability.CREATE_TICKET: none(
        "Set brand_id and sender: a new ticket needs both.", source=_TICKET
    ),
}
"""What is not there as long as a setting is missing."""
