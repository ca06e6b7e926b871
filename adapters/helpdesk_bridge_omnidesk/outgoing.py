"""What is sent to Omnidesk: parameters, and the fields of tickets and messages. No I/O.

Pages and ``T1`` … as in :mod:`helpdesk_bridge_omnidesk.wire`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import EllipsisType
from typing import Any, TypeVar, assert_never
from zoneinfo import ZoneInfo

from attrs import evolve

from helpdesk_bridge import kit
from helpdesk_bridge.kit import errors, extra_texts, given_id, refuse_extra
from helpdesk_bridge_omnidesk.settings import CHANNEL
from helpdesk_bridge_omnidesk.wire import INBOUND, NUMBER, OUTBOUND, STATUS, Reading, stamp

MIN_BODY = 5
"""T10: page "message". Whether markup counts is not documented: the readable text must reach it."""
QUIET_EXTRA = frozenset(("forwardedFileIDs", "references"))
"""Pages "message" and "email": the files of a note, and the thread of a customer's mail."""

# -- asking ----------------------------------------------------------------------------------


def ticket_filters(query: kit.TicketQuery, *, start: int, limit: int) -> list[tuple[str, str]]:
    """Return the vendor's parameters; ``query.matches`` applies the rest on what is read.

    T25: both figures are always sent.
    """
    pairs = [("itemStart", str(start)), ("itemLimit", str(limit))]
    if query.status is not None:
        pairs.append(("status", STATUS.write(query.status)))
    if query.text is not None:
        pairs.append(("query", query.text))
    if query.team is not None and not NUMBER.fullmatch(query.team):
        raise errors.InvalidArgument("Omnidesk knows teams (groups) by their number.")
    if query.assignee is not None and not NUMBER.fullmatch(query.assignee.id or ""):
        raise errors.InvalidArgument("Omnidesk's tickets name their agent by number only.")
    return with_extra(pairs, query.extra)


NEEDED = {
    "statuses": "status",
    "assignee": "assigned_user_id",
    "team": "assigned_group_id",
    "requester": "from",
    "created_since": "created_at",
    "updated_since": "last_update",
}
"""What must be known of a ticket to apply a filter; an abridged list entry may lack it."""
_ORDERED_BY = {"created_at": "created_at", "updated_at": "last_update"}


def is_judged_here(query: kit.TicketQuery) -> bool:
    """Say whether what matches ``query`` is told, or sorted, only once it is read."""
    if query.order_by is not None or (query.statuses is not None and query.status is None):
        return True
    return any(getattr(query, name) is not None for name in NEEDED if name != "statuses")


def is_abridged(ticket: kit.Ticket, query: kit.TicketQuery) -> bool:
    """Say whether the ticket has to be read by itself before ``query`` can be applied to it."""
    order = query.order_by
    if order is not None and _ORDERED_BY[order.field] not in ticket.raw:
        return True
    return any(
        getattr(query, name) is not None and key not in ticket.raw for name, key in NEEDED.items()
    )


def matches(ticket: kit.Ticket, query: kit.TicketQuery, reading: Reading) -> bool:
    """Say whether a ticket may be one that was asked for.

    T12: a time may be one of two, and the ticket shows the first. A ticket must not be missed by
    that: it is judged by the later one.
    """
    if query.created_since is not None or query.updated_since is not None:
        raw = ticket.raw
        ticket = evolve(
            ticket,
            created_at=reading.latest(raw.get("created_at"), ticket.created_at),
            updated_at=reading.latest(raw.get("last_update"), ticket.updated_at),
        )
    return query.matches(ticket)


# -- writing ---------------------------------------------------------------------------------


def ticket_body(new: kit.NewTicket, *, brand: str, channel: str, to: str) -> list[tuple[str, str]]:
    """Return the fields of POST /ticket, which makes an empty ticket (page "ticket", T26)."""
    if new.channel is not None and new.channel.address not in (None, to):
        raise errors.InvalidArgument("Omnidesk's new tickets are written to `sender` only.")
    fields = [
        ("brandID", brand),
        ("channelID", channel),
        ("direction", INBOUND),
        ("from", new.requester.email or ""),
        ("to", to),
        ("title", new.subject),
    ]
    if new.requester.name:
        fields.append(("fromName", new.requester.name))
    if new.team is not None:
        if not NUMBER.fullmatch(new.team):
            raise errors.InvalidArgument("Omnidesk knows teams (groups) by their number.")
        fields.append(("assignedGroupID", new.team))
    return with_extra(fields, new.extra)


def chatbot_ticket(new: kit.NewTicket, *, brand: str) -> list[tuple[str, str]]:
    """Return the fields of POST /message/chatbot (page "message"), which takes no more."""
    channel = new.channel or kit.Channel()
    extras = (new.team, new.requester.name, channel.id, channel.address, new.attachments or None)
    if any(value is not None for value in extras):
        raise errors.InvalidArgument(
            "a chatbot's ticket takes neither team, nor name, nor attachments, and of the channel"
            " only its kind."
        )
    fields = [
        ("brandID", brand),
        ("message", new.body.html),
        ("subject", new.subject),
        ("from", new.requester.email or ""),
    ]
    return with_extra(fields, new.extra)


def changes(changed: kit.TicketChanges) -> list[tuple[str, str]]:
    """Return the fields of PUT /ticket/{id} (page "ticket"). T19: only what changes."""
    fields: list[tuple[str, str]] = []
    if not isinstance(changed.subject, EllipsisType):
        fields.append(("title", changed.subject))
    if not isinstance(changed.status, EllipsisType):
        fields.append(("status", STATUS.write(changed.status)))
    return with_extra(fields, changed.extra)


def inbound_mail(
    request: kit.CustomerMessage,
    ticket: kit.Ticket,
    *,
    message_id: str,
    files: Sequence[kit.Base64],
) -> list[tuple[str, str | kit.Base64]]:
    """Return the fields of POST /email/newInboundMessage (page "email").

    ``externalID`` threads it into the ticket; ``messageID`` lets the vendor notice a repetition.
    """
    external = given_id(str(ticket.raw.get("external_id") or ""))
    if external is None:
        raise errors.InvalidArgument(
            "the ticket has no external id, without which Omnidesk would open another one."
        )
    fields: list[tuple[str, str | kit.Base64]] = [
        ("messageID", message_id),
        ("externalID", external),
        ("fromAddress[name]", request.author.name or ""),
        ("fromAddress[address]", request.author.email or ""),
        ("subject", ticket.subject),
        ("htmlBody", request.body.html),
    ]
    fields += [(f"attachmentsBase64[{index}]", data) for index, data in enumerate(files)]
    return with_extra([pair for pair in fields if pair[1]], request.extra)


def message_body(
    message: kit.Reply | kit.Note | kit.Forward,
    ticket: kit.Ticket,
    *,
    channel: str,
    user_id: str | None,
    zone: ZoneInfo,
) -> list[tuple[str, str]]:
    """Return the fields of POST /message (page "message").

    T4: ``type`` is the channel. T11: one address each for copies. T12: times in the account's zone.
    """
    check_message(message, zone)
    if not CHANNEL.fullmatch(channel):
        raise errors.InvalidArgument("the ticket's channel is none a message can be sent on.")
    fields = [("ticketID", ticket.id), ("type", channel)]
    if not isinstance(message, kit.Note):
        fields += _recipients(message, ticket)
    fields += [("plaintext", message.body.text), ("message", message.body.html)]
    if isinstance(message, kit.Reply):
        answered = answered_id(ticket)
        fields += [("respondMessageID", answered)] if answered else []
        fields += [("sendAt", stamp(message.send_at, zone))] if message.send_at else []
    if user_id is not None:
        fields.append(("userID", user_id))
    if isinstance(message, (kit.Reply, kit.Note)) and message.status is not None:
        fields.append(("submitStatus", STATUS.write(message.status)))
    return with_extra(fields, message.extra)


def check_message(message: kit.OutgoingMessage, zone: ZoneInfo) -> None:
    """Refuse what can be told to be wrong before the ticket is known."""
    check_body(message.body)
    if not isinstance(message, (kit.Reply, kit.Note, kit.Forward, kit.CustomerMessage)):
        assert_never(message)
    if isinstance(message, (kit.Reply, kit.Forward)) and any(
        len(p) > 1 for p in (message.cc, message.bcc)
    ):
        raise errors.InvalidArgument("Omnidesk takes one address each in cc= and bcc=.")
    if isinstance(message, kit.Reply) and message.send_at is not None:
        stamp(message.send_at, zone)


def check_body(body: kit.Body) -> None:
    """T10: refuse a body the vendor would refuse; it is not padded in silence."""
    if len(body.text.strip()) < MIN_BODY:
        raise errors.InvalidArgument(f"Omnidesk takes messages of at least {MIN_BODY} characters.")


def _recipients(message: kit.Reply | kit.Forward, ticket: kit.Ticket) -> list[tuple[str, str]]:
    to = [person.email for person in message.to if person.email]
    if not to:
        sender = ticket.raw.get("from")
        # Nobody documents whom "from" names on a ticket the desk began.
        if not isinstance(sender, str) or not sender or ticket.raw.get("direction") == OUTBOUND:
            raise errors.InvalidArgument("the ticket has no requester to answer: give to=.")
        to = [kit.read_person(sender).email or sender]
    if any(set(",\r\n") & set(word) for word in to):
        raise errors.InvalidArgument("an address holds a comma or a line break.")
    kit.require_hidden(message.bcc, [kit.Party(email=word) for word in to], message.cc)
    fields = [("toAddress", ",".join(to))]
    fields += [("ccInput", person.email) for person in message.cc if person.email]
    fields += [("bccInput", person.email) for person in message.bcc if person.email]
    return fields


def answered_id(ticket: kit.Ticket) -> str | None:
    """Return the number of the customer's last message, if the timeline shows one."""
    found = [
        (str(entry.get("created_at") or ""), int(entry["id"]))
        for entry in _inbound(ticket)
        if NUMBER.fullmatch(str(entry.get("id")))
    ]
    return str(max(found)[1]) if found else None  # the order of a timeline is not documented


def heard_on(ticket: kit.Ticket) -> frozenset[str]:
    """Return the channels on which the customer of this ticket is known to be."""
    channels = [ticket.channel.id if ticket.channel else None]
    channels += [str(entry.get("channel_id")) for entry in _inbound(ticket)]
    return frozenset(channel for channel in channels if channel is not None)


def _inbound(ticket: kit.Ticket) -> list[Mapping[str, Any]]:
    told = ticket.raw.get("timeline")
    entries = told if isinstance(told, list) else kit.numbered(told) or []
    return [
        entry
        for entry in entries
        if isinstance(entry, Mapping) and entry.get("direction") == INBOUND
    ]


Value = TypeVar("Value")


def with_extra(
    fields: Sequence[tuple[str, Value]], extra: Mapping[str, Any]
) -> list[tuple[str, Value | str]]:
    """Add ``extra``: numbers as decimal text, T7 lists with indexed brackets."""
    refuse_extra({base_name(name): None for name in extra}, [base_name(n) for n, _ in fields])
    added: list[tuple[str, str]] = []
    for name, value in extra.items():
        texts = extra_texts(name, value)
        several = isinstance(value, (list, tuple))
        added += [(f"{name}[{at}]" if several else name, text) for at, text in enumerate(texts)]
    return [*fields, *added]


_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[[A-Za-z0-9_]*\])*")


def base_name(name: str) -> str:
    """Return a field's name without its brackets.

    PHP strips blanks, and makes one field of all brackets: a field that is only spelled otherwise
    would take the place of one that the call sets.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise errors.InvalidArgument("extra has a name that is none of a field.")
    return found[1]


def parts(fields: Sequence[tuple[str, str | kit.Base64]]) -> list[kit.Part]:
    """T6: a POST is real multipart, with text fields only too."""
    return [kit.Part(name=name, content=value) for name, value in fields]
