"""Strike out of a vendor's sentence what nobody should read: addresses, keys, the request's words.

An error ends up in logs, tickets and pickles, and "the body 'I am ill since …' is too long" is a
usual sentence of a vendor.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from attrs import evolve, frozen

from helpdesk_bridge.transport.body import FormBody, JsonBody, Multipart
from helpdesk_bridge.transport.explanation import MOST_TEXT
from helpdesk_bridge.transport.request import Request

__all__ = ["Quoted", "redact", "showable"]

_REDACTED = "<redacted>"
_SHORTEST_SECRET = 4
"""Shorter words of a signed header are no credentials, and would be struck out everywhere."""
_RUN = 12
"""So many characters in a row that are in the request as well are a quotation."""
_BLOCK = 6
"""At most half a run."""
_MOST = 64 * 1024
"""How many characters of each value are compared: files may be large, quotations are short."""
_ALTOGETHER = 512 * 1024
"""How many characters of a request are compared; of one with more, no text of the answer is shown.
To compare them takes 0.1 s, for which the event loop stands still."""
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
    text = "".join(c if c.isprintable() else " " for c in _beginning(text))
    text = _ADDRESS.sub("<address>", " ".join(text.split()))
    text = _LONG_WORD.sub("<redacted>", text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _beginning(text: str) -> str:
    """Return as much of ``text`` as is looked at, without the half of a word where it is cut."""
    if len(text) <= MOST_TEXT:
        return text
    whole, blank, _ = text[:MOST_TEXT].rpartition(" ")
    return f"{whole} …" if blank else text[:MOST_TEXT]


def showable(
    texts: Iterable[str], request: Request, *, single_words: bool = True
) -> tuple[str, ...]:
    """Return what a vendor said without credentials and without what it quotes of ``request``.

    ``texts`` are its sentences, in the order in which they are shown; each stays one. Without
    ``single_words`` a value that is one word, such as the name of a queue, may be quoted.
    """
    told = request.progress.credentials.strike_out_of([_beginning(text) for text in texts])
    quoted = Quoted.of(request)
    if not single_words:
        quoted = evolve(
            quoted,
            words={
                length: {one for one in words if " " in one}
                for length, words in quoted.words.items()
            },
        )
    return tuple(quoted.struck_out(told))


@frozen
class Quoted:
    """What a vendor may quote of one request."""

    words: Mapping[int, AbstractSet[str]]
    """Short words, struck out wherever they stand, by their length."""
    said: str | None
    """All values of the request; what has a run of characters in common with them goes, too.

    None: they are too many to be compared, and nothing that the vendor says is shown."""

    @classmethod
    def of(cls, request: Request) -> Quoted:
        """Return what ``request`` (as it was signed) holds."""
        secrets = {
            word
            for value in request.headers.values()
            for word in value.split()
            if len(word) >= _SHORTEST_SECRET
        }
        values: set[str] = set()
        size = 0
        for value in _values(request):
            found = " ".join(value[:_MOST].split())
            if found not in values:
                values.add(found)
                size += len(found) + 1
            if size > _ALTOGETHER:
                return cls({}, None)
        names = {
            value
            for value in values
            if _SHORTEST_SECRET <= len(value) < _RUN and not _VOCABULARY.fullmatch(value)
        }
        words: dict[int, set[str]] = {}
        for word in (*names, *(one for one in secrets if len(one) < _RUN)):
            words.setdefault(len(word), set()).add(word)
        values.update(one for one in secrets if len(one) >= _RUN)
        return cls(words, "\0".join(sorted(values)))

    def struck_out(self, texts: Iterable[str]) -> list[str]:
        """Return each of ``texts`` on one line, without quotations.

        The request is gone through once for all of them: what it takes grows with the size of the
        request and that of the texts, and not with their product.
        """
        lines = [" ".join(_beginning(text).split()) for text in texts]
        if self.said is None:
            return [_REDACTED if line else line for line in lines]
        found = _common_runs(lines, self.said)
        return [self._struck_out(line, {**self.words, _RUN: found}) for line in lines]

    @staticmethod
    def _struck_out(line: str, words: Mapping[int, AbstractSet[str]]) -> str:
        places = sorted(
            (start, start + length)
            for length, known in words.items()
            if known
            for start in range(len(line) - length + 1)
            if line[start : start + length] in known
        )
        for first, last in reversed(list(_joined(places))):
            line = line[:first] + _REDACTED + line[last:]
        return line


def _common_runs(lines: Iterable[str], said: str) -> AbstractSet[str]:
    """Return the runs that are both in one of ``lines`` and in ``said``.

    Wherever a run begins, it has a whole block in it of those that ``said`` is divided into: only
    around blocks that are in ``lines``, too, one needs to look closely.
    """
    blocks = {line[i : i + _BLOCK] for line in lines for i in range(len(line) - _BLOCK + 1)}
    near = {
        said[max(0, i - _BLOCK + 1) : i + _RUN]
        for i in range(0, len(said), _BLOCK)
        if said[i : i + _BLOCK] in blocks
    }
    runs = {line[i : i + _RUN] for line in lines for i in range(len(line) - _RUN + 1)}
    return runs.intersection(one[i : i + _RUN] for one in near for i in range(len(one) - _RUN + 1))


def _joined(places: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield ``places``, which are in order, those that meet as one."""
    first = last = None
    for start, end in places:
        if first is None or last is None or start > last:
            if first is not None and last is not None:
                yield first, last
            first, last = start, end
        last = max(last, end)
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
