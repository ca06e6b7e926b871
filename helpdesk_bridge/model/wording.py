"""What stays of a text, a subject or an address on its way through a vendor: what is compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from helpdesk_bridge.model.normalisation import normalised

__all__ = ["address_wording", "subject_parts", "subject_wording", "unlabelled", "wording"]

_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
"""What editors put in to break or join lines. Joiners that make another emoji or letter stay."""
_QUOTES = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f", '"'),
    }
)
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_LABEL = re.compile(r"(?:\[[^\[\]]*\]|\([^()]*\)|\{[^{}]*\}|[^\W\d_]{1,4}\s?(?:\[\d+\])?:)\s*")
"""What vendors put before a subject: ``[#12]``, ``(EXT)``, ``Re:``, ``AW[2]:``."""
_MOST_WORDS = 40
_MOST_LABELS = 8
_LONGEST_LABEL = 63
"""Characters of a label of a domain: RFC 1035, section 2.3.4. To read a longer one may take long,
for Python's punycode takes a time that grows with the square."""


def wording(text: str | None) -> str:
    """Return ``text`` without what changes while it is made HTML and text again.

    Blanks of all kinds and line ends count as one blank, characters that nobody sees do not count,
    curled quotation marks are straight, and a link's target behind it is left out where it says
    what the link says. All else stays: signs, figures, emoji, punctuation, case. None is "".
    """
    plain = _INVISIBLE.sub("", normalised("NFC", text or "")).translate(_QUOTES)
    kept: list[str] = []
    for word in plain.split():
        if kept and word[0] == "(" and word[-1] == ")" and _SCHEME.match(word, 1):
            shown, target = (_SCHEME.sub("", one, count=1) for one in (kept[-1], word[1:-1]))
            if shown.rstrip("/") == target.rstrip("/"):
                continue
        kept.append(word)
    return " ".join(kept)


def subject_wording(subject: str | None) -> str:
    """Return the wording of ``subject`` without its case; None is ""."""
    return wording(subject).casefold()


def subject_parts(subject: str | None) -> Iterator[str]:
    """Yield the wordings that ``subject`` may have had before a vendor put something around it.

    These are all its parts of whole words, and what is left without labels such as ``[#12]`` or
    ``Re:``, of which it may have several.
    """
    for rest in unlabelled(subject):
        words = rest.split()[:_MOST_WORDS]
        for first in range(len(words)):
            for end in range(len(words), first, -1):
                yield " ".join(words[first:end])
        yield rest


def unlabelled(subject: str | None) -> Iterator[str]:
    """Yield the wording of ``subject``, then without its first label, its first two, and so on.

    No vendor puts more than a few before it; of more, only the first are taken off.
    """
    plain = subject_wording(subject)
    yield plain
    for _ in range(_MOST_LABELS):
        found = _LABEL.match(plain)
        if found is None:
            return
        plain = plain[found.end() :]
        yield plain


def address_wording(address: str | None) -> str:
    """Return an e-mail address as all its usual spellings have it in common; None is "".

    Case, a tag (``+x``) and the spelling of the domain (``xn--…``) do not count. Two addresses
    that differ in these alone may be two people's.
    """
    name, _, domain = normalised("NFKC", address or "").strip().rpartition("@")
    domain = domain.replace("\u3002", ".").casefold().rstrip(".")
    labels = [_readable(label) for label in domain.split(".")]
    return f"{name.partition('+')[0] or name}@{'.'.join(labels)}".casefold()


def _readable(label: str) -> str:
    if label.startswith("xn--") and len(label) <= _LONGEST_LABEL:
        with suppress(UnicodeError):
            label = label[4:].encode("ascii").decode("punycode")
    return normalised("NFKC", label).casefold()
