"""Tell which person or team of a list is meant by what a caller knows of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model.addresses import same_address
from helpdesk_bridge.model.people import Party, Team
from helpdesk_bridge.model.text import folded

__all__ = ["only", "people_meant", "person_key", "teams_meant"]

T = TypeVar("T", Party, Team)


def person_key(person: Party) -> str:
    """Return what tells one person of a list from the others."""
    return person.id or f"{person.email} {person.name}"


def people_meant(people: Sequence[Party], wanted: Party, *, word: bool = False) -> list[Party]:
    """Return who is meant: by the id if it is given, else by the address, else by the name.

    ``word`` says that the id is a word of the caller's, which may be the name of somebody as well.
    """
    if wanted.id is not None:
        found = [one for one in people if one.id == wanted.id]
        if found or not word:
            return found
    elif wanted.email is not None:
        return [one for one in people if same_address(one.email, wanted.email)]
    name = folded((wanted.name if wanted.id is None else wanted.id) or "")
    return [one for one in people if name and one.name is not None and folded(one.name) == name]


def teams_meant(teams: Sequence[Team], wanted: str) -> list[Team]:
    """Return which team is meant: the one with this id, else those of this name."""
    name = folded(wanted)
    return [one for one in teams if one.id == wanted] or [
        one for one in teams if name and folded(one.name) == name
    ]


def only(found: Sequence[T], name: str) -> T | None:
    """Return the one that was found; None: there is none.

    Raises InvalidArgument for several, which it does not name: they may be people.

    ``name`` is the argument by which it was given.
    """
    different = {_key(one): one for one in found}
    if len(different) > 1:
        raise InvalidArgument(
            f"{name}: {len(different)} on this desk are called so: give the id of the one you mean."
        )
    return next(iter(different.values()), None)


def _key(one: Party | Team) -> str:
    return person_key(one) if isinstance(one, Party) else one.id
