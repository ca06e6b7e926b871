"""However one node of an answer changes, it is read correctly or refused by the node's own path."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest
from attrs import field, frozen
from helpdesk_bridge_helpspace import wire
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_bridge import Message, Ticket
from helpdesk_bridge.errors import HelpdeskError, ProtocolError
from tests.adapters.helpspace.conftest import (
    collection,
    contact_json,
    message_json,
    note_json,
    ticket_json,
)

Path = tuple[str | int, ...]
Reading = list[Ticket | Message | HelpdeskError]

NOWHERE = frozenset[str]()
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


TICKET = wire.FORMAT.read(a_ticket(), wire.TicketJson).to_ticket()


def ticket_at(record: Any, path: str) -> Ticket:
    return wire.FORMAT.read(record, wire.TicketJson, path).to_ticket()


def message_at(record: Any, path: str) -> Message:
    return wire.FORMAT.read(record, wire.MessageJson, path).to_message(TICKET)


def read_list(data: Any, convert: Callable[[Any, str], Any]) -> Reading:
    listed = wire.FORMAT.read(data, wire.Collection)
    listed.is_last(1, 50)
    items, problems = wire.FORMAT.read_each(listed.data, convert, "$.data")
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
        lambda data: [wire.FORMAT.read(data, wire.OneTicket).data.to_ticket()],
        TICKET_FEEDS,
        1,
    ),
    "message": Kind(
        lambda: {"data": message_json()},
        lambda data: [wire.FORMAT.read(data, wire.OneMessage).data.to_message(TICKET)],
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

# -- mutations -------------------------------------------------------------------------------

WORDS = ["zq7-secret@a.example", "internal", "external", "closed", "2001-02-03T04:05:06+00:00", ""]
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from([True, False, 987654321987, -987654321987, 10**400, 8675.309, "8675309123"]),
    st.sampled_from(WORDS),
    st.text(max_size=20).map(lambda text: f"zq7-{text}-secret"),
    st.sampled_from([[], {}, ["zq7-secret"], [{}], [None], {"zq7-secret": 1}, {"id": {}}]),
    st.just(contact_json(value=["zq7-secret"])),
)


@frozen
class Mutation:
    """What was done to which node of a payload."""

    what: str
    path: Path
    payload: Any
    value: Any = None


def nodes(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    if isinstance(value, (dict, list)):
        for step in value if isinstance(value, dict) else range(len(value)):
            yield from nodes(value[step], (*path, step))


def node(payload: Any, path: Path) -> Any:
    for step in path:
        payload = payload[step]
    return payload


@st.composite
def mutations(draw: st.DrawFn, kind: Kind) -> Mutation:
    payload = kind.make()
    path = draw(st.sampled_from(list(nodes(payload))))
    old = node(payload, path)
    added: list[Any] = []
    if isinstance(old, dict):
        added = [name for name in ("novelty", "email", "name") if name not in old]
    elif isinstance(old, list):
        added = [len(old)]
    choices = ["null", "retype", *(["drop"] if path else []), *(["add"] if added else [])]
    what = draw(st.sampled_from(choices))
    value = None if what in ("null", "drop") else draw(VALUES)
    if what == "add":
        path = (*path, draw(st.sampled_from(added)))
    if not path:
        return Mutation(what, path, value, value)
    parent = node(payload, path[:-1])
    if what == "drop":
        del parent[path[-1]]
    elif isinstance(parent, list) and what == "add":
        parent.append(copy.deepcopy(value))
    else:
        parent[path[-1]] = copy.deepcopy(value)
    return Mutation(what, path, payload, value)


def dotted(path: Path, root: str = "$") -> str:
    return root + "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in path)


def feeds(kind: Kind, path: Path) -> frozenset[str]:
    """Return the fields of ours that a record's node feeds."""
    if path[-1] == "novelty" and "custom_fields" not in path:
        return NOWHERE
    while path:
        found = kind.feeds.get(dotted(path, "").removeprefix("."))
        if found is not None:
            return found
        path = path[:-1]
    return NOWHERE


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Return every field of a ticket or message by its dotted path."""
    if isinstance(value, dict) and path != "custom_fields":
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}".lstrip("."))
    elif isinstance(value, (tuple, list)) and path == "attachments":
        for index, inner in enumerate(value):
            yield from leaves(inner, f"{path}.{index}")
    else:
        yield path, value


def fields(model: Any, without: frozenset[str]) -> dict[str, Any]:
    data = attrs.asdict(model, filter=lambda attribute, _: attribute.name != "raw")
    return {
        path: value
        for path, value in leaves(data)
        if not any(path == fed or path.startswith(f"{fed}.") for fed in without)
    }


# -- promises --------------------------------------------------------------------------------


def outcome(kind: Kind, mutation: Mutation) -> Reading:
    try:
        return kind.read(mutation.payload)
    except ProtocolError as error:
        return [error]


def is_named(error: HelpdeskError, mutation: Mutation) -> bool:
    """Say whether the error's path is that of the node, of something in its new value, or above."""
    where, named = dotted(mutation.path), getattr(error, "path", "")
    # A name that comes in an object is read as one value, and so are its complaints.
    in_object = mutation.path[-1:] == ("name",) and mutation.path[-2:-1] == ("team",)
    in_object |= mutation.path[-1:] == ("name",) and "tags" in mutation.path
    above = (mutation.what == "drop" or in_object) and named == dotted(mutation.path[:-1])
    return above or named == where or named.startswith((f"{where}.", f"{where}["))


def shown(value: Any) -> set[str]:
    """Return what an error text must not hold of a value: whatever could be somebody's."""
    if isinstance(value, dict):
        return set().union(*(shown(v) for v in value.values()), {k for k in value if "zq7" in k})
    if isinstance(value, list):
        return set().union(*(shown(v) for v in value))
    text = str(value)
    return {text} if not isinstance(value, bool) and len(text) > 6 else set()


@pytest.mark.parametrize("name", KINDS)
@settings(deadline=None, database=None, max_examples=400)
@given(data=st.data())
def test_one_changed_node_is_read_or_named(name: str, data: st.DataObject) -> None:
    kind = KINDS[name]
    mutation = data.draw(mutations(kind))
    before, after = kind.read(kind.make()), outcome(kind, mutation)
    for error in after:
        if isinstance(error, HelpdeskError):
            assert type(error) is ProtocolError
            assert is_named(error, mutation), (error.path, mutation)
            assert not any(text in str(error) + repr(error) for text in shown(mutation.value))
    record = mutation.path[1] if kind.depth == 2 and len(mutation.path) > 2 else 0
    below = mutation.path[kind.depth :] if mutation.path[:1] == ("data",) else ()
    if len(after) != len(before) and mutation.path[:1] == ("data",) != mutation.path:
        # A record more or less.
        found = [fields(new, NOWHERE) for new in after if not isinstance(new, HelpdeskError)]
        lost = [old for old in before if fields(old, NOWHERE) not in found]
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
@given(mutation=mutations(KINDS["message"]))
def test_a_changed_message_is_public_only_by_a_word_that_says_so(mutation: Mutation) -> None:
    for message in outcome(KINDS["message"], mutation):
        if isinstance(message, Message):
            public = message.vendor_type in ("external", "widget", "forward")
            assert message.is_public is public


@pytest.mark.parametrize("name", KINDS)
def test_an_unchanged_payload_is_read_whole(name: str) -> None:
    found = KINDS[name].read(KINDS[name].make())
    assert not any(isinstance(model, HelpdeskError) for model in found)
