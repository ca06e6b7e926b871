"""A desk of an adapter, the proxy, and the vendor's fake, over one Store that counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import count
from typing import Any

from attrs import define, evolve, field

import helpdesk_bridge as hb
from helpdesk_bridge.config import registry
from helpdesk_bridge.delivery.ledger import Ledger
from helpdesk_bridge.kit import Request, Response
from helpdesk_bridge.memory.stored import StoredMessage
from helpdesk_bridge.testing import FakeServer, FaultProxy, Store
from helpdesk_bridge.testing.sandbox import fake_of
from helpdesk_bridge.transport import Handler
from tests.byte_cuts.cuts import CUSTOMER, Operation, Sizes, passing

ADAPTERS = tuple(name for name in registry.available() if fake_of(name) is not None)
READ_GAP = 5.0
_AN_HOUR = timedelta(hours=1)


def _number(ticket_id: str) -> int:
    return int("".join(filter(str.isdigit, ticket_id)))


class Time:
    """The event loop's time, which can be put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None

    def forward(self, seconds: float) -> None:
        """Let so many seconds have passed."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, present = loop, loop.time
            loop.time = lambda: present() + self.ahead  # type: ignore[method-assign]
        self.ahead += seconds


@define
class StoreCounter:
    """Counts in the Store behind a fake."""

    store: Store

    async def messages(self, words: str) -> int:
        tickets = self.store.tickets.values()
        stored = [message for ticket in tickets for message in ticket.messages]
        # Some vendors keep an event of each mail, which holds its words too.
        said = [message for message in stored if message.type is not hb.MessageType.SYSTEM]
        return sum(words in message.html for message in said)

    async def tickets(self, words: str) -> int:
        return sum(ticket.subject == words for ticket in self.store.tickets.values())

    async def mails(self, words: str) -> int:
        return sum(words in mail.html for mail in self.store.outbox)

    async def subject(self, ticket_id: str) -> str | None:
        ticket = self.store.tickets[_number(ticket_id)]
        return None if ticket.deleted_at else ticket.subject


@define
class Bench:
    """What a chapter of the sweep needs; one fake and one proxy serve all of its cuts."""

    adapter: str
    fake: FakeServer
    proxy: FaultProxy
    time: Time
    counter: StoreCounter
    is_odd: bool = False
    """Whether the vendor changes what it is sent: then not every verdict can be given."""
    _numbers: count[int] = field(factory=lambda: count(100_000))
    _bodies: list[int] = field(factory=list)
    """The sizes of the answers' bodies."""

    @property
    def store(self) -> Store:
        return self.fake.store

    def words(self) -> str:
        """Return words that were never said before, all of one length."""
        return f"word {next(self._numbers)} of many"

    def hurry(self) -> None:
        """Let pass what a silent connection is allowed."""
        self.time.forward(READ_GAP + 1)

    @asynccontextmanager
    async def desk(
        self, ledger: Ledger | None = None, **transport: Any
    ) -> AsyncIterator[hb.Helpdesk]:
        """Open a desk whose connections lead through the proxy."""
        options = {"read_gap": READ_GAP, "deadline": 3600, **transport}
        table = self.fake.table() | {"base_url": self.proxy.url, "transport": options}
        config = {"desks": {"it": table}}
        async with hb.connect(
            "it", config=config, ledger=ledger, middlewares=[self._measure]
        ) as desk:
            yield desk

    async def _measure(self, request: Request, handler: Handler) -> Response:
        response = await handler(request)
        self._bodies.append(len(response.content))
        return response

    async def ticket(self, desk: hb.Helpdesk) -> hb.Ticket:
        """Return a new ticket, an hour old; all others are forgotten, so that lists stay short."""
        self.store.tickets.clear()
        self.store.outbox.clear()
        ticket = await desk.create_ticket(subject="S", requester=CUSTOMER, text="It is broken.")
        stored = self.store.tickets[_number(ticket.id)]
        stored.created_at -= _AN_HOUR
        stored.messages[:] = [
            evolve(message, created_at=message.created_at - _AN_HOUR) for message in stored.messages
        ]
        return await desk.ticket(ticket.id)

    async def sizes(self, operation: Operation, ledger: Ledger | None = None) -> list[Sizes]:
        """Carry ``operation`` out in peace, and return how large each of its requests was."""
        async with self.desk(ledger) as desk:
            ticket = await self.ticket(desk)
            self._bodies.clear()
            passed = await passing(self.proxy, operation.call(desk, ticket, self.words()))
        return [
            Sizes(
                method=request.method,
                request=request.request_bytes,
                request_head=request.request_bytes
                - int(request.headers.get("content-length", "0")),
                answer=request.answer_bytes,
                answer_head=request.answer_bytes - body,
            )
            for request, body in zip(passed, self._bodies, strict=True)
        ]


class OddStore(Store):
    """A helpdesk that signs every message and tells its times an hour wrong."""

    def add_message(self, *values: Any, html: str, **fields: Any) -> StoredMessage:
        text = fields.pop("text", None)
        made = super().add_message(
            *values,
            html=f"{html}<p>-- <br>The team of Acme</p>",
            text=text if text is None else f"{text}\n\n-- \nThe team of Acme",
            **fields,
        )
        made = evolve(made, created_at=made.created_at + _AN_HOUR)
        for ticket in self.tickets.values():
            ticket.messages[:] = [made if one.id == made.id else one for one in ticket.messages]
        return made


@asynccontextmanager
async def opened(adapter: str, time: Time, *, odd: bool = False) -> AsyncIterator[Bench]:
    """Open the bench of an adapter; ``odd`` is for a vendor that changes what it is sent."""
    kind = fake_of(adapter)
    assert kind is not None
    store = OddStore(last_number=100_000) if odd else Store(last_number=100_000)
    fake = kind(store)
    if hasattr(fake, "limit"):
        fake.limit = 10**9  # requests a minute
    async with fake, FaultProxy(fake.base_url) as proxy:
        yield Bench(adapter, fake, proxy, time, StoreCounter(store), odd)
