"""However one node of an answer changes, it is read correctly or refused by the node's own path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from helpdesk_bridge_request_tracker import wire
from helpdesk_bridge_request_tracker.messages import Known, TransactionJson
from helpdesk_bridge_request_tracker.parts import to_part
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_bridge import kit
from helpdesk_bridge.errors import ProtocolError
from tests.adapters.drift import (
    NOWHERE,
    Feeds,
    Mutation,
    fed_by,
    fields,
    is_named,
    mutations,
    shown,
)
from tests.adapters.request_tracker.conftest import AGENT, part_json, row_json, ticket_json

NAMES = ("novelty", "name", "Subject", "Filename", "EmailAddress")
TICKET_FEEDS: Feeds = {
    "id": frozenset(("id",)),
    "Subject": frozenset(("subject",)),
    "Status": frozenset(("status", "vendor_status")),
    "Priority": frozenset(("priority",)),
    "Queue": frozenset(("team",)),
    "Owner": frozenset(("assignee",)),
    "Requestor": frozenset(("requester",)),
    "Requestor[0]": frozenset(("requester",)),
    "CustomFields": frozenset(("custom_fields",)),
    "Created": frozenset(("created_at",)),
    "LastUpdated": frozenset(("updated_at",)),
}
MESSAGE_FEEDS: Feeds = {
    "id": frozenset(("id",)),
    "Type": frozenset(("type", "audience", "vendor_type", "author", "to")),
    "Creator": frozenset(("author", "type")),
    "Created": frozenset(("created_at",)),
    "Data": frozenset(("to",)),
}
FILE_FEEDS: Feeds = {
    "id": frozenset(("id",)),
    "TransactionId": NOWHERE,
    "Filename": frozenset(("name",)),
    "ContentType": frozenset(("mime_type",)),
    "ContentLength": frozenset(("size",)),
    "Headers": frozenset(("inline", "content_id")),
}
KNOWN = Known(ticket=kit.read(ticket_json(), wire.TicketJson), agents=frozenset([AGENT]))


def ticket(payload: Any) -> Any:
    return wire.to_ticket(payload)


def message(payload: Any) -> Any:
    return kit.read_one(payload, TransactionJson, lambda one: one.to_message(KNOWN))


def file(payload: Any) -> Any:
    return to_part(payload).to_attachment(frozenset(["img1"]))


def outcome(read: Callable[[Any], Any], payload: Any) -> tuple[Any, ProtocolError | None]:
    try:
        return read(payload), None
    except ProtocolError as error:
        return None, error


def named_part() -> dict[str, Any]:
    return part_json(40, 99, Filename="pic.png", Headers="Content-ID: <img1>\nX: y")


@pytest.mark.parametrize(
    ("make", "read", "feeds"),
    [
        (ticket_json, ticket, TICKET_FEEDS),
        (lambda: row_json(99, "Forward Ticket", Data="a@b.example"), message, MESSAGE_FEEDS),
        (named_part, file, FILE_FEEDS),
    ],
    ids=["ticket", "message", "file"],
)
@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_a_changed_node_changes_its_own_fields_or_is_named(
    make: Callable[[], Any], read: Callable[[Any], Any], feeds: Feeds, data: st.DataObject
) -> None:
    mutation: Mutation = data.draw(mutations(make, names=NAMES))
    found, refusal = outcome(read, mutation.payload)
    if refusal is not None:
        assert is_named(refusal, mutation)
        assert not any(text in str(refusal) for text in shown(mutation.value))
        return
    fed = fed_by(feeds, mutation.path)
    assert fields(found, without=fed) == fields(read(make()), without=fed)
