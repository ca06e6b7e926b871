"""The vendor's list of agents, by which a reply is told from the words of anybody else.

AGENTS is https://documentation.helpspace.com/article/788/agents.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from helpdesk_bridge import kit
from helpdesk_bridge.kit import (
    AnyId,
    Effect,
    JsonRecord,
    Operation,
    Role,
    errors,
    fast_party,
    given_id,
)
from helpdesk_bridge_helpspace.paging import Place, read_page
from helpdesk_bridge_helpspace.people import Agents
from helpdesk_bridge_helpspace.wire import own_id

__all__ = ["KEPT", "AgentJson", "AgentList"]

LIST_AGENTS = Operation("list_agents", Effect.READ)

T = TypeVar("T")

KEPT = 300.0
"""Seconds for which the list is not read again."""
_NO = frozenset(("", "0", "false", "no"))


class AgentJson(JsonRecord, frozen=True):
    """AGENTS: ``{id int, name string, email string, is_agent bool}``."""

    id: AnyId | None = None
    name: str | None = None
    email: str | None = None
    is_agent: bool | int | str | None = None

    @property
    def speaks_for_the_desk(self) -> bool:
        """Whether it is an agent: it is on their list, and not said to be none."""
        told = self.is_agent
        return told is None or (told.lower() not in _NO if isinstance(told, str) else bool(told))

    @property
    def address(self) -> str:
        """The address, as all its spellings have it in common; empty where there is none."""
        return kit.address_key(kit.read_person(self.email or "").email)

    def to_party(self) -> kit.Party:
        """Return the person, of the role UNKNOWN where it is said to be no agent."""
        told = kit.read_person(self.email or "")
        return fast_party(
            id=own_id(self.id),
            name=self.name or told.name,
            email=told.email,
            role=Role.AGENT if self.speaks_for_the_desk else Role.UNKNOWN,
        )


class AgentList:
    """Reads the list of agents, and keeps it for a while where somebody is to be told by it."""

    def __init__(self, transport: kit.Transport) -> None:
        self._transport = transport
        self._turn = kit.Slots(1)
        self._agents: Agents | None = None
        self._until = 0.0

    @property
    def kept(self) -> Agents | None:
        """The list as it was read within the last minutes; None where it was not."""
        return self._agents if _now() < self._until else None

    async def read(self) -> Agents:
        """Return the whole list, read once for all who ask at the same time.

        An account that may not read it (403, 404), or gets no list for it, knows no agents by it:
        a reading of messages does not fail for that, and who is not known stays unknown. A list of
        which something is missing is not kept.

        Raises:
            HelpdeskError: it could not be read.
        """
        async with self._turn:
            agents = self.kept
            if agents is None:
                try:
                    with kit.urgently():  # others may wait for it who do not yield
                        agents = _known_by(await self._whole())
                except errors.HelpdeskError as error:
                    _name_list(error)
                    raise
                self._agents = None if agents.problems else agents
                self._until = _now() + KEPT
            return agents

    async def _whole(self) -> kit.Page[AgentJson]:
        """Return all records in one page; none where the account may not read them."""
        answered = False

        async def fetch(cursor: kit.Cursor | None) -> kit.Page[AgentJson]:
            nonlocal answered
            try:
                page = await self._page(cursor, _as_it_is)
            except (errors.PermissionDenied, errors.NotFound, errors.ProtocolError):
                if answered:  # it may, and what came is not the whole list
                    raise
                return kit.Page(items=())  # what is no list names nobody
            answered = True
            return page

        return await kit.read_whole(fetch, _identity)

    async def people(self, cursor: kit.Cursor | None) -> kit.Page[kit.Party]:
        """Return the page of agents at ``cursor``, without those who are said to be none."""
        page = await self._page(cursor, AgentJson.to_party)
        return page.where(lambda person: person.role is Role.AGENT)

    async def _page(
        self, cursor: kit.Cursor | None, convert: Callable[[AgentJson], T]
    ) -> kit.Page[T]:
        """GET /agents."""
        place = Place.of(cursor)
        return await read_page(self._transport, LIST_AGENTS, ("agents",), place, AgentJson, convert)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _as_it_is(agent: AgentJson) -> AgentJson:
    return agent


def _identity(agent: AgentJson) -> str:
    return f"{agent.id} {agent.email}"


def _name_list(error: errors.HelpdeskError) -> None:
    """Say which list failed: the call that is told of it has read another."""
    error.message = f"the list of agents: {error.message}"


def _known_by(page: kit.Page[AgentJson]) -> Agents:
    for problem in page.problems:
        _name_list(problem.error)
    agents = [agent for agent in page.items if agent.speaks_for_the_desk]
    ids = {given_id(agent.id) for agent in agents}
    return Agents(
        ids=frozenset(number for number in ids if number is not None),
        addresses=frozenset(agent.address for agent in agents) - {""},
        problems=page.problems,
    )
