"""Compare a ticket that came back from a change with what was asked for.

Vendors answer 200 and the ticket as it was, to a change that they did not make. Only what both
sides tell is compared, and in the vendor's own words: several of ours may be one of theirs.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from html import unescape
from types import EllipsisType
from typing import TypeVar

from helpdesk_bridge.errors import Outcome, PartlyDone, ProtocolError
from helpdesk_bridge.kit.contract import Adapter
from helpdesk_bridge.kit.vocabulary import Vocabulary
from helpdesk_bridge.model import Party, Priority, Status, Ticket, TicketChanges
from helpdesk_bridge.model.addresses import same_address
from helpdesk_bridge.model.text import is_digits

__all__ = ["require_changed"]

E = TypeVar("E")
_LONG_ENOUGH = 20
"""A subject of so many letters and digits that begins another one is that, cut by the vendor."""


def require_changed(adapter: Adapter, changes: TicketChanges, ticket: Ticket) -> None:
    """Raise where ``ticket``, as it came back, does not show ``changes``.

    What was not asked for, what the vendor does not tell, and what the adapter declares no words
    for (``status_words``, ``priority_words``) is not compared.

    Raises:
        PartlyDone: it shows some of them, and not others.
        ProtocolError: it shows none; whether they were made is unknown.
    """
    shown = dict(_compared(adapter, changes, ticket))
    missing = [name for name, as_asked in shown.items() if not as_asked]
    if not missing:
        return
    names = ", ".join(missing)
    failure = ProtocolError(
        f"the helpdesk answered with the ticket unchanged in {names}.", outcome=Outcome.UNKNOWN
    )
    if len(missing) < len(shown):
        raise PartlyDone(
            f"a part of the change was made, but the ticket came back unchanged in {names}.",
            failure=failure,
            ticket_id=ticket.id,
        )
    raise failure


def _compared(
    adapter: Adapter, changes: TicketChanges, ticket: Ticket
) -> Iterator[tuple[str, bool]]:
    """Yield the fields that can be compared, and whether each is as it was asked for."""
    if not isinstance(changes.subject, EllipsisType) and (told := _key(ticket.subject)):
        asked = _key(changes.subject)
        cut = len(told) >= _LONG_ENOUGH and asked.startswith(told)
        yield "subject", asked == told or not asked or cut
    status, words = changes.status, adapter.status_words
    if not isinstance(status, EllipsisType) and ticket.status is not Status.UNKNOWN:
        ours = _ours(words, status)
        if Status.RESOLVED in ours:
            ours |= {Status.CLOSED}  # as some vendors have it done at once
        if ours:
            yield "status", ticket.status in ours
    priority = changes.priority
    known = ticket.priority not in (None, Priority.UNKNOWN)
    likewise = _ours(adapter.priority_words, priority) if isinstance(priority, Priority) else set()
    if known and likewise:
        yield "priority", ticket.priority in likewise
    if not isinstance(changes.assignee, EllipsisType) and ticket.assignee is not None:
        alike = _same_agent(changes.assignee, ticket.assignee)
        if alike is not None:
            yield "assignee", alike
    if not isinstance(changes.tags, EllipsisType) and ticket.tags:
        yield "tags", set(map(_key, changes.tags)) == set(map(_key, ticket.tags))


def _ours(words: Vocabulary[E] | None, asked: E) -> set[E]:
    """Return what a vendor's word for ``asked`` may be read as; empty where that is not known."""
    word = None if words is None else words.writes.get(asked)
    return set() if word is None or words is None else {asked, words.read(word)}


def _same_agent(asked: Party | None, told: Party) -> bool | None:
    """Say whether ``told`` is who was asked for; None where their ids are of different kinds."""
    if asked is None:
        return False if told.id or told.email else None
    if asked.id and told.id and is_digits(asked.id) is is_digits(told.id):
        return asked.id.casefold() == told.id.casefold()
    if asked.email and told.email:
        return same_address(asked.email, told.email)
    return None


def _key(text: str) -> str:
    """Return the letters and digits of a text: what no vendor writes in another way."""
    plain = unicodedata.normalize("NFKC", unescape(unescape(text))).casefold()
    return "".join(one for one in plain if one.isalnum() and ord(one) <= 0xFFFF)
