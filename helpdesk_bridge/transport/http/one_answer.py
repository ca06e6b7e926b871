"""A connection that gives each request one answer, and lets nothing else be taken for one.

aiohttp 3.14 keeps what a server sends between two requests, and gives it to the next request as
its answer. What comes behind an answer in the same segment fails that answer. Here the parser gets
the bytes of one answer and no others; whatever else comes is dropped, and the connection is closed.

A success that comes while the request is still being written proves nothing, and to take it would
end the writing. It is kept back until the rest is written, which means: handed to the kernel. What
fits into the buffers of the two sockets is written at once, whether the server reads it or not. A
refusal is given on at once.
"""

from __future__ import annotations

import re
import select
import socket
from enum import Enum, auto
from typing import Any

from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import BadHttpMessage
from attrs import define

__all__ = ["MAX_HEAD", "MAX_INTERIM", "HeadTooLarge", "OneAnswer", "TooManyInterim"]

MAX_HEAD = 128 * 1024
"""How many bytes the status line and all headers of an answer may have. aiohttp's bound of 8,190
for a single header is too low for the security policies that real servers send."""
MAX_INTERIM = 100
"""How many interim answers (1xx) may come before the answer to a request."""

_MAX_LINE = 8190
"""How long the line of a chunk's size, or of a trailer, may be."""
_SIZE = re.compile(rb"[0-9a-fA-F]{1,16}(?=[ \t\r;]|$)")
_SMALL_CHUNKS = re.compile(
    rb"(?:0{0,8}(?:%s)\r?\n)*+"
    % b"|".join(
        rb"%b(?=[ \t\r\n;])[^\n]{0,99}+\n(?s:.{%d})" % (rb"(?i:%x)" % size, size)
        for size in range(1, 65)
    )
)
"""Whole chunks of up to 64 bytes. Taken one by one they would hold up the event loop."""
_NO_BODY = (101, 204, 304)


class HeadTooLarge(BadHttpMessage):
    """The headers of an answer are over ``MAX_HEAD``."""


class TooManyInterim(BadHttpMessage):
    """More than ``MAX_INTERIM`` interim answers came, and no answer."""


class _Part(Enum):
    """What the next bytes are."""

    NOTHING = auto()
    """No request waits for any."""
    HEAD = auto()
    COUNTED = auto()
    """A body with a Content-Length."""
    CHUNKED = auto()
    REST = auto()
    """A body that ends with the connection."""


@define
class _Chunks:
    """Finds the end of a chunked body, which the parser reads by itself."""

    lost: bool = False
    """Whether this is no chunked body: then the parser has an error of its own."""
    _left: int = 0
    _line: bytes = b""
    _in_trailer: bool = False
    _behind_data: bool = False

    def end(self, data: bytes) -> int | None:
        """Return where in ``data`` the body ends; None: not in it."""
        at = 0
        while at < len(data) and not self.lost:
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                at += step
                continue
            if not (self._line or self._in_trailer or self._behind_data):
                at = self._behind_small(data, at)
            until = data.find(b"\n", at)
            self._line += data[at:] if until < 0 else data[at:until]
            at = len(data) if until < 0 else until + 1
            if len(self._line) > _MAX_LINE:
                self.lost = True
            elif until >= 0:
                line, self._line = self._line.removesuffix(b"\r"), b""
                if self._in_trailer and not line:
                    return at
                self._read(line)
        return None

    @staticmethod
    def _behind_small(data: bytes, at: int) -> int:
        found = _SMALL_CHUNKS.match(data, at)
        return found.end() if found else at

    def _read(self, line: bytes) -> None:
        if self._in_trailer:
            return
        if self._behind_data:
            self.lost, self._behind_data = bool(line), False
            return
        size = _SIZE.match(line)
        if size is None:
            self.lost = True
            return
        self._left = int(size[0], 16)
        self._behind_data = self._left > 0
        self._in_trailer = not self._left


class OneAnswer(ResponseHandler):
    """Reads one answer for each request that takes the connection."""

    used = False
    """Whether a request has had this connection."""
    _part = _Part.NOTHING
    _left = 0
    _chunks = _Chunks()
    _interim = 0
    _before = b""
    """The last bytes of a head that goes on: its end may lie in two segments."""
    _bare = False
    """Whether the answer has no body, because the request was a HEAD."""
    _head = 0
    """How many bytes the head has so far."""
    _written = False
    """Whether the request is written to its end: handed to the kernel, read by nobody perhaps."""
    _early: tuple[Any, int] | None = None
    """A success that came before that."""

    def set_response_params(self, *, skip_payload: bool = False, **params: Any) -> None:
        """Take note that a request has taken the connection: one answer may come."""
        self.used = True
        self._part, self._before, self._head, self._interim = _Part.HEAD, b"", 0, 0
        self._bare = skip_payload
        self._written, self._early = False, None
        super().set_response_params(skip_payload=skip_payload, **params)

    def start_timeout(self) -> None:
        """Take note that the request is written to its end, and give on what came before.

        aiohttp says so in this way: from now on the server may be silent for so long.
        """
        super().start_timeout()
        self._written = True
        early, self._early = self._early, None
        if early is not None:
            super().feed_data(*early)

    @property
    def spoiled(self) -> bool:
        """Whether anything has come, or waits to be read, that is no request's answer.

        The end of the connection is such a thing, too. What waits in a new connection is not
        looked at: with TLS 1.3 it may be session tickets, and there is no request before.
        """
        return self.should_close or (self.used and _readable(self.transport))

    def data_received(self, data: bytes) -> None:
        """Give the parser what belongs to the answer that is waited for, and drop the rest."""
        if not data or not self.used:  # the parser goes on with what it has, or is not there yet
            super().data_received(data)
            return
        data = bytes(data)
        while data and not self._failed:
            if self._part is _Part.NOTHING:
                self._unasked()
                return
            end = self._end_of_part(data)
            if self._head > MAX_HEAD:
                self.set_exception(HeadTooLarge("the head is too large"))
                return
            piece, data = data[:end], data[end:]
            super().data_received(piece)

    def feed_data(self, data: Any, size: int = 0) -> None:
        """Take note of the head of an answer, from the parser, and pass it on."""
        message, _ = data
        self._head = 0
        if 100 <= message.code < 200 and message.code != 101:
            self._interim += 1
            if self._interim > MAX_INTERIM:
                self.set_exception(TooManyInterim("too many interim answers"))
                return
        else:
            self._part = self._body_of(message)
            if 200 <= message.code < 300 and not self._written:
                self._early = data, size
                return
        super().feed_data(data, size)

    @property
    def _failed(self) -> bool:
        return self.exception() is not None or not self.is_connected()

    def _body_of(self, message: Any) -> _Part:
        length = message.headers.get("Content-Length", "")
        if self._bare or message.code in _NO_BODY or length == "0":
            return _Part.NOTHING
        if message.chunked:
            self._chunks = _Chunks()
            return _Part.CHUNKED
        if length.isdecimal():
            self._left = int(length)
            return _Part.COUNTED if self._left else _Part.NOTHING
        return _Part.REST

    def _end_of_part(self, data: bytes) -> int:
        """Return how many bytes of ``data`` belong to the part that is read now."""
        if self._part is _Part.HEAD:
            end = self._end_of_head(data)
            self._head += end
            return end
        if self._part is _Part.COUNTED:
            end = min(self._left, len(data))
            self._left -= end
            if not self._left:
                self._part = _Part.NOTHING
            return end
        if self._part is _Part.CHUNKED:
            found = self._chunks.end(data)
            if self._chunks.lost:
                self.force_close()
            if found is not None:
                self._part = _Part.NOTHING
                return found
        return len(data)

    def _end_of_head(self, data: bytes) -> int:
        """Return where the head ends in ``data``, or its length: a blank line, CR or not."""
        if not self._before:  # it has not begun: blank lines may stand before a head
            start = len(data) - len(data.lstrip(b"\r\n"))
            if start:
                return start
        joined = self._before + data
        ends = [at + len(end) for end in (b"\n\r\n", b"\n\n") if (at := joined.find(end)) >= 0]
        end = min(ends, default=0) - len(self._before)
        if end > 0:
            self._before = b""
            return end
        self._before = joined[-3:]
        return len(data)

    def _unasked(self) -> None:
        self.force_close()
        if self.transport is not None:
            self.transport.close()


def _readable(transport: Any) -> bool:
    """Say whether bytes, or the end of the connection, wait in the socket.

    The event loop has not seen them, and would take them for the answer to the next request.
    """
    waiting: socket.socket | None = transport.get_extra_info("socket")
    if waiting is None or waiting.fileno() < 0:
        return True
    if not hasattr(select, "poll"):  # Windows, whose select takes any number
        return bool(select.select([waiting], [], [], 0)[0])
    poll = select.poll()
    poll.register(waiting.fileno(), select.POLLIN)
    return bool(poll.poll(0))
