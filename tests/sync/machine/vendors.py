"""A vendor's fake with its Store, or the desk in memory, for the machine to run over."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import define, field

import helpdesk_bridge as hb
from helpdesk_bridge.testing import FakeServer, MemorySettings, Store
from tests.sync.machine.reader import Breaks, Reader
from tests.sync.machine.world import Write
from tests.vendors import FAKES

__all__ = ["STORE_KINDS", "Vendor"]

STORE_KINDS = ("create", "update", "say", "say", "note", "delete", "restore", "advance")
"""What writers do on a Store."""
_READS = (
    *("list_tickets", "get_ticket", "list_messages"),
    *("list_changed", "list_deleted", "list_spoken", "read_feed"),
)
_ADA = hb.Party(id="11", name="Ada", email="ada@helpdesk.example", role=hb.Role.AGENT)


@define
class Vendor:
    """A vendor of the library's, over a Store that writers write to."""

    adapter: str
    store: Store = field(init=False)
    fake: FakeServer | None = None
    now: datetime = datetime(2026, 6, 1, 8, tzinfo=UTC)
    sees_deletions: bool = False
    lasts: float = 61.0
    """Seconds after which nothing more shows of what was done before: no fake lags by a minute."""
    _stack: AsyncExitStack = field(factory=AsyncExitStack, repr=False)

    def __attrs_post_init__(self) -> None:
        self.store = Store(clock=lambda: self.now)

    @property
    def needs_sweep(self) -> bool:
        """Whether deletions are found by a sweep only."""
        return not self.sees_deletions

    async def start(self) -> None:
        """Have the fake listen."""
        if self.adapter in FAKES:
            self.fake = await self._stack.enter_async_context(FAKES[self.adapter](self.store))

    async def stop(self) -> None:
        """Close the fake."""
        await self._stack.aclose()

    def opened(self, breaks: Breaks) -> hb.Helpdesk:
        """Return a desk that reads it."""

        async def between(request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
            await breaks("request")
            answer = await handler(request)
            await breaks("answer")
            return answer

        if self.fake is None:
            desk = hb.Helpdesk(MemorySettings(store=self.store))
            _watch(desk, breaks)
        else:
            config = {"desks": {"it": self.fake.table()}}
            desk = hb.connect("it", config=config, middlewares=(between,))
        sees = desk.capabilities[hb.Capability.CHANGES].limits.sees
        self.sees_deletions = sees is not None and hb.ChangeKind.DELETIONS in sees
        return desk

    def write(self, write: Write) -> None:
        """Do something on the Store, if there is something to do it to."""
        store, tickets = self.store, self.store.tickets.values()
        if write.kind == "advance":
            self.now += timedelta(seconds=write.late + 1)
            return
        if write.kind == "create":
            person = store.person("li@customer.example", "Li")
            store.create_ticket(subject="New", requester=person, html="Help me please.")
            return
        wanted = [one for one in tickets if (one.deleted_at is None) != (write.kind == "restore")]
        if not wanted:
            return
        ticket = wanted[write.which % len(wanted)]
        if write.kind == "update":
            is_open = ticket.status is hb.Status.OPEN
            status = hb.Status.RESOLVED if is_open else hb.Status.OPEN
            subject = f"Changed {store.number()}"
            store.update_ticket(ticket.id, subject=subject, status=status)
        elif write.kind == "delete":
            store.delete_ticket(ticket.id)
        elif write.kind == "restore":
            store.update_ticket(ticket.id, deleted_at=None)
        else:
            self._say(ticket.id, ticket.requester, note=write.kind == "note")

    def _say(self, ticket_id: int, customer: hb.Party, *, note: bool) -> None:
        self.store.add_message(
            ticket_id,
            type=hb.MessageType.NOTE if note else hb.MessageType.REQUEST,
            audience=hb.Audience.INTERNAL if note else hb.Audience.EXTERNAL,
            author=_ADA if note else customer,
            html=f"Words {self.store.last_number}.",
        )

    def wait(self, seconds: float) -> None:
        """Have time pass on it, which the reader waits."""
        self.now += timedelta(seconds=math.ceil(seconds))

    def heal(self) -> None:
        """Do nothing: all can be read."""

    async def check(self, reader: Reader) -> None:
        """Compare a copy with what a desk lists, and count it by the Store."""
        living = [ticket for ticket in self.store.tickets.values() if ticket.deleted_at is None]
        async with self.opened(Breaks()) as desk:
            listed = {ticket.id: ticket async for ticket in desk.tickets()}
            listed = {
                key: one for key, one in listed.items() if one.status is not hb.Status.DELETED
            }
            assert len(listed) == len(living)
            assert reader.tickets == listed
            if not reader.with_messages:
                return
            there: dict[str, hb.Message] = {}
            for ticket in listed.values():
                there.update({one.id: one async for one in desk.messages(ticket)})
        assert len(there) >= sum(len(ticket.messages) for ticket in living)
        told = {key: one for key, one in reader.messages.items() if one.ticket_id in listed}
        assert told == there


def _watch(desk: hb.Helpdesk, breaks: Breaks) -> None:
    """Have the adapter of a desk without HTTP come to a point before and behind each answer."""

    def watched(read: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def reading(*args: Any) -> Any:
            await breaks("request")
            answer = await read(*args)
            await breaks("answer")
            return answer

        return reading

    for name in _READS:
        setattr(desk.adapter, name, watched(getattr(desk.adapter, name)))
