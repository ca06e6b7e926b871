"""The neutral values: frozen, in UTC, never more public than is known, safe to write to disk."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_bridge.errors import InvalidArgument, ProtocolError
from helpdesk_bridge.model import (
    Attachment,
    Audience,
    Message,
    MessageType,
    Page,
    Party,
    Problem,
    Role,
    Ticket,
)

COPIES: list[Callable[[Any], Any]] = [
    lambda value: pickle.loads(pickle.dumps(value)),
    copy.copy,
    copy.deepcopy,
]


def message(**given: Any) -> Message:
    return Message(**{"id": "2", "ticket_id": "1", **given})


def problem(index: int) -> Problem:
    return Problem(index=index, error=ProtocolError(f"record {index} is broken."))


@pytest.mark.parametrize("audience", [a for a in Audience if a is not Audience.INTERNAL])
@pytest.mark.parametrize("note", [MessageType.NOTE, "note"])
def test_a_note_is_internal_or_cannot_be_built(note: Any, audience: Audience) -> None:
    with pytest.raises(InvalidArgument, match="a note is internal"):
        message(type=note, audience=audience)


def test_an_internal_note_cannot_be_made_public_afterwards() -> None:
    note = message(type=MessageType.NOTE, audience=Audience.INTERNAL)
    with pytest.raises(InvalidArgument):
        evolve(note, audience=Audience.EXTERNAL)


@pytest.mark.parametrize(
    ("audience", "public"),
    [
        (Audience.EXTERNAL, True),
        (Audience.FORWARD, True),
        (Audience.INTERNAL, False),
        (Audience.UNKNOWN, False),
    ],
)
def test_a_message_is_public_only_when_that_is_known(audience: Audience, public: bool) -> None:
    assert message(audience=audience).is_public is public


def test_a_message_of_unknown_audience_is_the_default() -> None:
    assert not message().is_public


@pytest.mark.parametrize(
    ("given", "html", "text"),
    [
        ({"html": "<p>a</p>"}, "<p>a</p>", "a"),
        ({"text": "a < b"}, "<p>a &lt; b</p>", "a < b"),
        ({"html": "<p>a</p>", "text": "b"}, "<p>a</p>", "b"),
        ({"html": "", "text": ""}, "", ""),
        ({"html": "", "text": "b"}, "", "b"),
        ({}, None, None),
    ],
)
def test_the_form_that_was_not_given_is_derived(
    given: dict[str, str], html: str | None, text: str | None
) -> None:
    found = message(**given)
    assert (found.html, found.text) == (html, text)


def test_a_changed_message_derives_its_body_anew() -> None:
    old = message(html="<p>old</p>")
    assert (old.text, evolve(old, html="<p>new</p>").text) == ("old", "new")


def test_a_body_is_a_str() -> None:
    with pytest.raises(TypeError):
        message(html=b"<p>a</p>")


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_of_a_message_has_its_body(way: Callable[[Any], Any]) -> None:
    old = message(html="<p>a</p>", created_at=datetime(2024, 5, 1, tzinfo=UTC), raw={"id": 2})
    assert old.text == "a"
    twin = way(old)
    assert (twin, twin.text, twin.raw) == (old, "a", {"id": 2})


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


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\run.exe", "run.exe"),
        ("C:\\dir\\a.txt", "a.txt"),
        ("a:stream", "a_stream"),
        ('a<b>"|?*.txt', "a_b_____.txt"),
        ("\x00a\r\nb\x1b\x85.txt", "ab.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\u2028b\ud800.txt", "ab.txt"),
        ("e\u0301.txt", "é.txt"),
        (" .a. . ", "a"),
        ("com10.txt", "com10.txt"),
        *((empty, "attachment-a_b") for empty in (None, "", ".", "..", "a/", "\\", " . / .. ")),
        *(
            (device, f"attachment-a_b-{device}")
            for device in ("CON", "nul.txt", "aux.tar.gz", "com1", "LPT¹.x", "prn .txt", "conin$")
        ),
        ("co\u200bn.txt", "attachment-a_b-con.txt"),
        ("x" * 300 + ".txt", "x" * 251 + ".txt"),
        ("é" * 300 + ".pdf", "é" * 125 + ".pdf"),
        ("a." + "b" * 300, "a." + "b" * 253),
        ("a" * 254 + " b", "a" * 254),
    ],
)
def test_a_hostile_file_name_becomes_a_safe_one(name: str | None, safe: str) -> None:
    assert Attachment(id="a/b", name=name).safe_name == safe


@settings(deadline=None)
@given(st.text(min_size=1), st.one_of(st.none(), st.text(), st.text("./\\ con\0", max_size=9)))
def test_a_safe_name_is_always_one_name_that_fits(id_: str, name: str | None) -> None:
    safe = Attachment(id=id_, name=name).safe_name
    assert safe.strip(" .") == safe
    assert not set(safe) & set('/\\:\0<>|?*"')
    assert 0 < len(safe.encode()) <= 255


def test_a_page_yields_items_until_the_record_that_cannot_be_read() -> None:
    page = Page(items=("a", "c"), problems=(problem(1),))
    seen = []
    with pytest.raises(ProtocolError, match="record 1"):
        seen.extend(page)
    assert list(seen) == ["a"]


@pytest.mark.parametrize(
    ("items", "broken", "order"),
    [
        (("a", "b"), (), ["a", "b"]),
        (("a", "b"), (0,), [0, "a", "b"]),
        (("a", "b"), (2, 0), [0, "a", 2, "b"]),
        ((), (0, 1), [0, 1]),
    ],
)
def test_a_page_keeps_the_vendors_order(
    items: tuple[str, ...], broken: tuple[int, ...], order: list[object]
) -> None:
    page = Page(items=items, problems=tuple(problem(index) for index in broken))
    assert [r.index if isinstance(r, Problem) else r for r in page.records()] == order
    assert len(page) == len(items)
