"""Raise PartlyDone when a later step of a call fails: it says what exists by then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from helpdesk_bridge.errors import HelpdeskError, Outcome, PartlyDone
from helpdesk_bridge.errors.plain import in_brackets

__all__ = ["partly_done", "without_first_message"]


@contextmanager
def partly_done(
    sentence: str, *, ticket_id: str | None = None, message_id: str | None = None
) -> Iterator[None]:
    """Raise what fails within as PartlyDone: an earlier step was carried out.

    Args:
        sentence: what was done and what was not, without a full stop, such as "ticket 7 was
            created, and could not be read".
        ticket_id: the ticket that exists now; None where the vendor tells none.
        message_id: the message that exists now; None where the vendor tells none, or there is
            none.

    Returns:
        A context manager.

    Raises:
        PartlyDone: for a HelpdeskError raised within, which is its ``failure`` and its cause.
    """
    try:
        yield
    except HelpdeskError as failure:
        raise PartlyDone(
            f"{sentence} {in_brackets(failure.message)}.",
            failure=failure,
            ticket_id=ticket_id,
            message_id=message_id,
        ) from failure


def without_first_message(failure: HelpdeskError, ticket_id: str) -> PartlyDone:
    """Return the error for a ticket that was created, and whose first message failed.

    It says to add the message only where it is known that it was not: twice would be worse.

    ``failure`` is the error of the message, ``ticket_id`` the ticket that exists now.
    """
    known = failure.outcome is not Outcome.UNKNOWN
    missing = "was not: add it with add_request" if known else "may not have been: look first"
    return PartlyDone(
        f"ticket {ticket_id} was created, and its first message {missing}"
        f" {in_brackets(failure.message)}.",
        failure=failure,
        ticket_id=ticket_id,
    )
