"""What a desk on Request Tracker can do, by how many requests, and where RT says so."""

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
from helpdesk_bridge_request_tracker import wire
from helpdesk_bridge_request_tracker.lists import PAGE

__all__ = ["ODD_TOKEN", "OFFERS"]

MANUAL = "https://docs.bestpractical.com/rt/5.0.3/RT/REST2.html"
OBSERVED = "observed on Request Tracker 5.0.3"

_STATUSES = wire.STATUS.writable()
_FIRST_STATUSES = frozenset((Status.NEW, Status.OPEN, Status.RESOLVED))
"""What a new ticket may be in RT's default lifecycle; observed, for the rest is a 400."""
_OPTIONS = ("status", "priority", "assignee", "team", "custom_fields")

_TICKETS: Mapping[Capability, Support] = {
    Capability.LIST_TICKETS: native(limits=CapabilityLimits(page_size=PAGE), source=MANUAL),
    Capability.GET_TICKET: native(
        "By a search; a ticket that it does not show is asked for by itself.", source=MANUAL
    ),
    Capability.CREATE_TICKET: emulated(
        "Then the ticket is read. RT's own auto-reply is kept back. An assignee that is given by"
        " address or name is looked up before.",
        limits=CapabilityLimits(statuses=_FIRST_STATUSES, options=frozenset(_OPTIONS)),
        source=OBSERVED,
    ),
    Capability.UPDATE_TICKET: emulated(
        "The ticket is read before and after. RT itself mails the requestor when a ticket is"
        " resolved. An assignee that is given by address or name is looked up"
        " before.",
        limits=CapabilityLimits(statuses=_STATUSES, options=frozenset(("subject", *_OPTIONS))),
        source=OBSERVED,
    ),
    Capability.DELETE_TICKET: emulated(
        "The status becomes deleted; then the ticket is read.", source=OBSERVED
    ),
    Capability.LIST_CUSTOM_FIELDS: none(
        "Not offered by this adapter yet: RT lists custom fields.", source=MANUAL
    ),
}

_CHANGES: Mapping[Capability, Support] = {
    Capability.CHANGES: emulated(
        "A poll takes two requests: the 100 tickets that changed last, and the transactions by"
        " which tickets were deleted or merged into others. More than 100 of either take one for"
        " each further 100, a ticket that is gone two to make sure of it. What no ticket counts as"
        " its change is not seen: a ticket in a queue that the account sees no more, one that was"
        " shredded, a person or a queue with another name.",
        limits=CapabilityLimits(
            mode=ChangeMode.WINDOW, sees=frozenset(ChangeKind), resolution=1.0, lag=60.0
        ),
        source=OBSERVED,
    ),
}
"""The lag is how long a write may take, mails included: RT stamps a change before it is all done,
and writers do not wait for each other in every database. In SQLite they do, and no change was shown
after a later one."""

_MESSAGES: Mapping[Capability, Support] = {
    Capability.LIST_MESSAGES: emulated(
        "With its events. Four requests a page: the ticket, its history, the names of the parts,"
        " and the bodies; one more tells how parts hold each other, and one for each new author"
        " who he is.",
        limits=CapabilityLimits(page_size=PAGE),
        source=OBSERVED,
    ),
    Capability.GET_MESSAGE: emulated("As a conversation of one message.", source=OBSERVED),
    Capability.REPLY: emulated(
        "The ticket is read before: a reply goes to its requestors, with the copies that it has.",
        limits=CapabilityLimits(options=frozenset()),
        source=OBSERVED,
    ),
    Capability.NOTE: native(
        "A comment.", limits=CapabilityLimits(options=frozenset()), source=MANUAL
    ),
    Capability.FORWARD: none("RT's API cannot forward.", source=MANUAL),
    Capability.ADD_REQUEST: none(
        "RT's API writes in the name of the account only; customers write by mail.", source=MANUAL
    ),
    Capability.SEND_ATTACHMENTS: emulated(
        "In the request of their message, for which the ticket is read. No empty files, no inline"
        " images.",
        source=OBSERVED,
    ),
    Capability.OPEN_ATTACHMENT: native(
        "Text comes in UTF-8, whatever it was written in. An attached mail is put together from"
        " its parts, a request each, and is not the same byte for byte.",
        source=OBSERVED,
    ),
    Capability.RECONCILE: emulated(
        "By reading the ticket back: words, time and files are compared."
    ),
    Capability.REPLY_WITHOUT_EMAIL: none("RT mails every correspondence.", source=OBSERVED),
    Capability.REPLY_WITH_STATUS: emulated(
        "In the request of the message; then the ticket is read. RT itself mails the requestor when"
        " a ticket is resolved.",
        limits=CapabilityLimits(statuses=_STATUSES),
        source=OBSERVED,
    ),
    Capability.SCHEDULED_SEND: none("RT's API cannot send later.", source=MANUAL),
    Capability.WEBHOOKS: none(
        "Not offered by this adapter yet: RT calls nobody by itself, but runs scrips that can.",
        source="https://docs.bestpractical.com/rt/latest/customizing/scrip_conditions_and_action.html",
    ),
}

_PEOPLE: Mapping[Capability, Support] = {
    Capability.LIST_AGENTS: emulated(
        "The privileged users. With the right SeeGroup three requests, for RT's group of them;"
        " without it one request for each user that RT has, customers too; it is remembered for"
        " five minutes.",
        source=OBSERVED,
    ),
    Capability.LIST_TEAMS: emulated(
        "The queues that the account may see. RT tells no end of their list to most accounts: the"
        " newest one is looked for besides. An account that is shown none is told so.",
        source=OBSERVED,
    ),
    Capability.LIST_CUSTOMERS: emulated(
        "The users that are not privileged: by their address, in any spelling, or by words in"
        " their real name. Who is privileged costs a request for each, or two a page with the right"
        " SeeGroup.",
        limits=CapabilityLimits(options=frozenset(("email", "text"))),
        source=OBSERVED,
    ),
    Capability.WHO_AM_I: native(
        "By the login of the account; by the number in a token.", source=OBSERVED
    ),
}

_FILTERS: Mapping[Capability, Support] = {
    Capability.FILTER_STATUS: native(
        "RT's search never finds deleted tickets.",
        limits=CapabilityLimits(statuses=_STATUSES),
        source=OBSERVED,
    ),
    Capability.FILTER_STATUSES: native(
        "RT's search never finds deleted tickets. UNKNOWN is every word that RT's default lifecycle"
        " lacks: all others are left out by the search.",
        limits=CapabilityLimits(statuses=_STATUSES | {Status.UNKNOWN}),
        source=OBSERVED,
    ),
    Capability.FILTER_PRIORITY: native(
        "Low, normal and high: RT's numbers 0, 50 and 100.", source=OBSERVED
    ),
    Capability.FILTER_KIND: none("RT's tickets tell no kind.", source=MANUAL),
    Capability.FILTER_ASSIGNEE: native(
        "By login (id) or address, as RT compares them. Where nothing is found, one more request"
        " tells whether there is such a user. A name is looked up before, with two requests.",
        source=OBSERVED,
    ),
    Capability.FILTER_TEAM: native(
        "By the name or the number of the queue, as RT compares them.", source=OBSERVED
    ),
    Capability.FILTER_TAG: none("RT's tickets have no tags.", source=MANUAL),
    Capability.FILTER_REQUESTER: native(
        "Any of the ticket's requestors, not the first only; the domain in either spelling.",
        source=OBSERVED,
    ),
    Capability.FILTER_TEXT: emulated(
        "In the subject, by RT; what it finds because % and _ stand there for any letters is left"
        " out here.",
        source=OBSERVED,
    ),
    Capability.FILTER_CREATED_SINCE: emulated(
        "A day more is read, and judged here: RT reads times in the zone of the account.",
        source=OBSERVED,
    ),
    Capability.FILTER_UPDATED_SINCE: emulated(
        "A day more is read, and judged here: RT reads times in the zone of the account.",
        source=OBSERVED,
    ),
    Capability.ORDER_CREATED_AT: native("In the same second by id.", source=MANUAL),
    Capability.ORDER_UPDATED_AT: native("In the same second by id.", source=MANUAL),
}

OFFERS: Mapping[Capability, Support] = {**_TICKETS, **_CHANGES, **_MESSAGES, **_PEOPLE, **_FILTERS}
"""The most that a desk can do, whatever its account."""
ODD_TOKEN = none(
    "This token does not tell whose it is, as RT's own do (1-NUMBER-…); user and password do.",
    source=OBSERVED,
)
