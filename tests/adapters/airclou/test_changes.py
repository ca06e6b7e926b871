"""Tickets by their last change: what is asked for, in which order it comes, what is promised."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from helpdesk_bridge_airclou import AirclouSettings
from helpdesk_bridge_airclou.adapter import Airclou
from helpdesk_bridge_airclou.offers import OFFERS

from helpdesk_bridge import Helpdesk, Level, errors
from helpdesk_bridge.kit import Cursor
from helpdesk_bridge.model import Capability, ChangeKind, ChangeMode, Ticket
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.airclou.conftest import ScriptedFake, error_json, ticket_json, tkt
from tests.adapters.doubles import START, Caught, Connect, add_message, ids, new_ticket

TICKETS = "/api/v1/tickets"
CHANGES = Capability.CHANGES
KEY = {"session_token": None}
TOKEN = {"api_key": None, "workspace_id": None}


def fill(fake: ScriptedFake, count: int) -> list[StoredTicket]:
    """Put tickets into the Store, the later created the longer unchanged."""
    made = [new_ticket(fake.store) for _ in range(count)]
    for place, ticket in enumerate(made):
        ticket.updated_at = START + timedelta(days=300, seconds=-place)
    return made


async def walk(desk: Helpdesk) -> list[list[Ticket]]:
    """Return all pages of what changed."""
    pages, cursor = [], None
    while True:
        page = await desk.adapter.list_changed(cursor)
        pages.append(list(page.items))
        cursor = page.next
        if cursor is None:
            return pages


# -- asking ----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_the_largest_page_is_asked_for_by_the_last_change(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    made = fill(fake, 3)
    page = await desk.adapter.list_changed(None)
    assert ids(page) == [tkt(ticket) for ticket in made]
    (asked,) = fake.journal
    assert sorted(asked.query) == [
        ("page_size", "100"),
        ("sort_by", "updated_at"),
        ("sort_order", "desc"),
    ]
    assert (page.next, page.filtered, page.moves) == (None, (), True)


@pytest.mark.asyncio
async def test_one_change_among_many_is_the_first_of_one_request(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    made = fill(fake, 1_000)
    fake.store.update_ticket(made[700].id, subject="Now it runs")
    made[700].updated_at = START + timedelta(days=301)
    page = await desk.adapter.list_changed(None)
    first, second, *_ = page.items
    assert (first.id, first.subject, second.id) == (tkt(made[700]), "Now it runs", tkt(made[0]))
    assert (len(page.items), len(fake.journal)) == (100, 1)


@pytest.mark.asyncio
async def test_the_pages_behind_go_on_where_the_one_before_ended(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    made = fill(fake, 230)
    pages = await walk(desk)
    assert [len(page) for page in pages] == [100, 100, 30]
    assert [t.id for page in pages for t in page] == [tkt(ticket) for ticket in made]
    assert [asked.values("after") for asked in fake.journal] == [
        [],
        [tkt(made[99])],
        [tkt(made[199])],
    ]


@pytest.mark.asyncio
async def test_what_changes_while_the_pages_are_read_comes_first_the_next_time(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    made = fill(fake, 150)
    page = await desk.adapter.list_changed(None)
    made[120].updated_at = START + timedelta(days=301)
    rest = await desk.adapter.list_changed(page.next)
    assert tkt(made[120]) not in {*ids(page), *ids(rest)}
    assert ids(await desk.adapter.list_changed(None))[0] == tkt(made[120])


@pytest.mark.asyncio
async def test_a_deleted_ticket_is_not_listed(fake: ScriptedFake, desk: Helpdesk) -> None:
    gone, there = fill(fake, 2)
    fake.store.delete_ticket(gone.id)
    assert ids(await desk.adapter.list_changed(None)) == [tkt(there)]


@pytest.mark.asyncio
async def test_a_record_that_cannot_be_read_is_a_problem_between_the_others(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    told = [ticket_json(id="tkt_1"), {"id": "tkt_2", "updatedAt": 7}, ticket_json(id="tkt_3")]
    fake.script.add("GET", TICKETS, {"tickets": told, "meta": {"hasMore": False}})
    page = await desk.adapter.list_changed(None)
    assert [ticket.id for ticket in page.items] == ["tkt_1", "tkt_3"]
    assert [(one.index, one.raw["id"]) for one in page.problems] == [(1, "tkt_2")]


@pytest.mark.asyncio
async def test_a_refusal_is_an_error_and_no_empty_page(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    fake.script.add("GET", TICKETS, error_json("INSUFFICIENT_API_PERMISSION"), 403)
    error = await caught(desk.adapter.list_changed(None))
    assert type(error) is errors.PermissionDenied


@pytest.mark.asyncio
async def test_a_place_that_airclou_does_not_know_is_an_error(
    desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    error = await caught(desk.adapter.list_changed(Cursor("tkt_999999999")))
    assert (type(error), error.status) == (errors.ValidationFailed, 400)


@pytest.mark.asyncio
async def test_a_message_moves_its_ticket_on_the_fake(fake: ScriptedFake, desk: Helpdesk) -> None:
    first, second = fill(fake, 2)
    add_message(fake.store, second, created_at=START + timedelta(days=301))
    assert ids(await desk.adapter.list_changed(None)) == [tkt(second), tkt(first)]


# -- what is promised ------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("settings", "sees"),
    [
        ({"messages_update_tickets": None}, {ChangeKind.FIELDS, ChangeKind.MESSAGES}),
        ({"messages_update_tickets": False}, {ChangeKind.FIELDS}),
        ({"messages_update_tickets": True}, {ChangeKind.FIELDS, ChangeKind.MESSAGES}),
        ({"messages_update_tickets": True, **KEY}, {ChangeKind.FIELDS, ChangeKind.MESSAGES}),
        (KEY | {"messages_update_tickets": False}, {ChangeKind.FIELDS}),
    ],
)
async def test_messages_are_promised_unless_they_are_known_not_to_move_their_ticket(
    fake: ScriptedFake, connect_to: Connect, settings: dict[str, Any], sees: set[ChangeKind]
) -> None:
    support = connect_to(fake, **settings).capabilities[CHANGES]
    assert support.limits.sees == frozenset(sees)
    assert support.limits.mode is ChangeMode.WINDOW
    assert "messages_update_tickets" in support.reason


@pytest.mark.asyncio
@pytest.mark.parametrize("known", [True, False])
async def test_without_a_key_there_are_no_tickets_to_see_change(
    fake: ScriptedFake, connect_to: Connect, known: bool
) -> None:
    settings = {**TOKEN, "messages_update_tickets": known}
    support = connect_to(fake, **settings).capabilities[CHANGES]
    assert (support.level, support.limits.sees) == (Level.NONE, None)
    assert "api_key" in support.reason


@pytest.mark.parametrize("value", ["yes", 1])
def test_the_setting_is_true_or_false(value: Any) -> None:
    with pytest.raises(errors.ConfigurationError) as info:
        AirclouSettings(api_key="aclou_x", workspace_id="ws_x", messages_update_tickets=value)
    assert info.value.key == "messages_update_tickets"


def test_no_desk_sees_more_than_the_adapter_offers() -> None:
    limits = OFFERS[CHANGES].limits
    assert limits.sees == frozenset((ChangeKind.FIELDS, ChangeKind.MESSAGES))
    assert (limits.resolution, limits.lag) == (1.0, 5.0)


def test_accounts_differ_by_their_workspace_and_by_nothing_secret() -> None:
    settings = AirclouSettings(api_key="aclou_secret", workspace_id="ws_x", session_token="a.b.c")
    told = {name: getattr(settings, name) for name in Airclou.account_by}
    assert told == {"base_url": "https://app.airclou.com/helpdesk", "workspace_id": "ws_x"}
