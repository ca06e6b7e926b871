"""No other ticket stands for the new one, and no words of the new one are written into it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

import helpdesk_bridge as hb
from helpdesk_bridge import kit
from tests.every_adapter.places import ADAPTERS, opened
from tests.every_adapter.saying import desk_and_fake, said, writes
from tests.vendors import FAKES

pytestmark = pytest.mark.asyncio
ANSWERS: dict[str, Callable[[hb.Ticket], Any]] = {
    "helpspace": lambda other: {"data": other.raw},
    "airclou": lambda other: {"ticket": other.raw},
    "omnidesk": lambda other: {"id": other.id},
    "request_tracker": lambda other: {"id": other.id, "type": "ticket"},
}
NEW: dict[str, Any] = {
    "subject": "Printer",
    "requester": "li@c.example",
    "text": "It broke on Monday.",
}


async def foreign_ticket(desk: hb.Helpdesk) -> hb.Ticket:
    return await desk.create_ticket(
        subject="Salary of Eve", requester="eve@c.example", text="It is wrong."
    )


def creates(adapter: str) -> Any:
    """Return what tells the request that makes a ticket from those that write into one."""
    ends = ("/ticket", "/tickets")
    return lambda request: writes(request) and request.path.endswith(ends)


def comes_back(monkeypatch: pytest.MonkeyPatch, desk: hb.Helpdesk, made: hb.Ticket) -> None:
    """Have ``made`` come back for a new ticket, and be read."""

    async def create_ticket(_: kit.NewTicket) -> hb.Ticket:
        return made

    async def get_ticket(_: str) -> hb.Ticket:
        return made

    monkeypatch.setattr(desk.adapter, "create_ticket", create_ticket)
    monkeypatch.setattr(desk.adapter, "get_ticket", get_ticket)


async def words_of(desk: hb.Helpdesk, ticket: hb.Ticket) -> str:
    return " ".join([str(one.text or one.html) async for one in desk.messages(ticket)])


@pytest.mark.parametrize("adapter", FAKES)
async def test_another_ticket_is_not_the_new_one_and_is_left_alone(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        other = await foreign_ticket(desk)
        fake.wanted, fake.answer = creates(adapter), said(ANSWERS[adapter](other))
        able = desk.capabilities[hb.Capability.CREATE_TICKET].limits.options
        tags = {"tags": ["vip"]} if able is None or "tags" in able else {}
        with pytest.raises(hb.OutcomeUnknown, match="another ticket") as caught:
            await desk.create_ticket(**NEW, **tags)
        assert caught.value.ticket_id is None
        assert "Monday" not in await words_of(desk, other)


@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_every_adapter_is_held_to_it_by_the_desk(
    adapter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(adapter) as place:
        other = await foreign_ticket(place.desk)

        async def create_ticket(_: kit.NewTicket) -> hb.Ticket:
            return other

        monkeypatch.setattr(place.desk.adapter, "create_ticket", create_ticket)
        with pytest.raises(hb.OutcomeUnknown, match="another ticket"):
            await place.desk.create_ticket(**NEW)


@pytest.mark.parametrize(
    ("subject", "requester"),
    [
        ("Printer", "li@other.example"),  # a contact with several addresses
        ("Something else", "LI@C.EXAMPLE"),  # an automation
        ("[#12] Re: PRINTER", None),
        ("Prin\N{HORIZONTAL ELLIPSIS}", None),
        ("", "li@c.example"),
        ("", None),
    ],
)
async def test_a_ticket_that_agrees_in_anything_or_shows_nothing_is_the_new_one(
    subject: str, requester: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened("memory") as place:
        made = evolve(
            await foreign_ticket(place.desk), subject=subject, requester=hb.Party(email=requester)
        )
        comes_back(monkeypatch, place.desk, made)
        assert (await place.desk.create_ticket(**NEW)).id == made.id


@pytest.mark.parametrize(
    "beside", [{"item": {"id": 2002}}, {"ticket": {"id": 2002}}, {"data": {"ticketID": 2002}}, {}]
)
async def test_the_id_of_an_envelope_leads_to_no_ticket_of_omnidesk(beside: Any) -> None:
    async with desk_and_fake("omnidesk") as (desk, fake):
        other = await foreign_ticket(desk)
        fake.wanted = creates("omnidesk")
        fake.answer = said({"status": "success", "id": other.id, **beside})
        with pytest.raises((hb.OutcomeUnknown, hb.PartlyDone)):
            await desk.create_ticket(**NEW)
        assert "Monday" not in await words_of(desk, other)


async def test_a_ticket_of_airclou_that_is_not_shown_is_read_before_it_is_written_into() -> None:
    async with desk_and_fake("airclou") as (desk, fake):
        other = await foreign_ticket(desk)
        fake.wanted = creates("airclou")
        for answer in ({"id": other.id}, {"ticket": {"id": other.id}}):
            fake.answer = said(answer)
            with pytest.raises(hb.OutcomeUnknown, match="another ticket"):
                await desk.create_ticket(**NEW)
        fake.answer = said({"ticket": {"id": "tkt_404"}})
        with pytest.raises(hb.PartlyDone, match="has no first message") as caught:
            await desk.create_ticket(**NEW)
        assert caught.value.ticket_id == "tkt_404"
        assert "Monday" not in await words_of(desk, other)


@pytest.mark.parametrize("beside", [{}, {"success": True}, {"status": "queued", "type": "job"}])
@pytest.mark.parametrize("number", ["req_1", 77])
async def test_the_id_beside_an_empty_wrapper_is_nothing_that_was_made(
    number: Any, beside: Any
) -> None:
    async with desk_and_fake("airclou") as (desk, fake):
        other = await foreign_ticket(desk)
        fake.answer = said({"id": number, "message": None, **beside})
        with pytest.raises(hb.OutcomeUnknown):
            await desk.reply(other, text="It is done.", send_email=True)
        fake.answer = said({"id": number, "ticket": None, **beside})
        with pytest.raises(hb.OutcomeUnknown):
            await desk.create_ticket(**NEW)


async def test_a_bare_record_is_read_whatever_stands_in_a_member_of_the_wrappers_name() -> None:
    async with desk_and_fake("airclou") as (desk, fake):
        other = await foreign_ticket(desk)
        fake.answer = said({"id": "msg_9", "content": "It is done.", "data": None})
        assert (await desk.reply(other, text="It is done.", send_email=True)).id == "msg_9"


@pytest.mark.parametrize("beside", [{}, {"success": True}, {"ticketId": "tkt_1"}])
@pytest.mark.parametrize("sentence", ["Message sent", "created", "Note added"])
async def test_a_sentence_beside_the_id_of_a_message_is_no_wrapper(
    sentence: str, beside: Any
) -> None:
    async with desk_and_fake("airclou") as (desk, fake):
        ticket = await foreign_ticket(desk)
        own = {**beside, **({"ticketId": ticket.id} if "ticketId" in beside else {})}
        fake.answer = said({"id": "m9", "message": sentence, **own})
        assert (await desk.reply(ticket, text="It is done.", send_email=True)).id == "m9"
        assert (await desk.note(ticket, text="It is done.")).id == "m9"


@pytest.mark.parametrize("told", ["Mailbox full, nothing mailed", "Message rejected", "msg_10"])
async def test_a_refusal_in_words_or_another_id_leaves_a_message_in_doubt(told: str) -> None:
    async with desk_and_fake("airclou") as (desk, fake):
        ticket = await foreign_ticket(desk)
        fake.answer = said({"id": "m9", "message": told})
        with pytest.raises(hb.OutcomeUnknown):
            await desk.reply(ticket, text="It is done.", send_email=True)
