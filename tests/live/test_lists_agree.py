"""The fake lists changes and deletions as a live Request Tracker does, question by question."""

from __future__ import annotations

import pytest

from tests.live.request_tracker import RequestTracker
from tests.live.test_fake_agrees import TICKET, Question, different, put, ticket

GONE = (
    "ObjectType = 'RT::Ticket' AND TicketType = 'ticket' AND ("
    "(Type = 'Status' AND NewValue = 'deleted') OR (Type = 'AddLink' AND Field = 'MergedInto'))"
)
FALLING = [("orderby", "LastUpdated"), ("orderby", "id"), ("order", "DESC"), ("order", "DESC")]


def changed(name: str, page: int, size: int) -> Question:
    pages = [("page", str(page)), ("per_page", str(size))]
    query = [("query", "id > 0"), *TICKET, *FALLING, *pages]
    return Question(f"changed: {name}", "GET", "/tickets", query=query)


def gone(name: str, sql: str = GONE, *, size: int = 100, keep: str = "") -> Question:
    query = [("query", sql), ("fields", "ObjectId,Created,Type,NewValue,Field,OldValue")]
    query += [("orderby", "id"), ("order", "DESC"), ("page", "1"), ("per_page", str(size))]
    return Question(f"gone: {name}", "GET", "/transactions", query=query, keep=keep)


QUESTIONS = [
    changed("nothing", 1, 100),
    gone("nothing"),
    *(ticket(name) for name in ("one", "two", "three", "four", "five")),
    changed("all", 1, 100),
    *(changed(f"page {number}", number, 2) for number in (1, 2, 3, 4)),
    put("deleted", "two", {"Status": "deleted"}),
    Question("delete", "DELETE", "/ticket/<<four>>"),
    put("deleted too", "one", {"Status": "deleted"}),
    gone("three", keep="gone"),
    gone("the last two", size=2),
    gone("below the last", f"{GONE} AND id < <<gone.0>>"),
    gone("below the first", f"{GONE} AND id < <<gone.2>>"),
    put("restored", "four", {"Status": "open"}),
    put("deleted again", "four", {"Status": "deleted"}),
    gone("four"),
    changed("what is left", 1, 100),
]


@pytest.mark.asyncio
async def test_the_fake_lists_changes_and_deletions_as_request_tracker_does(
    request_tracker: RequestTracker,
) -> None:
    assert await different(request_tracker, QUESTIONS) == {}


@pytest.mark.asyncio
async def test_it_lists_the_same_to_an_agent_who_sees_no_notes(
    request_tracker: RequestTracker,
) -> None:
    may_not = ("ShowTicketComments", "ShowOutgoingEmail")
    assert await different(request_tracker, QUESTIONS, may_not) == {}
