"""A vocabulary reads every spelling that it knows, and writes one."""

from __future__ import annotations

import pytest

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.kit.vocabulary import Vocabulary
from helpdesk_bridge.model import Status

VOCABULARY = Vocabulary(
    reads={"open": Status.OPEN, "opened": Status.OPEN, "Done": Status.CLOSED},
    writes={Status.OPEN: "open", Status.CLOSED: "Done"},
    unknown=Status.UNKNOWN,
)


@pytest.mark.parametrize(
    ("word", "read"),
    [("OPENED", Status.OPEN), ("Done", Status.CLOSED), ("brand new", Status.UNKNOWN)],
)
def test_a_word_is_read_whatever_its_case(word: str, read: Status) -> None:
    assert VOCABULARY.read(word) is read


def test_a_value_the_vendor_has_no_word_for_is_refused_with_those_it_has() -> None:
    with pytest.raises(InvalidArgument, match="no word for spam; it knows open, closed"):
        VOCABULARY.write(Status.SPAM)


def test_a_vocabulary_writes_the_one_word_to_send() -> None:
    assert [VOCABULARY.write(value) for value in Status if value in VOCABULARY.writable()] == [
        "open",
        "Done",
    ]
