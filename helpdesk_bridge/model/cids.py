"""Which pictures an HTML body shows: references by Content-ID, however they are spelled.

A body shows a part of its own mail as ``cid:`` and the part's Content-ID (RFC 2392). The header has
the id in angle brackets; the address has it percent-encoded, in HTML with character references.
Mail programs mix all of that, and the case. So both sides are compared in one spelling.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import unquote

from helpdesk_bridge.model.markup import Tag, in_attribute, pieces

__all__ = ["cids_shown", "normal_cid", "with_cids"]

_SHOWING = frozenset(("src", "srcset", "background", "poster", "data", "style"))
"""Attributes whose address is loaded and shown. That of a link (``href``) is not."""
_SHOWING_BY_LINK = frozenset(("image", "feimage", "use"))
"""Drawings (SVG), where ``href`` does show."""
_SHEET_URL = re.compile(r"""url\(\s*+(?:"([^"]*+)"|'([^']*+)'|([^)]*+))""", re.IGNORECASE)
_CID = re.compile(r"\s*+c\s*+i\s*+d\s*+:", re.IGNORECASE)
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f]+")
_MOST_DECODINGS = 3


def normal_cid(text: str) -> str:
    """Return a Content-ID in the spelling in which two of them are compared.

    Case, percent-encoding, angle brackets, quotation marks, blanks and a leading ``cid:`` do not
    count. What names nothing is "".

    Args:
        text: the value of a header Content-ID, or an address ``cid:…`` with its character
            references read.
    """
    word = text
    for _ in range(_MOST_DECODINGS):  # an id may have a percent sign itself
        plain = unquote(word)
        if plain == word:
            break
        word = plain
    word = _BLANKS.sub("", word).replace('"', "").strip("<>'")
    if word[:4].lower() == "cid:":
        word = word[4:].strip("<>'")
    return word.casefold()


def cids_shown(markup: str) -> frozenset[str]:
    """Return the Content-IDs of what an HTML body shows, each as by :func:`normal_cid`.

    A link to a part, words that look like an address, and comments show nothing.

    Args:
        markup: an HTML body.

    Returns:
        The ids, in the spelling of :func:`normal_cid`.
    """
    if "cid" not in markup.lower() and "&" not in markup and "%" not in markup:
        return frozenset()
    return frozenset(found.cid for found in _references(markup))


def with_cids(
    markup: str, addresses: Mapping[str, str], *, quoted: bool = False
) -> tuple[str, frozenset[str]]:
    """Return ``markup`` with other addresses in place of ``cid:`` ones, and which were shown.

    Args:
        markup: an HTML body.
        addresses: what to write for a Content-ID in any spelling; others stay as they are.
        quoted: whether an attribute that has another address now gets double quotation marks.

    Returns:
        The HTML, and those of the ids given that it shows, as by :func:`normal_cid`.
    """
    wanted = {normal_cid(cid): html.escape(address) for cid, address in addresses.items()}
    parts: list[str] = []
    place, shown = 0, set[str]()
    for found in sorted(_references(markup), key=lambda found: found.start):
        if found.cid in wanted and found.start >= place:
            start, end, address = found.start, found.end, wanted[found.cid]
            if quoted and found.is_value:
                marked = markup[start - 1] in "\"'"
                start, end = (start - 1, end + 1) if marked else (start, end)
                address = f'"{address}"'
            parts += [markup[place:start], address]
            place = end
            shown.add(found.cid)
    return "".join((*parts, markup[place:])), frozenset(shown)


class _Reference(NamedTuple):
    """An id that is shown, and where in the markup its address begins and ends."""

    cid: str
    start: int
    end: int
    is_value: bool
    """Whether the address is a whole attribute's value."""


def _references(markup: str) -> Iterator[_Reference]:
    for piece in pieces(markup):
        if not isinstance(piece, Tag) or piece.closes:
            continue
        if piece.sheet:
            yield from _in_sheet(piece.sheet, piece.start)
            continue
        for name, value, place in piece.values():
            start = piece.start + place
            by_link = name in ("href", "xlink:href") and piece.name in _SHOWING_BY_LINK
            if name == "style":
                yield from _in_sheet(value, start)
            elif name == "srcset":
                yield from _in_set(value, start)
            elif name in _SHOWING or by_link:
                yield from _as_address(value, start, is_value=True)


def _in_sheet(sheet: str, start: int) -> Iterator[_Reference]:
    """Yield what a style names; its quotation marks may be character references."""
    for found in _SHEET_URL.finditer(sheet):
        group = found.lastindex or 3
        value, place = found[group], found.start(group)
        for mark in ("&quot;", "&#34;", "&#39;", "&apos;"):
            if value.lower().startswith(mark) and value.lower().rstrip().endswith(mark):
                value, place = value.rstrip()[len(mark) : -len(mark)], place + len(mark)
        yield from _as_address(value, start + place)


def _in_set(value: str, start: int) -> Iterator[_Reference]:
    """Yield what a ``srcset`` names: addresses with their sizes behind them."""
    for found in re.finditer(r"(?:^|,)\s*+([^\s,]++)", value):
        yield from _as_address(found[1], start + found.start(1))


def _as_address(value: str, start: int, *, is_value: bool = False) -> Iterator[_Reference]:
    address = in_attribute(value)
    named = _CID.match(address)
    if named is not None:
        cid = normal_cid(address[named.end() :])
        if cid:
            yield _Reference(cid, start, start + len(value), is_value)
