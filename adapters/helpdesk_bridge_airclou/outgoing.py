"""What is sent to Airclou: filters, and the bodies of tickets and messages. No I/O.

``trap N`` as in :mod:`helpdesk_bridge_airclou.wire`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import EllipsisType
from typing import Any, assert_never

from helpdesk_bridge import kit
from helpdesk_bridge.kit import errors, extra_query, merge_extra
from helpdesk_bridge_airclou.wire import KIND, PRIORITY, STATUS

QUIET_EXTRA = frozenset(("attachments", "ticket_update"))
"""Page "messages", "Create a message": what is documented and decides nothing on who is mailed."""

# -- asking ----------------------------------------------------------------------------------


def ticket_filters(query: kit.TicketQuery) -> list[tuple[str, str]]:
    """Return the vendor's filters; ``query.matches`` applies the rest on what is read."""
    pairs: list[tuple[str, str]] = []
    if query.status is not None:
        pairs.append(("status", query.status.value))
    if query.assignee is not None:
        pairs.append(("assignee_id", _assignee_id(query.assignee)))
    if query.requester is not None and query.requester.email is None:
        raise errors.InvalidArgument("Airclou's tickets name their requester by address only.")
    taken = [*(name for name, _ in pairs), "page_size", "after", "sort_by", "sort_order"]
    return pairs + extra_query(query.extra, taken)


def _assignee_id(person: kit.Party) -> str:
    if person.id is None:
        raise errors.InvalidArgument("Airclou knows assignees by their id only.")
    return person.id


# -- writing ---------------------------------------------------------------------------------


def ticket_body(new: kit.NewTicket) -> dict[str, Any]:
    """Return the body of POST /tickets; the first message is a second request."""
    ticket: dict[str, Any] = {"subject": new.subject, "requesterEmail": new.requester.email}
    if new.requester.name:
        ticket["requesterName"] = new.requester.name
    if new.status is not None:
        ticket["status"] = STATUS.write(new.status)
    if new.priority is not None:
        ticket["priority"] = PRIORITY.write(new.priority)
    if new.kind is not None:
        ticket["type"] = KIND.write(new.kind)
    if new.assignee is not None:
        ticket["assigneeId"] = _assignee_id(new.assignee)
    if new.tags:
        ticket["tags"] = list(new.tags)
    if new.custom_fields:
        ticket["customFields"] = _custom_fields(new.custom_fields)
    return {"ticket": merge_extra(ticket, new.extra)}


def changes(changed: kit.TicketChanges) -> dict[str, Any]:
    """Return the body of an update: only what changes."""
    ticket: dict[str, Any] = {}
    if not isinstance(changed.subject, EllipsisType):
        ticket["subject"] = changed.subject
    if not isinstance(changed.status, EllipsisType):
        ticket["status"] = STATUS.write(changed.status)
    if not isinstance(changed.priority, EllipsisType):
        ticket["priority"] = changed.priority and PRIORITY.write(changed.priority)
    if not isinstance(changed.kind, EllipsisType):
        ticket["type"] = changed.kind and KIND.write(changed.kind)
    if not isinstance(changed.assignee, EllipsisType):
        ticket["assigneeId"] = _assignee_id(changed.assignee) if changed.assignee else None
    if not isinstance(changed.tags, EllipsisType):
        ticket["tags"] = list(changed.tags)
    if not isinstance(changed.custom_fields, EllipsisType):
        ticket["customFields"] = _custom_fields(changed.custom_fields)
    return {"ticket": merge_extra(ticket, changed.extra)}


def _custom_fields(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"id": name, "value": value} for name, value in values.items()]


def message_body(message: kit.OutgoingMessage, ticket_id: str) -> dict[str, Any]:
    """Return the body of POST /helpdesk/api/messages (page "messages", "Create a message").

    Trap 1: a response is mailed unless told otherwise, so it is told every time.
    """
    body: dict[str, Any] = {
        "ticket_id": ticket_id,
        "type": "response",
        "content": message.body.html,
        "text_content": message.body.text,
        "send_email": False,
    }
    match message:
        case kit.Note():
            body |= {"type": "note", **_ticket_update(message)}
        case kit.CustomerMessage():
            body["type"] = "request"
        case kit.Reply():
            body |= {
                "send_email": message.send_email,
                **_copies(message),
                **_ticket_update(message),
            }
        case kit.Forward():
            # Trap 2: a forward is a response that says so. Trap 8: the shape of recipients is not
            # documented; that of the copies is taken.
            body |= {"send_email": True, "is_forward": True, **_copies(message)}
            body["recipients"] = [_person(person) for person in message.to]
        case _:
            assert_never(message)
    return merge_extra(body, message.extra)


def _copies(message: kit.Reply | kit.Forward) -> dict[str, Any]:
    return {"ccs": [_person(person) for person in message.cc]} if message.cc else {}


def _person(person: kit.Party) -> dict[str, str | None]:
    return {"email": person.email, "name": person.name or person.email}


def _ticket_update(message: kit.Reply | kit.Note) -> dict[str, Any]:
    """Return ``ticket_update`` (page "messages"), which the vendor applies with the message."""
    update: dict[str, str] = {}
    if message.status is not None:
        update["status"] = STATUS.write(message.status)
    if message.priority is not None:
        update["priority"] = PRIORITY.write(message.priority)
    if message.kind is not None:
        update["type"] = KIND.write(message.kind)
    return {"ticket_update": update} if update else {}
