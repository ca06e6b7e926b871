"""What an application does, on every adapter alike; the Store says what happened."""

from __future__ import annotations

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.cli.story import tell
from helpdesk_bridge.model import Capability
from tests.every_adapter.places import Place

CUSTOMER = "li@customer.example"
pytestmark = pytest.mark.asyncio


async def ticket_of(place: Place) -> hb.Ticket:
    return await place.desk.create_ticket(
        subject="Invoice 4711, überfällig", requester=CUSTOMER, text="I paid twice. 💶"
    )


async def test_the_story_of_the_demo_goes_well(place: Place) -> None:
    steps = [step async for step in tell(place.desk, place.store)]
    assert [(step.name, step.result) for step in steps if not step.good] == []
    assert len(steps) == 8


async def test_a_new_ticket_is_a_request_of_its_requester_and_mails_nobody(place: Place) -> None:
    ticket = await ticket_of(place)
    message = (await place.desk.messages(ticket)).items[0]
    assert (ticket.subject, ticket.requester.email) == ("Invoice 4711, überfällig", CUSTOMER)
    assert (message.type, message.audience) == (hb.MessageType.REQUEST, hb.Audience.EXTERNAL)
    assert message.text == "I paid twice. 💶"
    assert place.store.outbox == []


async def test_times_are_aware(place: Place) -> None:
    ticket = await ticket_of(place)
    message = (await place.desk.messages(ticket)).items[0]
    times = [t for t in (ticket.created_at, ticket.updated_at, message.created_at) if t]
    assert times
    assert all(t.utcoffset() is not None for t in times)


async def test_a_note_is_internal_and_mails_nobody(place: Place) -> None:
    ticket = await ticket_of(place)
    await place.desk.note(ticket, text="He did pay twice.")
    note = [m async for m in place.desk.messages(ticket, types=[hb.MessageType.NOTE])]
    assert [(m.text, m.is_public) for m in note] == [("He did pay twice.", False)]
    assert place.store.outbox == []


async def test_a_reply_is_mailed_once_and_to_the_requester_only(place: Place) -> None:
    ticket = await ticket_of(place)
    sent = await place.desk.reply(ticket.id, html="<p>Refunded, sorry.</p>", send_email=True)
    assert [mail.recipients for mail in place.store.outbox] == [{CUSTOMER}]
    assert (sent.ticket_id, len(sent.operation_id)) == (ticket.id, 32)
    last = (await place.conversation(ticket))[-1]
    assert (last.type, last.audience) == (hb.MessageType.RESPONSE, hb.Audience.EXTERNAL)


async def test_a_reply_without_email_mails_nobody_or_is_refused_unsent(place: Place) -> None:
    ticket = await ticket_of(place)
    before = place.requests
    able = place.desk.capabilities.supports(Capability.REPLY_WITHOUT_EMAIL)
    if able:
        await place.desk.reply(ticket, text="For the record only.", send_email=False)
    else:
        with pytest.raises(hb.UnsupportedCapability):
            await place.desk.reply(ticket, text="For the record only.", send_email=False)
        assert place.requests == before
    assert place.store.outbox == []


async def test_a_forward_reaches_the_third_party_and_not_the_customer(place: Place) -> None:
    ticket = await ticket_of(place)
    if not place.desk.capabilities.supports(Capability.FORWARD):
        return  # that it is refused unsent has a test of its own
    await place.desk.forward(ticket, to="bank@partner.example", text="Did it arrive twice?")
    assert [mail.recipients for mail in place.store.outbox] == [{"bank@partner.example"}]


async def test_a_request_from_elsewhere_is_the_customers_and_mails_nobody(place: Place) -> None:
    ticket = await ticket_of(place)
    if not place.desk.capabilities.supports(Capability.ADD_REQUEST):
        return
    await place.desk.add_request(ticket, author=CUSTOMER, text="He also called.")
    kinds = [m.type async for m in place.desk.messages(ticket)]
    assert kinds == [hb.MessageType.REQUEST, hb.MessageType.REQUEST]
    assert place.store.outbox == []


async def test_a_status_with_a_reply_is_set_and_the_reply_sent_once(place: Place) -> None:
    ticket = await ticket_of(place)
    await place.desk.reply(ticket, text="Refunded.", send_email=True, status=hb.Status.RESOLVED)
    read = await place.desk.ticket(ticket.id)
    assert read.status in (hb.Status.RESOLVED, hb.Status.CLOSED)
    assert len(place.mails) == 1


async def test_a_long_list_is_complete_and_without_duplicates(place: Place) -> None:
    made = [(await ticket_of(place)).id for _ in range(3)]
    for number in range(120):
        place.store.create_ticket(
            subject=f"more {number}",
            requester=place.store.person(CUSTOMER),
            html="<p>One of many.</p>",
        )
    listed = [ticket.id async for ticket in place.desk.tickets()]
    assert len(listed) == len(set(listed)) == 123
    assert set(made) <= set(listed)


async def test_a_list_goes_on_from_a_cursor(place: Place) -> None:
    for _ in range(120):
        place.store.create_ticket(
            subject="one", requester=place.store.person(CUSTOMER), html="<p>Hello there.</p>"
        )
    pager = place.desk.tickets(limit=70)
    first = [ticket.id async for ticket in pager]
    rest = [ticket.id async for ticket in place.desk.tickets(cursor=pager.cursor)]
    assert len(first) == 70
    assert len({*first, *rest}) == 120


async def test_a_long_conversation_is_complete_and_oldest_first(place: Place) -> None:
    ticket = await ticket_of(place)
    stored = next(iter(place.store.tickets.values()))
    for number in range(130):
        place.store.add_message(
            stored.id,
            type=hb.MessageType.REQUEST,
            audience=hb.Audience.EXTERNAL,
            author=stored.requester,
            html=f"<p>number {number}</p>",
        )
    texts = [message.text async for message in place.desk.messages(ticket.id)]
    assert texts[1:] == [f"number {number}" for number in range(130)]


async def test_conversations_come_in_the_order_asked_for(place: Place) -> None:
    tickets = [await ticket_of(place) for _ in range(5)]
    read = [
        (ticket.id, len(messages))
        async for ticket, messages in place.desk.conversations(
            [tickets[4], tickets[0].id, tickets[2]], concurrency=2
        )
    ]
    assert read == [(tickets[4].id, 1), (tickets[0].id, 1), (tickets[2].id, 1)]


async def test_a_ticket_that_is_not_there_is_not_found(place: Place) -> None:
    ticket = await ticket_of(place)
    missing = ticket.id[:-4] + "9999"
    with pytest.raises(hb.NotFound) as caught:
        await place.desk.ticket(missing)
    assert (caught.value.desk, caught.value.operation) == (place.desk.name, "ticket")


@pytest.mark.parametrize("bad", ["../1", "1/2", "1?x=1", "1#", "%2e", "a b", "1\r\nX: y", ""])
async def test_a_hostile_id_makes_no_request(place: Place, bad: str) -> None:
    with pytest.raises(hb.InvalidArgument):
        await place.desk.ticket(bad)
    assert place.requests == 0


async def test_what_the_desk_cannot_do_makes_no_request(place: Place) -> None:
    ticket = await ticket_of(place)
    before = place.requests
    calls = {
        Capability.IF_LAST: lambda: place.desk.reply(
            ticket, text="See above.", send_email=True, if_last=ticket.id
        ),
        Capability.SCHEDULED_SEND: lambda: place.desk.reply(
            ticket, text="Later, please.", send_email=True, send_at=ticket.created_at
        ),
        Capability.SEND_ATTACHMENTS: lambda: place.desk.reply(
            ticket,
            text="See the file.",
            send_email=True,
            attachments=[hb.Upload("a.txt", "text/plain", b"a")],
        ),
        Capability.LIST_CUSTOM_FIELDS: lambda: place.desk.custom_fields(),
        Capability.FORWARD: lambda: place.desk.forward(ticket, to="b@c.example", text="Look."),
        Capability.ADD_REQUEST: lambda: place.desk.add_request(
            ticket, author=CUSTOMER, text="He called."
        ),
    }
    for capability, call in calls.items():
        if not place.desk.capabilities.supports(capability):
            assert place.desk.capabilities[capability].reason
            with pytest.raises(hb.UnsupportedCapability):
                await call()
    assert place.requests == before


async def test_a_closed_desk_says_so(place: Place) -> None:
    await place.desk.aclose()
    await place.desk.aclose()
    with pytest.raises(hb.DeskClosed):
        await place.desk.ticket("1")
