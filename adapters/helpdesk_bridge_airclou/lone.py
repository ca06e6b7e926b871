"""Airclou's records by themselves, as programs keep them and webhooks bring them. No I/O."""

from __future__ import annotations

from typing import Any

from helpdesk_bridge import kit
from helpdesk_bridge.kit import read_one
from helpdesk_bridge_airclou import wire

_OF_A_REQUEST = ("requesterEmail", "requesterName", "customFields", "assigneeId", "priority")
_OF_WORDS = (wire.TICKET, "content", "textContent", "authorId", "ccs")
_TICKET = kit.Evidence(
    "a ticket", own=(*_OF_A_REQUEST, "subject", "status", "tags"), foreign=_OF_WORDS
)
_MESSAGE = kit.Evidence("a message", own=(*_OF_WORDS, "attachments"), foreign=_OF_A_REQUEST)


def parsed_ticket(raw: Any) -> kit.Ticket:
    """Return the ticket that ``raw`` is, in a wrapper or bare."""
    record, path = wire.single(raw, "ticket", "data")

    def convert(ticket: wire.TicketJson) -> kit.Ticket:
        _TICKET.require(ticket.raw)
        return ticket.to_ticket()

    return read_one(record, wire.TicketJson, convert, path)


def parsed_message(raw: Any, ticket_id: str) -> kit.Message:
    """Return the message of a ticket that ``raw`` is, in a wrapper or bare; no other's will do."""
    record, path = wire.single(raw, "message", "data")

    def convert(message: wire.MessageJson) -> kit.Message:
        _MESSAGE.require(message.raw)
        return message.of(ticket_id, wire.People())

    return read_one(record, wire.MessageJson, convert, path)
