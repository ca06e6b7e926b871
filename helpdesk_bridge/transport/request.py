"""One request, and how far it has come."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from attrs import define, field, frozen

from helpdesk_bridge.errors import HelpdeskError, Outcome
from helpdesk_bridge.transport.body import FormBody, JsonBody, Multipart
from helpdesk_bridge.transport.credentials import Credentials
from helpdesk_bridge.transport.deadlines import RequestDeadline
from helpdesk_bridge.transport.download import Announced
from helpdesk_bridge.transport.observer import Observation
from helpdesk_bridge.transport.operation import Effect, Operation
from helpdesk_bridge.transport.outcome import with_outcome

__all__ = ["Effect", "Failure", "Operation", "Progress", "Request"]


@frozen
class Failure:
    """How an attempt at a request failed."""

    message: str
    """The sentence of its error."""
    outcome: Outcome
    """What was known of it then."""


@define
class Progress:
    """How far a request has come: what the layers of the pipeline tell each other.

    It is one object for all attempts at a request. Each field says who writes and who reads it.
    """

    began: float = math.inf
    """When the request was asked for (loop time).

    Written by Transport when it makes the request; read by SessionAuth, which lets whoever was
    waiting share a renewal that failed meanwhile.
    """
    ends_at: float = math.inf
    """When its deadline passes (loop time).

    Written by Deadline; read by Retry and Pacing, which begin no wait that could not end before.
    """
    deadline: RequestDeadline | None = None
    """What ends the request at its deadline, or when the desk is closed.

    Written by Deadline; read by Observe, to which both look like a cancellation.
    """
    waiting: bool = False
    """Whether it queues for one of the desk's own slots or permits: nothing can have been sent.

    Written by Pool and Pacing; read by Deadline, which says PoolTimeout then.
    """
    bytes_sent: bool = False
    """Whether a byte of the present attempt may have left.

    Written by HttpClient and its connector, and taken back by Retry and SessionAuth before they
    send again; read by all that judge an outcome: HttpClient, Deadline, Pacing, Call and
    :meth:`Request.with_outcome`.
    """
    kept: bool = False
    """Whether the connection of the present attempt had carried another request before.

    Written by HttpClient's connector; read by HttpClient, which has what was not proper HTTP on
    such a connection tried again on another one.
    """
    checks: Sequence[Callable[[], None]] = ()
    """What is asked when a connection is there and no byte has left; it raises to stop the attempt.

    Written by Transport, from the call; read by the connector.
    """
    failures: tuple[Failure, ...] = ()
    """How the attempts so far failed. The errors themselves lead back here by their tracebacks.

    Written by Retry; read by Deadline, and through :attr:`attempt` and :attr:`Request.in_doubt`.
    """
    attempts: int = 0
    """How many requests were made: redirects and renewed sessions count, too.

    Written by HttpClient; read by all that make errors, and by Pacing.
    """
    started_at: datetime | None = None
    """When the first of them began, aware, in UTC.

    Written by HttpClient; read by :meth:`Request.with_outcome`, Response and the desk's calls.
    """

    credentials: Credentials = field(factory=Credentials)
    """What the desk signs with, to be struck out of what the vendor says.

    Written by Transport, from what Signing saw; read by ErrorTable, Response and Observers.
    """
    observed: Observation | None = None
    """What came of the present attempt so far, for those who observe it; None if nobody does.

    Written by Observe, and by HttpClient what the answer tells; read by Observe and Observers.
    """

    @property
    def attempt(self) -> int:
        """Which attempt is under way, from 1."""
        return len(self.failures) + 1


@frozen(kw_only=True, slots=False)  # made for every request: slots are dear to fill when frozen
class Request:
    """One request: a path below the desk's base URL.

    ``url`` is set on the download of a file at an address that the vendor gave, and on nothing
    else; it may hold a signature, and is not shown.

    Args:
        operation: the vendor's operation, with its effect.
        method: the HTTP verb.
        path: the segments below the base URL.
        url: the address of a file; None is ``path`` below the base URL.
        query: pairs of names and values.
        headers: headers beside those of every request.
        body: what it carries; None is nothing.
        authenticate: whether it is to be signed.
        stream: whether its answer is a download.
        announced: what the vendor told of the file; None: nothing is known of it.
        progress: how far it has come.
    """

    operation: Operation
    method: str
    path: tuple[str, ...]
    url: str | None = field(default=None, repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    body: JsonBody | FormBody | Multipart | None = None
    authenticate: bool = True
    stream: bool = False
    announced: Announced | None = field(default=None, repr=False)
    progress: Progress = field(factory=Progress, repr=False, eq=False)

    @property
    def effect(self) -> Effect:
        """What the request does at the vendor."""
        return self.operation.effect

    @property
    def unsafe(self) -> bool:
        """Whether doing it twice does two things."""
        return self.operation.effect is Effect.UNSAFE_WRITE

    @property
    def in_doubt(self) -> bool:
        """Whether an earlier attempt at a write may have been carried out."""
        return self.operation.effect is not Effect.READ and any(
            failure.outcome is Outcome.UNKNOWN for failure in self.progress.failures
        )

    def with_outcome(self, error: HelpdeskError) -> HelpdeskError:
        """Return ``error`` as the effect of this request demands, by how far it has come."""
        return with_outcome(
            error,
            unsafe=self.unsafe,
            bytes_sent=self.progress.bytes_sent,
            started_at=self.progress.started_at,
        )

    def with_headers(self, headers: Mapping[str, str]) -> Request:
        """Return this request with more headers.

        ``headers`` come beside those that are there, or in place of them.
        """
        return Request(
            operation=self.operation,
            method=self.method,
            path=self.path,
            url=self.url,
            query=self.query,
            headers={**self.headers, **headers},
            body=self.body,
            authenticate=self.authenticate,
            stream=self.stream,
            announced=self.announced,
            progress=self.progress,
        )
