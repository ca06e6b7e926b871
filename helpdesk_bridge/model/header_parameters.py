"""Read a parameter of a mail header, such as ``filename`` (RFC 2045, 5.1, and RFC 2231).

Python's ``email`` raises on some names, and decodes them by whatever codec a mail asks for.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from helpdesk_bridge.model.encoded_words import charset_codec, decoded, decoded_words

__all__ = ["header_parameter"]

_COMMENT = r"\((?:[^()\\]|\\.|\((?:[^()\\]|\\.)*+\))*+\)"
_PARAMETER = re.compile(
    rf"""{_COMMENT}|;(?:\s*+{_COMMENT})*+\s*+"""
    r"""(?P<name>[^\s=;"*()]++)(?:\*(?P<place>[0-9]{1,4}+))?+(?P<coded>\*?+)\s*+=\s*+"""
    rf"""(?:"(?P<quoted>(?:[^"\\]|\\.)*+)"|(?P<plain>(?:{_COMMENT}|[^;])*+))""",
    re.DOTALL,
)
"""A parameter, or a comment between two, which is no parameter whatever it holds. What looks like
a comment in a bare value belongs to the value, as people name files: ``a (1; 2).pdf``."""


def header_parameter(value: str, name: str) -> str:
    r"""Return a parameter of a header, in Unicode; "" without one. Nothing is too broken for it.

    The plain form counts before that of RFC 2231, unless it has a ``?``, which stands for letters
    that it could not have. A backslash escapes a quotation mark or a backslash; elsewhere it is
    one, as people write ``C:\temp``. What cannot be decoded stays as it is written.

    Args:
        value: the value of the header, unfolded: ``attachment; filename="a.pdf"``.
        name: the name of the parameter, in small letters.
    """
    pieces: dict[int, tuple[str, bool]] = {}
    plain = ""
    for found in _PARAMETER.finditer(value):
        if (found["name"] or "").lower() != name:
            continue
        quoted = found["quoted"]
        if quoted is None:
            text = found["plain"].strip().strip('"')
        else:
            text = re.sub(r'\\(["\\])', r"\1", quoted)
        if found["place"] or found["coded"]:
            pieces.setdefault(int(found["place"] or 0), (text, bool(found["coded"])))
        else:
            plain = plain or decoded_words(text)
    if plain and "?" not in plain:
        return plain
    return _joined([pieces[place] for place in sorted(pieces)]) or plain


def _joined(pieces: list[tuple[str, bool]]) -> str:
    """Return the words of a parameter that is written in pieces, some of them percent-encoded."""
    if not pieces or not pieces[0][1]:
        return "".join(text for text, _ in pieces)
    charset, *rest = pieces[0][0].split("'", 2)
    if len(rest) < 2:  # the apostrophe, if there is one, is the name's
        charset, rest = "", [pieces[0][0]]
    told = [(rest[-1], True), *pieces[1:]]
    codec = charset_codec(charset or "utf-8")
    if codec is None:
        return "".join(text for text, _ in told)
    data = [
        unquote_to_bytes(text.encode("utf-8", "replace"))
        if coded
        else text.encode(codec, "replace")
        for text, coded in told
    ]
    return decoded(b"".join(data), codec)
