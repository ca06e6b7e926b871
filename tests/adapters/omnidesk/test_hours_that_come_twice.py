"""A time without a zone may be one of two instants: no ticket is missed by that, no message old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from helpdesk_bridge_omnidesk import OmnideskSettings, outgoing, wire
from hypothesis import example, given
from hypothesis import strategies as st

import helpdesk_bridge as hb
from helpdesk_bridge.kit import TicketQuery
from helpdesk_bridge.testing import Answer, FaultServer
from tests.adapters.omnidesk.conftest import SETTINGS, reads_ticket, said_json, ticket_json

ZONES = [
    "Europe/Amsterdam",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",  # half an hour
    "Africa/Casablanca",
    "Asia/Tokyo",
    "UTC",
]
INSTANTS = st.integers(946_684_800, 2_114_380_800).map(lambda at: datetime.fromtimestamp(at, UTC))
FIRST = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
SECOND = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
"""Both are 02:30 in Amsterdam."""
NO_HOUR = "2026-03-29 02:30:00"
"""Of the hour that Amsterdam leaves out, as a clock has it that was not set yet."""


def written(at: datetime, zone: str) -> str:
    """Return a time as Omnidesk writes it."""
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


def is_listed(zone: str, told: str, since: datetime) -> list[bool]:
    """Say whether a ticket of this time is listed by its creation and by its change."""
    ticket, reading = (
        reads_ticket(zone, created_at=told, last_update=told),
        wire.Reading(ZoneInfo(zone)),
    )
    queries = TicketQuery(created_since=since), TicketQuery(updated_since=since)
    return [outgoing.matches(ticket, query, reading) for query in queries]


@given(
    zone=st.sampled_from(ZONES),
    instant=INSTANTS,
    before=st.timedeltas(timedelta(0), timedelta(hours=3)),
)
@example(zone="Europe/Amsterdam", instant=SECOND, before=timedelta(0))
@example(zone="Europe/Amsterdam", instant=SECOND, before=timedelta(minutes=59))
@example(
    zone="Australia/Lord_Howe",
    instant=datetime(2026, 4, 4, 15, 10, tzinfo=UTC),
    before=timedelta(0),
)
def test_no_ticket_is_missed(zone: str, instant: datetime, before: timedelta) -> None:
    assert is_listed(zone, written(instant, zone), instant - before) == [True, True]


@given(
    zone=st.sampled_from(ZONES),
    instant=INSTANTS,
    after=st.timedeltas(timedelta(hours=1, seconds=1), timedelta(days=400)),
)
def test_what_cannot_be_meant_is_left_out(zone: str, instant: datetime, after: timedelta) -> None:
    assert is_listed(zone, written(instant, zone), instant + after) == [False, False]


@pytest.mark.parametrize(
    ("told", "since", "listed"),
    [
        ("2026-10-25 02:30:00", FIRST, True),
        ("2026-10-25 02:30:00", SECOND, True),
        ("2026-10-25 02:30:00", SECOND + timedelta(seconds=1), False),
        ("2026-10-25 03:00:00", datetime(2026, 10, 25, 2, tzinfo=UTC), True),
        ("2026-10-25 01:59:59", FIRST, False),
        (NO_HOUR, datetime(2026, 3, 29, 0, 30, tzinfo=UTC), True),
        (NO_HOUR, datetime(2026, 3, 29, 1, 30, tzinfo=UTC), True),
        (NO_HOUR, datetime(2026, 3, 29, 1, 31, tzinfo=UTC), False),
        ("2026-10-25T02:30:00+02:00", SECOND, False),
        ("9999-12-31 23:59:59", SECOND, True),
    ],
)
def test_the_hours_of_amsterdam(told: str, since: datetime, listed: bool) -> None:
    assert is_listed("Europe/Amsterdam", told, since) == [listed, listed]


@pytest.mark.parametrize("name", ["created_since", "updated_since"])
@pytest.mark.asyncio
async def test_a_ticket_of_the_second_hour_is_listed(name: str) -> None:
    told = "2026-10-25 02:30:00"
    item = ticket_json(created_at=told, last_update=told)
    answer = Answer.json({"type": "collection", "itemTotal": 1, "items": [item]})
    async with FaultServer(default=answer) as server:
        settings = OmnideskSettings(**{**SETTINGS, "base_url": server.url})
        async with hb.Helpdesk(settings) as desk:
            found = [ticket.id async for ticket in desk.tickets(**{name: SECOND})]
            after = {name: SECOND + timedelta(hours=1)}
            later = [ticket.id async for ticket in desk.tickets(**after)]
    assert (found, later) == (["900101"], [])


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.asyncio
async def test_what_the_customer_wrote_in_the_second_hour_keeps_a_reply_back(
    newest_first: bool,
) -> None:
    timeline = [
        said_json("inbound", id="6000", created_at="2026-10-25 02:10:00"),
        said_json("outbound", id="6001", created_at="2026-10-25 02:50:00"),
        said_json("inbound", id="6002", created_at="2026-10-25 02:20:00"),
        said_json("outbound", id="6003", created_at="2026-10-25 03:10:00"),
    ]
    item = ticket_json(timeline=timeline[::-1] if newest_first else timeline)
    async with FaultServer(default=Answer.json({"type": "item", "item": item})) as server:
        settings = OmnideskSettings(**{**SETTINGS, "base_url": server.url})
        async with hb.Helpdesk(settings) as desk:
            messages = [message async for message in desk.messages("900101")]
            with pytest.raises(hb.ConversationMoved) as caught:
                await desk.reply("900101", text="We look.", send_email=True, if_last="message-6001")
    assert [one.id[-4:] for one in messages] == ["6000", "6001", "6002", "6003"]
    assert messages[2].created_at == datetime(2026, 10, 25, 1, 20, tzinfo=UTC)
    assert caught.value.newer == ("message-6002",)
    assert {request.method for request in server.requests} == {"GET"}
