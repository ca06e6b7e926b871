"""What is written: who is mailed, what RT left out without a word, and files byte for byte."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from helpdesk_bridge_request_tracker.kept import judged

from helpdesk_bridge import (
    Attachment,
    Helpdesk,
    InvalidArgument,
    MessageType,
    NotFound,
    Outcome,
    OutcomeUnknown,
    PartlyDone,
    Party,
    PermissionDenied,
    Priority,
    Status,
    StatusNotAllowed,
    Ticket,
    UnsupportedCapability,
    Upload,
    ValidationFailed,
    VendorUnavailable,
)
from tests.adapters.doubles import Caught, asked
from tests.adapters.request_tracker.conftest import (
    AGENT,
    CUSTOMER,
    RequestTrackerDouble,
    user_json,
)

pytestmark = pytest.mark.asyncio
DENIED = "Ticket 4: Permission Denied"


async def create(desk: Helpdesk, **changes: Any) -> Any:
    return await desk.create_ticket(
        **{"subject": "Invoice", "requester": CUSTOMER, "text": "Paid twice.", **changes}
    )


# -- new tickets -----------------------------------------------------------------------------


async def test_a_new_ticket_keeps_rts_answer_from_its_requestor(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    ticket = await create(desk)
    assert (ticket.id, ticket.requester.email) == ("5", CUSTOMER)
    assert fake.bodies == [
        {
            "Queue": "General",
            "Subject": "Invoice",
            "Requestor": CUSTOMER,
            "TransSquelchMailTo": {"type": "user", "id": [CUSTOMER], "_url": "-"},
            "Content": "<p>Paid twice.</p>",
            "ContentType": "text/html",
        }
    ]


@pytest.mark.parametrize(
    "address", ["ünal@b.example", "a..b@b.example", "a.@b.example", "x@münchen.example", "b@x..y"]
)
async def test_a_requester_whom_rt_would_drop_is_refused_unsent(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught, address: str
) -> None:
    assert isinstance(await caught(create(desk, requester=address)), InvalidArgument)
    assert fake.journal == []


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (["b", "a"], ["a", "b"]),
        (("a", "b"), ["a", "b"]),
        (5, ["5"]),
        (None, []),
        ("2026-01-02 10:00:00", ["2026-01-02T10:00:00Z"]),
    ],
)
async def test_a_custom_field_may_be_shown_in_another_way(given: Any, shown: list[str]) -> None:
    fields = [{"id": "7", "name": "Place", "values": shown}]
    ticket = Ticket(id="4", raw={"CustomFields": fields})
    for body in ({"CustomFields": {"Place": given}}, {"CustomFields": {"Place": "other"}}):
        found = judged(body, ticket, before=None)
        assert (found.failure(tuple) is None) == (body["CustomFields"]["Place"] == given)


async def test_a_status_of_another_lifecycle_is_set_by_its_own_word(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    fake.tickets[4]["Status"] = "waiting"
    ticket = await desk.update_ticket("4", extra={"Status": "Waiting"})
    assert ticket.vendor_status.lower() == "waiting"


async def test_a_new_ticket_takes_what_it_is_given(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    ticket = await create(
        desk,
        requester=Party(name='Ines "O" Okafor', email=CUSTOMER),
        status=Status.RESOLVED,
        priority=Priority.HIGH,
        assignee=Party(id=AGENT),
        team="Billing",
        custom_fields={"Severity": "high"},
    )
    (body,) = fake.bodies
    assert body["Requestor"] == f'"Ines \\"O\\" Okafor" <{CUSTOMER}>'
    assert (ticket.status, ticket.priority) == (Status.RESOLVED, Priority.HIGH)
    assert (ticket.team, ticket.custom_fields) == ("Billing", {"Severity": ["high"]})
    assert ticket.assignee is not None


@pytest.mark.parametrize(
    ("name", "left_out"),
    [("Owner", "Owner"), ("Requestor", "Requestor"), ("CustomFields", "CustomFields.Severity")],
)
async def test_what_rt_left_out_of_a_new_ticket_is_told(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught, name: str, left_out: str
) -> None:
    fake.is_error = {name}
    error = await caught(
        create(
            desk,
            requester="other@customer.example",
            assignee=Party(id=AGENT),
            custom_fields={"Severity": "high"},
        )
    )
    assert isinstance(error, PartlyDone)
    assert (error.ticket_id, left_out in str(error)) == ("5", True)


@pytest.mark.parametrize("key", ["Cc", "AdminCc", "CustomRoles", "TransSquelchMailTo", "Queue"])
async def test_extra_cannot_have_a_new_ticket_mail_anybody(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught, key: str
) -> None:
    assert isinstance(await caught(create(desk, extra={key: "x@y.example"})), InvalidArgument)
    assert fake.journal == []


# -- changes ---------------------------------------------------------------------------------


async def test_a_change_is_sent_and_read_back(fake: RequestTrackerDouble, desk: Helpdesk) -> None:
    ticket = await desk.update_ticket(
        "4",
        subject="Other",
        status=Status.ON_HOLD,
        assignee=Party(id="ADA"),
        team="billing",
        priority=Priority.NORMAL,
        custom_fields={"Severity": None},
    )
    assert (ticket.subject, ticket.status) == ("Other", Status.ON_HOLD)
    assert fake.bodies == [
        {
            "Subject": "Other",
            "Status": "stalled",
            "Owner": "ADA",
            "Queue": "billing",
            "Priority": "50",
            "CustomFields": {"Severity": None},
        }
    ]


async def test_an_owner_is_cleared_with_the_name_of_nobody(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    fake.tickets[4]["Owner"] = user_json(AGENT)
    assert (await desk.update_ticket("4", assignee=None)).assignee is None
    assert fake.bodies == [{"Owner": "Nobody"}]


@pytest.mark.parametrize(
    ("change", "refused", "said", "kind"),
    [
        ({"status": Status.CLOSED}, "Status", "Ticket 4: Status 'x' isn't valid", StatusNotAllowed),
        ({"status": Status.CLOSED}, "Status", DENIED, PermissionDenied),
        ({"subject": "Other"}, "Subject", DENIED, PermissionDenied),
        ({"assignee": Party(id="no")}, "Owner", "That user does not exist", ValidationFailed),
        ({"team": "Nope"}, "Queue", "Queue Nope does not exist", ValidationFailed),
        ({"priority": Priority.HIGH}, "Priority", "", ValidationFailed),
        ({"custom_fields": {"Nope": "1"}}, "CustomFields", "", ValidationFailed),
    ],
)
async def test_a_200_that_changed_nothing_is_a_refusal(
    fake: RequestTrackerDouble,
    desk: Helpdesk,
    caught: Caught,
    change: dict[str, Any],
    refused: str,
    said: str,
    kind: type[Exception],
) -> None:
    fake.is_error, fake.said = {refused}, [said]
    error = await caught(desk.update_ticket("4", **change))
    assert type(error) is kind
    assert error.outcome is Outcome.REJECTED
    assert said in str(error)


async def test_a_change_that_was_made_in_part_is_told(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught
) -> None:
    fake.is_error = {"Status"}
    fake.said = ["Ticket 4: Subject changed from 'secret' to 'Other'", DENIED]
    error = await caught(desk.update_ticket("4", subject="Other", status=Status.RESOLVED))
    assert isinstance(error, PartlyDone)
    assert isinstance(error.failure, PermissionDenied)
    assert error.ticket_id == "4"
    assert "secret" not in str(error)


@pytest.mark.parametrize("change", [{"team": None}, {"priority": None}])
async def test_what_rt_has_no_way_to_say_is_refused_unsent(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught, change: dict[str, Any]
) -> None:
    assert isinstance(await caught(desk.update_ticket("4", **change)), InvalidArgument)
    assert fake.journal == []


async def test_a_ticket_is_deleted_by_its_status_and_read_afterwards(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught
) -> None:
    await desk.delete_ticket("4")
    assert fake.bodies == [{"Status": "deleted"}]
    assert (await desk.ticket("4")).status is Status.DELETED
    fake.tickets[4]["Status"], fake.is_error, fake.said = "open", {"Status"}, [DENIED]
    assert isinstance(await caught(desk.delete_ticket("4")), PermissionDenied)
    assert isinstance(await caught(desk.delete_ticket("9999")), NotFound)


# -- messages --------------------------------------------------------------------------------


async def test_a_reply_is_correspondence_and_a_note_is_a_comment(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    ticket = await desk.ticket("4")
    sent = await desk.reply(ticket, html="<p>Refunded.</p>", send_email=True)
    noted = await desk.note(ticket, text="Checked.")
    assert [path for method, path, _ in asked(fake.journal) if method == "POST"] == [
        "/ticket/4/correspond",
        "/ticket/4/comment",
    ]
    assert fake.bodies == [
        {"Content": "<p>Refunded.</p>", "ContentType": "text/html"},
        {"Content": "<p>Checked.</p>", "ContentType": "text/html"},
    ]
    read = {m.id: m.type async for m in desk.messages("4")}
    assert read == {sent.id: MessageType.RESPONSE, noted.id: MessageType.NOTE}


async def test_a_refused_note_never_becomes_a_reply(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught
) -> None:
    fake.is_error = {"Comment"}
    assert isinstance(await caught(desk.note("4", text="Checked.")), PermissionDenied)
    assert [path for _, path, _ in asked(fake.journal) if "correspond" in path] == []
    assert fake.history == []


async def test_a_message_to_no_ticket_is_not_found(desk: Helpdesk, caught: Caught) -> None:
    assert isinstance(await caught(desk.note("9999", text="Checked.")), NotFound)
    assert isinstance(await caught(desk.reply("9999", text="x", send_email=True)), NotFound)


async def test_a_refusal_stays_one_though_its_reason_cannot_be_read(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught
) -> None:
    fake.is_error = {"Comment"}
    fake.tickets[4]["Requestor"] = []
    del fake.tickets[4]["Owner"]["id"]
    error = await caught(desk.note("4", text="Checked."))
    assert (type(error), error.outcome) == (PermissionDenied, Outcome.REJECTED)


async def test_a_reply_that_would_reach_nobody_is_refused(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught
) -> None:
    fake.tickets[4]["Requestor"] = []
    error = await caught(desk.reply("4", text="Refunded.", send_email=True))
    assert isinstance(error, InvalidArgument)
    assert fake.history == []


@pytest.mark.parametrize(
    "key", ["Cc", "Bcc", "AdminCc", "Requestor", "Owner", "CustomRoles", "RT::CustomRole-1", "cc"]
)
async def test_extra_cannot_change_who_is_on_the_ticket(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught, key: str
) -> None:
    """T7: RT takes these with a message for a change of the ticket's people, and keeps them."""
    extra = {key: "x@y.example"}
    for call in (
        desk.note("4", text="x", extra=extra),
        desk.reply("4", text="x", send_email=True, extra=extra),
    ):
        assert isinstance(await caught(call), InvalidArgument)
    assert fake.journal == []


async def test_time_may_be_booked_with_a_note(fake: RequestTrackerDouble, desk: Helpdesk) -> None:
    await desk.note("4", text="x", extra={"TimeTaken": 15})
    assert fake.bodies[0]["TimeTaken"] == 15


@pytest.mark.parametrize(
    "options", [{"to": "a@b.example"}, {"cc": "a@b.example"}, {"bcc": "a@b.c"}]
)
async def test_one_time_recipients_are_refused(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught, options: dict[str, str]
) -> None:
    error = await caught(desk.reply("4", text="x", send_email=True, **options))
    assert isinstance(error, UnsupportedCapability)
    assert fake.journal == []


async def test_a_status_rides_with_a_reply(fake: RequestTrackerDouble, desk: Helpdesk) -> None:
    await desk.reply("4", text="Done.", send_email=True, status=Status.RESOLVED)
    assert len(fake.history) == 1
    assert fake.bodies[0]["Status"] == "resolved"
    assert (await desk.ticket("4")).status is Status.RESOLVED


async def test_a_reply_whose_status_was_refused_says_that_it_was_sent(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught
) -> None:
    fake.is_error, fake.said = {"Status"}, ["Status 'resolved' isn't a valid status"]
    error = await caught(desk.reply("4", text="Done.", send_email=True, status=Status.RESOLVED))
    assert isinstance(error, PartlyDone)
    assert (error.ticket_id, error.message_id) == ("4", "100")
    assert isinstance(error.failure, StatusNotAllowed)


@pytest.mark.parametrize("location", ["", "/REST/2.0/ticket/4", "http://x.example/transaction/"])
async def test_an_accepted_reply_without_an_id_is_not_repeated(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught, location: str
) -> None:
    fake.location = location
    error = await caught(desk.reply("4", text="Done.", send_email=True))
    assert isinstance(error, OutcomeUnknown)
    assert len(fake.history) == 1


async def test_the_digit_nought_is_not_taken_for_nothing(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    await desk.note("4", html="0")
    assert fake.bodies[0]["Content"] == "<p>0</p>"


# -- files -----------------------------------------------------------------------------------


async def test_files_go_up_as_multipart(fake: RequestTrackerDouble, desk: Helpdesk) -> None:
    data = bytes(range(256))
    files = [Upload("дата.bin", data=data), Upload("a.txt", data="grüß\r\n".encode())]
    await desk.note("4", text="Größe 👩‍💻", attachments=files)
    assert fake.bodies[0]["Content"] == "<p>Größe 👩‍💻</p>"
    assert [
        (part.get_filename(), part.get_content_type(), part.get_payload(decode=True))
        for part in fake.uploads
    ] == [
        ("дата.bin", "application/octet-stream", data),
        ("a.txt", "text/plain", "grüß\r\n".encode()),
    ]


@pytest.mark.parametrize("data", ["grüß".encode("latin-1"), b"a\0b\0", b"\xff\xfea\0"])
async def test_text_that_rt_would_rewrite_goes_up_as_bytes(
    fake: RequestTrackerDouble, desk: Helpdesk, data: bytes
) -> None:
    await desk.note("4", text="x", attachments=[Upload("a.txt", "text/plain", data)])
    assert fake.uploads[0].get_content_type() == "application/octet-stream"
    assert fake.uploads[0].get_payload(decode=True) == data


@pytest.mark.parametrize(
    "file",
    [
        Upload("empty.txt", data=b""),
        Upload("0", data=b"x"),
        Upload("a.png", "image/png", b"x", content_id="chart@desk"),
    ],
)
async def test_files_that_rt_does_not_take_are_refused_unsent(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught, file: Upload
) -> None:
    html = '<p>x <img src="cid:chart@desk"></p>'
    for call in (
        desk.note("4", html=html, attachments=[file]),
        create(desk, text=None, html=html, attachments=[file]),
    ):
        assert isinstance(await caught(call), InvalidArgument)
    assert [entry for entry in asked(fake.journal) if entry[0] != "GET"] == []


async def test_a_file_comes_down_as_it_is(fake: RequestTrackerDouble, desk: Helpdesk) -> None:
    data = bytes(range(256)) * 3
    fake.files["40"] = {"id": 40, "Content": base64.encodebytes(data).decode()}
    async with desk.open_attachment(Attachment(id="40", size=len(data))) as chunks:
        assert b"".join([chunk async for chunk in chunks]) == data


async def test_a_file_that_is_not_there_is_not_found(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught
) -> None:
    async def download() -> None:
        async with desk.open_attachment(Attachment(id="41")):
            pass

    assert isinstance(await caught(download()), NotFound)
    fake.parts.append({"id": "41", "TransactionId": "7"})  # it is there: RT failed in earnest
    assert isinstance(await caught(download()), VendorUnavailable)
