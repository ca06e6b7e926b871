"""What has changed on a desk: a batch of it, one event, and what an adapter's own feed tells."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import field, frozen

from helpdesk_bridge.model.lazily import Lazily
from helpdesk_bridge.model.message import Message
from helpdesk_bridge.model.page import Problem
from helpdesk_bridge.model.shown import amount, counted, identity, shown
from helpdesk_bridge.model.ticket import Ticket
from helpdesk_bridge.model.value import Value
from helpdesk_bridge.model.words import EventKind, Status

__all__ = ["ChangeBatch", "Event", "Feed"]


@frozen(kw_only=True)
class ChangeBatch(Value):
    """What has changed on a desk, and the checkpoint to go on from once it is stored.

    Store all of it in one transaction: then nothing is lost, whatever ends the program when. A
    ticket may come again as it is; what comes twice is the same record.
    """

    tickets: tuple[Ticket, ...] = ()
    """Tickets that are new or changed, as they are now, and those of :attr:`messages`."""
    messages: tuple[Message, ...] = ()
    """Messages that were not told before; empty unless they were asked for."""
    deleted: tuple[str, ...] = ()
    """The ids of tickets that are gone."""
    problems: tuple[Problem, ...] = ()
    """What could not be read: a record of a list, or the conversation of a ticket. The checkpoint
    remembers a ticket of which something is missing, and it is read again at each poll."""
    checkpoint: str
    """Where to go on (``changes(checkpoint)``): JSON without secrets, of less than 64 KiB."""
    caught_up: bool = False
    """Whether everything was told that had changed when the poll began."""

    def __repr__(self) -> str:
        return shown(self, "", self._words)

    def _words(self) -> Iterator[str]:
        yield amount(len(self.tickets), "ticket")
        yield counted(self.messages, "message")
        yield f"{len(self.deleted)} deleted" if self.deleted else ""
        yield counted(self.problems, "problem")
        yield "caught up" if self.caught_up else "more to come"


@frozen(kw_only=True)
class Event(Value):
    """One thing that happened on a desk."""

    kind: EventKind
    """What happened."""
    ticket_id: str
    """The vendor's id of the ticket."""
    ticket: Ticket | None = None
    """The ticket as it is now; None where it is gone, or could not be read."""
    message: Message | None = None
    """The message of MESSAGE_RECEIVED, MESSAGE_SENT, NOTE_ADDED and MESSAGE_ADDED; None with any
    other kind."""
    before: Status | None = None
    """Of STATUS_CHANGED: the status before. None: it is not known, since the checkpoint
    remembers the tickets that are not done with, as many as it has room for."""
    id: str
    """The same for the same event, however often it comes: a key for whoever acts on it."""
    checkpoint: str = field(default="", eq=False)
    """Where to go on behind this event (``events(checkpoint)``); empty: it came by another way than
    ``Helpdesk.events``."""

    def __repr__(self) -> str:
        return shown(self, str(self.kind), self._words)

    def _words(self) -> Iterator[str]:
        yield f"ticket {identity(self, 'ticket_id')}"
        if self.message is not None:
            yield f"message {identity(self.message)}"
        elif self.ticket is not None:
            before = "" if self.before is None else f"{self.before} -> "
            yield f"status {before}{self.ticket.status}"


setattr(Event, "checkpoint", Lazily(Event.checkpoint))  # noqa: B010 - mypy forbids the other


@frozen(kw_only=True)
class Feed:
    """What an adapter's own feed tells behind a place."""

    tickets: tuple[Ticket, ...] = ()
    """Tickets that are new or changed, as they are now; each once."""
    deleted: tuple[str, ...] = ()
    """The ids of tickets that are gone."""
    problems: tuple[Problem, ...] = ()
    """Records that could not be read."""
    place: str
    """Behind what was told: where to go on. The same as was asked for where nothing changed."""
    caught_up: bool
    """Whether nothing more is behind it for now."""
