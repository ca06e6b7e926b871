"""Derive the text of an HTML body, and the HTML of a text body; standard library only."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

__all__ = ["html_to_text", "text_to_html"]

_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "dd", "div", "dl", "dt", "figcaption"),
        *("figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li"),
        *("main", "nav", "ol", "p", "pre", "section", "table", "tr", "ul"),
    )
)
_HIDDEN = frozenset(("head", "script", "style", "template", "title"))
_SPACE = re.compile(r"[ \t\r\f\v\n]+")


def text_to_html(text: str) -> str:
    """Return HTML that shows ``text``: escaped, blank lines as paragraphs, line ends as breaks."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    paragraphs = re.split(r"\n{2,}", text.strip("\n"))
    return "".join(
        f"<p>{html.escape(part, quote=False).replace(chr(10), '<br>')}</p>" for part in paragraphs
    )


def html_to_text(markup: str) -> str:
    """Return the readable text of ``markup``; links keep their target, images their ``alt``."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._out: list[str] = []
        self._hidden = 0
        self._pre = 0
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag == "br":
            self._out.append("\n")
        elif tag == "img":
            self._out.append(values.get("alt") or "")
        elif tag == "a":
            self._links.append((values.get("href") or "", len(self._out)))
        elif tag in _BLOCKS:
            self._break(tag)
            if tag == "li":
                self._out.append("- ")
            self._pre += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag == "a" and self._links:
            target, start = self._links.pop()
            shown = "".join(self._out[start:]).strip()
            if target.startswith(("http://", "https://")) and target != shown:
                self._out.append(f" ({target})")
        elif tag in _BLOCKS:
            self._break(tag)
            if tag == "pre":
                self._pre = max(0, self._pre - 1)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._out.append(data if self._pre else _SPACE.sub(" ", data))

    def _break(self, tag: str) -> None:
        self._out.append("\n\n" if tag == "p" else "\n")

    def text(self) -> str:
        lines = (line.strip() for line in "".join(self._out).replace("\xa0", " ").split("\n"))
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
