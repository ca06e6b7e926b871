"""The result of looking for a write whose answer was lost."""

from __future__ import annotations

from enum import StrEnum

from attrs import field, frozen

from helpdesk_bridge.model import Message, Ticket
from helpdesk_bridge.model.value import Value

__all__ = ["Reconciliation", "Verdict"]


class Verdict(StrEnum):
    """What is known of a write after looking for it."""

    SENT = "sent"
    """It is there: it was carried out, and must not be repeated."""
    NOT_SENT = "not_sent"
    """It is not there, and the vendor has had its time: it may be sent again."""
    STILL_UNKNOWN = "still_unknown"
    """It cannot be told; a person has to look. It must not be repeated."""


@frozen(kw_only=True)
class Reconciliation(Value):
    """What was found out about a write."""

    verdict: Verdict
    """Whether the write was carried out."""
    operation_id: str | None
    """The id of the call that wrote; None: it had none."""
    operation: str | None = None
    """The call that wrote, such as reply; None: it is not known."""
    key: str | None = None
    """The application's own name for the write; None: it gave none."""
    ticket_id: str | None = None
    """The id of the ticket that was written to or created; None: it is not known."""
    message: Message | None = field(default=None, repr=False)
    """The message that was found; with STILL_UNKNOWN one that may be it. Of a new ticket it is the
    first message. None: none was found; that of a new ticket may have to be added with
    ``add_request``."""
    ticket: Ticket | None = field(default=None, repr=False)
    """The new ticket that was found; with STILL_UNKNOWN one that may be it. None: none was looked
    for, or none was found."""
    candidates: tuple[Message | Ticket, ...] = field(default=(), repr=False)
    """With STILL_UNKNOWN all messages, or all tickets, that may be it; the first of them is
    ``message``, or ``ticket``. Empty with any other verdict, and where none may be."""
    reason: str = ""
    """A sentence for people."""
    under_way: bool = False
    """True: it was left alone, because the process that writes it may still be at it."""
    retry_after: float | None = None
    """Seconds after which asking again may tell more; None: it will not, or there is no need."""
