"""Conversion of bodies from HTML to plain text and back, with the standard library only."""

from __future__ import annotations

import html
import re

__all__ = ["html_to_text", "text_to_html"]

_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "dd", "div", "dl", "dt", "figcaption"),
        *("figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li"),
        *("main", "nav", "ol", "option", "p", "pre", "section", "table", "tr", "ul"),
    )
)
_HIDDEN = frozenset(("template", "title"))
_SPACE = re.compile(r"[ \t\r\f\v\n]+")

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
_LONG_NUMBER = re.compile(r"&#[0-9]{8,}+;?")  # no character; int() refuses very long ones
_COMMENT_END = re.compile(r"--!?>")
_RAW_END = {
    name: re.compile(rf"</{name}(?=[\s/>])[^>]*+>", re.IGNORECASE) for name in ("script", "style")
}


def text_to_html(text: str) -> str:
    """Return HTML that shows ``text``: escaped, with paragraphs at blank lines and ``<br>``."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    paragraphs = re.split(r"\n{2,}", text.strip("\n"))
    return "".join(
        f"<p>{html.escape(part, quote=False).replace(chr(10), '<br>')}</p>" for part in paragraphs
    )


def html_to_text(markup: str) -> str:
    """Return the readable text of ``markup``; a link keeps its target, an image its ``alt``."""
    writer = _Writer()
    place, last = 0, markup.rfind(">") + 1
    while found := _TOKEN.search(markup, place, last):
        writer.words(markup[place : found.start()])
        place = found.end()
        if found["tag"]:
            writer.tag(found["tag"].lower(), bool(found["end"]), found["attributes"])
        elif found["raw"] or found["comment"] is not None:
            raw = found["raw"]
            end, start = (_RAW_END[raw.lower()], place) if raw else (_COMMENT_END, place - 2)
            closed = end.search(markup, start, last)
            if closed is None:
                return writer.text()
            place = closed.end()
    writer.words(markup[place:])
    return writer.text()


class _Writer:
    """Collects words and line breaks; two blocks that meet make one break."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._breaks = 0
        """How many line ends must precede the next word."""
        self._line_ends = 2
        """How many line ends are at the end of what was written."""
        self._hidden = 0
        self._pre = 0
        self._bullet = ""
        self._target: tuple[str, int] | None = None

    def tag(self, name: str, closes: bool, attributes: str) -> None:
        """Handle the tag ``name``; ``closes`` says whether it is an end tag."""
        if name in _HIDDEN:
            self._hidden = max(0, self._hidden + (-1 if closes else 1))
        elif name in _BLOCKS:
            self._breaks = max(self._breaks, 2 if name == "p" else 1)
            if name == "pre":
                self._pre = max(0, self._pre + (-1 if closes else 1))
            elif name == "li":
                self._bullet = "" if closes else "- "
        elif name == "a":
            self._end_link()
            if not closes:
                self._target = _attribute(attributes, "href").strip(), len(self._out)
        elif not closes:
            self._void(name, attributes)

    def _void(self, name: str, attributes: str) -> None:
        if name == "br":
            self._write("\n")
        elif name == "img":
            self._write(_attribute(attributes, "alt"))
        elif name in ("td", "th"):
            self.words(" ")

    def _end_link(self) -> None:
        if self._target is not None:
            (target, start), self._target = self._target, None
            shown = "".join(self._out[start:]).strip()
            if target.lower().startswith(("http://", "https://")) and target != shown:
                self._write(f" ({target})")

    def words(self, markup: str) -> None:
        """Write the text between two tags."""
        text = _unescape(markup)
        if not self._pre:
            text = _SPACE.sub(" ", text)
            if self._breaks or self._line_ends or self._bullet or self._out[-1].endswith(" "):
                text = text.lstrip(" ")
        else:
            text = text.replace(" ", "\xa0")
        self._write(text)

    def _write(self, text: str) -> None:
        if not text or self._hidden:
            return
        missing = "\n" * (self._breaks - self._line_ends) if self._out else ""
        text = missing + self._bullet + text
        self._breaks, self._bullet = 0, ""
        ends = len(text) - len(text.rstrip("\n"))
        self._line_ends = ends + (self._line_ends if ends == len(text) else 0)
        self._out.append(text)

    def text(self) -> str:
        """Return everything that was written, without spaces at the ends of lines."""
        lines = (line.strip(" ") for line in "".join(self._out).split("\n"))
        text = "\n".join(line.replace("\xa0", " ").rstrip() for line in lines)
        return re.sub(r"\n{3,}", "\n\n", text).strip("\n")


def _attribute(attributes: str, wanted: str) -> str:
    for name, *values in _ATTRIBUTE.findall(attributes):
        if name.lower() == wanted:
            return _unescape("".join(values))
    return ""


def _unescape(markup: str) -> str:
    return html.unescape(_LONG_NUMBER.sub("\ufffd", markup))
