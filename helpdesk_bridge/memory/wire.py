"""Conversion of the Store's records into the tickets and messages that users read."""

from __future__ import annotations

from typing import Any

from helpdesk_bridge.kit import Attachment, Message, Status, Ticket, cids_shown, normal_cid
from helpdesk_bridge.memory.stored import StoredMessage, StoredTicket

__all__ = ["to_message", "to_ticket"]


def _copy(value: Any) -> Any:
    """Return a copy of lists and mappings, so that nobody's change of a ticket is the Store's."""
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list) else value


def to_ticket(stored: StoredTicket) -> Ticket:
    """Return a stored ticket as users see it."""
    status = Status.DELETED if stored.deleted_at else stored.status
    return Ticket(
        id=str(stored.id),
        subject=stored.subject,
        status=status,
        vendor_status=stored.status.value,
        priority=stored.priority,
        kind=stored.kind,
        requester=stored.requester,
        assignee=stored.assignee,
        team=stored.team,
        channel=stored.channel,
        tags=stored.tags,
        custom_fields=_copy(stored.custom_fields),
        created_at=stored.created_at,
        updated_at=stored.updated_at,
        last_message_at=stored.last_message_at,
        deleted_at=stored.deleted_at,
    )


def to_message(stored: StoredMessage, ticket: StoredTicket) -> Message:
    """Return a stored message as users see it."""
    named = any(file.content_id is not None for file in stored.files)
    shown = cids_shown(stored.html) if named else frozenset()
    return Message(
        id=str(stored.id),
        ticket_id=str(ticket.id),
        type=stored.type,
        audience=stored.audience,
        vendor_type=stored.word or stored.type.value,
        author=stored.author,
        to=stored.to,
        cc=stored.cc,
        bcc=stored.bcc,
        subject=stored.subject,
        html=stored.html,
        text=stored.text,
        attachments=tuple(
            Attachment(
                id=str(file.id),
                name=file.name,
                mime_type=file.mime_type,
                size=len(file.content),
                inline=file.content_id is not None and normal_cid(file.content_id) in shown,
                content_id=file.content_id,
            )
            for file in stored.files
        ),
        created_at=stored.created_at,
        updated_at=stored.created_at,
    )
