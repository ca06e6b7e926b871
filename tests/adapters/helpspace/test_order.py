"""Messages come oldest first, all of them and each once, whatever order HelpSpace lists them in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from helpdesk_bridge import Helpdesk, MessageType, errors
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.doubles import START, Caught, cursor_at, drain, ids
from tests.adapters.helpspace.conftest import (
    ScriptedFake,
    add,
    collection,
    message_json,
    ticket_json,
)

ORDERS = ["asc", "desc", "mixed"]


def talk(fake: ScriptedFake, ticket: StoredTicket, count: int) -> None:
    """Add messages whose times go up, every third one a note."""
    for number in range(count):
        add(fake.store, ticket, "external" if number % 3 else "internal")


@pytest.mark.asyncio
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("count", [1, 48, 49, 50, 120, 149])
async def test_a_conversation_is_complete_and_oldest_first(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, order: str, count: int
) -> None:
    talk(fake, stored, count)
    fake.order = order
    found = [message async for message in desk.messages(str(stored.id))]
    assert ids(found) == ids(stored.messages)


@pytest.mark.asyncio
@pytest.mark.parametrize("order", ORDERS)
async def test_one_type_of_message_is_complete_and_oldest_first(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, order: str
) -> None:
    talk(fake, stored, 149)
    fake.order = order
    notes = [m for m in stored.messages if m.type is MessageType.NOTE]
    found = [m async for m in desk.messages(str(stored.id), types=[MessageType.NOTE])]
    assert (ids(found), len(found)) == (ids(notes), 50)


@pytest.mark.asyncio
@pytest.mark.parametrize("order", ORDERS)
async def test_messages_of_the_same_second_come_in_the_order_of_their_ids(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, order: str
) -> None:
    for _ in range(120):
        add(fake.store, stored, created_at=START + timedelta(days=1))
    fake.order = order
    found = [message async for message in desk.messages(str(stored.id))]
    assert ids(found) == ids(stored.messages)


@pytest.mark.asyncio
async def test_ids_are_compared_as_numbers_and_a_message_without_time_comes_last(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    path = "tickets/48211/messages"
    records = [message_json(id=n) for n in (10, 9)] + [message_json(id=1, created_at=None)]
    fake.instead("GET", f"/{path}", collection(path, records[::-1]))
    fake.instead("GET", "/tickets/48211", {"data": ticket_json()})
    assert ids([m async for m in desk.messages("48211")]) == ["9", "10", "1"]


@pytest.mark.asyncio
@pytest.mark.parametrize("order", ORDERS)
async def test_a_message_that_arrives_meanwhile_makes_none_get_lost_or_come_twice(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, order: str
) -> None:
    talk(fake, stored, 120)
    fake.order = order
    before = ids(stored.messages)
    shown, show = [], fake._message

    def showing(message: object) -> object:
        shown.append(message)
        if len(shown) == 50:  # the first page has been read
            add(fake.store, stored)
        return show(message)  # type: ignore[arg-type]

    fake._message = showing  # type: ignore[method-assign, assignment]
    found = ids([message async for message in desk.messages(str(stored.id))])
    assert [number for number in found if number in before] == before
    assert len(set(found)) == len(found)


@pytest.mark.asyncio
async def test_a_conversation_of_several_pages_has_no_cursor(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    talk(fake, stored, 120)
    pager = desk.messages(str(stored.id))
    page = await pager
    assert (len(page), page.next, page.total, pager.cursor) == (121, None, 121, None)
    place = cursor_at(desk, "messages", "2", ticket=str(stored.id))
    error = await caught(anext(desk.messages(str(stored.id), cursor=place)))
    assert type(error) is errors.InvalidArgument


@pytest.mark.asyncio
async def test_a_full_last_page_ends_the_conversation_although_nothing_is_told(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    path = f"tickets/{stored.id}/messages"
    for records in ([message_json(id=n) for n in range(50)], []):
        fake.instead("GET", f"/{path}", collection(path, records, meta=..., links=...))
    found = [message async for message in desk.messages(str(stored.id))]
    assert (len(found), len(fake.asked("GET", path))) == (50, 2)


@pytest.mark.asyncio
@pytest.mark.parametrize("broken", [0, 1])
@pytest.mark.parametrize("told", ["meta and links", "links", "nothing", "another page"])
async def test_a_conversation_that_ignores_the_page_is_an_error_and_ends(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught,
    told: str, broken: int,
) -> None:  # fmt: skip
    path = f"tickets/{stored.id}/messages"
    records = [message_json(id=n) for n in range(50)]
    records[3:3] = [{"id": None}] * broken
    answer = collection(path, records, last=2 if told == "meta and links" else 7)
    if told != "meta and links":
        del answer["meta"]
    if told == "nothing":
        del answer["links"]
    if told == "another page":
        answer["meta"] = {"last_page": 2}
    fake.instead("GET", f"/{path}", answer, times=9)
    error = await caught(anext(desk.messages(str(stored.id)).collect_problems()))
    assert (type(error), len(fake.asked("GET", path))) == (errors.PaginationLoop, 2)


@pytest.mark.asyncio
@pytest.mark.parametrize("told", [{"ticket_id": 6}, {"ticketId": "6"}, {"ticket": {"id": 6}}])
async def test_messages_of_another_ticket_are_problems_and_not_this_ones(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught, told: Any
) -> None:
    path = f"tickets/{stored.id}/messages"
    own = {"ticket_id": stored.id}
    records = [message_json(id=1, **own), message_json(id=2, **told), message_json(id=3)]
    fake.instead("GET", f"/{path}", collection(path, records))
    pager = desk.messages(str(stored.id)).collect_problems()
    assert ids([message async for message in pager]) == ["1", "3"]
    assert [p.error.ticket_id for p in pager.problems] == [str(stored.id)]
    fake.instead("GET", f"/{path}/2", {"data": records[1]})
    error = await caught(desk.message(str(stored.id), "2"))
    assert type(error) is errors.ProtocolError


@pytest.mark.asyncio
async def test_a_conversation_short_of_its_count_comes_with_an_error_behind_it(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    path = f"tickets/{stored.id}/messages"
    answer = collection(path, [message_json(id=n) for n in (2, 1)])
    answer["meta"]["total"] = 5
    for _ in range(2):
        fake.instead("GET", f"/{path}", answer)
        fake.instead("GET", f"/{path}", {"data": [], "meta": {"total": 5}})
    pager = desk.messages(str(stored.id))
    found, error = await drain(pager)
    assert len(found) == 2
    assert isinstance(error, errors.IncompleteList)
    assert (error.missing, error.ticket_id, pager.exhausted) == (3, str(stored.id), False)


@pytest.mark.asyncio
async def test_another_message_than_was_asked_for_is_an_error(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    fake.instead("GET", f"/tickets/{stored.id}/messages/1", {"data": message_json(id=2)})
    error = await caught(desk.message(str(stored.id), "1"))
    assert type(error) is errors.ProtocolError
