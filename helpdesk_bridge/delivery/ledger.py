"""The log of unsafe writes: an entry is kept before the first byte leaves, its result after.

What a crash leaves open is looked for by ``await desk.recover()``, which reads and sends nothing.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from attrs import field, frozen

from helpdesk_bridge.errors import OutcomeUnknown, Reason
from helpdesk_bridge.model.fingerprint import Fingerprint

__all__ = ["Entry", "Ledger", "State"]


def _host() -> str:
    """Name the machine, and on Linux its boot and its table of processes.

    Containers often share a host name and not the processes behind it: a living process of the
    one must not look dead from the other.
    """
    words = [socket.gethostname()]
    with suppress(OSError):
        words.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
        words.append(str(Path("/proc/self/ns/pid").readlink()))
    return " ".join(words)


_HOST = _host()
_PROCESS = uuid.uuid4().hex
_UNDER_WAY: set[str] = set()
_MARGIN = timedelta(minutes=5)
"""What two machines' clocks may differ by, added to the end of a call."""


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

    @property
    def is_nameless(self) -> bool:
        """Whether it has made, or may yet make, something that it cannot name by an id."""
        if self.state is State.PENDING:
            return self.is_under_way
        return self.state is State.SENT and self.made_id is None

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
        if (self.process, self.pid) == (_PROCESS, os.getpid()):  # a fork has another pid
            return self.operation_id in _UNDER_WAY
        return datetime.now(UTC) < self.ends_at and not (self.host == _HOST and _is_dead(self.pid))

    def as_error(self) -> OutcomeUnknown:
        """Return the error that the call would have raised, for ``reconcile``.

        Nobody knows when the process ended: as late as can be, so that the vendor has its time.
        """
        error = OutcomeUnknown(
            "the process ended before the outcome was known.",
            desk=self.desk,
            vendor=self.vendor,
            operation=self.operation,
            operation_id=self.operation_id,
            ticket_id=self.ticket_id,
            started_at=self.started_at,
            fingerprint=self.fingerprint,
            reason=Reason.PROCESS_ENDED,
        )
        if self.state is State.PENDING:
            error.failed_at = min(self.ends_at, error.failed_at)
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


class Ledger(Protocol):
    """Where a desk keeps account of its writes. All of it must survive the process."""

    async def begin(self, entry: Entry) -> None:
        """Keep ``entry``, durably, before this returns. Whatever is raised keeps it unsent."""

    async def record_result(
        self, operation_id: str, state: State, made_id: str | None = None
    ) -> bool:
        """Set what has become known of an entry, in one step; False if it cannot be set.

        NOT_SENT cannot where the entry was settled before: who is told NOT_SENT may send it
        again, so only one may be told. SENT cannot where ``made_id`` is another entry's. UNKNOWN
        changes only what is PENDING. Of an entry that is not kept here this is True.

        Args:
            operation_id: the id of the call.
            state: what is known now.
            made_id: the id of what was made; None where the vendor tells none.

        Returns:
            Whether it could be set.
        """
        raise NotImplementedError

    async def unresolved(self, desk: str) -> list[Entry]:
        """Return the entries of a desk that are PENDING or UNKNOWN, oldest first.

        ``desk`` is the name of the desk.
        """
        raise NotImplementedError

    async def on_ticket(self, desk: str, ticket_id: str | None, since: datetime) -> list[Entry]:
        """Return a ticket's entries (None: those of new tickets) begun at ``since`` or later.

        Args:
            desk: the name of the desk.
            ticket_id: the ticket; None is the entries that create one.
            since: aware; entries begun earlier are left out.
        """
        raise NotImplementedError

    async def aclose(self) -> None:
        """Let go of what is held open; may be called again."""
