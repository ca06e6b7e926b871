"""A ledger in a SQLite file, which all processes of one machine can share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from attrs import asdict, define, field

from helpdesk_bridge.delivery.ledger import Entry, State
from helpdesk_bridge.errors import ConfigurationError, Reason
from helpdesk_bridge.model.disk import OwnThread
from helpdesk_bridge.model.fingerprint import Fingerprint

if TYPE_CHECKING:
    import sqlite3

__all__ = ["SqliteLedger"]

T = TypeVar("T")

_TABLE = """
create table if not exists ledger (
    operation_id text primary key, desk text not null, ticket_id text, state text not null,
    made_id text, started_at text not null, entry blob not null
) without rowid
"""
_INDEX = "create index if not exists ledger_ticket on ledger (desk, ticket_id, started_at)"
_OPEN = "('pending', 'unknown')"
_IS_ANOTHERS = """
select 1 from ledger one join ledger other using (desk)
where one.operation_id = ? and other.operation_id <> one.operation_id
    and other.ticket_id is one.ticket_id and other.made_id = ?
"""


@define(eq=False)
class SqliteLedger:
    """A ledger in a SQLite file, which several desks and processes of one machine may share.

    Every entry is on the disk (``synchronous=extra``: the journal's folder too) before a byte of
    its message leaves. Entries hold digests and ids, no words and no addresses. Settled ones are
    kept for ``keep``, as an account and to tell like messages apart. A desk is known by its name:
    give another account another name. A file that cannot be used is a ConfigurationError. Each
    process makes its own object, after any fork; the file must be on a local disk.

    ``path`` is the file.
    """

    path: Path = field(converter=Path)
    keep: timedelta = timedelta(days=30)
    _thread: OwnThread = field(factory=lambda: OwnThread("ledger"), init=False, repr=False)
    _file: sqlite3.Connection | None = field(default=None, init=False, repr=False)

    async def begin(self, entry: Entry) -> None:
        """Keep ``entry``; ConfigurationError if the file cannot be written."""
        row = (
            entry.operation_id,
            entry.desk,
            entry.ticket_id,
            entry.state.value,
            None,
            _stamp(entry.started_at),
            orjson.dumps(asdict(entry)),
        )
        await self._run(
            lambda file: file.execute("insert into ledger values (?, ?, ?, ?, ?, ?, ?)", row)
        )

    async def record_result(
        self, operation_id: str, state: State, made_id: str | None = None
    ) -> bool:
        """Set what has become known of an entry, as :meth:`Ledger.record_result` says.

        Args:
            operation_id: the id of the call.
            state: what is known now.
            made_id: the id of what was made; None where the vendor tells none.

        Returns:
            Whether it could be set.
        """
        return await self._run(lambda file: _settled(file, operation_id, state, made_id))

    async def unresolved(self, desk: str) -> list[Entry]:
        """Return the entries of a desk that are PENDING or UNKNOWN, oldest first.

        ``desk`` is the name of the desk.
        """
        return await self._entries(f"desk = ? and state in {_OPEN}", (desk,))

    async def on_ticket(self, desk: str, ticket_id: str | None, since: datetime) -> list[Entry]:
        """Return a ticket's entries (None: those of new tickets) begun at ``since`` or later.

        Args:
            desk: the name of the desk.
            ticket_id: the ticket; None is the entries that create one.
            since: aware; entries begun earlier are left out.
        """
        return await self._entries(
            "desk = ? and ticket_id is ? and started_at >= ?", (desk, ticket_id, _stamp(since))
        )

    async def aclose(self) -> None:
        """Close the file; the next call would open it again."""
        if self._thread.started:
            await self._thread.run(self._close)
            self._thread.close()

    async def _entries(self, which: str, values: tuple[Any, ...]) -> list[Entry]:
        query = f"select state, made_id, entry from ledger where {which}"  # noqa: S608 - ours
        rows = await self._run(
            lambda file: file.execute(
                f"{query} order by started_at, operation_id", values
            ).fetchall()
        )
        try:
            return [_entry(*row) for row in rows]
        except (ValueError, TypeError, LookupError) as error:
            reason = type(error).__name__
        raise ConfigurationError(
            f"the ledger {self.path.name} holds an entry that cannot be read ({reason}).",
            reason=Reason.STORAGE,
        )

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await self._thread.run(lambda: self._execute(work))

    def _execute(self, work: Callable[[sqlite3.Connection], T]) -> T:
        import sqlite3

        try:
            if self._file is None:
                self._file = self._opened()
            with self._file:
                self._file.execute("begin immediate")
                return work(self._file)
        except (sqlite3.Error, ValueError) as error:
            reason = type(error).__name__
        raise ConfigurationError(
            f"the ledger {self.path.name} cannot be used ({reason}).", reason=Reason.STORAGE
        )

    def _opened(self) -> sqlite3.Connection:
        import sqlite3

        file = sqlite3.connect(
            self.path, timeout=10.0, isolation_level=None, check_same_thread=False
        )
        try:
            file.execute("pragma synchronous = extra")
            with file:
                file.execute("begin immediate")
                file.execute(_TABLE)
                file.execute(_INDEX)
                oldest = _stamp(datetime.now(UTC) - self.keep)
                file.execute(
                    f"delete from ledger where state not in {_OPEN} and started_at < ?",  # noqa: S608
                    (oldest,),
                )
        except BaseException:
            file.close()
            raise
        return file

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


def _settled(
    file: sqlite3.Connection, operation_id: str, state: State, made_id: str | None
) -> bool:
    only = ""
    if state is State.NOT_SENT:
        only = f"and state in {_OPEN}"
    elif state is State.UNKNOWN:
        only = "and state = 'pending'"
    elif made_id is not None and file.execute(_IS_ANOTHERS, (operation_id, made_id)).fetchone():
        return False
    changed = file.execute(
        "update ledger set state = ?, made_id = coalesce(made_id, ?)"  # noqa: S608 - ours
        f" where operation_id = ? {only}",
        (state.value, made_id, operation_id),
    )
    if changed.rowcount or state is not State.NOT_SENT:
        return True
    kept = file.execute("select 1 from ledger where operation_id = ?", (operation_id,))
    return kept.fetchone() is None


def _stamp(when: datetime) -> str:
    """Return a time as text that sorts as times do."""
    return when.astimezone(UTC).isoformat(timespec="microseconds")


def _entry(state: str, made_id: str | None, blob: bytes) -> Entry:
    """Return the entry that was kept."""
    kept = orjson.loads(blob)
    mark: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value  # JSON has no tuples
        for name, value in kept.pop("fingerprint").items()
    }
    mark["due"] = mark["due"] and datetime.fromisoformat(mark["due"])
    for name in ("started_at", "ends_at"):
        kept[name] = datetime.fromisoformat(kept[name])
    return Entry(
        fingerprint=Fingerprint(**mark), **{**kept, "state": State(state), "made_id": made_id}
    )
