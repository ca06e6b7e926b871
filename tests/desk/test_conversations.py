"""Conversations are read several at a time, in order, and no further ahead than said."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, ClassVar

import orjson
import pytest
import pytest_asyncio
from attrs import evolve, frozen

from helpdesk_bridge import Conversation, Helpdesk, Message, Ticket, from_dict, to_dict
from helpdesk_bridge.desk.pager import Pager
from helpdesk_bridge.errors import (
    DeskClosed,
    HelpdeskError,
    InvalidArgument,
    NotFound,
    ProtocolError,
    Stage,
    VendorUnavailable,
)
from helpdesk_bridge.kit import (
    Adapter,
    Capability,
    Cursor,
    MessageQuery,
    Page,
    Problem,
    TicketRef,
    native,
)
from helpdesk_bridge.testing import MemorySettings, Store
from tests.adapters.doubles import drain


@frozen
class GatedSettings:
    adapter: ClassVar[str] = "gated"


class Gated(Adapter):
    """Answers for a ticket once it is let go, with one message of the same id."""

    name = "gated"
    settings_type = GatedSettings
    offers: ClassVar = {Capability.LIST_MESSAGES: native()}

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.asked: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.broken: set[str] = set()
        self.unreadable: tuple[int, ...] = ()

    async def list_messages(
        self, ticket: TicketRef, query: MessageQuery, cursor: Cursor | None
    ) -> Page[Message]:
        """Wait, then answer."""
        self.asked.append(ticket.id)
        await self.gates.setdefault(ticket.id, asyncio.Event()).wait()
        if ticket.id in self.broken:
            raise NotFound("gone.")
        problems = tuple(Problem(index=at, error=ProtocolError("odd.")) for at in self.unreadable)
        return Page(items=(Message(id=ticket.id, ticket_id=ticket.id),), problems=problems)

    def let_go(self, *numbers: int) -> None:
        """Answer for these tickets."""
        for number in numbers:
            self.gates.setdefault(str(number), asyncio.Event()).set()


class Reading:
    """A caller who reads everything, and notes what came."""

    def __init__(self, desk: Helpdesk, tickets: Any, concurrency: int) -> None:
        self.came: list[str] = []
        self.found = desk.conversations(tickets, concurrency=concurrency)
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for ticket, messages in self.found:
            assert [message.id for message in messages] == [ticket.id]
            self.came.append(ticket.id)


def tickets(count: int) -> list[Ticket]:
    return [Ticket(id=str(number)) for number in range(1, count + 1)]


def ids(count: int) -> list[str]:
    return [ticket.id for ticket in tickets(count)]


async def settle() -> None:
    for _ in range(30):
        await asyncio.sleep(0)


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Helpdesk]:
    async with Helpdesk(GatedSettings(), adapter=Gated) as opened:
        yield opened


@pytest.mark.asyncio
async def test_as_many_are_under_way_as_were_asked_for(desk: Helpdesk) -> None:
    adapter: Any = desk.adapter
    reading = Reading(desk, tickets(10), 3)
    await settle()
    assert adapter.asked == ids(3)
    adapter.let_go(1)
    await settle()
    assert (adapter.asked, reading.came) == (ids(4), ids(1))
    adapter.let_go(*range(1, 11))
    await reading.task
    assert (adapter.asked, reading.came) == (ids(10), ids(10))


@pytest.mark.asyncio
async def test_a_slow_one_holds_up_no_more_than_as_many_again(desk: Helpdesk) -> None:
    adapter: Any = desk.adapter
    reading = Reading(desk, tickets(20), 3)
    await settle()
    adapter.let_go(*range(2, 21))
    await settle()
    assert (adapter.asked, reading.came) == (ids(6), [])
    adapter.let_go(1)
    await reading.task
    assert reading.came == ids(20)


@pytest.mark.asyncio
async def test_one_that_is_there_is_handed_out_before_the_next_ticket_is_asked_for(
    desk: Helpdesk,
) -> None:
    adapter: Any = desk.adapter
    adapter.let_go(1, 2, 3)
    more = asyncio.Event()

    async def source() -> AsyncIterator[Ticket]:
        for ticket in tickets(3):
            yield ticket
            await settle()
        await more.wait()

    reading = Reading(desk, source(), 8)
    await settle()
    await settle()
    await settle()
    await settle()
    assert reading.came == ids(2)
    more.set()
    await reading.task
    assert reading.came == ids(3)


@pytest.mark.parametrize("way", ["error", "cancelled"])
@pytest.mark.asyncio
async def test_an_end_before_the_last_leaves_nothing_under_way(desk: Helpdesk, way: str) -> None:
    adapter: Any = desk.adapter
    adapter.broken = {"1"}
    reading = Reading(desk, tickets(20), 3)
    await settle()
    if way == "error":
        adapter.let_go(1)
        with pytest.raises(HelpdeskError):
            await reading.task
    else:
        reading.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading.task
    await reading.found.aclose()  # type: ignore[attr-defined]
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("way", ["messages", "conversations"])
@pytest.mark.asyncio
async def test_an_unreadable_message_is_an_error_that_says_how_far_it_came(
    desk: Helpdesk, way: str
) -> None:
    adapter: Any = desk.adapter
    adapter.unreadable = (1,)
    adapter.let_go(1)
    ticket = Ticket(id="1")

    async def read() -> None:
        if way == "messages":
            _ = [message async for message in desk.messages(ticket)]
        else:
            _ = [found async for found in desk.conversations([ticket])]

    with pytest.raises(ProtocolError, match="odd") as caught:
        await read()
    assert caught.value.items_read == 1


@pytest.mark.asyncio
async def test_the_methods_of_a_subclass_are_those_that_conversations_read_by() -> None:
    """Who redacts or caches what is read is not passed by."""

    class Redacted(Helpdesk):
        async def ticket(self, ticket_id: str) -> Ticket:
            return evolve(await super().ticket(ticket_id), subject="redacted")  # type: ignore[misc]

    store = Store()
    stored = store.create_ticket(
        subject="s", requester=store.person("a@customer.example"), html="<p>x</p>"
    )
    async with Redacted(MemorySettings(store=store)) as desk:
        [(ticket, _)] = [one async for one in desk.conversations([str(stored.id)])]
    assert ticket.subject == "redacted"


@pytest.mark.asyncio
async def test_a_kept_conversation_has_what_came_before_its_error(desk: Helpdesk) -> None:
    adapter: Any = desk.adapter
    adapter.unreadable = (1,)
    adapter.let_go(1)
    (found,) = [one async for one in desk.conversations([Ticket(id="1")], on_error="keep")]
    assert ([message.id for message in found.messages], type(found.error)) == (
        ["1"],
        ProtocolError,
    )
    assert found.error is not None
    assert (found.error.ticket_id, found.error.desk, found.error.stage) == (
        "1",
        desk.name,
        Stage.READING,
    )


@pytest.mark.asyncio
async def test_what_every_ticket_would_meet_is_raised_although_errors_are_kept(
    desk: Helpdesk,
) -> None:
    adapter: Any = desk.adapter
    adapter.let_go(1)
    reading = desk.conversations(tickets(3), concurrency=1, on_error="keep")
    assert (await anext(reading)).error is None
    await desk.aclose()
    adapter.let_go(2)  # it was under way, and an adapter without HTTP is let finish
    assert (await anext(reading)).ticket.id == "2"
    with pytest.raises(DeskClosed):
        await anext(reading)


@pytest.mark.asyncio
async def test_a_list_of_tickets_that_fails_is_raised_although_errors_are_kept(
    desk: Helpdesk,
) -> None:
    async def failing() -> AsyncIterator[Ticket]:
        raise NotFound("no list.")
        yield Ticket(id="1")

    with pytest.raises(NotFound, match="no list"):
        _ = [one async for one in desk.conversations(failing(), on_error="keep")]


async def list_that_fails(error: HelpdeskError, count: int) -> AsyncIterator[Ticket]:
    for ticket in tickets(count):
        yield ticket
    raise error


@pytest.mark.parametrize("on_error", ["raise", "keep"])
@pytest.mark.asyncio
async def test_what_was_listed_before_the_list_failed_is_handed_out(
    desk: Helpdesk, on_error: Any
) -> None:
    """Whoever goes on from the cursor of the error would miss it for ever."""
    adapter: Any = desk.adapter
    adapter.let_go(*range(1, 6))
    failure = VendorUnavailable("no list.")
    failure.cursor = "behind 5"
    listed = list_that_fails(failure, 5)
    found, error = await drain(desk.conversations(listed, on_error=on_error))
    assert error is failure
    assert ([one.ticket.id for one in found], error.cursor) == (ids(5), "behind 5")
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.asyncio
async def test_a_conversation_that_fails_before_its_list_does_is_raised_first(
    desk: Helpdesk,
) -> None:
    adapter: Any = desk.adapter
    adapter.broken = {"2"}
    adapter.let_go(*range(1, 4))
    listed = list_that_fails(VendorUnavailable("no list."), 3)
    with pytest.raises(NotFound) as caught:
        _ = [one async for one in desk.conversations(listed)]
    assert caught.value.ticket_id == "2"
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.asyncio
async def test_another_word_for_on_error_is_refused(desk: Helpdesk) -> None:
    with pytest.raises(InvalidArgument, match="on_error"):
        await anext(desk.conversations([], on_error="ignore"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "way", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))]
)
def test_a_copy_of_a_conversation_keeps_its_error(way: Any) -> None:
    one = Conversation(Ticket(id="1"), [], NotFound("gone."))
    ticket, messages = twin = way(one)
    assert (type(twin), ticket, messages) == (Conversation, Ticket(id="1"), [])
    assert isinstance(twin.error, NotFound)


def test_a_conversation_is_no_tuple_that_json_would_write_without_its_error() -> None:
    whole = Conversation(Ticket(id="1"), [])
    one = Conversation(Ticket(id="1"), [], NotFound("gone."))
    assert not isinstance(one, tuple)
    assert "gone." in json.dumps([one], default=to_dict)
    assert b"gone." in orjson.dumps([one], default=to_dict)
    assert evolve(one, messages=[]).error is one.error
    assert one != whole
    assert one == from_dict(Conversation, to_dict(one))
    assert one != Conversation(Ticket(id="1"), [], NotFound("gone too."))


def paged(count: int, **given: Any) -> Pager[Ticket]:
    """Return a pager of so many tickets, four a page."""

    async def fetch(place: Cursor | None) -> Page[Ticket]:
        begin = int(place or 0)
        part = tuple(tickets(count)[begin : begin + 4])
        return Page(items=part, next=Cursor(str(begin + 4)) if begin + 4 < count else None)

    return Pager(fetch, lambda ticket: ticket.id, **given)


async def rest_of(count: int, cursor: str | None) -> list[str]:
    return [ticket.id async for ticket in paged(count, cursor=cursor)]


@pytest.mark.parametrize("stop", [1, 3, 4, 7, 11])
@pytest.mark.asyncio
async def test_a_pager_stands_behind_the_conversation_handed_out_last(
    desk: Helpdesk, stop: int
) -> None:
    adapter: Any = desk.adapter
    adapter.let_go(*range(1, 13))
    pager, found = paged(12), list[str]()
    async with aclosing(desk.conversations(pager, concurrency=4)) as reading:  # type: ignore[type-var]
        async for one in reading:
            found.append(one.ticket.id)
            rest = [] if pager.exhausted else await rest_of(12, pager.cursor)
            assert found + rest == ids(12)
            assert pager.exhausted is (pager.cursor is None)
            if len(found) == stop:
                break
    assert found + await rest_of(12, pager.cursor) == ids(12)
    found += [one.ticket.id async for one in desk.conversations(pager)]
    assert (found, pager.items_read, pager.exhausted) == (ids(12), 12, True)


@pytest.mark.asyncio
async def test_an_error_says_to_go_on_with_the_ticket_that_failed(desk: Helpdesk) -> None:
    adapter: Any = desk.adapter
    adapter.broken = {"6"}
    adapter.let_go(*range(1, 13))
    pager = paged(12)
    found, error = await drain(desk.conversations(pager))
    assert error is not None
    assert [one.ticket.id for one in found] == ids(5)
    assert (error.items_read, error.cursor) == (5, pager.cursor)
    assert await rest_of(12, error.cursor) == ids(12)[5:]
    assert [ticket.id async for ticket in pager] == ids(12)[5:]


class Rows:
    """A list of ten tickets, four a page; those of ``odd`` cannot be read."""

    def __init__(self, *odd: int, empty_end: bool = False) -> None:
        self._odd = odd
        self._end = 13 if empty_end else 10
        self.readable = [one for one in ids(10) if int(one) not in odd]

    async def fetch(self, place: Cursor | None) -> Page[Ticket]:
        begin = int(place or 0)
        part = tickets(10)[begin : begin + 4]
        odd = [at for at, one in enumerate(part) if int(one.id) in self._odd]
        return Page(
            items=tuple(one for at, one in enumerate(part) if at not in odd),
            problems=tuple(
                Problem(index=at, error=ProtocolError("odd."), raw={"id": part[at].id})
                for at in odd
            ),
            next=Cursor(str(begin + 4)) if begin + 4 < self._end else None,
        )

    def pager(self, cursor: str | None = None) -> Pager[Ticket]:
        return Pager(self.fetch, lambda ticket: ticket.id, cursor=cursor)


async def begun(desk: Helpdesk, pager: Pager[Ticket], stop: int) -> list[str]:
    """Read so many conversations of a list, and close what reads them."""
    found = list[str]()
    async with aclosing(desk.conversations(pager)) as reading:  # type: ignore[type-var]
        async for one in reading:
            found.append(one.ticket.id)
            if len(found) == stop:
                break
    return found


async def to_the_end(pager: Pager[Ticket]) -> tuple[list[str], int]:
    """Return the tickets that are left, and how many errors were raised on the way."""
    found, errors = list[str](), 0
    while True:
        try:
            async for ticket in pager:
                found.append(ticket.id)
        except ProtocolError:
            errors += 1
        else:
            return found, errors


@pytest.mark.parametrize(
    "rows", [Rows(empty_end=True), Rows(5), Rows(10), Rows(2, 3), Rows(4, 8, empty_end=True)]
)
@pytest.mark.parametrize("stop", [1, 3])
@pytest.mark.parametrize("way", ["raise", "collect"])
@pytest.mark.asyncio
async def test_the_same_pager_goes_on_behind_the_last_one_whatever_was_read_ahead(
    desk: Helpdesk, rows: Rows, stop: int, way: str
) -> None:
    adapter: Any = desk.adapter
    adapter.let_go(*range(1, 11))
    pager, told = rows.pager(), 0
    if way == "collect":
        pager.collect_problems()
    try:
        found = await begun(desk, pager, stop)
    except ProtocolError:
        found, told = rows.readable[: pager.items_read], 1
    rest, errors = await to_the_end(pager)
    assert (found + rest, pager.exhausted) == (rows.readable, True)
    assert told + errors + len(pager.problems) == 10 - len(rows.readable)


@pytest.mark.asyncio
async def test_where_another_reader_waits_for_the_list_only_the_cursor_stays(
    desk: Helpdesk,
) -> None:
    adapter: Any = desk.adapter
    adapter.let_go(1)
    rows, gate = Rows(), asyncio.Event()

    async def fetch(place: Cursor | None) -> Page[Ticket]:
        if place is not None:
            await gate.wait()
        return await rows.fetch(place)

    pager = Pager(fetch, lambda ticket: ticket.id)
    reading: Any = desk.conversations(pager, concurrency=2)
    assert (await anext(reading)).ticket.id == "1"
    slow = asyncio.create_task(anext(reading))
    await settle()  # it has read the first page, and waits
    other = asyncio.create_task(to_the_end(pager))
    await settle()  # this one has what is left of that, and waits for the next one
    slow.cancel()
    await asyncio.gather(slow, return_exceptions=True)
    await reading.aclose()
    gate.set()
    read_on, _ = await other
    assert read_on[-6:] == ids(10)[4:]
    assert len({*read_on}) == len(read_on)
    assert [one.id async for one in rows.pager(pager.cursor)] == ids(10)[1:]
    assert not pager.exhausted


@pytest.mark.parametrize("stop", range(1, 4))
@pytest.mark.asyncio
async def test_an_unreadable_record_that_was_read_ahead_is_told_where_the_list_goes_on(
    desk: Helpdesk, stop: int
) -> None:
    adapter: Any = desk.adapter
    adapter.let_go(*range(1, 11))
    rows = Rows(4)
    pager = rows.pager()
    found = await begun(desk, pager, stop)
    rest, errors = await to_the_end(rows.pager(pager.cursor))
    assert (found + rest, errors) == (rows.readable, 1)


@pytest.mark.asyncio
async def test_the_first_conversation_of_an_awaited_page_may_fail(desk: Helpdesk) -> None:
    adapter: Any = desk.adapter
    adapter.broken = {"1"}
    adapter.let_go(*range(1, 11))
    pager = Rows().pager()
    await pager
    found, error = await drain(desk.conversations(pager))
    assert error is not None
    assert (found, error.cursor) == ([], None)
    assert await to_the_end(pager) == (ids(10), 0)
