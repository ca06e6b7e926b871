"""However one node of an answer changes, it is read correctly or refused by the node's own path."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from attrs import field, frozen
from helpdesk_bridge_omnidesk import Omnidesk, OmnideskSettings, wire
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_bridge import Message, MessageType, Page
from helpdesk_bridge.errors import HelpdeskError, PaginationLoop, ProtocolError
from helpdesk_bridge.model import MessageQuery, TicketQuery, TicketRef
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
from tests.adapters.omnidesk.conftest import (
    SETTINGS,
    event_json,
    listed,
    note_json,
    one,
    said_json,
    ticket_json,
)

ADAPTER_SETTINGS = OmnideskSettings(**SETTINGS)
NAMES = ("novelty", "id", "type", "direction", "message", "description", "channel_id", "item")
REQUESTER = frozenset(("requester.email", "requester.name"))
TICKET_FEEDS: Feeds = {
    "id": frozenset(("id",)),
    "title": frozenset(("subject",)),
    "status": frozenset(("status", "vendor_status")),
    "priority": frozenset(("priority",)),
    "direction": REQUESTER | {"channel"},
    "channel_id": frozenset(("channel",)),
    "channel_name": frozenset(("channel",)),
    "brand_id": frozenset(("brand",)),
    "external_id": frozenset(("external",)),
    "customer_id": frozenset(("requester.id",)),
    "from": frozenset(("requester.email", "channel")),
    "from_name": frozenset(("requester.name",)),
    "to": frozenset(("requester.email", "channel")),
    "to_name": frozenset(("requester.name",)),
    "assigned_group_id": frozenset(("team",)),
    "assigned_user_id": frozenset(("assignee",)),
    "created_at": frozenset(("created_at",)),
    "last_update": frozenset(("updated_at",)),
    "last_update_customer": frozenset(("last_message_at",)),
    "last_update_agent": frozenset(("last_message_at",)),
    "timeline": frozenset(("timeline",)),
}
KIND = frozenset(("type", "audience", "vendor_type", "author", "given_text"))
MESSAGE_FEEDS: Feeds = {
    "id": frozenset(("id",)),
    "ticket_id": frozenset(("ticket",)),
    "type": KIND | {"id"},
    "direction": KIND,
    "channel_id": KIND,
    "content": frozenset(("given_html",)),
    "message": frozenset(("given_html",)),
    "description": frozenset(("given_text",)),
    "user_id": frozenset(("author.id",)),
    "user_name": frozenset(("author.name",)),
    "from": frozenset(("author.id", "author.email")),
    "from_name": frozenset(("author.name",)),
    "to": frozenset(("to",)),
    "created_at": frozenset(("created_at",)),
}


class Answer:
    """A transport that answers everything with one payload, and its answer."""

    content = b""

    def __init__(self, payload: Any) -> None:
        self.payload = payload
        self.headers: dict[str, str] = {}

    async def send(self, *_: Any, **__: Any) -> Answer:
        return self

    def read(self, convert: Callable[[Any], Any]) -> Any:
        return convert(self.payload)


def run(call: Coroutine[Any, Any, Any]) -> Any:
    """Run what never waits."""
    try:
        call.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waited")


def bare(number: int, **changes: Any) -> dict[str, Any]:
    """Return a ticket as a list has it."""
    item = ticket_json(id=number, **changes)
    del item["timeline"]
    return item


REF = TicketRef("900101")
Call = Callable[[Omnidesk], Coroutine[Any, Any, Any]]


@frozen
class Kind:
    """A payload, how it is read, where its records are, and which of our fields a node feeds."""

    make: Callable[[], Any]
    call: Call
    at: Path
    many: bool
    feeds: Feeds = field(repr=False)

    def read(self, payload: Any) -> list[Any]:
        """Return models and errors as they came; of messages in the order of their places."""
        adapter = Omnidesk(ADAPTER_SETTINGS, Answer(payload))  # type: ignore[arg-type]
        try:
            found = run(self.call(adapter))
        except HelpdeskError as error:
            return [error]
        if not isinstance(found, Page):
            return [found]
        models = list(found.items)
        for problem in found.problems:
            models.insert(problem.index, problem.error)
        if self.at[-1] == "timeline":
            entries = payload["item"]["timeline"] or []
            places = {id(entry): index for index, entry in enumerate(entries)}
            models = sorted(found.items, key=lambda message: places[id(message.raw)])
            for problem in found.problems:
                models.insert(problem.index, problem.error)
        return models


KINDS = {
    "ticket": Kind(
        one, lambda adapter: adapter.get_ticket("900101"), ("item",), False, TICKET_FEEDS
    ),
    "tickets": Kind(
        lambda: listed(bare(1), bare(2, status="open"), itemTotal=99),
        lambda adapter: adapter.list_tickets(TicketQuery(), None),
        ("items",),
        True,
        TICKET_FEEDS,
    ),
    "timeline": Kind(
        lambda: one(
            timeline=[said_json("inbound"), event_json(), note_json(), said_json("outbound")]
        ),
        lambda adapter: adapter.list_messages(REF, MessageQuery(), None),
        ("item", "timeline"),
        True,
        MESSAGE_FEEDS,
    ),
}


def judge_records(kind: Kind, mutation: Mutation, before: list[Any], after: list[Any]) -> None:
    """Fail if a node of one record changed a field it does not feed, or another record."""
    depth = len(kind.at) + kind.many
    below = mutation.path[depth:] if mutation.path[: len(kind.at)] == kind.at else ()
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
    before, after = kind.read(kind.make()), kind.read(mutation.payload)
    for error in after:
        if isinstance(error, PaginationLoop):
            assert mutation.path == ("itemStart",), "only the place of the page can say so"
        elif isinstance(error, HelpdeskError):
            assert type(error) is ProtocolError
            assert is_named(error, mutation), (error.path, mutation)
            assert not any(text in str(error) + repr(error) for text in shown(mutation.value))
    if len(after) == len(before):
        judge_records(kind, mutation, before, after)
    elif mutation.path[: len(kind.at)] == kind.at and mutation.path != kind.at:
        found = [fields(new) for new in after if not isinstance(new, HelpdeskError)]
        lost = [old for old in before if fields(old) not in found]
        assert len(lost) == (mutation.what == "drop")


@settings(deadline=None, database=None, max_examples=400)
@given(mutation=mutations(KINDS["timeline"].make, names=NAMES))
def test_a_changed_entry_is_public_only_by_a_direction_that_says_so(mutation: Mutation) -> None:
    for message in KINDS["timeline"].read(mutation.payload):
        if isinstance(message, Message) and message.is_public:
            assert message.raw["direction"] in ("inbound", "outbound")
            assert message.vendor_type.strip().casefold() in wire.MESSAGES
            assert str(message.raw.get("channel_id")) != "0"
            assert message.type in (MessageType.REQUEST, MessageType.RESPONSE)


@pytest.mark.parametrize("name", KINDS)
def test_an_unchanged_payload_is_read_whole(name: str) -> None:
    models = KINDS[name].read(KINDS[name].make())
    assert len(models) == {"ticket": 1, "tickets": 2, "timeline": 4}[name]
    assert not [model for model in models if isinstance(model, HelpdeskError)]
