"""Texts as a log line or a terminal may have them: on one line, without signs that steer it."""

from __future__ import annotations

__all__ = ["in_brackets", "plain"]


def plain(text: str) -> str:
    """Return ``text`` on one line, without characters that a terminal or a log would obey.

    Escape sequences, line breaks, marks that turn the direction of writing and characters without
    a width become blanks. A text that has none of these is returned as it is.
    """
    if text.isprintable():
        return text
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def in_brackets(sentence: str) -> str:
    """Return ``sentence`` as a remark within another one, which has the full stop."""
    return f"({sentence.removesuffix('.')})"
