"""A ledger in this process, which ends with it."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from attrs import define, evolve, field

from helpdesk_bridge.delivery.entry import OPEN, EntryState, LedgerEntry, with_result
from helpdesk_bridge.delivery.ledger import KEEP, RECENT, decided, is_kept
from helpdesk_bridge.errors import ConfigurationError, Reason
from helpdesk_bridge.errors.moment import Moment

__all__ = ["MemoryLedger"]


@define(eq=False)
class MemoryLedger:
    """A ledger in this process: several desks may share it, and nothing of it survives.

    Its desks may be in several threads. A process that is forked once it was used cannot use it.
    ``keep`` is how long settled entries are kept, and ``most`` how many at most; None is no limit.
    Open entries are always kept.
    """

    keep: timedelta = KEEP
    most: int | None = None
    _lock: threading.RLock = field(factory=threading.RLock, init=False, repr=False)
    _process: int | None = field(default=None, init=False, repr=False)
    """The process that used it first; None: none yet."""
    _entries: OrderedDict[str, LedgerEntry] = field(factory=OrderedDict, init=False, repr=False)
    _places: dict[tuple[str, str | None], dict[str, None]] = field(
        factory=dict, init=False, repr=False
    )
    """The entries of each ticket (None: those that create one), by desk."""
    _keys: dict[tuple[str, str], str] = field(factory=dict, init=False, repr=False)
    _made: dict[tuple[str, str | None, str], str] = field(factory=dict, init=False, repr=False)
    """Who has made what, by desk and ticket (None: a ticket)."""

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Hold the lock; ConfigurationError in a fork, whose copy no other process would see."""
        if self._process is None:
            self._process = os.getpid()
        if self._process != os.getpid():
            raise ConfigurationError(
                "this MemoryLedger was used before this process was forked, and keeps account for"
                " the other process only: give a SqliteLedger to share one.",
                reason=Reason.STORAGE,
            )
        with self._lock:
            yield

    async def begin(self, entry: LedgerEntry) -> LedgerEntry | None:
        """Keep ``entry``, unless its key is another's, which is returned then.

        Returns:
            None: it is kept. Else this is the entry that has the key.
        """
        with self._held():
            own = self._entries.get(entry.operation_id)
            if own is not None:
                return None if own.state is EntryState.PENDING else own
            if entry.key is not None:
                holder = await self.with_key(entry.desk, entry.key)
                if holder is not None and holder.state is not EntryState.NOT_SENT:
                    return holder
                self._keys[entry.desk, entry.key] = entry.operation_id
            self._entries[entry.operation_id] = entry
            self._places.setdefault((entry.desk, entry.ticket_id), {})[entry.operation_id] = None
            self._drop_old()
            return None

    async def renew(self, operation_id: str) -> bool:
        """Say that the writer is still at a PENDING entry.

        Args:
            operation_id: the id of the call.

        Returns:
            False: it is PENDING no more, or not here; nothing was changed.
        """
        with self._held():
            entry = self._entries.get(operation_id)
            if entry is None or entry.state is not EntryState.PENDING:
                return False
            self._entries[operation_id] = evolve(entry, beat=entry.beat + 1, beaten=Moment.now())
            return True

    async def take_over(self, operation_id: str, beat: int) -> bool:
        """Declare the writer of a PENDING entry dead, as :meth:`Ledger.take_over` says.

        Args:
            operation_id: the id of the call.
            beat: the number of its beats on which it was judged to be dead.

        Returns:
            False: it is not PENDING, or it has beaten since; nothing was changed.
        """
        with self._held():
            entry = self._entries.get(operation_id)
            if entry is None or (entry.state, entry.beat) != (EntryState.PENDING, beat):
                return False
            self._entries[operation_id] = evolve(
                entry, state=EntryState.UNKNOWN, beaten=Moment.now()
            )
            return True

    async def record_result(
        self,
        operation_id: str,
        state: EntryState,
        made_id: str | None = None,
        *,
        finished: bool | None = None,
    ) -> bool:
        """Set what has become known of an entry, as :meth:`Ledger.record_result` says.

        Args:
            operation_id: the id of the call.
            state: what is known now.
            made_id: the id of what was made; None where the vendor tells none.
            finished: whether all steps of the call are done; None leaves it as it is.

        Returns:
            Whether it could be set.
        """
        with self._held():
            entry = self._entries.get(operation_id)
            taken = self._is_taken(entry, made_id)
            changed = with_result(entry, state, made_id, finished=finished, taken=taken)
            if isinstance(changed, bool):
                return changed
            self._put(changed)
            return True

    async def entry(self, operation_id: str) -> LedgerEntry | None:
        """Return an entry by the id of its call, ``operation_id``; None: it is not here."""
        with self._held():
            return self._entries.get(operation_id)

    async def with_key(self, desk: str, key: str) -> LedgerEntry | None:
        """Return the entry of the desk ``desk`` that has ``key``; None: no entry has."""
        with self._held():
            return self._entries.get(self._keys.get((desk, key), ""))

    async def unresolved(self, desk: str) -> list[LedgerEntry]:
        """Return the entries of the desk ``desk`` that are PENDING or UNKNOWN, oldest first."""
        with self._held():
            return [one for one in self._of(desk) if one.state in OPEN]

    async def on_ticket(self, desk: str, ticket_id: str | None) -> list[LedgerEntry]:
        """Return a ticket's entries, as :meth:`Ledger.on_ticket` says.

        ``desk`` is the name of the desk, ``ticket_id`` the ticket; None: those that create one.
        """
        with self._held():
            here = list(self._places.get((desk, ticket_id), ()))
            maker = self._made.get((desk, None, ticket_id or ""))
            found = [self._entries[one] for one in ([] if maker is None else [maker]) + here]
            return [one for one in found if is_kept(one, ticket_id, recent=_is_recent(one))]

    async def decide(
        self, operation_id: str, *, sent: bool, made_id: str | None = None
    ) -> LedgerEntry:
        """Set a person's verdict on a write of which nothing else can tell.

        Args:
            operation_id: the id of the call.
            sent: whether it was carried out. False has the next call with its key send it.
            made_id: the id of the message or ticket that it made; None: not known.

        Returns:
            The entry as it is now.

        Raises:
            InvalidArgument: there is no such entry, or it is settled already.
        """
        with self._held():
            entry = await self.entry(operation_id)
            taken = self._is_taken(entry, made_id)
            return self._put(decided(entry, operation_id, sent=sent, made_id=made_id, taken=taken))

    async def aclose(self) -> None:
        """Do nothing: there is nothing open."""

    def _is_taken(self, entry: LedgerEntry | None, made_id: str | None) -> bool:
        if entry is None or made_id is None:
            return False
        owner = self._made.get((entry.desk, entry.ticket_id, made_id))
        return owner not in (None, entry.operation_id)

    def _put(self, entry: LedgerEntry) -> LedgerEntry:
        self._entries[entry.operation_id] = entry
        if entry.made_id is not None:
            self._made.setdefault((entry.desk, entry.ticket_id, entry.made_id), entry.operation_id)
        return entry

    def _of(self, desk: str) -> Iterator[LedgerEntry]:
        return (one for one in list(self._entries.values()) if one.desk == desk)

    def _drop_old(self) -> None:
        """Drop settled entries that are too old or too many; open ones stay."""
        limit = self.keep.total_seconds()
        for old in list(self._entries.values()):
            too_many = self.most is not None and len(self._entries) > self.most
            if not too_many and (old.beaten.age or 0) <= limit:
                return
            if old.state in OPEN:
                continue
            del self._entries[old.operation_id]
            place = (old.desk, old.ticket_id)
            del self._places[place][old.operation_id]
            if not self._places[place]:
                del self._places[place]
            if old.key is not None and self._keys.get((old.desk, old.key)) == old.operation_id:
                del self._keys[old.desk, old.key]
            made = (old.desk, old.ticket_id, old.made_id or "")
            if self._made.get(made) == old.operation_id:
                del self._made[made]


def _is_recent(entry: LedgerEntry) -> bool:
    return (entry.beaten.age or 0.0) <= RECENT.total_seconds()
