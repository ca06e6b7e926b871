"""Find agents and teams by what a caller knows of them, in lists that are kept for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from typing import Generic, TypeVar

from attrs import define, evolve, field

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.kit.contract import Adapter
from helpdesk_bridge.kit.whole import read_whole
from helpdesk_bridge.model import (
    Capabilities,
    Capability,
    NewTicket,
    Page,
    Party,
    Team,
    TicketChanges,
    TicketQuery,
)
from helpdesk_bridge.model.lookup import only, people_meant, teams_meant
from helpdesk_bridge.model.lookup import person_key as key_of
from helpdesk_bridge.model.slots import Slots
from helpdesk_bridge.transport import waiting_for

__all__ = ["KEPT", "Directory", "key_of"]

T = TypeVar("T", Party, Team)
N = TypeVar("N", TicketQuery, NewTicket, TicketChanges)

KEPT = 300.0
"""Seconds for which a list of agents or teams is not read again, unless somebody is missing."""


@define(eq=False)
class _Kept(Generic[T]):
    """A list that is read when something is looked for in it, by one caller for all.

    A reading that fails, or whose caller is cancelled, changes nothing: the next one who waits
    reads. ``readings`` counts those that were begun, so that who misses something reads only a list
    that is older than the question.
    """

    read: Callable[[], Awaitable[Page[T]]]
    _turn: Slots = field(factory=lambda: Slots(1), init=False)
    _loop: asyncio.AbstractEventLoop | None = field(default=None, init=False)
    _readings: int = field(default=0, init=False)
    _page: Page[T] | None = field(default=None, init=False)
    _number: int = field(default=0, init=False)
    """Which reading the page is of."""
    _until: float = field(default=0.0, init=False)

    async def meant(self, choose: Callable[[Sequence[T]], list[T]]) -> list[T]:
        """Return what ``choose`` finds; where it finds nothing, in a list that is read anew.

        Raises the error of a record that could not be read, where nothing is found beside it: it
        may be the one that is looked for.
        """
        self._come_here()
        begun_before = self._readings
        found = self._kept(choose)
        if found:
            return found
        with waiting_for("the list of agents or teams"):
            await self._turn.acquire()
        try:
            found = self._kept(choose)  # others may have read it meanwhile
            if found or (self._number > begun_before and self._is_new):
                return found or self._nobody()
            self._readings = number = self._readings + 1
            page = await self.read()
            self._page, self._number, self._until = page, number, _now() + KEPT
            return self._kept(choose) or self._nobody()
        finally:
            self._turn.release()

    def _nobody(self) -> list[T]:
        assert self._page is not None  # noqa: S101 - it was looked through
        if not self._page.problems:
            return []
        error = copy(self._page.problems[0].error)  # each call puts its own names on it
        error.message = (
            f"not found, and a record that may be the one is unreadable: {error.message}"
        )
        raise error

    def _kept(self, choose: Callable[[Sequence[T]], list[T]]) -> list[T]:
        return choose(self._page.items) if self._page is not None and self._is_new else []

    @property
    def _is_new(self) -> bool:
        return _now() < self._until

    def _come_here(self) -> None:
        """Begin anew in another event loop: who held the turn in the last one has gone with it."""
        loop = _loop()
        if loop is not self._loop:
            self._loop, self._turn, self._until = loop, Slots(1), 0.0


class Directory:
    """The agents and teams of a desk, as far as its vendor needs them by another name.

    ``adapter`` reads the lists, ``capabilities`` are what the desk can do.
    """

    def __init__(self, adapter: Adapter, capabilities: Capabilities) -> None:
        self._adapter = adapter
        self._capabilities = capabilities
        self._agents: _Kept[Party] = _Kept(self._all_agents)
        self._teams: _Kept[Team] = _Kept(self._all_teams)

    async def _all_agents(self) -> Page[Party]:
        return await read_whole(self._adapter.list_agents, key_of)

    async def _all_teams(self) -> Page[Team]:
        return await read_whole(self._adapter.list_teams)

    async def named(self, asked: N) -> N:
        """Return a query or a write with its assignee and its team as the vendor takes them.

        Raises InvalidArgument for who is in no list, or in it several times, and whatever reading
        the lists raises.
        """
        if isinstance(asked.assignee, Party):
            agent = await self._agent(asked.assignee)
            if agent is not asked.assignee:
                asked = evolve(asked, assignee=agent)
        if isinstance(asked.team, str):
            team = await self._team(asked.team)
            if team != asked.team:
                asked = evolve(asked, team=team)
        return asked

    async def _agent(self, person: Party) -> Party:
        """Return an agent with what the list of agents has of it, if the vendor needs more."""
        taken = self._adapter.assignee_by
        if _known(person) & taken or not self._capabilities.supports(Capability.LIST_AGENTS):
            return person  # the adapter says by what it takes agents
        found = await self._agents.meant(lambda agents: people_meant(agents, person))
        agent = only(found, "assignee")
        if agent is None:
            raise InvalidArgument("assignee: no agent of this desk has this id, address or name.")
        whole = evolve(
            person,
            id=person.id if person.id is not None else agent.id,
            email=person.email if person.email is not None else agent.email,
            name=person.name if person.name is not None else agent.name,
        )
        if not _known(whole) & taken:
            raise InvalidArgument(
                f"assignee: the list of agents does not tell the {' or '.join(sorted(taken))} of"
                " this one, by which the desk takes agents."
            )
        return whole

    async def _team(self, team: str) -> str:
        """Return a team's id or name, whichever the vendor takes, if it takes one of them only."""
        taken = self._adapter.team_by
        if len(taken) != 1 or not self._capabilities.supports(Capability.LIST_TEAMS):
            return team
        one = only(await self._teams.meant(lambda teams: teams_meant(teams, team)), "team")
        if one is None:
            raise InvalidArgument("team: this desk has no team of this id or name.")
        return one.id if "id" in taken else one.name


def _known(person: Party) -> frozenset[str]:
    return frozenset(key for key in ("id", "email", "name") if getattr(person, key) is not None)


def _loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:  # a call that is driven by hand
        return None


def _now() -> float:
    loop = _loop()
    return time.monotonic() if loop is None else loop.time()
