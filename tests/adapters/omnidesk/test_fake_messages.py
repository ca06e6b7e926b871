"""Who is mailed, what joins a ticket and what waits: told by the Store behind Omnidesk's fake."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from helpdesk_bridge import Audience, Channel, Helpdesk, MessageType, Party, Status, Upload, errors
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.doubles import CUSTOMER, Caught, Connect, ids, new_ticket
from tests.adapters.omnidesk.conftest import PARTNER, ScriptedFake, posted, said_json

# -- who is mailed ---------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_reply_is_exactly_one_mail_to_the_requester(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await desk.reply(str(stored.id), text="We look.", send_email=True)
    assert [mail.recipients for mail in fake.store.outbox] == [{CUSTOMER}]
    assert [m.type for m in stored.messages] == [MessageType.REQUEST, MessageType.RESPONSE]
    assert len(fake.posts()) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [500, 502, 408])
async def test_a_reply_in_doubt_is_not_sent_again(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught, status: int
) -> None:
    fake.script.add("POST", "/message", b"", status)
    error = await caught(desk.reply(str(stored.id), text="We look.", send_email=True))
    assert (type(error), error.retryable) == (errors.OutcomeUnknown, False)
    assert len(fake.posts()) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("timeline", [..., 7, "", {}])
async def test_a_reply_whose_timeline_cannot_be_read_fails_before_it_is_sent(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught, timeline: Any
) -> None:
    item = {**fake._full(stored), "timeline": timeline}
    shown = {key: value for key, value in item.items() if value is not ...}
    fake.script.add("GET", f"/ticket/{stored.id}", {"item": shown})
    error = await caught(desk.reply(str(stored.id), text="We look.", send_email=True))
    assert (type(error), fake.posts(), fake.store.outbox) == (errors.ProtocolError, [], [])


@pytest.mark.asyncio
async def test_a_reply_that_mails_nobody_is_refused_without_a_request(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    error = await caught(desk.reply(str(stored.id), text="We look.", send_email=False))
    assert (type(error), fake.journal) == (errors.UnsupportedCapability, [])


@pytest.mark.asyncio
async def test_a_reply_sets_the_status_in_the_same_request(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await desk.reply(str(stored.id), text="Done now.", send_email=True, status=Status.RESOLVED)
    assert (stored.status, len(fake.posts())) == (Status.RESOLVED, 1)


@pytest.mark.asyncio
async def test_a_forward_is_mailed_to_the_partner_only(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await desk.forward(
        str(stored.id), to=PARTNER, text="Please check", extra={"forwardedFileIDs": [77]}
    )
    assert [mail.recipients for mail in fake.store.outbox] == [{PARTNER}]
    assert stored.messages[-1].audience is Audience.FORWARD
    assert posted(fake)["forwardedFileIDs[0]"] == "77"


@pytest.mark.asyncio
@pytest.mark.parametrize("channel", ["8", "7"])
async def test_a_forward_off_e_mail_is_refused_unsent(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught, channel: str
) -> None:
    stored.channel = Channel(id=channel, name="chat")
    error = await caught(desk.forward(str(stored.id), to=PARTNER, text="Please check"))
    assert (type(error), fake.posts()) == (errors.InvalidArgument, [])


# -- the customer's own words ----------------------------------------------------------------


@pytest.mark.asyncio
async def test_an_added_request_joins_its_ticket_and_mails_nobody(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    new_ticket(fake.store)
    author = Party(name="Ines", email=CUSTOMER)
    files = [Upload("a.bin", data=b"\x00\xff")]
    await desk.add_request(str(stored.id), author=author, text="Me too", attachments=files)
    last = stored.messages[-1]
    assert (len(fake.store.tickets), last.type, last.author.email, last.html) == (
        2, MessageType.REQUEST, CUSTOMER, "<p>Me too</p>",
    )  # fmt: skip
    assert ([file.content for file in last.files], fake.store.outbox) == ([b"\x00\xff"], [])


@pytest.mark.asyncio
async def test_the_same_words_twice_are_two_requests(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    for _ in range(2):
        await desk.add_request(str(stored.id), author=CUSTOMER, text="Me too")
    assert [m.text or m.html for m in stored.messages[1:]] == ["<p>Me too</p>"] * 2


@pytest.mark.asyncio
async def test_a_request_without_the_tickets_external_id_would_open_another_ticket(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    for number in (None, "", "0", 0):
        item = {**fake._full(stored), "external_id": number}
        fake.script.add("GET", f"/ticket/{stored.id}", {"item": item})
        error = await caught(desk.add_request(str(stored.id), author=CUSTOMER, text="Me too"))
        assert (type(error), fake.posts()) == (errors.InvalidArgument, [])


@pytest.mark.asyncio
async def test_many_files_arrive_in_their_order(desk: Helpdesk, stored: StoredTicket) -> None:
    files = [Upload("a.bin", data=bytes([number])) for number in range(12)]
    await desk.add_request(str(stored.id), author=CUSTOMER, text="Me too", attachments=files)
    assert b"".join(file.content for file in stored.messages[-1].files) == bytes(range(12))


# -- the order of a timeline -----------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("turned", [False, True])
async def test_a_conversation_is_oldest_first_whatever_the_order_of_the_timeline(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, turned: bool
) -> None:
    times = ["2026-02-03 10:00:00", "2026-02-03 10:00:01", "2026-02-03 10:00:01", None]
    entries = [
        said_json("inbound", id=n, created_at=at, ticket_id=stored.id)
        for n, at in enumerate(times, start=1)
    ]
    item = {**fake._full(stored), "timeline": entries[::-1] if turned else entries}
    fake.script.add("GET", f"/ticket/{stored.id}", {"item": item})
    found = ids([message async for message in desk.messages(str(stored.id))])
    assert found == ["message-1", "message-2", "message-3", "message-4"]


@pytest.mark.asyncio
@pytest.mark.parametrize("turned", [False, True])
async def test_a_reply_answers_the_customers_last_message(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, turned: bool
) -> None:
    entries = [
        said_json("inbound", id="3", created_at="2026-02-03 10:00:00"),
        said_json("inbound", id=11, created_at="2026-02-03 10:00:01"),
        said_json("outbound", id=12, created_at="2026-02-03 10:00:02"),
        said_json("inbound", id="9" * 5000, created_at="2026-02-03 10:00:03"),
    ]
    item = {**fake._full(stored), "timeline": entries[::-1] if turned else entries}
    fake.script.add("GET", f"/ticket/{stored.id}", {"item": item})
    await desk.reply(str(stored.id), text="We look.", send_email=True)
    assert posted(fake)["respondMessageID"] == "11"


# -- a ticket the desk began -----------------------------------------------------------------


@pytest.mark.asyncio
async def test_on_a_ticket_the_desk_began_a_reply_names_whom_it_is_for(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    item = {**fake._full(stored), "direction": "outbound"}
    fake.script.add("GET", f"/ticket/{stored.id}", {"item": item}, times=2)
    error = await caught(desk.reply(str(stored.id), text="We look.", send_email=True))
    assert (type(error), fake.posts()) == (errors.InvalidArgument, [])
    await desk.reply(str(stored.id), text="We look.", send_email=True, to=CUSTOMER)
    assert [mail.recipients for mail in fake.store.outbox] == [{CUSTOMER}]


@pytest.mark.asyncio
async def test_another_tickets_answer_is_no_ground_for_a_reply(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    other = new_ticket(fake.store, requester=fake.store.person(PARTNER))
    fake.script.add("GET", f"/ticket/{stored.id}", {"item": fake._full(other)})
    error = await caught(desk.reply(str(stored.id), text="We look.", send_email=True))
    assert (type(error), fake.posts()) == (errors.ProtocolError, [])


# -- later -----------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("zone", "at", "written"),
    [
        ("Europe/Amsterdam", datetime(2026, 7, 1, 8, tzinfo=UTC), "2026-07-01 10:00:00"),
        ("Europe/Amsterdam", datetime(2026, 12, 1, 8, tzinfo=UTC), "2026-12-01 09:00:00"),
        ("America/New_York", datetime(2026, 7, 1, 2, tzinfo=UTC), "2026-06-30 22:00:00"),
        ("Europe/Amsterdam", datetime(2026, 3, 29, 1, tzinfo=UTC), "2026-03-29 03:00:00"),
    ],
)
async def test_a_scheduled_reply_is_timed_in_the_accounts_zone_and_not_mailed_yet(
    fake: ScriptedFake, connect_to: Connect, stored: StoredTicket,
    zone: str, at: datetime, written: str,
) -> None:  # fmt: skip
    desk = connect_to(fake, timezone=zone)
    await desk.reply(str(stored.id), text="We look.", send_email=True, send_at=at)
    assert fake.scheduled == [(stored.messages[-1].id, written)]
    assert fake.store.outbox == []


@pytest.mark.asyncio
@pytest.mark.parametrize("hour", [0, 1])
async def test_the_hour_that_autumn_has_twice_is_refused_unsent(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught, hour: int
) -> None:
    at = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
    error = await caught(desk.reply(str(stored.id), text="We look.", send_email=True, send_at=at))
    assert (type(error), fake.journal) == (errors.InvalidArgument, [])
