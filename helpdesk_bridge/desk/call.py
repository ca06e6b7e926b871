"""Frame a public call: it needs an open desk, it has one id, and its errors say whose they are."""

from __future__ import annotations

import asyncio
import logging
import math
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Token
from types import TracebackType
from typing import Self

from attrs import define, field

from helpdesk_bridge.errors import (
    DeskClosed,
    HelpdeskError,
    Outcome,
    OutcomeUnknown,
    PartlyDone,
    moment,
    reason_of,
)
from helpdesk_bridge.model.fingerprint import Fingerprint
from helpdesk_bridge.transport import CURRENT_CALL, Call
from helpdesk_bridge.transport.log import attributes

__all__ = ["CallContext", "Calls"]

log = logging.getLogger("helpdesk_bridge.desk")
logging.getLogger("helpdesk_bridge").addHandler(logging.NullHandler())
# Without a handler Python writes warnings to stderr by itself.

_MOST_INTERRUPTED = 1000


@define(eq=False)
class Calls:
    """Opens the public calls of one desk, and keeps those that were cut off.

    ``seconds`` is the deadline of each. A desk without HTTP (``is_remote`` False) cannot tell how
    far a write has come: once it was begun it may be done.
    """

    desk: str
    vendor: str
    seconds: float
    is_remote: bool
    closed: bool = False
    interrupted: deque[OutcomeUnknown] = field(factory=lambda: deque(maxlen=_MOST_INTERRUPTED))

    def begin(self, operation: str) -> CallContext:
        """Return the context of a call that begins: ``with calls.begin("reply") as call``."""
        return CallContext(self, operation, uuid.uuid4().hex)

    def forget(self, unknown: OutcomeUnknown) -> None:
        """Take out a call that was cut off, once its outcome is known."""
        for kept in list(self.interrupted):
            if kept.operation_id == unknown.operation_id:
                self.interrupted.remove(kept)


class CallContext:
    """Puts the desk's and the call's names on every error that passes through it.

    It is entered once a public call. What is requested within shares its id and its deadline.
    ``ticket_id`` and ``fingerprint`` are set by a call that writes; its OutcomeUnknown carries
    them.
    """

    def __init__(self, calls: Calls, operation: str, operation_id: str) -> None:
        self._calls = calls
        self._token: Token[Call | None] | None = None
        self._call: Call | None = None
        self._began = moment.wall_clock()
        self.operation = operation
        self.operation_id = operation_id
        self.ticket_id: str | None = None
        self.fingerprint: Fingerprint | None = None
        self.key: str | None = None
        self.is_writing = False
        """Whether a write that must not be done twice was begun."""

    def part(self) -> CallContext:
        """Return the context of a part of this call, such as a page: its id, a deadline anew."""
        return CallContext(self._calls, self.operation, self.operation_id)

    def check_open(self) -> None:
        """Raise DeskClosed if the desk was closed."""
        if self._calls.closed:
            raise self._named(DeskClosed("the desk is closed."))

    def __enter__(self) -> Self:
        self.check_open()
        self._call = Call(
            operation=self.operation,
            operation_id=self.operation_id,
            ends_at=_now() + self._calls.seconds,
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
            CURRENT_CALL.reset(self._token)
        self.name_error(error)

    def name_error(self, error: BaseException | None) -> None:
        """Name an error that ends the call, or raise OutcomeUnknown in its place.

        Called by itself where the call is over and its answer is still being read.
        """
        if isinstance(error, HelpdeskError):
            is_new = error.operation_id is None  # no call within this one has told of it
            self._named(error)
            if self._is_foreign_doubt(error):
                raise self._in_doubt(str(error.message), error) from error
            unknown = error.failure if isinstance(error, PartlyDone) else error
            if is_new and isinstance(unknown, OutcomeUnknown):
                self._warn(unknown)
        elif isinstance(error, asyncio.CancelledError) and self.may_have_written:
            self._calls.interrupted.append(
                self._in_doubt("the call was cancelled when it may have been sent already.", error)
            )
        elif isinstance(error, Exception) and self.may_have_written:
            # Of a middleware or a bug. Somebody's retry decorator may know its type.
            raise self._in_doubt(
                f"{type(error).__name__} was raised when it may have been sent already.", error
            ) from error

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
        return 0.0 if self._call is None else max(0.0, self._call.ends_at - _now())

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
        return self._call.may_have_written if self._calls.is_remote else self.is_writing

    def _is_foreign_doubt(self, error: HelpdeskError) -> bool:
        """Whether an error that a middleware raised makes light of a write that may be done."""
        return (
            error.outcome is Outcome.UNKNOWN
            and not isinstance(error, (OutcomeUnknown, PartlyDone))
            and self.is_writing
            and self.may_have_written
        )

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

    def _named(self, error: HelpdeskError) -> HelpdeskError:
        if isinstance(error, OutcomeUnknown):
            error.fill(ticket_id=self.ticket_id, key=self.key, fingerprint=self.fingerprint)
        if isinstance(error, PartlyDone):
            if isinstance(error.failure, OutcomeUnknown):
                later = self.fingerprint.later() if self.fingerprint else None
                error.failure.fill(ticket_id=error.ticket_id, key=self.key, fingerprint=later)
            self._placed(error.failure)
        return self._placed(error)

    def _placed(self, error: HelpdeskError) -> HelpdeskError:
        return error.fill(
            desk=self._calls.desk,
            vendor=self._calls.vendor,
            operation=self.operation,
            operation_id=self.operation_id,
        )


def _now() -> float:
    """Return the event loop's time; outside of any loop nothing is requested, and nothing ends."""
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return math.inf
