"""A number 0 is what the vendor says, just as its text is: it is not nothing."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import helpdesk_bridge_airclou.wire as airclou
import helpdesk_bridge_helpspace.wire as helpspace
import helpdesk_bridge_omnidesk.wire as omnidesk
import pytest

from helpdesk_bridge import Party, Role, Ticket
from helpdesk_bridge.kit.json import read_record

READING = omnidesk.Reading(ZoneInfo("Europe/Berlin"))
ZEROS = pytest.mark.parametrize("zero", [0, "0"])


@ZEROS
def test_a_word_that_is_0_stays_one(zero: object) -> None:
    told = {"id": 1, "status": zero, "type": zero}
    asked = read_record(told, helpspace.TicketJson).to_ticket()
    sent = read_record(told, helpspace.MessageJson).to_message(Ticket(id="1"))
    other = read_record(told, omnidesk.TicketJson).to_ticket(READING)
    assert (asked.vendor_status, sent.vendor_type, other.vendor_status) == ("0", "0", "0")


@ZEROS
def test_an_id_that_is_0_stays_one(zero: object) -> None:
    ticket = read_record({"id": 1, "assigneeId": zero}, airclou.TicketJson).to_ticket()
    message = read_record({"id": 1, "ticketId": zero}, airclou.MessageJson).to_message("7")
    assert (ticket.assignee, message.ticket_id) == (Party(id="0", role=Role.AGENT), "0")
