"""Which elements of a page are open, and what they hand down to the words in them. Linear time."""

from __future__ import annotations

import re

from helpdesk_bridge.model.markup import Tag

__all__ = ["BLOCKS", "HIDDEN", "Hidden", "Lists", "OpenElements"]

BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd"),
        *("details", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "legend", "li", "main", "menu"),
        *("nav", "ol", "optgroup", "option", "p", "pre", "section", "summary", "table", "tbody"),
        *("tfoot", "thead", "tr", "ul"),
    )
)
"""Elements that begin a line."""
_CELLS = frozenset(("td", "th"))
_FOLLOWED = (BLOCKS | _CELLS) - {"hr"}
_ROWS = frozenset(("table", "tbody", "thead", "tfoot", "tr"))
_ENDED_BY = {
    **{name: frozenset((name,)) for name in ("li", "option")},
    **dict.fromkeys(("dd", "dt"), frozenset(("dd", "dt"))),
    **dict.fromkeys(("td", "th"), _CELLS),
    "tr": _CELLS | {"tr"},
}
"""Elements whose end tags may be left out, by those that end them where they begin."""
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr")
)
_WHITE_SPACE = re.compile(r"(?:^|;)\s*+white-space\s*+:\s*+([a-z-]++)", re.IGNORECASE)
_KEEPING = {
    **dict.fromkeys(("pre", "pre-wrap", "pre-line", "break-spaces"), True),
    **dict.fromkeys(("normal", "nowrap", "initial"), False),
}
_NUMBER = re.compile(r"\s*+([+-]?[0-9]{1,9})(?![0-9])")


class OpenElements:
    """Follows whether blanks are kept, as ``<pre>`` and ``white-space`` say.

    Only blocks are followed, and what has such a style; end tags may be missing, or be too many.
    """

    def __init__(self) -> None:
        self.keeps = False
        """Whether the words here are preformatted."""
        self._open: list[tuple[str, bool]] = []
        """Names, and whether blanks were kept before."""
        self._counts: dict[str, int] = {}
        """How many of a name are open: what is not is not looked for."""

    def tag(self, tag: Tag) -> None:
        """Handle a tag."""
        name = tag.name
        if tag.closes:
            if self._counts.get(name):
                self._end(name)
            return
        styled = tag.attributes != "" and "white-space" in tag.attributes.lower()
        if name in BLOCKS and self._counts.get("p"):
            self._end("p")
        if (styled or name in _FOLLOWED or self._counts.get(name)) and name not in _VOID:
            self._begin(name)
            if styled:
                for word in _WHITE_SPACE.findall(tag.value("style")):
                    self.keeps = _KEEPING.get(word.lower(), self.keeps)

    def _begin(self, name: str) -> None:
        ended = _ENDED_BY.get(name, frozenset())
        while self._open and self.within in ended:
            self._end(self.within)
        self._open.append((name, self.keeps))
        self._counts[name] = self._counts.get(name, 0) + 1
        if name == "pre":
            self.keeps = True

    @property
    def within(self) -> str:
        """The name of the innermost element that is followed; "" for none."""
        return self._open[-1][0] if self._open else ""

    @property
    def has_cells(self) -> bool:
        """Whether only parts of a table can be here: a browser drops blanks."""
        return self.within in _ROWS

    def _end(self, name: str) -> None:
        ended = ""
        while ended != name:
            ended, self.keeps = self._open.pop()
            self._counts[ended] -= 1


class Lists:
    """Follows the lists that are open, and numbers the items of ordered ones."""

    def __init__(self) -> None:
        self._next: list[int | None] = []
        """The number of the next item of each list; None where items have none."""
        self._styles: list[str] = []
        """How the items of each list are marked, as CSS names it."""

    def tag(self, tag: Tag) -> None:
        """Handle the tag of a list: ``ol``, ``ul`` or ``menu``."""
        if tag.closes:
            del self._next[-1:], self._styles[-1:]
            return
        is_numbered = tag.name == "ol" and "reversed" not in tag.attributes.lower()
        self._next.append(_number(tag.value("start"), 1) if is_numbered else None)
        self._styles.append(_style(tag, "decimal") if is_numbered else "disc")

    def mark(self, item: Tag) -> str:
        """Return what stands before an item: ``- ``, its number or letter, or nothing."""
        number = self._next[-1] if self._next else None
        if number is None:
            return "- "
        style = self._styles[-1]
        if item.attributes:
            number, style = _number(item.value("value"), number), _style(item, style)
        self._next[-1] = number + 1
        if style == "none":
            return ""
        return "- " if style in _BULLETS else f"{_counted(number, style)}. "


_LIST_STYLE = re.compile(r"(?:^|;)\s*+list-style(?:-type)?\s*+:([^;]*+)", re.IGNORECASE)
_TYPES = {
    "1": "decimal",
    "a": "lower-alpha",
    "A": "upper-alpha",
    "i": "lower-roman",
    "I": "upper-roman",
}
_BULLETS = frozenset(("disc", "circle", "square"))
_STYLES = {
    **{name: name for name in (*_TYPES.values(), *_BULLETS, "none")},
    "lower-latin": "lower-alpha",
    "upper-latin": "upper-alpha",
}
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)


def _style(tag: Tag, default: str) -> str:
    """Return how a tag has items marked: by its style, or else by its type."""
    style = _TYPES.get(tag.value("type"), default) if tag.attributes else default
    if "list-style" in tag.attributes.lower():
        for said in _LIST_STYLE.findall(tag.value("style")):
            named = [_STYLES[word] for word in said.lower().split() if word in _STYLES]
            style = named[-1] if named else style
    return style


def _counted(number: int, style: str) -> str:
    """Return a number in letters or in Roman numerals, as far as these go."""
    if style.endswith("-alpha") and number > 0:
        text = _in_letters(number)
    elif style.endswith("-roman") and 0 < number < 4000:
        text = _in_roman(number)
    else:
        return str(number)
    return text.upper() if style.startswith("upper") else text


def _in_letters(number: int) -> str:
    text = ""
    while number:
        number, letter = divmod(number - 1, 26)
        text = chr(ord("a") + letter) + text
    return text


def _in_roman(number: int) -> str:
    text = ""
    for value, letters in _ROMAN:
        times, number = divmod(number, value)
        text += letters * times
    return text


def _number(text: str, default: int) -> int:
    found = _NUMBER.match(text)
    return int(found[1]) if found else default


HIDDEN = frozenset(("template", "title"))
"""Elements that a browser does not show."""


class Hidden:
    """Follows which of ``HIDDEN`` are open."""

    def __init__(self, markup: str) -> None:
        self.depth = 0
        """How many are open; 0 where words are shown."""
        self._markup = markup
        self._last_end: int | None = None

    def tag(self, tag: Tag) -> None:
        """Handle the tag of one of them. A ``<title/>`` that nothing ends hides nothing."""
        if tag.closes:
            self.depth = max(0, self.depth - 1)
        elif tag.name != "title" or not tag.attributes.endswith("/") or self._is_ended(tag.start):
            self.depth += 1

    def _is_ended(self, place: int) -> bool:
        if self._last_end is None:
            self._last_end = self._markup.lower().rfind("</title")
        return self._last_end > place
