"""A message without an id is found again by what is new in the ticket, or honestly not found."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from attrs import evolve

from helpdesk_bridge import Helpdesk, MessageType, SentMessage, errors
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.doubles import CUSTOMER, Caught, Connect, add_message, new_ticket
from tests.adapters.omnidesk.conftest import PARTNER, ScriptedFake

TEXT = "We look into it."
AT_ONCE = (0, 0, 0)


async def reply(desk: Helpdesk, ticket: StoredTicket, text: str = TEXT) -> SentMessage:
    return await desk.reply(str(ticket.id), text=text, send_email=True)


@pytest.mark.asyncio
async def test_a_sent_message_has_no_id_at_first(desk: Helpdesk, stored: StoredTicket) -> None:
    sent = await reply(desk, stored)
    assert (sent.ticket_id, sent.id, sent.message) == (str(stored.id), None, None)
    assert sent.operation_id


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("operation", "given", "kind", "word"),
    [
        ("reply", {"send_email": True}, MessageType.RESPONSE, "message"),
        ("note", {}, MessageType.NOTE, "note"),
        ("forward", {"to": PARTNER}, MessageType.RESPONSE, "message"),
        ("add_request", {"author": CUSTOMER}, MessageType.REQUEST, "message"),
    ],
)
async def test_every_kind_of_message_is_found(
    desk: Helpdesk, stored: StoredTicket, operation: str, given: Any, kind: MessageType, word: str
) -> None:
    sent = await getattr(desk, operation)(str(stored.id), text=TEXT, **given)
    found = await desk.complete(sent, delays=AT_ONCE)
    assert found.id == f"{word}-{stored.messages[-1].id}"
    assert found.message is not None
    assert (found.message.id, found.message.type) == (found.id, kind)
    assert found.operation_id == sent.operation_id


@pytest.mark.asyncio
async def test_a_message_whose_type_nobody_knows_is_found(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    sent = await reply(desk, stored)
    item = fake._full(stored)
    item["timeline"][-1]["type"] = "outgoing"
    fake.script.add("GET", f"/ticket/{stored.id}", {"item": item})
    found = await desk.complete(sent, delays=AT_ONCE)
    assert found.id == f"outgoing-{stored.messages[-1].id}"


@pytest.mark.asyncio
@pytest.mark.parametrize(("stale", "reads"), [(0, 1), (1, 2), (2, 3)])
async def test_a_stale_answer_is_asked_again(
    start: Any, connect_to: Connect, stale: int, reads: int
) -> None:
    fake: ScriptedFake = await start(stale_reads=stale)
    ticket, desk = new_ticket(fake.store), connect_to(fake)
    sent = await reply(desk, ticket)
    before = len(fake.journal)
    found = await desk.complete(sent, delays=AT_ONCE)
    assert found.id == f"message-{ticket.messages[-1].id}"
    assert len(fake.journal) - before == reads


@pytest.mark.asyncio
async def test_what_stays_unseen_comes_back_as_it_was_after_bounded_reads(
    start: Any, connect_to: Connect
) -> None:
    fake: ScriptedFake = await start(stale_reads=9)
    ticket, desk = new_ticket(fake.store), connect_to(fake)
    sent = await reply(desk, ticket)
    before = len(fake.journal)
    assert await desk.complete(sent, delays=AT_ONCE) is sent
    assert len(fake.journal) - before == 3


@pytest.mark.asyncio
async def test_an_error_of_complete_is_named_after_it(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    sent = await reply(desk, stored)
    fake.store.tickets.clear()
    with pytest.raises(errors.NotFound) as caught:
        await desk.complete(sent, delays=AT_ONCE)
    assert caught.value.operation == "complete"
    assert caught.value.operation_id != sent.operation_id


@pytest.mark.asyncio
async def test_completing_writes_nothing(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await desk.complete(await reply(desk, stored), delays=AT_ONCE)
    assert (len(fake.posts()), len(fake.store.outbox)) == (1, 1)


@pytest.mark.asyncio
async def test_what_is_complete_is_not_read_again(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    found = await desk.complete(await reply(desk, stored), delays=AT_ONCE)
    before = len(fake.journal)
    assert await desk.complete(found, delays=AT_ONCE) is found
    assert len(fake.journal) == before


# -- the right one ---------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_an_older_message_of_the_same_words_is_not_taken(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    older = add_message(fake.store, stored, html=f"<p>{TEXT}</p>")
    found = await desk.complete(await reply(desk, stored), delays=AT_ONCE)
    assert found.id == f"message-{stored.messages[-1].id}" != f"message-{older.id}"


@pytest.mark.asyncio
async def test_only_an_older_message_of_the_same_words_is_no_find(
    start: Any, connect_to: Connect
) -> None:
    fake: ScriptedFake = await start(stale_reads=9)
    ticket = new_ticket(fake.store)
    add_message(fake.store, ticket, html=f"<p>{TEXT}</p>")
    desk = connect_to(fake)
    assert (await desk.complete(await reply(desk, ticket), delays=AT_ONCE)).id is None


@pytest.mark.asyncio
async def test_two_sends_of_the_same_words_are_two_messages(
    desk: Helpdesk, stored: StoredTicket
) -> None:
    first, second = await reply(desk, stored), await reply(desk, stored)
    found = [(await desk.complete(sent, delays=AT_ONCE)).id for sent in (second, first)]
    assert found == [f"message-{m.id}" for m in reversed(stored.messages[1:])]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "other",
    [
        {"html": "<p>Somebody else's words.</p>"},
        {"html": f"<p>{TEXT}</p>", "type": MessageType.REQUEST},
    ],
)
async def test_somebody_elses_new_message_is_not_taken(
    start: Any, connect_to: Connect, other: Any
) -> None:
    fake: ScriptedFake = await start(stale_reads=1)
    ticket, desk = new_ticket(fake.store), connect_to(fake)
    sent = await reply(desk, ticket)
    ticket.messages.pop()
    add_message(fake.store, ticket, **other)
    assert await desk.complete(sent, delays=AT_ONCE) is sent


@pytest.mark.asyncio
async def test_an_event_of_the_same_number_does_not_hide_a_note(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    item = fake._full(stored)
    number = stored.messages[-1].id + 1
    event = {"type": "event", "id": number, "description": TEXT}
    item["timeline"].append(event)
    fake.script.add("GET", f"/ticket/{stored.id}", {"item": item})
    sent = await desk.note(str(stored.id), text=TEXT)
    item["timeline"].append({**event, "type": "note", "id": str(number), "content": TEXT})
    fake.script.add("GET", f"/ticket/{stored.id}", {"item": item})
    assert (await desk.complete(sent, delays=AT_ONCE)).id == f"note-{number}"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "html",
    [
        "<div>We look\r\n  into&nbsp;it.</div>",
        "<P STYLE='color:red'>We <B>look</B> into it.<BR></P>",
        "\u200bWe look<br>into   it.",
        "<html><body><p>&#87;e look into it.</p>\n\n</body></html>",
    ],
)
async def test_markup_the_vendor_rewrites_does_not_matter(
    desk: Helpdesk, stored: StoredTicket, html: str
) -> None:
    sent = await reply(desk, stored)
    stored.messages[-1].html = html
    assert (await desk.complete(sent, delays=AT_ONCE)).id == f"message-{stored.messages[-1].id}"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "kept", [lambda sent: pickle.loads(pickle.dumps(sent)), lambda sent: evolve(sent)]
)
async def test_a_kept_receipt_is_as_good(desk: Helpdesk, stored: StoredTicket, kept: Any) -> None:
    add = await reply(desk, stored)
    found = await desk.complete(kept(add), delays=AT_ONCE)
    assert found.id == f"message-{stored.messages[-1].id}"


@pytest.mark.asyncio
async def test_a_receipt_holds_no_word_of_the_message(desk: Helpdesk, stored: StoredTicket) -> None:
    sent = await reply(desk, stored, "Zanzibar clove order")
    assert "zanzibar" not in (repr(sent) + repr(sent.fingerprint) + str(pickle.dumps(sent))).lower()


@pytest.mark.asyncio
async def test_a_receipt_without_its_trace_finds_nothing(
    desk: Helpdesk, stored: StoredTicket
) -> None:
    await reply(desk, stored)
    bare = SentMessage(ticket_id=str(stored.id))
    assert await desk.complete(bare, delays=AT_ONCE) is bare


@pytest.mark.asyncio
async def test_an_error_while_looking_is_the_error_of_a_read(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    sent = await reply(desk, stored)
    fake.script.add("GET", f"/ticket/{stored.id}", b"", 503)
    error = await caught(desk.complete(sent, delays=AT_ONCE))
    assert (type(error), error.retryable) == (errors.VendorUnavailable, True)
