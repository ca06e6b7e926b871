"""A vendor's JSON is what its classes say, or an error that names the place and not the value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_bridge.errors import InvalidArgument, NotFound, ProtocolError
from helpdesk_bridge.kit.wire import Id, Vocabulary, Wire, WireFormat, WrongType, merge_extra
from helpdesk_bridge.model import Status

JSON: dict[str, Any] = {
    "null": None,
    "true": True,
    "zero": 0,
    "one": 1,
    "float": 1.5,
    "string": "SECRET",
    "number string": "1",
    "list": ["SECRET"],
    "object": {"a": "SECRET"},
}


@frozen(kw_only=True)
class Person(Wire):
    name: str
    age: int | None = None


@frozen(kw_only=True)
class Answer(Wire):
    items: tuple[Person, ...] = ()
    words: list[str] | None = None
    ratio: float = 0.0
    open: bool = False
    at: datetime | None = None
    id: Id | None = None
    more: Mapping[str, Any] = {}
    boss: Person | None = None


WIRE = WireFormat()
WIRE.hook(Status, lambda value: VOCABULARY.read(value) if isinstance(value, str) else refuse())
VOCABULARY = Vocabulary(
    reads={"open": Status.OPEN, "opened": Status.OPEN, "Done": Status.CLOSED},
    writes={Status.OPEN: "open", Status.CLOSED: "Done"},
    unknown=Status.UNKNOWN,
)


def refuse() -> Status:
    raise WrongType("expected a status")


@pytest.mark.parametrize("name", JSON)
@pytest.mark.parametrize(
    ("kind", "taken"),
    [
        (str, {"string", "number string"}),
        (int, {"zero", "one"}),
        (bool, {"true"}),
        (float, {"zero", "one", "float"}),
        (Id, {"zero", "one", "string", "number string"}),
        (str | None, {"null", "string", "number string"}),
        (tuple[str, ...], {"list"}),
        (list[str], {"list"}),
        (Mapping[str, Any], {"object"}),
        (dict[str, Any], {"object"}),
        (Status, {"string", "number string"}),
    ],
)
def test_a_value_is_of_the_declared_kind_or_refused(kind: Any, taken: set[str], name: str) -> None:
    if name in taken:
        WIRE.read(JSON[name], kind)
    else:
        with pytest.raises(ProtocolError) as caught:
            WIRE.read(JSON[name], kind)
        assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "kind", "read"),
    [
        (1, float, 1.0),
        (7, Id, "7"),
        ("007", Id, "007"),
        (["a", "b"], tuple[str, ...], ("a", "b")),
        ("OPENED", Status, Status.OPEN),
        ("Done", Status, Status.CLOSED),
        ("brand new", Status, Status.UNKNOWN),
    ],
)
def test_a_value_is_read_as_its_kind(given: Any, kind: Any, read: Any) -> None:
    found = WIRE.read(given, kind)
    assert (found, type(found)) == (read, type(read))


@pytest.mark.parametrize("text", ["2024-05-01T12:00:00+02:00", "2024-05-01T10:00:00Z"])
def test_a_time_becomes_utc(text: str) -> None:
    found = WIRE.read(text, datetime)
    assert (found, found.tzinfo) == (datetime(2024, 5, 1, 10, tzinfo=UTC), UTC)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("2024-05-01T12:00:00", "with its offset"),
        ("2024-05-01", "with its offset"),
        ("SECRET", "ISO 8601"),
        ("", "ISO 8601"),
        (1714557600, "got an integer"),
        ("0001-01-01T00:00:00+02:00", "within the years"),
    ],
)
def test_a_time_that_is_not_certain_is_refused(value: Any, reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason):
        WIRE.read(value, datetime)


@pytest.mark.parametrize(("value", "kind"), [("", Id), (10**400, float)])
def test_a_value_without_meaning_is_refused(value: Any, kind: Any) -> None:
    with pytest.raises(ProtocolError):
        WIRE.read(value, kind)


@pytest.mark.parametrize(
    ("data", "path", "reason"),
    [
        ({"items": [{"name": "a"}, {"name": 5}]}, "$.items[1].name", "a string, got an integer"),
        ({"items": [{"name": "a", "age": 1.5}]}, "$.items[0].age", "got a number with a fraction"),
        ({"items": [{}]}, "$.items[0].name", "a required field is missing"),
        ({"items": [None]}, "$.items[0]", "expected an object, got null"),
        ({"items": None}, "$.items", "expected a list, got null"),
        ({"boss": {"name": None}}, "$.boss.name", "expected a string, got null"),
        ({"boss": []}, "$.boss", "expected an object, got a list"),
        ({"words": ["a", True]}, "$.words[1]", "got a boolean"),
        ({"more": ["SECRET"]}, "$.more", "expected an object, got a list"),
        ({"id": {"SECRET": 1}}, "$.id", "expected an id, got an object"),
        ([], "$", "expected an object, got a list"),
    ],
)
def test_an_error_names_the_place_and_the_kinds(data: Any, path: str, reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason) as caught:
        WIRE.read(data, Answer)
    assert caught.value.path == path
    assert caught.value.message.startswith(f"{path}: ")
    assert "SECRET" not in str(caught.value)


def test_a_path_begins_where_the_caller_says_and_uses_the_names_of_the_json() -> None:
    camel = WireFormat(lambda name: name.replace("first", "firstOf"))

    @frozen(kw_only=True)
    class Named(Wire):
        first: int

    assert camel.read({"firstOf": 1}, Named).first == 1
    with pytest.raises(ProtocolError) as caught:
        camel.read({"firstOf": "x"}, Named, "$.data[4]")
    assert caught.value.path == "$.data[4].firstOf"


def test_unknown_fields_are_ignored_and_kept_in_raw() -> None:
    data = {"name": "a", "unheard": "of", "raw": 5}
    found = WIRE.read({"boss": data}, Answer).boss
    assert found is not None
    assert found.raw is data


def test_equality_does_not_look_at_raw() -> None:
    assert WIRE.read({"name": "a", "x": 1}, Person) == WIRE.read({"name": "a"}, Person)


def test_a_vendors_object_in_a_log_line_shows_its_class_only() -> None:
    assert repr(WIRE.read({"name": "SECRET"}, Person)) == "<Person>"


def test_one_broken_record_does_not_lose_the_others() -> None:
    data = [{"name": "a"}, {"name": 5}, {"name": "c"}]
    items, problems = WIRE.read_each(data, lambda r, path: WIRE.read(r, Person, path), "$.data")
    assert [item.name for item in items] == ["a", "c"]
    assert [(p.index, p.raw, getattr(p.error, "path", None)) for p in problems] == [
        (1, {"name": 5}, "$.data[1].name")
    ]


def test_a_mistake_in_our_own_code_is_no_problem_of_a_record() -> None:
    with pytest.raises(ZeroDivisionError):
        WIRE.read_each([1], lambda _, __: 1 / 0, "$")


@pytest.mark.parametrize("data", [None, {}, "ab", 5])
def test_records_come_in_a_list(data: Any) -> None:
    with pytest.raises(ProtocolError, match="expected a list") as caught:
        WIRE.read_each(data, lambda record, _: record, "$.data")
    assert caught.value.path == "$.data"


def test_any_error_of_a_record_is_its_problem() -> None:
    def convert(record: Any, path: str) -> Any:
        raise NotFound("gone.")

    assert [type(p.error) for p in WIRE.read_each([1], convert, "$")[1]] == [NotFound]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "age", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)
fields = st.sampled_from([field.name for field in Answer.__attrs_attrs__])  # type: ignore[attr-defined]


@settings(deadline=None)
@given(values | st.dictionaries(fields, values))
def test_whatever_the_json_only_a_protocol_error_escapes(data: Any) -> None:
    before = json.dumps(data)
    try:
        found = WIRE.read(data, Answer)
    except ProtocolError as error:
        path = error.path
    else:
        assert found.raw is data
        path = "$"
    assert path
    assert path.startswith("$")
    assert json.dumps(data) == before


def test_a_value_the_vendor_has_no_word_for_is_refused_with_those_it_has() -> None:
    with pytest.raises(InvalidArgument, match="no word for spam; it knows open, closed"):
        VOCABULARY.write(Status.SPAM)


def test_a_vocabulary_writes_the_one_word_to_send() -> None:
    assert [VOCABULARY.write(value) for value in Status if value in VOCABULARY.writable()] == [
        "open",
        "Done",
    ]


def test_extra_is_added_to_the_body() -> None:
    assert merge_extra({"a": 1}, {"b": 2}) == {"a": 1, "b": 2}


def test_extra_never_replaces_what_the_call_sets() -> None:
    with pytest.raises(InvalidArgument, match="extra sets a, b, which"):
        merge_extra({"b": 1, "a": 1}, {"a": "SECRET", "b": 2})
