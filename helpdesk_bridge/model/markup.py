"""Read HTML as browsers do, in linear time: its tags, their attributes, and character references.

The rules are those of HTML 5 (https://html.spec.whatwg.org, "Tokenization"), of which html.parser
has other readings in other versions of Python. Nothing here rests on html.parser.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from html.entities import html5
from typing import NamedTuple

__all__ = ["Tag", "in_attribute", "in_text", "pieces"]

# In Pythons still in use html.parser takes quadratic time on hostile markup, and raises on some.
# Here every repetition is possessive, so that no character is matched twice.
_TOKEN = re.compile(
    r"""<(?:
        !--(?P<comment>)
      | (?P<raw>script|style)(?=[\s/>])(?:=\s*"[^"]*"|=\s*'[^']*'|[^>])*+(?:>|\Z)
      | (?P<end>/?)(?P<tag>[a-z][^\s/>]*+)(?P<attributes>(?:=\s*"[^"]*"|=\s*'[^']*'|[^>])*+)(?:>|\Z)
      | [!?/][^>]*+>
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_ATTRIBUTE = re.compile(
    r"""([^\s=/]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>]*+)))?+""", re.VERBOSE
)
_COMMENT_END = re.compile(r"--!?>")
_RAW_END = {
    name: re.compile(rf"</{name}(?=[\s/>])[^>]*+>", re.IGNORECASE) for name in ("script", "style")
}
_REFERENCE = re.compile(
    r"&(?:\#(?:[xX]0*+(?P<hex>[0-9a-fA-F]*+)|0*+(?P<digits>[0-9]*+))(?P<end>;?)"
    r"|(?P<name>[a-zA-Z][a-zA-Z0-9]{1,31}+;?))"
)


class Tag(NamedTuple):
    """A tag. A style sheet is told as a tag ``style`` that has a ``sheet``."""

    name: str
    """Its name in lower case."""
    closes: bool
    """Whether it is an end tag."""
    attributes: str
    """Its attributes as they are written."""
    start: int
    """Where in the markup its attributes begin; of a style sheet, where its words do."""
    sheet: str = ""
    """The words of a style sheet as they are written; "" of any other tag."""

    def values(self) -> Iterator[tuple[str, str, int]]:
        """Yield name (in lower case), value as it is written, and place in ``attributes``.

        Of attributes with one name only the first counts, as in browsers.
        """
        seen: set[str] = set()
        for found in _ATTRIBUTE.finditer(self.attributes):
            name, group = found[1].lower(), found.lastindex or 1
            if name not in seen:
                seen.add(name)
                yield name, found[group] if group > 1 else "", found.start(group)

    def value(self, wanted: str) -> str:
        """Return the value of the attribute ``wanted``; "" where there is none."""
        for name, value, _ in self.values():
            if name == wanted:
                return in_attribute(value)
        return ""


def pieces(markup: str) -> Iterator[str | Tag]:
    """Yield the words and tags of ``markup`` in their order, without comments and scripts.

    Words are as they are written: :func:`in_text` reads them.
    """
    place, last = 0, markup.rfind(">") + 1
    while found := _TOKEN.search(markup, place, last):
        if found.start() > place:
            yield markup[place : found.start()]
        place = found.end()
        raw = found["raw"]
        if found["tag"]:
            name, start = found["tag"].lower(), found.start("attributes")
            yield Tag(name, bool(found["end"]), found["attributes"], start)
        elif raw or found["comment"] is not None:
            end, start = (_RAW_END[raw.lower()], place) if raw else (_COMMENT_END, place - 2)
            closed = end.search(markup, start, last)
            if closed is None:
                return
            if raw and raw.lower() == "style":
                yield Tag("style", False, "", place, sheet=markup[place : closed.start()])
            place = closed.end()
    if place < len(markup):
        yield markup[place:]


def in_text(markup: str) -> str:
    """Return words with their character references read, as in the text of a page."""
    return _REFERENCE.sub(_read, markup) if "&" in markup else markup


def in_attribute(value: str) -> str:
    """Return an attribute's value with its character references read.

    There a name without ``;`` stands for itself where ``=`` or a letter or figure follows it: the
    ``&copy=`` of an address is no copyright sign ("Named character reference state").
    """
    return _REFERENCE.sub(_read_in_attribute, value) if "&" in value else value


def _read_in_attribute(found: re.Match[str]) -> str:
    name = found["name"]
    if name:
        follows = found.string[found.end() : found.end() + 1]
        if name not in html5 or (follows == "=" and not name.endswith(";")):
            return found[0]  # one that only begins with a name has a letter or figure behind it
    return _read(found)


def _read(found: re.Match[str]) -> str:
    name = found["name"]
    if name:
        if name in html5:
            return html5[name]
        known = _longest(name)
        return html5[known] + name[len(known) :] if known else found[0]
    digits, figures = found["digits"], found["hex"]
    if not (digits or figures) and not found[0].rstrip(";").endswith("0"):
        return found[0]  # no figure at all
    if len(digits or figures or "") > 7:
        return "\ufffd"  # no character; int() refuses very long ones
    return html.unescape(f"&#{digits or '0'};" if figures is None else f"&#x{figures or '0'};")


def _longest(name: str) -> str:
    """Return the longest name of a reference that ``name`` begins with; "" for none."""
    return next((name[:end] for end in range(len(name), 1, -1) if name[:end] in html5), "")
