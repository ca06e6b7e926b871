"""How tickets are asked for, and that the vendor's own records can be read again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from helpdesk_bridge import Helpdesk, Upload, kit
from helpdesk_bridge.kit import (
    Audience,
    Capability,
    Level,
    MessageType,
    Party,
    Priority,
    Role,
    Status,
    errors,
)
from live import CUSTOMER, DjangoWitness, Server, account

from helpdesk_bridge_django_helpdesk import DjangoHelpdesk

pytestmark = pytest.mark.asyncio
C = Capability


class Asked:
    """Keeps the query of each request."""

    def __init__(self) -> None:
        self.queries: list[Mapping[str, str]] = []

    async def note(self, request: kit.Request, handler: kit.Handler) -> kit.Response:
        """Note a request of a desk's."""
        self.queries.append(dict(request.query))
        return await handler(request)

    def of(self, name: str) -> list[str | None]:
        """Return what each request said for a parameter."""
        return [query.get(name) for query in self.queries]


def desk_on(server: Server) -> tuple[Helpdesk, Asked]:
    """Return a desk on an empty server, and what it asks."""
    account(server)
    asked = Asked()
    return Helpdesk(server.settings(), middlewares=[asked.note]), asked


async def made(desk: Helpdesk, **fields: Any) -> str:
    """Create a ticket."""
    given = {"subject": "Invoice 4711", "requester": CUSTOMER, "text": "Paid twice.", **fields}
    return (await desk.create_ticket(**given)).id


def adapter_of(desk: Helpdesk) -> DjangoHelpdesk:
    """Return the adapter itself."""
    assert isinstance(desk.adapter, DjangoHelpdesk)
    return desk.adapter


# -- filters ---------------------------------------------------------------------------------


async def test_several_statuses_are_asked_for_together(plain: Server) -> None:
    """On hold is no status of the vendor's own, and is judged on what is read."""
    desk, asked = desk_on(plain)
    async with desk:
        ids = {s: await made(desk, status=s) for s in (Status.OPEN, Status.ON_HOLD)}
        ids |= {s: await made(desk, status=s) for s in (Status.RESOLVED, Status.CLOSED)}
        plain.ask("arrange", ticket=int(await made(desk)), status=7)
        asked.queries.clear()
        for wanted, numbers in (
            ([Status.ON_HOLD, Status.CLOSED], "1,2,4,5"),
            ([Status.OPEN, Status.ON_HOLD], "1,2"),
            ([Status.RESOLVED, Status.CLOSED], "3,4,5"),
            ([Status.OPEN], "1,2"),
        ):
            found = {ticket.id for ticket in await desk.tickets(status=wanted)}
            assert found == {ids[status] for status in wanted}
            assert asked.of("status")[-1] == numbers


async def test_a_priority_is_judged_on_what_is_read(plain: Server) -> None:
    """A number of the site's own is no priority that anybody asks for."""
    desk, _ = desk_on(plain)
    async with desk:
        high, low = await made(desk, priority=Priority.HIGH), await made(desk)
        plain.ask("arrange", ticket=int(low), priority=5)
        plain.ask("arrange", ticket=int(await made(desk)), priority=9)
        assert [t.id for t in await desk.tickets(priority=Priority.HIGH)] == [high]
        assert [t.id for t in await desk.tickets(priority=Priority.LOW)] == [low]


# -- orders and sizes ------------------------------------------------------------------------


async def test_tickets_are_sorted_here(plain: Server) -> None:
    """By the time of the first message; of two at the same time the smaller id comes first."""
    desk, asked = desk_on(plain)
    async with desk:
        ids = [await made(desk) for _ in range(4)]
        for ticket, day in zip(ids, (3, 1, 3, 2), strict=True):
            plain.ask("first_words_at", ticket=int(ticket), date=f"2026-01-0{day}T08:00:00+00:00")
        asked.queries.clear()
        oldest = [t.id async for t in desk.tickets(order_by="created_at", limit=4)]
        newest = [
            t.id async for t in desk.tickets(order_by="-created_at", priority=Priority.NORMAL)
        ]
        assert oldest == [ids[1], ids[3], ids[0], ids[2]]
        assert newest == [ids[0], ids[2], ids[3], ids[1]]
        assert asked.of("page_size") == ["100", "100"]
        with pytest.raises(errors.UnsupportedCapability):
            await desk.tickets(order_by="updated_at")


async def test_filters_apply_in_an_order(plain: Server) -> None:
    """What is left out is not missing, however many pages of it there are."""
    desk, _ = desk_on(plain)
    await DjangoWitness(plain).add_tickets(CUSTOMER, 401)
    async with desk:
        wanted = [await made(desk, priority=Priority.URGENT) for _ in range(2)]
        pager = desk.tickets(order_by="-created_at", priority=Priority.URGENT)
        assert [ticket.id async for ticket in pager] == wanted[::-1]


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({}, "100"),
        ({"limit": 1}, "10"),
        ({"limit": 20}, "20"),
        ({"limit": 1000}, "100"),
        ({"limit": 20, "status": [Status.RESOLVED, Status.CLOSED]}, "20"),
        ({"limit": 20, "status": Status.OPEN}, "100"),
        ({"limit": 20, "team": "1"}, "100"),
        ({"limit": 20, "priority": Priority.LOW}, "100"),
        ({"limit": 20, "requester": CUSTOMER}, "100"),
    ],
)
async def test_a_page_is_no_larger_than_what_is_wanted_where_all_of_it_will_do(
    plain: Server, given: dict[str, Any], size: str
) -> None:
    """Only what the vendor itself picks may come in a smaller page."""
    desk, asked = desk_on(plain)
    async with desk:
        await desk.tickets(**given)
    assert asked.of("page_size") == [size]


async def test_a_list_goes_on_in_pages_of_the_size_it_began_with(plain: Server) -> None:
    """Its places are numbers of pages."""
    desk, asked = desk_on(plain)
    await DjangoWitness(plain).add_tickets(CUSTOMER, 25)
    async with desk:
        adapter = adapter_of(desk)
        small, large = kit.TicketQuery(limit=12), kit.TicketQuery()
        first = await adapter.list_tickets(small, None)
        assert (len(first), first.next) == (12, "2x12")
        rest = await adapter.list_tickets(large, first.next)
        assert (len(rest), rest.next) == (12, "3x12")
        assert (await adapter.list_tickets(large, kit.Cursor("1"))).next is None
        assert asked.of("page_size") == ["12", "12", "100"]
        for bad in ("2x", "2x9", "2x101", "x20", "2x20x3"):
            with pytest.raises(errors.InvalidArgument):
                await adapter.list_tickets(large, kit.Cursor(bad))
    assert len(asked.queries) == 3


# -- levels ----------------------------------------------------------------------------------

Act = Callable[[Helpdesk], Awaitable[Any]]


async def first(desk: Helpdesk, **given: Any) -> Any:
    """Read the first page of tickets."""
    return await desk.tickets(**given)


async def conversation(desk: Helpdesk) -> Any:
    """Read the first page of a conversation."""
    return await desk.messages("1")


CALLS: dict[Capability, Act] = {
    C.LIST_TICKETS: first,
    C.GET_TICKET: lambda d: d.ticket("1"),
    C.UPDATE_TICKET: lambda d: d.update_ticket("1", subject="S"),
    C.LIST_MESSAGES: conversation,
    C.REPLY: lambda d: d.reply("1", text="Hi", send_email=True),
    C.NOTE: lambda d: d.note("1", text="Hi"),
    C.SEND_ATTACHMENTS: lambda d: d.note("1", text="Hi", attachments=[Upload("a.txt", data=b"a")]),
    C.DELETE_TICKET: lambda d: d.delete_ticket("1"),
}


async def test_what_is_native_is_one_request(strict: Server) -> None:
    """Whatever takes more, or reads more than it returns, is emulated."""
    desk, asked = desk_on(strict)
    async with desk:
        await made(desk)
        native = {c for c in C if desk.capabilities[c].level is Level.NATIVE}
        assert native == set(CALLS)
        for capability, call in CALLS.items():
            before = len(asked.queries)
            await call(desk)
            assert len(asked.queries) - before == 1, capability


async def test_what_is_said_of_the_vendor_names_where_it_was_seen(plain: Server) -> None:
    """The vendor's own pages do not describe its API."""
    async with Helpdesk(plain.settings()) as desk:
        for capability, support in desk.capabilities.items():
            is_ours = support.level is Level.EMULATED or "adapter does not offer" in support.reason
            assert is_ours or support.source == "observed on django-helpdesk 2.6.1", capability


async def test_nobody_can_be_looked_up(plain: Server) -> None:
    """So an agent by address is refused before anything is sent."""
    desk, asked = desk_on(plain)
    async with desk:
        for call in (desk.agents, desk.teams, desk.customers):
            with pytest.raises(errors.UnsupportedCapability):
                await call()
        with pytest.raises(errors.UnsupportedCapability):
            await desk.me()
        with pytest.raises(errors.InvalidArgument):
            await desk.update_ticket("1", assignee="ada@desk.example")
    assert asked.queries == []


# -- the way back ----------------------------------------------------------------------------


async def test_what_was_kept_of_a_record_is_read_as_it_was(strict: Server) -> None:
    """What only the conversation tells is not guessed: a user's name stands on first words."""
    desk, _ = desk_on(strict)
    async with desk:
        ticket_id = await made(desk)
        plain_words = {"ticket_id": 1, "public": True, "comment": "And?"}
        strict.ask("follow_up", **plain_words)
        strict.ask("follow_up", **{**plain_words, "title": "Ticket Escalated"})
        await desk.note(ticket_id, text="Careful, {{ this }}.")
        await desk.reply(ticket_id, text="Done.", send_email=True, status=Status.RESOLVED)
        adapter = adapter_of(desk)
        ticket = await desk.ticket(ticket_id)
        assert adapter.parse_ticket(ticket.raw) == ticket
        answer = await desk.raw("GET", "api", "tickets", f"{ticket_id}.json")
        assert adapter.parse_ticket(answer) == ticket
        messages = [message async for message in desk.messages(ticket)]
        alone = [adapter.parse_message(message.raw, ticket_id) for message in messages]
    kinds = [message.type for message in alone]
    assert kinds.count(MessageType.UNKNOWN) == 2
    for whole, single in zip(messages, alone, strict=True):
        if single.type is MessageType.UNKNOWN:
            assert whole.type in (MessageType.REQUEST, MessageType.RESPONSE)
            assert (single.author.role, single.audience) == (Role.UNKNOWN, Audience.EXTERNAL)
            assert (single.id, single.created_at) == (whole.id, whole.created_at)
        else:
            assert single == whole


@pytest.mark.parametrize("raw", [None, {}, {"id": 1}, {"id": 3, "ticket": 2, "user": None}])
async def test_what_is_no_record_is_told(plain: Server, raw: Any) -> None:
    """It has a place, as in an answer."""
    async with Helpdesk(plain.settings()) as desk:
        adapter = adapter_of(desk)
        for read in (adapter.parse_ticket, lambda record: adapter.parse_message(record, "1")):
            with pytest.raises(errors.ProtocolError) as caught:
                read(raw)
            assert caught.value.path


async def test_a_message_of_another_ticket_is_not_this_ones(plain: Server) -> None:
    """The record names its ticket."""
    raw = {"id": 3, "ticket": 2, "user": 1, "public": True, "date": "2026-01-05T08:00:00Z"}
    async with Helpdesk(plain.settings()) as desk:
        adapter = adapter_of(desk)
        assert adapter.parse_message(raw, "2").ticket_id == "2"
        with pytest.raises(errors.ProtocolError) as caught:
            adapter.parse_message(raw, "1")
        assert caught.value.path == "$.ticket"
        assert adapter.parse_message(raw, "2").author == Party(id="1", role=Role.AGENT)


async def test_people_and_queues_are_named_by_exact_numbers(plain: Server) -> None:
    """Another spelling of a number is no id, and asks for nothing."""
    desk, asked = desk_on(plain)
    async with desk:
        ticket = await made(desk)
        asked.queries.clear()
        for spelling in ("0001", "+1", "\N{ARABIC-INDIC DIGIT ONE}", "ada"):
            with pytest.raises(errors.InvalidArgument):
                await desk.update_ticket(ticket, assignee=spelling)
            for filters in ({"assignee": spelling}, {"team": spelling}):
                with pytest.raises(errors.InvalidArgument):
                    await desk.tickets(**filters)
        assert asked.queries == []


async def test_a_status_of_the_sites_own_is_asked_for_by_reading(plain: Server) -> None:
    """What is not done includes what this adapter has no word for."""
    desk, asked = desk_on(plain)
    async with desk:
        odd, plain_one, closed = await made(desk), await made(desk), await made(desk)
        plain.ask("arrange", ticket=int(odd), status=7)
        plain.ask("arrange", ticket=int(closed), status=4)
        asked.queries.clear()
        found = {one.id async for one in desk.tickets(status=desk.statuses.open, limit=20)}
        assert found == {odd, plain_one}
        assert [one.id async for one in desk.tickets(status=Status.UNKNOWN)] == [odd]
        assert set(asked.of("status")) == {None}
