"""What a configuration opens is what it can do; the rest is refused unsent, with the reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from helpdesk_bridge import (
    Attachment,
    Helpdesk,
    Level,
    Priority,
    Status,
    TicketKind,
    Upload,
    errors,
)
from helpdesk_bridge.model import Capability
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.airclou.conftest import PARTNER, ScriptedFake
from tests.adapters.doubles import CUSTOMER, Caught, Connect, new_ticket

C = Capability
BY_KEY = {
    C.LIST_TICKETS,
    C.GET_TICKET,
    C.UPDATE_TICKET,
    C.DELETE_TICKET,
    C.LIST_CUSTOM_FIELDS,
    C.CHANGES,
    C.FILTER_STATUS,
    C.FILTER_STATUSES,
    C.FILTER_PRIORITY,
    C.FILTER_KIND,
    C.FILTER_ASSIGNEE,
    C.FILTER_TAG,
    C.FILTER_REQUESTER,
    C.FILTER_CREATED_SINCE,
    C.FILTER_UPDATED_SINCE,
    C.ORDER_CREATED_AT,
    C.ORDER_UPDATED_AT,
}
BY_SESSION = {
    C.LIST_MESSAGES,
    C.GET_MESSAGE,
    C.REPLY,
    C.NOTE,
    C.FORWARD,
    C.RECONCILE,
    C.REPLY_WITHOUT_EMAIL,
    C.REPLY_WITH_STATUS,
    C.IF_LAST,
}
BY_BOTH = {C.CREATE_TICKET, C.ADD_REQUEST}
NEVER = set(Capability) - BY_KEY - BY_SESSION - BY_BOTH


async def fetch() -> str:
    raise AssertionError("a refused call needs no session")


KEY = {"session_token": None}
TOKEN = {"api_key": None, "workspace_id": None}
PROVIDER = {**TOKEN, **KEY, "session_provider": fetch}
BOTH = {"session_token": None, "session_provider": fetch}
EXPECTED: dict[str, tuple[dict[str, Any], set[Capability]]] = {
    "only a key": (KEY, BY_KEY),
    "only a token": (TOKEN, BY_SESSION),
    "only a provider": (PROVIDER, BY_SESSION),
    "key and token": ({}, BY_KEY | BY_SESSION | BY_BOTH),
    "key and provider": (BOTH, BY_KEY | BY_SESSION | BY_BOTH),
}
NEEDS_KEY = {"api_key", "workspace_id"}
NEEDS_SESSION = {"session_token", "session_provider"}


@pytest.mark.asyncio
@pytest.mark.parametrize("given", EXPECTED)
async def test_a_configuration_has_exactly_the_capabilities_it_opens(
    fake: ScriptedFake, connect_to: Connect, given: str
) -> None:
    settings, able = EXPECTED[given]
    assert set(connect_to(fake, **settings).capabilities.supported()) == able


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("settings", "missing", "named"),
    [
        (KEY, BY_SESSION | BY_BOTH, NEEDS_SESSION),
        (TOKEN, BY_KEY | BY_BOTH, NEEDS_KEY),
    ],
)
async def test_a_missing_capability_names_the_setting_to_add(
    fake: ScriptedFake, connect_to: Connect, settings: Any, missing: Any, named: set[str]
) -> None:
    capabilities = connect_to(fake, **settings).capabilities
    for capability in missing:
        words = set(capabilities[capability].reason.replace(":", " ").split())
        assert words & (NEEDS_KEY | NEEDS_SESSION) == named, capability


@pytest.mark.asyncio
async def test_what_the_vendor_never_does_says_why(desk: Helpdesk) -> None:
    reasons = {capability: desk.capabilities[capability].reason for capability in NEVER}
    assert all(reasons.values()), reasons


Act = Callable[[Helpdesk], Awaitable[Any]]
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


async def opened(desk: Helpdesk, attachment: Attachment) -> None:
    async with desk.open_attachment(attachment):
        pass


async def first(make: Callable[[], Awaitable[Any]]) -> Any:
    return await make()


CALLS: dict[Capability, Act] = {
    C.LIST_TICKETS: lambda d: first(lambda: d.tickets()),
    C.GET_TICKET: lambda d: d.ticket("tkt_1"),
    C.UPDATE_TICKET: lambda d: d.update_ticket("tkt_1", subject="S"),
    C.DELETE_TICKET: lambda d: d.delete_ticket("tkt_1"),
    C.LIST_CUSTOM_FIELDS: lambda d: d.custom_fields(),
    C.CHANGES: lambda d: anext(d.changes()),
    C.FILTER_STATUS: lambda d: first(lambda: d.tickets(status=Status.OPEN)),
    C.FILTER_STATUSES: lambda d: first(lambda: d.tickets(status=[Status.NEW, Status.OPEN])),
    C.FILTER_PRIORITY: lambda d: first(lambda: d.tickets(priority=Priority.HIGH)),
    C.FILTER_KIND: lambda d: first(lambda: d.tickets(kind=TicketKind.TASK)),
    C.FILTER_ASSIGNEE: lambda d: first(lambda: d.tickets(assignee="usr_1")),
    C.FILTER_TAG: lambda d: first(lambda: d.tickets(tag="vip")),
    C.FILTER_REQUESTER: lambda d: first(lambda: d.tickets(requester=CUSTOMER)),
    C.FILTER_CREATED_SINCE: lambda d: first(lambda: d.tickets(created_since=WHEN)),
    C.FILTER_UPDATED_SINCE: lambda d: first(lambda: d.tickets(updated_since=WHEN)),
    C.FILTER_TEAM: lambda d: first(lambda: d.tickets(team="Exports")),
    C.FILTER_TEXT: lambda d: first(lambda: d.tickets(text="90 percent")),
    C.ORDER_CREATED_AT: lambda d: first(lambda: d.tickets(order_by="created_at")),
    C.ORDER_UPDATED_AT: lambda d: first(lambda: d.tickets(order_by="-updated_at")),
    C.LIST_AGENTS: lambda d: first(lambda: d.agents()),
    C.LIST_TEAMS: lambda d: first(lambda: d.teams()),
    C.LIST_CUSTOMERS: lambda d: first(lambda: d.customers()),
    C.WHO_AM_I: lambda d: d.me(),
    C.LIST_MESSAGES: lambda d: first(lambda: d.messages("tkt_1")),
    C.GET_MESSAGE: lambda d: d.message("tkt_1", "msg_1"),
    C.REPLY: lambda d: d.reply("tkt_1", text="Hi", send_email=True),
    C.REPLY_WITHOUT_EMAIL: lambda d: d.reply("tkt_1", text="Hi", send_email=False),
    C.REPLY_WITH_STATUS: lambda d: d.note("tkt_1", text="Hi", status=Status.OPEN),
    C.NOTE: lambda d: d.note("tkt_1", text="Hi"),
    C.FORWARD: lambda d: d.forward("tkt_1", text="Hi", to=PARTNER),
    C.ADD_REQUEST: lambda d: d.add_request("tkt_1", text="Hi", author=CUSTOMER),
    C.CREATE_TICKET: lambda d: d.create_ticket(subject="S", requester=CUSTOMER, text="T"),
    C.SEND_ATTACHMENTS: lambda d: d.note("tkt_1", text="Hi", attachments=[Upload("a", data=b"a")]),
    C.OPEN_ATTACHMENT: lambda d: opened(d, Attachment(id="att_1")),
    C.IF_LAST: lambda d: d.reply("tkt_1", text="Hi", send_email=True, if_last="msg_1"),
    C.SCHEDULED_SEND: lambda d: d.reply("tkt_1", text="Hi", send_email=True, send_at=WHEN),
}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("given", "capability"),
    [(given, c) for given in EXPECTED for c in CALLS if c not in EXPECTED[given][1]],
)
async def test_what_is_not_there_is_refused_without_a_request(
    fake: ScriptedFake, connect_to: Connect, caught: Caught, given: str, capability: Capability
) -> None:
    desk = connect_to(fake, **EXPECTED[given][0])
    error = await caught(first(lambda: CALLS[capability](desk)))
    assert (type(error), error.outcome) == (
        errors.UnsupportedCapability,
        errors.Outcome.NOT_SENT,
    )
    assert fake.journal == []


@pytest.mark.asyncio
async def test_what_is_native_is_one_request_and_nothing_that_came_is_left_out_here(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    stored.id = stored.messages[0].id = 1
    fake.store.tickets = {1: stored}
    new_ticket(fake.store, status=Status.RESOLVED, priority=Priority.LOW)
    native = {c for c in C if desk.capabilities[c].level is Level.NATIVE}
    for capability in sorted(native, key=lambda c: c is C.DELETE_TICKET):
        before = len(fake.journal)
        found = await first(partial(CALLS[capability], desk))
        assert len(fake.journal) - before == 1, capability
        assert not getattr(found, "filtered", ()), capability


@pytest.mark.asyncio
async def test_what_is_said_of_the_vendor_names_the_page_that_says_it(
    fake: ScriptedFake, connect_to: Connect
) -> None:
    for settings, _ in EXPECTED.values():
        for capability, support in connect_to(fake, **settings).capabilities.items():
            is_ours = support.level is Level.EMULATED or capability is C.IF_LAST
            assert is_ours or support.source.startswith("https://airclou.com/api/helpdesk/"), (
                capability
            )
