"""Where tickets, messages and files come from: a desk marks what it reads, and refuses another's.

Two desks may have a ticket of the same number, so that a reply to a Ticket of one of them would be
posted on a stranger's ticket of the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from itertools import repeat
from typing import Any, TypeVar

from attrs import evolve, frozen

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model import Attachment, Message, SentMessage, Ticket

__all__ = ["Origin"]

S = TypeVar("S", bound=Ticket | Message)

_Setter = Callable[[object, str], None]


def _setters(cls: type) -> tuple[_Setter, _Setter]:
    """Return what sets the two fields of an object that an adapter made a moment ago.

    Nobody has seen such an object yet, so that nobody sees it change. A copy would cost ten times
    as much, and lists have hundreds of thousands of them.
    """
    return cls.__dict__["desk"].__set__, cls.__dict__["vendor"].__set__


_TICKET, _MESSAGE, _FILE = map(_setters, (Ticket, Message, Attachment))
_KINDS = {Ticket: "ticket", Message: "message", Attachment: "file", SentMessage: "message"}


@frozen
class Origin:
    """The names of a desk and of its adapter: two desks with both in common are the same desk."""

    desk: str
    vendor: str

    def mark(self, read: S) -> S:
        """Return a ticket or a message that was read, marked as this desk's."""
        if isinstance(read, Ticket):
            self.mark_tickets((read,))
        else:
            self.mark_messages((read,))
        return read

    def mark_tickets(self, read: Sequence[Ticket]) -> None:
        """Mark tickets that were read as this desk's."""
        self._set(_TICKET, read)

    def mark_messages(self, read: Sequence[Message]) -> None:
        """Mark messages that were read as this desk's, and their files."""
        self._set(_MESSAGE, read)
        for message in read:
            if message.attachments:
                self._set(_FILE, message.attachments)

    def _set(self, setters: tuple[_Setter, _Setter], read: Sequence[object]) -> None:
        for setter, name in zip(setters, (self.desk, self.vendor), strict=True):
            deque(map(setter, read, repeat(name)), maxlen=0)  # a third of what a loop takes

    def mark_sent(self, sent: SentMessage, **fields: Any) -> SentMessage:
        """Return what was sent with ``fields``, and marked as this desk's."""
        if sent.message is not None:
            self.mark(sent.message)
        return evolve(sent, desk=self.desk, vendor=self.vendor, **fields)

    def require(self, given: Ticket | Message | Attachment | SentMessage) -> None:
        """Raise InvalidArgument for what is known to be of another desk."""
        if given.desk in (None, self.desk) and given.vendor in (None, self.vendor):
            return
        kind = next(word for cls, word in _KINDS.items() if isinstance(given, cls))
        raise InvalidArgument(
            f"this {kind} is one of desk {given.desk!r} ({given.vendor}): give it to that desk."
        )
