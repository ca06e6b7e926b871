"""A desk of any adapter over a helpdesk on the real clock, whose answers can be lost."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from attrs import define, field

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.ledger import Ledger
from helpdesk_bridge.testing import FakeServer, MemorySettings, Store
from helpdesk_bridge.transport.outcome import with_outcome
from tests.vendors import FAKES

ADAPTERS = (*FAKES, "memory")
CUSTOMER = "li@customer.example"
BANK = "bank@party.example"
WORDS = "Grüße, the invoice 12 was paid twice."

Write = Callable[[hb.Helpdesk, hb.Ticket, str], Awaitable[Any]]

WRITES: dict[str, Write] = {
    "reply": lambda desk, ticket, text: desk.reply(ticket, text=text, send_email=True),
    "note": lambda desk, ticket, text: desk.note(ticket, text=text),
    "forward": lambda desk, ticket, text: desk.forward(ticket, to=BANK, text=text),
    "add_request": lambda desk, ticket, text: desk.add_request(ticket, author=CUSTOMER, text=text),
}


def lost(started_at: datetime | None) -> hb.HelpdeskError:
    """Return the error of a write whose connection broke."""
    dropped = hb.VendorUnavailable("the connection was dropped.")
    return with_outcome(dropped, unsafe=True, bytes_sent=True, started_at=started_at)


@define
class Trouble:
    """A middleware of a user's that breaks what it is told to, in order; else it does nothing.

    ``answer`` loses the answer to a write, ``request`` the write itself, ``fine`` lets one pass;
    a callable is given the request and the handler.
    """

    plan: list[Any] = field(factory=list)
    reads: Callable[[Any], Any] | None = None
    """What is done to the answer of a read."""

    async def __call__(self, request: Any, handler: Any) -> Any:
        if not request.unsafe:
            response = await handler(request)
            return response if self.reads is None else self.reads(response)
        how = self.plan.pop(0) if self.plan else "fine"
        if callable(how):
            return await how(request, handler)
        if how == "request":
            request.progress.bytes_sent = True
            request.progress.started_at = datetime.now(UTC)
            raise lost(request.progress.started_at)
        response = await handler(request)
        if how == "answer":
            raise lost(request.progress.started_at)
        return response


@define
class Place:
    """A desk, the helpdesk behind it, what may go wrong in between, and a ticket."""

    desk: hb.Helpdesk
    store: Store
    fake: FakeServer | None
    trouble: Trouble
    ticket: hb.Ticket

    @property
    def adapter(self) -> str:
        return self.desk.adapter.name

    @property
    def stored(self) -> list[Any]:
        """The messages of the ticket, without its events."""
        messages = self.store.tickets[number_of(self.ticket)].messages
        return [message for message in messages if message.type is not hb.MessageType.SYSTEM]

    @property
    def last(self) -> int:
        """The number of the ticket's last message."""
        return int(self.stored[-1].id)

    async def fail(self, write: str, how: str, text: str = WORDS) -> hb.OutcomeUnknown:
        """Make a write whose outcome is unknown, and return its error."""
        self.trouble.plan = [how]
        try:
            await WRITES[write](self.desk, self.ticket, text)
        except hb.OutcomeUnknown as error:
            return error
        raise AssertionError("it did not fail")


def number_of(thing: Any) -> int:
    """Return the Store's number of a message or ticket."""
    return int(re.sub(r"\D", "", thing.id))


@asynccontextmanager
async def opened(
    adapter: str,
    *,
    ledger: Ledger | None = None,
    store: Store | None = None,
    options: hb.TransportOptions | None = None,
    name: str = "it",
) -> AsyncIterator[Place]:
    """Open a desk of this adapter with a ticket on it."""
    store, trouble = store or Store(), Trouble()
    if adapter == "memory":
        desk = hb.Helpdesk(MemorySettings(store=store), name=name, ledger=ledger)
        _lose_calls(desk, trouble)
        async with desk:
            yield Place(desk, store, None, trouble, await _ticket(desk))
        return
    async with (
        FAKES[adapter](store) as fake,
        connected(fake, trouble, ledger=ledger, options=options, name=name) as desk,
    ):
        yield Place(desk, store, fake, trouble, await _ticket(desk))


def connected(
    fake: FakeServer,
    trouble: Trouble,
    *,
    ledger: Ledger | None = None,
    options: hb.TransportOptions | None = None,
    name: str = "it",
) -> hb.Helpdesk:
    """Return a desk on a fake."""
    found = hb.load_config({"desks": {name: fake.table()}}).desk(name)
    return hb.Helpdesk(
        found.settings,
        name=name,
        adapter=found.adapter,
        options=options,
        middlewares=[trouble],
        ledger=ledger,
    )


async def _ticket(desk: hb.Helpdesk) -> hb.Ticket:
    ticket = await desk.create_ticket(subject="Invoice", requester=CUSTOMER, text="Help me please.")
    return await desk.ticket(ticket.id)


def _lose_calls(desk: hb.Helpdesk, trouble: Trouble) -> None:
    """Have a memory desk, which has no middlewares, lose what ``trouble`` plans to be lost."""

    def losing(method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(*values: Any) -> Any:
            how = trouble.plan.pop(0) if trouble.plan else "fine"
            began = datetime.now(UTC)
            done = None if how == "request" else await method(*values)
            if how != "fine":
                raise lost(began)
            return done

        return call

    desk.adapter.send = losing(desk.adapter.send)  # type: ignore[method-assign]
    desk.adapter.create_ticket = losing(desk.adapter.create_ticket)  # type: ignore[method-assign]
