"""Tests of filters together: each must hold, beside every other, in every order, behind every cut.

For each filter there are tickets that fail this one only, so that whatever is dropped is seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial
from itertools import combinations
from typing import Any

import pytest
from attrs import field, frozen

from helpdesk_bridge.kit.vocabulary import Vocabulary
from helpdesk_bridge.model import Capability, Party, Priority, TicketKind, TicketOrder
from helpdesk_bridge.testing.conformance.account import Place, needs
from helpdesk_bridge.testing.conformance.filters import statuses
from helpdesk_bridge.testing.conformance.orders import START, offered, walked
from helpdesk_bridge.testing.conformance.others import takes, two_agents, two_teams

__all__ = ["CombinedFilterPromises"]

_MADE_WITH = ("requester", "subject")
_PRIORITIES = (Priority.HIGH, Priority.NORMAL, Priority.LOW, Priority.URGENT)
_KINDS = tuple(one for one in TicketKind if one is not TicketKind.UNKNOWN)


@frozen
class _Filter:
    """A filter, what a ticket has that it finds, and what those have that it must not find."""

    name: str
    asked: Any
    field: str
    fits: Any
    others: tuple[Any, ...]
    """None is whatever a new ticket has."""


@frozen
class _Filed:
    """The tickets of an account, by their ids, and the filters that tell them apart."""

    filters: Sequence[_Filter]
    made: dict[str, dict[str, Any]] = field(factory=dict)

    def found(self, chosen: Iterable[_Filter]) -> set[str]:
        """Return the tickets for which all of these hold."""
        chosen = tuple(chosen)
        return {
            ticket_id
            for ticket_id, fields in self.made.items()
            if not any(fields[one.field] in one.others for one in chosen)
        }

    @property
    def pairs(self) -> list[tuple[_Filter, ...]]:
        return [two for two in combinations(self.filters, 2) if two[0].name != two[1].name]

    @property
    def whole(self) -> tuple[_Filter, ...]:
        """All of them, each argument once."""
        return (*{one.name: one for one in self.filters}.values(),)

    @property
    def alone_and_all(self) -> list[tuple[_Filter, ...]]:
        return [*((one,) for one in self.filters), self.whole]


class CombinedFilterPromises:
    """What holds for several filters at once, and for filters in lists that are sorted or cut."""

    @needs(Capability.LIST_TICKETS)
    async def test_every_two_filters_must_both_hold_and_all_together(self, place: Place) -> None:
        filed = await _filed(place)
        for chosen in (*filed.alone_and_all, *filed.pairs):
            listed = [one.id async for one in place.desk.tickets(**_asked(chosen))]
            assert sorted(listed) == sorted(filed.found(chosen)), [one.name for one in chosen]

    @pytest.mark.parametrize("order", TicketOrder)
    @needs(Capability.LIST_TICKETS)
    async def test_filters_hold_in_every_order(self, place: Place, order: TicketOrder) -> None:
        if not offered(place, order):
            return
        filed = await _filed(place)
        for chosen in filed.alone_and_all:
            asked = _asked(chosen)
            listed = [one async for one in place.desk.tickets(**asked, order_by=order)]
            assert sorted(one.id for one in listed) == sorted(filed.found(chosen))
            told: list[Any] = [getattr(one, order.field) for one in listed]
            assert told == sorted(told, reverse=order.is_descending)

    @pytest.mark.parametrize("order", [None, *TicketOrder])
    @needs(Capability.LIST_TICKETS)
    async def test_a_filtered_list_that_is_cut_goes_on_behind_the_last_ticket(
        self, place: Place, order: TicketOrder | None
    ) -> None:
        if order is not None and not offered(place, order):
            return
        filed = await _filed(place)
        for chosen in filed.alone_and_all:
            asked = {**_asked(chosen), "order_by": order, "limit": 2}
            found = await walked(partial(place.desk.tickets, **asked), len(filed.made))
            assert sorted(one.id for one in found) == sorted(filed.found(chosen))


async def _filed(place: Place) -> _Filed:
    """Make a ticket for which every filter holds, and one for each way to fail one of them."""
    filed = _Filed(list(_filters(place)))
    fitting = {one.field: one.fits for one in filed.filters}
    failing: list[dict[str, Any]] = []
    for one in filed.filters:
        failing += [{**fitting, one.field: other} for other in one.others]
    for fields in (fitting, *failing, fitting):
        if fields is fitting or fields not in filed.made.values():
            filed.made[await _made(place, fields)] = fields
    return filed


async def _made(place: Place, fields: dict[str, Any]) -> str:
    made = [*_MADE_WITH]
    if place.desk.capabilities.supports(Capability.CREATE_TICKET):
        made += [f for f in ("priority", "kind") if takes(place, Capability.CREATE_TICKET, f)]
    ticket = await place.ticket(**{name: fields[name] for name in made if name in fields})
    rest = {n: told for n, told in fields.items() if n not in made and told is not None}
    if rest:
        await place.witness.arrange(ticket.id, **rest)
    return ticket.id


def _asked(chosen: Iterable[_Filter]) -> dict[str, Any]:
    return {one.name: one.asked for one in chosen}


def _filters(place: Place) -> Iterable[_Filter]:
    """Yield the filters that the desk offers."""
    yield from _of_words(place)
    yield from _of_people(place)
    yield from _of_text(place)
    for name in ("created", "updated"):
        if place.account.sets_times and _offers(place, Capability(f"filter_{name}_since")):
            earlier = START - timedelta(days=3)
            yield _Filter(f"{name}_since", START, f"{name}_at", START, (earlier,))


def _of_words(place: Place) -> Iterable[_Filter]:
    adapter = place.desk.adapter
    if _offers(place, Capability.FILTER_STATUS):
        first, *others = statuses(place)
        if others:
            yield _Filter("status", first, "status", first, (*others[:2],))
        if _offers(place, Capability.FILTER_STATUSES) and len(others) > 1:
            yield _Filter("status", [first, others[0]], "status", first, (others[1],))
    if _offers(place, Capability.FILTER_PRIORITY):
        yield _of_two("priority", _PRIORITIES, adapter.priority_words)
    if _offers(place, Capability.FILTER_KIND):
        yield _of_two("kind", _KINDS, adapter.kind_words)


def _of_two(name: str, values: Sequence[Any], words: Vocabulary[Any] | None) -> _Filter:
    known = [value for value in values if words is None or value in words.writes]
    return _Filter(name, known[0], name, known[0], (known[1],))


def _of_people(place: Place) -> Iterable[_Filter]:
    if _offers(place, Capability.FILTER_ASSIGNEE):
        agent, other = two_agents(place)
        yield _Filter("assignee", Party(id=agent.id), "assignee", agent, (other, None))
    if _offers(place, Capability.FILTER_TEAM):
        team, another = two_teams(place)
        yield _Filter("team", team, "team", team, (another, None))
    if _offers(place, Capability.FILTER_REQUESTER):
        one, unlike = place.account.other_customer, place.account.customer
        yield _Filter("requester", one, "requester", one, (unlike,))


def _of_text(place: Place) -> Iterable[_Filter]:
    if _offers(place, Capability.FILTER_TAG):
        tag, unlike = place.account.tags[:2] or ("vip", "bug")
        yield _Filter("tag", tag, "tags", (tag,), ((unlike,), None))
    if _offers(place, Capability.FILTER_TEXT):
        yield _Filter("text", "zebra", "subject", "A zebra crossing", ("Invoice 4711",))


def _offers(place: Place, capability: Capability) -> bool:
    return place.desk.capabilities.supports(capability)
