"""A message that the vendor shows to others than it was meant for is no plain success."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from attrs import evolve

import helpdesk_bridge as hb
from helpdesk_bridge import kit
from tests.every_adapter.places import ADAPTERS, opened
from tests.every_adapter.saying import desk_and_fake, said

pytestmark = pytest.mark.asyncio
WRAPPERS = {"airclou": "message", "helpspace": "data"}
PUBLIC = {"airclou": "response", "helpspace": "external"}
INTERNAL = {"airclou": "note", "helpspace": "internal"}
WRITES: dict[str, Callable[[hb.Helpdesk, hb.Ticket], Awaitable[hb.SentMessage]]] = {
    "note": lambda desk, ticket: desk.note(ticket, text="She is on the list."),
    "reply": lambda desk, ticket: desk.reply(ticket, text="It is done.", send_email=True),
    "quiet reply": lambda desk, ticket: desk.reply(ticket, text="It is done.", send_email=False),
    "forward": lambda desk, ticket: desk.forward(ticket, to="bank@c.example", text="Is it true?"),
    "request": lambda desk, ticket: desk.add_request(
        ticket, author="li@c.example", text="By phone."
    ),
}


async def ticket_of(desk: hb.Helpdesk) -> hb.Ticket:
    return await desk.create_ticket(subject="Salary", requester="li@c.example", text="It is wrong.")


WORDS = "<p>She is on&nbsp;the list. It is done. <b>Is it true?</b> By phone.</p>-- <br>Your desk"


def answered(adapter: str, word: str | None, words: str = WORDS) -> Any:
    """Return an answer to a write: a message of this type that holds the words of all of them."""
    number = "msg_9" if adapter == "airclou" else 9009
    record = {"id": number, "type": word, "content": words, "body": words}
    return said({WRAPPERS[adapter]: {k: v for k, v in record.items() if v is not None}})


@pytest.mark.parametrize("adapter", WRAPPERS)
async def test_a_note_that_is_shown_to_the_customer_is_told(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket = await ticket_of(desk)
        fake.answer, fake.counted = answered(adapter, PUBLIC[adapter]), 0
        with pytest.raises(hb.PartlyDone, match="as a message that the customer sees") as caught:
            await desk.note(ticket, text="She is on the list.", status=hb.Status.PENDING)
        assert "remove it there" in str(caught.value)
        assert "Do not repeat the whole call" in str(caught.value)
        assert caught.value.ticket_id == ticket.id
        assert caught.value.message_id in ("msg_9", "9009")
        assert ("the status was not set" in str(caught.value)) is (adapter == "helpspace")
        assert fake.counted == 1


@pytest.mark.parametrize("adapter", WRAPPERS)
@pytest.mark.parametrize("write", ["reply", "quiet reply", "forward", "request"])
async def test_what_is_shown_as_a_note_was_not_done_as_asked(adapter: str, write: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket = await ticket_of(desk)
        fake.answer = answered(adapter, INTERNAL[adapter])
        with pytest.raises(hb.PartlyDone, match="as a note that only agents see") as caught:
            await WRITES[write](desk, ticket)
        assert ("perhaps nobody was mailed" in str(caught.value)) is (write in ("reply", "forward"))


@pytest.mark.parametrize("adapter", WRAPPERS)
async def test_a_forward_that_is_shown_as_a_reply_is_told_where_forwards_show(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket = await ticket_of(desk)
        fake.answer = answered(adapter, PUBLIC[adapter])
        if desk.adapter.tells_forwards:
            with pytest.raises(hb.PartlyDone, match="the customer sees"):
                await WRITES["forward"](desk, ticket)
        else:
            await WRITES["forward"](desk, ticket)


@pytest.mark.parametrize("adapter", WRAPPERS)
@pytest.mark.parametrize("word", [None, "a word of their own"])
@pytest.mark.parametrize("write", WRITES)
async def test_a_type_that_is_not_told_proves_nothing(
    adapter: str, word: str | None, write: str
) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket = await ticket_of(desk)
        fake.answer = answered(adapter, word)
        assert (await WRITES[write](desk, ticket)).id is not None


@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_every_adapter_is_held_to_it_by_the_desk(
    adapter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(adapter) as place:
        desk = place.desk
        ticket = await ticket_of(desk)
        shown = await anext(aiter(desk.messages(ticket)))
        shown = evolve(shown, text="She is on the list.", html=None)
        assert shown.audience is hb.Audience.EXTERNAL

        async def send(ref: kit.TicketRef, message: kit.OutgoingMessage) -> kit.SentMessage:
            return kit.SentMessage(ticket_id=ref.id, id="9", message=evolve(shown, id="9"))

        monkeypatch.setattr(desk.adapter, "send", send)
        with pytest.raises(hb.PartlyDone) as caught:
            await desk.note(ticket, text="She is on the list.")
        assert caught.value.message_id == "9"


@pytest.mark.parametrize("adapter", WRAPPERS)
async def test_the_words_of_another_message_prove_nothing(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket = await ticket_of(desk)
        fake.answer = answered(adapter, PUBLIC[adapter], "<p>Where is my order?</p>")
        assert (await WRITES["note"](desk, ticket)).id is not None


@pytest.mark.parametrize("words", ["", "<p>She is</p>"])
async def test_no_words_or_a_part_of_them_are_those_of_the_message(words: str) -> None:
    async with desk_and_fake("airclou") as (desk, fake):
        ticket = await ticket_of(desk)
        fake.answer = answered("airclou", PUBLIC["airclou"], words)
        with pytest.raises(hb.PartlyDone):
            await WRITES["note"](desk, ticket)


async def test_the_ledger_has_it_as_sent_and_the_same_key_sends_nothing() -> None:
    async with desk_and_fake("airclou") as (_, fake):
        table = {**fake.table(), "transport": {"max_attempts": 1}}
        async with hb.connect(
            "it", config={"desks": {"it": table}}, ledger=hb.MemoryLedger()
        ) as desk:
            ticket = await ticket_of(desk)
            fake.answer, fake.counted = answered("airclou", "response"), 0
            with pytest.raises(hb.PartlyDone):
                await desk.note(ticket, text="She is on the list.", key="n-1")
            again = await desk.note(ticket, text="She is on the list.", key="n-1")
            assert (again.repeated, again.id, fake.counted) == (True, "msg_9", 1)
