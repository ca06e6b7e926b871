"""Read encoded words, as mail headers have names in: ``=?utf-8?Q?J=C3=BCrgen?=`` (RFC 2047)."""

from __future__ import annotations

import codecs
import re
from binascii import Error, a2b_base64, a2b_qp

__all__ = ["charset_codec", "decoded_words"]

_WORD = re.compile(r"=\?([^?*\s]{1,40})(?:\*[^?\s]*+)?\?([bBqQ])\?([^?\s]*+)\?=")
_BETWEEN = re.compile(r"(?<=\?=)\s++(?==\?)")
_NO_CHARSETS = frozenset(("idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"))
"""Codecs of Python's that are no character sets, and slow or unsafe on long texts."""


def decoded_words(text: str) -> str:
    """Return ``text`` with its encoded words read; what cannot be read stays as it is.

    A character may be cut in two by the end of a word, so words that meet in one character set are
    read as one.
    """
    if "=?" not in text:
        return text
    parts: list[str] = []
    run, charset, place = b"", "", 0
    text = _BETWEEN.sub("", text)
    for found in _WORD.finditer(text):
        data = _bytes(found[2], found[3])
        name = charset_codec(found[1])
        if run and (found.start() > place or name != charset or data is None):
            parts.append(run.decode(charset, "replace"))
            run = b""
        parts.append(text[place : found.start()])
        place = found.end()
        if data is None or name is None:
            parts.append(found[0])
        else:
            run, charset = run + data, name
    if run:
        parts.append(run.decode(charset, "replace"))
    return "".join((*parts, text[place:]))


def _bytes(encoding: str, data: str) -> bytes | None:
    try:
        plain = data.encode("ascii")
        if encoding in "qQ":
            return a2b_qp(plain, header=True)
        return a2b_base64(plain + b"=" * (-len(plain) % 4), strict_mode=True)
    except (UnicodeEncodeError, Error):
        return None


def charset_codec(charset: str) -> str | None:
    """Return the codec for a character set that a mail names; None where it names none."""
    try:
        name = codecs.lookup(charset).name
        if name.replace("_", "-") in _NO_CHARSETS:
            return None
        b" ".decode(name, "replace")  # a codec such as hex makes no text
    except (LookupError, ValueError):
        return None
    return name
