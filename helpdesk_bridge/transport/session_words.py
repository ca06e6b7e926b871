"""Tell by its words, in English, whether a refusal is about a session that has ended.

Only a whole sentence or a whole code says so. Values are refused in like words ("Invalid token '<'
in body", "unknown session type"), and whoever takes these for the end of a session sends a write
twice.
"""

from __future__ import annotations

import re

__all__ = ["is_end_code", "tells_end"]

_LONGEST = 200
_ENDED = r"(?:expired|ended|invalid|revoked|not valid|no longer valid|timed out|timeout)"
_ENDS = rf"{_ENDED}(?: (?:or|and) {_ENDED})*"
_WHAT = (
    r"(?:(?:the|your|this|an?|provided|given|supplied|current|access|auth|authentication|bearer"
    r"|api|user|refresh|web|login|session|security) )*(?:token|session|jwt|login)s?"
)
_SENTENCE = (
    rf"(?:{_WHAT}(?: (?:has|have|is|are|was))?(?: been)?(?: already)? {_ENDS}"
    rf"|{_ENDS} {_WHAT}(?: (?:provided|given|supplied))?"
    r"|(?:(?:you|user) (?:are|is) )?(?:not|no longer) (?:authenticated|logged in|signed in)"
    r"|(?:you (?:are|have been|were) )?(?:logged|signed) out|un ?authenticated"
    r"|(?:log ?in|sign ?in|authentication|session) (?:required|expired)"
    r"|please (?:log|sign) ?in(?: again)?(?: to continue)?)"
)
_TELLS = re.compile(_SENTENCE)
_CODE = re.compile(rf"(?:(?:e|err|error|auth|oauth) )?{_SENTENCE}(?: (?:error|exception))?")
_BESIDE = re.compile(
    r"(?:bad request|forbidden|access denied|error|un ?authori[sz]ed"
    r"|authentication (?:failed|error))"
)
_CLAUSES = re.compile(r"[.!;:,]+(?= |$)")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def tells_end(text: str) -> bool:
    """Say whether a sentence tells from its beginning to its end that a session has ended."""
    if len(text) > _LONGEST:
        return False
    clauses = [one.strip() for one in _CLAUSES.split(_plain(text)) if one.strip()]
    told = [_TELLS.fullmatch(one) is not None for one in clauses]
    beside = [_BESIDE.fullmatch(one) is not None for one in clauses]
    return any(told) and all(a or b for a, b in zip(told, beside, strict=True))


def is_end_code(text: str) -> bool:
    """Say whether a text is one word for programs that tells it: SESSION_EXPIRED, invalid_token."""
    if len(text) > _LONGEST or not re.fullmatch(r"[\w-]+", text):
        return False
    return _CODE.fullmatch(_plain(_HUMP.sub(" ", text))) is not None


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("_", " ").replace("-", " ").split())
