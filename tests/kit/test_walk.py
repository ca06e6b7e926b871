"""A list that is read to its end at once is whole, or says what is missing."""

from __future__ import annotations

import pytest
from attrs import evolve

from helpdesk_bridge import Ticket, errors
from helpdesk_bridge.kit import Cursor, Page, read_whole

TICKETS = [Ticket(id=str(number), team="31" if number % 4 == 0 else None) for number in range(40)]


def page_of(numbers: range, listed: int, following: str | None) -> Page[Ticket]:
    """Return a page of the tickets of a team: the others are left out."""
    page = Page(
        items=tuple(TICKETS[number] for number in numbers),
        listed=listed,
        next=None if following is None else Cursor(following),
    )
    return page.where(lambda ticket: ticket.team == "31")


@pytest.mark.asyncio
@pytest.mark.parametrize("size", [1, 2, 7, 40])
async def test_what_an_adapter_leaves_out_of_a_page_is_not_missing(size: int) -> None:
    asked: list[Cursor | None] = []

    async def fetch(cursor: Cursor | None) -> Page[Ticket]:
        asked.append(cursor)
        first = int(cursor or 0)
        behind = first + size
        following = str(behind) if behind < len(TICKETS) else None
        return page_of(range(first, min(behind, len(TICKETS))), len(TICKETS), following)

    found = await read_whole(fetch)
    assert [ticket.id for ticket in found] == [str(number) for number in range(0, 40, 4)]
    assert (found.problems, len(asked)) == ((), -(-40 // size))


@pytest.mark.asyncio
async def test_what_is_missing_beside_what_is_left_out_is_told() -> None:
    async def fetch(cursor: Cursor | None) -> Page[Ticket]:
        return page_of(range(9), 10, None)

    (problem,) = (await read_whole(fetch)).problems
    assert isinstance(problem.error, errors.IncompleteList)
    assert (problem.error.listed, problem.error.came) == (10, 9)


@pytest.mark.asyncio
async def test_what_is_left_out_again_and_again_ends_a_list_that_goes_in_circles() -> None:
    count = 0

    async def fetch(cursor: Cursor | None) -> Page[Ticket]:
        nonlocal count
        count += 1
        return evolve(page_of(range(1, 4), 40, str(count)), items=())

    with pytest.raises(errors.PaginationLoop):
        await read_whole(fetch)
    assert count < 40
