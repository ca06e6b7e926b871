"""A message is public only when that is known, and a note never."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model import (
    Audience,
    Message,
    MessageType,
)

COPIES: list[Callable[[Any], Any]] = [
    lambda value: pickle.loads(pickle.dumps(value)),
    copy.copy,
    copy.deepcopy,
]


def message(**given: Any) -> Message:
    return Message(**{"id": "2", "ticket_id": "1", **given})


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
        ({"html": "", "text": "b"}, "<p>b</p>", "b"),
        ({"html": "<p>&nbsp;</p><br>", "text": "b"}, "<p>b</p>", "b"),
        ({"html": "<p>a</p>", "text": ""}, "<p>a</p>", "a"),
        ({"html": "<p>a</p>", "text": " \n\u200b"}, "<p>a</p>", "a"),
        ({"html": "<p></p>", "text": " \n"}, "<p></p>", " \n"),
        ({"html": '<img src="cid:a">', "text": "b"}, '<img src="cid:a">', "b"),
        ({"html": '<img src="cid:a">', "text": ""}, '<img src="cid:a">', ""),
        ({"text": " "}, "<pre>\n </pre>", " "),
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
