"""Normal forms are exact, and take a time that grows with the text."""

from __future__ import annotations

import random
import re
import unicodedata
from itertools import pairwise
from typing import Any, Literal, TypeAlias

import pytest

from helpdesk_bridge.model import Attachment, normalisation
from helpdesk_bridge.model.fingerprint import Fingerprint
from helpdesk_bridge.model.normalisation import normalised
from helpdesk_bridge.model.wording import address_wording, unlabelled, wording
from tests.vendors import ROOT
from tests.work import instructions

Form: TypeAlias = Literal["NFC", "NFKC"]
FORMS: tuple[Form, ...] = ("NFC", "NFKC")
_EACH = [chr(code) for code in range(0x110000)]
_MARKS = [
    one for one in _EACH if any(map(unicodedata.combining, unicodedata.normalize("NFKD", one)))
]
HOSTILE = {
    "marks in turn": "a" + "\u0315\u0300" * 500,
    "marks of two": "a" + "\u0344\u0315" * 500,
    "marks that are letters": "\u0f73\u0f75\u0f81" * 300,
    "marks in one form only": "\u30ab" + "\uff9e\u0315" * 500,
    "runs between letters": ("\u00e9" + "\u0315\u0300" * 40) * 20,
}


@pytest.mark.parametrize("form", FORMS)
def test_they_are_exact(form: Form) -> None:
    chance = random.Random(f"normal {form}")
    letters = [*"aeo \u00e9\uac00\u1100\u1161\u11a8\ufb01\u1e69\ud800", *chance.sample(_EACH, 500)]
    for _ in range(1500):
        runs = [chance.choices(_MARKS, k=chance.randint(*size)) for size in ((0, 5), (25, 90))]
        text = "".join("".join(chance.choices(letters, k=2) + run) for run in runs)
        assert normalised(form, text) == unicodedata.normalize(form, text), ascii(text)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_long_run_of_marks_is_left_to_be_sorted(
    form: Form, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's own sorting looks at all marks before each one that is out of order."""

    def counted(made: Any, given: str) -> str:
        apart: Any = "NFD" if form == "NFC" else "NFKD"
        marks = "".join(unicodedata.normalize(apart, one) for one in given)  # not in order
        classes = [unicodedata.combining(one) for one in marks]
        longest = worst = 0
        for before, one in pairwise(classes):
            longest = longest + 1 if one else 0
            worst = max(worst, longest) if before > one > 0 else worst
        assert worst <= 31, "a mark that is out of order, behind so many"
        return unicodedata.normalize(made, given)

    expected = unicodedata.normalize(form, text)
    monkeypatch.setattr(normalisation, "normalize", counted)
    assert normalised(form, text) == expected


def test_whatever_is_compared_or_named_goes_this_way() -> None:
    at_fault = [
        str(path.relative_to(ROOT))
        for folder in ("helpdesk_bridge", "adapters")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "normalisation.py"
        and re.search(r"unicodedata\.normalize|import .*\bnormalize\b", path.read_text("utf-8"))
    ]
    assert at_fault == []


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_words_addresses_and_names_of_files_survive_it(text: str) -> None:
    assert wording(text) == wording(unicodedata.normalize("NFD", text))
    assert address_wording(f"li@{text}.example").startswith("li@")
    assert len(Attachment(id="1", name=f"{text}.pdf").safe_name.encode()) <= 255


def test_only_what_can_be_a_label_of_a_domain_is_read_as_one() -> None:
    assert address_wording("li@xn--bcher-kva.example") == "li@b\u00fccher.example"
    long = "xn--" + "a" * 60 + "-kva"
    assert address_wording(f"li@{long}.example") == f"li@{long}.example"


def test_a_subject_of_labels_alone_costs_no_more_than_its_length() -> None:
    assert len(list(unlabelled("re: " * 1000))) == 9
    assert [*unlabelled("Re: AW[2]: [#1] Bill")] == [
        "re: aw[2]: [#1] bill",
        "aw[2]: [#1] bill",
        "[#1] bill",
        "bill",
    ]


def test_of_a_very_long_subject_it_is_not_said_that_it_is_another() -> None:
    mark = Fingerprint.of("create_ticket", salt="s", body="b", subject="Bill", requester="l@c.de")
    assert mark.has_subject_within("[#1] the Bill of May")
    assert not mark.has_subject_within("another matter")
    long = "another matter " * 4000
    assert instructions(lambda: mark.has_subject_within(long)) < 100
    assert mark.has_subject_within(long)
