"""A timeline that is cut is never taken for whole: not for a message, and not for a verdict."""

from __future__ import annotations

from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge import Helpdesk, errors
from tests.adapters.doubles import Caught, drain
from tests.adapters.omnidesk.conftest import Mapped, one, said_json

pytestmark = pytest.mark.asyncio

TICKET = "ticket/900101"
ENTRIES = [said_json("inbound", id=number) for number in range(50)]
GOES_ON: dict[str, dict[str, Any]] = {
    "pages": {"item": {"timeline_pages": 4}},
    "last page": {"item": {"timeline_last_page": 4}},
    "next page": {"item": {"timeline_next_page": 2}},
    "an object of its own": {"item": {"timelineMeta": {"totalPages": 4}}},
    "pages beside": {"pages": 4},
    "last page beside": {"last_page": "4"},
    "total pages beside": {"totalPages": 4},
    "a full page of its size": {"item": {"timeline_limit": 50}},
    "a full page beside": {"meta": {"per_page": 50}},
    "how many remain": {"item": {"timeline_remaining": 2}},
    "how many are left": {"item": {"timelineLeft": "2"}},
    "the word behind": {"item": {"has_more_timeline": True}},
    "the word within": {"item": {"isTimelinePartial": True}},
    "not complete": {"item": {"timeline_complete": False}},
    "a part": {"item": {"timeline_partial": True}},
    "a cursor": {"item": {"timeline_cursor": "abc"}},
    "how many remain, beside": {"remaining": 2},
    "a part, beside": {"partial": True},
    "a second page beside": {"next": 2},
    "a cursor beside": {"cursor": "abc"},
    "the count of the part, and how many remain": {
        "item": {"timeline_total": 50, "timeline_remaining": 2}
    },
}
COUNTS: dict[str, dict[str, Any]] = {
    "total": {"item": {"timeline_total": 200}},
    "total beside": {"total": 200},
    "total in an object beside": {"meta": {"timeline_total": 200}},
    "total and pages": {"item": {"timeline_total": 200, "timeline_pages": 4}},
    "the word behind": {"item": {"total_timeline": 200}},
    "the larger of two": {"item": {"timeline_total": 50, "total_timeline": 200}},
    "an object of its own, beside": {"meta": {"timeline": {"total": 200, "shown": 50}}},
    "messages": {"item": {"messages_count": 200}},
    "entries": {"item": {"totalEntries": "200"}},
}
WHOLE: dict[str, dict[str, Any]] = {
    "nothing": {},
    "one page": {"item": {"timeline_pages": 1, "timeline_page": 1}},
    "the ticket itself": {"total": 1, "pages": 1, "limit": 1, "count": 1},
    "its count": {"item": {"timeline_total": 50, "timeline_limit": 50}},
    "no next page": {"item": {"timeline_next": None, "timeline_limit": 50}},
    "a larger page": {"item": {"timeline_limit": 100}},
    "another ticket": {"next": 1002, "previous": 1000},
    "the count of tickets": {"itemTotal": "57"},
    "complete": {"item": {"timeline_complete": True, "timeline_partial": False}},
    "none remain": {"item": {"timeline_remaining": 0, "timeline_cursor": None}},
    "fewer messages than entries": {"item": {"messages_count": 12, "unread_messages": 700}},
    "messages of a customer": {"item": {"customer": {"messages_count": 700}}},
    "its count, and requests that remain": {"item": {"timeline_total": 50}, "remaining": 900},
    "words of it": {"item": {"timeline_order": "asc", "timeline_updated_at": "2026-01-01"}},
}


def told(signs: dict[str, Any]) -> dict[str, Any]:
    """Return a ticket's answer with 50 entries and these signs, in the ticket and beside it."""
    beside = {name: value for name, value in signs.items() if name != "item"}
    return {**one(timeline=ENTRIES, **signs.get("item", {})), **beside}


@pytest.mark.parametrize("signs", GOES_ON)
async def test_a_cut_timeline_is_an_error(
    mapped: Mapped, mapped_desk: Helpdesk, signs: str
) -> None:
    mapped.answers("GET", TICKET, told(GOES_ON[signs]))
    pager = mapped_desk.messages("900101")
    _, error = await drain(pager)
    assert (type(error), pager.exhausted) == (errors.ProtocolError, False)


@pytest.mark.parametrize("signs", COUNTS)
async def test_a_timeline_short_of_its_count_is_handed_out_and_then_an_error(
    mapped: Mapped, mapped_desk: Helpdesk, signs: str
) -> None:
    for _ in range(2):
        mapped.answers("GET", TICKET, told(COUNTS[signs]))
    found, error = await drain(mapped_desk.messages("900101"))
    assert (len(found), type(error)) == (50, errors.IncompleteList)


@pytest.mark.parametrize("signs", WHOLE)
async def test_a_timeline_that_may_be_whole_is(
    mapped: Mapped, mapped_desk: Helpdesk, caught: Caught, signs: str
) -> None:
    for _ in range(2):
        mapped.answers("GET", TICKET, told(WHOLE[signs]))
    found, error = await drain(mapped_desk.messages("900101"))
    assert (len(found), error) == (50, None)
    assert type(await caught(mapped_desk.message("900101", "note-150"))) is errors.NotFound


@pytest.mark.parametrize("signs", [*GOES_ON, *COUNTS])
async def test_a_message_that_a_cut_timeline_does_not_show_is_not_called_missing(
    mapped: Mapped, mapped_desk: Helpdesk, caught: Caught, signs: str
) -> None:
    mapped.answers("GET", TICKET, told({**GOES_ON, **COUNTS}[signs]))
    error = await caught(mapped_desk.message("900101", "note-150"))
    assert type(error) in (errors.ProtocolError, errors.IncompleteList)


@pytest.mark.parametrize("signs", [*GOES_ON, *COUNTS])
async def test_nothing_is_sent_to_a_ticket_whose_timeline_is_cut(
    mapped: Mapped, mapped_desk: Helpdesk, caught: Caught, signs: str
) -> None:
    for given in ({}, {"if_last": f"message-{ENTRIES[-1]['id']}"}):
        for _ in range(2 if given else 1):
            mapped.answers("GET", TICKET, told({**GOES_ON, **COUNTS}[signs]))
        error = await caught(
            mapped_desk.reply("900101", text="We look into it.", send_email=True, **given)
        )
        assert error.outcome is hb.Outcome.NOT_SENT
    assert {method for method, *_ in mapped.asked} == {"GET"}


@pytest.mark.parametrize("signs", [*GOES_ON, *COUNTS])
async def test_a_cut_timeline_does_not_prove_that_nothing_was_sent(
    mapped: Mapped, mapped_desk: Helpdesk, caught: Caught, signs: str
) -> None:
    for _ in range(2):  # before the send
        mapped.answers("GET", TICKET, told({}))
    mapped.answers("POST", "message", {"status": "error"}, 502)
    error = await caught(mapped_desk.reply("900101", text="We look into it.", send_email=True))
    assert isinstance(error, errors.OutcomeUnknown)
    mapped.asked.clear()
    for _ in range(9):
        mapped.answers("GET", TICKET, told({**GOES_ON, **COUNTS}[signs]))
    found = await mapped_desk.reconcile(error, settle=0)
    assert found.verdict is hb.Verdict.STILL_UNKNOWN
