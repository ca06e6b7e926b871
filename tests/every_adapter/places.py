"""A desk of any adapter on an empty helpdesk, as shared tests see it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from attrs import frozen

import helpdesk_bridge as hb
from helpdesk_bridge.config import registry
from helpdesk_bridge.testing import FakeServer, Mail, MemorySettings, Store, TickingClock
from helpdesk_bridge.testing.sandbox import fake_of

ADAPTERS = registry.available()


@frozen
class Place:
    """A desk, the helpdesk behind it, and (where there is HTTP) the fake vendor in between."""

    desk: hb.Helpdesk
    store: Store
    fake: FakeServer | None

    @property
    def requests(self) -> int:
        """How many requests were made so far."""
        return len(self.fake.journal) if self.fake else 0

    @property
    def mails(self) -> list[Mail]:
        """The mails that messages caused, not those that a helpdesk sends of itself."""
        return [mail for mail in self.store.outbox if mail.message_id is not None]

    async def conversation(self, ticket: hb.Ticket) -> list[hb.Message]:
        """Return what people wrote: some helpdesks list events as well."""
        read = [message async for message in self.desk.messages(ticket)]
        return [message for message in read if message.type is not hb.MessageType.SYSTEM]


@asynccontextmanager
async def opened(adapter: str) -> AsyncIterator[Place]:
    """Open a desk of this adapter on a new, empty helpdesk."""
    store = Store(clock=TickingClock())
    kind = fake_of(adapter)
    if kind is None:
        assert adapter == "memory", f"{adapter} has no fake to be tested with"
        async with hb.Helpdesk(MemorySettings(store=store)) as desk:
            yield Place(desk, store, None)
        return
    async with kind(store) as fake:
        config = {"desks": {"it": fake.table()}}
        async with hb.connect("it", config=config) as desk:
            yield Place(desk, store, fake)
