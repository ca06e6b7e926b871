"""Tests of the order of lists, and of lists that are cut and gone on with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import pytest

from helpdesk_bridge.desk.pager import Pager
from helpdesk_bridge.model import Capability, Ticket, TicketOrder
from helpdesk_bridge.testing.conformance.account import Place, needs

__all__ = ["START", "OrderPromises", "offered", "walked"]

T = TypeVar("T")

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLACES = (3, 1, 4, 1, 0, 2, 1)
"""Hours behind START: the order is neither that of making nor the reverse, and one is thrice."""


class OrderPromises:
    """What holds for the order in which tickets come, and for the place behind each."""

    @pytest.mark.parametrize("order", TicketOrder)
    @needs(Capability.LIST_TICKETS)
    async def test_tickets_come_in_the_order_that_is_asked_for(
        self, place: Place, order: TicketOrder
    ) -> None:
        if not offered(place, order):
            return
        times = await _arranged(place, order)
        listed = [ticket async for ticket in place.desk.tickets(order_by=order)]
        _check_order(listed, times, order)
        first = [ticket async for ticket in place.desk.tickets(order_by=order, limit=2)]
        _check_order(first, times, order, whole=False)
        assert sorted(_times(first, times, order)) == sorted(_times(listed[:2], times, order))

    @pytest.mark.parametrize("order", TicketOrder)
    @needs(Capability.LIST_TICKETS)
    async def test_an_order_holds_over_pages_and_loses_nobody(
        self, place: Place, order: TicketOrder
    ) -> None:
        if not offered(place, order):
            return
        times = await _arranged(place, order)
        await place.witness.add_tickets(place.account.customer, place.account.many)
        times |= await _arranged(place, order)  # these are on another page of the unsorted list
        listed = [ticket async for ticket in place.desk.tickets(order_by=order)]
        assert len({one.id for one in listed}) == len(listed) == place.account.many + len(times)
        own = [one for one in listed if one.id in times]
        _check_order(own, times, order)

    @pytest.mark.parametrize("order", [None, *TicketOrder])
    @needs(Capability.LIST_TICKETS)
    async def test_a_list_that_is_cut_goes_on_behind_the_last_ticket(
        self, place: Place, order: TicketOrder | None
    ) -> None:
        if order is not None and not offered(place, order):
            return
        times = await _arranged(place, order)
        whole = [ticket async for ticket in place.desk.tickets(order_by=order)]
        for limit in (1, 3):
            found = await walked(
                partial(place.desk.tickets, order_by=order, limit=limit), len(whole)
            )
            ids = [one.id for one in found]
            assert sorted(ids) == sorted(one.id for one in whole)
            if order is None:
                assert ids == [one.id for one in whole]
            else:
                _check_order(found, times, order)

    @needs(Capability.LIST_CUSTOMERS)
    async def test_a_list_of_customers_that_is_cut_goes_on_behind_the_last_one(
        self, place: Place
    ) -> None:
        for requester in (place.account.customer, place.account.other_customer):
            await place.ticket(requester=requester)
        whole = [one async for one in place.desk.customers()]
        found = await walked(partial(place.desk.customers, limit=1), len(whole))
        assert [one.id for one in found] == [one.id for one in whole]


async def walked(listed: Callable[..., Pager[T]], most: int) -> list[T]:
    """Read a list by a limit and the cursor behind it, to its end.

    Args:
        listed: the call, which has its limit.
        most: how many there are at most, or the list is endless.

    Returns:
        What was handed out, in all.
    """
    found: list[T] = []
    cursor: str | None = None
    for _ in range(most + 2):  # one more where nothing says that the last one was the last
        pager = listed(cursor=cursor)
        found += [one async for one in pager]
        if pager.exhausted:
            return found
        cursor = pager.cursor
        assert cursor is not None, "the list ended short in silence"
    pytest.fail("a list that is cut by a limit does not come to its end")


async def _arranged(place: Place, order: TicketOrder | None) -> dict[str, datetime | None]:
    """Make tickets and return the time of each; None: the account cannot set it."""
    times: dict[str, datetime | None] = {}
    for hours in PLACES:
        ticket = await place.ticket()
        times[ticket.id] = None
        if order is not None and place.account.sets_times:
            at = START + timedelta(hours=hours)
            await place.witness.arrange(ticket.id, **{order.field: at})
            times[ticket.id] = at
    return times


def _check_order(
    listed: Sequence[Ticket],
    times: Mapping[str, datetime | None],
    order: TicketOrder,
    *,
    whole: bool = True,
) -> None:
    if whole:
        assert sorted(one.id for one in listed) == sorted(times)
    told = _times(listed, times, order)
    assert told == sorted(told, reverse=order.is_descending)


def _times(
    listed: Sequence[Ticket], times: Mapping[str, datetime | None], order: TicketOrder
) -> list[Any]:
    """Return the times by which they are ordered: those arranged, or else those that are told."""
    return [times[one.id] or getattr(one, order.field) for one in listed]


def offered(place: Place, order: TicketOrder) -> bool:
    """Say whether lists come in this order here.

    ``place`` is the desk, ``order`` the order.
    """
    return place.desk.capabilities.supports(Capability(f"order_{order.field}"))
