"""What tells that a message is one of another ticket."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk_bridge.errors import ProtocolError
from helpdesk_bridge.kit import WrongType, belongs, created_id, reading


@pytest.mark.parametrize(
    "name", ["ticket_id", "ticketId", "ticketID", "TicketID", "ticket_ID", "TICKET-ID", "Ticket"]
)
@pytest.mark.parametrize("told", [8, "8", "#8", " 8", {"id": 8}])
def test_another_ticket_is_noticed_however_its_name_is_spelled(name: str, told: Any) -> None:
    with pytest.raises(WrongType, match="another ticket"):
        belongs({"id": 1, name: told}, "7")


@pytest.mark.parametrize(
    "told",
    [
        "#7",
        7,
        "7",
        "07",
        "https://desk.example/tickets/8",
        "Invoice 8",
        "Invoice",
        "",
        0,
        "0",
        {"id": 0},
        None,
        True,
        {"number": 8},
        {"id": None},
        ["8"],
        7.5,
    ],
)
def test_what_is_no_id_of_another_ticket_says_nothing(told: Any) -> None:
    belongs({"id": 1, "ticket": told, "x" * 99: 8, "ticketNumber": 8}, "7")


def test_ids_in_words_are_compared_with_their_like() -> None:
    for told in ("tkt_7", "#tkt_7", "Invoice", 7, "7", "https://desk.example/tkt_8"):
        belongs({"ticket": told}, "tkt_7")
    with pytest.raises(WrongType):
        belongs({"ticketId": "tkt_8"}, "tkt_7")


@pytest.mark.parametrize("told", ["tkt_abc", 999, "tkt_482/2", "Invoice", "#tkt_482", True])
def test_in_the_field_that_a_vendor_documents_anything_else_is_another_ticket(told: Any) -> None:
    if told is not True:  # which is no id at all
        with pytest.raises(WrongType, match="another ticket"):
            belongs({"id": 1, "ticketId": told}, "tkt_482", "ticketId")
        with pytest.raises(ProtocolError, match="another ticket"):
            created_id({"id": 1, "ticketId": told}, "$", "tkt_482", declared="ticketId")
    belongs({"id": 1, "ticketId": "tkt_482", "ticket": told}, "tkt_482", "ticketId")
    belongs({"id": 1, "ticketId": 7}, "7", "ticketId")


@pytest.mark.parametrize("nothing", [None, "", 0, "0", False])
def test_the_id_of_nothing_in_the_field_that_a_vendor_documents_says_nothing(nothing: Any) -> None:
    belongs({"id": 1, "ticketId": nothing}, "7", "ticketId")
    with pytest.raises(WrongType, match="another ticket"):
        belongs({"id": 1, "ticketId": nothing, "ticket": {"id": 8}}, "7", "ticketId")


def test_beside_the_right_id_where_the_vendor_documents_it_nothing_else_counts() -> None:
    record = {"ticket": {"id": "EXP-2"}, "ticket_id": "tkt_8", "ticketId": "tkt_7"}
    belongs(record, "tkt_7", "ticketId")


def test_what_was_made_on_another_ticket_is_not_taken() -> None:
    assert created_id({"id": 5, "ticket_id": 7}, "$", "7") == "5"
    assert created_id({"id": 5, "ticket_id": 8}) == "5"
    with pytest.raises(ProtocolError, match=r"^\$\.data\.ticket_id: a message of another ticket"):
        created_id({"id": 5, "ticket_id": 8}, "$.data", "7")


def test_the_names_of_records_alike_are_looked_at_once() -> None:
    reading._of_tickets.cache_clear()
    for number in range(3):
        belongs({"id": number, "TicketId": "7", "body": "x"}, "7")
    assert reading._of_tickets.cache_info().misses == 1
    with pytest.raises(WrongType):
        belongs({"id": 9, "TicketId": "8", "body": "x"}, "7")


def test_long_names_are_not_kept() -> None:
    reading._of_tickets.cache_clear()
    with pytest.raises(WrongType):
        belongs({"x" * 5000: 1, "ticket_id": "8"}, "7")
    assert reading._of_tickets.cache_info().currsize == 0
