"""Which parts of a mail are the words of the message, and which are files.

RT keeps a mail as a tree of parts (RFC 2046, "Multipart Media Type"). Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from attrs import field, frozen

from helpdesk_bridge.kit import (
    html_to_text,
    is_blank,
    normal_cid,
    number_order,
    shows_something,
    text_to_html,
)
from helpdesk_bridge_request_tracker.parts import PartJson

__all__ = ["Layout", "Node", "arranged", "can_be_words", "tree"]

MOST_LEVELS = 100
"""Levels of a tree that are looked into for words; what is deeper is a file."""


@frozen
class Node:
    """A part, and the parts that it holds, in their order."""

    part: PartJson
    children: list[Node] = field(factory=list)

    @property
    def holds(self) -> bool:
        """Whether RT keeps its bytes in other parts, if at all."""
        return bool(self.children) or self.part.kind == "message/rfc822"


@frozen
class Layout:
    """A message: its body as HTML and as text (None: there is none), and its files."""

    html: str | None
    text: str | None
    files: tuple[Node, ...]


@frozen
class _Words:
    """The same words in two forms, each a row of parts; an empty row: not in that form."""

    html: tuple[PartJson, ...] = ()
    text: tuple[PartJson, ...] = ()


def tree(parts: Sequence[PartJson], parents: Mapping[str, str]) -> list[Node]:
    """Return the outermost parts, with all others in those that hold them.

    ``parents`` has, for the id of a part, that of the part that holds it. RT stores that one first:
    a holder with a higher id is none.
    """
    nodes = {part.number: Node(part) for part in parts}
    roots: list[Node] = []
    for number, node in nodes.items():
        holder = nodes.get(parents.get(number, ""))
        if holder is not None and number_order(holder.part.number) < number_order(number):
            holder.children.append(node)
        else:
            roots.append(node)
    return roots


def can_be_words(roots: Iterable[Node]) -> list[PartJson]:
    """Return the parts whose words must be read to lay out a message."""
    return [leaf.part for leaf in _leaves(roots) if leaf.part.is_text]


def _leaves(roots: Iterable[Node]) -> list[Node]:
    """Return what is no mere container, in order; what an attached mail holds is left out."""
    found: list[Node] = []
    waiting = list(roots)[::-1]
    while waiting:
        node = waiting.pop()
        if node.children and not node.part.is_mail:
            waiting += node.children[::-1]
        elif not node.part.kind.startswith("multipart/"):
            found.append(node)
    return found


def arranged(roots: Sequence[Node], bodies: Mapping[str, str]) -> Layout:
    """Lay out a message: whatever is no word of it is a file, so that nothing is lost.

    ``bodies`` has the words of the parts that :func:`can_be_words` names, by their ids. Where RT
    tells no tree, the first HTML and the first plain text are taken for forms of the same words.
    """
    reader = _Reader(bodies)
    if len(roots) > 1 and not any(root.children for root in roots):
        words = reader.alternative([reader.words(root, 0) for root in roots[::-1]])
    else:
        words = reader.sequence([reader.words(root, 0) for root in roots])
    used = {part.number for part in (*words.html, *words.text)}
    files = (
        leaf
        for leaf in _leaves(roots)
        if leaf.part.number not in used and not (leaf.part.is_text and reader.is_blank(leaf.part))
    )
    return Layout(reader.as_html(words.html), reader.as_text(words), tuple(files))


class _Reader:
    def __init__(self, bodies: Mapping[str, str]) -> None:
        self._bodies = bodies
        self._blank: dict[str, bool] = {}

    def words(self, node: Node, level: int) -> _Words:
        """Return the words in a part and in what it holds."""
        part = node.part
        if part.is_mail or level > MOST_LEVELS:
            return _Words()
        if not node.children:
            if not part.is_text:
                return _Words()
            return _Words(html=(part,)) if part.kind == "text/html" else _Words(text=(part,))
        children = node.children
        if part.kind == "multipart/related":
            children = _shown(node)
        found = [self.words(child, level + 1) for child in children]
        return (
            self.alternative(found)
            if part.kind == "multipart/alternative"
            else self.sequence(found)
        )

    def alternative(self, forms: Sequence[_Words]) -> _Words:
        """Return one HTML and one text of several forms; the last is the best (RFC 2046, 5.1.4)."""
        full = [words for words in forms if not self._is_empty(words)] or forms
        html = next((words for words in reversed(full) if words.html), _Words())
        plain = (words for words in reversed(full) if words.text and not words.html)
        return _Words(html=html.html, text=next(plain, html).text)

    def sequence(self, found: Iterable[_Words]) -> _Words:
        """Return words that follow each other; a form that one lacks is made of its other."""
        several = list(found)
        full = [words for words in several if not self._is_empty(words)]
        full = full or [words for words in several if words.html or words.text][:1]
        html = any(words.html for words in full)
        text = any(words.text for words in full)
        return _Words(
            html=tuple(part for words in full for part in words.html or words.text) if html else (),
            text=tuple(part for words in full for part in words.text or words.html) if text else (),
        )

    def _is_empty(self, words: _Words) -> bool:
        return all(self.is_blank(part) for part in (*words.html, *words.text))

    def is_blank(self, part: PartJson) -> bool:
        """Say whether a part shows nothing: blanks, invisible signs, or markup around nothing."""
        known = self._blank.get(part.number)
        if known is None:
            body = self._bodies.get(part.number, "")
            if part.kind == "text/html":
                known = not _shows(body) and not shows_something(body)
            else:
                known = is_blank(body)
            self._blank[part.number] = known
        return known

    def as_html(self, parts: Sequence[PartJson]) -> str | None:
        """Return a row of parts as HTML."""
        if not parts:
            return None
        bodies = [(part.kind, self._bodies.get(part.number, "")) for part in parts]
        return "\n".join(
            # Blank lines at the ends of a part only part it from the next.
            body if kind == "text/html" else text_to_html(body.strip("\r\n"))
            for kind, body in bodies
        )

    def as_text(self, words: _Words) -> str | None:
        """Return words as text; None where one HTML is all there is, for the model derives it.

        Several are read one by one: markup that one leaves open hides nothing of the next.
        """
        parts = words.text or (words.html if len(words.html) > 1 else ())
        if not parts:
            return None
        bodies = [(part.kind, self._bodies.get(part.number, "")) for part in parts]
        texts = [html_to_text(body) if kind == "text/html" else body for kind, body in bodies]
        if len(texts) == 1:
            return texts[0]
        return "\n".join(text.strip("\r\n") for text in texts)


_WORD = re.compile(r"<(?:p|div|td|span|li|a|b|br|font|h[1-6])\b[^<>]*+>\s*+\w", re.IGNORECASE)
_SHOWS = re.compile(r"<(?:img|svg|picture|object|embed|iframe|video|audio|input)\b", re.IGNORECASE)


def _shows(markup: str) -> bool:
    """Say whether a body shows something at the first look, which saves reading most of them."""
    plain = "<!--" not in markup and "<template" not in markup.lower()
    return _SHOWS.search(markup) is not None or (plain and _WORD.search(markup) is not None)


def _shown(related: Node) -> list[Node]:
    """Return what multipart/related shows of itself: its root, and parts that have no name.

    What has a Content-ID is there to be shown by the root (RFC 2387).
    """
    root = _root(related)
    return [
        node
        for node in related.children
        if node is root or node.children or node.part.content_id is None
    ]


def _root(related: Node) -> Node:
    """Return the part that shows the others: ``start``, else the first (RFC 2387, 3.2).

    Where that can be no words, some program took no care: the first part of the type that is
    announced is meant, or the first text.
    """
    children = related.children
    start = normal_cid(related.part.parameter("Content-Type", "start"))
    named = [one for one in children if start and normal_cid(one.part.content_id or "") == start]
    root = (named or children)[0]
    wordy = [one for one in children if one.part.is_text or (one.children and not one.part.is_mail)]
    if root in wordy:
        return root
    announced = related.part.parameter("Content-Type", "type").lower()
    of_type = [one for one in wordy if one.part.kind == announced]
    texts = [one for one in wordy if one.part.is_text]
    return (of_type or texts or [root])[0]
