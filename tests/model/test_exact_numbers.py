"""A whole number has one spelling where it stands for an id."""

from __future__ import annotations

import pytest

from helpdesk_bridge.kit import exact_number


@pytest.mark.parametrize("text", ["0", "7", "10", "999999999999999999"])
def test_the_one_spelling_of_a_number_is_read(text: str) -> None:
    assert exact_number(text) == int(text)


@pytest.mark.parametrize(
    "text",
    [*("007", "00", "+7", "-7", " 7", "7 ", "7\n", "7.0", "1_000", "", "1" * 19, "seven"),
     *("\N{ARABIC-INDIC DIGIT SEVEN}", "\N{SUPERSCRIPT TWO}", None, 7, True)],
)  # fmt: skip
def test_any_other_spelling_is_none(text: object) -> None:
    assert exact_number(text) is None
