"""Tickets are judged by what the vendor tells of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model import (
    Party,
    Ticket,
    TicketQuery,
    TicketRef,
)


@pytest.mark.asyncio
async def test_a_ticket_known_by_id_is_read_once() -> None:
    asked: list[str] = []

    async def read(ticket_id: str) -> Ticket:
        asked.append(ticket_id)
        return Ticket(id=ticket_id)

    ref = TicketRef("1")
    assert await ref.full(read) is await ref.full(read)
    assert asked == ["1"]


def test_an_assignee_told_by_id_only_cannot_be_judged_by_address() -> None:
    query = TicketQuery(assignee=Party(email="ada@helpdesk.example"))
    with pytest.raises(InvalidArgument):
        query.matches(Ticket(id="1", assignee=Party(id="7")))


@pytest.mark.parametrize(
    ("assignee", "wanted", "matches"),
    [
        (Party(id="7"), Party(id="7", email="ada@helpdesk.example"), True),
        (Party(id="7"), Party(id="8"), False),
        (Party(email="Ada@helpdesk.example"), Party(email="ada@helpdesk.example"), True),
        (Party(name="Ada"), Party(email="ada@helpdesk.example"), False),
        (None, Party(email="ada@helpdesk.example"), False),
    ],
)
def test_an_assignee_is_judged_by_what_both_tell(
    assignee: Party | None, wanted: Party, matches: bool
) -> None:
    assert TicketQuery(assignee=wanted).matches(Ticket(id="1", assignee=assignee)) is matches


@pytest.mark.parametrize(
    ("query", "ticket"),
    [
        (TicketQuery(team="billing"), Ticket(id="1", team="Billing")),
        (TicketQuery(team=" Second  LEVEL"), Ticket(id="1", team="second level")),
        (TicketQuery(team="Büro"), Ticket(id="1", team="BU\u0308RO")),
        (TicketQuery(tag="Rush Job"), Ticket(id="1", tags=("export", "rush  job"))),
        (
            TicketQuery(requester=Party(name="LI Wei")),
            Ticket(id="1", requester=Party(name="Li wei")),
        ),
        (
            TicketQuery(requester=Party(email="li@bücher.example")),
            Ticket(id="1", requester=Party(email="li@xn--bcher-kva.example")),
        ),
        (
            TicketQuery(assignee=Party(id="7", email="ada@new.example")),
            Ticket(id="1", assignee=Party(id="7", email="ada@old.example")),
        ),
    ],
)
def test_what_the_vendor_found_by_another_spelling_is_not_dropped(
    query: TicketQuery, ticket: Ticket
) -> None:
    assert query.matches(ticket)


@pytest.mark.parametrize(
    ("query", "ticket"),
    [
        (TicketQuery(team="Billing"), Ticket(id="1", team=None)),
        (TicketQuery(team="Billing"), Ticket(id="1", team="Billing 2")),
        (TicketQuery(tag="rush"), Ticket(id="1", tags=("rush job",))),
        (TicketQuery(requester=Party(email="li@bücher.example")), Ticket(id="1")),
        (
            TicketQuery(requester=Party(email="li@bücher.example")),
            Ticket(id="1", requester=Party(email="li@bucher.example")),
        ),
    ],
)
def test_what_is_another_is_not_matched(query: TicketQuery, ticket: Ticket) -> None:
    assert not query.matches(ticket)


def test_a_time_of_whole_seconds_may_be_later_by_a_part_of_one() -> None:
    at = datetime(2026, 2, 3, 10, 0, 0, tzinfo=UTC)
    half = timedelta(milliseconds=500)
    query = TicketQuery(created_since=at + half)
    assert query.matches(Ticket(id="1", created_at=at))
    assert not query.matches(Ticket(id="1", created_at=at + half / 2))
    assert not query.matches(Ticket(id="1", created_at=at - timedelta(seconds=1)))
