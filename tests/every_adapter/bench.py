"""A desk on a fake on which calls are measured: the requests, and what the answers held.

Requests are counted by the fake. What the vendor did not do is read from its answers: an adapter
that leaves out or sorts what came is found out, whatever it says of itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from attrs import define, field, frozen

import helpdesk_bridge as hb
from helpdesk_bridge.errors import InvalidArgument, StatusNotAllowed, UnsupportedCapability
from helpdesk_bridge.testing import FakeServer, Store, TickingClock
from helpdesk_bridge.transport import Handler, Request, Response
from tests.vendors import FAKES

__all__ = ["BO", "LI", "Bench", "Measure", "number_of", "opened_bench"]

LI, BO = "li@customer.example", "bo@customer.example"
NAMES = {LI: "Li Zebra", BO: "Bo Rivers"}
AGENTS = {"airclou": "usr_7", "omnidesk": "12"}
"""An agent's id where the fake's Store has no list of agents."""
TEAMS = {"omnidesk": "31"}
"""A team as tickets have it; elsewhere the first one of the Store, or "Billing"."""
_REFUSALS = (InvalidArgument, StatusNotAllowed, UnsupportedCapability)
Call = Callable[[], Awaitable[Any]]


@frozen
class Measure:
    """One way of a call: its requests, and what was done here with the vendor's answers."""

    way: str
    requests: int
    ours: str = ""

    @property
    def is_native(self) -> bool:
        """Whether one request did it, and nothing was left to do here."""
        return self.requests == 1 and not self.ours


@define
class Bench:
    """A desk on a fake, and what was measured on it."""

    desk: hb.Helpdesk
    fake: FakeServer
    answers: list[Response]
    measures: list[Measure] = field(factory=list)
    refused: dict[str, str] = field(factory=dict)

    @property
    def store(self) -> Store:
        """The helpdesk behind the fake."""
        return self.fake.store

    @property
    def agent(self) -> hb.Party:
        """An agent of the account."""
        if self.store.agents:
            return self.store.agents[0]
        known: hb.Party | None = getattr(self.fake, "agent", None)
        return known or hb.Party(id=AGENTS[self.desk.adapter.name], role=hb.Role.AGENT)

    @property
    def team(self) -> str:
        """A team of the account, as its tickets have it."""
        known = next(iter(self.store.teams.values()), "Billing")
        return TEAMS.get(self.desk.adapter.name, known)

    def put(self, requester: str = BO, **fields: Any) -> str:
        """Put a ticket into the helpdesk, and return its number."""
        given = {"subject": "Export stops", "html": "<p>It stops.</p>", **fields}
        person = self.store.person(requester, NAMES[requester])
        stored = self.store.create_ticket(requester=person, **given)
        return str(stored.id)

    async def ticket(self, **fields: Any) -> hb.Ticket:
        """Put a ticket into the helpdesk, and read it."""
        number = self.put(**fields)
        async for ticket in self.desk.tickets():
            if number_of(ticket.id) == number:
                return ticket
        raise AssertionError("the list lacks a ticket")

    async def message(self, ticket: hb.Ticket) -> hb.Message:
        """Read the last message of a ticket."""
        return [message async for message in self.desk.messages(ticket)][-1]

    async def measure(self, way: str, call: Call, ours: Callable[[Any], str] | None = None) -> None:
        """Count what ``call`` asks; ``ours`` says of its result what was done here."""
        self.answers.clear()
        before = len(self.fake.journal)
        try:
            result = await call()
        except _REFUSALS as refusal:
            self.refused[way] = type(refusal).__name__
            return
        requests = len(self.fake.journal) - before
        self.measures.append(Measure(way, requests, ours(result) if ours else ""))

    async def filter(self, way: str, wanted: Iterable[str], **filters: Any) -> None:
        """Measure a list of tickets that must come to those that are ``wanted``."""
        expected = sorted(wanted)

        def ours(page: hb.Page[hb.Ticket]) -> str:
            handed = sorted(number_of(ticket.id) for ticket in page)
            assert handed == expected, f"{way}: {handed} came, not {expected}"
            more = set(self.came()) - set(handed)
            return f"{len(more)} left out" if more or page.filtered else ""

        await self.measure(way, lambda: self.desk.tickets(**filters), ours)

    def came(self) -> list[str]:
        """The numbers of the tickets in the vendor's answers, in their order."""
        found: list[str] = []
        for answer in self.answers:
            for number in _numbers(json.loads(answer.content)):
                if number in map(str, self.store.tickets) and number not in found:
                    found.append(number)
        return found


@asynccontextmanager
async def opened_bench(adapter: str) -> AsyncIterator[Bench]:
    """Open a desk of this adapter on a new fake; its answers are kept."""
    answers: list[Response] = []

    async def keep(request: Request, handler: Handler) -> Response:
        answer = await handler(request)
        answers.append(answer)
        return answer

    async with FAKES[adapter](Store(clock=TickingClock())) as fake:
        config = {"desks": {"it": fake.table()}}
        async with hb.connect("it", config=config, middlewares=[keep]) as desk:
            yield Bench(desk, fake, answers)


def number_of(ticket_id: str) -> str:
    """Return a ticket's number in the Store by its id."""
    return re.sub(r"\D", "", ticket_id)


def _numbers(data: Any) -> Iterable[str]:
    if isinstance(data, dict):
        if isinstance(data.get("id"), (int, str)):
            yield number_of(str(data["id"]))
        data = list(data.values())
    if isinstance(data, list):
        for part in data:
            yield from _numbers(part)
