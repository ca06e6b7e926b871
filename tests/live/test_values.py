"""What Request Tracker makes of values: nothing that was changed is called refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import helpdesk_bridge as hb
from tests.live.request_tracker import RequestTracker
from tests.live.test_request_tracker import settings

pytestmark = pytest.mark.asyncio

FIELDS = {
    "Address": ["IPAddressSingle", 1],
    "Range": ["IPAddressRangeSingle", 1],
    "Choice": ["SelectSingle", 1, "Gold", "Silver Plus"],
    "Day": ["DateSingle", 1],
    "Time": ["DateTimeSingle", 1],
    "Line": ["FreeformSingle", 1],
    "Lines": ["FreeformMultiple", 0],
    "Page": ["HTMLSingle", 1],
    "Wiki": ["WikitextSingle", 1],
}
DONE = [
    ("Address", "010.0.0.1"),
    ("Address", "2001:DB8::1"),
    ("Range", "10.0.0.0/24"),
    ("Choice", "gold"),
    ("Choice", "SILVER PLUS"),
    ("Time", "2026-01-05T10:00:00+02:00"),
    ("Time", "2026-01-05 08:00:00"),
    ("Day", "2026-01-05"),
    ("Line", "  two  words "),
    ("Line", 5),
    ("Line", 5.0),
    ("Lines", ["b", "a", "b"]),
    ("Lines", ["a", "b"]),
    ("Lines", None),
    ("Page", "<p>words</p>"),
    ("Wiki", "*a*\n <b>"),
    ("Choice", None),
]
OTHER = [
    ("Time", "2026-01-05T08:00:00Z"),  # RT 5.0.3 drops the time
    ("Day", "2026-02-05T10:00:00+02:00"),
    ("Day", "nonsense"),
    ("Line", ["one", "two"]),
]
REFUSED = [("Address", "10.0.0.256"), ("Choice", "Platinum"), ("Nowhere", "x")]


async def said(call: Any) -> tuple[str, hb.Outcome | None]:
    try:
        await call
    except hb.HelpdeskError as error:
        return type(error).__name__, error.outcome
    return "done", None


async def test_what_rt_makes_of_values_is_told_as_it_is(request_tracker: RequestTracker) -> None:
    agent = request_tracker.new_account()
    await asyncio.to_thread(request_tracker.console.ask, "fields", agent.queue, FIELDS)
    async with hb.Helpdesk(settings(request_tracker, agent)) as desk:
        new = {"requester": "li@values.example", "text": "words"}
        ticket = await desk.create_ticket(subject="values", **new)
        expected = [
            *((pair, ("done", None)) for pair in DONE),
            *((pair, ("PartlyDone", hb.Outcome.UNKNOWN)) for pair in OTHER),
            *((pair, ("ValidationFailed", hb.Outcome.REJECTED)) for pair in REFUSED),
        ]
        found = []
        for (name, value), _ in expected:
            before = await desk.ticket(ticket.id)
            told = await said(desk.update_ticket(ticket.id, custom_fields={name: value}))
            after = await desk.ticket(ticket.id)
            found.append(((name, value), told))
            if told[1] is hb.Outcome.REJECTED:
                assert after.custom_fields == before.custom_fields
        assert found == expected

        made = await desk.create_ticket(
            subject="made", custom_fields={"Address": "010.0.0.1", "Choice": "gold"}, **new
        )
        assert (made.custom_fields["Address"], made.custom_fields["Choice"]) == (
            ["10.0.0.1"],
            ["Gold"],
        )


async def test_a_subject_that_rt_cuts_is_no_success_and_no_refusal(
    request_tracker: RequestTracker,
) -> None:
    agent = request_tracker.new_account()
    partly = ("PartlyDone", hb.Outcome.UNKNOWN)
    async with hb.Helpdesk(settings(request_tracker, agent)) as desk:
        ticket = await desk.create_ticket(
            subject="values", requester="li@values.example", text="words"
        )
        for subject in ("x" * 250, "ü" * 150, "😀" * 60):
            assert await said(desk.update_ticket(ticket.id, subject=subject)) == partly
            new = desk.create_ticket(subject=subject, requester="li@values.example", text="words")
            assert await said(new) == partly
        assert await said(desk.update_ticket(ticket.id, subject="ü" * 100)) == ("done", None)
        change = desk.update_ticket(ticket.id, subject="y", assignee=hb.Party(id="nobody-known"))
        assert await said(change) == partly
        refusal = desk.update_ticket(ticket.id, subject="y", assignee=hb.Party(id="nobody-known"))
        assert await said(refusal) == ("ValidationFailed", hb.Outcome.REJECTED)
