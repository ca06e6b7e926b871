"""A desk's memory of what it was about to send, for when the process does not live to tell.

An entry is written before the first byte leaves and closed when the outcome is known. What a crash
leaves open is settled by ``await desk.recover()``, which reads the desk and sends nothing.
"""

from __future__ import annotations

import asyncio
import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import orjson
from attrs import asdict, define, evolve, field, frozen

from helpdesk_bridge.errors import ConfigurationError, OutcomeUnknown
from helpdesk_bridge.fingerprint import Fingerprint

if TYPE_CHECKING:
    import sqlite3

__all__ = ["Entry", "Outbox", "SqliteOutbox", "State"]

_HOST = socket.gethostname()
_PROCESS = uuid.uuid4().hex
_UNDER_WAY: set[str] = set()
_MARGIN = timedelta(minutes=1)


class State(StrEnum):
    """What is known of an entry."""

    PENDING = "pending"
    """About to be sent, or lost with its process."""
    SENT = "sent"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


@frozen(kw_only=True)
class Entry:
    """A write: which, on which desk, and what it is known by. It holds no word of a message."""

    operation_id: str
    desk: str
    vendor: str
    operation: str
    ticket_id: str | None
    fingerprint: Fingerprint
    started_at: datetime
    ends_at: datetime
    """When its call is over, whatever happens; until then another process may be at it."""
    state: State = State.PENDING
    made_id: str | None = None
    """The id of the message or ticket that was made."""
    host: str = _HOST
    pid: int = field(factory=os.getpid)
    process: str = _PROCESS

    @classmethod
    def begun(cls, *, seconds: float, **what: Any) -> Entry:
        """Return the entry of a call that begins now and lasts at most ``seconds``."""
        now = datetime.now(UTC)
        return cls(started_at=now, ends_at=now + timedelta(seconds=seconds) + _MARGIN, **what)

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Mark the entry as one that this process is at."""
        _UNDER_WAY.add(self.operation_id)
        try:
            yield
        finally:
            _UNDER_WAY.discard(self.operation_id)

    @property
    def is_under_way(self) -> bool:
        """Whether somebody may still be at it: this process, or another one that may be alive."""
        if self.process == _PROCESS:
            return self.operation_id in _UNDER_WAY
        return datetime.now(UTC) < self.ends_at and not (self.host == _HOST and _is_dead(self.pid))

    def as_error(self) -> OutcomeUnknown:
        """Return the error that the call would have raised, for ``reconcile``."""
        error = OutcomeUnknown(
            "the process ended before the outcome was known.",
            desk=self.desk,
            vendor=self.vendor,
            operation=self.operation,
            operation_id=self.operation_id,
            ticket_id=self.ticket_id,
            started_at=self.started_at,
            fingerprint=self.fingerprint,
        )
        if self.state is State.PENDING:
            error.failed_at = self.started_at
        return error


def _is_dead(pid: int) -> bool:
    """Say whether a process of this machine is surely gone; on Windows nobody can ask safely."""
    if os.name != "posix":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


class Outbox(Protocol):
    """Where a desk keeps account of its writes. All of it must survive the process."""

    async def begin(self, entry: Entry) -> None:
        """Keep ``entry``, durably, before this returns."""

    async def settle(self, operation_id: str, state: State, made_id: str | None = None) -> None:
        """Set what has become known of an entry."""

    async def unsettled(self, desk: str) -> list[Entry]:
        """Return the entries of a desk that are PENDING or UNKNOWN, oldest first."""
        raise NotImplementedError

    async def made(self, desk: str, ticket_id: str | None) -> dict[str, str]:
        """Return the ids that were made on a ticket (None: of tickets), each with its operation."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Let go of what is held open; may be called again."""


_TABLE = """
create table if not exists outbox (
    operation_id text primary key, desk text not null, ticket_id text, state text not null,
    made_id text, started_at text not null, entry blob not null
) without rowid
"""


@define(eq=False)
class SqliteOutbox:
    """An outbox in a SQLite file, which several desks and processes may share.

    Every entry is on the disk (``synchronous=full``) before a byte of its message leaves. Entries
    hold digests and ids, no words and no addresses. Settled ones are kept for ``keep``, as an
    account and to tell like messages apart.
    """

    path: Path = field(converter=Path)
    keep: timedelta = timedelta(days=30)
    _lock: asyncio.Lock = field(factory=asyncio.Lock, init=False, repr=False)
    _file: sqlite3.Connection | None = field(default=None, init=False, repr=False)

    async def begin(self, entry: Entry) -> None:
        """Keep ``entry``; ConfigurationError if the file cannot be written."""
        row = (
            entry.operation_id,
            entry.desk,
            entry.ticket_id,
            entry.state.value,
            None,
            entry.started_at.isoformat(),
            orjson.dumps(asdict(entry)),
        )
        await self._run("insert into outbox values (?, ?, ?, ?, ?, ?, ?)", row)

    async def settle(self, operation_id: str, state: State, made_id: str | None = None) -> None:
        """Set what has become known of an entry."""
        await self._run(
            "update outbox set state = ?, made_id = coalesce(?, made_id) where operation_id = ?",
            (state.value, made_id, operation_id),
        )

    async def unsettled(self, desk: str) -> list[Entry]:
        """Return the entries of a desk that are PENDING or UNKNOWN, oldest first."""
        rows = await self._run(
            "select state, entry from outbox where desk = ? and state in (?, ?)"
            " order by started_at, operation_id",
            (desk, State.PENDING.value, State.UNKNOWN.value),
        )
        return [_entry(state, blob) for state, blob in rows]

    async def made(self, desk: str, ticket_id: str | None) -> dict[str, str]:
        """Return the ids that were made on a ticket (None: of tickets), each with its operation."""
        rows = await self._run(
            "select made_id, operation_id from outbox"
            " where desk = ? and ticket_id is ? and made_id is not null",
            (desk, ticket_id),
        )
        return dict(rows)

    async def aclose(self) -> None:
        """Close the file."""
        async with self._lock:
            file, self._file = self._file, None
            if file is not None:
                await asyncio.to_thread(file.close)

    async def _run(self, statement: str, values: tuple[Any, ...]) -> list[Any]:
        async with self._lock:
            work = asyncio.ensure_future(asyncio.to_thread(self._execute, statement, values))
            try:
                return await asyncio.shield(work)
            except asyncio.CancelledError:
                await asyncio.wait([work])  # the file has one user at a time
                raise

    def _execute(self, statement: str, values: tuple[Any, ...]) -> list[Any]:
        import sqlite3

        try:
            if self._file is None:
                self._file = self._opened()
            with self._file:
                return self._file.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            reason = type(error).__name__
        raise ConfigurationError(f"the outbox {self.path.name} cannot be used ({reason}).")

    def _opened(self) -> sqlite3.Connection:
        import sqlite3

        file = sqlite3.connect(self.path, timeout=10.0, check_same_thread=False)
        file.execute("pragma synchronous = full")
        with file:
            file.execute(_TABLE)
            oldest = (datetime.now(UTC) - self.keep).isoformat()
            file.execute(
                "delete from outbox where state in (?, ?) and started_at < ?",
                (State.SENT.value, State.NOT_SENT.value, oldest),
            )
        return file


def _entry(state: str, blob: bytes) -> Entry:
    """Return the entry that was kept."""
    kept = orjson.loads(blob)
    mark = kept.pop("fingerprint")
    mark = Fingerprint(**{**mark, "files": tuple(mark["files"]), "known": tuple(mark["known"])})
    for name in ("started_at", "ends_at"):
        kept[name] = datetime.fromisoformat(kept[name])
    return evolve(Entry(fingerprint=mark, **kept), state=State(state))
