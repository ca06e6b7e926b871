"""The values of the model are frozen, in UTC, and show no customer's words."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs.exceptions import FrozenInstanceError

from helpdesk_bridge.errors import InvalidArgument, ProtocolError
from helpdesk_bridge.model import (
    Attachment,
    Message,
    Page,
    Party,
    Problem,
    Role,
    Ticket,
)
from helpdesk_bridge.model.text import number_order

COPIES: list[Callable[[Any], Any]] = [
    lambda value: pickle.loads(pickle.dumps(value)),
    copy.copy,
    copy.deepcopy,
]


def message(**given: Any) -> Message:
    return Message(**{"id": "2", "ticket_id": "1", **given})


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_of_a_ticket_is_equal_and_keeps_raw(way: Callable[[Any], Any]) -> None:
    old = Ticket(id="1", requester=Party(email="jo@acme.example"), tags=("a",), raw={"id": 1})
    twin = way(old)
    assert (twin, twin.raw) == (old, {"id": 1})


def test_tickets_with_custom_fields_can_be_put_into_a_set() -> None:
    assert len({Ticket(id="1", custom_fields={"a": [1]}), Ticket(id="1", custom_fields={})}) == 2


@pytest.mark.parametrize("value", [Ticket(id="1"), message(), Party(), Attachment(id="1")])
def test_the_values_are_frozen(value: Any) -> None:
    with pytest.raises(FrozenInstanceError):
        value.id = "3"


@pytest.mark.parametrize("field", ["created_at", "updated_at", "last_message_at", "deleted_at"])
@pytest.mark.parametrize("zone", [timezone(timedelta(hours=2)), ZoneInfo("Europe/Berlin")])
def test_a_time_is_kept_in_utc(zone: Any, field: str) -> None:
    ticket = Ticket(id="1", **{field: datetime(2024, 5, 1, 12, tzinfo=zone)})
    kept = getattr(ticket, field)
    assert (kept.tzinfo, kept.hour) == (UTC, 10)


def test_a_time_without_its_zone_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="time zone"):
        Ticket(id="1", created_at=datetime(2024, 5, 1))  # noqa: DTZ001 - it is what is refused


@pytest.mark.parametrize(
    "value",
    [
        Ticket(id="1", subject="SECRET", requester=Party(name="SECRET"), raw={"a": "SECRET"}),
        message(html="SECRET", subject="SECRET", to=(Party(email="SECRET@x.example"),)),
        message(text="SECRET", attachments=(Attachment(id="3", name="SECRET"),)),
        Party(name="SECRET", email="SECRET@acme.example"),
        Page(items=(Ticket(id="1", custom_fields={"a": "SECRET"}),)),
        Problem(index=0, error=ProtocolError("broken."), raw="SECRET"),
    ],
)
def test_a_repr_shows_none_of_the_customers_words(value: object) -> None:
    assert "SECRET" not in repr(value)


@pytest.mark.parametrize(
    ("party", "shown"),
    [
        (Party(name="Jo", email="jo@acme.example"), "Jo <jo@acme.example>"),
        (Party(name="Jo"), "Jo"),
        (Party(email="jo@acme.example"), "jo@acme.example"),
        (Party(id="7"), "7"),
        (Party(role=Role.AGENT), "agent"),
    ],
)
def test_a_party_is_shown_by_what_is_known(party: Party, shown: str) -> None:
    assert str(party) == shown


def test_texts_of_digits_are_sorted_as_numbers_however_long() -> None:
    long = "9" * 5000
    assert sorted([long, "10", "9", "x", "010", "0"], key=number_order) == [
        *("x", "0", "9", "10", "010", long)
    ]
