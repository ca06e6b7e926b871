"""The lines of a page as a browser shows them, made of words, line ends and blocks."""

from __future__ import annotations

from enum import Enum, auto

__all__ = ["BLANKS", "TAB_STOP", "ShownLines"]

BLANKS = " \t\xa0"
"""What a line may have without having a word."""

TAB_STOP = 8
"""At every so many columns a tab ends."""


class _Kind(Enum):
    """What becomes of the blanks of some words."""

    COLLAPSED = auto()
    """A blank at their begin or end is none at the begin or end of a line."""
    KEPT = auto()
    """They are blanks that a browser does not drop."""
    AS_IT_IS = auto()
    """They are preformatted."""


_Line = list[tuple[str, _Kind]]
_TAB = ("\t", _Kind.KEPT)


class ShownLines:
    """Collects what is shown, and keeps lines and paragraphs apart.

    Blanks that a browser would run together, or drop at the begin and end of a line, are dropped
    here. A line end that a block ends with makes no line. A block without any word is a blank
    line, as mail programs mean it, whatever margin it has.
    """

    def __init__(self) -> None:
        self.bullet = ""
        """What goes before the next words: the mark of an item of a list."""
        self._lines: list[str] = []
        """The lines of all blocks before."""
        self._block: list[str] = []
        """The lines of this block."""
        self._line: _Line = []
        """The words of this line."""
        self._as_it_is = False
        """Whether a block without words is meant so, as in ``<pre>``."""
        self._margin = self._after_blank = False
        self._link: list[str] | None = None

    def write(self, words: str) -> None:
        """Write words whose runs of blanks are one blank each already."""
        if words[:1] == " " and self._ends_with_blank():
            words = words[1:]
        if words:
            self._add(words, _Kind.COLLAPSED)

    def keep(self, blanks: str) -> None:
        """Write blanks that a browser does not drop: `` `` and no-break spaces, tabs."""
        self._add(blanks, _Kind.KEPT)

    def write_as_it_is(self, text: str) -> None:
        """Write preformatted text, which may be of several lines."""
        first, *others = text.split("\n")
        if first:
            self._add(first, _Kind.AS_IT_IS)
        for line in others:
            self.end_line()
            if line:
                self._add(line, _Kind.AS_IT_IS)
        self._as_it_is = True

    def begin_link(self) -> None:
        """Remember what is written from here on."""
        self._link = []

    def end_link(self) -> str:
        """Return what was written since the link began."""
        shown, self._link = "".join(self._link or ()), None
        return shown

    def end_line(self) -> None:
        """End the line, also an empty one."""
        self._block.append(_read(self._line))
        self._line = []
        if self._link is not None:
            self._link.append("\n")

    def end_block(self, *, margin: bool = False) -> None:
        """End the block, and begin another one; ``margin`` says whether a blank line is between."""
        if self._line:
            self.end_line()
        if self._block:
            self._take_in()
        self._margin = self._margin or margin

    def _take_in(self) -> None:
        block, self._block = self._block, []
        as_it_is, self._as_it_is = self._as_it_is, False
        if not as_it_is and not any(line.strip(BLANKS) for line in block):
            if self._lines:
                self._lines += [""] * len(block)
            self._after_blank = True
            self._margin = False
            return
        if self._margin and self._lines and not self._after_blank:
            self._lines.append("")
        self._margin = self._after_blank = False
        self._lines += block

    def text(self) -> str:
        """Return all lines."""
        self.end_block()
        lines = self._lines
        if self._after_blank:
            while lines and not lines[-1]:
                lines.pop()
        return "\n".join(lines)

    def _add(self, words: str, kind: _Kind) -> None:
        if self.bullet:
            self._line.append((self.bullet, _Kind.AS_IT_IS))
            self.bullet = ""
        self._line.append((words, kind))
        if self._link is not None:
            self._link.append(words)

    def _ends_with_blank(self) -> bool:
        """Say whether a blank would be dropped here."""
        if self.bullet or not self._line:
            return True
        words, kind = self._line[-1]
        return kind is _Kind.COLLAPSED and words.endswith(" ")


def _read(line: _Line) -> str:
    """Return a line without the blanks at its end that a browser drops, with its tabs."""
    if line and line[-1][1] is _Kind.COLLAPSED:
        line[-1] = (line[-1][0].rstrip(" "), _Kind.COLLAPSED)
    parts: list[str] = []
    column = place = 0
    while place < len(line):
        words, kind = line[place]
        place += 1
        parts.append(words)
        if (words, kind) != _TAB:
            column += len(words)
            continue
        width = TAB_STOP - column % TAB_STOP
        is_dropped = not column or line[place - 2] == _TAB
        fill = width - (not is_dropped)
        if line[place : place + fill] == [(" ", _Kind.KEPT)] * fill:
            place += fill  # they only show how wide the tab is
        column += width
    return "".join(parts)
