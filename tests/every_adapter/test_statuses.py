"""What a desk says of its statuses is what happens, and a ticket is closed by one recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge import Capability, Status
from helpdesk_bridge.desk.statuses import statuses_of
from helpdesk_bridge.errors import UnsupportedCapability
from tests.every_adapter.places import Place

RECIPES = Path(__file__).parents[2] / "docs" / "recipes.md"
pytestmark = pytest.mark.asyncio


async def made(place: Place) -> hb.Ticket:
    """Put an open ticket into the helpdesk, and read it."""
    stored = place.store.create_ticket(
        subject="Export stops",
        requester=place.store.person("li@customer.example"),
        html="<p>Why?</p>",
        status=Status.OPEN,
    )
    listed = [ticket async for ticket in place.desk.tickets()]
    return next(ticket for ticket in listed if ticket.id.endswith(str(stored.id)))


@pytest.mark.parametrize("status", Status)
async def test_a_change_takes_what_is_said_and_reads_as_is_said(
    place: Place, status: Status
) -> None:
    use = place.desk.statuses[status]
    ticket = await made(place)
    if not use.on_update:
        with pytest.raises((hb.StatusNotAllowed, hb.InvalidArgument)):
            await place.desk.update_ticket(ticket, status=status)
        return
    changed = await place.desk.update_ticket(ticket, status=status)
    assert changed.status is use.reads_as
    assert (await place.desk.ticket(ticket.id)).status is use.reads_as
    assert changed.vendor_status == use.written_as


@pytest.mark.parametrize("status", Status)
async def test_a_reply_takes_what_is_said_and_the_ticket_reads_as_is_said(
    place: Place, status: Status
) -> None:
    use = place.desk.statuses[status]
    ticket = await made(place)
    if not use.on_reply:
        with pytest.raises((hb.StatusNotAllowed, hb.InvalidArgument, UnsupportedCapability)):
            await place.desk.reply(ticket, text="Some words.", send_email=True, status=status)
        return
    await place.desk.reply(ticket, text="Some words.", send_email=True, status=status)
    assert (await place.desk.ticket(ticket.id)).status is use.reads_as


@pytest.mark.parametrize("status", Status)
async def test_a_new_ticket_takes_what_is_said_and_reads_as_is_said(
    place: Place, status: Status
) -> None:
    use = place.desk.statuses[status]
    given: dict[str, Any] = {"subject": "Next", "requester": "li@c.example", "text": "Some words."}
    if not use.on_create:
        with pytest.raises((hb.StatusNotAllowed, hb.InvalidArgument, UnsupportedCapability)):
            await place.desk.create_ticket(**given, status=status)
        return
    ticket = await place.desk.create_ticket(**given, status=status)
    assert ticket.status is use.reads_as


@pytest.mark.parametrize("status", Status)
async def test_a_filter_takes_what_is_said(place: Place, status: Status) -> None:
    if place.desk.statuses[status].as_filter:
        assert len(await place.desk.tickets(status=status)) == 0
    else:
        with pytest.raises((hb.StatusNotAllowed, hb.InvalidArgument, UnsupportedCapability)):
            await place.desk.tickets(status=status)


async def test_there_is_an_entry_for_each_status_and_a_word_for_each_that_can_be_set(
    place: Place,
) -> None:
    statuses = place.desk.statuses
    assert list(statuses) == list(Status)
    assert len(statuses) == len(Status)
    for status, use in statuses.items():
        assert use.status is status
        assert (use.written_as is not None) == (use.reads_as is not None) == use.is_writable


def put(place: Place, status: Status) -> str:
    stored = place.store.create_ticket(
        subject="Export stops",
        requester=place.store.person("li@customer.example"),
        html="<p>Why?</p>",
        status=status,
    )
    return str(stored.id)


def put_odd(place: Place, monkeypatch: pytest.MonkeyPatch) -> str:
    """Put a ticket whose status the library does not know."""
    words = place.desk.adapter.status_words
    assert words is not None
    if place.fake is None:
        return put(place, Status.UNKNOWN)
    pending = Status.PENDING if Status.PENDING in words.writes else Status.ON_HOLD
    known = {word: status for word, status in words.reads.items() if status is not pending}
    monkeypatch.setattr(words, "reads", known)
    return put(place, pending)


def number(ticket: hb.Ticket) -> str:
    return ticket.id.removeprefix("tkt_")


async def test_what_is_open_is_all_that_is_not_done(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, done = place.desk, {Status.RESOLVED, Status.CLOSED, Status.SPAM, Status.DELETED}
    known = [s for s, use in desk.statuses.items() if use.as_filter and s is not Status.UNKNOWN]
    made = {status: put(place, status) for status in known if status is not Status.DELETED}
    expected = {made[status] for status in made.keys() - done}
    if Status.UNKNOWN in desk.statuses.open:
        expected.add(put_odd(place, monkeypatch))
    else:
        assert desk.adapter.name == "request_tracker"  # which asks by RT's own words
    assert {Status.NEW, Status.OPEN} & set(known) <= desk.statuses.open
    found = [one async for one in desk.tickets(status=desk.statuses.open)]
    assert {number(one) for one in found} == expected


async def test_tickets_of_an_unknown_status_are_asked_for_where_that_is_read(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, other = place.desk, put(place, Status.OPEN)
    odd = put_odd(place, monkeypatch)
    if not desk.statuses[Status.UNKNOWN].as_filter:
        for asked in (Status.UNKNOWN, [Status.OPEN, Status.UNKNOWN]):
            with pytest.raises(hb.StatusNotAllowed, match="unknown cannot be asked for"):
                await desk.tickets(status=asked)
        return
    for asked, some in ((Status.UNKNOWN, [odd]), ([Status.OPEN, Status.UNKNOWN], [other, odd])):
        for limit in (None, 20):
            found = [number(one) async for one in desk.tickets(status=asked, limit=limit)]
            assert sorted(found) == sorted(some)


async def test_a_desk_that_lists_by_no_status_has_no_set_of_them(place: Place) -> None:
    filters = (Capability.FILTER_STATUS, Capability.FILTER_STATUSES)
    able = place.desk.capabilities.without("x", *filters)
    with pytest.raises(UnsupportedCapability, match="by status"):
        _ = statuses_of(place.desk.adapter, able).open
    one = place.desk.capabilities.without("x", Capability.FILTER_STATUSES)
    assert Status.UNKNOWN not in statuses_of(place.desk.adapter, one).open


CLOSING = {
    "airclou": (Status.RESOLVED, "resolved", Status.RESOLVED),
    "helpspace": (Status.RESOLVED, "closed", Status.CLOSED),
    "memory": (Status.RESOLVED, "resolved", Status.RESOLVED),
    "omnidesk": (Status.RESOLVED, "solved", Status.RESOLVED),
    "request_tracker": (Status.RESOLVED, "resolved", Status.RESOLVED),
}


async def test_closing_is_what_the_vendor_calls_done(place: Place) -> None:
    statuses = place.desk.statuses
    use = statuses[statuses.closing]
    assert (use.status, use.written_as, use.reads_as) == CLOSING[place.desk.adapter.name]


async def test_the_table_of_the_page_is_what_the_desk_says(place: Place) -> None:
    statuses = place.desk.statuses
    use = statuses[statuses.closing]
    assert use.reads_as is not None
    cells = f"`{place.desk.adapter.name}`", f"`{use.status.name}`", use.written_as
    row = f"| {' | '.join(map(str, cells))} | `{use.reads_as.name}` |"
    assert row in RECIPES.read_text(encoding="utf-8")


async def test_a_desk_that_may_not_change_tickets_closes_by_a_reply(place: Place) -> None:
    able = place.desk.capabilities
    without = statuses_of(place.desk.adapter, able.without("x", Capability.UPDATE_TICKET))
    assert without.closing is Status.RESOLVED
    neither = able.without("x", Capability.UPDATE_TICKET, Capability.REPLY_WITH_STATUS)
    with pytest.raises(UnsupportedCapability, match="done"):
        _ = statuses_of(place.desk.adapter, neither).closing
