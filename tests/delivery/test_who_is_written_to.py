"""Who is written to, and in whose name, is who it is when the message is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.testing import MemorySettings, Store
from tests.delivery.places import BANK, CUSTOMER, WORDS, Place, number_of, opened

pytestmark = pytest.mark.asyncio
NEWCOMER = "mei@customer.example"


def hand_over(place: Place, email: str = NEWCOMER) -> None:
    """Make somebody else the ticket's requester, behind the back of who has read the ticket."""
    new = place.store.person(email)
    place.store.update_ticket(number_of(place.ticket), requester=new)


def reached(place: Place) -> list[list[str]]:
    return [sorted(m.recipients) for m in place.store.outbox if m.message_id is not None]


async def test_a_reply_goes_to_the_present_requester_whoever_it_was_when_the_ticket_was_read(
    place: Place,
) -> None:
    assert place.ticket.requester.email == CUSTOMER
    hand_over(place)
    await place.desk.reply(place.ticket, text=WORDS, send_email=True)
    assert reached(place) == [[NEWCOMER]]


@pytest.mark.parametrize("adapter", ["helpspace", "request_tracker"])
async def test_a_ticket_that_has_lost_its_requester_is_not_answered(adapter: str) -> None:
    async with opened(adapter) as place:
        place.store.update_ticket(number_of(place.ticket), requester=hb.Party())
        before = len(place.stored)
        with pytest.raises(hb.InvalidArgument, match="the ticket has no reques"):
            await place.desk.reply(place.ticket, text=WORDS, send_email=True)
        assert (len(place.stored), place.store.outbox) == (before, [])


async def test_a_request_is_in_the_present_requesters_name_only(place: Place) -> None:
    if not place.desk.capabilities.supports(hb.Capability.ADD_REQUEST):
        pytest.skip(f"{place.adapter} takes no requests")
    hand_over(place)
    before = len(place.stored)
    try:
        await place.desk.add_request(place.ticket, author=CUSTOMER, text=WORDS)
    except hb.InvalidArgument:
        assert len(place.stored) == before
    else:  # a desk on which a request may have any author
        assert place.stored[-1].author.email == CUSTOMER
    await place.desk.add_request(place.ticket, author=NEWCOMER, text=WORDS)
    assert place.stored[-1].author.email == NEWCOMER


async def test_a_note_and_a_forward_are_not_in_the_present_requesters_name(place: Place) -> None:
    """The address that speaks for the desk may have become the customer's meanwhile."""
    channel = place.ticket.channel
    if place.adapter != "helpspace" or channel is None or channel.address is None:
        pytest.skip(f"{place.adapter} speaks as the account")
    hand_over(place, channel.address)
    with pytest.raises(hb.InvalidArgument, match="in the customer's name"):
        await place.desk.note(place.ticket, text=WORDS)
    with pytest.raises(hb.InvalidArgument, match="in the customer's name"):
        await place.desk.forward(place.ticket, to=BANK, text=WORDS)
    with pytest.raises(hb.InvalidArgument, match="in the customer's name"):
        await place.desk.reply(place.ticket, to=BANK, text=WORDS, send_email=True)
    assert reached(place) == []


async def test_the_subject_is_the_present_one(place: Place) -> None:
    place.store.update_ticket(number_of(place.ticket), subject="Refund")
    await place.desk.reply(place.ticket, text=WORDS, send_email=True)
    assert all(mail.subject in ("Refund", "") for mail in place.store.outbox if mail.message_id)


async def test_adapters_send_by_what_they_have_read_in_this_very_call(place: Place) -> None:
    """Whatever the caller has read of a ticket is not handed to what sends."""
    handed: list[Any] = []
    send = place.desk.adapter.send

    async def watched(ref: Any, message: Any) -> Any:
        handed.append(ref.ticket is place.ticket)
        return await send(ref, message)

    place.desk.adapter.send = watched  # type: ignore[method-assign]
    await place.desk.reply(place.ticket, text=WORDS, send_email=True)
    await place.desk.note(place.ticket, text=WORDS)
    assert handed == [False, False]


def nobody() -> Iterator[str]:
    yield from ()


@pytest.mark.parametrize("empty", [(), [], set(), "generator"])
async def test_an_empty_to_is_an_error_and_not_the_requester(place: Place, empty: Any) -> None:
    before, mails = len(place.fake.journal) if place.fake else 0, len(place.store.outbox)

    def given() -> Any:
        return nobody() if empty == "generator" else empty

    with pytest.raises(hb.InvalidArgument, match="to= is empty") as caught:
        await place.desk.reply(place.ticket, to=given(), text=WORDS, send_email=True)
    assert caught.value.outcome is hb.Outcome.NOT_SENT
    if place.desk.capabilities.supports(hb.Capability.FORWARD):
        with pytest.raises(hb.InvalidArgument, match="to="):
            await place.desk.forward(place.ticket, to=given(), text=WORDS)
    assert (len(place.fake.journal) if place.fake else 0) == before
    assert len(place.store.outbox) == mails


async def test_none_is_no_recipient_either() -> None:
    async with hb.Helpdesk(MemorySettings(store=Store())) as desk:
        ticket = await desk.create_ticket(subject="Hi", requester=CUSTOMER, text=WORDS)
        with pytest.raises(hb.InvalidArgument):
            await desk.reply(ticket, to=None, text=WORDS, send_email=True)  # type: ignore[arg-type]


async def test_empty_copies_are_no_copies(place: Place) -> None:
    await place.desk.reply(place.ticket, text=WORDS, send_email=True, cc=[], bcc=())
    assert reached(place) == [[CUSTOMER]]
