"""Adapters that list, assign or name the wrong ones; each with the promise that names its fault."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from helpdesk_bridge.kit import CustomerQuery, Party, Role, TicketRef
from helpdesk_bridge.memory.people import agent_meant, agents, customers, people_meant, team_meant
from helpdesk_bridge.model import Body, Reply
from helpdesk_bridge.testing import Memory

FILTERS = ("statuses", "priority", "kind", "assignee", "team", "tag", "requester", "text")


class ListsWhateverIsAssigned(Memory):
    async def list_tickets(self, query, cursor):
        if query.assignee is None:
            return await super().list_tickets(query, cursor)
        agent_meant(await self._read(), query.assignee)
        page = await super().list_tickets(evolve(query, assignee=None), cursor)
        return page.where(lambda ticket: ticket.assignee is not None)


class ListsWhateverHasATeam(Memory):
    async def list_tickets(self, query, cursor):
        if query.team is None:
            return await super().list_tickets(query, cursor)
        team_meant(await self._read(), query.team)
        page = await super().list_tickets(evolve(query, team=None), cursor)
        return page.where(lambda ticket: ticket.team is not None)


class ListsWhateverIsAssignedByAddress(ListsWhateverIsAssigned):
    async def list_tickets(self, query, cursor):
        if query.assignee is None or query.assignee.email is None:
            return await Memory.list_tickets(self, query, cursor)
        return await super().list_tickets(query, cursor)


class ListsWhateverHasATeamByItsId(ListsWhateverHasATeam):
    async def list_tickets(self, query, cursor):
        if query.team is None or not query.team.isdigit():
            return await Memory.list_tickets(self, query, cursor)
        return await super().list_tickets(query, cursor)


class ForgetsTheStatusBesideAPriority(Memory):
    async def list_tickets(self, query, cursor):
        if query.priority is not None:
            query = evolve(query, statuses=None)
        return await super().list_tickets(query, cursor)


class ForgetsTheAssigneeBesideAStatus(Memory):
    async def list_tickets(self, query, cursor):
        if query.statuses is not None:
            query = evolve(query, assignee=None)
        return await super().list_tickets(query, cursor)


class ForgetsTheKindBesideATag(Memory):
    async def list_tickets(self, query, cursor):
        if query.tag is not None:
            query = evolve(query, kind=None)
        return await super().list_tickets(query, cursor)


class ForgetsFiltersWhereItSorts(Memory):
    async def list_tickets(self, query, cursor):
        if query.order_by is not None:
            query = evolve(query, **dict.fromkeys(FILTERS))
        return await super().list_tickets(query, cursor)


class ForgetsTheOrderBesideAFilter(Memory):
    async def list_tickets(self, query, cursor):
        if query.team is not None:
            query = evolve(query, order_by=None)
        return await super().list_tickets(query, cursor)


class ForgetsFiltersBehindACursor(Memory):
    async def list_tickets(self, query, cursor):
        if cursor is not None:
            query = evolve(query, **dict.fromkeys(FILTERS))
        return await super().list_tickets(query, cursor)


class CutsBeforeItFilters(Memory):
    async def list_tickets(self, query, cursor):
        page = await super().list_tickets(evolve(query, **dict.fromkeys(FILTERS)), cursor)
        kept = page.where(query.matches)
        return kept if query.limit is None else evolve(kept, next=None)


class ForgetsTheWordsBesideAnAddress(Memory):
    async def list_customers(self, query, cursor):
        if query.email is not None:
            query = evolve(query, text=None)
        return await super().list_customers(query, cursor)


class ForgetsTheWordsBehindACursor(Memory):
    async def list_customers(self, query, cursor):
        if cursor is not None:
            query = evolve(query, text=None)
        return await super().list_customers(query, cursor)


class CutsAgentsToThree(Memory):
    async def list_agents(self, cursor):
        page = await super().list_agents(cursor)
        return evolve(page, items=page.items[:3], next=None)


class CutsTeamsToThree(Memory):
    async def list_teams(self, cursor):
        page = await super().list_teams(cursor)
        return evolve(page, items=page.items[:3], next=None)


class ListsOnePageOfAgents(Memory):
    async def list_agents(self, cursor):
        return evolve(await super().list_agents(cursor), next=None)


class ListsOnePageOfTeams(Memory):
    async def list_teams(self, cursor):
        return evolve(await super().list_teams(cursor), next=None)


class ListsOnePageOfCustomers(Memory):
    async def list_customers(self, query, cursor):
        return evolve(await super().list_customers(query, cursor), next=None)


class ListsCustomersAsAgents(Memory):
    async def list_agents(self, cursor):
        page = await super().list_agents(cursor)
        more = customers(await self._read(), CustomerQuery())
        return evolve(page, items=(*page.items, *(evolve(c, role=Role.UNKNOWN) for c in more)))


class ListsAgentsAsCustomers(Memory):
    async def list_customers(self, query, cursor):
        page = await super().list_customers(query, cursor)
        more = [one for one in self.store.agents if query.text is None and query.matches(one)]
        return evolve(page, items=(*page.items, *(evolve(a, role=Role.UNKNOWN) for a in more)))


class IsACustomer(Memory):
    async def who_am_i(self):
        return evolve(await super().who_am_i(), role=Role.CUSTOMER)


class IsAnotherOfItsAddress(Memory):
    async def who_am_i(self):
        return evolve(await super().who_am_i(), id="7")


def as_asked(ticket: Any, asked: Any) -> Any:
    """Return a ticket that says it is as was asked, whatever it is."""
    wanted = {name: getattr(asked, name) for name in ("assignee", "team")}
    return evolve(
        ticket, **{name: told for name, told in wanted.items() if told not in (None, ...)}
    )


class AssignsAlwaysAda(Memory):
    async def _ada(self, changed: Any) -> Any:
        if not isinstance(changed.assignee, Party):
            return changed
        agent_meant(await self._read(), changed.assignee)
        return evolve(changed, assignee=self.store.agents[0])

    async def update_ticket(self, ticket_id, changes):
        changed = await super().update_ticket(ticket_id, await self._ada(changes))
        return as_asked(changed, changes)

    async def create_ticket(self, new):
        return as_asked(await super().create_ticket(await self._ada(new)), new)


class CreatesAlwaysForAda(AssignsAlwaysAda):
    """The same; each has one promise to break."""


class TakesTheFirstOfSeveral(Memory):
    async def _first(self, asked: Any) -> Any:
        if not isinstance(asked.assignee, Party):
            return asked
        found = people_meant(agents(await self._read()), asked.assignee)
        return evolve(asked, assignee=found[0]) if found else asked

    async def update_ticket(self, ticket_id, changes):
        return await super().update_ticket(ticket_id, await self._first(changes))

    async def create_ticket(self, new):
        return await super().create_ticket(await self._first(new))

    async def list_tickets(self, query, cursor):
        return await super().list_tickets(await self._first(query), cursor)


class CreatesForTheFirstOfSeveral(TakesTheFirstOfSeveral):
    """The same, in a new ticket."""


class ListsOfTheFirstOfSeveral(TakesTheFirstOfSeveral):
    """The same, in a filter."""


class CreatesForNoTeam(Memory):
    async def create_ticket(self, new):
        return as_asked(await super().create_ticket(evolve(new, team=None)), new)


class CreatesForAnotherTeam(Memory):
    async def create_ticket(self, new):
        made = await super().create_ticket(evolve(new, team="Sales") if new.team else new)
        return as_asked(made, new)


class CreatesForNoTeamByItsId(Memory):
    async def create_ticket(self, new):
        by_id = new.team is not None and new.team.isdigit()
        return as_asked(await super().create_ticket(evolve(new, team=None) if by_id else new), new)


class GivesTicketsToBilling(Memory):
    async def update_ticket(self, ticket_id, changes):
        given = evolve(changes, team="Billing") if isinstance(changes.team, str) else changes
        return as_asked(await super().update_ticket(ticket_id, given), changes)


class Tells(Memory):
    """A base: it writes to the customer."""

    async def _tell(self, ticket_id: str) -> None:
        words = Body.of(None, "You have somebody new.")
        await super().send(TicketRef(ticket_id), Reply(body=words, send_email=True))


class TellsOfAnAssignment(Tells):
    async def update_ticket(self, ticket_id, changes):
        changed = await super().update_ticket(ticket_id, changes)
        if isinstance(changes.assignee, Party):
            await self._tell(ticket_id)
        return changed


class TellsOfATeam(Tells):
    async def update_ticket(self, ticket_id, changes):
        changed = await super().update_ticket(ticket_id, changes)
        if isinstance(changes.team, str):
            await self._tell(ticket_id)
        return changed


class TellsOfTheAgentOfANewTicket(Tells):
    async def create_ticket(self, new):
        made = await super().create_ticket(new)
        if new.assignee is not None:
            await self._tell(made.id)
        return made


class TellsOfTheTeamOfANewTicket(Tells):
    async def create_ticket(self, new):
        made = await super().create_ticket(new)
        if new.team is not None:
            await self._tell(made.id)
        return made


class ClearsTheTeamOfWhatItAssigns(Memory):
    async def update_ticket(self, ticket_id, changes):
        if isinstance(changes.assignee, Party):
            changes = evolve(changes, team=None)
        return await super().update_ticket(ticket_id, changes)


class UnassignsWhatChangesItsTeam(Memory):
    async def update_ticket(self, ticket_id, changes):
        if isinstance(changes.team, str):
            changes = evolve(changes, assignee=None)
        return await super().update_ticket(ticket_id, changes)


class ClearsTheTeamForAnUnknownOne(Memory):
    async def update_ticket(self, ticket_id, changes):
        given = changes
        if changes.team == "No such team":
            given = evolve(changes, team=None, subject="Another subject")
        return as_asked(await super().update_ticket(ticket_id, given), changes)


class ClearsTheTeamAndRefusesIt(Memory):
    async def update_ticket(self, ticket_id, changes):
        if changes.team == "No such team":
            await super().update_ticket(ticket_id, evolve(changes, team=None))
        return await super().update_ticket(ticket_id, changes)


class CreatesForNoTeamIfItIsUnknown(Memory):
    async def create_ticket(self, new):
        return as_asked(await super().create_ticket(evolve(new, team=None)), new)


_BOTH = "test_every_two_filters_must_both_hold_and_all_together"
_ORDER = "test_filters_hold_in_every_order"
_CUT = "test_a_filtered_list_that_is_cut_goes_on_behind_the_last_ticket"
_ALONE = "test_a_change_changes_nothing_else_and_mails_nobody"
_SEVERAL = "test_of_several_of_a_name_nobody_is_taken"
_NO_TEAM = "test_a_team_that_is_not_there_is_an_error_and_changes_nothing"
_QUIET = "test_a_new_ticket_with_an_agent_or_a_team_mails_nobody"

MUTANTS: dict[type[Memory], str] = {
    ListsWhateverIsAssigned: "test_an_assignee_filters_exactly",
    ListsWhateverIsAssignedByAddress: "test_an_assignee_filters_exactly_by_address",
    ListsWhateverHasATeam: "test_a_team_filters_exactly",
    ListsWhateverHasATeamByItsId: "test_a_team_filters_exactly_by_id_and_by_name",
    ForgetsTheStatusBesideAPriority: _BOTH,
    ForgetsTheAssigneeBesideAStatus: _BOTH,
    ForgetsTheKindBesideATag: _BOTH,
    ForgetsFiltersWhereItSorts: f"{_ORDER}[0]",
    ForgetsTheOrderBesideAFilter: f"{_ORDER}[1]",
    ForgetsFiltersBehindACursor: f"{_CUT}[0]",
    CutsBeforeItFilters: f"{_CUT}[2]",
    ForgetsTheWordsBesideAnAddress: ("test_a_customer_is_found_only_if_address_and_words_both_fit"),
    ForgetsTheWordsBehindACursor: (
        "test_a_list_of_customers_found_by_words_goes_on_behind_the_last_one"
    ),
    CutsAgentsToThree: "test_the_agents_are_listed_once_each_with_an_id",
    CutsTeamsToThree: "test_the_teams_are_listed_once_each_with_an_id",
    ListsOnePageOfAgents: "test_the_agents_are_listed_once_each_with_an_id",
    ListsOnePageOfTeams: "test_the_teams_are_listed_once_each_with_an_id",
    ListsOnePageOfCustomers: "test_the_list_of_customers_is_complete",
    ListsCustomersAsAgents: "test_no_customer_is_listed_as_an_agent",
    ListsAgentsAsCustomers: "test_no_agent_is_listed_as_a_customer",
    IsACustomer: "test_the_desk_knows_whose_account_it_has",
    IsAnotherOfItsAddress: "test_the_desk_knows_whose_account_it_has",
    AssignsAlwaysAda: "test_whoever_is_asked_for_is_assigned",
    CreatesAlwaysForAda: "test_a_new_ticket_is_assigned_to_whoever_is_asked_for",
    TakesTheFirstOfSeveral: f"{_SEVERAL}[update_ticket]",
    CreatesForTheFirstOfSeveral: f"{_SEVERAL}[create_ticket]",
    ListsOfTheFirstOfSeveral: f"{_SEVERAL}[tickets]",
    CreatesForNoTeam: "test_a_new_ticket_is_of_the_team_that_is_asked_for",
    CreatesForAnotherTeam: "test_a_new_ticket_is_of_the_team_that_is_asked_for",
    CreatesForNoTeamByItsId: "test_a_new_ticket_is_given_a_team_by_id_and_by_name",
    GivesTicketsToBilling: "test_a_ticket_goes_to_the_team_that_is_asked_for",
    TellsOfAnAssignment: f"{_ALONE}[assignee]",
    TellsOfATeam: f"{_ALONE}[team]",
    TellsOfTheAgentOfANewTicket: _QUIET,
    TellsOfTheTeamOfANewTicket: _QUIET,
    ClearsTheTeamOfWhatItAssigns: f"{_ALONE}[assignee]",
    UnassignsWhatChangesItsTeam: f"{_ALONE}[team]",
    ClearsTheTeamForAnUnknownOne: f"{_NO_TEAM}[update_ticket]",
    ClearsTheTeamAndRefusesIt: f"{_NO_TEAM}[update_ticket]",
    CreatesForNoTeamIfItIsUnknown: f"{_NO_TEAM}[create_ticket]",
}
