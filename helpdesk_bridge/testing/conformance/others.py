"""What an account has beside the first of everything, and what a desk takes of it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from helpdesk_bridge.model import Capability, Party, Priority, Status, TicketKind
from helpdesk_bridge.model.text import folded
from helpdesk_bridge.testing.conformance.account import Place

__all__ = ["changes", "namesakes", "takes", "two_agents", "two_teams"]


def takes(place: Place, capability: Capability, option: str) -> bool:
    """Say whether a call takes this argument.

    Args:
        place: the desk.
        capability: the one that the call needs.
        option: the argument.
    """
    known = place.desk.capabilities[capability].limits.options
    return known is None or option in known


def two_agents(place: Place) -> tuple[Party, Party]:
    """Return the account's agent and another one, who have ids.

    ``place`` is the desk and its account.
    """
    agent, others = place.account.agent, place.account.agents
    assert agent is not None, "an account with assignees needs an agent: Account(agent=Party(…))"
    other = next((one for one in others if one.id and one.id != agent.id), None)
    assert other is not None, "an account with assignees needs another agent: Account(agents=[…])"
    return agent, other


def two_teams(place: Place) -> tuple[str, str]:
    """Return the account's team and another one.

    ``place`` is the desk and its account.
    """
    team, others = place.account.team, place.account.teams
    assert team is not None, "an account with teams needs one: Account(team=…)"
    other = next((one for one in others if one != team), None)
    assert other is not None, "an account with teams needs another one: Account(teams=[…])"
    return team, other


def namesakes(place: Place) -> list[str]:
    """Return the names that several agents of the account have.

    ``place`` is the desk and its account.
    """
    named: dict[str, set[str | None]] = defaultdict(set)
    for agent in place.account.agents:
        if agent.name:
            named[folded(agent.name)].add(agent.id)
    return [name for name, ids in named.items() if len(ids) > 1]


def changes(place: Place) -> dict[str, Any]:
    """Return a value for everything about a ticket that can be changed here, no new ticket's own.

    ``place`` is the desk and its account.
    """
    limits = place.desk.capabilities[Capability.UPDATE_TICKET].limits
    likely = [Status.RESOLVED, Status.OPEN, *Status]
    status = next(s for s in likely if limits.statuses is None or s in limits.statuses)
    known: dict[str, Any] = {
        "status": status,
        "subject": "Another subject",
        "tags": place.account.tags[:1] or ("vip",),
        "team": place.account.team,
        "assignee": place.account.agent,
        "priority": Priority.HIGH,
        "kind": TicketKind.TASK,
        "custom_fields": {},
    }
    possible = {
        name: told for name, told in known.items() if takes(place, Capability.UPDATE_TICKET, name)
    }
    assert possible, "UPDATE_TICKET is offered, and there is nothing it could change"
    return possible
