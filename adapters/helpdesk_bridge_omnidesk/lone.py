"""Omnidesk's records by themselves, as programs keep them and webhooks bring them. No I/O."""

from __future__ import annotations

from typing import Any

from helpdesk_bridge import kit
from helpdesk_bridge.kit import member, read_one
from helpdesk_bridge_omnidesk import wire

_TICKET = kit.Evidence(
    "a ticket",
    own=(
        *("title", "status", "priority", "customer_id", "assigned_group_id", "assigned_user_id"),
        *("last_update", "last_update_customer", "last_update_agent", "timeline"),
    ),
    foreign=("content", "item_type"),
)
_ENTRY = kit.Evidence(
    "an entry of a timeline",
    own=("type", "content", "message", "description", "direction", "user_id", "item_type"),
    foreign=("title", "timeline", "last_update"),
)


def lone_ticket(raw: Any, reading: wire.Reading) -> kit.Ticket:
    """Return the ticket of a record by itself, or of one in its envelope."""
    is_envelope = isinstance(raw, dict) and "item" in raw and "id" not in raw
    record, path = member(raw, "item") if is_envelope else (raw, "$")

    def convert(ticket: wire.TicketJson) -> kit.Ticket:
        _TICKET.require(ticket.raw)
        return ticket.to_ticket(reading)

    return read_one(record, wire.TicketJson, convert, path)


def lone_message(raw: Any, ticket_id: str, reading: wire.Reading) -> kit.Message:
    """Return the message of an entry by itself."""

    def convert(entry: wire.EntryJson) -> kit.Message:
        _ENTRY.require(entry.raw)
        return entry.of(ticket_id, reading)

    return read_one(raw, wire.EntryJson, convert)
