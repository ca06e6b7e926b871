"""What Request Tracker writes becomes what our model says; the answers are recorded ones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from helpdesk_bridge_request_tracker import wire
from helpdesk_bridge_request_tracker.messages import Known, TransactionJson, speaking
from helpdesk_bridge_request_tracker.mime_tree import tree
from helpdesk_bridge_request_tracker.parts import batches, to_part

from helpdesk_bridge import (
    Attachment,
    Audience,
    MessageType,
    Party,
    Priority,
    Role,
    Status,
    errors,
    kit,
)
from tests.adapters.request_tracker.conftest import (
    AGENT,
    CUSTOMER,
    part_json,
    row_json,
    ticket_json,
    user_json,
)

# Recorded: a mail of two alternatives, an inline image, a file and a further text without a name.
MAIL = [
    part_json(35, 99, ContentType="multipart/mixed", ContentLength="0", Subject="Re: reply"),
    part_json(36, 99, ContentType="multipart/alternative", ContentLength="0"),
    part_json(37, 99, ContentType="text/plain"),
    part_json(38, 99, ContentType="multipart/related", ContentLength="0"),
    part_json(39, 99, ContentType="text/html", ContentLength="39"),
    part_json(
        40,
        99,
        ContentType="image/png",
        Filename="pic.png",
        ContentLength="7",
        Headers='Content-Disposition: attachment; filename="pic.png"\nContent-Type: image/png\n'
        "Content-ID: <img1>\nContent-Transfer-Encoding: base64\nContent-Length: 7",
    ),
    part_json(41, 99, ContentType="application/pdf", Filename="дата.pdf"),
    part_json(42, 99, ContentType="text/plain", ContentLength="19"),
]
PARENTS = {"36": "35", "37": "36", "38": "36", "39": "38", "40": "38", "41": "35", "42": "35"}
BODIES = {
    "42": "Sent by a list\n",
    "37": "plain words\n",
    "39": '<p>html words <img src="cid:img1"></p>\n',
}


def ticket(**changes: Any) -> wire.TicketJson:
    return kit.read(ticket_json(**changes), wire.TicketJson)


def message(row: dict[str, Any], parts: list[dict[str, Any]] | None = None, **changes: Any) -> Any:
    roots = tree([to_part(part) for part in parts or []], PARENTS)
    known = Known(
        ticket=ticket(**changes),
        agents=frozenset([AGENT]),
        roots={str(row["id"]): roots},
        bodies=BODIES,
    )
    return kit.read(row, TransactionJson).to_message(known)


def test_a_ticket_is_read_with_its_people() -> None:
    read = ticket(Owner=user_json("ada", "Ada", "ada@helpdesk.example")).to_ticket()
    assert (read.id, read.subject, read.status, read.vendor_status) == (
        "4",
        "Export stops",
        Status.OPEN,
        "open",
    )
    assert read.requester == Party(
        id=CUSTOMER, name="Ines Okafor", email=CUSTOMER, role=Role.CUSTOMER
    )
    assert read.assignee == Party(
        id="ada", name="Ada", email="ada@helpdesk.example", role=Role.AGENT
    )
    assert (read.team, read.custom_fields) == ("General", {"Severity": ["high"]})
    assert read.created_at == datetime(2026, 11, 21, 14, 46, 34, tzinfo=UTC)
    assert read.updated_at == datetime(2026, 11, 21, 14, 51, 58, tzinfo=UTC)
    assert read.raw["Told"] == "1970-01-01T00:00:00Z"


def test_what_is_not_there_is_none() -> None:
    read = ticket(
        Subject="", Requestor=[], CustomFields="", Created="1970-01-01T00:00:00Z", Queue={"id": "1"}
    ).to_ticket()
    assert read.requester == Party(role=Role.CUSTOMER)
    assert (read.subject, read.assignee, read.team, read.created_at) == ("", None, None, None)
    assert read.custom_fields == {}


def test_two_fields_of_one_name_are_both_shown() -> None:
    fields = [{"id": str(n), "name": "Place", "values": [str(n)]} for n in (2, 3)]
    assert ticket(CustomFields=fields).to_ticket().custom_fields == {"Place": ["2"], "3": ["3"]}


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("new", Status.NEW),
        ("open", Status.OPEN),
        ("stalled", Status.ON_HOLD),
        ("resolved", Status.RESOLVED),
        ("rejected", Status.CLOSED),
        ("deleted", Status.DELETED),
        ("waiting for parts", Status.UNKNOWN),
    ],
)
def test_words_of_other_lifecycles_stay_readable(word: str, status: Status) -> None:
    read = ticket(Status=word).to_ticket()
    assert (read.status, read.vendor_status) == (status, word)


@pytest.mark.parametrize(
    ("number", "priority"),
    [("0", Priority.LOW), ("50", Priority.NORMAL), (100, Priority.HIGH), ("70", None), ("", None)],
)
def test_only_the_documented_priorities_are_named(number: Any, priority: Priority | None) -> None:
    assert ticket(Priority=number).to_ticket().priority is priority


@pytest.mark.parametrize(
    ("kind", "creator", "type_", "audience", "role"),
    [
        ("Create", CUSTOMER, MessageType.REQUEST, Audience.EXTERNAL, Role.CUSTOMER),
        ("Create", AGENT, MessageType.REQUEST, Audience.EXTERNAL, Role.CUSTOMER),
        ("Correspond", CUSTOMER, MessageType.REQUEST, Audience.EXTERNAL, Role.CUSTOMER),
        ("Correspond", AGENT, MessageType.RESPONSE, Audience.EXTERNAL, Role.AGENT),
        ("Correspond", "x@y.example", MessageType.UNKNOWN, Audience.EXTERNAL, Role.UNKNOWN),
        ("Correspond", "bob", MessageType.UNKNOWN, Audience.EXTERNAL, Role.UNKNOWN),
        ("Correspond", "RT_System", MessageType.RESPONSE, Audience.EXTERNAL, Role.SYSTEM),
        ("Comment", "bob", MessageType.NOTE, Audience.INTERNAL, Role.UNKNOWN),
        ("Comment", AGENT, MessageType.NOTE, Audience.INTERNAL, Role.AGENT),
        ("Comment", CUSTOMER, MessageType.NOTE, Audience.INTERNAL, Role.CUSTOMER),
        ("Forward Ticket", AGENT, MessageType.RESPONSE, Audience.FORWARD, Role.AGENT),
        ("Forward Transaction", AGENT, MessageType.RESPONSE, Audience.FORWARD, Role.AGENT),
        ("EmailRecord", "RT_System", MessageType.SYSTEM, Audience.INTERNAL, Role.SYSTEM),
        ("CommentEmailRecord", "RT_System", MessageType.SYSTEM, Audience.INTERNAL, Role.SYSTEM),
        ("Status", AGENT, MessageType.SYSTEM, Audience.INTERNAL, Role.AGENT),
        ("Something New", AGENT, MessageType.SYSTEM, Audience.INTERNAL, Role.AGENT),
    ],
)
def test_who_speaks_to_whom(
    kind: str, creator: str, type_: MessageType, audience: Audience, role: Role
) -> None:
    read = message(row_json(99, kind, Creator=user_json(creator)))
    assert (read.type, read.audience, read.author.role) == (type_, audience, role)
    assert read.vendor_type == kind


def test_the_first_words_are_the_requestors_and_raw_tells_who_brought_them() -> None:
    read = message(row_json(99, "Create"))
    assert read.author.email == CUSTOMER
    assert read.raw["Creator"]["id"] == AGENT


def test_a_mail_is_read_with_both_its_bodies_and_all_its_files() -> None:
    read = message(row_json(99, Creator=user_json(CUSTOMER)), MAIL)
    assert read.html == f"{BODIES['39']}\n<p>Sent by a list</p>"
    assert read.text == "plain words\nSent by a list"
    assert read.subject == "Re: reply"
    image, pdf = read.attachments
    assert image == Attachment(
        id="40", name="pic.png", mime_type="image/png", size=7, inline=True, content_id="img1"
    )
    assert (pdf.name, pdf.inline) == ("дата.pdf", False)


def test_a_text_file_is_no_body() -> None:
    parts = [
        part_json(1, 99, ContentType="text/html", Filename="page.html"),
        part_json(37, 99, ContentType="text/plain"),
    ]
    read = message(row_json(99), parts)
    assert (read.given_html, read.text) == (None, BODIES["37"])
    assert [file.name for file in read.attachments] == ["page.html"]


def test_a_forward_tells_to_whom() -> None:
    # Recorded: Data of a forwarded transaction and of a forwarded ticket.
    for data in ("bank@partner.example, cc@partner.example", '"Bank" <bank@partner.example>'):
        read = message(row_json(99, "Forward Ticket", Data=data))
        assert read.to[0] == Party(email="bank@partner.example")


@pytest.mark.parametrize(
    ("etag", "number"),
    [
        ('"76"', 76),
        ("76", 76),
        ('W/"76"', 76),
        ('w/"76"', 76),
        ('"76-gzip"', 76),
        ('W/"76-gzip"', 76),
        ('"76--gzip"', 76),
        ('"76;gz"', 76),
        ('"76-br"', 76),
        ('"2026-11-21T15:01:17Z"', 0),
        ('W/"2026-11-21T15:01:17Z-gzip"', 0),
    ],
)
def test_the_etag_is_the_newest_transaction(etag: str, number: int) -> None:
    assert wire.newest(etag) == number


@pytest.mark.parametrize(
    "etag", [None, "", '""', '"abc"', '"7x"', '"76-5f3a"', '"5f-76"', '"76"-"8"', '"2026-11-21"']
)
def test_another_etag_proves_nothing(etag: str | None) -> None:
    assert wire.newest(etag) is None


def test_texts_are_asked_for_in_bounded_batches() -> None:
    parts = [
        to_part(part_json(n, n, ContentLength=str(size)))
        for n, size in enumerate([10, 10, 10, 90, 10, 500, 10], start=1)
    ]
    made = list(batches(parts, most=2, size=100))
    assert made == [["1", "2"], ["3", "4"], ["5"], ["6"], ["7"]]


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (400, "Permission Denied", errors.PermissionDenied),
        (400, "Message could not be recorded", errors.NotFound),
        (400, "ContentType is a required field for application/json", None),
    ],
)
def test_errors_without_a_status_of_their_own(status: int, text: str, kind: Any) -> None:
    said = wire.explain({"message": text}, status)
    assert (said.message, said.kind) == (text, kind)


def test_that_a_queue_is_refused_may_mean_that_there_is_none() -> None:
    text = "No permission to create tickets in the queue 'Nope'"
    said = wire.explain({"message": text}, 403)
    assert said.message.startswith(f"{text}: there may be no such queue")
    assert wire.explain({"message": text}, 400).message == text


def test_an_error_does_not_quote_the_query() -> None:
    text = "Wrong query, expecting a OPERATOR in 'Requestor >ines@northpier.example<--here'"
    assert wire.explain({"message": text}, 400).message == "Wrong query"


@pytest.mark.parametrize("odd", [["Correspond"], {"a": 1}, None, 5])
def test_a_row_of_a_history_whose_type_is_no_word_has_no_words_of_people(odd: Any) -> None:
    rows = [{"id": "1", "Type": odd}, {"id": "2", "Type": "Correspond"}]
    assert speaking(rows) == ["2"]
