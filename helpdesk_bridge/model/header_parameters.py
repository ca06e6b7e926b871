"""Read a parameter of a mail header, such as ``filename`` (RFC 2045, 5.1, and RFC 2231).

Python's ``email`` raises on some names, and decodes them by whatever codec a mail asks for.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from helpdesk_bridge.model.encoded_words import charset_codec, decoded_words

__all__ = ["header_parameter"]

_PARAMETER = re.compile(
    r""";\s*+(?P<name>[^\s=;"*]++)(?:\*(?P<place>[0-9]{1,4}+))?+(?P<coded>\*?+)\s*+=\s*+"""
    r"""(?:"(?P<quoted>(?:[^"\\]|\\.)*+)"|(?P<plain>[^;]*+))""",
    re.DOTALL,
)


def header_parameter(value: str, name: str) -> str:
    """Return a parameter of a header, in Unicode; "" without one. Nothing is too broken for it.

    The plain form counts before that of RFC 2231. What cannot be decoded stays as it is written.

    Args:
        value: the value of the header, unfolded: ``attachment; filename="a.pdf"``.
        name: the name of the parameter, in small letters.
    """
    pieces: dict[int, tuple[str, bool]] = {}
    for found in _PARAMETER.finditer(value):
        if found["name"].lower() != name:
            continue
        quoted = found["quoted"]
        if quoted is None:
            text = found["plain"].strip().strip('"')
        else:
            text = re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
        if found["place"] or found["coded"]:
            pieces.setdefault(int(found["place"] or 0), (text, bool(found["coded"])))
        elif text:
            return decoded_words(text)
    return _joined([pieces[place] for place in sorted(pieces)])


def _joined(pieces: list[tuple[str, bool]]) -> str:
    """Return the words of a parameter that is written in pieces, some of them percent-encoded."""
    if not pieces or not pieces[0][1]:
        return "".join(text for text, _ in pieces)
    charset, _, first = pieces[0][0].rpartition("'")
    told = [(first, True), *pieces[1:]]
    codec = charset_codec(charset.partition("'")[0] or "utf-8")
    if codec is None:
        return "".join(text for text, _ in told)
    data = [
        unquote_to_bytes(text.encode("utf-8", "replace"))
        if coded
        else text.encode(codec, "replace")
        for text, coded in told
    ]
    return b"".join(data).decode(codec, "replace")
