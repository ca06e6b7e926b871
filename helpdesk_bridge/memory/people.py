"""The people of a Store: its agents and teams, its customers, and who is meant by a name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import TypeVar

from attrs import evolve

from helpdesk_bridge.kit import Cursor, CustomerQuery, Page, Party, Role, Team, errors
from helpdesk_bridge.memory.store import Store
from helpdesk_bridge.memory.stored import StoredTicket
from helpdesk_bridge.model.addresses import address_key
from helpdesk_bridge.model.lookup import only, people_meant, person_key, teams_meant
from helpdesk_bridge.model.text import folded, is_digits

__all__ = ["agent_meant", "agents", "customers", "hired", "page_of", "team_meant", "teams"]

T = TypeVar("T", Party, Team)

_PLACE = re.compile(r"1\.[0-9]{9}\.[0-9]+|2\.[0-9a-f]{64}")


def agents(store: Store) -> list[Party]:
    """Return the agents that the Store has, and whoever else a ticket is assigned to."""
    assigned = (one.assignee for one in store.tickets.values() if one.assignee is not None)
    return _distinct((*store.agents, *assigned))


def teams(store: Store) -> list[Team]:
    """Return the teams that the Store has, and those that only tickets name, by that name."""
    found = [Team(id=str(number), name=name) for number, name in store.teams.items()]
    known = {folded(team.name) for team in found}
    for ticket in store.tickets.values():
        if ticket.team and folded(ticket.team) not in known:
            known.add(folded(ticket.team))
            found.append(Team(id=ticket.team, name=ticket.team))
    return found


def customers(store: Store, query: CustomerQuery) -> list[Party]:
    """Return who wrote as a customer, and matches."""
    words = (query.text or "").casefold()
    found = _distinct(one for ticket in store.tickets.values() for one in _writers(ticket))
    return [one for one in found if query.matches(one) and words in _words(one)]


def page_of(found: Iterable[T], cursor: Cursor | None, size: int) -> Page[T]:
    """Return the page of people or teams behind ``cursor``, of at most ``size``.

    Each has its place, by its id: whoever goes moves nobody, and who is new comes behind those
    whose numbers are lower.
    """
    if cursor is not None and not _PLACE.fullmatch(cursor):
        raise errors.InvalidArgument("this cursor is not one of this desk's.")
    ordered = sorted(found, key=_place_of)
    left = [one for one in ordered if cursor is None or _place_of(one) > cursor]
    return Page(
        items=tuple(left[:size]),
        next=_place_of(left[size - 1]) if len(left) > size else None,
        anchored=True,
        behind=_place_of,
    )


def _place_of(one: Party | Team) -> Cursor:
    """Return the place of a person or a team. It holds no name and no address."""
    if one.id is not None and is_digits(one.id):
        return Cursor(f"1.{len(one.id):09}.{one.id}")
    key = person_key(one) if isinstance(one, Party) else one.id
    return Cursor(f"2.{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}")


def agent_meant(store: Store, wanted: Party) -> Party:
    """Return the agent that is meant, as it is known.

    In a Store without agents anybody may be one, and comes back as given. Raises InvalidArgument
    for who is none, or for a name that several have.
    """
    word = wanted.email is None and wanted.name is None
    found = only(people_meant(agents(store), wanted, word=word), "assignee")
    if found is not None:
        return found
    if store.agents:
        raise errors.InvalidArgument(
            "assignee: no agent of this desk has this id, address or name."
        )
    return wanted


def hired(store: Store, person: Party) -> Party:
    """Return a person with an id, the same each time, and as an agent."""
    role = Role.AGENT if person.role is Role.UNKNOWN else person.role
    if person.id is not None:
        return evolve(person, role=role)
    key = address_key(person.email) or f"called {folded(person.name or '')}"
    if key not in store.people:
        store.people[key] = store.number()
    return evolve(person, id=str(store.people[key]), role=role)


def team_meant(store: Store, wanted: str) -> str:
    """Return the name of the team that is meant by its id or name, as for :func:`agent_meant`."""
    found = only(teams_meant(teams(store), wanted), "team")
    if found is not None:
        return found.name
    if store.teams:
        raise errors.InvalidArgument("team: this desk has no team of this id or name.")
    return wanted


def _writers(ticket: StoredTicket) -> Iterator[Party]:
    yield ticket.requester
    for message in ticket.messages:
        if message.author.role is Role.CUSTOMER:
            yield message.author


def _words(person: Party) -> str:
    told = (person.name, person.email, person.organization, person.phone, person.external_id)
    return "\n".join(word for word in told if word).casefold()


def _distinct(people: Iterable[Party]) -> list[Party]:
    """Return everybody once, with what each record of a person adds to those before it."""
    found: dict[str, Party] = {}
    keys: dict[str, str] = {}
    for person in people:
        names = [f"id {person.id}"] if person.id is not None else []
        names += [f"at {address_key(person.email)}"] if person.email else []
        names = names or [f"called {folded(person.name or '')}"]
        key = next((keys[name] for name in names if name in keys), names[0])
        found[key] = _merged(found[key], person) if key in found else person
        keys.update(dict.fromkeys(names, key))
    return list(found.values())


def _merged(known: Party, more: Party) -> Party:
    fields = ("name", "email", "id", "organization", "phone", "external_id")
    added = {name: getattr(more, name) for name in fields if getattr(known, name) is None}
    return evolve(known, **added) if any(added.values()) else known
