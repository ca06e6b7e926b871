"""A vendor that takes agents by id and teams by name only, over real HTTP, and its adapter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar

from aiohttp import web
from attrs import frozen

import helpdesk_bridge as hb
from helpdesk_bridge import kit
from helpdesk_bridge.kit import Capability, Effect, Operation, native
from helpdesk_bridge.testing import FakeServer

AGENTS = Operation("list_agents", Effect.READ)
TEAMS = Operation("list_teams", Effect.READ)
LIST = Operation("list_tickets", Effect.READ)
GET = Operation("get_ticket", Effect.READ)
CREATE = Operation("create_ticket")
UPDATE = Operation("update_ticket", Effect.IDEMPOTENT_WRITE)
_AT = datetime(2026, 6, 1, tzinfo=UTC)


@frozen(kw_only=True)
class RolodexSettings:
    """Where it is."""

    adapter: ClassVar[str] = "rolodex"
    base_url: str


class _AgentJson(kit.JsonRecord, frozen=True):
    id: kit.AnyId
    name: str | None = None
    email: str | None = None


class Rolodex(kit.Adapter):
    """The adapter."""

    name = "rolodex"
    settings_type = RolodexSettings
    assignee_by = frozenset(("id",))
    team_by = frozenset(("name",))
    offers: ClassVar = {
        one: native()
        for one in (
            *(Capability.LIST_TICKETS, Capability.CREATE_TICKET, Capability.UPDATE_TICKET),
            *(Capability.GET_TICKET, Capability.LIST_AGENTS, Capability.LIST_TEAMS),
            *(Capability.FILTER_ASSIGNEE, Capability.FILTER_TEAM),
        )
    }

    async def list_agents(self, cursor: kit.Cursor | None) -> kit.Page[kit.Party]:
        """GET /agents, two a page."""
        query = [] if cursor is None else [("page", str(cursor))]
        answer = await self.transport.send(AGENTS, "GET", ("agents",), query=query)
        return answer.read(self._agents)

    def _agents(self, data: Any) -> kit.Page[kit.Party]:
        items, problems = kit.read_records(
            data["items"],
            _AgentJson,
            lambda one: kit.Party(id=str(one.id), name=one.name, email=one.email),
            "$.items",
        )
        following = data["next"]
        place = None if following is None else kit.Cursor(following)
        return kit.Page(items=items, problems=problems, next=place)

    async def list_teams(self, cursor: kit.Cursor | None) -> kit.Page[kit.Team]:
        """GET /teams."""
        del cursor
        answer = await self.transport.send(TEAMS, "GET", ("teams",))
        return kit.Page(items=tuple(kit.Team(id=i, name=n) for i, n in answer.json()["teams"]))

    async def list_tickets(
        self, query: kit.TicketQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Ticket]:
        """GET /tickets."""
        del cursor
        pairs = [("agent", query.assignee.id or "")] if query.assignee else []
        pairs += [("team", query.team)] if query.team else []
        answer = await self.transport.send(LIST, "GET", ("tickets",), query=pairs)
        found = answer.json().get("tickets", ())
        return kit.Page(items=tuple(_ticket(one, kit.Party(email="li@c.example")) for one in found))

    async def get_ticket(self, ticket_id: str) -> kit.Ticket:
        """GET /tickets/{id}."""
        await self.transport.send(GET, "GET", ("tickets", ticket_id))
        return _ticket(ticket_id, kit.Party(email="li@customer.example"))

    async def create_ticket(self, new: kit.NewTicket) -> kit.Ticket:
        """POST /tickets."""
        body = {"agent": new.assignee.id if new.assignee else None, "team": new.team}
        await self.transport.send(CREATE, "POST", ("tickets",), json=body)
        return _ticket("1", new.requester)

    async def update_ticket(self, ticket_id: str, changes: kit.TicketChanges) -> kit.Ticket:
        """PATCH /tickets/{id}."""
        body = {"agent": changes.assignee.id if isinstance(changes.assignee, kit.Party) else None}
        await self.transport.send(UPDATE, "PATCH", ("tickets", ticket_id), json=body)
        return _ticket(ticket_id, kit.Party(email="li@customer.example"))


def _ticket(ticket_id: str, requester: kit.Party) -> kit.Ticket:
    return kit.Ticket(
        id=ticket_id,
        subject="S",
        status=kit.Status.OPEN,
        requester=requester,
        created_at=_AT,
    )


class RolodexFake(FakeServer):
    """The vendor; ``agents`` and ``teams`` are what it lists, ``held`` holds its lists back.

    ``tickets`` are the ids of what a list holds, whoever is asked for; ``by`` those of one agent or
    team alone.
    """

    def __init__(self) -> None:
        super().__init__()
        self.agents: list[Any] = [
            {"id": "u1", "name": "Ada", "email": "Ada@Bücher.example"},
            {"id": "u2", "name": "Bo", "email": "bo@desk.example"},
            {"id": "u3", "name": "Bo", "email": "other.bo@desk.example"},
        ]
        self.teams = [("t1", "Billing"), ("t2", "Sales"), ("t3", "Sales")]
        self.held: asyncio.Event | None = None
        self.waiting = 0
        self.status = 200
        self.tickets: list[str] = []
        self.by: dict[str, list[str]] = {}

    def routes(self) -> Iterable[web.RouteDef]:
        """Return what it knows."""
        return [
            web.get("/agents", self._list_agents),
            web.get("/teams", self._list_teams),
            web.get("/tickets", self._list_tickets),
            web.get("/tickets/{id}", self._done),
            web.post("/tickets", self._done),
            web.patch("/tickets/{id}", self._done),
        ]

    def asked(self, path: str) -> int:
        """Return how often ``path`` was asked for."""
        return sum(one.path == path for one in self.journal)

    @property
    def writes(self) -> list[str]:
        """The bodies of all writes."""
        return [one.body.decode() for one in self.journal if one.method != "GET"]

    async def _list_agents(self, request: web.Request) -> web.Response:
        begin, told = int(request.query.get("page", "0")), list(self.agents)
        if self.held is not None:
            self.waiting += 1
            await self.held.wait()
        more = begin + 2 < len(told)
        body = {"items": told[begin : begin + 2], "next": str(begin + 2) if more else None}
        return web.json_response(body, status=self.status)

    async def _list_teams(self, _: web.Request) -> web.Response:
        return web.json_response({"teams": self.teams}, status=self.status)

    async def _list_tickets(self, request: web.Request) -> web.Response:
        whose = request.query.get("agent") or request.query.get("team") or ""
        return web.json_response({"tickets": [*self.tickets, *self.by.get(whose, ())]})

    async def _done(self, _: web.Request) -> web.Response:
        return web.json_response({})


@asynccontextmanager
async def rolodex(**more: Any) -> AsyncIterator[tuple[RolodexFake, hb.Helpdesk]]:
    """Open a desk on a new one."""
    async with RolodexFake() as fake:
        settings = RolodexSettings(base_url=fake.base_url)
        async with hb.Helpdesk(settings, adapter=Rolodex, **more) as desk:
            yield fake, desk
