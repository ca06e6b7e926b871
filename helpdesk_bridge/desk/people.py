"""The calls that look people up: agents, teams, customers, and who one is."""

from __future__ import annotations

from helpdesk_bridge.desk import arguments
from helpdesk_bridge.desk.directory import key_of
from helpdesk_bridge.desk.listed import ID, listed
from helpdesk_bridge.desk.pager import Pager
from helpdesk_bridge.desk.parts import Desk
from helpdesk_bridge.model import Capability, Cursor, CustomerQuery, Page, Party, Team

__all__ = ["agents", "customers", "me", "teams"]


def agents(self: Desk, *, limit: int | None = None, cursor: str | None = None) -> Pager[Party]:
    """List the agents of the desk, in the vendor's order.

    Args:
        limit: the number of agents in all, 1 or more; None is no limit.
        cursor: a :attr:`Pager.cursor` of an earlier list, to go on from there; None begins at the
            beginning.

    Returns:
        A :class:`Pager` of people, each with its id.

    Raises:
        UnsupportedCapability: the vendor's agents cannot be looked up.
        HelpdeskError: while the list is read, with ``items_read`` and ``cursor`` on it.
    """
    call = self._calls.begin("agents")
    with call:
        arguments.limit(limit)
        self._guard.require(Capability.LIST_AGENTS)
        return listed(self, call, self.adapter.list_agents, key_of, limit=limit, cursor=cursor)


def teams(self: Desk, *, limit: int | None = None, cursor: str | None = None) -> Pager[Team]:
    """List the teams of the desk, in the vendor's order.

    Args:
        limit: the number of teams in all, 1 or more; None is no limit.
        cursor: a :attr:`Pager.cursor` of an earlier list, to go on from there; None begins at the
            beginning.

    Returns:
        A :class:`Pager` of teams.

    Raises:
        UnsupportedCapability: the vendor's teams cannot be looked up.
        HelpdeskError: while the list is read, with ``items_read`` and ``cursor`` on it.
    """
    call = self._calls.begin("teams")
    with call:
        arguments.limit(limit)
        self._guard.require(Capability.LIST_TEAMS)
        return listed(self, call, self.adapter.list_teams, ID, limit=limit, cursor=cursor)


def customers(
    self: Desk,
    *,
    email: str | None = None,
    text: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Pager[Party]:
    """List customers, in the vendor's order.

    Args:
        email: only those with this address, in any spelling; None does not filter.
        text: only those in whose record the vendor finds these words; where it looks is its choice.
            None does not filter.
        limit: the number of customers in all, 1 or more; None is no limit.
        cursor: a :attr:`Pager.cursor` of an earlier list with the same filters, to go on from
            there; None begins at the beginning.

    Returns:
        A :class:`Pager` of people, each with its id.

    Raises:
        InvalidArgument: for a value that is not acceptable.
        UnsupportedCapability: customers cannot be looked up, or not by this.
        HelpdeskError: while the list is read, with ``items_read`` and ``cursor`` on it.
    """
    call = self._calls.begin("customers")
    with call:
        query = CustomerQuery(
            email=None if email is None else arguments.address(email, "email"),
            text=arguments.sought(text, "text"),
            limit=arguments.limit(limit),
        )
        given = arguments.given(email=query.email, text=query.text)
        self._guard.allow(Capability.LIST_CUSTOMERS, given)
        list_customers = self.adapter.list_customers

        async def read(place: Cursor | None) -> Page[Party]:
            return await list_customers(query, place)

        return listed(self, call, read, key_of, asked=query, limit=limit, cursor=cursor)


async def me(self: Desk) -> Party:
    """Tell whose account the desk is used with.

    Returns:
        The person, with an id, and with what else the vendor tells.

    Raises:
        UnsupportedCapability: the vendor does not tell.
        AuthenticationError: the credentials are not accepted.
        HelpdeskError: as the vendor or the network has it.
    """
    with self._calls.begin("me"):
        self._guard.require(Capability.WHO_AM_I)
        return await self.adapter.who_am_i()
