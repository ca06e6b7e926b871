"""What a caller gives is checked before anything is sent."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest

from helpdesk_bridge.desk import arguments
from helpdesk_bridge.desk.changes_given import checked_changes
from helpdesk_bridge.errors import (
    InvalidArgument,
)
from helpdesk_bridge.kit import require_hidden
from helpdesk_bridge.model import (
    Channel,
    MessageType,
    Party,
    Priority,
    Status,
    Upload,
)

LINE_BREAKS = ["a\nb", "a\r\nBcc: x", "a\0b", "a\x7fb", "a\x85b", "a\u2028b", "\ud800"]


NO_LISTS = [None, 5]


@pytest.mark.parametrize("value", [*LINE_BREAKS, "", "  ", 5, b"a"])
def test_a_line_is_one_printable_line(value: Any) -> None:
    with pytest.raises(InvalidArgument, match="subject"):
        arguments.required_line(value, "subject")


def test_a_line_may_be_left_out() -> None:
    assert arguments.line(None, "team") is None


@pytest.mark.parametrize("value", ["a word", "a\tb".replace("\t", " "), "日本語", "👍 ok"])
def test_a_usual_line_is_returned_as_it_is(value: str) -> None:
    assert arguments.line(value, "team") == value


@pytest.mark.parametrize("value", ["abc", ["a", ""], ["a", 5], *NO_LISTS])
def test_words_are_a_collection_of_lines(value: Any) -> None:
    with pytest.raises(InvalidArgument, match="tags"):
        arguments.words(value, "tags")


def test_what_is_looked_for_has_no_blanks_around_it() -> None:
    assert arguments.sought(" Billing\u3000", "team") == "Billing"
    assert arguments.sought(None, "team") is None
    assert arguments.sought_person(None, "assignee") is None
    assert arguments.sought_person(" 5 ", "assignee") == Party(id="5")
    assert arguments.sought_person(" li@x.example", "assignee") == Party(email="li@x.example")
    party = Party(id=" 5", name=" Li ", email="li@x.example")
    assert arguments.sought_person(party, "assignee") == Party(
        id="5", name="Li", email="li@x.example"
    )
    for blank in ("", "  "):
        with pytest.raises(InvalidArgument, match="team"):
            arguments.sought(blank, "team")


def test_words_keep_their_order() -> None:
    assert arguments.words(iter(["b", "a"]), "tags") == ("b", "a")


@pytest.mark.parametrize(
    "value",
    [
        *("", "jo", "jo@", "@acme.example", "a@b@c", "Jo <jo@acme.example>", "a@b,c@d", "a b@c"),
        *("jo@acme.example\r\nBcc: x@y.example", "jo@acme.example\n", "a@b;c@d", '"a"@b'),
        *("a" * 65 + "@b", "a@" + "b" * 254),
    ],
)
def test_an_address_is_one_bare_address(value: str) -> None:
    with pytest.raises(InvalidArgument, match="cc") as caught:
        arguments.address(value, "cc")
    assert not value or value not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "person"),
    [
        ("jo@acme.example", Party(email="jo@acme.example")),
        ("77", Party(id="77")),
        ("Li <li@c.example>", Party(name="Li", email="li@c.example")),
        ('"Doe, Jane" <jane@c.example>', Party(name="Doe, Jane", email="jane@c.example")),
        (r'"Jane \"J\"" <jane@c.example>', Party(name='Jane "J"', email="jane@c.example")),
        ("Doe, Jane <jane@c.example>", Party(name="Doe, Jane", email="jane@c.example")),
        ("  李 < li@c.example>".replace("< ", "<"), Party(name="李", email="li@c.example")),
        ("<li@c.example>", Party(email="li@c.example")),
        (Party(name="Jo"), Party(name="Jo")),
    ],
)
def test_a_person_is_known_by_address_or_id(value: Any, person: Party) -> None:
    assert arguments.party(value, "assignee") == person


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", 5, None, Party(), Party(email="no address"), "a@b\n"),
        *(Party(id="7", name="a\r\nb"), Party(id="7\r\n8"), Party(id="")),
    ],
)
def test_a_person_nobody_can_find_is_refused(value: Any) -> None:
    with pytest.raises(InvalidArgument, match="assignee"):
        arguments.party(value, "assignee")


@pytest.mark.parametrize("name", ["", " ", "\u200b", " \u2060\u00ad\ufeff "])
def test_a_person_of_whom_nothing_is_seen_is_nobody(name: str) -> None:
    with pytest.raises(InvalidArgument, match="requester has neither"):
        arguments.sought_person(Party(name=name), "requester")
    assert arguments.party(Party(name=name, id="5"), "requester").id == "5"


def test_a_correspondent_has_an_address() -> None:
    with pytest.raises(InvalidArgument, match="to has no e-mail address"):
        arguments.correspondent("77", "to")


@pytest.mark.parametrize(
    "value", ["a@b", Party(email="a@b"), ["a@b"], (Party(email="a@b"),), iter(["a@b"])]
)
def test_one_person_is_as_good_as_a_list_of_one(value: Any) -> None:
    assert arguments.parties(value, "to") == (Party(email="a@b"),)


@pytest.mark.parametrize("value", NO_LISTS)
def test_people_are_a_collection(value: Any) -> None:
    with pytest.raises(InvalidArgument, match="to must be a collection"):
        arguments.parties(value, "to")


@pytest.mark.parametrize(
    ("value", "channel"),
    [
        ("a@b", Channel(address="a@b")),
        ("7", Channel(id="7")),
        (Channel(id="7", name="x"), Channel(id="7", name="x")),
    ],
)
def test_a_channel_is_known_by_address_or_id(value: Any, channel: Channel) -> None:
    assert arguments.channel(value) == channel


@pytest.mark.parametrize("value", ["", "a@b@c", 5, None, Channel(name="x")])
def test_a_channel_nobody_can_find_is_refused(value: Any) -> None:
    with pytest.raises(InvalidArgument, match="channel"):
        arguments.channel(value)


@pytest.mark.parametrize("value", [Status.OPEN, "open"])
def test_a_word_of_a_vocabulary_becomes_its_member(value: Any) -> None:
    assert arguments.member(Status, value, "status") is Status.OPEN


@pytest.mark.parametrize("value", ["opne", Status.UNKNOWN, "", 5, Priority.LOW])
def test_a_word_of_no_vocabulary_is_refused_with_those_it_has(value: Any) -> None:
    with pytest.raises(InvalidArgument, match="status is none of new, open") as caught:
        arguments.member(Status, value, "status")
    assert "unknown" not in str(caught.value)


@pytest.mark.parametrize("value", ["note", MessageType.NOTE, [MessageType.NOTE]])
def test_message_types_are_given_alone_or_together(value: Any) -> None:
    assert arguments.types(value) == {MessageType.NOTE}


@pytest.mark.parametrize("value", [[], "nota", ["nota"], [None], 5])
def test_what_is_no_message_type_is_refused(value: Any) -> None:
    with pytest.raises(InvalidArgument, match="types"):
        arguments.types(value)


@pytest.mark.parametrize("value", [datetime(2024, 5, 1), "2024-05-01", 5])  # noqa: DTZ001
def test_a_time_needs_its_zone(value: Any) -> None:
    with pytest.raises(InvalidArgument, match="created_since must be an aware datetime"):
        arguments.aware(value, "created_since")


@pytest.mark.parametrize("value", [datetime(2024, 5, 1), date(2024, 5, 1), "2024-05-01", 5])  # noqa: DTZ001
def test_the_error_shows_how_a_time_is_written(value: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        arguments.aware(value, "created_since")
    shown = re.search(r"datetime\.fromisoformat\(.*?\)", str(caught.value))
    assert shown is not None
    assert eval(shown[0], {"datetime": datetime}).utcoffset() is not None
    assert "datetime(2026, 1, 31, 9, 30, tzinfo=UTC)" in str(caught.value)


@pytest.mark.parametrize("value", [None, datetime(2024, 5, 1, tzinfo=UTC)])
def test_an_aware_time_or_none_is_returned(value: datetime | None) -> None:
    assert arguments.aware(value, "created_since") is value


@pytest.mark.parametrize("value", [0, -1, True, 1.0, "5"])
def test_a_limit_is_a_whole_number_above_zero(value: Any) -> None:
    with pytest.raises(InvalidArgument, match="limit"):
        arguments.limit(value)


@pytest.mark.parametrize("value", [b"abc", ["a.txt"], *NO_LISTS])
def test_attachments_are_uploads(value: Any) -> None:
    with pytest.raises(InvalidArgument, match="attachments"):
        arguments.uploads(value)


def test_one_upload_is_as_good_as_a_list_of_one() -> None:
    upload = Upload("a.txt", data=b"a")
    assert arguments.uploads(upload) == arguments.uploads([upload]) == (upload,)


@pytest.mark.parametrize(
    ("given", "checked"),
    [
        ({"priority": None, "assignee": None, "team": None}, None),
        ({"status": "closed", "priority": "low"}, None),
        ({"assignee": "a@b", "tags": ["x"]}, {"assignee": Party(email="a@b"), "tags": ("x",)}),
        ({"custom_fields": {"a": 1}, "subject": "b"}, None),
    ],
)
def test_changes_are_checked_one_by_one(given: Any, checked: Any) -> None:
    assert checked_changes(given) == (given if checked is None else checked)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("subject", None), ("subject", "a\nb"), ("status", None), ("status", "x")),
        *(("tags", None), ("tags", "x"), ("custom_fields", None), ("custom_fields", "ab")),
        *(("team", ""), ("assignee", ""), ("priority", "x")),
    ],
)
def test_a_change_that_cannot_be_made_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(InvalidArgument, match=name):
        checked_changes({name: value})


@pytest.mark.parametrize(
    "value",
    [
        *("a@b.example, Li <li@c.example>", "Li <li@c.example>, Bo <bo@c.example>"),
        *(
            "Li <li@c.example",
            "Li <li @c.example>",
            "Li <li@c.example> x",
            "a@b.example;c@d.example",
        ),
        *("undisclosed-recipients:; <li@c.example>", "li@c.example (Li)"),
    ],
)
def test_a_text_with_other_than_one_address_is_nobody(value: str) -> None:
    with pytest.raises(InvalidArgument, match="to is not one e-mail address"):
        arguments.party(value, "to")


@pytest.mark.parametrize("given", ["li@c.example", "LI@C.example", "Li <li@c.example>"])
@pytest.mark.parametrize("place", [0, 1])
def test_who_is_hidden_is_not_shown_elsewhere(given: str, place: int) -> None:
    shown = [(Party(email="bo@c.example"),), (Party(email="ma@c.example"),)]
    bcc = arguments.parties([given], "bcc")
    require_hidden(bcc, *shown)
    shown[place] += (Party(email="li@c.example"),)
    with pytest.raises(InvalidArgument, match="bcc= has somebody") as caught:
        require_hidden(bcc, *shown)
    assert "@" not in str(caught.value)


def test_no_waits_are_no_way_to_ask_for_some() -> None:
    with pytest.raises(InvalidArgument, match="delays is empty"):
        arguments.delays([])


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("vip", 'tags must be a list of str, such as ["one", "two"], not one str.'),
        (["vip", 3], "tags[1] must be a str, not int."),
        (["vip", ""], "tags[1] is empty."),
        (None, "tags must be a collection, not None: leave it out, or give one."),
    ],
)
def test_the_error_says_which_of_several_words_it_is(value: Any, said: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        arguments.words(value, "tags")
    assert caught.value.message == said


def test_none_in_the_place_of_people_is_left_out() -> None:
    with pytest.raises(InvalidArgument, match="to must be a collection, not None: leave it out"):
        arguments.recipients(None, "to")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("li@c.example, bo@d.example", "to"),
        ("li@c.example;bo@d.example", "to"),
        ("Li <li@c.example>, Bo <bo@d.example>", "to"),
        (["ma@c.example", "li@c.example, bo@d.example"], "to[1]"),
    ],
)
def test_several_addresses_in_one_str_are_told_how_to_be_given(value: Any, place: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        arguments.parties(value, "to")
    assert caught.value.message == (
        f"{place} has several addresses in one str: give several as a list:"
        ' to=["a@x.example", "b@x.example"].'
    )


@pytest.mark.parametrize("value", ["li@c.example, ", '"Doe; Jane" <jane c.example>', "jo"])
def test_what_is_only_one_bad_address_is_not_taken_for_several(value: str) -> None:
    with pytest.raises(InvalidArgument, match=r"to\[0\] (is not one|has no) e-mail address"):
        arguments.parties([value], "to")


def test_several_members_are_asked_for_one_by_one() -> None:
    with pytest.raises(InvalidArgument) as caught:
        arguments.member(Status, [Status.OPEN, Status.NEW], "status")  # type: ignore[arg-type]
    assert caught.value.message == "status must be one Status, not list: give one in each call."


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([MessageType.NOTE, "nope"], "types[1] is none of "),
        ("nope", "types is none of "),
        ([], "types is empty: name a MessageType"),
    ],
)
def test_the_type_that_is_none_is_told_by_its_place(value: Any, said: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        arguments.types(value)
    assert caught.value.message.startswith(said)


@pytest.mark.parametrize("name", ["subject", "status", "tags", "custom_fields"])
def test_what_cannot_be_cleared_says_what_to_do(name: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        checked_changes({name: None})
    assert caught.value.message.startswith(f"{name} cannot be None: ")
    assert caught.value.message.endswith(", or leave it out to keep it.")


def test_what_is_no_upload_is_told_by_its_place() -> None:
    with pytest.raises(InvalidArgument, match=r"list of Upload, and number 2 is str\."):
        arguments.uploads([Upload("a.txt", data=b"a"), "b.txt"])  # type: ignore[list-item]
