"""What is found out about a write whose answer was lost."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen

from helpdesk_bridge.model import Message, Ticket

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
class Reconciliation:
    """What was found out about a write.

    ``message`` or ``ticket`` is what was found (with STILL_UNKNOWN: what it may be), ``reason`` a
    sentence for a person. With a new ticket ``message`` is its first message; None if that is not
    to be seen, so that it may have to be added with ``add_request``.

    ``verdict`` is what is known now, ``operation_id`` the id of the call that wrote (None: it had
    none), ``ticket_id`` the ticket that it was about (None: not known).
    """

    verdict: Verdict
    operation_id: str | None
    ticket_id: str | None = None
    message: Message | None = None
    ticket: Ticket | None = None
    reason: str = ""
