"""No record hides another: not one of the same id, and not one that is deleted meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

import helpdesk_bridge as hb
from tests.adapters.doubles import drain
from tests.every_adapter.test_envelopes import LISTS, List, serving

pytestmark = pytest.mark.asyncio
WHOLE = {"hasMore": False, "links": {"next": None}}


def with_twice(kind: List, **changes: Any) -> List:
    """Return the list with its second record under the id of the first, and changed so."""

    def record(number: int) -> dict[str, Any]:
        return {**kind.record(1), **changes} if number == 2 else kind.record(number)

    return evolve(kind, record=record)


@pytest.mark.parametrize("name", LISTS)
async def test_two_records_of_one_id_on_a_page_are_a_record_and_a_problem(name: str) -> None:
    kind = with_twice(LISTS[name], subject="Another", content="Another", novelty="Another")
    async with serving(kind, lambda *_: WHOLE, size=kind.size, count=3) as (desk, _):
        found, error = await drain(kind.read(desk))
        pager = kind.read(desk).collect_problems()
        kept = [one.id async for one in pager]
    assert (len(found), type(error)) == (1, hb.ProtocolError)
    (problem,) = pager.problems
    assert (len(kept), problem.index, problem.raw["novelty"]) == (2, 1, "Another")
    assert "same id" in str(problem.error)


@pytest.mark.parametrize("name", LISTS)
async def test_one_record_that_comes_twice_is_one(name: str) -> None:
    kind = with_twice(LISTS[name])
    async with serving(kind, lambda *_: WHOLE, size=kind.size, count=3) as (desk, _):
        found, error = await drain(kind.read(desk))
    assert (len(found), error) == (2, None)


@pytest.mark.parametrize("told", [{}, {"hasMore": ...}])
@pytest.mark.parametrize("name", [name for name in LISTS if "messages" in name])
async def test_a_message_deleted_between_two_pages_hides_no_other(name: str, told: Any) -> None:
    """Without a count nothing tells of it, so that the conversation is read again."""
    kind, numbers = LISTS[name], [*range(1, 131)]

    def record(number: int) -> dict[str, Any]:
        return kind.record(numbers[number - 1] if number <= len(numbers) else 0)

    def envelope(number: int, came: int, all_: int) -> dict[str, Any]:
        if number == 1 and 7 in numbers:
            numbers.remove(7)  # between the first page and the second
            numbers.append(999)
        return {"hasMore": came < all_} if told else {}

    moving = evolve(kind, record=record)
    async with serving(moving, envelope, size=kind.size) as (desk, _):
        found, error = await drain(kind.read(desk))
    expected = {kind.record(n)["id"] for n in {*range(1, 131), 999} - {7}}
    assert error is None
    assert {str(one.id) for one in found} >= {str(one) for one in expected}


@pytest.mark.parametrize("name", LISTS)
async def test_an_empty_cursor_is_no_place_in_a_list(name: str) -> None:
    kind = LISTS[name]
    async with serving(kind, lambda *_: WHOLE, size=kind.size) as (desk, asked):
        with pytest.raises(hb.InvalidArgument):
            _ = desk.tickets(cursor="") if "tickets" in name else desk.messages("5", cursor="")
    assert asked == []
