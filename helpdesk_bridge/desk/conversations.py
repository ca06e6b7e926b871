"""The call that reads whole conversations, several at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator
from contextlib import aclosing
from typing import Any, Literal

from attrs import field, frozen

from helpdesk_bridge.desk import arguments
from helpdesk_bridge.desk.hold import FREE, Hold
from helpdesk_bridge.desk.pager import Pager
from helpdesk_bridge.desk.parts import Desk
from helpdesk_bridge.errors import AuthenticationError, DeskClosed, HelpdeskError, InvalidArgument
from helpdesk_bridge.errors.frames import forget_locals
from helpdesk_bridge.model import Capability, Message, Ticket
from helpdesk_bridge.model.shown import amount, identity, shown
from helpdesk_bridge.model.slots import Slots
from helpdesk_bridge.model.value import Value

__all__ = ["Conversation", "conversations"]

_EVERY_TICKET = (DeskClosed, AuthenticationError)
"""Errors that are not one ticket's: all that follow would meet them too."""


def _as_told(error: HelpdeskError | None) -> object:
    """Return what two errors have in common that say the same: each is an object of its own."""
    if not isinstance(error, HelpdeskError):
        return error
    return str(error), error.reason, error.outcome, error.retryable


@frozen
class Conversation(Value):
    """A ticket with its messages; it unpacks as a pair: ``async for ticket, messages in …``.

    Args:
        ticket: the ticket; with nothing but its id where it was given by that and cannot be read.
        messages: its messages from the oldest on; with an ``error`` those that came before it.
        error: why they are not all there; None: they are.
    """

    ticket: Ticket
    """The ticket."""
    messages: list[Message]
    """Its messages, as far as they were read."""
    error: HelpdeskError | None = field(default=None, eq=_as_told)
    """Why not all of it could be read; None: it is whole."""

    def __iter__(self) -> Iterator[Any]:
        """Return the ticket and the messages one after the other, and not the error."""
        return iter((self.ticket, self.messages))

    def __repr__(self) -> str:
        return shown(self, f"of ticket {identity(self.ticket)}".strip(), self._words)

    def _words(self) -> Iterator[str]:
        yield str(self.ticket.status)
        yield amount(len(self.messages), "message")
        if self.error is not None:
            yield f"then {type(self.error).__name__} ({self.error.reason})"


async def conversations(
    self: Desk,
    tickets: Iterable[Ticket | str] | AsyncIterable[Ticket],
    *,
    concurrency: int = 8,
    on_error: Literal["raise", "keep"] = "raise",
) -> AsyncGenerator[Conversation, None]:
    """Yield each ticket with all its messages, in the order given, read several at a time.

    A ticket given by id is read first. While a long conversation holds up the others' turn, at
    most as many again are read and kept. Each conversation has the desk's deadline by itself, and
    each page of a long one: what hangs ends there, and nothing ends because there is much to read.

    A list of tickets that fails is raised when the conversations listed before were handed out, so
    that whoever goes on from its ``cursor`` misses none. An unreadable record of the list ends it
    likewise, and reading the same :class:`Pager` once more goes on behind it; after
    :meth:`Pager.collect_problems` the list passes it over.

    Of a :class:`Pager`, the ``cursor`` stays behind the last ticket whose conversation was handed
    out, after a ``break`` as well, and so does that of each error that is raised here: what goes on
    there begins with the ticket that failed. The same pager goes on there once this iterator was
    closed, by ``contextlib.aclosing``, say.

    Args:
        tickets: the tickets or their ids; :meth:`tickets` will do as it is.
        concurrency: how many conversations to read at once, 1 or more.
        on_error: what to do when one conversation cannot be read, because its ticket was deleted
            meanwhile, say. ``"raise"`` ends the iteration with the error, whose ``ticket_id`` is
            the ticket; ``"keep"`` hands the conversation out with its ``error``, and goes on with
            the next one.

    Returns:
        An async iterator of :class:`Conversation`: the ticket, and its messages from the oldest on.

    Raises:
        InvalidArgument: for a value that is not acceptable.
        HelpdeskError: the first one in the order given; what is under way is cancelled then. With
            ``"keep"`` only what is not one ticket's: the list of tickets failed, the desk was
            closed, or its credentials are not accepted. Its ``ticket_id`` is the first ticket that
            was not read.
    """
    with self._calls.begin("conversations") as call:
        arguments.concurrency(concurrency)
        arguments.tickets(tickets)
        if on_error not in ("raise", "keep"):
            raise InvalidArgument('on_error= is "raise" or "keep".')
        self._guard.require(Capability.LIST_MESSAGES)
    room = Slots(concurrency)
    begun: deque[asyncio.Task[Conversation]] = deque()
    hold = tickets._hold() if isinstance(tickets, Pager) else FREE

    async def finished() -> Conversation:
        found = await begun.popleft()
        failure = found.error
        if failure is not None:
            forget_locals(failure)  # whoever keeps it would keep all that was read
            failure.operation, failure.operation_id = call.operation, call.operation_id
            call.named(failure)
            if on_error == "raise" or isinstance(failure, _EVERY_TICKET):
                hold.locate(failure)
                raise failure
        hold.handed_out()
        return found

    failures: list[Exception] = []
    try:
        async with aclosing(_each(tickets, failures, hold)) as given:
            async for ticket in given:
                begun.append(asyncio.create_task(_conversation(self, ticket, room)))
                hold.read()
                while begun and (len(begun) >= 2 * concurrency or begun[0].done()):
                    yield await finished()
        while begun:
            yield await finished()
        for failure in failures:
            hold.handed_out()
            raise failure
    finally:
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)
        hold.let_go()


async def _conversation(desk: Desk, ticket: Ticket | str, room: Slots) -> Conversation:
    """Read one conversation; what fails is told with what came before."""
    found: list[Message] = []
    async with room:
        try:
            if not isinstance(ticket, Ticket):
                desk._guard.id(ticket, "each of tickets", "a Ticket or its id")
                ticket = await desk._reader.ticket(ticket)
            async for page in desk._reader.messages(ticket).pages():
                found.extend(page)
        except HelpdeskError as error:
            known = ticket if isinstance(ticket, Ticket) else Ticket(id=str(ticket))
            return Conversation(known, found, error.fill(ticket_id=known.id))
    return Conversation(ticket, found)


async def _each(
    tickets: Iterable[Ticket | str] | AsyncIterable[Ticket], failures: list[Exception], hold: Hold
) -> AsyncGenerator[Ticket | str, None]:
    """Yield the tickets; what their list fails with is put into ``failures``.

    It is raised when those that were listed before have been handed out: whoever goes on from where
    the list failed would never come to them.
    """
    try:
        if isinstance(tickets, AsyncIterable):
            async for ticket in tickets:
                yield ticket
        else:
            for given in tickets:
                yield given
    except Exception as error:  # noqa: BLE001 - raised in its turn
        failures.append(error)
        hold.read()
