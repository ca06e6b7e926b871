"""Find agents and teams by what a caller knows of them, in lists that are kept for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, TypeVar

from attrs import define, evolve, field

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.kit.contract import Adapter
from helpdesk_bridge.kit.whole import read_whole
from helpdesk_bridge.model import (
    Capabilities,
    Capability,
    NewTicket,
    Party,
    Team,
    TicketChanges,
    TicketQuery,
)
from helpdesk_bridge.model.addresses import same_address
from helpdesk_bridge.model.slots import Slots
from helpdesk_bridge.model.text import folded

__all__ = ["KEPT", "Directory", "key_of"]

T = TypeVar("T")
N = TypeVar("N", TicketQuery, NewTicket, TicketChanges)

KEPT = 300.0
"""Seconds for which a list of agents or teams is not read again, unless somebody is missing."""


def key_of(person: Party) -> str:
    """Return what tells one person of a list from the others."""
    return person.id or f"{person.email} {person.name}"


@define
class _Kept(Generic[T]):
    """A list that is read when something is looked for in it, by one caller for all."""

    read: Callable[[], Awaitable[tuple[T, ...]]]
    _turn: Slots = field(factory=lambda: Slots(1), init=False)
    _found: tuple[T, ...] = field(default=(), init=False)
    _until: float = field(default=0.0, init=False)

    async def matching(self, fits: Callable[[T], bool]) -> list[T]:
        """Return what fits; where nothing does, the list is read again, if it is not new."""
        async with self._turn:
            now = asyncio.get_running_loop().time()
            is_kept = now < self._until
            found = [one for one in self._found if fits(one)] if is_kept else []
            if found:
                return found
            self._until = 0.0
            self._found = await self.read()
            self._until = asyncio.get_running_loop().time() + KEPT
            return [one for one in self._found if fits(one)]


class Directory:
    """The agents and teams of a desk, as far as its vendor needs them by another name.

    Args:
        adapter: what reads the lists.
        capabilities: what the desk can do.
    """

    def __init__(self, adapter: Adapter, capabilities: Capabilities) -> None:
        self._adapter = adapter
        self._capabilities = capabilities
        self._agents: _Kept[Party] = _Kept(self._all_agents)
        self._teams: _Kept[Team] = _Kept(self._all_teams)

    async def _all_agents(self) -> tuple[Party, ...]:
        page = await read_whole(self._adapter.list_agents, key_of)
        return tuple(page)

    async def _all_teams(self) -> tuple[Team, ...]:
        page = await read_whole(self._adapter.list_teams)
        return tuple(page)

    async def agent(self, person: Party, name: str = "assignee") -> Party:
        """Return an agent as the vendor takes it: with its id, where it is found by that only.

        Args:
            person: the agent, by address, id or name.
            name: the argument by which it was given.

        Returns:
            The same, or with the id that the list of agents has for it.

        Raises:
            InvalidArgument: the list has no such agent, or several.
        """
        known = {key for key in ("id", "email", "name") if getattr(person, key) is not None}
        if known & self._adapter.assignee_by:
            return person
        if not self._capabilities.supports(Capability.LIST_AGENTS):
            return person  # the adapter says by what it takes agents
        found = await self._agents.matching(lambda agent: _is(agent, person))
        missing = f"{name}: no agent of this desk has this name or address."
        agent = _only(found, key_of, missing, name)
        return evolve(person, id=agent.id)

    async def team(self, team: str, name: str = "team") -> str:
        """Return a team as the vendor takes it: its id or its name.

        Args:
            team: the team, by id or name.
            name: the argument by which it was given.

        Returns:
            The same, or what the list of teams has for it.

        Raises:
            InvalidArgument: the list has no such team, or several.
        """
        taken = self._adapter.team_by
        if len(taken) != 1 or not self._capabilities.supports(Capability.LIST_TEAMS):
            return team
        found = await self._teams.matching(lambda one: team == one.id)
        if not found:
            found = await self._teams.matching(lambda one: folded(one.name) == folded(team))
        one = _only(found, lambda one: one.id, f"{name}: this desk has no such team.", name)
        return one.id if "id" in taken else one.name

    async def named(self, asked: N) -> N:
        """Return a query or a write with its assignee and its team as the vendor takes them."""
        if isinstance(asked.assignee, Party):
            asked = evolve(asked, assignee=await self.agent(asked.assignee))
        if isinstance(asked.team, str):
            asked = evolve(asked, team=await self.team(asked.team))
        return asked


def _is(agent: Party, wanted: Party) -> bool:
    if wanted.id is not None:
        return agent.id == wanted.id
    if wanted.email is not None:
        return same_address(agent.email, wanted.email)
    return agent.name is not None and folded(agent.name) == folded(wanted.name or "")


def _only(found: Iterable[T], key: Callable[[T], str], missing: str, name: str) -> T:
    different = {key(one): one for one in found}
    if not different:
        raise InvalidArgument(missing)
    if len(different) > 1:
        raise InvalidArgument(f"{name}: {len(different)} of this desk are called so: give the id.")
    return next(iter(different.values()))
