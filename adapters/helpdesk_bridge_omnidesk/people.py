"""Agents and customers as Omnidesk lists them.

USER is https://docs.omnidesk.io/omnidesk/api-specification/user, whose answer is not documented:
the names are those by which a user is written. CUSTOMER is
https://docs.omnidesk.io/omnidesk/api-specification/customer.
"""

from __future__ import annotations

import re
from typing import Any

from helpdesk_bridge import kit
from helpdesk_bridge.kit import (
    AnyId,
    Effect,
    JsonRecord,
    Operation,
    Role,
    WrongType,
    errors,
    fast_party,
    given_id,
)
from helpdesk_bridge_omnidesk import paging, wire
from helpdesk_bridge_omnidesk.lists import OffsetList
from helpdesk_bridge_omnidesk.paging import Place

__all__ = ["CustomerJson", "UserJson", "list_customers", "list_users", "missing_user"]

LIST_AGENTS = Operation("list_agents", Effect.READ)
CHECK_SETTINGS = Operation("check_settings", Effect.READ)
LIST_CUSTOMERS = Operation("list_customers", Effect.READ)

_SOUGHT = re.compile(r"[0-9a-zA-Z ]+")
"""T16: what CUSTOMER takes as ``query``; no address is among it."""
_KEYS = {"user_number": "userID", "email_address": "emailAddress"}
_ADDRESSES = ("email", "emailAddress")

Text = wire.Text


class PersonJson(JsonRecord, frozen=True, rename=_KEYS):
    """What users and customers have in common."""

    id: AnyId | None = None
    user_number: AnyId | None = None
    firstname: Text | None = None
    lastname: Text | None = None
    name: Text | None = None
    email: str | None = None
    email_address: str | None = None
    telephone: Text | None = None
    telephone_number: Text | None = None

    def known_id(self) -> str:
        """Return the id; WrongType where there is none, as nobody could be named by it."""
        found = given_id(self.id) or given_id(self.user_number)
        if found is None:
            raise WrongType("a required field is missing", ".id")
        return found

    @property
    def address(self) -> str | None:
        """The bare address; None where there is none."""
        return kit.read_person(self.email or self.email_address or "").email

    @property
    def full_name(self) -> str | None:
        """The first and the last name; without both, the name to log in by."""
        told = [str(part).strip() for part in (self.firstname, self.lastname) if part is not None]
        return " ".join(filter(None, told)) or _text(self.name)

    @property
    def phone(self) -> str | None:
        """The telephone number; None where there is none."""
        return _text(self.telephone_number) or _text(self.telephone)


class UserJson(PersonJson, frozen=True, rename=_KEYS):
    """USER: an agent."""

    def to_party(self) -> kit.Party:
        """Return the agent."""
        return fast_party(
            id=self.known_id(),
            name=self.full_name,
            email=self.address,
            role=Role.AGENT,
            phone=self.phone,
        )


class CustomerJson(PersonJson, frozen=True, rename=_KEYS):
    """CUSTOMER: ``{id, external_primary_id, brand_name, …}``, of which the rest is not shown."""

    external_primary_id: Text | None = None

    def to_party(self, query: kit.CustomerQuery) -> kit.Party:
        """Return the customer; WrongType where nothing tells whether it is one of ``query``."""
        if query.email is not None and not any(name in self.raw for name in _ADDRESSES):
            raise WrongType("the customer is listed without an address to compare", ".email")
        return fast_party(
            id=self.known_id(),
            name=self.full_name,
            email=self.address,
            role=Role.CUSTOMER,
            phone=self.phone,
            external_id=_text(self.external_primary_id),
        )


def _text(value: Text | None) -> str | None:
    return (None if value is None else str(value).strip()) or None


def _offsets(start: int, limit: int) -> list[tuple[str, str]]:
    return [("itemStart", str(start)), ("itemLimit", str(limit))]


def _collection(data: Any) -> wire.Collection:
    """Return the envelope of a list of users; a list without one is taken, too."""
    return wire.collection({"items": data} if isinstance(data, list) else data)


async def missing_user(transport: kit.Transport, user_id: str | None) -> tuple[str, ...]:
    """Return a sentence if no agent has this number; None is nobody, and is not looked for.

    A list of which something cannot be read proves nothing, and is its error.
    """
    if user_id is None:
        return ()

    async def fetch(cursor: kit.Cursor | None) -> kit.Page[kit.Party]:
        return await list_users(transport, cursor, CHECK_SETTINGS)

    users = await kit.read_whole(fetch, lambda user: user.id or "")
    number = user_id.lstrip("0")
    if any((user.id or "").lstrip("0") == number for user in users.items):
        return ()
    for problem in users.problems:
        raise problem.error
    return (f'user_id: there is no agent with the id "{user_id}" that this key may see.',)


async def list_users(
    transport: kit.Transport, cursor: kit.Cursor | None, operation: Operation = LIST_AGENTS
) -> kit.Page[kit.Party]:
    """GET /user: the page at ``cursor``, with those who left."""
    listing = OffsetList(transport, operation, "user", _offsets, _collection)
    sizes = paging.always(paging.USERS)
    return await listing.page(Place.of(cursor), sizes, UserJson, UserJson.to_party)


async def list_customers(
    transport: kit.Transport, query: kit.CustomerQuery, cursor: kit.Cursor | None
) -> kit.Page[kit.Party]:
    """GET /customer: the page of ``query`` at ``cursor``; an address is compared on what comes."""
    found = [] if query.text is None else [("query", query.text)]
    if query.text is not None and not _SOUGHT.fullmatch(query.text):
        raise errors.InvalidArgument(
            "Omnidesk finds customers by letters from a to z, digits and blanks only."
        )
    listing = OffsetList(
        transport,
        LIST_CUSTOMERS,
        "customer",
        lambda start, limit: [*_offsets(start, limit), *found],
    )
    sizes = paging.always(paging.CUSTOMERS)
    if query.limit is not None and query.email is None:
        sizes = paging.wanted(query.limit, paging.CUSTOMERS)
    page = await listing.page(
        Place.of(cursor), sizes, CustomerJson, lambda customer: customer.to_party(query)
    )
    return page.where(query.matches)
