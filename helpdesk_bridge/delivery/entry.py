"""An entry of the ledger: one unsafe write, who makes it, and what is known of it."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from attrs import evolve, field, frozen

from helpdesk_bridge.errors import OutcomeUnknown, Reason, moment
from helpdesk_bridge.errors.moment import BOOT, Moment
from helpdesk_bridge.model.fingerprint import Fingerprint

__all__ = ["OPEN", "EntryState", "LedgerEntry", "Writer", "with_result"]

_PROCESS = uuid.uuid4().hex


class EntryState(StrEnum):
    """What is known of an entry."""

    PENDING = "pending"
    """It is about to be sent, or was lost with its process."""
    SENT = "sent"
    """It was carried out: the vendor accepted it, or it was found on the desk."""
    NOT_SENT = "not_sent"
    """It was not carried out."""
    UNKNOWN = "unknown"
    """It may have been carried out."""


OPEN = (EntryState.PENDING, EntryState.UNKNOWN)
"""The states of a write that may have been carried out, and is not known to have been."""


def _processes() -> str:
    """Return the name of the space in which process ids are counted; "": it cannot be told."""
    with suppress(OSError):
        return str(Path("/proc/self/ns/pid").readlink())
    return ""


def _started(pid: int | str) -> str:
    """Return when a process was started, as its system counts; "": it cannot be told.

    A process that has ended and is still listed has the state Z, which counts as no process.
    """
    with suppress(OSError, ValueError):
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        fields = stat[stat.rindex(")") + 1 :].split()
        return "ended" if fields[0] in "ZX" else fields[19]
    return ""


@frozen
class Writer:
    """The process that writes. Another one of its machine can see whether it lives."""

    boot: str
    """The start of its machine."""
    processes: str
    """The space in which its id was counted; containers have their own."""
    pid: int
    """Its id."""
    started: str
    """When it was started, as its system counts; "": not known. Ids are used again."""
    name: str
    """A random name of it."""

    @classmethod
    def this(cls) -> Self:
        """Return this process."""
        return cls.of(os.getpid(), name=_PROCESS)

    @classmethod
    def of(cls, pid: int, name: str = "") -> Self:
        """Return the process with the id ``pid`` of this machine."""
        return cls(BOOT, _processes(), pid, _started(pid), name)

    @property
    def is_this(self) -> bool:
        """Whether it is this process; a fork is another."""
        return (self.name, self.pid) == (_PROCESS, os.getpid())

    @property
    def is_visible(self) -> bool:
        """Whether this process can see whether it lives."""
        here = (BOOT, _processes())
        return os.name == "posix" and bool(self.processes) and (self.boot, self.processes) == here

    @property
    def has_ended(self) -> bool:
        """Whether it has surely ended; where that cannot be told, False."""
        if not self.is_visible:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except OSError:
            pass
        started = _started(self.pid)
        return bool(self.started and started) and started != self.started


@frozen(kw_only=True)
class LedgerEntry:
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
    key: str | None = None
    """The application's own name for the write; None: it gave none."""
    started_at: datetime = field(factory=lambda: moment.wall_clock())
    """When the call began, in UTC, for people: a clock may be set."""
    writer: Writer = field(factory=Writer.this)
    """The process that makes it."""
    beat: int = 0
    """How often the writer has said that it is still at it."""
    beaten: Moment = field(factory=Moment.now)
    """When it said so last, or was told that the outcome is not known, on its machine."""
    state: EntryState = EntryState.PENDING
    """What is known of the write."""
    made_id: str | None = None
    """The id of the message or ticket that was made; None: it is not known."""
    finished: bool = True
    """False: it was carried out, and a later step of its call is missing, or may be."""

    def as_error(self, failed: Moment) -> OutcomeUnknown:
        """Return the error that the call would have raised, for ``reconcile``.

        ``failed`` is the latest moment at which the writer can have been at it.
        """
        lost = self.state is EntryState.PENDING
        error = OutcomeUnknown(
            "the process ended before the outcome was known."
            if lost
            else "the outcome of an earlier call is not known.",
            desk=self.desk,
            vendor=self.vendor,
            operation=self.operation,
            operation_id=self.operation_id,
            ticket_id=self.ticket_id,
            key=self.key,
            started_at=self.started_at,
            fingerprint=self.fingerprint,
            reason=Reason.PROCESS_ENDED if lost else Reason.UNKNOWN,
        )
        error.failed = failed
        return error


def with_result(
    entry: LedgerEntry | None,
    state: EntryState,
    made_id: str | None = None,
    *,
    finished: bool | None = None,
    taken: bool = False,
) -> LedgerEntry | bool:
    """Return ``entry`` with what has become known of it: the rule of :meth:`Ledger.record_result`.

    ``finished`` None leaves that as it is, ``taken`` says whether ``made_id`` is another entry's.
    True stays as it is (an entry that is not kept is None), False is refused.
    """
    if entry is None:
        return True
    if state is EntryState.NOT_SENT and entry.state not in OPEN:
        return False
    if state is EntryState.UNKNOWN and entry.state is not EntryState.PENDING:
        return True
    if state is EntryState.SENT and made_id is not None and taken:
        return False
    found: dict[str, Any] = {"state": state}
    if finished is not None:
        found["finished"] = finished
    if state is EntryState.UNKNOWN:
        found["beaten"] = Moment.now()
    return evolve(entry, made_id=entry.made_id or made_id, **found)
