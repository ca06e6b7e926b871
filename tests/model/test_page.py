"""A page hands out its records in the vendor's order, and none unseen."""

from __future__ import annotations

import pytest

from helpdesk_bridge.errors import ProtocolError
from helpdesk_bridge.model import (
    Page,
    Problem,
)


def problem(index: int) -> Problem:
    return Problem(index=index, error=ProtocolError(f"record {index} is broken."))


def test_a_page_yields_items_until_the_record_that_cannot_be_read() -> None:
    page = Page(items=("a", "c"), problems=(problem(1),))
    seen = []
    with pytest.raises(ProtocolError, match="record 1"):
        seen.extend(page)
    assert list(seen) == ["a"]


@pytest.mark.parametrize(
    ("items", "broken", "order"),
    [
        (("a", "b"), (), ["a", "b"]),
        (("a", "b"), (0,), [0, "a", "b"]),
        (("a", "b"), (2, 0), [0, "a", 2, "b"]),
        ((), (0, 1), [0, 1]),
    ],
)
def test_a_page_keeps_the_vendors_order(
    items: tuple[str, ...], broken: tuple[int, ...], order: list[object]
) -> None:
    page = Page(items=items, problems=tuple(problem(index) for index in broken))
    assert [r.index if isinstance(r, Problem) else r for r in page.records()] == order
    assert len(page) == len(items)


def test_a_problem_does_not_hold_the_list_that_it_was_found_in() -> None:
    error = ProtocolError("odd.")
    try:
        raise error
    except ProtocolError:
        assert error.__traceback__ is not None
    assert Problem(index=0, error=error).error.__traceback__ is None
