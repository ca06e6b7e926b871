"""The ways in which one text can be spelled, each with the places in the text as it was given."""

from __future__ import annotations

import html
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from attrs import frozen

from helpdesk_bridge.model.normalisation import normalised

__all__ = ["Spelling", "decodings", "kept_quickly", "letters", "signs", "unquoted"]

_ENCODED = re.compile(
    r"(?P<octets>(?:%[0-9A-Fa-f]{2})+|(?:=[0-9A-Fa-f]{2})+|(?:\\x[0-9A-Fa-f]{2})+)"
    r"|(?P<entity>&(?:#(?=[0-9])0*+[0-9]{0,7}|#[xX](?=[0-9A-Fa-f])0*+[0-9A-Fa-f]{0,6}"
    r"|[A-Za-z][A-Za-z0-9]{1,30});?)"
    r"|\\[uUx]\{0*+(?P<braced>[0-9A-Fa-f]{1,6})\}|\\U00(?P<long>[0-9A-Fa-f]{6})"
    r"|(?:%u|\\u\{?)(?P<wide>[0-9A-Fa-f]{4})\}?"
    r"|\\(?P<octal>[0-3][0-7]{2}|[1-7][0-7])|\\(?P<escaped>.)",
    re.DOTALL,
)
_LEADS = re.compile(r"%|=|\\x")
_ZEROS = re.compile(r"(?<=[#xX])0+(?=[0-9A-Fa-f])")
_NO_UTF8 = {0xDC00 + octet: octet for octet in range(0x80, 0x100)}
"""What stands for octets that are no UTF-8: they are read as Latin-1."""
_ROUNDS = 8
"""How often what is encoded is decoded: each proxy on the way may escape it once more."""
_TAG = re.compile(r"<[^<>]*+>")
_LABEL = re.compile(r"""(?<!\w)[\["']?[0-9]{1,3}[\]"']?[ \t]?(?:=>|[:=)])[ \t]?""")
"""The number of a character, as in ``0:a 1:b``, ``{"0": "a"}`` or PHP's ``[0] => a``."""
_NUMBER = re.compile(
    r"(?:0[xX]|[uU]\+)(?P<hex>[0-9A-Fa-f]{2,6})|(?:0[bB](?=[01]{6,8}(?!\w)))?(?P<bits>[01]{8}"
    r"|(?<=[bB])[01]{6,7})|(?<!\w)(?P<figures>[0-9]{2,3})(?!\w)"
)
_OCTAL = re.compile(r"(?<!\w)(?P<octal>[0-3]?[0-7]{2})(?!\w)")
_ROW = re.compile(r"(?<![0-9])(?:[0-2][0-9]{2}){4,}+(?![0-9])")
"""Decimal numbers of three figures with nothing between them."""
_THREE = re.compile(r"(?P<figures>[0-9]{3})")
_BASES = {"hex": 16, "bits": 2, "figures": 10, "octal": 8}
_FEWEST = 4
"""So many numbers may be the characters of a credential."""
_BLANKS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_QUOTES = frozenset("\"'`\u00b4-_\\" + "".join(map(chr, range(0x2010, 0x2020))))


@frozen
class Spelling:
    """A text in one spelling; each character of it stands for a piece of the text as given."""

    text: str
    starts: Sequence[int]
    """Where the piece of each character begins."""
    ends: Sequence[int]
    """Where it ends."""

    def kept(self, keep: Callable[[str], str]) -> Spelling:
        """Return this spelling with ``keep`` of each character, which may be several or none."""
        kept = [keep(char) for char in self.text]
        places = [place for place, chars in enumerate(kept) for _ in chars]
        starts, ends = self.starts, self.ends
        return Spelling("".join(kept), [starts[p] for p in places], [ends[p] for p in places])


def decodings(text: str) -> Iterator[Spelling]:
    """Yield ``text`` as it is, and with its escapes (percent, HTML, JSON, ``=41``) decoded.

    The first and the last of these also come without tags, without labels such as ``0:``, and with
    their numbers as the characters whose codes they are.
    """
    spelling = Spelling(text, range(len(text)), range(1, len(text) + 1))
    yield spelling
    yield from _views(spelling)
    rounds = 0
    while rounds < _ROUNDS and _ENCODED.search(spelling.text):
        rounds += 1
        spelling = _decoded(spelling)
        yield spelling
    if rounds:
        yield from _views(spelling)


def _views(spelling: Spelling) -> Iterator[Spelling]:
    bare = spelling
    for beside in (_TAG, _LABEL):
        if beside.search(bare.text):
            bare = _without(bare, beside)
            yield bare
    text = spelling.text
    in_rows = (one for row in _ROW.finditer(text) for one in _THREE.finditer(text, *row.span()))
    for numbers in (_NUMBER.finditer(text), _OCTAL.finditer(text), in_rows):
        found = list(numbers)
        if len(found) >= _FEWEST:
            yield Spelling(
                "".join(_numbered(one) for one in found),
                [spelling.starts[one.start()] for one in found],
                [spelling.ends[one.end() - 1] for one in found],
            )


def _without(spelling: Spelling, beside: re.Pattern[str]) -> Spelling:
    """Return ``spelling`` without what stands between its characters."""
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    spans = [found.span() for found in beside.finditer(spelling.text)]
    for first, last in (*spans, (len(spelling.text), 0)):
        chars.append(spelling.text[done:first])
        starts.extend(spelling.starts[done:first])
        ends.extend(spelling.ends[done:first])
        done = last
    return Spelling("".join(chars), starts, ends)


def _numbered(found: re.Match[str]) -> str:
    """Return the character whose code a number is."""
    base = _BASES[found.lastgroup or ""]
    return chr(min(int(found[found.lastgroup or ""], base), sys.maxunicode))


def _decoded(spelling: Spelling) -> Spelling:
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0

    def take(first: int, last: int) -> None:
        chars.extend(spelling.text[first:last])
        starts.extend(spelling.starts[first:last])
        ends.extend(spelling.ends[first:last])

    for found in _ENCODED.finditer(spelling.text):
        first, last = found.span()
        take(done, first)
        done = last
        meant = _meaning(found)
        each = 4 if found[0].startswith("\\") else 3
        if not found["octets"] or len(meant) * each != last - first:
            each = 0
        for place, one in enumerate(meant):
            begin = first + each * place if each else first
            end = begin + each if each else last
            chars.append(one)
            starts.append(spelling.starts[begin])
            ends.append(spelling.ends[end - 1])
    take(done, len(spelling.text))
    return Spelling("".join(chars), starts, ends)


def _meaning(found: re.Match[str]) -> str:
    if found["octets"]:
        octets = bytes.fromhex(_LEADS.sub("", found[0]))
        return octets.decode("utf-8", "surrogateescape").translate(_NO_UTF8)
    if found["entity"]:
        return html.unescape(_ZEROS.sub("", found[0], count=1))
    if code := found["braced"] or found["long"] or found["wide"]:
        return chr(min(int(code, 16), sys.maxunicode))
    if found["octal"]:
        return chr(int(found["octal"], 8))
    return _BLANKS.get(found["escaped"], found["escaped"])


@lru_cache(2048)
def _folded(char: str) -> str:
    """Return ``char`` in small letters and without marks, which may be characters of their own."""
    if char.isascii():
        return char.lower()
    folded = normalised("NFKD", normalised("NFKD", char).casefold())
    return "".join(one for one in folded if not unicodedata.combining(one))


@lru_cache(2048)
def letters(char: str) -> str:
    """Return the letters and figures of ``char``, whatever its case."""
    folded = _folded(char)
    return folded if folded.isalnum() else "".join(one for one in folded if one.isalnum())


@lru_cache(2048)
def unquoted(char: str) -> str:
    """Return ``char`` whatever its case, unless it is a blank, a dash, a quote or not printed."""
    return "" if char in _QUOTES else signs(char)


@lru_cache(2048)
def signs(char: str) -> str:
    """Return ``char`` whatever its case, unless it is a blank or is not printed."""
    return "" if char.isspace() or not char.isprintable() else _folded(char)


_DROPPED: Mapping[Callable[[str], str], dict[int, None]] = {
    keep: {code: None for code in range(128) if not keep(chr(code))}
    for keep in (letters, unquoted, signs)
}


def kept_quickly(text: str, keep: Callable[[str], str]) -> str | None:
    """Return what ``keep`` leaves of ``text``, without the places; None where that takes longer."""
    return text.lower().translate(_DROPPED[keep]) if text.isascii() else None
