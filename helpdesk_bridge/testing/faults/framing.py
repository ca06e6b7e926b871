"""Finds where HTTP/1.1 messages begin and end in a stream of bytes, without I/O."""

from __future__ import annotations

import re
from enum import Enum, auto

from attrs import define, field, frozen

__all__ = ["Framing", "Head", "parse_head"]

_MAX_HEAD = 1024 * 1024
_CHUNK_SIZE = re.compile(rb"[0-9a-fA-F]{1,16}(?=\s*(;|$))")
_STARTS = re.compile(rb"[A-Z]+ \S+ HTTP/1\.\d|HTTP/1\.\d \d\d\d", re.ASCII)


@frozen
class Head:
    """The head of one message, which began at ``offset`` of its stream.

    The names of ``headers`` are in lower case; the values of one that is repeated are joined by
    a comma, as RFC 9110 (5.2) has it.
    """

    first_line: str
    headers: dict[str, str] = field(repr=False)
    offset: int = 0

    @property
    def status(self) -> int:
        """The status of an answer."""
        return int(self.first_line.split(" ")[1])


def parse_head(raw: bytes, offset: int = 0) -> Head:
    """Return the head that ``raw`` is, without the empty line after it.

    What is not the head of an HTTP/1 message is a ValueError.
    """
    if not _STARTS.match(raw):
        raise ValueError("This is not the head of an HTTP/1 message.")
    first, *lines = raw.decode("utf-8", "surrogateescape").split("\r\n")
    headers: dict[str, str] = {}
    for name, _, value in (line.partition(":") for line in lines):
        key, text = name.lower(), value.strip()
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return Head(first, headers, offset)


class _Part(Enum):
    HEAD = auto()
    FIXED = auto()
    SIZE = auto()
    CHUNK = auto()
    TRAILER = auto()
    REST = auto()
    """The message ends when the connection does."""
    UNKNOWN = auto()
    """What came is not HTTP; nothing is told of what follows."""


@define
class Framing:
    """Follows one direction of a connection.

    ``complete`` counts the messages that have ended; interim answers (1xx) do not count.
    ``position`` is how many bytes were read. ``methods`` are, in a stream of answers, those of
    their requests: the answer to a HEAD has no body.
    """

    complete: int = 0
    methods: list[str] = field(factory=list)
    position: int = 0
    _part: _Part = _Part.HEAD
    _held: bytearray = field(factory=bytearray, repr=False)
    _left: int = 0

    @property
    def in_head(self) -> bool:
        """Whether a head has begun that is not whole yet."""
        return self._part is _Part.HEAD and bool(self._held)

    @property
    def idle(self) -> bool:
        """Whether no message is under way."""
        return self._part is _Part.HEAD and not self._held

    @property
    def unknown(self) -> bool:
        """Whether something came that is not HTTP/1."""
        return self._part is _Part.UNKNOWN

    def feed(self, data: bytes) -> list[Head]:
        """Read on, and return the heads that became whole."""
        heads = []
        while data:
            if self._part in (_Part.FIXED, _Part.CHUNK):
                data = self._content(data)
            elif self._part in (_Part.REST, _Part.UNKNOWN):
                self.position += len(data)
                break
            else:
                line, data = self._until(data, b"\r\n\r\n" if self._part is _Part.HEAD else b"\r\n")
                if line is not None:
                    heads += self._line(line)
        return heads

    def _until(self, data: bytes, end: bytes) -> tuple[bytes | None, bytes]:
        """Return what stands before ``end`` (None when it has not come yet) and what is left."""
        before = len(self._held)
        self._held += data
        at = self._held.find(end, max(0, before - len(end)))
        if at < 0:
            self.position += len(data)
            if self._part is _Part.HEAD:
                self._recognise()
            return None, b""
        line, rest = bytes(self._held[:at]), bytes(self._held[at + len(end) :])
        self.position += len(data) - len(rest)
        self._held.clear()
        return line, rest

    def _recognise(self) -> None:
        """Give up on a head that cannot be one, so that nobody waits for its end."""
        first, whole, _ = self._held.partition(b"\r\n")
        odd = not self._held[:1].isupper() or (whole and not _STARTS.match(first))
        if odd or len(self._held) > _MAX_HEAD:
            self._part = _Part.UNKNOWN

    def _content(self, data: bytes) -> bytes:
        taken, rest = data[: self._left], data[self._left :]
        self.position += len(taken)
        self._left -= len(taken)
        if not self._left and self._part is _Part.FIXED:
            self._end()
        elif not self._left:
            self._part = _Part.SIZE
        return rest

    def _line(self, line: bytes) -> list[Head]:
        if self._part is _Part.HEAD and _STARTS.match(line):
            return [self._begin(line)]
        size = _CHUNK_SIZE.match(line)
        if self._part is _Part.SIZE and size:
            self._left = int(size[0], 16) + 2
            self._part = _Part.CHUNK if self._left > 2 else _Part.TRAILER
        elif self._part is not _Part.TRAILER:
            self._part = _Part.UNKNOWN
        elif not line:
            self._end()
        return []

    def _begin(self, raw: bytes) -> Head:
        head = parse_head(raw, self.position - len(raw) - 4)
        answer = head.first_line.startswith("HTTP/")
        if answer and head.status < 200:
            return head  # interim: the answer is still to come
        bare = answer and self.methods[self.complete : self.complete + 1] == ["HEAD"]
        length = head.headers.get("content-length", "" if answer else "0")
        if bare or (answer and head.status in (204, 304)):
            self._end()
        elif "chunked" in head.headers.get("transfer-encoding", "").lower():
            self._part = _Part.SIZE
        elif length.isdecimal():
            self._left, self._part = int(length), _Part.FIXED
            if not self._left:
                self._end()
        else:
            self._part = _Part.REST
        return head

    def _end(self) -> None:
        self.complete += 1
        self._part = _Part.HEAD
