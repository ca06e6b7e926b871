"""Each operation on tickets is what Omnidesk documents, and its answer one neutral value."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve

from helpdesk_bridge import (
    Channel,
    Helpdesk,
    Party,
    Priority,
    Role,
    Status,
    Ticket,
    errors,
)
from tests.adapters.doubles import CUSTOMER, Caught, cursor_at, drain, ids
from tests.adapters.omnidesk.conftest import (
    API,
    DESK,
    Mapped,
    listed,
    one,
    said_json,
    ticket_json,
)

HISTORY = {"getTicketHistory": "true"}
FIRST = {"itemStart": "0", "itemLimit": "100"}
ITEM = f"{API}/ticket/900101"
READ_TICKET = Ticket(
    id="900101",
    subject="Export stops at 90 percent",
    status=Status.PENDING,
    vendor_status="pending",
    priority=Priority.NORMAL,
    requester=Party(id="70012", name="Ines Okafor", email=CUSTOMER, role=Role.CUSTOMER),
    assignee=Party(id="12", role=Role.AGENT),
    team="31",
    channel=Channel(id="1", name="e-mail", address=DESK, kind="e-mail"),
    created_at=datetime(2026, 2, 3, 9, 10, 11, tzinfo=UTC),
    updated_at=datetime(2026, 2, 3, 9, 30, tzinfo=UTC),
    last_message_at=datetime(2026, 2, 3, 9, 10, 11, tzinfo=UTC),
)


# -- reading ---------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_ticket_is_read_with_its_history(mapped: Mapped, mapped_desk: Helpdesk) -> None:
    mapped.answers("GET", "ticket/900101", one())
    assert await mapped_desk.ticket("900101") == READ_TICKET
    assert mapped.asked == [("GET", ITEM, HISTORY, None)]


@pytest.mark.asyncio
async def test_the_key_goes_in_its_header_and_nowhere_else(
    mapped: Mapped, mapped_desk: Helpdesk
) -> None:
    mapped.answers("GET", "ticket/900101", one())
    await mapped_desk.ticket("900101")
    (headers,) = mapped.headers
    assert [name for name, value in headers.items() if "made-up-key" in value] == ["apiKey"]
    assert "made-up-key" not in str(mapped.asked)
    assert {name.lower() for name in headers} == {
        "accept", "accept-encoding", "user-agent", "apikey",
    }  # fmt: skip


@pytest.mark.asyncio
async def test_tickets_are_listed_by_offset_and_size(mapped: Mapped, mapped_desk: Helpdesk) -> None:
    mapped.answers("GET", "ticket", listed(ticket_json()))
    page = await mapped_desk.tickets()
    assert (page.items, page.total, page.next) == ((READ_TICKET,), 1, None)
    assert mapped.asked == [("GET", f"{API}/ticket", FIRST, None)]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("filters", "asked"),
    [
        *(({"status": status}, {"status": word}) for status, word in [
            (Status.NEW, "new"), (Status.OPEN, "open"), (Status.ON_HOLD, "holding"),
            (Status.RESOLVED, "solved"), (Status.CLOSED, "closed"), (Status.PENDING, "pending"),
        ]),
        ({"text": "a+b & c"}, {"query": "a+b & c"}),
        ({"assignee": "12"}, {}),
        ({"team": "31"}, {}),
        ({"requester": CUSTOMER.upper()}, {}),
        ({"created_since": datetime(2026, 1, 1, tzinfo=UTC)}, {}),
        ({"updated_since": datetime(2026, 1, 1, tzinfo=UTC)}, {}),
        ({"extra": {"searchArchived": "yes"}}, {"searchArchived": "yes"}),
        ({"extra": {"applyView": ["a", "b"]}}, {"applyView[0]": "a", "applyView[1]": "b"}),
    ],
)  # fmt: skip
async def test_a_filter_is_asked_for_in_the_vendors_words(
    mapped: Mapped, mapped_desk: Helpdesk, filters: Any, asked: Any
) -> None:
    mapped.answers("GET", "ticket", listed(ticket_json()))
    await mapped_desk.tickets(**filters)
    assert mapped.asked[0][2] == {**FIRST, **asked}


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["itemStart", "itemLimit", "query", "query[0]", " query"])
async def test_extra_cannot_replace_what_a_list_asks_for(
    mapped: Mapped, mapped_desk: Helpdesk, caught: Caught, name: str
) -> None:
    error = await caught(mapped_desk.tickets(text="export", extra={name: "7"})._first())
    assert (type(error), mapped.asked) == (errors.InvalidArgument, [])


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "filters",
    [
        {"status": Status.OPEN},
        {"assignee": "13"},
        {"team": "32"},
        {"requester": "somebody@else.example"},
        {"created_since": datetime(2026, 2, 3, 9, 10, 12, tzinfo=UTC)},
        {"updated_since": datetime(2026, 2, 3, 9, 30, 1, tzinfo=UTC)},
    ],
)
async def test_what_a_filter_does_not_want_is_left_out_whatever_the_vendor_lists(
    mapped: Mapped, mapped_desk: Helpdesk, filters: Any
) -> None:
    mapped.answers("GET", "ticket", listed(ticket_json()))
    mapped.answers("GET", "user", listed({"id": 13}))
    assert [ticket async for ticket in mapped_desk.tickets(**filters)] == []


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("filters", "key"),
    [
        ({"status": Status.PENDING}, "status"),
        ({"assignee": "12"}, "assigned_user_id"),
        ({"team": "31"}, "assigned_group_id"),
        ({"requester": CUSTOMER}, "from"),
        ({"created_since": datetime(2026, 2, 3, 9, 10, 12, tzinfo=UTC)}, "created_at"),
        ({"updated_since": datetime(2026, 2, 3, 9, 30, 1, tzinfo=UTC)}, "last_update"),
    ],
)
async def test_an_abridged_entry_is_read_whole_before_a_filter_judges_it(
    mapped: Mapped, mapped_desk: Helpdesk, filters: Any, key: str
) -> None:
    abridged = {name: value for name, value in ticket_json().items() if name != key}
    mapped.answers("GET", "ticket", listed(abridged))
    mapped.answers("GET", "ticket/900101", one())
    found = [ticket async for ticket in mapped_desk.tickets(**filters)]
    assert len(mapped.asked) == 2
    assert found == ([] if "since" in str(filters) else [READ_TICKET])


@pytest.mark.asyncio
async def test_an_abridged_entry_that_cannot_be_read_whole_is_a_problem_in_its_place(
    mapped: Mapped, mapped_desk: Helpdesk
) -> None:
    whole = [{**ticket_json(), "id": number} for number in (1, 3)]
    abridged = {"id": 2, "title": "Cut"}
    odd = {"id": 9, "title": {}}
    mapped.answers("GET", "ticket", listed(odd, whole[0], abridged, whole[1]))
    mapped.answers("GET", "ticket/2", {"type": "item", "item": {"id": 2, "title": 7.5}})
    page = await mapped_desk.tickets(requester=CUSTOMER)
    assert [ticket.id for ticket in page.items] == ["1", "3"]
    assert [problem.index for problem in page.problems] == [0, 2]


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [200, 400, 404])
async def test_an_abridged_entry_that_is_not_found_by_itself_is_a_problem_too(
    mapped: Mapped, mapped_desk: Helpdesk, status: int
) -> None:
    """It was listed a moment ago: nothing tells that it went, and not only cannot be had now."""
    whole = [{**ticket_json(), "id": number} for number in (1, 3)]
    mapped.answers("GET", "ticket", listed(whole[0], {"id": 2, "title": "Cut"}, whole[1]))
    said = {"status": "error", "message": "Could not retrieve ticket, try again later"}
    mapped.answers("GET", "ticket/2", said, status)
    pager = mapped_desk.tickets(requester=CUSTOMER).collect_problems()
    assert [ticket.id async for ticket in pager] == ["1", "3"]
    (problem,) = pager.problems
    assert (problem.index, problem.error.ticket_id) == (1, "2")
    assert "listed" in str(problem.error)
    assert "base_url" not in str(problem.error)


@pytest.mark.asyncio
async def test_an_entry_that_tells_enough_is_not_read_again(
    mapped: Mapped, mapped_desk: Helpdesk
) -> None:
    mapped.answers("GET", "ticket", listed({"id": 7, "title": "Lost", "status": "open"}))
    (ticket,) = [ticket async for ticket in mapped_desk.tickets(status=Status.OPEN)]
    assert (ticket.subject, len(mapped.asked)) == ("Lost", 1)


@pytest.mark.asyncio
@pytest.mark.parametrize("total", [3, "3", None])
async def test_the_next_page_begins_where_the_last_one_ended(
    mapped: Mapped, mapped_desk: Helpdesk, total: Any
) -> None:
    for start, numbers in ((0, (1, 2)), (2, (3,)), (3, ())):
        tickets = (ticket_json(id=n) for n in numbers)
        mapped.answers("GET", "ticket", listed(*tickets, itemTotal=total, itemStart=start))
    assert ids([ticket async for ticket in mapped_desk.tickets()]) == ["1", "2", "3"]
    starts = ["0", "2"] if total else ["0", "2", "3"]
    assert [query["itemStart"] for _, _, query, _ in mapped.asked] == starts


@pytest.mark.asyncio
@pytest.mark.parametrize("total", [True, 1.5, "many", "-1", [], -1, 0, 1e308, 10**40])
async def test_a_total_that_is_no_number_does_not_end_the_list(
    mapped: Mapped, mapped_desk: Helpdesk, total: Any
) -> None:
    for start, numbers in ((0, (1, 2)), (2, (3,)), (3, ())):
        tickets = (ticket_json(id=n) for n in numbers)
        mapped.answers("GET", "ticket", listed(*tickets, itemTotal=total, itemStart=start))
    assert ids([ticket async for ticket in mapped_desk.tickets()]) == ["1", "2", "3"]


@pytest.mark.asyncio
async def test_a_page_that_begins_elsewhere_is_an_error(
    mapped: Mapped, mapped_desk: Helpdesk, caught: Caught
) -> None:
    mapped.answers("GET", "ticket", listed(ticket_json(), itemTotal=41, itemStart=0))
    error = await caught(anext(mapped_desk.tickets(cursor=cursor_at(mapped_desk, "tickets", "40"))))
    assert type(error) is errors.PaginationLoop


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "told", [{"timeline_total": 9}, {"timelineTotal": "9"}, {"timeline_count": 9}]
)
async def test_a_timeline_short_of_its_own_count_says_how_many_are_missing(
    mapped: Mapped, mapped_desk: Helpdesk, caught: Caught, told: Any
) -> None:
    entries = [said_json("inbound", id=n) for n in range(7)]
    for _ in range(2):
        mapped.answers("GET", "ticket/900101", one(timeline=entries, **told))
    pager = mapped_desk.messages("900101").collect_problems()
    assert len([message async for message in pager]) == 7
    (problem,) = pager.problems
    assert isinstance(problem.error, errors.IncompleteList)
    assert (problem.error.missing, pager.exhausted) == (2, False)


@pytest.mark.asyncio
@pytest.mark.parametrize("told", [{"timeline_has_more": True}, {"timelineNextCursor": "c2"}])
async def test_a_timeline_that_goes_on_nobody_knows_where_is_an_error(
    mapped: Mapped, mapped_desk: Helpdesk, caught: Caught, told: Any
) -> None:
    mapped.answers("GET", "ticket/900101", one(timeline=[said_json("inbound")], **told))
    error = await caught(anext(mapped_desk.messages("900101")))
    assert (type(error), error.ticket_id) == (errors.ProtocolError, "900101")


@pytest.mark.asyncio
async def test_a_list_goes_on_from_a_cursor(mapped: Mapped, mapped_desk: Helpdesk) -> None:
    mapped.answers("GET", "ticket", listed(ticket_json(), itemTotal=41, itemStart=40))
    await mapped_desk.tickets(cursor=cursor_at(mapped_desk, "tickets", "40"))
    assert mapped.asked[0][2] == {**FIRST, "itemStart": "40"}


# -- writing ---------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("changes", "shown", "body"),
    [
        ({"subject": "Lost & found"}, {"title": "Lost & found"}, b"title=Lost+%26+found"),
        ({"status": Status.RESOLVED}, {"status": "solved"}, b"status=solved"),
        ({"status": Status.CLOSED}, {"status": "closed"}, b"status=closed"),
        (
            {"subject": "A", "status": Status.CLOSED},
            {"title": "A", "status": "closed"},
            b"title=A&status=closed",
        ),
        ({"extra": {"externalPrimaryID": "x1"}}, {}, b"externalPrimaryID=x1"),
        ({"extra": {"externalPrimaryID": ""}}, {}, b"externalPrimaryID="),
    ],
)
async def test_an_update_is_an_urlencoded_put_and_then_a_read(
    mapped: Mapped, mapped_desk: Helpdesk, changes: Any, shown: Any, body: bytes
) -> None:
    mapped.answers("PUT", "ticket/900101", {"type": "result", "message": "Ticket updated."})
    mapped.answers("GET", "ticket/900101", one(**shown))
    expected = evolve(
        READ_TICKET,
        subject=changes.get("subject", READ_TICKET.subject),
        status=changes.get("status", READ_TICKET.status),
        vendor_status=shown.get("status", READ_TICKET.vendor_status),
    )
    assert await mapped_desk.update_ticket("900101", **changes) == expected
    assert mapped.asked == [("PUT", ITEM, {}, body), ("GET", ITEM, HISTORY, None)]
    assert mapped.headers[0]["Content-Type"] == "application/x-www-form-urlencoded"


@pytest.mark.asyncio
async def test_an_update_returns_what_the_vendor_has_and_in_doubt_what_it_does_not_show(
    mapped: Mapped, mapped_desk: Helpdesk
) -> None:
    mapped.answers("PUT", "ticket/900101", None)
    mapped.answers("GET", "ticket/900101", one(status="closed"))
    ticket = await mapped_desk.update_ticket("900101", status=Status.RESOLVED)
    assert ticket.status is Status.CLOSED
    mapped.answers("PUT", "ticket/900101", None)
    mapped.answers("GET", "ticket/900101", one(status="open"))
    with pytest.raises(errors.ProtocolError, match="another status than was asked for"):
        await mapped_desk.update_ticket("900101", status=Status.CLOSED)


@pytest.mark.asyncio
async def test_deleting_is_one_request(mapped: Mapped, mapped_desk: Helpdesk) -> None:
    mapped.answers("DELETE", "ticket/900101", None)
    await mapped_desk.delete_ticket("900101")
    assert mapped.asked == [("DELETE", ITEM, {}, None)]


@pytest.mark.asyncio
async def test_another_tickets_answer_is_refused(
    mapped: Mapped, mapped_desk: Helpdesk, caught: Caught
) -> None:
    mapped.answers("GET", "ticket/900101", one(id=900102))
    error = await caught(mapped_desk.ticket("900101"))
    assert (type(error), getattr(error, "path", None)) == (errors.ProtocolError, "$.item.id")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("beside", "kind"),
    [
        ({"hasMore": True}, errors.ProtocolError),
        ({"meta": {"next": "/x?page=2"}}, errors.ProtocolError),
        ({"total": 9}, errors.IncompleteList),
        ({"total": 1, "hasMore": False}, None),
    ],
)
async def test_what_stands_beside_the_ticket_tells_of_its_timeline_too(
    mapped: Mapped, mapped_desk: Helpdesk, beside: Any, kind: Any
) -> None:
    for _ in range(2):
        answer = {**one(timeline=[said_json("inbound")]), **beside}
        mapped.answers("GET", "ticket/900101", answer)
    _, error = await drain(mapped_desk.messages("900101"))
    assert type(error) is (kind or type(None))
