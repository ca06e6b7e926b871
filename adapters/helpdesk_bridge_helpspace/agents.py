"""The vendor's list of agents, by which a reply is told from the words of anybody else.

AGENTS is https://documentation.helpspace.com/article/788/agents.
"""

from __future__ import annotations

import asyncio

from helpdesk_bridge import kit
from helpdesk_bridge.kit import (
    AnyId,
    Effect,
    JsonRecord,
    Operation,
    errors,
    given_id,
    read,
    read_records,
)
from helpdesk_bridge_helpspace.people import Agents
from helpdesk_bridge_helpspace.wire import PER_PAGE, Collection

__all__ = ["KEPT", "AgentJson", "AgentList"]

LIST_AGENTS = Operation("list_agents", Effect.READ)

KEPT = 300.0
"""Seconds for which the list is not read again."""
_NO = frozenset(("", "0", "false", "no"))


class AgentJson(JsonRecord, frozen=True):
    """AGENTS: ``{id int, name string, email string, is_agent bool}``."""

    id: AnyId | None = None
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


class AgentList:
    """Reads the list of agents when somebody is to be told, and keeps it for a while."""

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
                page = await self._page(cursor)
            except (errors.PermissionDenied, errors.NotFound, errors.ProtocolError):
                if answered:  # it may, and what came is not the whole list
                    raise
                return kit.Page(items=())  # what is no list names nobody
            answered = True
            return page

        return await kit.read_whole(fetch, _identity)

    async def _page(self, cursor: kit.Cursor | None) -> kit.Page[AgentJson]:
        """GET /agents."""
        number = kit.page_number(cursor)
        pairs = [("page", str(number)), ("per-page", str(PER_PAGE))]
        answer = await self._transport.send(LIST_AGENTS, "GET", ("agents",), query=pairs)
        listed = answer.read(lambda data: read(data, Collection))
        items, problems = read_records(listed.data, AgentJson, _as_it_is, "$.data")
        return kit.numbered_page(
            listed.told(answer.headers), items, problems, number=number, asked=PER_PAGE
        )


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
