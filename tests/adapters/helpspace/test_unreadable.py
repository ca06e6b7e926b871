"""An answer that cannot be understood costs one record or one call, and never hides what is."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk_bridge import Channel, Helpdesk, Party, Ticket, errors
from tests.adapters.doubles import CUSTOMER, Caught, drain, ids
from tests.adapters.helpspace.conftest import (
    ScriptedFake,
    collection,
    contact_json,
    media_json,
    message_json,
    ticket_json,
)

READ_ONE = "/tickets/48211"
MESSAGES = "/tickets/48211/messages"
FULL = Ticket(
    id="48211",
    subject="S",
    requester=Party(id="20931", email=CUSTOMER),
    channel=Channel(id="1", address="support@helpdesk.example"),
)
SENDS: dict[str, dict[str, Any]] = {
    "reply": {"send_email": True},
    "note": {},
    "forward": {"to": "x@a.example"},
    "add_request": {"author": CUSTOMER},
}

# -- records in a list -----------------------------------------------------------------------

BAD_TICKETS: list[tuple[Any, str]] = [
    ({"id": None}, ".id"),
    ({"id": ""}, ".id"),
    ({"id": True}, ".id"),
    ({"id": 1.5}, ".id"),
    ({"subject": 5}, ".subject"),
    ({"status": ["open"]}, ".status"),
    ({"from_contact": [1]}, ".from_contact"),
    ({"from_contact": contact_json(value=7)}, ".from_contact.value"),
    ({"channel": {"id": 1, "name": {}}}, ".channel.name"),
    ({"assignee": "Ada"}, ".assignee"),
    ({"team": 7}, ".team"),
    ({"tags": "bug"}, ".tags"),
    ({"tags": ["bug", 7]}, ".tags[1]"),
    ({"tags": [{"name": 7}]}, ".tags[0].name"),
    ({"custom_fields": [1]}, ".custom_fields"),
    ({"created_at": "yesterday"}, ".created_at"),
    ({"updated_at": 1750100733}, ".updated_at"),
    ({"deleted_at": False}, ".deleted_at"),
]
BAD_MESSAGES: list[tuple[Any, str]] = [
    ({"id": None}, ".id"),
    ({"type": {}}, ".type"),
    ({"body": ["<p>"]}, ".body"),
    ({"to": CUSTOMER}, ".to"),
    ({"to": [CUSTOMER, None]}, ".to[1]"),
    ({"from_contact": "Ines"}, ".from_contact"),
    ({"attachments": [media_json("attachment", 1), {}]}, ".attachments[1].id"),
    ({"inline_images": [media_json("inline", 1, size="big")]}, ".inline_images[0].size"),
    ({"created_at": "2025-06-16"}, ".created_at"),
]


@pytest.mark.asyncio
@pytest.mark.parametrize(("change", "where"), BAD_TICKETS)
async def test_a_bad_ticket_is_raised_with_its_path_when_it_is_reached_and_the_list_goes_on(
    fake: ScriptedFake, desk: Helpdesk, change: Any, where: str
) -> None:
    records = [ticket_json(id=n) for n in range(1, 7)]
    records[3] |= change
    fake.instead("GET", "/tickets", collection("tickets", records))
    pager = desk.tickets()
    found, error = await drain(pager)
    assert ids(found) == ["1", "2", "3"]
    assert isinstance(error, errors.ProtocolError)
    assert (error.path, error.items_read) == (f"$.data[3]{where}", 3)
    assert ids([ticket async for ticket in pager]) == ["5", "6"]


@pytest.mark.asyncio
async def test_a_bad_ticket_can_be_collected_with_its_raw_record(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    records = [ticket_json(id=n) for n in range(1, 7)]
    records[3]["created_at"] = "yesterday"
    fake.instead("GET", "/tickets", collection("tickets", records))
    pager = desk.tickets().collect_problems()
    assert ids([ticket async for ticket in pager]) == ["1", "2", "3", "5", "6"]
    (problem,) = pager.problems
    assert (problem.raw, problem.error.path) == (records[3], "$.data[3].created_at")


@pytest.mark.asyncio
async def test_a_page_with_a_bad_ticket_still_comes(fake: ScriptedFake, desk: Helpdesk) -> None:
    answer = collection("tickets", [ticket_json(id=1), "?", ticket_json(id=3)])
    fake.instead("GET", "/tickets", answer)
    page = await desk.tickets()
    assert (ids(page.items), [p.index for p in page.problems]) == (["1", "3"], [1])


@pytest.mark.asyncio
@pytest.mark.parametrize(("change", "where"), BAD_MESSAGES)
async def test_a_bad_message_is_raised_with_its_path_and_the_conversation_goes_on(
    fake: ScriptedFake, desk: Helpdesk, change: Any, where: str
) -> None:
    records = [message_json(id=n) for n in range(1, 7)]
    records[3] |= change
    fake.instead("GET", MESSAGES, collection(MESSAGES[1:], records))
    pager = desk.messages(FULL)
    found, error = await drain(pager)
    assert isinstance(error, errors.ProtocolError)
    assert (ids(found), error.path) == (["1", "2", "3"], f"$.data[3]{where}")
    assert ids([message async for message in pager]) == ["5", "6"]


@pytest.mark.asyncio
@pytest.mark.parametrize("order", [1, -1])
async def test_bad_messages_of_several_pages_come_after_all_that_can_be_read(
    fake: ScriptedFake, desk: Helpdesk, order: int
) -> None:
    records: list[Any] = [message_json(id=n) for n in range(1, 71)]
    records[3] |= {"body": 5}
    records[66] |= {"body": 6}
    pages = [records[:50], records[50:]]
    for number, part in [*enumerate(pages[::order], start=1)] * 2:  # without a count: read again
        fake.instead("GET", MESSAGES, collection("messages", part[::order], page=number, last=2))
    pager = desk.messages(FULL).collect_problems()
    found = ids([message async for message in pager])
    assert found == [str(n) for n in range(1, 71) if n not in (4, 67)]
    assert sorted(p.raw["body"] for p in pager.problems) == [5, 6]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "path"),
    [
        ([], "$"),
        ({}, "$.data"),
        ({"data": None}, "$.data"),
        ({"data": {}}, "$.data"),
        (b"", None),
        (b"<html>Sign in</html>", None),
        (b'{"data": [', None),
    ],
)
async def test_a_list_that_is_none_is_a_protocol_error(
    fake: ScriptedFake, desk: Helpdesk, answer: Any, path: str | None
) -> None:
    fake.instead("GET", "/tickets", answer)
    found, error = await drain(desk.tickets())
    assert isinstance(error, errors.ProtocolError)
    assert (found, error.path) == ([], path)


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", [b"", b"null", b"[]", b"{}", b'{"data": []}', b"<html>"])
async def test_one_ticket_or_message_that_is_none_is_a_protocol_error(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, answer: bytes
) -> None:
    fake.instead("GET", READ_ONE, answer)
    fake.instead("GET", f"{MESSAGES}/5", answer)
    found = [await caught(desk.ticket("48211")), await caught(desk.message(FULL, "5"))]
    assert [type(error) for error in found] == [errors.ProtocolError] * 2


# -- writes ----------------------------------------------------------------------------------

UNREADABLE: list[Any] = [
    b"",
    b"  ",
    b"OK",
    b"<html>done</html>",
    b'{"data": {"id": 1}',
    [],
    {},
    {"data": None},
    {"data": []},
    {"data": {}},
    {"data": {"id": None}},
    {"data": {"id": ""}},
    {"data": {"id": [1]}},
    {"message": "Created."},
]


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", UNREADABLE)
@pytest.mark.parametrize("operation", SENDS)
async def test_a_message_whose_answer_lacks_an_id_has_an_unknown_outcome(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, operation: str, answer: Any
) -> None:
    fake.instead("GET", READ_ONE, {"data": ticket_json()})
    fake.instead("POST", MESSAGES, answer, status=201)
    error = await caught(getattr(desk, operation)(FULL, text="T", **SENDS[operation]))
    assert isinstance(error, errors.OutcomeUnknown)
    known = (error.ticket_id, error.status, error.cause, len(fake.journal))
    assert known == ("48211", 201, "ProtocolError", 2)


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", UNREADABLE)
async def test_a_ticket_whose_answer_lacks_an_id_has_an_unknown_outcome(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, answer: Any
) -> None:
    fake.instead("POST", "/tickets", answer, status=201)
    error = await caught(desk.create_ticket(subject="S", requester=CUSTOMER, text="T"))
    assert (type(error), len(fake.journal)) == (errors.OutcomeUnknown, 1)


@pytest.mark.asyncio
@pytest.mark.parametrize("odd", [change for change, _ in BAD_MESSAGES if "id" not in change])
@pytest.mark.parametrize("operation", SENDS)
async def test_a_message_with_an_id_was_sent_however_odd_the_rest_of_its_answer(
    fake: ScriptedFake, desk: Helpdesk, operation: str, odd: Any
) -> None:
    fake.instead("GET", READ_ONE, {"data": ticket_json()})
    fake.instead("POST", MESSAGES, {"data": message_json(id=305999, **odd)}, status=201)
    sent = await getattr(desk, operation)(FULL, text="T", **SENDS[operation])
    assert (sent.ticket_id, sent.id, sent.message) == ("48211", "305999", None)


@pytest.mark.asyncio
async def test_an_update_that_answers_oddly_can_be_repeated_and_says_so(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    fake.instead("PATCH", READ_ONE, b"")
    error = await caught(desk.update_ticket("48211", subject="S"))
    assert type(error) is errors.ProtocolError
