"""A ledger in a SQLite file, which all processes of one machine can share."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define, evolve, field

from helpdesk_bridge.delivery.entry import EntryState, LedgerEntry, with_result
from helpdesk_bridge.delivery.ledger import KEEP, RECENT, decided
from helpdesk_bridge.delivery.stored_entry import dumped, loaded, stamp
from helpdesk_bridge.errors import ConfigurationError, HelpdeskError, Reason, moment
from helpdesk_bridge.errors.frames import sealed
from helpdesk_bridge.errors.moment import Moment
from helpdesk_bridge.model import forks
from helpdesk_bridge.model.disk import OwnThread, path_of
from helpdesk_bridge.model.disk_threads import NoThread

if TYPE_CHECKING:
    import sqlite3

__all__ = ["SqliteLedger"]

T = TypeVar("T")

_COLUMNS = "operation_id, state, made_id, finished, beat, boot, uptime, started_at, entry"
_OPEN = "('pending', 'unknown')"
_GAP = 86_400.0
"""Seconds that are counted at most between two starts of the machine."""
_PRUNE_EVERY = 3600.0
"""Seconds between two looks for entries that are old enough to be dropped."""


def _path(value: str | Path) -> Path:
    return path_of(value, "SqliteLedger's path (SqlLedger takes the URL of a database)")


@sealed
@define(eq=False)
class SqliteLedger:
    """A ledger in a SQLite file, which several desks and processes of one machine may share.

    Every entry is on the disk (``synchronous=extra``: the journal's folder too) before a byte of
    its message leaves. Entries hold digests and ids, no words and no addresses. Settled ones are
    kept for ``keep``: so long a key is known. A desk is known by its name: give another account
    another name. A file that cannot be used, or a URL, is a ConfigurationError, which says why.
    Each process makes its own object, after any fork; ``path``, the file, is on a local disk. A
    relative one begins at the working directory of the moment in which it is given.
    """

    path: Path = field(converter=_path)
    keep: timedelta = KEEP
    _thread: OwnThread = field(factory=lambda: OwnThread("ledger"), init=False, repr=False)
    _file: sqlite3.Connection | None = field(default=None, init=False, repr=False)
    _process: int | None = field(default=None, init=False, repr=False)
    """The process that used it first; None: none yet."""
    _pruned: float = field(default=-_PRUNE_EVERY, init=False, repr=False)

    async def begin(self, entry: LedgerEntry) -> LedgerEntry | None:
        """Keep ``entry``, unless its key is another's, which is returned then.

        Returns:
            None: it is kept. Else this is the entry that has the key.

        Raises:
            ConfigurationError: the file cannot be written.
        """
        return await self._run(lambda file: self._begun(file, entry))

    async def renew(self, operation_id: str) -> bool:
        """Say that the writer is still at a PENDING entry.

        Args:
            operation_id: the id of the call.

        Returns:
            False: it is PENDING no more, or not here; nothing was changed.
        """
        return await self._changed("beat = beat + 1", "operation_id = ?", operation_id)

    async def take_over(self, operation_id: str, beat: int) -> bool:
        """Declare the writer of a PENDING entry dead, as :meth:`Ledger.take_over` says.

        Args:
            operation_id: the id of the call.
            beat: the number of its beats on which it was judged to be dead.

        Returns:
            False: it is not PENDING, or it has beaten since; nothing was changed.
        """
        which = "operation_id = ? and beat = ?"
        return await self._changed("state = 'unknown'", which, operation_id, beat)

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

        def record(file: sqlite3.Connection) -> bool:
            entry = _one(file, "operation_id = ?", operation_id)
            taken = entry is not None and _is_taken(file, entry, made_id)
            changed = with_result(entry, state, made_id, finished=finished, taken=taken)
            if isinstance(changed, bool):
                return changed
            _put(file, changed)
            return True

        return await self._run(record)

    async def entry(self, operation_id: str) -> LedgerEntry | None:
        """Return an entry by the id of its call, ``operation_id``; None: it is not here."""
        return await self._run(lambda file: _one(file, "operation_id = ?", operation_id))

    async def with_key(self, desk: str, key: str) -> LedgerEntry | None:
        """Return the entry of the desk ``desk`` that has ``key``; None: no entry has."""
        return await self._run(lambda file: _one(file, "desk = ? and key = ?", desk, key))

    async def unresolved(self, desk: str) -> list[LedgerEntry]:
        """Return the entries of the desk ``desk`` that are PENDING or UNKNOWN, oldest first."""
        return await self._run(lambda file: _all(file, f"desk = ? and state in {_OPEN}", desk))

    async def on_ticket(self, desk: str, ticket_id: str | None) -> list[LedgerEntry]:
        """Return a ticket's entries, as :meth:`Ledger.on_ticket` says.

        ``desk`` is the name of the desk, ``ticket_id`` the ticket; None: those that create one.
        """
        if ticket_id is None:
            which = (
                f"desk = ? and ticket_id is null and (state in {_OPEN} or made_id is null"  # noqa: S608
                " or noted >= (select passed from clock) - ?)"
            )
            values: tuple[Any, ...] = (desk, RECENT.total_seconds())
        else:
            which = "desk = ? and (ticket_id = ? or (ticket_id is null and made_id = ?))"
            values = (desk, ticket_id, ticket_id)
        return await self._run(lambda file: _all(file, which, *values))

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
            ConfigurationError: the file cannot be used.
        """

        def decide(file: sqlite3.Connection) -> LedgerEntry:
            entry = _one(file, "operation_id = ?", operation_id)
            taken = entry is not None and _is_taken(file, entry, made_id)
            changed = decided(entry, operation_id, sent=sent, made_id=made_id, taken=taken)
            _put(file, changed)
            return changed

        return await self._run(decide)

    async def aclose(self) -> None:
        """Close the file (a fork only lets go of it); the next call would open it again."""
        if self._process not in (None, os.getpid()):
            self.forked()
        self._process = None
        if self._thread.started:
            await self._thread.run(self._close)
            self._thread.close()

    async def _changed(self, what: str, which: str, *values: Any) -> bool:
        """Change a PENDING entry, and say whether there was one."""
        now = Moment.now()
        query = (
            f"update writes set {what}, boot = ?, uptime = ? where {which} and state = 'pending'"  # noqa: S608
        )
        return await self._run(
            lambda file: file.execute(query, (now.boot, now.seconds, *values)).rowcount > 0
        )

    def _begun(self, file: sqlite3.Connection, entry: LedgerEntry) -> LedgerEntry | None:
        passed = _passed(file)
        self._prune(file, passed)
        own = _one(file, "operation_id = ?", entry.operation_id)
        if own is not None:
            return None if own.state is EntryState.PENDING else own
        if entry.key is not None:
            holder = _one(file, "desk = ? and key = ?", entry.desk, entry.key)
            if holder is not None and holder.state is not EntryState.NOT_SENT:
                return holder
            if holder is not None:
                file.execute(
                    "update writes set key = null where operation_id = ?", (holder.operation_id,)
                )
        _insert(file, entry, passed)
        return None

    def _prune(self, file: sqlite3.Connection, passed: float) -> None:
        """Drop what was settled long ago."""
        if moment.uptime() - self._pruned >= _PRUNE_EVERY:
            self._pruned = moment.uptime()
            file.execute(
                f"delete from writes where state not in {_OPEN} and noted < ?",  # noqa: S608 - ours
                (passed - self.keep.total_seconds(),),
            )

    def forked(self) -> None:
        """Leave the connection to the process that this one was forked from."""
        file, self._file = self._file, None
        self._thread = OwnThread("ledger")
        if file is not None:
            forks.leave_to_parent(file)

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._process is None:
            self._process = os.getpid()
            forks.watch(self)
        if self._process != os.getpid():
            text = "was used before this process was forked: make a SqliteLedger in each process."
            raise ConfigurationError(f"the ledger {self.path} {text}", reason=Reason.STORAGE)
        try:
            return await self._thread.run(lambda: self._execute(work))
        except NoThread as error:
            from helpdesk_bridge.delivery.file_trouble import unusable

            failure = unusable(self.path, error)
        raise failure

    def _execute(self, work: Callable[[sqlite3.Connection], T]) -> T:
        import sqlite3

        from helpdesk_bridge.delivery.file_trouble import check_regular, unusable
        from helpdesk_bridge.delivery.ledger_file import connected, transaction

        try:
            if self._file is None:
                check_regular(self.path)
                self._file = connected(self.path)
            with transaction(self.path, self._file):
                return work(self._file)
        except HelpdeskError:
            raise
        except (OSError, sqlite3.Error, ValueError, TypeError, LookupError) as error:
            failure = unusable(self.path, error)
        raise failure

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


def _all(file: sqlite3.Connection, which: str, *values: Any) -> list[LedgerEntry]:
    query = f"select {_COLUMNS} from writes where {which} order by started_at, operation_id"  # noqa: S608
    return [_entry(*row) for row in file.execute(query, values).fetchall()]


def _one(file: sqlite3.Connection, which: str, *values: Any) -> LedgerEntry | None:
    found = _all(file, which, *values)
    return found[0] if found else None


def _is_taken(file: sqlite3.Connection, entry: LedgerEntry, made_id: str | None) -> bool:
    query = (
        "select 1 from writes where desk = ? and ticket_id is ? and made_id = ?"
        " and operation_id <> ?"
    )
    values = (entry.desk, entry.ticket_id, made_id, entry.operation_id)
    return made_id is not None and file.execute(query, values).fetchone() is not None


def _columns(entry: LedgerEntry) -> Mapping[str, Any]:
    return {
        "state": entry.state.value,
        "made_id": entry.made_id,
        "finished": int(entry.finished),
        "beat": entry.beat,
        "boot": entry.beaten.boot,
        "uptime": entry.beaten.seconds,
    }


def _passed(file: sqlite3.Connection) -> float:
    """Return the seconds that the ledger has been in use, by the uptime of its machine.

    The clock on the wall may be put a year forward, and with it all keys would be dropped. It is
    asked only for what passed while the machine was off, and believed for a day.
    """
    now, wall = Moment.now(), moment.wall_clock()
    row = file.execute("select passed, boot, uptime, wall from clock").fetchone()
    passed = 0.0
    if row is not None:
        before = Moment(row[1], row[2])
        gap = (wall - datetime.fromisoformat(row[3])).total_seconds()
        passed = row[0] + (min(max(gap, 0.0), _GAP) if before.age is None else before.age)
    file.execute(
        "insert or replace into clock values (1, ?, ?, ?, ?)",
        (passed, now.boot, now.seconds, stamp(wall)),
    )
    return passed


def _insert(file: sqlite3.Connection, entry: LedgerEntry, passed: float = 0.0) -> None:
    row = {
        "operation_id": entry.operation_id,
        "desk": entry.desk,
        "key": entry.key,
        "ticket_id": entry.ticket_id,
        **_columns(entry),
        "noted": passed,
        "started_at": stamp(entry.started_at),
        "entry": dumped(entry),
    }
    names, places = ", ".join(row), ", ".join(f":{name}" for name in row)
    file.execute(f"insert into writes ({names}) values ({places})", row)  # noqa: S608 - ours


def _put(file: sqlite3.Connection, entry: LedgerEntry) -> None:
    changed = _columns(entry)
    what = ", ".join(f"{name} = :{name}" for name in changed)
    file.execute(
        f"update writes set {what} where operation_id = :operation_id",  # noqa: S608 - ours
        {**changed, "operation_id": entry.operation_id},
    )


def _entry(
    operation_id: str,
    state: str,
    made_id: str | None,
    finished: int,
    beat: int,
    boot: str,
    seconds: float,
    started_at: str,
    text: str,
) -> LedgerEntry:
    """Return the entry that was kept."""
    entry = loaded(
        text,
        state=state,
        made_id=made_id,
        finished=bool(finished),
        beat=beat,
        beaten=Moment(boot, seconds),
    )
    return evolve(entry, operation_id=operation_id, started_at=datetime.fromisoformat(started_at))
