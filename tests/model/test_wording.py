"""Two texts are the same words if and only if reformatting alone makes the difference."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_bridge.model import html_text
from helpdesk_bridge.model.fingerprint import Fingerprint, digest
from helpdesk_bridge.model.wording import address_wording, subject_wording, unlabelled, wording


@given(st.text())
def test_a_round_trip_through_html_changes_no_words(text: str) -> None:
    assert wording(html_text.html_to_text(html_text.text_to_html(text))) == wording(text)


@given(st.text())
def test_a_wording_is_its_own_wording(text: str) -> None:
    assert wording(wording(text)) == wording(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("-5 degrees", "+5 degrees"),
        ("C++", "C#"),
        ("Yes 👍", "Yes 👎"),
        ("👨‍👩‍👧", "👨👩👧"),
        ("Do not pay.", "Do not pay?"),
        ("12.50", "1250"),
        ("x²", "x2"),
        ("€ 5", "$ 5"),
        ("no where", "nowhere"),
        ("see (https://a.example)", "see (https://b.example)"),
        ("see https://a.example", "see https://a.example (https://b.example)"),
        ("Polish", "polish"),
        ("It is paid.", "It is paid.\n-- \nThe team"),
        ("It is paid.", "> It is paid."),
        ("", "."),
    ],
)
def test_what_means_something_else_has_other_words(one: str, other: str) -> None:
    assert digest(one) != digest(other)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("Two  blanks", "Two\u00a0blanks"),
        ("A line\nand one", "A line\r\n\r\nand one "),
        ("it\u2019s \u201cso\u201d", 'it\'s "so"'),
        ("hyphen\u00adated", "hyphenated"),
        ("a\u200bb", "ab"),
        ("Gru\u0308\u00dfe", "Gr\u00fc\u00dfe"),
        ("see www.a.example now", "see www.a.example (http://www.a.example/) now"),
        ("see https://a.example", "see https://a.example (https://a.example/)"),
        (None, ""),
    ],
)
def test_reformatting_changes_no_words(sent: str | None, shown: str) -> None:
    assert digest(sent) == digest(shown)


def test_a_long_text_without_a_blank_is_read_once() -> None:
    assert len(wording("(" * 2_000_000)) == 2_000_000


@pytest.mark.parametrize(
    "spelling",
    [
        "li@bücher.example",
        "li@xn--bcher-kva.example",
        "LI@BÜCHER.EXAMPLE",
        "li+shop@bücher.example",
        " li@bücher.example. ",
    ],
)
def test_an_address_in_any_spelling_may_be_the_same(spelling: str) -> None:
    assert address_wording(spelling) == "li@bücher.example"


@pytest.mark.parametrize("address", ["xn--@xn--", "+@x", "@", "", "li@xn--\udcff", "a@b@c"])
def test_an_odd_address_is_compared_all_the_same(address: str) -> None:
    assert address_wording(address).count("@") >= 1


def test_two_addresses_differ() -> None:
    assert address_wording("li@a.example") != address_wording("bo@a.example")
    assert address_wording("li@a.example") != address_wording("li@b.example")
    assert address_wording("+li@a.example") != address_wording("+bo@a.example")


def test_labels_before_a_subject_are_taken_off_one_by_one() -> None:
    assert [*unlabelled("[#12] AW[2]: (EXT) Refund")] == [
        "[#12] aw[2]: (ext) refund",
        "aw[2]: (ext) refund",
        "(ext) refund",
        "refund",
    ]
    assert [*unlabelled("Refund: paid twice")] == ["refund: paid twice"]


@given(st.text(max_size=40))
def test_a_subject_within_another_is_found(subject: str) -> None:
    mark = Fingerprint.of("create_ticket", salt="s", body="", subject=subject)
    assert mark.has_subject(subject)
    for labelled in (f"[#7] {subject}", f"Re: {subject}"):
        assert mark.has_subject(labelled)
    if subject_wording(subject):
        assert mark.has_subject_within(f"EXTERN {subject} (ticket 7)")
    assert not mark.has_subject_within(f"{wording(subject)}x")
