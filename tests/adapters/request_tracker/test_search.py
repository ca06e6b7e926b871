"""Searches find what was asked for, no more and no less, whatever is in the words."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from aiohttp import web
from helpdesk_bridge_request_tracker import outgoing
from hypothesis import given
from hypothesis import strategies as st

import helpdesk_bridge as hb
from helpdesk_bridge import Helpdesk, InvalidArgument, Party, Priority, Status, Ticket
from helpdesk_bridge.kit import TicketQuery
from tests.adapters.doubles import cursor_at, drain, ids
from tests.adapters.request_tracker.conftest import RequestTrackerDouble, ticket_json

WHEN = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
# RT::SQL reads a value with Regexp::Common's {delimited}{-delim=>"'\""}, then drops each backslash.
DELIMITED = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""", re.DOTALL)


def read_as_rt_does(quoted: str) -> str:
    found = DELIMITED.match(quoted)
    assert found is not None
    assert found.end() == len(quoted), "something is left over, and would be read as a condition"
    return re.sub(r"\\(.)", r"\1", found[0][1:-1])


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("plain", "'plain'"),
        ("it's", r"'it\'s'"),
        ("a\\b", r"'a\\b'"),
        ("end\\", r"'end\\'"),
        ("x' OR id > 0 OR Subject = 'y", r"'x\' OR id > 0 OR Subject = \'y'"),
        ("x\\' OR id > 0 --", r"'x\\\' OR id > 0 --'"),
        ('"', "'\"'"),
    ],
)
def test_a_value_cannot_leave_its_quotes(value: str, quoted: str) -> None:
    assert outgoing.quoted(value) == quoted
    assert read_as_rt_does(quoted) == value


@given(st.text(alphabet=st.sampled_from("'\"\\ ab%_()=ORé")).filter(lambda v: v[:3] != "cf."))
def test_any_value_is_read_back_whole(value: str) -> None:
    assert read_as_rt_does(outgoing.quoted(value)) == value


@pytest.mark.parametrize("value", ["CF.{Severity}", "cf.Severity", "Cf.x"])
def test_a_value_that_rt_takes_for_a_custom_field_is_refused(value: str) -> None:
    with pytest.raises(InvalidArgument):
        outgoing.quoted(value)


@pytest.mark.parametrize(
    ("query", "sql"),
    [
        (TicketQuery(), "id > 7"),
        (TicketQuery(statuses=frozenset((Status.ON_HOLD,))), "id > 7 AND Status = 'stalled'"),
        (TicketQuery(assignee=Party(id="ada")), "id > 7 AND Owner.Name = 'ada'"),
        (
            TicketQuery(assignee=Party(id="ada", email="a@b.example")),
            "id > 7 AND Owner.EmailAddress = 'a@b.example'",
        ),
        (
            TicketQuery(requester=Party(email="o'neil@b.example")),
            r"id > 7 AND Requestor.EmailAddress = 'o\'neil@b.example'",
        ),
        (TicketQuery(team="Bill's \\desk"), r"id > 7 AND Queue = 'Bill\'s \\desk'"),
        (TicketQuery(text="100%"), "id > 7 AND Subject LIKE '100%'"),
        (
            TicketQuery(created_since=WHEN, updated_since=WHEN),
            "id > 7 AND Created >= '2026-11-20 14:00:00' AND LastUpdated >= '2026-11-20 14:00:00'",
        ),
        (
            TicketQuery(updated_since=datetime(1, 1, 1, tzinfo=UTC)),
            "id > 7 AND LastUpdated >= '1971-01-01 00:00:00'",
        ),
    ],
)
def test_filters_become_conditions_that_must_all_hold(query: TicketQuery, sql: str) -> None:
    assert outgoing.search(query, after=7) == sql


def test_people_are_found_by_address_or_login_only() -> None:
    with pytest.raises(InvalidArgument):
        outgoing.search(TicketQuery(requester=Party(name="Ines")), after=0)


def test_no_zone_makes_a_search_miss_a_ticket() -> None:
    """T5: the time is read in the account's zone, which may be 14 hours ahead or 12 behind."""
    (condition,) = outgoing.search(TicketQuery(updated_since=WHEN), after=0).split(" AND ")[1:]
    written = datetime.fromisoformat(condition.split("'")[1])
    for hours in range(-12, 15):
        read = (written - timedelta(hours=hours)).replace(tzinfo=UTC)
        assert read <= WHEN


def test_what_a_search_finds_too_much_is_left_out() -> None:
    query = TicketQuery(text="a_b", updated_since=WHEN)
    late, early = WHEN + timedelta(seconds=1), WHEN - timedelta(seconds=1)
    assert outgoing.wanted(query, Ticket(id="1", subject="x A_B", updated_at=late))
    assert outgoing.wanted(query, Ticket(id="1", subject="x A_B", updated_at=WHEN))
    assert not outgoing.wanted(query, Ticket(id="1", subject="x axb", updated_at=late))
    assert not outgoing.wanted(query, Ticket(id="1", subject="x A_B", updated_at=early))


@pytest.mark.asyncio
async def test_what_is_left_out_does_not_end_the_list(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    early = {"LastUpdated": "2026-11-21T13:00:00Z"}
    fake.tickets = {n: ticket_json(n, **({} if n == 650 else early)) for n in range(1, 651)}
    found, error = await drain(desk.tickets(updated_since=WHEN))
    assert (ids(found), error) == (["650"], None)


@pytest.mark.asyncio
async def test_a_list_goes_on_behind_the_last_ticket_seen(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    fake.tickets = {n: ticket_json(n) for n in range(1, 251)}
    seen = []
    async for ticket in desk.tickets(status=Status.OPEN):
        del fake.tickets[int(ticket.id)]  # as if it was answered, and left the list
        seen.append(ticket.id)
    assert seen == [str(n) for n in range(1, 251)]
    assert fake.searches == [f"id > {n} AND Status = 'open'" for n in (0, 100, 200)]


@pytest.mark.asyncio
async def test_pages_without_a_visible_ticket_do_not_end_a_list(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    fake.tickets = {n: ticket_json(n) for n in range(1, 561)}
    fake.hidden = set(range(1, 551))
    assert ids([t async for t in desk.tickets()]) == [str(n) for n in range(551, 561)]


@pytest.mark.asyncio
async def test_a_list_whose_end_cannot_be_told_is_an_error(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    fake.total = False
    _, error = await drain(desk.tickets())
    assert getattr(error, "path", None) == "$.total"


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "٣", "9" * 19])
@pytest.mark.asyncio
async def test_a_cursor_of_another_desk_is_refused(
    fake: RequestTrackerDouble, desk: Helpdesk, cursor: str
) -> None:
    _, error = await drain(desk.tickets(cursor=cursor_at(desk, "tickets", cursor)))
    assert isinstance(error, InvalidArgument)
    assert fake.journal == []


class Telling(RequestTrackerDouble):
    """Tells figures of its lists as it is told to, and gives pages of a size of its own."""

    figures: ClassVar[dict[str, Any]] = {}
    size = 100

    def page(self, request: web.Request, rows: Any, *, total: bool) -> web.Response:
        """Answer with the figures changed."""
        query = {**request.query, "per_page": str(self.size)}
        answer = super().page(
            request.clone(rel_url=request.rel_url.with_query(query)), rows, total=total
        )
        return web.json_response({**json.loads(answer.body), **self.figures})  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [100, 25])
@pytest.mark.parametrize(
    "figures",
    [
        {},
        {"total": 0, "pages": 0},
        {"total": -1, "pages": -1},
        {"total": "250", "pages": "3"},
        {"total": 7},
        {"pages": 1, "total": 0},
        {"per_page": None},
    ],
)
@pytest.mark.asyncio
async def test_all_tickets_come_whatever_the_figures_say(figures: Any, size: int) -> None:
    async with Telling() as fake:
        fake.figures, fake.size = figures, size  # type: ignore[misc]
        fake.tickets = {n: ticket_json(n) for n in range(1, 251)}
        async with hb.connect("it", config={"desks": {"it": fake.table()}}) as desk:
            found, error = await drain(desk.tickets())
    if figures.get("total") == -1:  # nothing tells where it ends
        assert (found, getattr(error, "path", None)) == ([], "$.total")
    else:
        assert len(found) == 250
        assert error is None or isinstance(error, hb.IncompleteList)


@pytest.mark.asyncio
async def test_tickets_that_are_counted_and_not_shown_are_missing(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    fake.tickets = {n: ticket_json(n) for n in range(1, 121)}
    fake.hidden = set(range(116, 121))
    pager = desk.tickets()
    found, error = await drain(pager)
    assert len(found) == 115
    assert isinstance(error, hb.IncompleteList)
    assert (error.missing, error.desk, pager.exhausted) == (5, desk.name, False)


@pytest.mark.asyncio
async def test_tickets_that_were_not_asked_for_are_an_error(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    fake.tickets = {n: ticket_json(n) for n in range(1, 5)}
    found, _ = await drain(desk.tickets(cursor=cursor_at(desk, "tickets", "2")))
    assert ids(found) == ["3", "4"]
    fake.tickets[9] = ticket_json(1)
    _, error = await drain(desk.tickets(cursor=cursor_at(desk, "tickets", "2")))
    assert "not asked for" in str(error)


def test_people_whom_rt_does_not_tell_may_be_the_ones_that_were_asked_for() -> None:
    asked = TicketQuery(requester=Party(email="ines@northpier.example"))
    other, hidden = {"id": "bob@b.example"}, {"id": "ines", "EmailAddress": ""}
    same = {"id": "x", "EmailAddress": "Ines@northpier.example"}
    for people, wanted in (
        ([other], False), ([other, same], True), ([hidden], True), ([], True)
    ):  # fmt: skip
        ticket = Ticket(id="1", raw={"Requestor": people})
        assert outgoing.wanted(asked, ticket) is wanted


def test_a_ticket_of_another_status_team_or_owner_is_left_out() -> None:
    ticket = Ticket(
        id="1",
        status=Status.OPEN,
        priority=Priority.HIGH,
        team="General",
        raw={"Owner": {"id": "ada"}, "Queue": {"id": "1", "Name": "General"}},
    )
    for query, wanted in (
        (TicketQuery(statuses=frozenset((Status.OPEN,))), True),
        (TicketQuery(statuses=frozenset((Status.NEW,))), False),
        (TicketQuery(statuses=frozenset((Status.NEW, Status.OPEN))), True),
        (TicketQuery(priority=Priority.HIGH), True),
        (TicketQuery(priority=Priority.LOW), False),
        (TicketQuery(team="general"), True),
        (TicketQuery(team="1"), True),
        (TicketQuery(team="Sales"), False),
        (TicketQuery(assignee=Party(id="Ada")), True),
        (TicketQuery(assignee=Party(id="bob")), False),
    ):
        assert outgoing.wanted(query, ticket) is wanted
