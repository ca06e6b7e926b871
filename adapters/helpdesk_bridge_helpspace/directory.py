"""The people of an account other than its agents: its teams and its customers.

TEAMS is https://documentation.helpspace.com/article/787/teams, CUSTOMERS is
https://documentation.helpspace.com/api-customers. Neither page names a parameter that filters.
"""

from __future__ import annotations

from helpdesk_bridge import kit
from helpdesk_bridge.kit import AnyId, Effect, JsonRecord, Operation, Role, fast_party
from helpdesk_bridge_helpspace.paging import Place, read_page
from helpdesk_bridge_helpspace.wire import own_id

__all__ = ["CustomerJson", "TeamJson", "customers", "teams"]

LIST_TEAMS = Operation("list_teams", Effect.READ)
LIST_CUSTOMERS = Operation("list_customers", Effect.READ)


class TeamJson(JsonRecord, frozen=True):
    """TEAMS: ``{id int, name string, members [{id, name, email, is_agent}]}``."""

    id: AnyId | None = None
    name: str | None = None

    def to_team(self) -> kit.Team:
        """Return the neutral team."""
        return kit.Team(id=own_id(self.id), name=self.name or "", raw=self.raw)


class CustomerJson(JsonRecord, frozen=True):
    """CUSTOMERS, the field table. It has no telephone, no organisation and no id of another system.

    The id is the customer's own: a ticket names it as ``user_id`` of its contact, as with agents
    (the examples have the agent 12 as the contact 31).
    """

    id: AnyId | None = None
    name: str | None = None
    email: str | None = None

    def to_party(self) -> kit.Party:
        """Return the customer as a person."""
        told = kit.read_person(self.email or "")
        name = self.name or told.name
        return fast_party(id=own_id(self.id), name=name, email=told.email, role=Role.CUSTOMER)


async def teams(transport: kit.Transport, cursor: kit.Cursor | None) -> kit.Page[kit.Team]:
    """GET /teams."""
    return await read_page(
        transport, LIST_TEAMS, ("teams",), Place.of(cursor), TeamJson, TeamJson.to_team
    )


async def customers(
    transport: kit.Transport, query: kit.CustomerQuery, cursor: kit.Cursor | None
) -> kit.Page[kit.Party]:
    """GET /customers. Who has the address is judged here, of all that are read."""
    place = Place.of(cursor, query.limit if query.email is None else None)
    page = await read_page(
        transport, LIST_CUSTOMERS, ("customers",), place, CustomerJson, CustomerJson.to_party
    )
    return page.where(query.matches)
