"""A value of a configuration is what its class says, or an error that names the place alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_bridge.config.convert import StrictConverter
from helpdesk_bridge.errors import ProtocolError
from helpdesk_bridge.kit.json import WrongType
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
class Person:
    name: str
    age: int | None = None


@frozen(kw_only=True)
class Answer:
    items: tuple[Person, ...] = ()
    words: list[str] | None = None
    ratio: float = 0.0
    open: bool = False
    at: datetime | None = None
    more: Mapping[str, Any] = {}
    boss: Person | None = None


STRICT = StrictConverter()
STRICT.hook(Status, lambda value: Status(value) if value in list(Status) else refuse())


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
        (str | None, {"null", "string", "number string"}),
        (tuple[str, ...], {"list"}),
        (list[str], {"list"}),
        (Mapping[str, Any], {"object"}),
        (dict[str, Any], {"object"}),
        (Status, set()),
    ],
)
def test_a_value_is_of_the_declared_kind_or_refused(kind: Any, taken: set[str], name: str) -> None:
    if name in taken:
        STRICT.read(JSON[name], kind)
    else:
        with pytest.raises(ProtocolError) as caught:
            STRICT.read(JSON[name], kind)
        assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "kind", "read"),
    [
        (1, float, 1.0),
        (["a", "b"], tuple[str, ...], ("a", "b")),
        ("open", Status, Status.OPEN),
    ],
)
def test_a_value_is_read_as_its_kind(given: Any, kind: Any, read: Any) -> None:
    found = STRICT.read(given, kind)
    assert (found, type(found)) == (read, type(read))


@pytest.mark.parametrize("text", ["2024-05-01T12:00:00+02:00", "2024-05-01T10:00:00Z"])
def test_a_time_becomes_utc(text: str) -> None:
    found = STRICT.read(text, datetime)
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
        STRICT.read(value, datetime)


@pytest.mark.parametrize(("value", "kind"), [("", Status), (10**400, float)])
def test_a_value_without_meaning_is_refused(value: Any, kind: Any) -> None:
    with pytest.raises(ProtocolError):
        STRICT.read(value, kind)


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
        ([], "$", "expected an object, got a list"),
    ],
)
def test_an_error_names_the_place_and_the_kinds(data: Any, path: str, reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason) as caught:
        STRICT.read(data, Answer)
    assert caught.value.path == path
    assert caught.value.message.startswith(f"{path}: ")
    assert "SECRET" not in str(caught.value)


def test_a_path_begins_where_the_caller_says() -> None:
    with pytest.raises(ProtocolError) as caught:
        STRICT.read({"name": 5}, Person, "$.data[4]")
    assert caught.value.path == "$.data[4].name"


def test_unknown_fields_are_ignored() -> None:
    assert STRICT.read({"name": "a", "unheard": "of"}, Person) == Person(name="a")


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
        STRICT.read(data, Answer)
    except ProtocolError as error:
        path = error.path
    else:
        path = "$"
    assert path
    assert path.startswith("$")
    assert json.dumps(data) == before
