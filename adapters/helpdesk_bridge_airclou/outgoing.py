"""What is sent to Airclou: filters, and the bodies of tickets and messages. No I/O.

``trap N`` as in :mod:`helpdesk_bridge_airclou.wire`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import EllipsisType
from typing import Any, assert_never

from helpdesk_bridge import kit
from helpdesk_bridge.kit import (
    SMALLEST_PAGE,
    TicketOrder,
    errors,
    extra_query,
    merge_extra,
)
from helpdesk_bridge_airclou.offers import PAGE_SIZE
from helpdesk_bridge_airclou.wire import KIND, PRIORITY, STATUS

QUIET_EXTRA = frozenset(("attachments", "ticket_update"))
"""Page "messages", "Create a message": what is documented and decides nothing on who is mailed."""

_ID = re.compile(kit.Adapter.id_pattern)

# -- asking ----------------------------------------------------------------------------------


def ticket_list(query: kit.TicketQuery) -> tuple[list[tuple[str, str]], int]:
    """Return the parameters of a list but for its place, and the size of its pages.

    What the vendor does not filter by is judged on what is read (``query.matches``); so are several
    statuses, since it takes one.
    """
    asked: dict[str, str] = {}
    if query.status is not None:
        asked["status"] = query.status.value
    if query.priority is not None:
        asked["priority"] = PRIORITY.write(query.priority)
    if query.assignee is not None:
        asked["assignee_id"] = _assignee_id(query.assignee)
    if query.requester is not None and query.requester.email is None:
        raise errors.InvalidArgument("Airclou's tickets name their requester by address only.")
    order = query.order_by or TicketOrder.CREATED_AT_DESC
    size = _page_size(query)
    pairs = {
        "page_size": str(size),
        "sort_by": order.field,
        "sort_order": "desc" if order.is_descending else "asc",
        **asked,
    }
    return [*pairs.items(), *extra_query(query.extra, [*pairs, "after"])], size


def _page_size(query: kit.TicketQuery) -> int:
    """Return how many tickets a page is to have: no more than are wanted, if all will do.

    Pages of fewer than ten say too little about whether the list goes on.
    """
    judged_here = (
        query.statuses is not None and query.status is None,
        query.kind,
        query.tag,
        query.requester,
        query.created_since,
        query.updated_since,
    )
    if query.limit is None or any(judged_here):
        return PAGE_SIZE
    return min(PAGE_SIZE, max(query.limit, SMALLEST_PAGE))


def is_by_change(query: kit.TicketQuery) -> bool:
    """Say whether a ticket that changes takes another place in this list."""
    return query.order_by is not None and query.order_by.field == "updated_at"


def _assignee_id(person: kit.Party) -> str:
    if person.id is None or not _ID.fullmatch(person.id):
        raise errors.InvalidArgument(
            'Airclou knows assignees by their id only, such as "usr_a02", and lists no agents.'
        )
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
