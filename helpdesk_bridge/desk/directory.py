"""Find agents and teams by what a caller knows of them, in lists that are kept for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from copy import copy
from typing import Generic, TypeVar

from attrs import define, evolve, field

from helpdesk_bridge.desk.looked_up import cannot_look_up
from helpdesk_bridge.errors import HelpdeskError, InvalidArgument, PermissionDenied
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
from helpdesk_bridge.model.text import exact_number, is_digits
from helpdesk_bridge.transport import waiting_for
from helpdesk_bridge.transport.yielding import urgently

__all__ = ["KEPT", "Directory", "key_of"]

T = TypeVar("T", Party, Team)
N = TypeVar("N", TicketQuery, NewTicket, TicketChanges)

KEPT = 300.0
"""Seconds for which a list of agents or teams is not read again, unless somebody is missing."""
_ANYHOW = frozenset(("id", "email", "name"))
"""What an adapter takes agents by that looks them up by itself."""


@define(eq=False)
class _Kept(Generic[T]):
    """A list that is read when something is looked for in it, by one caller for all.

    A reading that fails, or whose caller is cancelled, changes nothing: the next one who waits
    reads. ``readings`` counts those that were begun, so that who misses something reads only a list
    that is older than the question.
    """

    read: Callable[[], Awaitable[Page[T]]]
    noun: str
    """What it is a list of, for errors."""
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
        may be the one that is looked for. An error of the reading is told as one of this list.
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
            try:
                with urgently():  # others may wait for it who do not yield
                    page = await self.read()
            except HelpdeskError as error:
                raise cannot_look_up(error, self.noun) from error
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
            f"not found in the list of {self.noun}, and a record that may be the one is unreadable:"
            f" {error.message}"
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
        self._agents: _Kept[Party] = _Kept(self._all_agents, "agents")
        self._teams: _Kept[Team] = _Kept(self._all_teams, "teams")

    async def _all_agents(self) -> Page[Party]:
        return await read_whole(self._adapter.list_agents, key_of)

    async def _all_teams(self) -> Page[Team]:
        return await read_whole(self._adapter.list_teams)

    async def named(self, asked: N, given: object = None) -> N:
        """Return a query or a write with its assignee and its team as the vendor takes them.

        A str without @ that is no number is looked up as an id, and then as a name.

        Args:
            asked: the query or the write.
            given: its assignee as the caller gave it.

        Raises:
            InvalidArgument: somebody is in no list, or in it several times.
            HelpdeskError: a list that is needed could not be read.
        """
        if isinstance(asked.assignee, Party):
            agent = await self._agent(asked.assignee, is_word=_is_word(given))
            if agent is not asked.assignee:
                asked = evolve(asked, assignee=agent)
        if isinstance(asked.team, str):
            team = await self._team(asked.team)
            if team != asked.team:
                asked = evolve(asked, team=team)
        return asked

    async def checked(self, query: TicketQuery, given: object = None) -> TicketQuery:
        """Return a query that found nothing, once its assignee and its team are on their lists.

        It is another query where one of them is on its list by a name that looks like an id. An
        account that may not read a list is left with what the vendor says.

        Args:
            query: what was asked, as :meth:`named` returns it.
            given: its assignee as the caller gave it.

        Raises:
            InvalidArgument: the assignee or the team is on no list.
            HelpdeskError: a list could not be read.
        """
        if self._adapter.takes_anybody:
            return query
        with suppress(PermissionDenied):
            query = await self._with_an_agent(query, is_word=_is_word(given))
        with suppress(PermissionDenied):
            query = await self._with_a_team(query)
        return query

    async def _with_an_agent(self, query: TicketQuery, *, is_word: bool) -> TicketQuery:
        person = query.assignee
        if person is None or not self._looks_up_agents:
            return query
        found = await self._agents.meant(lambda some: people_meant(some, person, word=is_word))
        if not found:
            raise InvalidArgument(_NO_AGENT)
        if person.id is None or any(one.id == person.id for one in found):
            return query
        return evolve(query, assignee=self._whole(Party(), only(found, "assignee")))

    async def _with_a_team(self, query: TicketQuery) -> TicketQuery:
        team = query.team
        if team is None or not self._capabilities.supports(Capability.LIST_TEAMS):
            return query
        found = await self._teams.meant(lambda some: teams_meant(some, team))
        if not found:
            raise InvalidArgument(_NO_TEAM)
        if not is_digits(team) or any(one.id == team for one in found):
            return query
        one = only(found, "team")
        return query if one is None else evolve(query, team=self._name_of(one))

    @property
    def _looks_up_agents(self) -> bool:
        is_listed = self._capabilities.supports(Capability.LIST_AGENTS)
        return is_listed and self._adapter.assignee_by != _ANYHOW

    async def _agent(self, person: Party, *, is_word: bool) -> Party:
        """Return an agent with what the list of agents has of it, if the vendor needs more."""
        if not self._looks_up_agents:
            return person  # the adapter says by what it takes agents
        word = is_word and exact_number(person.id) is None
        if not word and _known(person) & self._adapter.assignee_by:
            return person
        found = await self._agents.meant(lambda agents: people_meant(agents, person, word=word))
        agent = only(found, "assignee")
        if agent is None:
            raise InvalidArgument(_NO_AGENT)
        return self._whole(Party() if word else person, agent)

    def _whole(self, person: Party, agent: Party | None) -> Party:
        """Return a person with what the list of agents has of it, which must be enough."""
        agent = agent or person
        whole = evolve(
            person,
            id=person.id if person.id is not None else agent.id,
            email=person.email if person.email is not None else agent.email,
            name=person.name if person.name is not None else agent.name,
        )
        taken = self._adapter.assignee_by
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
        try:
            found = await self._teams.meant(lambda teams: teams_meant(teams, team))
        except PermissionDenied:
            if "id" in taken and exact_number(team) is not None:
                return team
            raise
        one = only(found, "team")
        if one is None:
            raise InvalidArgument(_NO_TEAM)
        return self._name_of(one)

    def _name_of(self, team: Team) -> str:
        return team.id if "id" in self._adapter.team_by else team.name


_NO_AGENT = "assignee: no agent of this desk has this id, address or name."
_NO_TEAM = "team: this desk has no team of this id or name."


def _is_word(given: object) -> bool:
    """Say whether a person was given as a str that may be an id or a name."""
    return isinstance(given, str) and "@" not in given


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
