"""What a list of all tickets tells of what changed, and what reading it costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from helpdesk_bridge_omnidesk import paging
from helpdesk_bridge_omnidesk.adapter import Omnidesk
from helpdesk_bridge_omnidesk.offered import OFFERS

from helpdesk_bridge import Helpdesk, Status, Ticket, errors
from helpdesk_bridge.model import Capability, ChangeKind, ChangeMode
from tests.adapters.doubles import START, Caught, add_message, ids, new_ticket
from tests.adapters.omnidesk.conftest import ScriptedFake, listed, ticket_json

TICKETS = "/ticket"
CHANGES = OFFERS[Capability.CHANGES]
TIMES = ("created_at", "last_update", "last_update_customer", "last_update_agent", "closed_at")


async def read(desk: Helpdesk) -> list[Ticket]:
    return [ticket async for ticket in desk.tickets()]


def test_everything_is_read_at_each_poll() -> None:
    assert CHANGES.limits.mode is ChangeMode.SCAN
    assert CHANGES.limits.sees == frozenset((ChangeKind.FIELDS, ChangeKind.MESSAGES))
    assert CHANGES.limits.resolution == 1.0
    assert Omnidesk.message_ids_grow is False  # they are numbered kind by kind


def test_a_large_desk_takes_as_many_requests_as_are_told() -> None:
    start = requests = 0
    while start < 20_000:
        start, requests = start + paging.growing(start), requests + 1
    assert f"{requests} in all on a desk of 20,000" in CHANGES.reason


@pytest.mark.asyncio
async def test_a_poll_of_a_desk_takes_a_page_of_each_size(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    made = [new_ticket(fake.store) for _ in range(1_200)]
    assert [ticket.id for ticket in await read(desk)] == [str(ticket.id) for ticket in made]
    assert [asked.values("itemLimit") for asked in fake.journal] == [["100"], ["1000"], ["9999"]]


@pytest.mark.asyncio
async def test_a_change_and_a_message_show_on_the_listed_ticket(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    changed, spoken, still = (new_ticket(fake.store) for _ in range(3))
    before = {ticket.id: ticket for ticket in await read(desk)}
    fake.store.update_ticket(changed.id, status=Status.RESOLVED)
    add_message(fake.store, spoken, created_at=START + timedelta(days=2))
    after = {ticket.id: ticket for ticket in await read(desk)}
    differ = {number for number, ticket in after.items() if ticket != before[number]}
    assert differ == {str(changed.id), str(spoken.id)}
    assert after[str(spoken.id)].last_message_at == START + timedelta(days=2)
    assert after[str(still.id)].raw == before[str(still.id)].raw


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["last_update_customer", "last_update_agent"])
async def test_when_customer_and_agent_wrote_last_shows_by_itself(
    fake: ScriptedFake, desk: Helpdesk, name: str
) -> None:
    told = ticket_json(**dict.fromkeys(TIMES[2:4]) | {name: "2026-02-03 10:00:00"})
    fake.script.add("GET", TICKETS, listed(told))
    (ticket,) = await read(desk)
    assert ticket.last_message_at == datetime(2026, 2, 3, 9, tzinfo=UTC)


@pytest.mark.asyncio
@pytest.mark.parametrize("change", [{"title": "Other"}, {"status": "solved"}, {"sla_policy_id": 9}])
async def test_an_abridged_entry_has_no_time_of_change_and_differs_by_what_it_has(
    fake: ScriptedFake, desk: Helpdesk, change: dict[str, Any]
) -> None:
    whole = ticket_json()
    short = {key: value for key, value in whole.items() if key not in (*TIMES, "timeline")}
    for entry in (short, short, short | change):
        fake.script.add("GET", TICKETS, listed(entry))
    first, same, other = [(await read(desk))[0] for _ in range(3)]
    assert first.updated_at is None
    assert first.raw == same.raw
    assert first.raw != other.raw


@pytest.mark.asyncio
async def test_times_of_change_are_whole_seconds_in_the_accounts_zone(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    stored = new_ticket(fake.store)
    stored.updated_at = START + timedelta(seconds=7, microseconds=999_999)
    (ticket,) = await read(desk)
    assert ticket.updated_at == START + timedelta(seconds=7)


@pytest.mark.asyncio
async def test_what_leaves_the_list_is_asked_for_by_its_id(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    """An archived ticket is there by its id, and a deleted one is not."""
    archived, deleted = new_ticket(fake.store), new_ticket(fake.store)
    fake.store.delete_ticket(deleted.id)
    fake.script.add("GET", TICKETS, listed())
    assert ids(await desk.tickets()) == []
    assert (await desk.ticket(str(archived.id))).id == str(archived.id)
    assert type(await caught(desk.ticket(str(deleted.id)))) is errors.NotFound
