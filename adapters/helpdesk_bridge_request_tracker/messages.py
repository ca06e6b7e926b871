"""Entries of a ticket's history as messages: who speaks to whom. No I/O.

``T1`` … as in :mod:`helpdesk_bridge_request_tracker.wire`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from helpdesk_bridge import kit
from helpdesk_bridge.kit import (
    AnyId,
    Audience,
    JsonRecord,
    MessageType,
    Role,
    WrongType,
    belongs,
    fast_message,
    fast_party,
    is_digits,
    read_one,
)
from helpdesk_bridge_request_tracker.mime_tree import Node, arranged
from helpdesk_bridge_request_tracker.parts import PartJson
from helpdesk_bridge_request_tracker.wire import (
    SYSTEM_USER,
    TicketJson,
    UserJson,
    json_name,
    time_in,
)

__all__ = ["MESSAGES", "Known", "TransactionJson", "speaking", "to_message"]

MESSAGES = frozenset(("Create", "Correspond", "Comment", "Forward Transaction", "Forward Ticket"))
"""The types of transactions that have words of people; all others are events."""


_ENTRY = kit.Evidence(
    "an entry of a history",
    own=("Type", "Creator", "Data", "Object", "Field"),
    foreign=("Requestor", "Queue", "Owner", "Status"),  # a ticket has a type and a creator, too
)


@frozen(kw_only=True)
class Known:
    """What is known besides the history: of the ticket, of people, and of the words."""

    ticket: TicketJson
    agents: frozenset[str] = frozenset()
    """The logins, in small letters, of those who are shown to be agents."""
    roots: Mapping[str, Sequence[Node]] = field(factory=dict)
    """The outermost parts of each message."""
    bodies: Mapping[str, str] = field(factory=dict)
    """The words of parts that can be words."""


class TransactionJson(JsonRecord, frozen=True, rename=json_name):
    """An entry of a ticket's history.

    ``{"id": "31", "Type": "Correspond", "Creator": {"id": "li@customer.example"}, "Data": null}``
    """

    id: AnyId
    type: str
    creator: UserJson
    created: str | None = None
    data: str | None = None

    @property
    def login(self) -> str:
        """The login of who wrote it."""
        return str(self.creator.login)

    def to_message(self, known: Known) -> kit.Message:
        """Return the neutral message; WrongType for a row of another ticket, as far as RT tells."""
        belongs(self.raw, known.ticket.number)
        roots = known.roots.get(str(self.id), ())
        kind, audience = self._kind(known, [root.part for root in roots])
        layout = arranged(roots, known.bodies)
        shown = kit.cids_shown(layout.html or "")
        return fast_message(
            id=str(self.id),
            ticket_id=known.ticket.number,
            type=kind,
            audience=audience,
            vendor_type=self.type,
            author=self._author(kind, known),
            to=_addresses(self.data) if audience is Audience.FORWARD else (),
            subject=(roots[0].part.subject or None) if roots else None,
            html=layout.html,
            text=layout.text,
            attachments=tuple(
                node.part.to_attachment(shown, holds=node.holds) for node in layout.files
            ),
            created_at=time_in(self.created, "Created"),
            raw=self.raw,
        )

    def _kind(self, known: Known, parts: Iterable[PartJson]) -> tuple[MessageType, Audience]:
        if self.type == "Create":
            return MessageType.REQUEST, Audience.EXTERNAL
        if self.type == "Correspond":
            return self._who_corresponds(known, parts), Audience.EXTERNAL
        if self.type == "Comment":
            return MessageType.NOTE, Audience.INTERNAL
        if self.type in MESSAGES:
            return MessageType.RESPONSE, Audience.FORWARD
        return MessageType.SYSTEM, Audience.INTERNAL

    def _who_corresponds(self, known: Known, parts: Iterable[PartJson]) -> MessageType:
        """Return REQUEST for a requestor's words and RESPONSE for an agent's, else UNKNOWN.

        Whoever has the right ReplyToTicket may correspond: people in copy, and mail programs.
        """
        roots = list(parts)
        if any(map(_answers_by_itself, roots)):
            return MessageType.UNKNOWN
        if self.login in known.ticket.logins:
            return MessageType.REQUEST
        if any(map(_is_of_a_program, roots)):
            return MessageType.UNKNOWN
        agent = self.login == SYSTEM_USER or self.login.lower() in known.agents
        return MessageType.RESPONSE if agent else MessageType.UNKNOWN

    def _author(self, kind: MessageType, known: Known) -> kit.Party:
        """Return who speaks. T2: the first words are the requestor's, whoever brought them in."""
        ticket = known.ticket
        if self.login in ticket.logins:
            return self.creator.to_party(Role.CUSTOMER)
        if kind is MessageType.REQUEST and ticket.requestor:
            return ticket.requestor[0].to_party(Role.CUSTOMER)
        if self.login == SYSTEM_USER:
            return self.creator.to_party(Role.SYSTEM)
        agent = self.login.lower() in known.agents
        return self.creator.to_party(Role.AGENT if agent else Role.UNKNOWN)


def to_message(record: Any, ticket_id: str) -> kit.Message:
    """Return the message that an entry of a history stands for, as far as it tells by itself."""
    known = Known(ticket=TicketJson(id=ticket_id, requestor=()))

    def convert(entry: TransactionJson) -> kit.Message:
        _ENTRY.require(entry.raw)
        _require_object(entry.raw.get("Object"), ticket_id)
        return entry.to_message(known)

    return read_one(record, TransactionJson, convert)


def _require_object(told: Any, ticket_id: str) -> None:
    """Raise WrongType where an entry by itself tells that it is one of something else."""
    if not isinstance(told, Mapping):
        return
    if told.get("type", "ticket") != "ticket" or str(told.get("id", ticket_id)) != ticket_id:
        raise WrongType("an entry of something else than the ticket asked for", ".Object")


def _answers_by_itself(root: PartJson) -> bool:
    """Say whether a mail is a bounce or the answer of a program, such as a note of absence.

    RFC 3834 has ``Auto-Submitted: auto-replied``, RFC 3464 and RFC 8098 reports (of delivery, of
    reading), RFC 5321 the empty return path. Mail that a program begins (``auto-generated``) is no
    answer: it may be an order. Exchange says the same of its notes of absence, but also that they
    want no answer.
    """
    told = {name: root.header(name).lower() for name in _OF_PROGRAMS}
    submitted, precedence = told["Auto-Submitted"], told["Precedence"]
    by_program = not submitted.startswith("no") if submitted else precedence in _TO_MANY
    follows = root.header("In-Reply-To") or root.header("References")
    return (
        root.kind == "multipart/report"
        or submitted.startswith(("auto-replied", "auto-notified"))
        or precedence == "auto_reply"
        or told["Return-Path"].replace(" ", "") == "<>"
        or told["X-Failed-Recipients"] != ""
        or "mailer-daemon" in told["From"]
        or "postmaster@" in told["From"]
        or told["X-Autoreply"] not in ("", "no")
        or told["X-Autorespond"] not in ("", "no")
        or (told["X-Auto-Response-Suppress"] != "" and by_program)
        or (follows != "" and _is_of_a_program(root))
    )


_OF_PROGRAMS = (
    *("Auto-Submitted", "From", "Precedence", "Return-Path", "X-Auto-Response-Suppress"),
    *("X-Autoreply", "X-Autorespond", "X-Failed-Recipients"),
)
_TO_MANY = frozenset(("bulk", "junk"))


def _is_of_a_program(root: PartJson) -> bool:
    """Say whether RT found that no person wrote a mail (``CheckForAutoGenerated``)."""
    return root.header("RT-DetectedAutoGenerated").lower() == "true"


def speaking(rows: Sequence[Any]) -> list[str]:
    """Return the ids of those rows of a history that have words of people."""
    return [
        str(row.get("id"))
        for row in rows
        if isinstance(row, Mapping)
        and isinstance(row.get("Type"), str)
        and row["Type"] in MESSAGES
        and is_digits(str(row.get("id")))
    ]


def _addresses(data: str | None) -> tuple[kit.Party, ...]:
    words = re.findall(r"[^\s<>,;\"]+", data or "")
    return tuple(fast_party(email=word) for word in words if "@" in word[1:-1])
