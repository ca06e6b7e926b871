"""Values leave the process as plain dicts and JSON, and come back as they were."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from functools import partial
from types import MappingProxyType
from typing import Any, get_args, get_type_hints

import attrs
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import helpdesk_bridge as hb
from helpdesk_bridge.errors import InvalidArgument, Stage
from helpdesk_bridge.model.fingerprint import Fingerprint
from tests.model.values import ERRORS, ROUND_TRIPS, everything_of, values

NOTE, INTERNAL = hb.MessageType.NOTE, hb.Audience.INTERNAL
A_TIME = "expected a date and time in ISO 8601 with its offset from UTC"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
FOUND = partial(hb.Reconciliation, verdict=hb.Verdict.SENT, operation_id=None)
FINGERPRINT = partial(Fingerprint, operation="note", salt="", body="")


def message(**given: Any) -> hb.Message:
    return hb.Message(**{"id": "2", "ticket_id": "1", **given})


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(InvalidArgument) as caught:
        call()
    assert caught.value.__cause__ is None
    return caught.value.message


# -- there and back ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ROUND_TRIPS, ids=str)
@given(st.data())
@settings(max_examples=25, deadline=None)
def test_what_was_written_reads_back_as_it_was(kind: Any, data: st.DataObject) -> None:
    value = data.draw(values(kind))
    back = hb.from_dict(kind, hb.to_dict(value, raw=True))
    assert back == value
    assert everything_of(back) == everything_of(value)


@pytest.mark.parametrize("kind", ROUND_TRIPS, ids=str)
@given(st.data())
@settings(max_examples=10, deadline=None)
def test_json_carries_the_same(kind: Any, data: st.DataObject) -> None:
    value = data.draw(values(kind))
    written = hb.to_json(value, raw=True)
    assert "\n" not in written
    assert everything_of(hb.from_dict(kind, json.loads(written))) == everything_of(value)


NOT_FOR_JSON = {hb.Pager, hb.Ledger, hb.Helpdesk}
"""What a desk returns that works, and is no value."""


def _classes(hint: Any) -> Iterator[type]:
    """Yield the public classes that an annotation names, and those that their fields name."""
    if isinstance(hint, type) and hint in PUBLIC:
        yield hint
    for part in get_args(hint):
        yield from _classes(part)


def _returned_by_a_desk() -> set[type]:
    hints = [get_type_hints(one) for one in vars(hb.Helpdesk).values() if callable(one)]
    found = {one for hint in hints for one in _classes(hint.get("return"))}
    desk = hb.Helpdesk(hb.MemorySettings())
    kept = (getattr(desk, name) for name in dir(desk) if not name.startswith("_"))
    return found | {type(one) for one in kept if type(one) in PUBLIC}


PUBLIC = {one for one in (getattr(hb, name) for name in hb.__all__) if isinstance(one, type)}


def test_every_public_class_that_a_desk_returns_is_tried() -> None:
    from helpdesk_bridge.model.value import Value

    tried = {getattr(kind, "__origin__", kind) for kind in ROUND_TRIPS}
    found = _returned_by_a_desk() - NOT_FOR_JSON
    assert {hb.Ticket, hb.Page, hb.Conversation, hb.Statuses} - found <= {hb.Page}
    assert {one for one in found if not issubclass(one, Enum)} <= tried
    values = {one for one in PUBLIC if issubclass(one, Value)}
    assert values - tried == {hb.Problem}  # its error reads back as told, not as it was


def test_only_what_json_has_is_in_it() -> None:
    ticket = hb.Ticket(id="1", tags=("a",), created_at=NOON, custom_fields={"a": hb.Status.OPEN})
    written = hb.to_dict(ticket, raw=True)
    assert orjson.loads(orjson.dumps(written)) == written
    assert type(written["custom_fields"]["a"]) is str
    assert (written["status"], written["tags"]) == ("unknown", ["a"])


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (NOON, "2026-05-01T12:00:00Z"),
        (
            datetime(2026, 5, 1, 12, 0, 0, 5, timezone(timedelta(hours=2))),
            "2026-05-01T10:00:00.000005Z",
        ),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z"),
    ],
)
def test_times_are_in_utc_and_end_with_z(at: datetime, written: str) -> None:
    assert hb.to_dict(hb.Ticket(id="1", created_at=at))["created_at"] == written


def test_sets_are_written_in_order() -> None:
    limits = hb.CapabilityLimits(statuses=frozenset(hb.Status), options=frozenset("zxya"))
    written = hb.to_dict(limits)
    assert written["options"] == ["a", "x", "y", "z"]
    assert written["statuses"] == sorted(written["statuses"])


def test_raw_is_left_out_unless_it_is_wanted_on_every_level() -> None:
    inner = message(raw={"a": 1})
    found = hb.SentMessage(ticket_id="1", message=inner)
    assert "raw" not in hb.to_dict(found)["message"]
    assert hb.to_dict(found, raw=True)["message"]["raw"] == {"a": 1}
    assert hb.from_dict(hb.SentMessage, hb.to_dict(found)).message == inner


def test_a_mapping_that_is_no_dict_is_written_too() -> None:
    ticket = hb.Ticket(id="1", custom_fields=MappingProxyType({"a": [1]}))
    assert hb.to_dict(ticket)["custom_fields"] == {"a": [1]}


def test_what_is_written_shares_nothing_with_the_value() -> None:
    ticket = hb.Ticket(id="1", raw={"a": [1]})
    hb.to_dict(ticket, raw=True)["raw"]["a"].append(2)
    assert ticket.raw == {"a": [1]}


# -- the bodies of a message -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({}, (None, None, None, None)),
        ({"text": "Hi"}, ("<p>Hi</p>", "Hi", "html", None)),
        ({"html": "<p>Hi</p>"}, ("<p>Hi</p>", "Hi", "text", None)),
        ({"html": "<p>Hi</p>", "text": "Ho"}, ("<p>Hi</p>", "Ho", None, None)),
        ({"html": "<p></p>", "text": "Hi"}, ("<p>Hi</p>", "Hi", "html", "<p></p>")),
        ({"html": "<p>Hi</p>", "text": " "}, ("<p>Hi</p>", "Hi", "text", " ")),
    ],
)
def test_both_bodies_are_there_and_which_of_them_was_derived(
    given: dict[str, Any], shown: tuple[Any, ...]
) -> None:
    written = hb.to_dict(message(**given))
    keys = ("html", "text", "derived_body", "replaced_body")
    assert tuple(written[key] for key in keys) == shown
    assert "given_html" not in written


def test_one_body_of_somebody_elses_is_enough() -> None:
    read = hb.from_dict(hb.Message, {"id": "2", "ticket_id": "1", "text": "Hi"})
    assert (read.given_html, read.html, read.text) == (None, "<p>Hi</p>", "Hi")


@pytest.mark.parametrize("form", ["html", "text"])
@pytest.mark.parametrize("given", [{"text": "Hi"}, {"html": "<p>Hi</p>"}])
def test_a_body_is_kept_though_only_one_of_both_is_left(form: str, given: dict[str, str]) -> None:
    written = hb.to_dict(message(**given))
    one = {key: value for key, value in written.items() if key not in {"html", "text"} - {form}}
    read = hb.from_dict(hb.Message, one)
    assert (read.html, read.text) == ("<p>Hi</p>", "Hi")


@pytest.mark.parametrize("form", ["html", "text"])
@pytest.mark.parametrize("given", [{"text": "4111"}, {"html": "<p>4111</p>"}])
def test_a_body_that_was_changed_since_is_read_as_it_is(form: str, given: dict[str, str]) -> None:
    written = {**hb.to_dict(message(**given)), form: "[removed]"}
    assert getattr(hb.from_dict(hb.Message, written), form) == "[removed]"


def test_a_note_that_is_not_internal_cannot_be_read() -> None:
    written = {**hb.to_dict(message(type=NOTE, audience=INTERNAL)), "audience": "external"}
    assert "a note is internal" in refusal(lambda: hb.from_dict(hb.Message, written))
    written["audience"] = "a word of a later version"
    assert "a note is internal" in refusal(lambda: hb.from_dict(hb.Message, written))


# -- reading leniently, writing strictly -------------------------------------------------------


def test_unknown_words_and_keys_of_a_later_version_are_read() -> None:
    data = {
        "id": "1",
        "status": "on_fire",
        "priority": "panic",
        "mood": 7,
        "requester": {"role": "x"},
    }
    read = hb.from_dict(hb.Ticket, data)
    assert (read.status, read.priority) == (hb.Status.UNKNOWN, hb.Priority.UNKNOWN)
    assert read.requester.role is hb.Role.UNKNOWN
    found = hb.from_dict(hb.Reconciliation, {"verdict": "perhaps", "operation_id": None})
    assert found.verdict is hb.Verdict.STILL_UNKNOWN
    told = {"reply": {"level": "partial", "reason": "SECRET"}, "note": {"level": "native"}}
    able = hb.from_dict(hb.Capabilities, told)
    assert [one.value for one in able.supported()] == ["note"]
    assert "does not know" in able[hb.Capability.REPLY].reason
    limits = hb.from_dict(hb.CapabilityLimits, {"statuses": ["open", "waiting", "unknown"]})
    assert limits.statuses == {hb.Status.OPEN, hb.Status.UNKNOWN}
    assert hb.from_dict(hb.Attachment, {"id": "1", "size": 3.0}).size == 3
    assert len(hb.from_dict(hb.Capabilities, {"fly": {"level": "native"}})) == len(hb.Capability)


@pytest.mark.parametrize("kind", [list, tuple])
def test_parts_may_be_values_already(kind: Any) -> None:
    party = hb.Party(id="7")
    read = hb.from_dict(
        hb.Message, {"id": "2", "ticket_id": "1", "author": party, "to": kind([party])}
    )
    assert (read.author, read.to) == (party, (party,))


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        (hb.Ticket, {}, "$.id: it is missing."),
        (hb.Ticket, {"id": None}, "$.id: expected a string, got null."),
        (hb.Ticket, {"id": 7}, "$.id: expected a string, got a number."),
        (
            hb.Ticket,
            {"id": "1", "requester": {"name": 5}},
            "$.requester.name: expected a string, got a number.",
        ),
        (
            hb.Ticket,
            {"id": "1", "tags": ["a", True]},
            "$.tags[1]: expected a string, got a boolean.",
        ),
        (hb.Ticket, {"id": "1", "tags": "SECRET"}, "$.tags: expected a list, got a string."),
        (
            hb.Ticket,
            {"id": "1", "custom_fields": []},
            "$.custom_fields: expected an object, got a list.",
        ),
        (hb.Ticket, {"id": "1", "status": 1}, "$.status: expected a string, got a number."),
        (
            hb.Ticket,
            {"id": "1", "created_at": "2026-05-01T10:00:00"},
            f"$.created_at: {A_TIME}, got a string.",
        ),
        (
            hb.Ticket,
            {"id": "1", "created_at": "SECRET"},
            f"$.created_at: {A_TIME}.",
        ),
        (
            hb.Ticket,
            {"id": "1", "created_at": "0001-01-01T00:00:00+05:00"},
            "$: a datetime that is before the year 1 or after 9999 in UTC.",
        ),
        (hb.Ticket, [], "$: expected an object, got a list."),
        (
            hb.Message,
            {"id": "1", "ticket_id": "1", "attachments": [{"id": "1"}, {"id": "2", "size": 1.5}]},
            "$.attachments[1].size: expected a whole number, got a number.",
        ),
        (hb.Attachment, {"id": "1", "inline": 1}, "$.inline: expected a boolean, got a number."),
        (hb.Support, {"level": "SECRET"}, "$.level: expected a word of Level."),
        (
            hb.Capabilities,
            {"reply": {"level": 1}},
            "$.reply.level: expected a string, got a number.",
        ),
        (hb.Capabilities, [], "$: expected an object, got a list."),
        (hb.Conversation, {"ticket": {"id": "1"}}, "$.messages: it is missing."),
        (hb.Page[hb.Ticket], {"items": [{"id": "1"}, {}]}, "$.items[1].id: it is missing."),
        (
            hb.Page,
            {"items": [{}]},
            "$.items[0]: it is not said of what: give Page[Ticket], say, and not Page alone.",
        ),
        (
            hb.Reconciliation,
            {"verdict": "sent", "operation_id": None, "candidates": [{"ticket_id": "1"}]},
            "$.candidates[0].id: it is missing.",
        ),
    ],
)
def test_what_cannot_be_read_is_told_by_its_place(kind: Any, data: Any, said: str) -> None:
    told = refusal(lambda: hb.from_dict(kind, data))
    assert told == said
    assert "SECRET" not in told


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (hb.Ticket(id=7), "$.id: expected a string, got a number."),  # type: ignore[arg-type]
        (
            hb.Ticket(id="1", status="open"),  # type: ignore[arg-type]
            "$.status: expected a member of Status, got a string.",
        ),
        (
            hb.Ticket(id="1", tags=["a"]),  # type: ignore[arg-type]
            "$.tags: expected a tuple, got a list.",
        ),
        (
            hb.Ticket(id="1", requester="SECRET"),  # type: ignore[arg-type]
            "$.requester: expected a Party, got a string.",
        ),
        (
            hb.Ticket(id="1", custom_fields={"a": (1,)}),
            "$.custom_fields[…]: expected a value of JSON, got a tuple.",
        ),
        (
            hb.Ticket(id="1", custom_fields={"a": [NOON]}),
            "$.custom_fields[…][0]: expected a value of JSON, got a datetime.",
        ),
        (
            hb.Ticket(id="1", custom_fields={"a": float("nan")}),
            "$.custom_fields[…]: JSON has neither NaN nor infinity.",
        ),
        (
            hb.Ticket(id="1", custom_fields={1: "a"}),  # type: ignore[dict-item]
            "$.custom_fields: expected keys that are strings, got a number.",
        ),
        (
            hb.Ticket(id="1", raw={"li@SECRET.example": {1, 2}}),
            "$.raw[…]: expected a value of JSON, got a set.",
        ),
        (
            hb.Ticket(id="1", raw=[]),  # type: ignore[arg-type]
            "$.raw: expected an object, got a list.",
        ),
        (hb.Attachment(id="1", size=True), "$.size: expected a whole number, got a boolean."),
        (hb.Page(items=({},)), "$.items[0]: expected a value of the model, got an object."),
        (FOUND(retry_after=float("inf")), "$.retry_after: expected a finite number, got a number."),
        (
            FINGERPRINT(due=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))),
            "$.due: a datetime that is before the year 1 or after 9999 in UTC.",
        ),
        (5, "a int is no value of the model."),
        (hb.Upload("a.txt", "text/plain", b"a"), "a Upload is no value of the model."),
    ],
)
def test_what_cannot_be_written_is_told_by_its_place(value: Any, said: str) -> None:
    told = refusal(lambda: hb.to_dict(value, raw=True))
    assert told == said
    assert "SECRET" not in told


@pytest.mark.parametrize("kind", [int, dict, "Ticket", None, list[int], hb.Upload, hb.NotFound])
def test_a_class_that_is_none_of_the_model_is_refused(kind: Any) -> None:
    refusal(lambda: hb.from_dict(kind, {}))
    refusal(lambda: hb.json_schema(kind))


@pytest.mark.parametrize("depth", [400, 100_000])
def test_what_is_nested_deeply_is_written_or_refused(depth: int) -> None:
    nested: Any = 1
    for _ in range(depth):
        nested = [nested]
    ticket = hb.Ticket(id="1", custom_fields={"a": nested})
    if depth > 1000:
        assert refusal(lambda: hb.to_json(ticket)) == "it is nested too deeply."
        data = {"id": "1", "custom_fields": {"a": nested}}
        assert refusal(lambda: hb.from_dict(hb.Ticket, data)) == "it is nested too deeply."
    else:
        assert hb.from_dict(hb.Ticket, hb.to_dict(ticket)) == ticket
        assert "[" * depth in hb.to_json(ticket)


# -- JSON --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ticket", "said"),
    [
        (hb.Ticket(id="1", subject="a\ud800"), "$.subject"),
        (hb.Ticket(id="1", custom_fields={"b": ["a\udfff"]}), "$.custom_fields[…][0]"),
        (hb.Ticket(id="1", custom_fields={"\ud800": 1}), "$.custom_fields[…]"),
    ],
)
def test_half_of_a_character_is_kept_in_a_dict_and_refused_in_json(
    ticket: hb.Ticket, said: str
) -> None:
    assert hb.from_dict(hb.Ticket, hb.to_dict(ticket)) == ticket
    told = refusal(lambda: hb.to_json(ticket))
    assert told == f"{said}: it holds half of a character, which no UTF-8 has."


def test_a_line_of_json_has_no_line_end_of_any_program() -> None:
    ticket = hb.Ticket(id="1", subject="a\u2028b\x85c\u2029d\n", custom_fields={"\u2028": "\x85"})
    for one in (ticket, [ticket], attrs.evolve(ticket, custom_fields={"n": 2**70, "a": "\u2028"})):
        assert len(hb.to_json(one).splitlines()) == 1
    assert hb.from_dict(hb.Ticket, json.loads(hb.to_json(ticket))) == ticket


def test_a_number_that_python_does_not_write_is_refused_by_its_place() -> None:
    ticket = hb.Ticket(id="1", custom_fields={"SECRET": 10**5000})
    told = refusal(lambda: hb.to_json(ticket))
    assert told == "$.custom_fields[…]: a number with so many digits cannot be written."


def test_what_is_wrong_in_a_list_says_of_which_one() -> None:
    bad: list[Any] = [hb.Ticket(id="1"), hb.Ticket(id="2", custom_fields={"SECRET": (1,)})]
    told = refusal(lambda: hb.to_json(bad))
    assert told == "$[1].custom_fields[…]: expected a value of JSON, got a tuple."
    told = refusal(lambda: hb.to_json([hb.Ticket(id="1", subject="a\ud800")]))
    assert told == "$[0].subject: it holds half of a character, which no UTF-8 has."
    assert refusal(lambda: hb.to_json([{}])) == "$[0]: a dict is no value of the model."


def test_a_list_is_one_json_list() -> None:
    tickets = [hb.Ticket(id="1"), hb.Ticket(id="2")]
    assert json.loads(hb.to_json(tickets)) == [hb.to_dict(one) for one in tickets]
    assert json.loads(hb.to_json(tuple(tickets))) == json.loads(hb.to_json(tickets))


def test_other_writers_of_json_take_to_dict_for_what_they_do_not_know() -> None:
    given = {"tickets": [hb.Ticket(id="1", raw={"a": 1})]}
    assert json.loads(json.dumps(given, default=hb.to_dict)) == orjson.loads(
        orjson.dumps(given, default=hb.to_dict)
    )


@pytest.mark.parametrize("number", [2**63, -(2**70), 10**400])
def test_large_numbers_stay_what_they_are(number: int) -> None:
    ticket = hb.Ticket(id="1", custom_fields={"a": number})
    assert json.loads(hb.to_json(ticket))["custom_fields"]["a"] == number


# -- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", ERRORS, ids=str)
def test_an_error_is_told_and_reads_back_as_told(error: hb.HelpdeskError) -> None:
    written = hb.to_dict(error)
    assert (written["type"], written["message"]) == (type(error).__name__, error.message)
    read = hb.from_dict(hb.HelpdeskError, written)
    for name in ("message", "reason", "outcome", "retryable", "status", "desk", "ticket_id"):
        assert getattr(read, name) == getattr(error, name)
    assert type(read) is hb.HelpdeskError
    json.dumps(written)


def test_pages_and_conversations_with_errors_can_be_written() -> None:
    broken = hb.Problem(index=0, error=ERRORS[0], raw={"id": None})
    page = hb.Page(items=(hb.Ticket(id="1"),), problems=(broken,))
    read = hb.from_dict(hb.Page[hb.Ticket], hb.to_dict(page, raw=True))
    assert (read.items, read.problems[0].raw) == (page.items, {"id": None})
    told = hb.Conversation(hb.Ticket(id="1"), [], ERRORS[0])
    back = hb.from_dict(hb.Conversation, hb.to_dict(told))
    assert back.error is not None
    assert (back, back.error.reason) == (told, hb.Reason.NOT_FOUND)


def _errors_of_calls() -> list[hb.HelpdeskError]:
    lost = hb.OutcomeUnknown("the answer was lost.", operation="reply", ticket_id="7")
    lost.stage = Stage.WRITING
    down = hb.VendorUnavailable("the helpdesk is down.", operation="tickets", status=503)
    down.stage, down.items_read, down.cursor = Stage.READING, 120, "c"
    missing = hb.NotFound("no ticket.", operation="ticket", outcome=hb.Outcome.NOT_SENT)
    missing.stage = Stage.READING
    prepared = hb.PermissionDenied("no right.", operation="reply")
    prepared.stage, prepared.step = Stage.PREPARING, "get_ticket"
    return [lost, down, missing, prepared, *ERRORS]


@pytest.mark.parametrize("error", _errors_of_calls(), ids=str)
def test_an_error_that_came_back_says_the_same(error: hb.HelpdeskError) -> None:
    back = hb.from_dict(hb.HelpdeskError, json.loads(hb.to_json(error)))
    assert str(back) == str(error)
    for name in ("stage", "step", "items_read", "cursor", "path", "operation", "ticket_id"):
        assert getattr(back, name) == getattr(error, name), name
    again = hb.to_dict(back)
    assert {**again, "type": type(error).__name__} == hb.to_dict(error)
    told = {"message": "no ticket.", "stage": "reading", "outcome": "not_sent"}
    assert str(hb.from_dict(hb.HelpdeskError, told)) == "no ticket."


# -- what is loaded, and what others do --------------------------------------------------------


def test_nothing_is_loaded_before_it_is_needed() -> None:
    code = """
import sys, helpdesk_bridge as hb
ticket = hb.Ticket(id="1")
print([name for name in ("cattrs", "pydantic", "pydantic_core") if name in sys.modules])
hb.to_dict(ticket), hb.json_schema(hb.Ticket)
print([name for name in ("pydantic", "pydantic_core", "jsonschema") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["[]", "[]"]


def test_attrs_shows_the_given_bodies_only_and_to_dict_both() -> None:
    sent = message(html="<p>Hi</p>")
    assert (attrs.asdict(sent)["given_html"], attrs.asdict(sent)["given_text"]) == (
        "<p>Hi</p>",
        None,
    )
    assert hb.to_dict(sent)["text"] == "Hi"


def test_the_values_have_no_room_for_anything_else() -> None:
    for value in (hb.Ticket(id="1"), message(), hb.Party(), hb.Attachment(id="1"), hb.Channel()):
        assert not hasattr(value, "__dict__")


def test_a_class_of_ones_own_on_top_of_a_ticket_is_written_with_its_fields() -> None:
    @attrs.frozen(kw_only=True)
    class Urgent(hb.Ticket):
        why: str = ""

    written = hb.to_dict(Urgent(id="1", why="fire"))
    assert written["why"] == "fire"
    assert hb.from_dict(Urgent, written) == Urgent(id="1", why="fire")
    assert isinstance(written, Mapping)
