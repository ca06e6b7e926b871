"""Tickets are judged by what the vendor tells of them."""

from __future__ import annotations

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
