"""Frame a public call: it needs an open desk, it has one id, and its errors say whose they are."""

from __future__ import annotations

import asyncio
import logging
import math
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import Token
from types import TracebackType
from typing import Any, Self

from attrs import define, field

from helpdesk_bridge.errors import (
    DeadlineExceeded,
    DeskClosed,
    HelpdeskError,
    InProgress,
    InvalidArgument,
    Outcome,
    OutcomeUnknown,
    PartlyDone,
    Stage,
    moment,
    reason_of,
)
from helpdesk_bridge.errors.frames import forget_locals
from helpdesk_bridge.model import Problem
from helpdesk_bridge.model.fingerprint import Fingerprint
from helpdesk_bridge.model.home import Home
from helpdesk_bridge.transport import CURRENT_CALL, Call
from helpdesk_bridge.transport.credentials import Credentials
from helpdesk_bridge.transport.deadlines import OpenRequests, RequestDeadline
from helpdesk_bridge.transport.download import Announced
from helpdesk_bridge.transport.log import attributes

__all__ = ["CallContext", "Calls"]

log = logging.getLogger("helpdesk_bridge.desk")
logging.getLogger("helpdesk_bridge").addHandler(logging.NullHandler())  # else to stderr

_MOST_INTERRUPTED = 1000
_AT_ONCE = 10  # errors that are named in a row, each for 0.2 ms: credentials are looked for


@define(eq=False)
class Calls:
    """Opens the public calls of one desk, and keeps those that were cut off.

    ``seconds`` is the deadline of each, ``running`` ends them, and ``home`` is where they may be
    made. A desk without HTTP (``is_remote`` False) cannot tell how far a write has come: once it
    was begun it may be done.
    """

    desk: str
    vendor: str
    seconds: float
    is_remote: bool
    running: OpenRequests
    home: Home
    credentials: Credentials = field(factory=Credentials)
    """What no error of the desk may show."""
    closed: bool = False
    interrupted: deque[OutcomeUnknown] = field(factory=lambda: deque(maxlen=_MOST_INTERRUPTED))

    def begin(
        self, operation: str, *, writes: bool = False, seconds: float | None = None
    ) -> CallContext:
        """Return the context of a call that begins: ``with calls.begin("reply") as call``.

        ``writes`` says whether the call changes anything at the vendor, ``seconds`` is its
        deadline; None: that of every call.
        """
        return CallContext(self, operation, uuid.uuid4().hex, writes=writes, seconds=seconds)

    def part(self) -> CallContext:
        """Return the context of a part of the call that is under way, with a deadline anew."""
        call = CURRENT_CALL.get()
        assert call is not None  # noqa: S101 - asked within a call only
        return CallContext(self, call.operation, call.operation_id)

    def forget(self, unknown: OutcomeUnknown) -> None:
        """Take out a call that was cut off, once its outcome is known."""
        for kept in list(self.interrupted):
            if kept.operation_id == unknown.operation_id:
                self.interrupted.remove(kept)


class CallContext:
    """Puts the desk's and the call's names on every error that passes through it.

    It is entered once a public call. What is requested within shares its id, and whatever is
    awaited within, requests or not, ends at its deadline or with the desk. ``ticket_id`` and
    ``message_id`` are what the call is about, and ``fingerprint`` is what it writes: its errors
    carry them.
    """

    def __init__(
        self,
        calls: Calls,
        operation: str,
        operation_id: str,
        *,
        writes: bool = False,
        seconds: float | None = None,
    ) -> None:
        self._calls = calls
        self._seconds = calls.seconds if seconds is None else seconds
        self._deadline: RequestDeadline | None = None
        self._is_stopped = False
        self._token: Token[Call | None] | None = None
        self._call: Call | None = None
        self._began = moment.wall_clock()
        self.operation = operation
        self.operation_id = operation_id
        self.writes = writes
        """Whether the call changes anything at the vendor."""
        self.ticket_id: str | None = None
        self.message_id: str | None = None
        self.fingerprint: Fingerprint | None = None
        self.key: str | None = None
        self.is_writing = False
        """Whether a write that must not be done twice was begun."""
        self.is_changing = False
        """Whether a write that may be repeated was begun."""

    def part(self, *, seconds: float | None = None) -> CallContext:
        """Return the context of a part of this call, such as a page: its id, a deadline anew.

        ``seconds`` is that deadline; None: that of every call.
        """
        part = CallContext(
            self._calls, self.operation, self.operation_id, writes=self.writes, seconds=seconds
        )
        part.ticket_id = self.ticket_id
        return part

    def write_once(self) -> None:
        """Have no write of this call repeated, whatever the adapter says of its operation."""
        if self._call is not None:
            self._call.once = True

    def announce(self, file: Announced) -> None:
        """Have a download of this call judged by what the vendor told of the file before."""
        if self._call is not None:
            self._call.file = file

    def check_open(self) -> None:
        """Raise DeskClosed if the desk was closed, InvalidArgument where it must not be used."""
        if self._calls.closed:
            raise self._named(DeskClosed("the desk is closed."))
        self.check_home()

    def check_home(self) -> None:
        """Raise InvalidArgument in another event loop, thread or process than the desk's own."""
        trouble = self._calls.home.trouble()
        if trouble:
            raise self._named(
                InvalidArgument(
                    f"this desk {trouble}: make a Helpdesk in each event loop, thread and process."
                )
            )

    def __enter__(self) -> Self:
        self.check_open()
        task, now = _present()
        ends_at = now + self._seconds
        if task is not None:  # outside of one nothing can be awaited
            self._deadline = RequestDeadline(self._calls.running, ends_at).__enter__()
        self._call = Call(
            operation=self.operation,
            operation_id=self.operation_id,
            ends_at=ends_at,
            deadline=self._deadline,
            seconds=self._seconds,
        )
        self._token = CURRENT_CALL.set(self._call)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._token is not None:
            with suppress(ValueError):  # collected, behind the end of its loop, in another context
                CURRENT_CALL.reset(self._token)
        if error is not None:
            forget_locals(error)
        if self._deadline is not None and self._deadline.leave(kind):
            raise self._ended() from error
        self.name_error(error)

    def name_error(self, error: BaseException | None) -> None:
        """Name an error that ends the call, or raise OutcomeUnknown in its place.

        Called by itself where the call is over and its answer is still being read.
        """
        if isinstance(error, HelpdeskError):
            is_new = error.operation_id is None  # no call within this one has told of it
            if is_new and self._is_before_the_write(error):
                error.outcome, error.stage = Outcome.NOT_SENT, Stage.PREPARING
                error.step = self._call.latest if self._call else None
            self._named(error)
            if self._is_foreign_doubt(error):
                raise self._in_doubt(str(error.message), error) from error
            unknown = error.failure if isinstance(error, PartlyDone) else error
            if is_new and isinstance(unknown, OutcomeUnknown):
                self._warn(unknown)
        elif isinstance(error, (asyncio.CancelledError, GeneratorExit)) and self.may_have_written:
            # The latter is thrown into a call whose event loop was closed.
            self._calls.interrupted.append(
                self._in_doubt("the call was cancelled when it may have been sent already.", error)
            )
        elif isinstance(error, Exception) and self.may_have_written:
            # Of a middleware or a bug. Somebody's retry decorator may know its type.
            raise self._in_doubt(
                f"{type(error).__name__} was raised when it may have been sent already.", error
            ) from error

    async def name_problems(self, problems: Iterable[Problem]) -> None:
        """Name the errors of records that were passed over; the event loop gets its turns."""
        for number, problem in enumerate(problems, 1):
            self._named(problem.error)
            if not number % _AT_ONCE:
                await asyncio.sleep(0)

    @contextmanager
    def own_errors(self) -> Iterator[None]:
        """Give the errors of public calls that are made for this one its name and its id."""
        try:
            yield
        except HelpdeskError as error:
            error.operation, error.operation_id = self.operation, self.operation_id
            raise

    @property
    def seconds_left(self) -> float:
        """The seconds until its deadline."""
        return 0.0 if self._call is None else max(0.0, self._call.ends_at - _present()[1])

    def stop(self) -> None:
        """End the call at what it is at: another process may take its write over."""
        self._is_stopped = True
        if self._deadline is not None:
            self._deadline.expire()

    def mark_writes(self, mark: str) -> None:
        """Have what this call writes marked with ``mark`` where the vendor keeps such a word."""
        if self._call is not None:
            self._call.mark = mark

    def check_before_bytes(self, check: Callable[[], None]) -> None:
        """Have ``check`` asked before a byte of a write leaves; a desk without HTTP asks now."""
        if self._call is None or not self._calls.is_remote:
            check()
        else:
            self._call.checks.append(check)

    @property
    def may_have_written(self) -> bool:
        """Whether the call may have carried out an unsafe write by now."""
        if self._call is None:
            return False
        if self._calls.is_remote:
            return self._call.may_have_written
        return self.is_writing and self._has_begun_here

    @property
    def _has_begun_here(self) -> bool:
        """Whether a desk without HTTP was asked to write anything, and did not hold it back."""
        is_held_back = self._call is not None and self._call.is_held_back
        return (self.is_writing or self.is_changing) and not is_held_back

    def _ended(self) -> HelpdeskError:
        """Return the error of a call that was ended at its deadline, or with the desk."""
        waited_for = self._call.waits_for if self._call else ""
        during = f" while it waited for {waited_for}" if waited_for else ""
        error: HelpdeskError
        if self._calls.running.closed:
            error = DeskClosed(f"the desk was closed during the call{during}.")
        elif self._is_stopped and self.seconds_left > 0:
            error = InProgress(
                "the ledger took no sign of life of this call for longer than its lease, so that"
                " another process may take the write over."
            )
        else:
            error = DeadlineExceeded(self._call.too_late if self._call else "")
        if self.may_have_written:
            return self._in_doubt(error.message, error)
        if not isinstance(error, InProgress):
            error.outcome = self._outcome_of_the_rest
        return self._named(error)

    @property
    def _outcome_of_the_rest(self) -> Outcome:
        """What is known of a call that has carried out no unsafe write."""
        if not self.writes:
            begun = True  # a read, which nobody minds
        elif self._calls.is_remote:
            begun = self._call is not None and any(one.bytes_sent for one in self._call.changes)
        else:
            begun = self._has_begun_here
        return Outcome.UNKNOWN if begun else Outcome.NOT_SENT

    def _is_foreign_doubt(self, error: HelpdeskError) -> bool:
        """Whether an error that a middleware raised makes light of a write that may be done."""
        return (
            error.outcome is Outcome.UNKNOWN
            and not isinstance(error, (OutcomeUnknown, PartlyDone))
            and self.may_have_written
        )

    def _is_before_the_write(self, error: HelpdeskError) -> bool:
        """Whether a call that writes failed in what it does before: then nothing was sent."""
        if not self.writes or isinstance(error, (OutcomeUnknown, PartlyDone)):
            return False
        if self._calls.is_remote:
            begun = self._call is not None and self._call.has_begun_to_write
        else:
            begun = self._has_begun_here
        return not begun and error.outcome is not Outcome.NOT_SENT

    def _warn(self, unknown: OutcomeUnknown) -> None:
        log.warning(
            "%s on %s: it is not known whether it was done (%s) [%s]",
            self.operation,
            self._calls.desk,
            unknown.cause,
            self.operation_id,
            extra=attributes(
                desk=self._calls.desk,
                vendor=self._calls.vendor,
                call=self.operation,
                operation_id=self.operation_id,
                ticket_id=unknown.ticket_id,
                status=unknown.status,
                error=unknown.cause,
                outcome=unknown.outcome.value,
                reason=unknown.reason.value,
            ),
        )

    def _in_doubt(self, message: str, cause: BaseException) -> OutcomeUnknown:
        writes = [] if self._call is None else self._call.writes
        begun = [write.started_at for write in writes if write.started_at]
        error = OutcomeUnknown(
            message,
            started_at=min(begun, default=self._began),
            bytes_sent=True,
            cause=type(cause).__name__,
            reason=reason_of(cause),
            attempts=sum(write.attempts for write in writes),
        )
        self._named(error)
        self._warn(error)
        return error

    def named(self, error: HelpdeskError) -> HelpdeskError:
        """Put the names of the desk, the call and its ticket on an error, and return it."""
        return self._named(error)

    def _named(self, error: HelpdeskError) -> HelpdeskError:
        if isinstance(error, OutcomeUnknown):
            error.fill(key=self.key, fingerprint=self.fingerprint)
        if isinstance(error, (PartlyDone, InProgress)):
            error.fill(key=self.key)
        if isinstance(error, PartlyDone):
            if isinstance(error.failure, OutcomeUnknown):
                later = self.fingerprint.later() if self.fingerprint else None
                error.failure.fill(ticket_id=error.ticket_id, key=self.key, fingerprint=later)
            self._placed(error.failure)  # it may be of a request that only read
        if not isinstance(error, PartlyDone):  # what exists by then is the adapter's to say
            error.fill(ticket_id=self.ticket_id, message_id=self.message_id)
        self._placed(error)
        return error.fill(stage=Stage.WRITING if self.writes else Stage.READING)

    def _placed(self, error: HelpdeskError) -> HelpdeskError:
        self._calls.credentials.clear(error)
        return error.fill(
            desk=self._calls.desk,
            vendor=self._calls.vendor,
            operation=self.operation,
            operation_id=self.operation_id,
        )


def _present() -> tuple[asyncio.Task[Any] | None, float]:
    """Return the task and the event loop's time; outside of any loop nothing ends."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return None, math.inf
    return asyncio.current_task(loop), loop.time()
