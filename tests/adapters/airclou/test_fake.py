"""What Airclou would have done, told by the Store behind its fake, over real sockets."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk_bridge import (
    Helpdesk,
    Level,
    MessageType,
    Party,
    Priority,
    Role,
    Status,
    TicketKind,
    Upload,
    errors,
)
from helpdesk_bridge.model import Capability
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.airclou.conftest import PARTNER, ScriptedFake, error_json, tkt
from tests.adapters.doubles import (
    CUSTOMER,
    Caught,
    Clock,
    Connect,
    add_message,
    asked,
    ids,
    new_ticket,
)

# -- who is mailed ---------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_reply_with_mail_is_exactly_one_mail_to_the_requester(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    sent = await desk.reply(tkt(stored), text="Hi", send_email=True)
    mails = [(f"msg_{mail.message_id}", mail.recipients) for mail in fake.store.outbox]
    assert mails == [(sent.id, {CUSTOMER})]


@pytest.mark.asyncio
async def test_a_reply_without_mail_is_recorded_and_mailed_to_nobody(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    sent = await desk.reply(tkt(stored), text="Hi", send_email=False)
    assert (f"msg_{stored.messages[-1].id}", fake.store.outbox) == (sent.id, [])


@pytest.mark.asyncio
async def test_a_note_is_internal_and_never_in_the_outbox(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    sent = await desk.note(tkt(stored), text="Careful")
    assert sent.message is not None
    assert (stored.messages[-1].type, sent.message.is_public) == (MessageType.NOTE, False)
    assert fake.store.outbox == []


@pytest.mark.asyncio
async def test_a_forward_is_mailed_to_the_partner_only(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    sent = await desk.forward(tkt(stored), to=PARTNER, text="FYI")
    assert [mail.recipients for mail in fake.store.outbox] == [{PARTNER}]
    assert sent.id == f"msg_{stored.messages[-1].id}"


@pytest.mark.asyncio
async def test_an_added_request_is_the_customers_and_mails_nobody(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await desk.add_request(tkt(stored), author=CUSTOMER.upper(), text="And also")
    last = stored.messages[-1]
    assert (last.type, last.author.email) == (MessageType.REQUEST, CUSTOMER)
    assert fake.store.outbox == []


@pytest.mark.asyncio
async def test_a_request_in_anybody_elses_name_is_refused_unsent(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    error = await caught(desk.add_request(tkt(stored), author=PARTNER, text="And also"))
    assert (type(error), error.outcome) == (errors.InvalidArgument, errors.Outcome.NOT_SENT)
    assert (len(stored.messages), [e.method for e in fake.journal]) == (1, ["GET"])


# -- tickets ---------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_created_ticket_begins_with_the_customers_words_and_mails_nobody(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    made = await desk.create_ticket(
        subject="Help",
        requester=Party(name="Ines", email=CUSTOMER),
        text="Stuck",
        status=Status.PENDING,
        priority=Priority.URGENT,
        kind=TicketKind.TASK,
        assignee="usr_a02",
        tags=["vip"],
        custom_fields={"fld_plan": "gold"},
    )
    (stored,) = fake.store.tickets.values()
    assert (made.id, stored.status, stored.priority, stored.kind) == (
        tkt(stored), Status.PENDING, Priority.URGENT, TicketKind.TASK,
    )  # fmt: skip
    assert (stored.tags, stored.custom_fields) == (("vip",), {"fld_plan": "gold"})
    assert (stored.requester.name, stored.assignee) == ("Ines", made.assignee)
    assert [(m.type, m.author.email, m.text) for m in stored.messages] == [
        (MessageType.REQUEST, CUSTOMER, "Stuck")
    ]
    assert fake.store.outbox == []


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "answer", "cause", "advice"),
    [
        (403, error_json("INSUFFICIENT_PERMISSION"), errors.PermissionDenied, "add_request"),
        (502, b"bad gateway", errors.OutcomeUnknown, "may not have been"),
    ],
)
async def test_a_ticket_whose_first_message_failed_is_partly_done(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught,
    status: int, answer: Any, cause: Any, advice: str,
) -> None:  # fmt: skip
    fake.script.add("POST", "/api/messages", answer, status)
    error = await caught(desk.create_ticket(subject="Help", requester=CUSTOMER, text="Stuck"))
    (stored,) = fake.store.tickets.values()
    assert isinstance(error, errors.PartlyDone)
    assert (error.ticket_id, type(error.failure), stored.messages) == (tkt(stored), cause, [])
    assert advice in str(error)


@pytest.mark.asyncio
async def test_a_ticket_that_was_refused_has_no_second_request(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    fake.script.add("POST", "/api/v1/tickets", error_json("BAD_REQUEST"), 400)
    error = await caught(desk.create_ticket(subject="Help", requester=CUSTOMER, text="Stuck"))
    assert type(error) is errors.ValidationFailed
    assert asked(fake.journal) == [("POST", "/api/v1/tickets", 400)]


@pytest.mark.asyncio
async def test_an_update_changes_what_was_given_and_clears_what_is_none(
    desk: Helpdesk, stored: StoredTicket
) -> None:
    stored.assignee, stored.tags = Party(id="usr_a02", role=Role.AGENT), ("vip",)
    made = await desk.update_ticket(tkt(stored), assignee=None, status=Status.RESOLVED)
    assert (stored.assignee, stored.tags, stored.status) == (None, ("vip",), Status.RESOLVED)
    assert (made.assignee, made.status) == (None, Status.RESOLVED)


@pytest.mark.asyncio
async def test_a_deleted_ticket_is_not_there_any_more(
    desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    await desk.delete_ticket(tkt(stored))
    assert type(await caught(desk.ticket(tkt(stored)))) is errors.NotFound
    assert stored.deleted_at is not None


@pytest.mark.asyncio
async def test_all_tickets_come_newest_first_over_several_pages(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    made = [tkt(new_ticket(fake.store)) for _ in range(231)]
    assert ids([ticket async for ticket in desk.tickets()]) == made[::-1]
    assert len(fake.journal) == 3


@pytest.mark.asyncio
async def test_a_list_goes_on_from_a_kept_cursor(fake: ScriptedFake, connect_to: Connect) -> None:
    made = [tkt(new_ticket(fake.store)) for _ in range(120)]
    first = connect_to(fake).tickets()
    pages = [page async for page in first.pages()]
    again = connect_to(fake).tickets(cursor=pages[0].next)
    assert ids([ticket async for ticket in again]) == made[19::-1]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"status": Status.CLOSED}, [0]),
        ({"assignee": "usr_a02"}, [1]),
        ({"tag": "VIP"}, [2]),
        ({"requester": PARTNER}, [3]),
    ],
)
async def test_a_filter_finds_its_ticket_among_many(
    fake: ScriptedFake, desk: Helpdesk, filters: Any, found: list[int]
) -> None:
    special = [
        new_ticket(fake.store, status=Status.CLOSED),
        new_ticket(fake.store, assignee=Party(id="usr_a02")),
        new_ticket(fake.store, tags=("vip",)),
        new_ticket(fake.store, requester=fake.store.person(PARTNER)),
    ]
    for _ in range(300):
        new_ticket(fake.store)
    tickets = [ticket async for ticket in desk.tickets(**filters)]
    assert ids(tickets) == [tkt(special[index]) for index in found]


@pytest.mark.asyncio
async def test_the_definitions_of_custom_fields_come_over_several_pages(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    fake.fields = [{"id": f"fld_{n}", "title": f"F{n}", "type": "text"} for n in range(130)]
    assert [f.name for f in await desk.custom_fields()] == [f"F{n}" for n in range(130)]


# -- messages --------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_status_priority_and_kind_are_set_with_the_message_in_one_request(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await desk.reply(
        tkt(stored),
        text="Hi",
        send_email=False,
        status=Status.RESOLVED,
        priority=Priority.LOW,
        kind=TicketKind.TASK,
    )
    assert (stored.status, stored.priority, stored.kind, len(stored.messages)) == (
        Status.RESOLVED, Priority.LOW, TicketKind.TASK, 2,
    )  # fmt: skip
    assert asked(fake.journal) == [("POST", "/api/messages", 201)]


@pytest.mark.asyncio
async def test_one_message_can_be_read_by_its_id(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    answer = add_message(fake.store, stored)
    found = await desk.message(tkt(stored), f"msg_{answer.id}")
    assert (found.id, found.ticket_id, found.type) == (
        f"msg_{answer.id}", tkt(stored), MessageType.RESPONSE,
    )  # fmt: skip


@pytest.mark.asyncio
async def test_a_message_of_another_ticket_is_not_found(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    other = new_ticket(fake.store).messages[0]
    error = await caught(desk.message(tkt(stored), f"msg_{other.id}"))
    assert type(error) is errors.NotFound


@pytest.mark.asyncio
@pytest.mark.parametrize("operation", ["reply", "note", "forward", "add_request"])
async def test_a_closed_ticket_takes_no_message(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, operation: str
) -> None:
    closed = new_ticket(fake.store, status=Status.CLOSED)
    more: dict[str, dict[str, Any]] = {
        "reply": {"send_email": True},
        "note": {},
        "forward": {"to": PARTNER},
        "add_request": {"author": CUSTOMER},
    }
    error = await caught(getattr(desk, operation)(tkt(closed), text="Hi", **more[operation]))
    assert (type(error), error.vendor_code) == (errors.TicketClosed, "TICKET_CLOSED")
    assert (len(closed.messages), fake.store.outbox) == (1, [])


# -- files -----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_file_is_refused_with_the_reason_and_unsent(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    support = desk.capabilities[Capability.SEND_ATTACHMENTS]
    files = [Upload("a.txt", data=b"hello")]
    error = await caught(desk.note(tkt(stored), text="Hi", attachments=files))
    assert (type(error), support.level) == (errors.UnsupportedCapability, Level.NONE)
    assert "documents no upload" in support.reason
    assert support.reason in str(error)
    assert fake.journal == []


@pytest.mark.asyncio
async def test_a_token_of_a_file_travels_through_extra(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    files = [{"token": "tok_1", "name": "a.txt", "size": 5}]
    await desk.reply(tkt(stored), text="Hi", send_email=False, extra={"attachments": files})
    assert (fake.journal[0].status, fake.journal[0].json()["attachments"]) == (201, files)


# -- rights and limits -----------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_viewer_reads_and_does_not_write(
    fake: ScriptedFake, connect_to: Connect, stored: StoredTicket, caught: Caught
) -> None:
    desk = connect_to(fake, session_token=fake.issue(role="viewer"))
    assert ids([m async for m in desk.messages(tkt(stored))]) == [f"msg_{stored.messages[0].id}"]
    error = await caught(desk.note(tkt(stored), text="Hi"))
    assert (type(error), error.status, len(stored.messages)) == (errors.PermissionDenied, 403, 1)


@pytest.mark.asyncio
async def test_a_read_key_reads_and_does_not_write(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    fake.level = "read"
    assert (await desk.ticket(tkt(stored))).id == tkt(stored)
    error = await caught(desk.update_ticket(tkt(stored), subject="New"))
    assert (type(error), error.vendor_code, stored.subject) == (
        errors.PermissionDenied, "INSUFFICIENT_API_PERMISSION", "Export stops",
    )  # fmt: skip


@pytest.mark.asyncio
async def test_the_401st_request_of_a_minute_is_told_how_long_to_wait(
    fake: ScriptedFake, clock: Clock, connect_to: Connect, stored: StoredTicket, caught: Caught
) -> None:
    desk, other = connect_to(fake), connect_to(fake)
    for _ in range(400):
        await desk.ticket(tkt(stored))
    clock.now += 20
    error = await caught(other.ticket(tkt(stored)))  # the desk itself would not ask any more
    assert (type(error), error.retry_after, error.retryable) == (errors.RateLimited, 40.0, True)


@pytest.mark.asyncio
async def test_after_the_wait_the_limit_is_open_again(
    fake: ScriptedFake, clock: Clock, connect_to: Connect, stored: StoredTicket, caught: Caught
) -> None:
    fake.limit = 2
    for _ in range(2):
        await connect_to(fake).ticket(tkt(stored))
    error = await caught(connect_to(fake).ticket(tkt(stored)))
    clock.now += error.retry_after or 0
    assert (await connect_to(fake).ticket(tkt(stored))).id == tkt(stored)
