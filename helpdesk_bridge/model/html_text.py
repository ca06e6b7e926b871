"""Conversion of bodies from HTML to plain text and back, with the standard library only.

Text that was made HTML by :func:`text_to_html` comes back from :func:`html_to_text` as it was, with
its indentation, columns and blank lines; only its line ends are all line feeds. In that HTML a
blank that HTML would drop is ``&nbsp;``, a no-break space of the text itself is ``&#160;``, and a
tab is ``&#9;`` with ``&nbsp;`` up to its stop. None of this needs a style or an element that a
vendor's sanitizer might take away. Where a vendor writes the characters anew, columns stay, tabs
become blanks, and no-break spaces may.
"""

from __future__ import annotations

import re
from unicodedata import category
from urllib.parse import unquote

from helpdesk_bridge.model.markup import Tag, in_text, pieces
from helpdesk_bridge.model.open_elements import BLOCKS, HIDDEN, Hidden, Lists, OpenElements
from helpdesk_bridge.model.shown_lines import BLANKS, TAB_STOP, ShownLines

__all__ = ["html_to_text", "is_blank", "shows_something", "text_to_html"]

_PICTURES = frozenset(
    (
        *("audio", "canvas", "embed", "iframe", "image", "img", "object", "picture", "svg"),
        *("v:imagedata", "video"),
    )
)
_SPACE = re.compile(r"[ \t\r\f\n]+")
_KEPT = re.compile(
    r"&nbsp;?|\xa0|&\#(?:0*+(?:160|9|12)(?![0-9])|[xX]0*+(?:[aA]0|9|[cC])(?![0-9a-fA-F]));?|&Tab;"
)
"""Blanks that a browser does not run together, and the references that this module writes."""
_LEADS_AWAY = re.compile(
    r"//.|(?!(?:javascript|vbscript|data|cid|about):)[a-z][a-z0-9+.-]*+:(?://)?+.", re.IGNORECASE
)
"""Targets of links that mean something outside the page."""
_NO_NUMBER = re.compile(r"[^0-9+]+")
_RUN = re.compile(r"^[ \t]+|[ \t]+$|[ \t]{2,}|\t")


# -- text to HTML ----------------------------------------------------------------------------


def text_to_html(text: str) -> str:
    """Return HTML that shows ``text``: escaped, with paragraphs at blank lines and ``<br>``.

    Indentation, columns and further blank lines are kept. Line ends may be of any kind.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text and not text.strip(f"{BLANKS}\n"):  # a paragraph of blanks would be none
        end = "\n" if text.endswith("\n") else ""  # a browser does not show the last one
        return f"<pre>\n{_escape(text)}{end}</pre>"
    made: list[list[str]] = [[]]
    lines = text.split("\n")
    last = max((place for place, line in enumerate(lines) if line.strip(BLANKS)), default=0)
    begun = False
    for place, line in enumerate(lines):
        if not line and begun and place < last:
            made.append([])
            begun = False
        else:
            made[-1].append(_line_to_html(line))
            begun = begun or bool(line.strip(BLANKS))
    if len(made[-1]) > 1 and not made[-1][-1]:
        made[-1].append("")  # a browser does not show the last <br>
    return "".join(f"<p>{'<br>'.join(part)}</p>" for part in made)


def _line_to_html(line: str) -> str:
    if "  " not in line and "\t" not in line and line == line.strip(" "):
        return _escape(line)
    parts: list[str] = []
    place = column = 0
    for run in _RUN.finditer(line):
        column += run.start() - place
        parts.append(_escape(line[place : run.start()]))
        place = run.end()
        between = run.start() > 0 and place < len(line)
        wraps = between and run[0].endswith("  ")
        for index, blank in enumerate(run[0], 1):
            if blank == " ":
                parts.append(" " if wraps and index == len(run[0]) else "&nbsp;")
                column += 1
            else:
                # A browser drops the tab itself where a line begins, and behind another one; else
                # it is one blank wide.
                width = TAB_STOP - column % TAB_STOP
                is_dropped = not column or parts[-1] == "&#9;"
                parts.append("&#9;" + "&nbsp;" * (width - (not is_dropped)))
                column += width
    parts.append(_escape(line[place:]))
    return "".join(parts)


def _escape(words: str) -> str:
    words = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return words.replace("\xa0", "&#160;").replace("\f", "&#12;")


# -- HTML to text ----------------------------------------------------------------------------


def html_to_text(markup: str) -> str:
    """Return the readable text of ``markup``; a link keeps its target, an image its ``alt``.

    ``<pre>``, the styles that mean the same, and ``&nbsp;`` keep their blanks. An empty paragraph
    is one blank line. Items of an ordered list have their numbers, or
    their letters.
    """
    writer = _Writer(markup)
    for piece in pieces(markup):
        if isinstance(piece, Tag):
            writer.tag(piece)
        else:
            writer.words(piece)
    return writer.text()


_BEGINS_WITH_A_WORD = re.compile(
    r"\s*+(?:<(?:p|div|span|br|b|i|u|em|strong|html|body) ?/?>\s*+)*+[A-Za-z0-9]", re.IGNORECASE
)


def shows_something(markup: str) -> bool:
    """Say whether a reader of ``markup`` would see anything: a word, or a picture."""
    if _BEGINS_WITH_A_WORD.match(markup):
        return True  # as most do; it is asked of every message
    hidden = Hidden(markup)
    for piece in pieces(markup):
        if not isinstance(piece, Tag):
            if not hidden.depth and not is_blank(in_text(piece)):
                return True
        elif piece.name in HIDDEN:
            hidden.tag(piece)
        elif piece.name in _PICTURES and not piece.closes and not hidden.depth:
            return True
    return False


def is_blank(text: str) -> bool:
    """Say whether a reader of ``text`` would see nothing: blanks of all kinds, joiners, marks."""
    return not text or all(one.isspace() or category(one) in ("Cc", "Cf") for one in text)


class _Writer:
    """Takes the tags and words of a page, and makes the lines of what is shown."""

    def __init__(self, markup: str) -> None:
        self._lines = ShownLines()
        self._hidden = Hidden(markup)
        self._elements = OpenElements()
        small = markup.lower()
        self._can_keep = "<pre" in small or "white-space" in small
        self._lists = Lists()
        self._begins_pre = False
        self._target: str | None = None

    def tag(self, tag: Tag) -> None:
        """Handle a tag."""
        name, closes = tag.name, tag.closes
        self._begins_pre = False
        if name in HIDDEN:
            self._hidden.tag(tag)
            return
        if self._can_keep:  # else nobody needs to follow what is open
            self._elements.tag(tag)
        if name in BLOCKS:
            self._lines.end_block(margin=name == "p")
            if name == "pre":
                self._begins_pre = not closes
            elif name == "li":
                self._lines.bullet = "" if closes else self._lists.mark(tag)
            elif name in ("ol", "ul", "menu"):
                self._lists.tag(tag)
        elif name == "a":
            self._end_link()
            if not closes:
                self._target = re.sub(r"[\t\r\n]", "", tag.value("href")).strip()
                self._lines.begin_link()
        elif not closes:
            self._void(tag)

    def _void(self, tag: Tag) -> None:
        if self._hidden.depth:
            return
        if tag.name == "br":
            self._lines.end_line()
        elif tag.name == "img":
            self._lines.write(_SPACE.sub(" ", tag.value("alt")))
        elif tag.name in ("td", "th"):
            self._lines.write(" ")

    def _end_link(self) -> None:
        if self._target is None:
            return
        target, self._target = self._target, None
        shown = self._lines.end_link().strip()
        if _LEADS_AWAY.match(target) and not _is_shown(target, shown):
            self._lines.write(f" ({target})")

    def words(self, markup: str) -> None:
        """Write the text between two tags."""
        if self._hidden.depth:
            return
        if self._elements.keeps:
            if self._elements.has_cells and not markup.strip():
                return
            markup = re.sub(r"&nbsp;?|\xa0", " ", markup)
            text = in_text(markup.replace("\r\n", "\n").replace("\r", "\n"))
            if self._begins_pre:
                text = text.removeprefix("\n")
            self._begins_pre = False
            self._lines.write_as_it_is(text)
            return
        if "&" not in markup and "\xa0" not in markup:
            self._lines.write(_SPACE.sub(" ", markup))
            return
        place = 0
        for kept in _KEPT.finditer(markup):
            self._collapsed(markup[place : kept.start()])
            place = kept.end()
            word = kept[0]
            if word == "\xa0" or word.startswith("&nbsp"):
                self._lines.keep(" ")
            else:
                self._lines.keep(in_text(word))
        self._collapsed(markup[place:])

    def _collapsed(self, markup: str) -> None:
        if markup:
            self._lines.write(_SPACE.sub(" ", in_text(markup)))

    def text(self) -> str:
        """Return everything that was written."""
        self._end_link()
        return self._lines.text()


def _is_shown(target: str, shown: str) -> bool:
    """Say whether the words of a link are its target, in the spelling for people."""
    if target == shown:
        return True
    scheme, _, rest = target.partition(":")
    if scheme.lower() == "mailto":
        return unquote(rest.partition("?")[0]).casefold() == shown.casefold()
    if scheme.lower() in ("tel", "sms"):
        number = _NO_NUMBER.sub("", rest.partition(";")[0])
        return number != "" and number == _NO_NUMBER.sub("", shown)
    return target.startswith("//") and shown in (target[2:], f"http:{target}", f"https:{target}")
