"""A refusal of any size becomes an error of bounded size, by work that grows with it alone."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from helpdesk_bridge_airclou.adapter import Airclou
from helpdesk_bridge_helpspace.adapter import HelpSpace

from helpdesk_bridge.errors import ValidationFailed
from helpdesk_bridge.transport import Effect, Operation, Request, Response
from helpdesk_bridge.transport.body import JsonBody
from helpdesk_bridge.transport.explanation import Explanation
from helpdesk_bridge.transport.policies.error_table import ErrorTable
from tests.work import instructions

_REPLY = Operation("reply", Effect.UNSAFE_WRITE)


def _helpspace(fields: Any) -> Any:
    return {"message": "not accepted", "errors": fields}


def _airclou(fields: Any) -> Any:
    return {"error": {"code": "E1", "message": "not accepted", "details": fields}}


VENDORS: dict[str, tuple[Any, Any]] = {
    "helpspace": (HelpSpace, _helpspace),
    "airclou": (Airclou, _airclou),
}


def _error(vendor: str, fields: Any, body: Any = None) -> ValidationFailed:
    adapter, answer = VENDORS[vendor]
    request = Request(operation=_REPLY, method="POST", path=("t",), body=JsonBody(body or {}))
    response = Response(
        request=request, status=422, headers={}, content=orjson.dumps(answer(fields))
    )
    found = ErrorTable({}, adapter.explain)._error(response)
    assert isinstance(found, ValidationFailed)
    return found


@pytest.mark.parametrize("vendor", VENDORS)
def test_of_thousands_of_fields_the_first_are_kept_and_the_others_counted(vendor: str) -> None:
    error = _error(vendor, {f"field{number}": ["is wrong"] for number in range(4032)})
    assert [*error.fields] == [f"field{number}" for number in range(32)]
    assert error.fields_left_out == 4000
    assert str(error).endswith("field31: is wrong; … and 4,000 more")


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    "fields",
    {
        "many": {f"f{number}": ["x" * 50] for number in range(20_000)},
        "long names": {"n" * 100_000 + str(number): ["x"] for number in range(20)},
        "long texts": {f"f{number}": ["y " * 100_000] for number in range(20)},
        "many texts": {"f": ["wrong"] * 100_000},
        "no texts": {"f": [{"deep": [["z" * 1000] * 1000]}] * 100},
        "one text": {"f": "w" * 1_000_000},
    }.items(),
    ids=lambda item: item[0],
)
def test_an_error_is_small_whatever_was_answered(vendor: str, fields: tuple[str, Any]) -> None:
    error = _error(vendor, fields[1])
    assert len(str(error)) < 16_000
    assert len(str(error.fields)) < 16_000


@pytest.mark.parametrize("vendor", VENDORS)
def test_deeply_nested_fields_do_not_multiply(vendor: str) -> None:
    wide: Any = {f"w{number}": ["wrong"] for number in range(2000)}
    for _ in range(200):
        wide = {"k" * 500: wide}
    error = _error(vendor, wide)
    assert len(str(error.fields)) < 50_000
    adapter, answer = VENDORS[vendor]
    assert instructions(lambda: adapter.explain(_Answer(answer(wide)))) < 200_000


class _Answer:
    """A decoded answer."""

    def __init__(self, data: Any) -> None:
        self._data = data

    def json(self) -> Any:
        return self._data


def _many(number: int) -> tuple[dict[str, list[str]], dict[str, str]]:
    fields = {f"field{one}": [f"some words {one}"] for one in range(number)}
    return fields, {f"value{one}": f"Other {one}" for one in range(number)}


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_work_grows_with_the_fields_and_the_words_and_not_with_their_product(
    vendor: str,
) -> None:
    fields, body = _many(400)
    once = instructions(lambda: _error(vendor, fields, body))
    fields, body = _many(1600)
    assert instructions(lambda: _error(vendor, fields, body)) < 5 * once


def test_what_is_quoted_of_a_request_of_any_size_is_not_shown() -> None:
    """Of a very large one it cannot be told in time what is quoted: nothing is shown then."""
    body = {f"value{number}": f"word{number} " * 9000 for number in range(10)}
    body["last"] = "Ines Okafor has paid twice"
    error = _error("helpspace", {"body": ["'Ines Okafor has' is too long"]}, body)
    assert error.fields == {"<redacted>": ("<redacted>",)}
    assert "(<redacted>)" in str(error)


@pytest.mark.parametrize("at", [0, 1, 5, 6, 7, 11, 12, 13, 1000, 4091])
@pytest.mark.parametrize("length", [12, 13, 17, 30])
def test_a_quotation_is_found_wherever_it_begins(at: int, length: int) -> None:
    sent = "".join(chr(0x4E00 + number) for number in range(4121))
    quoted = sent[at : at + length]
    error = _error("helpspace", {"body": [f"near '{quoted}'."]}, {"text": sent})
    assert error.fields == {"body": ("near '<redacted>'.",)}


def test_a_word_that_is_cut_is_not_shown_in_part() -> None:
    """An address is known by its @, which may lie behind the cut."""
    said = Explanation(message="x " * 499 + "li.customer@example.com")
    request = Request(operation=_REPLY, method="POST", path=("t",))
    response = Response(request=request, status=422, headers={})
    error = ErrorTable({}, lambda _: said)._error(response)
    assert "li.cust" not in str(error)


def test_an_adapter_of_others_is_held_to_the_same() -> None:
    said = Explanation(fields={f"f{number}": ("wrong",) * 100 for number in range(100)})
    request = Request(operation=_REPLY, method="POST", path=("t",))
    response = Response(request=request, status=422, headers={})
    error = ErrorTable({}, lambda _: said)._error(response)
    assert isinstance(error, ValidationFailed)
    assert (len(error.fields), error.fields_left_out) == (32, 68)
    assert error.fields["f0"] == ("wrong",) * 4
