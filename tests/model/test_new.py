"""What a user writes is checked when it is written."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model import (
    Body,
    NewTicket,
    Note,
    Party,
    Upload,
)


@pytest.mark.parametrize(
    ("html", "text", "reason"),
    [
        (None, None, "one of the two"),
        ("<p>a</p>", "a", "one of the two"),
        ("", None, "empty"),
        (None, " \n\t", "empty"),
        ("<p>&nbsp;</p><br>", None, "empty"),
        ("<script>a</script>", None, "empty"),
        ("", "", "empty"),
        ("<br>", " \n", "empty"),
        (None, "\u200b", "empty"),
        ('<img src="cid:x">', "a", "one of the two"),
        (5, "a", "must be a str"),
        ("", "a\0b", "NUL"),
        (None, 5, "must be a str"),
        (b"a", None, "must be a str"),
        (None, "a\0b", "NUL"),
        ("<p>\ud800</p>", None, "surrogate"),
    ],
)
def test_a_body_that_cannot_be_sent_is_refused(html: Any, text: Any, reason: str) -> None:
    with pytest.raises(InvalidArgument, match=reason):
        Body.of(html, text)


@pytest.mark.parametrize(
    ("html", "text", "both"),
    [
        ("<p>a</p>", None, ("<p>a</p>", "a")),
        (None, "a\nb", ("<p>a<br>b</p>", "a\nb")),
        ('<IMG src="cid:x">', None, ('<IMG src="cid:x">', "")),
        ("", "a", ("<p>a</p>", "a")),
        ("<p>&nbsp;</p>", "a", ("<p>a</p>", "a")),
        ("<p>a</p>", " \n", ("<p>a</p>", "a")),
        ('<img src="cid:x">', "", ('<img src="cid:x">', "")),
    ],
)
def test_a_body_has_both_forms(html: str | None, text: str | None, both: tuple[str, str]) -> None:
    body = Body.of(html, text)
    assert (body.html, body.text) == both


@pytest.mark.parametrize(
    "value",
    [
        Body.of(None, "SECRET"),
        Note(body=Body.of(None, "SECRET"), extra={"a": "SECRET"}),
        NewTicket(subject="SECRET", requester=Party(name="SECRET"), body=Body.of("SECRET", None)),
        Upload("SECRET.txt", data=b"SECRET"),
    ],
)
def test_a_draft_in_a_log_line_shows_none_of_its_words(value: object) -> None:
    assert "SECRET" not in repr(value)


def test_a_note_has_nowhere_to_put_a_recipient() -> None:
    with pytest.raises(TypeError):
        Note(body=Body.of(None, "a"), to=(Party(email="jo@acme.example"),))  # type: ignore[call-arg]
