"""The agents and customers of a Store, as Omnidesk's fake lists them.

What a list of users answers is not documented: the records have the names by which one is written,
and the envelope is that of the customers.
"""

from __future__ import annotations

import re
from typing import Any

from helpdesk_bridge.kit import Party, Role
from helpdesk_bridge.testing import Store

__all__ = ["CUSTOMER_SOUGHT", "USER_SOUGHT", "customers_of", "users_of"]

USER_SOUGHT = re.compile(r"[0-9a-zA-Z \+]+|[A-Za-z0-9._+\-\']+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,}")
"""What GET /user takes as ``query`` (page "user")."""
CUSTOMER_SOUGHT = re.compile(r"[0-9a-zA-Z ]+")
"""What GET /customer takes as ``query`` (page "customer")."""

_OWN = Party(id="12", name="agent", role=Role.AGENT)
"""The agent of ``user_id`` in the fake's configuration."""


def users_of(store: Store, text: str) -> list[dict[str, Any]]:
    """Return the users in whose name, number or address ``text`` is found; all for "".

    A Store without agents has the one in whose name the fake's own configuration speaks.
    """
    found = []
    for agent in store.agents or [_OWN]:
        first, _, last = (agent.name or "").partition(" ")
        record = {
            "id": _number(agent),
            "name": (agent.email or first).partition("@")[0],
            "firstname": first,
            "lastname": last,
            "email": agent.email,
            "telephone_number": agent.phone or "",
        }
        found.append(record)
    return _having(found, text)


def customers_of(store: Store, brand: str, text: str) -> list[dict[str, Any]]:
    """Return the customers in whose record ``text`` is found; all for ""."""
    people = {ticket.requester.id: ticket.requester for ticket in store.tickets.values()}
    found = []
    for person in people.values():
        first, _, last = (person.name or "").partition(" ")
        record = {
            "id": _number(person),
            "external_primary_id": person.external_id or "",
            "brand_name": brand,
            "firstname": first,
            "lastname": last,
            "email": person.email,
            "telephone": person.phone or "",
        }
        found.append(record)
    return _having(found, text)


def _number(person: Party) -> int | str | None:
    return int(person.id) if person.id and person.id.isdigit() else person.id


def _having(records: list[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    text = text.casefold()
    return [one for one in records if any(text in str(told).casefold() for told in one.values())]
