"""Answers for the fault server: well-formed, late, broken, missing or without end."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from itertools import repeat
from typing import Any, Self

from attrs import evolve, field, frozen
from attrs.validators import ge, optional

from helpdesk_bridge.testing.faults.loopback import End, size_of, yield_once

__all__ = ["Answer"]

_ZEROS = bytes(64 * 1024)


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Scripted\r\n{lines}\r\n".encode()


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


@frozen
class Answer:
    """The bytes that answer one request, and what becomes of the connection then.

    ``Answer(b"HTTP/1.1 ...")`` is any bytes at all; the class methods make the usual ones. ``more``
    gives the pieces that follow ``data``, made while they are sent: they may be endless. With
    ``drip`` the bytes go out so many at a time, with a ``pause`` after each piece.

    ``drip`` None sends all at once.
    """

    data: bytes = field(default=b"", repr=size_of)
    end: End | None = None
    """How the connection ends afterwards; None keeps it for the next request."""
    more: Callable[[], Iterable[bytes]] = field(default=tuple, repr=False)
    drip: int | None = field(default=None, validator=optional(ge(1)))
    pause: Callable[[], Awaitable[object]] = field(default=yield_once, repr=False)

    def cut(self, after: int, by: End = End.FIN) -> Self:
        """Return what is left of this answer when it is cut after so many bytes.

        ``after`` is the number of bytes, ``by`` how the connection ends.
        """
        return evolve(self, data=self.data[:after], more=tuple, end=by)

    def dripped(self, size: int = 1, pause: Callable[[], Awaitable[object]] = yield_once) -> Self:
        """Return the same answer, sent ``size`` bytes at a time.

        ``pause`` is awaited after each piece.
        """
        return evolve(self, drip=size, pause=pause)

    def pieces(self) -> Iterator[bytes]:
        """Return the bytes, one piece after the other."""
        yield self.data
        yield from self.more()

    # -- well-formed ---------------------------------------------------------------------------

    @classmethod
    def of(
        cls, status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Self:
        """Answer with this body; its Content-Length is added unless ``headers`` has one.

        Args:
            status: the HTTP status.
            body: its bytes.
            headers: headers of its own; None is none.

        Returns:
            A whole answer.
        """
        lines = dict(headers or {})
        if not {"content-length", "transfer-encoding"} & {name.lower() for name in lines}:
            lines["Content-Length"] = str(len(body))
        return cls(_head(status, lines) + body)

    @classmethod
    def json(cls, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Self:
        """Answer with a JSON document.

        Args:
            value: what becomes the JSON body.
            status: the HTTP status.
            headers: headers of its own; None is none.

        Returns:
            A whole answer.
        """
        lines = {"Content-Type": "application/json", **(headers or {})}
        return cls.of(status, json.dumps(value).encode(), lines)

    @classmethod
    def no_content(cls) -> Self:
        """Answer 204, which has no body.

        Returns:
            A whole answer.
        """
        return cls(_head(204, {}))

    @classmethod
    def redirect(cls, location: str, status: int = 302) -> Self:
        """Send the client elsewhere.

        ``location`` is the address, ``status`` the HTTP status.

        Returns:
            A whole answer.
        """
        return cls.of(status, headers={"Location": location})

    @classmethod
    def too_many_requests(cls, retry_after: str | int | None = None) -> Self:
        """Answer 429; ``retry_after`` is sent as it is: seconds, a date or nonsense.

        ``retry_after`` None says nothing of it.

        Returns:
            A whole answer.
        """
        lines = {} if retry_after is None else {"Retry-After": str(retry_after)}
        return cls.json({"message": "Too Many Requests"}, 429, lines)

    @classmethod
    def html(cls, status: int = 200, title: str = "502 Bad Gateway") -> Self:
        """Answer with a page for people, as gateways do in place of the API.

        ``status`` is the HTTP status, ``title`` the page's.

        Returns:
            A whole answer.
        """
        page = f"<!DOCTYPE html><html><title>{title}</title><h1>{title}</h1></html>"
        return cls.of(status, page.encode(), {"Content-Type": "text/html; charset=utf-8"})

    @classmethod
    def captive_portal(cls) -> Self:
        """Answer as the network of a hotel does: 200, and a page that asks to sign in.

        Returns:
            A whole answer.
        """
        return cls.html(title="Sign in to the network")

    # -- broken --------------------------------------------------------------------------------

    @classmethod
    def truncated(cls, body: bytes = b'{"id": 1}', sent: int = 4) -> Self:
        """Announce the whole body, send ``sent`` bytes of it and end the connection.

        ``body`` is the whole body.

        Returns:
            A broken answer.
        """
        whole = cls.of(200, body, {"Content-Type": "application/json"})
        return whole.cut(len(whole.data) - len(body) + sent)

    @classmethod
    def bad_chunked(cls, body: bytes = b'{"id": 1}') -> Self:
        """Send the body as a chunk, then a chunk whose size is no number.

        ``body`` is the whole body.

        Returns:
            A broken answer.
        """
        head = _head(200, {"Content-Type": "application/json", "Transfer-Encoding": "chunked"})
        return cls(head + _chunk(body) + b"ZZ\r\n", End.FIN)

    @classmethod
    def truncated_chunked(cls, body: bytes = b'{"id": 1}') -> Self:
        """Send the body as a chunk and end the connection without the last chunk.

        ``body`` is the whole body.

        Returns:
            A broken answer.
        """
        head = _head(200, {"Content-Type": "application/json", "Transfer-Encoding": "chunked"})
        return cls(head + _chunk(body), End.FIN)

    @classmethod
    def truncated_gzip(cls, body: bytes = b'{"id": 1}', missing: int = 9) -> Self:
        """Send a gzip body without its last bytes; its Content-Length is that of what is sent.

        ``body`` is the whole body, ``missing`` the number of bytes that do not come.

        Returns:
            A broken answer.
        """
        lines = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        return cls.of(200, gzip.compress(body)[:-missing], lines)

    @classmethod
    def gzip_bomb(cls, size: int = 10 * 1024**3) -> Self:
        """Send few bytes that decode to ``size`` zeros (10 GiB), compressed while they are sent.

        Returns:
            A broken answer.
        """

        def more() -> Iterator[bytes]:
            packer = zlib.compressobj(9, wbits=31)
            for _ in range(size // len(_ZEROS)):
                if packed := packer.compress(_ZEROS):
                    yield _chunk(packed)
            yield _chunk(packer.compress(bytes(size % len(_ZEROS))) + packer.flush())
            yield _chunk(b"")

        lines = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        return cls(_head(200, {**lines, "Transfer-Encoding": "chunked"}), more=more)

    @classmethod
    def endless_body(cls, piece: bytes = b" " * 64 * 1024) -> Self:
        """Send chunks for as long as the client reads.

        ``piece`` is what comes again and again.

        Returns:
            An answer without end.
        """
        head = _head(200, {"Content-Type": "application/json", "Transfer-Encoding": "chunked"})
        return cls(head, more=lambda: repeat(_chunk(piece)))

    @classmethod
    def endless_head(cls, line: bytes = b"X-More: " + b"a" * 1000 + b"\r\n") -> Self:
        """Send header lines for as long as the client reads.

        ``line`` is the header that comes again and again.

        Returns:
            An answer without end.
        """
        return cls(b"HTTP/1.1 200 Scripted\r\n", more=lambda: repeat(line))

    @classmethod
    def garbage(cls) -> Self:
        """Answer with bytes that are not HTTP, and end the connection.

        Returns:
            A broken answer.
        """
        return cls(b"\x00\xff\x15\x03 this is not HTTP\r\n\r\n", End.FIN)

    # -- nothing, or not enough ------------------------------------------------------------------

    @classmethod
    def nothing(cls, by: End = End.FIN) -> Self:
        """End the connection after the whole request, without a byte.

        ``by`` says how the connection ends.

        Returns:
            An answer of no bytes.
        """
        return cls(end=by)

    @classmethod
    def hang(cls) -> Self:
        """Be silent after the whole request.

        Returns:
            A broken answer.
        """
        return cls(end=End.HANG)

    @classmethod
    def hang_after_head(cls, length: int = 9) -> Self:
        """Send the head of an answer, and none of the ``length`` bytes it announces.

        Returns:
            A broken answer.
        """
        return cls(_head(200, {"Content-Length": str(length)}), End.HANG)
