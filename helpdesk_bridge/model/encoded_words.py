"""Read encoded words, as mail headers have names in: ``=?utf-8?Q?J=C3=BCrgen?=`` (RFC 2047)."""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, a2b_qp
from encodings.aliases import aliases

__all__ = ["charset_codec", "decoded", "decoded_words"]

_WORD = re.compile(r"=\?([^?*\s]{1,40})(?:\*[^?\s]*+)?\?([bBqQ])\?([^?\s]*+)\?=")
_BETWEEN = re.compile(r"(?<=\?=)\s++(?==\?)")
_HALVES = re.compile("[\ud800-\udfff]")
_NO_CHARSETS = frozenset(("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"))
"""Codecs of Python's that are no character sets, and slow or unsafe on long texts."""
_WITHOUT_ALIAS = "cp720 cp737 cp856 cp874 cp1006 koi8_t koi8_u utf_8_sig mac_arabic mac_croatian"
_OF_MAILS = {
    **dict.fromkeys(("iso_8859_8_i", "iso_8859_8_e", "logical"), "iso8859_8"),
    **dict.fromkeys(("iso_8859_6_i", "iso_8859_6_e"), "iso8859_6"),
    **dict.fromkeys(("windows_874", "dos_874", "x_windows_874"), "cp874"),
    **dict.fromkeys(("windows_31j", "cswindows31j", "x_sjis", "x_ms_cp932"), "cp932"),
    **dict.fromkeys(("x_mac_roman", "x_macroman", "mac"), "mac_roman"),
    **dict.fromkeys(("x_euc_jp", "x_eucjp"), "euc_jp"),
    **dict.fromkeys(("x_gbk", "x_cp936"), "gbk"),
    **{f"x_cp{number}": f"cp{number}" for number in range(1250, 1259)},
}
"""Names that mails have for character sets, and Python does not know."""
_CHARSETS = _OF_MAILS | {
    name: codec
    for name, codec in (
        *aliases.items(),
        *((codec, codec) for codec in (*aliases.values(), *_WITHOUT_ALIAS.split())),
    )
    if not codec.endswith(("_codec", "rot_13", "mbcs")) and codec not in _NO_CHARSETS
}
"""The character sets that Python has, by their names with ``_`` for ``-``. Nothing else is looked
up: for each unknown name Python tries an import."""


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
        name = charset_codec(found[1])
        data = None if name is None else _bytes(found[2], found[3])
        if run and (found.start() > place or name != charset or data is None):
            parts.append(decoded(run, charset))
            run = b""
        parts.append(text[place : found.start()])
        place = found.end()
        if data is None or name is None:
            parts.append(found[0])
        else:
            run, charset = run + data, name
    if run:
        parts.append(decoded(run, charset))
    return "".join((*parts, text[place:]))


def _bytes(encoding: str, data: str) -> bytes | None:
    try:
        plain = data.encode("ascii")
        if encoding in "qQ":
            return a2b_qp(plain, header=True)
        return a2b_base64(plain + b"=" * (-len(plain) % 4), strict_mode=True)
    except (UnicodeEncodeError, Error):
        return None


def decoded(data: bytes, codec: str) -> str:
    """Return ``data`` by a codec, with U+FFFD for what is no character.

    Python's decoder of UTF-7 takes half a surrogate pair for one, which no text can be sent with.
    """
    return _HALVES.sub("\ufffd", data.decode(codec, "replace"))


def charset_codec(charset: str) -> str | None:
    """Return the codec for a character set that a mail names; None where it names none."""
    return _CHARSETS.get(charset.lower().replace("-", "_"))
