"""An error says which ticket it is about, of what writes as well as of what reads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import helpdesk_bridge as hb
from tests.every_adapter.places import Place, opened
from tests.every_adapter.saying import desk_and_fake, said

GONE = "99999"
CALLS: dict[str, tuple[hb.Capability, Callable[[hb.Helpdesk], Awaitable[Any]], str]] = {
    "reply": (
        hb.Capability.REPLY,
        lambda d: d.reply(GONE, text="Words.", send_email=True),
        f"reply to ticket {GONE} on desk",
    ),
    "note": (
        hb.Capability.NOTE,
        lambda d: d.note(GONE, text="Words."),
        f"note on ticket {GONE} on desk",
    ),
    "forward": (
        hb.Capability.FORWARD,
        lambda d: d.forward(GONE, to="bo@c.example", text="Words."),
        f"forward of ticket {GONE} on desk",
    ),
    "add_request": (
        hb.Capability.ADD_REQUEST,
        lambda d: d.add_request(GONE, author="li@c.example", text="Words."),
        f"add_request on ticket {GONE} on desk",
    ),
    "update_ticket": (
        hb.Capability.UPDATE_TICKET,
        lambda d: d.update_ticket(GONE, subject="Another"),
        f"update_ticket of ticket {GONE} on desk",
    ),
    "delete_ticket": (
        hb.Capability.DELETE_TICKET,
        lambda d: d.delete_ticket(GONE),
        f"delete_ticket of ticket {GONE} on desk",
    ),
    "messages": (
        hb.Capability.LIST_MESSAGES,
        lambda d: d.messages(GONE),
        f"messages of ticket {GONE} on desk",
    ),
    "ticket": (hb.Capability.GET_TICKET, lambda d: d.ticket(GONE), f"ticket {GONE} on desk"),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("call", CALLS)
async def test_the_ticket_that_is_not_there_is_named(place: Place, call: str) -> None:
    capability, made, words = CALLS[call]
    if not place.desk.capabilities.supports(capability):
        pytest.skip("this desk has no such call")
    with pytest.raises(hb.HelpdeskError) as info:
        await made(place.desk)
    assert str(info.value).startswith(words)
    assert info.value.ticket_id == GONE


@pytest.mark.asyncio
async def test_a_message_that_is_not_there_is_named_with_its_ticket(place: Place) -> None:
    if not place.desk.capabilities.supports(hb.Capability.GET_MESSAGE):
        pytest.skip("this desk has no such call")
    ticket = await place.desk.create_ticket(
        subject="Next", requester="li@c.example", text="Some words."
    )
    with pytest.raises(hb.NotFound) as info:
        await place.desk.message(ticket, GONE)
    assert str(info.value).startswith(f"message {GONE} of ticket {ticket.id} on desk")
    assert (info.value.message_id, info.value.ticket_id) == (GONE, ticket.id)


@pytest.mark.asyncio
async def test_a_ticket_that_was_created_in_part_is_named() -> None:
    async with opened("request_tracker") as place:
        with pytest.raises(hb.PartlyDone) as info:
            await place.desk.create_ticket(
                subject="Next", requester="li@c.example", text="Words.", custom_fields={"zz": 1}
            )
    error = info.value
    assert error.ticket_id is not None
    assert f": ticket {error.ticket_id} was created, but not all of the rest (" in str(error)
    assert "does not show CustomFields.zz, so that nobody can tell). " in str(error)


@pytest.mark.asyncio
async def test_a_ticket_of_which_a_tag_was_dropped_is_named() -> None:
    async with opened("helpspace") as place:
        with pytest.raises(hb.PartlyDone, match=r"ticket \d+ was written, but 1 of its tags"):
            await place.desk.create_ticket(
                subject="Next", requester="li@c.example", text="Words.", tags=["no-such"]
            )


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", ["airclou", "omnidesk"])
async def test_a_ticket_without_its_first_message_is_named(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        fake.answer = said({"error": "no"}, status=422)
        fake.wanted = lambda request: request.path.endswith(("/messages", "/newInboundMessage"))
        with pytest.raises(hb.PartlyDone) as info:
            await desk.create_ticket(subject="Next", requester="li@c.example", text="Words.")
    error = info.value
    assert f": ticket {error.ticket_id} was created, and its first message was not" in str(error)
    assert ".)" not in str(error)
