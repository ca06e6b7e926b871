"""One write whose connection is cut at one byte, and what must be true of it then.

Nothing here knows a fake: a :class:`Counter` says what really happened, so that the same cuts can
be made in front of a live server.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from attrs import frozen

import helpdesk_bridge as hb
from helpdesk_bridge.errors import HelpdeskError, OutcomeUnknown, PartlyDone
from helpdesk_bridge.testing import Cut, End, FaultProxy, Side
from helpdesk_bridge.testing.faults import PassedRequest

T = TypeVar("T")

_ENDS = tuple(End)

CUSTOMER = "li@customer.example"
PARTNER = "lab@partner.example"


class Counter(Protocol):
    """Tells what there is at the vendor by now, by other means than the adapter."""

    async def messages(self, words: str) -> int:
        """Count the messages that hold these words."""

    async def tickets(self, words: str) -> int:
        """Count the tickets with this subject."""

    async def mails(self, words: str) -> int:
        """Count the mails that hold these words and left, or are about to leave."""

    async def subject(self, ticket_id: str) -> str | None:
        """Return a ticket's subject; None for one that is gone."""


@frozen
class Operation:
    """A call that writes: what it makes (``message``, ``ticket``) or does (``update``, ``delete``).

    ``call`` takes the desk, a ticket and the words that are to be sent.
    """

    name: str
    makes: str
    call: Callable[[hb.Helpdesk, hb.Ticket, str], Coroutine[Any, Any, Any]]
    mailed: bool = False
    needs: tuple[hb.Capability, ...] = ()

    @property
    def unsafe(self) -> bool:
        """Whether doing it twice does two things."""
        return self.makes in ("message", "ticket")

    def offered_by(self, desk: hb.Helpdesk) -> bool:
        return all(desk.capabilities.supports(needed) for needed in self.needs)


def _text(words: str) -> str:
    return f"Grüße, {words} & more."


def _file() -> hb.Upload:
    return hb.Upload("ü 1.txt", data=b"seven thousand words")


OPERATIONS = {
    operation.name: operation
    for operation in (
        Operation(
            "reply",
            "message",
            lambda desk, ticket, words: desk.reply(ticket, text=_text(words), send_email=True),
            mailed=True,
            needs=(hb.Capability.REPLY,),
        ),
        Operation(
            "reply_with_file",
            "message",
            lambda desk, ticket, words: desk.reply(
                ticket, text=_text(words), send_email=True, attachments=[_file()]
            ),
            mailed=True,
            needs=(hb.Capability.REPLY, hb.Capability.SEND_ATTACHMENTS),
        ),
        Operation(
            "reply_and_resolve",
            "message",
            lambda desk, ticket, words: desk.reply(
                ticket, text=_text(words), send_email=True, status=hb.Status.RESOLVED
            ),
            mailed=True,
            needs=(hb.Capability.REPLY, hb.Capability.REPLY_WITH_STATUS),
        ),
        Operation(
            "note",
            "message",
            lambda desk, ticket, words: desk.note(ticket, text=_text(words)),
            needs=(hb.Capability.NOTE,),
        ),
        Operation(
            "forward",
            "message",
            lambda desk, ticket, words: desk.forward(ticket, to=PARTNER, text=_text(words)),
            mailed=True,
            needs=(hb.Capability.FORWARD,),
        ),
        Operation(
            "add_request",
            "message",
            lambda desk, ticket, words: desk.add_request(
                ticket, author=CUSTOMER, text=_text(words)
            ),
            needs=(hb.Capability.ADD_REQUEST,),
        ),
        Operation(
            "create_ticket",
            "ticket",
            lambda desk, _, words: desk.create_ticket(
                subject=words, requester=CUSTOMER, text=_text(words)
            ),
            needs=(hb.Capability.CREATE_TICKET,),
        ),
        Operation(
            "update_ticket",
            "update",
            lambda desk, ticket, words: desk.update_ticket(ticket, subject=words),
            needs=(hb.Capability.UPDATE_TICKET,),
        ),
        Operation(
            "delete_ticket",
            "delete",
            lambda desk, ticket, _: desk.delete_ticket(ticket),
            needs=(hb.Capability.DELETE_TICKET,),
        ),
    )
}


@frozen(kw_only=True)
class Result:
    """What the caller was told of one call, and what the vendor has because of it.

    ``made`` is how often the message, ticket or change is there, ``messages`` how many messages
    came (a new ticket has one), ``reached`` whether the fault has happened. ``requests`` is how
    often the last one was made, where it can be told.
    """

    operation: Operation
    error: HelpdeskError | None
    verdict: hb.Reconciliation | None
    made: int
    messages: int
    mails: int
    reached: bool
    requests: int | None

    @property
    def outcome(self) -> str:
        """One word for what the caller was told."""
        if self.error is None:
            return "done"
        return "partly" if isinstance(self.error, PartlyDone) else str(self.error.outcome)

    def broken_promises(self, *, repairable: bool, odd: bool = False) -> list[str]:
        """Return what is wrong; ``repairable`` says that another attempt could repair it all.

        Of an ``odd`` vendor, which changes what it is sent, it may be said that it cannot be told.
        """
        wrong = [*self._doubles(), *self._claims(repairable=repairable)]
        open_ = self.verdict and self.verdict.verdict is hb.Verdict.STILL_UNKNOWN
        return wrong if odd and open_ else [*wrong, *self._verdict()]

    def _doubles(self) -> list[str]:
        most = 1 if self.operation.mailed else 0
        wrong = [f"mailed {self.mails} times"] if self.mails > most else []
        if self.made > 1 or self.messages > 1:
            wrong.append(f"made {self.made} times, with {self.messages} messages")
        if self.operation.mailed and self.mails != self.made:
            wrong.append(f"made {self.made} times, mailed {self.mails} times")
        return wrong

    def _claims(self, *, repairable: bool) -> list[str]:
        error, wrong = self.error, []
        if error is None or isinstance(error, PartlyDone):
            if self.made != 1:
                wrong.append(f"{self.outcome}, and it is there {self.made} times")
            if error is None and self.operation.makes == "ticket" and self.messages != 1:
                wrong.append(f"{self.outcome}, with {self.messages} first messages")
        elif error.outcome is not hb.Outcome.UNKNOWN and self.made:
            wrong.append(f"{type(error).__name__} ({error.outcome}), and it is there")
        if isinstance(error, PartlyDone) and self.operation.makes == "ticket":
            known = error.failure.outcome is not hb.Outcome.UNKNOWN
            if known and self.messages:
                wrong.append(f"first message {error.failure.outcome}, and it is there")
        if error is not None and error.retryable and self.made and self.operation.unsafe:
            wrong.append(f"{type(error).__name__} may be repeated, and it is there")
        told = error.failure if isinstance(error, PartlyDone) else error
        if told is not None and self.requests is not None and (told.attempts or 0) < self.requests:
            wrong.append(f"{told.attempts} attempts are told of, {self.requests} were made")
        if error is not None and repairable and not self.operation.unsafe:
            wrong.append(f"{type(error).__name__}: it was not tried again")
        return wrong

    def _verdict(self) -> list[str]:
        if self.verdict is None:
            return []
        said, there = self.verdict.verdict, bool(self.made)
        if isinstance(self.error, PartlyDone):  # what is open is its second step
            there = bool(self.messages)
        if said is not (hb.Verdict.SENT if there else hb.Verdict.NOT_SENT):
            return [f"{said} ({self.verdict.reason}), and it is there: {there}"]
        whole = self.operation.makes == "ticket" and not isinstance(self.error, PartlyDone)
        if whole and there and (self.verdict.message is not None) != bool(self.messages):
            return [f"first message {self.verdict.message}, and there are {self.messages}"]
        return []


@frozen
class Count:
    made: int
    messages: int
    mails: int


async def counted(counter: Counter, operation: Operation, ticket: hb.Ticket, words: str) -> Count:
    """Return what there is of what ``operation`` makes of these words."""
    messages = await counter.messages(words)
    if operation.makes == "message":
        made = messages
    elif operation.makes == "ticket":
        made = await counter.tickets(words)
    else:
        subject = await counter.subject(ticket.id)
        made = int(subject == words if operation.makes == "update" else subject is None)
    return Count(made, messages, await counter.mails(words))


async def cut_once(
    desk: hb.Helpdesk,
    proxy: FaultProxy,
    operation: Operation,
    cut: Cut,
    *,
    counter: Counter,
    ticket: hb.Ticket,
    words: str,
    nth: int = 0,
    times: int | None = 1,
    hurry: Callable[[], None] | None = None,
    settle: float | None = 0,
) -> Result:
    """Carry out ``operation`` with its ``nth`` request (from 0) cut, and settle what is open.

    ``times`` is how many requests are cut, from that one on (None: all of them). ``hurry`` puts
    the clock forward while a connection hangs; None waits. ``settle`` is for ``reconcile``.
    """
    before = await counted(counter, operation, ticket, words)
    seen: list[PassedRequest] = []
    faults = _faults(proxy)

    def is_meant(request: PassedRequest) -> bool:
        seen.append(request)
        return len(seen) > nth

    proxy.plan(cut, times=times, when=is_meant)
    error: HelpdeskError | None = None
    try:
        await _ended(operation.call(desk, ticket, words), proxy, hurry)
    except HelpdeskError as failure:
        error = failure
    await passes(5)  # a cut behind the last byte may come after the call's end
    reached = _faults(proxy) > faults
    if proxy.planned:
        proxy.clear()
    verdict = None
    unknown = error.failure if isinstance(error, PartlyDone) else error
    if isinstance(unknown, OutcomeUnknown) and isinstance(error, (OutcomeUnknown, PartlyDone)):
        verdict = await _ended(desk.reconcile(error, settle=settle), proxy, hurry)
    await passes(5)
    proxy.release()  # what hangs and is kept for the next request would make that one wait
    after = await counted(counter, operation, ticket, words)
    return Result(
        operation=operation,
        error=error,
        verdict=verdict,
        made=after.made - before.made,
        messages=after.messages - before.messages,
        mails=after.mails - before.mails,
        reached=reached,
        requests=_alike(seen) if times is None else None,
    )


def _alike(seen: list[PassedRequest]) -> int:
    """Count the last one and those just before that were like it.

    What is read after a write may have been read before it, too.
    """
    wanted = [(each.method, each.target) for each in reversed(seen)]
    return len([*itertools.takewhile(wanted[0].__eq__, wanted)])


def _faults(proxy: FaultProxy) -> int:
    return sum(len(link.faults) for link in proxy.links)


async def _ended(
    call: Coroutine[Any, Any, T], proxy: FaultProxy, hurry: Callable[[], None] | None
) -> T:
    if hurry is None:
        return await call
    hurrying = asyncio.create_task(_hurry(proxy, hurry))
    try:
        return await call
    finally:
        hurrying.cancel()
        with suppress(asyncio.CancelledError):
            await hurrying


async def _hurry(proxy: FaultProxy, hurry: Callable[[], None]) -> None:
    """Put the clock forward whenever a connection hangs and nothing else moves."""
    while True:
        await proxy.until(lambda: proxy.hanging)
        before = _moved(proxy)
        await passes(10)
        if proxy.hanging and _moved(proxy) == before:
            hurry()


def _moved(proxy: FaultProxy) -> tuple[int, int]:
    return proxy.connections, sum(link.request_bytes + link.answer_bytes for link in proxy.links)


async def rest(proxy: FaultProxy) -> None:
    """Wait until nothing moves any more on either side of the proxy."""
    before = None
    while before != _moved(proxy):
        before = _moved(proxy)
        await passes(20)


async def passes(number: int) -> None:
    """Let everything that is ready run, so many times."""
    for _ in range(number):
        await asyncio.sleep(0)


async def passing(proxy: FaultProxy, call: Coroutine[Any, Any, Any]) -> list[PassedRequest]:
    """Await ``call`` in peace, and return its requests, with how many bytes there are to cut at."""
    passed: list[PassedRequest] = []
    proxy.plan(times=None, when=passed.append)
    await call
    proxy.clear()
    return passed


@frozen
class Sizes:
    """How many bytes a request and its answer have, and how many of them are their heads."""

    method: str
    request: int
    request_head: int
    answer: int
    answer_head: int

    def of(self, side: Side) -> tuple[int, int]:
        """Return one side's bytes, and those of its head."""
        if side is Side.REQUEST:
            return self.request, self.request_head
        return self.answer, self.answer_head

    @property
    def is_read(self) -> bool:
        return self.method == "GET"


def places(size: int, head: int, evenly: int | None) -> list[int]:
    """Return after which bytes to cut: the first and last of head and body, and some between.

    With ``evenly`` None it is all.
    """
    if evenly is None:
        return list(range(size + 1))
    ends = {0, 1, head - 1, head, head + 1, size - 1, size}
    between = {size * step // (evenly + 1) for step in range(1, evenly + 1)}
    return sorted(at for at in ends | between if 0 <= at <= size)


def cuts(sizes: Sizes, evenly: int | None) -> list[Cut]:
    """Return the cuts of one request and its answer.

    In a sample (``evenly`` is a number) only the first and last place have all ends of a
    connection, the others one of them in turn.
    """
    found = []
    for side in Side:
        at_all = places(*sizes.of(side), evenly)
        for number, at in enumerate(at_all):
            whole = evenly is None or at in (0, at_all[-1])
            ends = _ENDS if whole else (_ENDS[number % len(_ENDS)],)
            found += [Cut(side, after=at, by=end) for end in ends]
    return found
