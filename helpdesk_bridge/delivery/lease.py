"""The lease of a writer: what says that a write is under way, and keeps a late one from sending.

A writer says every few seconds that it is still at its entry. Who looks sees that the number of
those beats changes; no clock of another machine is trusted. A writer that was held up for longer
than its lease (a machine that slept, a blocked event loop) does not send any more.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from attrs import define, evolve, field, frozen

from helpdesk_bridge.delivery.entry import EntryState, LedgerEntry
from helpdesk_bridge.delivery.ledger import Ledger
from helpdesk_bridge.errors import InProgress
from helpdesk_bridge.errors.moment import BOOT, Moment, Stopwatch
from helpdesk_bridge.transport.log import attributes

__all__ = ["LEASE", "Hold", "Life", "Watch"]

LEASE = 30.0
"""Seconds after its last beat for which a writer may begin to send."""
_RENEWED = LEASE / 3
_MARGIN = 5.0
"""Seconds before its end at which a lease is not relied upon by its own writer."""
_UNDER_WAY: set[str] = set()

log = logging.getLogger("helpdesk_bridge.delivery")


@define(eq=False)
class Hold:
    """A writer's hold on an entry of a ledger, renewed while the context lasts.

    ``ledger`` is None where nobody else can see it.
    """

    entry: LedgerEntry
    ledger: Ledger | None
    on_lost: Callable[[], None] = field(default=lambda: None, repr=False)
    """Ends what is being sent when another process may take the write over."""
    _since: Stopwatch = field(factory=Stopwatch, init=False)
    _lost: bool = field(default=False, init=False)
    _alarm: asyncio.TimerHandle | None = field(default=None, init=False)
    _end: asyncio.TimerHandle | None = field(default=None, init=False)
    """Rings when the lease ends that was not renewed."""
    _renewing: asyncio.Task[None] | None = field(default=None, init=False)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Mark the write as under way in this process, and renew the lease."""
        _UNDER_WAY.add(self.entry.operation_id)
        try:
            yield
        finally:
            _UNDER_WAY.discard(self.entry.operation_id)
            self.release()

    def start(self) -> LedgerEntry:
        """Return the entry, to be begun now: the lease counts from here on."""
        self.release()
        self._since = Stopwatch()
        self.entry = evolve(self.entry, beaten=self._since.began)
        return self.entry

    def begun(self) -> None:
        """Renew the lease, and end the write with it: it is in the ledger."""
        self._renew_later()
        self._end_later()

    def release(self) -> None:
        """Renew it no more: the write is over, and only its result is to be noted."""
        for handle in (self._alarm, self._end):
            if handle is not None:
                handle.cancel()
        if self._renewing is not None:
            self._renewing.cancel()

    def check(self) -> None:
        """Raise InProgress if another process may have taken the write over; called last of all."""
        if self._lost or self._since.seconds > LEASE - _MARGIN:
            raise InProgress(
                "this process was held up for longer than its lease on the write, and another one"
                " may have taken it over.",
            )

    def _end_later(self) -> None:
        loop = _running_loop()
        if self.ledger is None or loop is None:
            return
        if self._end is not None:
            self._end.cancel()
        self._end = loop.call_later(LEASE - _MARGIN - (self._since.began.age or 0.0), self.on_lost)

    def _renew_later(self) -> None:
        loop = _running_loop()
        if self.ledger is not None and loop is not None:
            self._alarm = loop.call_later(_RENEWED, self._renew_now, loop, self.ledger)

    def _renew_now(self, loop: asyncio.AbstractEventLoop, ledger: Ledger) -> None:
        self._renewing = loop.create_task(self._renew(ledger))

    async def _renew(self, ledger: Ledger) -> None:
        began = Stopwatch()
        try:
            self._lost = not await ledger.renew(self.entry.operation_id)
        except Exception as error:  # noqa: BLE001 - whatever a ledger raises: the lease runs out
            log.warning(
                "the ledger of desk %r cannot renew a lease (%s)",
                self.entry.desk,
                type(error).__name__,
                extra=attributes(desk=self.entry.desk, operation_id=self.entry.operation_id),
            )
        else:
            self._since = began
            if self._lost:
                self.on_lost()
                return
            self._end_later()
        self._renew_later()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop; None where a call is driven by hand."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


@frozen
class Life:
    """Whether somebody may be at a write still."""

    under_way: bool
    """True: somebody is, or may be."""
    known_in: float = 0.0
    """Seconds after which it can be told; 0: it can be told now."""
    ended: Moment | None = None
    """The latest moment at which the writer can have begun to send; None: it is under way."""


@define
class Watch:
    """What this process has seen of the writers of others."""

    _seen: dict[str, tuple[int, Moment]] = field(factory=dict, init=False)
    """The number of beats of an entry, and when it was first seen."""

    def life(self, entry: LedgerEntry) -> Life:
        """Say whether somebody is at ``entry``, which was just read from the ledger."""
        if entry.state is not EntryState.PENDING:
            return Life(False, ended=self._since(entry, entry.beaten))
        if entry.writer.is_this:
            under_way = entry.operation_id in _UNDER_WAY
            return Life(under_way, ended=None if under_way else self._seen_since(entry)[0])
        if entry.writer.has_ended:
            return Life(False, ended=self._since(entry, entry.beaten.later(LEASE)))
        since, is_new_beat = self._seen_since(entry)
        of_here = entry.beaten.boot == BOOT
        left = LEASE - ((entry.beaten if of_here else since).age or 0.0)
        if left > 0:
            return Life(True, 0.0 if is_new_beat or entry.writer.is_visible else left)
        return Life(False, ended=self._since(entry, entry.beaten.later(LEASE)))

    def forget(self, operation_id: str) -> None:
        """Forget an entry that is settled."""
        self._seen.pop(operation_id, None)

    def _since(self, entry: LedgerEntry, told: Moment) -> Moment:
        """Return ``told`` if it counts on this machine, but not later than it was first seen."""
        first, _ = self._seen_since(entry)
        return told if told.boot == BOOT and told.seconds < first.seconds else first

    def _seen_since(self, entry: LedgerEntry) -> tuple[Moment, bool]:
        """Return since when this beat has been seen, and whether one before it was seen, too."""
        beat, since = self._seen.get(entry.operation_id, (None, None))
        is_new_beat = since is not None and beat != entry.beat
        if since is None or is_new_beat:
            since = Moment.now()
            self._seen[entry.operation_id] = (entry.beat, since)
        return since, is_new_beat
