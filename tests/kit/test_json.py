"""A vendor's JSON is what its classes say, or an error that names the place and not the value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NewType

import attrs
import msgspec
import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_bridge.config.convert import StrictConverter
from helpdesk_bridge.errors import NotFound, ProtocolError
from helpdesk_bridge.kit import json as json_module
from helpdesk_bridge.kit.json import (
    AnyId,
    Digits,
    EmptyList,
    JsonRecord,
    Number,
    Timestamp,
    WrongType,
    as_id,
    as_number,
    read_record,
)
from helpdesk_bridge.kit.reading import (
    created_id,
    member,
    read,
    read_each,
    read_one,
    read_records,
    require_id,
)

Id = NewType("Id", str)


def _id(value: Any) -> str:
    if type(value) not in (int, str) or value == "":
        raise WrongType("expected an id")
    return str(value)


class Leaf(JsonRecord, frozen=True):
    id: AnyId
    at: Timestamp | None = None


class Tree(JsonRecord, frozen=True, rename={"word": "Word"}):
    id: AnyId
    name: str
    other: AnyId | None = None
    word: str | None = None
    count: int = 5
    open: bool | None = True
    ratio: float = 0.5
    words: tuple[str, ...] = ()
    leaves: tuple[Leaf, ...] | None = None
    leaf: Leaf | None = None
    anything: Any = None
    things: list[Any] | None = None
    more: dict[str, Any] | None = None
    at: Timestamp | None = None


@frozen(kw_only=True)
class StrictLeaf:
    id: Id
    at: datetime | None = None


@frozen(kw_only=True)
class StrictTree:
    id: Id
    name: str
    other: Id | None = None
    Word: str | None = None
    count: int = 5
    open: bool | None = True
    ratio: float = 0.5
    words: tuple[str, ...] = ()
    leaves: tuple[StrictLeaf, ...] | None = None
    leaf: StrictLeaf | None = None
    anything: Any = None
    things: list[Any] | None = None
    more: Mapping[str, Any] | None = None
    at: datetime | None = None


STRICT = StrictConverter()
STRICT.hook(Id, _id)
AT = "2025-06-17T08:41:12+00:00"
LEAF = {"id": 1, "at": AT}
RIGHT: dict[str, Any] = {
    "id": 7,
    "name": "n",
    "other": "8",
    "Word": "w",
    "count": 0,
    "open": None,
    "ratio": 1,
    "words": ["a", "b"],
    "leaves": [LEAF, LEAF],
    "leaf": LEAF,
    "anything": [1],
    "things": [1, "a"],
    "more": {"a": 1},
    "at": AT,
}
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "a", "7", AT, "2025-06-17T08:41:12", "2025-06-17"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["id", "name", "at", "raw"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def plain(made: Any) -> Any:
    """Return a record or an attrs object as a dict without ``raw``, with ids as ours."""
    if isinstance(made, JsonRecord):
        made = {name: getattr(made, name) for name in made.__struct_fields__}
    elif attrs.has(type(made)):
        made = attrs.asdict(made, recurse=False)
    elif isinstance(made, tuple):
        return [plain(one) for one in made]
    else:
        return made
    return {
        name.lower(): as_id(value) if name in ("id", "other") else plain(value)
        for name, value in made.items()
        if name != "raw"
    }


def field_of(path: str | None) -> str:
    """Return the field of the record that a path leads into."""
    found = re.match(r"\$\.\w+", path or "")
    assert found, path
    return found[0]


def emptied(data: dict[str, Any]) -> dict[str, Any]:
    """Return ``data`` with null where a vendor writes nothing in another way."""
    nothing: dict[str, Any] = {"leaf": [], "more": [], "other": "", "at": ""}
    made = {key: None if nothing.get(key, ...) == value else value for key, value in data.items()}
    if isinstance(made.get("leaf"), dict):
        made["leaf"] = emptied(made["leaf"])
    if isinstance(made.get("leaves"), list):
        leaves = made["leaves"]
        made["leaves"] = [emptied(one) if isinstance(one, dict) else one for one in leaves]
    return made


@settings(deadline=None, max_examples=300)
@given(
    changed=st.dictionaries(st.sampled_from(sorted(RIGHT)), values, max_size=3),
    dropped=st.sets(st.sampled_from(sorted(RIGHT)), max_size=4),
)
def test_a_record_is_read_as_cattrs_reads_it(changed: dict[str, Any], dropped: set[str]) -> None:
    data = {key: value for key, value in {**RIGHT, **changed}.items() if key not in dropped}
    before = repr(data)
    try:
        expected = STRICT.read(emptied(data), StrictTree)
    except ProtocolError as error:
        refused = error.path
        with pytest.raises(ProtocolError) as caught:
            read(data, Tree)
        assert caught.value.path
        if len(changed) + len(dropped) == 1:  # which of two faults below it is named may differ
            assert field_of(caught.value.path) == field_of(refused)
        return
    found = read(data, Tree)
    assert repr(plain(found)) == repr(plain(expected))  # 1 is not True
    assert found.raw is data
    assert repr(data) == before


@pytest.mark.parametrize(
    ("changes", "place", "reason"),
    [
        ({"id": ""}, "$.id", "a string of length"),
        ({"id": None}, "$.id", "an integer or a string, got null"),
        ({"other": True}, "$.other", "got a boolean"),
        ({"other": 1.0}, "$.other", "got a number with a fraction"),
        ({"name": None}, "$.name", "expected a string, got null"),
        ({"Word": 5}, "$.Word", "expected a string or null, got an integer"),
        ({"count": True}, "$.count", "got a boolean"),
        ({"count": 1.0}, "$.count", "got a number with a fraction"),
        ({"count": "1"}, "$.count", "got a string"),
        ({"open": 1}, "$.open", "got an integer"),
        ({"ratio": "1"}, "$.ratio", "got a string"),
        ({"words": ["a", 5]}, "$.words[1]", "got an integer"),
        ({"words": "ab"}, "$.words", "expected a list, got a string"),
        ({"leaves": {}}, "$.leaves", "got an object"),
        ({"leaves": [LEAF, None]}, "$.leaves[1]", "expected an object, got null"),
        ({"leaves": [LEAF, {}]}, "$.leaves[1].id", "a required field is missing"),
        ({"leaf": {"id": 1, "at": "SECRET"}}, "$.leaf.at", "ISO 8601"),
        ({"at": "SECRET"}, "$.at", "ISO 8601"),
        ({"at": "2025-06-17T08:41:12"}, "$.at", "with its offset"),
        ({"at": "2025-06-17"}, "$.at", "with its offset"),
        ({"at": 1714557600}, "$.at", "a date and time or null, got an integer"),
        ({"more": ["SECRET"]}, "$.more", "expected an object or null, got a list"),
    ],
)
def test_what_does_not_fit_is_named_by_its_place_and_never_quoted(
    changes: dict[str, Any], place: str, reason: str
) -> None:
    with pytest.raises(ProtocolError, match=reason) as caught:
        read({**RIGHT, **changes}, Tree)
    assert caught.value.path == place
    assert "SECRET" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("zero", ["", "0000-00-00", "0000-00-00 00:00:00", "0000-00-00T00:00:00Z"])
def test_no_time_is_none_where_there_need_be_none(zero: str) -> None:
    class Event(JsonRecord, frozen=True):
        at: Timestamp

    found = read({**RIGHT, "at": zero, "leaf": {**LEAF, "at": zero}}, Tree)
    assert found.leaf is not None
    assert (found.at, found.leaf.at) == (None, None)
    with pytest.raises(ProtocolError) as caught:
        read({"at": zero}, Event)
    assert caught.value.path == "$.at"


def test_an_empty_text_is_null_for_an_id_that_may_be_null_and_for_nothing_else() -> None:
    found = read({**RIGHT, "other": "", "Word": ""}, Tree)
    assert (found.other, found.word) == (None, "")
    for name in ("leaves", "leaf", "things", "more", "open"):
        with pytest.raises(ProtocolError) as caught:
            read({**RIGHT, name: ""}, Tree)
        assert caught.value.path == f"$.{name}"


@pytest.mark.parametrize("data", ["text", ["id"], None, 5])
def test_what_is_no_object_is_not_read_as_an_empty_one(data: Any) -> None:
    class Lenient(JsonRecord, frozen=True):
        count: int = 5

    with pytest.raises(ProtocolError, match="expected an object, got"):
        read(data, Lenient)


@pytest.mark.parametrize(
    "text", ["2025-06-17T08:41Z", "20250617T084112Z", "2025-06-17T10:41:12.000+02"]
)
def test_a_time_may_have_any_form_of_iso_8601(text: str) -> None:
    data = {**RIGHT, "at": text}
    found = read(data, Tree)
    assert found.at == datetime.fromisoformat(text)
    assert found.raw is data


def test_a_time_keeps_its_offset_until_it_is_put_into_the_model() -> None:
    found = read_record({"id": 1, "at": "2025-06-17T10:41:12+02:00"}, Leaf)
    assert found.at == datetime(2025, 6, 17, 10, 41, 12, tzinfo=timezone(timedelta(hours=2)))
    assert read_record(LEAF, Leaf).at == datetime(2025, 6, 17, 8, 41, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "taken", "refused"),
    [
        (Digits, ["0", "12", "9" * 18], ["", "-1", "1.0", "٣", "9" * 19, "12\n", 5]),
        (EmptyList, [[]], [[1], {}, ""]),
        (AnyId, [0, 7, "7", "x"], ["", None, 1.0, True, []]),
    ],
)
def test_the_kinds_of_fields(kind: Any, taken: list[Any], refused: list[Any]) -> None:
    for value in taken:
        assert msgspec.convert(value, kind) == value
    for value in refused:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(value, kind)


def test_the_vendors_object_in_a_log_line_shows_its_class_only() -> None:
    assert repr(read({"id": "SECRET"}, Leaf)) == "<Leaf>"


def test_no_key_of_the_vendors_fills_raw() -> None:
    name = "(the object itself)"
    leaf = {"id": 1, name: {}}
    with pytest.raises(ProtocolError, match="expected null, got an object"):
        read({"id": 7, "name": "n", "leaf": leaf}, Tree)
    assert read_record({"id": 1, "raw": 5, name: None}, Leaf).raw == {"id": 1, "raw": 5, name: None}


def test_a_part_of_a_record_can_be_the_key_of_a_dict() -> None:
    found = read(RIGHT, Tree)
    assert found.leaves is not None
    assert {found.leaves[0]: 1}[found.leaves[1]] == 1


def test_what_was_read_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        read_record(LEAF, Leaf).id = 5  # type: ignore[misc]


def test_a_member_is_read_with_its_place() -> None:
    assert read(*member({"data": LEAF}, "data")[:1], Leaf).raw is LEAF
    with pytest.raises(ProtocolError, match=r"\$\.data: a required field is missing") as caught:
        member({}, "data")
    assert caught.value.path == "$.data"
    with pytest.raises(ProtocolError, match=r"\$\.a: expected an object, got a list"):
        member([], "data", "$.a")


def test_of_what_was_made_only_the_id_must_be_understood() -> None:
    assert created_id({"id": 7, "at": "SECRET"}) == "7"
    with pytest.raises(ProtocolError, match=r"\$\.data\.id: a required field is missing"):
        created_id({"name": "SECRET"}, "$.data")


def test_another_record_than_was_asked_for_is_refused() -> None:
    require_id("7", "7", "$.id")
    with pytest.raises(ProtocolError, match="another one") as caught:
        require_id("8", "7", "$.id")
    assert caught.value.path == "$.id"


@pytest.mark.parametrize(("told", "ours"), [(None, None), (0, 0), ("007", 7)])
def test_a_number_may_be_written_as_text(told: Any, ours: int | None) -> None:
    assert as_number(told) == ours


def test_records_of_several_kinds_are_read_one_by_one() -> None:
    data = [{"id": "a"}, {"id": None}, {"id": "c"}]
    items, problems = read_each(data, lambda one, path: read(one, Leaf, path), "$.data")
    assert [item.id for item in items] == ["a", "c"]
    assert [(p.index, p.raw, getattr(p.error, "path", None)) for p in problems] == [
        (1, {"id": None}, "$.data[1].id")
    ]
    with pytest.raises(ZeroDivisionError):
        read_each([1], lambda _, __: 1 / 0, "$")
    with pytest.raises(ProtocolError, match=r"\$\.data: expected a list"):
        read_each({}, lambda one, _: one, "$.data")


def test_a_page_is_read_record_by_record() -> None:
    data = [LEAF, {"id": None}, {"id": "b"}, 5]
    ids, problems = read_records(data, Leaf, lambda leaf: leaf.id, "$.data")
    assert ids == (1, "b")
    assert [(p.index, p.raw, getattr(p.error, "path", None)) for p in problems] == [
        (1, {"id": None}, "$.data[1].id"),
        (3, 5, "$.data[3]"),
    ]


def test_an_error_of_the_conversion_is_a_problem_of_its_record() -> None:
    def gone(_: Leaf) -> str:
        raise NotFound("gone.")

    def odd(_: Leaf) -> str:
        raise WrongType("expected a colour", ".colour")

    assert [type(p.error) for p in read_records([LEAF], Leaf, gone, "$")[1]] == [NotFound]
    error = read_records([LEAF], Leaf, odd, "$")[1][0].error
    assert isinstance(error, ProtocolError)
    assert (error.path, error.message) == ("$[0].colour", "$[0].colour: expected a colour.")
    with pytest.raises(ProtocolError, match=r"\$\.data\.colour: expected a colour") as caught:
        read_one(LEAF, Leaf, odd, "$.data")
    assert caught.value.path == "$.data.colour"
    assert read_one(LEAF, Leaf, lambda leaf: leaf.id) == 1


def test_a_mistake_in_our_own_code_is_no_problem_of_a_record() -> None:
    with pytest.raises(ZeroDivisionError):
        read_records([LEAF], Leaf, lambda _: 1 / 0, "$")


@pytest.mark.parametrize("data", [None, {}, "ab", 5])
def test_records_come_in_a_list(data: Any) -> None:
    with pytest.raises(ProtocolError, match=r"\$\.data: expected a list"):
        read_records(data, Leaf, lambda leaf: leaf, "$.data")


@pytest.mark.parametrize("time", ["20260101T100000Z", "2026-01-01T10:00+00:00", "2026-W01-4T10Z"])
@pytest.mark.parametrize("place", ["at", "leaf", "leaves"])
def test_a_time_of_any_form_of_iso_8601_is_read_at_any_depth(time: str, place: str) -> None:
    leaf = {"id": 1, "at": time}
    changes = {"at": time, "leaf": leaf, "leaves": [LEAF, leaf]}[place]
    found = read({**RIGHT, place: changes}, Tree)
    assert found.leaf is not None
    assert found.leaves is not None
    times = {"at": found.at, "leaf": found.leaf.at, "leaves": found.leaves[-1].at}
    assert times[place] == datetime(2026, 1, 1, 10, tzinfo=UTC)


class Count(JsonRecord, frozen=True):
    total: Number | None = None


@pytest.mark.parametrize("given", ["", "SECRET", "1" * 19])
def test_a_text_that_is_no_number_is_refused_in_words(given: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        read({"total": given}, Count)
    assert caught.value.path == "$.total"
    assert "an integer" in caught.value.message
    assert "regex" not in caught.value.message


# -- what PHP makes of arrays ------------------------------------------------------------------


class Branch(JsonRecord, frozen=True):
    id: AnyId
    leaf: Leaf | None = None
    must: dict[str, Any] = {}  # noqa: RUF012 - msgspec copies it
    leaves: tuple[Leaf, ...] | None = None
    words: list[str] = []  # noqa: RUF012 - msgspec copies it
    either: dict[str, Any] | list[Any] | None = None
    branches: tuple[Branch, ...] = ()


@pytest.mark.parametrize(
    ("given", "name", "made"),
    [
        ({"leaf": []}, "leaf", None),
        ({"must": []}, "must", {}),
        ({"words": {"0": "a", "2": "b"}}, "words", ["a", "b"]),
        ({"words": {"10": "b", "9": "a"}}, "words", ["a", "b"]),
        ({"leaves": {"1": {"id": 7}}}, "leaves", (Leaf(id=7),)),
        ({"either": []}, "either", []),
        ({"either": {"0": 1}}, "either", {"0": 1}),
        ({"branches": [{"id": 2, "leaf": []}]}, "branches", (Branch(id=2),)),
    ],
)
def test_an_array_of_php_is_read_as_what_must_be_there(
    given: dict[str, Any], name: str, made: Any
) -> None:
    data = {"id": 1, **given}
    before = repr(data)
    found = read(data, Branch)
    assert getattr(found, name) == made
    assert repr(data) == before
    assert found.raw is data


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"leaf": [1]}, "$.leaf"),
        ({"leaf": {}}, "$.leaf.id"),
        ({"words": {}}, "$.words"),
        ({"words": {"a": "b"}}, "$.words"),
        ({"words": {"0": "a", "x": "b"}}, "$.words"),
        ({"words": {"00": "a"}}, "$.words"),
        ({"words": {"-1": "a"}}, "$.words"),
        ({"words": {"0": 5}}, "$.words[0]"),
        ({"leaves": [[]]}, "$.leaves[0].id"),
    ],
)
def test_what_is_no_array_of_php_is_refused_with_its_place(given: Any, path: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        read({"id": 1, **given}, Branch)
    assert caught.value.path == path


def test_no_record_is_read_from_an_empty_list() -> None:
    with pytest.raises(ProtocolError, match="expected an object"):
        read([], Leaf)


def test_a_list_with_holes_is_read_record_by_record() -> None:
    found, problems = read_records({"1": {"id": 1}, "3": {}}, Leaf, lambda leaf: leaf.id, "$.data")
    assert (found, [problem.index for problem in problems]) == ((1,), [1])
    with pytest.raises(ProtocolError):
        read_records({}, Leaf, lambda leaf: leaf.id, "$.data")


class _Part(JsonRecord, frozen=True):
    at: Timestamp | None = None


class _Whole(JsonRecord, frozen=True):
    parts: list[_Part]


@pytest.mark.parametrize(
    "told",
    [[[]] * 5000, {str(number): [] for number in range(5000)}, [{"at": "no"}] * 5000],
    ids=["lists", "a list with holes", "objects"],
)
def test_of_a_long_list_the_types_are_looked_at_once(
    monkeypatch: pytest.MonkeyPatch, told: Any
) -> None:
    looked: list[Any] = []
    real = json_module._alternatives
    monkeypatch.setattr(
        json_module, "_alternatives", lambda kind: (looked.append(kind), real(kind))[1]
    )
    with suppress(WrongType):
        read_record({"parts": told}, _Whole)
    assert len(looked) <= 10
