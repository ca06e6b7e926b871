"""Tests of who gets a ticket: the agent and the team that were asked for, and nothing besides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from helpdesk_bridge.errors import HelpdeskError, InvalidArgument, Outcome
from helpdesk_bridge.model import Capability, Party, Ticket
from helpdesk_bridge.model.lookup import teams_meant
from helpdesk_bridge.testing.conformance.account import Place, needs
from helpdesk_bridge.testing.conformance.others import (
    changes,
    namesakes,
    takes,
    two_agents,
    two_teams,
)

__all__ = ["AssigningPromises"]

_UPDATE, _CREATE = Capability.UPDATE_TICKET, Capability.CREATE_TICKET
_COMPARED = ("subject", "status", "priority", "kind", "assignee", "team", "tags", "requester")


class AssigningPromises:
    """What holds for the agent and the team of a ticket, wherever they can be set."""

    @needs(Capability.UPDATE_TICKET, Capability.GET_TICKET)
    async def test_whoever_is_asked_for_is_assigned(self, place: Place) -> None:
        if not takes(place, _UPDATE, "assignee"):
            return
        ticket = await place.ticket()
        for agent in two_agents(place):
            for asked in _ways(place, agent):
                await place.desk.update_ticket(ticket.id, assignee=None)
                await place.desk.update_ticket(ticket.id, assignee=asked)
                assert _assigned(await place.desk.ticket(ticket.id), agent)

    @needs(Capability.CREATE_TICKET, Capability.GET_TICKET)
    async def test_a_new_ticket_is_assigned_to_whoever_is_asked_for(self, place: Place) -> None:
        if not takes(place, _CREATE, "assignee"):
            return
        for agent in two_agents(place):
            for asked in _ways(place, agent):
                ticket = await place.ticket(assignee=asked)
                assert _assigned(await place.desk.ticket(ticket.id), agent)

    @needs(Capability.UPDATE_TICKET, Capability.GET_TICKET)
    async def test_a_ticket_goes_to_the_team_that_is_asked_for(self, place: Place) -> None:
        if not takes(place, _UPDATE, "team"):
            return
        ticket = await place.ticket()
        for team in (*two_teams(place), place.account.team):
            await place.desk.update_ticket(ticket.id, team=team)
            assert (await place.desk.ticket(ticket.id)).team == team

    @needs(Capability.CREATE_TICKET, Capability.GET_TICKET)
    async def test_a_new_ticket_is_of_the_team_that_is_asked_for(self, place: Place) -> None:
        if not takes(place, _CREATE, "team"):
            return
        for team in two_teams(place):
            ticket = await place.ticket(team=team)
            assert (await place.desk.ticket(ticket.id)).team == team

    @needs(Capability.CREATE_TICKET)
    async def test_a_new_ticket_with_an_agent_or_a_team_mails_nobody(self, place: Place) -> None:
        given: dict[str, Any] = {"assignee": place.account.agent, "team": place.account.team}
        for option, value in given.items():
            if value is not None and takes(place, _CREATE, option):
                await place.ticket(**{option: value})
        assert list(await place.witness.letters()) == []

    @pytest.mark.parametrize(
        "option", ["status", "subject", "tags", "team", "assignee", "priority", "kind"]
    )
    @needs(Capability.UPDATE_TICKET, Capability.GET_TICKET)
    async def test_a_change_changes_nothing_else_and_mails_nobody(
        self, place: Place, option: str
    ) -> None:
        possible = changes(place)
        if option not in possible:
            return
        ticket = await place.ticket()
        for other, value in possible.items():
            if other not in {option, "status", "subject", "custom_fields"}:
                await place.desk.update_ticket(ticket.id, **{other: value})
        before = await place.desk.ticket(ticket.id)
        await place.desk.update_ticket(ticket.id, **{option: possible[option]})
        after = await place.desk.ticket(ticket.id)
        assert getattr(after, option) != getattr(before, option)
        kept = [name for name in _COMPARED if name != option]
        assert [getattr(after, n) for n in kept] == [getattr(before, n) for n in kept]
        assert await place.letters() == []

    @pytest.mark.parametrize("name", ["create_ticket", "update_ticket", "tickets"])
    async def test_of_several_of_a_name_nobody_is_taken(self, place: Place, name: str) -> None:
        for called in namesakes(place):
            if not _can_be_asked(place, name, "assignee"):
                return
            ticket = await place.ticket()
            before = await _state(place, ticket)
            with pytest.raises(InvalidArgument) as caught:
                await _call(place, name, ticket, assignee=Party(name=called))
            assert caught.value.outcome is Outcome.NOT_SENT
            assert await _state(place, ticket) == before

    @pytest.mark.parametrize("name", ["create_ticket", "update_ticket"])
    @needs(Capability.LIST_TEAMS)
    async def test_a_team_that_is_not_there_is_an_error_and_changes_nothing(
        self, place: Place, name: str
    ) -> None:
        if not _can_be_asked(place, name, "team"):
            return
        ticket = await place.ticket()
        if takes(place, _UPDATE, "team"):
            await place.desk.update_ticket(ticket.id, team=place.account.team)
        before = await _state(place, ticket)
        with pytest.raises(HelpdeskError) as caught:
            await _call(place, name, ticket, team="No such team")
        assert caught.value.outcome in {Outcome.NOT_SENT, Outcome.REJECTED}
        assert await _state(place, ticket) == before
        assert await place.letters() == []

    @needs(Capability.LIST_TEAMS, Capability.CREATE_TICKET, Capability.GET_TICKET)
    async def test_a_new_ticket_is_given_a_team_by_id_and_by_name(self, place: Place) -> None:
        if not takes(place, _CREATE, "team"):
            return
        listed = [one async for one in place.desk.teams()]
        for team in two_teams(place):
            (known,) = teams_meant(listed, team)
            for word in {known.id, known.name} - {""}:
                ticket = await place.ticket(team=word)
                assert (await place.desk.ticket(ticket.id)).team == team


def _ways(place: Place, agent: Party) -> Iterable[Party]:
    """Yield an agent as one may be named here: by id, and by address where it is looked up."""
    yield Party(id=agent.id)
    if agent.email and place.desk.capabilities.supports(Capability.LIST_AGENTS):
        yield Party(email=agent.email)


def _assigned(ticket: Ticket, agent: Party) -> bool:
    return ticket.assignee is not None and ticket.assignee.id == agent.id


def _can_be_asked(place: Place, name: str, option: str) -> bool:
    offered = place.desk.capabilities.supports
    if name == "tickets":
        return offered(Capability.FILTER_ASSIGNEE, Capability.LIST_TICKETS)
    capability = Capability(name)
    return offered(capability) and takes(place, capability, option)


async def _call(place: Place, name: str, ticket: Ticket, **given: Any) -> None:
    if name == "tickets":
        await place.desk.tickets(**given)
    elif name == "create_ticket":
        await place.ticket(**given)
    else:
        await place.desk.update_ticket(ticket.id, **given)


async def _state(place: Place, ticket: Ticket) -> tuple[Any, ...]:
    """Return what the ticket is, as far as it can be read, and which tickets there are."""
    can = place.desk.capabilities.supports
    read = await place.desk.ticket(ticket.id) if can(Capability.GET_TICKET) else ticket
    listed = [t.id async for t in place.desk.tickets()] if can(Capability.LIST_TICKETS) else []
    return (*(getattr(read, name) for name in _COMPARED), sorted(listed))
