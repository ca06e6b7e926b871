"""What HelpSpace would have done, told by the Store behind its fake, over real sockets."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from helpdesk_bridge import Attachment, Helpdesk, MessageType, Party, Role, Status, Upload, errors
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.doubles import CUSTOMER, Caught, Connect, ids, new_ticket
from tests.adapters.helpspace.conftest import ScriptedFake, add

# -- tickets ---------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_creating_a_ticket_records_the_customers_words_and_mails_nobody(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    made = await desk.create_ticket(subject="Help", requester=CUSTOMER, text="Stuck")
    first = fake.store.tickets[int(made.id)].messages[0]
    assert (first.type, first.author.email, first.html) == (
        MessageType.REQUEST,
        CUSTOMER,
        "<p>Stuck</p>",
    )
    assert fake.store.outbox == []


@pytest.mark.asyncio
async def test_the_fake_would_answer_by_itself_when_nobody_forbids_it(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    body = {
        "subject": "Help",
        "channel": {"id": 1},
        "from_contact": {"email": CUSTOMER},
        "message": {"body": "Stuck"},
    }
    await desk.raw("POST", "tickets", json=body)
    assert [mail.to for mail in fake.store.outbox] == [(CUSTOMER,)]


@pytest.mark.asyncio
async def test_a_created_ticket_has_all_that_was_given(fake: ScriptedFake, desk: Helpdesk) -> None:
    made = await desk.create_ticket(
        subject="Help",
        requester=Party(name="Ines", email=CUSTOMER),
        html='<p>See <img src="cid:bar@x"></p>',
        status=Status.ESCALATED,
        assignee="11",
        team="Billing",
        tags=["vip"],
        attachments=[
            Upload("a.txt", data=b"hello"),
            Upload("b.png", data=b"png", content_id="bar@x"),
        ],
    )
    stored = fake.store.tickets[int(made.id)]
    assert (stored.status, stored.team, stored.tags) == (Status.ESCALATED, "Billing", ("vip",))
    assert (stored.assignee and stored.assignee.name, stored.requester.name) == ("Ada", "Ines")
    files = [(file.content, file.inline) for file in stored.messages[0].files]
    assert files == [(b"hello", False), (b"png", True)]


@pytest.mark.asyncio
async def test_an_update_changes_what_was_given_and_clears_what_is_none(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    stored.team, stored.tags = "Billing", ("vip",)
    made = await desk.update_ticket(
        str(stored.id), team=None, assignee="bo@helpdesk.example", status=Status.RESOLVED
    )
    assert (stored.team, stored.tags, stored.status) == (None, ("vip",), Status.CLOSED)
    assert made.assignee == Party(id="12", name="Bo", email="bo@helpdesk.example", role=Role.AGENT)


@pytest.mark.asyncio
async def test_a_deleted_ticket_leaves_the_list_and_can_still_be_read(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await desk.delete_ticket(str(stored.id))
    assert [ticket async for ticket in desk.tickets()] == []
    assert (await desk.ticket(str(stored.id))).status is Status.DELETED


@pytest.mark.asyncio
async def test_all_tickets_come_over_several_pages(fake: ScriptedFake, desk: Helpdesk) -> None:
    made = [new_ticket(fake.store) for _ in range(121)]
    found = [ticket async for ticket in desk.tickets()]
    assert (ids(found), len(fake.asked("GET", "/tickets"))) == (ids(made), 3)


@pytest.mark.asyncio
async def test_a_limit_asks_for_no_page_too_many(fake: ScriptedFake, desk: Helpdesk) -> None:
    made = [new_ticket(fake.store) for _ in range(121)]
    found = [ticket async for ticket in desk.tickets(limit=60)]
    assert (ids(found), len(fake.asked("GET", "/tickets"))) == (ids(made[:60]), 2)


# -- messages --------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_reply_with_mail_is_exactly_one_mail_to_the_requester(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    sent = await desk.reply(str(stored.id), text="Hi", send_email=True)
    assert [(str(m.message_id), m.recipients) for m in fake.store.outbox] == [(sent.id, {CUSTOMER})]
    assert stored.messages[-1].type is MessageType.RESPONSE


@pytest.mark.asyncio
async def test_a_reply_without_mail_is_recorded_and_mailed_to_nobody(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    sent = await desk.reply(str(stored.id), text="Hi", send_email=False)
    assert (str(stored.messages[-1].id), fake.store.outbox) == (sent.id, [])


@pytest.mark.asyncio
async def test_a_note_is_internal_and_never_in_the_outbox(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    sent = await desk.note(str(stored.id), text="Careful", attachments=[Upload("a", data=b"a")])
    assert sent.message is not None
    assert (stored.messages[-1].type, sent.message.is_public) == (MessageType.NOTE, False)
    assert fake.store.outbox == []


@pytest.mark.asyncio
async def test_the_fake_would_mail_a_note_if_it_were_told_to(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    body = {
        "subject": "S",
        "from_contact": {"email": "support@helpdesk.example"},
        "body": "B",
        "type": "internal",
        "to": [CUSTOMER],
        "send_mail_to_recipients": True,
    }
    await desk.raw("POST", "tickets", str(stored.id), "messages", json=body)
    assert [mail.type for mail in fake.store.outbox] == [MessageType.NOTE]


@pytest.mark.asyncio
async def test_a_forward_is_mailed_to_third_parties_and_not_to_the_customer(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    sent = await desk.forward(
        str(stored.id), to="x@a.example", cc="y@a.example", bcc="z@a.example", text="FYI"
    )
    assert [m.recipients for m in fake.store.mails_of(sent.id or "")] == [
        {"x@a.example", "y@a.example", "z@a.example"}
    ]


@pytest.mark.asyncio
async def test_an_added_request_is_the_customers_and_mails_nobody(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    sent = await desk.add_request(str(stored.id), author=CUSTOMER.upper(), text="And also")
    assert sent.message is not None
    assert sent.message.type is stored.messages[-1].type is MessageType.REQUEST
    assert fake.store.outbox == []


@pytest.mark.asyncio
async def test_one_message_can_be_read_by_its_id(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    note = add(fake.store, stored, "internal")
    found = await desk.message(str(stored.id), str(note.id))
    assert (found.id, found.type, found.ticket_id) == (
        str(note.id),
        MessageType.NOTE,
        str(stored.id),
    )


@pytest.mark.asyncio
@pytest.mark.parametrize("operation", ["reply", "note"])
async def test_a_status_with_a_message_is_a_second_request(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, operation: str
) -> None:
    more = {"send_email": False} if operation == "reply" else {}
    ticket = await desk.ticket(str(stored.id))
    await getattr(desk, operation)(ticket, text="Hi", status=Status.PENDING, **more)
    assert [e.method for e in fake.journal[1:]] == ["GET", "POST", "PATCH"]
    assert (stored.status, "status" in fake.journal[2].json()) == (Status.PENDING, False)


@pytest.mark.asyncio
async def test_a_status_that_fails_after_the_message_says_what_was_done(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    fake.instead("PATCH", f"/tickets/{stored.id}", {"message": "No."}, status=403)
    error = await caught(
        desk.reply(str(stored.id), text="Hi", send_email=True, status=Status.CLOSED)
    )
    assert isinstance(error, errors.PartlyDone)
    assert type(error.failure) is errors.PermissionDenied
    done = (error.ticket_id, error.message_id, len(fake.store.outbox))
    assert done == (str(stored.id), str(stored.messages[-1].id), 1)


# -- files -----------------------------------------------------------------------------------


async def read(desk: Helpdesk, attachment: Attachment, size: str | None = None) -> bytes:
    async with desk.open_attachment(attachment, size=size) as chunks:
        return b"".join([chunk async for chunk in chunks])


@pytest.mark.asyncio
async def test_files_come_back_as_they_were_sent(desk: Helpdesk, stored: StoredTicket) -> None:
    content = bytes(range(256)) * 1000
    html = '<img src="cid:bar@x">'
    files = [
        Upload("a.bin", data=content),
        Upload("b.png", data=b"png", content_id="bar@x"),
    ]
    await desk.reply(str(stored.id), html=html, send_email=False, attachments=files)
    plain, inline = [m async for m in desk.messages(str(stored.id))][-1].attachments
    assert (plain.name, plain.size, await read(desk, plain)) == ("a.bin", len(content), content)
    assert (inline.inline, await read(desk, inline)) == (True, b"png")
    assert await read(desk, inline, "medium") == b"medium:png"


# -- strictness ------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("GET", "tickets", {"per_page": "50"}, None),
        ("GET", "tickets", {"contact[]": CUSTOMER}, None),
        ("GET", "tickets", {"per-page": "51"}, None),
        ("GET", "tickets", {"page": "0"}, None),
        ("GET", "tickets/{}", {"include": "messages"}, None),
        ("GET", "tickets/{}/messages", {"types[]": "internal"}, None),
        ("GET", "tickets/{}/messages", {"additional-types[]": "external"}, None),
        ("GET", "tickets/{}/messages", {"sort": "asc"}, None),
        ("PATCH", "tickets/{}", {}, {"priority": "high"}),
        ("PATCH", "tickets/{}", {}, {"status": 1}),
        ("PATCH", "tickets/{}", {}, {"team": "Billing"}),
        ("PATCH", "tickets/{}", {"notify": "0"}, {"subject": "S"}),
        ("POST", "tickets", {}, {"subject": "S"}),
        ("POST", "tickets/{}/messages", {}, {"from_contact": {"email": CUSTOMER}, "body": "B"}),
        (
            "POST",
            "tickets/{}/messages",
            {},
            {"id": "3", "subject": "S", "from_contact": {"email": CUSTOMER}, "body": "B"},
        ),
    ],
)  # fmt: skip
async def test_the_fake_refuses_what_no_page_documents(
    desk: Helpdesk, stored: StoredTicket, caught: Caught,
    method: str, path: str, query: Any, body: Any,
) -> None:  # fmt: skip
    segments = path.format(stored.id).split("/")
    error = await caught(desk.raw(method, *segments, query=query, json=body))
    assert (type(error), error.status) == (errors.ValidationFailed, 422)


@pytest.mark.asyncio
@pytest.mark.parametrize("missing", ["Authorization", "Hs-Client-Id"])
async def test_the_fake_refuses_a_request_without_both_headers(
    fake: ScriptedFake, missing: str
) -> None:
    headers = {"Authorization": f"Bearer {fake.token}", "Hs-Client-Id": fake.client_id}
    del headers[missing]
    async with (
        aiohttp.ClientSession(headers=headers) as client,
        client.get(f"{fake.base_url}/tickets") as answer,
    ):
        assert answer.status == 401


@pytest.mark.asyncio
@pytest.mark.parametrize("key", ["token", "client_id"])
async def test_a_wrong_credential_is_an_authentication_error(
    fake: ScriptedFake, connect_to: Connect, caught: Caught, key: str
) -> None:
    error = await caught(connect_to(fake, **{key: "another"}).ticket("1"))
    assert (type(error), error.status) == (errors.AuthenticationError, 401)


@pytest.mark.asyncio
async def test_a_ticket_that_is_not_there_is_not_found(desk: Helpdesk, caught: Caught) -> None:
    assert type(await caught(desk.ticket("999"))) is errors.NotFound
