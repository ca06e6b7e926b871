"""Compare a ticket that came back from a change with what was asked for.

Vendors answer 200 and the ticket as it was, to a change that they did not make. Only what both
sides tell is compared, and in the vendor's own words: several of ours may be one of theirs. A value
that moved may be in another spelling than it was asked for; one that stayed as it was may not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import EllipsisType
from typing import Any, TypeVar

from helpdesk_bridge.desk.alike import is_cut, same_letters, same_spelling, same_text, same_value
from helpdesk_bridge.errors import Outcome, PartlyDone, ProtocolError
from helpdesk_bridge.kit.contract import Adapter
from helpdesk_bridge.kit.vocabulary import Vocabulary
from helpdesk_bridge.model import (
    NewTicket,
    Party,
    Priority,
    Status,
    Ticket,
    TicketChanges,
    TicketKind,
)
from helpdesk_bridge.model.addresses import same_address
from helpdesk_bridge.model.text import folded, is_digits, same_tags, tags_left_out

__all__ = ["require_as_asked", "require_changed"]

E = TypeVar("E")
_MADE_WITH = ("status", "priority", "kind", "assignee", "team", "tags", "custom_fields")
_NOUNS = {"tags": "set of tags", "custom_fields": "value in custom_fields"}


def require_changed(
    adapter: Adapter, changes: TicketChanges, ticket: Ticket, before: Ticket | None = None
) -> None:
    """Raise where ``ticket``, as it came back, does not show ``changes``.

    What was not asked for, what the vendor does not tell (``ticket_keys``), and what the adapter
    declares no words for (``status_words``, ``priority_words``, ``kind_words``) is not compared.

    Args:
        adapter: what changed the ticket.
        changes: what was asked for.
        ticket: the ticket as it came back.
        before: the ticket as the caller had it; None: not known. Only with it is a field told to be
            unchanged, which it also is where it is only spelled otherwise than was asked for.

    Raises:
        PartlyDone: it shows some of them, and not others.
        ProtocolError: it shows none; whether they were made is unknown.
    """
    shown = dict(_compared(adapter, changes, ticket, before))
    missing = [name for name, as_asked in shown.items() if not as_asked]
    untold = _untold_fields(adapter, changes, ticket, before)
    if not (missing or untold):
        return
    same = [name for name in missing if before and _value(before, name) == _value(ticket, name)]
    other = [_NOUNS.get(name, name) for name in missing if name not in same]
    clauses = [f"unchanged in {', '.join(same)}"] if same else []
    clauses += [f"with another {', '.join(other)} than was asked for"] if other else []
    if untold:
        clauses.append(f"without {', '.join(untold)} in custom_fields, so that nobody can tell")
    came_back = f"the ticket came back {' and '.join(clauses)}."
    failure = ProtocolError(came_back, outcome=Outcome.UNKNOWN)
    if len(missing) < len(shown):
        raise PartlyDone(
            f"a part of the change was made, but {came_back}", failure=failure, ticket_id=ticket.id
        )
    raise failure


def require_as_asked(adapter: Adapter, new: NewTicket, ticket: Ticket) -> None:
    """Raise where a ticket that was made does not show what it was to be made with.

    What is compared, and how, is as for :func:`require_changed`. The subject is left out, by which
    it was told to be the ticket at all (``require_made``).

    Args:
        adapter: what made the ticket.
        new: what it was to be made of.
        ticket: the ticket as it came back.

    Raises:
        PartlyDone: the ticket is there, and something of it is not as it was asked for.
    """
    asked = {name: getattr(new, name) for name in _MADE_WITH}
    asked = {name: value for name, value in asked.items() if value not in (None, (), {})}
    if not asked:
        return
    changes = TicketChanges(**asked)
    other = [_NOUNS.get(n, n) for n, same in _compared(adapter, changes, ticket, None) if not same]
    if not other:
        return
    came_back = f"it came back with another {', '.join(other)} than was asked for."
    raise PartlyDone(
        f"ticket {ticket.id} was created, but {came_back} Change it, and do not create it again.",
        failure=ProtocolError(came_back, outcome=Outcome.UNKNOWN),
        ticket_id=ticket.id,
    )


def _value(ticket: Ticket, name: str) -> Any:
    value = getattr(ticket, name)
    return (value.id, value.email) if isinstance(value, Party) else value


def _compared(
    adapter: Adapter, changes: TicketChanges, ticket: Ticket, before: Ticket | None
) -> Iterator[tuple[str, bool]]:
    """Yield the fields that can be compared, and whether each is as it was asked for."""
    checks: Mapping[str, Callable[[Adapter, Any, Ticket, Ticket | None], bool | None]] = {
        "subject": _subject,
        "status": _status,
        "priority": _priority,
        "kind": _kind,
        "assignee": _assignee,
        "team": _team,
        "tags": _tags,
        "custom_fields": _custom_fields,
    }
    for name, check in checks.items():
        key = adapter.ticket_keys.get(name)
        told = bool(getattr(ticket, name)) if key is None else key in ticket.raw
        if told and not isinstance(getattr(changes, name), EllipsisType):
            as_asked = check(adapter, getattr(changes, name), ticket, before)
            if as_asked is not None:
                yield name, as_asked


def _subject(_adapter: Adapter, asked: str, ticket: Ticket, before: Ticket | None) -> bool:
    told = ticket.subject
    if before is not None and before.subject == told:
        return same_letters(asked, told)
    return same_text(asked, told) or (before is not None and is_cut(asked, told))


def _status(adapter: Adapter, asked: Status, ticket: Ticket, _before: Ticket | None) -> bool | None:
    ours = _ours(adapter.status_words, asked)
    if Status.RESOLVED in ours:
        ours |= {Status.CLOSED}  # as some vendors have it done at once
    words = adapter.status_words
    if (
        words is not None
        and ticket.vendor_status
        and words.writes.get(asked) == ticket.vendor_status
    ):
        return True  # of a deleted ticket, say, whose status is DELETED whatever its word
    known = ours and ticket.status is not Status.UNKNOWN
    return ticket.status in ours if known else None


def _priority(
    adapter: Adapter, asked: Priority | None, ticket: Ticket, _before: Ticket | None
) -> bool | None:
    if ticket.priority is Priority.UNKNOWN:
        return None
    return _word(adapter.priority_words, asked, ticket.priority)


def _kind(
    adapter: Adapter, asked: TicketKind | None, ticket: Ticket, _before: Ticket | None
) -> bool | None:
    if ticket.kind is TicketKind.UNKNOWN:
        return None
    return _word(adapter.kind_words, asked, ticket.kind)


def _word(words: Vocabulary[E] | None, asked: E | None, told: E | None) -> bool | None:
    if asked is None:
        return None if words is None else told is None
    ours = _ours(words, asked)
    return told in ours if ours else None


def _ours(words: Vocabulary[E] | None, asked: E) -> set[E]:
    """Return what a vendor's word for ``asked`` may be read as; empty where that is not known."""
    word = None if words is None else words.writes.get(asked)
    return set() if word is None or words is None else {asked, words.read(word)}


def _assignee(
    _adapter: Adapter, asked: Party | None, ticket: Ticket, _before: Ticket | None
) -> bool | None:
    """Say whether it is who was asked for; None where their ids are of different kinds."""
    told = ticket.assignee
    if asked is None or told is None:
        somebody = asked or told
        return somebody is None or (False if somebody.id or somebody.email else None)
    if asked.id and told.id and is_digits(asked.id) is is_digits(told.id):
        return _plain_id(asked.id) == _plain_id(told.id)
    if asked.email and told.email:
        return same_address(asked.email, told.email)
    return None


def _plain_id(number: str) -> str:
    return number.lstrip("0") if is_digits(number) else number.casefold()


def _team(
    adapter: Adapter, asked: str | None, ticket: Ticket, _before: Ticket | None
) -> bool | None:
    """Compare by id with an id, by name with a name; None where the vendor tells the other."""
    key = adapter.ticket_keys.get("team")
    if key is None:
        return None
    record = ticket.raw[key]
    told = [record.get("id"), record.get("name")] if isinstance(record, Mapping) else []
    names = {folded(str(one)) for one in (ticket.team, *told) if one not in (None, "", 0)}
    if asked is None or not names:
        return asked is None and not names
    alike = [name for name in names if is_digits(name) is is_digits(asked)]
    return folded(asked) in alike if alike else None


def _tags(_adapter: Adapter, asked: tuple[str, ...], ticket: Ticket, before: Ticket | None) -> bool:
    """Say whether all are there, or none if none was asked for; automations may add their own."""
    if before is not None and set(before.tags) == set(ticket.tags):
        return same_tags(asked, ticket.tags)
    return not tags_left_out(asked, ticket.tags) if asked else not ticket.tags


def _custom_fields(
    adapter: Adapter, asked: Mapping[str, Any], ticket: Ticket, before: Ticket | None
) -> bool | None:
    """Compare those that are told; None where none of them can be.

    One that is not told is looked at by :func:`_untold_fields`.
    """
    if adapter.ticket_keys.get("custom_fields") is None:
        return None  # nobody knows in which form it has them
    was = {} if before is None else before.custom_fields
    found: list[bool | None] = []
    for name, value in asked.items():
        key, known = (_as_spelled(name, fields) for fields in (ticket.custom_fields, was))
        if key is None:
            continue
        told = ticket.custom_fields[key]
        stayed = known is not None and was[known] == told
        found.append((same_spelling if stayed else same_value)(value, told))
    compared = [one for one in found if one is not None]
    return all(compared) if compared else None


def _untold_fields(
    adapter: Adapter, changes: TicketChanges, ticket: Ticket, before: Ticket | None
) -> list[str]:
    """Return the custom fields that were to have a value and are told by neither ticket.

    A vendor that does not know a field may leave it out in silence. None is returned where it is
    not known what the ticket was before, or the vendor tells no fields at all.
    """
    asked, key = changes.custom_fields, adapter.ticket_keys.get("custom_fields")
    if isinstance(asked, EllipsisType) or before is None or ticket.raw.get(key or "") is None:
        return []
    told = (before.custom_fields, ticket.custom_fields)
    return [
        name
        for name, value in asked.items()
        if all(_as_spelled(name, fields) is None for fields in told) and not same_value(value, None)
    ]


def _as_spelled(name: str, fields: Mapping[str, Any]) -> str | None:
    """Return the key of a field as the vendor has it: in any case; None where there is none."""
    if name in fields:
        return name
    return next((key for key in fields if folded(key) == folded(name)), None)
