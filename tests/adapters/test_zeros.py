"""A number 0 is what the vendor says, just as its text is; only a person of that id is nobody.

And a time of zeros is none.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

import helpdesk_bridge_airclou.wire as airclou
import helpdesk_bridge_helpspace.wire as helpspace
import helpdesk_bridge_omnidesk.wire as omnidesk
import helpdesk_bridge_request_tracker.wire as request_tracker
import pytest

from helpdesk_bridge import Party, Role, Status, Ticket
from helpdesk_bridge.kit.json import read_record

READING = omnidesk.Reading(ZoneInfo("Europe/Berlin"))
ZEROS = pytest.mark.parametrize("zero", [0, "0"])
NOBODY = pytest.mark.parametrize("nobody", [0, "0", "", None])
NO_TIME = pytest.mark.parametrize(
    "nothing",
    [
        "",
        "0000-00-00",
        "0000-00-00 00:00:00",
        "-000001-11-30T00:00:00.000000Z",
        "-0001-11-30T00:00:00.000000Z",
        "-0001-11-30 00:00:00",
    ],
)


@ZEROS
def test_a_word_that_is_0_stays_one(zero: object) -> None:
    told = {"id": 1, "status": zero, "type": zero}
    asked = read_record(told, helpspace.TicketJson).to_ticket()
    sent = read_record(told, helpspace.MessageJson).to_message(Ticket(id="1"))
    other = read_record(told, omnidesk.TicketJson).to_ticket(READING)
    assert (asked.vendor_status, sent.vendor_type, other.vendor_status) == ("0", "0", "0")


@ZEROS
def test_an_id_that_is_0_stays_one(zero: object) -> None:
    assert read_record({"id": zero}, airclou.MessageJson).to_message("7").id == "0"


@NOBODY
def test_a_message_that_names_no_ticket_is_of_the_one_asked_for(nobody: object) -> None:
    told = read_record({"id": 1, "ticketId": nobody}, airclou.MessageJson)
    assert told.of("7", airclou.People()).ticket_id == "7"


@NOBODY
def test_a_person_whose_id_is_nothing_is_nobody(nobody: object) -> None:
    told = {"id": 1, "assigneeId": nobody, "authorId": nobody}
    assert read_record(told, airclou.TicketJson).to_ticket().assignee is None
    message = read_record({**told, "type": "response"}, airclou.MessageJson).to_message("7")
    assert message.author == Party(role=Role.AGENT)
    told = {"id": 1, "assignee": {"id": nobody}, "from_contact": {"id": nobody}}
    ticket = read_record(told, helpspace.TicketJson).to_ticket()
    assert (ticket.assignee, ticket.requester) == (None, Party(role=Role.CUSTOMER))


@NO_TIME
def test_a_time_that_is_nothing_is_none(nothing: str) -> None:
    names = ("last_contact", "created_at", "updated_at", "deleted_at")
    ticket = read_record(
        {"id": 1, **dict.fromkeys(names, nothing)}, helpspace.TicketJson
    ).to_ticket()
    assert {getattr(ticket, name) for name in names[1:]} | {ticket.last_message_at} == {None}
    assert ticket.status is not Status.DELETED
    told = {"id": 1, "createdAt": nothing, "updatedAt": nothing}
    asked = read_record(told, airclou.TicketJson).to_ticket()
    sent = read_record(told, airclou.MessageJson).to_message("7")
    assert {asked.created_at, asked.updated_at, sent.created_at, sent.updated_at} == {None}
    assert READING.time(nothing, "created_at") is None
    assert request_tracker.time_in(nothing, "Created") is None


@pytest.mark.parametrize(
    ("told", "team"),
    [
        ({}, None),
        ([], None),
        ("", None),
        ({"name": None}, None),
        ({"id": 3, "name": ""}, None),
        ({"id": 3, "name": "Sales"}, "Sales"),
        ("Sales", "Sales"),
    ],
)
def test_a_team_without_a_name_is_none(told: object, team: str | None) -> None:
    ticket = read_record({"id": 1, "team": told}, helpspace.TicketJson).to_ticket()
    assert ticket.team == team


def test_tags_without_a_name_are_left_out() -> None:
    told = {"id": 1, "tags": [None, {}, [], "", {"name": None}, "vip", {"name": "bug"}]}
    ticket = read_record(told, helpspace.TicketJson).to_ticket()
    assert ticket.tags == ("vip", "bug")
