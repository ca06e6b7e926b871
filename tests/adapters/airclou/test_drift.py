"""However one node of an answer changes, it is read correctly or refused by the node's own path."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from attrs import field, frozen
from helpdesk_bridge_airclou import Airclou, AirclouSettings
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_bridge import Message, Page
from helpdesk_bridge.errors import HelpdeskError, NotFound, PaginationLoop, ProtocolError
from helpdesk_bridge.model import MessageQuery, TicketQuery, TicketRef
from tests.adapters.airclou.conftest import message_json, note_json, ticket_json
from tests.adapters.drift import (
    NOWHERE,
    Feeds,
    Mutation,
    Path,
    fed_by,
    fields,
    is_named,
    mutations,
    shown,
)

SETTINGS = AirclouSettings(api_key="aclou_0", workspace_id="ws_1", session_token="a.b.c")
NAMES = ("novelty", "id", "data", "items", "token", "hasMore", "created_at")
TICKET_FEEDS: Feeds = {
    **{name: frozenset((name,)) for name in ("id", "subject", "priority", "tags")},
    "status": frozenset(("status", "vendor_status")),
    "type": frozenset(("kind",)),
    "assigneeId": frozenset(("assignee",)),
    "requesterEmail": frozenset(("requester.email",)),
    "requesterName": frozenset(("requester.name",)),
    "customFields": frozenset(("custom_fields",)),
    "createdAt": frozenset(("created_at",)),
    "updatedAt": frozenset(("updated_at",)),
}
MESSAGE_FEEDS: Feeds = {
    "id": frozenset(("id",)),
    "ticketId": frozenset(("ticket_id",)),
    "type": frozenset(("type", "audience", "vendor_type", "author.role")),
    "content": frozenset(("given_html",)),
    "textContent": frozenset(("given_text",)),
    "authorId": frozenset(("author.id",)),
    "attachments": frozenset(("attachments",)),
    "attachments[0].name": frozenset(("attachments.0.name",)),
    "attachments[0].size": frozenset(("attachments.0.size",)),
    "attachments[0].mimeType": frozenset(("attachments.0.mime_type",)),
    "ccs": frozenset(("cc",)),
    "createdAt": frozenset(("created_at",)),
    "updatedAt": frozenset(("updated_at",)),
}


class Answer:
    """A transport that answers everything with one payload, and its answer."""

    def __init__(self, payload: Any) -> None:
        self.payload = payload
        self.headers: dict[str, str] = {}

    async def send(self, *_: Any, **__: Any) -> Answer:
        return self

    def json(self) -> Any:
        return self.payload

    def read(self, convert: Callable[[Any], Any]) -> Any:
        return convert(self.payload)


def run(call: Coroutine[Any, Any, Any]) -> Any:
    """Run what never waits."""
    try:
        call.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waited")


REF = TicketRef("tkt_482")
Call = Callable[[Airclou], Coroutine[Any, Any, Any]]


@frozen
class Kind:
    """A payload, how it is read, where its records are, and which of our fields a node feeds."""

    make: Callable[[], Any]
    call: Call
    at: Path
    many: bool
    feeds: Feeds = field(repr=False)

    def read(self, payload: Any) -> tuple[list[Any], str | None]:
        """Return models and errors as they came, and where the list goes on."""
        adapter = Airclou(SETTINGS, Answer(payload))  # type: ignore[arg-type]
        try:
            found = run(self.call(adapter))
        except HelpdeskError as error:
            return [error], None
        if not isinstance(found, Page):
            return [found], None
        return [getattr(r, "error", r) for r in found.records()], found.next


KINDS = {
    "ticket": Kind(
        lambda: {"ticket": ticket_json()},
        lambda adapter: adapter.get_ticket("tkt_482"),
        ("ticket",),
        False,
        TICKET_FEEDS,
    ),
    "message": Kind(
        lambda: {"message": message_json()},
        lambda adapter: adapter.get_message(REF, "msg_7f3a"),
        ("message",),
        False,
        MESSAGE_FEEDS,
    ),
    "tickets": Kind(
        lambda: {
            "tickets": [ticket_json(), ticket_json(id="tkt_2")],
            "meta": {"pageSize": 100, "hasMore": True, "afterCursor": "c2"},
            "links": {"next": "/api/v1/tickets?after=c2", "prev": None},
        },
        lambda adapter: adapter.list_tickets(TicketQuery(), None),
        ("tickets",),
        True,
        TICKET_FEEDS,
    ),
    "messages": Kind(
        lambda: {"messages": [message_json(), note_json()], "page": 1, "limit": 50, "total": 99},
        lambda adapter: adapter.list_messages(REF, MessageQuery(), None),
        ("messages",),
        True,
        MESSAGE_FEEDS,
    ),
}


def judge_records(kind: Kind, mutation: Mutation, before: list[Any], after: list[Any]) -> None:
    """Fail if a node of one record changed a field it does not feed, or another record."""
    depth = len(kind.at) + kind.many
    below = mutation.path[depth:] if mutation.path[: len(kind.at)] == kind.at else ()
    if below and below[-1] in NAMES and mutation.what == "add":
        fed = fed_by(kind.feeds, below[:-1] or below)
    else:
        fed = fed_by(kind.feeds, below)
    record = mutation.path[depth - 1] if kind.many and below else 0
    for index, (old, new) in enumerate(zip(before, after, strict=True)):
        if isinstance(new, HelpdeskError):
            assert fed or not below, "nobody reads this node"
        elif below:
            own = fed if index == record else NOWHERE
            assert fields(new, own) == fields(old, own)


@pytest.mark.parametrize("name", KINDS)
@settings(deadline=None, database=None, max_examples=400)
@given(data=st.data())
def test_one_changed_node_is_read_or_named(name: str, data: st.DataObject) -> None:
    kind = KINDS[name]
    mutation = data.draw(mutations(kind.make, names=NAMES))
    (before, going_on), (after, then) = kind.read(kind.make()), kind.read(mutation.payload)
    for error in after:
        if isinstance(error, NotFound):
            assert mutation.path == ("message", "ticketId")
        elif isinstance(error, PaginationLoop):
            assert mutation.path == ("page",)
        elif isinstance(error, HelpdeskError):
            assert type(error) is ProtocolError
            # Without its wrapper an answer is read as a bare object, which has no id.
            bare = (mutation.what, mutation.path, error.path) == ("drop", kind.at, "$.id")
            assert bare or is_named(error, mutation), (error.path, mutation)
            assert not any(text in str(error) + repr(error) for text in shown(mutation.value))
    if len(after) == len(before):
        judge_records(kind, mutation, before, after)
    if mutation.path[:1] == kind.at and mutation.path != kind.at:
        assert then == going_on
        if len(after) != len(before):
            found = [fields(new) for new in after if not isinstance(new, HelpdeskError)]
            lost = [old for old in before if fields(old) not in found]
            assert len(lost) == (mutation.what == "drop")


@settings(deadline=None, database=None, max_examples=300)
@given(mutation=mutations(KINDS["message"].make, names=NAMES))
def test_a_changed_message_is_public_only_by_a_word_that_says_so(mutation: Mutation) -> None:
    for message in KINDS["message"].read(mutation.payload)[0]:
        if isinstance(message, Message):
            assert message.is_public is (message.vendor_type in ("request", "response"))


@pytest.mark.parametrize("name", KINDS)
def test_an_unchanged_payload_is_read_whole(name: str) -> None:
    models, _ = KINDS[name].read(KINDS[name].make())
    assert not [model for model in models if isinstance(model, HelpdeskError)]
