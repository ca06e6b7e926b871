"""Strike out of a vendor's sentence what nobody should read: addresses, keys, the request's words.

An error ends up in logs, tickets and pickles, and "the body 'I am ill since …' is too long" is a
usual sentence of a vendor.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from helpdesk_bridge.transport.body import FormBody, JsonBody, Multipart
from helpdesk_bridge.transport.request import Request

__all__ = ["Quoted", "redact"]

_REDACTED = "<redacted>"
_SHORTEST_SECRET = 4
"""Shorter words of a signed header are no credentials, and would be struck out everywhere."""
_RUN = 12
"""So many characters in a row that are in the request as well are a quotation."""
_MOST = 64 * 1024
"""How many characters of each value are compared: files may be large, quotations are short."""
_LONGEST = 1000
"""How many characters of a vendor's text are kept; an error shows fewer."""
_VOCABULARY = re.compile(r"[a-z0-9_.\-]*")
"""A value that is one such word is a status, an id or a type, and tells what is wrong."""
_ADDRESS = re.compile(
    r"""(?:"[^"]*+"|(?<![^\s@<>"'(),:;])[^\s@<>"'(),:;]++)@[^\s@<>"'(),:;]+"""  # linear in time
)
_LONG_WORD = re.compile(r"[A-Za-z0-9_\-+/=.]{32,}")


def redact(text: str, limit: int = 200) -> str:
    """Return a vendor's sentence on one line, without addresses and key-like words, shortened.

    ``text`` is the sentence, ``limit`` the most characters to return.
    """
    text = "".join(c if c.isprintable() else " " for c in text)
    text = _ADDRESS.sub("<address>", " ".join(text.split()))
    text = _LONG_WORD.sub("<redacted>", text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


@frozen
class Quoted:
    """What a vendor may quote of one request."""

    whole: tuple[str, ...]
    """Struck out wherever they stand, the longest first."""
    said: str
    """All values of the request; what has a run of characters in common with them goes, too."""

    @classmethod
    def of(cls, request: Request) -> Quoted:
        """Return what ``request`` (as it was signed) holds."""
        secrets = {
            word
            for value in request.headers.values()
            for word in value.split()
            if len(word) >= _SHORTEST_SECRET
        }
        values = {" ".join(value[:_MOST].split()) for value in _values(request)}
        names = {
            value
            for value in values
            if len(value) >= _SHORTEST_SECRET and not _VOCABULARY.fullmatch(value)
        }
        whole = sorted(secrets | names, key=len, reverse=True)
        return cls(tuple(whole), "\0".join(sorted(values)))

    def strike_out(self, text: str) -> str:
        """Return ``text`` on one line, without quotations."""
        text = " ".join(text[:_LONGEST].split())
        for word in self.whole:
            text = text.replace(word, _REDACTED)
        starts = [i for i in range(len(text) - _RUN + 1) if text[i : i + _RUN] in self.said]
        for first, last in reversed(list(_joined(starts))):
            text = text[:first] + _REDACTED + text[last:]
        return text


def _joined(starts: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield where runs that begin at ``starts`` begin and end, overlapping ones as one."""
    first = last = None
    for start in starts:
        if first is None or last is None or start > last:
            if first is not None and last is not None:
                yield first, last
            first = start
        last = start + _RUN
    if first is not None and last is not None:
        yield first, last


def _values(request: Request) -> Iterator[str]:
    yield from (value for _, value in request.query)
    if isinstance(request.body, JsonBody):
        yield from _texts([request.body.value])
    if isinstance(request.body, FormBody):
        yield from (value for _, value in request.body.fields)
    if isinstance(request.body, Multipart):
        for part in request.body.parts:
            yield from (text for text in (part.content, part.filename) if isinstance(text, str))


def _texts(values: Iterable[Any]) -> Iterator[str]:
    pending = list(values)
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            pending.extend(value.values())
        elif isinstance(value, (list, tuple)):
            pending.extend(value)
