"""A vendor and workers in one process, on a time that only the test moves.

Nothing here waits, and nothing runs in a thread: the same choices give the same run. A worker that
is killed has no effect any more, neither on the vendor nor on the ledger.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from attrs import define, evolve, field, frozen

import helpdesk_bridge as hb
from helpdesk_bridge import kit
from helpdesk_bridge.delivery.entry import EntryState, LedgerEntry, Writer
from helpdesk_bridge.delivery.memory_ledger import MemoryLedger
from helpdesk_bridge.errors import Moment, moment
from helpdesk_bridge.transport import CURRENT_CALL, clock
from helpdesk_bridge.transport.outcome import with_outcome
from helpdesk_bridge.transport.request import Progress

TICKET = "1"
SIGNATURE = "\n--\nThe support team of Acme"
_STALE = 60.0
"""How many seconds old an answer of the vendor's cache is at most."""
START = datetime(2026, 5, 4, 12, tzinfo=UTC)


class Died(BaseException):
    """What a worker is at when it is killed."""


@define(eq=False)
class Time:
    """The time of the test: the uptime of all machines, and the wall clock, which may jump."""

    seconds: float = 1000.0
    jumped: float = 0.0
    due: list[tuple[float, Callable[[], None]]] = field(factory=list)
    """What the vendor will do later."""

    def uptime(self) -> float:
        return self.seconds

    def wall(self) -> datetime:
        return START + timedelta(seconds=self.seconds + self.jumped)

    def advance(self, seconds: float) -> None:
        end = self.seconds + seconds
        for when, act in sorted(self.due, key=lambda one: one[0]):
            if when <= end:
                self.seconds = max(self.seconds, when)
                self.due.remove((when, act))
                act()
        self.seconds = end

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.advance(seconds)
        await asyncio.sleep(0)

    @contextmanager
    def ruling(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        """Have the library and the loop go by this time."""
        saved = (moment.uptime, moment.wall_clock, clock.pause)
        moment.uptime, moment.wall_clock, clock.pause = self.uptime, self.wall, self.pause
        loop.time = self.uptime  # type: ignore[method-assign]
        try:
            yield
        finally:
            moment.uptime, moment.wall_clock, clock.pause = saved
            del loop.time


@frozen
class Sent:
    """What the vendor has carried out, with what only the test knows of it."""

    message: hb.Message
    job: str
    """The job that it was sent for; "": somebody else wrote it."""


@frozen
class Mood:
    """What the vendor does with the next message, and with all of them."""

    answer: str = "fine"
    """fine, lost before, lost after, gateway before, gateway after, late, refused."""
    signs: bool = False
    shift: float | None = 0.0
    """Seconds by which it tells times wrong; None: it tells none."""
    stale: bool = False
    """Whether reads are answered from a cache for a while."""
    mangles: bool = False
    """Whether it changes the white space of what it gets."""


@define(eq=False)
class Vendor:
    """A ticket at a vendor."""

    time: Time
    mood: Mood = Mood()
    sent: list[Sent] = field(factory=list)
    mails: list[str] = field(factory=list)
    """The job of each mail."""
    underway: list[str] = field(factory=list)
    """The jobs of what it has received and not yet carried out."""
    cached: list[Sent] = field(factory=list)
    cached_at: float = 0.0
    last: int = 0

    def add(self, job: str, text: str, kind: hb.MessageType, *, sign: bool = True) -> str:
        self.last += 1
        mood = self.mood
        told = None
        if mood.shift is not None:
            told = START + timedelta(seconds=self.time.seconds + mood.shift)
        if mood.mangles:
            text = " ".join(text.split())
        ours = kind is not hb.MessageType.REQUEST
        audience = hb.Audience.INTERNAL if kind is hb.MessageType.NOTE else hb.Audience.EXTERNAL
        message = hb.Message(
            id=str(self.last),
            ticket_id=TICKET,
            type=kind,
            audience=audience,
            vendor_type=kind.value,
            author=hb.Party(email="agent@desk.example" if ours else "li@customer.example"),
            text=text + (SIGNATURE if mood.signs and ours and sign else ""),
            html=None,
            created_at=told,
            raw={},
        )
        self.sent.append(Sent(message, job))
        if job:
            self.mails.append(job)
        return message.id

    def read(self) -> list[hb.Message]:
        if self.time.seconds - self.cached_at > _STALE:
            self.refresh()
        seen = self.cached if self.mood.stale else self.sent
        return [one.message for one in seen]

    def refresh(self) -> None:
        self.cached, self.cached_at = list(self.sent), self.time.seconds


@frozen
class SimSettings:
    """The settings of a worker's desk."""

    adapter: ClassVar[str] = "simulated"
    worker: Any = None


_READS = {
    kit.Capability.LIST_MESSAGES: kit.native(),
    kit.Capability.REPLY: kit.native(),
    kit.Capability.NOTE: kit.native(),
    kit.Capability.REPLY_WITHOUT_EMAIL: kit.native(),
    kit.Capability.RECONCILE: kit.emulated("By reading."),
}


class SimAdapter(kit.Adapter):
    """Speaks to the vendor of the simulation."""

    name = "simulated"
    settings_type = SimSettings
    offers: ClassVar = _READS

    async def list_messages(
        self, ticket: kit.TicketRef, query: kit.MessageQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Message]:
        worker: Worker = self.settings.worker
        await worker.step()
        found = worker.vendor.read()
        await worker.step()
        return kit.Page(items=tuple(found))

    async def send(self, ticket: kit.TicketRef, message: kit.OutgoingMessage) -> kit.SentMessage:
        worker: Worker = self.settings.worker
        vendor, time = worker.vendor, worker.vendor.time
        await worker.step()
        call = CURRENT_CALL.get()
        assert call is not None
        progress = Progress()
        call.writes.append(progress)
        for check in call.checks:
            check()
        progress.bytes_sent = True
        job, mood = worker.job_of[call.operation_id], vendor.mood
        vendor.mood = evolve(mood, answer="fine")
        kind = hb.MessageType.NOTE if isinstance(message, kit.Note) else hb.MessageType.RESPONSE
        text = message.body.text
        if mood.answer == "refused":
            raise hb.ValidationFailed("no.", outcome=hb.Outcome.REJECTED)
        if mood.answer in ("lost before", "gateway before"):
            await worker.step()
            raise _unknown(mood.answer)
        if mood.answer == "late":
            vendor.underway.append(job)

            def act() -> None:
                vendor.underway.remove(job)
                vendor.add(job, text, kind)

            time.due.append((time.seconds + 120.0, act))
            await worker.step()
            raise _unknown("gateway")
        await worker.step()
        made = vendor.add(job, text, kind)
        await worker.step()
        if mood.answer in ("lost after", "gateway after"):
            raise _unknown(mood.answer)
        return kit.SentMessage(ticket_id=ticket.id, id=made)


def _unknown(how: str) -> hb.HelpdeskError:
    dropped = hb.VendorUnavailable(
        "the connection was dropped.", status=504 if "gateway" in how else None
    )
    return with_outcome(dropped, unsafe=True, bytes_sent=True, started_at=None)


@define(eq=False)
class Shared:
    """A ledger as one worker has it: others are other processes, perhaps of other machines."""

    inner: MemoryLedger
    worker: Worker

    def _mine(self, entry: LedgerEntry | None) -> Any:
        """Return an entry as this worker's process sees it."""
        if entry is None:
            return None
        me = self.worker.writer
        beaten = entry.beaten
        writer = entry.writer
        if writer == me:
            writer = Writer.this()
        if beaten.boot == me.boot:
            beaten = Moment(moment.BOOT, beaten.seconds)
            writer = evolve(writer, boot=moment.BOOT)
        return evolve(entry, writer=writer, beaten=beaten)

    def _theirs(self, entry: LedgerEntry) -> LedgerEntry:
        boot = self.worker.writer.boot
        return evolve(entry, writer=self.worker.writer, beaten=Moment(boot, entry.beaten.seconds))

    async def begin(self, entry: LedgerEntry) -> LedgerEntry | None:
        await self.worker.step()
        if entry.state is EntryState.PENDING:
            self.worker.job_of[entry.operation_id] = self.worker.job
        other = await self.inner.begin(self._theirs(entry))
        await self.worker.step()
        found: LedgerEntry | None = self._mine(other)
        return found

    async def renew(self, operation_id: str) -> bool:
        await self.worker.step()
        done = await self.inner.renew(operation_id)
        self._stamp(operation_id)
        return done

    async def take_over(self, operation_id: str, beat: int) -> bool:
        await self.worker.step()
        done = await self.inner.take_over(operation_id, beat)
        self._stamp(operation_id)
        await self.worker.step()
        return done

    def _stamp(self, operation_id: str) -> None:
        """Count from here on by this worker's machine."""
        entry = self.inner._entries.get(operation_id)
        if entry is not None and entry.beaten.boot == moment.BOOT:
            beaten = Moment(self.worker.writer.boot, entry.beaten.seconds)
            self.inner._entries[operation_id] = evolve(entry, beaten=beaten)

    async def record_result(
        self,
        operation_id: str,
        state: EntryState,
        made_id: str | None = None,
        *,
        finished: bool | None = None,
    ) -> bool:
        await self.worker.step()
        told = await self.inner.record_result(operation_id, state, made_id, finished=finished)
        self._stamp(operation_id)
        await self.worker.step()
        return told

    async def entry(self, operation_id: str) -> LedgerEntry | None:
        await self.worker.step()
        found: LedgerEntry | None = self._mine(await self.inner.entry(operation_id))
        return found

    async def with_key(self, desk: str, key: str) -> LedgerEntry | None:
        await self.worker.step()
        found: LedgerEntry | None = self._mine(await self.inner.with_key(desk, key))
        return found

    async def unresolved(self, desk: str) -> list[LedgerEntry]:
        await self.worker.step()
        return [self._mine(one) for one in await self.inner.unresolved(desk)]

    async def on_ticket(self, desk: str, ticket_id: str | None) -> list[LedgerEntry]:
        await self.worker.step()
        return [self._mine(one) for one in await self.inner.on_ticket(desk, ticket_id)]

    async def decide(
        self, operation_id: str, *, sent: bool, made_id: str | None = None
    ) -> LedgerEntry:
        return await self.inner.decide(operation_id, sent=sent, made_id=made_id)

    async def aclose(self) -> None:
        pass


@define(eq=False)
class Worker:
    """A process that works: its desk, its ledger and what it is at."""

    number: int
    vendor: Vendor
    shared: MemoryLedger
    boot: str
    dead: bool = False
    stopped: bool = False
    """Whether it is held up: a machine that sleeps."""
    job_of: dict[str, str] = field(factory=dict)
    """The job of each write, by its operation id."""
    task: asyncio.Task[Any] | None = None
    desk: hb.Helpdesk = field(init=False)
    writer: Writer = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.writer = Writer(self.boot, "", self.number, "", f"worker {self.number}")
        self.desk = hb.Helpdesk(
            SimSettings(worker=self),
            name="it",
            adapter=SimAdapter,
            ledger=Shared(self.shared, self),
        )
        self.desk._calls.is_remote = True

    job: str = ""
    """The job whose call is begun next."""

    async def step(self) -> None:
        """Let others have a turn; a dead process does nothing any more."""
        if self.dead:
            raise Died
        await asyncio.sleep(0)
        while self.stopped and not self.dead:  # noqa: ASYNC110 - the test counts the turns
            await asyncio.sleep(0)
        if self.dead:
            raise Died
