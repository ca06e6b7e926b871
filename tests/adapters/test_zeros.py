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
NO_TIME = pytest.mark.parametrize("nothing", ["", "0000-00-00", "0000-00-00 00:00:00"])


@ZEROS
def test_a_word_that_is_0_stays_one(zero: object) -> None:
    told = {"id": 1, "status": zero, "type": zero}
    asked = read_record(told, helpspace.TicketJson).to_ticket()
    sent = read_record(told, helpspace.MessageJson).to_message(Ticket(id="1"))
    other = read_record(told, omnidesk.TicketJson).to_ticket(READING)
    assert (asked.vendor_status, sent.vendor_type, other.vendor_status) == ("0", "0", "0")


@ZEROS
def test_an_id_that_is_0_stays_one(zero: object) -> None:
    message = read_record({"id": zero, "ticketId": zero}, airclou.MessageJson).to_message("7")
    assert (message.id, message.ticket_id) == ("0", "0")


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
