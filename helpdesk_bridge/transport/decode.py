"""Turn the bytes of an answer into JSON, strictly, within bounds, and to its announced end."""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from helpdesk_bridge.errors import Cause, ProtocolError, Reason, ResponseTooLarge, TruncatedBody
from helpdesk_bridge.transport.coding import is_packed
from helpdesk_bridge.transport.odd_json import read_odd, rounds_integers, with_all_digits

__all__ = ["BOM", "BodyReader", "decode_json", "has_markup_before_json"]

_PIECE = 1024 * 1024
_SMALL = 64 * 1024
"""Bytes below which what several members give is collected."""
_SLICE = 4 * 1024
"""How many bytes are given to a member that is not the first of a chunk: zlib copies what follows
a member."""
_MEMBERS = 500
"""After so many members a piece is given, be it empty: the event loop may do other things then."""
BOM = b"\xef\xbb\xbf"
"""The byte order mark of UTF-8, which some servers begin with."""
_PAGE = re.compile(
    rb"\s*(?:<!--[^>]*-->\s*)*"
    rb"<(?:!doctype|\?xml|html|head|title|meta|link|base|style|script|body)\b",
    re.IGNORECASE,
)


def decode_json(content: bytes, content_type: str = "") -> Any:
    """Return the value of ``content``.

    Raises ProtocolError for an empty body, HTML, bytes that are not UTF-8, NaN, JSON nested too
    deeply and anything else that is not JSON. A byte order mark is tolerated. Half a surrogate pair
    is read as U+FFFD, so that every str can be encoded as UTF-8; an integer keeps its digits, up to
    4,300 of them, and a number with a fraction or an exponent is a float.
    """
    content = content.removeprefix(BOM)
    try:
        return _decoded(content)
    except (ValueError, RecursionError):
        pass
    if not content.strip():
        raise ProtocolError("the answer is empty where JSON is documented.", reason=Reason.NOT_JSON)
    if has_markup_before_json(content):
        raise ProtocolError(
            "the answer has markup before its JSON, such as what PHP warns of.",
            reason=Reason.NOT_JSON,
        )
    if "html" in content_type.lower() or content.lstrip()[:1] == b"<":
        raise ProtocolError(
            "the answer is a web page, not JSON: a login page, a proxy or a wrong base_url.",
            reason=Reason.WEB_PAGE,
        )
    raise ProtocolError("the answer is not valid JSON.", reason=Reason.NOT_JSON)


def has_markup_before_json(content: bytes) -> bool:
    """Say whether a body begins as a piece of HTML and ends as JSON, so that it is no web page.

    PHP writes so what it warns of, and the answer behind it.
    """
    content = content.strip()
    return content[:1] == b"<" and content[-1:] in (b"}", b"]") and not _PAGE.match(content)


def _decoded(content: bytes) -> Any:
    try:
        value = orjson.loads(content)
    except ValueError:
        return read_odd(content)
    return with_all_digits(content) if rounds_integers(content) else value


_MAX_RATIO = 200
"""How many times its packed size a body may unpack to. Lists of like records reach about 80."""
_RATIO_FREE = 16 * 1024 * 1024
"""Up to this many bytes any ratio will do."""
_MAX_IDLE = 1024 * 1024
"""How many packed bytes may give no decoded one (zeros behind a member, members and blocks of
nothing), beyond two for each decoded byte: fed byte by byte, an honest body has such ones, too."""


class BodyReader:
    """Collects a body piece by piece: decompressed, never over its cap, complete or an error.

    Zero bytes behind a gzip member are padding, as for gunzip; anything else there begins another
    member, or is an error.

    ``encoding`` is the answer's ``Content-Encoding``, or all of them; ``cap`` is how many decoded
    bytes it may have.
    """

    def __init__(self, encoding: str | Iterable[str], cap: int = sys.maxsize) -> None:
        self._cap = cap
        self._size = 0
        self._packed = 0
        self._idle = 0
        self._inflate: zlib._Decompress | None = None
        if is_packed((encoding,) if isinstance(encoding, str) else encoding):
            self._inflate = self._new()

    @staticmethod
    def _new() -> zlib._Decompress:
        return zlib.decompressobj(wbits=31)

    def feed(self, chunk: bytes) -> bytes:
        """Return what ``chunk`` decodes to."""
        return b"".join(self.pieces(chunk))

    def pieces(self, chunk: bytes) -> Iterable[bytes]:
        """Return what ``chunk`` decodes to, a thousandfold as it may be, in pieces of 1 MiB.

        Some are empty: where many members give little.
        """
        self._packed += len(chunk)
        if self._inflate is None:
            return (self._counted(chunk),)
        return self._unpacked(self._inflate, chunk)

    def _unpacked(self, inflate: zlib._Decompress, chunk: bytes) -> Iterator[bytes]:
        held, members, at, step = bytearray(), 0, 0, len(chunk)
        while at < len(chunk):
            packed = chunk[at : at + step]
            if inflate.eof:
                rest = packed.lstrip(b"\0")
                self._said_nothing(len(packed) - len(rest))
                at += len(packed) - len(rest)
                if not rest:
                    continue
                packed, members, step = rest, members + 1, _SLICE
                inflate = self._inflate = self._new()  # a gzip body may have several members
            piece = self._inflated(inflate, packed, _PIECE - len(held))
            taken = len(packed) - len(inflate.unconsumed_tail or inflate.unused_data)
            at += taken
            if piece:
                held += self._counted(piece)
            else:
                self._said_nothing(taken)
            if len(held) >= _SMALL or members >= _MEMBERS:
                yield bytes(held)
                held, members = bytearray(), 0
        if held:
            yield bytes(held)

    def _said_nothing(self, packed: int) -> None:
        """Count packed bytes that gave none: without a bound they could come for ever."""
        self._idle += packed
        if self._idle > _MAX_IDLE + 2 * self._size:
            raise ResponseTooLarge(
                f"the answer's compressed body goes on for over {_MAX_IDLE} bytes with nothing in"
                " them."
            )

    @staticmethod
    def _inflated(inflate: zlib._Decompress, chunk: bytes, most: int) -> bytes:
        try:
            return inflate.decompress(chunk, most)
        except zlib.error as error:
            cause = Cause.of(error)
        sentence = "the answer's compressed body is damaged."
        raise ProtocolError(sentence, reason=Reason.BAD_ENCODING) from cause

    def _counted(self, decoded: bytes) -> bytes:
        self._size += len(decoded)
        if self._size > self._cap:
            raise ResponseTooLarge(f"the answer is larger than max_body ({self._cap} bytes).")
        if self._size > _RATIO_FREE and self._size > self._packed * _MAX_RATIO:
            raise ResponseTooLarge(f"the answer unpacks to over {_MAX_RATIO} times its size.")
        return decoded

    def finish(self, *, announced: bool = False) -> None:
        """Raise TruncatedBody when a compressed body stopped before its end.

        With ``announced`` the end of the answer was told, so that a body without a byte is whole:
        some servers label even these with a Content-Encoding.
        """
        if announced and not self._packed:
            return
        if self._inflate is not None and not self._inflate.eof:
            raise TruncatedBody("the answer's compressed body ends before its end.")
