"""Tests of filters: each one is exact and complete, or refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.kit.vocabulary import Vocabulary
from helpdesk_bridge.model import Capability, Party, Priority, Status, TicketKind
from helpdesk_bridge.testing.conformance.account import Place, needs
from helpdesk_bridge.testing.conformance.others import two_agents, two_teams

__all__ = ["FilterPromises", "statuses"]


STATUSES = (
    Status.PENDING,
    Status.RESOLVED,
    Status.OPEN,
    Status.NEW,
    Status.ON_HOLD,
    Status.CLOSED,
)


_PRIORITIES = tuple(one for one in Priority if one is not Priority.UNKNOWN)
_KINDS = tuple(one for one in TicketKind if one is not TicketKind.UNKNOWN)


async def _listed(place: Place, **filters: Any) -> list[str]:
    return [ticket.id async for ticket in place.desk.tickets(**filters)]


class FilterPromises:
    """What holds for every filter that a desk offers."""

    @pytest.mark.parametrize("status", STATUSES)
    @needs(Capability.LIST_TICKETS)
    async def test_a_status_filters_exactly(self, place: Place, status: Status) -> None:
        support = place.desk.capabilities[Capability.FILTER_STATUS]
        known = support.limits.statuses
        if not _offered(place, Capability.FILTER_STATUS) or (known and status not in known):
            return
        wanted, other = await place.ticket(), await place.ticket()
        await place.witness.arrange(wanted.id, status=status)
        await place.witness.arrange(other.id, status=_unlike(place, status))
        assert await _listed(place, status=status) == [wanted.id]

    @needs(Capability.FILTER_STATUSES, Capability.FILTER_STATUS, Capability.LIST_TICKETS)
    async def test_of_several_statuses_each_counts_and_no_other(self, place: Place) -> None:
        known = statuses(place)
        made = {status: await place.ticket() for status in known}
        for status, ticket in made.items():
            await place.witness.arrange(ticket.id, status=status)
        wanted = [(one, other) for one in known for other in known if one < other]
        for some in ([known[0]], *wanted[:3], known):
            expected = {made[status].id for status in some}
            assert set(await _listed(place, status=some)) == expected

    @needs(Capability.FILTER_STATUSES, Capability.LIST_TICKETS)
    async def test_several_statuses_are_read_over_pages(self, place: Place) -> None:
        known = statuses(place)
        first = await place.ticket()
        await place.witness.add_tickets(place.account.customer, place.account.many)
        last = await place.ticket()
        fresh = {ticket.status async for ticket in place.desk.tickets()}  # new ones, or open
        others = [status for status in known if status not in fresh]
        if not others or not fresh <= set(known):
            return
        for ticket in (first, last):
            await place.witness.arrange(ticket.id, status=others[0])
        found = await _listed(place, status=[*fresh, others[0]])
        assert len(set(found)) == len(found) == place.account.many + 2

    @needs(Capability.FILTER_PRIORITY, Capability.LIST_TICKETS)
    async def test_a_priority_filters_exactly(self, place: Place) -> None:
        await _check_each(place, "priority", _PRIORITIES, place.desk.adapter.priority_words)

    @needs(Capability.FILTER_KIND, Capability.LIST_TICKETS)
    async def test_a_kind_filters_exactly(self, place: Place) -> None:
        await _check_each(place, "kind", _KINDS, place.desk.adapter.kind_words)

    @needs(Capability.FILTER_ASSIGNEE, Capability.LIST_TICKETS)
    async def test_an_assignee_filters_exactly(self, place: Place) -> None:
        agents = two_agents(place)
        made = [await place.ticket() for _ in range(3)]  # the last is nobody's
        for ticket, agent in zip(made, agents, strict=False):
            await place.witness.arrange(ticket.id, assignee=agent)
        for ticket, agent in zip(made, agents, strict=False):
            assert await _listed(place, assignee=Party(id=agent.id)) == [ticket.id]

    @needs(Capability.FILTER_TEAM, Capability.LIST_TICKETS)
    async def test_a_team_filters_exactly(self, place: Place) -> None:
        team, other = two_teams(place)
        wanted, unwanted, _ = [await place.ticket() for _ in range(3)]
        await place.witness.arrange(wanted.id, team=team)
        await place.witness.arrange(unwanted.id, team=other)
        assert await _listed(place, team=team) == [wanted.id]
        among = await _listed(place, team=other)  # it may be the one that new tickets have
        assert unwanted.id in among
        assert wanted.id not in among

    @needs(Capability.FILTER_TAG, Capability.LIST_TICKETS)
    async def test_a_tag_filters_exactly(self, place: Place) -> None:
        first, second = place.account.tags[:2] or ("vip", "bug")
        wanted, other = await place.ticket(), await place.ticket()
        await place.witness.arrange(wanted.id, tags=(first, second))
        await place.witness.arrange(other.id, tags=(second,))
        assert await _listed(place, tag=first) == [wanted.id]

    @needs(Capability.FILTER_REQUESTER, Capability.LIST_TICKETS)
    async def test_a_requester_filters_exactly(self, place: Place) -> None:
        wanted = await place.ticket(requester=place.account.other_customer)
        await place.ticket(requester=f"x{place.account.other_customer}")
        address = place.account.other_customer
        assert await _listed(place, requester=address) == [wanted.id]
        assert await _listed(place, requester=address.upper()) == [wanted.id]

    @needs(Capability.FILTER_TEXT, Capability.LIST_TICKETS)
    async def test_words_are_found(self, place: Place) -> None:
        wanted, _ = await place.ticket(subject="A zebra crossing"), await place.ticket()
        assert await _listed(place, text="zebra") == [wanted.id]

    @pytest.mark.parametrize(
        ("capability", "name", "time"),
        [
            (Capability.FILTER_CREATED_SINCE, "created_since", "created_at"),
            (Capability.FILTER_UPDATED_SINCE, "updated_since", "updated_at"),
        ],
    )
    @needs(Capability.GET_TICKET, Capability.LIST_TICKETS)
    async def test_a_time_filters_to_the_second_and_is_inclusive(
        self, place: Place, capability: Capability, name: str, time: str
    ) -> None:
        if not _offered(place, capability):
            return
        made = [await place.ticket() for _ in range(3)]
        times: Mapping[str, Any] = {
            ticket.id: getattr(await place.desk.ticket(ticket.id), time) for ticket in made
        }
        since = sorted(times.values())[1]
        expected = {ticket_id for ticket_id, at in times.items() if at >= since}
        assert set(await _listed(place, **{name: since})) == expected
        later = max(times.values()) + timedelta(seconds=1)
        assert await _listed(place, **{name: later}) == []

    @needs(Capability.FILTER_REQUESTER, Capability.FILTER_STATUS, Capability.LIST_TICKETS)
    async def test_several_filters_must_all_hold(self, place: Place) -> None:
        known = place.desk.capabilities[Capability.FILTER_STATUS].limits.statuses
        status = next((s for s in STATUSES if known is None or s in known), None)
        if status is None:
            return
        both, customer_only = await place.ticket(), await place.ticket()
        status_only = await place.ticket(requester=place.account.other_customer)
        await place.witness.arrange(both.id, status=status)
        await place.witness.arrange(status_only.id, status=status)
        await place.witness.arrange(customer_only.id, status=_unlike(place, status))
        found = await _listed(place, requester=place.account.customer, status=status)
        assert found == [both.id]

    @needs(Capability.FILTER_REQUESTER, Capability.LIST_TICKETS)
    async def test_a_filter_reads_past_pages_without_a_match(self, place: Place) -> None:
        first = await place.ticket(requester=place.account.other_customer)
        await place.witness.add_tickets(place.account.customer, place.account.many)
        last = await place.ticket(requester=place.account.other_customer)
        found = await _listed(place, requester=place.account.other_customer)
        assert sorted(found) == sorted([first.id, last.id])


async def _check_each(
    place: Place, name: str, values: Sequence[Any], words: Vocabulary[Any] | None
) -> None:
    """List by each value that the desk knows. It may refuse another, which it must not list."""
    taken = place.desk.capabilities[Capability.CREATE_TICKET].limits.options
    writable = taken is None or name in taken
    made: dict[Any, str] = {}
    for value in values:
        if words is not None and value not in words.writes:
            continue
        with suppress(InvalidArgument):  # it has no such word
            if writable and place.desk.capabilities.supports(Capability.CREATE_TICKET):
                made[value] = (await place.ticket(**{name: value})).id
            else:
                ticket = await place.ticket()
                await place.witness.arrange(ticket.id, **{name: value})
                made[value] = ticket.id
    assert len(made) > 1, f"a desk that lists by {name} knows two of them"
    for value, ticket_id in made.items():
        assert await _listed(place, **{name: value}) == [ticket_id]


def statuses(place: Place) -> list[Status]:
    """Return statuses that can be asked for, each of which a ticket here can have.

    ``place`` is the desk.
    """
    by = place.desk.capabilities[Capability.FILTER_STATUS].limits.statuses
    among = place.desk.capabilities[Capability.FILTER_STATUSES].limits.statuses
    return [s for s in STATUSES if (by is None or s in by) and (among is None or s in among)]


def _unlike(place: Place, status: Status) -> Status:
    """Return another status, one that the desk knows if it knows two."""
    known = place.desk.capabilities[Capability.FILTER_STATUS].limits.statuses or STATUSES
    others = [s for s in (Status.OPEN, Status.PENDING, *STATUSES) if s is not status]
    return next((s for s in others if s in known), others[0])


def _offered(place: Place, *capabilities: Capability) -> bool:
    return place.desk.capabilities.supports(*capabilities)
