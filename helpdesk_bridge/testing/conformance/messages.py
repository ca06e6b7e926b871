"""Tests of reading: a conversation is whole, in order, and says who speaks to whom."""

from __future__ import annotations

from datetime import UTC

import pytest

from helpdesk_bridge.errors import NotFound
from helpdesk_bridge.model import Audience, Capability, MessageType, Role, Ticket
from helpdesk_bridge.testing.conformance.account import Place, needs

__all__ = ["MessagePromises"]


class MessagePromises:
    """What holds for the messages of every desk."""

    @needs(Capability.LIST_MESSAGES)
    async def test_a_conversation_is_whole_and_oldest_first(self, place: Place) -> None:
        ticket = await place.ticket()
        texts = [f"message number {number}" for number in range(place.account.many)]
        await place.witness.add_requests(ticket.id, texts)
        read = [message.text or "" for message in await place.conversation(ticket.id)]
        assert [text.rstrip("\n") for text in read[1:]] == texts  # a mail's text ends its line

    @needs(Capability.LIST_MESSAGES)
    async def test_a_conversation_names_every_message_once(self, place: Place) -> None:
        ticket = await place.ticket()
        await place.witness.add_requests(ticket.id, ["more words"] * place.account.many)
        ids = [message.id async for message in place.desk.messages(ticket)]
        assert len(set(ids)) == len(ids)
        assert len(await place.conversation(ticket.id)) == place.account.many + 1

    @needs(Capability.LIST_MESSAGES)
    async def test_times_rise_and_are_aware_and_in_utc(self, place: Place) -> None:
        ticket = await place.ticket()
        await place.witness.add_requests(ticket.id, ["second words", "third words"])
        times = [m.created_at for m in await place.conversation(ticket.id) if m.created_at]
        assert len(times) == 3
        assert times == sorted(times)
        assert all(time.tzinfo is UTC for time in times)

    @needs(Capability.LIST_MESSAGES)
    async def test_the_customers_words_are_a_request_by_the_customer(self, place: Place) -> None:
        ticket = await place.ticket()
        message = (await place.desk.messages(ticket)).items[0]
        assert (message.type, message.audience) == (MessageType.REQUEST, Audience.EXTERNAL)
        assert message.author.role is Role.CUSTOMER
        assert message.is_public

    @needs(Capability.REPLY, Capability.LIST_MESSAGES)
    async def test_the_desks_words_are_a_response_by_an_agent(self, place: Place) -> None:
        ticket = await place.ticket()
        await place.desk.reply(ticket, text="We are on it.", send_email=True)
        message = (await place.conversation(ticket.id))[-1]
        assert (message.type, message.audience) == (MessageType.RESPONSE, Audience.EXTERNAL)
        assert message.author.role is not Role.CUSTOMER

    @needs(Capability.NOTE, Capability.LIST_MESSAGES)
    async def test_a_note_is_read_as_internal(self, place: Place) -> None:
        ticket = await place.ticket()
        await place.desk.note(ticket, text="Between agents.")
        message = (await place.conversation(ticket.id))[-1]
        assert (message.type, message.audience) == (MessageType.NOTE, Audience.INTERNAL)
        assert not message.is_public

    @needs(Capability.LIST_MESSAGES)
    async def test_messages_belong_to_their_ticket(self, place: Place) -> None:
        ticket, other = await place.ticket(), await place.ticket(text="Another matter.")
        read = await place.conversation(ticket.id)
        assert {message.ticket_id for message in read} == {ticket.id}
        assert "Another matter." not in [message.text for message in read]
        assert other.id != ticket.id

    @needs(Capability.REPLY, Capability.LIST_MESSAGES)
    async def test_types_keep_only_what_was_asked_for(self, place: Place) -> None:
        ticket = await place.ticket()
        await place.desk.reply(ticket, text="We are on it.", send_email=True)
        asked = place.desk.messages(ticket, types=[MessageType.RESPONSE])
        assert [message.text async for message in asked] == ["We are on it."]

    @needs(Capability.GET_MESSAGE, Capability.LIST_MESSAGES)
    async def test_a_message_reads_alone_as_in_its_conversation(self, place: Place) -> None:
        ticket = await place.ticket()
        listed = (await place.desk.messages(ticket)).items[0]
        alone = await place.desk.message(ticket, listed.id)
        assert (alone.id, alone.type, alone.text) == (listed.id, listed.type, listed.text)

    @needs(Capability.GET_MESSAGE, Capability.LIST_MESSAGES)
    async def test_a_message_of_another_ticket_is_not_found(self, place: Place) -> None:
        ticket, other = await place.ticket(), await place.ticket()
        foreign = (await place.desk.messages(other)).items[0]
        with pytest.raises(NotFound):
            await place.desk.message(ticket, foreign.id)

    @pytest.mark.parametrize(
        "text", ["Größe, ça va?", "emoji 👩‍💻 and 日本語", "a < b && c > d", "line one\nline two"]
    )
    @needs(Capability.REPLY, Capability.LIST_MESSAGES)
    async def test_words_come_back_as_they_were_written(self, place: Place, text: str) -> None:
        ticket = await place.ticket(text=text)
        await place.desk.reply(ticket, text=text, send_email=True)
        read = [m.text for m in await place.conversation(ticket.id)]
        assert read == [text, text]

    @needs(Capability.REPLY, Capability.LIST_MESSAGES)
    async def test_html_comes_back_with_its_words_and_links(self, place: Place) -> None:
        ticket = await place.ticket()
        html = '<p>See <a href="https://example.org/a?b=1&amp;c=2">this</a> &amp; that.</p>'
        await place.desk.reply(ticket, html=html, send_email=True)
        message = (await place.conversation(ticket.id))[-1]
        assert "https://example.org/a?b=1&amp;c=2" in (message.html or "")
        assert (message.text or "").replace("(https://example.org/a?b=1&c=2)", "").split() == [
            *("See", "this", "&", "that."),
        ]

    @needs(Capability.LIST_MESSAGES)
    async def test_the_messages_of_what_is_not_there_are_not_found(self, place: Place) -> None:
        ticket = await place.ticket()
        with pytest.raises(NotFound):
            await place.desk.messages(ticket.id[:-4] + "9999")

    @needs(Capability.LIST_MESSAGES, Capability.GET_TICKET)
    async def test_conversations_come_whole_and_in_the_order_asked_for(self, place: Place) -> None:
        tickets = [await place.ticket() for _ in range(4)]
        await place.witness.add_requests(tickets[2].id, ["a second message"])
        asked: list[Ticket | str] = [tickets[2], tickets[0].id, tickets[3]]
        read = [
            (ticket.id, sum(message.type is not MessageType.SYSTEM for message in messages))
            async for ticket, messages in place.desk.conversations(asked, concurrency=2)
        ]
        assert read == [(tickets[2].id, 2), (tickets[0].id, 1), (tickets[3].id, 1)]
