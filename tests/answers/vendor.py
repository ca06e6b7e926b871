"""A vendor's fake behind a server that gives one of its answers another shape."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import aiohttp
from attrs import define, field, frozen

import helpdesk_bridge as hb
from helpdesk_bridge.testing import Answer, FaultServer, Store
from helpdesk_bridge.testing.faults import ReceivedRequest
from tests.answers.shapes import Change, Meaning, Plain, Shape
from tests.vendors import FAKES

__all__ = ["CUSTOMER", "DEADLINE", "Distortion", "World", "opened"]

CUSTOMER = "li@customer.example"
DEADLINE = 20.0
TICKETS, MESSAGES = 230, 130
_KEPT = ("content-type", "etag", "location")
_UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


@frozen
class Distortion:
    """What becomes of an answer: which one, whether of all attempts, and how."""

    meaning: Meaning
    changes: tuple[Change, ...] = field(repr=False)
    names: tuple[str, ...]
    seed: int
    target: int = 0
    """Which of the requests of its sort gets it, from 0."""
    lasting: bool = True
    """Whether every later request of its sort gets it, too."""


@frozen
class Arrived:
    """A write that arrived, and its answer."""

    target: str
    clean: bool
    """Whether it got the vendor's own answer."""
    status: str
    is_empty: bool
    """Whether nothing is read of the body of the vendor's own answer."""
    is_gone: bool
    """Whether the vendor's own answer was that there is no such thing."""


@define
class World:
    """A vendor with something in it, and the server in front of it."""

    adapter: str
    table: dict[str, Any]
    fake: Any
    ticket: str
    tickets: frozenset[str]
    messages: frozenset[str]
    session: aiohttp.ClientSession
    server: FaultServer = field(init=False)
    distortion: Distortion | None = None
    on_writes: bool = False
    can: frozenset[str] = frozenset()
    """The calls that this vendor takes."""
    writes: list[Arrived] = field(factory=list)
    tally: Counter[str] = field(factory=Counter)
    """Which answers that were the vendor's own in other clothes were not understood."""
    _read: Any = None
    looks: int = 0
    """How many requests only read after the first write; they get the vendor's own answers."""
    _seen: int = 0
    _known: dict[tuple[str, str], Plain] = field(factory=dict)

    def begin(self, distortion: Distortion | None, *, on_writes: bool = False) -> None:
        """Distort the next call's answers like this."""
        self.distortion, self.on_writes = distortion, on_writes
        self.writes.clear()
        self.looks = self._seen = 0

    async def answer(self, request: ReceivedRequest) -> Answer:
        """Return what the vendor answers, in the shape that is asked for."""
        writes = request.method in _UNSAFE
        plain = await self._plain(request, keep=not self.on_writes)
        shape, distortion = Shape.of(plain), self.distortion
        hit = False
        if distortion is not None and writes is self.on_writes:
            hit = (
                self._seen >= distortion.target
                if distortion.lasting
                else (self._seen == distortion.target)
            )
            self._seen += 1
        if hit and distortion is not None:
            random = Random(distortion.seed)
            for change in distortion.changes:
                change(shape, random)
        if writes:
            target = f"{request.method} {request.target}"
            # RT tells the id of what was made by a header, and its body is read by nobody.
            told = not plain.body or "Location" in plain.headers
            gone = plain.status == 404
            self.writes.append(Arrived(target, not hit, shape.status[:3], told, gone))
        elif self.writes:
            self.looks += 1
        return shape.answer()

    async def _plain(self, request: ReceivedRequest, *, keep: bool) -> Plain:
        key = request.method, request.target
        if keep and key in self._known:
            return self._known[key]
        headers = {
            name: value
            for name, value in request.headers.items()
            if name not in ("host", "content-length", "transfer-encoding", "accept-encoding")
        }
        origin = self.fake.base_url.removesuffix(self.fake.prefix)
        async with self.session.request(
            request.method, origin + request.target, data=request.body or None, headers=headers
        ) as answer:
            kept = {n: v for n, v in answer.headers.items() if n.lower() in _KEPT}
            plain = Plain(answer.status, kept, await answer.read())
        if keep:
            self._known[key] = plain
        return plain

    def forget(self) -> None:
        """Read everything anew: something was written."""
        self._known.clear()

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[hb.Helpdesk]:
        """Open a new desk of this vendor; its configuration is read once."""
        if self._read is None:
            transport = {"deadline": DEADLINE, "read_gap": 8, "max_attempts": 2}
            config = {"desks": {"it": {**self.table, "transport": transport}}}
            self._read = hb.load_config(config).desk("it")
        read = self._read
        async with hb.Helpdesk(
            read.settings, name=read.name, adapter=read.adapter, options=read.options
        ) as desk:
            yield desk


@asynccontextmanager
async def opened(adapter: str) -> AsyncIterator[World]:
    """Open a world of this vendor with many tickets, and many messages on one of them."""
    store = Store()
    customer = store.person(CUSTOMER)
    for n in range(TICKETS):
        store.create_ticket(
            subject=f"Printer {n}",
            requester=customer,
            html="<p>It broke.</p>",
            status=hb.Status.OPEN,
        )
    async with FAKES[adapter](store) as fake, aiohttp.ClientSession() as session:
        table = fake.table()
        if adapter == "airclou":
            fake.limit = 10**9  # a minute; what is refused by it would be another answer
        async with hb.connect("it", config={"desks": {"it": table}}) as desk:
            listed = [ticket async for ticket in desk.tickets()]
            one = next(t for t in listed if t.subject == "Printer 0")
            for n in range(MESSAGES):
                await desk.note(one, text=f"This is note {n}.")
            said = [message.id async for message in desk.messages(one)]
        world = World(
            adapter,
            table,
            fake,
            one.id,
            frozenset(t.id for t in listed),
            frozenset(said),
            session,
        )
        async with FaultServer(default=world.answer) as server:
            world.server = server
            origin = fake.base_url.removesuffix(fake.prefix)
            world.can = _possible(desk.capabilities)
            world.table = {**table, "base_url": table["base_url"].replace(origin, server.url)}
            yield world


def _possible(can: hb.Capabilities) -> frozenset[str]:
    needed = {
        "tickets": hb.Capability.LIST_TICKETS,
        "messages": hb.Capability.LIST_MESSAGES,
        "ticket": hb.Capability.GET_TICKET,
        "message": hb.Capability.GET_MESSAGE,
        "reply": hb.Capability.REPLY,
        "note": hb.Capability.NOTE,
        "create": hb.Capability.CREATE_TICKET,
        "update": hb.Capability.UPDATE_TICKET,
        "delete": hb.Capability.DELETE_TICKET,
    }
    return frozenset(name for name, capability in needed.items() if can.supports(capability))
