"""Adapters that are broken on purpose; each is caught by the promise that names its fault."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar

import pytest
from attrs import evolve

import helpdesk_bridge as hb
from helpdesk_bridge.kit import Page, TicketRef, native
from helpdesk_bridge.model import CustomerMessage, Forward, Note, Reply
from helpdesk_bridge.testing import Mail, Memory
from helpdesk_bridge.testing.conformance import Account, AdapterSuite, Place, memory_account
from helpdesk_bridge.testing.conformance.refusals import CALLS
from tests.testing import mutants_of_choice

Can = hb.Capability


class DropsAPage(Memory):
    async def list_tickets(self, query, cursor):
        page = await super().list_tickets(query, cursor)
        return evolve(page, next=None)


class RepeatsAnId(Memory):
    async def list_messages(self, ticket, query, cursor):
        page = await super().list_messages(ticket, query, cursor)
        again = tuple(evolve(message, id=page.items[0].id) for message in page.items[1:2])
        return evolve(page, items=(*page.items[:1], *again, *page.items[2:]))


class LosesTheLastMessage(Memory):
    async def list_messages(self, ticket, query, cursor):
        page = await super().list_messages(ticket, query, cursor)
        return page if page.next else evolve(page, items=page.items[:-1])


class AnswersNewestFirst(Memory):
    async def list_messages(self, ticket, query, cursor):
        page = await super().list_messages(ticket, query, cursor)
        return evolve(page, items=page.items[::-1])


class ReadsTimesInAnotherZone(Memory):
    async def list_messages(self, ticket, query, cursor):
        page = await super().list_messages(ticket, query, cursor)
        late = timedelta(hours=11)
        return evolve(page, items=tuple(evolve(m, created_at=m.created_at + late) for m in page))


class MailsANote(Memory):
    async def send(self, ticket, message):
        sent = await super().send(ticket, message)
        if isinstance(message, Note):
            await super().send(ticket, Reply(body=message.body, send_email=True))
        return sent


class WritesANoteAsAReply(Memory):
    async def send(self, ticket, message):
        if isinstance(message, Note):
            message = Reply(body=message.body, send_email=False)
        sent = await super().send(ticket, message)
        return evolve(sent, message=None)  # or the desk would tell it


class SwapsRequestAndResponse(Memory):
    async def list_messages(self, ticket, query, cursor):
        page = await super().list_messages(ticket, query, cursor)
        swap = {
            hb.MessageType.REQUEST: hb.MessageType.RESPONSE,
            hb.MessageType.RESPONSE: hb.MessageType.REQUEST,
        }
        swapped = tuple(evolve(m, type=swap.get(m.type, m.type)) for m in page.items)
        return evolve(page, items=swapped)


class ReturnsNaiveTimes(Memory):
    async def get_ticket(self, ticket_id):
        ticket = await super().get_ticket(ticket_id)
        object.__setattr__(ticket, "created_at", datetime(2026, 1, 1))  # noqa: DTZ001
        return ticket


class IgnoresSendEmail(Memory):
    async def send(self, ticket, message):
        if isinstance(message, Reply):
            message = evolve(message, send_email=True)
        return await super().send(ticket, message)


class NeverMails(Memory):
    async def send(self, ticket, message):
        if isinstance(message, Reply):
            message = evolve(message, send_email=False)
        return await super().send(ticket, message)


class MailsTwice(Memory):
    async def send(self, ticket, message):
        await super().send(ticket, message)
        return await super().send(ticket, message)


class SwallowsBcc(Memory):
    async def send(self, ticket, message):
        if isinstance(message, Reply):
            message = evolve(message, bcc=())
        return await super().send(ticket, message)


class SendsLaterAtOnce(Memory):
    offers: ClassVar = {**Memory.offers, Can.SCHEDULED_SEND: native()}

    async def send(self, ticket, message):
        return await super().send(ticket, evolve(message, send_at=None))


class ForwardsToTheCustomerToo(Memory):
    async def send(self, ticket, message):
        if isinstance(message, Forward):
            customer = (await self.get_ticket(ticket.id)).requester
            message = evolve(message, cc=(customer,))
        return await super().send(ticket, message)


class MailsANewTicket(Memory):
    async def create_ticket(self, new):
        ticket = await super().create_ticket(new)
        await super().send(hb_ref(ticket), Reply(body=new.body, send_email=True))
        return ticket


class AcknowledgesANewTicket(Memory):
    async def create_ticket(self, new):
        ticket = await super().create_ticket(new)
        letter = Mail(
            ticket_id=int(ticket.id),
            message_id=None,
            type=hb.MessageType.SYSTEM,
            to=(ticket.requester.email,),
        )
        self.store.outbox.append(letter)
        return ticket


class MailsTheRequesterACopyToo(Memory):
    async def send(self, ticket, message):
        sent = await super().send(ticket, message)
        if isinstance(message, Reply) and message.bcc:
            await super().send(ticket, evolve(message, to=(), bcc=()))
        return sent


class ForgetsTheStatusOfAReply(Memory):
    async def send(self, ticket, message):
        if isinstance(message, Reply):
            message = evolve(message, status=None)
        return await super().send(ticket, message)


class IgnoresAFilter(Memory):
    async def list_tickets(self, query, cursor):
        return await super().list_tickets(evolve(query, requester=None), cursor)


class FiltersTooMuch(Memory):
    async def list_tickets(self, query, cursor):
        if query.created_since is not None:
            query = evolve(query, created_since=query.created_since + timedelta(seconds=1))
        return await super().list_tickets(query, cursor)


class CorruptsFiles(Memory):
    def open_attachment(self, attachment, size=None):
        inner = super().open_attachment(attachment, size)

        @asynccontextmanager
        async def cut() -> AsyncIterator[Any]:
            async with inner as chunks:

                async def reversed_():
                    async for chunk in chunks:
                        yield chunk[::-1]

                yield reversed_()

        return cut()


class LosesUmlauts(Memory):
    async def send(self, ticket, message):
        body = message.body
        plain = evolve(body, html=ascii_only(body.html), text=ascii_only(body.text))
        return await super().send(ticket, evolve(message, body=plain))


class SaysNothingIsMissing(Memory):
    async def get_ticket(self, ticket_id):
        try:
            return await super().get_ticket(ticket_id)
        except hb.NotFound:
            return hb.Ticket(id=ticket_id, created_at=datetime.now(UTC))


class RecordsARequestAsAResponse(Memory):
    async def send(self, ticket, message):
        if isinstance(message, CustomerMessage):
            message = Reply(body=message.body, send_email=False)
        return await super().send(ticket, message)


class ClearsNothing(Memory):
    async def update_ticket(self, ticket_id, changes):
        if changes.assignee is None:  # and says that it did
            kept = evolve(changes, assignee=...)
            return evolve(await super().update_ticket(ticket_id, kept), assignee=None)
        return await super().update_ticket(ticket_id, changes)


class NamesTheWrongMessage(Memory):
    async def send(self, ticket, message):
        return evolve(await super().send(ticket, message), id="1")


class SharesMessagesBetweenTickets(Memory):
    async def list_messages(self, ticket, query, cursor):
        page = await super().list_messages(ticket, query, cursor)
        others = [t for t in self.store.tickets.values() if str(t.id) != ticket.id]
        foreign = (
            await super().list_messages(hb_ref(others[0]), query, None)
            if others
            else Page(items=())
        )
        return evolve(page, items=(*page.items, *foreign.items))


class IgnoresThePriority(Memory):
    async def list_tickets(self, query, cursor):
        return await super().list_tickets(evolve(query, priority=None), cursor)


class IgnoresTheKind(Memory):
    async def list_tickets(self, query, cursor):
        return await super().list_tickets(evolve(query, kind=None), cursor)


class ListsOneStatusOfSeveral(Memory):
    async def list_tickets(self, query, cursor):
        if query.statuses is not None:
            query = evolve(query, statuses=frozenset((min(query.statuses),)))
        return await super().list_tickets(query, cursor)


class ListsEachStatusOfSeveral(Memory):
    async def list_tickets(self, query, cursor):
        if query.status is None:
            query = evolve(query, statuses=None)
        return await super().list_tickets(query, cursor)


class IgnoresTheOrder(Memory):
    async def list_tickets(self, query, cursor):
        return await super().list_tickets(evolve(query, order_by=None), cursor)


class KnowsOneDirection(Memory):
    async def list_tickets(self, query, cursor):
        if query.order_by is not None:
            query = evolve(query, order_by=query.order_by.field)
            query = evolve(query, order_by=hb.TicketOrder(query.order_by))
        return await super().list_tickets(query, cursor)


class SortsPageByPage(Memory):
    async def list_tickets(self, query, cursor):
        page = await super().list_tickets(evolve(query, order_by=None), cursor)
        if query.order_by is None:
            return page
        ordered = sorted(page.items, key=lambda one: getattr(one, query.order_by.field))
        if query.order_by.is_descending:
            ordered.reverse()
        return evolve(page, items=tuple(ordered))


class EndsAtTheLimit(Memory):
    async def list_tickets(self, query, cursor):
        page = await super().list_tickets(query, cursor)
        return page if query.limit is None else evolve(page, next=None, behind=None)


class LosesAnAgent(Memory):
    async def list_agents(self, cursor):
        page = await super().list_agents(cursor)
        return evolve(page, items=page.items[1:])


class ListsAgentsWithoutIds(Memory):
    async def list_agents(self, cursor):
        page = await super().list_agents(cursor)
        return evolve(page, items=tuple(evolve(one, id=None) for one in page.items))


class LosesATeam(Memory):
    async def list_teams(self, cursor):
        page = await super().list_teams(cursor)
        return evolve(page, items=page.items[1:])


class IsSomebodyElse(Memory):
    async def who_am_i(self):
        return evolve(await super().who_am_i(), id="7", email="ada@helpdesk.example")


class FindsOneSpelling(Memory):
    async def list_customers(self, query, cursor):
        page = await super().list_customers(query, cursor)
        return page.where(lambda one: query.email in (None, one.email))


class FindsTooManyCustomers(Memory):
    async def list_customers(self, query, cursor):
        return await super().list_customers(evolve(query, email=None), cursor)


class IgnoresTheWords(Memory):
    async def list_customers(self, query, cursor):
        return await super().list_customers(evolve(query, text=None), cursor)


class KnowsNoAgentByAddress(Memory):
    async def list_tickets(self, query, cursor):
        if query.assignee is not None and query.assignee.email is not None:
            return Page(items=())
        return await super().list_tickets(query, cursor)


class AssignsNobody(Memory):
    async def update_ticket(self, ticket_id, changes):
        if changes.assignee is not ...:
            await super().update_ticket(ticket_id, evolve(changes, assignee=None))
            return evolve(await self.get_ticket(ticket_id), assignee=changes.assignee)
        return await super().update_ticket(ticket_id, changes)


class CreatesForNobody(Memory):
    async def create_ticket(self, new):
        return await super().create_ticket(evolve(new, assignee=None))


class HiresAnybody(Memory):
    async def _anybody(self, person):
        if person is not None and person is not ... and person.email:
            known = {one.email for one in self.store.agents}
            if person.email.lower() not in known:
                self.store.agents.append(evolve(person, id=str(len(known) + 7000)))

    async def create_ticket(self, new):
        await self._anybody(new.assignee)
        return await super().create_ticket(new)

    async def update_ticket(self, ticket_id, changes):
        await self._anybody(changes.assignee)
        return await super().update_ticket(ticket_id, changes)

    async def list_tickets(self, query, cursor):
        await self._anybody(query.assignee)
        return await super().list_tickets(query, cursor)


class HiresAnybodyOnce(HiresAnybody):
    """The same; each has one promise to break."""


class FindsNobodysTickets(HiresAnybody):
    """The same, in a filter."""


class KnowsNoTeamByItsId(Memory):
    async def list_tickets(self, query, cursor):
        if query.team is not None and query.team.isdigit():
            return Page(items=())
        return await super().list_tickets(query, cursor)


class TakesATeamAsItIsCalled(Memory):
    async def update_ticket(self, ticket_id, changes):
        if isinstance(changes.team, str):
            stored = self.store.tickets[int(ticket_id)]
            stored.team = changes.team
            return await self.get_ticket(ticket_id)
        return await super().update_ticket(ticket_id, changes)


def hb_ref(ticket):
    return TicketRef(str(ticket.id))


def ascii_only(text: str) -> str:
    return text.encode("ascii", "replace").decode()


MUTANTS: dict[type[Memory], str] = {
    DropsAPage: "test_a_list_is_complete_and_names_every_ticket_once",
    RepeatsAnId: "test_a_conversation_is_whole_and_oldest_first",
    LosesTheLastMessage: "test_a_conversation_is_whole_and_oldest_first",
    AnswersNewestFirst: "test_times_rise_and_are_aware_and_in_utc",
    MailsANote: "test_a_note_is_stored_as_one_and_mails_nobody",
    WritesANoteAsAReply: "test_a_note_is_stored_as_one_and_mails_nobody",
    SwapsRequestAndResponse: "test_the_customers_words_are_a_request_by_the_customer",
    ReturnsNaiveTimes: "test_the_times_of_a_ticket_are_aware_and_in_utc",
    IgnoresSendEmail: "test_a_reply_without_mail_is_stored_and_mails_nobody",
    NeverMails: "test_a_reply_is_mailed_once_to_the_requester",
    MailsTwice: "test_a_reply_is_mailed_once_to_the_requester",
    SwallowsBcc: "test_copies_are_sent_along[bcc]",
    SendsLaterAtOnce: "test_what_is_sent_later_is_not_mailed_now",
    ForwardsToTheCustomerToo: "test_a_forward_reaches_the_third_party_and_nobody_else",
    MailsANewTicket: "test_a_new_ticket_mails_nobody",
    AcknowledgesANewTicket: "test_a_new_ticket_mails_nobody",
    MailsTheRequesterACopyToo: "test_copies_are_sent_along[bcc]",
    ForgetsTheStatusOfAReply: "test_a_status_is_set_with_the_reply_and_it_is_mailed_once",
    IgnoresAFilter: "test_a_requester_filters_exactly",
    FiltersTooMuch: "test_a_time_filters_to_the_second_and_is_inclusive[created_since]",
    CorruptsFiles: "test_files_arrive_and_come_back_byte_for_byte",
    LosesUmlauts: "test_words_come_back_as_they_were_written[0]",
    SaysNothingIsMissing: "test_a_ticket_that_is_not_there_is_not_found",
    RecordsARequestAsAResponse: "test_a_request_is_the_customers_and_mails_nobody",
    ClearsNothing: "test_an_assignee_can_be_set_and_cleared",
    ReadsTimesInAnotherZone: "test_what_became_of_a_reply_is_found_out_after_a_lost_answer",
    NamesTheWrongMessage: "test_what_was_sent_says_where_it_is",
    SharesMessagesBetweenTickets: "test_messages_belong_to_their_ticket",
    IgnoresThePriority: "test_a_priority_filters_exactly",
    IgnoresTheKind: "test_a_kind_filters_exactly",
    ListsOneStatusOfSeveral: "test_of_several_statuses_each_counts_and_no_other",
    ListsEachStatusOfSeveral: "test_of_several_statuses_each_counts_and_no_other",
    IgnoresTheOrder: "test_tickets_come_in_the_order_that_is_asked_for[0]",
    KnowsOneDirection: "test_tickets_come_in_the_order_that_is_asked_for[3]",
    SortsPageByPage: "test_an_order_holds_over_pages_and_loses_nobody[1]",
    EndsAtTheLimit: "test_a_list_that_is_cut_goes_on_behind_the_last_ticket[0]",
    LosesAnAgent: "test_the_agents_are_listed_once_each_with_an_id",
    ListsAgentsWithoutIds: "test_the_agents_are_listed_once_each_with_an_id",
    LosesATeam: "test_the_teams_are_listed_once_each_with_an_id",
    IsSomebodyElse: "test_the_desk_knows_whose_account_it_has",
    FindsOneSpelling: "test_a_customer_is_found_by_the_address_alone",
    FindsTooManyCustomers: "test_a_customer_who_is_not_there_is_an_empty_list",
    IgnoresTheWords: "test_a_customer_is_found_by_words",
    KnowsNoAgentByAddress: "test_an_assignee_filters_exactly_by_address",
    AssignsNobody: "test_an_agent_is_assigned_by_address",
    CreatesForNobody: "test_a_new_ticket_is_assigned_by_address",
    HiresAnybody: "test_who_is_no_agent_is_an_error_and_nothing_is_sent[create_ticket]",
    HiresAnybodyOnce: "test_who_is_no_agent_is_an_error_and_nothing_is_sent[update_ticket]",
    FindsNobodysTickets: "test_who_is_no_agent_is_an_error_and_nothing_is_sent[tickets]",
    KnowsNoTeamByItsId: "test_a_team_filters_exactly_by_id_and_by_name",
    TakesATeamAsItIsCalled: "test_a_team_is_given_by_id_and_by_name",
    **mutants_of_choice.MUTANTS,
}


class Suite(AdapterSuite):
    """The suite on an adapter in memory; its tests are called one at a time."""

    __test__ = False

    def __init__(self, kind: type[Memory]) -> None:
        self.kind = kind

    @asynccontextmanager
    async def account(self) -> AsyncIterator[Account]:
        yield memory_account(partial(hb.Helpdesk, adapter=self.kind))


def arguments(promise: Callable[..., Any], case: str) -> dict[str, Any]:
    """Return the arguments of one case of a parametrised promise."""
    for mark in getattr(promise, "pytestmark", []):
        if mark.name == "parametrize":
            names, values = mark.args[0], list(mark.args[1])
            if isinstance(names, str):
                chosen = values[int(case)] if case.isdigit() else case
                return {names: chosen}
            found = next(v for v in values if case in v)
            return dict(zip(names, found, strict=True))
    return {}


async def run(kind: type[Memory], test: str) -> None:
    name, _, case = test.rstrip("]").partition("[")
    suite = Suite(kind)
    promise = getattr(suite, name)
    assert inspect.iscoroutinefunction(promise)
    async with suite.account() as account, account.open() as desk:
        place = Place(desk=desk, account=account)
        await promise(place, **arguments(promise, case))


@pytest.mark.asyncio
@pytest.mark.parametrize("test", sorted(set(MUTANTS.values())))
async def test_a_sound_adapter_keeps_the_promise(test: str) -> None:
    await run(Memory, test)


@pytest.mark.asyncio
@pytest.mark.parametrize(("mutant", "test"), MUTANTS.items(), ids=[m.__name__ for m in MUTANTS])
async def test_a_broken_adapter_breaks_its_promise(mutant: type[Memory], test: str) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        await run(mutant, test)


def test_every_capability_has_a_call_that_is_refused_without_it() -> None:
    assert set(Can) - set(CALLS) == {Can.WEBHOOKS}  # nothing needs it yet


def test_there_are_twenty_of_them() -> None:
    assert len(MUTANTS) >= 20
