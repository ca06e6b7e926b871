"""The quick question for tickets in contact, and what a list tells of a ticket that is gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from helpdesk_bridge_helpspace import HelpSpaceSettings
from helpdesk_bridge_helpspace.adapter import HelpSpace
from helpdesk_bridge_helpspace.offers import OFFERS

from helpdesk_bridge import Helpdesk, Status, errors
from helpdesk_bridge.kit import Cursor, Secret
from helpdesk_bridge.model import Capability, ChangeKind, ChangeMode
from helpdesk_bridge.testing import Store
from tests.adapters.doubles import Caught, Connect, ids, new_ticket
from tests.adapters.helpspace.conftest import ScriptedFake, add, collection, ticket_json

SINCE = datetime(2026, 1, 20, 0, 30, tzinfo=UTC)
DAY = timedelta(days=1)
TICKETS = "/tickets"
RANGE = "last-contact-between"


async def walk(desk: Helpdesk, since: datetime) -> list[str]:
    """Return the ids of all tickets in contact since."""
    found, cursor = [], None
    while True:
        page = await desk.adapter.list_spoken(since, cursor)
        found += ids(page)
        cursor = page.next
        if cursor is None:
            return found


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("since", "days"),
    [
        (SINCE, "2026-01-19/2037-12-31"),
        (SINCE.replace(hour=23, minute=59), "2026-01-19/2037-12-31"),
        (datetime.fromisoformat("2026-01-20T00:30:00+14:00"), "2026-01-18/2037-12-31"),
        (datetime.min.replace(tzinfo=UTC), "1970-12-31/2037-12-31"),
    ],
)
async def test_a_day_more_is_asked_for_because_nobody_knows_the_zone(
    fake: ScriptedFake, desk: Helpdesk, since: datetime, days: str
) -> None:
    await desk.adapter.list_spoken(since, None)
    (asked,) = fake.journal
    assert sorted(asked.query) == [(RANGE, days), ("page", "1"), ("per-page", "50")]


@pytest.mark.asyncio
@pytest.mark.parametrize("zone", ["UTC", "Etc/GMT+12", "Pacific/Kiritimati", "Europe/Berlin"])
@pytest.mark.parametrize("hour", [0, 11, 12, 23])
async def test_a_message_of_that_moment_is_found_whatever_the_zone(
    connect_to: Connect, zone: str, hour: int
) -> None:
    async with ScriptedFake(Store(), zone=zone) as fake:
        at = SINCE.replace(hour=hour)
        long_ago = new_ticket(fake.store, created_at=at - 3 * DAY)
        spoken = new_ticket(fake.store, created_at=at - 30 * DAY)
        add(fake.store, spoken, created_at=at)
        found = await walk(connect_to(fake), at)
        assert str(spoken.id) in found
        assert str(long_ago.id) not in found


@pytest.mark.asyncio
async def test_all_pages_of_it_can_be_read(fake: ScriptedFake, desk: Helpdesk) -> None:
    made = [new_ticket(fake.store, created_at=SINCE) for _ in range(120)]
    new_ticket(fake.store, created_at=SINCE - 9 * DAY)
    assert await walk(desk, SINCE) == [str(ticket.id) for ticket in made]
    assert [asked.values("page") for asked in fake.journal] == [["1"], ["2"], ["3"]]
    assert {tuple(asked.values(RANGE)) for asked in fake.journal} == {("2026-01-19/2037-12-31",)}


@pytest.mark.asyncio
async def test_nothing_that_comes_is_left_out(fake: ScriptedFake, desk: Helpdesk) -> None:
    """More may come; that of a ticket without a time of contact nobody knows anything."""
    told = [ticket_json(id=1, last_contact=None), ticket_json(id=2)]
    fake.instead("GET", TICKETS, collection("tickets", told))
    page = await desk.adapter.list_spoken(SINCE, None)
    assert (ids(page), page.filtered) == (["1", "2"], ())


@pytest.mark.asyncio
async def test_a_record_that_cannot_be_read_is_a_problem(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    told = [ticket_json(id=1), ticket_json(id=2, created_at=7)]
    fake.instead("GET", TICKETS, collection("tickets", told))
    page = await desk.adapter.list_spoken(SINCE, None)
    assert [ticket.id for ticket in page.items] == ["1"]
    assert [one.index for one in page.problems] == [1]


@pytest.mark.asyncio
@pytest.mark.parametrize("cursor", ["x", "2x77", "-1"])
async def test_a_place_of_another_make_is_refused_unsent(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, cursor: str
) -> None:
    error = await caught(desk.adapter.list_spoken(SINCE, Cursor(cursor)))
    assert (type(error), fake.journal) == (errors.InvalidArgument, [])


# -- tickets that are gone -------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_deleted_ticket_that_is_listed_says_so(fake: ScriptedFake, desk: Helpdesk) -> None:
    gone = ticket_json(id=7, status="open", deleted_at="2026-01-21T10:00:00+00:00")
    fake.instead("GET", TICKETS, collection("tickets", [gone]), times=2)
    listed = await desk.tickets()
    spoken = await desk.adapter.list_spoken(SINCE, None)
    for (ticket,) in (listed.items, spoken.items):
        assert ticket.status is Status.DELETED
        assert ticket.deleted_at == datetime(2026, 1, 21, 10, tzinfo=UTC)


@pytest.mark.asyncio
async def test_a_deleted_ticket_is_still_told_by_its_id(fake: ScriptedFake, desk: Helpdesk) -> None:
    stored = new_ticket(fake.store)
    fake.store.delete_ticket(stored.id)
    assert ids(await desk.tickets()) == []
    ticket = await desk.ticket(str(stored.id))
    assert (ticket.status, ticket.deleted_at) == (Status.DELETED, stored.deleted_at)


# -- what is promised ------------------------------------------------------------------------


def test_everything_is_read_at_each_poll() -> None:
    limits = OFFERS[Capability.CHANGES].limits
    assert limits.mode is ChangeMode.SCAN
    assert limits.sees == frozenset((ChangeKind.FIELDS, ChangeKind.MESSAGES))
    assert (limits.resolution, limits.lag) == (1.0, 5.0)


def test_a_message_with_an_older_time_is_not_lost() -> None:
    assert HelpSpace.message_ids_grow


def test_what_tells_accounts_apart_is_no_secret() -> None:
    """The client id would tell them apart, and is a credential, which a digest could give away."""
    settings = HelpSpaceSettings(token="t", client_id=7)
    told = [getattr(settings, name) for name in HelpSpace.account_by]
    assert told == [settings.base_url]
    assert isinstance(settings.client_id, Secret)
