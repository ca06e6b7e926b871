"""Tests of writing: who is mailed, once, and what is stored."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable

import pytest

from helpdesk_bridge.delivery.verdict import Verdict
from helpdesk_bridge.errors import (
    ConversationMoved,
    HelpdeskError,
    InvalidArgument,
    Outcome,
    OutcomeUnknown,
    UnsupportedCapability,
)
from helpdesk_bridge.kit import Adapter
from helpdesk_bridge.model import (
    Audience,
    Capability,
    MessageType,
    OutgoingMessage,
    SentMessage,
    Status,
    TicketRef,
    Upload,
)
from helpdesk_bridge.testing.conformance.account import Place, needs

__all__ = ["SendingPromises"]

WORDS = "these words are of one message"


class SendingPromises:
    """What holds for whatever a desk writes."""

    @needs(Capability.REPLY)
    async def test_a_reply_is_mailed_once_to_the_requester(self, place: Place) -> None:
        ticket = await place.ticket()
        await place.desk.reply(ticket.id, text=WORDS, send_email=True)
        assert await place.mailed(WORDS) == [place.account.customer]

    @needs(Capability.REPLY)
    async def test_a_reply_is_stored_as_one(self, place: Place) -> None:
        ticket = await place.ticket()
        await place.desk.reply(ticket, text=WORDS, send_email=True)
        assert await place.stored(ticket, WORDS) == [(MessageType.RESPONSE, Audience.EXTERNAL)]

    @needs(Capability.REPLY_WITHOUT_EMAIL, Capability.REPLY)
    async def test_a_reply_without_mail_is_stored_and_mails_nobody(self, place: Place) -> None:
        ticket = await place.ticket()
        await place.desk.reply(ticket, text=WORDS, send_email=False)
        assert await place.stored(ticket, WORDS) == [(MessageType.RESPONSE, Audience.EXTERNAL)]
        assert await place.letters() == []

    @pytest.mark.parametrize("option", ["cc", "bcc"])
    @needs(Capability.REPLY)
    async def test_copies_are_sent_along(self, place: Place, option: str) -> None:
        ticket = await place.ticket()
        given = {option: [place.account.partner]}
        try:
            await place.desk.reply(ticket, text=WORDS, send_email=True, **given)  # type: ignore[arg-type]
        except UnsupportedCapability:
            assert await place.mailed(WORDS) == []
            return
        both = [place.account.customer, place.account.partner]
        assert await place.mailed(WORDS) == sorted(both)

    @needs(Capability.REPLY)
    async def test_to_takes_the_place_of_the_requester(self, place: Place) -> None:
        ticket = await place.ticket()
        try:
            await place.desk.reply(ticket, text=WORDS, send_email=True, to=[place.account.partner])
        except UnsupportedCapability:
            assert await place.mailed(WORDS) == []
            return
        assert await place.mailed(WORDS) == [place.account.partner]

    @needs(Capability.NOTE)
    async def test_a_note_is_stored_as_one_and_mails_nobody(self, place: Place) -> None:
        ticket = await place.ticket()
        await place.desk.note(ticket, html=f"<p>{WORDS}</p>")
        assert await place.stored(ticket, WORDS) == [(MessageType.NOTE, Audience.INTERNAL)]
        assert await place.letters() == []

    @needs(Capability.FORWARD)
    async def test_a_forward_reaches_the_third_party_and_nobody_else(self, place: Place) -> None:
        ticket = await place.ticket()
        await place.desk.forward(ticket, to=[place.account.partner], text=WORDS)
        assert await place.mailed(WORDS) == [place.account.partner]

    @needs(Capability.ADD_REQUEST, Capability.LIST_MESSAGES)
    async def test_a_request_is_the_customers_and_mails_nobody(self, place: Place) -> None:
        ticket = await place.ticket()
        await place.desk.add_request(ticket, author=place.account.customer, text=WORDS)
        assert await place.stored(ticket, WORDS) == [(MessageType.REQUEST, Audience.EXTERNAL)]
        assert await place.letters() == []
        read = [m.type for m in await place.conversation(ticket.id)]
        assert read == [MessageType.REQUEST, MessageType.REQUEST]

    @needs(Capability.REPLY_WITH_STATUS, Capability.REPLY, Capability.GET_TICKET)
    async def test_a_status_is_set_with_the_reply_and_it_is_mailed_once(self, place: Place) -> None:
        support = place.desk.capabilities[Capability.REPLY_WITH_STATUS]
        known = support.limits.statuses
        done = [s for s in (Status.RESOLVED, Status.CLOSED) if not known or s in known]
        status = done[0] if done else min(known or ())
        ticket = await place.ticket()
        await place.desk.reply(ticket, text=WORDS, send_email=True, status=status)
        assert len(await place.mailed(WORDS)) == 1
        read = await place.desk.ticket(ticket.id)
        assert read.status in ((Status.RESOLVED, Status.CLOSED) if done else (status,))

    @needs(Capability.REPLY, Capability.LIST_MESSAGES)
    async def test_what_was_sent_says_where_it_is(self, place: Place) -> None:
        ticket = await place.ticket()
        sent = await place.desk.reply(ticket, text=WORDS, send_email=True)
        assert (sent.ticket_id, bool(sent.operation_id)) == (ticket.id, True)
        found = await self._completed(place, sent)
        assert found.id in [m.id for m in await place.conversation(ticket.id)]
        assert found.operation_id == sent.operation_id

    @needs(Capability.RECONCILE, Capability.REPLY)
    async def test_what_became_of_a_reply_is_found_out_after_a_lost_answer(
        self, place: Place
    ) -> None:
        """The helpdesk is on the real clock, and its times are read as it means them."""
        ticket = await place.ticket()
        send = place.desk.adapter.send

        async def lost(ref: TicketRef, message: OutgoingMessage) -> SentMessage:
            await send(ref, message)
            raise HelpdeskError("the answer was lost.", outcome=Outcome.UNKNOWN)

        with pytest.MonkeyPatch.context() as changed:
            changed.setattr(place.desk.adapter, "send", lost)
            with pytest.raises(OutcomeUnknown) as caught:
                await place.desk.reply(ticket, text=WORDS, send_email=True)
        found = await place.desk.reconcile(caught.value)
        assert found.verdict is Verdict.SENT, (
            f"{found.verdict}: {found.reason} It is found by its words and its created_at, read in"
            " the vendor's zone; within visible_after seconds; by what is new since"
            " note_before_send; or by mark_of."
        )
        assert len(await place.mailed(WORDS)) == 1

    @needs(Capability.LIST_MESSAGES)
    async def test_a_mark_comes_back_as_it_was_given(self, place: Place) -> None:
        """Where ``mark_of`` reads what the vendor keeps of ``write_mark``; it may read nothing."""
        if type(place.desk.adapter).mark_of is Adapter.mark_of:
            return
        ticket = await place.ticket()
        customer, desk = place.account.customer, place.desk
        calls: dict[Capability, Callable[[], Awaitable[SentMessage]]] = {
            Capability.REPLY: lambda: desk.reply(ticket, text=WORDS, send_email=True),
            Capability.NOTE: lambda: desk.note(ticket, text=WORDS),
            Capability.ADD_REQUEST: lambda: desk.add_request(ticket, author=customer, text=WORDS),
        }
        for capability, call in calls.items():
            if not desk.capabilities.supports(capability):
                continue
            before = [message.id for message in await place.conversation(ticket.id)]
            mark = (await call()).operation_id
            for message in await place.conversation(ticket.id):
                read = desk.adapter.mark_of(message)
                if message.id not in before:
                    assert read in (None, mark), (
                        f"mark_of returns {read!r} of a message that was given the write_mark"
                        f" {mark!r}: it must return it unchanged, or None where it is not kept"
                    )
                else:
                    assert read is None or read != mark, (
                        f"mark_of returns the write_mark {mark!r} of a message that was there"
                        " before it was given"
                    )

    @needs(Capability.REPLY)
    async def test_two_messages_of_the_same_words_are_two(self, place: Place) -> None:
        ticket = await place.ticket()
        sent = [
            await self._completed(
                place, await place.desk.reply(ticket, text=WORDS, send_email=True)
            )
            for _ in range(2)
        ]
        assert sent[0].id != sent[1].id, (
            "the second is taken for the first: note_before_send must return the ids of all"
            " messages that are on the ticket, as list_messages has them"
        )
        assert len(await place.mailed(WORDS)) == 2

    @needs(Capability.REPLY)
    async def test_many_replies_at_once_are_each_mailed_once(self, place: Place) -> None:
        ticket = await place.ticket()
        texts = [f"{WORDS}, number {number}." for number in range(20)]
        await asyncio.gather(
            *(place.desk.reply(ticket, text=text, send_email=True) for text in texts)
        )
        assert len(await place.letters()) == len(texts)
        for text in texts:
            assert await place.mailed(text) == [place.account.customer]

    @needs(Capability.SEND_ATTACHMENTS, Capability.REPLY, Capability.LIST_MESSAGES)
    async def test_files_arrive_and_come_back_byte_for_byte(self, place: Place) -> None:
        ticket = await place.ticket()
        data = bytes(range(256)) * 40
        files = [Upload("Übersicht 1.bin", data=data), Upload("empty.txt", data=b"")]
        await place.desk.reply(ticket, text=WORDS, send_email=True, attachments=files[:1])
        message = (await place.conversation(ticket.id))[-1]
        assert [a.name for a in message.attachments] == ["Übersicht 1.bin"]
        if not place.desk.capabilities.supports(Capability.OPEN_ATTACHMENT):
            return
        digest = hashlib.sha256()
        async with place.desk.open_attachment(message.attachments[0]) as chunks:
            async for chunk in chunks:
                digest.update(chunk)
        assert digest.hexdigest() == hashlib.sha256(data).hexdigest()

    @needs(Capability.SEND_ATTACHMENTS, Capability.REPLY, Capability.LIST_MESSAGES)
    async def test_an_inline_image_is_shown_by_its_message(self, place: Place) -> None:
        ticket = await place.ticket()
        image = Upload("chart.png", "image/png", b"\x89PNG 1", content_id="chart@desk")
        html = f'<p>{WORDS} <img src="cid:chart@desk"></p>'
        try:
            await place.desk.reply(ticket, html=html, send_email=True, attachments=[image])
        except (InvalidArgument, UnsupportedCapability):
            assert await place.mailed(WORDS) == []
            assert await place.stored(ticket, WORDS) == []
            return
        message = (await place.conversation(ticket.id))[-1]
        shown = [a for a in message.attachments if a.inline]
        assert len(shown) == 1
        assert f"cid:{shown[0].content_id}" in (message.html or "")

    @needs(Capability.IF_LAST)
    async def test_a_reply_to_the_last_word_is_sent(self, place: Place) -> None:
        ticket = await place.ticket()
        read = [message async for message in place.desk.messages(ticket)]
        await place.desk.reply(ticket, text=WORDS, send_email=True, if_last=read[-1])
        assert await place.mailed(WORDS) == [place.account.customer]

    @needs(Capability.IF_LAST, Capability.ADD_REQUEST)
    async def test_a_reply_is_kept_back_when_the_customer_has_written_since(
        self, place: Place
    ) -> None:
        ticket = await place.ticket()
        read = [message async for message in place.desk.messages(ticket)]
        await place.desk.add_request(
            ticket, author=place.account.customer, text="these are newer words"
        )
        with pytest.raises(ConversationMoved) as caught:
            await place.desk.reply(ticket, text=WORDS, send_email=True, if_last=read[-1].id)
        assert caught.value.outcome is Outcome.NOT_SENT
        now = [message async for message in place.desk.messages(ticket)]
        newest = [m.id for m in now if m.text and "newer words" in m.text]
        assert [caught.value.last_message_id] == newest
        assert await place.letters() == []

    @needs(Capability.SCHEDULED_SEND, Capability.REPLY)
    async def test_what_is_sent_later_is_not_mailed_now(self, place: Place) -> None:
        ticket = await place.ticket()
        assert ticket.created_at is not None
        later = ticket.created_at.replace(year=ticket.created_at.year + 1, month=6)
        await place.desk.reply(ticket, text=WORDS, send_email=True, send_at=later)
        assert await place.mailed(WORDS) == []

    async def _completed(self, place: Place, sent: SentMessage) -> SentMessage:
        if sent.id is None:
            sent = await place.desk.complete(sent, delays=(0, 0, 0))
        assert sent.id is not None, (
            "a message without an id could not be found again: where the vendor tells none,"
            " note_before_send must return the ids that are on the ticket before, and"
            " list_messages show it afterwards with its type and its words"
        )
        return sent
