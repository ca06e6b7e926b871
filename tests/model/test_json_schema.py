"""The JSON Schema of the values, judged by a validator that knows nothing of this library."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

import helpdesk_bridge as hb
from tests.model.values import ERRORS, ROUND_TRIPS, values

KINDS = [*ROUND_TRIPS, hb.Problem, hb.HelpdeskError]
WORDS = [
    (hb.Ticket, "status"),
    (hb.Ticket, "priority"),
    (hb.Message, "type"),
    (hb.Message, "audience"),
    (hb.Message, "derived_body"),
    (hb.Party, "role"),
    (hb.Reconciliation, "verdict"),
    (hb.Support, "level"),
    (hb.HelpdeskError, "reason"),
]


def validator(kind: Any) -> Draft202012Validator:
    return Draft202012Validator(hb.json_schema(kind), format_checker=FormatChecker())


def samples(kind: Any) -> st.SearchStrategy[Any]:
    if kind is hb.HelpdeskError:
        return st.sampled_from(ERRORS)
    if kind is hb.Problem:
        return st.builds(hb.Problem, index=st.integers(), error=st.sampled_from(ERRORS))
    return values(kind)


def spoiled(data: dict[str, Any], schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the data with one key of the wrong type, or without one that is required."""
    for key, value in data.items():
        if schema["properties"][key]:  # {} takes anything
            yield key, {**data, key: "words" if isinstance(value, list) else [5]}
    for key in schema.get("required", ()):
        yield f"no {key}", {one: value for one, value in data.items() if one != key}


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_it_is_a_schema_and_plain_json(kind: Any) -> None:
    schema = hb.json_schema(kind)
    Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(st.data())
@settings(max_examples=10, deadline=None)
def test_what_is_written_is_valid_and_what_is_spoiled_is_not(
    kind: Any, data: st.DataObject
) -> None:
    judge = validator(kind)
    value = data.draw(samples(kind))
    for raw in (False, True):
        written = hb.to_dict(value, raw=raw)
        judge.validate(written)
        for what, changed in spoiled(written, hb.json_schema(kind)):
            assert not judge.is_valid(changed), what


@pytest.mark.parametrize(("kind", "key"), WORDS)
def test_a_word_that_this_version_does_not_know_is_not_valid(kind: Any, key: str) -> None:
    schema = hb.json_schema(kind)
    judge = Draft202012Validator(schema["properties"][key])
    assert judge.is_valid("html" if key == "derived_body" else _first_word(schema, key))
    assert not judge.is_valid("a word of a later version")


def _first_word(schema: dict[str, Any], key: str) -> str:
    found = schema["properties"][key]
    word: str = found.get("enum", found.get("anyOf", [found])[0].get("enum"))[0]
    return word


@pytest.mark.parametrize(
    "time",
    [
        *("2026-12-31T23:59:60Z", "2026-12-31T24:00:00Z", "2026-13-01T10:00:00Z"),
        "2026-05-01",
        "2026-05-01T10:00:00",
        "2026-05-01T10:00:00+02:00",
        "now",
        5,
    ],
)
def test_a_time_is_in_utc(time: Any) -> None:
    judge = validator(hb.Ticket)
    assert judge.is_valid({"id": "1", "created_at": "2026-05-01T10:00:00.5Z"})
    assert not judge.is_valid({"id": "1", "created_at": time})


def test_what_is_required_to_read_a_value_is_required_by_its_schema() -> None:
    assert hb.json_schema(hb.Ticket)["required"] == ["id"]
    assert hb.json_schema(hb.Message)["required"] == ["id", "ticket_id"]
    assert "required" not in hb.json_schema(hb.Party)


def test_what_is_deep_inside_is_judged_too() -> None:
    judge = validator(hb.Page[hb.Message])
    inner: dict[str, Any] = {"id": "1", "ticket_id": "1", "to": [{"name": "Li"}]}
    assert judge.is_valid({"items": [inner]})
    inner["to"][0]["name"] = 5
    assert not judge.is_valid({"items": [inner]})


def test_a_caller_may_change_what_he_gets() -> None:
    hb.json_schema(hb.Ticket)["properties"]["id"]["type"] = "integer"
    assert validator(hb.Ticket).is_valid({"id": "1"})


def test_a_note_is_valid_as_it_can_be_read() -> None:
    judge = validator(hb.Message)
    note = {"id": "1", "ticket_id": "1", "type": "note"}
    assert not judge.is_valid(note)
    assert not judge.is_valid({**note, "audience": "external"})
    assert judge.is_valid({**note, "audience": "internal"})


def test_two_classes_of_one_name_have_a_schema_each() -> None:
    @attrs.frozen(kw_only=True)
    class Ticket(hb.Ticket):
        original: hb.Ticket

    schema = hb.json_schema(hb.Page[Ticket])
    judge = Draft202012Validator(schema)
    assert judge.is_valid({"items": [{"id": "1", "original": {"id": "2"}}]})
    assert not judge.is_valid({"items": [{"id": "1"}]})
    assert not judge.is_valid({"items": [{"id": "1", "original": {"id": 2}}]})
