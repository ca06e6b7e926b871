"""What is built quickly is what the constructors build: equal, frozen, and of the same class."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model import (
    Attachment,
    Audience,
    Channel,
    Message,
    MessageType,
    Party,
    Priority,
    Role,
    Status,
    Ticket,
    TicketKind,
)
from helpdesk_bridge.model import fast as build

BUILDERS: list[tuple[Callable[..., Any], type]] = [
    (build.fast_party, Party),
    (build.fast_attachment, Attachment),
    (build.fast_message, Message),
    (build.fast_ticket, Ticket),
]
NOW = datetime(2025, 6, 17, 8, 41, tzinfo=UTC)
FULL: dict[str, Any] = {
    "name": "Ada",
    "email": "ada@customer.example",
    "id": "7",
    "role": Role.CUSTOMER,
    "mime_type": "image/png",
    "size": 3,
    "inline": True,
    "content_id": "7",
    "ticket_id": "1",
    "type": MessageType.NOTE,
    "audience": Audience.INTERNAL,
    "vendor_type": "internal",
    "author": Party(id="1"),
    "to": (Party(id="2"),),
    "cc": (Party(id="3"),),
    "bcc": (Party(id="4"),),
    "subject": "Invoice",
    "html": "<p>Paid twice.</p>",
    "text": "Paid twice.",
    "attachments": (Attachment(id="1"),),
    "created_at": NOW,
    "updated_at": NOW,
    "last_message_at": NOW,
    "deleted_at": NOW,
    "status": Status.OPEN,
    "vendor_status": "open",
    "priority": Priority.HIGH,
    "kind": TicketKind.TASK,
    "requester": Party(id="5"),
    "assignee": Party(id="6"),
    "team": "Billing",
    "channel": Channel(id="8"),
    "tags": ("bug",),
    "custom_fields": {"1": 2},
    "raw": {"id": 7},
}


def values(cls: type, *, required_only: bool) -> dict[str, Any]:
    return {
        a.alias: FULL[a.alias]
        for a in attrs.fields(cls)
        if not required_only or a.default is attrs.NOTHING or a.name == "raw"
    }


@pytest.mark.parametrize("required_only", [True, False])
@pytest.mark.parametrize(("new", "cls"), BUILDERS)
def test_a_builder_makes_what_the_constructor_makes(
    new: Callable[..., Any], cls: type, required_only: bool
) -> None:
    given = values(cls, required_only=required_only)
    made, plain = new(**given), cls(**given)
    assert type(made) is cls
    assert made == plain
    assert hash(made) == hash(plain)
    assert repr(made) == repr(plain)
    for a in attrs.fields(cls):
        assert getattr(made, a.name) == getattr(plain, a.name)
    assert pickle.loads(pickle.dumps(made)) == plain
    assert attrs.evolve(made) == plain


@pytest.mark.parametrize(("new", "cls"), BUILDERS)
def test_a_builder_takes_what_the_constructor_takes(new: Callable[..., Any], cls: type) -> None:
    assert list(inspect.signature(new).parameters) == [a.alias for a in attrs.fields(cls)]


@pytest.mark.parametrize(("new", "cls"), BUILDERS)
def test_what_was_built_cannot_be_changed(new: Callable[..., Any], cls: type) -> None:
    made = new(**values(cls, required_only=True))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.id = "other"
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        del made.id


@pytest.mark.parametrize("audience", [one for one in Audience if one != Audience.INTERNAL])
def test_a_note_that_is_not_internal_is_not_built_quickly_either(audience: Audience) -> None:
    with pytest.raises(InvalidArgument, match="a note is internal"):
        build.fast_message(id="1", ticket_id="1", type=MessageType.NOTE, audience=audience, raw={})


def test_a_body_that_was_built_is_derived_as_ever() -> None:
    made = build.fast_message(id="1", ticket_id="1", html="<p>Paid twice.</p>", raw={})
    assert made.text == "Paid twice."
    assert made.text is made.text


def test_two_tickets_do_not_share_their_custom_fields() -> None:
    one, other = (build.fast_ticket(id=word, raw={}) for word in "ab")
    assert one.custom_fields == {}
    assert one.custom_fields is not other.custom_fields
