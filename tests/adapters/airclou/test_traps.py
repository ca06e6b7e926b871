"""Where Airclou's pages mislead or contradict each other: a test for each trap, by number."""

from __future__ import annotations

from typing import Any

import pytest
from helpdesk_bridge_airclou import wire

from helpdesk_bridge import Audience, Helpdesk, MessageType, Party, Role, Status, errors, kit
from helpdesk_bridge.model import Capability
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.airclou.conftest import (
    PARTNER,
    ScriptedFake,
    error_json,
    message_json,
    ticket_json,
    tkt,
)
from tests.adapters.doubles import CUSTOMER, Caught, Connect, add_message, asked, ids, new_ticket


def reads_message(**changes: Any) -> Any:
    return kit.read(message_json(**changes), wire.MessageJson).to_message("tkt_1")


def reads_ticket(**changes: Any) -> Any:
    return kit.read(ticket_json(**changes), wire.TicketJson).to_ticket()


@pytest.mark.asyncio
async def test_trap_1_a_response_that_does_not_say_so_would_be_mailed(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    body = {"ticket_id": tkt(stored), "type": "response", "content": "Hi"}
    await desk.raw("POST", "api", "messages", json=body)
    assert [mail.recipients for mail in fake.store.outbox] == [{CUSTOMER}]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("operation", "arguments", "mailed"),
    [
        ("reply", {"send_email": True}, True),
        ("reply", {"send_email": False}, False),
        ("note", {}, False),
        ("forward", {"to": PARTNER}, True),
        ("add_request", {"author": CUSTOMER}, False),
    ],
)
async def test_trap_1_every_message_says_whether_it_is_mailed(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket,
    operation: str, arguments: Any, mailed: bool,
) -> None:  # fmt: skip
    await getattr(desk, operation)(tkt(stored), text="Hi", **arguments)
    assert fake.journal[-1].json()["send_email"] is mailed


@pytest.mark.asyncio
async def test_trap_1_the_first_words_of_a_ticket_are_not_mailed(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    await desk.create_ticket(subject="Help", requester=CUSTOMER, text="Stuck")
    assert fake.journal[-1].json()["send_email"] is False


@pytest.mark.asyncio
async def test_trap_2_a_forward_is_written_as_a_response_that_says_so(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await desk.forward(tkt(stored), to=PARTNER, text="FYI")
    body = fake.journal[0].json()
    assert (body["type"], body["is_forward"], stored.messages[-1].audience) == (
        "response",
        True,
        Audience.FORWARD,
    )


@pytest.mark.asyncio
async def test_trap_2_a_forward_reads_as_a_response_because_nothing_marks_it(
    desk: Helpdesk, stored: StoredTicket
) -> None:
    await desk.forward(tkt(stored), to=PARTNER, text="FYI")
    *_, last = [message async for message in desk.messages(tkt(stored))]
    assert (last.type, last.audience, last.to) == (MessageType.RESPONSE, Audience.EXTERNAL, ())


@pytest.mark.asyncio
async def test_trap_3_each_half_is_written_in_its_own_spelling(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    await desk.create_ticket(subject="Help", requester=CUSTOMER, text="Stuck")
    ticket, message = (exchange.json() for exchange in fake.journal)
    assert set(ticket["ticket"]) == {"subject", "requesterEmail"}
    assert set(message) == {"ticket_id", "type", "content", "text_content", "send_email"}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("TICKET_CLOSED", errors.TicketClosed),
        ("CLOSED_STATUS_SYSTEM_ONLY", errors.StatusNotAllowed),
        ("INSUFFICIENT_API_PERMISSION", errors.PermissionDenied),
    ],
)
async def test_trap_4_a_403_is_told_apart_by_its_code(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, code: str, kind: Any
) -> None:
    fake.script.add("POST", "/api/messages", error_json(code), 403)
    assert type(await caught(desk.note("tkt_1", text="Hi"))) is kind


@pytest.mark.asyncio
async def test_trap_5_closed_is_read_and_filtered_by_but_never_written(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    closed = new_ticket(fake.store, status=Status.CLOSED)
    (ticket,) = [ticket async for ticket in desk.tickets(status=Status.CLOSED)]
    error = await caught(desk.update_ticket(ticket, status=Status.CLOSED))
    assert (ticket.id, ticket.status) == (tkt(closed), Status.CLOSED)
    assert (type(error), len(fake.journal)) == (errors.StatusNotAllowed, 1)


@pytest.mark.parametrize(
    "capability",
    [Capability.CREATE_TICKET, Capability.UPDATE_TICKET, Capability.REPLY_WITH_STATUS],
)
def test_trap_5_the_limits_say_so(
    fake: ScriptedFake, connect_to: Connect, capability: Capability
) -> None:
    writable = {Status.NEW, Status.OPEN, Status.PENDING, Status.RESOLVED}
    assert connect_to(fake).capabilities[capability].limits.statuses == writable


@pytest.mark.asyncio
async def test_trap_6_pages_are_asked_for_in_a_size_that_both_pages_allow(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    await desk.tickets()
    await desk.custom_fields()
    assert [e.values("page_size") for e in fake.journal] == [["100"], ["100"]]
    assert not [name for e in fake.journal for name, _ in e.query if "[" in name]


@pytest.mark.asyncio
async def test_trap_7_the_link_to_the_next_page_is_used_for_its_cursor_only(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    made = [tkt(new_ticket(fake.store)) for _ in range(101)]
    link = (await desk.raw("GET", "api", "v1", "tickets", query={"page_size": "100"}))["links"]
    assert link["next"].startswith("/api/v1/")
    assert ids([ticket async for ticket in desk.tickets()]) == made[::-1]
    assert asked(fake.journal[1:]) == [("GET", "/api/v1/tickets", 200)] * 2


@pytest.mark.asyncio
async def test_trap_8_an_address_is_written_in_the_shape_of_its_place(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    made = await desk.create_ticket(
        subject="Help", requester=Party(name="Ines", email=CUSTOMER), text="Stuck"
    )
    await desk.forward(made, to=Party(name="Lab", email=PARTNER), cc=CUSTOMER, text="FYI")
    ticket, forward = fake.journal[0].json()["ticket"], fake.journal[2].json()
    assert (ticket["requesterEmail"], ticket["requesterName"]) == (CUSTOMER, "Ines")
    assert forward["recipients"] == [{"email": PARTNER, "name": "Lab"}]
    assert forward["ccs"] == [{"email": CUSTOMER, "name": CUSTOMER}]


def test_trap_8_an_address_is_read_from_the_shape_of_its_place() -> None:
    requester, (copy,) = reads_ticket().requester, reads_message().cc
    assert (requester.email, requester.name) == (CUSTOMER, "Ines Okafor")
    assert copy == Party(name="Li", email="li@northpier.example")


@pytest.mark.parametrize(
    ("word", "kind", "audience", "role"),
    [
        ("request", MessageType.REQUEST, Audience.EXTERNAL, Role.CUSTOMER),
        ("response", MessageType.RESPONSE, Audience.EXTERNAL, Role.AGENT),
        ("note", MessageType.NOTE, Audience.INTERNAL, Role.AGENT),
        ("survey", MessageType.UNKNOWN, Audience.UNKNOWN, Role.UNKNOWN),
        (None, MessageType.UNKNOWN, Audience.UNKNOWN, Role.UNKNOWN),
    ],
)
def test_trap_9_who_wrote_follows_from_the_type(
    word: str | None, kind: MessageType, audience: Audience, role: Role
) -> None:
    message = reads_message(type=word)
    assert (message.type, message.audience, message.vendor_type) == (kind, audience, word or "")
    assert message.author == Party(id="usr_c91", role=role)


@pytest.mark.asyncio
async def test_trap_10_a_new_message_is_found_by_polling(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    tickets = [new_ticket(fake.store) for _ in range(120)]
    since = fake.store.clock()
    add_message(fake.store, tickets[3])
    changed = [ticket async for ticket in desk.tickets(updated_since=since)]
    assert ids(changed) == [tkt(tickets[3])]


# -- shapes that nobody documents ------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"id": 7}, ("7", None, None, None)),
        ({"token": "tok_1", "name": "a"}, ("tok_1", "a", None, None)),
        ({"id": "", "token": "tok_1"}, ("tok_1", None, None, None)),
        ({"id": "att_1", "size": "812", "mimeType": 5}, ("att_1", None, None, None)),
        ({"id": True, "size": True}, ("", None, None, None)),
        ("att_1", ("att_1", None, None, None)),
        ({}, ("", None, None, None)),
        (None, ("", None, None, None)),
    ],
)
def test_a_file_of_any_shape_leaves_the_message_readable(given: Any, read: Any) -> None:
    message = reads_message(attachments=[given])
    (file,) = message.attachments
    assert (file.id, file.name, file.mime_type, file.size) == read
    assert message.raw["attachments"] == [given]


@pytest.mark.parametrize("word", ["Pending", "PENDING"])
def test_a_status_is_known_in_any_case(word: str) -> None:
    assert (reads_ticket(status=word).status, reads_ticket(status=word).vendor_status) == (
        Status.PENDING,
        word,
    )


def test_what_is_missing_or_null_is_not_guessed() -> None:
    bare = kit.read({"id": "tkt_1"}, wire.TicketJson).to_ticket()
    nulls = kit.read({**dict.fromkeys(ticket_json()), "id": "tkt_1"}, wire.TicketJson)
    assert bare == nulls.to_ticket()
    assert (bare.status, bare.priority, bare.kind, bare.assignee, bare.created_at) == (
        Status.UNKNOWN,
        None,
        None,
        None,
        None,
    )
