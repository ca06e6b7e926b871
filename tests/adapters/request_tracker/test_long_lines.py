"""A long line of a mail is read in time that grows with its length."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from helpdesk_bridge_request_tracker.attached_mail import _headers
from helpdesk_bridge_request_tracker.messages import _addresses
from helpdesk_bridge_request_tracker.parts import PartJson

from helpdesk_bridge.kit import read


def headers(text: str) -> list[str]:
    part = {"id": "1", "TransactionId": "2", "Headers": text}
    return _headers(read(part, PartJson))


def addresses(text: str) -> list[str | None]:
    return [one.email for one in _addresses(text)]


@pytest.mark.parametrize("read_text", [headers, addresses])
@pytest.mark.parametrize("shape", ["a" * 300_000, "a\n" * 300_000, "x: y\n" + "é" * 300_000])
def test_a_line_without_what_is_sought_takes_no_time(
    read_text: Callable[[str], list[str]], shape: str
) -> None:
    began = time.process_time()
    read_text(shape)
    assert time.process_time() - began < 5, "it takes 0.1 s, and would take minutes"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A: 1\nB: 2\n", ["A: 1", "B: 2"]),
        ("A: 1\n  2\n\t3\nB:", ["A: 1\r\n  2\r\n\t3", "B:"]),
        ("A: 1\r\nB: 2\r\n", ["A: 1", "B: 2"]),
        ("no header\nB: 2", ["B: 2"]),
        ("no header\n X: its second line\nB: 2", ["B: 2"]),
        ("X-RT-Loop: 1\nB: 2", ["B: 2"]),
    ],
)
def test_headers_are_the_lines_with_a_colon(text: str, found: list[str]) -> None:
    assert headers(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Li <li@c.example>, bo@c.example", ["li@c.example", "bo@c.example"]),
        ("li@c.example;bo@c.example", ["li@c.example", "bo@c.example"]),
        ('"a@b.example"', ["a@b.example"]),
        ("@ a@ @b @home", []),
        ("", []),
    ],
)
def test_addresses_are_the_words_around_an_at(text: str, found: list[str]) -> None:
    assert addresses(text) == found
