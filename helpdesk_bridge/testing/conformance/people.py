"""Tests of people: agents, teams and customers are found, and nobody is guessed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from helpdesk_bridge.errors import InvalidArgument, Outcome, UnsupportedCapability
from helpdesk_bridge.model import Capability, Party, Role, Team, Ticket
from helpdesk_bridge.model.addresses import address_key, same_address
from helpdesk_bridge.model.lookup import teams_meant
from helpdesk_bridge.testing.conformance.account import Place, needs
from helpdesk_bridge.testing.conformance.orders import walked
from helpdesk_bridge.testing.conformance.others import takes, two_agents, two_teams

__all__ = ["PeoplePromises"]

NOBODY = "nobody@nowhere.example"


class PeoplePromises:
    """What holds where a desk's people can be looked up."""

    @needs(Capability.LIST_AGENTS)
    async def test_the_agents_are_listed_once_each_with_an_id(self, place: Place) -> None:
        listed = [agent async for agent in place.desk.agents()]
        assert all(agent.id for agent in listed)
        assert len({agent.id for agent in listed}) == len(listed)
        assert all(agent.role in (Role.AGENT, Role.UNKNOWN) for agent in listed)
        for agent in _agents(place):
            assert len([one for one in listed if _is(one, agent)]) == 1

    @needs(Capability.LIST_AGENTS)
    async def test_no_customer_is_listed_as_an_agent(self, place: Place) -> None:
        written = (place.account.customer, place.account.other_customer)
        for requester in written:
            await place.ticket(requester=requester)
        listed = [agent async for agent in place.desk.agents()]
        assert not [one for one in listed for who in written if same_address(one.email, who)]

    @needs(Capability.LIST_CUSTOMERS)
    async def test_no_agent_is_listed_as_a_customer(self, place: Place) -> None:
        ticket = await place.ticket()
        if takes(place, Capability.UPDATE_TICKET, "assignee"):
            with suppress(UnsupportedCapability):
                await place.desk.update_ticket(ticket.id, assignee=place.account.agent)
        listed = [one async for one in place.desk.customers()]
        assert not [one for one in listed for agent in _agents(place) if _is(one, agent)]

    @needs(Capability.LIST_TEAMS)
    async def test_the_teams_are_listed_once_each_with_an_id(self, place: Place) -> None:
        listed = [team async for team in place.desk.teams()]
        assert all(team.id for team in listed)
        assert len({team.id for team in listed}) == len(listed)
        for team in {*place.account.teams, *([place.account.team] if place.account.team else [])}:
            assert len(teams_meant(listed, team)) == 1

    @needs(Capability.WHO_AM_I)
    async def test_the_desk_knows_whose_account_it_has(self, place: Place) -> None:
        me = await place.desk.me()
        assert me.id
        assert me == await place.desk.me()
        assert me.role in {Role.AGENT, Role.UNKNOWN}
        known = place.account.me
        assert known is not None, "who can be asked who he is must be known: Account(me=Party(…))"
        assert known.id in {None, me.id}
        assert known.email is None or same_address(me.email, known.email)

    @needs(Capability.LIST_CUSTOMERS)
    async def test_a_customer_is_found_by_the_address_alone(self, place: Place) -> None:
        if not _takes(place, "email"):
            return
        await place.ticket()
        await place.ticket(requester=place.account.other_customer)
        await place.ticket(requester=f"x{place.account.other_customer}")
        for address in (place.account.other_customer, place.account.other_customer.upper()):
            found = [one async for one in place.desk.customers(email=address)]
            assert [same_address(one.email, address) for one in found] == [True]
            assert found[0].id
            assert found[0].role in (Role.CUSTOMER, Role.UNKNOWN)

    @needs(Capability.LIST_CUSTOMERS)
    async def test_a_customer_is_found_by_words(self, place: Place) -> None:
        if not _takes(place, "text"):
            return
        await place.ticket()
        address = place.account.other_customer
        named = place.desk.capabilities.supports(Capability.CREATE_TICKET)
        await place.ticket(requester=f"Zyxw Vut <{address}>" if named else address)
        found: list[str | None] = []  # a vendor may look into names, or into addresses
        for words in ("Zyxw", address.partition("@")[0]):
            found += [one.email async for one in place.desk.customers(text=words)]
        assert any(same_address(email, address) for email in found)
        assert not any(same_address(email, place.account.customer) for email in found)

    @needs(Capability.LIST_CUSTOMERS)
    async def test_a_customer_who_is_not_there_is_an_empty_list(self, place: Place) -> None:
        await place.ticket()
        for option, sought in (("email", NOBODY), ("text", "zyxwv4711")):
            if _takes(place, option):
                asked: dict[str, Any] = {option: sought}
                pager = place.desk.customers(**asked)
                assert [one async for one in pager] == []
                assert pager.exhausted

    @needs(Capability.LIST_CUSTOMERS)
    async def test_customers_are_listed_once_each(self, place: Place) -> None:
        for requester in (place.account.customer, place.account.other_customer) * 2:
            await place.ticket(requester=requester)
        listed = [one async for one in place.desk.customers()]
        assert len({one.id for one in listed}) == len(listed)
        for address in (place.account.customer, place.account.other_customer):
            assert len([one for one in listed if same_address(one.email, address)]) == 1

    @needs(Capability.LIST_CUSTOMERS)
    async def test_a_customer_is_found_only_if_address_and_words_both_fit(
        self, place: Place
    ) -> None:
        if not (_takes(place, "email") and _takes(place, "text")):
            return
        await place.ticket()
        address = place.account.other_customer
        named = place.desk.capabilities.supports(Capability.CREATE_TICKET)
        await place.ticket(requester=f"Zyxw Vut <{address}>" if named else address)
        found: list[str | None] = []
        for words in ("Zyxw", address.partition("@")[0]):
            asked = partial(place.desk.customers, text=words)
            assert [one async for one in asked(email=place.account.customer)] == []
            found += [one.email async for one in asked(email=address)]
        assert found
        assert all(same_address(email, address) for email in found)

    @needs(Capability.LIST_CUSTOMERS)
    async def test_a_list_of_customers_found_by_words_goes_on_behind_the_last_one(
        self, place: Place
    ) -> None:
        if not _takes(place, "text"):
            return
        made = [f"zyxw{number}@customer.example" for number in range(3)]
        named = place.desk.capabilities.supports(Capability.CREATE_TICKET)
        for address in (*made, place.account.customer):
            name = "Zyxw" if address in made else "Li"
            await place.ticket(requester=f"{name} Vut <{address}>" if named else address)
        asked = partial(place.desk.customers, text="zyxw")
        whole = [one async for one in asked()]
        found = await walked(partial(asked, limit=2), len(whole))
        assert [one.id for one in found] == [one.id for one in whole]
        told = {address_key(one.email) for one in found}
        assert told >= {address_key(one) for one in made}
        assert address_key(place.account.customer) not in told

    @needs(Capability.LIST_CUSTOMERS)
    async def test_the_list_of_customers_is_complete(self, place: Place) -> None:
        made = [f"c{number}.{place.account.customer}" for number in range(place.account.many)]
        for requester in made:
            await place.witness.add_ticket(requester, "One of many", "One of many.")
        listed = [one async for one in place.desk.customers()]
        assert len({one.id for one in listed}) == len(listed)
        assert {address_key(one.email) for one in listed} >= {address_key(one) for one in made}

    @needs(Capability.LIST_AGENTS, Capability.UPDATE_TICKET, Capability.GET_TICKET)
    async def test_an_agent_is_assigned_by_address(self, place: Place) -> None:
        if not _takes(place, "assignee", Capability.UPDATE_TICKET):
            return
        agent, ticket = _with_an_address(place), await place.ticket()
        for address in (agent.email or "", (agent.email or "").upper()):
            changed = await place.desk.update_ticket(ticket, assignee=address)
            assert _is_assigned(changed, agent)
            assert _is_assigned(await place.desk.ticket(ticket.id), agent)

    @needs(Capability.LIST_AGENTS, Capability.CREATE_TICKET, Capability.GET_TICKET)
    async def test_a_new_ticket_is_assigned_by_address(self, place: Place) -> None:
        if not _takes(place, "assignee", Capability.CREATE_TICKET):
            return
        agent = _with_an_address(place)
        ticket = await place.ticket(assignee=agent.email)
        assert _is_assigned(await place.desk.ticket(ticket.id), agent)

    @needs(Capability.LIST_AGENTS, Capability.FILTER_ASSIGNEE, Capability.LIST_TICKETS)
    async def test_an_assignee_filters_exactly_by_address(self, place: Place) -> None:
        agent = _with_an_address(place)
        wanted, unwanted, _ = [await place.ticket() for _ in range(3)]
        await place.witness.arrange(wanted.id, assignee=agent)
        await place.witness.arrange(unwanted.id, assignee=two_agents(place)[1])
        for address in (agent.email or "", (agent.email or "").upper()):
            assert [one.id async for one in place.desk.tickets(assignee=address)] == [wanted.id]

    @needs(Capability.LIST_AGENTS, Capability.FILTER_ASSIGNEE, Capability.LIST_TICKETS)
    async def test_nothing_found_for_who_is_no_agent_is_an_error(self, place: Place) -> None:
        await place.ticket()
        for nobody in ("Adda No-Such-Agent", "99999999", Party(id="99999999")):
            await _refuses(place, assignee=nobody)

    @pytest.mark.parametrize("name", ["create_ticket", "update_ticket", "tickets"])
    @needs(Capability.LIST_AGENTS)
    async def test_who_is_no_agent_is_an_error_and_nothing_is_sent(
        self, place: Place, name: str
    ) -> None:
        capability, option, call = _CALLS[name]
        if not place.desk.capabilities.supports(capability):
            return
        if option is not None and not _takes(place, option, capability):
            return
        ticket = await place.ticket()
        letters = len(await place.witness.letters())
        before = await _tickets(place)
        with pytest.raises(InvalidArgument) as caught:
            await call(place, ticket)
        assert caught.value.outcome is Outcome.NOT_SENT
        assert NOBODY not in str(caught.value)
        assert await _tickets(place) == before
        assert len(await place.witness.letters()) == letters

    @needs(Capability.LIST_TEAMS, Capability.FILTER_TEAM, Capability.LIST_TICKETS)
    async def test_a_team_filters_exactly_by_id_and_by_name(self, place: Place) -> None:
        team = await _team(place)
        wanted, unwanted, _ = [await place.ticket() for _ in range(3)]
        await place.witness.arrange(wanted.id, team=place.account.team)
        await place.witness.arrange(unwanted.id, team=two_teams(place)[1])
        for word in {team.id, team.name, team.name.upper()} - {""}:
            assert [one.id async for one in place.desk.tickets(team=word)] == [wanted.id]
        await _refuses(place, team="No such team")
        await _refuses(place, team="99999999")

    @needs(Capability.LIST_TEAMS, Capability.UPDATE_TICKET, Capability.GET_TICKET)
    async def test_a_team_is_given_by_id_and_by_name(self, place: Place) -> None:
        if not _takes(place, "team", Capability.UPDATE_TICKET):
            return
        team = await _team(place)
        told: set[str | None] = set()
        for word in {team.id, team.name} - {""}:
            ticket = await place.ticket()
            await place.desk.update_ticket(ticket, team=word)
            told.add((await place.desk.ticket(ticket.id)).team)
        assert len(told) == 1
        assert told <= {team.id, team.name}


async def _refuses(place: Place, **filters: Any) -> None:
    with pytest.raises(InvalidArgument):
        assert [one.id async for one in place.desk.tickets(**filters)] == []


async def _listed_by_nobody(place: Place, _: Ticket) -> Any:
    return await place.desk.tickets(assignee=NOBODY)


_CALLS: dict[str, tuple[Capability, str | None, Callable[[Place, Ticket], Awaitable[Any]]]] = {
    "create_ticket": (
        Capability.CREATE_TICKET,
        "assignee",
        lambda p, _: p.ticket(assignee=NOBODY),
    ),
    "update_ticket": (
        Capability.UPDATE_TICKET,
        "assignee",
        lambda p, t: p.desk.update_ticket(t, assignee=NOBODY),
    ),
    "tickets": (Capability.FILTER_ASSIGNEE, None, _listed_by_nobody),
}


def _takes(place: Place, option: str, by: Capability = Capability.LIST_CUSTOMERS) -> bool:
    return takes(place, by, option)


def _agents(place: Place) -> list[Party]:
    agent = place.account.agent
    return [*place.account.agents, *([] if agent is None else [agent])]


def _with_an_address(place: Place) -> Party:
    """Return the account's agent with its address, which the account must tell."""
    agent = place.account.agent
    assert agent is not None, "an account whose agents can be looked up needs an agent"
    assert agent.email, "an agent who can be looked up needs an address: Account(agent=Party(…))"
    return agent


def _is(told: Party, known: Party) -> bool:
    if told.id is not None and told.id == known.id:
        return True
    return same_address(told.email, known.email)


def _is_assigned(ticket: Ticket, agent: Party) -> bool:
    return ticket.assignee is not None and _is(ticket.assignee, agent)


async def _team(place: Place) -> Team:
    assert place.account.team is not None, "an account whose teams can be looked up needs one"
    (found,) = teams_meant([one async for one in place.desk.teams()], place.account.team)
    return found


async def _tickets(place: Place) -> set[tuple[str, str | None]]:
    """Return the tickets and who has them, as far as they can be listed."""
    if not place.desk.capabilities.supports(Capability.LIST_TICKETS):
        return set()
    return {
        (one.id, None if one.assignee is None else one.assignee.id or one.assignee.email)
        async for one in place.desk.tickets()
    }
