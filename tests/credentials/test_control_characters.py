"""What a vendor, a file or a caller writes steers no terminal and breaks no line of a log."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.errors import ProtocolError, Stage, ValidationFailed
from helpdesk_bridge.errors.plain import plain
from helpdesk_bridge.testing import Answer, FaultServer, MemorySettings
from helpdesk_bridge.transport.log import attributes
from tests.credentials.calls import CALLS, Case, connected, fakes
from tests.vendors import FAKES

HOSTILE = {
    "escape": "\x1b[2J\x1b]0;pwned\x07",
    "line break": "a\r\nWARNING all is well",
    "bidi": "\u202egpj.exe\u2066\u2069",
    "zero width": "ad\u200bmin\u200d\ufeff",
    "c1": "\x9b31m\x85\x90",
    "separators": "a\u2028b\u2029c",
    "nul": "a\0b",
    "surrogate": "a\ud800b",
    "tag": "a\U000e0041b",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_an_error_is_one_plain_line_wherever_the_text_stands(text: str) -> None:
    error = ValidationFailed(text, fields={text: [text]}, vendor_code=text, request_id=text)
    error.fill(desk=text, vendor=text, operation=text)
    for shown in (str(error), repr(error), error.message, *error.args, *error.fields):
        assert shown.isprintable()
    assert all(one.isprintable() for texts in error.fields.values() for one in texts)
    for value in (error.desk, error.vendor, error.operation, error.vendor_code, error.request_id):
        assert value is not None
        assert value.isprintable()
    assert str(ProtocolError(text, path=text)).isprintable()
    assert (ProtocolError("odd", path=text).path or "").isprintable()
    assert str(hb.ConfigurationError(text, key=text)).isprintable()


def test_what_is_plain_stays_as_it_is() -> None:
    for text in ("", "two  blanks", "Gr\u00fc\u00dfe \u4f60\u597d \U0001f600"):
        assert plain(text) == text
    assert plain("a\n\tb") == "a b"


def hostile(text: str, status: int) -> Answer:
    shape: dict[str, Any] = {
        "message": text,
        "errors": {text: [text], "body": text},
        "error": {"code": text, "message": text, "details": [{"field": text, "message": text}]},
        "status": "error",
        "errorCode": text,
        "id": text,
        "data": [{text: {text: text}}, text],
        text: {text: [text]},
    }
    return Answer.json(shape, status)


SHAPES: Mapping[str, Callable[[str], Answer]] = {
    "401": lambda text: hostile(text, 401),
    "422": lambda text: hostile(text, 422),
    "strange": lambda text: hostile(text, 200),
    "list": lambda text: Answer.json([text, {text: text}], 200),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("adapter", FAKES)
async def test_no_answer_puts_them_into_an_error_or_a_log_line(
    adapter: str, shape: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = "|".join(one for name, one in HOSTILE.items() if name != "surrogate")
    caplog.set_level(logging.DEBUG, "helpdesk_bridge")
    async with fakes(adapter) as (fake, ticket), FaultServer(default=SHAPES[shape](text)) as server:
        table = fake.table() | {"base_url": server.url}
        async with connected(table, max_attempts=1, deadline=20) as desk:
            failures = []
            for call in CALLS.values():
                try:
                    await call(Case(desk, ticket, tmp_path))
                except hb.HelpdeskError as error:
                    failures.append(error)
    assert len(failures) > 10
    for failure in failures:
        assert str(failure).isprintable()
        assert repr(failure).isprintable()
        assert failure.message.isprintable()
    records = [one for one in caplog.records if one.name.startswith("helpdesk_bridge")]
    lines = [one.getMessage() for one in records]
    assert lines
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_an_id_puts_none_into_an_error_or_an_attribute_of_a_log_line(text: str) -> None:
    error = hb.OutcomeUnknown("lost.", ticket_id=text, operation="ticket").fill(stage=Stage.READING)
    assert error.ticket_id == text
    assert str(error).isprintable()
    assert repr(error).isprintable()
    ticket = attributes(ticket_id=text, attempt=1)["ticket_id"]
    assert isinstance(ticket, str)
    assert ticket.isprintable()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_desk_has_them_in_its_name(text: str) -> None:
    with pytest.raises(hb.InvalidArgument):
        hb.Helpdesk(MemorySettings(), name=text)
    with pytest.raises(hb.ConfigurationError) as caught:
        hb.load_config({"desks": {text: {"adapter": "memory"}}})
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_configuration_puts_them_into_its_error(text: str) -> None:
    for table in ({text: 1}, {"adapter": text}, {"adapter": "memory", "path": {"file": text}}):
        with pytest.raises(hb.ConfigurationError) as caught:
            hb.load_config({"desks": {"it": table}}).desk()
        assert str(caught.value).isprintable()
        assert caught.value.key is None or caught.value.key.isprintable()
    with pytest.raises(hb.ConfigurationError) as caught:
        hb.load_config({"desks": {"it": {}}, "default": text})
    assert str(caught.value).isprintable()
