"""The ways in which one text can be spelled, each with the places in the text as it was given."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from attrs import frozen

__all__ = ["Spelling", "decodings", "kept_quickly", "letters", "signs", "unquoted"]

_ENCODED = re.compile(
    r"(?P<octets>(?:%[0-9A-Fa-f]{2})+)"
    r"|(?P<quoted>=[0-9A-Fa-f]{2})"
    r"|(?P<entity>&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});?)"
    r"|\\(?:u\{?(?P<wide>[0-9A-Fa-f]{4})\}?|x(?P<narrow>[0-9A-Fa-f]{2})|(?P<escaped>.))",
    re.DOTALL,
)
_ROUNDS = 3
"""How often what is encoded is decoded: a text may be escaped for JSON in a page of HTML."""
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
    """Yield ``text`` as it is, and with its escapes (percent, HTML, JSON, ``=41``) decoded."""
    spelling = Spelling(text, range(len(text)), range(1, len(text) + 1))
    yield spelling
    for _ in range(_ROUNDS):
        if not _ENCODED.search(spelling.text):
            return
        spelling = _decoded(spelling)
        yield spelling


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
        each = 3 if len(meant) * 3 == last - first and found["octets"] else 0
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
        return unquote_to_bytes(found[0]).decode("utf-8", "replace")
    if found["quoted"]:
        return chr(int(found[0][1:], 16))
    if found["entity"]:
        return html.unescape(found[0])
    if code := found["wide"] or found["narrow"]:
        return chr(int(code, 16))
    return _BLANKS.get(found["escaped"], found["escaped"])


@lru_cache(2048)
def _folded(char: str) -> str:
    text = char if char.isascii() else unicodedata.normalize("NFKC", char)
    return text.casefold()


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
