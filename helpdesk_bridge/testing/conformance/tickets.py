"""Tests of tickets: creating, reading, listing, changing and deleting them."""

from __future__ import annotations

import pickle
from contextlib import suppress
from datetime import UTC
from typing import Any

import pytest

from helpdesk_bridge.errors import (
    AuthenticationError,
    InvalidArgument,
    NotFound,
    Outcome,
    UnsupportedCapability,
)
from helpdesk_bridge.model import (
    Audience,
    Capability,
    MessageType,
    Status,
    Ticket,
)
from helpdesk_bridge.testing.conformance.account import Place, needs
from helpdesk_bridge.testing.conformance.others import changes, takes

__all__ = ["TicketPromises"]

STAND_INS = {Status.RESOLVED: {Status.RESOLVED, Status.CLOSED}}
"""What a status may read as after it was written, where that is not itself."""


class TicketPromises:
    """What holds for tickets on every desk."""

    async def test_a_new_ticket_is_its_requesters_first_request(self, place: Place) -> None:
        ticket = await place.ticket(subject="Rechnung überfällig 💶")
        assert ticket.subject == "Rechnung überfällig 💶"
        assert ticket.requester.email == place.account.customer
        assert await place.stored(ticket, "I paid this invoice twice.") == [
            (MessageType.REQUEST, Audience.EXTERNAL)
        ]

    @needs(Capability.CREATE_TICKET)
    async def test_a_new_ticket_mails_nobody(self, place: Place) -> None:
        await place.ticket()
        assert list(await place.witness.letters()) == []  # not even "your ticket is there"

    @needs(Capability.GET_TICKET)
    async def test_a_ticket_reads_as_it_was_created(self, place: Place) -> None:
        made = await place.ticket()
        read = await place.desk.ticket(made.id)
        assert (read.id, read.subject, read.requester.email) == (
            made.id,
            made.subject,
            made.requester.email,
        )

    @needs(Capability.GET_TICKET)
    async def test_the_times_of_a_ticket_are_aware_and_in_utc(self, place: Place) -> None:
        made = await place.ticket()
        read = await place.desk.ticket(made.id)
        times = [t for t in (read.created_at, read.updated_at, read.last_message_at) if t]
        assert times
        assert all(time.tzinfo is UTC for time in times)

    @needs(Capability.GET_TICKET)
    async def test_a_ticket_that_is_not_there_is_not_found(self, place: Place) -> None:
        made = await place.ticket()
        with pytest.raises(NotFound) as caught:
            await _read_missing(place, made)
        assert (caught.value.desk, caught.value.operation) == (place.desk.name, "ticket")

    @needs(Capability.GET_TICKET)
    async def test_what_the_vendor_said_is_kept(self, place: Place) -> None:
        made = await place.ticket()
        read = await place.desk.ticket(made.id)
        assert read.vendor_status
        assert read.raw or place.witness.requests() is None

    @needs(Capability.LIST_MESSAGES, Capability.GET_TICKET)
    async def test_tickets_and_messages_can_be_pickled(self, place: Place) -> None:
        made = await place.ticket()
        read = [await place.desk.ticket(made.id), *(await place.desk.messages(made)).items]
        assert pickle.loads(pickle.dumps(read)) == read  # noqa: S301 - our own pickle

    @needs(Capability.LIST_TICKETS)
    async def test_a_list_is_complete_and_names_every_ticket_once(self, place: Place) -> None:
        made = await place.ticket()
        await place.witness.add_tickets(place.account.customer, place.account.many)
        listed = [ticket.id async for ticket in place.desk.tickets()]
        assert len(listed) == place.account.many + 1
        assert len(set(listed)) == len(listed)
        assert made.id in listed

    @needs(Capability.LIST_TICKETS)
    async def test_a_list_goes_on_from_its_cursor(self, place: Place) -> None:
        await place.witness.add_tickets(place.account.customer, place.account.many)
        pager = place.desk.tickets(limit=place.account.many // 2)
        first = [ticket.id async for ticket in pager]
        rest = [ticket.id async for ticket in place.desk.tickets(cursor=pager.cursor)]
        assert len(first) == place.account.many // 2
        assert len({*first, *rest}) == place.account.many

    @needs(Capability.LIST_TICKETS, Capability.FILTER_STATUS)
    async def test_tickets_that_leave_a_list_hide_no_others(self, place: Place) -> None:
        known = place.desk.capabilities[Capability.FILTER_STATUS].limits.statuses
        others = (Status.PENDING, Status.ON_HOLD, Status.OPEN, Status.RESOLVED)
        await place.witness.add_tickets(place.account.customer, place.account.many)
        status = (await place.desk.tickets()).items[0].status
        known = known or frozenset(others)
        left = next((s for s in others if s is not status and s in known), None)
        if left is None:
            return
        seen = []
        async for ticket in place.desk.tickets(status=status):
            await place.witness.arrange(ticket.id, status=left)
            seen.append(ticket.id)
        assert len(set(seen)) == len(seen) == place.account.many

    @needs(Capability.LIST_TICKETS)
    async def test_pages_hold_what_the_list_holds(self, place: Place) -> None:
        await place.witness.add_tickets(place.account.customer, place.account.many)
        paged = [ticket.id async for page in place.desk.tickets().pages() for ticket in page]
        assert len(set(paged)) == len(paged) == place.account.many

    @pytest.mark.parametrize("status", [s for s in Status if s is not Status.UNKNOWN])
    @needs(Capability.UPDATE_TICKET, Capability.GET_TICKET)
    async def test_a_status_that_can_be_set_is_set(self, place: Place, status: Status) -> None:
        possible = place.desk.capabilities[Capability.UPDATE_TICKET].limits.statuses
        if not takes(place, Capability.UPDATE_TICKET, "status"):
            return
        if possible is not None and status not in possible:
            return  # that it is refused is a promise of its own
        if status is Status.DELETED:
            return  # delete_ticket deletes
        made = await place.ticket()
        changed = await place.desk.update_ticket(made, status=status)
        read = await place.desk.ticket(made.id)
        assert changed.status is read.status
        assert read.status in STAND_INS.get(status, {status})

    @needs(Capability.UPDATE_TICKET, Capability.GET_TICKET)
    async def test_a_subject_can_be_changed_and_nothing_else_is(self, place: Place) -> None:
        if not takes(place, Capability.UPDATE_TICKET, "subject"):
            return
        made = await place.ticket()
        await place.desk.update_ticket(made.id, subject="Another subject")
        read = await place.desk.ticket(made.id)
        assert read.subject == "Another subject"
        assert (read.status, read.requester.email) == (made.status, made.requester.email)

    @needs(Capability.UPDATE_TICKET, Capability.GET_TICKET)
    async def test_an_assignee_can_be_set_and_cleared(self, place: Place) -> None:
        agent = place.account.agent
        if not takes(place, Capability.UPDATE_TICKET, "assignee"):
            return
        assert agent is not None, "an account with assignees needs an agent"
        made = await place.ticket()
        await place.desk.update_ticket(made, assignee=agent)
        read = await place.desk.ticket(made.id)
        assert read.assignee is not None
        assert read.assignee.id == agent.id
        await place.desk.update_ticket(made, assignee=None)
        assert (await place.desk.ticket(made.id)).assignee is None

    @needs(Capability.UPDATE_TICKET, Capability.GET_TICKET)
    async def test_a_team_can_be_set_and_cleared_or_that_is_refused(self, place: Place) -> None:
        if not takes(place, Capability.UPDATE_TICKET, "team"):
            return
        assert place.account.team is not None, "an account with teams needs one"
        made = await place.ticket()
        await place.desk.update_ticket(made, team=place.account.team)
        assert (await place.desk.ticket(made.id)).team == place.account.team
        try:
            await place.desk.update_ticket(made, team=None)
        except (InvalidArgument, UnsupportedCapability):  # every ticket has a team here
            assert (await place.desk.ticket(made.id)).team == place.account.team
            return
        assert (await place.desk.ticket(made.id)).team is None

    @needs(Capability.UPDATE_TICKET, Capability.GET_TICKET)
    async def test_tags_are_replaced_as_a_whole(self, place: Place) -> None:
        if not takes(place, Capability.UPDATE_TICKET, "tags"):
            return
        first, second = place.account.tags[:2] or ("vip", "bug")
        made = await place.ticket()
        await place.desk.update_ticket(made, tags=[first])
        await place.desk.update_ticket(made, tags=[second])
        assert (await place.desk.ticket(made.id)).tags == (second,)
        await place.desk.update_ticket(made, tags=[])
        assert (await place.desk.ticket(made.id)).tags == ()

    @needs(Capability.UPDATE_TICKET)
    async def test_a_change_mails_nobody(self, place: Place) -> None:
        made = await place.ticket()
        await place.desk.update_ticket(made, **_change(place))
        assert await place.letters() == []

    @needs(Capability.UPDATE_TICKET)
    async def test_a_change_of_what_is_not_there_is_not_found(self, place: Place) -> None:
        made = await place.ticket()
        with pytest.raises(NotFound):
            await place.desk.update_ticket(_missing(made), **_change(place))

    @needs(Capability.DELETE_TICKET, Capability.LIST_TICKETS, Capability.GET_TICKET)
    async def test_a_deleted_ticket_is_gone_or_says_so(self, place: Place) -> None:
        made, other = await place.ticket(), await place.ticket()
        await place.desk.delete_ticket(made)
        with suppress(NotFound):
            assert (await place.desk.ticket(made.id)).status is Status.DELETED
        left = [t.id async for t in place.desk.tickets() if t.status is not Status.DELETED]
        assert left == [other.id]

    @needs(Capability.GET_TICKET)
    async def test_wrong_credentials_are_told_and_change_nothing(self, place: Place) -> None:
        stranger: Any = place.account.stranger
        if stranger is None:
            assert place.witness.requests() is None, "only a desk without HTTP has no credentials"
            return
        made = await place.ticket()
        async with stranger() as desk:
            with pytest.raises(AuthenticationError) as caught:
                await desk.ticket(made.id)
            if desk.capabilities.supports(Capability.UPDATE_TICKET):
                with pytest.raises(AuthenticationError):
                    await desk.update_ticket(made.id, **_change(place))
        assert caught.value.outcome is Outcome.REJECTED
        read = await place.desk.ticket(made.id)
        assert (read.status, read.subject) == (made.status, made.subject)

    @needs(Capability.LIST_CUSTOM_FIELDS)
    async def test_custom_fields_are_listed_with_their_ids(self, place: Place) -> None:
        listed = await place.desk.custom_fields()
        assert all(custom.id and custom.name for custom in listed)
        assert len({custom.id for custom in listed}) == len(listed)


def _change(place: Place) -> dict[str, Any]:
    """Return one change that can be asked for here."""
    name, value = next(iter(changes(place).items()))
    return {name: value}


async def _read_missing(place: Place, ticket: Ticket) -> None:
    await place.desk.ticket(_missing(ticket))
    pytest.fail(
        "a ticket that is not there was read: where the vendor says so with a 2xx answer, is_error"
        " must call it an error"
    )


def _missing(ticket: Ticket) -> str:
    """Return an id that looks right and belongs to nothing."""
    return ticket.id[:-4] + "9999"
