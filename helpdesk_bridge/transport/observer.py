"""Observers: objects of the application that are told of each attempt at a request.

Nothing that is told holds a secret, a header, a body, a query or a host.
"""

from __future__ import annotations

from datetime import datetime

from attrs import define, frozen

from helpdesk_bridge.errors import Outcome, Reason
from helpdesk_bridge.transport.operation import Effect

__all__ = ["Attempt", "AttemptResult", "Observation", "Observer", "Repetition"]


@frozen(kw_only=True, eq=False)
class Attempt:
    """One attempt at a request. All methods of an observer get the same object, so it can be a key.

    ``desk`` and ``vendor`` are the names of the desk and its adapter (vendor None: a transport
    without one). ``operation`` is the vendor's operation, as its adapter calls it; ``call`` the
    public call that it is made for, and ``operation_id`` the id of that call, as errors and log
    lines have it: both are None outside of any. ``effect`` says what the request does at the
    vendor. ``attempt`` counts from 1. ``path`` is the path below ``base_url``, without its query;
    addresses and key-like words in it are struck out.

    ``method`` is the HTTP verb.
    """

    desk: str
    vendor: str | None
    operation: str
    call: str | None
    operation_id: str | None
    effect: Effect
    attempt: int
    method: str
    path: str


@frozen(kw_only=True)
class AttemptResult:
    """How an attempt ended.

    ``status`` is the HTTP status of the last answer (None: none came). ``bytes_received`` is how
    much of its body came, as it was sent (0 for a download, whose attempt ends with the head of
    the answer). ``error`` is the name of the error's class, ``outcome`` and ``reason`` are what
    the error says; all three are None for a success. A cancelled attempt has the reason CANCELLED.
    ``seconds`` is how long it took, with the wait for a connection and the rate limit.
    ``vendor_time`` is the vendor's clock by that answer, aware: its Date, and its Age added to
    it (None if it does not tell).
    """

    status: int | None
    bytes_received: int
    error: str | None
    outcome: Outcome | None
    reason: Reason | None
    seconds: float
    vendor_time: datetime | None


@frozen(kw_only=True)
class Repetition:
    """That a request failed and is sent again.

    ``wait`` is how many seconds from now. ``requests`` is how many requests were made so far:
    redirects and renewed sessions count, too. ``status`` (None: no answer came), ``error`` (the
    name of a class), ``outcome`` and ``reason`` are those of the attempt that failed.
    """

    wait: float
    requests: int
    status: int | None
    error: str
    outcome: Outcome
    reason: Reason


class Observer:
    """Base of what is told of each attempt: override what you want to know.

    Give objects of it to ``hb.connect(…, observers=[…])`` or ``hb.Helpdesk``. The methods are
    called in the task of the attempt, between its awaits: they must not block. What they raise is
    logged once for each observer, by the name of its class, and breaks no request. A desk without
    HTTP, such as the one in memory, makes no attempts.
    """

    def attempt_started(self, attempt: Attempt) -> None:
        """Be told that ``attempt`` begins; it may still wait for a slot or the rate limit."""

    def attempt_ended(self, attempt: Attempt, result: AttemptResult) -> None:
        """Be told that ``attempt`` ended, well or not, and how; also when it was cancelled.

        ``result`` says how.
        """

    def retrying(self, attempt: Attempt, repetition: Repetition) -> None:
        """Be told, after its end, that ``attempt`` failed and will be followed by another one.

        ``repetition`` says why, and how long it waits.
        """


@define
class Observation:
    """What came of an attempt so far: of its last answer, where there are several."""

    attempt: Attempt
    status: int | None = None
    bytes_received: int = 0
    vendor_time: datetime | None = None
