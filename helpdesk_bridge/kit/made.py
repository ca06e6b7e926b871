"""Compare a ticket that was made with what it was made of: it may be another customer's."""

from __future__ import annotations

from html import unescape

from helpdesk_bridge.errors import ProtocolError
from helpdesk_bridge.model import NewTicket, Ticket
from helpdesk_bridge.model.addresses import same_address
from helpdesk_bridge.model.wording import unlabelled

__all__ = ["require_made"]


def require_made(ticket: Ticket, new: NewTicket) -> None:
    """Raise where ``ticket``, as it came back, is another one than ``new``.

    A vendor that finds a duplicate, an answer that is played again, or an id of something else
    leads to another ticket, into which the customer's words must not be written. Contacts may have
    several addresses, and automations change subjects: it is another ticket only where nothing of
    the two that is shown agrees. What is not shown proves nothing.

    Call it before a second step writes into the ticket, within ``Response.read``, so that the error
    leaves the outcome unknown. The desk calls it for every adapter when ``create_ticket`` returns.

    Args:
        ticket: the ticket as the vendor shows it.
        new: what it was to be made of.

    Raises:
        ProtocolError: it is another one.
    """
    agreeing = []
    if ticket.requester.email and new.requester.email:
        agreeing.append(same_address(ticket.requester.email, new.requester.email))
    if ticket.subject.strip() and new.subject.strip():
        agreeing.append(_is_akin(new.subject, ticket.subject))
    if agreeing and not any(agreeing):
        raise ProtocolError("the answer shows another ticket than the one that was to be made.")


def _is_akin(asked: str, told: str) -> bool:
    """Say whether one subject holds the other: vendors cut them, and put words around them."""
    wanted, shown = map(_core, (asked, told))
    return wanted in shown or shown in wanted


def _core(subject: str) -> str:
    *_, plain = unlabelled(unescape(subject))
    return "".join(plain.split()).rstrip(".\N{HORIZONTAL ELLIPSIS}")
