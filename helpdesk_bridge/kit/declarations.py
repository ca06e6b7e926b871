"""What the class of an adapter says of itself, beside its methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from helpdesk_bridge.errors import HelpdeskError
from helpdesk_bridge.kit.vocabulary import Vocabulary
from helpdesk_bridge.model import Capability, Priority, Status, Support, TicketKind

__all__ = ["Declarations"]


class Declarations:
    """The attributes of an adapter's class, with what holds where one is left out."""

    name: ClassVar[str]
    """The word in ``adapter = "…"`` and in error texts."""
    settings_type: ClassVar[type[Any]]
    """The attrs class of this vendor's settings; credentials in it are :class:`Secret`."""
    named_settings: ClassVar[Mapping[str, str | None]] = {}
    """The settings that name something at the vendor, such as a queue or a channel: each with why
    nobody can tell whether it is there, or with None where :meth:`check_settings` tells. ``doctor``
    says of each that is set whether it is there, is not, or is not checked."""
    offers: ClassVar[Mapping[Capability, Support]] = {}
    """The most this adapter can do, whatever the account."""
    id_pattern: ClassVar[str] = r"(?!\.+\Z)[A-Za-z0-9_.:@=+~-]{1,255}"
    """What a ticket, message or attachment id looks like; checked before any URL is built.

    The default takes what vendors make: numbers, UUIDs, ULIDs, URNs, base64url, message ids. None
    of it changes the shape of an address."""
    id_words: ClassVar[str] = ""
    """What ids look like, for people, to end "ids of this vendor are …" in the error for another
    value: ``digits, such as "1003"``. Empty: the error does not say it."""
    error_codes: ClassVar[Mapping[str, type[HelpdeskError]]] = {}
    """The vendor's own error codes, as :meth:`explain` finds them."""
    visible_after: ClassVar[float] = 10.0
    """Seconds after which a message that the vendor accepted is surely to be seen, and one that
    it answered with an error has been dealt with."""
    gives_up_after: ClassVar[float] = 300.0
    """Seconds for which the vendor may still be at a message after it fell silent, or after a
    gateway answered in its place (408, 499 and other unregistered 4xx, 502, 503, 504, 52x, 530,
    598, 599). Five minutes is what gateways and workers take; less only where the vendor documents
    it."""
    idempotent_extra: ClassVar[frozenset[str]] = frozenset()
    """The keys of ``extra`` of which this adapter knows that setting them twice with
    ``update_ticket`` leaves the same, and mails nobody twice. A change with any other key is an
    unsafe write, whatever the adapter's :class:`Operation` says."""
    quiet_extra: ClassVar[frozenset[str]] = frozenset()
    """The keys of ``extra`` that may be set, exactly so spelled, on what mails nobody: a note, the
    customer's own words, a reply with ``send_email=False``. Only what the vendor documents, and
    what neither mails nor shows the message to anybody, belongs here; every other key is refused
    before anything is sent."""
    tells_forwards: ClassVar[bool] = False
    """Whether the message that the vendor answers a forward with shows as ``Audience.FORWARD``.
    Then one that shows as a message to the customer is told as an error."""
    in_one_write: ClassVar[frozenset[Capability]] = frozenset()
    """Of CREATE_TICKET and REPLY_WITH_STATUS those that are emulated by what is read besides. Of an
    emulated one that is not here, the desk itself sets the status behind the message, and takes a
    ticket without any message for one whose second step is missing."""
    file_hosts: ClassVar[frozenset[str]] = frozenset()
    """Other hosts on which the vendor documents to keep files, such as ``files.example.com``, which
    stands for the hosts below it too. Downloads may lead there, without credentials."""
    status_words: ClassVar[Vocabulary[Status] | None] = None
    """The table by which statuses are written: a ticket that comes back from a change is compared
    with what was asked for by it, and ``Helpdesk.statuses`` tells of it. None: neither."""
    status_notes: ClassVar[Mapping[Status, str]] = {}
    """For people: what the vendor does besides when a status is set, or why it cannot be set."""
    priority_words: ClassVar[Vocabulary[Priority] | None] = None
    """As ``status_words``, of priorities."""
    kind_words: ClassVar[Vocabulary[TicketKind] | None] = None
    """As ``status_words``, of kinds."""
    ticket_keys: ClassVar[Mapping[str, str]] = {}
    """The vendor's keys in ``Ticket.raw`` by the names of ``TicketChanges``, such as ``{"kind":
    "type"}``. A change is compared with what comes back under such a key, null included. A field
    without one is compared only where it has a value, and a team or a custom field never."""
    assignee_by: ClassVar[frozenset[str]] = frozenset(("id", "email", "name"))
    """By which of ``id``, ``email`` and ``name`` the vendor takes an agent, in a change and in a
    filter. Of one given by another, the rest is looked up in the list of agents, where LIST_AGENTS
    is offered. An address or a name that the vendor takes and nobody has is for the adapter to
    refuse with InvalidArgument: an empty list would be taken for an answer."""
    team_by: ClassVar[frozenset[str]] = frozenset(("id", "name"))
    """By which of ``id`` and ``name`` the vendor takes a team; the other one is looked up in the
    list of teams, where LIST_TEAMS is offered."""
    takes_anybody: ClassVar[bool] = False
    """Whether a filter may name an agent or a team that is on no list, as where the adapter refuses
    by itself whom it does not know. Else it is InvalidArgument where nothing is found under it."""
    message_ids_grow: ClassVar[bool] = False
    """Whether ids of messages are numbers, and a message that comes later has a higher one than all
    before it, on the whole desk. Then one that is recorded with an older time is told by
    ``changes``, too."""
    account_by: ClassVar[frozenset[str]] = frozenset(("base_url",))
    """The settings that tell one account of the vendor's from another: a checkpoint of ``changes``
    is refused where they differ. None of them is a secret."""
    fake: ClassVar[str | None] = None
    """``module:class`` of the fake of this vendor, for the sandbox and for tests."""
