"""The ledger: a durable log of unsafe writes, each entered before it is sent.

The result is added afterwards. After a crash ``await desk.recover()`` looks for the writes that
have none; it only reads, and sends nothing again.
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
    """Return a name of the machine; on Linux, of its boot and its process namespace, too.

    Containers may share a host name without seeing each other's processes: a living process of
    one must not look dead to another.
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
    """It is about to be sent, or was lost with its process."""
    SENT = "sent"
    """It was carried out: the vendor accepted it, or it was found on the desk."""
    NOT_SENT = "not_sent"
    """It was not carried out."""
    UNKNOWN = "unknown"
    """It may have been carried out."""


@frozen(kw_only=True)
class Entry:
    """One unsafe write in a ledger. It holds no word of a message and no address."""

    operation_id: str
    """The id of the call, as it stands in log lines."""
    desk: str
    """The name of the desk."""
    vendor: str
    """The name of the adapter."""
    operation: str
    """The call, such as reply."""
    ticket_id: str | None
    """The ticket that is written to; None: the write creates one."""
    fingerprint: Fingerprint
    """Digests by which the message or ticket can be found on the desk."""
    started_at: datetime
    """When the call began, in UTC."""
    ends_at: datetime
    """When the call is over at the latest, in UTC; until then another process may be at it."""
    state: State = State.PENDING
    """What is known of the write."""
    made_id: str | None = None
    """The id of the message or ticket that was made; None: it is not known."""
    host: str = _HOST
    """The machine of the process that wrote."""
    pid: int = field(factory=os.getpid)
    """The id of that process on its machine."""
    process: str = _PROCESS
    """A random name of that process, because process ids are used again."""

    @classmethod
    def begun(cls, *, seconds: float, **what: Any) -> Entry:
        """Return the entry of a call that begins now and lasts at most ``seconds``."""
        now = datetime.now(UTC)
        return cls(started_at=now, ends_at=now + timedelta(seconds=seconds) + _MARGIN, **what)

    @property
    def is_nameless(self) -> bool:
        """Whether it has made, or may yet make, a message or ticket whose id is not known."""
        if self.state is State.PENDING:
            return self.is_under_way
        return self.state is State.SENT and self.made_id is None

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Mark the write as under way in this process while the context lasts."""
        _UNDER_WAY.add(self.operation_id)
        try:
            yield
        finally:
            _UNDER_WAY.discard(self.operation_id)

    @property
    def is_under_way(self) -> bool:
        """Whether this process, or another one that may be alive, may still carry it out."""
        if (self.process, self.pid) == (_PROCESS, os.getpid()):  # a fork has another pid
            return self.operation_id in _UNDER_WAY
        return datetime.now(UTC) < self.ends_at and not (self.host == _HOST and _is_dead(self.pid))

    def as_error(self) -> OutcomeUnknown:
        """Return the error that the call would have raised, for ``reconcile``.

        When the process ended is not known. The latest possible time is assumed, so that the vendor
        has had time to show the message.
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
    """Say whether a process of this machine has surely ended; where that cannot be told, False."""
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
    """Where a desk records its unsafe writes. All of it must survive the process."""

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
        """Close what the ledger holds open; may be called again."""
