"""However one node of an answer changes, it is read correctly or refused by the node's own path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import field, frozen
from helpdesk_bridge_helpspace import wire
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_bridge import Message, Ticket, kit
from helpdesk_bridge.errors import HelpdeskError, ProtocolError
from tests.adapters.drift import (
    NOWHERE,
    VALUES,
    Mutation,
    Path,
    dotted,
    fed_by,
    fields,
    is_named,
    mutations,
    shown,
)
from tests.adapters.helpspace.conftest import (
    collection,
    contact_json,
    message_json,
    note_json,
    ticket_json,
)

Reading = list[Ticket | Message | HelpdeskError]

NAMES = ("novelty", "email", "name")
CHANGED = st.one_of(VALUES, st.just(contact_json(value=["zq7-secret"])))
PARTS = ("id", "name", "email")
TICKET_FEEDS: dict[str, frozenset[str]] = {
    **{name: frozenset((name,)) for name in ("id", "subject", "created_at", "updated_at")},
    "status": frozenset(("status", "vendor_status")),
    "deleted_at": frozenset(("deleted_at", "status")),
    "last_contact": frozenset(("last_message_at",)),
    "tags": frozenset(("tags",)),
    "tags[1].id": NOWHERE,
    "team": frozenset(("team",)),
    "team.id": NOWHERE,
    "custom_fields": frozenset(("custom_fields",)),
    "creator": NOWHERE,
    "assignee": frozenset(("assignee",)),
    **{f"assignee.{part}": frozenset((f"assignee.{part}",)) for part in PARTS},
    "channel": frozenset(("channel",)),
    "channel.id": frozenset(("channel.id",)),
    "channel.name": frozenset(("channel.name",)),
    "channel.value": frozenset(("channel.address",)),
    "channel.type": frozenset(("channel.kind",)),
    "from_contact": frozenset(("requester",)),
    **{f"from_contact.{part}": frozenset((f"requester.{part}",)) for part in PARTS},
    "from_contact.value": frozenset(("requester.email",)),
    "from_contact.type": frozenset(("requester.email",)),
    "from_contact.user_id": frozenset(("who the customer is",)),
}
MESSAGE_FEEDS: dict[str, frozenset[str]] = {
    **{name: frozenset((name,)) for name in ("id", "subject", "to", "cc", "bcc", "created_at")},
    "type": frozenset(("type", "audience", "vendor_type", "author.role")),
    "body": frozenset(("given_html",)),
    "from_contact": frozenset(("author", "type")),
    **{f"from_contact.{part}": frozenset((f"author.{part}",)) for part in PARTS},
    "from_contact.value": frozenset(("author.email",)),
    "from_contact.type": frozenset(("author.email",)),
    "from_contact.user_id": frozenset(("who the customer is",)),
    "attachments": frozenset(("attachments",)),
    "inline_images": frozenset(("attachments",)),
    **{
        f"{name}.{vendors}": frozenset(f"attachments.{place}.{ours}" for ours in fed)
        for place, name in enumerate(("attachments[0]", "inline_images[0]"))
        for vendors, fed in {
            "id": ("id", "content_id"),
            "name": ("name",),
            "file_name": ("name",),
            "mime_type": ("mime_type",),
            "size": ("size",),
            "url": (),
            "file_type": (),
            "created_at": (),
        }.items()
    },
}


def a_ticket(number: int = 1) -> dict[str, Any]:
    return ticket_json(id=number, tags=["export", {"id": 3, "name": "bug"}])


TICKET = kit.read(a_ticket(), wire.TicketJson).to_ticket()


def ticket_at(record: Any, path: str) -> Ticket:
    return kit.read(record, wire.TicketJson, path).to_ticket()


def message_at(record: Any, path: str) -> Message:
    return kit.read(record, wire.MessageJson, path).to_message(TICKET)


def read_list(data: Any, convert: Callable[[Any, str], Any]) -> Reading:
    listed = kit.read(data, wire.Collection)
    kit.following(listed.told(), count=len(listed.data), asked=50, before=0, number=1)
    items, problems = kit.read_each(listed.data, convert, "$.data")
    broken: dict[int, Any] = {problem.index: problem.error for problem in problems}
    rest = iter(items)
    return [broken.get(i) or next(rest) for i in range(len(listed.data))]


@frozen
class Kind:
    """A payload, how it is read, and which of our fields each of its nodes feeds."""

    make: Callable[[], Any]
    read: Callable[[Any], Reading]
    feeds: dict[str, frozenset[str]] = field(repr=False)
    depth: int


KINDS = {
    "ticket": Kind(
        lambda: {"data": a_ticket()},
        lambda data: [wire.one_ticket(data)],
        TICKET_FEEDS,
        1,
    ),
    "message": Kind(
        lambda: {"data": message_json()},
        lambda data: [wire.one_message(data, TICKET)],
        MESSAGE_FEEDS,
        1,
    ),
    "tickets": Kind(
        lambda: collection("tickets", [a_ticket(1), a_ticket(2)], last=2),
        lambda data: read_list(data, ticket_at),
        TICKET_FEEDS,
        2,
    ),
    "messages": Kind(
        lambda: collection("messages", [message_json(), note_json()], last=2),
        lambda data: read_list(data, message_at),
        MESSAGE_FEEDS,
        2,
    ),
}


def feeds(kind: Kind, path: Path) -> frozenset[str]:
    """Return the fields of ours that a record's node feeds."""
    if path[-1] == "novelty" and "custom_fields" not in path:
        return NOWHERE
    return fed_by(kind.feeds, path)


# -- promises --------------------------------------------------------------------------------


def outcome(kind: Kind, mutation: Mutation) -> Reading:
    try:
        return kind.read(mutation.payload)
    except ProtocolError as error:
        return [error]


def is_read_as_named(error: HelpdeskError, mutation: Mutation) -> bool:
    """Say whether the error names the node, or the object that is read as one value with it."""
    # A name that comes in an object is read as one value, and so are its complaints.
    in_object = mutation.path[-1:] == ("name",) and mutation.path[-2:-1] == ("team",)
    in_object |= mutation.path[-1:] == ("name",) and "tags" in mutation.path
    above = in_object and getattr(error, "path", "") == dotted(mutation.path[:-1])
    return above or is_named(error, mutation)


@pytest.mark.parametrize("name", KINDS)
@settings(deadline=None, database=None, max_examples=400)
@given(data=st.data())
def test_one_changed_node_is_read_or_named(name: str, data: st.DataObject) -> None:
    kind = KINDS[name]
    mutation = data.draw(mutations(kind.make, names=NAMES, values=CHANGED))
    before, after = kind.read(kind.make()), outcome(kind, mutation)
    for error in after:
        if isinstance(error, HelpdeskError):
            assert type(error) is ProtocolError
            assert is_read_as_named(error, mutation), (error.path, mutation)
            assert not any(text in str(error) + repr(error) for text in shown(mutation.value))
    record = mutation.path[1] if kind.depth == 2 and len(mutation.path) > 2 else 0
    below = mutation.path[kind.depth :] if mutation.path[:1] == ("data",) else ()
    if len(after) != len(before) and mutation.path[:1] == ("data",) != mutation.path:
        # A record more or less.
        found = [fields(new) for new in after if not isinstance(new, HelpdeskError)]
        lost = [old for old in before if fields(old) not in found]
        assert len(lost) == (mutation.what == "drop")
    if len(after) != len(before):
        return
    for index, (old, new) in enumerate(zip(before, after, strict=True)):
        fed = feeds(kind, below) if below and index == record else NOWHERE
        if isinstance(new, HelpdeskError):
            assert fed or not below, "nobody reads this node"
        elif below or mutation.path[:1] != ("data",):
            assert fields(new, fed) == fields(old, fed)


@settings(deadline=None, database=None, max_examples=300)
@given(mutation=mutations(KINDS["message"].make, names=NAMES, values=CHANGED))
def test_a_changed_message_is_public_only_by_a_word_that_says_so(mutation: Mutation) -> None:
    for message in outcome(KINDS["message"], mutation):
        if isinstance(message, Message):
            public = message.vendor_type in ("external", "widget", "forward")
            assert message.is_public is public


@pytest.mark.parametrize("name", KINDS)
def test_an_unchanged_payload_is_read_whole(name: str) -> None:
    found = KINDS[name].read(KINDS[name].make())
    assert not any(isinstance(model, HelpdeskError) for model in found)
