"""Compare a ticket that was made with what it was made of: it may be another customer's."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from html import unescape
from unicodedata import combining

from attrs import evolve

from helpdesk_bridge.errors import HelpdeskError, ProtocolError
from helpdesk_bridge.model import NewTicket, Ticket
from helpdesk_bridge.model.addresses import same_address
from helpdesk_bridge.model.normalisation import normalised
from helpdesk_bridge.model.wording import unlabelled

__all__ = ["read_if_unsure", "require_made", "tells_whose"]

_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>")
_WORD = re.compile(r"[^\W_]+")
_SHORTEST_CUT = 40
"""So many letters and figures of a subject prove, by themselves, that it was cut."""


def require_made(ticket: Ticket, new: NewTicket) -> None:
    """Raise where ``ticket``, as it came back, is another one than ``new``.

    A vendor that finds a duplicate, an answer that is played again, or an id of something else
    leads to another ticket, into which the customer's words must not be written. The requester's
    address decides. Contacts may have several: where another one is shown, the subject must be the
    same in its letters and figures, or the beginning of a long one. Where no address is shown, it
    is enough that most of its words are there. What is not shown proves nothing.

    Call it before a second step writes into the ticket, within ``Response.read``, so that the error
    leaves the outcome unknown. The desk calls it for every adapter when ``create_ticket`` returns.

    Args:
        ticket: the ticket as the vendor shows it.
        new: what it was to be made of.

    Raises:
        ProtocolError: it is another one.
    """
    same_person = _same_person(ticket, new)
    if same_person:
        return
    asked, told = _words(new.subject), _words(ticket.subject)
    if not (asked and told):
        alike = same_person is None
    else:
        alike = _same_subject(ticket, new) or _is_cut(asked, told, by_itself=same_person is None)
        alike |= same_person is None and _shares_most(asked, told)
    if not alike:
        raise ProtocolError("the answer shows another ticket than the one that was to be made.")


def tells_whose(ticket: Ticket, new: NewTicket) -> bool:
    """Say whether ``ticket`` shows enough to be judged by: an address, or the subject of ``new``.

    Read a ticket that does not, before a second step writes into it.

    Args:
        ticket: the ticket as the answer to its creation shows it.
        new: what it was to be made of.

    Returns:
        Whether it does; it may show another customer's address, too.
    """
    return _same_person(ticket, new) is not None or _same_subject(ticket, new)


async def read_if_unsure(
    ticket: Ticket, new: NewTicket, read: Callable[[str], Awaitable[Ticket]]
) -> Ticket:
    """Return ``ticket``; as it is read, where another subject alone speaks against it.

    Automations change subjects, and vendors drop signs of them: the requester's address is what
    such a ticket is to be judged by (:func:`require_made`).

    Args:
        ticket: the ticket as the answer to its creation shows it.
        new: what it was to be made of.
        read: reads a ticket by its id, as ``Adapter.get_ticket`` does.

    Returns:
        The ticket to judge and to return. Where it cannot be read, that is ``ticket`` as it was.
    """
    if tells_whose(ticket, new) or not (_words(ticket.subject) and _words(new.subject)):
        return ticket
    try:
        seen = await read(ticket.id)
    except HelpdeskError:
        return ticket
    return evolve(seen, subject=seen.subject or ticket.subject)


def _same_person(ticket: Ticket, new: NewTicket) -> bool | None:
    """Say whether the requester is the same; None where one of the addresses is not known."""
    told, asked = ticket.requester.email, new.requester.email
    return same_address(told, asked) if told and asked else None


def _same_subject(ticket: Ticket, new: NewTicket) -> bool:
    """Say whether letters and figures are the same, with or without what looks like markup."""
    asked, told = _cores(new.subject), _cores(ticket.subject)
    return not asked.isdisjoint(told)


def _cores(subject: str) -> set[str]:
    forms = (subject, _MARKUP.sub(" ", unescape(subject)))
    return {"".join(_words(form)) for form in forms} - {""}


def _is_cut(asked: list[str], told: list[str], *, by_itself: bool) -> bool:
    """Say whether ``told`` is the beginning of ``asked``; a short one needs to stand by itself."""
    begin = "".join(told)
    return (by_itself or len(begin) >= _SHORTEST_CUT) and "".join(asked).startswith(begin)


def _shares_most(asked: list[str], told: list[str]) -> bool:
    """Say whether most words, and all with a figure, such as the number of an order, are there."""
    wanted, shown = set(asked), set(told)
    numbers = {word for word in wanted if not word.isalpha()}
    return numbers <= shown and 2 * len(wanted & shown) > len(wanted)


def _words(subject: str) -> list[str]:
    """Return the words of a subject without labels: letters and figures, in any spelling."""
    *_, plain = unlabelled(unescape(subject))
    bare = "".join(one for one in normalised("NFKD", plain) if not combining(one))
    return _WORD.findall(bare)
