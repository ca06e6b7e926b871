"""Omnidesk's words and times become ours, and ours the vendor's; what is unknown is not guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from helpdesk_bridge_omnidesk import wire

from helpdesk_bridge import (
    Audience,
    Channel,
    MessageType,
    Party,
    Priority,
    Role,
    Status,
    errors,
    kit,
)
from tests.adapters.doubles import CUSTOMER
from tests.adapters.omnidesk.conftest import (
    DESK,
    event_json,
    note_json,
    one,
    reads_entry,
    reads_ticket,
    said_json,
    ticket_json,
)

STATUSES = [
    ("new", Status.NEW),
    ("open", Status.OPEN),
    ("pending", Status.PENDING),
    ("holding", Status.ON_HOLD),
    ("solved", Status.RESOLVED),
    ("closed", Status.CLOSED),
]


def refused(read: Any, *args: Any, **changes: Any) -> str | None:
    """Return the path that is named when something cannot be read."""
    with pytest.raises(errors.ProtocolError) as info:
        read(*args, **changes)
    return info.value.path


# -- status, priority ------------------------------------------------------------------------


@pytest.mark.parametrize(("word", "status"), STATUSES)
def test_every_status_is_known_both_ways(word: str, status: Status) -> None:
    assert (wire.STATUS.read(word), wire.STATUS.write(status)) == (status, word)
    assert reads_ticket(status=word.upper()).status is status


def test_no_status_is_left_out() -> None:
    assert len(STATUSES) == len(wire.STATUS.reads) == len(wire.STATUS.writes)


@pytest.mark.parametrize("status", sorted(set(Status) - {status for _, status in STATUSES}))
def test_a_status_omnidesk_lacks_is_not_written(status: Status) -> None:
    with pytest.raises(errors.InvalidArgument):
        wire.STATUS.write(status)


@pytest.mark.parametrize(
    ("word", "read", "kept"),
    [("on_hold", Status.UNKNOWN, "on_hold"), (7, Status.UNKNOWN, "7"), (None, Status.UNKNOWN, "")],
)
def test_an_unknown_status_stays_readable(word: Any, read: Status, kept: str) -> None:
    ticket = reads_ticket(status=word)
    assert (ticket.status, ticket.vendor_status) == (read, kept)


@pytest.mark.parametrize(
    ("word", "priority"),
    [
        ("low", Priority.LOW),
        ("medium", Priority.NORMAL),
        ("high", Priority.HIGH),
        ("urgent", Priority.URGENT),
        ("Medium", Priority.NORMAL),
        ("blocker", Priority.UNKNOWN),
        ("", None),
        (None, None),
    ],
)
def test_priorities_are_read(word: Any, priority: Priority | None) -> None:
    assert reads_ticket(priority=word).priority is priority


# -- kinds of entries ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "kind", "audience", "role"),
    [
        (event_json(), MessageType.SYSTEM, Audience.INTERNAL, Role.SYSTEM),
        (event_json(direction="outbound"), MessageType.SYSTEM, Audience.INTERNAL, Role.SYSTEM),
        (note_json(), MessageType.NOTE, Audience.INTERNAL, Role.AGENT),
        (note_json(direction="outbound"), MessageType.NOTE, Audience.INTERNAL, Role.AGENT),
        (note_json(direction="inbound"), MessageType.NOTE, Audience.INTERNAL, Role.AGENT),
        (said_json("inbound"), MessageType.REQUEST, Audience.EXTERNAL, Role.CUSTOMER),
        (said_json("outbound"), MessageType.RESPONSE, Audience.EXTERNAL, Role.AGENT),
        (said_json("outbound", type="mail"), MessageType.RESPONSE, Audience.EXTERNAL, Role.AGENT),
        (said_json("outbound", type=1), MessageType.RESPONSE, Audience.EXTERNAL, Role.AGENT),
        (said_json("inbound", type="8"), MessageType.REQUEST, Audience.EXTERNAL, Role.CUSTOMER),
        (said_json("outbound", type="Note"), MessageType.NOTE, Audience.INTERNAL, Role.AGENT),
        (said_json("outbound", type="EVENT"), MessageType.SYSTEM, Audience.INTERNAL, Role.SYSTEM),
    ],
)
def test_an_entry_is_told_by_its_type_and_then_its_direction(
    entry: Any, kind: MessageType, audience: Audience, role: Role
) -> None:
    message = reads_entry(entry)
    assert (message.type, message.audience, message.author.role) == (kind, audience, role)
    assert message.vendor_type == str(entry["type"])


@pytest.mark.parametrize(
    "entry",
    [
        *(said_json(way) for way in ("", "INBOUND", "in", "sideways")),
        said_json("inbound", direction=None),
        said_json("outbound", channel_id=0),
        said_json("inbound", channel_id="0"),
        {"type": "call", "id": 1},
        *(
            said_json(way, type=word)
            for way in ("inbound", "outbound")
            for word in ("internal_note", "draft", "bounce", "auto_reply", "event2", "5", "calllog")
        ),
    ],
)
def test_what_cannot_be_told_is_unknown_and_not_public(entry: Any) -> None:
    message = reads_entry(entry)
    assert (message.type, message.is_public) == (MessageType.UNKNOWN, False)
    assert message.raw is entry


@pytest.mark.parametrize(
    ("entry", "author"),
    [
        (event_json(), Party(role=Role.SYSTEM)),
        (note_json(), Party(id="12", name="sam", role=Role.AGENT)),
        (note_json(user_id=0, user_name=""), Party(role=Role.AGENT)),
        (said_json("inbound"), Party(name="Ines Okafor", email=CUSTOMER, role=Role.CUSTOMER)),
        (
            said_json("inbound", **{"from": "+31201234567", "from_name": ""}),
            Party(id="+31201234567", role=Role.CUSTOMER),
        ),
        (said_json("outbound"), Party(id="12", name="sam", role=Role.AGENT)),
    ],
)
def test_who_spoke_is_read_where_it_is_told(entry: Any, author: Party) -> None:
    assert reads_entry(entry).author == author


@pytest.mark.parametrize(
    ("to", "addresses"),
    [("a@b,c@d", ["a@b", "c@d"]), ("a@b, c@d", ["a@b", "c@d"]), ("", []), (None, [])],
)
def test_the_recipients_are_a_list(to: Any, addresses: list[str]) -> None:
    assert [party.email for party in reads_entry(said_json("outbound", to=to)).to] == addresses


# -- tickets ---------------------------------------------------------------------------------


def test_a_ticket_the_desk_began_is_its_recipients() -> None:
    ticket = reads_ticket(
        direction="outbound", to=CUSTOMER, to_name="Ines", **{"from": DESK, "from_name": "Acme"}
    )
    assert ticket.requester == Party(id="70012", name="Ines", email=CUSTOMER, role=Role.CUSTOMER)
    assert ticket.channel == Channel(id="1", name="e-mail", address=DESK, kind="e-mail")


@pytest.mark.parametrize("empty", [0, "0", "", None])
def test_nothing_is_written_in_several_ways(empty: Any) -> None:
    ticket = reads_ticket(
        assigned_user_id=empty, assigned_group_id=empty, channel_id=empty, customer_id=empty
    )
    assert (ticket.assignee, ticket.team, ticket.channel, ticket.requester.id) == (None,) * 4


def test_what_is_missing_or_null_is_not_guessed() -> None:
    read, reading = kit.read, wire.Reading(ZoneInfo("UTC"))
    bare = read({"id": 7}, wire.TicketJson).to_ticket(reading)
    nulls = read({**dict.fromkeys(ticket_json()), "id": 7}, wire.TicketJson).to_ticket(reading)
    assert bare == nulls
    assert (bare.subject, bare.status, bare.priority, bare.channel) == (
        "", Status.UNKNOWN, None, None,
    )  # fmt: skip


def test_the_vendors_object_is_kept_whole() -> None:
    answer = one(novelty={"a": 1})
    ticket = wire.one_ticket(answer, wire.Reading(ZoneInfo("UTC")))
    assert ticket.raw is answer["item"]


# -- times -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "written", "meant"),
    [
        ("Europe/Amsterdam", "2026-01-15 12:00:00", datetime(2026, 1, 15, 11, tzinfo=UTC)),
        ("Europe/Amsterdam", "2026-07-15 12:00:00", datetime(2026, 7, 15, 10, tzinfo=UTC)),
        ("Europe/Amsterdam", "2026-10-25 02:30:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("Europe/Amsterdam", "2026-10-25 03:30:00", datetime(2026, 10, 25, 2, 30, tzinfo=UTC)),
        ("Europe/Amsterdam", "2026-03-29 02:30:00", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("America/New_York", "2026-07-15 22:00:00", datetime(2026, 7, 16, 2, tzinfo=UTC)),
        ("UTC", "2026-07-15 22:00:00", datetime(2026, 7, 15, 22, tzinfo=UTC)),
        ("UTC", "2026-07-15T22:00:00+02:00", datetime(2026, 7, 15, 20, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_the_accounts(zone: str, written: str, meant: datetime) -> None:
    assert reads_ticket(zone, created_at=written).created_at == meant
    assert reads_entry(note_json(created_at=written), zone=zone).created_at == meant


@pytest.mark.parametrize("empty", ["", None, "0000-00-00", "0000-00-00 00:00:00"])
def test_no_time_is_none(empty: Any) -> None:
    ticket = reads_ticket(created_at=empty, last_update=empty, last_update_customer=empty)
    assert (ticket.created_at, ticket.updated_at, ticket.last_message_at) == (None,) * 3


@pytest.mark.parametrize(
    "bad", ["yesterday", "03-02-2026 10:00", 1770000000, True, [], "0001-01-01"]
)
def test_what_is_no_time_is_refused_by_name(bad: Any) -> None:
    assert refused(reads_ticket, "Asia/Tokyo", created_at=bad) == "$.created_at"


@pytest.mark.parametrize("zone", ["Europe/Amsterdam", "America/New_York", "UTC"])
@pytest.mark.parametrize("month", range(1, 13))
def test_a_time_that_is_written_reads_as_the_same(zone: str, month: int) -> None:
    at = datetime(2026, month, 15, 3, 4, 5, tzinfo=UTC)
    assert reads_ticket(zone, created_at=wire.stamp(at, ZoneInfo(zone))).created_at == at


# -- what is no ticket and no entry ----------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"id": None}, "$.id"),
        ({"id": ""}, "$.id"),
        ({"id": True}, "$.id"),
        ({"title": 7}, "$.title"),
        ({"status": True}, "$.status"),
        ({"from": {}}, "$.from"),
        ({"assigned_user_id": 1.5}, "$.assigned_user_id"),
    ],
)
def test_a_ticket_of_another_shape_is_refused_by_the_path(changes: Any, path: str) -> None:
    assert refused(reads_ticket, **changes) == path


@pytest.mark.parametrize(
    ("changes", "path"),
    [({"id": ""}, "$.id"), ({"id": None}, "$.id"), ({"type": []}, "$.type"), ({"to": 5}, "$.to")],
)
def test_an_entry_of_another_shape_is_refused_by_the_path(changes: Any, path: str) -> None:
    assert refused(reads_entry, note_json(**changes)) == path
