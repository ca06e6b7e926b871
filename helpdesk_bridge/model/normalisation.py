"""The normal forms of Unicode, in a time that grows with the text and not with its square."""

from __future__ import annotations

import re
from typing import Literal
from unicodedata import combining, normalize

__all__ = ["normalised"]

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]

_LONG_RUN = 31
"""Real text has no more than 30 marks in a row: Unicode Standard Annex 15, "Stream-Safe Text"."""


def normalised(form: Form, text: str) -> str:
    """Return what ``unicodedata.normalize(form, text)`` does.

    Python before 3.14 sorts marks that follow each other by insertion: 40,000 of them, which is
    80 kB of a message, take 12 s. Here long runs of marks are in order before.

    ``form`` is one of NFC, NFD, NFKC and NFKD, ``text`` any text.
    """
    if text.isascii():
        return text
    apart: Form = "NFKD" if "K" in form else "NFD"
    # By the decomposed form: some marks count as letters by themselves.
    marks = sorted(one for one in set(text) if combining(normalize(apart, one)[0]))
    if marks:
        runs = f"[{re.escape(''.join(marks))}]{{{_LONG_RUN},}}"
        parts = {ord(one): normalize(apart, one) for one in marks}
        text = re.sub(runs, lambda run: _in_order(run[0].translate(parts)), text)
    return normalize(form, text)


def _in_order(marks: str) -> str:
    return "".join(sorted(marks, key=combining))
