"""Read a list of several pages as one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from operator import attrgetter
from typing import Any, TypeVar

from attrs import evolve

from helpdesk_bridge.errors import HelpdeskError, PaginationLoop
from helpdesk_bridge.kit.walk import Walk, distinct, has_id, is_empty
from helpdesk_bridge.model import Cursor, Page, Problem

__all__ = ["read_whole"]

T = TypeVar("T")

_MAX_RESTLESS = 4
"""How often a list is read again that does not hold still."""
_ID: Callable[[Any], str] = attrgetter("id")


async def read_whole(
    fetch: Callable[[Cursor | None], Awaitable[Page[T]]],
    identity: Callable[[T], str] = _ID,
    *,
    again: bool = True,
) -> Page[T]:
    """Read a list of several pages to its end, and return it as one page.

    For lists that cannot be handed out page by page, such as one that must be sorted first. Nothing
    comes twice. If the vendor's count falls meanwhile, if fewer records came than it counts, or if
    several pages came without a count, all is read again until it holds still. What is missing then
    is an IncompleteList among the problems, behind the last record; so is the ProtocolError of a
    list whose end is in doubt.

    Args:
        fetch: what reads the page at a place.
        identity: what tells the id of a record.
        again: whether to read again what may have moved.

    Returns:
        All records, and the problems of all pages.

    Raises:
        PaginationLoop: the list leads back to itself, or does not hold still.
    """
    # One that is not read again is measured as the last walk through any other list.
    found, walk = await _walk(fetch, identity, again=not again)
    for _ in range(_MAX_RESTLESS if again else 0):
        if not (walk.fell or walk.short or walk.is_unproven):
            break
        before, was = found, walk
        found, walk = await _walk(fetch, identity, again=True)
        same = set(map(identity, found.items)) == set(map(identity, before.items))
        if same and walk.listed == was.listed and not walk.fell:
            break  # it counts what it does not list
    else:
        if again and (walk.fell or walk.is_unproven):
            raise PaginationLoop("the vendor's list does not hold still.")
    shortage = walk.shortage()
    if shortage is None:
        return found
    end = len(found.items) + len(found.problems)
    return evolve(found, problems=(*found.problems, Problem(index=end, error=shortage)))


async def _walk(
    fetch: Callable[[Cursor | None], Awaitable[Page[T]]],
    identity: Callable[[T], str],
    *,
    again: bool,
) -> tuple[Page[T], Walk]:
    """Read all pages once."""
    records: list[T | Problem] = []
    odd: list[object] = []
    visited: set[Cursor | None] = set()
    walk, place, total = Walk(set(), whole=True, again=again), None, None
    while place not in visited:
        visited.add(place)
        try:
            page = distinct(await fetch(place), identity)
        except HelpdeskError as error:
            if walk.ends_with(error):
                return _joined(records, total), walk
            raise
        new = 0
        for record in page.records():
            if isinstance(record, Problem):
                # The same object again is a record that moved; two nulls are two records.
                if not has_id(record.raw) or record.raw not in odd:
                    odd.append(record.raw)
                    records.append(record)
            elif (known := identity(record)) not in walk.seen:
                walk.seen.add(known)
                records.append(record)
                new += 1
        left_out = set(page.filtered) - walk.seen  # they came, and count as the others do
        walk.seen |= left_out
        total = page.total if page.total is not None else total
        place = walk.see(page, new + len(left_out))
        if place is None:
            return _joined(records, total), walk
        if walk.runs_in_circles or (walk.barren and not is_empty(page)):
            break
    raise PaginationLoop("the vendor's list leads back to itself.")


def _joined(records: list[T | Problem], total: int | None) -> Page[T]:
    return Page(
        items=tuple(one for one in records if not isinstance(one, Problem)),
        problems=tuple(
            evolve(one, index=at) for at, one in enumerate(records) if isinstance(one, Problem)
        ),
        total=total,
    )
