"""The record of another ticket never stands for the one that was asked for or written to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

import helpdesk_bridge as hb
from tests.every_adapter.saying import desk_and_fake, reads, said
from tests.vendors import FAKES

TICKETS: dict[str, Callable[[str], Any]] = {
    "helpspace": lambda other: {"data": {"id": other, "subject": "Another", "status": "open"}},
    "airclou": lambda other: {"ticket": {"id": other, "subject": "Another", "status": "open"}},
    "omnidesk": lambda other: {"type": "item", "item": {"id": other, "title": "Another"}},
    "request_tracker": lambda other: {"id": other, "Subject": "Another", "items": []},
}
WRAPPERS = {"helpspace": "data", "airclou": "message"}


async def two(desk: hb.Helpdesk) -> tuple[hb.Ticket, str]:
    """Return a ticket, and the id of another."""
    made = [
        await desk.create_ticket(subject=word, requester="li@c.example", text="It stops at 90.")
        for word in ("First", "Second")
    ]
    return made[0], made[1].id


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", FAKES)
async def test_a_change_answered_with_another_ticket_is_in_doubt(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket, other = await two(desk)
        if adapter == "request_tracker":
            pytest.skip("its answer to a change tells no ticket; the ticket is read")
        fake.answer, fake.counted = said(TICKETS[adapter](other)), 0
        with pytest.raises(hb.ProtocolError) as caught:
            await desk.update_ticket(ticket, subject="Next")
        assert (caught.value.outcome, fake.counted) == (hb.Outcome.UNKNOWN, 1)
        assert caught.value.status == 200


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", FAKES)
async def test_another_ticket_is_not_the_one_that_is_read(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket, other = await two(desk)
        fake.wanted, fake.answer = reads, said(TICKETS[adapter](other))
        with pytest.raises((hb.ProtocolError, hb.NotFound)):
            await desk.ticket(ticket.id)


@pytest.mark.asyncio
async def test_a_message_without_an_id_that_names_another_ticket_may_or_may_not_be_sent() -> None:
    async with desk_and_fake("omnidesk") as (desk, fake):
        ticket, other = await two(desk)
        for answer in ({"type": "result", "ticketID": other}, {"data": {"ticket_id": other}}):
            fake.answer = said(answer)
            with pytest.raises(hb.OutcomeUnknown):
                await desk.reply(ticket, text="Some words.", send_email=True)
            with pytest.raises(hb.OutcomeUnknown):
                await desk.add_request(ticket, author="li@c.example", text="Some words.")
        fake.answer = said({"type": "result", "message": "Sent.", "ticketID": ticket.id})
        await desk.reply(ticket, text="Other words.", send_email=True)


@pytest.mark.asyncio
@pytest.mark.parametrize("told", ["tkt_abc", 999, "tkt_482/2", "Invoice"])
async def test_airclous_messages_of_another_ticket_are_told_by_any_other_id(told: Any) -> None:
    async with desk_and_fake("airclou") as (desk, fake):
        ticket, _ = await two(desk)
        message = {"id": "m1", "ticketId": told, "type": "note", "content": "Some words."}
        fake.answer = said({"message": message})
        with pytest.raises(hb.OutcomeUnknown):
            await desk.note(ticket, text="Some words.")
        fake.wanted = reads
        fake.answer = said({"messages": [message], "total": 1, "page": 1})
        with pytest.raises(hb.ProtocolError, match="another ticket"):
            _ = [one async for one in desk.messages(ticket)]


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", WRAPPERS)
@pytest.mark.parametrize("name", ["ticket_id", "ticketId", "TicketID", "ticket"])
async def test_a_message_made_on_another_ticket_may_or_may_not_be_sent(
    adapter: str, name: str
) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket, other = await two(desk)
        fake.answer = said({WRAPPERS[adapter]: {"id": "55", name: other}})
        with pytest.raises(hb.OutcomeUnknown):
            await desk.note(ticket, text="Some words.")
        fake.answer = said({WRAPPERS[adapter]: {"id": "55", name: ticket.id}})
        assert (await desk.note(ticket, text="Other words.")).id == "55"


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", WRAPPERS)
@pytest.mark.parametrize("name", ["ticket_id", "ticketId", "TicketID", "ticket", "ticket.id"])
async def test_a_message_of_another_ticket_is_not_handed_out(adapter: str, name: str) -> None:
    def wanted(request: web.Request) -> bool:
        return request.path.endswith("/messages/55")

    async with desk_and_fake(adapter) as (desk, fake):
        ticket, other = await two(desk)
        fake.wanted = wanted
        for told in (other, ticket.id):
            place, inner = name.partition(".")[::2]
            first = (await desk.messages(ticket)).items[0]
            message = {**first.raw, "id": "55"}
            message = {key: message[key] for key in message if "ticket" not in key.casefold()}
            message[place] = {inner: told} if inner else told
            fake.answer = said({WRAPPERS[adapter]: message})
            if told == ticket.id:
                assert (await desk.message(ticket, "55")).ticket_id == ticket.id
            else:
                with pytest.raises((hb.NotFound, hb.ProtocolError)):
                    await desk.message(ticket, "55")
