"""A helpdesk for followers: it knows who asked what when, fails as told, and lives on any clock."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from attrs import define, evolve, field, frozen

import helpdesk_bridge as hb
from helpdesk_bridge import kit
from helpdesk_bridge.kit import Capability, ChangeKind, ChangeMode, errors, native
from helpdesk_bridge.transport import Effect, Operation
from tests.transport.virtual import now

__all__ = [
    "Cursors",
    "PolledSettings",
    "Reader",
    "Scanned",
    "Spoken",
    "Vendor",
    "Windowed",
    "opened",
    "told",
]

_BEGINNING = datetime(2026, 3, 1, 9, tzinfo=UTC)
_READ = Operation("list_tickets", Effect.READ)


async def _nothing(_: str) -> None:
    """Let the reader be."""


@define
class Vendor:
    """Tickets, the one that changed last at the end, and what was asked."""

    tickets: dict[str, kit.Ticket] = field(factory=dict)
    said: dict[str, list[kit.Message]] = field(factory=dict)
    log: list[str] = field(factory=list)
    """The ids of what changed, one after the other."""
    asked: list[tuple[float, str]] = field(factory=list)
    """When (loop time) which request came."""
    breaks: Callable[[str], Awaitable[None]] = _nothing
    """What is awaited at each request, with its name; it may raise."""
    delay: float = 0.0
    """Seconds that an answer takes."""
    under_way: int = 0
    most: int = 0
    """How many requests were under way at once at most."""
    _numbers: Any = field(factory=lambda: itertools.count(1))

    def begin(self, count: int) -> None:
        """Have so many tickets, made some time ago."""
        for number in range(1, count + 1):
            at = _BEGINNING - timedelta(seconds=10 * (count - number) + 600)
            self._put(str(number), at)

    def change(self, ticket_id: str | None = None) -> str:
        """Have a message arrive now, in a new ticket or another; return its text."""
        at = _BEGINNING + timedelta(seconds=int(now()))
        ticket_id = ticket_id or str(100_000 + next(self._numbers))
        text = f"Words {next(self._numbers)}"
        self.said.setdefault(ticket_id, []).append(
            kit.Message(
                id=str(next(self._numbers)),
                ticket_id=ticket_id,
                type=hb.MessageType.REQUEST,
                audience=hb.Audience.EXTERNAL,
                text=text,
                created_at=at,
            )
        )
        self._put(ticket_id, at)
        return text

    def rename(self, ticket_id: str) -> None:
        """Change a ticket, of whose messages nothing changes."""
        at = _BEGINNING + timedelta(seconds=int(now()))
        self.log.append(ticket_id)
        before = self.tickets.pop(ticket_id)
        self.tickets[ticket_id] = evolve(before, subject="Renamed", updated_at=at)

    def _put(self, ticket_id: str, at: datetime) -> None:
        self.log.append(ticket_id)
        before = self.tickets.pop(ticket_id, None)
        made = before or kit.Ticket(id=ticket_id, subject="S", status=hb.Status.OPEN, created_at=at)
        self.tickets[ticket_id] = evolve(made, updated_at=at, last_message_at=at)

    async def answer(self, name: str) -> None:
        """Take a request."""
        self.asked.append((now(), name))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await asyncio.sleep(self.delay)
            await self.breaks(name)
        finally:
            self.under_way -= 1

    def times(self, name: str) -> list[float]:
        """Return when (loop time) a request came."""
        return [at for at, one in self.asked if one == name]


@frozen(kw_only=True)
class PolledSettings:
    """The helpdesk; with ``base_url`` each request goes through the transport first."""

    adapter: ClassVar[str] = "polled"
    vendor: Vendor
    account: str = "one"
    base_url: str | None = None


_ABLE = (Capability.LIST_TICKETS, Capability.GET_TICKET, Capability.LIST_MESSAGES)
_SIZE = 100


def _offers(mode: ChangeMode, size: int | None = None) -> dict[Capability, kit.Support]:
    sees = frozenset((ChangeKind.MESSAGES, ChangeKind.FIELDS))
    limits = kit.CapabilityLimits(mode=mode, sees=sees, resolution=1.0)
    able = {one: native() for one in _ABLE}
    able[Capability.LIST_TICKETS] = native(limits=kit.CapabilityLimits(page_size=size))
    return {**able, Capability.CHANGES: native(limits=limits)}


class _Polled(kit.Adapter):
    name = "polled"
    settings: PolledSettings
    settings_type = PolledSettings
    account_by = frozenset(("account",))
    message_ids_grow = True
    offers: ClassVar = _offers(ChangeMode.SCAN)

    @property
    def vendor(self) -> Vendor:
        """The helpdesk."""
        return self.settings.vendor

    async def _ask(self, name: str) -> None:
        if self.settings.base_url is not None:
            await self.transport.send(_READ, "GET", (name,))
        await self.vendor.answer(name)

    async def list_tickets(
        self, query: kit.TicketQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Ticket]:
        """Return a page by id."""
        await self._ask("list_tickets")
        return _page(sorted(self.vendor.tickets, key=int), self.vendor, cursor)

    async def get_ticket(self, ticket_id: str) -> kit.Ticket:
        """Return a ticket."""
        await self._ask("get_ticket")
        found = self.vendor.tickets.get(ticket_id)
        if found is None:
            raise errors.NotFound("there is no such ticket.", status=404)
        return found

    async def list_messages(
        self, ticket: kit.TicketRef, query: kit.MessageQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Message]:
        """Return a conversation."""
        await self._ask("list_messages")
        found = self.vendor.said.get(ticket.id, [])
        return kit.Page(items=tuple(found), listed=len(found))


class Windowed(_Polled):
    """Lists what changed last."""

    offers: ClassVar = _offers(ChangeMode.WINDOW)

    async def list_changed(self, cursor: kit.Cursor | None) -> kit.Page[kit.Ticket]:
        """Return a page of what changed last."""
        await self._ask("list_changed")
        return _page(list(reversed(self.vendor.tickets)), self.vendor, cursor)


class Scanned(_Polled):
    """Lists all tickets, and nothing else."""


class Spoken(Scanned):
    """Lists the tickets with new messages, too."""

    offers: ClassVar = _offers(ChangeMode.SCAN, 50)

    async def list_tickets(
        self, query: kit.TicketQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Ticket]:
        """Return a page by id, of fifty."""
        await self._ask("list_tickets")
        return _page(sorted(self.vendor.tickets, key=int), self.vendor, cursor, 50)

    async def list_spoken(self, since: datetime, cursor: kit.Cursor | None) -> kit.Page[kit.Ticket]:
        """Return the tickets with a message since then."""
        await self._ask("list_spoken")
        found = itertools.takewhile(
            lambda one: (one.last_message_at or _BEGINNING) >= since,
            (self.vendor.tickets[one] for one in reversed(self.vendor.tickets)),
        )
        return kit.Page(items=tuple(found))


class Cursors(_Polled):
    """Has a feed of its own."""

    offers: ClassVar = _offers(ChangeMode.CURSOR)

    async def read_feed(self, place: str | None) -> kit.Feed:
        """Return what came behind a place: a number of changes."""
        await self._ask("read_feed")
        log = self.vendor.log
        changed = dict.fromkeys(log[int(place or 0) :])
        found = tuple(self.vendor.tickets[one] for one in changed)
        return kit.Feed(tickets=found, place=str(len(log)), caught_up=True)


def _page(
    order: Sequence[str], vendor: Vendor, cursor: kit.Cursor | None, size: int = _SIZE
) -> kit.Page[kit.Ticket]:
    start = 0 if cursor is None else int(cursor)
    shown = order[start : start + size]
    behind = start + len(shown)
    return kit.Page(
        items=tuple(vendor.tickets[one] for one in shown),
        next=kit.Cursor(str(behind)) if behind < len(order) else None,
        listed=len(order),
    )


def opened(
    vendor: Vendor,
    adapter: type[kit.Adapter] = Windowed,
    *,
    base_url: str | None = None,
    account: str = "one",
    **options: Any,
) -> hb.Helpdesk:
    """Return a desk of this helpdesk."""
    settings = PolledSettings(vendor=vendor, base_url=base_url, account=account)
    return hb.Helpdesk(
        settings, name="support", adapter=adapter, options=hb.TransportOptions(**options)
    )


@define
class Reader:
    """What a follower told within some time."""

    batches: list[tuple[float, hb.ChangeBatch]] = field(factory=list)

    @property
    def texts(self) -> list[str]:
        """The texts of all messages, as they came."""
        return told(batch for _, batch in self.batches)

    async def follow(self, desk: hb.Helpdesk, seconds: float, *given: Any, **args: Any) -> None:
        """Follow for a while, and leave by cancellation."""
        loop = asyncio.get_running_loop()
        try:
            async with (
                asyncio.timeout(seconds) as limit,
                aclosing(desk.follow(*given, **args)) as all_batches,
            ):
                async for batch in all_batches:
                    self.batches.append((loop.time(), batch))
        except TimeoutError:
            assert limit.expired()


def told(batches: Iterable[hb.ChangeBatch]) -> list[str]:
    """Return the texts of the messages of batches."""
    return [one.text or "" for batch in batches for one in batch.messages]
