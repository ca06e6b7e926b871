"""What Omnidesk would have done, told by the Store behind its fake, over real sockets."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk_bridge import (
    Channel,
    Helpdesk,
    MessageType,
    Status,
    Upload,
    errors,
)
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.doubles import CUSTOMER, Caught, Connect, asked, ids, new_ticket
from tests.adapters.omnidesk.conftest import (
    NEW,
    PARTNER,
    ScriptedFake,
    parts,
    refusal,
    write_everything,
)

INBOUND = "/email/newInboundMessage"


# -- the form of a body ----------------------------------------------------------------------


@pytest.mark.asyncio
async def test_every_post_is_multipart_and_every_put_urlencoded(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await write_everything(desk, str(stored.id))
    kinds = {(e.method, e.headers["content-type"].partition("=")[0]) for e in fake.posts()}
    assert kinds == {
        ("POST", "multipart/form-data; boundary"),
        ("PUT", "application/x-www-form-urlencoded"),
    }
    assert [bool(parts(e)) for e in fake.posts() if e.method == "POST"] == [True] * 7


@pytest.mark.asyncio
async def test_a_field_of_text_is_a_part_of_its_own(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await desk.note(str(stored.id), text="Careful")
    (exchange,) = fake.posts()
    boundary = exchange.headers["content-type"].partition("boundary=")[2].encode()
    assert exchange.body.count(b"--" + boundary + b"\r\n") == len(parts(exchange)) == 5
    assert b'Content-Disposition: form-data; name="type"\r\n' in exchange.body
    assert b"filename" not in exchange.body


@pytest.mark.asyncio
async def test_every_request_carries_the_key_in_its_header_only(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await write_everything(desk, str(stored.id))
    assert {e.headers["apikey"] for e in fake.journal} == {fake.api_key}
    assert not [
        e for e in fake.journal
        if fake.api_key in e.path + str(e.query) or fake.api_key.encode() in e.body
        or "authorization" in e.headers
    ]  # fmt: skip


# -- tickets ---------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_created_ticket_begins_with_the_customers_words_and_mails_nobody(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    files = [Upload("a.bin", data=b"\x00\xff")]
    made = await desk.create_ticket(**NEW, team="31", attachments=files)
    (stored,) = fake.store.tickets.values()
    (first,) = stored.messages
    assert (made.id, stored.subject, stored.team) == (str(stored.id), "Lost", "31")
    assert (first.type, first.author.email, first.html) == (
        MessageType.REQUEST, CUSTOMER, "<p>Where is it?</p>",
    )  # fmt: skip
    assert [file.content for file in first.files] == [b"\x00\xff"]
    assert fake.store.outbox == []


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "answer", "cause", "advice"),
    [
        (400, refusal(), errors.ValidationFailed, "add_request"),
        (200, refusal(), errors.ValidationFailed, "add_request"),
        (502, b"bad gateway", errors.OutcomeUnknown, "may not have been: look first"),
    ],
)
async def test_a_ticket_whose_first_message_failed_is_partly_done(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught,
    status: int, answer: Any, cause: Any, advice: str,
) -> None:  # fmt: skip
    fake.script.add("POST", INBOUND, answer, status)
    error = await caught(desk.create_ticket(**NEW))
    (stored,) = fake.store.tickets.values()
    assert isinstance(error, errors.PartlyDone)
    assert (error.ticket_id, type(error.failure), stored.messages) == (str(stored.id), cause, [])
    assert advice in str(error)


@pytest.mark.asyncio
async def test_a_ticket_that_cannot_be_read_back_is_partly_done(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    fake.script.add("GET", "/ticket/1001", b"<html>", 200)
    error = await caught(desk.create_ticket(**NEW))
    assert isinstance(error, errors.PartlyDone)
    assert (error.ticket_id, [*fake.store.tickets], fake.posts(INBOUND)) == ("1001", [1001], [])


@pytest.mark.asyncio
async def test_a_ticket_that_was_refused_has_no_second_request(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    fake.script.add("POST", "/ticket", refusal(), 400)
    error = await caught(desk.create_ticket(**NEW))
    assert (type(error), asked(fake.journal)) == (
        errors.ValidationFailed,
        [("POST", "/ticket", 400)],
    )


@pytest.mark.asyncio
async def test_an_update_changes_what_was_given_only(desk: Helpdesk, stored: StoredTicket) -> None:
    made = await desk.update_ticket(str(stored.id), status=Status.RESOLVED)
    assert (stored.status, stored.subject) == (Status.RESOLVED, "Export stops")
    assert (made.status, made.subject) == (Status.RESOLVED, "Export stops")


@pytest.mark.asyncio
async def test_a_deleted_ticket_is_gone(
    desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    await desk.delete_ticket(str(stored.id))
    error = await caught(desk.ticket(str(stored.id)))
    assert (type(error), stored.deleted_at is not None) == (errors.NotFound, True)


@pytest.mark.asyncio
async def test_all_tickets_are_listed_over_all_pages(fake: ScriptedFake, desk: Helpdesk) -> None:
    made = [new_ticket(fake.store) for _ in range(101)]
    assert ids([ticket async for ticket in desk.tickets()]) == ids(made)
    assert [e.values("itemStart") for e in fake.journal] == [["0"], ["100"]]


# -- a chatbot's ticket ----------------------------------------------------------------------

BOT: dict[str, Any] = {**NEW, "channel": Channel(kind="chatbot")}


@pytest.mark.asyncio
async def test_a_chatbots_ticket_is_found_again_among_its_likes(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    earlier = await desk.create_ticket(**BOT)
    made = await desk.create_ticket(**BOT)
    assert ids(fake.store.tickets.values()) == [earlier.id, made.id]
    assert fake.store.outbox == []


@pytest.mark.asyncio
async def test_a_chatbots_words_may_be_short(fake: ScriptedFake, desk: Helpdesk) -> None:
    made = await desk.create_ticket(**{**BOT, "text": "Hi"})
    assert fake.store.tickets[int(made.id)].messages[0].html == "<p>Hi</p>"


@pytest.mark.asyncio
async def test_a_chatbots_ticket_that_is_not_to_be_seen_is_partly_done_without_an_id(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    fake.script.add("GET", "/ticket", {"items": []}, times=2)
    error = await caught(desk.create_ticket(**BOT))
    assert isinstance(error, errors.PartlyDone)
    assert (error.ticket_id, type(error.failure)) == (None, errors.NotFound)
    assert len(fake.store.tickets) == 1


@pytest.mark.asyncio
async def test_an_older_ticket_that_moved_up_is_not_taken_for_the_chatbots(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    older = new_ticket(fake.store, subject="Lost")
    item = {"title": "Lost", "from": CUSTOMER}
    fake.script.add("GET", "/ticket", {"itemTotal": 51, "items": [{"id": 7, **item}]})
    fake.script.add("GET", "/ticket", {"itemTotal": 51, "items": [{"id": older.id, **item}]})
    error = await caught(desk.create_ticket(**BOT))
    assert (type(error), len(fake.store.tickets)) == (errors.PartlyDone, 2)


@pytest.mark.asyncio
async def test_an_older_ticket_that_was_left_out_is_not_taken_for_the_chatbots(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    older = new_ticket(fake.store, subject="Lost")
    item = {"id": older.id, "title": "Lost", "from": CUSTOMER}
    fake.script.add("GET", "/ticket", {"items": [], "incomplete_results": True})
    fake.script.add("GET", "/ticket", {"items": [item]})
    assert type(await caught(desk.create_ticket(**BOT))) is errors.PartlyDone


@pytest.mark.asyncio
async def test_two_new_tickets_of_one_subject_are_not_guessed_between(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    fake.script.add("GET", "/ticket", {"items": []})
    new_ticket(fake.store, subject="Lost")
    assert type(await caught(desk.create_ticket(**BOT))) is errors.PartlyDone


@pytest.mark.asyncio
@pytest.mark.parametrize("given", [{"team": "31"}, {"attachments": [Upload("a", data=b"a")]}])
async def test_what_a_chatbot_cannot_take_is_refused_unsent(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, given: Any
) -> None:
    error = await caught(desk.create_ticket(**BOT, **given))
    assert (type(error), fake.journal) == (errors.InvalidArgument, [])


# -- how an accepted message is answered -----------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("success", ["empty", "result"])
async def test_both_answers_to_an_accepted_message_are_good(
    start: Any, connect_to: Connect, success: str
) -> None:
    fake = await start(success=success)
    await write_everything(connect_to(fake), str(new_ticket(fake.store).id))
    assert [mail.recipients for mail in fake.store.outbox] == [{CUSTOMER}, {PARTNER}]
